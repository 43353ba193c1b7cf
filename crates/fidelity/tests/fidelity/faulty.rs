//! A second, slow emulator of LIF networks in Loihi's registers, with a switch for one fault.

use pumice::models::{Arithmetic, Overflow, OverflowKind};
use pumice::process::Backend;
use pumice_fidelity::observe::{Emulator, Fired, Machine, Observed, Place, Setup, State};
use pumice_fidelity::wiring::{Link, Neurons, Wiring};
use pumice_fidelity::{Document, FidelityError};

/// What is wrong with a kernel.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fault {
    /// Nothing: the twin of the real kernel.
    None,
    /// The decay shifts by 11 bits in place of 12.
    DecayShift,
    /// The decay rounds to the nearest in place of toward zero.
    DecayNearest,
    /// The decay rounds toward minus infinity.
    DecayFloor,
    /// The decays of current and voltage are swapped.
    SwappedDecays,
    /// The offset of the current's decay is forgotten.
    DecayOffset,
    /// The voltage is not clipped.
    NoClip,
    /// The current does not wrap.
    NoWrap,
    /// The weights are aligned by 5 bits in place of 6.
    Align,
    /// A spike does not reset the voltage.
    NoReset,
    /// A spike takes the threshold off instead.
    SubtractReset,
    /// A neuron fires at its threshold, not above it.
    AtThreshold,
    /// A delay is one step too long.
    DelayOff,
    /// The bias is added twice.
    BiasTwice,
    /// The weight exponent is forgotten.
    NoExponent,
    /// The current decays after the input was added.
    DecayAfter,
    /// The voltage takes the current of the step before.
    OldCurrent,
}

/// The emulator with one fault.
#[derive(Debug)]
pub(crate) struct Faulty(pub(crate) Fault);

impl Machine for Faulty {
    fn observe(&self, document: &Document, setup: &Setup) -> Result<Observed, FidelityError> {
        let file = document.model()?;
        let wiring = Wiring::new(&file.graph, setup.arithmetic(), file.config.seed)?;
        // What the sources play is no part of the kernels under test.
        let played = Emulator.observe(document, &setup.on(Backend::Fixed))?;
        let mut own = Observed { steps: played.steps, ..Observed::default() };
        own.fired.extend(played.fired.iter().filter(|f| f.source).cloned());
        let mut kernels: Vec<Kernel> = wiring.populations.iter().map(|p| Kernel::new(p, self.0)).collect();
        for step in 1..=played.steps {
            let inputs: Vec<Vec<i32>> = kernels.iter().map(|k| k.arriving(&own, &kernels, step)).collect();
            kernels.iter_mut().zip(inputs).for_each(|(k, input)| k.step(setup.arithmetic(), step, &input));
        }
        for kernel in kernels {
            own.overflow.extend(kernel.noted());
            let (n, process) = (kernel.p.n, kernel.p.path.clone());
            own.fired.push(Fired { process: process.clone(), n, events: kernel.fired, source: false });
            for (variable, values) in [("u", kernel.us), ("v", kernel.vs)] {
                own.states.push(State { process: process.clone(), variable: variable.into(), n, values });
            }
        }
        // In the order of the model, as the emulator lists them.
        own.fired.sort_by_key(|f| played.fired.iter().position(|p| p.process == f.process));
        Ok(own)
    }
}

struct Kernel<'a> {
    p: &'a Neurons,
    fault: Fault,
    u: Vec<i32>,
    v: Vec<i32>,
    fired: Vec<(u64, u32)>,
    us: Vec<f64>,
    vs: Vec<f64>,
    overflow: Overflow,
}

fn wrap(x: i32, bits: u32) -> i32 {
    (x << (32 - bits)) >> (32 - bits)
}

impl<'a> Kernel<'a> {
    fn new(p: &'a Neurons, fault: Fault) -> Self {
        let start = |all: &[f64]| all.iter().map(|x| *x as i32).collect();
        let (u, v) = (start(&p.initial.0), start(&p.initial.1));
        Kernel { p, fault, u, v, fired: Vec::new(), us: Vec::new(), vs: Vec::new(), overflow: Overflow::default() }
    }

    fn noted(&self) -> Vec<Place> {
        let records = self.overflow.records().into_iter();
        records.map(|record| Place { process: self.p.path.clone(), record }).collect()
    }

    /// The sums that arrive in a step.
    fn arriving(&self, played: &Observed, kernels: &[Kernel<'_>], step: u64) -> Vec<i32> {
        let mut sums = vec![0; self.p.n];
        for link in &self.p.links {
            let source = played.fired_by(&link.from).map(|f| f.events.as_slice());
            let events = source.or_else(|| kernels.iter().find(|k| k.p.path == link.from).map(|k| k.fired.as_slice()));
            self.add(link, events.unwrap_or_default(), step, &mut sums);
        }
        sums
    }

    fn add(&self, link: &Link, events: &[(u64, u32)], step: u64, sums: &mut [i32]) {
        let extra = u64::from(self.fault == Fault::DelayOff && !link.rows.delay.is_empty());
        let longest = u64::from(link.rows.longest_delay());
        // Sums of one delay are scaled and added one after the other.
        for delay in 0..=longest {
            let mut own = vec![0; sums.len()];
            for (_, source) in events.iter().filter(|e| e.0 + 1 + delay + extra == step) {
                let row = link.rows.start[*source as usize]..link.rows.start[*source as usize + 1];
                for k in row.filter(|k| u64::from(link.rows.delay_of(*k)) == delay) {
                    own[link.rows.target[k] as usize] += link.rows.weight[k];
                }
            }
            let exponent = if self.fault == Fault::NoExponent { 0 } else { link.rows.sum_exponent };
            sums.iter_mut().zip(own).for_each(|(sum, x)| *sum += pumice::num::shift(x, exponent));
        }
    }

    fn decay(&self, x: i32, keep: i32) -> i32 {
        let wide = i64::from(x) * i64::from(keep);
        let kept = match self.fault {
            Fault::DecayShift => (wide.abs() >> 11) * wide.signum(),
            Fault::DecayNearest => (wide as f64 / 4096.0).round() as i64,
            Fault::DecayFloor => wide >> 12,
            _ => (wide.abs() >> 12) * wide.signum(),
        };
        kept as i32
    }

    fn step(&mut self, a: &Arithmetic, step: u64, input: &[i32]) {
        for (i, raw) in input.iter().enumerate() {
            let (mut ku, mut kv) = (self.p.keep_u.0[i], self.p.keep_v.0[i]);
            match self.fault {
                Fault::SwappedDecays => std::mem::swap(&mut ku, &mut kv),
                Fault::DecayOffset => ku += a.current_decay_offset,
                _ => {}
            }
            let align = if self.fault == Fault::Align { a.align - 1 } else { a.align };
            let q = wrap(raw << align, a.input.bits);
            let old = self.u[i];
            let sum = match self.fault {
                Fault::DecayAfter => self.decay(old.wrapping_add(q), ku),
                _ => self.decay(old, ku).wrapping_add(q),
            };
            let old_sum = sum;
            let u = if self.fault == Fault::NoWrap { sum } else { wrap(sum, a.current.bits) };
            let bias = self.p.bias.0[i] * if self.fault == Fault::BiasTwice { 2 } else { 1 };
            let current = if self.fault == Fault::OldCurrent { old } else { u };
            let drive = current.wrapping_add(bias);
            let drive = if self.fault == Fault::NoWrap { drive } else { wrap(drive, a.bias_sum.bits) };
            let sum = self.decay(self.v[i], kv).wrapping_add(drive);
            let v = if self.fault == Fault::NoClip { sum } else { sum.clamp(a.v_min, a.v_max) };
            let threshold = self.p.threshold[i];
            let fire = if self.fault == Fault::AtThreshold { v >= threshold } else { v > threshold };
            let exact = [raw << align, old_sum, current.wrapping_add(bias), sum];
            let held = [q, u, drive, v];
            for k in (0..4).filter(|k| exact[*k] != held[*k]) {
                let kind = if k == 3 { OverflowKind::Saturate } else { OverflowKind::Wrap };
                self.overflow.note(["a_in", "u", "u+bias", "v"][k], kind, 1, step, i as u32);
            }
            self.u[i] = u;
            self.v[i] = match (fire, self.fault) {
                (true, Fault::NoReset) | (false, _) => v,
                (true, Fault::SubtractReset) => v - threshold,
                (true, _) => 0,
            };
            if fire {
                self.fired.push((step, i as u32));
            }
        }
        self.us.extend(self.u.iter().map(|x| f64::from(*x)));
        self.vs.extend(self.v.iter().map(|x| f64::from(*x)));
    }
}

//! LIF neuron that stores one pattern in one shot: the prototype of continual learning.
//!
//! Currents and voltages are those of [`lif`](super::lif). After the update:
//!
//! 1. Where `reset_in` is positive, `u = v = 0`.
//! 2. A third factor is the number of a prototype, counted from 1, sent to all. While one arrives only that
//!    prototype spikes, on `s_out` and `s_out_bap`, and its `y1` becomes 127; all others' `y1` becomes 0.
//! 3. Without a third factor a neuron fires if `v > vth << align`, and `y1` stays.
//! 4. `s_out_y1` sends `y1`; `v = 0` where it fired.
//!
//! Source: Lava 0.10 `lava/proc/clp/prototype_lif/models.py`. Lava's `s_out_y2` and `s_out_y3` are never driven and
//! are left out, and the learning rule belongs to the connection. On a core only `s_out` is sent in packets; synapses that
//! learn onto these neurons read `y1` and the back-propagating spikes (the variable `bap`) where they are.

use std::ops::Range;

use super::membrane::{Membrane, RealMembrane, THRESHOLD, lif_family, ten};
use super::population::{At, Column, Dynamics, Neuron, Population};
use crate::{Kind, ModelError, Number, OverflowKind, PerNeuron, Sent, Setting};

lif_family! {
    /// Lava's `PrototypeLIF`.
    PrototypeLif {
        /// Threshold mantissa, `0..=131071`, aligned like a weight.
        vth: PerNeuron = ten(), "ten";
    }
}

/// A membrane with a third factor.
#[derive(Debug)]
pub(crate) struct Prototype<M>(M);

/// What a neuron sends: its spike, its back-propagating spike and `y1`.
fn send<N: Number>(at: At, factor: N, fires: bool, y1: &mut N) -> [N; 3] {
    let of = |yes: bool| N::from_int(i32::from(yes));
    if factor == N::default() {
        return [of(fires), N::default(), *y1];
    }
    let chosen = factor.real() == f64::from(at.index + 1);
    *y1 = N::from_int(if chosen { 127 } else { 0 });
    [of(chosen), of(chosen), *y1]
}

impl Dynamics<i32, 3, 4, 2, 3> for Prototype<Membrane> {
    const GRADED: [bool; 3] = [false, false, true];

    fn step(
        &self,
        at: At,
        [input, factor, reset]: [i32; 3],
        [vth, bias]: [i32; 2],
        [u, v, y1, bap]: &mut [i32; 4],
        left: &mut u32,
    ) -> [i32; 3] {
        let membrane = &self.0;
        *u = membrane.current(at.local, *u, input, 0, left);
        *v = membrane.clamp(membrane.voltage(at.local, *v, *u, [bias, 0], left), left);
        if reset > 0 {
            (*u, *v) = (0, 0);
        }
        let out = send(at, factor, membrane.fires(*v, vth << membrane.rule.align), y1);
        *bap = out[1];
        if out[0] != 0 {
            *v = 0;
        }
        out
    }

    fn registers(&self) -> &[(&'static str, OverflowKind)] {
        &self.0.noted
    }

    fn driven(&self, _local: usize, [_, bias]: [i32; 2]) -> bool {
        bias != 0
    }

    fn steady(&self) -> bool {
        true
    }
}

impl Dynamics<f64, 3, 4, 2, 3> for Prototype<RealMembrane> {
    const GRADED: [bool; 3] = [false, false, true];

    fn step(
        &self,
        at: At,
        [input, factor, reset]: [f64; 3],
        [vth, bias]: [f64; 2],
        [u, v, y1, bap]: &mut [f64; 4],
        _left: &mut u32,
    ) -> [f64; 3] {
        let membrane = &self.0;
        *u = membrane.current(at.local, *u, input);
        *v = membrane.voltage(at.local, *v, *u, bias);
        if reset > 0.0 {
            (*u, *v) = (0.0, 0.0);
        }
        let out = send(at, factor, membrane.fires(*v, vth * membrane.align), y1);
        *bap = out[1];
        if out[0] != 0.0 {
            *v = 0.0;
        }
        out
    }
}

/// Places of `y1` and `bap` among the variables.
const Y1: usize = 2;
const BAP: usize = 3;

impl Neuron for PrototypeLif {
    const IN: &'static [(&'static str, Kind)] =
        &[("a_in", Kind::Activation), ("a_third_factor_in", Kind::Activation), ("reset_in", Kind::Activation)];
    const OUT: &'static [(&'static str, Kind)] =
        &[("s_out", Kind::Spike), ("s_out_bap", Kind::Spike), ("s_out_y1", Kind::Graded)];
    const VARS: &'static [&'static str] = &["u", "v", "y1", "bap", "vth", "bias"];
    type Fixed = Population<Prototype<Membrane>, i32, 3, 4, 2, 3>;
    type Float = Population<Prototype<RealMembrane>, f64, 3, 4, 2, 3>;

    fn shape(&self) -> &[usize] {
        &self.shape
    }

    fn sent_by(port: usize) -> Sent {
        match port {
            0 => Sent::Spikes(0),
            1 => Sent::Variable(BAP),
            _ => Sent::Variable(Y1),
        }
    }

    fn decays(&self) -> Vec<(&'static str, &crate::Decay)> {
        vec![("du", &self.du), ("dv", &self.dv)]
    }

    fn registers(&self, setting: &Setting<'_>, cut: Range<usize>) -> Result<Self::Fixed, ModelError> {
        let (given, a) = (self.given(), setting.arithmetic);
        let [u, v, bias] = given.columns(a, &cut)?;
        let [y1, bap] = [("y1", 127), ("bap", 1)].map(|(name, most)| Column::of(name, vec![0; cut.len()], 0..=most));
        let vth = Column::registers("vth", &self.vth, given.n, &cut, THRESHOLD)?;
        Ok(Population::new(Prototype(given.membrane(a, &cut)?), &cut, [u, v, y1, bap], [vth, bias]))
    }

    fn reals(&self, setting: &Setting<'_>) -> Result<Self::Float, ModelError> {
        let given = self.given();
        let [u, v, bias] = given.real_columns()?;
        let vth = Column::reals("vth", &self.vth, given.n)?;
        let [y1, bap] = ["y1", "bap"].map(|name| Column::real_zero(name, given.n));
        let prototype = Prototype(given.real_membrane(setting.arithmetic)?);
        Ok(Population::new(prototype, &(0..given.n), [u, v, y1, bap], [vth, bias]))
    }
}

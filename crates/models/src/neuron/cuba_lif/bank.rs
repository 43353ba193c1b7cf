//! Compartments without noise, in vector registers.
//!
//! The equations are those of the module above, which steps one neuron after the other; a property holds the two equal
//! bit for bit, at every instruction set.

use std::ops::Range;

use pumice_num::{Level, Task};

use super::super::bank::saved;
use super::super::bounds::Bounds;
use super::super::columns::{Columns, Read};
use super::super::lif::{Rule, current_range};
use super::super::membrane::BIAS;
use super::super::population::STATE;
use super::super::registers::{Limits, Registers, Sum};
use super::super::step::{BLOCK, Blocks, Left, Membrane, rest, walk};
use super::{CubaLif, lane, length};
use crate::arithmetic::Refractory;
use crate::{Arithmetic, Bank, BankContext, Fired, Lane, ModelError, PerNeuron, Setting, Values};

/// The registers of compartments, and their parameters.
#[derive(Debug)]
pub(crate) struct CubaBank {
    u: Vec<i32>,
    v: Vec<i32>,
    remaining: Vec<i32>,
    columns: Columns<7>,
    rule: Rule,
    freeze: bool,
    longest: i32,
    bounds: Bounds,
    mask: Vec<u8>,
    level: Level,
}

/// Columns of a [`CubaBank`], as its kernel names them.
const KU: usize = 0;
const KV: usize = 1;
const BIAS_COLUMN: usize = 2;
const VTH: usize = 3;
const PERIOD: usize = 4;
const V_MIN: usize = 5;
const V_MAX: usize = 6;

/// One block of neurons.
struct Step<'a, R, K> {
    registers: R,
    align: u32,
    extra: i32,
    freeze: bool,
    columns: [K; 7],
    state: [&'a mut [i32]; 3],
    input: &'a [i32],
    mask: &'a mut [u8],
}

impl<R: Registers, K: Read> Task for Step<'_, R, K> {
    type Output = Left;

    #[inline(always)]
    fn run(self) -> Left {
        let Step { registers, align, extra, freeze, columns, state: [us, vs, rs], input, mask } = self;
        let n = input.len();
        let [ku, kv, bias, vth, period, v_min, v_max] = columns.map(|column| column.first(n));
        let (us, vs, rs, mask) = (&mut us[..n], &mut vs[..n], &mut rs[..n], &mut mask[..n]);
        let (mut idle, mut left) = (0_u32, [0_u32; 4]);
        for i in 0..n {
            let (raw, u0, v0, r0, b) = (input[i], us[i], vs[i], rs[i], bias.at(i));
            idle += u32::from((raw | u0 | v0 | r0 | b) == 0);
            let aligned = R::Sum::aligned(raw, align);
            let q = registers.input(aligned);
            left[0] += u32::from(R::Sum::from(q) != aligned);
            let sum = R::Sum::of(registers.decay(u0, ku.at(i)), q);
            let u = registers.current(sum);
            left[1] += u32::from(R::Sum::from(u) != sum);
            let sum = R::Sum::of(u, b);
            let drive = registers.bias_sum(sum);
            left[2] += u32::from(R::Sum::from(drive) != sum);
            let sum = R::Sum::of(registers.decay(v0, kv.at(i)), drive);
            let clamped = registers.voltage(sum, v_min.at(i), v_max.at(i));
            left[3] += u32::from(R::Sum::from(clamped) != sum);
            let held = if freeze { v0 } else { 0 };
            let v = if r0 == 0 { clamped } else { held };
            let fire = v > vth.at(i).wrapping_add(extra);
            let p = period.at(i);
            let began = if freeze { p } else { p - i32::from(p != 0) };
            us[i] = u;
            vs[i] = if fire { 0 } else { v };
            rs[i] = if fire { began } else { r0 - i32::from(r0 != 0) };
            mask[i] = u8::from(fire);
        }
        Left { by_register: left, active: n as u32 - idle }
    }
}

impl CubaLif {
    /// The neurons `cut` in vector registers, or `None` if one is noisy.
    pub(super) fn quiet(&self, setting: &Setting<'_>, cut: &Range<usize>) -> Result<Option<CubaBank>, ModelError> {
        let (n, a) = (length(&self.shape), setting.arithmetic);
        let noise = self.noise(setting, cut)?;
        if (0..cut.len()).any(|i| noise.enabled.at(i) != 0) {
            return Ok(None);
        }
        let own = |lane: Lane| lane.slice(cut.clone());
        let longest = a.refractory_max as i32;
        let ku = self.du.keep("du", n, a.current_decay_offset, a.lowest_current_decay)?;
        let kv = self.dv.keep("dv", n, a.voltage_decay_offset, -a.voltage_decay_offset)?;
        let bias = lane("bias", &self.bias, n, BIAS)?;
        let vth = lane("vth", &self.vth, n, 0..=8_388_607)?;
        let period = lane("refractory_period", &self.refractory_period, n, 1..=longest)?;
        let [v_min, v_max] = self.limits(setting)?;
        Ok(Some(CubaBank {
            u: own(lane("u", &self.u, n, current_range(a.current))?).expand(cut.len()),
            v: own(lane("v", &self.v, n, STATE)?).expand(cut.len()),
            remaining: vec![0; cut.len()],
            columns: Columns::new([ku, kv, bias, vth, period, v_min, v_max].map(own), BLOCK.min(cut.len())),
            rule: Rule::of(a),
            freeze: freezes(a),
            longest,
            bounds: Bounds::new(cut.len()),
            mask: vec![0; cut.len()],
            level: Level::widest(),
        }))
    }
}

fn freezes(a: &Arithmetic) -> bool {
    a.refractory == Refractory::Freeze
}

impl Blocks for CubaBank {
    fn block<R: Registers>(&mut self, range: Range<usize>, input: &[i32], registers: R) -> Left {
        let state = [&mut self.u, &mut self.v, &mut self.remaining].map(|all| &mut all[range.clone()]);
        let (align, extra, freeze) = (self.rule.align, self.rule.extra, self.freeze);
        let mask = &mut self.mask[range.clone()];
        match self.columns.constants() {
            Some(columns) => self.level.run(Step { registers, align, extra, freeze, columns, state, input, mask }),
            None => {
                let columns = self.columns.slices(&range);
                self.level.run(Step { registers, align, extra, freeze, columns, state, input, mask })
            }
        }
    }

    fn state(&self) -> [&[i32]; 2] {
        [&self.u, &self.v]
    }

    fn registers(&mut self) -> impl Iterator<Item = &mut Vec<i32>> {
        [&mut self.u, &mut self.v, &mut self.remaining].into_iter()
    }

    fn bounds(&mut self) -> &mut Bounds {
        &mut self.bounds
    }

    fn mask(&self) -> &[u8] {
        &self.mask
    }

    fn rule(&self) -> Rule {
        self.rule
    }

    fn level(&self) -> Level {
        self.level
    }

    fn limits(&self) -> Limits {
        let [ku, kv, bias, v_min, v_max] = [KU, KV, BIAS_COLUMN, V_MIN, V_MAX].map(|k| self.columns.ends(k));
        // What is frozen does not decay.
        let kv = (kv.0, if self.freeze { 4096 } else { kv.1 });
        Limits { keep: [ku, kv], bias, v: (v_min.1, v_max.0) }
    }

    fn membrane(&self, i: usize) -> Membrane {
        let [ku, kv, bias, v_min, v_max] = [KU, KV, BIAS_COLUMN, V_MIN, V_MAX].map(|k| self.columns.lane(k).at(i));
        Membrane { keep: [ku, kv], bias, v_min, v_max }
    }
}

impl Bank for CubaBank {
    fn len(&self) -> usize {
        self.u.len()
    }

    fn step(
        &mut self,
        range: Range<usize>,
        context: &mut BankContext<'_>,
        inputs: &[&[i32]],
        fired: &mut [Fired],
    ) -> u64 {
        walk(self, range, context, inputs[0], &mut fired[0])
    }

    fn rest(&mut self, range: Range<usize>) -> Option<u64> {
        rest(self, range)
    }

    fn get(&self, var: usize) -> Vec<i32> {
        let n = self.len();
        match var {
            0 => self.u.clone(),
            1 => self.v.clone(),
            2 => self.remaining.clone(),
            3 => self.columns.lane(VTH).expand(n),
            4 => self.columns.lane(PERIOD).expand(n),
            _ => self.columns.lane(BIAS_COLUMN).expand(n),
        }
    }

    fn set(&mut self, var: usize, values: &[i32]) -> Result<(), ModelError> {
        self.bounds.forget();
        let values = PerNeuron::from(values.to_vec());
        let n = self.len();
        match var {
            0 => self.u = lane("u", &values, n, current_range(self.rule.current))?.expand(n),
            1 => self.v = lane("v", &values, n, STATE)?.expand(n),
            2 => self.remaining = lane("refractory", &values, n, 0..=self.longest)?.expand(n),
            3 => self.columns.set(VTH, lane("vth", &values, n, 0..=8_388_607)?),
            4 => self.columns.set(PERIOD, lane("refractory_period", &values, n, 1..=self.longest)?),
            _ => self.columns.set(BIAS_COLUMN, lane("bias", &values, n, BIAS)?),
        }
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        (0..6).map(|var| Values::Int(self.get(var))).collect()
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let n = self.len();
        for var in [2, 3, 4, 5] {
            self.set(var, &saved(state, var, n)?)?;
        }
        self.bounds.forget();
        // What ran may be beyond what a person may write: an unbounded arithmetic.
        (self.u, self.v) = (saved(state, 0, n)?, saved(state, 1, n)?);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::neuron::population::Neuron;
    use crate::{Decay, Overflow};
    use proptest::prelude::*;

    fn neurons(uniform: bool, (du, dv, vth, bias, period): (i32, i32, i32, i32, i32)) -> CubaLif {
        let each = |x: i32, low: i32, high: i32| match uniform {
            true => PerNeuron::from(x),
            false => PerNeuron::from((0..300).map(|i| (x + 37 * i).rem_euclid(high - low) + low).collect::<Vec<i32>>()),
        };
        CubaLif {
            v: each(dv * 700, 0, 1 << 23),
            du: Decay::Register(each(du, 0, 4096)),
            dv: Decay::Register(each(dv, 0, 4096)),
            bias: each(bias, -524_288, 524_160),
            refractory_period: each(period, 1, 64),
            vmin: (!uniform).then(|| (0..300).map(|i| -[60_000, 60_000, 1 << 28][i % 3]).collect::<Vec<i32>>().into()),
            ..CubaLif::new(&[300], each(vth, 0, 8_000_000))
        }
    }

    proptest! {
        /// The bank gives the spikes, states, activity and overflow of the one-neuron form, at every level; in whatever parts it
        /// is stepped, asked for its rest, and written in between.
        #[test]
        fn vectors_are_neurons_one_by_one(
            uniform in any::<bool>(),
            parameters in (0_i32..4096, 0_i32..4096, 0_i32..2_000_000, -500_000_i32..500_000, 1_i32..64),
            named in 0_usize..5,
            saturate in any::<bool>(),
            scale in 0_i32..32,
            seed in any::<u32>(),
        ) {
            let mut a = Arithmetic::named(Arithmetic::NAMES[named]).unwrap();
            if saturate {
                a.current.overflow = crate::arithmetic::OverflowPolicy::Saturate;
            }
            let setting = Setting { arithmetic: &a, seed: 1, place: 2 };
            let model = neurons(uniform, parameters);
            let range = 17..299;
            let input = |t: u64| -> Vec<i32> {
                let draw = |i: u64| pumice_num::draw(u64::from(seed), pumice_num::Purpose::STIMULUS, 0, i as u32, t)[0];
                (0..282).map(|i| (draw(i) as i32) >> (31 - scale)).collect()
            };
            for level in Level::available() {
                let mut one = model.registers(&setting, range.clone()).unwrap();
                let mut all = model.quiet(&setting, &range).unwrap().unwrap();
                all.level = level;
                let (mut noted, mut notes) = (Overflow::default(), Overflow::default());
                for t in 1..30 {
                    let (mut a, mut b) = ([Fired::default()], [Fired::default()]);
                    let sums = input(t);
                    let n = Bank::step(&mut one, 0..282, &mut BankContext::new(t, &mut noted), &[&sums], &mut a);
                    let cut = if t % 3 == 0 { sums[0].unsigned_abs() as usize % 282 } else { 0 };
                    let mut context = BankContext::new(t, &mut notes);
                    let m: u64 =
                        [0..cut, cut..282].map(|part| all.step(part, &mut context, &[&sums], &mut b)).iter().sum();
                    prop_assert_eq!((n, a), (m, b));
                    if t % 8 == 1 {
                        all.rest(cut..282);
                    }
                    prop_assert_eq!(Bank::save(&one), all.save());
                    if t % 7 == 4 {
                        let far: Vec<i32> = sums.iter().map(|x| x.wrapping_mul(0x5851_F42D) >> (8 + seed % 8)).collect();
                        Bank::set(&mut one, t as usize % 2, &far).unwrap();
                        all.set(t as usize % 2, &far).unwrap();
                    }
                }
                prop_assert_eq!(noted.records(), notes.records());
                let kept = all.save();
                all.load(&kept).unwrap();
                prop_assert_eq!(all.save(), kept);
            }
        }
    }

    /// A voltage that is written while it is frozen is as far as before when it thaws, where a short decay is not right.
    #[test]
    fn what_is_frozen_stays_as_far_as_it_was() {
        let mut a = Arithmetic::loihi1();
        a.refractory = Refractory::Freeze;
        let setting = Setting { arithmetic: &a, seed: 0, place: 0 };
        let decays = CubaLif { du: 4095.into(), dv: 400.into(), ..CubaLif::new(&[3], 5_000_000.into()) };
        let model = CubaLif { v: 8_100_000.into(), refractory_period: 60.into(), ..decays };
        let (mut one, mut all) =
            (model.registers(&setting, 0..3).unwrap(), model.quiet(&setting, &(0..3)).unwrap().unwrap());
        for step in 1..90 {
            for bank in [&mut one as &mut dyn Bank, &mut all] {
                let mut overflow = Overflow::default();
                let mut context = BankContext::new(step, &mut overflow);
                bank.step(0..3, &mut context, &[&[0; 3]], &mut [Fired::default()]);
                if step == 2 {
                    bank.set(1, &[600_000; 3]).unwrap();
                }
            }
            assert_eq!(Bank::save(&one), all.save(), "step {step}");
        }
        assert!(all.get(1)[1] < 600_000 && all.get(1)[1] > 0, "{:?}", all.get(1));
    }
}

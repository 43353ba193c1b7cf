//! The traces of the neurons on one side of a connection, in 7-bit registers.
//!
//! ```text
//! within an epoch of T steps, for e = 1..=T:
//! h[e] = floor(d) + (draw < frac(d)),  d = exp(-1 / tau) * h[e-1]        (0 if tau is 0)
//! h[e] = clamp(h[e] + impulse, 0, 127) where the neuron last fired at e
//! ```
//!
//! A neuron that fires again within an epoch gets the earlier impulse at once. Only neurons with a trace or a spike
//! are visited: cost follows the spikes, not the population. Source: Lava 0.10
//! `lava/magma/core/model/py/connection.py`.

use pumice_num::faulty;

use super::course;
use super::draws::{Block, TraceDraws};
use crate::Cut;
use crate::plastic::Tally;

/// Decay and impulse of one trace.
#[derive(Clone, Debug)]
struct Course {
    /// Whole part of `exp(-1 / tau) * v` for every value `v`.
    whole: Vec<i16>,
    /// Fraction of the same.
    fraction: Vec<f64>,
    /// Whole part of the impulse.
    impulse: i32,
    /// Fraction of the impulse in units of the engine's fraction bits.
    impulse_fraction: i32,
    /// Random numbers that a decay takes: one where it can leave a fraction.
    drawn_by_decay: usize,
    /// Random numbers that an impulse takes: one where it has a fraction.
    drawn_by_impulse: usize,
}

/// Payloads reach 255 in Lava's engine before the first decay.
const VALUES: i32 = 256;

impl Course {
    fn new((impulse, tau): (f64, f64), fraction_bits: u32) -> Self {
        let keep = course::keep(tau);
        let decayed = (0..VALUES).map(|v| keep * f64::from(v));
        let impulse_fraction = (impulse.fract() * f64::from(1 << fraction_bits)).round_ties_even() as i32;
        Course {
            whole: decayed.clone().map(|d| d.floor() as i16).collect(),
            fraction: decayed.map(f64::fract).collect(),
            impulse: impulse.floor() as i32,
            impulse_fraction,
            drawn_by_decay: usize::from(keep.fract() > 0.0),
            drawn_by_impulse: usize::from(impulse_fraction > 0),
        }
    }

    #[inline(always)]
    fn decay(&self, v: i16, draw: f64) -> i16 {
        match usize::try_from(v) {
            Ok(at) if at < VALUES as usize => {
                faulty!(self.whole[at] + i16::from(draw < self.fraction[at]), TraceDecay => v)
            }
            // Values from ports may be negative: floor, as for the others.
            _ => self.decay_any(v, draw),
        }
    }

    fn decay_any(&self, v: i16, draw: f64) -> i16 {
        let keep = f64::from(self.whole[1]) + self.fraction[1];
        let d = keep * f64::from(v);
        d.floor() as i16 + i16::from(draw < d - d.floor())
    }

    #[inline(always)]
    fn add(&self, v: i16, draw: impl FnOnce() -> i32) -> (i16, bool) {
        let up = self.impulse_fraction > 0 && draw() < self.impulse_fraction;
        let sum = i32::from(v) + self.impulse + i32::from(up);
        (sum.clamp(0, 127) as i16, sum > 127)
    }
}

/// One trace of all neurons after one step.
#[derive(Clone, Copy, Debug)]
pub(super) struct After<'a> {
    values: &'a [i16],
    stride: usize,
}

impl After<'_> {
    /// That of neuron `i`.
    #[inline(always)]
    pub(super) fn of(&self, i: usize) -> i32 {
        i32::from(self.values[i * self.stride])
    }
}

/// The traces of one side.
#[derive(Clone, Debug)]
pub(super) struct Side {
    n: usize,
    /// Number of the first neuron in the whole population, which keys draws and names overflow.
    first: u32,
    courses: Vec<Course>,
    /// Bits of the fraction of an impulse.
    fraction_bits: u32,
    t_epoch: usize,
    /// Whether values come from ports and do not decay.
    held: bool,
    /// Value of trace `k` of neuron `i` at `i * traces + k`.
    pub(super) value: Vec<i16>,
    /// Step within the epoch of the last spike of each neuron, or 0.
    pub(super) spike: Vec<u8>,
    /// `h[e]` of trace `k` of neuron `i` at `(i * traces + k) * t_epoch + e - 1`.
    history: Vec<i16>,
    /// Neurons whose value, spike or history may not be zero, one bit each.
    active: Vec<u64>,
    /// Neurons that fired in this epoch.
    pub(super) fired: Vec<u32>,
    /// Traces that stopped at 127 in this step: trace and neuron.
    pub(super) saturated: Vec<(usize, u32)>,
    /// Random numbers that their roundings drew.
    pub(super) random_numbers: Tally,
}

impl Side {
    pub(super) fn new(n: usize, courses: &[(f64, f64)], fraction_bits: u32, t_epoch: u32) -> Self {
        let k = courses.len();
        Side {
            n,
            first: 0,
            courses: courses.iter().map(|c| Course::new(*c, fraction_bits)).collect(),
            fraction_bits,
            t_epoch: t_epoch as usize,
            held: false,
            value: vec![0; n * k],
            spike: vec![0; n],
            history: vec![0; n * k * t_epoch as usize],
            active: vec![0; n.div_ceil(64)],
            fired: Vec::new(),
            saturated: Vec::new(),
            random_numbers: Tally::new(&Cut::ALL, n),
        }
    }

    /// Counts random numbers by the parts of a cut, of which these are the targets.
    pub(super) fn counting(self, cut: &Cut) -> Self {
        Side { random_numbers: Tally::new(cut, self.n), ..self }
    }

    /// Makes the neurons those from `first` on of a larger population.
    pub(super) fn starting(self, first: usize) -> Self {
        Side { first: first as u32, ..self }
    }

    /// Gives a trace another impulse and time constant.
    pub(super) fn set_course(&mut self, trace: usize, course: (f64, f64)) {
        self.courses[trace] = Course::new(course, self.fraction_bits);
    }

    /// Makes the traces those of ports, which keep their value through the epoch.
    pub(super) fn hold(&mut self) {
        self.held = true;
    }

    pub(super) fn touch(&mut self, i: usize) {
        self.active[i / 64] |= 1 << (i % 64);
    }

    /// Sets all values to zero.
    pub(super) fn clear_values(&mut self) {
        self.value.fill(0);
    }

    /// Neurons whose traces may not be zero, in ascending order.
    pub(super) fn active(&self) -> impl Iterator<Item = usize> + '_ {
        (0..self.n).filter(|i| self.active[i / 64] >> (i % 64) & 1 == 1)
    }

    /// Notes a spike of neuron `i` at step `e` of the epoch.
    pub(super) fn fire(&mut self, i: usize, e: u8) {
        self.touch(i);
        if self.spike[i] == 0 {
            self.fired.push(i as u32);
        }
        self.spike[i] = e;
    }

    /// Adds the impulses of an earlier spike in this epoch to the traces `from..`.
    pub(super) fn repeat(&mut self, i: usize, from: usize, draws: &TraceDraws) {
        for (trace, course) in self.courses.iter().enumerate().skip(from) {
            let at = i * self.courses.len() + trace;
            let number = self.first + i as u32;
            let (value, over) = course.add(self.value[at], || draws.impulse(number, trace, 0));
            self.value[at] = value;
            self.random_numbers.onto(i as u32, course.drawn_by_impulse);
            if over {
                self.saturated.push((trace, number));
            }
        }
    }

    /// Runs through the epoch: fills the history of active neurons and, unless `kept`, takes its end as the new value.
    pub(super) fn advance(&mut self, draws: &TraceDraws, kept: bool) {
        self.advance_range(0..self.n, draws, kept);
    }

    /// As [`Side::advance`], for some neurons.
    pub(super) fn advance_range(&mut self, range: std::ops::Range<usize>, draws: &TraceDraws, kept: bool) {
        let mut blocks = [Block::new(); 3];
        for word in range.start / 64..range.end.div_ceil(64) {
            let mut left = self.active[word];
            if 64 * word < range.start {
                left &= u64::MAX << (range.start % 64);
            }
            if 64 * (word + 1) > range.end {
                left &= u64::MAX >> (64 * (word + 1) - range.end);
            }
            while left != 0 {
                let i = 64 * word + left.trailing_zeros() as usize;
                left &= left - 1;
                if !self.advance_one(i, draws, &mut blocks, kept) {
                    self.active[word] &= !(1 << (i % 64));
                }
            }
        }
    }

    /// Advances neuron `i`; returns whether it stays active.
    fn advance_one(&mut self, i: usize, draws: &TraceDraws, blocks: &mut [Block; 3], kept: bool) -> bool {
        let (k, t, number) = (self.courses.len(), self.t_epoch, self.first + i as u32);
        let (value, spike) = (&mut self.value[i * k..(i + 1) * k], usize::from(self.spike[i]));
        let history = &mut self.history[i * k * t..(i + 1) * k * t];
        if spike == 0 && value.iter().all(|v| *v == 0) {
            history.fill(0);
            return false;
        }
        let mut drawn = 0;
        for (trace, (course, v)) in self.courses.iter().zip(value).enumerate() {
            let mut now = *v;
            for e in 1..=t {
                if !self.held {
                    if now != 0 {
                        now = course.decay(now, draws.decay(&mut blocks[trace], number, trace, e as u64));
                        drawn += course.drawn_by_decay;
                    }
                    if spike == e {
                        drawn += course.drawn_by_impulse;
                        let (sum, over) = course.add(now, || draws.impulse(number, trace, e as u64));
                        now = sum;
                        if over {
                            self.saturated.push((trace, number));
                        }
                    }
                }
                history[trace * t + e - 1] = now;
            }
            if !kept {
                *v = now;
            }
        }
        self.random_numbers.onto(i as u32, drawn);
        true
    }

    /// Trace `trace` of neuron `i` after step `when` of the epoch, `1..=t_epoch`.
    #[inline(always)]
    fn at(&self, i: usize, trace: usize, when: usize) -> i32 {
        i32::from(self.history[(i * self.courses.len() + trace) * self.t_epoch + when - 1])
    }

    /// Trace `trace` of all neurons after step `when` of the epoch.
    pub(super) fn course(&self, trace: usize, when: usize) -> After<'_> {
        let (first, stride) = (trace * self.t_epoch + when - 1, self.courses.len() * self.t_epoch);
        After { values: &self.history[first.min(self.history.len())..], stride }
    }

    /// A trace, or where `flag` says so the spike flag, of neuron `i` after step `when` of the epoch.
    #[inline(always)]
    pub(super) fn read(&self, i: usize, trace: usize, flag: bool, when: usize) -> i32 {
        if flag { i32::from(self.spike[i] > 0) } else { self.at(i, trace, when) }
    }

    /// Begins a new epoch.
    pub(super) fn clear_spikes(&mut self) {
        for i in self.fired.drain(..) {
            self.spike[i as usize] = 0;
        }
    }

    /// The values of one trace.
    pub(super) fn get(&self, trace: usize) -> Vec<i32> {
        let k = self.courses.len();
        (0..self.n).map(|i| i32::from(self.value[i * k + trace])).collect()
    }

    pub(super) fn set(&mut self, trace: usize, values: &[i32]) {
        let k = self.courses.len();
        for (i, v) in values.iter().enumerate() {
            self.value[i * k + trace] = *v as i16;
            if *v != 0 {
                self.touch(i);
            }
        }
    }

    /// Values and spikes as saved integers.
    pub(super) fn save(&self) -> [Vec<i32>; 2] {
        [self.value.iter().map(|v| i32::from(*v)).collect(), self.spike.iter().map(|s| i32::from(*s)).collect()]
    }

    /// Takes back what [`Side::save`] gave; the lists follow from it.
    pub(super) fn load(&mut self, value: &[i32], spike: &[i32]) {
        let k = self.courses.len();
        self.history.fill(0);
        self.active.fill(0);
        self.fired.clear();
        self.saturated.clear();
        self.value = value.iter().map(|v| *v as i16).collect();
        self.spike = spike.iter().map(|s| *s as u8).collect();
        for i in 0..self.n {
            if self.spike[i] != 0 {
                self.fired.push(i as u32);
            }
            if self.spike[i] != 0 || self.value[i * k..(i + 1) * k].iter().any(|v| *v != 0) {
                self.touch(i);
            }
        }
    }
}

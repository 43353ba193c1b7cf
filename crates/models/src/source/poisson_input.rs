//! Input from many independent Poisson spike trains of one rate, summed before it reaches each neuron.
//!
//! ```text
//! sum[i, t] = weight * count[i, t],   count ~ Poisson(mean)
//! ```
//!
//! It stands for sources that are not simulated one by one (NEST's `poisson_generator`, Brian2's `PoissonInput`). The
//! count of element i in step t is the number of values of the distribution function that a uniform 32-bit draw of
//! (seed, process, i, t) reaches: the same counts in float and fixed point, on any number of workers. A chip makes them
//! beside the neurons, where nothing is sent.

use std::ops::Range;

use pumice_num::{GROUP, Level, Purpose, Task, draw_group};
use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{
    Behaviour, Drive, Io, Kernel, Kind, ModelError, Number, PortSpec, Setting, Values, VarSpec, integer, length,
};

/// Poisson counts of spikes of one weight for each element.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct PoissonInput {
    /// Shape of one message.
    pub shape: Vec<usize>,
    /// Mean count per element and step, `0..=50`.
    pub mean: f64,
    /// Weight of one spike `[weight LSB]`; fixed kernels take an integer of 24 bits.
    pub weight: f64,
}

impl PoissonInput {
    /// Counts of that mean, each spike of that weight.
    pub fn new(shape: &[usize], mean: f64, weight: f64) -> Self {
        PoissonInput { shape: shape.to_vec(), mean, weight }
    }

    fn counts(&self, setting: &Setting<'_>) -> Result<Counts, ModelError> {
        if !(0.0..=50.0).contains(&self.mean) {
            return Err(ModelError::range("mean", self.mean, "a number in 0..=50"));
        }
        if !self.weight.is_finite() {
            return Err(ModelError::range("weight", self.weight, "a finite number"));
        }
        Ok(Counts { steps: steps(self.mean), seed: setting.seed, place: setting.place })
    }

    fn driven(&self, setting: &Setting<'_>, range: Range<usize>) -> Result<Driven, ModelError> {
        let weight = integer("weight", self.weight, -8_388_607..=8_388_607)?;
        Ok(Driven { counts: self.counts(setting)?, weight, first: range.start, level: Level::widest() })
    }
}

/// The values of the Poisson distribution function in units of 2^-32: a draw counts those that it reaches.
fn steps(mean: f64) -> Vec<u32> {
    let (mut term, mut sum, mut steps) = ((-mean).exp(), 0.0, Vec::new());
    for k in 1.. {
        sum += term;
        let reached = (sum * 4_294_967_296.0).round();
        if reached >= 4_294_967_295.0 || k > 200 {
            return steps;
        }
        steps.push(reached as u32);
        term *= mean / f64::from(k);
    }
    steps
}

/// How counts are drawn.
#[derive(Clone, Debug)]
struct Counts {
    steps: Vec<u32>,
    seed: u64,
    place: u32,
}

impl Counts {
    /// The draws of elements `GROUP * group ..`.
    #[inline(always)]
    fn words(&self, group: usize, step: u64) -> [u32; GROUP] {
        draw_group(self.seed, Purpose::POISSON, self.place, group as u32, step)
    }

    /// The values of the distribution function that are not above `highest`.
    fn up_to(&self, highest: u32) -> &[u32] {
        &self.steps[..self.steps.partition_point(|reached| *reached <= highest)]
    }
}

/// How many of the values each word reaches.
#[inline(always)]
fn counts(words: &[u32; GROUP], steps: &[u32]) -> [u32; GROUP] {
    let mut counts = [0; GROUP];
    for reached in steps {
        for (count, word) in counts.iter_mut().zip(words) {
            *count += u32::from(word >= reached);
        }
    }
    counts
}

/// The drive of a range of elements.
#[derive(Debug)]
struct Driven {
    counts: Counts,
    weight: i32,
    /// First element of the range.
    first: usize,
    level: Level,
}

/// Groups that are drawn before they are counted: how many values are compared then depends on their highest word, and
/// the processor need not guess it for every group.
const GROUPS: usize = 16;

struct Add<'a> {
    own: &'a Driven,
    step: u64,
    sums: &'a mut [i32],
}

impl Task for Add<'_> {
    type Output = ();

    #[inline(always)]
    fn run(self) {
        let Add { own, step, mut sums } = self;
        let mut first = own.first;
        while !sums.is_empty() {
            let (group, skip) = (first / GROUP, first % GROUP);
            let n = sums.len().min(GROUPS * GROUP - skip);
            let mut words = [[0; GROUP]; GROUPS];
            let words = &mut words[..(skip + n).div_ceil(GROUP)];
            let mut highest = [0; GROUP];
            for (k, words) in words.iter_mut().enumerate() {
                *words = own.counts.words(group + k, step);
                highest.iter_mut().zip(words.iter()).for_each(|(highest, word)| *highest = (*highest).max(*word));
            }
            let steps = own.counts.up_to(highest.into_iter().fold(0, u32::max));
            words.iter_mut().for_each(|words| *words = counts(words, steps));
            let (now, later) = sums.split_at_mut(n);
            for (sum, count) in now.iter_mut().zip(&words.as_flattened()[skip..]) {
                *sum = sum.wrapping_add((*count as i32).wrapping_mul(own.weight));
            }
            (sums, first) = (later, first + n);
        }
    }
}

impl Drive for Driven {
    fn add(&self, step: u64, sums: &mut [i32]) {
        self.level.run(Add { own: self, step, sums });
    }

    fn draws(&self) -> u64 {
        1
    }

    fn reach(&self) -> i64 {
        self.counts.steps.len() as i64 * i64::from(self.weight.unsigned_abs())
    }
}

/// The kernel of the host: one element after the other.
#[derive(Debug)]
struct Host<N> {
    counts: Counts,
    weight: N,
}

impl Kernel<i32> for Host<i32> {
    fn step(&mut self, io: &mut Io<'_, i32>) {
        each_count(&self.counts, io.step, &mut io.outputs[0], |count| count.wrapping_mul(self.weight));
    }

    fn get(&self, _var: usize) -> Vec<i32> {
        Vec::new()
    }

    fn set(&mut self, _var: usize, _values: &[i32]) -> Result<(), ModelError> {
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        Vec::new()
    }

    fn load(&mut self, _state: &[Values]) -> Result<(), ModelError> {
        Ok(())
    }
}

impl Kernel<f64> for Host<f64> {
    fn step(&mut self, io: &mut Io<'_, f64>) {
        each_count(&self.counts, io.step, &mut io.outputs[0], |count| f64::from(count) * self.weight);
    }

    fn get(&self, _var: usize) -> Vec<f64> {
        Vec::new()
    }

    fn set(&mut self, _var: usize, _values: &[f64]) -> Result<(), ModelError> {
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        Vec::new()
    }

    fn load(&mut self, _state: &[Values]) -> Result<(), ModelError> {
        Ok(())
    }
}

fn each_count<N: Number>(counts: &Counts, step: u64, out: &mut [N], value: impl Fn(i32) -> N) {
    for (group, part) in out.chunks_mut(GROUP).enumerate() {
        let counts = self::counts(&counts.words(group, step), &counts.steps);
        part.iter_mut().zip(counts).for_each(|(x, count)| *x = value(count as i32));
    }
}

impl Behaviour for PoissonInput {
    fn in_ports(&self) -> Vec<PortSpec> {
        Vec::new()
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        vec![PortSpec::new("a_out", Kind::Activation, &self.shape)]
    }

    fn vars(&self) -> Vec<VarSpec> {
        Vec::new()
    }

    fn fixed(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        let weight = integer("weight", self.weight, -8_388_607..=8_388_607)?;
        Ok(Box::new(Host { counts: self.counts(setting)?, weight }))
    }

    fn float(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        Ok(Box::new(Host { counts: self.counts(setting)?, weight: self.weight }))
    }

    fn drive(&self, setting: &Setting<'_>, range: Range<usize>) -> Option<Result<Box<dyn Drive>, ModelError>> {
        debug_assert!(range.end <= length(&self.shape));
        Some(self.driven(setting, range).map(|driven| Box::new(driven) as Box<dyn Drive>))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::connection::support::setting;
    use crate::{Arithmetic, Overflow};
    use proptest::prelude::*;

    fn host<N: Number>(kernel: &mut dyn Kernel<N>, n: usize, step: u64) -> Vec<N> {
        let mut outputs = vec![vec![N::default(); n]];
        let mut overflow = Overflow::default();
        kernel.step(&mut Io { step, inputs: &[], outputs: &mut outputs, overflow: &mut overflow });
        outputs.remove(0)
    }

    proptest! {
        /// Every range on a chip adds what the host sends, at every level; the float twin is equal.
        #[test]
        fn ranges_add_what_the_host_sends(
            mean in 0.0..20.0_f64,
            weight in -300..300_i32,
            (from, to) in (0_usize..300, 0_usize..300),
            step in 1_u64..1 << 40,
        ) {
            let a = Arithmetic::loihi1();
            let input = PoissonInput::new(&[300], mean, f64::from(weight));
            let sent: Vec<i32> = host(&mut *input.fixed(&setting(&a)).unwrap(), 300, step);
            let real: Vec<f64> = host(&mut *input.float(&setting(&a)).unwrap(), 300, step);
            prop_assert!(sent.iter().zip(&real).all(|(x, y)| f64::from(*x) == *y));
            let range = from.min(to)..from.max(to);
            let driven = input.driven(&setting(&a), range.clone()).unwrap();
            for level in Level::available() {
                let mut sums = vec![7; range.len()];
                Driven { level, counts: driven.counts.clone(), ..driven }.add(step, &mut sums);
                let expected: Vec<i32> = sent[range.clone()].iter().map(|x| x + 7).collect();
                prop_assert_eq!(sums, expected);
            }
        }
    }

    /// Mean and variance of 60,000 counts lie within five standard errors of those of a Poisson distribution.
    #[test]
    fn counts_are_poisson() {
        let a = Arithmetic::loihi1();
        for mean in [0.02, 1.6, 12.0, 50.0] {
            let input = PoissonInput::new(&[3000], mean, 1.0);
            let mut kernel = input.fixed(&setting(&a)).unwrap();
            let all: Vec<f64> = (1..=20).flat_map(|t| host(&mut *kernel, 3000, t)).map(f64::from).collect();
            let n = all.len() as f64;
            let average = all.iter().sum::<f64>() / n;
            let variance = all.iter().map(|x| (x - average).powi(2)).sum::<f64>() / n;
            assert!((average - mean).abs() < 5.0 * (mean / n).sqrt(), "{mean}: {average}");
            let error = ((mean + 2.0 * mean * mean) / n).sqrt();
            assert!((variance - mean).abs() < 5.0 * error, "{mean}: {variance}");
        }
    }

    #[test]
    fn what_cannot_be_is_refused() {
        let a = Arithmetic::loihi1();
        let refused = |mean, weight| PoissonInput::new(&[4], mean, weight).fixed(&setting(&a)).unwrap_err().to_string();
        assert!(refused(-1.0, 1.0).contains("mean"));
        assert!(refused(f64::NAN, 1.0).contains("0..=50"));
        assert!(refused(1.0, 0.5).contains("weight"));
        assert!(PoissonInput::new(&[4], 1.0, 0.5).float(&setting(&a)).is_ok());
    }
}

//! A source that plays one sample of a data set after the other.
//!
//! At the end of step t, if `(t - 1) % interval == offset % interval`, the next sample is loaded; its rows leave in
//! the steps after, one per step, cut or filled with zeros to `interval` rows. Before the first load, zeros are sent.
//! After the last sample comes the first again. `ground_truth` sends the label of the sample that is playing.
//!
//! Source: Lava 0.10 `lava/proc/io/dataloader.py` (`SpikeDataloader`).

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use super::remote::Schedule;
use crate::{Behaviour, Io, Kernel, Kind, ModelError, Number, PortSpec, Setting, Values, VarSpec, length};

/// One sample with its label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpikeSample {
    /// One row per step, each with one number per element: `(T, n)`.
    pub data: Vec<Vec<f64>>,
    /// Label, of any length that is the same for all samples.
    pub ground_truth: Vec<f64>,
}

/// Lava's `SpikeDataloader`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct SpikeDataloader {
    /// Shape of one message.
    pub shape: Vec<usize>,
    /// The samples, at least one.
    pub dataset: Vec<SpikeSample>,
    /// Steps between loads, at least 1.
    #[serde(default = "one")]
    pub interval: u64,
    /// Phase of the loads `[steps]`.
    #[serde(default)]
    pub offset: u64,
    /// What the messages mean.
    #[serde(default = "spike")]
    #[schemars(with = "String")]
    pub kind: Kind,
}

fn one() -> u64 {
    1
}

fn spike() -> Kind {
    Kind::Spike
}

impl SpikeDataloader {
    fn n_labels(&self) -> usize {
        self.dataset.first().map_or(0, |sample| sample.ground_truth.len())
    }

    fn check(&self) -> Result<Schedule, ModelError> {
        let schedule = Schedule::new(self.interval, self.offset)?;
        if self.dataset.is_empty() {
            return Err(ModelError::range("dataset", "empty", "at least one sample"));
        }
        let n = length(&self.shape);
        for (k, sample) in self.dataset.iter().enumerate() {
            if sample.ground_truth.len() != self.n_labels() {
                let field = format!("dataset[{k}].ground_truth");
                return Err(ModelError::shape(field, &[sample.ground_truth.len()], &[self.n_labels()]));
            }
            for (t, row) in sample.data.iter().enumerate() {
                let field = format!("dataset[{k}].data[{t}]");
                if row.len() != n {
                    return Err(ModelError::shape(field, &[row.len()], &[n]));
                }
                super::check_messages(&field, row, self.kind)?;
            }
        }
        Ok(schedule)
    }

    fn player<N: Number>(&self, whole: bool) -> Result<Player<N>, ModelError> {
        let schedule = self.check()?;
        let numbers = self.dataset.iter().flat_map(|s| s.data.iter().flatten().chain(&s.ground_truth));
        if let Some(x) = numbers.clone().find(|x| !x.is_finite()) {
            return Err(ModelError::range("dataset", x, "finite numbers"));
        }
        if whole {
            super::check_registers("dataset", numbers)?;
        }
        let convert = |row: &Vec<f64>| row.iter().map(|x| N::from_real(*x)).collect::<Vec<N>>();
        let samples = self.dataset.iter().map(|s| (s.data.iter().map(convert).collect(), convert(&s.ground_truth)));
        Ok(Player { samples: samples.collect(), schedule })
    }
}

/// Rows and label of each sample.
type Samples<N> = Vec<(Vec<Vec<N>>, Vec<N>)>;

/// The running source; it has no state, because the step says which row is due.
#[derive(Debug)]
struct Player<N> {
    samples: Samples<N>,
    schedule: Schedule,
}

impl<N: Number> Kernel<N> for Player<N> {
    fn step(&mut self, io: &mut Io<'_, N>) {
        let Some((load, row)) = self.schedule.since(io.step) else {
            return;
        };
        let (data, label) = &self.samples[(load % self.samples.len() as u64) as usize];
        if let Some(row) = usize::try_from(row).ok().and_then(|row| data.get(row)) {
            io.outputs[0].copy_from_slice(row);
        }
        io.outputs[1].copy_from_slice(label);
    }

    fn get(&self, _var: usize) -> Vec<N> {
        Vec::new()
    }

    fn set(&mut self, _var: usize, _values: &[N]) -> Result<(), ModelError> {
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        Vec::new()
    }

    fn load(&mut self, _state: &[Values]) -> Result<(), ModelError> {
        Ok(())
    }
}

impl Behaviour for SpikeDataloader {
    fn in_ports(&self) -> Vec<PortSpec> {
        Vec::new()
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        vec![
            PortSpec::new("s_out", self.kind, &self.shape),
            PortSpec::new("ground_truth", Kind::Graded, &[self.n_labels()]),
        ]
    }

    fn vars(&self) -> Vec<VarSpec> {
        Vec::new()
    }

    fn fixed(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        Ok(Box::new(self.player::<i32>(true)?))
    }

    fn float(&self, _setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        Ok(Box::new(self.player::<f64>(false)?))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Arithmetic;
    use crate::connection::support::{run_fixed, run_float, setting};
    use proptest::prelude::*;

    /// Lava's model told step by step: send, then load at the end of a step that is due.
    fn oracle(loader: &SpikeDataloader, steps: u64) -> Vec<Vec<i32>> {
        let (mut window, mut label, mut time, mut next) = (Vec::<Vec<f64>>::new(), vec![0.0; loader.n_labels()], 0, 0);
        let zeros = vec![0.0; length(&loader.shape)];
        let mut sent = Vec::new();
        for t in 1..=steps {
            let row = window.get((time % loader.interval) as usize).unwrap_or(&zeros);
            sent.push(row.iter().chain(&label).map(|x| *x as i32).collect());
            time += 1;
            if (t - 1) % loader.interval == loader.offset % loader.interval {
                let sample = &loader.dataset[next % loader.dataset.len()];
                window = sample.data.iter().take(loader.interval as usize).cloned().collect();
                label.clone_from(&sample.ground_truth);
                (time, next) = (0, next + 1);
            }
        }
        sent
    }

    proptest! {
        /// The source without state sends what Lava's with state sends.
        #[test]
        fn samples_play_as_lavas_do(
            lengths in proptest::collection::vec(0usize..7, 1..4),
            interval in 1u64..6,
            offset in 0u64..9,
        ) {
            let sample = |(k, n): (usize, &usize)| SpikeSample {
                data: (0..*n).map(|t| vec![(1 + t + 10 * k) as f64, -1.0]).collect(),
                ground_truth: vec![k as f64 + 1.0],
            };
            let dataset = lengths.iter().enumerate().map(sample).collect();
            let loader = SpikeDataloader { shape: vec![2], dataset, interval, offset, kind: Kind::Graded };
            let a = Arithmetic::lava();
            let expected = oracle(&loader, 40);
            prop_assert!(expected.iter().any(|row| row[2] != 0));
            prop_assert_eq!(&run_fixed(&loader, &a, &vec![vec![]; 40]), &expected);
            let real = run_float(&loader, &a, &vec![vec![]; 40]);
            prop_assert!(real.concat().iter().zip(expected.concat()).all(|(y, x)| *y == f64::from(x)));
        }
    }

    #[test]
    fn bad_samples_are_refused_by_place() {
        let a = Arithmetic::lava();
        let sample = |row: Vec<f64>| SpikeSample { data: vec![vec![0.0, 1.0], row], ground_truth: vec![3.0] };
        let refused = |row: Vec<f64>| {
            let dataset = vec![sample(vec![1.0, 1.0]), sample(row)];
            let loader = SpikeDataloader { shape: vec![2], dataset, interval: 4, offset: 0, kind: Kind::Spike };
            loader.fixed(&setting(&a)).unwrap_err().to_string()
        };
        assert!(refused(vec![1.0]).contains("`dataset[1].data[1]` has shape [1]; expected is [2]"));
        assert!(refused(vec![1.0, 2.0]).contains("`dataset[1].data[1][1]` is 2; allowed is 0 or 1"));
    }
}

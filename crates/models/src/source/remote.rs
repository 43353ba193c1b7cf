//! Processes that act on a variable of another process at regular steps: `Read`, `Reset` and `StateDataloader`.
//!
//! Lava connects them by a RefPort and runs them in the management phase after learning. Here are their parameters
//! and their running state; whoever runs them asks [`Remote::access`] at the end of every step and does what it says.
//! What is done in a step depends on its number alone, so that a run may go on from any snapshot.
//!
//! A schedule of `interval` and `offset` is due at step t (counted from 1) if `(t - 1) % interval == offset % interval`.
//!
//! Source: Lava 0.10 `lava/proc/io/sink.py` (`Read`), `lava/proc/io/reset.py`, `lava/proc/io/dataloader.py`.

use std::fmt::Debug;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::ModelError;

/// Which steps something is due at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Schedule {
    interval: u64,
    offset: u64,
}

impl Schedule {
    /// A schedule; the offset counts modulo the interval.
    ///
    /// # Errors
    /// If the interval is 0.
    pub fn new(interval: u64, offset: u64) -> Result<Self, ModelError> {
        match interval {
            0 => Err(ModelError::range("interval", interval, "at least 1")),
            _ => Ok(Schedule { interval, offset: offset % interval }),
        }
    }

    /// Whether it is due at `step`, counted from 1.
    pub const fn due(self, step: u64) -> bool {
        (step - 1) % self.interval == self.offset
    }

    /// How many times it was due before `step`, if it is due there.
    pub(crate) const fn number(self, step: u64) -> u64 {
        (step - 1) / self.interval
    }

    /// The last time it was due before `step`: its number, from 0, and the steps from the one after it to `step`.
    pub const fn since(self, step: u64) -> Option<(u64, u64)> {
        match (step - 1).checked_sub(self.offset + 1) {
            Some(ago) => Some((ago / self.interval, ago % self.interval)),
            None => None,
        }
    }
}

/// What is to be done with the variable at the end of a step.
#[derive(Clone, Debug, PartialEq)]
pub enum Access {
    /// Nothing.
    None,
    /// Read it and give it to [`Remote::receive`].
    Read,
    /// Write these values.
    Write(Vec<f64>),
}

/// A value that does not fit the bits it should.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct TooWide {
    /// The step at whose end it was found.
    pub step: u64,
    /// Element of the variable, in C order.
    pub index: usize,
    /// The value.
    pub value: f64,
    /// Values that did not fit since the first step.
    pub count: u64,
}

/// A running process that acts on a variable of another.
pub trait Remote: Send + Debug {
    /// What is to be done at the end of `step`, counted from 1.
    fn access(&self, step: u64) -> Access;

    /// Takes the values that [`Access::Read`] asked for in `step`.
    fn receive(&mut self, _step: u64, _values: &[f64]) {}

    /// What the port `ground_truth` sends in `step`, if there is one.
    fn ground_truth(&self, _step: u64) -> Option<Vec<f64>> {
        None
    }

    /// The recorded values, one row per slot of the buffer, if this process records.
    fn data(&self) -> Option<&[Vec<f64>]> {
        None
    }

    /// The first value that was found too wide, if this process looks for such.
    fn overflowed(&self) -> Option<TooWide> {
        None
    }

    /// Back to the state before the first step.
    fn reset(&mut self) {}
}

/// Parameters of a process that acts on a variable of another.
pub trait RemoteBehaviour {
    /// The running process for a variable of `n` elements.
    ///
    /// # Errors
    /// If a parameter is out of range or of the wrong shape.
    fn start(&self, n: usize) -> Result<Box<dyn Remote>, ModelError>;
}

/// Lava's `Read`: records a variable in a ring of `buffer` slots.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Read {
    /// Number of records kept, at least 1.
    pub buffer: usize,
    /// Steps between records, at least 1.
    #[serde(default = "one")]
    pub interval: u64,
    /// Phase of the records `[steps]`.
    #[serde(default)]
    pub offset: u64,
}

fn one() -> u64 {
    1
}

/// Most values that `Read` keeps.
const MOST_VALUES: usize = 1 << 30;

impl RemoteBehaviour for Read {
    fn start(&self, n: usize) -> Result<Box<dyn Remote>, ModelError> {
        let most = MOST_VALUES / n.max(1);
        if !(1..=most).contains(&self.buffer) {
            return Err(ModelError::range("buffer", self.buffer, format!("an integer in 1..={most}")));
        }
        let schedule = Schedule::new(self.interval, self.offset)?;
        Ok(Box::new(Recorder { schedule, data: vec![vec![0.0; n]; self.buffer] }))
    }
}

#[derive(Debug)]
struct Recorder {
    schedule: Schedule,
    data: Vec<Vec<f64>>,
}

impl Remote for Recorder {
    fn access(&self, step: u64) -> Access {
        if self.schedule.due(step) { Access::Read } else { Access::None }
    }

    fn receive(&mut self, step: u64, values: &[f64]) {
        let slot = self.schedule.number(step) % self.data.len() as u64;
        self.data[slot as usize].copy_from_slice(values);
    }

    fn data(&self) -> Option<&[Vec<f64>]> {
        Some(&self.data)
    }

    fn reset(&mut self) {
        self.data.iter_mut().for_each(|row| row.fill(0.0));
    }
}

/// Lava's `Reset`: writes one value into all elements of a variable.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct Reset {
    /// What is written.
    #[serde(default)]
    pub reset_value: f64,
    /// Steps between resets, at least 1.
    #[serde(default = "one")]
    pub interval: u64,
    /// Phase of the resets `[steps]`.
    #[serde(default)]
    pub offset: u64,
}

impl RemoteBehaviour for Reset {
    fn start(&self, n: usize) -> Result<Box<dyn Remote>, ModelError> {
        if !self.reset_value.is_finite() {
            return Err(ModelError::range("reset_value", self.reset_value, "a finite number"));
        }
        let states = vec![(vec![self.reset_value; n], None)];
        Ok(Box::new(Writer { schedule: Schedule::new(self.interval, self.offset)?, states }))
    }
}

/// One state with its label.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateSample {
    /// What is written into the variable, in C order.
    pub data: Vec<f64>,
    /// Label, of any length that is the same for all samples.
    pub ground_truth: Vec<f64>,
}

/// Lava's `StateDataloader`: writes one sample after the other into a variable, and sends the label of the last one.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
#[serde(deny_unknown_fields)]
pub struct StateDataloader {
    /// The samples, at least one.
    pub dataset: Vec<StateSample>,
    /// Steps between loads, at least 1.
    #[serde(default = "one")]
    pub interval: u64,
    /// Phase of the loads `[steps]`.
    #[serde(default)]
    pub offset: u64,
}

impl RemoteBehaviour for StateDataloader {
    fn start(&self, n: usize) -> Result<Box<dyn Remote>, ModelError> {
        let Some(first) = self.dataset.first() else {
            return Err(ModelError::range("dataset", "empty", "at least one sample"));
        };
        let n_labels = first.ground_truth.len();
        for (k, sample) in self.dataset.iter().enumerate() {
            let parts = [("data", &sample.data, n), ("ground_truth", &sample.ground_truth, n_labels)];
            for (name, values, n) in parts {
                let field = format!("dataset[{k}].{name}");
                if values.len() != n {
                    return Err(ModelError::shape(field, &[values.len()], &[n]));
                }
                if let Some(x) = values.iter().find(|x| !x.is_finite()) {
                    return Err(ModelError::range(field, x, "finite numbers"));
                }
            }
        }
        let states = self.dataset.iter().map(|s| (s.data.clone(), Some(s.ground_truth.clone()))).collect();
        let schedule = Schedule::new(self.interval, self.offset)?;
        Ok(Box::new(Writer { schedule, states }))
    }
}

#[derive(Debug)]
struct Writer {
    schedule: Schedule,
    /// What is written, and its label.
    states: Vec<(Vec<f64>, Option<Vec<f64>>)>,
}

impl Writer {
    fn state(&self, number: u64) -> &(Vec<f64>, Option<Vec<f64>>) {
        &self.states[(number % self.states.len() as u64) as usize]
    }
}

impl Remote for Writer {
    fn access(&self, step: u64) -> Access {
        match self.schedule.due(step) {
            true => Access::Write(self.state(self.schedule.number(step)).0.clone()),
            false => Access::None,
        }
    }

    fn ground_truth(&self, step: u64) -> Option<Vec<f64>> {
        match self.schedule.since(step) {
            Some((number, _)) => self.state(number).1.clone(),
            None => self.states[0].1.as_ref().map(|label| vec![0.0; label.len()]),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    proptest! {
        /// The last time due, counted from the steps themselves.
        #[test]
        fn since_counts_what_was_due(interval in 1u64..9, offset in 0u64..20, step in 1u64..60) {
            let schedule = Schedule::new(interval, offset).unwrap();
            let past: Vec<u64> = (1..step).filter(|t| schedule.due(*t)).collect();
            let expected = past.last().map(|t| (past.len() as u64 - 1, step - t - 1));
            prop_assert_eq!(schedule.since(step), expected);
            prop_assert!((1..=offset + interval).any(|t| schedule.due(t)));
        }
    }

    #[test]
    fn read_keeps_the_last_records() {
        let mut read = Read { buffer: 3, interval: 2, offset: 1 }.start(1).unwrap();
        let run = |read: &mut dyn Remote| {
            for step in 1..=9 {
                if read.access(step) == Access::Read {
                    read.receive(step, &[step as f64]);
                }
            }
            read.data().unwrap().concat()
        };
        // Due at 2, 4, 6, 8: the fourth record takes the place of the first.
        assert_eq!(run(&mut *read), [8.0, 4.0, 6.0]);
        read.reset();
        assert_eq!(run(&mut *read), [8.0, 4.0, 6.0]);
        for buffer in [0, usize::MAX] {
            assert!(Read { buffer, interval: 1, offset: 0 }.start(2).is_err());
        }
        assert!(Read { buffer: 1, interval: 0, offset: 0 }.start(1).is_err());
    }

    #[test]
    fn states_and_labels_go_round() {
        let sample = |x: f64| StateSample { data: vec![x, -x], ground_truth: vec![10.0 * x] };
        let loader = StateDataloader { dataset: vec![sample(1.0), sample(2.0)], interval: 3, offset: 4 };
        let running = loader.start(2).unwrap();
        let mut written = Vec::new();
        let mut labels = Vec::new();
        for step in 1..=9 {
            labels.push(running.ground_truth(step).unwrap()[0]);
            if let Access::Write(state) = running.access(step) {
                written.push((step, state[0]));
            }
        }
        assert_eq!(written, [(2, 1.0), (5, 2.0), (8, 1.0)]);
        assert_eq!(labels, [0.0, 0.0, 10.0, 10.0, 10.0, 20.0, 20.0, 20.0, 10.0]);
        assert!(loader.start(3).is_err());
        let reset = Reset { reset_value: 7.0, interval: 1, offset: 0 }.start(2).unwrap();
        assert_eq!(reset.access(1), Access::Write(vec![7.0, 7.0]));
        assert_eq!(reset.ground_truth(1), None);
    }
}

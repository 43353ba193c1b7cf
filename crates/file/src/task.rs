//! Tasks: what is asked of a network, sample by sample.

use pumice_process::models::{Behaviour, Kernel, Model, ModelError, Number, Setting};
use pumice_process::{ProbeId, Var};

use crate::array::{Array, Data};

/// What is asked of the network.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub enum Task {
    /// To which class each sample belongs.
    Classify(Classify),
}

/// Samples with their right classes, and how they go in and answers come out.
#[derive(Clone, Debug)]
pub struct Classify {
    /// Variable that is set to a sample before its first step.
    pub input: Var<f64>,
    /// Recording of the spikes that are counted per class.
    pub output: ProbeId,
    /// The samples, each with one number per element of the input.
    pub samples: Vec<Vec<f64>>,
    /// The right class of each sample, below `classes`.
    pub labels: Vec<usize>,
    /// Number of classes.
    pub classes: usize,
    /// Steps of each sample.
    pub steps: u64,
    /// Whether all state goes back to the beginning before each sample.
    pub reset: bool,
}

impl Classify {
    /// Keeps only the first samples and their labels.
    pub fn truncate(&mut self, samples: usize) {
        self.samples.truncate(samples);
        self.labels.truncate(samples);
    }

    /// The answer to spike counts: the class with most spikes, and of several such classes the lowest.
    pub fn answer(counts: &[u64]) -> usize {
        let most = counts.iter().max();
        counts.iter().position(|n| Some(n) == most).unwrap_or(0)
    }
}

/// Rows of `width` numbers; the first axis counts the rows.
///
/// # Errors
/// If the array has another shape.
pub(crate) fn rows(array: &Array, width: usize) -> Result<Vec<Vec<f64>>, String> {
    let shape = array.shape();
    let fits = shape.len() > 1 && shape[0] > 0 && shape[1..].iter().product::<usize>() == width;
    match fits {
        true => Ok(array.to_real().chunks(width.max(1)).map(<[f64]>::to_vec).collect()),
        false => Err(format!("(n, {width}) with n of 1 or more")),
    }
}

/// Labels as classes, or which one is none.
pub(crate) fn classes(array: &Array, classes: usize) -> Result<Vec<usize>, (usize, String)> {
    let one = |k: usize| {
        let (label, text) = match array.data() {
            Data::Int(all) => (usize::try_from(all[k]).ok(), all[k].to_string()),
            Data::Real(all) => {
                ((all[k].fract() == 0.0 && all[k] >= 0.0).then_some(all[k] as usize), all[k].to_string())
            }
        };
        label.filter(|c| *c < classes).ok_or((k, text))
    };
    (0..array.len()).map(one).collect()
}

/// Tries all samples on the process that will take them: which one does not fit, and why.
pub(crate) fn try_samples(
    model: &Model,
    var: usize,
    samples: &[Vec<f64>],
    (float, setting): (bool, &Setting<'_>),
) -> Result<(), (usize, ModelError)> {
    if float {
        let kernel = model.float(setting).map_err(|e| (0, e))?;
        return try_all(kernel, var, samples.iter().map(|s| s.iter().copied().map(Some)));
    }
    let kernel = model.fixed(setting).map_err(|e| (0, e))?;
    let integer = |x: &f64| (x.fract() == 0.0 && x.abs() <= f64::from(i32::MAX)).then_some(*x as i32);
    let name = model.vars()[var].name;
    for (k, sample) in samples.iter().enumerate() {
        if let Some(i) = sample.iter().position(|x| integer(x).is_none()) {
            return Err((k, ModelError::range(format!("{name}[{i}]"), sample[i], "an integer of 32 bits")));
        }
    }
    try_all(kernel, var, samples.iter().map(|s| s.iter().map(integer)))
}

fn try_all<N: Number>(
    mut kernel: Box<dyn Kernel<N>>,
    var: usize,
    samples: impl Iterator<Item = impl Iterator<Item = Option<N>>>,
) -> Result<(), (usize, ModelError)> {
    for (k, sample) in samples.enumerate() {
        let sample: Vec<N> = sample.flatten().collect();
        kernel.set(var, &sample).map_err(|e| (k, e))?;
    }
    Ok(())
}

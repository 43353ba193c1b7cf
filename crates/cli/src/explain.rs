//! `pumice explain`: why a step of a run took as long as it did.

use std::path::PathBuf;

use clap::Args;
use pumice::StepExplanation;
use pumice::report::Steps;

use crate::error::CliError;
use crate::output::emit;

/// Which step of which run.
#[derive(Debug, Args)]
pub(crate) struct ExplainArgs {
    /// The folder that `pumice run --out` wrote
    result: PathBuf,
    /// The step, counted from 1; else the longest one
    #[arg(long, value_name = "N")]
    step: Option<u64>,
}

impl ExplainArgs {
    pub(crate) fn run(self) -> Result<(), CliError> {
        let steps = Steps::read(&self.result)?;
        let last = steps.times.len() as u64;
        // Of equal steps the first.
        let longest = || (1..=last).rev().max_by_key(|k| steps.times[*k as usize - 1].total_ps);
        let step = self.step.or_else(longest).unwrap_or(1);
        let time = step.checked_sub(1).and_then(|k| steps.times.get(k as usize));
        let time = *time.ok_or(pumice::Error::NoStep { step, first: 1, last })?;
        let (processes, next_processes) = (steps.processes_on(time.core), steps.processes_on(time.next_core));
        if let Some(n) = steps.samples {
            emit(&format!("of {n} samples the last, whose {last} steps are kept:\n"))?;
        }
        emit(&StepExplanation { step, time, processes, next_processes }.to_string())
    }
}

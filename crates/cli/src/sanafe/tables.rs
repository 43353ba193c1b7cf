//! The tables of a run, written as they come: a run of any length needs no memory for them.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use pumice::chip::timing::TimingModel;
use pumice::file::replace_with;
use pumice_sanafe::{Chip, Step};

const NAMES: [&str; 3] = ["steps.csv", "spikes.csv", "potentials.csv"];

/// Tables with a line for every step, every spike, and every step again.
pub(super) struct Tables<'a> {
    steps: BufWriter<&'a mut File>,
    spikes: BufWriter<&'a mut File>,
    potentials: BufWriter<&'a mut File>,
}

impl Tables<'_> {
    /// Writes the tables of what `run` does into a folder: whole, or not at all if it fails.
    pub(super) fn write<T>(folder: &Path, run: impl FnOnce(&mut Tables<'_>) -> io::Result<T>) -> io::Result<T> {
        let [steps, spikes, potentials] = Tables::paths(folder);
        replace_with(&steps, |steps| {
            replace_with(&spikes, |spikes| {
                replace_with(&potentials, |potentials| {
                    let mut own = Tables {
                        steps: BufWriter::new(steps),
                        spikes: BufWriter::new(spikes),
                        potentials: BufWriter::new(potentials),
                    };
                    let done = run(&mut own)?;
                    own.steps.flush()?;
                    own.spikes.flush()?;
                    own.potentials.flush()?;
                    Ok(done)
                })
            })
        })
    }

    /// Where they are.
    pub(super) fn paths(folder: &Path) -> [PathBuf; 3] {
        NAMES.map(|name| folder.join(name))
    }

    /// Writes the names of the columns.
    pub(super) fn begin(&mut self, chip: &Chip, timing: &[TimingModel]) -> io::Result<()> {
        let times: String = timing.iter().map(|model| format!(",time_{}_ps", model.name())).collect();
        let logged: String = chip.logged().iter().map(|k| format!(",{}", chip.names()[*k])).collect();
        writeln!(self.steps, "timestep,fired,updated,packets,hops,synaptic_reads{times}")?;
        writeln!(self.spikes, "neuron,timestep")?;
        writeln!(self.potentials, "timestep{logged}")
    }

    /// Writes the lines of a step.
    pub(super) fn add(&mut self, step: u64, row: &Step, chip: &Chip, spiking: &[usize]) -> io::Result<()> {
        let Step { fired, updated, packets, hops, synaptic_reads, time_ps } = row;
        let times: String = time_ps.iter().map(|ps| format!(",{ps}")).collect();
        writeln!(self.steps, "{step},{fired},{updated},{packets},{hops},{synaptic_reads}{times}")?;
        for k in spiking {
            writeln!(self.spikes, "{},{step}", chip.names()[*k])?;
        }
        if chip.logged().is_empty() {
            return Ok(());
        }
        let all = chip.potentials();
        let own: String = chip.logged().iter().map(|k| format!(",{}", all[*k])).collect();
        writeln!(self.potentials, "{step}{own}")
    }
}

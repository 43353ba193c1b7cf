//! A place to run the command in.

#![allow(clippy::unwrap_used, reason = "helpers of tests panic like tests")]

use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use serde_json::Value;
use tempfile::TempDir;

/// A network of two neurons that classifies three samples.
pub(crate) const SMALL: &str = r#"
schema = 1
name = "small"
steps = 20
seed = 7

[[process]]
name = "input"
type = "RateCode"
shape = [4]
full = 4

[[process]]
name = "synapses"
type = "Dense"
weights = [[100, -20, 30, 4], [-100, 60, 20, 80]]

[[process]]
name = "output"
type = "LIF"
shape = [2]
vth = 100
du = 4095

[[connect]]
from = "input.s_out"
to = "synapses.s_in"

[[connect]]
from = "synapses.a_out"
to = "output.a_in"

[[probe]]
target = "output.v"
every = 5

[task]
kind = "classify"
input = "input.value"
samples = [[4, 0, 2, 1], [0, 4, 1, 3], [1, 2, 4, 2]]
labels = [0, 1, 1]
output = "output.s_out"
reset = true
"#;

/// The same without a task: a source that fires at random.
pub(crate) const FREE: &str = r#"
schema = 1
name = "free"
steps = 50

[[process]]
name = "noise"
type = "Poisson"
shape = [30]
probability = 0.3

[[process]]
name = "synapses"
type = "Dense"
weights = { file = "free.npy" }

[[process]]
name = "cells"
type = "LIF"
shape = [20]
vth = 120
du = 4095

[[connect]]
from = "noise.s_out"
to = "synapses.s_in"

[[connect]]
from = "synapses.a_out"
to = "cells.a_in"
"#;

/// A folder of its own with the models `small.toml` and `free.toml`.
pub(crate) struct Bench {
    pub(crate) folder: TempDir,
}

/// What a command did.
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Bench {
    pub(crate) fn new() -> Self {
        let bench = Bench { folder: TempDir::new().unwrap() };
        bench.write("small.toml", SMALL);
        bench.write("free.toml", FREE);
        let weights = (0..600).map(|k| [40, -30, 20, 10, 0, 16, -8][k % 7]);
        let weights = pumice::file::Array::ints(weights).reshape(&[20, 30]).unwrap();
        pumice::file::write_npy(&bench.path("free.npy"), &weights).unwrap();
        bench
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, text: &str) {
        std::fs::write(self.path(name), text).unwrap();
    }

    /// A command that has not run yet.
    pub(crate) fn command(&self, args: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_pumice"));
        command.args(args).current_dir(self.folder.path()).stdin(Stdio::null());
        command
    }

    /// Runs `pumice ARGS` in the folder.
    pub(crate) fn run(&self, args: &[&str]) -> Done {
        let output = self.command(args).output().unwrap();
        let text = |bytes| String::from_utf8(bytes).unwrap();
        Done { code: output.status.code(), out: text(output.stdout), err: text(output.stderr) }
    }

    /// Runs a command that must do well and say nothing on the standard error output.
    pub(crate) fn well(&self, args: &[&str]) -> String {
        let done = self.run(args);
        assert_eq!((done.code, done.err.as_str()), (Some(0), ""), "{args:?}");
        done.out
    }

    /// Runs a command that must print JSON.
    pub(crate) fn json(&self, args: &[&str]) -> Value {
        serde_json::from_str(&self.well(args)).unwrap()
    }
}

/// The root of the repository.
pub(crate) fn root() -> &'static Path {
    Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/../.."))
}

/// Names of all files of a folder, hidden ones too.
pub(crate) fn files(folder: &Path) -> Vec<String> {
    let names = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().file_name().into_string().unwrap());
    let mut names: Vec<String> = names.collect();
    names.sort();
    names
}

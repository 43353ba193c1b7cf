//! What the tests of learning share: recordings, and a connection driven step by step.

use serde_json::Value;

use crate::{Arithmetic, Behaviour, Io, Kernel, Number, Overflow, Setting, length};

/// A recording in the repository's `tests/golden`.
pub(crate) fn golden(path: &str) -> Value {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/");
    let text = std::fs::read_to_string(format!("{root}{path}")).unwrap_or_else(|e| panic!("{path}: {e}"));
    serde_json::from_str(&text).unwrap()
}

/// All recordings whose name begins so.
pub(crate) fn goldens(suite: &str, prefix: &str) -> Vec<Value> {
    let root = format!("{}/../../tests/golden/{suite}", env!("CARGO_MANIFEST_DIR"));
    let mut names: Vec<String> =
        std::fs::read_dir(root).unwrap().map(|f| f.unwrap().file_name().into_string().unwrap()).collect();
    names.retain(|n| n.starts_with(prefix));
    names.sort();
    names.iter().map(|n| golden(&format!("{suite}/{n}"))).collect()
}

pub(crate) fn numbers(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap_or(f64::NAN)).collect()
}

pub(crate) fn rows(value: &Value) -> Vec<Vec<f64>> {
    value.as_array().unwrap().iter().map(numbers).collect()
}

/// A process under test, alone.
#[derive(Debug)]
pub(crate) struct Bench<N> {
    pub(crate) kernel: Box<dyn Kernel<N>>,
    names: Vec<&'static str>,
    outputs: Vec<Vec<N>>,
    buffered: bool,
    pub(crate) overflow: Overflow,
    pub(crate) step: u64,
}

pub(crate) fn fixed(process: &dyn Behaviour, arithmetic: &Arithmetic, seed: u64) -> Bench<i32> {
    let kernel = process.fixed(&Setting { arithmetic, seed, place: 3 }).unwrap();
    Bench::new(process, kernel)
}

pub(crate) fn float(process: &dyn Behaviour, arithmetic: &Arithmetic) -> Bench<f64> {
    let kernel = process.float(&Setting { arithmetic, seed: 0, place: 3 }).unwrap();
    Bench::new(process, kernel)
}

impl<N: Number> Bench<N> {
    fn new(process: &dyn Behaviour, kernel: Box<dyn Kernel<N>>) -> Self {
        Bench {
            kernel,
            names: process.vars().iter().map(|v| v.name).collect(),
            outputs: process.out_ports().iter().map(|p| vec![N::default(); length(&p.shape)]).collect(),
            buffered: process.buffered(),
            overflow: Overflow::default(),
            step: 0,
        }
    }

    /// One step with one array per in-port; returns what left by the first out-port.
    pub(crate) fn run(&mut self, inputs: &[Vec<N>]) -> Vec<N> {
        self.step += 1;
        for out in &mut self.outputs {
            out.fill(N::default());
        }
        if self.buffered {
            self.kernel.emit(self.step, &mut self.outputs);
        }
        self.kernel.step(&mut Io { step: self.step, inputs, outputs: &mut self.outputs, overflow: &mut self.overflow });
        self.kernel.learn(self.step, &mut self.overflow);
        self.outputs[0].clone()
    }

    pub(crate) fn output(&self, port: usize) -> &[N] {
        &self.outputs[port]
    }

    pub(crate) fn var(&self, name: &str) -> Vec<N> {
        self.kernel.get(self.names.iter().position(|n| *n == name).unwrap())
    }
}

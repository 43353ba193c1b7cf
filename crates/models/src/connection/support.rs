//! Support of tests: connections run step by step, and rows delivered as a chip would.

use serde_json::Value;

pub(crate) use crate::learning::testing::golden;
use crate::{Arithmetic, Behaviour, Io, Kernel, Number, Overflow, Rows, Setting, length};
use pumice_num::shift;

pub(crate) fn setting(arithmetic: &Arithmetic) -> Setting<'_> {
    Setting { arithmetic, seed: 5, place: 3 }
}

/// Runs a kernel over the inputs of each step; the outputs of each step, ports side by side.
pub(crate) fn run<N: Number>(
    model: &dyn Behaviour,
    kernel: &mut dyn Kernel<N>,
    inputs: &[Vec<N>],
    overflow: &mut Overflow,
) -> Vec<Vec<N>> {
    let shapes: Vec<usize> = model.out_ports().iter().map(|p| length(&p.shape)).collect();
    let mut all = Vec::new();
    for (t, input) in inputs.iter().enumerate() {
        let step = t as u64 + 1;
        let mut outputs: Vec<Vec<N>> = shapes.iter().map(|n| vec![N::default(); *n]).collect();
        if model.buffered() {
            kernel.emit(step, &mut outputs);
        }
        let inputs = if model.in_ports().is_empty() { Vec::new() } else { vec![input.clone()] };
        let mut io = Io { step, inputs: &inputs, outputs: &mut outputs, overflow };
        kernel.step(&mut io);
        all.push(outputs.concat());
    }
    all
}

pub(crate) fn run_fixed(model: &dyn Behaviour, a: &Arithmetic, inputs: &[Vec<i32>]) -> Vec<Vec<i32>> {
    let mut kernel = model.fixed(&setting(a)).unwrap();
    run(model, kernel.as_mut(), inputs, &mut Overflow::default())
}

pub(crate) fn run_float(model: &dyn Behaviour, a: &Arithmetic, inputs: &[Vec<i32>]) -> Vec<Vec<f64>> {
    let mut kernel = model.float(&setting(a)).unwrap();
    let reals: Vec<Vec<f64>> = inputs.iter().map(|row| row.iter().map(|x| f64::from(*x)).collect()).collect();
    run(model, kernel.as_mut(), &reals, &mut Overflow::default())
}

/// What a chip that knows only the rows would deliver in each step.
pub(crate) fn deliver(rows: &Rows, inputs: &[Vec<i32>]) -> Vec<Vec<i32>> {
    let mut out = vec![vec![0_i64; rows.n_out]; inputs.len() + 257];
    for (t, input) in inputs.iter().enumerate() {
        let mut sums = std::collections::BTreeMap::new();
        for (source, s) in input.iter().enumerate().filter(|(_, s)| **s != 0) {
            let payload = if rows.graded { i64::from(*s) } else { 1 };
            for k in rows.start[source]..rows.start[source + 1] {
                let sum = sums.entry((rows.delay_of(k), rows.target[k])).or_insert(0_i64);
                *sum += payload * i64::from(rows.weight[k]);
            }
        }
        for ((delay, target), sum) in sums {
            let lost = 32 - rows.sum_bits;
            let due = (shift(sum as i32, rows.sum_exponent) << lost) >> lost;
            out[t + 1 + usize::from(delay)][target as usize] += i64::from(due);
        }
    }
    out.truncate(inputs.len());
    out.iter().map(|row| row.iter().map(|x| *x as i32).collect()).collect()
}

/// A list of integers (or truth values) in a recording.
pub(crate) fn integers(row: &Value) -> Vec<i32> {
    let one = |x: &Value| x.as_i64().or(x.as_f64().map(|x| x as i64)).or(x.as_bool().map(i64::from));
    let all = row.as_array().unwrap().iter();
    all.map(|x| i32::try_from(one(x).unwrap()).unwrap()).collect()
}

/// A list of lists of integers in a recording.
pub(crate) fn rows_of(rows: &Value) -> Vec<Vec<i32>> {
    rows.as_array().unwrap().iter().map(integers).collect()
}

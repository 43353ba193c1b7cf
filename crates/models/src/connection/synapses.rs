//! The kernels shared by dense and sparse connections: columns by source, sums held until they are due.

use crate::arithmetic::Arithmetic;
use crate::connection::rows::{RowFormat, Rows};
use crate::connection::weight::WeightFormat;
use crate::{Io, Kernel, ModelError, Overflow, OverflowKind, Values};
use pumice_num::shift;

/// Synapses as a person gave them: `(source, target, weight, delay)`, every stored one, zeros included.
#[derive(Clone, Debug)]
pub(crate) struct Synapses {
    pub(crate) n_in: usize,
    pub(crate) n_out: usize,
    pub(crate) entries: Vec<(u32, u32, f64, u8)>,
    pub(crate) format: WeightFormat,
    pub(crate) graded: bool,
    pub(crate) row_format: RowFormat,
}

impl Synapses {
    /// The integer weights before clipping.
    ///
    /// # Errors
    /// If one is not an integer that 24 bits hold.
    fn whole(&self) -> Result<Vec<i32>, ModelError> {
        self.entries
            .iter()
            .map(|e| match e.2 {
                w if w.fract() == 0.0 && w.abs() <= 8_388_607.0 => Ok(w as i32),
                w => Err(ModelError::range(
                    format!("weights[{}][{}]", e.1, e.0),
                    w,
                    "an integer; quantise the weights or run this process on the float backend",
                )),
            })
            .collect()
    }

    pub(crate) fn fixed(&self, a: &Arithmetic) -> Result<FixedSynapses, ModelError> {
        let whole = self.whole()?;
        let mut columns = vec![Vec::new(); self.n_in];
        let mut clipped = Overflow::default();
        for (k, (e, w)) in self.entries.iter().zip(&whole).enumerate() {
            if self.format.clip(*w) != *w {
                clipped.note("weights", OverflowKind::Clip, 1, 0, k as u32);
            }
            columns[e.0 as usize].push((e.1, self.format.effective(*w, a), e.3));
        }
        let longest = self
            .entries
            .iter()
            .map(|e| usize::from(e.3))
            .max()
            .unwrap_or(0);
        Ok(FixedSynapses {
            order: self.entries.iter().map(|e| (e.0, e.1)).collect(),
            columns,
            exponent: self.format.sum_exponent(a),
            graded: self.graded,
            due: vec![vec![0; self.n_out]; longest + 1],
            arriving: vec![vec![0; self.n_out]; longest + 1],
            clipped,
        })
    }

    pub(crate) fn float(&self) -> FloatSynapses {
        let mut columns = vec![Vec::new(); self.n_in];
        let scale = f64::from(self.format.exponent).exp2();
        for e in &self.entries {
            columns[e.0 as usize].push((e.1, e.2 * scale, e.3));
        }
        let longest = self
            .entries
            .iter()
            .map(|e| usize::from(e.3))
            .max()
            .unwrap_or(0);
        FloatSynapses {
            order: self.entries.iter().map(|e| (e.0, e.1)).collect(),
            columns,
            graded: self.graded,
            due: vec![vec![0.0; self.n_out]; longest + 1],
        }
    }

    pub(crate) fn rows(&self, a: &Arithmetic) -> Result<Rows, ModelError> {
        let whole = self.whole()?;
        let entries = self
            .entries
            .iter()
            .zip(whole)
            .map(|(e, w)| (e.0, e.1, self.format.effective(w, a), e.3))
            .collect();
        let mut rows = Rows::from_entries(self.n_in, self.n_out, entries);
        rows.sum_exponent = self.format.sum_exponent(a);
        rows.graded = self.graded;
        rows.format = self.row_format;
        rows.weight_bits = self.format.bits;
        Ok(rows)
    }
}

type Column<W> = Vec<(u32, W, u8)>;

/// The fixed kernel: sums of effective weights, then the exponent, then the wait.
#[derive(Debug)]
pub(crate) struct FixedSynapses {
    order: Vec<(u32, u32)>,
    columns: Vec<Column<i32>>,
    exponent: i32,
    graded: bool,
    /// `due[0]` leaves in the next step.
    due: Vec<Vec<i32>>,
    /// Workspace: the sums of this step by delay, before the exponent.
    arriving: Vec<Vec<i32>>,
    /// Weights cut when they were loaded, reported with the first step.
    clipped: Overflow,
}

impl Kernel<i32> for FixedSynapses {
    fn emit(&mut self, _step: u64, outputs: &mut [Vec<i32>]) {
        outputs[0].copy_from_slice(&self.due[0]);
        self.due[0].fill(0);
        self.due.rotate_left(1);
    }

    fn step(&mut self, io: &mut Io<'_, i32>) {
        io.overflow.merge(&std::mem::take(&mut self.clipped), 0);
        for (column, s) in self
            .columns
            .iter()
            .zip(&io.inputs[0])
            .filter(|(_, s)| **s != 0)
        {
            let payload = if self.graded { *s } else { 1 };
            for (target, w, delay) in column {
                let sum = &mut self.arriving[usize::from(*delay)][*target as usize];
                *sum = sum.wrapping_add(w.wrapping_mul(payload));
            }
        }
        for (due, sums) in self.due.iter_mut().zip(&mut self.arriving) {
            for (d, sum) in due.iter_mut().zip(sums.iter_mut()) {
                *d = d.wrapping_add(shift(*sum, self.exponent));
                *sum = 0;
            }
        }
    }

    fn get(&self, _var: usize) -> Vec<i32> {
        entries(&self.order, &self.columns)
    }

    fn set(&mut self, _var: usize, values: &[i32]) -> Result<(), ModelError> {
        replace(&self.order, &mut self.columns, values);
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        vec![Values::Int(self.due.concat()), Values::Int(self.get(0))]
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let n = self.due[0].len();
        let due = crate::neuron::bank::saved(state, 0, n * self.due.len())?;
        for (slot, values) in self.due.iter_mut().zip(due.chunks(n)) {
            slot.copy_from_slice(values);
        }
        let weights = crate::neuron::bank::saved(state, 1, self.order.len())?;
        self.set(0, &weights)
    }
}

/// The float twin: weights as given, times two to the exponent.
#[derive(Debug)]
pub(crate) struct FloatSynapses {
    order: Vec<(u32, u32)>,
    columns: Vec<Column<f64>>,
    graded: bool,
    due: Vec<Vec<f64>>,
}

impl Kernel<f64> for FloatSynapses {
    fn emit(&mut self, _step: u64, outputs: &mut [Vec<f64>]) {
        let mut now = self.due.remove(0);
        outputs[0].copy_from_slice(&now);
        now.fill(0.0);
        self.due.push(now);
    }

    fn step(&mut self, io: &mut Io<'_, f64>) {
        for (source, s) in io.inputs[0].iter().enumerate() {
            if *s == 0.0 {
                continue;
            }
            let payload = if self.graded { *s } else { 1.0 };
            for &(target, w, delay) in &self.columns[source] {
                self.due[usize::from(delay)][target as usize] += w * payload;
            }
        }
    }

    fn get(&self, _var: usize) -> Vec<f64> {
        entries(&self.order, &self.columns)
    }

    fn set(&mut self, _var: usize, values: &[f64]) -> Result<(), ModelError> {
        replace(&self.order, &mut self.columns, values);
        Ok(())
    }

    fn save(&self) -> Vec<Values> {
        vec![Values::Real(self.due.concat()), Values::Real(self.get(0))]
    }

    fn load(&mut self, state: &[Values]) -> Result<(), ModelError> {
        let n = self.due[0].len();
        let [due, weights] = state else {
            return Err(ModelError::range("saved state", state.len(), "2 arrays"));
        };
        let (due, weights) = (due.to_real(), weights.to_real());
        if due.len() != n * self.due.len() || weights.len() != self.order.len() {
            return Err(ModelError::shape(
                "saved state",
                &[due.len(), weights.len()],
                &[n * self.due.len(), self.order.len()],
            ));
        }
        for (slot, values) in self.due.iter_mut().zip(due.chunks(n)) {
            slot.copy_from_slice(values);
        }
        self.set(0, &weights)
    }
}

/// The weights in the order in which they were given.
fn entries<W: Copy>(order: &[(u32, u32)], columns: &[Column<W>]) -> Vec<W> {
    let mut next = vec![0; columns.len()];
    order
        .iter()
        .map(|(source, _)| {
            let k = &mut next[*source as usize];
            *k += 1;
            columns[*source as usize][*k - 1].1
        })
        .collect()
}

/// Replaces the weights in the order in which they were given.
fn replace<W: Copy>(order: &[(u32, u32)], columns: &mut [Column<W>], values: &[W]) {
    let mut next = vec![0; columns.len()];
    for ((source, _), w) in order.iter().zip(values) {
        let k = &mut next[*source as usize];
        columns[*source as usize][*k].1 = *w;
        *k += 1;
    }
}

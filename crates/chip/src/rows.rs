//! Synapse rows as a worker holds them: one row per source and delay, over all its targets.

use crate::image::Projection;
use std::ops::Range;

/// The synapses of one projection whose targets belong to one worker.
#[derive(Debug)]
pub(crate) struct RowTable {
    /// Distinct delays, ascending.
    pub(crate) delays: Vec<u8>,
    /// Row of delay `d` and source `i` is `start[d * n_in + i]..start[d * n_in + i + 1]`.
    start: Vec<u32>,
    n_in: usize,
    synapses: Packed,
    /// Left shift of every stored weight.
    scale: u32,
    /// Whether payloads multiply the weights.
    pub(crate) graded: bool,
}

/// Synapses in 4 bytes where weights allow, else in 8.
#[derive(Debug)]
enum Packed {
    /// Target in the high 23 bits, weight in the low 9.
    Narrow(Vec<u32>),
    /// Target and weight.
    Wide(Vec<(u32, i32)>),
}

const WEIGHT_BITS: u32 = 9;

impl RowTable {
    /// Cuts the rows of `p` to the targets in `range`, which are then counted from 0.
    pub(crate) fn new(p: &Projection, range: &Range<usize>) -> Self {
        let rows = &p.rows;
        let scale = rows.weight.iter().fold(31, |z, w| z.min(w.trailing_zeros().min(31)));
        let scale = if rows.is_empty() { 0 } else { scale };
        let narrow = range.len() < 1 << (32 - WEIGHT_BITS)
            && rows.weight.iter().all(|w| pumice_num::fits(i64::from(w >> scale), WEIGHT_BITS));
        let mut delays: Vec<u8> = rows.delay.clone();
        delays.sort_unstable();
        delays.dedup();
        if delays.is_empty() {
            delays.push(0);
        }
        let mut start = Vec::with_capacity(delays.len() * rows.n_in + 1);
        let mut kept: Vec<(u32, i32)> = Vec::new();
        for delay in &delays {
            for i in 0..rows.n_in {
                start.push(kept.len() as u32);
                for k in rows.start[i]..rows.start[i + 1] {
                    let target = rows.target[k] as usize;
                    if rows.delay_of(k) == *delay && range.contains(&target) {
                        kept.push(((target - range.start) as u32, rows.weight[k] >> scale));
                    }
                }
            }
        }
        start.push(kept.len() as u32);
        let synapses = if narrow {
            let mask = (1 << WEIGHT_BITS) - 1;
            Packed::Narrow(kept.iter().map(|(t, w)| t << WEIGHT_BITS | *w as u32 & mask).collect())
        } else {
            Packed::Wide(kept)
        };
        RowTable { delays, start, n_in: rows.n_in, synapses, scale, graded: rows.graded }
    }

    /// Memory in use `[byte]`.
    pub(crate) fn bytes(&self) -> usize {
        let synapses = match &self.synapses {
            Packed::Narrow(all) => 4 * all.len(),
            Packed::Wide(all) => 8 * all.len(),
        };
        synapses + 4 * self.start.len()
    }

    /// Adds the weights of source `i` at delay number `d`, times `payload`, to the accumulators.
    #[inline]
    pub(crate) fn deliver(&self, d: usize, i: u32, payload: i32, sums: &mut [i32]) {
        let at = d * self.n_in + i as usize;
        let row = self.start[at] as usize..self.start[at + 1] as usize;
        let gain = payload << self.scale;
        match &self.synapses {
            Packed::Narrow(all) => {
                for synapse in &all[row] {
                    let w = ((synapse << (32 - WEIGHT_BITS)) as i32) >> (32 - WEIGHT_BITS);
                    let sum = &mut sums[(synapse >> WEIGHT_BITS) as usize];
                    *sum = sum.wrapping_add(w.wrapping_mul(gain));
                }
            }
            Packed::Wide(all) => {
                for (target, w) in &all[row] {
                    let sum = &mut sums[*target as usize];
                    *sum = sum.wrapping_add(w.wrapping_mul(gain));
                }
            }
        }
    }
}

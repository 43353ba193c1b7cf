//! The four registers of a LIF population: their names, and what an arithmetic lets them hold.

use pumice::models::Arithmetic;
use pumice::models::arithmetic::{OverflowPolicy, Register};

/// Under the names that overflow is noted with: input, current, sum of current and bias, voltage.
pub(crate) const NAMES: [&str; 4] = ["a_in", "u", "u+bias", "v"];

/// The lowest and highest value of each, in the order of [`NAMES`] `[state LSB]`.
pub(crate) fn ends(a: &Arithmetic) -> [(i64, i64); 4] {
    [holds(a.input), holds(a.current), holds(a.bias_sum), (i64::from(a.v_min), i64::from(a.v_max))]
}

fn holds(register: Register) -> (i64, i64) {
    // What is kept as it is, is kept in 32 bits: a sum that they cannot hold is lost before any register sees it.
    let bits = if register.overflow == OverflowPolicy::Unbounded { 32 } else { register.bits };
    let end = 1i64 << (bits - 1);
    // Lava's wrap leaves the upper end itself in place.
    let beyond = i64::from(register.overflow == OverflowPolicy::WrapOnceUpper);
    (-end, end - 1 + beyond)
}

//! Numbers with hardware meaning: registers, decays, rounding, mantissa and exponent, random draws.
//!
//! This crate knows nothing of neurons, chips or files, but for the table of faults, which names places in kernels. Every
//! operation is a pure function of its arguments, works on `i32` lanes so that kernels vectorise, and is asserted at the
//! ends of its register by a test.

mod draw;
#[cfg(debug_assertions)]
pub mod fault;
mod mantissa;
mod register;
mod round;
mod simd;

pub use draw::{BELL_DEVIATION, Draws, GROUP, INDICES, Purpose, draw, draw_bell, draw_below, draw_group, draw_unit};
pub use mantissa::{MantissaExponent, shift};
pub use register::{decay, decay_close, decay_fraction, decay_near, fits, max, min, saturate, wrap, wrap_i64};
pub use round::{round_half_even, stochastic, stochastic_shift, toward_zero, truncate_fraction};
pub use simd::{Level, Task, prefetch};

/// A number of the `fixed` crate with 6 fraction bits: weights and thresholds against the state register.
///
/// Loihi aligns an 8-bit weight and a 17-bit threshold 6 bits to the left of the state register
/// (Davies et al., IEEE Micro 38(1), 2018; Lava `lava/proc/lif/models.py`), so one state LSB is 2⁻⁶ weight LSB.
pub type StateQ6 = fixed::types::I26F6;

/// The first expression: without debug assertions a kernel has no faults.
#[cfg(not(debug_assertions))]
#[macro_export]
macro_rules! faulty {
    ($right:expr $(, $fault:ident => $wrong:expr)+) => {
        $right
    };
}

/// An expression of a kernel, and what stands in its place while a test has put a [`fault`] in.
///
/// Without debug assertions it is the first expression alone.
///
/// ```
/// let bits = pumice_num::faulty!(12, DecayShift => 11);
/// assert_eq!(bits, 12);
/// ```
#[cfg(debug_assertions)]
#[macro_export]
macro_rules! faulty {
    ($right:expr $(, $fault:ident => $wrong:expr)+) => {
        $(if $crate::fault::is_in($crate::fault::Fault::$fault) { $wrong } else)+ { $right }
    };
}

/// A 12-bit decay as the fraction of the state that is lost in one step, `0..1`.
pub type DecayQ12 = fixed::types::U20F12;

//! Faults that a test puts into the kernels, to prove that a property can fail.
//!
//! A kernel names a place where a fault can sit with [`faulty!`](crate::faulty). Only builds with debug assertions have
//! this module: in any other the macro is its first expression, and no trace of a fault is compiled.

use std::cell::Cell;

/// Lists the faults once: as an enumeration, and as the table of all.
macro_rules! faults {
    ($($(#[$doc:meta])* $name:ident,)+) => {
        /// One fault in one place of a kernel.
        #[derive(Clone, Copy, Debug, PartialEq, Eq)]
        #[non_exhaustive]
        pub enum Fault {
            $($(#[$doc])* $name,)+
        }

        impl Fault {
            /// All faults.
            pub const ALL: &[Fault] = &[$(Fault::$name,)+];
        }
    };
}

faults! {
    /// The decay shifts its low half by 11 bits in place of 12.
    DecayShift,
    /// The decay rounds to the nearest in place of toward zero.
    DecayNearest,
    /// The decay rounds toward minus infinity.
    DecayFloor,
    /// Weights that lose bits are rounded toward minus infinity in place of toward zero.
    WeightFloor,
    /// The offset of the decay register is forgotten.
    DecayOffset,
    /// The decays of current and voltage are swapped.
    SwappedDecays,
    /// The current decays after the input was added.
    DecayAfter,
    /// The voltage takes the current of the step before.
    OldCurrent,
    /// Weights are aligned by one bit too few.
    Align,
    /// The exponent of the bias is one too high.
    BiasExponent,
    /// The register of the current is 8 bits too narrow, and says so when it overflows.
    NarrowCurrent,
    /// A register that should wrap does not.
    NoWrap,
    /// The voltage is not clipped.
    NoClip,
    /// A neuron fires at its threshold, not above it.
    AtThreshold,
    /// A spike does not reset the voltage.
    NoReset,
    /// A spike takes the threshold off in place of a reset.
    SubtractReset,
    /// A delay is one step too short.
    ShortDelay,
    /// The accumulator keeps the last weight in place of the sum.
    LastWeight,
    /// The exponent of the sum of weights is forgotten.
    NoExponent,
    /// A trace does not decay.
    TraceDecay,
    /// The product of a learning rule is shifted by one bit too many.
    ProductShift,
    /// A learned weight keeps bits that its format lacks.
    FinerWeight,
    /// What a learning phase computes is not stored.
    Forgets,
}

thread_local! {
    static PUT_IN: Cell<Option<Fault>> = const { Cell::new(None) };
}

/// Whether a fault is put in on this thread.
pub fn is_in(fault: Fault) -> bool {
    PUT_IN.get() == Some(fault)
}

/// Takes the fault out, also where what ran panics.
struct TakeOut;

impl Drop for TakeOut {
    fn drop(&mut self) {
        PUT_IN.set(None);
    }
}

/// Runs with a fault put in on this thread; threads that it starts have none.
pub fn with<T>(fault: Fault, run: impl FnOnce() -> T) -> T {
    let _after = TakeOut;
    PUT_IN.set(Some(fault));
    run()
}

#[cfg(test)]
mod tests {
    use super::{Fault, is_in, with};

    #[test]
    fn a_fault_sits_where_it_is_named_until_it_is_taken_out() {
        let shift = || crate::faulty!(12, DecayShift => 11, DecayFloor => 10);
        assert_eq!([shift(), with(Fault::DecayShift, shift), with(Fault::DecayFloor, shift)], [12, 11, 10]);
        assert_eq!(with(Fault::NoClip, shift), 12);
        let panicked = std::panic::catch_unwind(|| with(Fault::DecayShift, || panic!("with a fault in")));
        assert!(panicked.is_err() && Fault::ALL.iter().all(|fault| !is_in(*fault)));
    }
}

//! The same code compiled for wider registers, chosen at run time; and a hint to the cache.
//!
//! A [`Task`] is written once, in plain loops over slices. [`Level::run`] executes the copy of it that was compiled for
//! that level, where the compiler has made vector instructions of the loops. Integer code gives the same bits at every
//! level, because only the choice of instructions differs; properties hold the levels equal.
//!
//! This is the one module of the project with `unsafe` code. Its proof: a function with target features may be called
//! when the processor has them, and a [`Level`] that needs some is made only by [`Level::available`] and
//! [`Level::widest`], after asking the processor; a prefetch of any address is defined, and has no effect that a program can see.
//! The kernels that run through it pass under the address sanitizer (`RUSTFLAGS=-Zsanitizer=address cargo +nightly test
//! -p pumice-num -p pumice-models -p pumice-chip --lib --target x86_64-unknown-linux-gnu`); Miri interprets the portable level.

#![allow(unsafe_code)]

use std::sync::atomic::{AtomicU8, Ordering};

/// Work that can be compiled for several instruction sets.
///
/// Mark `run` and all that it calls in its loops `#[inline(always)]`, or they stay portable code.
pub trait Task {
    /// What it gives.
    type Output;

    /// Does the work.
    fn run(self) -> Self::Output;
}

/// An instruction set that this processor has.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Level(Set);

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Set {
    Portable,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "x86_64")]
    Avx512,
}

/// The widest level that may be chosen.
static LIMIT: AtomicU8 = AtomicU8::new(u8::MAX);

impl Level {
    /// What every processor of the compiled target has.
    pub const PORTABLE: Level = Level(Set::Portable);

    /// The levels of this processor, the narrowest first.
    pub fn available() -> Vec<Level> {
        #[allow(unused_mut)]
        let mut all = vec![Level::PORTABLE];
        #[cfg(target_arch = "x86_64")]
        {
            if has_avx2() {
                all.push(Level(Set::Avx2));
            }
            if has_avx512() {
                all.push(Level(Set::Avx512));
            }
        }
        all
    }

    /// The widest level of this processor, or a narrower one that [`Level::limit`] said.
    #[inline]
    pub fn widest() -> Level {
        #[cfg(target_arch = "x86_64")]
        {
            let limit = LIMIT.load(Ordering::Relaxed);
            if limit >= Set::Avx512 as u8 && has_avx512() {
                return Level(Set::Avx512);
            }
            if limit >= Set::Avx2 as u8 && has_avx2() {
                return Level(Set::Avx2);
            }
        }
        Level::PORTABLE
    }

    /// From now on no wider level is chosen in this program, so that a narrow one can be timed; no result depends on it.
    pub fn limit(self) {
        LIMIT.store(self.0 as u8, Ordering::Relaxed);
    }

    /// The name of the instruction set, for reports.
    pub const fn name(self) -> &'static str {
        match self.0 {
            Set::Portable => "portable",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "avx2",
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "avx512",
        }
    }

    /// Whether it multiplies vectors of 64-bit numbers and turns them into doubles in one instruction each; others take many.
    pub const fn has_wide_products(self) -> bool {
        match self.0 {
            Set::Portable => false,
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => false,
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => true,
        }
    }

    /// Does the work with the instructions of this level.
    #[inline]
    pub fn run<T: Task>(self, task: T) -> T::Output {
        match self.0 {
            Set::Portable => task.run(),
            // Safety: a value of this level exists only where `has_avx2` found these features.
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => unsafe { run_avx2(task) },
            // Safety: a value of this level exists only where `has_avx512` found these features.
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => unsafe { run_avx512(task) },
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn has_avx2() -> bool {
    cfg!(not(miri)) && is_x86_feature_detected!("avx2") && is_x86_feature_detected!("bmi2")
}

#[cfg(target_arch = "x86_64")]
#[inline]
fn has_avx512() -> bool {
    has_avx2()
        && is_x86_feature_detected!("avx512f")
        && is_x86_feature_detected!("avx512bw")
        && is_x86_feature_detected!("avx512dq")
        && is_x86_feature_detected!("avx512vl")
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi2")]
fn run_avx2<T: Task>(task: T) -> T::Output {
    task.run()
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,bmi2,avx512f,avx512bw,avx512dq,avx512vl")]
fn run_avx512<T: Task>(task: T) -> T::Output {
    task.run()
}

/// Asks the cache for the line that holds element `at`, which will be read or written soon; no element, no effect.
#[inline(always)]
pub fn prefetch<T>(slice: &[T], at: usize) {
    #[cfg(all(target_arch = "x86_64", not(miri)))]
    {
        let address = slice.as_ptr().wrapping_add(at).cast();
        // Safety: a prefetch neither faults nor changes memory, whatever its address.
        unsafe { std::arch::x86_64::_mm_prefetch::<{ std::arch::x86_64::_MM_HINT_T0 }>(address) };
    }
    #[cfg(not(all(target_arch = "x86_64", not(miri))))]
    let _ = (slice, at);
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    struct Sum<'a>(&'a [i32], &'a mut [i32]);

    impl Task for Sum<'_> {
        type Output = i32;

        #[inline(always)]
        fn run(self) -> i32 {
            let mut total = 0_i32;
            for (x, y) in self.0.iter().zip(self.1) {
                *y = y.wrapping_add(x.wrapping_mul(3) >> 1);
                total = total.wrapping_add(*y);
            }
            total
        }
    }

    #[test]
    fn the_widest_level_is_available_and_named() {
        let all = Level::available();
        assert_eq!(all[0], Level::PORTABLE);
        assert_eq!(all.last(), Some(&Level::widest()));
        let names: Vec<_> = all.iter().map(|level| level.name()).collect();
        assert_eq!(names, ["portable", "avx2", "avx512"][..all.len()]);
        assert!(all.iter().all(|level| level.has_wide_products() == (level.name() == "avx512")));
        // A limit narrows the choice, and is taken back by a wider one.
        for level in [all.clone(), all[..all.len() - 1].to_vec(), all.clone()].concat() {
            level.limit();
            assert_eq!(Level::widest(), level);
        }
        assert_eq!(Level::available(), all);
    }

    #[test]
    fn a_prefetch_may_point_anywhere() {
        prefetch(&[1_u8, 2], 1);
        prefetch(&[1_u64], usize::MAX);
        prefetch::<u32>(&[], 7);
    }

    proptest! {
        /// Every level gives the bits of the portable one.
        #[test]
        fn levels_agree(x in proptest::collection::vec(any::<i32>(), 0..200), start in any::<i32>()) {
            let run = |level: Level| {
                let mut y = vec![start; x.len()];
                let total = level.run(Sum(&x, &mut y));
                (total, y)
            };
            for level in Level::available() {
                prop_assert_eq!(run(level), run(Level::PORTABLE));
            }
        }
    }
}

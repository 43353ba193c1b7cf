//! The packets in the network, in buckets by the time at which they leave it.
//!
//! Buckets are narrow, so that nearly all hold one packet or none, and one bit each says which hold any. A bucket is used again
//! for a time one round later, so a packet is passed over until its own round.

use super::ways::Way;
use crate::mesh::CoreId;

/// A packet in the network, in the list of its bucket.
#[derive(Clone, Copy, Debug)]
struct Flying {
    taken_ps: u64,
    processing_ps: u64,
    way: Way,
    from: CoreId,
    next: u32,
}

const END: u32 = u32::MAX;

/// The packets in the network.
#[derive(Debug, Default)]
pub(super) struct Sky {
    /// First packet of each bucket, if it holds any.
    heads: Vec<u32>,
    /// One bit per bucket.
    full: Vec<u64>,
    flying: Vec<Flying>,
    shift: u32,
    /// The bucket of the last look, counted without rounds.
    at: u64,
    count: u64,
    processing_ps: u64,
}

impl Sky {
    /// Empties it, for about `packets` packets over about `span_ps`.
    pub(super) fn clear(&mut self, packets: usize, span_ps: u64) {
        let buckets = (2 * packets).next_power_of_two().clamp(64, 1 << 16);
        self.heads.resize(buckets, END);
        self.full.clear();
        self.full.resize(buckets / 64, 0);
        self.flying.clear();
        self.shift = (span_ps / buckets as u64).max(1).ilog2();
        (self.at, self.count, self.processing_ps) = (0, 0, 0);
    }

    /// Adds a packet that core `from` sent and that leaves at `taken_ps`.
    #[inline]
    pub(super) fn add(&mut self, from: CoreId, way: Way, taken_ps: u64, processing_ps: u64) {
        let slot = (taken_ps >> self.shift) as usize & (self.heads.len() - 1);
        let head = std::mem::replace(&mut self.heads[slot], self.flying.len() as u32);
        let (word, bit) = (&mut self.full[slot / 64], 1 << (slot % 64));
        let next = if *word & bit == 0 { END } else { head };
        *word |= bit;
        self.count += 1;
        self.processing_ps += processing_ps;
        self.flying.push(Flying { taken_ps, processing_ps, way, from, next });
    }

    /// Lets packets that are taken by `now` leave, and shows each.
    #[inline]
    pub(super) fn leave(&mut self, now: u64, mut gone: impl FnMut(CoreId, Way)) {
        let last = now >> self.shift;
        // Buckets are looked at once each, even if many rounds have passed.
        let first = self.at.max((last + 1).saturating_sub(self.heads.len() as u64));
        self.at = last;
        let mut from = first % 64;
        for word in first / 64..=last / 64 {
            let slot = word as usize & (self.full.len() - 1);
            let until = if word == last / 64 { last % 64 } else { 63 };
            let mut bits = self.full[slot] & (u64::MAX << from) & (u64::MAX >> (63 - until));
            while bits != 0 {
                self.leave_bucket(slot, bits.trailing_zeros(), now, &mut gone);
                bits &= bits - 1;
            }
            from = 0;
        }
    }

    #[inline]
    fn leave_bucket(&mut self, word: usize, bit: u32, now: u64, gone: &mut impl FnMut(CoreId, Way)) {
        let mut kept = END;
        let mut at = self.heads[word * 64 + bit as usize];
        while at != END {
            let packet = &mut self.flying[at as usize];
            let next = packet.next;
            if packet.taken_ps <= now {
                self.count -= 1;
                self.processing_ps -= packet.processing_ps;
                gone(packet.from, packet.way);
            } else {
                packet.next = std::mem::replace(&mut kept, at);
            }
            at = next;
        }
        self.heads[word * 64 + bit as usize] = kept;
        if kept == END {
            self.full[word] &= !(1 << bit);
        }
    }

    /// Mean processing time of the packets in the network `[ps]`.
    #[inline]
    pub(super) fn mean_ps(&self) -> u64 {
        self.processing_ps.checked_div(self.count).unwrap_or(0)
    }
}

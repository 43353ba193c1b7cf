//! The packets in the network, by the time at which they leave it.
//!
//! Those that leave soon are in order; the others are in buckets by their time. Buckets are narrow, so that nearly all hold one packet or
//! none, and one bit each says which hold any. A bucket is used again for a time one round later, so a packet is passed over
//! until its own round.

use std::hint::select_unpredictable;

/// A packet that leaves.
#[derive(Clone, Copy, Debug)]
pub(super) struct Leaving {
    pub(super) taken_ps: u64,
    /// Its number, in the order of sending.
    pub(super) number: u32,
}

const END: u32 = u32::MAX;
const NEVER: Leaving = Leaving { taken_ps: u64::MAX, number: END };
/// Buckets per packet of a step, and at most.
const PER_PACKET: usize = 4;
const BUCKETS: usize = 1 << 16;

/// The packets in the network.
#[derive(Debug, Default)]
pub(super) struct Sky {
    /// First packet of each bucket, if it holds any.
    heads: Vec<u32>,
    /// One bit per bucket: whether it does.
    full: Vec<u64>,
    /// By number: when a packet leaves, and the next in its bucket.
    taken_ps: Vec<u64>,
    next: Vec<u32>,
    shift: u32,
    /// The bucket of the last look, counted without rounds.
    at: u64,
    /// Those of all buckets up to that one, in the order of their leaving; then [`NEVER`].
    soon: Vec<Leaving>,
    /// How many of them have left.
    gone: usize,
}

impl Sky {
    /// Empties it, for packets with numbers below `packets` over about `span_ps`.
    pub(super) fn clear(&mut self, packets: usize, span_ps: u64) {
        let buckets = (PER_PACKET * packets).next_power_of_two().clamp(64, BUCKETS);
        self.heads.resize(buckets, END);
        self.full.clear();
        self.full.resize(buckets / 64, 0);
        self.taken_ps.resize(packets, 0);
        self.next.resize(packets, END);
        self.soon.clear();
        self.soon.push(NEVER);
        (self.at, self.gone) = (0, 0);
        self.shift = (span_ps / buckets as u64).max(1).ilog2();
    }

    /// Adds a packet that leaves at `taken_ps`.
    #[inline(always)]
    pub(super) fn add(&mut self, number: u32, taken_ps: u64) {
        let bucket = taken_ps >> self.shift;
        if bucket <= self.at {
            return self.leaves_soon(Leaving { taken_ps, number });
        }
        let place = bucket as usize & (self.heads.len() - 1);
        let head = std::mem::replace(&mut self.heads[place], number);
        let (word, bit) = (&mut self.full[place / 64], 1 << (place % 64));
        self.taken_ps[number as usize] = taken_ps;
        self.next[number as usize] = select_unpredictable(*word & bit == 0, END, head);
        *word |= bit;
    }

    /// Puts a packet among those that leave soon.
    #[inline(always)]
    fn sort_in(soon: &mut Vec<Leaving>, packet: Leaving) {
        soon.push(packet);
        let mut k = soon.len() - 1;
        while k > 0 && soon[k - 1].taken_ps > soon[k].taken_ps {
            soon.swap(k - 1, k);
            k -= 1;
        }
    }

    #[cold]
    fn leaves_soon(&mut self, packet: Leaving) {
        self.soon.pop();
        Sky::sort_in(&mut self.soon, packet);
        self.soon.push(NEVER);
    }

    /// Those that have not left, in order, with all that leave by `now` and [`NEVER`] at the end.
    #[inline(always)]
    pub(super) fn soon(&mut self, now: u64) -> &[Leaving] {
        let last = now >> self.shift;
        if last - self.at >= self.heads.len() as u64 {
            self.order_all(last);
        } else if last > self.at {
            self.order(last);
        }
        &self.soon[self.gone..]
    }

    /// Puts the packets of all buckets in order, some rounds of which end with `last`.
    #[cold]
    fn order_all(&mut self, last: u64) {
        self.at = last;
        for word in 0..self.full.len() {
            let bits = std::mem::take(&mut self.full[word]);
            for bit in (0..64).filter(|bit| bits >> bit & 1 == 1) {
                self.empty(word * 64 + bit, last, Vec::push);
            }
        }
        self.soon.sort_unstable_by_key(|packet| packet.taken_ps);
    }

    /// Puts the packets of the buckets up to `last` in order, less than a round.
    #[inline(always)]
    fn order(&mut self, last: u64) {
        let first = self.at + 1;
        self.at = last;
        self.soon.drain(..self.gone);
        self.gone = 0;
        self.soon.pop();
        let words = self.full.len() - 1;
        let mut from = first % 64;
        for word in first / 64..=last / 64 {
            let until = if word == last / 64 { last % 64 } else { 63 };
            let word = word as usize & words;
            let mut bits = self.full[word] & (u64::MAX << from) & (u64::MAX >> (63 - until));
            self.full[word] ^= bits;
            while bits != 0 {
                self.empty(word * 64 + bits.trailing_zeros() as usize, last, Sky::sort_in);
                bits &= bits - 1;
            }
            from = 0;
        }
        self.soon.push(NEVER);
    }

    /// Puts the packets of a bucket that leave by bucket `last` among those that leave soon, and keeps the others.
    #[inline(always)]
    fn empty(&mut self, place: usize, last: u64, put: impl Fn(&mut Vec<Leaving>, Leaving)) {
        let mut kept = END;
        let mut at = self.heads[place];
        while at != END {
            let (number, taken_ps) = (at, self.taken_ps[at as usize]);
            at = self.next[number as usize];
            if taken_ps >> self.shift > last {
                self.next[number as usize] = std::mem::replace(&mut kept, number);
            } else {
                put(&mut self.soon, Leaving { taken_ps, number });
            }
        }
        if kept != END {
            self.heads[place] = kept;
            self.full[place / 64] |= 1 << (place % 64);
        }
    }

    /// Lets the first `n` of those leave.
    #[inline(always)]
    pub(super) fn leave(&mut self, n: usize) {
        self.gone += n;
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        /// As sorting them does, however often time turns around the buckets.
        #[test]
        fn packets_leave_in_order(steps in prop::collection::vec((0u64..500, prop::collection::vec(1u64..3000, 0..6)), 1..60), span in 1u64..9000) {
            let packets: usize = steps.iter().map(|(_, stays)| stays.len()).sum();
            let mut sky = Sky::default();
            sky.clear(packets, span);
            let (mut now, mut number) = (0, 0);
            let mut flying = Vec::new();
            for (later, stays) in steps {
                now += later;
                flying.sort_unstable();
                let gone = flying.iter().take_while(|(taken_ps, _)| *taken_ps <= now).count();
                let soon = &sky.soon(now)[..gone + 1];
                prop_assert!(soon.is_sorted_by_key(|out| out.taken_ps));
                prop_assert!(soon[gone].taken_ps > now);
                let mut out: Vec<(u64, u32)> = soon[..gone].iter().map(|out| (out.taken_ps, out.number)).collect();
                out.sort_unstable();
                prop_assert_eq!(out, flying.drain(..gone).collect::<Vec<_>>());
                sky.leave(gone);
                for stay in stays {
                    sky.add(number, now + stay);
                    flying.push((now + stay, number));
                    number += 1;
                }
            }
        }
    }
}

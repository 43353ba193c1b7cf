//! Cores on a mesh, exchanged while that makes their packets cost less.

use pumice_chip::{CoreId, Mesh};
use pumice_meter::{EnergyTable, Event};
use pumice_num::Draws;

/// Rounds over all cores, at most.
const ROUNDS: usize = 12;
/// Places that are tried for a core in each round, at most.
const TRIES: usize = 256;
/// Descents from changed places, at most, one core in so many moved by chance before each.
const KICKS: usize = 16;
const KICKED: u32 = 8;
/// Partners of cores after which no descent begins.
const MOST_LOOKS: usize = 5_000_000;

/// What one packet costs on its way, by direction.
#[derive(Clone, Copy, Debug)]
pub(super) struct Fares {
    east: u64,
    west: u64,
    north: u64,
    south: u64,
    crossing: u64,
    local: u64,
}

impl Fares {
    /// One for each link.
    pub(super) const LINKS: Fares = Fares { east: 1, west: 1, north: 1, south: 1, crossing: 1, local: 0 };

    /// Prices in attojoules; those that are not known count as nothing. `None` if none is known.
    pub(super) fn of(table: &EnergyTable) -> Option<Fares> {
        let price = |event| table.get(event).map_or(0, |price| (price.v * 1e18).round() as u64);
        let fares = Fares {
            east: price(Event::HopEast),
            west: price(Event::HopWest),
            north: price(Event::HopNorth),
            south: price(Event::HopSouth),
            crossing: price(Event::ChipCrossing),
            local: price(Event::PacketLocal),
        };
        let hops = [fares.east, fares.west, fares.north, fares.south];
        hops.iter().any(|fare| *fare > 0).then_some(fares)
    }

    pub(super) fn way(&self, mesh: &Mesh, from: u32, to: u32) -> u64 {
        let hops = mesh.hops(CoreId(from), CoreId(to));
        let local = if mesh.tile_number(CoreId(from)) == mesh.tile_number(CoreId(to)) { self.local } else { 0 };
        let legs = [
            (hops.east, self.east),
            (hops.west, self.west),
            (hops.north, self.north),
            (hops.south, self.south),
            (hops.crossings, self.crossing),
        ];
        local + legs.into_iter().map(|(n, fare)| u64::from(n) * fare).sum::<u64>()
    }
}

/// Where each used core lies, and the packets between them.
pub(super) struct Board<'a> {
    mesh: &'a Mesh,
    fares: Fares,
    /// What a packet costs from any place to any other, if they are few.
    ways: Vec<u64>,
    /// By used core: `(other core, packets to it, packets from it)`.
    partners: Vec<Vec<(usize, u64, u64)>>,
    /// Place of each used core.
    place: Vec<u32>,
    /// Used core at each place.
    at: Vec<Option<usize>>,
    /// Partners that were looked at.
    looked: usize,
}

impl<'a> Board<'a> {
    /// A board with used cores at `place`; `at` is the same by place.
    pub(super) fn new(
        mesh: &'a Mesh,
        fares: Fares,
        partners: Vec<Vec<(usize, u64, u64)>>,
        place: Vec<u32>,
        at: Vec<Option<usize>>,
    ) -> Self {
        let places = 0..if at.len() <= TRIES { at.len() as u32 } else { 0 };
        let from = |from: u32| places.clone().map(move |to| fares.way(mesh, from, to));
        let ways = places.clone().flat_map(from).collect();
        Board { mesh, fares, ways, partners, place, at, looked: 0 }
    }

    fn way(&self, from: u32, to: u32) -> u64 {
        let known = self.ways.get(from as usize * self.at.len() + to as usize);
        known.copied().unwrap_or_else(|| self.fares.way(self.mesh, from, to))
    }

    /// The cost of all packets from and to a core if it lay at `place`; `moved` says where one other core lies.
    fn cost(&self, core: usize, place: u32, moved: Option<(usize, u32)>) -> u64 {
        let of = |other: usize| match moved {
            Some((k, place)) if k == other => place,
            _ if other == core => place,
            _ => self.place[other],
        };
        let one = |(other, to, from): &(usize, u64, u64)| {
            let there = of(*other);
            to * self.way(place, there) + from * self.way(there, place)
        };
        self.partners[core].iter().map(one).sum()
    }

    /// Moves a core to a place, and what lies there to where the core was, if that costs less.
    fn try_move(&mut self, core: usize, to: u32) -> bool {
        let from = self.place[core];
        if from == to {
            return false;
        }
        let other = self.at[to as usize];
        self.looked += self.partners[core].len() + other.map_or(0, |k| self.partners[k].len());
        let (before, after) = match other {
            None => (self.cost(core, from, None), self.cost(core, to, None)),
            Some(k) => (
                self.cost(core, from, None) + self.cost(k, to, None),
                self.cost(core, to, Some((k, from))) + self.cost(k, from, Some((core, to))),
            ),
        };
        let better = after < before;
        if better {
            self.exchange(core, to);
        }
        better
    }

    /// Moves a core to a place, and what lies there to where the core was.
    fn exchange(&mut self, core: usize, to: u32) {
        let (from, other) = (self.place[core], self.at[to as usize]);
        self.at[from as usize] = other;
        if let Some(k) = other {
            self.place[k] = from;
        }
        self.place[core] = to;
        self.at[to as usize] = Some(core);
    }

    /// Moves cores while that makes packets cost less.
    fn descend(&mut self, draws: &mut Draws) {
        let places = self.at.len();
        for _ in 0..ROUNDS {
            let mut better = false;
            for core in 0..self.place.len() {
                for n in 0..places.min(TRIES) as u32 {
                    let to = if places <= TRIES { n } else { draws.below(places as u32) };
                    better |= self.try_move(core, to);
                }
            }
            if !better {
                return;
            }
        }
    }

    /// The cost of all packets, each counted by its sender and by its receiver.
    fn total(&self) -> u64 {
        (0..self.place.len()).map(|core| self.cost(core, self.place[core], None)).sum()
    }

    /// The places at which packets cost least, as far as was looked: a descent, and others from where some cores of the best
    /// are exchanged by chance.
    pub(super) fn best(mut self, mut draws: Draws) -> Vec<u32> {
        self.descend(&mut draws);
        let mut best = self.total();
        let (cores, places) = (self.place.len() as u32, self.at.len() as u32);
        for _ in 0..KICKS {
            if self.looked > MOST_LOOKS {
                break;
            }
            let (place, at) = (self.place.clone(), self.at.clone());
            for _ in 0..(cores / KICKED).max(2) {
                self.exchange(draws.below(cores) as usize, draws.below(places));
            }
            self.descend(&mut draws);
            match self.total() {
                cost if cost < best => best = cost,
                _ => (self.place, self.at) = (place, at),
            }
        }
        self.place
    }
}

#[cfg(test)]
mod tests {
    use pumice_num::Purpose;

    use super::*;

    const MESH: Mesh = Mesh { width: 6, height: 4, cores_per_tile: 1, cores_per_chip: 24, chips: 1, chip_columns: 1 };

    /// Sixteen cores that send to three others each, which `seed` draws.
    fn board(seed: u64) -> (Board<'static>, Draws) {
        let mut draws = Draws::new(seed, Purpose::PLACEMENT, 0, 0);
        let mut partners = vec![Vec::new(); 16];
        for core in 0..16 {
            for _ in 0..3 {
                let (other, packets) = (draws.below(16) as usize, u64::from(1 + draws.below(9)));
                partners[core].push((other, packets, 0));
                partners[other].push((core, 0, packets));
            }
        }
        let at = (0..24).map(|place| (place < 16).then_some(place)).collect();
        (Board::new(&MESH, Fares::LINKS, partners, (0..16).collect(), at), draws)
    }

    /// Every core has one place of its own, and packets never cost more than after one descent; a seed decides. A single descent
    /// ends where no exchange of two cores helps, which is seldom the best.
    #[test]
    fn chance_leads_out_of_ends_that_are_only_near() {
        let mut sums = [0; 2];
        for seed in 0..8 {
            let (mut once, mut draws) = board(seed);
            let before = once.total();
            once.descend(&mut draws);
            let [place, again] = [board(seed), board(seed)].map(|(board, draws)| board.best(draws));
            assert_eq!(place, again);
            let mut many = board(seed).0;
            many.place.clone_from(&place);
            assert!(many.total() <= once.total() && once.total() < before, "seed {seed}");
            let places: std::collections::BTreeSet<u32> = place.into_iter().collect();
            assert!(places.len() == 16 && places.last() < Some(&24), "seed {seed}");
            sums = [sums[0] + once.total(), sums[1] + many.total()];
        }
        assert!(100 * sums[1] < 97 * sums[0], "links of all packets after one descent and more: {sums:?}");
    }
}

//! Price classes: units with equal energies share a table, and a count of their events.

use pumice_chip::timing::HopTimes;
use pumice_meter::{
    Bill, Counts, EnergyTable, Event, Evidence, Figure, Latency, NeuronModel, Scope, StaticPower, Term, Usage,
};

use crate::arch::{AxonIn, AxonOut, Dendrite, HopAttributes, Soma, Synapse};

/// Seconds as whole picoseconds.
pub(crate) fn ps(seconds: f64) -> Result<u64, String> {
    let figure = Figure::new(seconds, Evidence::Assumed, "arch.yaml");
    Latency::try_from(figure).map(|latency| latency.ps()).map_err(|fault| fault.to_string())
}

fn table(prices: &[(Event, f64)]) -> EnergyTable {
    let mut table = EnergyTable::new(Scope::PerTerm, NeuronModel::Additive);
    // A zero needs a reason in a table; without an entry it adds nothing either.
    for (event, joules) in prices.iter().filter(|(_, joules)| *joules != 0.0) {
        table.set(*event, Figure::new(*joules, Evidence::Assumed, "arch.yaml"));
    }
    table
}

/// A class of units: their prices, their times, and what they did.
#[derive(Clone, Debug)]
pub(crate) struct Class<T> {
    table: EnergyTable,
    pub(crate) times: T,
    pub(crate) counts: Counts,
}

impl<T: PartialEq> Class<T> {
    fn new(prices: &[(Event, f64)], times: T) -> Self {
        Class { table: table(prices), times, counts: Counts::default() }
    }

    /// Adds a class unless there is one like it; returns its number.
    pub(crate) fn share(self, all: &mut Vec<Self>) -> usize {
        let same = all.iter().position(|other| other.table == self.table && other.times == self.times);
        same.unwrap_or_else(|| {
            all.push(self);
            all.len() - 1
        })
    }

    /// Energy of some of its events `[J]`.
    pub(crate) fn energy_j(&self, events: &[Event]) -> Result<f64, String> {
        let bill = Bill::price(&self.counts, &self.table, &StaticPower::default(), &Usage::default());
        let bill = bill.map_err(|fault| fault.to_string())?;
        // An empty sum of floats is -0.
        Ok(events.iter().filter_map(|event| bill.energy_of(&Term::Event(*event))).fold(0.0, |sum, joules| sum + joules))
    }
}

/// Times of a soma unit `[ps]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct SomaTimes {
    pub(crate) access_ps: u64,
    pub(crate) update_ps: u64,
    pub(crate) spike_ps: u64,
}

/// The class of a soma unit.
pub(crate) fn soma(unit: &Soma) -> Result<Class<SomaTimes>, String> {
    let prices = [
        (Event::NeuronAccess, unit.energy_access_neuron),
        (Event::NeuronUpdate, unit.energy_update_neuron),
        (Event::NeuronSpike, unit.energy_spike_out),
    ];
    let times = SomaTimes {
        access_ps: ps(unit.latency_access_neuron)?,
        update_ps: ps(unit.latency_update_neuron)?,
        spike_ps: ps(unit.latency_spike_out)?,
    };
    Ok(Class::new(&prices, times))
}

/// The class of a dendrite unit.
pub(crate) fn dendrite(unit: &Dendrite) -> Result<Class<u64>, String> {
    Ok(Class::new(&[(Event::DendriteOperation, unit.energy)], ps(unit.latency)?))
}

/// The class of reads of a synapse unit into a dendrite unit; its time is that of both.
pub(crate) fn read(synapse: &Synapse, dendrite: &Dendrite) -> Result<Class<u64>, String> {
    let prices = [(Event::SynapseReadDense, synapse.energy), (Event::DendriteOperation, dendrite.energy)];
    Ok(Class::new(&prices, ps(synapse.latency)? + ps(dendrite.latency)?))
}

/// Times of the ways in and out of a core `[ps]`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct WayTimes {
    pub(crate) out_ps: u64,
    pub(crate) in_ps: u64,
    pub(crate) hops: HopTimes,
}

/// The class of a core's ways: its axons, and the hops of its tile.
pub(crate) fn ways(out: AxonOut, into: AxonIn, tile: &HopAttributes) -> Result<Class<WayTimes>, String> {
    let prices = [
        (Event::PacketOut, out.energy),
        (Event::PacketIn, into.energy),
        (Event::HopEast, tile.energy_east_hop),
        (Event::HopWest, tile.energy_west_hop),
        (Event::HopNorth, tile.energy_north_hop),
        (Event::HopSouth, tile.energy_south_hop),
    ];
    let hops = HopTimes {
        east: ps(tile.latency_east_hop)?,
        west: ps(tile.latency_west_hop)?,
        north: ps(tile.latency_north_hop)?,
        south: ps(tile.latency_south_hop)?,
        ..HopTimes::default()
    };
    Ok(Class::new(&prices, WayTimes { out_ps: ps(out.latency)?, in_ps: ps(into.latency)?, hops }))
}

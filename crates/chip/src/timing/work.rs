//! The work of one step in time: what each core does, and the packets between them.

use std::sync::Arc;

use pumice_meter::{Counts, Event, Latency, LatencyTable, MeterError, NeuronModel};

use super::{Resource, Side};
use crate::load::{CellReads, Sent, Traffic};
use crate::mesh::{CoreId, Mesh};

/// What one core spends its time on in one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct CoreWork {
    /// Visiting and updating neurons, spikes and random numbers `[ps]`.
    pub neurons_ps: u64,
    /// Sending packets `[ps]`.
    pub sending_ps: u64,
    /// Taking packets in `[ps]`.
    pub receiving_ps: u64,
    /// Reading synapses into dendrites, learning, and programming what was learned into their cells `[ps]`.
    pub synapses_ps: u64,
    /// Fetching words of synaptic memory `[ps]`.
    pub memory_ps: u64,
}

const NEURONS: [Event; 6] = [
    Event::NeuronAccess,
    Event::NeuronUpdate,
    Event::NeuronSpike,
    Event::AnalogUpdate,
    Event::AnalogSpike,
    Event::RandomNumber,
];

const SYNAPSES: [Event; 10] = [
    Event::DendriteOperation,
    Event::SynapseReadDense,
    Event::SynapseReadSparse,
    Event::SynapseReadConv,
    Event::SynapseReadCell,
    Event::SynapseUpdate,
    Event::CrossbarRowRead,
    Event::AdcConversion,
    Event::CellPulse,
    Event::CellVerifyRead,
];

impl CoreWork {
    /// The work of a core that did `load`; events of unknown latency count as nothing.
    ///
    /// # Errors
    /// If the load contradicts the table's neuron model.
    pub fn of(load: &Counts, table: &LatencyTable) -> Result<Self, MeterError> {
        Ok(CoreWork {
            neurons_ps: table.serial_ps(load, &NEURONS)?,
            sending_ps: table.serial_ps(load, &[Event::PacketOut])?,
            receiving_ps: table.serial_ps(load, &[Event::PacketIn])?,
            synapses_ps: table.serial_ps(load, &SYNAPSES)?,
            memory_ps: table.serial_ps(load, &[Event::SynapseMemoryWord])?,
        })
    }

    /// Time of updates and sending, one after the other `[ps]`.
    pub const fn generation_ps(&self) -> u64 {
        self.neurons_ps + self.sending_ps
    }

    /// Time of taking in, synapses and memory, one after the other `[ps]`.
    pub const fn processing_ps(&self) -> u64 {
        self.receiving_ps + self.synapses_ps + self.memory_ps
    }

    /// The unit that is busy longest, and how long `[ps]`.
    pub fn busiest(&self) -> (Resource, u64) {
        let units = [
            (Resource::Neurons, self.neurons_ps),
            (Resource::Sending, self.sending_ps),
            (Resource::Receiving, self.receiving_ps),
            (Resource::Synapses, self.synapses_ps),
            (Resource::Memory, self.memory_ps),
        ];
        units.into_iter().fold((Resource::Nothing, 0), |best, unit| if unit.1 > best.1 { unit } else { best })
    }
}

/// One packet of a step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Packet {
    /// The core that sends it; [`Packet::HOST`] if it comes from outside.
    pub from: CoreId,
    /// The core that takes it in.
    pub to: CoreId,
    /// Time the sender spends on it since its packet before `[ps]`.
    pub generation_ps: u64,
    /// Time on the way if nothing is in it `[ps]`.
    pub flight_ps: u64,
    /// Time the receiver spends on it `[ps]`.
    pub processing_ps: u64,
}

impl Packet {
    /// Stands for the sender of packets from outside: they wait at their core when the step begins.
    pub const HOST: CoreId = CoreId(u32::MAX);

    /// Whether it comes from outside.
    pub const fn from_host(&self) -> bool {
        self.from.0 == Packet::HOST.0
    }
}

/// The work of one step.
#[derive(Clone, Copy, Debug)]
pub struct Work<'a> {
    /// By core.
    pub cores: &'a [CoreWork],
    /// Packets, grouped by sender in ascending order (those of the host last), each group in the order of sending;
    /// empty if the model does not want them.
    pub packets: &'a [Packet],
    /// The barrier `[ps]`.
    pub barrier_ps: u64,
}

/// Time per link by direction `[ps]`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct HopTimes {
    /// Toward larger x.
    pub east: u64,
    /// Toward smaller x.
    pub west: u64,
    /// Toward larger y.
    pub north: u64,
    /// Toward smaller y.
    pub south: u64,
    /// From one chip to the next.
    pub crossing: u64,
    /// Between cores of a tile.
    pub local: u64,
}

impl HopTimes {
    /// Time into a link `[ps]`; none for ports of cores.
    pub fn of(&self, side: Side) -> u64 {
        match side {
            Side::West => self.east,
            Side::East => self.west,
            Side::South => self.north,
            Side::North => self.south,
            Side::ChipWest | Side::ChipEast | Side::ChipSouth | Side::ChipNorth => self.crossing,
            Side::Core => 0,
        }
    }

    /// Time on an empty way `[ps]`.
    pub fn flight(&self, mesh: &Mesh, from: CoreId, to: CoreId) -> u64 {
        if mesh.tile_number(from) == mesh.tile_number(to) {
            return self.local;
        }
        let hops = mesh.hops(from, to);
        let ways = [
            (hops.east, self.east),
            (hops.west, self.west),
            (hops.north, self.north),
            (hops.south, self.south),
            (hops.crossings, self.crossing),
        ];
        ways.into_iter().map(|(n, ps)| u64::from(n) * ps).sum()
    }
}

/// The latencies of a table that single packets need, ready for arithmetic; unknown ones count as nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Costs {
    /// A neuron that is visited.
    access_ps: u64,
    /// A neuron that is updated: on top of its visit, or instead of it.
    update_ps: u64,
    /// Whether `update_ps` stands instead of `access_ps`.
    exclusive: bool,
    spike_ps: u64,
    analog_ps: u64,
    out_ps: u64,
    in_ps: u64,
    /// Reads, into their dendrite.
    dense_ps: u64,
    sparse_ps: u64,
    conv_ps: u64,
    word_ps: u64,
    cell_ps: u64,
    row_ps: u64,
    adc_ps: u64,
    /// Time per link.
    pub hops: HopTimes,
}

impl Costs {
    /// The costs of a table.
    pub fn new(table: &LatencyTable) -> Self {
        let ps = |event| table.get(event).map_or(0, Latency::ps);
        let read = |event| ps(event) + ps(Event::DendriteOperation);
        Costs {
            access_ps: ps(Event::NeuronAccess),
            update_ps: ps(Event::NeuronUpdate),
            exclusive: table.neuron_model == NeuronModel::Exclusive,
            spike_ps: ps(Event::NeuronSpike),
            analog_ps: ps(Event::AnalogSpike),
            out_ps: ps(Event::PacketOut),
            in_ps: ps(Event::PacketIn),
            dense_ps: read(Event::SynapseReadDense),
            sparse_ps: read(Event::SynapseReadSparse),
            conv_ps: read(Event::SynapseReadConv),
            word_ps: ps(Event::SynapseMemoryWord),
            cell_ps: ps(Event::SynapseReadCell),
            row_ps: ps(Event::CrossbarRowRead),
            adc_ps: ps(Event::AdcConversion),
            hops: HopTimes {
                east: ps(Event::HopEast),
                west: ps(Event::HopWest),
                north: ps(Event::HopNorth),
                south: ps(Event::HopSouth),
                crossing: ps(Event::ChipCrossing),
                local: ps(Event::PacketLocal),
            },
        }
    }

    /// Time for the first `visited` neurons of a core, of whose `accesses` neurons `updates` are updated: the updates
    /// count as spread evenly over the core, because single ones are not recorded.
    fn neurons_ps(&self, visited: u64, updates: u64, accesses: u64) -> u64 {
        // Analog neurons of the core take no turn.
        let visited = visited.min(accesses);
        let updated = (updates * visited).checked_div(accesses).unwrap_or(0);
        let idle = if self.exclusive { visited.saturating_sub(updated) } else { visited };
        idle * self.access_ps + updated * self.update_ps
    }

    #[inline]
    fn processing_ps(&self, sent: &Sent) -> u64 {
        let cells_ps = match sent.cells {
            CellReads { synapses: 0, rows: 0, conversions: 0 } => 0,
            CellReads { synapses, rows, conversions } => {
                u64::from(synapses) * self.cell_ps
                    + u64::from(rows) * self.row_ps
                    + u64::from(conversions) * self.adc_ps
            }
        };
        self.in_ps
            + u64::from(sent.dense) * self.dense_ps
            + u64::from(sent.sparse) * self.sparse_ps
            + u64::from(sent.conv) * self.conv_ps
            + u64::from(sent.words) * self.word_ps
            + cells_ps
    }
}

/// Where the neurons of a core have got to while its packets are listed.
#[derive(Clone, Copy, Debug, Default)]
struct Progress {
    accesses: u64,
    updates: u64,
    /// Time for the neurons visited so far, without spikes and packets.
    neurons_ps: u64,
    /// The last neuron that sent, plus one.
    rank: u32,
    packets: usize,
}

/// Turns the events of a step into its work, reusing its memory.
#[derive(Clone, Debug, Default)]
pub struct Gather {
    cores: Vec<CoreWork>,
    packets: Vec<Packet>,
    sorted: Vec<Packet>,
    progress: Vec<Progress>,
    flights: Arc<[u64]>,
    n: usize,
}

impl Gather {
    /// A gatherer for the first `cores` cores of a system, at these costs.
    pub fn new(mesh: &Mesh, cores: usize, costs: &Costs) -> Self {
        let pair = |k: usize| costs.hops.flight(mesh, CoreId((k / cores) as u32), CoreId((k % cores) as u32));
        // A table of all pairs while it is small; otherwise each packet is computed.
        let flights = if cores <= 512 { (0..cores * cores).map(pair).collect() } else { Arc::default() };
        Gather { flights, n: cores, ..Gather::default() }
    }

    /// The work of cores that did `loads`.
    ///
    /// # Errors
    /// If the loads contradict the table's neuron model.
    pub fn cores(&mut self, loads: &[Counts], table: &LatencyTable) -> Result<(), MeterError> {
        self.cores.clear();
        self.packets.clear();
        self.sorted.clear();
        for load in loads {
            self.cores.push(CoreWork::of(load, table)?);
        }
        Ok(())
    }

    /// Adds the packets of the step.
    pub fn packets(&mut self, mesh: &Mesh, costs: &Costs, loads: &[Counts], traffic: &Traffic<'_>) {
        self.progress.clear();
        self.progress.extend(loads.iter().map(|load| Progress {
            accesses: load[Event::NeuronAccess],
            updates: load[Event::NeuronUpdate],
            ..Progress::default()
        }));
        let Gather { packets, progress, flights, n, .. } = self;
        traffic.each(|spike| {
            let first = packets.len();
            let processing_ps = |sent: &Sent| costs.processing_ps(sent);
            let Some(from) = spike.from else {
                packets.extend(spike.packets().map(|sent| Packet {
                    from: Packet::HOST,
                    to: sent.to,
                    generation_ps: 0,
                    flight_ps: 0,
                    processing_ps: processing_ps(&sent),
                }));
                return;
            };
            let packet = |sent: Sent, flight_ps: u64| Packet {
                from,
                to: sent.to,
                generation_ps: costs.out_ps,
                flight_ps,
                processing_ps: processing_ps(&sent),
            };
            match flights.get(from.0 as usize * *n..(from.0 as usize + 1) * *n) {
                Some(row) => packets.extend(spike.packets().map(|sent| packet(sent, row[sent.to.0 as usize]))),
                None => {
                    packets.extend(spike.packets().map(|sent| packet(sent, costs.hops.flight(mesh, from, sent.to))))
                }
            }
            let own = &mut progress[from.0 as usize];
            own.packets += packets.len() - first;
            if let Some(first) = packets.get_mut(first).filter(|_| spike.rank >= own.rank) {
                own.rank = spike.rank + 1;
                let until = costs.neurons_ps(u64::from(own.rank), own.updates, own.accesses);
                // All neurons of a core that visits none are analog.
                let spike_ps = if own.accesses > 0 { costs.spike_ps } else { costs.analog_ps };
                first.generation_ps += spike_ps + (until - own.neurons_ps);
                own.neurons_ps = until;
            }
        });
        self.group();
    }

    /// Groups the packets by their sender; stable, so each group stays in the order of sending.
    fn group(&mut self) {
        if self.packets.is_sorted_by_key(|packet| packet.from) {
            std::mem::swap(&mut self.packets, &mut self.sorted);
            return;
        }
        let Some(filler) = self.packets.first().copied() else { return };
        let mut next = 0;
        for own in &mut self.progress {
            next += std::mem::replace(&mut own.packets, next);
        }
        let mut host = next;
        self.sorted.resize(self.packets.len(), filler);
        for packet in &self.packets {
            let place = self.progress.get_mut(packet.from.0 as usize).map_or(&mut host, |own| &mut own.packets);
            self.sorted[*place] = *packet;
            *place += 1;
        }
    }

    /// What was gathered, with a barrier.
    pub fn work(&self, barrier_ps: u64) -> Work<'_> {
        Work { cores: &self.cores, packets: &self.sorted, barrier_ps }
    }
}

//! A network on an architecture: its neurons are computed here, and the `queue` time ([`detailed`]); its events, prices and other
//! times are Pumice's.

mod build;
mod dendrite;
mod detailed;
mod reach;
mod seeds;

use pumice_chip::timing::{CoreWork, Packet, Timing, TimingModel, Work};
use pumice_chip::{CoreId, Mesh};
use pumice_meter::Event;

use crate::arch::Architecture;
use crate::error::SanafeError;
use crate::network::Network;
use crate::neuron::{Chance, Neuron};
use crate::noise::Streams;
use crate::prices::{Class, SomaTimes, WayTimes};
use crate::rand::Rand;
use crate::taps::Taps;
use reach::Reach;

/// Where a neuron lies and what its units cost.
#[derive(Clone, Copy, Debug)]
struct Place {
    core: u32,
    soma: usize,
    dendrite: usize,
    /// Class of reads of its synapses.
    read: usize,
    /// Stream of noise of its soma unit.
    stream: Option<usize>,
}

/// One synapse.
#[derive(Clone, Copy, Debug)]
struct Synapse {
    target: u32,
    weight: f64,
    delay: u16,
    /// Compartment of a line of taps.
    tap: u16,
}

/// What happened in a step.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Step {
    /// Spikes.
    pub fired: u64,
    /// Neurons that count as updated: those with a potential, an input or a bias, and those told to.
    pub updated: u64,
    /// Packets, one per spike and core that it reaches.
    pub packets: u64,
    /// Hops of all packets between tiles.
    pub hops: u64,
    /// Synapses read.
    pub synaptic_reads: u64,
    /// Length of the step `[ps]`, by each model of [`Setup::timing`].
    pub time_ps: Vec<u64>,
}

/// Energy of all steps so far `[J]`.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Energy {
    /// Synapses read.
    pub synapse: f64,
    /// Dendrites.
    pub dendrite: f64,
    /// Neurons: access, update and spike.
    pub soma: f64,
    /// Packets and hops.
    pub network: f64,
}

impl Energy {
    /// The sum.
    pub fn total(&self) -> f64 {
        self.synapse + self.dendrite + self.soma + self.network
    }
}

/// How a chip is run.
#[derive(Clone, Debug)]
pub struct Setup {
    /// Models of time. SANA-FE has `simple` and, under the name `detailed`, `queue`.
    pub timing: Vec<TimingModel>,
    /// Seed of `poisson` inputs; 0 draws the numbers that SANA-FE draws.
    pub seed: u64,
    /// Tiles in the order in which a spike is sent to them; the others follow, ascending. SANA-FE has the order of addresses
    /// in its heap, which differs from process to process (its `messages.csv` shows it) and changes `detailed`.
    pub visits: Vec<u32>,
}

impl Default for Setup {
    fn default() -> Self {
        Setup { timing: vec![TimingModel::Simple, TimingModel::Queue], seed: 0, visits: Vec::new() }
    }
}

/// An architecture with a network and its state.
#[derive(Debug)]
pub struct Chip {
    names: Vec<String>,
    neurons: Vec<Neuron>,
    /// One generator for all neurons, and the streams of noise of units.
    rand: Rand,
    streams: Streams,
    places: Vec<Place>,
    mesh: Mesh,
    /// Tiles with neurons.
    tiles: u32,
    reach: Reach,
    start: Vec<usize>,
    synapses: Vec<Synapse>,
    /// What arrives in this and the next steps, by neuron.
    arriving: Vec<Vec<Option<f64>>>,
    dendrites_buffer: bool,
    /// Dendrites that are lines of compartments, by neuron.
    taps: Vec<Option<Box<Taps>>>,
    barrier_ps: u64,
    timing: Vec<Box<dyn Timing>>,
    ways_of: Vec<usize>,
    somas: Vec<Class<SomaTimes>>,
    dendrites: Vec<Class<u64>>,
    reads: Vec<Class<u64>>,
    ways: Vec<Class<WayTimes>>,
    cores: Vec<CoreWork>,
    packets: Vec<Packet>,
    logged: Vec<usize>,
    steps: u64,
}

impl Chip {
    /// Lays a network on an architecture.
    ///
    /// # Errors
    ///
    /// [`SanafeError::Refused`] if it does not fit, names units that are not there, or needs what is not modelled.
    pub fn new(arch: &Architecture, net: &Network, setup: &Setup) -> Result<Chip, SanafeError> {
        Chip::build(arch, net, setup).map_err(SanafeError::Refused)
    }

    /// Names of the neurons, in the order of their numbers: by core, in the order of the mapping.
    pub fn names(&self) -> &[String] {
        &self.names
    }

    /// Membrane potentials, in the order of the neurons' numbers.
    pub fn potentials(&self) -> Vec<f64> {
        self.neurons.iter().map(Neuron::potential).collect()
    }

    /// Numbers of the neurons with `log_potential`.
    pub fn logged(&self) -> &[usize] {
        &self.logged
    }

    /// Number of synapses.
    pub fn synapses(&self) -> usize {
        self.synapses.len()
    }

    /// Cores with neurons, and tiles with such cores.
    pub fn used(&self) -> (usize, usize) {
        let cores = self.places.chunk_by(|a, b| a.core == b.core).count();
        (cores, self.tiles as usize)
    }

    /// One step; the numbers of the neurons that fired are left in `fired`.
    pub fn step(&mut self, fired: &mut Vec<usize>) -> Step {
        fired.clear();
        self.cores.clear();
        self.cores.resize(self.ways_of.len(), CoreWork::default());
        self.packets.clear();
        let mut row = Step::default();
        let arrived = self.arriving.remove(0);
        self.arriving.push(vec![None; arrived.len()]);
        let (mut since_packet, mut core) = (0, None);
        for (k, arrived) in arrived.into_iter().enumerate() {
            let place = self.places[k];
            let input = self.dendrite(k, arrived);
            if core.replace(place.core) != Some(place.core) {
                since_packet = 0;
            }
            let chance = self.chance(k);
            let did = self.neurons[k].step(self.steps, input, chance);
            let soma = &mut self.somas[place.soma];
            let times = soma.times;
            let (updated, spiked) = (u64::from(did.updated), u64::from(did.fired));
            soma.counts.add(Event::NeuronAccess, 1);
            soma.counts.add(Event::NeuronUpdate, updated);
            soma.counts.add(Event::NeuronSpike, spiked);
            let mut ps = times.access_ps + updated * times.update_ps + spiked * times.spike_ps;
            if self.dendrites_buffer {
                let dendrite = &mut self.dendrites[place.dendrite];
                dendrite.counts.add(Event::DendriteOperation, 1);
                ps += dendrite.times;
            }
            self.cores[place.core as usize].neurons_ps += ps;
            since_packet += ps;
            row.updated += updated;
            row.fired += spiked;
            if did.fired {
                fired.push(k);
                self.send(k, &mut since_packet, &mut row);
            }
        }
        self.deliver(fired);
        let work = Work { cores: &self.cores, packets: &self.packets, barrier_ps: self.barrier_ps };
        row.time_ps = self.timing.iter_mut().map(|model| model.step(&work).total_ps).collect();
        self.steps += 1;
        row
    }

    /// What chance gives to the next neuron, which is this.
    fn chance(&mut self, k: usize) -> Chance {
        let noise = self.places[k].stream.map_or(0.0, |stream| self.streams.draw(stream));
        let random = match self.neurons[k].random_mask() {
            0 => 0,
            mask => self.rand.draw() & mask,
        };
        Chance { noise, random }
    }

    /// What a dendrite gives to its soma in this step, of what arrived in the step before.
    fn dendrite(&mut self, k: usize, arrived: Option<f64>) -> Option<f64> {
        let Some(line) = &mut self.taps[k] else { return arrived };
        line.leak();
        if self.dendrites_buffer { Some(line.value()) } else { arrived }
    }

    /// Reads the synapses of all spikes into the dendrites of their targets.
    fn deliver(&mut self, fired: &[usize]) {
        for k in fired {
            for synapse in &self.synapses[self.start[*k]..self.start[*k + 1]] {
                let target = synapse.target as usize;
                let sum = &mut self.arriving[usize::from(synapse.delay)][target];
                *sum = Some(match &mut self.taps[target] {
                    None => sum.unwrap_or(0.0) + synapse.weight,
                    Some(line) => {
                        line.add(usize::from(synapse.tap), synapse.weight);
                        line.value()
                    }
                });
            }
        }
    }

    /// Sends the packets of a spike.
    fn send(&mut self, k: usize, since_packet: &mut u64, row: &mut Step) {
        let Chip { reach, mesh, ways, ways_of, places, reads: classes, cores, packets, .. } = self;
        let from = CoreId(places[k].core);
        for (to, reads) in reach.of(k) {
            let hops = mesh.hops(from, to);
            let sender = &mut ways[ways_of[from.0 as usize]];
            sender.counts.add(Event::PacketOut, 1);
            let out = sender.times;
            let receiver = &mut ways[ways_of[to.0 as usize]];
            receiver.counts.add(Event::PacketIn, 1);
            let by_side = [
                (Event::HopEast, hops.east),
                (Event::HopWest, hops.west),
                (Event::HopNorth, hops.north),
                (Event::HopSouth, hops.south),
            ];
            by_side.into_iter().for_each(|(event, n)| receiver.counts.add(event, u64::from(n)));
            let in_ps = receiver.times.in_ps;
            let mut synapses_ps = 0;
            for (class, n) in reads.iter().map(|(class, n)| (*class, u64::from(*n))) {
                classes[class].counts.add(Event::SynapseReadDense, n);
                classes[class].counts.add(Event::DendriteOperation, n);
                synapses_ps += n * classes[class].times;
                row.synaptic_reads += n;
            }
            cores[from.0 as usize].sending_ps += out.out_ps;
            cores[to.0 as usize].receiving_ps += in_ps;
            cores[to.0 as usize].synapses_ps += synapses_ps;
            packets.push(Packet {
                from,
                to,
                generation_ps: std::mem::take(since_packet) + out.out_ps,
                flight_ps: out.hops.flight(mesh, from, to),
                processing_ps: in_ps + synapses_ps,
            });
            row.packets += 1;
            row.hops += u64::from(hops.total());
        }
    }
}

const NETWORK: [Event; 6] =
    [Event::PacketOut, Event::PacketIn, Event::HopEast, Event::HopWest, Event::HopNorth, Event::HopSouth];

impl Chip {
    /// Energy of all steps so far.
    ///
    /// # Errors
    ///
    /// [`SanafeError::Refused`] if the architecture has a price that no event can have; [`Chip::new`] has checked that.
    pub fn energy(&self) -> Result<Energy, SanafeError> {
        self.sums().map_err(SanafeError::Refused)
    }

    fn sums(&self) -> Result<Energy, String> {
        fn sum<T: PartialEq>(classes: &[Class<T>], events: &[Event]) -> Result<f64, String> {
            classes.iter().try_fold(0.0, |sum, class| Ok(sum + class.energy_j(events)?))
        }
        let dendrite = [Event::DendriteOperation];
        Ok(Energy {
            synapse: sum(&self.reads, &[Event::SynapseReadDense])?,
            dendrite: sum(&self.reads, &dendrite)? + sum(&self.dendrites, &dendrite)?,
            soma: sum(&self.somas, &[Event::NeuronAccess, Event::NeuronUpdate, Event::NeuronSpike])?,
            network: sum(&self.ways, &NETWORK)?,
        })
    }
}

#[cfg(test)]
mod tests;

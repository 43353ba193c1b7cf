//! The room on cores while synapses grow and vanish.
//!
//! Placement fits what a network begins with. From then on a synapse that grows must find room within every limit: synapses and
//! synapse memory of its core, fan-in of its neuron, input axons of its core, and, where its source had no synapse on that core,
//! output axons of the source's core and destination cores of the source.

use std::collections::HashMap;

use pumice_models::{Parts, RowFormat};

use crate::drawn::drawn_by_core;
use crate::image::{ChipImage, Source};
use crate::limits::CoreLimits;
use crate::mesh::CoreId;
use crate::placement::{bits_of_synapse, core_uses, cores_of_bank};

/// What growing synapses use of one core.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Used {
    synapses: u64,
    bits: u64,
    axons_in: u64,
    axons_out: u64,
}

/// A projection as far as room is concerned.
#[derive(Clone, Debug)]
struct Form {
    source: Source,
    /// The bank that sends its spikes, if they do not come from outside.
    sender: Option<usize>,
    target: usize,
    dense: bool,
    synapse_bits: u32,
}

/// What cores hold of what they may hold.
#[derive(Clone, Debug)]
pub struct Room {
    limits: CoreLimits,
    used: Vec<Used>,
    /// Core of each neuron, by bank.
    place: Vec<Vec<u32>>,
    /// Neurons of each bank on each core.
    neurons: HashMap<(usize, u32), u64>,
    forms: Vec<Form>,
    /// Synapses onto each neuron, by bank.
    fan_in: Vec<Vec<u64>>,
    /// Synapses of a projection by element of its source and core.
    axons: HashMap<(usize, u32, u32), u64>,
    /// Synapses of all projections by source, element and core.
    reached: HashMap<(Source, u32, u32), u64>,
    /// Cores that a neuron's packets reach, those of each train by themselves.
    destinations: HashMap<(usize, u32), u64>,
}

impl Room {
    /// What a placed network leaves when it begins.
    pub fn new(image: &ChipImage) -> Self {
        let place: Vec<Vec<u32>> = (0..image.banks.len()).map(|b| cores_of_bank(image, b)).collect();
        let used = core_uses(image).into_iter().map(|own| Used {
            synapses: own.synapses,
            bits: own.synapse_bits,
            axons_in: own.axons_in,
            axons_out: own.axons_out,
        });
        let forms = image.projections.iter().map(|p| Form {
            source: p.source,
            sender: image.sender(p.source),
            target: p.target,
            dense: p.rows.format == RowFormat::Dense,
            synapse_bits: bits_of_synapse(&image.limits, &p.rows),
        });
        let mut room = Room {
            limits: image.limits.clone(),
            used: used.collect(),
            neurons: HashMap::new(),
            forms: forms.collect(),
            fan_in: image.banks.iter().map(|b| vec![0; b.n]).collect(),
            axons: HashMap::new(),
            reached: HashMap::new(),
            destinations: HashMap::new(),
            place,
        };
        for s in &image.segments {
            *room.neurons.entry((s.bank, s.core.0)).or_default() += s.len as u64;
        }
        room.count(image);
        room
    }

    /// Counts the synapses of the image.
    fn count(&mut self, image: &ChipImage) {
        for (k, p) in image.projections.iter().enumerate() {
            for i in 0..p.rows.n_in {
                for target in &p.rows.target[p.rows.start[i]..p.rows.start[i + 1]] {
                    let core = self.place[p.target][*target as usize];
                    self.fan_in[p.target][*target as usize] += 1;
                    *self.axons.entry((k, i as u32, core)).or_default() += 1;
                    *self.reached.entry((p.source, i as u32, core)).or_default() += 1;
                }
            }
        }
        for p in &image.drawn {
            for own in drawn_by_core(image, p) {
                *self.reached.entry((p.source, own.source, own.core)).or_default() += u64::from(own.n);
            }
            let (fan_in, bare) = (&mut self.fan_in[p.target], Parts { weights: false, delays: false });
            p.synapses.each(0..fan_in.len(), bare, |_, target, _, _| fan_in[target as usize] += 1);
        }
        for (source, element, _) in self.reached.keys() {
            if let Some(bank) = image.sender(*source) {
                *self.destinations.entry((bank, *element)).or_default() += 1;
            }
        }
    }

    /// The core of a neuron.
    pub fn core(&self, bank: usize, neuron: u32) -> CoreId {
        CoreId(self.place[bank][neuron as usize])
    }

    /// Takes room for a synapse of projection `k` from an element of its source to a neuron; `false` if a limit forbids it.
    pub fn take(&mut self, k: usize, element: u32, neuron: u32) -> bool {
        let fits = |have: Option<u64>, need: u64| have.is_none_or(|have| need <= have);
        let form = &self.forms[k];
        let core = self.place[form.target][neuron as usize];
        let (limits, used) = (&self.limits, &self.used[core as usize]);
        let held = self.axons.get(&(k, element, core)).copied().unwrap_or(0);
        let more = self.memory(k, core, held + 1) - self.memory(k, core, held);
        let mut room = fits(limits.synapses, used.synapses + 1)
            && fits(limits.syn_mem_bits, used.bits + more)
            && fits(limits.fan_in.map(u64::from), self.fan_in[form.target][neuron as usize] + 1);
        if !self.reached.contains_key(&(form.source, element, core)) {
            room &= fits(limits.axon_in.map(u64::from), used.axons_in + 1);
            if let Some(bank) = form.sender {
                let home = self.place[bank][element as usize] as usize;
                let destinations = self.destinations.get(&(bank, element)).copied().unwrap_or(0);
                room &= fits(limits.axon_out.map(u64::from), self.used[home].axons_out + 1)
                    && fits(limits.destinations_per_neuron.map(u64::from), destinations + 1);
            }
        }
        if room {
            self.add(k, element, neuron);
        }
        room
    }

    /// Memory of `n` synapses of one element of the source of projection `k` on a core `[bit]`.
    fn memory(&self, k: usize, core: u32, n: u64) -> u64 {
        let form = &self.forms[k];
        match (form.dense, n) {
            (_, 0) => 0,
            (true, _) => {
                let row = self.neurons.get(&(form.target, core)).copied().unwrap_or(0);
                self.limits.axon_bits(row, form.synapse_bits)
            }
            (false, n) => self.limits.axon_bits(n, form.synapse_bits),
        }
    }

    /// Adds a synapse, whatever the limits.
    pub fn add(&mut self, k: usize, element: u32, neuron: u32) {
        let (source, target) = (self.forms[k].source, self.forms[k].target);
        let core = self.place[target][neuron as usize];
        let held = self.axons.get(&(k, element, core)).copied().unwrap_or(0);
        self.axons.insert((k, element, core), held + 1);
        self.fan_in[target][neuron as usize] += 1;
        let more = self.memory(k, core, held + 1) - self.memory(k, core, held);
        let used = &mut self.used[core as usize];
        used.synapses += 1;
        used.bits += more;
        let reached = self.reached.entry((source, element, core)).or_default();
        *reached += 1;
        if *reached == 1 {
            used.axons_in += 1;
            if let Some(bank) = self.forms[k].sender {
                self.used[self.place[bank][element as usize] as usize].axons_out += 1;
                *self.destinations.entry((bank, element)).or_default() += 1;
            }
        }
    }

    /// Gives back the room of a synapse.
    pub fn release(&mut self, k: usize, element: u32, neuron: u32) {
        let (source, target) = (self.forms[k].source, self.forms[k].target);
        let core = self.place[target][neuron as usize];
        let held = self.axons.remove(&(k, element, core)).unwrap_or(0);
        let left = held.saturating_sub(1);
        if left > 0 {
            self.axons.insert((k, element, core), left);
        }
        let less = self.memory(k, core, held) - self.memory(k, core, left);
        let fan_in = &mut self.fan_in[target][neuron as usize];
        *fan_in = fan_in.saturating_sub(1);
        let used = &mut self.used[core as usize];
        used.synapses = used.synapses.saturating_sub(1);
        used.bits -= less;
        let reached = self.reached.remove(&(source, element, core)).unwrap_or(0).saturating_sub(1);
        if reached > 0 {
            self.reached.insert((source, element, core), reached);
            return;
        }
        used.axons_in = used.axons_in.saturating_sub(1);
        if let Some(bank) = self.forms[k].sender {
            let home = &mut self.used[self.place[bank][element as usize] as usize];
            home.axons_out = home.axons_out.saturating_sub(1);
            let destinations = self.destinations.entry((bank, element)).or_default();
            *destinations = destinations.saturating_sub(1);
        }
    }
}

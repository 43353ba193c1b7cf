//! Emulated time, step by step.

use pumice_chip::timing::{Costs, Gather, Grid, Network, StepTime, Timing, TimingModel};
use pumice_chip::{ChipImage, CoreLoad, Mesh, Traffic};
use pumice_engine::Observer;
use pumice_meter::{Counts, LatencyTable, MeterError};
use pumice_profile::Profile;

/// Gives every step its length: by a model of time, by the latencies of a chip, not below the chip's tick.
#[derive(Debug)]
pub(crate) struct Clock {
    model: TimingModel,
    timing: Box<dyn Timing>,
    gather: Gather,
    costs: Costs,
    latency: LatencyTable,
    mesh: Mesh,
    barrier_ps: u64,
    tick_ps: u64,
    total_ps: u64,
    steps: Vec<StepTime>,
    counts: Option<Vec<Counts>>,
    fault: Option<MeterError>,
}

impl Clock {
    pub(crate) fn new(chip: &ChipImage, profile: &Profile, model: TimingModel, latency: &LatencyTable) -> Self {
        let costs = Costs::new(latency);
        let cores = chip.cores();
        let link_buffer = profile.topology.link_buffer_packets.unwrap_or(u32::MAX);
        Clock {
            model,
            timing: model.build(Grid::new(&chip.mesh, cores), Network { link_buffer, hops: costs.hops }),
            gather: Gather::new(&chip.mesh, cores, &costs),
            costs,
            latency: latency.clone(),
            mesh: chip.mesh,
            barrier_ps: latency.barrier_ps(chip.tiles(), chip.used_chips()).unwrap_or(0),
            tick_ps: profile.timestep.tick.as_ref().map_or(0, |tick| tick.ps()),
            total_ps: 0,
            steps: Vec::new(),
            counts: None,
            fault: None,
        }
    }

    /// Changes model and latencies; the past is kept.
    pub(crate) fn set(&mut self, chip: &ChipImage, profile: &Profile, model: TimingModel, latency: &LatencyTable) {
        let new = Clock::new(chip, profile, model, latency);
        let old = std::mem::replace(self, new);
        (self.total_ps, self.steps, self.counts) = (old.total_ps, old.steps, old.counts);
    }

    pub(crate) fn reset(&mut self) {
        self.resume(0);
    }

    /// Goes on from a total; the times of the steps before it are not known.
    pub(crate) fn resume(&mut self, total_ps: u64) {
        self.total_ps = total_ps;
        self.steps.clear();
        self.counts.iter_mut().for_each(Vec::clear);
    }

    pub(crate) fn keep_counts(&mut self, keep: bool) {
        self.counts = keep.then(Vec::new);
    }

    pub(crate) fn model(&self) -> TimingModel {
        self.model
    }

    pub(crate) fn latency(&self) -> &LatencyTable {
        &self.latency
    }

    /// Whether anything is known of time: a latency, a barrier or a tick.
    pub(crate) fn knows(&self) -> bool {
        self.tick_ps > 0 || self.latency.sync_by_tiles.is_some() || self.latency.iter().next().is_some()
    }

    pub(crate) fn total_ps(&self) -> u64 {
        self.total_ps
    }

    pub(crate) fn steps(&self) -> &[StepTime] {
        &self.steps
    }

    pub(crate) fn counts(&self) -> &[Counts] {
        self.counts.as_deref().unwrap_or_default()
    }

    pub(crate) fn fault(&mut self) -> Option<MeterError> {
        self.fault.take()
    }
}

impl Observer for Clock {
    fn now_ps(&self) -> u64 {
        self.total_ps
    }

    fn step(&mut self, _step: u64, loads: &[CoreLoad]) {
        if let Err(fault) = self.gather.cores(loads, &self.latency) {
            self.fault = Some(fault);
        }
    }

    fn step_with_packets(&mut self, step: u64, loads: &[CoreLoad], packets: &Traffic<'_>) {
        self.step(step, loads);
        if self.timing.wants_packets() {
            self.gather.packets(&self.mesh, &self.costs, loads, packets);
        }
        let time = self.timing.step(&self.gather.work(self.barrier_ps)).paced(self.tick_ps);
        self.total_ps += time.total_ps;
        self.steps.push(time);
        if let Some(counts) = &mut self.counts {
            counts.push(loads.iter().sum());
        }
    }
}

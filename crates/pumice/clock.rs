//! Emulated time, step by step.

use pumice_chip::timing::{Costs, Gather, Grid, Network, StepTime, Timing, TimingModel};
use pumice_chip::{ChipImage, CoreLoad, Mesh, Traffic};
use pumice_engine::Observer;
use pumice_meter::{Counts, LatencyTable};
use pumice_profile::Profile;

use crate::Error;
use crate::ahead::Ahead;

/// Gives every step its length: by a model of time, by the latencies of a chip, not below the chip's tick.
///
/// With more than one worker, `flit` runs on as many threads beside the network ([`Ahead`]); the lengths of all steps are known
/// after [`Clock::finish`]. The other models take less time than they would gain (`docs/PERFORMANCE.md`).
#[derive(Debug)]
pub(crate) struct Clock {
    model: TimingModel,
    timing: Box<dyn Timing>,
    grid: Grid,
    network: Network,
    workers: usize,
    ahead: Option<Ahead>,
    /// Without a step, and those whose steps have their length.
    empty: Gather,
    spare: Vec<Gather>,
    costs: Costs,
    latency: LatencyTable,
    mesh: Mesh,
    barrier_ps: u64,
    tick_ps: u64,
    total_ps: u64,
    steps: Vec<StepTime>,
    counts: Option<Vec<Counts>>,
    fault: Option<Error>,
}

impl Clock {
    pub(crate) fn new(
        chip: &ChipImage,
        profile: &Profile,
        (model, workers): (TimingModel, usize),
        latency: &LatencyTable,
    ) -> Self {
        let costs = Costs::new(latency);
        let cores = chip.cores();
        let link_buffer = profile.topology.link_buffer_packets.unwrap_or(u32::MAX);
        let (grid, network) = (Grid::new(&chip.mesh, cores), Network { link_buffer, hops: costs.hops });
        Clock {
            model,
            timing: model.build(grid.clone(), network),
            grid,
            network,
            workers,
            ahead: None,
            empty: Gather::new(&chip.mesh, cores, &costs),
            spare: Vec::new(),
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
        let new = Clock::new(chip, profile, (model, self.workers), latency);
        let old = std::mem::replace(self, new);
        (self.total_ps, self.steps, self.counts) = (old.total_ps, old.steps, old.counts);
    }

    /// Starts the threads of the model, if it is to have some.
    pub(crate) fn begin(&mut self) {
        if self.ahead.is_none() && self.workers > 1 && self.model == TimingModel::Flit {
            let models = (0..self.workers).map(|_| self.model.build(self.grid.clone(), self.network));
            self.ahead = Some(Ahead::new(models, self.barrier_ps));
        }
    }

    /// Waits for the lengths of all steps.
    pub(crate) fn finish(&mut self) {
        while let Some(ahead) = &mut self.ahead {
            let step = ahead.take();
            if !self.keep(step) {
                return;
            }
        }
    }

    /// Keeps the length of a step, if it is one, and its buffers; returns whether it was.
    fn keep(&mut self, step: Result<Option<(Gather, StepTime)>, Error>) -> bool {
        match step {
            Ok(Some((gather, time))) => {
                let time = time.paced(self.tick_ps);
                self.total_ps += time.total_ps;
                self.steps.push(time);
                self.spare.push(gather);
                true
            }
            Ok(None) => false,
            Err(fault) => {
                (self.fault, self.ahead) = (Some(fault), None);
                false
            }
        }
    }

    /// Finds the length of a step here, or has it found.
    fn see(&mut self, loads: &[CoreLoad], packets: Option<&Traffic<'_>>) {
        let mut gather = self.spare.pop().unwrap_or_else(|| self.empty.clone());
        if let Err(fault) = gather.cores(loads, &self.latency) {
            self.fault = Some(fault.into());
        }
        if let Some(packets) = packets {
            gather.packets(&self.mesh, &self.costs, loads, packets);
        }
        let done = match &mut self.ahead {
            Some(ahead) => ahead.give(gather),
            None => {
                let time = self.timing.step(&gather.work(self.barrier_ps));
                Ok(Some((gather, time)))
            }
        };
        self.keep(done);
        if let Some(counts) = &mut self.counts {
            counts.push(loads.iter().sum());
        }
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

    pub(crate) fn fault(&mut self) -> Option<Error> {
        self.fault.take()
    }
}

impl Observer for Clock {
    fn now_ps(&mut self) -> u64 {
        self.finish();
        self.total_ps
    }

    fn step(&mut self, _step: u64, loads: &[CoreLoad]) {
        self.see(loads, None);
    }

    fn step_with_packets(&mut self, _step: u64, loads: &[CoreLoad], packets: &Traffic<'_>) {
        self.see(loads, Some(packets).filter(|_| self.timing.wants_packets()));
    }
}

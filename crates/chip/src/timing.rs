//! How long a step takes: a ladder of models, from a bound to a mesh with buffers.
//!
//! ```text
//! bound   max( busiest unit of any core, heaviest link ) + barrier            names the resource that binds
//! simple  max over cores of max( Σ generation, Σ processing ) + barrier       SANA-FE 2.2 `simple`
//! queue   packets in the order of their sending, congestion by density        SANA-FE 2.2 `detailed`, in a total order
//! flit    packets through a mesh of links and buffers, one at a time          for any size of mesh
//! ```
//!
//! All are integer picoseconds and depend only on the work of the step, never on the number of workers. Work is
//! given in time, not in events ([`Costs`] turns one into the other), so models know no price table.
//! A step may also be held to a tick ([`StepTime::paced`]).
//!
//! To add a model: one file in `timing/` with a [`Timing`], and one line in [`TimingModel`]'s table.

mod bound;
mod flit;
mod grid;
mod order;
mod queue;
mod simple;
mod sky;
mod ways;
mod work;

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use thiserror::Error;

pub use bound::Bound;
pub use flit::Flit;
pub use grid::{Grid, Link, Side};
pub use queue::Queue;
pub use simple::Simple;
pub use work::{CoreWork, Costs, Gather, HopTimes, Packet, Work};

/// A model of the time of a step.
pub trait Timing: fmt::Debug + Send {
    /// Whether it looks at single packets.
    fn wants_packets(&self) -> bool;

    /// The length of a step with this work, its barrier included.
    fn step(&mut self, work: &Work<'_>) -> StepTime;
}

/// What a model must know of the network besides the work of each step.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Network {
    /// Packets that a link can hold, at least 1.
    pub link_buffer: u32,
    /// Time per link `[ps]`.
    pub hops: HopTimes,
}

macro_rules! timing_models {
    ($($(#[$doc:meta])* $variant:ident => $name:literal;)*) => {
        /// The models of time, by name.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
        #[serde(rename_all = "snake_case")]
        pub enum TimingModel {
            $($(#[$doc])* $variant,)*
        }

        impl TimingModel {
            /// Every model, the coarsest first.
            pub const ALL: &[TimingModel] = &[$(TimingModel::$variant),*];

            /// The name on command lines and in results.
            pub const fn name(self) -> &'static str {
                match self { $(TimingModel::$variant => $name,)* }
            }

            /// A model for the links of `grid`.
            pub fn build(self, grid: Grid, network: Network) -> Box<dyn Timing> {
                match self { $(TimingModel::$variant => Box::new($variant::new(grid, network)),)* }
            }
        }
    };
}

timing_models! {
    /// A lower bound that names the busiest resource.
    Bound => "bound";
    /// The slowest core and the barrier.
    Simple => "simple";
    /// Packets in the order of their sending, with congestion.
    Queue => "queue";
    /// Packets through links and buffers.
    Flit => "flit";
}

/// There is no timing model of that name.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[error("there is no timing model `{name}`, allowed is bound, simple, queue or flit")]
pub struct UnknownModel {
    /// The name asked for.
    pub name: String,
}

impl FromStr for TimingModel {
    type Err = UnknownModel;

    fn from_str(name: &str) -> Result<Self, UnknownModel> {
        let found = TimingModel::ALL.iter().find(|model| model.name() == name);
        found.copied().ok_or_else(|| UnknownModel { name: name.to_owned() })
    }
}

impl fmt::Display for TimingModel {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// What set the length of a step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Resource {
    /// Nothing was done.
    #[default]
    Nothing,
    /// A core's updates of neurons.
    Neurons,
    /// A core's sending of packets.
    Sending,
    /// A core's updates and sending together.
    Generation,
    /// A core's taking in of packets.
    Receiving,
    /// A core's synapses.
    Synapses,
    /// A core's synaptic memory.
    Memory,
    /// A core's taking in, synapses and memory together.
    Processing,
    /// Links between tiles.
    Network,
    /// The barrier.
    Barrier,
    /// The tick of the chip: everything was done earlier.
    Tick,
}

impl Resource {
    /// All resources, in the order of files.
    pub const ALL: [Resource; 11] = [
        Resource::Nothing,
        Resource::Neurons,
        Resource::Sending,
        Resource::Generation,
        Resource::Receiving,
        Resource::Synapses,
        Resource::Memory,
        Resource::Processing,
        Resource::Network,
        Resource::Barrier,
        Resource::Tick,
    ];

    /// The name in results.
    pub const fn name(self) -> &'static str {
        match self {
            Resource::Nothing => "nothing",
            Resource::Neurons => "neurons",
            Resource::Sending => "sending",
            Resource::Generation => "generation",
            Resource::Receiving => "receiving",
            Resource::Synapses => "synapses",
            Resource::Memory => "memory",
            Resource::Processing => "processing",
            Resource::Network => "network",
            Resource::Barrier => "barrier",
            Resource::Tick => "tick",
        }
    }
}

impl fmt::Display for Resource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

/// The length of one step, and what set it.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct StepTime {
    /// Length of the step, its barrier and waiting for the tick included `[ps]`.
    pub total_ps: u64,
    /// Time until the last core was done `[ps]`.
    pub work_ps: u64,
    /// Time of the barrier `[ps]`.
    pub barrier_ps: u64,
    /// What set the length.
    pub resource: Resource,
    /// The slowest core, or the one that the slowest waited for; `None` if no core did anything.
    pub core: Option<u32>,
    /// The link that took most, if the network set the length.
    pub link: Option<Link>,
    /// The slowest of the other cores.
    pub next_core: Option<u32>,
    /// When that one was done `[ps]`.
    pub next_ps: u64,
}

impl StepTime {
    /// Adds the barrier; it binds if it takes longer than the work.
    pub(crate) fn with_barrier(mut self, barrier_ps: u64) -> Self {
        self.barrier_ps = barrier_ps;
        self.total_ps = self.work_ps + barrier_ps;
        if barrier_ps > self.work_ps {
            self.resource = Resource::Barrier;
        }
        self
    }

    /// Holds the step to a tick: it lasts at least that long `[ps]`.
    #[must_use]
    pub fn paced(mut self, tick_ps: u64) -> Self {
        if tick_ps > self.total_ps {
            self.total_ps = tick_ps;
            self.resource = Resource::Tick;
        }
        self
    }

    /// What the step would gain if the slowest core took no time: the distance to the next `[ps]`.
    pub const fn slack_ps(&self) -> u64 {
        self.work_ps.saturating_sub(self.next_ps)
    }
}

/// When each core was done, and the two slowest of them. Of equals the lowest number comes first.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Slowest {
    first: Option<(u64, u32)>,
    second: Option<(u64, u32)>,
}

impl Slowest {
    pub(crate) fn of(ends: impl Iterator<Item = u64>) -> Self {
        let mut own = Slowest::default();
        for (core, end) in ends.enumerate().filter(|(_, end)| *end > 0) {
            let new = Some((end, core as u32));
            if own.first.is_none_or(|(first, _)| end > first) {
                own.second = own.first;
                own.first = new;
            } else if own.second.is_none_or(|(second, _)| end > second) {
                own.second = new;
            }
        }
        own
    }

    pub(crate) fn core(self) -> Option<u32> {
        self.first.map(|(_, core)| core)
    }

    pub(crate) fn time(self) -> StepTime {
        let (work_ps, core) = self.first.map_or((0, None), |(ps, core)| (ps, Some(core)));
        let (next_ps, next_core) = self.second.map_or((0, None), |(ps, core)| (ps, Some(core)));
        StepTime { work_ps, core, next_ps, next_core, ..StepTime::default() }
    }
}

/// How the end of a core's processing came about: when it began to work without a pause, and why not earlier.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Busy {
    /// Since when it is busy `[ps]`.
    pub(crate) since_ps: u64,
    /// When the packet that it waited for would have been sent if its sender had never waited for room `[ps]`.
    pub(crate) sent_ps: u64,
    /// Who sent it.
    pub(crate) from: u32,
    /// The fullest link of its way.
    pub(crate) link: Option<Link>,
}

impl Busy {
    /// Names the largest of the three parts of an end at `end_ps`: sending, network, processing.
    pub(crate) fn name(&self, end_ps: u64, time: &mut StepTime) {
        let network = self.since_ps - self.sent_ps;
        let processing = end_ps - self.since_ps;
        if processing >= network && processing >= self.sent_ps {
            time.resource = Resource::Processing;
        } else if network >= self.sent_ps {
            time.resource = Resource::Network;
            time.link = self.link;
        } else {
            time.resource = Resource::Generation;
            time.core = Some(self.from);
        }
    }
}

#[cfg(test)]
mod tests;

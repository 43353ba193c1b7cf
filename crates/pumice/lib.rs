//! A neuromorphic chip on your desk.
//!
//! Describe a spiking network as processes with typed ports, pick a chip, run it, and read spikes, state, events,
//! energy and time. Everything a program needs is imported from here.
//!
//! ```
//! use pumice::prelude::*;
//!
//! // A source that fires in every second step drives one neuron through one synapse.
//! let mut graph = Graph::new();
//! let source = graph.add("source", RingBuffer::spikes(&[1], vec![vec![1.0], vec![0.0]]))?;
//! let synapse = graph.add("synapse", Dense::new(vec![vec![40.0]]))?;
//! let neuron = graph.add("neuron", Lif { du: 4095.into(), vth: 100.into(), ..Lif::new(&[1]) })?;
//! graph.connect(source.out, synapse.s_in)?;
//! graph.connect(synapse.a_out, neuron.a_in)?;
//! let spikes = graph.probe_port(neuron.s_out, Record::Events)?;
//!
//! let mut simulation = Simulation::new(graph, &Profile::load("loihi1")?, &RunConfig::default())?;
//! simulation.run(RunSteps(20))?;
//! // 3 synaptic events of 40 make 120 > 100; the first arrives one step after the spike that caused it.
//! assert_eq!(simulation.recording(spikes).events(), [(6, 0), (12, 0), (18, 0)]);
//! assert_eq!(simulation.get(neuron.v)?, [40 << 6]);
//! println!("{:.3} nJ", simulation.bill()?.dynamic_j * 1e9);
//! # Ok::<(), pumice::Error>(())
//! ```

mod ahead;
mod classify;
mod clock;
mod error;
mod explain;
mod image_file;
mod memory;
mod parallel;
mod quantise;
mod running;
mod simulation;
mod snapshot;
mod trial;

pub use classify::{Classification, Sample, Task, classify};
pub use error::Error;
pub use explain::{EnergyPart, StepExplanation};
pub use memory::Memory;
pub use parallel::in_parallel;
pub use pumice_chip as chip;
pub use pumice_compile as compile;
pub use pumice_device as device;
pub use pumice_engine as engine;
pub use pumice_file as file;
pub use pumice_meter as meter;
pub use pumice_meter::Component;
pub use pumice_models as models;
pub use pumice_nir as nir;
pub use pumice_num as num;
pub use pumice_process as process;
pub use pumice_profile as profile;
pub use pumice_report as report;
pub use quantise::{Quantisation, QuantisedConnection, QuantisedPopulation, quantise};
pub use running::Running;
pub use simulation::{Making, Number, RunSteps, Simulation};
pub use snapshot::{KeptCells, Snapshot};
pub use trial::{Workload, find_places};

/// The names that most programs need.
pub mod prelude {
    pub use crate::models::connection::{dense::Dense, sparse::Sparse};
    pub use crate::models::neuron::lif::Lif;
    pub use crate::models::source::{poisson::Poisson, rate_code::RateCode, ring_buffer::RingBuffer, sink::Sink};
    pub use crate::models::{Arithmetic, Decay, PerNeuron};
    pub use crate::process::{
        Activation, Backend, Composite, Graded, Graph, HostContext, HostError, HostProcess, HostSpec, InPort, Of,
        OutPort, Record, Reduce, RunConfig, Spike, Var,
    };
    pub use crate::profile::Profile;
    pub use crate::{Error, RunSteps, Simulation};
}

/// The examples of the README, compiled and run by `cargo test`.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;

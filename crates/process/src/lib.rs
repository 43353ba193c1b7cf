//! What the user writes: a graph of processes with typed ports, in the shape of Intel's Lava.
//!
//! A [`Graph`] is intent. It knows which processes there are, how their ports are connected, what is to
//! be recorded, and nothing about chips or running. Ports are `Copy` handles; connecting ports that carry
//! different kinds of message does not compile:
//!
//! ```compile_fail
//! use pumice_process::{Graph, models::{neuron::lif::Lif, connection::dense::Dense}};
//! let mut graph = Graph::new();
//! let a = graph.add("a", Lif::new(&[1])).unwrap();
//! let b = graph.add("b", Lif::new(&[1])).unwrap();
//! graph.connect(a.s_out, b.a_in).unwrap(); // spikes into activations: a connection is missing
//! ```

mod backend;
mod error;
mod graph;
mod handle;
pub mod host;
pub mod networks;
pub mod pipe;
mod port;
mod probe;
mod reference;
mod view;

pub use backend::{Backend, CoreKind, Pin, Place, Rates, RunConfig};
pub use error::GraphError;
pub use graph::{Body, Composite, Graph, Node, Wire};
pub use handle::*;
pub use host::{HostContext, HostError, HostProcess, HostSpec};
pub use port::{Activation, Direction, Graded, InPort, Message, OutPort, Port, PortId, ProcessId, Reduce, Spike, Var};
pub use probe::{Probe, ProbeId, ProbeTarget, Record};
pub use pumice_models as models;
pub use reference::{Acts, BitCheckHandle, ReadHandle, RefPort, RemoteProcess, Shared, StateDataloaderHandle};

//! Typed handles: what adding a process to a graph returns.

use std::marker::PhantomData;

use pumice_models::Model;
use pumice_models::connection::{dense::Dense, sparse::Sparse};
use pumice_models::neuron::lif::Lif;
use pumice_models::source::{poisson::Poisson, rate_code::RateCode, ring_buffer::RingBuffer, sink::Sink};

use crate::error::GraphError;
use crate::graph::Graph;
use crate::port::{Activation, Direction, InPort, Message, OutPort, ProcessId, Spike, Var};

/// A process that was just added, from which its handle is made.
#[derive(Debug)]
pub struct Added<'a> {
    pub(crate) graph: &'a Graph,
    pub(crate) process: ProcessId,
}

impl Added<'_> {
    /// The number of the process.
    pub fn id(&self) -> ProcessId {
        self.process
    }

    /// One of its in-ports, with its kind checked.
    ///
    /// # Errors
    /// If there is none of that name and kind.
    pub fn in_port<T: Message>(&self, name: &str) -> Result<InPort<T>, GraphError> {
        self.graph.in_port(self.process, name)
    }

    /// One of its out-ports, with its kind checked.
    ///
    /// # Errors
    /// If there is none of that name and kind.
    pub fn out_port<T: Message>(&self, name: &str) -> Result<OutPort<T>, GraphError> {
        self.graph.out_port(self.process, name)
    }

    /// One of its variables.
    ///
    /// # Errors
    /// If there is none of that name.
    pub fn var<T>(&self, name: &str) -> Result<Var<T>, GraphError> {
        self.graph.var(self.process, name)
    }

    fn only(&self, direction: Direction) -> String {
        self.graph.ports_of(self.process, direction)[0].0.to_owned()
    }
}

/// Parameters that can be added to a graph, and the handle that they give.
pub trait Process {
    /// Ports and variables of the process.
    type Handle;

    /// The untyped parameters.
    fn into_model(self) -> Model;

    /// Makes the handle of a process that was just added.
    ///
    /// # Errors
    /// If a port does not carry the kind of message that the handle promises.
    fn handle(added: &Added<'_>) -> Result<Self::Handle, GraphError>;
}

/// Parameters whose ports carry messages of kind `T` where they could carry others.
///
/// `Of::<Graded, _>::new(dense)` takes graded spikes; `Of::<Activation, _>::new(ring_buffer)` sends sums.
#[derive(Debug)]
pub struct Of<T, P> {
    parameters: P,
    kind: PhantomData<T>,
}

impl<T: Message> Of<T, RingBuffer> {
    /// A ring buffer that sends messages of kind `T`.
    pub fn source(shape: &[usize], data: Vec<Vec<f64>>) -> Self {
        Self::new(RingBuffer { shape: shape.to_vec(), data, kind: T::KIND })
    }
}

impl<T: Message> Of<T, Sink> {
    /// A sink that keeps the last `buffer` messages of kind `T`.
    pub fn sink(shape: &[usize], buffer: usize) -> Self {
        Self::new(Sink { shape: shape.to_vec(), buffer, kind: T::KIND })
    }
}

impl<T: Message, P> Of<T, P> {
    /// The parameters, with their messages declared to be of kind `T`.
    pub fn new(parameters: P) -> Self {
        Of { parameters, kind: PhantomData }
    }
}

/// Ports and variables of a LIF-like population.
#[derive(Clone, Copy, Debug)]
pub struct LifHandle {
    /// The process.
    pub id: ProcessId,
    /// Weighted sums in.
    pub a_in: InPort<Activation>,
    /// Spikes out.
    pub s_out: OutPort<Spike>,
    /// Current.
    pub u: Var<i32>,
    /// Voltage.
    pub v: Var<i32>,
    /// Threshold mantissa.
    pub vth: Var<i32>,
    /// Bias.
    pub bias: Var<i32>,
}

impl Process for Lif {
    type Handle = LifHandle;

    fn into_model(self) -> Model {
        self.into()
    }

    fn handle(added: &Added<'_>) -> Result<LifHandle, GraphError> {
        Ok(LifHandle {
            id: added.id(),
            a_in: added.in_port("a_in")?,
            s_out: added.out_port("s_out")?,
            u: added.var("u")?,
            v: added.var("v")?,
            vth: added.var("vth")?,
            bias: added.var("bias")?,
        })
    }
}

/// Ports and variables of a connection that takes messages of kind `T`.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionHandle<T> {
    /// The process.
    pub id: ProcessId,
    /// Spikes in.
    pub s_in: InPort<T>,
    /// Weighted sums out, one step later.
    pub a_out: OutPort<Activation>,
    /// Weights as they act.
    pub weights: Var<i32>,
}

fn connection<T: Message>(added: &Added<'_>) -> Result<ConnectionHandle<T>, GraphError> {
    Ok(ConnectionHandle {
        id: added.id(),
        s_in: added.in_port("s_in")?,
        a_out: added.out_port("a_out")?,
        weights: added.var("weights")?,
    })
}

/// A source of messages of kind `T`.
#[derive(Clone, Copy, Debug)]
pub struct SourceHandle<T> {
    /// The process.
    pub id: ProcessId,
    /// Messages out.
    pub out: OutPort<T>,
}

fn source<T: Message>(added: &Added<'_>) -> Result<SourceHandle<T>, GraphError> {
    Ok(SourceHandle { id: added.id(), out: added.out_port(&added.only(Direction::Out))? })
}

/// A sink of messages of kind `T`.
#[derive(Clone, Copy, Debug)]
pub struct SinkHandle<T> {
    /// The process.
    pub id: ProcessId,
    /// Messages in.
    pub a_in: InPort<T>,
    /// What was kept, `(buffer, n)`.
    pub data: Var<i32>,
}

fn sink<T: Message>(added: &Added<'_>) -> Result<SinkHandle<T>, GraphError> {
    Ok(SinkHandle { id: added.id(), a_in: added.in_port("a_in")?, data: added.var("data")? })
}

/// A rate-coding source.
#[derive(Clone, Copy, Debug)]
pub struct RateHandle {
    /// The process.
    pub id: ProcessId,
    /// Spikes out.
    pub s_out: OutPort<Spike>,
    /// The numbers that are coded.
    pub value: Var<i32>,
}

impl Process for RateCode {
    type Handle = RateHandle;

    fn into_model(self) -> Model {
        self.into()
    }

    fn handle(added: &Added<'_>) -> Result<RateHandle, GraphError> {
        Ok(RateHandle { id: added.id(), s_out: added.out_port("s_out")?, value: added.var("value")? })
    }
}

macro_rules! handles {
    ($($parameters:ty => $make:ident -> $handle:ident),+ $(,)?) => {
        $(impl Process for $parameters {
            type Handle = $handle<Spike>;

            fn into_model(self) -> Model {
                self.into()
            }

            fn handle(added: &Added<'_>) -> Result<Self::Handle, GraphError> {
                $make(added)
            }
        })+
    };
}

macro_rules! handles_of_any_kind {
    ($($parameters:ty => $make:ident -> $handle:ident),+ $(,)?) => {
        $(impl<T: Message> Process for Of<T, $parameters> {
            type Handle = $handle<T>;

            fn into_model(self) -> Model {
                self.parameters.into()
            }

            fn handle(added: &Added<'_>) -> Result<Self::Handle, GraphError> {
                $make(added)
            }
        })+
    };
}

// To give a process a typed handle: one line here, in the second table too if its messages vary in kind.
handles! {
    Dense => connection -> ConnectionHandle,
    Sparse => connection -> ConnectionHandle,
    RingBuffer => source -> SourceHandle,
    Poisson => source -> SourceHandle,
    Sink => sink -> SinkHandle,
}

handles_of_any_kind! {
    Dense => connection -> ConnectionHandle,
    Sparse => connection -> ConnectionHandle,
    RingBuffer => source -> SourceHandle,
    Sink => sink -> SinkHandle,
}

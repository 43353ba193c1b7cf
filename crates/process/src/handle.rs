//! Typed handles: what adding a process to a graph returns.

use std::marker::PhantomData;

use pumice_models::Model;

use pumice_models::source::{ring_buffer::RingBuffer, sink::Sink};

use crate::error::GraphError;
use crate::graph::Graph;
use crate::port::{Direction, InPort, Message, OutPort, ProcessId, Var};

mod library;

pub use library::*;

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
    pub(crate) parameters: P,
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

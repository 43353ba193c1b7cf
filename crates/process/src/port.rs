//! Handles: small `Copy` numbers that name a process, a port or a variable of one graph.

use std::marker::PhantomData;

use pumice_models::Kind;

/// A process of a graph, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProcessId(pub(crate) u32);

impl ProcessId {
    /// The number; processes are counted from 0 in the order of their addition.
    pub const fn number(self) -> u32 {
        self.0
    }
}

/// A port of a graph, real or virtual, by its number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct PortId(pub(crate) u32);

/// What flows through a port, as a type.
pub trait Message: Copy + std::fmt::Debug + 'static {
    /// The same as a value.
    const KIND: Kind;
}

/// Spikes without a payload.
#[derive(Clone, Copy, Debug)]
pub struct Spike;

/// Spikes with a signed payload of up to 24 bits.
#[derive(Clone, Copy, Debug)]
pub struct Graded;

/// Sums of weighted spikes.
#[derive(Clone, Copy, Debug)]
pub struct Activation;

impl Message for Spike {
    const KIND: Kind = Kind::Spike;
}

impl Message for Graded {
    const KIND: Kind = Kind::Graded;
}

impl Message for Activation {
    const KIND: Kind = Kind::Activation;
}

/// Which way a port faces.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Direction {
    /// Messages arrive.
    In,
    /// Messages leave.
    Out,
}

/// How an in-port joins what arrives from several out-ports in one step.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Reduce {
    /// Element-wise sum (Lava's only one that works).
    #[default]
    Sum,
    /// Element-wise largest.
    Max,
    /// Element-wise smallest.
    Min,
}

/// Where messages of kind `T` leave a process.
#[derive(Debug)]
pub struct OutPort<T> {
    pub(crate) id: PortId,
    kind: PhantomData<T>,
}

/// Where messages of kind `T` arrive at a process.
#[derive(Debug)]
pub struct InPort<T> {
    pub(crate) id: PortId,
    kind: PhantomData<T>,
}

/// A variable of a process, read as `T`: `i32` for registers, `f64` for the float backend or any other.
#[derive(Debug)]
pub struct Var<T> {
    pub(crate) process: ProcessId,
    pub(crate) index: usize,
    number: PhantomData<T>,
}

macro_rules! copy {
    ($($name:ident),+) => {
        $(impl<T> Clone for $name<T> {
            fn clone(&self) -> Self {
                *self
            }
        }
        impl<T> Copy for $name<T> {})+
    };
}

copy!(OutPort, InPort, Var);

/// Either kind of port handle.
pub trait Port: Copy {
    /// Which way it faces.
    const DIRECTION: Direction;
    /// The untyped handle.
    fn id(self) -> PortId;
    /// The handle of this type for `id`.
    #[doc(hidden)]
    fn with(id: PortId) -> Self;
}

impl<T> Port for OutPort<T> {
    const DIRECTION: Direction = Direction::Out;
    fn id(self) -> PortId {
        self.id
    }
    fn with(id: PortId) -> Self {
        OutPort { id, kind: PhantomData }
    }
}

impl<T> Port for InPort<T> {
    const DIRECTION: Direction = Direction::In;
    fn id(self) -> PortId {
        self.id
    }
    fn with(id: PortId) -> Self {
        InPort { id, kind: PhantomData }
    }
}

impl<T> Var<T> {
    pub(crate) const fn with(process: ProcessId, index: usize) -> Self {
        Var { process, index, number: PhantomData }
    }

    /// The process it belongs to.
    pub const fn process(self) -> ProcessId {
        self.process
    }

    /// Its number in the process.
    pub const fn index(self) -> usize {
        self.index
    }

    /// The same variable, read as real numbers; this works on every backend.
    pub const fn real(self) -> Var<f64> {
        Var::with(self.process, self.index)
    }
}

//! Injector and Extractor: messages between a running network and any other Rust code, over a channel.
//!
//! An injector takes one message per step from its channel and sends it by `out_port`; an extractor puts what arrives at
//! `in_port` into its channel in every step. What happens at a full or empty channel is Lava's `ChannelConfig`:
//!
//! | policy | at | choices |
//! |---|---|---|
//! | [`SendFull`] | a full channel | wait, or drop the message |
//! | [`ReceiveEmpty`] | an empty channel | wait, or take zeros |
//! | [`ReceiveNotEmpty`] | messages in the channel | take the first, or the sum of all |
//!
//! A wait has an end: after `patience` both sides get an error that names the port.
//! A reset of the network leaves messages in a channel where they are.
//!
//! Source: Lava 0.10 `lava/proc/io/{injector,extractor,utils}.py`.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crossbeam_channel::{Receiver, RecvTimeoutError, SendTimeoutError, Sender, TryRecvError, TrySendError, bounded};
use pumice_models::length;
use thiserror::Error;

use crate::error::GraphError;
use crate::graph::Graph;
use crate::host::{HostContext, HostError, HostProcess, HostSpec};
use crate::port::{InPort, Message, OutPort, ProcessId};

/// What a sender does with a full channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum SendFull {
    /// Waits until there is room.
    #[default]
    Blocking,
    /// Drops the message; drops are counted.
    NonBlockingDrop,
}

/// What a receiver does with an empty channel.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReceiveEmpty {
    /// Waits for a message.
    #[default]
    Blocking,
    /// Takes zeros.
    NonBlockingZeros,
}

/// What a receiver takes from a channel with messages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ReceiveNotEmpty {
    /// The oldest message.
    #[default]
    Fifo,
    /// The element-wise sum of all messages.
    Accumulate,
}

/// Lava's `ChannelConfig`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ChannelConfig {
    /// At a full channel.
    pub send_full: SendFull,
    /// At an empty channel.
    pub receive_empty: ReceiveEmpty,
    /// At a channel with messages.
    pub receive_not_empty: ReceiveNotEmpty,
}

/// Why a message cannot be sent or received.
#[derive(Clone, Debug, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PipeError {
    /// The channel stayed full.
    #[error("the channel of `{port}` holds {buffer_size} messages and stayed full for {patience:?}; nobody receives")]
    Full {
        /// Port of the injector or extractor.
        port: String,
        /// Messages it holds.
        buffer_size: usize,
        /// How long was waited.
        patience: Duration,
    },
    /// The channel stayed empty.
    #[error("the channel of `{port}` stayed empty for {patience:?}; nobody sends")]
    Empty {
        /// Port of the injector or extractor.
        port: String,
        /// How long was waited.
        patience: Duration,
    },
    /// The other end is gone.
    #[error("the other end of the channel of `{port}` is gone")]
    Gone {
        /// Port of the injector or extractor.
        port: String,
    },
    /// A message has the wrong length.
    #[error("`{port}` takes messages of {wanted} elements, but {given} were given")]
    Length {
        /// Port of the injector.
        port: String,
        /// Elements of a message.
        wanted: usize,
        /// Elements given.
        given: usize,
    },
}

/// What both ends of a channel know.
#[derive(Clone, Debug)]
struct End {
    port: String,
    n: usize,
    buffer_size: usize,
    config: ChannelConfig,
    patience: Duration,
    dropped: Arc<AtomicU64>,
}

/// The end of a channel that messages are sent by.
#[derive(Clone, Debug)]
pub struct PipeSender {
    channel: Sender<Vec<f64>>,
    end: End,
}

impl PipeSender {
    /// Sends a message, in C order; returns whether it went into the channel or was dropped.
    ///
    /// # Errors
    /// If the length is wrong, the channel stayed full, or nobody can receive any more.
    pub fn send(&self, values: &[f64]) -> Result<bool, PipeError> {
        let End { port, n, buffer_size, config, patience, dropped } = &self.end;
        if values.len() != *n {
            return Err(PipeError::Length { port: port.clone(), wanted: *n, given: values.len() });
        }
        let gone = || PipeError::Gone { port: port.clone() };
        match config.send_full {
            SendFull::Blocking => match self.channel.send_timeout(values.to_vec(), *patience) {
                Ok(()) => Ok(true),
                Err(SendTimeoutError::Disconnected(_)) => Err(gone()),
                Err(SendTimeoutError::Timeout(_)) => {
                    Err(PipeError::Full { port: port.clone(), buffer_size: *buffer_size, patience: *patience })
                }
            },
            SendFull::NonBlockingDrop => match self.channel.try_send(values.to_vec()) {
                Ok(()) => Ok(true),
                Err(TrySendError::Disconnected(_)) => Err(gone()),
                Err(TrySendError::Full(_)) => {
                    dropped.fetch_add(1, Ordering::Relaxed);
                    Ok(false)
                }
            },
        }
    }

    /// Messages dropped at a full channel so far.
    pub fn dropped(&self) -> u64 {
        self.end.dropped.load(Ordering::Relaxed)
    }
}

/// The end of a channel that messages are received by.
#[derive(Clone, Debug)]
pub struct PipeReceiver {
    channel: Receiver<Vec<f64>>,
    end: End,
}

impl PipeReceiver {
    /// Takes what the channel's policies say, in C order.
    ///
    /// # Errors
    /// If the channel stayed empty, or is empty and nobody can send any more.
    pub fn receive(&self) -> Result<Vec<f64>, PipeError> {
        let End { port, n, config, patience, .. } = &self.end;
        let gone = || PipeError::Gone { port: port.clone() };
        let first = match config.receive_empty {
            ReceiveEmpty::Blocking => self.channel.recv_timeout(*patience).map_err(|fault| match fault {
                RecvTimeoutError::Timeout => PipeError::Empty { port: port.clone(), patience: *patience },
                RecvTimeoutError::Disconnected => gone(),
            })?,
            ReceiveEmpty::NonBlockingZeros => match self.channel.try_recv() {
                Ok(values) => values,
                Err(TryRecvError::Empty | TryRecvError::Disconnected) => return Ok(vec![0.0; *n]),
            },
        };
        match config.receive_not_empty {
            ReceiveNotEmpty::Fifo => Ok(first),
            ReceiveNotEmpty::Accumulate => Ok(self.channel.try_iter().fold(first, |mut sum, more| {
                sum.iter_mut().zip(more).for_each(|(sum, x)| *sum += x);
                sum
            })),
        }
    }

    /// Messages dropped at a full channel so far.
    pub fn dropped(&self) -> u64 {
        self.end.dropped.load(Ordering::Relaxed)
    }
}

/// Lava's `Injector` and `Extractor`: the shape of messages, the channel and its policies.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Pipe {
    /// Shape of a message.
    pub shape: Vec<usize>,
    /// Messages that the channel holds, at least 1; 50 in Lava.
    pub buffer_size: usize,
    /// Policies.
    pub channel_config: ChannelConfig,
    /// The longest wait for the other end; 10 s at first.
    pub patience: Duration,
}

impl Pipe {
    /// Messages of the given shape, 50 of them, with policies that wait.
    pub fn new(shape: &[usize]) -> Self {
        Pipe {
            shape: shape.to_vec(),
            buffer_size: 50,
            channel_config: ChannelConfig::default(),
            patience: Duration::from_secs(10),
        }
    }

    fn open(&self, name: &str, port: &str) -> Result<(PipeSender, PipeReceiver), GraphError> {
        if self.buffer_size == 0 {
            let fault = pumice_models::ModelError::range("buffer_size", 0, "at least 1");
            return Err(GraphError::Model { path: name.to_owned(), fault: Box::new(fault) });
        }
        let (to, from) = bounded(self.buffer_size);
        let end = End {
            port: format!("{name}.{port}"),
            n: length(&self.shape),
            buffer_size: self.buffer_size,
            config: self.channel_config,
            patience: self.patience,
            dropped: Arc::default(),
        };
        Ok((PipeSender { channel: to, end: end.clone() }, PipeReceiver { channel: from, end }))
    }
}

/// Port and channel of an injector of messages of kind `T`.
#[derive(Clone, Debug)]
pub struct InjectorHandle<T> {
    /// The process.
    pub id: ProcessId,
    /// Where messages enter the network.
    pub out_port: OutPort<T>,
    /// Where to send them.
    pub sender: PipeSender,
}

/// Port and channel of an extractor of messages of kind `T`.
#[derive(Clone, Debug)]
pub struct ExtractorHandle<T> {
    /// The process.
    pub id: ProcessId,
    /// Where messages leave the network.
    pub in_port: InPort<T>,
    /// Where to receive them.
    pub receiver: PipeReceiver,
}

impl Graph {
    /// Adds Lava's `Injector`.
    ///
    /// # Errors
    /// If the name is taken or no name, or the channel has no room.
    pub fn add_injector<T: Message>(&mut self, name: &str, pipe: &Pipe) -> Result<InjectorHandle<T>, GraphError> {
        let (sender, receiver) = pipe.open(name, OUT_PORT)?;
        let spec = HostSpec::new().output::<T>(OUT_PORT, &pipe.shape);
        let id = self.add_host(name, spec, Injecting(receiver))?;
        Ok(InjectorHandle { id, out_port: self.out_port(id, OUT_PORT)?, sender })
    }

    /// Adds Lava's `Extractor`.
    ///
    /// # Errors
    /// If the name is taken or no name, or the channel has no room.
    pub fn add_extractor<T: Message>(&mut self, name: &str, pipe: &Pipe) -> Result<ExtractorHandle<T>, GraphError> {
        let (sender, receiver) = pipe.open(name, IN_PORT)?;
        let spec = HostSpec::new().input::<T>(IN_PORT, &pipe.shape);
        let id = self.add_host(name, spec, Extracting(sender))?;
        Ok(ExtractorHandle { id, in_port: self.in_port(id, IN_PORT)?, receiver })
    }
}

const OUT_PORT: &str = "out_port";
const IN_PORT: &str = "in_port";

#[derive(Debug)]
struct Injecting(PipeReceiver);

impl HostProcess for Injecting {
    fn spike(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        let values = self.0.receive().map_err(|fault| HostError::Failed(fault.to_string()))?;
        context.send(OUT_PORT, &values)
    }
}

#[derive(Debug)]
struct Extracting(PipeSender);

impl HostProcess for Extracting {
    fn spike(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        let values = context.receive(IN_PORT)?;
        self.0.send(&values).map(|_| ()).map_err(|fault| HostError::Failed(fault.to_string()))
    }
}

//! A user's own process: Rust code with typed ports that takes part in every step.
//!
//! It runs on a thread of its own and talks to the engine over crossbeam channels: one batch per phase in
//! each direction. The phases are Lava's: spike, pre-management, learning, post-management, host.

use std::any::Any;
use std::fmt::Debug;
use std::panic::{AssertUnwindSafe, catch_unwind};

use crossbeam_channel::{Receiver, Sender};
use pumice_models::message::{FromHost, Phase, ToHost};
use pumice_models::{Kind, Values};
use thiserror::Error;

use crate::port::{Message, Var};
use crate::reference::RemoteProcess;

/// Why a host process stops a run.
#[derive(Clone, Debug, PartialEq, Error)]
#[non_exhaustive]
pub enum HostError {
    /// The process itself says so.
    #[error("{0}")]
    Failed(String),
    /// A variable cannot be read or written.
    #[error("{0}")]
    Variable(String),
    /// The run has ended while the process waited.
    #[error("the run has ended")]
    Ended,
}

/// The ports of a host process.
#[derive(Clone, Debug, Default)]
pub struct HostSpec {
    pub(crate) in_ports: Vec<(String, Kind, Vec<usize>)>,
    pub(crate) out_ports: Vec<(String, Kind, Vec<usize>)>,
    pub(crate) refs: Vec<Reference>,
    /// What it is, if it is one of the library that acts on a variable of another.
    pub(crate) remote: Option<RemoteProcess>,
}

/// A RefPort: a name for a variable of another process that is chosen when the graph is wired.
#[derive(Clone, Debug)]
pub(crate) struct Reference {
    pub(crate) name: String,
    pub(crate) shape: Vec<usize>,
    /// Process and variable.
    pub(crate) target: Option<(u32, usize)>,
}

impl HostSpec {
    /// No ports.
    pub fn new() -> Self {
        Self::default()
    }

    /// The same with one more in-port.
    #[must_use]
    pub fn input<T: Message>(mut self, name: &str, shape: &[usize]) -> Self {
        self.in_ports.push((name.to_owned(), T::KIND, shape.to_vec()));
        self
    }

    /// The same with one more out-port.
    #[must_use]
    pub fn output<T: Message>(mut self, name: &str, shape: &[usize]) -> Self {
        self.out_ports.push((name.to_owned(), T::KIND, shape.to_vec()));
        self
    }
}

impl HostSpec {
    /// The same with one more RefPort, for a variable of the given shape; [`Graph::connect_var`](crate::Graph::connect_var)
    /// says which.
    #[must_use]
    pub fn reference(mut self, name: &str, shape: &[usize]) -> Self {
        self.refs.push(Reference { name: name.to_owned(), shape: shape.to_vec(), target: None });
        self
    }
}

/// What a host process sees in a phase.
#[derive(Debug)]
pub struct HostContext<'a> {
    step: u64,
    spec: &'a HostSpec,
    inputs: Vec<Values>,
    outputs: Vec<Vec<f64>>,
    pause: bool,
    link: &'a HostLink,
}

impl HostContext<'_> {
    /// The step, counted from 1.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// What arrived at an in-port in this step, as real numbers in C order; only in the spike phase.
    ///
    /// # Errors
    /// If there is no such port, or the phase is another.
    pub fn receive(&self, port: &str) -> Result<Vec<f64>, HostError> {
        let slot = slot(&self.spec.in_ports, port)?;
        match self.inputs.get(slot) {
            Some(values) => Ok(values.to_real()),
            None => Err(HostError::Failed(format!("`{port}` receives only in the spike phase"))),
        }
    }

    /// Sends by an out-port in this step; only in the spike phase. A port that nothing is sent by sends zeros.
    ///
    /// # Errors
    /// If there is no such port, the number of elements is wrong, or the phase is another.
    pub fn send(&mut self, port: &str, values: &[f64]) -> Result<(), HostError> {
        let slot = slot(&self.spec.out_ports, port)?;
        let Some(out) = self.outputs.get_mut(slot) else {
            return Err(HostError::Failed(format!("`{port}` sends only in the spike phase")));
        };
        if values.len() != out.len() {
            let fault = format!("`{port}` sends {} elements, but {} were given", out.len(), values.len());
            return Err(HostError::Failed(fault));
        }
        out.copy_from_slice(values);
        Ok(())
    }

    /// Reads a variable of another process; only in the management and host phases.
    ///
    /// The value is that of this moment: after the spike phase in pre-management, after learning in post-management.
    ///
    /// # Errors
    /// If the phase is another or the run has ended.
    pub fn read<T>(&self, var: Var<T>) -> Result<Vec<f64>, HostError> {
        self.get(var.process.number(), var.index)
    }

    /// Reads the variable that a RefPort is connected to, as [`HostContext::read`] does.
    ///
    /// # Errors
    /// As [`HostContext::read`]; or if there is no such RefPort, or it is not connected.
    pub fn read_ref(&self, port: &str) -> Result<Vec<f64>, HostError> {
        let (process, variable) = self.target(port)?;
        self.get(process, variable)
    }

    /// Writes the variable that a RefPort is connected to, as [`HostContext::write`] does.
    ///
    /// # Errors
    /// As [`HostContext::write`]; or if there is no such RefPort, or it is not connected.
    pub fn write_ref(&self, port: &str, values: &[f64]) -> Result<(), HostError> {
        let (process, variable) = self.target(port)?;
        self.set(process, variable, values)
    }

    fn target(&self, port: &str) -> Result<(u32, usize), HostError> {
        let known = || self.spec.refs.iter().map(|r| format!("`{}`", r.name)).collect::<Vec<_>>().join(", ");
        let Some(found) = self.spec.refs.iter().find(|r| r.name == port) else {
            return Err(HostError::Variable(format!("there is no RefPort `{port}`; there are {}", known())));
        };
        found.target.ok_or_else(|| HostError::Variable(format!("RefPort `{port}` is not connected to a variable")))
    }

    fn get(&self, process: u32, variable: usize) -> Result<Vec<f64>, HostError> {
        self.link.send(FromHost::Get { process, variable })?;
        match self.link.receive()? {
            ToHost::Variable(Ok(values)) => Ok(values.to_real()),
            ToHost::Variable(Err(fault)) => Err(HostError::Variable(fault)),
            _ => Err(HostError::Ended),
        }
    }

    /// Writes a variable of another process; only in the management and host phases. It acts from the next step on.
    ///
    /// # Errors
    /// If a value does not fit its register, the phase is another or the run has ended.
    pub fn write<T>(&self, var: Var<T>, values: &[f64]) -> Result<(), HostError> {
        self.set(var.process.number(), var.index, values)
    }

    fn set(&self, process: u32, variable: usize, values: &[f64]) -> Result<(), HostError> {
        let values = Values::Real(values.to_vec());
        self.link.send(FromHost::Set { process, variable, values })?;
        match self.link.receive()? {
            ToHost::Written(Ok(())) => Ok(()),
            ToHost::Written(Err(fault)) => Err(HostError::Variable(fault)),
            _ => Err(HostError::Ended),
        }
    }

    /// Asks the run to pause after this step.
    pub fn pause(&mut self) {
        self.pause = true;
    }
}

fn slot(ports: &[(String, Kind, Vec<usize>)], name: &str) -> Result<usize, HostError> {
    let known = || ports.iter().map(|p| format!("`{}`", p.0)).collect::<Vec<_>>().join(", ");
    let found = ports.iter().position(|p| p.0 == name);
    found.ok_or_else(|| HostError::Failed(format!("there is no port `{name}`; there are {}", known())))
}

/// A user's own process. Every phase does nothing unless it is written.
pub trait HostProcess: Send + Debug {
    /// The spike phase: receive and send.
    ///
    /// # Errors
    /// An error stops the run and is reported with the name of the process.
    fn spike(&mut self, _context: &mut HostContext<'_>) -> Result<(), HostError> {
        Ok(())
    }

    /// Before learning.
    ///
    /// # Errors
    /// As [`HostProcess::spike`].
    fn pre_management(&mut self, _context: &mut HostContext<'_>) -> Result<(), HostError> {
        Ok(())
    }

    /// The learning phase.
    ///
    /// # Errors
    /// As [`HostProcess::spike`].
    fn learning(&mut self, _context: &mut HostContext<'_>) -> Result<(), HostError> {
        Ok(())
    }

    /// After learning.
    ///
    /// # Errors
    /// As [`HostProcess::spike`].
    fn post_management(&mut self, _context: &mut HostContext<'_>) -> Result<(), HostError> {
        Ok(())
    }

    /// After the last step of a run.
    ///
    /// # Errors
    /// As [`HostProcess::spike`].
    fn host(&mut self, _context: &mut HostContext<'_>) -> Result<(), HostError> {
        Ok(())
    }

    /// Back to the state before the first step.
    fn reset(&mut self) {}
}

/// A host process's end of the two channels to the engine.
#[derive(Clone, Debug)]
pub struct HostLink {
    /// From the engine.
    pub from_engine: Receiver<ToHost>,
    /// To the engine.
    pub to_engine: Sender<FromHost>,
}

impl HostLink {
    fn send(&self, message: FromHost) -> Result<(), HostError> {
        self.to_engine.send(message).map_err(|_| HostError::Ended)
    }

    fn receive(&self) -> Result<ToHost, HostError> {
        self.from_engine.recv().map_err(|_| HostError::Ended)
    }
}

/// Runs a host process until the engine drops its end of the channels, or the process panics.
pub fn serve(spec: &HostSpec, mut process: Box<dyn HostProcess>, link: &HostLink) {
    while let Ok(message) = link.receive() {
        match message {
            ToHost::Run { phase, step, inputs } => {
                // What a panic left of the process is not used again.
                let phase = AssertUnwindSafe(|| run_phase(spec, &mut *process, link, phase, (step, inputs)));
                let answer = catch_unwind(phase);
                let panicked = answer.is_err();
                let answer = answer.unwrap_or_else(|payload| FromHost::Failed(words_of(&*payload)));
                if link.send(answer).is_err() || panicked {
                    return;
                }
            }
            ToHost::Reset => process.reset(),
            ToHost::Variable(_) | ToHost::Written(_) => {}
        }
    }
}

/// What a panic said.
fn words_of(payload: &(dyn Any + Send)) -> String {
    let text = payload.downcast_ref::<String>().map(String::as_str);
    match text.or(payload.downcast_ref::<&str>().copied()) {
        Some(words) => format!("it panicked: {words}"),
        None => "it panicked".to_owned(),
    }
}

fn run_phase(
    spec: &HostSpec,
    process: &mut dyn HostProcess,
    link: &HostLink,
    phase: Phase,
    (step, inputs): (u64, Vec<Values>),
) -> FromHost {
    let outputs = match phase {
        Phase::Spike => spec.out_ports.iter().map(|p| vec![0.0; pumice_models::length(&p.2)]).collect(),
        _ => Vec::new(),
    };
    let mut context = HostContext { step, spec, inputs, outputs, pause: false, link };
    let result = match phase {
        Phase::Spike => process.spike(&mut context),
        Phase::PreManagement => process.pre_management(&mut context),
        Phase::Learning => process.learning(&mut context),
        Phase::PostManagement => process.post_management(&mut context),
        Phase::Host => process.host(&mut context),
    };
    match result {
        Ok(()) => {
            let outputs = context.outputs.into_iter().map(Values::Real).collect();
            FromHost::Done { outputs, pause: context.pause }
        }
        Err(fault) => FromHost::Failed(fault.to_string()),
    }
}

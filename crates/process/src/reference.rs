//! RefPorts and the processes of the library that use one.
//!
//! A RefPort reads and writes a variable of another process. When it does so is defined, unlike in Lava, where a write may
//! land a step late: in the pre-management phase it sees the state after the spike phase, in post-management that after
//! learning, and what it writes acts from the next step on, before any probe sees it. Host processes take their turns in the
//! order in which they were added. Lava's VarPort, which offers a variable, is here the [`Var`] handle itself: a
//! composite offers a variable by returning it.

use std::sync::{Arc, Mutex, PoisonError};

use pumice_models::source::bit_check::BitCheck;
use pumice_models::source::remote::{Access, Read, Remote, RemoteBehaviour, Reset, StateDataloader, TooWide};
use pumice_models::{OverflowKind, OverflowRecord, RemoteModel, length};

use crate::error::GraphError;
use crate::graph::{Body, Graph};
use crate::host::{HostContext, HostError, HostProcess, HostSpec};
use crate::port::{Graded, OutPort, ProcessId, Var};

/// A RefPort of a process of the user.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct RefPort {
    process: ProcessId,
    index: usize,
}

impl Graph {
    /// A RefPort by its process and name.
    ///
    /// # Errors
    /// If there is none.
    pub fn ref_port(&self, process: ProcessId, name: &str) -> Result<RefPort, GraphError> {
        let node = &self.nodes[process.0 as usize];
        let refs = match &node.body {
            Body::Host(spec, _) => spec.refs.as_slice(),
            Body::Model(_) => &[],
        };
        match refs.iter().position(|r| r.name == name) {
            Some(index) => Ok(RefPort { process, index }),
            None => Err(self.unknown("RefPort", process, name, refs.iter().map(|r| r.name.as_str()))),
        }
    }

    /// Connects a RefPort to a variable; a variable may have many RefPorts, a RefPort has one variable.
    ///
    /// # Errors
    /// If the shapes differ, or the RefPort is connected already.
    pub fn connect_var<T>(&mut self, port: RefPort, var: Var<T>) -> Result<(), GraphError> {
        let target = &self.nodes[var.process.0 as usize];
        let variable = &target.vars()[var.index];
        let (to, to_shape) = (format!("{}.{}", target.path, variable.name), variable.shape.clone());
        let node = &mut self.nodes[port.process.0 as usize];
        let path = node.path.clone();
        let Body::Host(spec, _) = &mut node.body else {
            unreachable!("only a process of the user gives a RefPort");
        };
        let own = &mut spec.refs[port.index];
        let from = format!("{path}.{}", own.name);
        if own.shape != to_shape {
            return Err(GraphError::Shapes { from, from_shape: own.shape.clone(), to, to_shape });
        }
        if own.target.is_some() {
            return Err(GraphError::DuplicateConnection { from, to });
        }
        own.target = Some((var.process.number(), var.index));
        Ok(())
    }

    /// Adds a process that acts on a variable of another: `Read`, `Reset`, `StateDataloader` or `BitCheck`.
    ///
    /// # Errors
    /// If the name is taken or no name, or the process refuses its parameters.
    pub fn add_remote<P: Acts, T>(&mut self, name: &str, process: P, var: Var<T>) -> Result<P::Handle, GraphError> {
        let model = process.into();
        let acting = self.acting(name, &model, var)?;
        let running = acting.running.clone();
        let mut spec = HostSpec::new().reference(REF_PORT, &acting.shape);
        if let Some(label) = running.with(|remote| remote.ground_truth(1)) {
            spec = spec.output::<Graded>(GROUND_TRUTH, &[label.len()]);
        }
        spec.remote = Some(acting);
        let id = self.add_host(name, spec, Acting { running: running.clone() })?;
        self.connect_var(self.ref_port(id, REF_PORT)?, var)?;
        P::handle(self, id, running)
    }

    fn acting<T>(&self, name: &str, model: &RemoteModel, var: Var<T>) -> Result<RemoteProcess, GraphError> {
        let node = &self.nodes[var.process.0 as usize];
        let spec = &node.vars()[var.index];
        let running = model.start(length(&spec.shape));
        let running = running.map_err(|fault| GraphError::Model { path: name.to_owned(), fault: Box::new(fault) })?;
        Ok(RemoteProcess {
            model: model.clone(),
            target: node.path.clone(),
            variable: spec.name,
            shape: spec.shape.clone(),
            running: Shared(Arc::new(Mutex::new(running))),
        })
    }

    /// The processes that act on a variable of another, each with its path.
    pub fn remotes(&self) -> impl Iterator<Item = (&str, &RemoteProcess)> {
        self.nodes.iter().filter_map(|node| Some((node.path.as_str(), node.remote()?)))
    }
}

/// A process that acts on a variable of another: what it was made of, and what it has found.
#[derive(Clone, Debug)]
pub struct RemoteProcess {
    /// Its parameters.
    pub model: RemoteModel,
    /// Path of the process whose variable it is.
    pub target: String,
    /// Name of the variable.
    pub variable: &'static str,
    /// Shape of the variable.
    pub shape: Vec<usize>,
    running: Shared,
}

impl RemoteProcess {
    /// What `Read` has recorded: one row per slot of the buffer, zeros where nothing was written yet.
    pub fn data(&self) -> Option<Vec<Vec<f64>>> {
        self.running.with(|remote| remote.data().map(<[Vec<f64>]>::to_vec))
    }

    /// What `BitCheck` has found, as registers that overflow are reported.
    pub fn overflow(&self) -> Option<OverflowRecord> {
        let found = self.running.with(|remote| remote.overflowed())?;
        Some(OverflowRecord {
            variable: format!("{}.{}", self.target, self.variable),
            kind: OverflowKind::Exceed,
            count: found.count,
            first_step: found.step,
            first_index: found.index as u32,
        })
    }
}

const REF_PORT: &str = "ref_port";
const GROUND_TRUTH: &str = "ground_truth";

/// A running process, seen from its thread and from its handle.
#[derive(Clone, Debug)]
pub struct Shared(Arc<Mutex<Box<dyn Remote>>>);

impl Shared {
    fn with<T>(&self, f: impl FnOnce(&mut dyn Remote) -> T) -> T {
        f(&mut **self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

/// Parameters of a process that acts on a variable of another.
pub trait Acts: Into<RemoteModel> {
    /// Ports and results of the process.
    type Handle;

    /// Makes the handle of a process that was just added.
    ///
    /// # Errors
    /// If a port is missing.
    fn handle(graph: &Graph, id: ProcessId, running: Shared) -> Result<Self::Handle, GraphError>;
}

/// What `Read` has recorded.
#[derive(Clone, Debug)]
pub struct ReadHandle {
    /// The process.
    pub id: ProcessId,
    running: Shared,
}

impl ReadHandle {
    /// One row per slot of the buffer, the values in C order; slots not yet written hold zeros.
    pub fn data(&self) -> Vec<Vec<f64>> {
        self.running.with(|remote| remote.data().map(<[Vec<f64>]>::to_vec)).unwrap_or_default()
    }
}

impl Acts for Read {
    type Handle = ReadHandle;

    fn handle(_graph: &Graph, id: ProcessId, running: Shared) -> Result<ReadHandle, GraphError> {
        Ok(ReadHandle { id, running })
    }
}

/// What `BitCheck` has found.
#[derive(Clone, Debug)]
pub struct BitCheckHandle {
    /// The process.
    pub id: ProcessId,
    running: Shared,
}

impl BitCheckHandle {
    /// The first value that did not fit, and how many there were.
    pub fn overflowed(&self) -> Option<TooWide> {
        self.running.with(|remote| remote.overflowed())
    }
}

impl Acts for BitCheck {
    type Handle = BitCheckHandle;

    fn handle(_graph: &Graph, id: ProcessId, running: Shared) -> Result<BitCheckHandle, GraphError> {
        Ok(BitCheckHandle { id, running })
    }
}

impl Acts for Reset {
    type Handle = ProcessId;

    fn handle(_graph: &Graph, id: ProcessId, _running: Shared) -> Result<ProcessId, GraphError> {
        Ok(id)
    }
}

/// Any of them, as a model file names it.
impl Acts for RemoteModel {
    type Handle = ProcessId;

    fn handle(_graph: &Graph, id: ProcessId, _running: Shared) -> Result<ProcessId, GraphError> {
        Ok(id)
    }
}

/// Ports of `StateDataloader`.
#[derive(Clone, Copy, Debug)]
pub struct StateDataloaderHandle {
    /// The process.
    pub id: ProcessId,
    /// The label of the state that was written last.
    pub ground_truth: OutPort<Graded>,
}

impl Acts for StateDataloader {
    type Handle = StateDataloaderHandle;

    fn handle(graph: &Graph, id: ProcessId, _running: Shared) -> Result<StateDataloaderHandle, GraphError> {
        Ok(StateDataloaderHandle { id, ground_truth: graph.out_port(id, GROUND_TRUTH)? })
    }
}

/// Runs such a process with the host.
#[derive(Debug)]
struct Acting {
    running: Shared,
}

impl HostProcess for Acting {
    fn spike(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        match self.running.with(|remote| remote.ground_truth(context.step())) {
            Some(label) => context.send(GROUND_TRUTH, &label),
            None => Ok(()),
        }
    }

    fn post_management(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        let step = context.step();
        match self.running.with(|remote| remote.access(step)) {
            Access::None => Ok(()),
            Access::Write(values) => context.write_ref(REF_PORT, &values),
            Access::Read => {
                let values = context.read_ref(REF_PORT)?;
                self.running.with(|remote| remote.receive(step, &values));
                Ok(())
            }
        }
    }

    fn reset(&mut self) {
        self.running.with(|remote| remote.reset());
    }
}

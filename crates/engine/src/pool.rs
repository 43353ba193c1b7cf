//! Workers and how they exchange: in place if there is one, on threads with one channel per pair otherwise.
//!
//! "Send one batch to every peer, take one from every peer" is the barrier of a step; there is no other lock.

use std::sync::Arc;
use std::thread::{Scope, ScopedJoinHandle};

use crossbeam_channel::{Receiver, RecvError, Sender, TryRecvError, bounded};
use pumice_chip::cells::Numbered;
use pumice_chip::{Batch, HostBatch, LearnBatch, Learned, Projection, Worker};
use pumice_models::{ModelError, Portion};

use crate::error::EngineError;
use crate::phases::Watch;
use crate::pin::Pins;

/// An order to a worker thread.
enum Order {
    Step(Arc<HostBatch>),
    Get(usize, usize),
    Set(usize, usize, Arc<Vec<i32>>),
    Rows(usize, u64, Arc<Projection>),
    Learn(Arc<LearnBatch>),
    GetPlastic(usize, usize),
    SetPlastic(usize, usize, Arc<Vec<i32>>),
    Withdraw(usize, Arc<Vec<u32>>),
    Spikes(usize),
    Act(usize, Arc<Numbered>),
}

/// An answer of a worker thread.
enum Reply {
    Got(Vec<i32>),
    Written(Result<(), EngineError>),
    Learned(Box<Learned>),
    Portion(Portion),
    WrittenPlastic(Result<(), ModelError>),
    Spikes(Vec<u64>),
}

/// A worker on its own thread.
struct Remote<'scope> {
    orders: Sender<Order>,
    replies: Receiver<Reply>,
    batches: Receiver<Arc<Batch>>,
    mine: Sender<Arc<Batch>>,
    handle: ScopedJoinHandle<'scope, Worker>,
}

/// All workers during one run. The calling thread is worker 0.
pub(crate) struct Pool<'scope> {
    first: Worker,
    remotes: Vec<Remote<'scope>>,
    pins: Option<Pins>,
}

impl<'scope> Pool<'scope> {
    /// Starts the threads. A thread that the system does not let stay, though it did when it was asked, goes where it is put.
    pub(crate) fn new<'env>(mut workers: Vec<Worker>, pins: Option<Pins>, scope: &'scope Scope<'scope, 'env>) -> Self {
        let n = workers.len();
        let rest = workers.split_off(1);
        let first = workers.pop().expect("an engine has at least one worker");
        let mut lanes: Vec<Vec<Lane>> = (0..n).map(|_| (0..n).map(|_| bounded(2)).collect()).collect();
        let mut remotes = Vec::with_capacity(rest.len());
        for (k, worker) in rest.into_iter().enumerate() {
            let me = k + 1;
            let (orders, inbox) = bounded(2);
            let (outbox, replies) = bounded(2);
            let to: Vec<_> = (0..n).map(|peer| lanes[me][peer].0.clone()).collect();
            let from: Vec<_> = (0..n).map(|peer| lanes[peer][me].1.clone()).collect();
            let pins = pins.clone();
            let handle = scope.spawn(move || {
                let _obeyed = pins.map(|pins| pins.stay(me));
                serve(worker, me, &inbox, &outbox, (&to, &from))
            });
            let (batches, mine) = (lanes[me][0].1.clone(), lanes[0][me].0.clone());
            remotes.push(Remote { orders, replies, batches, mine, handle });
        }
        lanes.clear();
        let _obeyed = pins.as_ref().map(|pins| pins.stay(0));
        Pool { first, remotes, pins }
    }

    /// Runs one step on all workers and returns their batches in order.
    pub(crate) fn step(&mut self, host: HostBatch, watch: &mut Watch) -> Result<Vec<Arc<Batch>>, EngineError> {
        let step = host.step;
        let lost = |k: usize| EngineError::Lost { worker: k + 1, step };
        let host = Arc::new(host);
        for (k, remote) in self.remotes.iter().enumerate() {
            remote.orders.send(Order::Step(host.clone())).map_err(|_| lost(k))?;
        }
        watch.lap(|phases| &mut phases.host);
        self.first.drive(&host);
        watch.lap(|phases| &mut phases.drive);
        self.first.integrate(&host);
        watch.lap(|phases| &mut phases.deliver);
        let own = Arc::new(self.first.fire(&host));
        watch.lap(|phases| &mut phases.update);
        let mut all = vec![own.clone()];
        for (k, remote) in self.remotes.iter().enumerate() {
            remote.mine.send(own.clone()).map_err(|_| lost(k))?;
        }
        for (k, remote) in self.remotes.iter().enumerate() {
            all.push(take(&remote.batches).map_err(|_| lost(k))?);
        }
        self.first.receive(all.clone());
        watch.lap(|phases| &mut phases.exchange);
        Ok(all)
    }

    /// Reads a variable of a whole bank.
    pub(crate) fn get(&mut self, bank: usize, var: usize) -> Result<Vec<i32>, EngineError> {
        let mut all = self.first.get(bank, var);
        for (k, remote) in self.remotes.iter().enumerate() {
            let lost = || EngineError::Lost { worker: k + 1, step: 0 };
            remote.orders.send(Order::Get(bank, var)).map_err(|_| lost())?;
            match remote.replies.recv() {
                Ok(Reply::Got(values)) => all.extend(values),
                _ => return Err(lost()),
            }
        }
        Ok(all)
    }

    /// Writes a variable of a whole bank.
    pub(crate) fn set(&mut self, bank: usize, var: usize, values: Vec<i32>) -> Result<(), EngineError> {
        let values = Arc::new(values);
        let mut result = self.first.set(bank, var, &values).map_err(EngineError::from);
        for (k, remote) in self.remotes.iter().enumerate() {
            let lost = || EngineError::Lost { worker: k + 1, step: 0 };
            remote.orders.send(Order::Set(bank, var, values.clone())).map_err(|_| lost())?;
            match remote.replies.recv() {
                Ok(Reply::Written(written)) => result = result.and(written),
                _ => return Err(lost()),
            }
        }
        result
    }

    /// Gives a projection other rows for the spikes sent after `step`.
    pub(crate) fn set_rows(&mut self, k: usize, step: u64, p: Arc<Projection>) -> Result<(), EngineError> {
        self.first.set_rows(k, step, &p);
        for (w, remote) in self.remotes.iter().enumerate() {
            let lost = |_| EngineError::Lost { worker: w + 1, step };
            remote.orders.send(Order::Rows(k, step, p.clone())).map_err(lost)?;
        }
        Ok(())
    }

    /// Runs the learn phase on all workers and returns what they did, in their order.
    pub(crate) fn learn(&mut self, host: LearnBatch) -> Result<Vec<Learned>, EngineError> {
        let step = host.step;
        let lost = |k: usize| EngineError::Lost { worker: k + 1, step };
        let host = Arc::new(host);
        for (k, remote) in self.remotes.iter().enumerate() {
            remote.orders.send(Order::Learn(host.clone())).map_err(|_| lost(k))?;
        }
        let mut all = vec![self.first.learn(&host)];
        for (k, remote) in self.remotes.iter().enumerate() {
            match remote.replies.recv() {
                Ok(Reply::Learned(learned)) => all.push(*learned),
                _ => return Err(lost(k)),
            }
        }
        Ok(all)
    }

    /// Reads a variable of a whole learning connection.
    pub(crate) fn get_plastic(&mut self, connection: usize, var: usize) -> Result<Vec<i32>, EngineError> {
        let mut whole = Vec::new();
        self.first.get_plastic(connection, var).put(&mut whole);
        for (k, remote) in self.remotes.iter().enumerate() {
            let lost = || EngineError::Lost { worker: k + 1, step: 0 };
            remote.orders.send(Order::GetPlastic(connection, var)).map_err(|_| lost())?;
            match remote.replies.recv() {
                Ok(Reply::Portion(portion)) => portion.put(&mut whole),
                _ => return Err(lost()),
            }
        }
        Ok(whole)
    }

    /// Writes a variable of a whole learning connection.
    pub(crate) fn set_plastic(
        &mut self,
        connection: usize,
        var: usize,
        values: Vec<i32>,
    ) -> Result<Result<(), ModelError>, EngineError> {
        let values = Arc::new(values);
        let mut result = self.first.set_plastic(connection, var, &values);
        for (k, remote) in self.remotes.iter().enumerate() {
            let lost = || EngineError::Lost { worker: k + 1, step: 0 };
            remote.orders.send(Order::SetPlastic(connection, var, values.clone())).map_err(|_| lost())?;
            match remote.replies.recv() {
                Ok(Reply::WrittenPlastic(written)) => result = result.and(written),
                _ => return Err(lost()),
            }
        }
        Ok(result)
    }

    /// Takes back synapses of a learning connection that grew in this step, by the numbers of their places.
    pub(crate) fn withdraw(&mut self, connection: usize, places: Vec<u32>) -> Result<(), EngineError> {
        self.first.withdraw(connection, &places);
        let places = Arc::new(places);
        for (k, remote) in self.remotes.iter().enumerate() {
            let lost = |_| EngineError::Lost { worker: k + 1, step: 0 };
            remote.orders.send(Order::Withdraw(connection, places.clone())).map_err(lost)?;
        }
        Ok(())
    }

    /// Lets synapses of a learning connection deliver what their cells give.
    pub(crate) fn act(&mut self, connection: usize, weights: Numbered) -> Result<(), EngineError> {
        self.first.act(connection, &weights);
        let weights = Arc::new(weights);
        for (k, remote) in self.remotes.iter().enumerate() {
            let lost = |_| EngineError::Lost { worker: k + 1, step: 0 };
            remote.orders.send(Order::Act(connection, weights.clone())).map_err(lost)?;
        }
        Ok(())
    }

    /// Spikes of each neuron of a train since the workers last counted from zero.
    pub(crate) fn spikes(&mut self, train: usize) -> Result<Vec<u64>, EngineError> {
        let mut all = self.first.spikes(train).to_vec();
        for (k, remote) in self.remotes.iter().enumerate() {
            let lost = || EngineError::Lost { worker: k + 1, step: 0 };
            remote.orders.send(Order::Spikes(train)).map_err(|_| lost())?;
            match remote.replies.recv() {
                Ok(Reply::Spikes(spikes)) => all.extend(spikes),
                _ => return Err(lost()),
            }
        }
        Ok(all)
    }

    /// Ends the threads and takes the workers back.
    pub(crate) fn join(self) -> Result<Vec<Worker>, EngineError> {
        let _obeyed = self.pins.map(|pins| pins.leave());
        let mut workers = vec![self.first];
        for (k, remote) in self.remotes.into_iter().enumerate() {
            drop((remote.orders, remote.mine));
            let worker = remote.handle.join().map_err(|_| EngineError::Lost { worker: k + 1, step: 0 })?;
            workers.push(worker);
        }
        Ok(workers)
    }
}

/// The channel from one worker to another.
type Lane = (Sender<Arc<Batch>>, Receiver<Arc<Batch>>);

/// Lanes to and from every peer, by number.
type Lanes<'a> = (&'a [Sender<Arc<Batch>>], &'a [Receiver<Arc<Batch>>]);

/// Looks this often before it parks: a parked thread wakes some 30 µs late, a thread that spins keeps a core from others.
/// A look takes tens of times as long in code that is not optimised.
const LOOKS: usize = if cfg!(debug_assertions) { 50 } else { 2_000 };

/// Receives, spinning briefly first.
fn take<T>(lane: &Receiver<T>) -> Result<T, RecvError> {
    for _ in 0..LOOKS {
        match lane.try_recv() {
            Ok(message) => return Ok(message),
            Err(TryRecvError::Disconnected) => return Err(RecvError),
            Err(TryRecvError::Empty) => std::hint::spin_loop(),
        }
    }
    lane.recv()
}

fn serve(mut worker: Worker, me: usize, inbox: &Receiver<Order>, outbox: &Sender<Reply>, lanes: Lanes<'_>) -> Worker {
    while let Ok(order) = take(inbox) {
        let sent = match order {
            Order::Step(host) => exchange(&mut worker, me, &host, lanes),
            Order::Get(bank, var) => outbox.send(Reply::Got(worker.get(bank, var))).is_ok(),
            Order::Set(bank, var, values) => {
                let written = worker.set(bank, var, &values).map_err(EngineError::from);
                outbox.send(Reply::Written(written)).is_ok()
            }
            Order::Rows(k, step, p) => {
                worker.set_rows(k, step, &p);
                true
            }
            Order::Learn(host) => outbox.send(Reply::Learned(Box::new(worker.learn(&host)))).is_ok(),
            Order::GetPlastic(connection, var) => {
                outbox.send(Reply::Portion(worker.get_plastic(connection, var))).is_ok()
            }
            Order::SetPlastic(connection, var, values) => {
                outbox.send(Reply::WrittenPlastic(worker.set_plastic(connection, var, &values))).is_ok()
            }
            Order::Withdraw(connection, places) => {
                worker.withdraw(connection, &places);
                true
            }
            Order::Spikes(train) => outbox.send(Reply::Spikes(worker.spikes(train).to_vec())).is_ok(),
            Order::Act(connection, weights) => {
                worker.act(connection, &weights);
                true
            }
        };
        if !sent {
            break;
        }
    }
    worker
}

fn exchange(worker: &mut Worker, me: usize, host: &HostBatch, (to, from): Lanes<'_>) -> bool {
    let own = Arc::new(worker.step(host));
    let peers = |k: &usize| *k != me;
    if (0..to.len()).filter(peers).any(|k| to[k].send(own.clone()).is_err()) {
        return false;
    }
    let mut all = Vec::with_capacity(from.len());
    for (k, lane) in from.iter().enumerate() {
        if k == me {
            all.push(own.clone());
        } else {
            match take(lane) {
                Ok(batch) => all.push(batch),
                Err(_) => return false,
            }
        }
    }
    worker.receive(all);
    true
}

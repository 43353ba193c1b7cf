//! RefPorts with defined timing, the processes that use one, and channels to the world outside.

use std::time::Duration;

use pumice::models::OverflowKind;
use pumice::models::source::bit_check::BitCheck;
use pumice::models::source::remote::{Read, Reset, StateDataloader, StateSample};
use pumice::prelude::*;
use pumice::process::LifHandle;
use pumice::process::pipe::{ChannelConfig, Pipe, PipeError, ReceiveEmpty, ReceiveNotEmpty, SendFull};

/// Forms in which a population can run, with their workers.
const FORMS: [(Backend, usize); 4] = [(Backend::Float, 1), (Backend::Fixed, 1), (Backend::Chip, 1), (Backend::Chip, 2)];

/// Two neurons that gain 7 and 14 per step and never fire.
fn counters(graph: &mut Graph) -> LifHandle {
    let lif = Lif { bias_mant: vec![7, 14].into(), du: 4095.into(), vth: 1000.into(), ..Lif::new(&[2]) };
    graph.add("counters", lif).unwrap()
}

fn run(graph: Graph, (backend, workers): (Backend, usize), steps: u64) -> Simulation {
    let config = RunConfig::on(backend).workers(workers);
    let mut simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &config).unwrap();
    simulation.run(RunSteps(steps)).unwrap();
    simulation
}

#[test]
fn what_is_written_acts_from_the_next_step_on_and_is_read_after_learning() {
    for form in FORMS {
        let mut graph = Graph::new();
        let neurons = counters(&mut graph);
        let early = graph.add_remote("early", Read { buffer: 4, interval: 2, offset: 0 }, neurons.v).unwrap();
        graph.add_remote("reset", Reset { reset_value: 100.0, interval: 4, offset: 2 }, neurons.v).unwrap();
        // Reads what `reset` has written in the same step, because it was added later.
        let late = graph.add_remote("late", Read { buffer: 8, interval: 1, offset: 0 }, neurons.v).unwrap();
        let v = graph.probe(neurons.v, Record::Dense { stride: 1 }).unwrap();
        let mut simulation = run(graph, form, 8);
        let expected = [7.0, 14.0, 100.0, 107.0, 114.0, 121.0, 100.0, 107.0];
        let first = |rows: Vec<Vec<f64>>| rows.into_iter().map(|row| row[0]).collect::<Vec<f64>>();
        assert_eq!(first(simulation.recording(v).rows()), expected, "{form:?}");
        assert_eq!(first(late.data()), expected, "{form:?}");
        assert_eq!(early.data().concat(), [7.0, 14.0, 21.0, 42.0, 114.0, 128.0, 128.0, 156.0], "{form:?}");
        // A reset is a fresh start; a snapshot goes on where it was.
        simulation.reset().unwrap();
        simulation.run(RunSteps(3)).unwrap();
        let state = simulation.save();
        simulation.run(RunSteps(5)).unwrap();
        assert_eq!(first(late.data()), expected, "{form:?}");
        simulation.load(&state).unwrap();
        simulation.run(RunSteps(5)).unwrap();
        assert_eq!(first(late.data()), expected, "{form:?}");
    }
}

#[test]
fn states_are_loaded_and_their_labels_sent() {
    for form in FORMS {
        let mut graph = Graph::new();
        let neurons = counters(&mut graph);
        let sample = |x: f64| StateSample { data: vec![x, -x], ground_truth: vec![x / 100.0] };
        let loader = StateDataloader { dataset: vec![sample(100.0), sample(200.0)], interval: 3, offset: 1 };
        let loader = graph.add_remote("loader", loader, neurons.v).unwrap();
        let v = graph.probe(neurons.v, Record::Dense { stride: 1 }).unwrap();
        let labels = graph.probe_port(loader.ground_truth, Record::Dense { stride: 1 }).unwrap();
        let simulation = run(graph, form, 6);
        let rows = simulation.recording(v).rows();
        assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), [7.0, 100.0, 107.0, 114.0, 200.0, 207.0]);
        assert_eq!(rows[4], [200.0, -200.0]);
        assert_eq!(simulation.recording(labels).rows().concat(), [0.0, 0.0, 1.0, 1.0, 1.0, 2.0], "{form:?}");
    }
}

#[test]
fn a_bit_check_says_where_a_value_was_too_wide_first() {
    let mut graph = Graph::new();
    let neurons = counters(&mut graph);
    let narrow = graph.add_remote("narrow", BitCheck { bits: 7 }, neurons.v).unwrap();
    let wide = graph.add_remote("wide", BitCheck { bits: 24 }, neurons.v).unwrap();
    let fault = graph.add_remote("none", BitCheck { bits: 0 }, neurons.v).unwrap_err();
    assert_eq!(fault.to_string(), "`none`: `bits` is 0; allowed is an integer in 1..=31");
    let simulation = run(graph, (Backend::Chip, 2), 10);
    // Neuron 1 is at 70 after step 5, neuron 0 after step 10.
    let found = narrow.overflowed().unwrap();
    assert_eq!((found.step, found.index, found.value, found.count), (5, 1, 70.0, 7));
    assert_eq!(wide.overflowed(), None);
    let reported = simulation.overflow();
    let [(path, record)] = &reported[..] else { panic!("{reported:?}") };
    assert_eq!((path.as_str(), record.variable.as_str(), record.count), ("narrow", "counters.v", 7));
    assert_eq!((record.kind, record.first_step, record.first_index), (OverflowKind::Exceed, 5, 1));
}

/// Doubles what its RefPort sees, before learning.
#[derive(Debug)]
struct Doubler;

impl HostProcess for Doubler {
    fn pre_management(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        let twice: Vec<f64> = context.read_ref("state")?.iter().map(|x| 2.0 * x).collect();
        context.write_ref("state", &twice)
    }
}

#[test]
fn a_users_own_ref_port_is_wired_by_name_and_checked() {
    for form in FORMS {
        let mut graph = Graph::new();
        let neurons = counters(&mut graph);
        let spec = HostSpec::new().reference("state", &[2]);
        let doubler = graph.add_host("doubler", spec, Doubler).unwrap();
        let port = graph.ref_port(doubler, "state").unwrap();
        graph.connect_var(port, neurons.v).unwrap();
        let fault = graph.connect_var(port, neurons.u).unwrap_err().to_string();
        assert_eq!(fault, "`doubler.state` and `counters.u` are connected already");
        let fault = graph.ref_port(doubler, "stat").unwrap_err().to_string();
        assert_eq!(fault, "there is no RefPort `doubler.stat`; there are `state`");
        let v = graph.probe(neurons.v, Record::Dense { stride: 1 }).unwrap();
        let simulation = run(graph, form, 3);
        let rows = simulation.recording(v).rows();
        assert_eq!(rows.iter().map(|row| row[0]).collect::<Vec<_>>(), [14.0, 42.0, 98.0], "{form:?}");
    }
    let mut graph = Graph::new();
    let neurons = counters(&mut graph);
    let doubler = graph.add_host("doubler", HostSpec::new().reference("state", &[3]), Doubler).unwrap();
    let port = graph.ref_port(doubler, "state").unwrap();
    let fault = graph.connect_var(port, neurons.v).unwrap_err().to_string();
    assert_eq!(
        fault,
        "`doubler.state` has shape [3], `counters.v` has shape [2]; connected ports must have the same shape"
    );
    let mut simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &RunConfig::default()).unwrap();
    let fault = simulation.run(RunSteps(1)).unwrap_err().to_string();
    assert_eq!(fault, "host process `doubler` failed in step 1: RefPort `state` is not connected to a variable");
}

/// An injector into an extractor.
fn loop_back(
    injector: &Pipe,
    extractor: &Pipe,
) -> (Simulation, pumice::process::pipe::PipeSender, pumice::process::pipe::PipeReceiver) {
    let mut graph = Graph::new();
    let from = graph.add_injector::<Graded>("in", injector).unwrap();
    let to = graph.add_extractor::<Graded>("out", extractor).unwrap();
    graph.connect(from.out_port, to.in_port).unwrap();
    let simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &RunConfig::default()).unwrap();
    (simulation, from.sender, to.receiver)
}

#[test]
fn messages_go_in_and_out_in_order() {
    let pipe = Pipe::new(&[2]);
    let (mut simulation, sender, receiver) = loop_back(&pipe, &pipe);
    for k in 0..20 {
        assert!(sender.send(&[f64::from(k), 0.5]).unwrap());
    }
    simulation.run(RunSteps(20)).unwrap();
    for k in 0..20 {
        assert_eq!(receiver.receive().unwrap(), [f64::from(k), 0.5]);
    }
    let fault = sender.send(&[1.0]).unwrap_err();
    assert_eq!(fault.to_string(), "`in.out_port` takes messages of 2 elements, but 1 were given");
    // The other side may run on a thread of its own, and wait there.
    let running = simulation.run_continuous();
    for k in 0..200 {
        sender.send(&[f64::from(k), 1.0]).unwrap();
        assert_eq!(receiver.receive().unwrap(), [f64::from(k), 1.0]);
    }
    // It may wait for a message by now; the end of its sender ends that.
    drop(sender);
    let stopped = running.stop();
    assert!(stopped.as_ref().map_or(true, |steps| *steps == 220), "{stopped:?}");
    let fault = stopped.err().map(|fault| fault.to_string());
    assert!(fault.is_none_or(|fault| fault.ends_with("the other end of the channel of `in.out_port` is gone")));
}

#[test]
fn policies_at_full_and_empty_channels() {
    let config = ChannelConfig {
        send_full: SendFull::NonBlockingDrop,
        receive_empty: ReceiveEmpty::NonBlockingZeros,
        receive_not_empty: ReceiveNotEmpty::Accumulate,
    };
    let pipe = Pipe { buffer_size: 3, channel_config: config, ..Pipe::new(&[1]) };
    let (mut simulation, sender, receiver) = loop_back(&pipe, &pipe);
    let sent: Vec<bool> = (1..=5).map(|k| sender.send(&[f64::from(k)]).unwrap()).collect();
    assert_eq!((sent, sender.dropped()), (vec![true, true, true, false, false], 2));
    simulation.run(RunSteps(1)).unwrap();
    assert_eq!(receiver.receive().unwrap(), [6.0]);
    assert_eq!(receiver.receive().unwrap(), [0.0]);
    // Five steps of zeros, then three messages of which two find no room.
    simulation.run(RunSteps(5)).unwrap();
    assert_eq!(receiver.dropped(), 2);
}

#[test]
fn a_wait_without_end_is_an_error_that_names_the_port() {
    let patience = Duration::from_millis(200);
    let pipe = Pipe { buffer_size: 2, patience, ..Pipe::new(&[1]) };
    let (mut simulation, sender, _receiver) = loop_back(&pipe, &pipe);
    let fault = simulation.run(RunSteps(1)).unwrap_err().to_string();
    assert_eq!(
        fault,
        "host process `in` failed in step 1: the channel of `in.out_port` stayed empty for 200ms; nobody sends"
    );
    sender.send(&[1.0]).unwrap();
    sender.send(&[1.0]).unwrap();
    let full = PipeError::Full { port: "in.out_port".into(), buffer_size: 2, patience };
    assert_eq!(sender.send(&[1.0]), Err(full));
    let (mut simulation, sender, receiver) = loop_back(&pipe, &pipe);
    let feeder = std::thread::spawn(move || (0..4).map(|k| sender.send(&[f64::from(k)])).collect::<Vec<_>>());
    let fault = simulation.run(RunSteps(3)).unwrap_err().to_string();
    assert_eq!(
        fault,
        "host process `out` failed in step 3: the channel of `out.in_port` holds 2 messages and stayed full for 200ms; nobody receives"
    );
    assert_eq!(receiver.receive().unwrap(), [0.0]);
    feeder.join().unwrap();
    // A shorter patience of the engine names who waits for the process.
    let (mut simulation, _sender, _receiver) = loop_back(&Pipe::new(&[1]), &Pipe::new(&[1]));
    simulation.set_patience(patience);
    let fault = simulation.run(RunSteps(1)).unwrap_err().to_string();
    assert_eq!(
        fault,
        "host process `in` did not finish its spike phase of step 1 within 200ms; waiting for it are `out.in_port`"
    );
}

//! Neurons that send two kinds of packets: a chip computes with them what the unplaced kernels compute, and counts both.

use proptest::prelude::*;
use pumice::chip::{CoreLoad, Traffic};
use pumice::engine::{Control, Engine, Observer};
use pumice::meter::{Counts, Event};
use pumice::models::learning::{GradedSpikeCfg, LearningDense, LearningRule};
use pumice::models::neuron::graded_vec::GradedVec;
use pumice::models::neuron::inv_sqrt::InvSqrt;
use pumice::models::neuron::norm_vec_delay::NormVecDelay;
use pumice::models::neuron::prod_neuron::ProdNeuron;
use pumice::num::{Draws, Purpose};
use pumice::prelude::*;
use pumice::process::networks::{GradedSparse, InputVec, NormalizeNet};
use pumice::process::{InPort, OutPort, ProbeId};

const STEPS: u64 = 24;

/// What tests look at.
struct Handles {
    /// Both ports of both populations of two kinds of packets, as events.
    sent: [ProbeId; 4],
    /// What other neurons, and a sink of the host, made of them.
    heard: Vec<ProbeId>,
}

/// Joins an out-port to an in-port by random synapses with delays.
fn join(graph: &mut Graph, name: &str, from: OutPort<Graded>, to: InPort<Activation>, draws: &mut Draws) {
    let shape = [graph.shape(to)[0], graph.shape(from)[0]];
    let n = shape[0] * 3;
    let entry = |draws: &mut Draws| {
        let (source, target) = (draws.below(shape[1] as u32), draws.below(shape[0] as u32));
        (source, target, f64::from(draws.below(7) as i32 - 3))
    };
    let entries: Vec<_> = (0..n).map(|_| entry(draws)).collect();
    let delays: Vec<f64> = (0..n).map(|_| f64::from(draws.below(4))).collect();
    let sparse = Sparse { num_message_bits: 24, delays: Some(delays.into()), ..Sparse::new(shape, entries) };
    let synapses = graph.add(name, Of::<Graded, _>::new(sparse)).unwrap();
    graph.connect(from, synapses.s_in).unwrap();
    graph.connect(synapses.a_out, to).unwrap();
}

/// Two populations of two kinds of packets, between others: both ports of both lead to neurons, back to themselves and to each
/// other, and one to the host and to synapses that learn.
fn network(n: usize, seed: u64) -> (Graph, Handles) {
    let mut graph = Graph::new();
    let mut draws = Draws::new(seed, Purpose::TOPOLOGY, 0, 0);
    let rows = (0..7).map(|_| (0..n).map(|_| f64::from(draws.below(21) as i32 - 10)).collect()).collect();
    let input = graph.compose("input", InputVec::new(rows, 0)).unwrap();
    let first = graph.add("first", NormVecDelay { vth: 30.into(), ..NormVecDelay::new(&[n]) }).unwrap();
    let gate = graph.add("gate", GradedVec { vth: 60.into(), ..GradedVec::new(&[n / 2 + 1]) }).unwrap();
    let second = graph.add("second", NormVecDelay { vth: 500.into(), ..NormVecDelay::new(&[n + 3]) }).unwrap();
    let root = graph.add("root", InvSqrt { fp_base: 6, ..InvSqrt::new(&[3]) }).unwrap();
    let product = graph.add("product", ProdNeuron { exp: 9.into(), ..ProdNeuron::new(&[n]) }).unwrap();
    let sink = graph.add("sink", Of::<Graded, _>::sink(&[n], 4)).unwrap();
    let mut link = |name: &str, from, to| join(&mut graph, name, from, to, &mut draws);
    link("in", input, first.a_in1);
    link("gather", first.s2_out, root.a_in);
    link("spread", root.s_out, first.a_in2);
    link("on", first.s_out, second.a_in1);
    link("square", first.s2_out, second.a_in2);
    link("pass", second.s2_out, gate.a_in);
    link("back", gate.s_out, first.a_in1);
    link("left", first.s2_out, product.a_in1);
    link("right", second.s_out, product.a_in2);
    link("again", second.s2_out, second.a_in2);
    graph.connect(first.s2_out, sink.a_in).unwrap();
    let pupil = graph.add("pupil", Lif { vth: 40.into(), du: 4095.into(), ..Lif::new(&[2]) }).unwrap();
    let rule = LearningRule::new("2^-2*y0*x1 - 2^-3*x0*y1").x1(16.0, 9.0).y1(20.0, 12.0);
    let learning = LearningDense::new(vec![vec![20.0; n]; 2], rule);
    let learning =
        LearningDense { num_message_bits: 8, graded_spike_cfg: GradedSpikeCfg::AddWithSaturation, ..learning };
    let learning = graph.add("learning", Of::<Graded, _>::new(learning)).unwrap();
    graph.connect(first.s2_out, learning.s_in).unwrap();
    graph.connect(learning.a_out, pupil.a_in).unwrap();
    graph.connect(pupil.s_out, learning.s_in_bap).unwrap();
    let probe = |graph: &mut Graph, port: OutPort<Graded>| graph.probe_port(port, Record::Events).unwrap();
    let sent = [first.s_out, first.s2_out, second.s_out, second.s2_out].map(|port| probe(&mut graph, port));
    let mut heard: Vec<ProbeId> =
        [gate.s_out, root.s_out, product.s_out].into_iter().map(|port| probe(&mut graph, port)).collect();
    let dense = Record::Dense { stride: 1 };
    heard.push(graph.probe(first.v2, dense).unwrap());
    heard.push(graph.probe(learning.weights, dense).unwrap());
    heard.push(graph.probe_port(pupil.s_out, Record::Events).unwrap());
    heard.push(graph.probe(second.v, dense).unwrap());
    heard.push(graph.probe_port(first.s2_out, dense).unwrap());
    heard.push(graph.probe_port(sink.a_in, dense).unwrap());
    (graph, Handles { sent, heard })
}

/// Loihi 2 with so many neurons on a core.
fn profile(neurons: usize) -> Profile {
    let text = format!(
        "extends = \"loihi2\"\n[meta]\nname = \"small\"\n[core]\nneurons = {neurons}\n[sources]\ncore = {{ ev = \"assumed\", src = \"test\" }}\n"
    );
    Profile::from_text("small.toml", &text).unwrap()
}

fn run((n, seed): (usize, u64), neurons: usize, config: &RunConfig) -> (Simulation, Handles) {
    let (graph, handles) = network(n, seed);
    let mut simulation = Simulation::new(graph, &profile(neurons), config).unwrap();
    simulation.run(RunSteps(STEPS)).unwrap();
    (simulation, handles)
}

/// What a probe keeps: as events, or as rows.
type Kept = (Vec<(u64, u32)>, Vec<Vec<f64>>);

fn shown(simulation: &Simulation, handles: &Handles) -> Vec<Kept> {
    let one = |probe: &ProbeId| (simulation.recording(*probe).events(), simulation.recording(*probe).rows());
    handles.sent.iter().chain(&handles.heard).map(one).collect()
}

/// Spikes by port of both populations.
fn spikes(simulation: &Simulation, handles: &Handles) -> [u64; 4] {
    handles.sent.map(|probe| simulation.recording(probe).events().len() as u64)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]

    /// Whatever the network, the cores it is cut to, and the number of workers.
    #[test]
    fn cores_compute_and_count_both_kinds_of_packets(
        n in 1usize..12, seed in any::<u64>(), neurons in 1usize..20, workers in 1usize..5,
    ) {
        let (fixed, same) = run((n, seed), neurons, &RunConfig::on(Backend::Fixed));
        let (chip, handles) = run((n, seed), neurons, &RunConfig::default().workers(workers));
        prop_assert_eq!(shown(&chip, &handles), shown(&fixed, &same));
        // Sums of synapses belong to the population that takes them on a core, and to the connection beside.
        let registers = |simulation: &Simulation| {
            let all = simulation.overflow().into_iter();
            all.filter(|(_, record)| !record.variable.starts_with("a_")).collect::<Vec<_>>()
        };
        prop_assert_eq!(registers(&chip), registers(&fixed));
        prop_assert_eq!(chip.image().chip.banks.len(), 6);
        prop_assert!(chip.image().chip.cores() >= (3 * n + n / 2 + 9).div_ceil(neurons));
        let counts = chip.counts();
        prop_assert_eq!(Some(counts[Event::NeuronSpike]), fixed.spikes_off_chip());
        prop_assert_eq!(counts[Event::PacketIn], counts[Event::PacketOut] + counts[Event::HostSpikeIn]);
        prop_assert_eq!(counts[Event::HostSpikeOut], spikes(&chip, &handles)[1]);
        let mut parts: Counts = chip.counts_by_process().iter().map(|(_, counts)| counts).sum();
        for event in [Event::HostSpikeOut, Event::HostRead, Event::Barrier] {
            parts.add(event, counts[event]);
        }
        prop_assert_eq!(parts, counts);
    }
}

/// Checks the order of sending, and sums what is shown.
#[derive(Default)]
struct Watch {
    loads: Counts,
    packets: u64,
    last: std::collections::BTreeMap<u32, u32>,
}

impl Observer for Watch {
    fn step(&mut self, _step: u64, _loads: &[CoreLoad]) {}

    fn step_with_packets(&mut self, _step: u64, loads: &[CoreLoad], packets: &Traffic<'_>) {
        self.loads += &loads.iter().sum();
        self.last.clear();
        packets.each(|spike| {
            self.packets += spike.packets().len() as u64;
            if let Some(core) = spike.from {
                let before = self.last.insert(core.0, spike.rank).unwrap_or(0);
                assert!(before <= spike.rank, "neurons of a core send in their order");
            }
        });
    }
}

#[test]
fn loads_and_packets_of_steps_hold_both_kinds() {
    for workers in [1, 3] {
        let hardware = pumice::compile::Hardware::from(&profile(20));
        let image = pumice::compile::compile(&network(11, 4).0, &hardware, &RunConfig::default()).unwrap();
        let mut engine = Engine::new(image, workers).unwrap();
        let mut watch = Watch::default();
        engine.run(Some(STEPS), &Control::default(), Some(&mut watch)).unwrap();
        let all: Counts = engine.loads().iter().sum();
        assert_eq!(watch.loads, all);
        assert_eq!(watch.packets, all[Event::PacketIn]);
        assert!(all[Event::PacketOut] > 500, "{all:?}");
    }
}

#[test]
fn a_neuron_that_sends_by_two_ports_is_updated_once_and_spikes_twice() {
    let (simulation, handles) = run((11, 4), 20, &RunConfig::default());
    let counts = simulation.counts();
    assert_eq!(counts[Event::NeuronAccess], STEPS * simulation.image().chip.neurons() as u64);
    let [first, square, second, again] = spikes(&simulation, &handles);
    assert!([first, square, second, again].iter().all(|n| *n > 40), "{first} {square} {second} {again}");
    let of = |name: &str| simulation.counts_by_process().into_iter().find(|(path, _)| path == name).unwrap().1;
    assert_eq!(of("first")[Event::NeuronSpike], first + square);
    assert_eq!(of("second")[Event::NeuronSpike], second + again);
    // Each kind goes to its own targets: `square` and `left` hear the squares, `on` the others.
    let fan_out = |name: &str, probe: usize| {
        let p = simulation.image().chip.projections.iter().find(|p| p.path == name).unwrap();
        let row = |i: u32| p.rows.start[i as usize + 1] - p.rows.start[i as usize];
        let events = simulation.recording(handles.sent[probe]).events();
        events.iter().map(|(_, i)| row(*i) as u64).sum::<u64>()
    };
    for (name, probe) in [("on", 0), ("square", 1), ("left", 1), ("gather", 1), ("right", 2), ("again", 3)] {
        assert_eq!(of(name).synaptic_events(), fan_out(name, probe), "{name}");
    }
}

#[test]
fn a_snapshot_keeps_both_kinds_on_their_way() {
    let config = RunConfig::default().workers(2);
    let (mut whole, handles) = run((11, 4), 8, &config);
    let state = whole.save();
    whole.run(RunSteps(STEPS)).unwrap();
    let (graph, same) = network(11, 4);
    let mut resumed = Simulation::new(graph, &profile(8), &config.workers(3)).unwrap();
    resumed.load(&state).unwrap();
    resumed.run(RunSteps(STEPS)).unwrap();
    assert_eq!(resumed.save(), whole.save());
    for (probe, again) in handles.sent.into_iter().zip(same.sent) {
        let all = whole.recording(probe).events();
        let after: Vec<_> = all.into_iter().filter(|event| event.0 > STEPS).collect();
        assert!(after.len() > 20);
        assert_eq!(resumed.recording(again).events(), after);
    }
    assert_eq!((resumed.counts(), resumed.time_ps()), (whole.counts(), whole.time_ps()));
    let fresh = run((11, 4), 8, &RunConfig::default());
    whole.reset().unwrap();
    whole.run(RunSteps(STEPS)).unwrap();
    assert_eq!((whole.save(), whole.counts()), (fresh.0.save(), fresh.0.counts()));
}

/// Weights that are written while spikes are on their way act on the train that they belong to, and on no other.
#[test]
fn weights_of_one_kind_are_written() {
    let shown = [Backend::Chip, Backend::Fixed].map(|backend| {
        let mut graph = Graph::new();
        let x = graph.compose("x", InputVec::new(vec![vec![3.0, -4.0, 12.0], vec![1.0, 0.0, 2.0]], 0)).unwrap();
        let sums = graph.apply("w", GradedSparse::identity(3), x).unwrap();
        let net = graph.compose("net", NormalizeNet::new(3)).unwrap();
        graph.feed(net.in_port, &[sums]).unwrap();
        let probe = graph.probe_port(net.out_port, Record::Dense { stride: 1 }).unwrap();
        let gather = graph.find("net/vfp_dense").unwrap();
        let weights = graph.var::<i32>(gather, "weights").unwrap();
        let config = RunConfig::on(backend);
        let mut simulation = Simulation::new(graph, &Profile::load("loihi2").unwrap(), &config).unwrap();
        simulation.run(RunSteps(8)).unwrap();
        simulation.set(weights, &[0, 2, 1]).unwrap();
        simulation.run(RunSteps(8)).unwrap();
        simulation.recording(probe).rows()
    });
    assert_eq!(shown[0], shown[1]);
    assert_ne!(shown[0][6..8], shown[0][14..16], "the write acts");
}

/// Both kinds of packets to one core take an axon each, and a destination each.
#[test]
fn each_kind_of_packet_takes_its_own_axons() {
    let both = |limits: &str| {
        let mut graph = Graph::new();
        let first = graph.add("first", NormVecDelay::new(&[5])).unwrap();
        let to = graph.add("to", ProdNeuron::new(&[5])).unwrap();
        let mut draws = Draws::new(1, Purpose::TOPOLOGY, 0, 0);
        join(&mut graph, "one", first.s_out, to.a_in1, &mut draws);
        join(&mut graph, "two", first.s2_out, to.a_in2, &mut draws);
        let text = format!(
            "extends = \"loihi2\"\n[meta]\nname = \"few\"\n[core]\n{limits}\n[sources]\ncore = {{ ev = \"assumed\", src = \"test\" }}\n"
        );
        Simulation::new(graph, &Profile::from_text("few.toml", &text).unwrap(), &RunConfig::default())
    };
    let simulation = both("destinations_per_neuron = 2").unwrap();
    let (uses, rows) = (simulation.core_uses(), simulation.image().chip.projections.iter().map(|p| &p.rows));
    let axons: usize = rows.map(|rows| (0..5).filter(|i| rows.start[*i] < rows.start[i + 1]).count()).sum();
    assert_eq!((uses[0].axons_in, uses[0].axons_out, uses[0].destinations), (axons as u64, axons as u64, 2));
    assert_eq!(
        both("destinations_per_neuron = 1").unwrap_err().to_string(),
        "`first` needs 2 destination cores for a single neuron, a core of few has 1: lay its targets together with a mapping file, or relay through other neurons"
    );
}

//! Synapses that learn on the chip: what the unplaced kernels compute, on any number of workers, through any snapshot.

use pumice::compile::{Hardware, compile};
use pumice::engine::{Control, Engine, Snapshot};
use pumice::models::learning::{GradedSpikeCfg, LearningLif, LearningRule, LearningSparse, LoihiSynapses, PesSynapses};
use pumice::models::neuron::prototype_lif::PrototypeLif;
use pumice::models::source::spiker::Spiker;
use pumice::models::{OverflowRecord, Values};
use pumice::num::{Draws, Purpose};
use pumice::prelude::*;

const STEPS: u64 = 150;

/// Random synapses of `[targets, sources]`, in no order.
fn synapses([targets, sources]: [u32; 2], n: usize, draws: &mut Draws) -> Vec<(u32, u32, f64)> {
    (0..n).map(|_| (draws.below(sources), draws.below(targets), f64::from(20 + 2 * draws.below(40)))).collect()
}

fn plastic(shape: [u32; 2], n: usize, rule: LearningRule, draws: &mut Draws) -> LearningSparse {
    let synapses = synapses(shape, n, draws);
    LearningSparse { weight_exp: 1, ..LearningSparse::new(shape.map(|n| n as usize), synapses, rule) }
}

fn stdp() -> LearningRule {
    let rule = LearningRule::new("2^-4*y0*x1 - 2^-4*x0*y1").x1(20.3, 9.0).x2(9.0, 30.0).y1(17.6, 12.0);
    LearningRule { dd: Some("2^-2*x0 - 2^-5*y0*x2".into()), dt: Some("y0*x1 - u2*t*2^-1".into()), t_epoch: 2, ..rule }
}

/// The delta rule with both factors as traces of the neuron: y2 what it was told, y3 what it did.
fn delta() -> LearningRule {
    let rule = LearningRule::new("2^-1*x0*y2 - 2^-1*x0*y3 + 2^-3*u1*x1*y2").x1(16.0, 8.0).y1(16.0, 8.0).y3(14.0, 10.0);
    LearningRule { three_factor: true, ..rule }
}

/// Two populations: one learns from a source and from itself by a two-factor rule, the other by a three-factor rule from
/// both, from graded spikes, and from a teacher.
fn network() -> Graph {
    let mut graph = Graph::new();
    let mut draws = Draws::new(8, Purpose::TOPOLOGY, 0, 0);
    let drive = graph.add("drive", Poisson::new(&[30], 0.12)).unwrap();
    let input = graph.add("input", plastic([37, 30], 300, stdp(), &mut draws)).unwrap();
    let cells = Lif { du: 2500.into(), dv: 300.into(), vth: 190.into(), ..Lif::new(&[37]) };
    let cells = graph.add("cells", cells).unwrap();
    let again = LearningSparse { num_weight_bits: 6, ..plastic([37, 37], 200, stdp(), &mut draws) };
    let again = graph.add("again", again).unwrap();
    graph.connect(drive.out, input.s_in).unwrap();
    graph.connect(input.a_out, cells.a_in).unwrap();
    graph.connect(cells.s_out, again.s_in).unwrap();
    graph.connect(again.a_out, cells.a_in).unwrap();
    graph.connect(cells.s_out, input.s_in_bap).unwrap();
    graph.connect(cells.s_out, again.s_in_bap).unwrap();

    let pupils = LearningLif { vth: 400.into(), du: 4095.into(), dv: 300.into(), ..LearningLif::new(&[11], delta()) };
    let pupils = graph.add("pupils", pupils).unwrap();
    let read = graph.add("read", plastic([11, 37], 250, delta(), &mut draws)).unwrap();
    let teacher = graph.add("teacher", Poisson::new(&[11], 0.2)).unwrap();
    let told = graph.add("told", Sparse::new([11, 11], (0..11).map(|i| (i, i, 60.0)))).unwrap();
    graph.connect(cells.s_out, read.s_in).unwrap();
    graph.connect(read.a_out, pupils.a_in).unwrap();
    graph.connect(teacher.out, told.s_in).unwrap();
    graph.connect(told.a_out, pupils.a_third_factor_in.unwrap()).unwrap();
    graph.connect(pupils.s_out_bap, read.s_in_bap).unwrap();
    graph.connect(teacher.out, read.s_in_bap).unwrap();
    for (out, into) in [pupils.s_out_y1, pupils.s_out_y2, pupils.s_out_y3].into_iter().zip(read.s_in_y.unwrap()) {
        graph.connect(out.unwrap(), into).unwrap();
    }

    let spiker = Spiker { shape: vec![5], period: 4.into(), payload: 45.into() };
    let graded = graph.add("graded", spiker).unwrap();
    let payloads = LearningSparse {
        num_message_bits: 8,
        graded_spike_cfg: GradedSpikeCfg::AddWithSaturation,
        weight_exp: -5,
        ..plastic([11, 5], 40, stdp(), &mut draws)
    };
    let payloads = graph.add("payloads", Of::<Graded, _>::new(payloads)).unwrap();
    graph.connect(graded.s_out, payloads.s_in).unwrap();
    graph.connect(payloads.a_out, pupils.a_in).unwrap();
    graph.connect(pupils.s_out, payloads.s_in_bap).unwrap();
    let [x1, y2] = ["x1", "y2"].map(|name| graph.var(read.id, name).unwrap());
    for var in [input.weights, input.tag_1, input.tag_2, again.weights, read.weights, x1, y2, payloads.weights] {
        graph.probe(var, Record::Dense { stride: 10 }).unwrap();
    }
    graph.probe_port(cells.s_out, Record::Events).unwrap();
    graph.probe_port(pupils.s_out, Record::Events).unwrap();
    graph
}

fn engine(graph: &Graph, arithmetic: &Arithmetic, backend: Backend, workers: usize) -> Engine {
    let image = compile(graph, &Hardware::unlimited(arithmetic.clone()), &RunConfig::on(backend).seed(6)).unwrap();
    Engine::new(image, workers).unwrap()
}

fn run(engine: &mut Engine, steps: u64) {
    engine.run(Some(steps), &Control::default(), None).unwrap();
}

/// Everything that a run shows.
type Shown = (Vec<Vec<Vec<f64>>>, Vec<Vec<(u64, u32)>>, Vec<Vec<OverflowRecord>>);

fn shown(engine: &Engine) -> Shown {
    let all = engine.recordings();
    (all.iter().map(|r| r.rows()).collect(), all.iter().map(|r| r.events()).collect(), engine.overflow())
}

fn assert_alive(shown: &Shown) {
    let spikes: Vec<usize> = shown.1.iter().map(Vec::len).filter(|n| *n > 0).collect();
    assert!(spikes.len() == 2 && spikes.iter().all(|n| *n > 100), "both populations must fire: {spikes:?}");
    for (k, rows) in shown.0.iter().enumerate().filter(|(_, rows)| !rows.is_empty()) {
        assert_ne!(rows[0], rows[rows.len() - 1], "variable {k} must change");
    }
}

/// Cores learn what the unplaced kernels learn, in every arithmetic that both have, on any number of workers.
#[test]
fn the_chip_learns_what_the_unplaced_kernels_learn_on_any_number_of_workers() {
    let graph = network();
    for arithmetic in Arithmetic::NAMES.map(|name| Arithmetic::named(name).unwrap()) {
        let mut fixed = engine(&graph, &arithmetic, Backend::Fixed, 1);
        run(&mut fixed, STEPS);
        let want = shown(&fixed);
        assert_alive(&want);
        let mut one = engine(&graph, &arithmetic, Backend::Chip, 1);
        assert_eq!((fixed.image().chip.plastic.len(), one.image().chip.plastic.len()), (0, 4));
        run(&mut one, STEPS);
        assert!(one.counts()[pumice::meter::Event::SynapseUpdate] > 10_000);
        for workers in [1, 2, 5] {
            let mut chip = engine(&graph, &arithmetic, Backend::Chip, workers);
            run(&mut chip, STEPS);
            let got = shown(&chip);
            assert_eq!(got.1, want.1, "spikes in {}, {workers} workers", arithmetic.name);
            assert_eq!(got, want, "{}, {workers} workers", arithmetic.name);
            assert_eq!(chip.loads(), one.loads(), "{}, {workers} workers", arithmetic.name);
            assert_eq!(chip.save(), one.save(), "{}, {workers} workers", arithmetic.name);
        }
    }
}

/// Learned weights, tags, delays and traces survive a snapshot bit for bit, and reset forgets them.
#[test]
fn a_snapshot_keeps_what_was_learned() {
    let graph = network();
    let arithmetic = Arithmetic::loihi2();
    let mut whole = engine(&graph, &arithmetic, Backend::Chip, 2);
    run(&mut whole, 71);
    let bytes = whole.save().to_bytes().unwrap();
    let mut resumed = engine(&graph, &arithmetic, Backend::Chip, 3);
    let fresh = resumed.save();
    resumed.load(&Snapshot::from_bytes(&bytes).unwrap()).unwrap();
    assert_ne!(resumed.save().plastic, fresh.plastic);
    for engine in [&mut whole, &mut resumed] {
        run(engine, 80);
    }
    assert_eq!(resumed.save(), whole.save());
    assert_eq!(resumed.counts(), whole.counts());
    whole.reset().unwrap();
    assert_eq!(whole.save(), fresh);
}

/// Impulses and time constants are written at pauses, within an epoch too, of two factors and of three: cores go on as the unplaced
/// kernels do, on any number of workers, a snapshot keeps what was written, and reset takes it back.
#[test]
fn impulses_and_time_constants_are_written_at_pauses() {
    let graph = network();
    let writes = [
        (30, "input", "x1_tau", 3),
        (45, "again", "y1_impulse", 90),
        (45, "read", "x1_impulse", 2),
        (77, "input", "x1_tau", 40),
    ];
    let var = |process: &str, name: &str| {
        let id = graph.find(process).unwrap();
        (id.number(), graph.var::<i32>(id, name).unwrap().index())
    };
    let written = |engine: &mut Engine| {
        for (step, process, name, value) in writes {
            run(engine, step - engine.steps());
            let (id, var) = var(process, name);
            engine.set(id, var, &Values::Int(vec![value])).unwrap();
            assert_eq!(engine.get(id, var).unwrap().to_int(), Some(vec![value]));
        }
    };
    for arithmetic in [Arithmetic::lava(), Arithmetic::loihi1()] {
        let mut plain = engine(&graph, &arithmetic, Backend::Fixed, 1);
        run(&mut plain, STEPS);
        let mut fixed = engine(&graph, &arithmetic, Backend::Fixed, 1);
        written(&mut fixed);
        run(&mut fixed, STEPS - 77);
        let want = shown(&fixed);
        assert_alive(&want);
        assert_ne!(want.0, shown(&plain).0, "the writes act");
        for workers in [1, 3] {
            let mut chip = engine(&graph, &arithmetic, Backend::Chip, workers);
            let fresh = chip.save();
            written(&mut chip);
            let bytes = chip.save().to_bytes().unwrap();
            run(&mut chip, STEPS - 77);
            assert_eq!(shown(&chip), want, "{}, {workers} workers", arithmetic.name);
            let mut resumed = engine(&graph, &arithmetic, Backend::Chip, 2);
            resumed.load(&Snapshot::from_bytes(&bytes).unwrap()).unwrap();
            run(&mut resumed, STEPS - 77);
            assert_eq!(resumed.save(), chip.save());
            chip.reset().unwrap();
            assert_eq!(chip.save(), fresh);
        }
    }
}

/// Weights on the chip can be read and written, and what does not fit is refused with its name.
#[test]
fn learned_weights_can_be_read_and_written() {
    let mut graph = network();
    let input = graph.find("input").unwrap();
    let weights: Var<i32> = graph.var(input, "weights").unwrap();
    let profile = Profile::load("loihi1").unwrap();
    let mut chip = Simulation::new(std::mem::take(&mut graph), &profile, &RunConfig::default().workers(2)).unwrap();
    let first = chip.get(weights).unwrap();
    chip.run(RunSteps(50)).unwrap();
    assert_ne!(chip.get(weights).unwrap(), first);
    chip.set(weights, &first).unwrap();
    assert_eq!(chip.get(weights).unwrap(), first);
    let fault = chip.set(weights, &vec![300; first.len()]).unwrap_err().to_string();
    assert_eq!(fault, "`input`: `weights[0]` is 300; allowed is an integer in -256..=254");
    assert!(chip.set(weights, &first[1..]).is_err());
    let bill = chip.bill().unwrap();
    let updates = bill
        .rows
        .iter()
        .find(|line| line.term == pumice::meter::Term::Event(pumice::meter::Event::SynapseUpdate))
        .unwrap();
    assert!(updates.count > 1000 && (updates.energy_j / updates.count as f64 - 120e-12).abs() < 1e-18, "{updates:?}");
}

/// brian2-loihi's and nengo-loihi's rules run on cores too, also where two sources share an axon.
#[test]
fn the_rules_of_other_emulators_run_on_cores() {
    let mut draws = Draws::new(4, Purpose::TOPOLOGY, 0, 0);
    let stdp = LoihiSynapses {
        imp_x1: 20.0,
        tau_x1: 8.0,
        imp_y1: 20.0,
        tau_y1: 8.0,
        delay: 2,
        num_weight_bits: 7,
        ..LoihiSynapses::new([10, 12], synapses([10, 12], 60, &mut draws), "2^-2*y0*x1 - 2^-3*x0*y1")
    };
    let learning = pumice::models::learning::PesLearning {
        train_epoch: 2,
        learn_epoch: 4,
        tracing_tau: 10.0,
        tracing_mag: 30.5,
        lr_int: 1,
        lr_exp: -2,
    };
    let weights = pumice::models::Matrix(vec![vec![12.0; 12]; 10]);
    let pes = PesSynapses { weights, weight_exp: 3, num_weight_bits: 8, learning, draws: None };
    let mut graph = Graph::new();
    let drive = graph.add("drive", Poisson::new(&[12], 0.2)).unwrap();
    let cells =
        graph.add("cells", Lif { du: 4095.into(), dv: 200.into(), vth: 120.into(), ..Lif::new(&[10]) }).unwrap();
    let (stdp, pes) = (graph.add("stdp", stdp).unwrap(), graph.add("pes", pes).unwrap());
    let error = (0..16).map(|t| (0..5).map(|j| f64::from((t * 7 + j * 31) % 200 - 90)).collect()).collect();
    let error = graph.add("error", Of::<Graded, RingBuffer>::source(&[5], error)).unwrap();
    let beside = graph.add("beside", Poisson::new(&[12], 0.1)).unwrap();
    for (source, synapses) in [(drive.out, stdp.s_in), (drive.out, pes.s_in), (beside.out, pes.s_in)] {
        graph.connect(source, synapses).unwrap();
    }
    graph.connect(stdp.a_out, cells.a_in).unwrap();
    graph.connect(pes.a_out, cells.a_in).unwrap();
    graph.connect(cells.s_out, stdp.s_in_bap).unwrap();
    graph.connect(error.out, pes.error_in).unwrap();
    for var in [stdp.w, stdp.x1, pes.weights, pes.traces] {
        graph.probe(var, Record::Dense { stride: 5 }).unwrap();
    }
    graph.probe_port(cells.s_out, Record::Events).unwrap();
    for arithmetic in [Arithmetic::named("brian2-loihi-0.5").unwrap(), Arithmetic::named("nengo-loihi-1.1").unwrap()] {
        let mut fixed = engine(&graph, &arithmetic, Backend::Fixed, 1);
        run(&mut fixed, STEPS);
        let want = shown(&fixed);
        assert!(want.1[4].len() > 100, "the cells must be alive, they fired {} times", want.1[4].len());
        assert_ne!(want.0[2][0], want.0[2][29]);
        for workers in [1, 2, 4, 16] {
            let mut chip = engine(&graph, &arithmetic, Backend::Chip, workers);
            run(&mut chip, 70);
            let saved = chip.save();
            run(&mut chip, STEPS - 70);
            assert_eq!(shown(&chip), want, "{}, {workers} workers", arithmetic.name);
            let mut resumed = engine(&graph, &arithmetic, Backend::Chip, 3);
            resumed.load(&saved).unwrap();
            run(&mut resumed, STEPS - 70);
            assert_eq!(resumed.save(), chip.save());
        }
    }
}

/// Prototypes learn a pattern in one shot: the third factor chooses one, whose `y1` gates the synapses onto it.
#[test]
fn prototypes_learn_on_cores_what_they_learn_beside_them() {
    let rule = LearningRule { three_factor: true, ..LearningRule::new("2^-6*y1*x1*y0 - 2^-7*y1*y0*w") };
    let mut graph = Graph::new();
    let mut draws = Draws::new(11, Purpose::TOPOLOGY, 0, 0);
    let input = graph.add("input", Poisson::new(&[20], 0.3)).unwrap();
    let learns = graph.add("learns", plastic([9, 20], 90, rule.x1(20.0, 5.0), &mut draws)).unwrap();
    let cells = PrototypeLif { du: 4095.into(), dv: 500.into(), vth: 400.into(), ..PrototypeLif::new(&[9]) };
    let cells = graph.add("cells", cells).unwrap();
    let chosen = (0..40).map(|t| vec![f64::from(if t % 6 == 5 { t % 9 + 1 } else { 0 })]).collect();
    let chosen = graph.add("chosen", Of::<Graded, RingBuffer>::source(&[1], chosen)).unwrap();
    let told = Dense { num_message_bits: 8, ..Dense::new(vec![vec![1.0]; 9]) };
    let told = graph.add("told", Of::<Graded, Dense>::new(told)).unwrap();
    let half = graph.add("half", Sparse::new([9, 9], (0..9).map(|i| (i, i, 60.0)))).unwrap();
    graph.connect(input.out, learns.s_in).unwrap();
    graph.connect(learns.a_out, cells.a_in).unwrap();
    graph.connect(chosen.out, told.s_in).unwrap();
    graph.connect(told.a_out, cells.a_third_factor_in).unwrap();
    graph.connect(cells.s_out_bap, learns.s_in_bap).unwrap();
    graph.connect(cells.s_out_y1, learns.s_in_y.unwrap()[0]).unwrap();
    graph.connect(cells.s_out, half.s_in).unwrap();
    graph.connect(half.a_out, cells.reset_in).unwrap();
    for var in [learns.weights, cells.v, cells.y1, cells.bap] {
        graph.probe(var, Record::Dense { stride: 5 }).unwrap();
    }
    graph.probe_port(cells.s_out, Record::Events).unwrap();
    let mut fixed = engine(&graph, &Arithmetic::loihi2(), Backend::Fixed, 1);
    run(&mut fixed, STEPS);
    let want = shown(&fixed);
    assert!(want.1[4].len() > 50, "the prototypes must be alive, they fired {} times", want.1[4].len());
    assert_ne!(want.0[0][0], want.0[0][29], "weights must change");
    for workers in [1, 2, 5] {
        let mut chip = engine(&graph, &Arithmetic::loihi2(), Backend::Chip, workers);
        assert_eq!((chip.image().chip.banks.len(), chip.image().chip.plastic.len()), (1, 1));
        run(&mut chip, 70);
        let saved = chip.save();
        run(&mut chip, STEPS - 70);
        assert_eq!(shown(&chip), want, "{workers} workers");
        assert!(chip.counts()[pumice::meter::Event::SynapseUpdate] > 100);
        let mut resumed = engine(&graph, &Arithmetic::loihi2(), Backend::Chip, 3);
        resumed.load(&saved).unwrap();
        run(&mut resumed, STEPS - 70);
        assert_eq!(resumed.save(), chip.save());
    }
    graph.probe_port(cells.s_out_y1, Record::Events).unwrap();
    let hardware = Hardware::unlimited(Arithmetic::loihi2());
    assert_eq!(
        compile(&graph, &hardware, &RunConfig::default()).unwrap_err().to_string(),
        "`cells.s_out_y1` cannot be probed on the chip: synapses on a core read it where it is; probe the variable instead"
    );
}

/// Wirings that cores cannot serve are refused with what to do; synapse memory counts tags and learned delays.
#[test]
fn what_cores_cannot_learn_is_refused() {
    let chip = |graph: &Graph| {
        let hardware = Hardware::from(&Profile::load("loihi1").unwrap());
        compile(graph, &hardware, &RunConfig::default()).map_err(|e| e.to_string())
    };
    let bits = |rule: LearningRule| {
        let mut graph = Graph::new();
        let drive = graph.add("drive", Poisson::new(&[3], 0.1)).unwrap();
        let dense = pumice::models::learning::LearningDense::new(vec![vec![0.0; 3]; 64], rule);
        let dense = graph.add("dense", dense).unwrap();
        let cells = graph.add("cells", Lif::new(&[64])).unwrap();
        graph.connect(drive.out, dense.s_in).unwrap();
        graph.connect(dense.a_out, cells.a_in).unwrap();
        pumice::chip::core_uses(&chip(&graph).unwrap().chip)[0].synapse_bits
    };
    // An entry of 64 synapses: weights of 8 bits, with tags of 9 more, with delays of 6 more, and 10 bits of its own.
    let words = |bits: u64| 3 * (64 * bits + 10).div_ceil(64) * 64;
    assert_eq!(bits(LearningRule::new("x0")), words(8));
    assert_eq!(bits(LearningRule { dt: Some("x0".into()), ..LearningRule::new("x0") }), words(17));
    assert_eq!(bits(LearningRule { dd: Some("x0".into()), ..LearningRule::new("x0*t") }), words(23));

    let mut graph = network();
    let (pupils, sink) = (graph.find("pupils").unwrap(), Of::<Graded, Sink>::sink(&[11], 1));
    let sink = graph.add("sink", sink).unwrap();
    let y2 = graph.out_port::<Graded>(pupils, "s_out_y2").unwrap();
    graph.connect(y2, sink.a_in).unwrap();
    assert_eq!(
        chip(&graph).unwrap_err(),
        "`pupils` sends a trace elsewhere than to synapses that learn onto itself; run it on the fixed backend by an \
         exception in the run configuration"
    );
    let mut graph = network();
    let more = graph.add("more", Lif::new(&[37])).unwrap();
    let out = graph.out_port::<Activation>(graph.find("input").unwrap(), "a_out").unwrap();
    graph.connect(out, more.a_in).unwrap();
    let fault = chip(&graph).unwrap_err();
    assert!(fault.starts_with("`input` learns and feeds several populations"), "{fault}");
}

/// Updates of learned synapses are in the parts of the energy as in the whole, and cost what the profile says.
#[test]
fn learning_is_part_of_the_energy() {
    let mut simulation = Simulation::new(network(), &Profile::load("loihi1").unwrap(), &RunConfig::default()).unwrap();
    simulation.run(RunSteps(40)).unwrap();
    let mut whole = pumice::meter::Counts::default();
    simulation.loads().iter().for_each(|load| whole += load);
    let updates = whole[pumice::meter::Event::SynapseUpdate];
    assert!(updates > 100, "{updates} updates");
    for parts in [simulation.counts_by_process(), simulation.counts_by_layer()] {
        let sum: pumice::meter::Counts = parts.iter().map(|(_, counts)| counts).sum();
        assert_eq!(sum, whole);
    }
    let learning = simulation.energy_by_component().unwrap()[3];
    assert!((learning - updates as f64 * 120e-12).abs() < 1e-15, "{learning:e}");
}

/// A value that the host sends to learning synapses enters the chip: one packet for each core that hears it, once for each spike.
#[test]
fn third_factors_from_the_host_are_counted() {
    use pumice::meter::Event;
    use pumice::models::source::ring_buffer::RingBuffer;
    let graph = |told: f64| {
        let mut graph = Graph::new();
        let rule = LearningRule { three_factor: true, ..LearningRule::new("2^-2*x0*y2") };
        let source = graph.add("source", RingBuffer::spikes(&[6], vec![vec![1.0; 6], vec![0.0; 6]])).unwrap();
        let wire = graph.add("wire", plastic([4, 6], 20, rule, &mut Draws::new(2, Purpose::TOPOLOGY, 0, 0))).unwrap();
        let cells = graph.add("cells", Lif { vth: 100_000.into(), ..Lif::new(&[4]) }).unwrap();
        graph.connect(source.out, wire.s_in).unwrap();
        graph.connect(wire.a_out, cells.a_in).unwrap();
        // One reward for all four, every fifth step; and a teacher that tells the last neuron that it fired.
        let reward = [vec![vec![told]], vec![vec![0.0]; 4]].concat();
        let reward = graph.add("reward", Of::<Graded, RingBuffer>::source(&[1], reward)).unwrap();
        let spread: Vec<_> = (0..4).map(|_| reward.out).collect();
        let spread = graph.concatenate(&spread, 0).unwrap();
        graph.connect(spread, wire.s_in_y.unwrap()[1]).unwrap();
        let teacher = vec![vec![0.0, 0.0, 0.0, told.min(1.0)]];
        let teacher = graph.add("teacher", RingBuffer::spikes(&[4], teacher)).unwrap();
        graph.connect(teacher.out, wire.s_in_bap).unwrap();
        graph
    };
    let run = |told: f64, workers: usize| {
        let mut hardware = Hardware::unlimited(Arithmetic::loihi1());
        hardware.limits.neurons = Some(2);
        let image = compile(&graph(told), &hardware, &RunConfig::default()).unwrap();
        assert_eq!(image.chip.cores(), 2);
        let mut engine = Engine::new(image, workers).unwrap();
        run(&mut engine, 20);
        engine
    };
    let [silent, told] = [0.0, 30.0].map(|told| run(told, 1).counts());
    // Four rewards to two cores, twenty spikes of the teacher to one.
    for event in [Event::HostSpikeIn, Event::PacketIn] {
        assert_eq!(told[event], silent[event] + 4 * 2 + 20, "{event}");
    }
    assert!(told[Event::SynapseUpdate] >= 100 && told.synaptic_events() == silent.synaptic_events());
    assert_eq!(run(30.0, 3).loads(), run(30.0, 1).loads());
}

/// Dopamine gates learning through a third-factor port, noradrenaline makes the same neurons fire more.
#[test]
fn neuromodulators_gate_learning_and_act_on_excitability() {
    use pumice::models::source::modulator::{Neuromodulator, Transmitter};
    let graph = |gain: f64| {
        let mut graph = Graph::new();
        let rule = LearningRule { three_factor: true, ..LearningRule::new("2^-2*x0*y2") };
        let mut draws = Draws::new(2, Purpose::TOPOLOGY, 0, 0);
        let drive = graph.add("drive", Poisson::new(&[20], 0.2)).unwrap();
        let learns = graph.add("learns", plastic([12, 20], 90, rule, &mut draws)).unwrap();
        let cells = graph.add("cells", Lif { dv: 400.into(), du: 4095.into(), vth: 300.into(), ..Lif::new(&[12]) });
        let cells = cells.unwrap();
        let levels = [vec![0.0; 40], vec![30.0; 20], vec![0.0]].concat();
        let dopamine = Neuromodulator::recorded(&[12], Transmitter::Dopamine, levels);
        let dopamine = graph.add("dopamine", dopamine).unwrap();
        let arousal = Neuromodulator::wandering(&[12], Transmitter::Noradrenaline, 20.0, 6.0, 300);
        let arousal = graph.add("arousal", Neuromodulator { gain, ..arousal }).unwrap();
        graph.connect(drive.out, learns.s_in).unwrap();
        graph.connect(learns.a_out, cells.a_in).unwrap();
        graph.connect(cells.s_out, learns.s_in_bap).unwrap();
        graph.connect(dopamine.level_out, learns.s_in_y.unwrap()[1]).unwrap();
        graph.connect(arousal.a_out, cells.a_in).unwrap();
        graph.probe(learns.weights, Record::Dense { stride: 10 }).unwrap();
        graph.probe_port(cells.s_out, Record::Events).unwrap();
        graph.probe(arousal.level, Record::Dense { stride: 1 }).unwrap();
        graph
    };
    let fired: Vec<usize> = [0.0, 8.0]
        .map(|gain| {
            let mut fixed = engine(&graph(gain), &Arithmetic::loihi2(), Backend::Fixed, 1);
            run(&mut fixed, STEPS);
            let want = shown(&fixed);
            let weights = &want.0[0];
            assert_eq!(weights[0], weights[3], "no dopamine, no learning");
            assert!(weights[5].iter().zip(&weights[3]).all(|(now, before)| now >= before), "none shrinks");
            assert!(weights[5] > weights[3], "dopamine lets weights grow");
            assert_eq!(weights[6], weights[14], "it is over");
            assert_ne!(want.0[2][20], want.0[2][60], "the level must wander");
            let mut chip = engine(&graph(gain), &Arithmetic::loihi2(), Backend::Chip, 3);
            run(&mut chip, STEPS);
            assert_eq!(shown(&chip), want);
            want.1[1].len()
        })
        .to_vec();
    assert!(fired[0] > 50 && fired[1] > fired[0] + fired[0] / 5, "{fired:?}");
}

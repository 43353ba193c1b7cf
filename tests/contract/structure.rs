//! Synapses that grow and vanish: what the unplaced kernels grow, within the limits of cores, on any number of workers, through any
//! snapshot, and counted as they are.

use pumice::chip::{ChipImage, CoreLimits, CoreUse, PlasticImage, Source, core_uses};
use pumice::compile::{Hardware, compile};
use pumice::engine::{Control, Engine, Observer, Snapshot};
use pumice::meter::{Counts, Event};
use pumice::models::learning::{LearningDense, LearningRule, LearningSparse, Structure};
use pumice::models::{Behaviour, Matrix, Rows};
use pumice::num::{Draws, Purpose};
use pumice::prelude::*;

const CELLS: usize = 32;
const STEPS: u64 = 72;

fn stdp() -> LearningRule {
    LearningRule::new("2^-3*y0*x1 - 2^-3*x0*y1").x1(20.0, 9.0).y1(24.0, 12.0)
}

/// A population that grows synapses from a source, beginning with none, and keeps, loses and replaces its own, beginning with
/// many. `degree` is that of the first.
fn network(degree: u32) -> Graph {
    let mut graph = Graph::new();
    let mut draws = Draws::new(8, Purpose::TOPOLOGY, 0, 0);
    let drive = graph.add("drive", Poisson::new(&[40], 0.15)).unwrap();
    // Every second element of the source, through a virtual port.
    let half = graph.slice(drive.out, std::slice::from_ref(&(0..20))).unwrap();
    let grows = Structure { period: 3, prune_at: 40.0, all_sources: true, ..Structure::new(degree, 60.0) };
    let input = LearningSparse {
        structure: Some(grows),
        weight_exp: 1,
        ..LearningSparse::new([CELLS, 20], [(7, 11, 90.0), (3, 11, 20.0), (3, 30, 70.0)], stdp())
    };
    let input = graph.add("input", input).unwrap();
    let cells = Lif { du: 2500.into(), dv: 300.into(), vth: 120.into(), ..Lif::new(&[CELLS]) };
    let cells = graph.add("cells", cells).unwrap();
    let mut weight = |_| if draws.below(3) == 0 { f64::from(2 * draws.below(30)) } else { 0.0 };
    let weights = (0..CELLS).map(|_| (0..CELLS).map(&mut weight).collect()).collect();
    let again = LearningDense {
        structure: Some(Structure { period: 2, prune_at: 2.0, ..Structure::new(5, 24.0) }),
        delays: Some(Matrix((0..CELLS).map(|j| (0..CELLS).map(|i| ((i + j) % 4) as f64).collect()).collect())),
        ..LearningDense::new(weights, LearningRule { dd: Some("2^-2*x0 - 2^-4*y0*x1".into()), ..stdp() })
    };
    let again = graph.add("again", again).unwrap();
    graph.connect(half, input.s_in).unwrap();
    graph.connect(input.a_out, cells.a_in).unwrap();
    graph.connect(cells.s_out, again.s_in).unwrap();
    graph.connect(again.a_out, cells.a_in).unwrap();
    graph.connect(cells.s_out, input.s_in_bap).unwrap();
    graph.connect(cells.s_out, again.s_in_bap).unwrap();
    for process in [input.id, again.id] {
        for name in ["weights", "connected", "degree", "grown", "pruned", "refused"] {
            let var: Var<i32> = graph.var(process, name).unwrap();
            graph.probe(var, Record::Dense { stride: 6 }).unwrap();
        }
    }
    graph.probe_port(cells.s_out, Record::Events).unwrap();
    graph
}

/// Cores of ten neurons, whose limits `tighten` changes.
fn hardware(arithmetic: Arithmetic, tighten: impl Fn(&mut CoreLimits)) -> Hardware {
    let mut hardware = Hardware::unlimited(arithmetic);
    hardware.limits = CoreLimits { neurons: Some(10), ..CoreLimits::default() };
    tighten(&mut hardware.limits);
    hardware
}

fn engine(graph: &Graph, hardware: &Hardware, backend: Backend, workers: usize) -> Engine {
    Engine::new(compile(graph, hardware, &RunConfig::on(backend).seed(6)).unwrap(), workers).unwrap()
}

fn run(engine: &mut Engine, steps: u64) {
    engine.run(Some(steps), &Control::default(), None).unwrap();
}

/// The recorded rows of each variable, and the spikes.
type Shown = (Vec<Vec<Vec<f64>>>, Vec<(u64, u32)>);

fn shown(engine: &Engine) -> Shown {
    let all = engine.recordings();
    (all[..12].iter().map(|r| r.rows()).collect(), all[12].events())
}

/// The last recorded values of a variable of `input` (0) or `again` (1).
fn last(engine: &Engine, process: usize, var: &str) -> Vec<f64> {
    let names = ["weights", "connected", "degree", "grown", "pruned", "refused"];
    let at = 6 * process + names.iter().position(|name| *name == var).unwrap();
    engine.recordings()[at].rows().pop().unwrap()
}

/// The image with the synapses that there are now.
fn now(engine: &Engine) -> ChipImage {
    let mut chip = engine.image().chip.clone();
    for (k, p) in chip.projections.iter_mut().enumerate() {
        p.rows = engine.rows(k).clone();
    }
    chip
}

/// Degrees come to their targets from below and from above, on cores as in the unplaced kernels, on any number of workers; the
/// float twin's too.
#[test]
fn degrees_reach_their_targets_on_any_number_of_workers() {
    let graph = network(6);
    for name in ["loihi1", "loihi2", "lava-0.10"] {
        let hardware = hardware(Arithmetic::named(name).unwrap(), |_| ());
        let mut fixed = engine(&graph, &hardware, Backend::Fixed, 1);
        run(&mut fixed, STEPS);
        let want = shown(&fixed);
        assert!(want.1.len() > 300, "{} spikes", want.1.len());
        let first = &want.0[2][0];
        assert!(first.iter().sum::<f64>() < 100.0 && want.0[8][0].iter().sum::<f64>() > 200.0);
        for (process, degree) in [(0, 6.0), (1, 5.0)] {
            let near = last(&fixed, process, "degree").iter().filter(|d| (**d - degree).abs() <= 1.0).count();
            assert!(near > CELLS * 9 / 10, "{name}: {:?}", last(&fixed, process, "degree"));
            let [grown, pruned]: [f64; 2] = ["grown", "pruned"].map(|event| last(&fixed, process, event).iter().sum());
            assert!(grown > 10.0 && pruned > 3.0, "{name}: {grown} grown, {pruned} pruned");
        }
        let mut one = engine(&graph, &hardware, Backend::Chip, 1);
        assert_eq!((one.image().chip.plastic.len(), one.image().chip.cores()), (2, 4));
        run(&mut one, STEPS);
        assert_eq!(shown(&one), want, "{name}");
        for workers in [2, 3] {
            let mut chip = engine(&graph, &hardware, Backend::Chip, workers);
            run(&mut chip, STEPS);
            assert_eq!(shown(&chip), want, "{name}, {workers} workers");
            assert_eq!(chip.loads(), one.loads(), "{name}, {workers} workers");
            assert_eq!(chip.save(), one.save(), "{name}, {workers} workers");
        }
        let mut float = engine(&graph, &hardware, Backend::Float, 1);
        run(&mut float, STEPS);
        let near = last(&float, 0, "degree").iter().filter(|d| (**d - 6.0).abs() <= 1.0).count();
        assert!(near > CELLS * 9 / 10, "float, {name}");
    }
}

/// What cores use of each limit, the most of all cores.
fn most(chip: &ChipImage) -> [u64; 6] {
    let uses = core_uses(chip);
    let of = |get: fn(&CoreUse) -> u64| uses.iter().map(get).max().unwrap();
    let core = [of(|u| u.synapses), of(|u| u.synapse_bits), of(|u| u.fan_in)];
    let axons = [of(|u| u.axons_in), of(|u| u.axons_out), of(|u| u.destinations)];
    [core, axons].concat().try_into().unwrap()
}

/// No limit of a core is passed while synapses grow; what finds no room is refused and counted, the same on any number of workers.
#[test]
fn growth_stops_at_every_limit_of_a_core() {
    let graph = network(30);
    let free = hardware(Arithmetic::loihi1(), |_| ());
    let mut unlimited = engine(&graph, &free, Backend::Chip, 1);
    let begins = most(&unlimited.image().chip);
    run(&mut unlimited, STEPS);
    let wants = most(&now(&unlimited));
    assert_eq!(last(&unlimited, 0, "refused").iter().sum::<f64>(), 0.0);
    let set: [fn(&mut CoreLimits, u64); 6] = [
        |l, n| l.synapses = Some(n),
        |l, n| l.syn_mem_bits = Some(n),
        |l, n| l.fan_in = Some(n as u32),
        |l, n| l.axon_in = Some(n as u32),
        |l, n| l.axon_out = Some(n as u32),
        |l, n| l.destinations_per_neuron = Some(n as u32),
    ];
    let mut stopped = 0;
    for (k, set) in set.into_iter().enumerate() {
        // Room for less than growth without limits takes, where it takes any.
        let limit = begins[k] + wants[k].saturating_sub(begins[k]) / 3;
        let tight = hardware(Arithmetic::loihi1(), |limits| set(limits, limit));
        let mut one = engine(&graph, &tight, Backend::Chip, 1);
        for _ in 0..8 {
            run(&mut one, STEPS / 8);
            let used = most(&now(&one))[k];
            assert!(used <= limit, "limit {k}: {used} of {limit}");
        }
        let refused: f64 = (0..2).flat_map(|process| last(&one, process, "refused")).sum();
        if wants[k] > limit {
            let used = most(&now(&one))[k];
            assert!(used == limit || k == 1, "limit {k}: only {used} of {limit} are used");
            assert!(refused > 10.0, "limit {k}: {refused} refused, {begins:?} {wants:?}");
            stopped += 1;
        }
        let mut three = engine(&graph, &tight, Backend::Chip, 3);
        run(&mut three, STEPS);
        assert_eq!(shown(&three), shown(&one), "limit {k}");
        assert_eq!(three.loads(), one.loads());
    }
    assert!(stopped >= 4, "{begins:?} {wants:?}");
}

/// A run that is resumed goes on to the bit, room and counts included; reset forgets what grew.
#[test]
fn a_snapshot_keeps_what_grew() {
    let graph = network(30);
    let tight = hardware(Arithmetic::loihi2(), |limits| limits.synapses = Some(170));
    let mut whole = engine(&graph, &tight, Backend::Chip, 2);
    let fresh = whole.save();
    run(&mut whole, 61);
    let bytes = whole.save().to_bytes().unwrap();
    let mut resumed = engine(&graph, &tight, Backend::Chip, 3);
    run(&mut resumed, 17);
    resumed.load(&Snapshot::from_bytes(&bytes).unwrap()).unwrap();
    assert_eq!(resumed.loads(), whole.loads());
    for engine in [&mut whole, &mut resumed] {
        run(engine, 40);
    }
    assert!(last(&whole, 0, "refused").iter().sum::<f64>() > 10.0, "the limit must matter");
    assert_eq!(resumed.save(), whole.save());
    assert_eq!(resumed.counts(), whole.counts());
    let rows = |engine: &Engine| -> Vec<Rows> { now(engine).projections.into_iter().map(|p| p.rows).collect() };
    assert_eq!(rows(&resumed), rows(&whole));
    whole.reset().unwrap();
    assert_eq!(whole.save(), fresh);
    run(&mut whole, 101);
    assert_eq!(whole.save(), resumed.save());
}

/// Sums the loads of all steps, and of one.
struct Watch(Vec<Counts>);

impl Observer for Watch {
    fn step(&mut self, _step: u64, loads: &[Counts]) {
        self.0.resize(loads.len(), Counts::default());
        self.0.iter_mut().zip(loads).for_each(|(sum, load)| *sum += load);
    }
}

/// Each spike counts the synapses of its time, and each synapse that grows or vanishes a write.
#[test]
fn events_are_counted_with_the_synapses_of_their_time() {
    let graph = network(6);
    let hardware = hardware(Arithmetic::loihi1(), |_| ());
    let mut chip = engine(&graph, &hardware, Backend::Chip, 2);
    let mut watch = Watch(Vec::new());
    let mut reads = 0;
    let mut before = vec![0; CELLS];
    for _ in 0..40 {
        let length = |rows: &Rows, i: usize| (rows.start[i + 1] - rows.start[i]) as u64;
        let rows: Vec<_> = chip.image().chip.projections.iter().map(|p| p.source).zip(0..).collect();
        let lengths: Vec<Vec<u64>> = rows
            .iter()
            .map(|(source, k)| (0..chip.image().chip.size_of(*source)).map(|i| length(chip.rows(*k), i)).collect())
            .collect();
        let inputs = chip.save().input_spikes;
        chip.run(Some(1), &Control::default(), Some(&mut watch)).unwrap();
        let (after, now) = (chip.save().input_spikes, chip.spikes(0));
        for ((source, _), lengths) in rows.iter().zip(&lengths) {
            let spikes: Vec<u64> = match source {
                Source::Train(_) => now.iter().zip(&before).map(|(n, b)| n - b).collect(),
                Source::Input(k) => after[*k].iter().zip(&inputs[*k]).map(|(n, b)| n - b).collect(),
            };
            reads += lengths.iter().zip(spikes).map(|(row, n)| row * n).sum::<u64>();
        }
        before = now;
    }
    let counts = chip.counts();
    assert!(reads > 2_000);
    assert_eq!(counts.synaptic_events(), reads);
    assert_eq!(watch.0, chip.loads());
    let sum = |name: &str| -> i32 {
        let of = |own: &PlasticImage| {
            let var = own.model.vars().iter().position(|var| var.name == name).unwrap();
            chip.get(own.process, var).unwrap().to_int().unwrap().iter().sum::<i32>()
        };
        chip.image().chip.plastic.iter().map(of).sum()
    };
    let [grown, pruned] = ["grown", "pruned"].map(sum);
    assert!(grown > 100 && pruned > 100);
    assert_eq!(counts[Event::WeightWrite], (grown + pruned) as u64);
}

/// What a structure cannot be is refused in one sentence.
#[test]
fn wrong_structures_are_refused() {
    let refusal = |structure: Structure| {
        let mut graph = Graph::new();
        let source = graph.add("source", Poisson::new(&[4], 0.5)).unwrap();
        let wire = LearningSparse { structure: Some(structure), ..LearningSparse::new([3, 4], [], stdp()) };
        let wire = graph.add("wire", wire).unwrap();
        let cells = graph.add("cells", Lif::new(&[3])).unwrap();
        graph.connect(source.out, wire.s_in).unwrap();
        graph.connect(wire.a_out, cells.a_in).unwrap();
        let made = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &RunConfig::default());
        made.err().map(|fault| fault.to_string())
    };
    let ok = Structure { all_sources: true, ..Structure::new(2, 40.0) };
    assert_eq!(refusal(ok.clone()), None);
    for (wrong, sentence) in [
        (Structure { period: 0, ..ok.clone() }, "`wire`: `structure.period` is 0; allowed is an integer of at least 1"),
        (
            Structure { prune_at: -1.0, ..ok.clone() },
            "`wire`: `structure.prune_at` is -1; allowed is a finite number, 0 or more",
        ),
        (
            Structure { prune_at: 40.0, ..ok.clone() },
            "`wire`: `structure.first_weight` is 40; allowed is a weight above `prune_at` (40) in size",
        ),
        (
            Structure { first_weight: 41.0, ..ok },
            "`wire`: `structure.first_weight` is 41; allowed is a multiple of 2 in -256..=254",
        ),
    ] {
        assert_eq!(refusal(wrong).unwrap(), sentence);
    }
}

/// Vacant places take no weight, and what is counted is not written.
#[test]
fn writes_keep_to_the_places_that_hold_a_synapse() {
    let profile = Profile::load("loihi1").unwrap();
    for backend in [Backend::Chip, Backend::Fixed, Backend::Float] {
        let graph = network(6);
        let input = graph.find("input").unwrap();
        let [weights, degree]: [Var<f64>; 2] =
            ["weights", "degree"].map(|name| graph.var::<i32>(input, name).unwrap().real());
        let mut simulation = Simulation::new(graph, &profile, &RunConfig::on(backend)).unwrap();
        let mut values = simulation.get(weights).unwrap();
        values[1] = 30.0;
        simulation.set(weights, &values).unwrap();
        assert_eq!(simulation.get(weights).unwrap(), values);
        values[5] = 30.0;
        let fault = simulation.set(weights, &values).unwrap_err().to_string();
        assert_eq!(fault, "`input`: `weights[5]` is 30; allowed is 0, because the place holds no synapse");
        let fault = simulation.set(degree, &vec![1.0; CELLS]).unwrap_err().to_string();
        let want =
            "`input`: `degree` is written; allowed is only to read it, because synapses grow and vanish by themselves";
        assert_eq!(fault, want);
    }
}

//! Where neurons lie changes packets, hops and time, and nothing else; every way of laying them obeys the limits.

use proptest::prelude::*;
use pumice::compile::{Hardware, compile, mapping_text, read_mapping};
use pumice::meter::{Counts, Event};
use pumice::prelude::*;
use pumice::process::{Pin, Place, Rates};

use crate::network::{Shown, recurrent, shown};

pub(crate) fn profile(limits: &str) -> Profile {
    let text = format!(
        "extends = \"loihi1\"\n[meta]\nname = \"laid\"\n[core]\n{limits}\n[sources]\ncore = {{ ev = \"assumed\", src = \"test\" }}\n"
    );
    Profile::from_text("laid.toml", &text).unwrap()
}

/// What the network shows and counts when it is laid like this.
fn run(profile: &Profile, place: Place) -> (Shown, Counts, Simulation) {
    run_with(profile, &RunConfig::default().seed(4).place(place))
}

fn run_with(profile: &Profile, config: &RunConfig) -> (Shown, Counts, Simulation) {
    let (graph, handles) = recurrent(300, 5);
    let mut simulation = Simulation::new(graph, profile, config).unwrap();
    simulation.run(RunSteps(40)).unwrap();
    (shown(&simulation, handles), simulation.counts(), simulation)
}

/// How often every source spiked.
fn rates(simulation: &Simulation) -> Rates {
    let (chip, state) = (&simulation.image().chip, simulation.save().engine);
    let banks = chip.banks.iter().map(|bank| bank.path.clone()).zip(state.spikes);
    let inputs = chip.inputs.iter().map(|input| input.path.clone()).zip(state.input_spikes);
    Rates { steps: simulation.steps(), spikes: banks.chain(inputs).collect() }
}

/// Events that depend on where neurons lie: the network's, and words of memory, for a row lies in parts on the cores of its targets.
fn is_network(event: Event) -> bool {
    let name = event.name();
    let others = [Event::HostSpikeIn, Event::ChipCrossing, Event::SynapseMemoryWord];
    name.starts_with("hop") || name.starts_with("packet") || others.contains(&event)
}

pub(crate) fn hops(counts: &Counts) -> u64 {
    [Event::HopEast, Event::HopWest, Event::HopNorth, Event::HopSouth].map(|event| counts[event]).iter().sum()
}

fn joules(run: &(Shown, Counts, Simulation)) -> f64 {
    run.2.bill().unwrap().total_j
}

fn assert_same_but_network(a: &(Shown, Counts, Simulation), b: &(Shown, Counts, Simulation)) {
    assert_eq!(a.0, b.0, "spikes and state, bit for bit");
    for event in Event::ALL.into_iter().filter(|event| !is_network(*event)) {
        assert_eq!(a.1[event], b.1[event], "{event}");
    }
    let energy = |run: &(Shown, Counts, Simulation)| {
        let rows = run.2.bill().unwrap().rows.into_iter();
        let own = rows.filter(|row| match row.term {
            pumice::meter::Term::Event(event) => !is_network(event),
            _ => false,
        });
        own.map(|row| row.energy_j).sum::<f64>().to_bits()
    };
    assert_eq!(energy(a), energy(b), "all energy but that of the network");
}

#[test]
fn goals_change_only_the_network_and_are_met() {
    let tight = profile("neurons = 23");
    let packed = run(&tight, Place::Pack);
    assert!(packed.0.spikes.len() > 200, "the network is alive");
    assert!(packed.2.image().chip.used_cores() >= 14);
    for goal in [Place::Energy, Place::Time, Place::Traffic] {
        let moved = run(&tight, goal.clone());
        assert_same_but_network(&packed, &moved);
        match goal {
            Place::Time => assert!(moved.2.time_ps().unwrap() <= packed.2.time_ps().unwrap(), "slower than packed"),
            // Without rates it is as good as the guess that all sources spike alike.
            Place::Energy => {
                let config = RunConfig::default().seed(4).place(goal.clone()).rates(rates(&packed.2));
                let known = run_with(&tight, &config);
                assert_same_but_network(&packed, &known);
                assert!(joules(&known) < joules(&packed), "{} J, {} J packed", joules(&known), joules(&packed));
            }
            _ => assert!(hops(&moved.1) < hops(&packed.1), "{goal:?}: {} hops, {}", hops(&moved.1), hops(&packed.1)),
        }
        let again = run(&tight, goal);
        assert_eq!(moved.2.image().chip.segments, again.2.image().chip.segments, "a seed decides");
    }
    let wide = profile("neurons = 1024");
    let (packed, spread) = (run(&wide, Place::Pack), run(&wide, Place::Time));
    assert_same_but_network(&packed, &spread);
    assert!(spread.2.image().chip.used_cores() > packed.2.image().chip.used_cores());
    assert!(spread.2.time_ps().unwrap() < packed.2.time_ps().unwrap());
    // Fewer links for packets are not worth a barrier over more tiles.
    let chip = &spread.2.image().chip;
    assert!(chip.tiles() == chip.used_cores().div_ceil(4) && chip.tiles() < 32, "{} tiles", chip.tiles());
    // Static power over time is most of the energy of this chip, so fewer steps of the slowest core save both.
    let cheap = run(&wide, Place::Energy);
    assert_same_but_network(&packed, &cheap);
    assert!(2.0 * joules(&cheap) < joules(&packed), "{} J, {} J packed", joules(&cheap), joules(&packed));
}

/// With a tick a step lasts as long on any cores, and only packets cost energy.
#[test]
fn a_chip_with_a_tick_gains_nothing_by_more_cores() {
    let text = "extends = \"loihi1\"\n[meta]\nname = \"own\"\n[timestep]\ndiscipline = \"global_tick\"\ntick = { v = 1e-3, ev = \"assumed\", src = \"test\" }\n[sources]\n\"timestep.discipline\" = { ev = \"assumed\", src = \"test\" }\n";
    let own = Profile::from_text("own.toml", text).unwrap();
    let cores = [Place::Pack, Place::Energy, Place::Time].map(|goal| run(&own, goal).2.image().chip.used_cores());
    assert_eq!(cores, [1; 3]);
}

/// Sixteen populations on a core each, each of which feeds five others; only three of them fire.
pub(crate) fn uneven() -> (Graph, Vec<pumice::process::ProcessId>) {
    let mut graph = Graph::new();
    let cells: Vec<_> = (0..16)
        .map(|k| {
            let bias_mant = if k % 7 == 0 { 2000 + 100 * k } else { 0 };
            let cells = Lif { du: 4095.into(), vth: 100.into(), bias_mant: bias_mant.into(), ..Lif::new(&[20]) };
            graph.add(&format!("cells{k}"), cells).unwrap()
        })
        .collect();
    for (k, step) in (0..16).flat_map(|k| [1, 3, 7, 11, 13].map(|step| (k, step))) {
        let synapses = Sparse::new([20, 20], (0..20).map(|i| (i, (i + step as u32) % 20, 2.0)));
        let synapses = graph.add(&format!("from{k}by{step}"), synapses).unwrap();
        graph.connect(cells[k].s_out, synapses.s_in).unwrap();
        graph.connect(synapses.a_out, cells[(k + step) % 16].a_in).unwrap();
    }
    (graph, cells.into_iter().map(|own| own.id).collect())
}

#[test]
fn measured_rates_bring_those_together_that_fire() {
    let own = profile("neurons = 20");
    let run = |place: Place, rates: Option<Rates>| {
        let (graph, cells) = uneven();
        let config = RunConfig { place, rates, ..RunConfig::default() };
        let mut simulation = Simulation::new(graph, &own, &config).unwrap();
        simulation.run(RunSteps(40)).unwrap();
        let spikes: Vec<Vec<u64>> = cells.iter().map(|own| simulation.spikes(*own).unwrap()).collect();
        (spikes, hops(&simulation.counts()), simulation.time_ps().unwrap(), simulation.image().chip.segments.clone())
    };
    let (spikes, ..) = run(Place::Pack, None);
    assert!(spikes[7].iter().sum::<u64>() > 200 && spikes[1].iter().sum::<u64>() == 0, "some fire, some do not");
    let named = spikes.iter().enumerate().map(|(k, own)| (format!("cells{k}"), own.clone()));
    let rates = Rates { steps: 40, spikes: named.collect() };
    for place in [Place::Traffic, Place::Energy] {
        let (blind, seeing) = (run(place.clone(), None), run(place.clone(), Some(rates.clone())));
        assert_eq!((&blind.0, &seeing.0), (&spikes, &spikes));
        assert!(4 * seeing.1 < 3 * blind.1, "{place:?}: {} hops, {} without rates", seeing.1, blind.1);
        assert_eq!(seeing.3, run(place, Some(rates.clone())).3, "a seed decides");
    }
    let (blind, seeing) = (run(Place::Time, None), run(Place::Time, Some(rates.clone())));
    assert!(seeing.2 <= blind.2, "{} ps, {} without rates", seeing.2, blind.2);
    let refusal = |rates: Rates| {
        let config = RunConfig::default().place(Place::Time).rates(rates);
        Simulation::new(uneven().0, &own, &config).unwrap_err().to_string()
    };
    let mut fewer = rates.clone();
    fewer.spikes.remove("cells3");
    let same = "they must come from a run of the same network";
    assert_eq!(refusal(fewer), format!("the rates of `cells3` are missing: {same}"));
    let mut larger = rates;
    larger.spikes.insert("cells3".into(), vec![1; 21]);
    assert_eq!(refusal(larger), format!("the rates of `cells3` name element 20, allowed is below 20: {same}"));
}

#[test]
fn small_populations_share_a_core_and_large_ones_are_filled() {
    let cores = |sizes: &[usize], limits: &str| {
        let mut graph = Graph::new();
        for (k, n) in sizes.iter().enumerate() {
            graph.add(&format!("p{k}"), Lif::new(&[*n])).unwrap();
        }
        let image = compile(&graph, &Hardware::from(&profile(limits)), &RunConfig::default()).unwrap();
        image.chip.segments.iter().map(|s| (s.bank, s.len, s.core.0)).collect::<Vec<_>>()
    };
    let same = |all: Vec<(usize, usize, u32)>, wanted: &[(usize, usize, u32)]| assert_eq!(all, wanted);
    same(cores(&[10, 20, 30], "neurons = 100"), &[(0, 10, 0), (1, 20, 0), (2, 30, 0)]);
    same(cores(&[150], "neurons = 100"), &[(0, 75, 0), (0, 75, 1)]);
    // Filled to the last neuron only where that saves a core.
    same(cores(&[150, 50], "neurons = 100"), &[(0, 100, 0), (0, 50, 1), (1, 50, 1)]);
    same(cores(&[60, 60, 40], "neurons = 100"), &[(0, 60, 0), (1, 60, 1), (2, 40, 0)]);
}

#[test]
fn synapses_and_destinations_are_limits_too() {
    let build = || {
        let mut graph = Graph::new();
        let a = graph.add("a", Lif::new(&[40])).unwrap();
        let s = graph.add("s", Dense::new(vec![vec![4.0; 40]; 40])).unwrap();
        let b = graph.add("b", Lif::new(&[40])).unwrap();
        graph.connect(a.s_out, s.s_in).unwrap();
        graph.connect(s.a_out, b.a_in).unwrap();
        graph
    };
    let laid = |limits: &str| compile(&build(), &Hardware::from(&profile(limits)), &RunConfig::default());
    let image = laid("synapses = 800").unwrap();
    assert!(pumice::chip::core_uses(&image.chip).iter().all(|core| core.synapses <= 800));
    assert_eq!(image.chip.used_cores(), 2);
    let fault = laid("synapses = 20").unwrap_err().to_string();
    assert_eq!(fault, "`b` needs 40 synapses for a single neuron, a core of laid has 20: use fewer synapses");
    let fault = laid("synapses = 800\ndestinations_per_neuron = 1").unwrap_err().to_string();
    assert!(
        fault.starts_with("`a` needs 2 destination cores for a single neuron, a core of laid has 1: lay"),
        "{fault}"
    );
    assert!(laid("destinations_per_neuron = 1").is_ok());
}

#[test]
fn a_mapping_is_read_as_it_was_written() {
    let tight = profile("neurons = 23");
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("mapping.toml");
    let first = run(&tight, Place::Traffic);
    std::fs::write(&file, mapping_text(&first.2.image().chip)).unwrap();
    let second = run(&tight, Place::Pinned(read_mapping(&file).unwrap()));
    assert_eq!(first.2.image().chip, second.2.image().chip);
    assert_eq!((first.0, first.1), (second.0, second.1));
    std::fs::write(&file, "schema = 1\n[[pin]]\nprocess = \"cells\"\nneuron = [0, 3]\n").unwrap();
    let fault = read_mapping(&file).unwrap_err().to_string();
    assert!(fault.ends_with("mapping.toml` is no mapping at line 4: unknown field `neuron`, expected one of `process`, `neurons`, `core`"), "{fault}");
}

#[test]
fn a_mapping_that_does_not_fit_is_refused_in_one_sentence() {
    let pin = |process: &str, neurons: [usize; 2], core: u32| Pin { process: process.into(), neurons, core };
    let refusal = |limits: &str, pins: Vec<Pin>| {
        let (graph, _) = recurrent(300, 5);
        let config = RunConfig::default().place(Place::Pinned(pins));
        Simulation::new(graph, &profile(limits), &config).unwrap_err().to_string()
    };
    let readout = || pin("readout", [0, 10], 0);
    let table = [
        (
            vec![pin("cell", [0, 300], 0)],
            "the mapping of `cell` is no population on the chip, allowed is one of `cells`, `readout`",
        ),
        (
            vec![pin("cells", [0, 301], 0)],
            "the mapping of `cells` has neurons [0, 301], allowed is 0 <= first < end <= 300",
        ),
        (vec![pin("cells", [0, 300], 128)], "the mapping of `cells` lies on core 128, laid has cores 0 to 127"),
        (
            vec![pin("cells", [0, 200], 0), pin("cells", [210, 300], 1), readout()],
            "the mapping of `cells` has neuron 200, which lies on no core",
        ),
        (
            vec![pin("cells", [0, 200], 0), pin("cells", [190, 300], 1), readout()],
            "the mapping of `cells` has neuron 190, which lies on two cores",
        ),
        (vec![pin("cells", [0, 299], 0), readout()], "the mapping of `cells` has neuron 299, which lies on no core"),
        (vec![pin("cells", [0, 300], 0)], "the mapping of `readout` has neuron 0, which lies on no core"),
        (
            vec![pin("cells", [0, 300], 5), pin("readout", [0, 10], 5)],
            "core 5 with `cells`, `readout` needs 310 neurons, a core of laid has 300: lay some of it on another core",
        ),
    ];
    for (pins, sentence) in table {
        assert_eq!(refusal("neurons = 300", pins), sentence);
    }
}

/// Five neurons of which two are too many for a core, by a little: cut into five, not for ever into four.
#[test]
fn what_does_not_divide_evenly_is_cut_to_the_end() {
    let mut graph = Graph::new();
    let source = graph.add("source", Lif::new(&[40])).unwrap();
    let synapses = graph.add("synapses", Dense::new(vec![vec![4.0; 40]; 5])).unwrap();
    let cells = graph.add("cells", Lif::new(&[5])).unwrap();
    graph.connect(source.s_out, synapses.s_in).unwrap();
    graph.connect(synapses.a_out, cells.a_in).unwrap();
    let hardware = Hardware::from(&profile("synapses = 75"));
    let image = compile(&graph, &hardware, &RunConfig::default()).unwrap();
    let uses = pumice::chip::core_uses(&image.chip);
    assert_eq!(uses.iter().map(|core| core.synapses).collect::<Vec<_>>(), [40; 5]);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]

    /// Any cut onto any cores of any chips gives the same spikes.
    #[test]
    fn any_mapping_shows_the_same(
        cuts in prop::collection::btree_set(1usize..300, 0..12),
        cores in prop::collection::vec(0u32..256, 14),
        workers in 1usize..4,
    ) {
        let mut ends: Vec<usize> = std::iter::once(0).chain(cuts).collect();
        ends.push(300);
        let mut pins: Vec<Pin> = ends.windows(2).zip(&cores)
            .map(|(w, core)| Pin { process: "cells".into(), neurons: [w[0], w[1]], core: *core })
            .collect();
        pins.push(Pin { process: "readout".into(), neurons: [0, 10], core: cores[13] });
        let mut two = Profile::load("loihi1").unwrap();
        two.topology.chips = 2;
        let (graph, handles) = recurrent(300, 5);
        let config = RunConfig::default().seed(4).workers(workers).place(Place::Pinned(pins));
        let mut moved = Simulation::new(graph, &two, &config).unwrap();
        moved.run(RunSteps(40)).unwrap();
        let shown = shown(&moved, handles);
        let counts = moved.counts();
        let packed = run(&two, Place::Pack);
        prop_assert_eq!(counts[Event::PacketIn], counts[Event::PacketOut] + counts[Event::HostSpikeIn]);
        assert_same_but_network(&packed, &(shown, counts, moved));
    }

    /// Whatever the populations and limits: every neuron lies on one core, no limit is broken, no goal needs other chips.
    #[test]
    fn every_goal_obeys_the_limits(
        sizes in prop::collection::vec(1usize..60, 1..8),
        (neurons, synapses, axon_in, axon_out) in (1u32..70, 60u64..4000, 70u32..400, 8u32..400),
        fan in 1usize..8,
        seed in any::<u64>(),
        goal in 0usize..4,
    ) {
        let mut graph = Graph::new();
        let mut cells = Vec::new();
        for (k, n) in sizes.iter().enumerate() {
            cells.push(graph.add(&format!("p{k}"), Lif::new(&[*n])).unwrap());
        }
        for k in 1..sizes.len() {
            let (n, m) = (sizes[k - 1], sizes[k]);
            let some = (0..m as u32).flat_map(|t| (0..fan as u32).map(move |f| ((t * 7 + f * 3) % n as u32, t, 4.0)));
            let s = graph.add(&format!("s{k}"), Sparse::new([m, n], some)).unwrap();
            graph.connect(cells[k - 1].s_out, s.s_in).unwrap();
            graph.connect(s.a_out, cells[k].a_in).unwrap();
        }
        let profile = profile(&format!("neurons = {neurons}\nsynapses = {synapses}\naxon_in = {axon_in}\naxon_out = {axon_out}"));
        let hardware = Hardware::from(&profile);
        let place = [Place::Pack, Place::Energy, Place::Time, Place::Traffic][goal].clone();
        let config = RunConfig::default().seed(seed).place(place);
        let image = match compile(&graph, &hardware, &config) {
            Ok(image) => image,
            Err(fault) => {
                let packed = compile(&graph, &hardware, &RunConfig::default());
                prop_assert!(packed.is_err(), "only this goal refuses: {fault}");
                return Ok(());
            }
        };
        let mut seen: Vec<Vec<u32>> = sizes.iter().map(|n| vec![0; *n]).collect();
        for s in &image.chip.segments {
            seen[s.bank][s.start..s.start + s.len].iter_mut().for_each(|n| *n += 1);
            prop_assert!(u64::from(s.core.0) < hardware.mesh.cores());
        }
        prop_assert!(seen.iter().flatten().all(|n| *n == 1));
        for core in pumice::chip::core_uses(&image.chip) {
            prop_assert!(core.neurons <= u64::from(neurons) && core.synapses <= synapses);
            prop_assert!(core.axons_in <= u64::from(axon_in) && core.axons_out <= u64::from(axon_out));
        }
    }
}

/// A network too large for one chip lies on several: packets that cross are counted, priced and timed, and nothing else changes.
#[test]
fn several_chips_show_what_one_shows_and_pay_for_their_borders() {
    let make = |chips: u32, cores: u32| {
        let text = format!(
            "extends = \"loihi1\"\n[meta]\nname = \"board\"\n[topology]\nchips = {chips}\nchip_columns = 2\ncores_per_chip = {cores}\n\
             cores_per_tile = 2\ntile_grid = [2, {}]\n[core]\nneurons = 23\n[energy]\n\
             chip_crossing = {{ v = 1e-9, ev = \"assumed\", src = \"test\" }}\n[time]\n\
             chip_crossing = {{ v = 1e-6, ev = \"assumed\", src = \"test\" }}\n[sources]\n\
             topology = {{ ev = \"assumed\", src = \"test\" }}\ncore = {{ ev = \"assumed\", src = \"test\" }}\n",
            cores.div_ceil(4)
        );
        Profile::from_text("board.toml", &text).unwrap()
    };
    let one = run(&make(1, 16), Place::Pack);
    let four = run(&make(4, 4), Place::Pack);
    assert_same_but_network(&one, &four);
    assert_eq!((one.2.usage().chips, four.2.usage().chips), (1, 4));
    assert_eq!(one.1[Event::ChipCrossing], 0);
    let crossings = four.1[Event::ChipCrossing];
    assert!(crossings > 1000, "{crossings}");
    let bill = four.2.bill().unwrap();
    let paid = bill.energy_of(&pumice::meter::Term::Event(Event::ChipCrossing)).unwrap();
    assert!((paid - crossings as f64 * 1e-9).abs() < 1e-15);
    // The barrier of several chips is another one.
    assert!(four.2.step_times()[0].barrier_ps > 5_000_000 && one.2.step_times()[0].barrier_ps < 500_000);
    for model in [pumice::chip::timing::TimingModel::Queue, pumice::chip::timing::TimingModel::Flit] {
        let (graph, _) = recurrent(300, 5);
        let config = RunConfig::default().seed(4);
        let mut timed = Simulation::new(graph, &make(4, 4), &config).unwrap();
        timed.set_timing(model);
        timed.run(RunSteps(40)).unwrap();
        assert!(timed.time_ps().unwrap() > four.2.time_ps().unwrap(), "{model}: a border takes a microsecond");
    }
    let (graph, _) = recurrent(300, 5);
    let fault = Simulation::new(graph, &make(3, 4), &RunConfig::default()).unwrap_err().to_string();
    assert_eq!(
        fault,
        "the network needs 14 cores, board has 12: `cells` alone asks for 14, limited by neurons; it would take 4 chips (--chips 4)"
    );
}

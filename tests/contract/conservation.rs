//! What is counted is what happened, and the bill is counts times prices.

use pumice::chip::CoreLoad;
use pumice::engine::{Control, Observer};
use pumice::meter::{Counts, Event, Term};
use pumice::models::connection::random::Random;
use pumice::models::connection::topology::Topology;
use pumice::prelude::*;

use crate::network::{recurrent, simulate};

#[test]
fn the_bill_is_the_sum_of_counts_times_prices() {
    let (simulation, _) = simulate(&RunConfig::default().seed(1), 100);
    let bill = simulation.bill().unwrap();
    let prices = simulation.profile().prices(None).unwrap();
    let mut sum = 0.0;
    for row in &bill.rows {
        assert_eq!(row.energy_j, row.count as f64 * row.price_j, "{}", row.term);
        if let Term::Event(event) = row.term {
            assert_eq!(row.price_j, prices.energy.get(event).unwrap().v, "{event}");
        }
        sum += row.energy_j;
    }
    assert!(bill.dynamic_j > 0.0 && bill.static_j > 0.0);
    assert!((sum - bill.total_j).abs() <= 1e-12 * bill.total_j);
}

#[test]
fn reads_are_the_fan_out_of_spikes_and_packets_arrive() {
    let (simulation, handles) = simulate(&RunConfig::default().seed(1), 100);
    let counts = simulation.counts();
    let chip = &simulation.image().chip;
    let spikes = simulation.spikes(handles.cells).unwrap();
    assert_eq!(spikes.iter().sum::<u64>(), simulation.recording(handles.spikes).events().len() as u64);
    let mut reads = 0;
    for p in &chip.projections {
        let counted = match p.source {
            pumice::chip::Source::Train(b) => simulation.save().engine.spikes[b].clone(),
            pumice::chip::Source::Input(i) => simulation.save().engine.input_spikes[i].clone(),
        };
        reads +=
            counted.iter().enumerate().map(|(i, n)| n * (p.rows.start[i + 1] - p.rows.start[i]) as u64).sum::<u64>();
    }
    assert!(reads > 10_000);
    assert_eq!(counts.synaptic_events(), reads);
    assert_eq!(counts[Event::DendriteOperation], reads);
    assert_eq!(counts[Event::PacketIn], counts[Event::PacketOut] + counts[Event::HostSpikeIn]);
    assert_eq!(counts[Event::NeuronAccess], 310 * 100);
    assert!(counts[Event::NeuronUpdate] <= counts[Event::NeuronAccess]);
}

/// Joules and seconds of a dendrite are charged for every synapse that is read, in every model of time.
#[test]
fn a_dendrite_costs_what_its_profile_says() {
    let own = |dendrite: &str| {
        let text = format!(
            "extends = \"loihi1\"\n[meta]\nname = \"own\"\n[energy]\nscope = \"per_term\"\nneuron_model = \"additive\"\n\
             neuron_update = {{ v = 5e-12, ev = \"assumed\", src = \"test\" }}\n{dendrite}\n[time]\n\
             neuron_model = \"additive\"\nsynapse_read_dense = {{ v = 9e-9, ev = \"assumed\", src = \"test\" }}\n{dendrite}\n"
        );
        Profile::from_text("own.toml", &text).unwrap()
    };
    let (free, paid) = (own(""), own("dendrite_operation = { v = 3e-9, ev = \"assumed\", src = \"test\" }"));
    for timing in ["bound", "simple", "queue", "flit"].map(|name| name.parse().unwrap()) {
        let run = |profile: &Profile| {
            let mut graph = Graph::new();
            // One spike in the second step onto seven neurons of one core.
            let rows = vec![vec![0.0], vec![1.0], vec![0.0], vec![0.0], vec![0.0]];
            let source = graph.add("source", RingBuffer::spikes(&[1], rows)).unwrap();
            let synapses = graph.add("synapses", Dense::new(vec![vec![20.0]; 7])).unwrap();
            let cells = graph.add("cells", Lif { vth: 100_000.into(), ..Lif::new(&[7]) }).unwrap();
            graph.connect(source.out, synapses.s_in).unwrap();
            graph.connect(synapses.a_out, cells.a_in).unwrap();
            let mut simulation = Simulation::new(graph, profile, &RunConfig::default()).unwrap();
            simulation.set_timing(timing);
            simulation.run(RunSteps(5)).unwrap();
            (simulation.counts(), simulation.bill().unwrap().dynamic_j, simulation.time_ps().unwrap())
        };
        let (free, paid) = (run(&free), run(&paid));
        assert_eq!((free.0[Event::DendriteOperation], &free.0), (7, &paid.0));
        assert!((paid.1 - free.1 - 7.0 * 3e-9).abs() < 1e-18, "{timing:?}");
        assert_eq!(paid.2 - free.2, 7 * 3000, "{timing:?}");
    }
}

/// A spike fetches the words that hold its row on each core: if every source spikes once, all of the memory that is used.
#[test]
fn a_spike_of_every_source_fetches_the_whole_memory() {
    let tight = "extends = \"loihi1\"\n[meta]\nname = \"tight\"\n[core]\nneurons = 37\n[sources]\ncore = { ev = \"assumed\", src = \"test\" }\n";
    let tight = Profile::from_text("tight.toml", tight).unwrap();
    let mut graph = Graph::new();
    let once =
        graph.add("once", RingBuffer::spikes(&[90], [vec![vec![1.0; 90]], vec![vec![0.0; 90]; 9]].concat())).unwrap();
    let cells = graph.add("cells", Lif::new(&[80])).unwrap();
    let listed: Vec<_> = (0..900u32).map(|k| (k % 90, k * k % 80, f64::from(2 * (k % 9) as i32 - 8))).collect();
    let sparse = graph.add("sparse", Sparse::new([80, 90], listed)).unwrap();
    let weights: Vec<Vec<f64>> =
        (0..80).map(|i| (0..90).map(|j| if (i + j) % 7 == 0 { 8.0 } else { 0.0 }).collect()).collect();
    let dense = graph.add("dense", Dense::new(weights)).unwrap();
    let drawn = graph.add("drawn", Random::new([80, 90], Topology::DrawnInDegree { degree: 12 }, 20.0)).unwrap();
    for (spikes, sums) in [(sparse.s_in, sparse.a_out), (dense.s_in, dense.a_out), (drawn.s_in, drawn.a_out)] {
        graph.connect(once.out, spikes).unwrap();
        graph.connect(sums, cells.a_in).unwrap();
    }
    let mut simulation = Simulation::new(graph, &tight, &RunConfig::default()).unwrap();
    simulation.run(RunSteps(9)).unwrap();
    let words = simulation.counts()[Event::SynapseMemoryWord];
    let uses = simulation.core_uses();
    assert_eq!(uses.len(), 3);
    for (load, own) in simulation.loads().iter().zip(&uses) {
        assert!(own.synapse_bits > 0 && load[Event::SynapseMemoryWord] == own.synapse_bits / 64, "{own:?}");
    }
    assert_eq!(words, uses.iter().map(|own| own.synapse_bits / 64).sum::<u64>());
    let by_process: u64 = simulation.counts_by_process().iter().map(|(_, own)| own[Event::SynapseMemoryWord]).sum();
    assert_eq!(by_process, words);
}

/// Synapses that are drawn in place belong to their connection as listed ones do.
#[test]
fn the_parts_of_drawn_synapses_add_up_to_the_whole() {
    let mut graph = Graph::new();
    let drive = graph.add("drive", Poisson::new(&[40], 0.3)).unwrap();
    let topology = Topology::DrawnInDegree { degree: 12 };
    let input = graph.add("input", Random::new([80, 40], topology, 20.0)).unwrap();
    let cells = Lif { du: 4095.into(), dv: 512.into(), vth: 60.into(), ..Lif::new(&[80]) };
    let cells = graph.add("cells", cells).unwrap();
    graph.connect(drive.out, input.s_in).unwrap();
    graph.connect(input.a_out, cells.a_in).unwrap();
    let mut simulation = Simulation::new(graph, &Profile::load("loihi1").unwrap(), &RunConfig::default()).unwrap();
    simulation.run(RunSteps(50)).unwrap();
    assert_eq!(simulation.image().chip.drawn.len(), 1);
    let whole = simulation.counts();
    assert!(whole.synaptic_events() > 1000 && whole[Event::NeuronSpike] > 100);
    for parts in [simulation.counts_by_process(), simulation.counts_by_layer()] {
        let mut sum: Counts = parts.iter().map(|(_, counts)| counts).sum();
        // The barrier is the chip's, not a process's.
        sum.add(Event::Barrier, 50);
        assert_eq!(sum, whole);
    }
    let of = |name: &str| simulation.counts_by_process().into_iter().find(|(path, _)| path == name).unwrap().1;
    assert_eq!(of("input").synaptic_events(), whole.synaptic_events());
}

/// Sums the loads of all steps.
struct Sum(Vec<Counts>);

impl Observer for Sum {
    fn step(&mut self, _step: u64, loads: &[CoreLoad]) {
        self.0.resize(loads.len(), Counts::default());
        for (sum, load) in self.0.iter_mut().zip(loads) {
            *sum += load;
        }
    }
}

/// Totals come from static tables times spikes, loads of steps from a walk over packets: two ways to one sum.
#[test]
fn the_loads_of_steps_add_up_to_the_totals() {
    let profile = Profile::load("loihi1").unwrap();
    let hardware = pumice::compile::Hardware::from(&profile);
    for workers in [1, 3] {
        let image = pumice::compile::compile(&recurrent(300, 5).0, &hardware, &RunConfig::default()).unwrap();
        let mut engine = pumice::engine::Engine::new(image, workers).unwrap();
        let mut sum = Sum(Vec::new());
        engine.run(Some(60), &Control::default(), Some(&mut sum)).unwrap();
        assert!(sum.0.iter().any(|load| load[Event::PacketIn] > 100));
        assert_eq!(sum.0, engine.loads());
    }
}

/// Cutting populations into more cores changes packets, hops and time, and the words that hold rows in parts, and nothing else.
#[test]
fn moving_neurons_between_cores_changes_only_the_network() {
    let tight = "extends = \"loihi1\"\n[meta]\nname = \"tight\"\n[core]\nneurons = 37\n[sources]\ncore = { ev = \"assumed\", src = \"test\" }\n";
    let tight = Profile::from_text("tight.toml", tight).unwrap();
    let run = |profile: &Profile| {
        let (graph, handles) = recurrent(300, 5);
        let mut simulation = Simulation::new(graph, profile, &RunConfig::default()).unwrap();
        simulation.run(RunSteps(60)).unwrap();
        // The sum over all cores comes from sums of packets, what a core did from the packets. Some events are of no core.
        let (counts, cores): (Counts, Counts) = (simulation.counts(), simulation.loads().iter().sum());
        let of_no_core = [Event::HostSpikeOut, Event::HostRead, Event::Barrier];
        for (event, n) in counts.iter().filter(|(event, _)| !of_no_core.contains(event)) {
            assert_eq!(n, cores[event], "{event}");
        }
        (simulation.recording(handles.spikes).events(), counts, simulation.image().chip.cores())
    };
    let (wide, tight) = (run(&Profile::load("loihi1").unwrap()), run(&tight));
    assert!(tight.2 > wide.2);
    assert_eq!(wide.0, tight.0);
    for (event, n) in wide.1.iter() {
        let network = event.name().starts_with("hop") || event.name().starts_with("packet");
        if !network && !matches!(event, Event::HostSpikeIn | Event::SynapseMemoryWord) {
            assert_eq!(n, tight.1[event], "{event}");
        }
    }
    assert!(tight.1[Event::PacketOut] > wide.1[Event::PacketOut] && tight.1.hops() > 1000);
}

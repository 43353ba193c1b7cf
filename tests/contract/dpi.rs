//! The circuit neuron of DYNAP-SE2 as a process: on its chip, among cells, and refused where there are no circuits.

use pumice::meter::Event;
use pumice::models::neuron::dpi::Dpi;
use pumice::prelude::*;
use pumice::process::{CoreKind, ProbeId};
use pumice::profile::AnalogNeurons;

const NEURONS: usize = 32;

/// Neurons that hear the same spikes, with a constant current that alone makes none fire.
fn network() -> (Graph, [ProbeId; 2]) {
    let mut graph = Graph::new();
    let source = graph.add("source", Poisson::new(&[4], 0.1)).unwrap();
    let synapses = graph.add("synapses", Dense::new(vec![vec![4.0, 8.0, 2.0, 6.0]; NEURONS])).unwrap();
    let neurons = graph.add("neurons", Dpi::new(&[NEURONS])).unwrap();
    graph.connect(source.out, synapses.s_in).unwrap();
    graph.connect(synapses.a_out, neurons.a_in).unwrap();
    let spikes = graph.probe_port(neurons.s_out, Record::Events).unwrap();
    let currents = graph.probe(neurons.i_mem, Record::Dense { stride: 1 }).unwrap();
    (graph, [spikes, currents])
}

fn run(profile: &Profile, config: &RunConfig) -> (Vec<(u64, u32)>, Vec<f64>) {
    let (graph, [spikes, currents]) = network();
    let mut simulation = Simulation::new(graph, profile, config).unwrap();
    simulation.run(RunSteps(300)).unwrap();
    (simulation.recording(spikes).events(), simulation.recording(currents).rows().concat())
}

fn dynapse2(analog: AnalogNeurons) -> Profile {
    Profile { analog: Some(analog), ..Profile::load("dynapse2").unwrap() }
}

/// Without mismatch and noise the chip, the fixed and the floating-point form are one; circuits ask for their cores themselves.
#[test]
fn circuits_as_drawn_are_the_same_everywhere() {
    let chip = dynapse2(AnalogNeurons::default());
    let (spikes, currents) = run(&chip, &RunConfig::default());
    assert!(spikes.len() > 5 * NEURONS, "{}", spikes.len());
    assert!(currents.iter().all(|x| (500.0..1e8).contains(x)));
    for backend in [Backend::Fixed, Backend::Float] {
        let (same, real) = run(&chip, &RunConfig::on(backend));
        assert_eq!(same, spikes, "{backend:?}");
        assert!(real.iter().zip(&currents).all(|(a, b)| (a - b).abs() <= 0.5), "{backend:?}");
    }
    let hybrid = Profile { analog: Some(AnalogNeurons::default()), ..Profile::load("hybrid-rram").unwrap() };
    assert!(!run(&hybrid, &RunConfig::default()).0.is_empty(), "synapses in cells");
}

/// Circuits are counted as what they are: a bill has no price of a digital neuron, and says which ones are not known.
#[test]
fn circuits_are_not_billed_as_digital_neurons() {
    for (profile, unpriced) in
        [("dynapse2", &["analog_update"][..]), ("hybrid-rram", &["analog_update", "analog_spike"])]
    {
        let (graph, [spikes, _]) = network();
        let mut simulation = Simulation::new(graph, &Profile::load(profile).unwrap(), &RunConfig::default()).unwrap();
        simulation.run(RunSteps(300)).unwrap();
        let counts = simulation.counts();
        let fired = simulation.recording(spikes).events().len() as u64;
        assert_eq!((counts[Event::AnalogUpdate], counts[Event::AnalogSpike]), (300 * NEURONS as u64, fired));
        let digital = [Event::NeuronAccess, Event::NeuronUpdate, Event::NeuronSpike].map(|event| counts[event]);
        assert_eq!((digital, counts.spikes()), ([0; 3], fired));
        let bill = simulation.bill().unwrap();
        let unknown: Vec<String> = bill.unpriced.iter().map(|line| line.term.to_string()).collect();
        assert!(unpriced.iter().all(|event| unknown.contains(&(*event).to_owned())), "{profile}: {unknown:?}");
        assert_eq!(unknown.iter().filter(|event| event.starts_with("analog")).count(), unpriced.len(), "{profile}");
    }
}

/// The circuits of DYNAP-SE2 differ; a seed is a chip, on any number of workers and through a snapshot.
#[test]
fn a_seed_is_a_chip_of_circuits() {
    let chip = Profile::load("dynapse2").unwrap();
    let one = run(&chip, &RunConfig::default().workers(1));
    assert_eq!(run(&chip, &RunConfig::default().workers(3)), one);
    assert_ne!(run(&chip, &RunConfig::default().seed(1)).0, one.0);
    let rates = |k: u32| one.0.iter().filter(|(_, i)| *i == k).count();
    assert!((1..NEURONS as u32).any(|k| rates(k).abs_diff(rates(0)) > 1), "neurons differ");
    let mut quiet = chip.clone();
    quiet.analog.as_mut().unwrap().membrane = None;
    assert_ne!(run(&quiet, &RunConfig::default()).1, one.1, "membranes are noisy");

    let (graph, [spikes, currents]) = network();
    let mut simulation = Simulation::new(graph, &chip, &RunConfig::default()).unwrap();
    simulation.run(RunSteps(47)).unwrap();
    let snapshot = simulation.save();
    let (graph, _) = network();
    let mut again = Simulation::new(graph, &chip, &RunConfig::default().workers(2)).unwrap();
    again.load(&snapshot).unwrap();
    again.run(RunSteps(253)).unwrap();
    simulation.run(RunSteps(253)).unwrap();
    assert_eq!(simulation.recording(spikes).events(), one.0);
    let late = &one.1[47 * NEURONS..];
    assert!(again.recording(currents).rows().concat().ends_with(late), "the snapshot goes on");
}

#[test]
fn circuits_are_refused_where_there_are_none() {
    let refused = |profile: &str, config: RunConfig| {
        let (graph, _) = network();
        Simulation::new(graph, &Profile::load(profile).unwrap(), &config).unwrap_err().to_string()
    };
    let why = "`neurons` is a population of DPI, an analog circuit, and has no place on";
    for (profile, config) in [
        ("loihi1", RunConfig::default()),
        ("hybrid-rram", RunConfig::default().on_cores("neurons", CoreKind::Digital)),
        ("dynapse2", RunConfig::default().on_cores("neurons", CoreKind::Digital)),
    ] {
        let fault = refused(profile, config);
        assert!(fault.starts_with(&format!("{why} {profile}; allowed are")), "{fault}");
    }
}

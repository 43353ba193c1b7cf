//! Analog neurons: the digital equation with the deviations of their places.

use pumice::prelude::*;
use pumice::process::{CoreKind, ProbeId};
use pumice::profile::{AnalogMembrane, AnalogNeurons, Calibration};

const NEURONS: usize = 256;

/// Each neuron hears the same spike in every step, so that its rate is a function of its own parameters.
fn network(lif: Lif) -> (Graph, ProbeId) {
    let mut graph = Graph::new();
    let source = graph.add("source", Poisson::new(&[1], 1.0)).unwrap();
    let synapses = graph.add("synapses", Dense::new(vec![vec![20.0]; NEURONS])).unwrap();
    let neurons = graph.add("neurons", lif).unwrap();
    graph.connect(source.out, synapses.s_in).unwrap();
    graph.connect(synapses.a_out, neurons.a_in).unwrap();
    let spikes = graph.probe_port(neurons.s_out, Record::Events).unwrap();
    (graph, spikes)
}

fn integrator() -> Lif {
    Lif { du: 4095.into(), vth: 1000.into(), ..Lif::new(&[NEURONS]) }
}

/// The hybrid chip with ideal cells, so that only its neurons differ from digital ones.
fn chip(analog: AnalogNeurons) -> Profile {
    let mut profile = Profile::load("hybrid-rram").unwrap();
    let cells = profile.cells.as_mut().unwrap();
    (cells.technology, cells.programming) = ("ideal".into(), pumice::profile::CellProgramming::OpenLoop);
    (cells.levels, cells.adc_bits, cells.wire_ohm, cells.read_noise) = (None, None, None, false);
    profile.analog = Some(analog);
    profile
}

fn run(profile: &Profile, config: &RunConfig, lif: Lif) -> Vec<(u64, u32)> {
    run_for(200, profile, config, lif)
}

fn run_for(steps: u64, profile: &Profile, config: &RunConfig, lif: Lif) -> Vec<(u64, u32)> {
    let (graph, spikes) = network(lif);
    let mut simulation = Simulation::new(graph, profile, config).unwrap();
    simulation.run(RunSteps(steps)).unwrap();
    simulation.recording(spikes).events()
}

fn assert_same(found: &[(u64, u32)], wanted: &[(u64, u32)]) {
    let first = found.iter().zip(wanted).position(|(a, b)| a != b);
    assert!(found == wanted, "{} spikes for {}, the first other one is number {first:?}", found.len(), wanted.len());
}

fn on(kind: CoreKind) -> RunConfig {
    RunConfig::default().on_cores("neurons", kind)
}

/// Without mismatch an analog neuron is the digital one, bit for bit; a population that does not ask has digital ones.
#[test]
fn no_mismatch_is_the_digital_neuron() {
    let lif = Lif { dv: 300.into(), du: 900.into(), ..integrator() };
    let digital = run(&chip(AnalogNeurons::default()), &on(CoreKind::Digital), lif.clone());
    assert!(digital.len() > 1000);
    assert_same(&run(&chip(AnalogNeurons::default()), &on(CoreKind::Analog), lif.clone()), &digital);
    let spread = AnalogNeurons { gain_spread: 0.1, ..AnalogNeurons::default() };
    assert_same(&run(&chip(spread.clone()), &on(CoreKind::Auto), lif.clone()), &digital);
    assert!(run(&chip(spread), &on(CoreKind::Analog), lif) != digital);
}

/// The same seed is the same chip, on any number of workers; another seed is another chip.
#[test]
fn a_seed_is_a_chip() {
    let profile = chip(AnalogNeurons { leak_spread: 0.2, threshold_spread: 0.1, ..AnalogNeurons::default() });
    let lif = || Lif { dv: 200.into(), vth: 300.into(), ..integrator() };
    let one = run(&profile, &on(CoreKind::Analog).workers(1), lif());
    assert_same(&run(&profile, &on(CoreKind::Analog).workers(3), lif()), &one);
    assert!(run(&profile, &on(CoreKind::Analog).seed(1), lif()) != one);
}

/// A small capacitor: noise of 5 % of the threshold, and leakage that takes 0.04 % per step.
fn restless() -> AnalogNeurons {
    let membrane = AnalogMembrane {
        capacitance_f: 3.4e-18,
        threshold_v: 0.7,
        thermal_noise: true,
        leakage_a: 1e-18,
        leakage_doubling_k: None,
        step_s: 1e-3,
    };
    AnalogNeurons { membrane: Some(membrane), ..AnalogNeurons::default() }
}

/// Noise is the same on any number of workers and through a snapshot, another seed and another origin are other noise, and
/// switched off it changes nothing.
#[test]
fn noise_is_a_function_of_the_seed_and_the_step() {
    let lif = || Lif { dv: 100.into(), du: 900.into(), vth: 300.into(), ..integrator() };
    let config = on(CoreKind::Analog);
    let one = run(&chip(restless()), &config.clone().workers(1), lif());
    assert_same(&run(&chip(restless()), &config.clone().workers(3), lif()), &one);
    assert!(run(&chip(restless()), &config.clone().seed(1), lif()) != one);
    let mut quiet = restless();
    quiet.membrane.as_mut().unwrap().thermal_noise = false;
    quiet.membrane.as_mut().unwrap().leakage_a = 0.0;
    let digital = run(&chip(AnalogNeurons::default()), &on(CoreKind::Digital), lif());
    assert_same(&run(&chip(quiet), &config, lif()), &digital);
    assert!(one != digital);

    let (graph, spikes) = network(lif());
    let mut simulation = Simulation::new(graph, &chip(restless()), &config).unwrap();
    simulation.run(RunSteps(77)).unwrap();
    let snapshot = simulation.save();
    simulation.reset().unwrap();
    simulation.set_noise_origin(1000);
    simulation.run(RunSteps(200)).unwrap();
    assert!(simulation.recording(spikes).events() != one);
    let (graph, spikes) = network(lif());
    let mut resumed = Simulation::new(graph, &chip(restless()), &config.workers(2)).unwrap();
    resumed.load(&snapshot).unwrap();
    resumed.run(RunSteps(123)).unwrap();
    let rest: Vec<_> = one.iter().copied().filter(|(t, _)| *t > 77).collect();
    assert_same(&resumed.recording(spikes).events(), &rest);
}

/// Noise carries a membrane over a threshold that its drive does not reach, and droop keeps one from it that it would reach.
#[test]
fn droop_and_noise_act_where_they_are_asked_for() {
    let rate = |analog: AnalogNeurons, dv: i32| {
        let lif = Lif { dv: dv.into(), du: 4095.into(), vth: 90.into(), ..integrator() };
        run(&chip(analog), &on(CoreKind::Analog), lif).len()
    };
    // The drive of 20 per step comes to 20 / (1 - k) = 80: 90 is 2.2 deviations of noise above it.
    let leak = 4096 / 4;
    assert_eq!(rate(AnalogNeurons::default(), leak), 0);
    let fired = rate(restless(), leak);
    assert!(fired > 0 && fired < NEURONS * 200 / 30, "{fired} spikes by noise");
    let mut leaky = restless();
    let membrane = leaky.membrane.as_mut().unwrap();
    (membrane.thermal_noise, membrane.leakage_a) = (false, 5.5e-16);
    // Droop takes 23.1 % of the threshold per step, the drive gives 22.2 %.
    assert!(rate(AnalogNeurons::default(), 0) > 0);
    assert_eq!(rate(leaky, 0), 0);
}

/// Calibrated neurons have rates that differ less, and the report says what it took.
#[test]
fn calibration_brings_rates_together() {
    let calibration = |bits| Calibration { bits, range: 0.5, measure_s: 0.01, measure_j: None };
    let spread_of = |calibration: Option<Calibration>| {
        let analog = AnalogNeurons { gain_spread: 0.1, threshold_spread: 0.1, calibration, ..AnalogNeurons::default() };
        let (graph, _) = network(integrator());
        let neurons = graph.find("neurons").unwrap();
        let mut simulation = Simulation::new(graph, &chip(analog), &on(CoreKind::Analog)).unwrap();
        simulation.run(RunSteps(800)).unwrap();
        let counts = simulation.spikes(neurons).unwrap();
        let logs: Vec<f64> = counts.iter().map(|n| (*n as f64).ln()).collect();
        let mean = logs.iter().sum::<f64>() / NEURONS as f64;
        let report = simulation.report("rates", std::time::Duration::ZERO).unwrap().analog.unwrap();
        (logs.iter().map(|x| (x - mean).powi(2)).sum::<f64>().sqrt() / 16.0, report)
    };
    let (plain, report) = spread_of(None);
    assert!((0.12..0.17).contains(&plain) && report.calibration.is_none() && report.neurons == 256, "{plain}");
    let (coarse, _) = spread_of(Some(calibration(4)));
    let (fine, report) = spread_of(Some(calibration(6)));
    // Steps of 0.5 / 7 and 0.5 / 31 leave 0.021 and 0.0047 of each; whole numbers of some 16 spikes leave 0.02.
    assert!(coarse < 0.3 * plain && fine < coarse, "{plain}, {coarse}, {fine}");
    let took = report.calibration.unwrap();
    assert_eq!((took.measurements, took.energy_j), (256 * 5 * 6, None));
    assert!((took.time_s - 256.0 * 30.0 * 0.01).abs() < 1e-9);
}

/// The rate of an integrator is proportional to gain over threshold: its spread is the spread that was asked for.
#[test]
fn the_spread_of_rates_follows_the_mismatch() {
    let spread_of = |analog: AnalogNeurons| {
        let mut counts = vec![0.0; NEURONS];
        for (_, i) in run_for(1500, &chip(analog), &on(CoreKind::Analog), integrator()) {
            counts[i as usize] += 1.0_f64;
        }
        let logs: Vec<f64> = counts.iter().map(|n| n.ln()).collect();
        let mean = logs.iter().sum::<f64>() / NEURONS as f64;
        (logs.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / NEURONS as f64).sqrt()
    };
    assert!(spread_of(AnalogNeurons::default()) < 0.01);
    // A neuron fires some 30 times, a whole number; 256 neurons know a spread to some 5 %.
    for sigma in [0.1, 0.2] {
        let gain = spread_of(AnalogNeurons { gain_spread: sigma, ..AnalogNeurons::default() });
        let threshold = spread_of(AnalogNeurons { threshold_spread: sigma, ..AnalogNeurons::default() });
        let both = AnalogNeurons { gain_spread: sigma, threshold_spread: sigma, ..AnalogNeurons::default() };
        let both = spread_of(both) / 2_f64.sqrt();
        for (found, what) in [(gain, "gain"), (threshold, "threshold"), (both, "both")] {
            assert!((found / sigma - 1.0).abs() < 0.15, "{what}: {found} for {sigma}");
        }
    }
}

/// A process without an analog form, and a chip without analog cores, are refused with their names.
#[test]
fn what_cannot_be_analog_is_refused() {
    let (graph, _) = network(integrator());
    let loihi = Profile::load("loihi1").unwrap();
    let refused = Simulation::new(graph, &loihi, &on(CoreKind::Analog)).unwrap_err().to_string();
    assert!(refused.contains("`neurons`") && refused.contains("no core has cells"), "{refused}");
    let mut graph = Graph::new();
    let source = graph.add("source", Poisson::new(&[2], 0.5)).unwrap();
    let synapses = graph.add("synapses", Dense::new(vec![vec![9.0; 2]; 3])).unwrap();
    let model = pumice::models::neuron::ternary_lif::TernaryLif::new(&[3]);
    let neurons = graph.add("neurons", model).unwrap();
    graph.connect(source.out, synapses.s_in).unwrap();
    graph.connect(synapses.a_out, neurons.a_in).unwrap();
    let refused = Simulation::new(graph, &chip(AnalogNeurons::default()), &on(CoreKind::Analog)).unwrap_err();
    let refused = refused.to_string();
    assert!(refused.starts_with("`neurons` asks for `analog` neurons, and TernaryLIF has no analog form"), "{refused}");
}

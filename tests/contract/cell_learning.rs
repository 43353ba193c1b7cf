//! Learning that writes non-volatile cells: what digital registers would learn, on any number of workers, with a ledger.

use proptest::prelude::*;
use pumice::Snapshot;
use pumice::chip::cells::Cells;
use pumice::device::nv::NvState;
use pumice::meter::{Event, Term};
use pumice::models::learning::{LearningDense, LearningRule};
use pumice::prelude::*;
use pumice::process::{CoreKind, ProbeId};
use pumice::profile::CellProgramming;

const STDP: &str = "2^-2*x1*y0 - 2^-2*x0*y1";

pub(crate) struct Parts {
    pub(crate) graph: Graph,
    weights: Var<i32>,
    spikes: ProbeId,
}

/// A population that learns from one source and hears another by fixed synapses.
pub(crate) fn network(rule: LearningRule, weight_exp: i32) -> Parts {
    let mut graph = Graph::new();
    let source = graph.add("source", Poisson::new(&[12], 0.2)).unwrap();
    let other = graph.add("other", Poisson::new(&[5], 0.2)).unwrap();
    let first = (0..7).map(|j| (0..12).map(|i| f64::from((i * 37 + j * 61) % 90 - 20)).collect()).collect();
    let delays = (0..7).map(|j| (0..12).map(|i| f64::from((i + j) % 3)).collect()).collect();
    let delays = Some(pumice::models::Matrix(delays));
    let learned = LearningDense { delays, weight_exp, ..LearningDense::new(first, rule) };
    let learned = graph.add("learned", learned).unwrap();
    let fixed = (0..7).map(|j| (0..5).map(|i| f64::from((i * 17 + j * 23) % 70) - 10.0).collect()).collect();
    let fixed = graph.add("fixed", Dense::new(fixed)).unwrap();
    let neurons = Lif { du: 4095.into(), dv: 400.into(), vth: 120.into(), ..Lif::new(&[7]) };
    let neurons = graph.add("neurons", neurons).unwrap();
    graph.connect(source.out, learned.s_in).unwrap();
    graph.connect(other.out, fixed.s_in).unwrap();
    graph.connect(learned.a_out, neurons.a_in).unwrap();
    graph.connect(fixed.a_out, neurons.a_in).unwrap();
    graph.connect(neurons.s_out, learned.s_in_bap).unwrap();
    let spikes = graph.probe_port(neurons.s_out, Record::Events).unwrap();
    Parts { weights: learned.weights, spikes, graph }
}

pub(crate) fn stdp() -> LearningRule {
    LearningRule::new(STDP).x1(40.0, 12.0).y1(40.0, 12.0)
}

/// The hybrid chip with cells that are written when changes reach a threshold, or at once.
fn hybrid(mixed_precision: Option<u32>) -> Profile {
    let mut profile = Profile::load("hybrid-rram").unwrap();
    profile.cells.as_mut().unwrap().mixed_precision = mixed_precision;
    profile
}

fn simulation(profile: &Profile, config: &RunConfig, saved: Option<&NvState>) -> (Simulation, Var<i32>, ProbeId) {
    scaled(0, profile, config, saved)
}

/// The same with weights that act times `2^weight_exp`.
fn scaled(
    weight_exp: i32,
    profile: &Profile,
    config: &RunConfig,
    saved: Option<&NvState>,
) -> (Simulation, Var<i32>, ProbeId) {
    let Parts { graph, weights, spikes } = network(stdp(), weight_exp);
    (Simulation::with_nv(graph, profile, config, saved).unwrap(), weights, spikes)
}

/// Cells without any error learn what digital registers learn, bit for bit.
#[test]
fn ideal_cells_learn_what_registers_learn() {
    let mut profile = hybrid(None);
    let cells = profile.cells.as_mut().unwrap();
    (cells.technology, cells.programming) = ("ideal".into(), CellProgramming::OpenLoop);
    (cells.levels, cells.adc_bits, cells.wire_ohm, cells.read_noise) = (None, None, None, false);
    let digital = RunConfig::default().on_cores("neurons", CoreKind::Digital);
    for (weight_exp, workers) in [(0, 1), (0, 3), (2, 2), (-1, 1)] {
        let (mut registers, weights, spikes) = scaled(weight_exp, &profile, &digital, None);
        registers.run(RunSteps(300)).unwrap();
        assert!(registers.memory().is_err() && registers.recording(spikes).events().len() > 100, "2^{weight_exp}");
        let (mut cells, ..) = scaled(weight_exp, &profile, &RunConfig::default().workers(workers), None);
        let first = cells.get(weights).unwrap();
        cells.run(RunSteps(300)).unwrap();
        assert_eq!(
            cells.recording(spikes).events(),
            registers.recording(spikes).events(),
            "2^{weight_exp}, {workers} workers"
        );
        let learned = cells.get(weights).unwrap();
        assert_eq!(learned, registers.get(weights).unwrap());
        assert!(learned.iter().zip(&first).filter(|(a, b)| a != b).count() > 40, "it learned");
        assert_eq!(cells.counts()[Event::SynapseUpdate], registers.counts()[Event::SynapseUpdate]);
        assert!(cells.counts()[Event::CellPulse] > 100, "and wrote");
    }
}

fn wanted(cells: &Cells) -> Vec<i32> {
    cells.stores().flat_map(|(_, store)| store.as_cells().unwrap().wanted().to_vec()).collect()
}

fn cycles(simulation: &Simulation) -> Vec<u64> {
    let memory = simulation.memory().unwrap();
    memory
        .cells()
        .stores()
        .flat_map(|(_, s)| s.as_cells().unwrap().array().wear().map(|w| w.0).collect::<Vec<_>>())
        .collect()
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(4))]

    /// Same bits on any number of workers and through a snapshot; energy is the sum of pulses and verify reads, the bill
    /// that of the events; no cycle is ever taken back.
    #[test]
    fn learning_in_cells_is_one_life(
        seed in any::<u64>(), threshold in prop::option::of(1u32..40), cut in 1u64..60, workers in 2usize..5, weight_exp in -1..3,
    ) {
        let profile = hybrid(threshold);
        let config = RunConfig::default().seed(seed);
        let (mut whole, weights, spikes) = scaled(weight_exp, &profile, &config.clone().workers(1), None);
        let before = whole.memory().unwrap().cells().ledger();
        let mut used = cycles(&whole);
        whole.run(RunSteps(cut)).unwrap();
        let bytes = whole.save().to_bytes().unwrap();
        let (mut resumed, ..) = scaled(weight_exp, &profile, &config.clone().workers(workers), None);
        resumed.run(RunSteps(5)).unwrap();
        resumed.load(&Snapshot::from_bytes(&bytes).unwrap()).unwrap();
        for simulation in [&mut whole, &mut resumed] {
            simulation.run(RunSteps(60 - cut)).unwrap();
            let now = cycles(simulation);
            prop_assert!(now.iter().zip(&used).all(|(a, b)| a >= b));
        }
        used = cycles(&whole);
        let (mut many, ..) = scaled(weight_exp, &profile, &config.workers(workers), None);
        many.run(RunSteps(60)).unwrap();
        // Reads are counted, so each reads once.
        let learned = whole.get(weights).unwrap();
        for other in [&resumed, &many] {
            prop_assert_eq!(&other.get(weights).unwrap(), &learned);
            prop_assert!(other.memory().unwrap().nv() == whole.memory().unwrap().nv(), "the lives of the cells");
            prop_assert_eq!(other.counts(), whole.counts());
            prop_assert_eq!(other.time_ps(), whole.time_ps());
            prop_assert!(other.save() == whole.save());
        }
        prop_assert_eq!(many.recording(spikes).events(), whole.recording(spikes).events());
        let (ledger, counts) = (whole.memory().unwrap().cells().ledger(), whole.counts());
        let pulses = ledger.set_pulses + ledger.reset_pulses - before.set_pulses - before.reset_pulses;
        prop_assert_eq!((counts[Event::CellPulse], counts[Event::CellVerifyRead]), (pulses, ledger.verify_reads - before.verify_reads));
        let report = whole.report("learning", std::time::Duration::ZERO).unwrap().cells.unwrap().learning.unwrap();
        let energy = ledger.pulse_energy_aj + ledger.verify_energy_aj - before.pulse_energy_aj - before.verify_energy_aj;
        prop_assert_eq!(report.energy_j, energy as f64 * 1e-18);
        prop_assert_eq!(report.most_cycles, used.iter().copied().max().unwrap());
        let parts: pumice::meter::Counts = whole.counts_by_process().iter().map(|(_, counts)| counts).sum();
        let learned = [Event::SynapseUpdate, Event::CellPulse, Event::CellVerifyRead];
        prop_assert_eq!(learned.map(|event| parts[event]), learned.map(|event| counts[event]));
        whole.reset().unwrap();
        prop_assert_eq!(cycles(&whole), used);
    }
}

/// A digital accumulator saves cycles; the file keeps what reached the cells, and the next run goes on from there.
#[test]
fn mixed_precision_saves_cycles_and_the_file_keeps_what_was_learned() {
    let mut reports = Vec::new();
    for threshold in [None, Some(16), Some(48)] {
        let profile = hybrid(threshold);
        let (mut simulation, weights, _) = simulation(&profile, &RunConfig::default(), None);
        let first = simulation.get(weights).unwrap();
        simulation.run(RunSteps(150)).unwrap();
        let (learned, memory) = (simulation.get(weights).unwrap(), simulation.memory().unwrap());
        let bill = simulation.bill().unwrap();
        let pulses = bill.rows.iter().find(|row| row.term == Term::Event(Event::CellPulse)).unwrap();
        assert!(pulses.energy_j > 0.0 && pulses.count == simulation.counts()[Event::CellPulse]);
        reports
            .push(simulation.report("learning", std::time::Duration::ZERO).unwrap().cells.unwrap().learning.unwrap());
        let saved = NvState::from_bytes(&memory.nv().to_bytes()).unwrap();
        let (again, ..) = self::simulation(&profile, &RunConfig::default(), Some(&saved));
        let kept = again.get(weights).unwrap();
        assert_eq!(wanted(again.memory().unwrap().cells()), wanted(memory.cells()));
        let lost = kept.iter().zip(&learned).map(|(a, b)| a.abs_diff(*b)).max().unwrap();
        assert!(lost < threshold.unwrap_or(1), "{threshold:?}: {lost} steps are lost with the accumulator");
        assert!(kept.iter().zip(&first).filter(|(a, b)| a != b).count() > 20);
        // A reset is a power cycle for learning: cells stay, the accumulator does not.
        simulation.reset().unwrap();
        assert_eq!(simulation.get(weights).unwrap(), kept);
    }
    let [direct, some, few] = &reports[..] else { unreachable!() };
    assert!(direct.cycles > some.cycles && some.cycles > 4 * few.cycles, "{reports:?}");
    assert!(direct.most_cycles > 2 * few.most_cycles && direct.energy_j > 4.0 * few.energy_j, "{reports:?}");
    let steps: Vec<f64> = reports.iter().map(|r| r.wears_out_in_steps.unwrap()).collect();
    assert!(steps[0] < steps[1] && steps[0] * 5.0 < steps[2], "{steps:?}");
    // A cycle has a pulse, and a pulse takes a microsecond: a million cycles take a second at least.
    assert!(reports.iter().all(|r| r.wears_out_in_s.unwrap() > 1.0), "{reports:?}");
}

/// Weights in cells are written by learning alone, and what cells cannot hold is refused.
#[test]
fn what_cells_cannot_learn_is_refused() {
    let profile = hybrid(None);
    let (mut simulation, weights, _) = simulation(&profile, &RunConfig::default(), None);
    assert_eq!(simulation.image().chip.plastic.len(), 1);
    let same = simulation.get(weights).unwrap();
    let refused = simulation.set(weights, &same).unwrap_err().to_string();
    assert!(refused.contains("`learned` keeps its weights in non-volatile cells"), "{refused}");
    let rule = LearningRule { dd: Some("2^-2*x0*y1".into()), ..stdp() };
    let mut graph = Graph::new();
    let source = graph.add("source", Poisson::new(&[3], 0.2)).unwrap();
    let synapses = graph.add("synapses", LearningDense::new(vec![vec![0.0; 3]; 2], rule)).unwrap();
    let neurons = graph.add("neurons", Lif::new(&[2])).unwrap();
    graph.connect(source.out, synapses.s_in).unwrap();
    graph.connect(synapses.a_out, neurons.a_in).unwrap();
    let config = RunConfig::default().on_cores("neurons", CoreKind::Analog);
    let refused = Simulation::new(graph, &profile, &config).unwrap_err().to_string();
    assert!(refused.contains("`synapses` learns delays, and a cell stays in its row"), "{refused}");
}

//! What was learned and kept outlives SIGKILL: the process is gone, another one goes on with the same weights.

use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};

use pumice::Snapshot;
use pumice::file::replace;
use pumice::models::learning::{LearningDense, LearningRule};
use pumice::prelude::*;

const PUPIL: &str = "PUMICE_PUPIL";
const KEPT: &str = "the pupil has kept what it learned";
/// Steps between two snapshots.
const LESSON: u64 = 25;

/// Neurons that learn on the chip from a noisy source, and their weights.
fn pupil() -> (Simulation, Var<i32>) {
    let mut graph = Graph::new();
    let source = graph.add("source", Poisson::new(&[20], 0.2)).unwrap();
    let rule = LearningRule::new("2^-3*y0*x1 - 2^-4*x0*y1").x1(20.0, 10.0).y1(20.0, 10.0);
    let weights = (0..8).map(|i| (0..20).map(|k| f64::from((i * 13 + k * 7) % 40 + 10)).collect()).collect();
    let synapses = graph.add("synapses", LearningDense::new(weights, rule)).unwrap();
    let neurons =
        graph.add("neurons", Lif { du: 2000.into(), dv: 300.into(), vth: 120.into(), ..Lif::new(&[8]) }).unwrap();
    graph.connect(source.out, synapses.s_in).unwrap();
    graph.connect(synapses.a_out, neurons.a_in).unwrap();
    graph.connect(neurons.s_out, synapses.s_in_bap).unwrap();
    let config = RunConfig::default().seed(11);
    (Simulation::new(graph, &Profile::load("loihi1").unwrap(), &config).unwrap(), synapses.weights)
}

fn keep(pupil: &Simulation, path: &Path) {
    replace(path, &pupil.save().to_bytes().unwrap()).unwrap();
}

/// Not a test of its own: the process that the next test kills. Learns for ever, and keeps what it learned now and then.
#[test]
fn learner() {
    let Some(path) = std::env::var_os(PUPIL).map(PathBuf::from) else { return };
    let (mut pupil, _) = pupil();
    loop {
        pupil.run(RunSteps(LESSON)).unwrap();
        keep(&pupil, &path);
        writeln!(std::io::stdout(), "\n{KEPT}").unwrap();
    }
}

#[test]
fn learned_weights_outlive_a_killed_process() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("pupil.snapshot");
    let mut process = Command::new(std::env::current_exe().unwrap())
        .args(["killed::learner", "--exact", "--nocapture"])
        .env(PUPIL, &path)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    let lines = BufReader::new(process.stdout.take().unwrap()).lines();
    assert_eq!(lines.filter(|line| line.as_ref().unwrap() == KEPT).take(3).count(), 3);
    process.kill().unwrap();
    process.wait().unwrap();
    let kept = Snapshot::from_bytes(&std::fs::read(&path).unwrap()).unwrap();
    assert!(kept.engine.step >= 3 * LESSON && kept.engine.step.is_multiple_of(LESSON), "{}", kept.engine.step);
    // A new process: the same weights as one that was never killed, and the same learning from there on.
    let ((mut straight, weights), (mut again, same), (fresh, newborn)) = (pupil(), pupil(), pupil());
    let first = fresh.get(newborn).unwrap();
    straight.run(RunSteps(kept.engine.step)).unwrap();
    again.load(&kept).unwrap();
    let learned = again.get(same).unwrap();
    assert_eq!(learned, straight.get(weights).unwrap());
    assert!(first.iter().zip(&learned).filter(|(a, b)| a != b).count() > 50, "it had learned: {learned:?}");
    for pupil in [&mut straight, &mut again] {
        pupil.run(RunSteps(LESSON)).unwrap();
    }
    assert_eq!(again.save(), straight.save());
    assert_ne!(again.get(same).unwrap(), learned);
}

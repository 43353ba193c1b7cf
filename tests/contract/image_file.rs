//! Drawn synapses and routes kept in a file: the same run as without one, or one sentence.

use std::path::Path;

use proptest::prelude::*;
use pumice::meter::Counts;
use pumice::models::connection::random::{Choice, Random};
use pumice::models::connection::topology::Topology;
use pumice::models::neuron::cuba_lif::CubaLif;
use pumice::prelude::*;
use pumice::{Making, engine};
use tempfile::TempDir;

/// Two populations with drawn synapses between them, one of them with delays, and a listed connection.
fn graph(n: usize) -> Graph {
    let mut graph = Graph::new();
    let vth = 100;
    let a = CubaLif { bias: 700.into(), du: 1024.into(), dv: 200.into(), ..CubaLif::new(&[n], vth.into()) };
    let a = graph.add("a", a).unwrap();
    let b = graph.add("b", Lif { vth: vth.into(), du: 4095.into(), ..Lif::new(&[7]) }).unwrap();
    let again = Topology::FixedInDegree { degree: 5, self_loops: true };
    let mut again = Random::new([n, n], again, Choice::Uniform { low: 1.0, high: 30.0 });
    again.delays = Some(Choice::Uniform { low: 0.0, high: 5.0 });
    let across = Random::new([7, n], Topology::FixedInDegree { degree: 3, self_loops: true }, 40.0);
    for (name, random, to) in [("again", again, a.a_in), ("across", across, b.a_in)] {
        let synapses = graph.add(name, random).unwrap();
        graph.connect(a.s_out, synapses.s_in).unwrap();
        graph.connect(synapses.a_out, to).unwrap();
    }
    let back = graph.add("back", Dense::new(vec![vec![20.0; 7]; n])).unwrap();
    graph.connect(b.s_out, back.s_in).unwrap();
    graph.connect(back.a_out, a.a_in).unwrap();
    graph
}

fn run(n: usize, profile: &str, seed: u64, workers: usize, image: Option<&Path>) -> Result<(Counts, usize), Error> {
    let config = RunConfig::default().seed(seed).workers(workers);
    let progress = engine::Progress::default();
    let making = Making { image, progress: Some(&progress), ..Making::default() };
    let mut simulation = Simulation::make(graph(n), &Profile::load(profile)?, &config, &making)?;
    simulation.run(RunSteps(60))?;
    assert!(progress.done() <= progress.all());
    Ok((simulation.counts(), simulation.workers()))
}

#[test]
fn a_second_run_reads_what_the_first_drew() {
    let folder = TempDir::new().unwrap();
    for (profile, workers) in [("unlimited", 1), ("loihi1", 3)] {
        let file = folder.path().join(profile);
        let fresh = run(40, profile, 5, workers, None).unwrap();
        assert!(fresh.0.synaptic_events() > 1000, "{:?}", fresh.0);
        assert_eq!(run(40, profile, 5, workers, Some(&file)).unwrap(), fresh, "written");
        let bytes = std::fs::read(&file).unwrap();
        assert_eq!(run(40, profile, 5, workers, Some(&file)).unwrap(), fresh, "read");
        // Whoever leaves the number of workers open takes that of the file.
        assert_eq!(run(40, profile, 5, 0, Some(&file)).unwrap(), fresh);
        assert_eq!(std::fs::read(&file).unwrap(), bytes, "reading changes nothing");
    }
}

#[test]
fn a_file_of_another_network_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("net.image");
    run(40, "loihi1", 5, 2, Some(&file)).unwrap();
    let refused = |n, profile, seed, workers| {
        let fault = run(n, profile, seed, workers, Some(&file)).unwrap_err();
        assert!(fault.is_input());
        fault.to_string()
    };
    for fault in [refused(41, "loihi1", 5, 2), refused(40, "loihi2", 5, 2), refused(40, "loihi1", 6, 2)] {
        assert!(fault.ends_with("net.image` cannot be used: it is of another network, profile or seed"), "{fault}");
    }
    assert!(refused(40, "loihi1", 5, 3).ends_with("it is for 2 workers, and this run has 3"));
    let nowhere = folder.path().join("none/net.image");
    assert!(run(40, "loihi1", 5, 2, Some(&nowhere)).unwrap_err().is_input());
    assert!(run(40, "loihi1", 5, 2, Some(folder.path())).unwrap_err().is_input());
    let names: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|e| e.unwrap().file_name()).collect();
    assert_eq!(names, ["net.image"], "nothing is left behind");
}

/// Whatever is cut off or changed is found before it is used.
#[test]
fn damage_is_refused() {
    let folder = TempDir::new().unwrap();
    let file = folder.path().join("net.image");
    run(12, "unlimited", 1, 1, Some(&file)).unwrap();
    let whole = std::fs::read(&file).unwrap();
    let mut runner = proptest::test_runner::TestRunner::default();
    let damage = (any::<prop::sample::Index>(), 0u8..8, any::<bool>());
    let outcome = runner.run(&damage, |(at, bit, cut)| {
        let mut bytes = whole.clone();
        let at = at.index(bytes.len());
        if cut {
            bytes.truncate(at);
        } else {
            bytes[at] ^= 1 << bit;
        }
        std::fs::write(&file, bytes).unwrap();
        let fault = run(12, "unlimited", 1, 1, Some(&file));
        prop_assert!(fault.as_ref().is_err_and(Error::is_input), "{:?}", fault);
        Ok(())
    });
    outcome.unwrap();
    std::fs::write(&file, [whole.as_slice(), b"x"].concat()).unwrap();
    let fault = run(12, "unlimited", 1, 1, Some(&file)).unwrap_err().to_string();
    assert!(fault.ends_with("it was cut or extended"), "{fault}");
}

//! All shipped profiles are valid and can run a network.

use pumice::prelude::*;

#[test]
fn every_shipped_profile_is_valid_and_a_file() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("hw-profiles");
    let mut files: Vec<String> = std::fs::read_dir(folder)
        .unwrap()
        .map(|entry| entry.unwrap().path())
        .filter(|path| path.extension().is_some_and(|e| e == "toml"))
        .map(|path| path.file_stem().unwrap().to_string_lossy().into_owned())
        .collect();
    files.sort();
    let mut names = Profile::builtin_names();
    names.sort_unstable();
    assert_eq!(names, files);
    assert!(names.contains(&"loihi1") && names.contains(&"unlimited"));
    for name in names {
        Profile::load(name).unwrap().check().unwrap();
    }
}

#[test]
fn a_small_network_runs_on_every_profile_or_is_refused_with_a_reason() {
    let mut ran = 0;
    for name in Profile::builtin_names() {
        let mut graph = Graph::new();
        let source = graph.add("source", RingBuffer::spikes(&[1], vec![vec![1.0]])).unwrap();
        let w = graph.add("w", Dense::new(vec![vec![100.0]])).unwrap();
        let cell = graph.add("cell", Lif { vth: 150.into(), ..Lif::new(&[1]) }).unwrap();
        graph.connect(source.out, w.s_in).unwrap();
        graph.connect(w.a_out, cell.a_in).unwrap();
        let spikes = graph.probe_port(cell.s_out, Record::Events).unwrap();
        let mut simulation = Simulation::new(graph, &Profile::load(name).unwrap(), &RunConfig::default()).unwrap();
        simulation.run(RunSteps(20)).unwrap();
        assert!(!simulation.recording(spikes).events().is_empty(), "{name}");
        simulation.bill().unwrap();
        ran += 1;
    }
    assert!(ran >= 10);
}

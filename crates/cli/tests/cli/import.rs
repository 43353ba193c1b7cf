//! `pumice import`.

use std::path::PathBuf;

use pumice::file::ModelFile;
use pumice::nir::netx::{Netx, Reset};
use pumice::prelude::Graph;
use pumice::process::Body;

use crate::bench::{Bench, root};

fn network() -> PathBuf {
    root().join("tests/golden/loihi2-pilotnet/network.net")
}

/// What is imported and read back is the network that the file holds, number by number.
#[test]
fn an_imported_network_is_the_one_of_the_file() {
    let bench = Bench::new();
    let file = network();
    let file = file.to_str().unwrap();
    let said = bench.well(&["import", file, "--out", "pilot", "--reset-interval", "16", "--reset-offset", "4"]);
    assert!(said.starts_with("10 layers with 158509 neurons, written to pilot/MODEL.toml\n"), "{said}");
    let read = ModelFile::load(&bench.path("pilot/MODEL.toml")).unwrap();
    let mut graph = Graph::new();
    let added = Netx::open(&network()).unwrap().add_to(&mut graph, Some(Reset { interval: 16, offset: 4 })).unwrap();
    assert_eq!((read.name.as_str(), read.profile.as_str(), read.steps), ("network", "loihi2", 32));
    assert_eq!(read.graph.nodes().len(), 2 * added.populations.len() - 1);
    for (ours, theirs) in read.graph.nodes().iter().zip(graph.nodes()) {
        assert_eq!(ours.path, theirs.path);
        let (Body::Model(ours), Body::Model(theirs)) = (&ours.body, &theirs.body) else { panic!("a program") };
        assert_eq!(ours, theirs);
    }
    assert_eq!(read.graph.wires(), graph.wires());
    assert_eq!(read.graph.probes()[0].name, "layer9.s_out");
}

#[test]
fn what_cannot_be_imported_is_refused_in_one_sentence() {
    let bench = Bench::new();
    let whole = std::fs::read(network()).unwrap();
    std::fs::write(bench.path("cut.net"), &whole[..3000]).unwrap();
    bench.write("text.net", "no network");
    let table: &[(&[&str], &str)] = &[
        (
            &["import", "small.toml", "--out", "x"],
            "`small.toml` is of no known format, allowed is a lava-dl network (.net)",
        ),
        (&["import", "none.net", "--out", "x"], "none.net: cannot read `none.net`: No such file"),
        (&["import", "text.net", "--out", "x"], "text.net: `/` cannot be read as HDF5: "),
        (&["import", "cut.net", "--out", "x"], "cut.net: `/layer` cannot be read as HDF5: "),
        (&["import", "cut.net", "--out", "x", "--profile", "loihi9"], "no profile `loihi9`"),
    ];
    for (args, words) in table {
        let done = bench.run(args);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{args:?}: {}", done.err);
        assert!(done.err.starts_with("error: ") && done.err.contains(words), "{args:?} says: {}", done.err);
        assert_eq!(done.err.trim_end().lines().count(), 1, "{args:?} says: {}", done.err);
    }
    assert!(!bench.path("x").exists(), "nothing is written");
    bench.write("plain-file", "");
    let file = network();
    let done = bench.run(&["import", file.to_str().unwrap(), "--out", "plain-file"]);
    assert_eq!(done.code, Some(2));
    assert!(done.err.starts_with("error: cannot write `plain-file`: "), "{}", done.err);
}

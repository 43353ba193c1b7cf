//! What is saved is read back as it was.

#![allow(clippy::unwrap_used, reason = "tests")]

use std::path::Path;

use proptest::prelude::*;
use pumice_file::{FileError, ModelFile};
use pumice_process::models::connection::conv::Conv;
use pumice_process::models::connection::dense::{Delays, Dense};
use pumice_process::models::connection::sparse::Sparse;
use pumice_process::models::learning::Structure;
use pumice_process::models::neuron::lif::Lif;
use pumice_process::models::source::poisson::Poisson;
use pumice_process::models::{Decay, Matrix, PerNeuron};
use pumice_process::{Backend, Body, CoreKind, Graph, Record, Reduce, RunConfig};

fn same(read: &ModelFile, written: &ModelFile) {
    let models = |file: &ModelFile| {
        let nodes = file.graph.nodes().iter();
        nodes
            .map(|node| match &node.body {
                Body::Model(model) => (node.path.replace('/', "."), Some(model.as_ref().clone()), None),
                Body::Host(..) => {
                    let remote = node.remote().expect("no program");
                    (
                        node.path.replace('/', "."),
                        None,
                        Some((remote.model.clone(), remote.target.replace('/', "."), remote.variable)),
                    )
                }
            })
            .collect::<Vec<_>>()
    };
    assert_eq!(models(read), models(written));
    assert_eq!(read.graph.wires(), written.graph.wires());
    assert_eq!(read.graph.probes(), written.graph.probes());
    assert_eq!((&read.name, &read.profile, read.steps), (&written.name, &written.profile, written.steps));
    assert_eq!((read.config.seed, read.config.backend), (written.config.seed, written.config.backend));
    assert_eq!(read.config.exceptions, written.config.exceptions);
    assert_eq!(read.config.cores, written.config.cores);
}

#[test]
fn a_file_with_a_task_comes_back() {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/data/net.toml");
    let mut file = ModelFile::load(&path).unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = file.save(folder.path(), "a comment\nof two lines").unwrap();
    assert_eq!(files.len(), 2);
    let mut read = ModelFile::load(&files[1]).unwrap();
    same(&read, &file);
    let (Some(pumice_file::Task::Classify(a)), Some(pumice_file::Task::Classify(b))) =
        (read.task.take(), file.task.take())
    else {
        panic!("the task is lost")
    };
    assert_eq!((a.samples, a.labels, a.steps, a.reset), (b.samples, b.labels, b.steps, b.reset));
}

/// Synapses that grow and vanish: what a file says of them comes back, and what it may not say is named.
#[test]
fn structures_come_back() {
    let text = |structure: &str| {
        format!(
            "schema = 1\nname = \"grow\"\nprofile = \"loihi1\"\nsteps = 5\n[[process]]\nname = \"wire\"\ntype = \"LearningSparse\"\n\
             shape = [8, 20]\nsources = [3]\ntargets = [0]\nweights = [80]\nlearning_rule = {{ dw = \"2^-4*y0*x1\" }}\n\
             structure = {{ {structure} }}\n"
        )
    };
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("grow.toml");
    std::fs::write(&path, text("degree = 5, first_weight = 80, all_sources = true")).unwrap();
    let file = ModelFile::load(&path).unwrap();
    let Body::Model(model) = &file.graph.nodes()[0].body else { panic!("a program") };
    let pumice_process::models::Model::LearningSparse(sparse) = model.as_ref() else { panic!("{model:?}") };
    let want = Structure { all_sources: true, ..Structure::new(5, 80.0) };
    assert_eq!(sparse.structure, Some(want));
    let degree = file.graph.find("wire").unwrap();
    assert!(file.graph.var::<i32>(degree, "degree").is_ok());
    let files = file.save(folder.path(), "").unwrap();
    same(&ModelFile::load(&files[files.len() - 1]).unwrap(), &file);
    std::fs::write(&path, text("degree = 5, first_wieght = 80")).unwrap();
    let fault = ModelFile::load(&path).err().unwrap().to_string();
    let allowed = "allowed are `degree`, `period`, `first_weight`, `prune_at`, `all_sources`";
    assert!(fault.contains("`structure` of process `wire`") && fault.ends_with(allowed), "{fault}");
}

/// A model file with two neurons and what else is given.
fn neurons_and(rest: &str) -> Result<ModelFile, FileError> {
    let head = "schema = 1\nname = \"remote\"\nsteps = 9\n[[process]]\nname = \"n\"\ntype = \"LIF\"\nshape = [2]\n";
    ModelFile::from_text(Path::new("remote.toml"), &format!("{head}{rest}"))
}

fn process(name: &str, rest: &str) -> String {
    format!("[[process]]\nname = \"{name}\"\n{rest}\n")
}

/// Processes that act on a variable of another come back with the variable, in any order among the others.
#[test]
fn processes_that_act_on_variables_come_back() {
    let samples = "dataset = [{ data = [1, 2], ground_truth = [3] }, { data = [4, -5], ground_truth = [6] }]";
    let rest = [
        process("read", "type = \"Read\"\nvar = \"n.v\"\nbuffer = 3\ninterval = 2"),
        process("reset", "type = \"Reset\"\nvar = \"n.u\"\nreset_value = -7\noffset = 1"),
        process("drive", "type = \"Poisson\"\nshape = [1]\nprobability = 0.5"),
        process("load", &format!("type = \"StateDataloader\"\nvar = \"n.v\"\n{samples}\ninterval = 4")),
        process("check", "type = \"BitCheck\"\nvar = \"n.v\"\nbits = 8"),
        process("sink", "type = \"Sink\"\nshape = [1]\nbuffer = 1\nkind = \"graded\""),
        "[[connect]]\nfrom = \"load.ground_truth\"\nto = \"sink.a_in\"\n[[probe]]\ntarget = \"load.ground_truth\"\n"
            .into(),
    ];
    let file = neurons_and(&rest.concat()).unwrap();
    assert_eq!(file.graph.remotes().count(), 4);
    let folder = tempfile::tempdir().unwrap();
    let files = file.save(folder.path(), "").unwrap();
    same(&ModelFile::load(&files[files.len() - 1]).unwrap(), &file);
}

#[test]
fn a_variable_to_act_on_must_be_there() {
    let reset = |rest: &str| process("reset", &format!("type = \"Reset\"\n{rest}"));
    let faults = [
        (reset(""), "process `reset` lacks the key `var`"),
        (reset("var = 3"), "`var` of process `reset` is 3; allowed is a text"),
        (
            reset("var = \"n\""),
            "`var` of process `reset` is \"n\"; allowed is `process.port` or `process.variable`, with a dot",
        ),
        (
            reset("var = \"m.v\""),
            "`var` of process `reset` is \"m.v\"; allowed is a variable of a process above it: `n`",
        ),
        (reset("var = \"n.w\""), "there is no variable `n.w`; there are `u`, `v`, `vth`, `bias`"),
        (reset("var = \"n.v\"\ninterval = 0"), "`interval` is 0; allowed is at least 1"),
        (reset("var = \"n.v\"\nreset_valeu = 0"), "reset_valeu"),
        (
            process("c", "type = \"BitCheck\"\nvar = \"n.v\"\nbits = 32"),
            "`bits` is 32; allowed is an integer in 1..=31",
        ),
        (process("r", "type = \"Read\"\nvar = \"n.v\"\nbuffer = 4294967296"), "`buffer` is 4294967296; allowed is"),
        (process("r", "type = \"Reed\"\nvar = \"n.v\""), "perhaps `Read`"),
    ];
    for (rest, expected) in faults {
        let fault = neurons_and(&rest).map(|_| rest).expect_err("refused").to_string();
        assert!(fault.contains(expected), "{fault}\n{expected}");
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(32))]

    #[test]
    fn networks_come_back(
        weights in prop::collection::vec(prop::collection::vec((-128i32..128).prop_map(f64::from), 6), 1..30),
        tau in prop::option::of(1.0..1e6f64),
        bias in prop::collection::vec(-4096i32..4096, 30),
        seed in any::<u32>(),
        (kernel, each) in (1usize..4, any::<bool>()),
        fixed in any::<bool>(),
    ) {
        let n = weights.len();
        let mut graph = Graph::new();
        let source = graph.add("source", Poisson::new(&[2, 3], 0.25)).unwrap();
        let delays = each.then(|| Delays::Each(Matrix(weights.iter().map(|r| r.iter().map(|w| w.abs() % 4.0).collect()).collect())));
        let dense = graph.add("in.to", Dense { delays, ..Dense::new(weights.clone()) }).unwrap();
        let du = tau.map_or(Decay::Register(PerNeuron::from(bias[..n].iter().map(|b| b.abs().min(4095)).collect::<Vec<_>>())), Decay::tau);
        let cells = graph.add("cells", Lif { du, bias_mant: bias[..n].to_vec().into(), ..Lif::new(&[n]) }).unwrap();
        let listed = weights.iter().flatten().take(n).enumerate().map(|(k, w)| (k as u32, (n - 1 - k) as u32, *w));
        let again = graph.add("again", Sparse::new([n, n], listed)).unwrap();
        let image = graph.add("image", Poisson::new(&[5, 5, 1], 0.5)).unwrap();
        let conv = graph.add("conv", Conv::new([5, 5, 1], vec![vec![vec![vec![3.0]; kernel]; kernel]; 2])).unwrap();
        let side = 6 - kernel;
        let space = graph.add("space", Lif::new(&[side, side, 2])).unwrap();
        let flat = graph.flatten(source.out);
        graph.connect(flat, dense.s_in).unwrap();
        graph.connect(dense.a_out, cells.a_in).unwrap();
        graph.connect(cells.s_out, again.s_in).unwrap();
        graph.connect(again.a_out, cells.a_in).unwrap();
        graph.connect(image.out, conv.s_in).unwrap();
        graph.connect(conv.a_out, space.a_in).unwrap();
        graph.probe_port(cells.s_out, Record::Events).unwrap();
        graph.probe(cells.v, Record::Dense { stride: 3 }).unwrap();
        let mut config = RunConfig::default().seed(u64::from(seed));
        if fixed {
            config = config.except("cells", Backend::Fixed);
        } else {
            config = config.on_cores("cells", CoreKind::Analog).on_cores("space", CoreKind::Digital);
        }
        let file = ModelFile { name: "made \"here\"".into(), profile: "loihi2".into(), steps: 9, graph, config, task: None };
        let folder = tempfile::tempdir().unwrap();
        let files = file.save(folder.path(), "").unwrap();
        let read = ModelFile::load(files.last().unwrap()).unwrap();
        same(&read, &file);
    }
}

#[test]
fn what_no_model_file_can_say_is_refused() {
    let make = || {
        let mut graph = Graph::new();
        let source = graph.add("source", Poisson::new(&[4], 0.5)).unwrap();
        let dense = graph.add("dense", Dense::new(vec![vec![1.0; 2]])).unwrap();
        (graph, source, dense)
    };
    let save = |graph: Graph| {
        let config = RunConfig::default();
        let file = ModelFile { name: "n".into(), profile: "loihi1".into(), steps: 1, graph, config, task: None };
        let folder = tempfile::tempdir().unwrap();
        match file.save(folder.path(), "").unwrap_err() {
            FileError::Unwritable { what, .. } => what,
            other => panic!("{other}"),
        }
    };
    let (mut graph, source, dense) = make();
    let part = graph.slice(source.out, std::slice::from_ref(&(1..3))).unwrap();
    graph.connect(part, dense.s_in).unwrap();
    assert_eq!(save(graph), "the connection of a part of `source.s_out` to `dense.s_in`");
    let (mut graph, _, dense) = make();
    graph.reduce(dense.s_in, Reduce::Max);
    assert_eq!(save(graph), "that `dense` joins its inputs by another operation than the sum");
}

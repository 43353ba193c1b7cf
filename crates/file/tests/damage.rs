//! A valid model file, and every kind of damage to it with the sentence that it gives.

#![allow(clippy::unwrap_used)] // a test fails where it unwraps

use std::path::Path;

use proptest::prelude::*;
use pumice_file::{ModelFile, Task, schema};
use pumice_process::models::{Model, RemoteModel, neuron::lif::Lif};
use pumice_process::{Backend, Body, Record};

const PATH: &str = "tests/data/net.toml";

fn valid() -> String {
    std::fs::read_to_string(PATH).expect("the valid file is committed")
}

fn read(text: &str) -> Result<ModelFile, String> {
    ModelFile::from_text(Path::new(PATH), text).map_err(|e| e.to_string())
}

#[test]
fn a_valid_file_becomes_a_graph() {
    let file = ModelFile::load(Path::new(PATH)).unwrap();
    assert_eq!((file.name.as_str(), file.profile.as_str(), file.steps, file.config.seed), ("small", "loihi1", 12, 7));
    assert_eq!(file.config.backend_of("output"), Backend::Fixed);
    assert_eq!(file.config.backend_of("synapses"), Backend::Chip);
    let Body::Model(model) = &file.graph.nodes()[2].body else { panic!("a model") };
    let mut lif = Lif::new(&[2]);
    (lif.vth, lif.du) = (vec![100, 120].into(), 4095.into());
    lif.dv = pumice_process::models::Decay::tau(8.0);
    assert_eq!(**model, Model::from(lif));
    assert_eq!(file.graph.wires().len(), 2);
    let probes: Vec<_> = file.graph.probes().iter().map(|p| (p.name.as_str(), p.record)).collect();
    let events = ("output.s_out", Record::Events);
    assert_eq!(probes, [("output.v", Record::Dense { stride: 4 }), events, events]);
    let Some(Task::Classify(task)) = file.task else { panic!("a task") };
    assert_eq!((task.classes, task.steps, task.reset, task.output.number()), (2, 12, true, 2));
    assert_eq!(task.samples[1], [0.0, 4.0, 1.0, 3.0]);
    assert_eq!(task.labels, [0, 1, 1]);
}

#[test]
fn optional_parts_may_be_absent() {
    let text = "schema = 1\nname = \"one\"\nsteps = 3\n[[process]]\nname = \"a\"\ntype = \"LIF\"\nshape = [3]\n";
    let file = read(text).unwrap();
    assert_eq!((file.profile.as_str(), file.config.seed, file.graph.nodes().len()), ("loihi1", 0, 1));
    assert!(file.task.is_none());
}

#[test]
fn several_ports_are_put_side_by_side_and_views_are_chained() {
    let text = r#"
schema = 1
name = "views"
steps = 1
process = [
    { name = "a", type = "RateCode", shape = [2, 3], full = 1 },
    { name = "b", type = "RateCode", shape = [1, 3], full = 1 },
    { name = "to", type = "Sink", shape = [2, 2], buffer = 1 },
]
[[connect]]
from = ["a.s_out", "b.s_out"]
from_view = [{ transpose = [1, 0] }, { slice = [[1, 3], [1, 3]] }, { reshape = [4] }, { reshape = [2, 2] }]
to = "to.a_in"
to_view = [{ transpose = [1, 0] }]
"#;
    let file = read(text).unwrap();
    let wires: Vec<_> = file.graph.wires().into_iter().map(|w| (w.from.0.number(), w.pairs.unwrap())).collect();
    assert_eq!(wires, [(0, vec![(4, 0), (5, 1)]), (1, vec![(1, 2), (2, 3)])]);
}

/// What to replace, by what, and the sentence without the name of the file; `{types}` stands for all process types.
type Damage = (&'static str, &'static str, &'static str);

const DAMAGE: &[Damage] = &[
    ("schema = 1", "schema = = 1", " is no TOML at line 1, column 10: extra `=`, expected nothing"),
    ("schema = 1", "schema = 2", ": `schema` of the file is 2; allowed is 1"),
    ("schema = 1", "", ": the file lacks the key `schema`"),
    ("name = \"small\"", "name = 5", ": `name` of the file is 5; allowed is a text"),
    ("steps = 12", "steps = 0", ": `steps` of the file is 0; allowed is an integer, 1 or more"),
    ("steps = 12", "steps = -4", ": `steps` of the file is -4; allowed is an integer, 1 or more"),
    ("steps = 12", "steps = 1.5", ": `steps` of the file is 1.5; allowed is an integer, 1 or more"),
    (
        "seed = 7",
        "sed = 7",
        ": the file has the key `sed`; perhaps `seed` was meant; allowed are `schema`, `name`, `profile`, `steps`, `seed`, `process`, `connect`, `probe`, `backend`, `cores`, `task`",
    ),
    ("seed = 7", "seed = 7\nseed = 8", " is no TOML at line 6, column 1: duplicate key"),
    (
        "type = \"LIF\"",
        "type = \"lif\"",
        ": `type` of process `output` is \"lif\"; allowed is one of {types}, perhaps `LIF`",
    ),
    (
        "type = \"RateCode\"",
        "type = \"Camera\"",
        ": `type` of process `input` is \"Camera\"; allowed is one of {types}",
    ),
    ("type = \"Dense\"", "", ": process `synapses` lacks the key `type`"),
    ("full = 4", "full = -4", ": `full` of process `input` is -4; allowed is an integer in 0..=4294967295"),
    ("full = 4", "full = \"four\"", ": `full` of process `input` is \"four\"; allowed is an integer in 0..=4294967295"),
    ("full = 4", "", ": process `input` lacks the key `full`"),
    ("full = 4", "full = 0", ": process `input`: `full` is 0; allowed is an integer in 1..=1073741824"),
    (
        "shape = [2, 2]",
        "shape = [2, \"2\"]",
        ": `shape[1]` of process `input` is \"2\"; allowed is an integer, 0 or more",
    ),
    (
        "shape = [2, 2]",
        "shape = [99999, 99999]",
        ": `shape` of process `input` is [99999, 99999]; allowed is at most 16777216 elements",
    ),
    ("shape = [2, 2]", "shape = 4", ": `shape` of process `input` is 4; allowed is a list"),
    (
        "vth = [100, 120.0]",
        "vht = [100, 120.0]",
        ": process `output` has the key `vht`; perhaps `vth` was meant; allowed are `shape`, `u`, `v`, `du`, `dv`, `bias_mant`, `bias_exp`, `vth`",
    ),
    ("vth = [100, 120.0]", "vth = [100, 120.0, 5]", ": process `output`: `vth` has shape [3]; expected is [2]"),
    (
        "vth = [100, 120.0]",
        "vth = \"high\"",
        ": `vth` of process `output` is \"high\"; allowed is a number or a list of numbers",
    ),
    (
        "vth = [100, 120.0]",
        "vth = [100, 131072]",
        ": process `output`: `vth[1]` is 131072; allowed is an integer in 0..=131071",
    ),
    ("vth = [100, 120.0]", "vth = [100, nan]", ": `vth[1]` of process `output` is NaN; allowed is a finite number"),
    (
        "vth = [100, 120.0]",
        "vth = [100, 0.5]",
        ": process `output`: `vth[1]` is 0.5; allowed is an integer in 0..=131071",
    ),
    ("du = 4095", "du = 4096", ": process `output`: `du` is 4096; allowed is an integer in 0..=4095"),
    (
        "dv = { tau = 8 }",
        "dv = { tua = 8 }",
        ": `dv` of process `output` is a table with `tua`; allowed is a number or a list of numbers, a table with `fraction` or a table with `tau`",
    ),
    (
        "dv = { tau = 8 }",
        "dv = { tau = 8, fraction = 0.1 }",
        ": `dv` of process `output` is a table with `fraction`, `tau`; allowed is a number or a list of numbers, a table with `fraction` or a table with `tau`",
    ),
    ("dv = { tau = 8 }", "dv = { tau = 0 }", ": process `output`: `dv` is 0; allowed is a positive number of steps"),
    (
        "weights = { file = \"net.npz\", array = \"w\" }",
        "weights = { file = \"nte.npz\", array = \"w\" }",
        ": `weights` of process `synapses`: cannot read `tests/data/nte.npz`: No such file or directory (os error 2)",
    ),
    (
        "weights = { file = \"net.npz\", array = \"w\" }",
        "weights = { file = \"net.npz\", array = \"w2\" }",
        ": `weights` of process `synapses`: `tests/data/net.npz` has no array `w2`; there are `w`, `flat`, `holed`, `fine`, `samples`, `high`, `half`, `narrow`, `labels`, `beyond`, `short`",
    ),
    (
        "weights = { file = \"net.npz\", array = \"w\" }",
        "weights = { file = \"net.npz\" }",
        ": `weights` of process `synapses` lacks the key `array`",
    ),
    (
        "weights = { file = \"net.npz\", array = \"w\" }",
        "weights = { file = \"net.toml\", array = \"w\" }",
        ": `array` of `weights` of process `synapses` is \"w\"; allowed is none where `file` is no `.npz` archive",
    ),
    (
        "weights = { file = \"net.npz\", array = \"w\" }",
        "weights = { file = \"net.npz\", arry = \"w\" }",
        ": `weights` of process `synapses` has the key `arry`; perhaps `array` was meant; allowed are `file`, `array`",
    ),
    (
        "weights = { file = \"net.npz\", array = \"w\" }",
        "weights = { file = \"net.npz\", array = \"flat\" }",
        ": `weights` of process `synapses` is an array of shape [8]; allowed is a list of lists of numbers",
    ),
    (
        "weights = { file = \"net.npz\", array = \"w\" }",
        "weights = { file = \"net.npz\", array = \"holed\" }",
        ": `weights[1][2]` of process `synapses` is NaN; allowed is a finite number",
    ),
    (
        "weights = { file = \"net.npz\", array = \"w\" }",
        "weights = { file = \"net.npz\", array = \"fine\" }",
        ": process `synapses`: `weights[0][0]` is 100.5; allowed is an integer; quantise the weights or run this process on the float backend",
    ),
    (
        "weights = { file = \"net.npz\", array = \"w\" }",
        "weights = [[1, 2], [3]]",
        ": process `synapses`: `weights[1]` has shape [1]; expected is [2]",
    ),
    ("weight_exp = 1", "weight_exp = 9", ": process `synapses`: `weight_exp` is 9; allowed is an integer in -8..=7"),
    (
        "weight_exp = 1",
        "weight_exp = 1\nsign_mode = \"mixed\"",
        ": `sign_mode` of process `synapses` is \"mixed\"; allowed is one of \"MIXED\", \"EXCITATORY\", \"INHIBITORY\"",
    ),
    (
        "name = \"synapses\"",
        "name = \"input\"",
        ": process `input`: two processes are called `input`; names must differ",
    ),
    (
        "name = \"synapses\"",
        "name = \"a/b\"",
        ": process `a/b`: `a/b` is no name for a process; allowed are letters, digits, `_`, `-` and `.`",
    ),
    (
        "from = \"input.s_out\"",
        "from = \"inptu.s_out\"",
        ": connection 1: there is no process `inptu`; there are `input`, `synapses`, `output`",
    ),
    (
        "from = \"input.s_out\"",
        "from = \"input.out\"",
        ": connection 1: there is no port `input.out`; there are `s_out`",
    ),
    (
        "from = \"input.s_out\"",
        "from = \"input\"",
        ": `from` of connection 1 is \"input\"; allowed is `process.port` or `process.variable`, with a dot",
    ),
    ("from = \"input.s_out\"", "from = []", ": `from` of connection 1 is an empty list; allowed is one port or more"),
    ("from = \"input.s_out\"", "from = 3", ": `from` of connection 1 is 3; allowed is a text or a list of texts"),
    (
        "from_view = [\"flatten\"]",
        "",
        ": connection 1: `input.s_out` has shape [2, 2], `synapses.s_in` has shape [4]; connected ports must have the same shape",
    ),
    (
        "from_view = [\"flatten\"]",
        "from_view = [\"flat\"]",
        ": `from_view[0]` of connection 1 is \"flat\"; allowed is one of \"flatten\", \"reshape\", \"transpose\", \"slice\"",
    ),
    (
        "from_view = [\"flatten\"]",
        "from_view = [{ reshape = [3] }]",
        ": connection 1: cannot reshape `input.s_out` of shape [2, 2]: [3] has 3 elements",
    ),
    (
        "from_view = [\"flatten\"]",
        "from_view = [{ slice = [[0, 2], [1, 3]] }]",
        ": connection 1: cannot slice `input.s_out` of shape [2, 2]: [0..2, 1..3] is not one range inside each axis",
    ),
    (
        "from_view = [\"flatten\"]",
        "from_view = [{ reshape = [4294967296, 4294967296] }]",
        ": connection 1: cannot reshape `input.s_out` of shape [2, 2]: [4294967296, 4294967296] has too many elements",
    ),
    (
        "from_view = [\"flatten\"]",
        "from_view = [\"reshape\"]",
        ": `from_view[0]` of connection 1 is \"reshape\"; allowed is a table { reshape = ... }",
    ),
    (
        "to = \"output.a_in\"",
        "to = \"synapses.s_in\"",
        ": connection 2: `synapses.a_out` carries activation messages, `synapses.s_in` carries spike messages; connected ports must carry the same kind",
    ),
    (
        "to = \"output.a_in\"",
        "to = \"output.a_in\"\naxes = 1",
        ": connection 2 has the key `axes`; perhaps `axis` was meant; allowed are `from`, `axis`, `to`, `from_view`, `to_view`",
    ),
    (
        "to = \"output.a_in\"",
        "to = \"output.a_in\"\n[[connect]]\nfrom = \"synapses.a_out\"\nto = \"output.a_in\"",
        ": connection 3: `synapses.a_out` and `output.a_in` are connected already",
    ),
    (
        "target = \"output.v\"",
        "target = \"output.w\"",
        ": `target` of probe 1 is \"output.w\"; allowed is one of `u`, `v`, `vth`, `bias`, `s_out`, `a_in` after `output.`",
    ),
    (
        "target = \"output.v\"",
        "target = \"out.v\"",
        ": probe 1: there is no process `out`; there are `input`, `synapses`, `output`",
    ),
    ("every = 4", "every = 0", ": `every` of probe 1 is 0; allowed is an integer, 1 or more"),
    ("every = 4", "every = 4\nevents = true", ": `every` of probe 1 is 4; allowed is none beside `events = true`"),
    (
        "default = \"chip\"",
        "default = \"gpu\"",
        ": `backend.default` of the file is \"gpu\"; allowed is one of \"float\", \"fixed\", \"chip\"",
    ),
    (
        "exceptions = { output = \"fixed\" }",
        "exceptions = { outptu = \"fixed\" }",
        ": `backend.exceptions` of the file is \"outptu\"; allowed is the name of a process, perhaps `output`",
    ),
    ("kind = \"classify\"", "kind = \"regress\"", ": `kind` of the task is \"regress\"; allowed is \"classify\""),
    (
        "input = \"input.value\"",
        "input = \"input.rate\"",
        ": the task: there is no variable `input.rate`; there are `value`, `sum`",
    ),
    (
        "array = \"samples\"",
        "array = \"narrow\"",
        ": `samples` of the task is an array of shape [3, 3]; allowed is (n, 4) with n of 1 or more",
    ),
    (
        "array = \"samples\"",
        "array = \"high\"",
        ": `samples[1]` of the task: `value[3]` is 9; allowed is an integer in 0..=4",
    ),
    (
        "array = \"samples\"",
        "array = \"half\"",
        ": `samples[0]` of the task: `value[2]` is 0.5; allowed is an integer of 32 bits",
    ),
    ("array = \"samples\"", "array = \"holed\"", ": `samples[1][2]` of the task is NaN; allowed is a finite number"),
    (
        "samples = { file = \"net.npz\", array = \"samples\" }",
        "samples = \"net.npz\"",
        ": `samples` of the task is \"net.npz\"; allowed is an array of numbers",
    ),
    (
        "array = \"labels\"",
        "array = \"short\"",
        ": `labels` of the task is an array of shape [2]; allowed is shape [3], one label per sample",
    ),
    (
        "array = \"labels\"",
        "array = \"beyond\"",
        ": `labels[2]` of the task is 2; allowed is an integer in 0..=1, one class per element of `output`",
    ),
    (
        "output = \"output.s_out\"",
        "output = \"output.a_in\"",
        ": the task: there is no port `output.a_in`; there are `s_out`",
    ),
    ("reset = true", "reset = 1", ": `reset` of the task is 1; allowed is true or false"),
];

/// Names of all processes.
fn names() -> impl Iterator<Item = &'static str> {
    Model::NAMES.iter().chain(RemoteModel::NAMES).copied()
}

#[test]
fn every_damage_has_its_sentence() {
    let valid = valid();
    let types = names().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    for (old, new, expected) in DAMAGE {
        assert_eq!(valid.matches(old).count(), 1, "`{old}` must occur once");
        let found = read(&valid.replace(old, new)).expect_err(new);
        assert_eq!(found, format!("{PATH}{}", expected.replace("{types}", &types)), "after `{old}` became `{new}`");
    }
    assert!(DAMAGE.len() >= 25);
}

#[test]
fn a_missing_model_file_is_named() {
    let fault = ModelFile::load(Path::new("no/net.toml")).unwrap_err().to_string();
    assert!(fault.starts_with("cannot read `no/net.toml`: "), "{fault}");
}

#[test]
fn bytes_that_are_no_text_are_located() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("x.toml");
    std::fs::write(&path, b"schema = 1\nname = \"\xff\"\n").unwrap();
    let fault = ModelFile::load(&path).unwrap_err().to_string();
    let expected = format!("{} is no TOML at line 2, column 9: it is not UTF-8 text", path.display());
    assert_eq!(fault, expected);
}

#[test]
fn the_schema_covers_every_process_and_array_files() {
    let schema = schema();
    let all = schema.pointer("/properties/process/items/oneOf").unwrap().as_array().unwrap();
    let found: Vec<_> = all.iter().map(|s| s.pointer("/properties/type/const").unwrap().as_str().unwrap()).collect();
    assert_eq!(found, names().collect::<Vec<_>>());
    let dense = all.iter().find(|s| s["title"] == "Dense").unwrap();
    let forms = dense.pointer("/properties/weights/anyOf").unwrap().as_array().unwrap();
    assert!(forms.iter().any(|f| f["$ref"] == "#/$defs/ArrayFile"), "{dense:#}");
    assert!(schema.pointer("/$defs/ArrayFile/properties/file").is_some());
    assert_eq!(dense["additionalProperties"], false);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(400) })]

    #[test]
    fn random_bytes_never_panic(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        let _ = read(&String::from_utf8_lossy(&bytes));
    }

    /// Bytes changed, put in or left out.
    #[test]
    fn changed_bytes_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), 0u8..3, any::<u8>()), 1..6)) {
        let mut bytes = valid().into_bytes();
        for (at, how, byte) in changes {
            let at = at.index(bytes.len());
            match how {
                0 => bytes[at] = byte,
                1 => bytes.insert(at, byte),
                _ => drop(bytes.remove(at)),
            }
        }
        let _ = read(&String::from_utf8_lossy(&bytes));
    }

    /// Printable changes reach deeper than the parser.
    #[test]
    fn changed_letters_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), "[0-9a-z\\[\\]{}.,=\"-]{1,3}"), 1..4)) {
        let mut text = valid();
        for (at, put) in changes {
            let at = at.index(text.len());
            text.replace_range(at..at + 1, &put);
        }
        let _ = read(&text);
    }

    /// Lines left out, doubled or swapped.
    #[test]
    fn changed_lines_never_panic(changes in prop::collection::vec((any::<prop::sample::Index>(), any::<prop::sample::Index>(), 0u8..3), 1..5)) {
        let valid = valid();
        let mut lines: Vec<&str> = valid.lines().collect();
        for (a, b, how) in changes {
            let (a, b) = (a.index(lines.len()), b.index(lines.len()));
            match how {
                0 => drop(lines.remove(a)),
                1 => lines.insert(b, lines[a]),
                _ => lines.swap(a, b),
            }
        }
        let _ = read(&lines.join("\n"));
    }

    /// Any number in any field of any process.
    #[test]
    fn any_number_in_any_field_never_panics(
        kind in prop::sample::select(Model::NAMES),
        field in any::<prop::sample::Index>(),
        value in prop::sample::select(&["0", "-1", "1", "3", "1.5", "nan", "inf", "[]", "[0]", "[0, 0, 0]", "[2, 2, 1]",
            "[4294967296, 4294967296, 4294967296]", "4294967296", "9223372036854775807", "-9223372036854775808", "1e300",
            "[[1]]", "[[]]", "[[[[1]]]]", "[[[1]]]", "\"x\"", "{}", "{ tau = 0 }", "true", "[1e9, 1e9]", "16777216", "[[0, 1]]",
            "{ file = \"net.npz\", array = \"w\" }", "{ file = \"\" }", "[1, 2]"]),
        more in prop::sample::select(&["0", "1", "[1]", "[2]", "[2, 2, 1]", "[4, 4]", "[[1, 2], [3, 4]]", "[[[[1]]]]", "[[[1]]]"]),
    ) {
        let schema = schema();
        let all = schema.pointer("/properties/process/items/oneOf").unwrap().as_array().unwrap();
        let own = all.iter().find(|s| s["title"] == kind).unwrap();
        let fields: Vec<&String> = own["properties"].as_object().unwrap().keys().collect();
        let wild = fields[field.index(fields.len())];
        let required = own["required"].as_array().unwrap().iter().filter_map(|r| r.as_str());
        let mut text = format!("schema = 1\nname = \"x\"\nsteps = 1\n[[process]]\nname = \"p\"\ntype = \"{kind}\"\n");
        for key in required.filter(|key| !["name", "type"].contains(key) && key != wild) {
            text.push_str(&format!("{key} = {more}\n"));
        }
        text.push_str(&format!("{wild} = {value}\n"));
        let _ = read(&text);
    }
}

#[test]
fn a_topology_that_is_no_table_is_told_what_it_is() {
    let text = |topology: &str| {
        format!(
            "schema = 1\nname = \"t\"\nsteps = 1\n[[process]]\nname = \"r\"\ntype = \"Random\"\nshape = [3, 3]\n\
             weights = 2\ntopology = {topology}\n"
        )
    };
    read(&text("{ kind = \"all_to_all\" }")).unwrap();
    let said = read(&text("\"all_to_all\"")).unwrap_err();
    assert_eq!(said, format!("{PATH}: `topology` of process `r` is \"all_to_all\"; allowed is a table with `kind`"));
}

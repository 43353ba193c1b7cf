//! What is refused: one sentence on the standard error output, and exit code 2; 1 when the run itself failed.

use crate::bench::{Bench, SMALL};

/// The start of a profile, up to the number of its cores.
const TINY: &str = "extends = \"loihi1\"\n[meta]\nname = \"tiny\"\n[topology]\ncores_per_chip = ";
const TINY_SOURCES: &str =
    "\n[sources]\ntopology = { ev = \"assumed\", src = \"test\" }\ncore = { ev = \"assumed\", src = \"test\" }\n";

#[test]
fn wrong_input_is_one_sentence_and_code_2() {
    let bench = Bench::new();
    bench.write("plain-file", "");
    bench.write("lost.toml", &format!("profile = \"loihi9\"\n{SMALL}"));
    let table: &[(&[&str], &str)] = &[
        (&["run", "lost.toml"], "lost.toml: profile: no profile `loihi9`, allowed is"),
        (&["run", "none.toml"], "cannot read `none.toml`"),
        (&["run", "."], "cannot read `.`"),
        (&["run", "free.npy"], "UTF-8"),
        (
            &["run", "small.toml", "--profile", "loihi9"],
            "no profile `loihi9`, allowed is a path to a .toml file or one of",
        ),
        (&["run", "small.toml", "--profile", "none.toml"], "profile file none.toml cannot be read: No such file"),
        (&["run", "small.toml", "--profile", "small.toml"], "small.toml"),
        (
            &["run", "small.toml", "--prices", "cheap"],
            "profile loihi1 has no prices `cheap`, allowed is one of davies2018",
        ),
        (&["run", "small.toml", "--workers", "1024", "--pin"], "pin"),
        (&["run", "small.toml", "--samples", "4"], "--samples is 4, allowed is 1 to 3"),
        (&["run", "free.toml", "--samples", "1"], "--samples needs a task, and `free.toml` has none"),
        (&["run", "small.toml", "--out", "plain-file"], "cannot write into folder `plain-file`: "),
        (&["run", "small.toml", "--out", "plain-file/deeper"], "cannot write into folder `plain-file/deeper`: "),
        (&["run", "small.toml", "--out", "/proc/results"], "cannot write into folder `/proc/results`: "),
        (&["map", "none.toml"], "cannot read `none.toml`"),
        (&["map", "small.toml", "--svg", "none/map.svg"], "cannot write `none/map.svg`: No such file"),
        (&["map", "small.toml", "--svg", "."], "cannot write `.`"),
        (&["profile", "show", "loihi9"], "no profile `loihi9`"),
        (&["profile", "check", "loihi1"], "profile file ./loihi1 cannot be read"),
        (&["profile", "check", "small.toml"], "small.toml"),
        (&["profile", "diff", "loihi1", "loihi9"], "no profile `loihi9`"),
    ];
    for (args, words) in table {
        let done = bench.run(args);
        assert_eq!(done.code, Some(2), "{args:?}: {}", done.err);
        assert_eq!(done.out, "", "{args:?}");
        assert!(done.err.starts_with("error: ") && done.err.contains(words), "{args:?} says: {}", done.err);
        assert_eq!(done.err.trim_end().lines().count(), 1, "{args:?} says: {}", done.err);
        assert!(!done.err.trim_end().ends_with('.') && !done.err.contains("panicked"), "{}", done.err);
    }
}

#[test]
fn wrong_command_lines_are_one_sentence_and_code_2() {
    let bench = Bench::new();
    let table: &[(&[&str], &str)] = &[
        (&["fly"], "`pumice` has no command \"fly\", allowed is run, compare, "),
        (&["profile", "fly"], "`pumice profile` has no command \"fly\", allowed is list, show, "),
        (&["run"], "`pumice run` needs <MODEL>, see `pumice run --help`"),
        (&["nv", "diff"], "`pumice nv diff` needs <"),
        (&["run", "small.toml", "--fast"], "`pumice run` has no argument \"--fast\", see `pumice run --help`"),
        (&["run", "small.toml", "--step", "3"], "`pumice run` has no argument \"--step\", perhaps --steps is meant"),
        (&["run", "small.toml", "more.toml"], "`pumice run` has no argument \"more.toml\""),
        (&["run", "small.toml", "--backend", "gpu"], "--backend is \"gpu\", allowed is float, fixed, chip"),
        (&["run", "small.toml", "--timing", "slow"], "--timing is \"slow\", allowed is bound, simple, queue, flit"),
        (&["bench", "cuba1ms", "--instructions", "mmx"], "--instructions is \"mmx\", allowed is portable"),
        (&["run", "small.toml", "--timing"], "--timing needs a value, allowed is bound, simple, queue, flit"),
        (&["run", "small.toml", "--out"], "--out needs a value"),
        (&["run", "small.toml", "--steps", "0"], "--steps is \"0\", allowed is 1 or more"),
        (&["run", "small.toml", "--steps", "-1"], "--steps is \"-1\", allowed is a whole number, not a negative one"),
        (&["run", "small.toml", "--steps", "1.5"], "--steps is \"1.5\", allowed is a whole number, not a negative one"),
        (&["run", "small.toml", "--steps", "99999999999999999999"], "allowed is a whole number of at most 1844674407"),
        (&["run", "small.toml", "--samples", "0"], "--samples is \"0\", allowed is 1 or more"),
        (&["run", "small.toml", "--workers", "-1"], "--workers is \"-1\", allowed is 0 to 1024"),
        (&["run", "small.toml", "--workers", "100000"], "--workers is \"100000\", allowed is 0 to 1024"),
        (&["run", "small.toml", "--seed", "1", "--seed", "2"], "--seed is given twice, allowed is once"),
        (&["run", "small.toml", "--nv", "a", "--image", "b"], "--nv cannot be used with --image"),
        (&["sweep", "small.toml", "--weight-bits", "9"], "--weight-bits is \"9\", allowed is 1 to 8, as 2..8 or 2,4,8"),
        (&["quantise", "small.toml", "--share", "x"], "`pumice quantise` has no argument \"--share\""),
        (&["completions", "tcsh"], "<SHELL> is \"tcsh\", allowed is bash"),
        (&["schema", "song"], "[FORMAT] is \"song\", allowed is model"),
    ];
    for (args, words) in table {
        let done = bench.run(args);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{args:?}");
        assert!(done.err.starts_with("error: ") && done.err.contains(words), "{args:?} says: {}", done.err);
        assert_eq!(done.err.lines().count(), 1, "{args:?} says: {}", done.err);
    }
    assert!(bench.well(&["--help"]).contains("Exit codes"));
    assert!(bench.well(&["run", "--help"]).contains("--timing <MODEL>"));
    assert!(bench.well(&["--version"]).starts_with("pumice "));
}

/// What was needed, what there is, and which process asked.
#[test]
fn a_network_that_does_not_fit_is_refused_with_what_it_needs() {
    let bench = Bench::new();
    let table = [
        (
            2,
            "neurons = 8",
            "the network needs 3 cores, tiny has 2: `cells` alone asks for 3, limited by neurons; it would take 2 chips (--chips 2)",
        ),
        (
            64,
            "axon_in = 24",
            "`cells` needs 26 input axons for a single neuron, a core of tiny has 24: give each neuron fewer sources",
        ),
        (
            64,
            "fan_in = 20",
            "`cells` needs 26 synapses (fan-in) for a single neuron, a core of tiny has 20: give each neuron fewer sources",
        ),
        (
            64,
            "syn_mem_bits = 1024",
            "`cells` needs 1664 bits of synapse memory for a single neuron, a core of tiny has 1024: use fewer synapses or narrower weights",
        ),
    ];
    for (cores, limit, sentence) in table {
        bench.write("tiny.toml", &format!("{TINY}{cores}\n[core]\n{limit}{TINY_SOURCES}"));
        for command in ["run", "map"] {
            let done = bench.run(&[command, "free.toml", "--profile", "tiny.toml"]);
            assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{limit}");
            assert_eq!(done.err, format!("error: free.toml: {sentence}\n"), "{limit}");
        }
    }
}

#[test]
fn a_faulty_model_names_file_and_field() {
    let bench = Bench::new();
    let table = [
        ("vth = 100", "vht = 100", "vht"),
        ("shape = [2]", "shape = [3]", "shape"),
        ("du = 4095", "du = 5000", "du"),
        ("labels = [0, 1, 1]", "labels = [0, 1, 2]", "labels[2]"),
        ("\"output.a_in\"", "\"output.b_in\"", "b_in"),
        ("steps = 20", "steps = 0", "steps"),
        ("[task]", "[task", "TOML"),
    ];
    for (from, to, field) in table {
        bench.write("broken.toml", &SMALL.replacen(from, to, 1));
        let done = bench.run(&["run", "broken.toml"]);
        assert_eq!((done.code, done.out.as_str()), (Some(2), ""), "{to}");
        assert!(done.err.starts_with("error: ") && done.err.contains("broken.toml"), "{to} gives {}", done.err);
        assert!(done.err.contains(field), "{to} gives {}", done.err);
        assert_eq!(done.err.lines().count(), 1, "{to} gives {}", done.err);
    }
}

/// A register that leaves its range under the policy `error` is a failure of the run.
#[test]
fn a_run_that_fails_has_code_1() {
    let bench = Bench::new();
    bench.write(
        "strict.toml",
        "extends = \"loihi1\"\n[meta]\nname = \"strict\"\n[arithmetic]\ninput = { bits = 8, overflow = \"error\" }\nstand_in = \"a narrow input register\"\n",
    );
    let done = bench.run(&["run", "small.toml", "--profile", "strict.toml", "--out", "results"]);
    assert_eq!((done.code, done.out.as_str()), (Some(1), ""), "{}", done.err);
    assert!(done.err.starts_with("error: `") && done.err.contains("of `output`"), "{}", done.err);
    assert_eq!(crate::bench::files(&bench.path("results")), [""; 0], "a run that failed leaves no files");
}

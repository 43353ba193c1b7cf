//! What stops a replay before it begins.

use std::fs;

use pumice_conformance::suite;

#[test]
fn an_unknown_suite_is_refused_with_the_names_there_are() {
    let fault = suite("lavva").unwrap_err().to_string();
    assert!(fault.starts_with("there is no suite `lavva`; there are lava, nengo-loihi, brian2-loihi"), "{fault}");
}

#[test]
fn folders_and_files_that_cannot_be_read_are_named() {
    let folder = tempfile::tempdir().unwrap();
    let replay = |name: &str| (suite(name).unwrap().replay)(folder.path()).unwrap_err().to_string();
    assert!(replay("lava").contains("has no case files"));
    fs::write(folder.path().join("case.json"), "{\"cases\": 7").unwrap();
    for name in ["lava", "nengo-loihi", "brian2-loihi"] {
        let fault = replay(name);
        assert!(fault.contains("case.json") && fault.contains(name), "{fault}");
    }
    let missing = folder.path().join("none");
    assert!((suite("lava").unwrap().replay)(&missing).unwrap_err().to_string().starts_with("cannot read"));
}

#[test]
fn a_case_that_lacks_something_fails_alone() {
    let folder = tempfile::tempdir().unwrap();
    let cases = r#"{"family": "mixed", "cases": [
        {"id": "unknown", "process": "Nothing", "outputs": {"s_out": [[0]]}},
        {"id": "refused", "process": "LIF", "params": {"dv": 5000}, "inputs": {"a_in": [[1]]}, "outputs": {"v": [[64]]}},
        {"id": "unseen", "process": "LIF", "inputs": {"a_in": [[1]]}, "outputs": {"weight": [[64]]}},
        {"id": "empty", "process": "LIF", "inputs": {"a_in": [[1]]}, "outputs": {}},
        {"id": "good", "process": "LIF", "inputs": {"a_in": [[1]]}, "outputs": {"u": [[64]]}}
    ]}"#;
    fs::write(folder.path().join("mixed.json"), cases).unwrap();
    let found = (suite("lava").unwrap().replay)(folder.path()).unwrap();
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(lines[0].contains("there is no process `Nothing`"), "{}", lines[0]);
    assert!(lines[1].contains("`dv` is 5000"), "{}", lines[1]);
    assert!(lines[2].contains("there is no variable `process.weight`"), "{}", lines[2]);
    assert!(lines[3].contains("nothing was recorded"), "{}", lines[3]);
    assert_eq!(lines[4], "good: passed");
}

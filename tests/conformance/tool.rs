//! What stops a replay before it begins.

use std::fs;

use pumice_conformance::suite;

use super::replay;

#[test]
fn an_unknown_suite_is_refused_with_the_names_there_are() {
    let fault = suite("lavva").unwrap_err().to_string();
    assert!(fault.starts_with("there is no suite `lavva`; there are lava, nengo-loihi, brian2-loihi"), "{fault}");
}

#[test]
fn folders_without_cases_are_refused_and_files_that_cannot_be_read_are_failed_cases() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["lava", "nengo-loihi", "brian2-loihi", "sanafe", "pilotnet", "rram"] {
        let fault = (suite(name).unwrap().replay)(folder.path()).unwrap_err().to_string();
        assert!(fault.contains("has no case files"), "{fault}");
    }
    fs::write(folder.path().join("case.json"), "{\"cases\": 7").unwrap();
    fs::write(folder.path().join("empty.json"), "{\"family\": \"lif\", \"cases\": []}").unwrap();
    fs::create_dir(folder.path().join("folder.json")).unwrap();
    for name in ["lava", "nengo-loihi", "brian2-loihi", "rram"] {
        let lines: Vec<String> = replay(name, folder.path()).iter().map(ToString::to_string).collect();
        assert!(lines[0].starts_with("case") && lines[0].contains("not in the schema"), "{name}: {lines:?}");
        assert!(lines[1].starts_with("empty") && lines[1].contains("not in the schema"), "{name}: {lines:?}");
        assert!(lines[2].starts_with("folder") && lines[2].contains("cannot be read"), "{name}: {lines:?}");
        assert_eq!(lines.len(), 3);
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
        {"id": "short", "process": "LIF", "num_steps": 2, "inputs": {"a_in": [[1]]}, "outputs": {"u": [[64]]}},
        {"process": "LIF", "inputs": {"a_in": [[1]]}, "outputs": {"u": [[64]]}},
        {"id": "good", "process": "LIF", "inputs": {"a_in": [[1]]}, "outputs": {"u": [[64]]}}
    ]}"#;
    fs::write(folder.path().join("mixed.json"), cases).unwrap();
    let found = (suite("lava").unwrap().replay)(folder.path()).unwrap();
    let lines: Vec<String> = found.iter().map(ToString::to_string).collect();
    assert!(lines[0].contains("there is no process `Nothing`"), "{}", lines[0]);
    assert!(lines[1].contains("`dv` is 5000"), "{}", lines[1]);
    assert!(lines[2].contains("there is no variable `process.weight`"), "{}", lines[2]);
    assert!(lines[3].contains("nothing was recorded"), "{}", lines[3]);
    assert!(lines[4].contains("`a_in` has 1 rows in 2 steps"), "{}", lines[4]);
    assert!(lines[5].starts_with("mixed.json, case 5: ") && lines[5].contains("`id`"), "{}", lines[5]);
    assert_eq!(lines[6], "good: passed");
}

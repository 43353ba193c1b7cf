use super::*;

fn golden() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/sanafe")
}

#[test]
fn every_recording_is_reproduced() {
    let all = replay(&golden()).unwrap();
    assert_eq!(all.len(), 35);
    let failed: Vec<String> = all.iter().filter(|case| case.fault.is_some()).map(Case::to_string).collect();
    assert!(failed.is_empty(), "{failed:?}");
}

/// A recording that was changed anywhere fails.
#[test]
fn a_changed_recording_fails() {
    let folder = tempfile::tempdir().unwrap();
    let from = golden().join("t03_two_east_north");
    for name in ["arch.yaml", "net.json", "expected.json"] {
        std::fs::copy(from.join(name), folder.path().join(name)).unwrap();
    }
    assert_eq!(replay(folder.path()).unwrap()[0].fault, None);
    let changes = [
        ("expected.json", "\"hops\": 8", "\"hops\": 9"),
        ("expected.json", "\"soma\": 8.38e-10", "\"soma\": 8.3800001e-10"),
        ("expected.json", "\"simple\": 4.1792e-06", "\"simple\": 4.1792001e-06"),
        ("expected.json", "\"detailed\": 4.3007999999999995e-06", "\"detailed\": 4.36e-06"),
        ("expected.json", "7e9d0e29", "8e9d0e29"),
        ("expected.json", "1.933e-10", "1.934e-10"),
        ("expected.json", "\"neurons\": 2", "\"neurons\": 3"),
        ("arch.yaml", "energy_east_hop: 3.0e-12", "energy_east_hop: 3.1e-12"),
        ("arch.yaml", "latency_spike_out: 3.0e-08", "latency_spike_out: 3.1e-08"),
        ("net.json", "\"bias\":2.0", "\"bias\":0.2"),
    ];
    for (name, old, new) in changes {
        let text = std::fs::read_to_string(from.join(name)).unwrap();
        assert!(text.contains(old), "{name} contains {old}");
        std::fs::write(folder.path().join(name), text.replacen(old, new, 1)).unwrap();
        let case = replay(folder.path()).unwrap().remove(0);
        assert!(matches!(case.fault, Some(Fault::Differs { .. })), "{old} to {new}: {case}");
        std::fs::copy(from.join(name), folder.path().join(name)).unwrap();
    }
}

/// SANA-FE sent each spike to its tiles in an order of its own; in another order the time is another, by more than 1 %.
#[test]
fn spikes_are_sent_in_the_recorded_order() {
    let folder = tempfile::tempdir().unwrap();
    for name in ["arch.yaml", "snn.yaml", "expected.json"] {
        std::fs::copy(golden().join("q01_three_tiles").join(name), folder.path().join(name)).unwrap();
    }
    let path = folder.path().join("expected.json");
    let text = std::fs::read_to_string(&path).unwrap().replace("tile_visit_order", "tile_visit_order_note");
    std::fs::write(&path, text).unwrap();
    let case = replay(folder.path()).unwrap().remove(0);
    assert!(
        matches!(&case.fault, Some(Fault::Differs { difference, .. }) if difference.output.starts_with("sim_time")),
        "{case}"
    );
}

/// What cannot be replayed says why in a sentence, and a wrong key is not passed over.
#[test]
fn what_cannot_be_replayed_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    let from = golden().join("t03_two_east_north");
    let replayed = |name: &str, old: &str, new: &str| {
        for name in ["arch.yaml", "net.json", "expected.json"] {
            std::fs::copy(from.join(name), folder.path().join(name)).unwrap();
        }
        let text = std::fs::read_to_string(from.join(name)).unwrap();
        assert!(text.contains(old), "{name} contains {old}");
        std::fs::write(folder.path().join(name), text.replacen(old, new, 1)).unwrap();
        replay(folder.path())
    };
    let stopped = |name, old, new| match replayed(name, old, new).unwrap().remove(0).fault {
        Some(Fault::Stopped { reason, .. }) => reason,
        other => panic!("{old} to {new} gave {other:?}"),
    };
    assert!(stopped("arch.yaml", "model: leaky_integrate_fire", "model: hodgkin").contains("hodgkin"));
    assert!(stopped("arch.yaml", "buffer_position: soma", "buffer_position: axon_out").contains("axon_out"));
    assert!(stopped("net.json", "\"loihi_lif\"", "\"nowhere\"").contains("nowhere"));
    assert!(stopped("net.json", "[\"a\",1,5,1]", "[\"a\",1,99,1]").contains("mapped to no core"));
    let malformed = |name, old, new| match replayed(name, old, new).unwrap().remove(0).fault {
        Some(Fault::Malformed(what)) => what,
        other => panic!("{old} to {new} gave {other:?}"),
    };
    assert!(malformed("arch.yaml", "energy_east_hop", "energy_eastern_hop").contains("energy_eastern_hop"));
    assert!(malformed("net.json", "\"bias\"", "\"bais\"").contains("bais"));
    assert!(malformed("expected.json", "\"split\"", "\"spilt\"").contains("`spilt` was recorded"));
}

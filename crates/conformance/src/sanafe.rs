//! Recordings of SANA-FE 2.2: networks on chips of its own description, with counts, energy and time.
//!
//! A case is a folder with `arch.yaml`, the network as `snn.yaml` or as `net.json` (or either with `.gz`) and
//! `expected.json`. If the network is there in both forms, they must be the same. Counts and spikes must be
//! equal; energies within 1e-9; the `simple` time exactly; `queue` within 1 % of the recorded `detailed` time, which
//! depends on the layout of a heap there. The third model of the recordings, `cycle`, ignores the architecture and is not
//! compared.

mod net;

use std::io::Read;
use std::path::{Path, PathBuf};

use pumice_sanafe::{Architecture, Chip, Energy as Joules, Network, SanafeError, Setup, Step};
use serde::Deserialize;
use sha2::{Digest, Sha256};

use crate::case::{Case, Fault};
use crate::compare::Difference;
use crate::read::ReadError;

const SUITE: &str = "sanafe";
/// Relative tolerance of energies and of the `simple` time: decimal texts and the order of sums.
const EXACT: f64 = 1e-9;
/// Relative tolerance of numbers with seven digits.
const PRINTED: f64 = 1e-6;
/// Relative tolerance of the `queue` time of a whole case.
const QUEUE: f64 = 1e-2;
/// Relative tolerance of the `queue` time of one step: equal send times, which are ordered differently, do not average out.
const QUEUE_STEP: f64 = 5e-2;

#[derive(Debug, Deserialize)]
struct Expected {
    case: String,
    steps: usize,
    totals: Totals,
    per_timestep: PerStep,
    spikes_sha256: String,
    #[serde(default)]
    potentials: Option<Vec<Vec<f64>>>,
    #[serde(default)]
    potentials_order: Option<Vec<String>>,
}

#[derive(Debug, Deserialize)]
struct Totals {
    energy: Energy,
    synaptic_reads: u64,
    packets: u64,
    neurons_updated: u64,
    neurons_fired: u64,
    hops: u64,
    sim_time: SimTime,
}

#[derive(Debug, Deserialize)]
struct Energy {
    total: f64,
    synapse: f64,
    dendrite: f64,
    soma: f64,
    network: f64,
}

#[derive(Debug, Deserialize)]
struct SimTime {
    simple: f64,
    detailed: f64,
}

#[derive(Debug, Deserialize)]
struct PerStep {
    columns: Vec<String>,
    rows: Vec<Vec<f64>>,
}

/// Replays every case folder in `folder`, or `folder` itself if it is one.
pub(crate) fn replay(folder: &Path) -> Result<Vec<Case>, ReadError> {
    cases(folder)?.iter().map(|path| case(path)).collect()
}

fn cases(folder: &Path) -> Result<Vec<PathBuf>, ReadError> {
    if folder.join("arch.yaml").is_file() {
        return Ok(vec![folder.to_path_buf()]);
    }
    let unreadable = |fault| ReadError::Unreadable { path: folder.to_path_buf(), fault };
    let mut all = Vec::new();
    for entry in std::fs::read_dir(folder).map_err(unreadable)? {
        let path = entry.map_err(unreadable)?.path();
        if path.join("arch.yaml").is_file() {
            all.push(path);
        }
    }
    all.sort();
    match all.is_empty() {
        true => Err(ReadError::Empty { path: folder.to_path_buf(), extension: "/arch.yaml" }),
        false => Ok(all),
    }
}

/// The text of a file, unpacked if only a packed one is there. At most a gigabyte is unpacked.
fn text(folder: &Path, name: &str) -> Result<String, ReadError> {
    let mut path = folder.join(name);
    let mut text = String::new();
    let read = if path.is_file() {
        std::fs::File::open(&path).and_then(|mut file| file.read_to_string(&mut text))
    } else {
        path = folder.join(format!("{name}.gz"));
        let open = std::fs::File::open(&path);
        open.and_then(|file| flate2::read::GzDecoder::new(file).take(1 << 30).read_to_string(&mut text))
    };
    read.map(|_| text).map_err(|fault| ReadError::Unreadable { path, fault })
}

/// Where a file of a case is, perhaps packed.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    [folder.join(name), folder.join(format!("{name}.gz"))].into_iter().find(|path| path.is_file())
}

fn case(folder: &Path) -> Result<Case, ReadError> {
    let schema = |name: &str, fault: String| ReadError::Schema { path: folder.join(name), suite: SUITE, fault };
    let unusable = |name: &'static str| move |fault: SanafeError| schema(name, fault.to_string());
    let arch = Architecture::open(&folder.join("arch.yaml")).map_err(unusable("arch.yaml"))?;
    let written =
        find(folder, "snn.yaml").map(|path| Network::open(&path)).transpose().map_err(unusable("snn.yaml"))?;
    let neutral = match (&written, find(folder, "net.json")) {
        (Some(_), None) => None,
        _ => {
            let net: net::Net = serde_json::from_str(&text(folder, "net.json")?)
                .map_err(|fault| schema("net.json", fault.to_string()))?;
            Some(net.network().map_err(|fault| schema("net.json", fault))?)
        }
    };
    let expected: Expected = serde_json::from_str(&text(folder, "expected.json")?)
        .map_err(|fault| schema("expected.json", fault.to_string()))?;
    let name = expected.case.clone();
    let stopped = |reason| Some(Fault::Stopped { form: "replay".into(), reason });
    let net = match (&written, &neutral) {
        (Some(written), Some(neutral)) if !net::same(written, neutral) => {
            return Ok(Case::new(name, stopped("`snn.yaml` and `net.json` are not the same network".to_owned())));
        }
        (Some(net), _) | (None, Some(net)) => net,
        (None, None) => return Ok(Case::new(name, stopped("there is no network".to_owned()))),
    };
    let replayed = Chip::new(&arch, net, &Setup::default()).map_err(|fault| fault.to_string());
    Ok(match replayed.and_then(|chip| run(chip, &expected)) {
        Err(reason) => Case::new(name, stopped(reason)),
        Ok(None) => Case::new(name, None),
        Ok(Some(difference)) => Case::new(name, Some(Fault::Differs { form: "replay".into(), difference })),
    })
}

/// Whether `got` is `expected` within a relative tolerance.
fn near(expected: f64, got: f64, tolerance: f64) -> bool {
    (expected - got).abs() <= tolerance * expected.abs()
}

fn differs(output: &str, step: usize, expected: impl ToString, got: impl ToString) -> Option<Difference> {
    let (expected, got) = (expected.to_string(), got.to_string());
    Some(Difference { output: output.to_owned(), step, index: 0, expected, got })
}

fn run(mut chip: Chip, expected: &Expected) -> Result<Option<Difference>, String> {
    let mut fired = Vec::new();
    let mut rows = Vec::with_capacity(expected.steps);
    let mut lines = Vec::with_capacity(expected.steps);
    for step in 0..expected.steps {
        rows.push(chip.step(&mut fired));
        let mut names: Vec<&str> = fired.iter().map(|k| chip.names()[*k].as_str()).collect();
        names.sort_unstable();
        lines.push(format!("{}:{}", step + 1, names.join(",")));
        if let Some(difference) = potentials(&chip, expected, step) {
            return Ok(Some(difference));
        }
    }
    if let Some(difference) = steps(&rows, &expected.per_timestep)? {
        return Ok(Some(difference));
    }
    let hash: String = Sha256::digest(lines.join("\n")).iter().map(|byte| format!("{byte:02x}")).collect();
    if hash != expected.spikes_sha256 {
        return Ok(differs("spikes_sha256", 0, &expected.spikes_sha256, hash));
    }
    Ok(totals(&rows, &expected.totals)
        .or(energies(chip.energy().map_err(|fault| fault.to_string())?, &expected.totals.energy)))
}

fn potentials(chip: &Chip, expected: &Expected, step: usize) -> Option<Difference> {
    let (all, order) = expected.potentials.as_ref().zip(expected.potentials_order.as_ref())?;
    let own = chip.potentials();
    for (index, (name, v)) in order.iter().zip(all.get(step)?).enumerate() {
        let got = chip.names().iter().position(|n| n == name).map(|k| own[k]);
        if got != Some(*v) {
            let got = got.map_or("nothing".to_owned(), |x| x.to_string());
            return Some(Difference { output: "potentials".into(), step, index, expected: v.to_string(), got });
        }
    }
    None
}

/// Compares the table of steps; its real numbers have seven digits.
fn steps(rows: &[Step], table: &PerStep) -> Result<Option<Difference>, String> {
    let column = |name: &str| {
        let found = table.columns.iter().position(|c| c == name);
        found.ok_or_else(|| format!("the table of steps has no column `{name}`"))
    };
    let integers = ["fired", "updated", "packets", "hops", "synaptic_reads"];
    let places: Vec<usize> = integers.iter().map(|name| column(name)).collect::<Result<_, _>>()?;
    let (simple, detailed) = (column("sim_time_simple")?, column("sim_time_detailed")?);
    for (step, (row, recorded)) in rows.iter().zip(&table.rows).enumerate() {
        let own = [row.fired, row.updated, row.packets, row.hops, row.synaptic_reads];
        for ((name, place), got) in integers.iter().zip(&places).zip(own) {
            if recorded[*place] != got as f64 {
                return Ok(differs(name, step, recorded[*place], got));
            }
        }
        let [own_simple, own_queue] = [row.time_ps[0], row.time_ps[1]].map(|ps| ps as f64 * 1e-12);
        if !near(recorded[simple], own_simple, PRINTED) {
            return Ok(differs("sim_time_simple", step, recorded[simple], own_simple));
        }
        if !near(recorded[detailed], own_queue, QUEUE_STEP) {
            return Ok(differs("sim_time_detailed", step, recorded[detailed], own_queue));
        }
    }
    match rows.len() == table.rows.len() {
        true => Ok(None),
        false => Ok(differs("steps", rows.len(), table.rows.len(), rows.len())),
    }
}

fn totals(rows: &[Step], expected: &Totals) -> Option<Difference> {
    let sum = |of: fn(&Step) -> u64| rows.iter().map(of).sum::<u64>();
    let counts = [
        ("synaptic_reads", expected.synaptic_reads, sum(|r| r.synaptic_reads)),
        ("packets", expected.packets, sum(|r| r.packets)),
        ("neurons_updated", expected.neurons_updated, sum(|r| r.updated)),
        ("neurons_fired", expected.neurons_fired, sum(|r| r.fired)),
        ("hops", expected.hops, sum(|r| r.hops)),
    ];
    if let Some((name, wanted, got)) = counts.into_iter().find(|(_, wanted, got)| wanted != got) {
        return differs(name, rows.len(), wanted, got);
    }
    let (simple, queue) = (sum(|r| r.time_ps[0]) as f64 * 1e-12, sum(|r| r.time_ps[1]) as f64 * 1e-12);
    if !near(expected.sim_time.simple, simple, EXACT) {
        return differs("sim_time.simple", rows.len(), expected.sim_time.simple, simple);
    }
    if !near(expected.sim_time.detailed, queue, QUEUE) {
        return differs("sim_time.detailed", rows.len(), expected.sim_time.detailed, queue);
    }
    None
}

fn energies(own: Joules, expected: &Energy) -> Option<Difference> {
    let all = [
        ("energy.synapse", expected.synapse, own.synapse),
        ("energy.dendrite", expected.dendrite, own.dendrite),
        ("energy.soma", expected.soma, own.soma),
        ("energy.network", expected.network, own.network),
        ("energy.total", expected.total, own.total()),
    ];
    let (name, wanted, got) = all.into_iter().find(|(_, wanted, got)| !near(*wanted, *got, EXACT))?;
    differs(name, 0, wanted, got)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn golden() -> PathBuf {
        Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tests/golden/sanafe")
    }

    #[test]
    fn every_recording_is_reproduced() {
        let all = replay(&golden()).unwrap();
        assert_eq!(all.len(), 25);
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
        assert!(replayed("arch.yaml", "energy_east_hop", "energy_eastern_hop").is_err());
        assert!(replayed("net.json", "\"bias\"", "\"bais\"").is_err());
    }
}

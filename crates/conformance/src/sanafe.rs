//! Recordings of SANA-FE 2.2: networks on chips of its own description, with counts, energy and time.
//!
//! A case is a folder with `arch.yaml`, the network as `snn.yaml`, `snn.net` or `net.json` (or any with `.gz`) and
//! `expected.json`. If the network is there as `net.json` and in a form of SANA-FE, they must be the same. Counts and spikes must be
//! equal; energies within 1e-9; the `simple` time exactly; `queue` within 1 % of the recorded `detailed` time. A spike's
//! packets are sent in the order of `tile_visit_order` if it was recorded, for that order is another in every process of SANA-FE. The
//! third model of the recordings, `cycle`, ignores the architecture and is not compared.

mod net;

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pumice_sanafe::{Architecture, Chip, Energy as Joules, Network, SanafeError, Setup, Step};
use serde::Deserialize;
use serde::de::IgnoredAny;
use serde_json::Value;
use sha2::{Digest, Sha256};

use crate::case::{Case, Fault};
use crate::compare::Difference;
use crate::read::{self, ReadError, file_name};

/// Relative tolerance of energies and of the `simple` time: decimal texts and the order of sums.
const EXACT: f64 = 1e-9;
/// Relative tolerance of numbers with seven digits.
const PRINTED: f64 = 1e-6;
/// Relative tolerance of the `queue` time of a whole case.
const QUEUE: f64 = 1e-2;
/// Relative tolerance of the `queue` time of one step: times that are equal here may differ in their last bit there, and then
/// others go first. The most that random networks showed was 6.6 %, in a case within 0.3 %.
const QUEUE_STEP: f64 = 0.1;

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
    /// Names of the neurons that fired, by step; their hash is there in any case.
    #[serde(default)]
    spikes: Option<Vec<Vec<String>>>,
    neurons: Option<usize>,
    edges: Option<usize>,
    /// Tiles in the order in which the recorded process sent a spike to them, if it was not ascending.
    #[serde(default)]
    tile_visit_order: Vec<u32>,
    #[serde(flatten)]
    rest: BTreeMap<String, Value>,
}

/// Fields that are not compared: words, the checks of the recorder, and single messages, whose times depend on a heap.
const NOT_COMPARED: [&str; 8] = [
    "split",
    "description",
    "produced_by",
    "note_units",
    "replay_check",
    "messages_detailed",
    "potentials_note",
    "tile_visit_order_note",
];

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
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
#[serde(deny_unknown_fields)]
struct Energy {
    total: f64,
    synapse: f64,
    dendrite: f64,
    soma: f64,
    network: f64,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct SimTime {
    simple: f64,
    detailed: f64,
    #[serde(rename = "cycle", default)]
    _cycle: IgnoredAny,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct PerStep {
    columns: Vec<String>,
    rows: Vec<Vec<f64>>,
}

/// Replays every case folder in `folder`, or `folder` itself if it is one.
pub(crate) fn replay(folder: &Path) -> Result<Vec<Case>, ReadError> {
    let one = |path: &PathBuf| case(path).unwrap_or_else(|fault| Case::new(file_name(path), Some(fault)));
    Ok(cases(folder)?.iter().map(one).collect())
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
        true => Err(ReadError::Empty { path: folder.to_path_buf(), name: "*/arch.yaml" }),
        false => Ok(all),
    }
}

/// The text of a file, unpacked if only a packed one is there.
fn text(folder: &Path, name: &str) -> Result<String, Fault> {
    let path = folder.join(name);
    if path.is_file() {
        return read::text(&path);
    }
    pumice_sanafe::text(&folder.join(format!("{name}.gz"))).map_err(|fault| match fault {
        SanafeError::Unreadable { fault, .. } => Fault::Unreadable(format!("{name}: {fault}")),
        other => Fault::Unreadable(other.to_string()),
    })
}

/// Where a file of a case is, perhaps packed.
fn find(folder: &Path, name: &str) -> Option<PathBuf> {
    [folder.join(name), folder.join(format!("{name}.gz"))].into_iter().find(|path| path.is_file())
}

fn case(folder: &Path) -> Result<Case, Fault> {
    let malformed = |name: &str, fault: &dyn std::fmt::Display| Fault::Malformed(format!("{name}: {fault}"));
    let unusable = |name: &'static str| move |fault: SanafeError| malformed(name, &fault);
    let arch = Architecture::open(&folder.join("arch.yaml")).map_err(unusable("arch.yaml"))?;
    let named = ["snn.yaml", "snn.net"].into_iter().find_map(|name| Some((name, find(folder, name)?)));
    let written = named.map(|(name, path)| Network::open(&path).map_err(unusable(name))).transpose()?;
    let neutral = match (&written, find(folder, "net.json")) {
        (Some(_), None) => None,
        _ => {
            let net: net::Net =
                serde_json::from_str(&text(folder, "net.json")?).map_err(|fault| malformed("net.json", &fault))?;
            Some(net.network().map_err(|fault| malformed("net.json", &fault))?)
        }
    };
    let expected: Expected =
        serde_json::from_str(&text(folder, "expected.json")?).map_err(|fault| malformed("expected.json", &fault))?;
    if let Some(name) = expected.rest.keys().find(|name| !NOT_COMPARED.contains(&name.as_str())) {
        return Err(malformed("expected.json", &format!("`{name}` was recorded, but nothing here computes it")));
    }
    let stopped = |reason| Some(Fault::Stopped { form: "replay".into(), reason });
    let net = match (&written, &neutral) {
        (Some(written), Some(neutral)) if !net::same(written, neutral) => {
            let reason = "`snn.yaml` and `net.json` are not the same network".to_owned();
            return Ok(Case::new(expected.case, stopped(reason)));
        }
        (Some(net), _) | (None, Some(net)) => net,
        (None, None) => return Ok(Case::new(expected.case, stopped("there is no network".to_owned()))),
    };
    let setup = Setup { visits: expected.tile_visit_order.clone(), ..Setup::default() };
    let replayed = Chip::new(&arch, net, &setup).map_err(|fault| fault.to_string());
    let played = replayed.and_then(|chip| {
        let sizes = [("neurons", expected.neurons, chip.names().len()), ("edges", expected.edges, net.edges.len())];
        match sizes.into_iter().find(|(_, wanted, got)| wanted.is_some_and(|wanted| wanted != *got)) {
            Some((name, wanted, got)) => Ok(differs(name, 0, wanted.unwrap_or_default(), got)),
            None => run(chip, &expected),
        }
    });
    let fault = match played {
        Err(reason) => stopped(reason),
        Ok(difference) => difference.map(|difference| Fault::Differs { form: "replay".into(), difference }),
    };
    Ok(Case::new(expected.case, fault))
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
    let mut energy_j = vec![[0.0; 4]];
    for step in 0..expected.steps {
        rows.push(chip.step(&mut fired));
        let mut names: Vec<&str> = fired.iter().map(|k| chip.names()[*k].as_str()).collect();
        names.sort_unstable();
        if let Some(difference) = spikes(&names, expected, step) {
            return Ok(Some(difference));
        }
        lines.push(format!("{}:{}", step + 1, names.join(",")));
        let own = chip.energy().map_err(|fault| fault.to_string())?;
        energy_j.push([own.synapse, own.dendrite, own.soma, own.network]);
        if let Some(difference) = potentials(&chip, expected, step) {
            return Ok(Some(difference));
        }
    }
    if let Some(difference) = steps(&rows, &energy_j, &expected.per_timestep)? {
        return Ok(Some(difference));
    }
    let hash: String = Sha256::digest(lines.join("\n")).iter().map(|byte| format!("{byte:02x}")).collect();
    if hash != expected.spikes_sha256 {
        return Ok(differs("spikes_sha256", 0, &expected.spikes_sha256, hash));
    }
    Ok(totals(&rows, &expected.totals)
        .or(energies(chip.energy().map_err(|fault| fault.to_string())?, &expected.totals.energy)))
}

/// Compares the names of the neurons that fired in a step, both in the order of names.
fn spikes(fired: &[&str], expected: &Expected, step: usize) -> Option<Difference> {
    let recorded = expected.spikes.as_ref()?;
    let Some(row) = recorded.get(step) else { return differs("spikes", step, "no such step", fired.join(",")) };
    let mut names: Vec<&str> = row.iter().map(String::as_str).collect();
    names.sort_unstable();
    let index = (0..names.len().max(fired.len())).find(|k| names.get(*k) != fired.get(*k))?;
    let name = |all: &[&str]| all.get(index).map_or("nothing".to_owned(), |name| (*name).to_owned());
    let (expected, got) = (name(&names), name(fired));
    Some(Difference { output: "spikes".into(), step, index, expected, got })
}

fn potentials(chip: &Chip, expected: &Expected, step: usize) -> Option<Difference> {
    let (all, order) = expected.potentials.as_ref().zip(expected.potentials_order.as_ref())?;
    let own = chip.potentials();
    let Some(row) = all.get(step).filter(|row| row.len() == order.len()) else {
        return differs("potentials", step, "no such step", format!("{} values", order.len()));
    };
    for (index, (name, v)) in order.iter().zip(row).enumerate() {
        let got = chip.names().iter().position(|n| n == name).map(|k| own[k]);
        if got != Some(*v) {
            let got = got.map_or("nothing".to_owned(), |x| x.to_string());
            return Some(Difference { output: "potentials".into(), step, index, expected: v.to_string(), got });
        }
    }
    None
}

/// The parts of the energy, and their sum.
const ENERGIES: [&str; 5] = ["synapse", "dendrite", "soma", "network", "total"];

/// Compares the table of steps; its real numbers have seven digits.
fn steps(rows: &[Step], energy_j: &[[f64; 4]], table: &PerStep) -> Result<Option<Difference>, String> {
    let column = |name: &str| {
        let found = table.columns.iter().position(|c| c == name);
        found.ok_or_else(|| format!("the table of steps has no column `{name}`"))
    };
    let integers = ["fired", "updated", "packets", "hops", "synaptic_reads"];
    let reals = ENERGIES.map(|name| format!("{name}_energy"));
    let times = ["sim_time_simple", "sim_time_detailed", "sim_time_cycle"];
    let known =
        |name: &String| integers.contains(&name.as_str()) || times.contains(&name.as_str()) || reals.contains(name);
    if let Some(name) = table.columns.iter().find(|name| !known(name)) {
        return Err(format!("the table of steps has a column `{name}`, which nothing here computes"));
    }
    if let Some(step) = table.rows.iter().position(|row| row.len() != table.columns.len()) {
        return Err(format!("the table of steps has a row {step} that is not as long as its heads"));
    }
    let energy: Vec<usize> = reals.iter().map(|name| column(name)).collect::<Result<_, _>>()?;
    let places: Vec<usize> = integers.iter().map(|name| column(name)).collect::<Result<_, _>>()?;
    let (simple, detailed) = (column("sim_time_simple")?, column("sim_time_detailed")?);
    for (step, (row, recorded)) in rows.iter().zip(&table.rows).enumerate() {
        let own = [row.fired, row.updated, row.packets, row.hops, row.synaptic_reads];
        for ((name, place), got) in integers.iter().zip(&places).zip(own) {
            if recorded[*place] != got as f64 {
                return Ok(differs(name, step, recorded[*place], got));
            }
        }
        let used: [f64; 4] = std::array::from_fn(|k| energy_j[step + 1][k] - energy_j[step][k]);
        let used = used.into_iter().chain([used.iter().sum()]);
        for ((name, place), got) in reals.iter().zip(&energy).zip(used) {
            // A difference of two sums is as exact as the sums are.
            let slack = EXACT * energy_j[step + 1].iter().sum::<f64>();
            if (recorded[*place] - got).abs() > PRINTED * recorded[*place].abs() + slack {
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
mod tests;

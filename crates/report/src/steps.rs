//! The length of every step as a file, so that a step can be explained after its run.
//!
//! `steps.npz` has one number per step in each of `total_ps`, `work_ps`, `barrier_ps`, `resource`, `core`, `link_tile`, `link_side`,
//! `next_core`, `next_ps`; -1 stands for none, `resource` and `link_side` are places in [`Resource::ALL`] and [`Side::ALL`]. `cores.json` lists
//! the processes on each core. With a task the steps are those of the last sample, and `samples` is how many there were, else 0.

use std::path::{Path, PathBuf};

use pumice_chip::ChipImage;
use pumice_chip::timing::{Link, Resource, Side, StepTime};
use pumice_file::{Array, Data, read_npz_all, write_npz};

use crate::{ReportError, write_text};

pub(crate) const TIMES: &str = "steps.npz";
pub(crate) const CORES: &str = "cores.json";
const SAMPLES: &str = "samples";
const NAMES: [&str; 9] =
    ["total_ps", "work_ps", "barrier_ps", "resource", "core", "link_tile", "link_side", "next_core", "next_ps"];

/// The lengths of the steps of a run, and who lies on which core.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Steps {
    /// By step, from step 1 on.
    pub times: Vec<StepTime>,
    /// Samples of the run, to the last of which the steps belong; `None` without a task.
    pub samples: Option<u64>,
    /// Paths of the processes with neurons on each core.
    pub processes: Vec<Vec<String>>,
}

impl Steps {
    /// Of a run on a chip.
    pub fn new(times: &[StepTime], samples: Option<u64>, chip: &ChipImage) -> Self {
        let mut processes = vec![Vec::new(); chip.cores()];
        for segment in &chip.segments {
            let own = &mut processes[segment.core.0 as usize];
            let path = &chip.banks[segment.bank].path;
            if own.last() != Some(path) {
                own.push(path.clone());
            }
        }
        Steps { times: times.to_vec(), samples, processes }
    }

    /// The processes on a core.
    pub fn processes_on(&self, core: Option<u32>) -> Vec<String> {
        core.and_then(|core| self.processes.get(core as usize)).cloned().unwrap_or_default()
    }

    /// Writes both files.
    ///
    /// # Errors
    /// If one cannot be written.
    pub fn write(&self, folder: &Path) -> Result<[PathBuf; 2], ReportError> {
        let (times, cores) = (folder.join(TIMES), folder.join(CORES));
        let columns: Vec<Array> = (0..NAMES.len()).map(|k| Array::ints(self.times.iter().map(|t| row(t)[k]))).collect();
        let samples = Array::ints([self.samples.map_or(0, u64::cast_signed)]);
        let columns = NAMES.iter().copied().zip(&columns);
        let named: Vec<(&str, &Array)> = columns.chain([(SAMPLES, &samples)]).collect();
        write_npz(&times, &named)?;
        let json = serde_json::to_string(&self.processes).expect("lists of texts can be written");
        write_text(&cores, &(json + "\n"))?;
        Ok([times, cores])
    }

    /// Reads both files.
    ///
    /// # Errors
    /// If one is missing or does not hold what [`Steps::write`] writes.
    pub fn read(folder: &Path) -> Result<Steps, ReportError> {
        let path = folder.join(CORES);
        if !path.exists() {
            return Err(ReportError::NoTimes { path: folder.to_owned() });
        }
        let unreadable = |source| ReportError::Unreadable { path: path.clone(), source };
        let text = std::fs::read_to_string(&path).map_err(unreadable)?;
        let malformed = |path: &Path, fault: String| ReportError::Malformed { path: path.to_owned(), fault };
        let processes = serde_json::from_str(&text).map_err(|fault| malformed(&path, fault.to_string()))?;
        let path = folder.join(TIMES);
        let all = read_npz_all(&path)?;
        let mut columns = Vec::with_capacity(NAMES.len());
        for name in NAMES {
            match all.iter().find(|(own, _)| own == name).map(|(_, array)| array.data()) {
                Some(Data::Int(values)) => columns.push(values),
                _ => return Err(malformed(&path, format!("it has no integers `{name}`"))),
            }
        }
        // A file of a version that did not say it says nothing of samples.
        let samples = match all.iter().find(|(own, _)| own == SAMPLES).map(|(_, array)| array.data()) {
            Some(Data::Int(values)) => values.first().and_then(|n| u64::try_from(*n).ok()).filter(|n| *n > 0),
            _ => None,
        };
        let n = columns[0].len();
        if columns.iter().any(|column| column.len() != n) {
            return Err(malformed(&path, "its arrays differ in length".into()));
        }
        let step = |t: usize| time(std::array::from_fn(|k| columns[k][t]));
        let times: Option<Vec<StepTime>> = (0..n).map(step).collect();
        let times = times.ok_or_else(|| malformed(&path, "a number is out of range".into()))?;
        Ok(Steps { times, samples, processes })
    }
}

fn row(time: &StepTime) -> [i64; 9] {
    let ps = |ps: u64| i64::try_from(ps).unwrap_or(i64::MAX);
    let place = |resource| Resource::ALL.iter().position(|r| *r == resource).map_or(-1, |k| k as i64);
    let side = |side| Side::ALL.iter().position(|s| *s == side).map_or(-1, |k| k as i64);
    [
        ps(time.total_ps),
        ps(time.work_ps),
        ps(time.barrier_ps),
        place(time.resource),
        time.core.map_or(-1, i64::from),
        time.link.map_or(-1, |link| i64::from(link.tile)),
        time.link.map_or(-1, |link| side(link.side)),
        time.next_core.map_or(-1, i64::from),
        ps(time.next_ps),
    ]
}

fn time(row: [i64; 9]) -> Option<StepTime> {
    let [total, work, barrier, resource, core, tile, side, next_core, next] = row;
    let ps = |ps: i64| u64::try_from(ps).ok();
    let number = |n: i64| if n == -1 { Some(None) } else { u32::try_from(n).ok().map(Some) };
    let place = |k: i64| usize::try_from(k).ok();
    let link = match number(tile)? {
        None => None,
        Some(tile) => Some(Link { tile, side: *Side::ALL.get(place(side)?)? }),
    };
    Some(StepTime {
        total_ps: ps(total)?,
        work_ps: ps(work)?,
        barrier_ps: ps(barrier)?,
        resource: *Resource::ALL.get(place(resource)?)?,
        core: number(core)?,
        link,
        next_core: number(next_core)?,
        next_ps: ps(next)?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn steps_come_back_from_their_files() {
        let folder = tempfile::tempdir().unwrap();
        let link = Some(Link { tile: 3, side: Side::North });
        let busy = StepTime {
            total_ps: 900,
            work_ps: 700,
            barrier_ps: 200,
            resource: Resource::Network,
            link,
            ..StepTime::default()
        };
        let held = StepTime { core: Some(7), next_core: Some(2), next_ps: 5, resource: Resource::Tick, ..busy };
        let steps = Steps {
            times: vec![StepTime::default(), busy, held],
            samples: Some(9),
            processes: vec![vec!["a".into()], Vec::new()],
        };
        steps.write(folder.path()).unwrap();
        assert_eq!(Steps::read(folder.path()).unwrap(), steps);
        assert_eq!(steps.processes_on(Some(0)), ["a"]);
        std::fs::write(folder.path().join("steps.npz"), b"no").unwrap();
        assert!(Steps::read(folder.path()).is_err());
    }
}

//! Results as files.

use std::time::Duration;

use pumice_chip::timing::TimingModel;
use pumice_file::{Data, read_npz, read_npz_all};
use pumice_meter::{Bill, Counts, EnergyTable, NeuronModel, Scope, StaticPower, Usage};
use pumice_report::{Answers, Files, ReadRecords, Run, RunReport, prepare, write_results, write_text};

use crate::placed::{image, profile, recordings};

fn report() -> RunReport {
    let (image, profile, counts, usage) = (image(), profile(), Counts::default(), Usage::default());
    let table = EnergyTable::new(Scope::PerTerm, NeuronModel::Additive);
    let bill = Bill::price(&counts, &table, &StaticPower::default(), &usage).unwrap();
    let wall = Duration::from_secs(1);
    let (model, prices, overflow) = ("tiny", "davies2018", &[]);
    let (image, profile, counts, bill, usage) = (&image, &profile, &counts, &bill, &usage);
    let (workers, steps, timing) = (1, 4, TimingModel::Simple);
    let parts = &pumice_report::Parts::default();
    RunReport::new(&Run {
        model,
        image,
        profile,
        prices,
        workers,
        timing,
        steps,
        counts,
        spikes_off_chip: None,
        bill,
        usage,
        late_steps: None,
        wall,
        overflow,
        parts,
        cells: None,
    })
}

#[test]
fn recordings_are_arrays_by_name() {
    let folder = tempfile::tempdir().unwrap();
    let (image, recordings) = (image(), recordings());
    let answers = Answers { labels: vec![1, 0], fixed: Some(vec![1, 1]), ..Answers::default() };
    let reads =
        [ReadRecords { path: "reader".into(), shape: vec![2], rows: vec![vec![1.0, 2.0], vec![0.0; 2], vec![0.0; 2]] }];
    let files = Files { image: &image, recordings: &recordings, answers: Some(&answers), reads: &reads };
    let written = write_results(folder.path(), &report(), &files).unwrap();
    assert_eq!(written.len(), 4);
    assert!(written.iter().all(|path| path.exists()));

    let names = |file: &str| -> Vec<String> {
        read_npz_all(&folder.path().join(file)).unwrap().into_iter().map(|(name, _)| name).collect()
    };
    assert_eq!(names("spikes.npz"), ["net/cells.s_out.step", "net/cells.s_out.index"]);
    let probes = [
        "net/cells.v.step",
        "net/cells.v",
        "net/cells.v#2.step",
        "net/cells.v#2.index",
        "net/cells.v#2.value",
        "reader.data",
    ];
    assert_eq!(names("probes.npz"), probes);
    assert_eq!(names("samples.npz"), ["label", "fixed"]);
    let v = read_npz(&folder.path().join("probes.npz"), "net/cells.v").unwrap();
    assert_eq!((v.shape(), v.data()), (&[2, 2, 3][..], &Data::Int((0..12).collect())));
    assert_eq!(read_npz(&folder.path().join("probes.npz"), "reader.data").unwrap().shape(), [3, 2]);
    let left: Vec<_> = std::fs::read_dir(folder.path()).unwrap().map(|entry| entry.unwrap().file_name()).collect();
    assert_eq!(left.len(), 4, "{left:?}");
}

#[test]
fn a_place_that_cannot_be_written_is_named() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("file");
    std::fs::write(&file, "here before").unwrap();
    let error = prepare(&file).unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot write into folder `{}`: ", file.display())), "{error}");
    let deeper = file.join("map.svg");
    let error = write_text(&deeper, "text").unwrap_err().to_string();
    assert!(error.starts_with(&format!("cannot write `{}`: ", deeper.display())), "{error}");
    assert_eq!(std::fs::read_to_string(&file).unwrap(), "here before");
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 1, "no temporary file is left");
}

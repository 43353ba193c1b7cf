//! Yield studies: the same on any number of threads, and each cause of error is what its absence takes away.

#![allow(clippy::unwrap_used)] // a test fails where it unwraps

use pumice::device::Cause;
use pumice::file::{ModelFile, Task};
use pumice::process::CoreKind;
use pumice::profile::{AnalogMembrane, AnalogNeurons, CellCores, CellMapping, CellProgramming, Profile};
use pumice::{Simulation, classify};
use pumice_studies::yields::{AgeSummary, Answer, Variant, YieldPlan, YieldStudy, csv, draw};

const DAY_NS: u64 = 86_400_000_000_000;

/// Sums that lie close together, so that small errors change answers.
const MODEL: &str = r#"
schema = 1
name = "close"
steps = 16

[[process]]
name = "input"
type = "RateCode"
shape = [5]
full = 8

[[process]]
name = "synapses"
type = "Dense"
weights = [[90, 14, -60, 30, 44], [80, 20, -30, 24, 50], [-20, 96, 40, 58, -10]]

[[process]]
name = "output"
type = "LIF"
shape = [3]
vth = 50
du = 4095

[[connect]]
from = "input.s_out"
to = "synapses.s_in"

[[connect]]
from = "synapses.a_out"
to = "output.a_in"

[task]
kind = "classify"
input = "input.value"
samples = SAMPLES
labels = LABELS
output = "output.s_out"
reset = true
"#;

/// The model, whose labels are the answers of the digital chip.
fn model() -> ModelFile {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("model.toml");
    let samples: Vec<Vec<u32>> = (0..15).map(|k| (0..5).map(|i| (k * 7 + i * i * 5 + k * i) % 9).collect()).collect();
    let text = MODEL.replace("SAMPLES", &format!("{samples:?}")).replace("LABELS", &format!("{:?}", [0; 15]));
    std::fs::write(&path, text).unwrap();
    let mut file = ModelFile::load(&path).unwrap();
    let twin = ModelFile::load(&path).unwrap();
    let Some(Task::Classify(task)) = &mut file.task else { panic!("it has a task") };
    let mut digital = Simulation::new(twin.graph, &Profile::load("loihi1").unwrap(), &twin.config).unwrap();
    task.labels = classify(&mut digital, &(&*task).into(), |_| {}).unwrap().answers();
    assert!((0..3).all(|class| task.labels.iter().filter(|label| **label == class).count() > 1), "{:?}", task.labels);
    file
}

fn plan(chips: u32) -> YieldPlan {
    YieldPlan {
        chips,
        seed: 3,
        ages_ns: vec![365 * DAY_NS, DAY_NS],
        temperature_mk: 298_150,
        refreshes_ns: Vec::new(),
        stuck: 0.0,
        causes: true,
        target: None,
        threads: 2,
    }
}

/// Exact cells, whose only errors are those of the array around them.
fn exact() -> Profile {
    let mut profile = Profile::load("hybrid-rram").unwrap();
    profile.cells = Some(CellCores {
        technology: "ideal".into(),
        own_technology: None,
        cores: 32,
        mapping: CellMapping::OneSidedPair,
        levels: None,
        programming: CellProgramming::OpenLoop,
        spare_rows: 0,
        adc_bits: None,
        wire_ohm: None,
        read_noise: false,
        gain_spread: 0.0,
        mixed_precision: None,
    });
    profile
}

#[test]
fn a_study_is_the_same_on_any_number_of_threads() {
    let (file, profile) = (model(), Profile::load("hybrid-rram").unwrap());
    let plan = YieldPlan { refreshes_ns: vec![100 * DAY_NS], ..plan(3) };
    let run = |plan: &YieldPlan| YieldStudy::new(&file, &profile, plan.clone()).unwrap().run(|| ()).unwrap();
    let one = run(&YieldPlan { threads: 1, ..plan.clone() });
    assert_eq!(run(&YieldPlan { threads: 4, ..plan.clone() }), one);
    assert_eq!(one.digital, 1.0);
    let analog = [Cause::Mismatch, Cause::ThermalNoise, Cause::Droop];
    assert_eq!(one.absent, analog, "the neurons of this network are digital");
    assert_eq!(one.ages.iter().map(|age| age.age_s).collect::<Vec<_>>(), [0.0, 86_400.0, 31_536_000.0]);
    assert_eq!(one.answers.len(), 3 * (1 + 7 + 1) * 3);
    assert!(one.ages.iter().all(|age| age.losses.len() == 7 && age.refreshed.len() == 1));
    let differ = |age: &AgeSummary| age.accuracy.mean < 1.0 && age.accuracy.sd > Some(0.0);
    assert!(one.ages.iter().any(differ), "chips differ: {:?}", one.ages);
    // Fewer chips are the first of many, and other seeds are other chips.
    let few = YieldPlan { chips: 1, causes: false, refreshes_ns: Vec::new(), ..plan };
    assert_eq!(run(&few).answers, one.answers[..3]);
    assert_ne!(run(&YieldPlan { seed: 4, ..few }).answers, one.answers[..3]);
    let table = csv(&one.answers);
    assert_eq!(table.lines().count(), 1 + one.answers.len());
    assert!(table.lines().all(|line| line.split(',').count() == 9) && table.contains(",IR drop,"), "{table}");
    let folder = tempfile::tempdir().unwrap();
    let files = draw(&one, folder.path()).unwrap();
    assert!(files.iter().all(|file| file.exists()) && files.len() == 3);
    let legend = |name: &str| std::fs::read_to_string(&files[1]).unwrap().lines().any(|line| line == name);
    assert!(legend("1 d"), "chips of a day differ from those of a year");
    // Ages at which the chips are alike share a line of the figure.
    let mut alike = one;
    alike.answers.iter_mut().for_each(|answer| answer.accuracy = 0.5);
    draw(&alike, folder.path()).unwrap();
    assert!(legend("fresh, 1 d, 1 y") && !legend("1 d"));
}

type Change = fn(&mut CellCores);

/// A chip with a single cause of error loses by it, and without it answers as the digital chip does.
#[test]
fn a_cause_alone_is_the_whole_loss() {
    let file = model();
    let changes: [(Cause, Change); 5] = [
        (Cause::Quantisation, |cells| cells.levels = Some(3)),
        (Cause::Wires, |cells| cells.wire_ohm = Some([2000.0, 900.0])),
        (Cause::Converters, |cells| cells.adc_bits = Some(3)),
        (Cause::Mismatch, |cells| cells.gain_spread = 0.2),
        (Cause::Programming, |cells| cells.technology = "rram-milo-hfo2".into()),
    ];
    let whole = |profile: &Profile, stuck: f64| {
        let study = YieldStudy::new(&file, profile, YieldPlan { stuck, ages_ns: Vec::new(), ..plan(4) }).unwrap();
        let found = study.run(|| ()).unwrap();
        let without = found.answers.iter().filter(|a| a.variant != Variant::AsMade);
        assert!(without.clone().all(|a| a.accuracy == found.digital), "{found:?}");
        (found.present.clone(), found.ages[0].accuracy.mean)
    };
    assert_eq!(whole(&exact(), 0.0), (vec![], 1.0));
    for (cause, change) in changes {
        let mut profile = exact();
        change(profile.cells.as_mut().unwrap());
        let (present, mean) = whole(&profile, 0.0);
        assert_eq!(present, [cause]);
        assert!(mean < 1.0, "{cause:?} costs nothing");
    }
    let (present, mean) = whole(&exact(), 0.2);
    assert!(present == [Cause::Faults] && mean < 1.0, "{present:?} {mean}");
}

/// Every chip has analog neurons of its own, and each of their causes alone is the whole loss.
#[test]
fn analog_neurons_are_those_of_their_chip() {
    let mut file = model();
    file.config = file.config.on_cores("output", CoreKind::Analog);
    // Noise of 15 % of the threshold, and droop of 90 % of it per step.
    let membrane = |thermal_noise, leakage_a| AnalogMembrane {
        capacitance_f: 3.7e-19,
        threshold_v: 0.7,
        thermal_noise,
        leakage_a,
        leakage_doubling_k: None,
        step_s: 1e-3,
    };
    let plain = AnalogNeurons::default();
    let kinds = [
        (Cause::Mismatch, AnalogNeurons { gain_spread: 0.3, ..plain.clone() }),
        (Cause::ThermalNoise, AnalogNeurons { membrane: Some(membrane(true, 0.0)), ..plain.clone() }),
        (Cause::Droop, AnalogNeurons { membrane: Some(membrane(false, 2.33e-16)), ..plain }),
    ];
    for (cause, analog) in kinds {
        let profile = Profile { analog: Some(analog), ..exact() };
        let plan = YieldPlan { ages_ns: vec![DAY_NS], ..plan(4) };
        let found = YieldStudy::new(&file, &profile, plan).unwrap().run(|| ()).unwrap();
        assert_eq!((found.present.as_slice(), found.digital), (&[cause][..], 1.0));
        let accuracies = |variant: Variant| -> Vec<f64> {
            found.answers.iter().filter(|a| a.variant == variant).map(|a| a.accuracy).collect()
        };
        assert!(accuracies(Variant::Without(cause)).iter().all(|a| *a == 1.0), "{found:?}");
        let as_made = accuracies(Variant::AsMade);
        assert!(as_made.iter().any(|a| *a < 1.0), "{cause:?} costs nothing");
        let differ = as_made.iter().any(|a| *a != as_made[0]);
        assert_eq!(differ, cause != Cause::Droop, "droop is the same on all chips: {as_made:?}");
    }
}

/// Cells that do not age answer the same for ever, and refreshes come before the age that they fall short of.
#[test]
fn ageing_and_refreshing_follow_the_clock() {
    let (file, mut profile) = (model(), Profile::load("hybrid-rram").unwrap());
    profile.cells.as_mut().unwrap().read_noise = false;
    let plan = YieldPlan {
        ages_ns: vec![100 * DAY_NS, 250 * DAY_NS],
        temperature_mk: 328_150,
        refreshes_ns: vec![100 * DAY_NS],
        ..plan(3)
    };
    let found = YieldStudy::new(&file, &profile, plan).unwrap().run(|| ()).unwrap();
    let of = |variant: Variant| -> Vec<&Answer> { found.answers.iter().filter(|a| a.variant == variant).collect() };
    for ages in of(Variant::Without(Cause::Ageing)).chunks(3) {
        assert!(ages.iter().all(|a| a.accuracy == ages[0].accuracy), "{ages:?}");
    }
    let (as_made, refreshed) = (of(Variant::AsMade), of(Variant::Refreshed(100 * DAY_NS)));
    assert!(as_made.chunks(3).any(|ages| ages[0].accuracy != ages[2].accuracy), "relaxation does something");
    for (a, r) in as_made.chunks(3).zip(refreshed.chunks(3)) {
        assert_eq!((r[1].pulses, r[1].accuracy), (a[1].pulses, a[1].accuracy), "no refresh before day 100");
        assert!(r[2].pulses > a[2].pulses && r[2].programming_j > a[2].programming_j && a[2].pulses == a[0].pulses);
    }
}

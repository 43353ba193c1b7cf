//! What figures say: where the first spike differs, the budget, what was swept, the front.

use pumice::models::Arithmetic;
use pumice::profile::Profile;
use pumice_fidelity::Networks;
use pumice_fidelity::compare::{Options, compare};
use pumice_fidelity::figure::{draw, draw_sweep};
use pumice_fidelity::strategy::{Cases, Subject};
use pumice_fidelity::sweep::{Format, Point};

#[test]
fn traces_mark_the_first_divergence_and_show_the_budget() {
    let cases = Cases {
        subject: Subject::Any(Networks { populations: 1, ..Networks::default() }),
        profile: "loihi1".into(),
        arithmetic: Arithmetic::loihi1(),
        stimuli: Vec::new(),
        steps: 80,
    };
    let options = Options { knobs: false, ..Options::new(&Profile::load("loihi1").unwrap()) };
    let compared = (0..300).map(|seed| compare(&cases.draw(seed).document().unwrap(), &options).unwrap());
    let differs = |d: &pumice_fidelity::compare::Comparison| {
        d.first_divergence.is_some() && d.backends[0].budget.as_ref().is_some_and(|b| b.until_step > 1)
    };
    let compared = compared.into_iter().find(differs).expect("rounding moves some spike of some network");
    let d = compared.first_divergence.clone().unwrap();
    let folder = tempfile::tempdir().unwrap();
    let files = draw(&compared, folder.path()).unwrap();
    assert_eq!(files.len(), 8, "{files:?}");
    let svg = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    let line = format!("first divergence, step {}: neuron {} fires in {} only", d.step, d.neuron, d.fired);
    for name in ["trace_p0.svg", "error_p0.svg", "raster_p0.svg"] {
        assert!(svg(name).contains(&line), "{name}: {line}");
    }
    assert!(svg("trace_p0.svg").contains("rounding budget") && svg("trace_p0.svg").contains("<polygon"));
    assert!(svg("error_p0.svg").contains("largest rounding budget"));
    assert!(svg("rate_p0.svg").contains("equal rates"));
}

#[test]
fn sweeps_name_their_axes_and_their_front() {
    let point = |weight, decay, quality, dynamic_j, pareto| Point {
        format: Format { weight_bits: Some(weight), decay_bits: Some(decay), threshold_bits: None },
        accuracy: None,
        agreement: None,
        matched: quality,
        distance: 0.0,
        spikes: 1,
        dynamic_j: Some(dynamic_j),
        weight_memory_bits: 8,
        overflows: 0,
        pareto,
    };
    let points = [point(8, 4, 0.9, 2e-6, false), point(8, 12, 1.0, 2e-6, true), point(8, 8, 0.8, 1e-6, true)];
    let folder = tempfile::tempdir().unwrap();
    draw_sweep(&points, folder.path()).unwrap();
    let svg = |name: &str| std::fs::read_to_string(folder.path().join(name)).unwrap();
    assert!(svg("quality.svg").contains("Part of matched spikes against bits of the decays"));
    assert!(svg("front.svg").contains("Pareto front in quality, energy and memory"));
    let both = [points[0].clone(), point(4, 4, 0.5, 1e-6, true)];
    draw_sweep(&both, folder.path()).unwrap();
    assert!(svg("quality.svg").contains("against bits per weight"));
}

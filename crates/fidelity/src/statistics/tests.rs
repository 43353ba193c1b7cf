use proptest::prelude::*;

use super::*;
use crate::metric::ks::ks;

const METHOD: Method = Method { step_ms: 0.5, steps: 400, bin_ms: 5.0, neurons: 3 };

#[test]
fn rates_and_cvs_by_hand() {
    // 200 ms: 10 Hz are two spikes; intervals 10, 30: mean 20, deviation 10.
    let trains = vec![vec![1, 201], vec![10, 20, 50], vec![], vec![7; 1]];
    let own = Statistics::of(&trains, &METHOD);
    assert_eq!(own.rate_hz, [10.0, 15.0, 0.0, 5.0]);
    assert_eq!(own.cv, [0.5]);
    // Three of four neurons: the first, the second and the silent third, which is in no pair.
    assert_eq!(own.correlation.len(), 1);
}

#[test]
fn bins_are_model_time() {
    // 5 ms are 10 steps: 1 and 10 share a bin, 10 and 11 do not.
    let own = |a: u32, b: u32| Statistics::of(&[vec![a], vec![b]], &METHOD).correlation[0];
    assert!((own(1, 10) - 1.0).abs() < 1e-12);
    assert!(own(10, 11) < 0.0);
}

#[test]
fn a_histogram_is_a_reference_within_its_ends() {
    let drawn = Distribution {
        mean: None,
        sd: None,
        at: vec![0.0, 1.0, 2.0],
        below: vec![0.0, 0.25, 1.0],
        cut: true,
        uncertainty: 0.0,
        between: None,
    };
    assert_eq!(drawn.distance(&[0.5, 1.0, 1.5, 1.9]), Some(0.0));
    assert_eq!(drawn.distance(&[0.5, 0.7, 1.5, 1.9, 9.0, -3.0]), Some(0.25));
    assert_eq!(drawn.distance(&[3.0]), None);
    assert_eq!(Distribution { cut: false, ..drawn }.distance(&[3.0]), Some(1.0));
}

#[test]
fn a_value_that_is_rounded_elsewhere_is_the_same_value() {
    let theirs: Vec<f64> = (0..40).map(|k| f64::from(k % 4) / 10.0).collect();
    let ours: Vec<f64> = (0..40).map(|k| f64::from(k % 4) * 0.1).collect();
    assert_ne!(theirs, ours);
    assert_eq!(Distribution::of(&[&theirs]).distance(&ours), Some(0.0));
    assert_eq!(Distribution::of(&[&[5.0; 9]]).distance(&[7.0; 4]), Some(1.0));
    assert_eq!(Distribution::of(&[&[7.0; 9]]).distance(&[5.0; 4]), Some(1.0));
}

#[test]
fn what_is_within_is_near_for_realisations() {
    let own = |shift: f64| {
        let rate_hz: Vec<f64> = (0..100).map(|k| f64::from(k) * 0.1 + shift).collect();
        vec![Statistics { cv: rate_hz.clone(), correlation: rate_hz.clone(), rate_hz }]
    };
    let names = ["all".to_owned()];
    let reference = Reference::of(("net", 1.0, "two runs"), (100.0, &METHOD), &names, &[own(0.0), own(0.5), own(0.25)]);
    assert_eq!(reference.check(), Ok(()));
    let near = reference.compare(&names, &[own(0.2)]);
    assert!(near.len() == 3 && near.iter().all(|line| line.within), "{near:?}");
    let far = reference.compare(&names, &[own(2.0)]);
    assert!(far.iter().all(|line| !line.within && line.distance > Some(0.1)), "{far:?}");
    assert!(reference.compare(&["other".to_owned()], &[own(0.0)]).is_empty());
    let mut broken = reference.clone();
    broken.populations[0].cv.below[3] = 2.0;
    assert_eq!(broken.check(), Err("CV of population `all`: `below` does not ascend".to_owned()));
    broken = Reference { length_ms: f64::NAN, ..reference };
    assert!(broken.check().is_err_and(|fault| fault.contains("`length_ms` is NaN")));
}

proptest! {
    /// The distance from a kept distribution is that of the samples, up to what points leave out.
    #[test]
    fn the_distance_is_that_of_samples(
        a in prop::collection::vec(0.0f64..10.0, 1..60),
        b in prop::collection::vec(0.0f64..10.0, 1..60),
    ) {
        let kept = Distribution::of(&[&a]);
        prop_assert_eq!(kept.distance(&a), Some(0.0));
        let (own, exact) = (kept.distance(&b).unwrap(), ks(&a, &b).unwrap());
        prop_assert!(own <= exact + 1e-12 && own >= exact - 1.0 / a.len() as f64 - 1e-12, "{} {}", own, exact);
    }
}

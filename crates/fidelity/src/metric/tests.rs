use proptest::prelude::*;
use serde_json::Value;

use super::agreement::agreement;
use super::coincidence::{coincidence, pairs};
use super::correlation::{binned, coefficients, pearson};
use super::divergence::first_divergence;
use super::ks::ks;
use super::rate::{cv, rate};
use super::rmse::{largest, rmse};
use super::spike_distance::spike_distance;
use super::van_rossum::van_rossum;
use super::victor_purpura::victor_purpura;

fn recorded() -> Value {
    serde_json::from_str(include_str!("../../tests/golden/metrics.json")).unwrap()
}

fn reals(value: &Value) -> Vec<f64> {
    value.as_array().unwrap().iter().map(|x| x.as_f64().unwrap()).collect()
}

/// Equal up to rounding; a root of what rounding left of zero is as good as zero.
fn near(own: f64, theirs: f64, what: &str) {
    let rounding = 1e-9 * theirs.abs().max(1.0);
    assert!((own - theirs).abs() <= rounding || own.max(theirs) < 1e-6, "{what}: {own} {theirs}");
}

#[test]
fn distances_and_pairs_are_those_of_elephant_pyspike_and_scipy() {
    let all = recorded();
    let (taus, costs, stop) = (reals(&all["taus"]), reals(&all["costs"]), all["stop"].as_f64().unwrap());
    let windows = reals(&all["windows"]);
    let mut spikes = 0;
    for case in all["pairs"].as_array().unwrap() {
        let (a, b) = (reals(&case["a"]), reals(&case["b"]));
        spikes += a.len() + b.len();
        for (tau, theirs) in taus.iter().zip(reals(&case["van_rossum"])) {
            near(van_rossum(&a, &b, *tau), theirs, "van Rossum");
        }
        for (cost, theirs) in costs.iter().zip(reals(&case["victor_purpura"])) {
            near(victor_purpura(&a, &b, *cost), theirs, "Victor-Purpura");
        }
        for (window, theirs) in windows.iter().zip(reals(&case["matched"])) {
            near(pairs(&a, &b, *window).len() as f64, theirs, "matched spikes");
        }
        near(spike_distance(&a, &b, 0.0, stop), case["spike_distance"].as_f64().unwrap(), "SPIKE");
        for (train, k) in [(&a, 0), (&b, 1)] {
            near(rate(train, stop), case["rate"][k].as_f64().unwrap(), "rate");
            if let Some(theirs) = case["cv"][k].as_f64() {
                near(cv(train).unwrap(), theirs, "cv");
            }
        }
    }
    assert!(spikes > 500, "{spikes}");
}

#[test]
fn correlations_are_those_of_elephant() {
    for population in recorded()["populations"].as_array().unwrap() {
        let trains: Vec<Vec<f64>> = population["trains"].as_array().unwrap().iter().map(reals).collect();
        let bins: Vec<Vec<f64>> = trains.iter().map(|t| binned(t, 5.0, 200.0, 0.0)).collect();
        for (i, row) in population["correlation"].as_array().unwrap().iter().enumerate() {
            for (j, theirs) in reals(row).into_iter().enumerate() {
                near(pearson(&bins[i], &bins[j]).unwrap(), theirs, "correlation");
            }
        }
        assert_eq!(coefficients(&trains, 5.0, 200.0, 0.0).len(), 21);
    }
}

#[test]
fn the_distance_of_samples_is_that_of_scipy() {
    for case in recorded()["distributions"].as_array().unwrap() {
        near(ks(&reals(&case["x"]), &reals(&case["y"])).unwrap(), case["ks"].as_f64().unwrap(), "KS");
    }
    assert_eq!(ks(&[], &[1.0]), None);
}

fn events(value: &Value) -> Vec<(u64, u32)> {
    let one = |e: &Value| (e[0].as_u64().unwrap(), e[1].as_u64().unwrap() as u32);
    value.as_array().unwrap().iter().map(one).collect()
}

#[test]
fn the_first_difference_is_that_of_numpy() {
    let all = recorded();
    let cases = all["divergences"].as_array().unwrap();
    for case in cases {
        let theirs = case["first"].as_array();
        let theirs = theirs.map(|p| (p[0].as_u64().unwrap(), p[1].as_u64().unwrap() as u32, p[2].as_bool().unwrap()));
        assert_eq!(first_divergence(&events(&case["a"]), &events(&case["b"])), theirs);
    }
    assert!(cases.iter().filter(|case| !case["first"].is_null()).count() == 5 && cases.len() == 6);
}

#[test]
fn states_and_decisions_differ_as_scikit_learn_says() {
    let all = recorded();
    for case in all["states"].as_array().unwrap() {
        let (x, y) = (reals(&case["x"]), reals(&case["y"]));
        near(rmse(&x, &y), case["rmse"].as_f64().unwrap(), "RMSE");
        near(largest(&x, &y), case["largest"].as_f64().unwrap(), "largest difference");
    }
    let whole = |value: &Value| reals(value).into_iter().map(|x| x as usize).collect::<Vec<_>>();
    for case in all["decisions"].as_array().unwrap() {
        near(agreement(&whole(&case["x"]), &whole(&case["y"])), case["agreement"].as_f64().unwrap(), "agreement");
    }
}

#[test]
fn the_first_difference_is_found() {
    let a = [(1, 0), (4, 2), (7, 1)];
    assert_eq!(first_divergence(&a, &a), None);
    assert_eq!(first_divergence(&a, &[(1, 0), (4, 3), (7, 1)]), Some((4, 2, true)));
    assert_eq!(first_divergence(&a, &[(1, 0), (4, 2), (4, 0), (7, 1)]), Some((4, 0, false)));
}

#[test]
fn lags_and_states_by_hand() {
    let c = coincidence(&[10.0, 20.0, 40.0], &[11.0, 18.0, 60.0], 2.0, 100.0);
    assert_eq!((c.matched, c.mean_lag_steps, c.largest_lag_steps), (2.0 / 3.0, -0.5, 2.0));
    // Two pairs, 2 * 0.03 * 2 * 3 = 0.36 by chance, over 3 spikes, over 1 - 0.12.
    assert!((c.factor.unwrap() - (2.0 - 0.36) / 3.0 / 0.88).abs() < 1e-12);
    assert_eq!(coincidence(&[], &[], 2.0, 10.0).matched, 1.0);
    assert_eq!((rmse(&[1.0, 2.0], &[4.0, 6.0]), largest(&[1.0, 2.0], &[4.0, 6.0])), (12.5_f64.sqrt(), 4.0));
    assert_eq!((agreement(&[1, 2, 3, 4], &[1, 2, 3, 0]), agreement(&[], &[])), (0.75, 1.0));
}

fn train() -> impl Strategy<Value = Vec<f64>> {
    prop::collection::btree_set(1u32..200, 0..30).prop_map(|all| all.into_iter().map(f64::from).collect())
}

proptest! {
    /// Distances are symmetric, zero for equal trains, and obey the triangle inequality where they are metrics.
    #[test]
    fn distances_are_distances(a in train(), b in train(), c in train(), tau in 0.5f64..50.0, q in 0.0f64..3.0) {
        let (vr, vp) = (|x: &[f64], y: &[f64]| van_rossum(x, y, tau), |x: &[f64], y: &[f64]| victor_purpura(x, y, q));
        for d in [&vr as &dyn Fn(&[f64], &[f64]) -> f64, &vp, &|x, y| spike_distance(x, y, 0.0, 200.0)] {
            prop_assert!(d(&a, &a) < 1e-6);
            prop_assert!((d(&a, &b) - d(&b, &a)).abs() < 1e-6);
            prop_assert!(d(&a, &b) >= 0.0);
        }
        prop_assert!(vr(&a, &c) <= vr(&a, &b) + vr(&b, &c) + 1e-6);
        prop_assert!(vp(&a, &c) <= vp(&a, &b) + vp(&b, &c) + 1e-9);
        prop_assert!(spike_distance(&a, &b, 0.0, 200.0) <= 1.0);
        prop_assert!(vp(&a, &b) >= (a.len() as f64 - b.len() as f64).abs() - 1e-9);
    }

    /// Coefficients from occupied bins are those of the whole series.
    #[test]
    fn coefficients_are_those_of_whole_series(trains in prop::collection::vec(train(), 2..5), bin in 1u32..12) {
        let bin = f64::from(bin);
        let series: Vec<Vec<f64>> = trains.iter().map(|t| binned(t, bin, 190.0, 1.0)).collect();
        let pairs = (0..series.len()).flat_map(|i| (i + 1..series.len()).map(move |j| (i, j)));
        let whole: Vec<f64> = pairs.filter_map(|(i, j)| pearson(&series[i], &series[j])).collect();
        let own = coefficients(&trains, bin, 190.0, 1.0);
        prop_assert_eq!(own.len(), whole.len());
        for (a, b) in own.iter().zip(&whole) {
            prop_assert!((a - b).abs() < 1e-9, "{} {}", a, b);
        }
    }

    /// No window finds fewer pairs than a smaller one, and each spike has one partner at most.
    #[test]
    fn pairs_grow_with_the_window(a in train(), b in train(), window in 0.0f64..20.0) {
        let found = pairs(&a, &b, window);
        prop_assert!(found.len() <= a.len().min(b.len()));
        prop_assert!(found.windows(2).all(|w| w[0].0 < w[1].0 && w[0].1 < w[1].1));
        prop_assert!(found.iter().all(|(x, y)| (x - y).abs() <= window));
        prop_assert!(pairs(&a, &b, window + 1.0).len() >= found.len());
        prop_assert_eq!(pairs(&b, &a, window).len(), found.len());
    }
}

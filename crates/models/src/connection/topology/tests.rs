//! What each topology promises.

use std::collections::BTreeSet;

use super::*;
use proptest::prelude::*;

fn all(topology: &Topology, shape: [usize; 2], seed: u64) -> Vec<(u32, u32)> {
    let wiring = topology.wiring(shape, seed, 4).unwrap();
    let synapses: Vec<_> = wiring.all().collect();
    // The same in the opposite order of evaluation.
    let mut backwards: Vec<Vec<_>> = (0..wiring.n_owners()).rev().map(|i| wiring.of(i)).collect();
    backwards.reverse();
    assert_eq!(backwards.concat(), synapses);
    let pairs: BTreeSet<_> = synapses.iter().collect();
    assert_eq!(pairs.len(), synapses.len(), "no pair twice");
    synapses
}

fn degrees(synapses: &[(u32, u32)], n: usize, of: fn(&(u32, u32)) -> u32) -> Vec<u32> {
    let mut count = vec![0; n];
    synapses.iter().for_each(|s| count[of(s) as usize] += 1);
    count
}

proptest! {
    /// Degrees are exact, whatever the sizes; without self loops there is none.
    #[test]
    fn fixed_degrees_are_exact(n_in in 2usize..40, n_out in 2usize..40, part in 0.0f64..1.0, seed in any::<u64>()) {
        let degree = (part * n_in as f64) as u32;
        let synapses = all(&Topology::FixedInDegree { degree, self_loops: true }, [n_out, n_in], seed);
        prop_assert!(degrees(&synapses, n_out, |s| s.1).iter().all(|d| *d == degree));
        prop_assert!(synapses.iter().all(|s| (s.0 as usize) < n_in));
        let degree = (part * n_out as f64) as u32;
        let synapses = all(&Topology::FixedOutDegree { degree, self_loops: true }, [n_out, n_in], seed);
        prop_assert!(degrees(&synapses, n_in, |s| s.0).iter().all(|d| *d == degree));
        let degree = (part * (n_in - 1) as f64).round() as u32;
        let synapses = all(&Topology::FixedInDegree { degree, self_loops: false }, [n_in, n_in], seed);
        prop_assert!(synapses.iter().all(|s| s.0 != s.1));
        prop_assert!(degrees(&synapses, n_in, |s| s.1).iter().all(|d| *d == degree));
    }

    /// Every source keeps its degree, moved or not, and hears no echo of itself.
    #[test]
    fn small_worlds_keep_their_out_degree(n in 5usize..60, half in 1u32..3, rewire in 0.0f64..=1.0, seed in any::<u64>()) {
        let degree = 2 * half;
        let synapses = all(&Topology::WattsStrogatz { degree, rewire }, [n, n], seed);
        prop_assert!(degrees(&synapses, n, |s| s.0).iter().all(|d| *d == degree));
        prop_assert!(synapses.iter().all(|s| s.0 != s.1));
    }

    /// Element v hears `degree` earlier ones; the first ones all that came before.
    #[test]
    fn preferential_attachment_hears_earlier_elements(n in 4usize..80, degree in 1u32..4, seed in any::<u64>()) {
        let synapses = all(&Topology::BarabasiAlbert { degree, symmetric: false }, [n, n], seed);
        prop_assert!(synapses.iter().all(|s| s.0 < s.1));
        let heard = degrees(&synapses, n, |s| s.1);
        prop_assert!(heard.iter().enumerate().all(|(v, d)| *d == degree.min(v as u32)));
        let both = all(&Topology::BarabasiAlbert { degree, symmetric: true }, [n, n], seed);
        prop_assert_eq!(both.len(), 2 * synapses.len());
        prop_assert!(synapses.iter().all(|s| both.contains(s) && both.contains(&(s.1, s.0))));
    }
}

#[test]
fn erdos_renyi_has_its_density_within_five_sigma() {
    for (k, p) in [0.0, 0.003, 0.1, 0.5, 0.97, 1.0].into_iter().enumerate() {
        let (n_out, n_in) = (300, 500);
        let synapses = all(&Topology::ErdosRenyi { probability: p, self_loops: true }, [n_out, n_in], k as u64);
        let pairs = (n_out * n_in) as f64;
        let sigma = (pairs * p * (1.0 - p)).sqrt();
        let off = synapses.len() as f64 - pairs * p;
        assert!(off.abs() <= 5.0 * sigma, "p {p}: {off} off, sigma {sigma}");
        // No source is favoured: the first and last hundred get their share.
        for range in [0..100_u32, 400..500] {
            let part = synapses.iter().filter(|s| range.contains(&s.0)).count() as f64;
            let sigma = (pairs / 5.0 * p * (1.0 - p)).sqrt();
            assert!((part - pairs / 5.0 * p).abs() <= 5.0 * sigma, "p {p}, sources {range:?}");
        }
    }
}

#[test]
fn fixed_in_degree_favours_no_source() {
    let (n, degree) = (1000, 50);
    let synapses = all(&Topology::FixedInDegree { degree, self_loops: false }, [n, n], 9);
    let out = degrees(&synapses, n, |s| s.0);
    let chi: f64 = out.iter().map(|d| (f64::from(*d) - 50.0).powi(2) / 47.5).sum();
    // Chi-squared of about 1000 degrees of freedom: 5 sigma is 5 * sqrt(2000).
    assert!((chi - 1000.0).abs() < 224.0, "{chi}");
}

#[test]
fn rewiring_moves_as_many_synapses_as_asked() {
    let (n, degree) = (2000, 10);
    for rewire in [0.0, 0.1, 1.0] {
        let synapses = all(&Topology::WattsStrogatz { degree, rewire }, [n, n], 1);
        let near = |s: &&(u32, u32)| {
            let d = s.0.abs_diff(s.1);
            d.min(n as u32 - d) <= degree / 2
        };
        let moved = synapses.len() - synapses.iter().filter(near).count();
        let expected = rewire * synapses.len() as f64;
        let slack = 5.0 * (expected + 1.0).sqrt() + 0.01 * expected;
        assert!((moved as f64 - expected).abs() <= slack * f64::from(u8::from(rewire > 0.0)), "{rewire}: {moved}");
    }
}

#[test]
fn preferential_attachment_has_a_heavy_tail_of_exponent_three() {
    let (n, degree) = (20_000, 4_u32);
    let topology = Topology::BarabasiAlbert { degree, symmetric: true };
    let synapses = all(&topology, [n, n], 3);
    let out = degrees(&synapses, n, |s| s.0);
    assert!(out.iter().all(|d| *d >= degree));
    // P(degree >= k) = m (m + 1) / (k (k + 1)) in the limit (Dorogovtsev, Mendes and Samukhin, PRL 85, 2000).
    for k in [8_u32, 16, 32, 64] {
        let share = out.iter().filter(|d| **d >= k).count() as f64 / n as f64;
        let limit = f64::from(degree * (degree + 1)) / f64::from(k * (k + 1));
        assert!((share / limit - 1.0).abs() < 0.25, "k {k}: {share}, limit {limit}");
    }
    assert!(*out.iter().max().unwrap() > 200, "hubs");
}

#[test]
fn distance_decides() {
    let topology = |falloff, periodic| Topology::Distance {
        source_shape: Some(vec![20, 20]),
        target_shape: Some(vec![20, 20]),
        falloff,
        peak: 1.0,
        periodic,
        self_loops: false,
    };
    // A disc of radius 1.5 on a torus: the eight neighbours of each.
    let synapses = all(&topology(Falloff::Disc(1.5), true), [400, 400], 1);
    assert!(degrees(&synapses, 400, |s| s.1).iter().all(|d| *d == 8));
    let open = all(&topology(Falloff::Disc(1.5), false), [400, 400], 1);
    let corner = degrees(&open, 400, |s| s.1)[0];
    assert_eq!(corner, 3);
    // A Gaussian: the expected number within five sigma.
    let synapses = all(&topology(Falloff::Gaussian(2.0), true), [400, 400], 2);
    let wrapped = |d: i32| f64::from(d.min(20 - d));
    let p = |x: i32, y: i32| (-(wrapped(x).powi(2) + wrapped(y).powi(2)) / 8.0).exp();
    let cells = || (0..20).flat_map(|x| (0..20).map(move |y| (x, y))).filter(|c| *c != (0, 0));
    let mean: f64 = cells().map(|(x, y)| p(x, y)).sum::<f64>() * 400.0;
    let sigma = (cells().map(|(x, y)| p(x, y) * (1.0 - p(x, y))).sum::<f64>() * 400.0).sqrt();
    assert!((synapses.len() as f64 - mean).abs() < 5.0 * sigma, "{} {mean}", synapses.len());
}

#[test]
fn bad_topologies_are_refused() {
    let cases = [
        (Topology::OneToOne, [2, 3], "`shape` is [2, 3]"),
        (
            Topology::FixedInDegree { degree: 4, self_loops: true },
            [5, 3],
            "`degree` is 4; allowed is an integer in 0..=3",
        ),
        (
            Topology::FixedOutDegree { degree: 3, self_loops: false },
            [3, 3],
            "`degree` is 3; allowed is an integer in 0..=2",
        ),
        (Topology::ErdosRenyi { probability: 1.5, self_loops: true }, [3, 3], "`probability` is 1.5"),
        (Topology::WattsStrogatz { degree: 3, rewire: 0.1 }, [9, 9], "`degree` is 3; allowed is an even integer"),
        (Topology::BarabasiAlbert { degree: 9, symmetric: false }, [9, 9], "`degree` is 9"),
        (
            Topology::Distance {
                source_shape: Some(vec![2, 2]),
                target_shape: None,
                falloff: Falloff::Disc(1.0),
                peak: 1.0,
                periodic: false,
                self_loops: true,
            },
            [4, 4],
            "`target_shape` is 1",
        ),
    ];
    for (topology, shape, message) in cases {
        let error = topology.wiring(shape, 0, 0).unwrap_err().to_string();
        assert!(error.contains(message), "{error}");
    }
}

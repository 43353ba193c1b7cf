//! Synapses that grow and vanish, one adjustment at a time.

use proptest::prelude::*;

use super::super::testing::{Bench, fixed, float};
use super::super::{LearningDense, LearningRule, LearningSparse, Structure};
use crate::{Arithmetic, Behaviour, Matrix, Number, Setting};

const N_IN: usize = 7;
const N_OUT: usize = 5;

fn structure() -> impl Strategy<Value = Structure> {
    (0u32..8, 1u32..4, 21i32..60, 0i32..20).prop_map(|(degree, period, first, prune)| Structure {
        period,
        prune_at: f64::from(prune),
        ..Structure::new(degree, f64::from(2 * first))
    })
}

fn weights() -> impl Strategy<Value = Vec<Vec<f64>>> {
    let weight = prop_oneof![Just(0.0), (-60i32..60).prop_map(|w| f64::from(2 * w))];
    proptest::collection::vec(proptest::collection::vec(weight, N_IN), N_OUT)
}

/// Spikes of sources and targets, drawn from `seed`.
fn stimulus<N: Number>(seed: u64, step: u64) -> Vec<Vec<N>> {
    let fires = |i: usize| {
        let word = pumice_num::draw(seed, pumice_num::Purpose::STIMULUS, 0, i as u32, step)[0];
        N::from_int(i32::from(word.is_multiple_of(3)))
    };
    vec![(0..N_IN).map(fires).collect(), (N_IN..N_IN + N_OUT).map(fires).collect()]
}

/// What an adjustment may do to one target, by what there was: `before` and `after` are size and place of each synapse.
fn check_target(s: &Structure, before: &[(f64, usize)], after: &[usize], changes: [i32; 2]) -> Result<(), String> {
    let mut left: Vec<_> = before.iter().filter(|(w, _)| *w > s.prune_at).copied().collect();
    left.sort_by(|a, b| a.0.total_cmp(&b.0).then(a.1.cmp(&b.1)));
    let wanted = s.degree as usize;
    if left.len() > wanted {
        left.remove(0);
    }
    let mut kept: Vec<usize> = left.iter().map(|(_, i)| *i).collect();
    kept.sort_unstable();
    let new: Vec<usize> = after.iter().copied().filter(|i| !kept.contains(i)).collect();
    let vacant = (0..N_IN).filter(|i| before.iter().all(|(_, k)| k != i));
    let grows = usize::from(left.len() < wanted && vacant.count() > 0);
    let held = after.len() == kept.len() + grows
        && kept.iter().all(|i| after.contains(i))
        && new.iter().all(|i| before.iter().all(|(_, k)| k != i))
        && changes == [grows as i32, (before.len() - left.len()) as i32];
    held.then_some(()).ok_or_else(|| format!("{before:?} became {after:?}, {changes:?}"))
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// Every adjustment prunes what is weak, the weakest where there are too many, and grows one where there are too few.
    #[test]
    fn adjustments_do_what_they_say(s in structure(), weights in weights(), seed in any::<u32>()) {
        let rule = LearningRule { t_epoch: 2, ..LearningRule::new("2^-3*y0*x1 - 2^-3*x0*y1").x1(20.0, 9.0).y1(24.0, 12.0) };
        // A twin without structure learns to the first adjustment: what that finds before it.
        let still = LearningDense::new(weights, rule);
        let grows = LearningDense { structure: Some(s.clone()), ..still.clone() };
        let a = Arithmetic::loihi1();
        let mut bench = fixed(&grows, &a, u64::from(seed));
        let mut twin = fixed(&still, &a, u64::from(seed));
        let every = 2 * u64::from(s.period);
        let mut counts = [vec![0; N_OUT], vec![0; N_OUT]];
        for t in 1..=every {
            let held = bench.var("connected");
            bench.run(&stimulus(u64::from(seed), t));
            twin.run(&stimulus(u64::from(seed), t));
            let (found, now, after) = (twin.var("weights"), bench.var("connected"), bench.var("weights"));
            if t < every {
                prop_assert_eq!(&held, &now);
                prop_assert!((0..N_IN * N_OUT).all(|k| held[k] == 0 || found[k] == after[k]));
                continue;
            }
            let changes = ["grown", "pruned"].map(|name| bench.var(name));
            for j in 0..N_OUT {
                let row = j * N_IN..(j + 1) * N_IN;
                let had = held[row.clone()].iter().zip(&found[row.clone()]).enumerate().filter(|(_, (c, _))| **c == 1);
                let before: Vec<_> = had.map(|(i, (_, w))| (f64::from(w.abs()), i)).collect();
                let after: Vec<usize> = (0..N_IN).filter(|i| now[row.start + i] == 1).collect();
                let done = [0, 1].map(|c| changes[c][j] - counts[c][j]);
                check_target(&s, &before, &after, done).map_err(TestCaseError::fail)?;
            }
            prop_assert!((0..N_IN * N_OUT).all(|k| now[k] == 1 || after[k] == 0));
            prop_assert!((0..N_IN * N_OUT).all(|k| now[k] == held[k] || now[k] == 0 || f64::from(after[k]) == s.first_weight));
            counts = changes;
        }
    }

    /// A run that is taken back goes on to the bit, in both number types; vacant places stay at zero and degrees are what is counted.
    #[test]
    fn growing_resumes(s in structure(), seed in any::<u32>()) {
        let listed = [(1, 0, 50.0), (4, 0, 8.0), (4, 3, 90.0), (6, 4, -30.0)];
        let rule = LearningRule { dt: Some("2^-1*x0*y1".into()), ..LearningRule::new("2^-3*y0*x1 - 2^-3*x0*y1") };
        let rule = rule.x1(20.0, 9.0).y1(24.0, 12.0);
        let s = Structure { all_sources: true, ..s };
        let process = LearningSparse { structure: Some(s), ..LearningSparse::new([N_OUT, N_IN], listed, rule) };
        resumes(fixed(&process, &Arithmetic::loihi2(), 3), fixed(&process, &Arithmetic::loihi2(), 3), seed)?;
        resumes(float(&process, &Arithmetic::loihi2()), float(&process, &Arithmetic::loihi2()), seed)?;
    }
}

fn resumes<N: Number>(mut whole: Bench<N>, mut resumed: Bench<N>, seed: u32) -> Result<(), TestCaseError> {
    for t in 1..=20 {
        whole.run(&stimulus(u64::from(seed), t));
        let [weights, connected, degree] = ["weights", "connected", "degree"].map(|name| whole.var(name));
        prop_assert_eq!(weights.len(), N_IN * N_OUT);
        prop_assert!(weights.iter().zip(&connected).all(|(w, c)| c.real() == 1.0 || w.real() == 0.0));
        prop_assert_eq!(connected.iter().map(|c| c.real()).sum::<f64>(), degree.iter().map(|d| d.real()).sum::<f64>());
    }
    resumed.kernel.load(&whole.kernel.save()).unwrap();
    resumed.step = 20;
    for t in 21..=40 {
        prop_assert_eq!(whole.run(&stimulus(u64::from(seed), t)), resumed.run(&stimulus(u64::from(seed), t)));
    }
    prop_assert_eq!(whole.kernel.save(), resumed.kernel.save());
    Ok(())
}

/// Where weights hold no fraction, the float twin grows and loses the same synapses; a delay comes back as it was given.
#[test]
fn the_float_twin_grows_the_same_synapses() {
    let rule = LearningRule { dd: Some("2^0*x0".into()), ..LearningRule::new("2^2*y0 - 2^4*x0") };
    let weights = (0..N_OUT).map(|j| (0..N_IN).map(|i| if (i + j) % 3 == 0 { 40.0 } else { 0.0 }).collect()).collect();
    let process = LearningDense {
        structure: Some(Structure { prune_at: 20.0, ..Structure::new(4, 60.0) }),
        delays: Some(Matrix((0..N_OUT).map(|j| (0..N_IN).map(|i| ((i + j) % 5) as f64).collect()).collect())),
        ..LearningDense::new(weights, rule)
    };
    let a = Arithmetic::loihi2();
    let (mut int, mut real) = (fixed(&process, &a, 0), float(&process, &a));
    for t in 1..=30 {
        int.run(&stimulus(9, t));
        real.run(&stimulus(9, t));
        for name in ["weights", "tag_2", "connected", "degree", "grown", "pruned"] {
            let want: Vec<f64> = int.var(name).iter().map(|v| f64::from(*v)).collect();
            assert_eq!(real.var(name), want, "{name} after step {t}");
        }
    }
    assert!(int.var("grown").iter().sum::<i32>() > 30 && int.var("pruned").iter().sum::<i32>() > 30);
}

/// Places that hold no synapse take no synapse memory and no row.
#[test]
fn rows_hold_what_is_connected() {
    let grows = Structure { all_sources: true, ..Structure::new(3, 50.0) };
    let rule = LearningRule::new("2^-3*y0*x1");
    let listed = [(1, 0, 50.0), (2, 0, 0.0), (4, 3, 90.0)];
    let process = LearningSparse { structure: Some(grows), ..LearningSparse::new([N_OUT, N_IN], listed, rule) };
    let a = Arithmetic::loihi1();
    let setting = Setting { arithmetic: &a, seed: 0, place: 0 };
    let list = |rows: crate::Rows| {
        let mut all = Vec::new();
        rows.each(|i, j| all.push((i, j)));
        all
    };
    assert_eq!(list(process.rows(&setting).unwrap().unwrap()), [(1, 0), (4, 3)]);
    let mut connected = vec![0; N_IN * N_OUT];
    (connected[1], connected[3]) = (1, 1);
    let rows = process.rows_with(&setting, &connected).unwrap().unwrap();
    assert_eq!(list(rows), [(0, 0), (2, 0)], "the first unlisted pair is that of source 0 and target 0");
    assert!(process.rows_with(&setting, &connected[1..]).unwrap().is_err());
}

//! What the engines do beyond the recordings: registers, moments, saved state, cost, delays, the library.

use proptest::prelude::*;
use pumice_num::{Draws, Purpose};

use super::super::testing::{Bench, fixed, float};
use crate::connection::weight::SignMode;
use crate::learning::library::*;
use crate::learning::*;
use crate::{Arithmetic, Behaviour, Number, OverflowKind};

pub(super) fn arithmetics() -> [Arithmetic; 3] {
    [Arithmetic::lava(), Arithmetic::loihi1(), Arithmetic::loihi2()]
}

/// Spikes of `n` neurons at step `t`, each with the given chance.
fn random_spikes(seed: u64, side: u32, t: u64, n: usize, chance: f64) -> Vec<i32> {
    (0..n as u32)
        .map(|i| i32::from(Draws::new(seed, Purpose::STIMULUS, side, i * 1000 + t as u32).unit() < chance))
        .collect()
}

/// A stimulus for every in-port of a process with `n` sources and `m` targets.
pub(super) fn stimulus(seed: u64, t: u64, n: usize, m: usize, ports: usize) -> Vec<Vec<i32>> {
    let mut inputs = vec![random_spikes(seed, 0, t, n, 0.2), random_spikes(seed, 1, t, m, 0.2)];
    for port in 2..ports {
        let word = |j: usize| {
            Draws::new(seed, Purpose::STIMULUS, port as u32, (j as u32) << 16 | t as u32).below(300) as i32 - 150
        };
        inputs.push((0..m).map(word).collect());
    }
    inputs
}

pub(super) fn grid(n_out: usize, n_in: usize, w: impl Fn(usize, usize) -> f64) -> Vec<Vec<f64>> {
    (0..n_out).map(|j| (0..n_in).map(|i| w(i, j)).collect()).collect()
}

fn product() -> impl Strategy<Value = String> {
    let dependency = prop::sample::select(vec!["x0", "y0", "u1"]);
    let factor = prop::sample::select(vec![
        "x0", "y0", "x1", "x2", "y1", "y2", "y3", "w", "d", "t", "(x1-5)", "(100-w)", "sgn(w)", "sgn(t+3)", "(y2+7)",
    ]);
    let sign = prop::sample::select(vec!["+", "-"]);
    (sign, 1..8i32, -7..9i32, dependency, prop::collection::vec(factor, 0..4)).prop_map(
        |(sign, m, e, dependency, factors)| {
            let tail: String = factors.iter().map(|f| format!("*{f}")).collect();
            format!("{sign} {m}*2^{e}*{dependency}{tail} ")
        },
    )
}

fn rule_text() -> impl Strategy<Value = String> {
    prop::collection::vec(product(), 1..4).prop_map(|products| products.concat())
}

prop_compose! {
    pub(super) fn any_rule()(dw in rule_text(), dd in prop::option::of(rule_text()), dt in prop::option::of(rule_text()),
        impulses in prop::array::uniform5(0.0..127.0f64), taus in prop::array::uniform5(0..40u32),
        t_epoch in 1..5u32, three_factor in any::<bool>()) -> LearningRule {
        let tau = taus.map(f64::from);
        let rule = LearningRule::new(dw).x1(impulses[0], tau[0]).x2(impulses[1], tau[1])
            .y1(impulses[2], tau[2]).y2(impulses[3], tau[3]).y3(impulses[4], tau[4]);
        LearningRule { dd, dt, t_epoch, three_factor, ..rule }
    }
}

fn sign_range(sign: SignMode) -> (i32, i32) {
    match sign {
        SignMode::Mixed => (-256, 255),
        SignMode::Excitatory => (0, 255),
        SignMode::Inhibitory => (-256, 0),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// No update leaves its register, whatever the rule, the arithmetic, the signs and the bits.
    #[test]
    fn no_update_leaves_its_register(rule in any_rule(), which in 0usize..3, mode in 0usize..3, bits in 3u32..9, seed in any::<u32>()) {
        let a = &arithmetics()[which];
        let sign = [SignMode::Mixed, SignMode::Excitatory, SignMode::Inhibitory][mode];
        let start = [20.0, 40.0, -40.0f64][mode];
        let p = LearningDense { sign_mode: Some(sign), num_weight_bits: bits,
            ..LearningDense::new(grid(4, 3, |i, j| start + (i + j) as f64 * start.signum()), rule) };
        let mut bench = fixed(&p, a, u64::from(seed));
        let ports = p.in_ports().len();
        let (low, high) = sign_range(sign);
        for t in 1..=24 {
            bench.run(&stimulus(u64::from(seed), t, 3, 4, ports));
            prop_assert!(bench.var("weights").iter().all(|w| (low..=high).contains(w)), "{:?}", bench.var("weights"));
            prop_assert!(bench.var("tag_1").iter().all(|w| (a.learning.tag_min..=255).contains(w)));
            let most = if a.learning.delays_act { a.delay_max as i32 } else { 255 };
            prop_assert!(bench.var("tag_2").iter().all(|d| (0..=most).contains(d)));
            prop_assert!(bench.var("x1").iter().chain(&bench.var("x2")).all(|x| (0..=127).contains(x)));
            if !a.learning.keeps_low_bits {
                let step = 1 << (8 - bits + u32::from(mode == 0));
                prop_assert!(bench.var("weights").iter().all(|w| w % step == 0));
            }
        }
    }

    /// Visiting only what spikes call for gives what visiting every synapse gives; a saved run resumes to the bit.
    #[test]
    fn event_driven_equals_full_sweep_and_resumes(rule in any_rule(), which in 0usize..3, seed in any::<u32>()) {
        // Draws are keyed by how a synapse is visited, so both must share them.
        let mut shared = arithmetics()[which].clone();
        shared.learning.common_draws = true;
        let a = &shared;
        let weights = grid(4, 5, |i, j| (i as f64 - j as f64) * 20.0);
        let sparse = LearningDense::new(weights.clone(), rule.clone());
        // The added product is 0, but makes every second epoch visit all synapses.
        let sweeping = LearningRule { dt: Some(format!("{} + 0*u1*w", rule.dt.clone().unwrap_or("0*u1".into()))), ..rule };
        let full = LearningDense::new(weights, sweeping);
        let (mut events, mut sweep) = (fixed(&sparse, a, 7), fixed(&full, a, 7));
        let ports = sparse.in_ports().len();
        let mut resumed: Option<Bench<i32>> = None;
        for t in 1..=40 {
            let inputs = stimulus(u64::from(seed), t, 5, 4, ports);
            let out = events.run(&inputs);
            prop_assert_eq!(&out, &sweep.run(&inputs));
            for var in ["weights", "tag_2", "x1", "y1"] {
                prop_assert_eq!(events.var(var), sweep.var(var), "{} at {}", var, t);
            }
            if let Some(bench) = &mut resumed {
                prop_assert_eq!(&out, &bench.run(&inputs));
                prop_assert_eq!(events.kernel.save(), bench.kernel.save());
            }
            if t == 18 {
                let mut bench = fixed(&sparse, a, 7);
                bench.kernel.load(&events.kernel.save()).unwrap();
                bench.step = t;
                resumed = Some(bench);
            }
        }
        prop_assert!(sweep.kernel.synaptic_updates() >= events.kernel.synaptic_updates());
    }
}

/// Mean and variance over seeds against the float twin.
///
/// Every rounding is unbiased and no register ends, so the mean is that of the twin. Deviations: a trace has at most
/// `0.5 / sqrt(1 - a^2)` (each decay rounds with a variance of at most 1/4, and forgets by a); an event adds a
/// quarter of it to the weight; a weight is rounded to steps of q with at most q/2, independently each time.
#[test]
fn fixed_moments_stay_within_their_derived_bounds() {
    let rule = LearningRule::new("2^-2*y0*x1 - 2^-2*x0*y1").x1(24.0, 12.0).y1(20.0, 8.0);
    let p = LearningDense::new(vec![vec![20.0]], rule);
    let (pre, post) = ([3u64, 14, 27, 38, 50], [7u64, 19, 24, 41, 53]);
    let inputs = |t: u64| [pre.contains(&t), post.contains(&t)].map(|s| vec![i32::from(s)]);
    for a in arithmetics() {
        let mut twin = float(&p, &a);
        for t in 1..=60 {
            twin.run(&inputs(t).map(|s| vec![f64::from(s[0])]));
        }
        let expected = twin.var("weights")[0];
        assert!((expected - 20.0).abs() > 5.0, "the rule is alive: {expected}");
        let n = 600;
        let ends: Vec<f64> = (0..n)
            .map(|seed| {
                let mut bench = fixed(&p, &a, 1000 + seed);
                for t in 1..=60 {
                    bench.run(&inputs(t));
                }
                assert!(bench.overflow.records().is_empty(), "{:?}", bench.overflow);
                f64::from(bench.var("weights")[0])
            })
            .collect();
        let trace = |tau: f64| 0.5 / (1.0 - (-2.0 / tau).exp()).sqrt();
        let q = if a.learning.keeps_low_bits { 1.0 } else { 2.0 };
        let bound = 5.0 * 0.25 * (trace(12.0) + trace(8.0)) + 10f64.sqrt() * q / 2.0;
        let mean = ends.iter().sum::<f64>() / n as f64;
        let variance = ends.iter().map(|w| (w - mean).powi(2)).sum::<f64>() / (n - 1) as f64;
        assert!((mean - expected).abs() <= 4.0 * bound / (n as f64).sqrt(), "{}: mean {mean}, twin {expected}", a.name);
        assert!(
            variance > 0.05 && variance <= bound * bound,
            "{}: variance {variance}, bound {}",
            a.name,
            bound * bound
        );
    }
}

/// Cost follows spikes: a source's spike visits its row, a target's its column, both together each synapse once.
#[test]
fn only_synapses_that_spikes_call_for_are_visited() {
    let p =
        LearningDense::new(grid(30, 50, |_, _| 4.0), LearningRule::new("y0*x1 - x0*y1").x1(16.0, 10.0).y1(16.0, 10.0));
    let mut bench = fixed(&p, &Arithmetic::loihi2(), 1);
    let spike = |n: usize, at: &[usize]| (0..n).map(|i| i32::from(at.contains(&i))).collect::<Vec<_>>();
    for (pre, post, visited) in [(&[][..], &[][..], 0), (&[3], &[], 30), (&[], &[2, 5], 100), (&[1, 2], &[7], 60 + 48)]
    {
        let before = bench.kernel.synaptic_updates();
        bench.run(&[spike(50, pre), spike(30, post)]);
        assert_eq!(bench.kernel.synaptic_updates() - before, visited);
    }
}

#[test]
fn a_learned_delay_delays_under_loihi_and_is_inert_under_lava() {
    let rule = LearningRule { dd: Some("2*x0".into()), dw: None, ..LearningRule::new("") };
    let p = LearningDense::new(vec![vec![10.0]], rule);
    let arrivals = |a: &Arithmetic| {
        let mut bench = fixed(&p, a, 1);
        let out: Vec<i32> = (1..=14).map(|t| bench.run(&[vec![i32::from(t == 1 || t == 5)], vec![0]])[0]).collect();
        (
            out.iter().enumerate().filter(|(_, x)| **x != 0).map(|(t, _)| t + 1).collect::<Vec<_>>(),
            bench.var("tag_2")[0],
        )
    };
    assert_eq!(arrivals(&Arithmetic::loihi1()), (vec![2, 8], 4));
    assert_eq!(arrivals(&Arithmetic::lava()), (vec![2, 6], 4));
    let mut fixed_delay = p.clone();
    fixed_delay.delays = Some(crate::Matrix(vec![vec![3.0]]));
    let mut bench = fixed(&fixed_delay, &Arithmetic::lava(), 1);
    let out: Vec<i32> = (1..=6).map(|t| bench.run(&[vec![i32::from(t == 1)], vec![0]])[0]).collect();
    assert_eq!(out, [0, 0, 0, 0, 10, 0], "delays that no rule changes act in every arithmetic");
    fixed_delay.tag_2 = Some(crate::Matrix(vec![vec![1.0]]));
    let setting = |a| crate::Setting { arithmetic: a, seed: 0, place: 0 };
    assert!(fixed_delay.fixed(&setting(&Arithmetic::loihi1())).is_err());
}

/// The same synapses, listed in another order, learn the same; and recorded counter-based draws replay.
#[test]
fn sparse_equals_dense_and_written_draws_replay() {
    let rule =
        || LearningRule { t_epoch: 2, ..LearningRule::new("2^-1*y0*x1 - 2^-1*x0*y1").x1(20.5, 9.0).y1(30.0, 5.0) };
    let dense = LearningDense::new(grid(3, 4, |i, j| 10.0 * i as f64 - 12.0 * j as f64), rule());
    let listed = (0..12u32).rev().map(|k| (k % 4, k / 4, dense.weights.0[k as usize / 4][k as usize % 4]));
    let sparse = LearningSparse::new([3, 4], listed, rule());
    let replayed = LearningDense { draws: Some(Recording::of(9, 3, 60, 2)), ..dense.clone() };
    for a in arithmetics() {
        let (mut one, mut two) = (fixed(&dense, &a, 9), fixed(&sparse, &a, 9));
        let mut three = fixed(&replayed, &a, 9);
        let mut changed = 0;
        for t in 1..=60 {
            let inputs = stimulus(5, t, 4, 3, 2);
            let out = one.run(&inputs);
            assert_eq!(out, two.run(&inputs));
            let mut weights = two.var("weights");
            weights.reverse();
            assert_eq!(one.var("weights"), weights);
            three.run(&inputs);
            if a.learning.common_draws {
                assert_eq!(one.var("weights"), three.var("weights"));
            }
            changed += usize::from(t > 1 && one.var("weights") != three.var("weights"));
        }
        assert_eq!(changed > 0, !a.learning.common_draws, "other draws, other weights");
    }
}

#[test]
fn payloads_enter_the_trace_as_their_mode_says() {
    let trace = |mode: GradedSpikeCfg, a: &Arithmetic, payloads: &[i32]| {
        let p = LearningDense {
            num_message_bits: 12,
            graded_spike_cfg: mode,
            ..LearningDense::new(
                vec![vec![2.0]],
                LearningRule { t_epoch: 63, ..LearningRule::new("x0*x1").x1(0.0, 20.0).x2(5.0, 20.0) },
            )
        };
        let mut bench = fixed(&p, a, 1);
        payloads
            .iter()
            .map(|s| {
                bench.run(&[vec![*s], vec![0]]);
                bench.var("x1")[0]
            })
            .collect::<Vec<_>>()
    };
    let (lava, loihi) = (Arithmetic::lava(), Arithmetic::loihi2());
    assert_eq!(trace(GradedSpikeCfg::Overwrite, &lava, &[100, 400, 600]), [50, 200, 44]);
    assert_eq!(trace(GradedSpikeCfg::Overwrite, &loihi, &[100, 400, 600]), [50, 127, 127]);
    assert_eq!(trace(GradedSpikeCfg::AddWithSaturation, &loihi, &[100, 100, 100]), [50, 100, 127]);
    assert_eq!(trace(GradedSpikeCfg::AddWithoutSaturation, &lava, &[200, 100, 0]), [100, 23, 23]);
    assert_eq!(trace(GradedSpikeCfg::AddWithoutSaturation, &loihi, &[200, 100, 0]), [100, 22, 22]);
}

#[test]
fn constants_that_do_not_fit_are_refused_or_reported() {
    let loihi = LearningArithmetic::loihi1();
    let rule = LearningRule::new("u10*w");
    assert!(rule.compile(&loihi).unwrap_err().to_string().contains("means what it says"));
    let report = rule.compile(&LearningArithmetic::lava()).unwrap().report;
    assert_eq!(report.readings.len(), 1);
    let rule = LearningRule::new("x0*x1").x1(7.3, 5.0);
    let report = rule.compile(&loihi).unwrap().report;
    assert_eq!((report.approximations[0].asked, report.approximations[0].used), (7.3, 7.0 + 38.0 / 128.0));
    let report = LearningRule::new("x0*x1").x1(7.25, 5.0).compile(&LearningArithmetic::lava()).unwrap().report;
    assert_eq!(report.approximations[0].used, 7.5, "Lava counts the fraction twice");
    for (bad, field) in [
        (LearningRule { t_epoch: 64, ..LearningRule::new("x0") }, "t_epoch"),
        (LearningRule::new("x0").x1(128.0, 1.0), "x1_impulse"),
        (LearningRule::new("x0").y2(1.0, -1.0), "y2_tau"),
        (LearningRule::new("x0*(x1+200)"), "dw"),
        (LearningRule { dt: Some("u2*w".into()), ..LearningRule::new("u1*w") }, "dt"),
        (LearningRule { dw: None, ..LearningRule::default() }, "without"),
    ] {
        assert!(bad.compile(&loihi).unwrap_err().to_string().contains(field), "{field}");
    }
}

/// The weight change of one synapse for post minus pre of `dt` steps, in the float twin.
fn change(rule: &LearningRule, dt: i64) -> f64 {
    let p = LearningDense::new(vec![vec![100.0]], rule.clone());
    let mut bench = float(&p, &Arithmetic::loihi1());
    for t in 1..=80i64 {
        bench.run(&[vec![f64::from(u8::from(t == 30))], vec![f64::from(u8::from(t == 30 + dt))]]);
    }
    bench.var("weights")[0] - 100.0
}

#[test]
fn the_library_means_what_its_equations_say() {
    let stdp = stdp_loihi(1.0, 1.0, -1.5, 10.0, 10.0);
    assert_eq!(stdp.approximations.len(), 1);
    assert_eq!((stdp.approximations[0].asked, stdp.approximations[0].used), (-1.5, -2.0));
    for dt in [1, 5, 12] {
        let fade = (-(dt as f64) / 10.0).exp();
        assert!((change(&stdp.rule, dt) - 16.0 * fade).abs() < 1e-9);
        assert!((change(&stdp.rule, -dt) + 32.0 * fade).abs() < 1e-9);
    }
    assert_eq!(change(&hebb_additive(3.0).unwrap().rule, 40), 3.0);
    assert!((change(&hebb(0.5, 20.0).unwrap().rule, 4) - 8.0 * (-0.2f64).exp()).abs() < 1e-9);
    let ltp = ltp_multiplicative(1.05).unwrap();
    assert_eq!(ltp.approximations[0].used, 6.0 / 128.0);
    assert_eq!(change(&ltp.rule, 40), 100.0 * 6.0 / 128.0);
    assert_eq!(change(&ltp_bounded(0.25, 200).unwrap().rule, 40), 25.0);
    let pair = Triplet {
        a2_plus: 1.0,
        a2_minus: 0.5,
        a3_plus: 0.0,
        a3_minus: 0.0,
        tau_plus: 10.0,
        tau_x: 30.0,
        tau_minus: 20.0,
        tau_y: 40.0,
    };
    let triplet = Triplet { a3_plus: 0.25, ..pair };
    // A lone pair has no triplet in it, because the target's own spike does not count.
    let alone = change(&triplet_stdp(triplet).unwrap().rule, 5);
    assert!((alone - change(&triplet_stdp(pair).unwrap().rule, 5)).abs() < 1e-9 && alone > 9.0, "{alone}");
    assert!(triplet_stdp(Triplet { a2_plus: 0.0, a2_minus: 0.0, ..pair }).is_err());
    assert!(hebb_additive(1e-5).is_err() && hebb_additive(f64::NAN).is_err());
}

/// Runs a rule for `steps` with given spikes and y ports, fixed; the last weight.
fn settle(rule: LibraryRule, a: &Arithmetic, steps: u64, inputs: impl Fn(u64) -> Vec<Vec<i32>>) -> f64 {
    let p = LearningDense::new(vec![vec![100.0]], rule.rule);
    let mut bench = fixed(&p, a, 3);
    for t in 1..=steps {
        bench.run(&inputs(t));
    }
    f64::from(bench.var("weights")[0])
}

#[test]
fn the_rules_that_hold_weights_settle_where_they_should() {
    let a = Arithmetic::loihi2();
    let quiet = |_| vec![vec![0], vec![0]];
    assert!(settle(weight_decay(0.125, 1).unwrap(), &a, 200, quiet) < 12.0);
    let together = |t: u64| vec![vec![i32::from(t.is_multiple_of(5))], vec![i32::from(t.is_multiple_of(5))]];
    let normal = settle(normalisation(0.125, 60.0, 4.0).unwrap(), &a, 600, together);
    // The trace at the spike is 60 / (1 - exp(-5/4)) = 84.1, clipped by nothing.
    assert!((normal - 84.0).abs() < 16.0, "{normal}");
    // A trace with impulse 40 and time constant 10 stands near 80 where the target fires every fifth step.
    let fires = |every: u64| move |t: u64| vec![vec![0], vec![i32::from(t.is_multiple_of(every))]];
    let scaling = || homeostatic_scaling(0.25, 40, (40.0, 10.0), 0).unwrap();
    let (busy, idle) = (settle(scaling(), &a, 120, fires(5)), settle(scaling(), &a, 120, fires(60)));
    assert!(busy < 40.0 && idle > 200.0, "busy {busy}, idle {idle}");
    let error = |e: i32| move |t: u64| vec![vec![i32::from(t.is_multiple_of(4))], vec![0], vec![0], vec![e], vec![0]];
    assert!(settle(delta_rule(0.25).unwrap(), &a, 40, error(10)) > 115.0);
    assert!(settle(delta_rule(0.25).unwrap(), &a, 40, error(-10)) < 85.0);
    assert!(settle(pes(0.0625, 10.0, 2).unwrap(), &a, 60, error(-20)) < 90.0);
}

#[test]
fn reward_turns_eligibility_into_weight() {
    let p = RewardModulatedStdp {
        learning_rate: 1.0,
        a_plus: 2.0,
        a_minus: -2.0,
        pre_trace_decay_tau: 10.0,
        post_trace_decay_tau: 10.0,
        pre_trace_kernel_magnitude: 16.0,
        post_trace_kernel_magnitude: 16.0,
        eligibility_trace_decay_tau: 0.0625,
    };
    let library = reward_modulated_stdp(p);
    let pulse = |reward: i32| {
        move |t: u64| {
            vec![
                vec![i32::from(t == 10)],
                vec![i32::from(t == 12)],
                vec![0],
                vec![if t > 20 && t < 30 { reward } else { 0 }],
                vec![0],
            ]
        }
    };
    let run = |reward| settle(library.clone(), &Arithmetic::loihi2(), 40, pulse(reward));
    assert_eq!(run(0), 100.0);
    assert!(run(40) > 105.0 && run(-40) < 95.0, "{} {}", run(40), run(-40));
}

#[test]
fn a_learning_neuron_drives_its_ports() {
    let rule = LearningRule { three_factor: true, ..LearningRule::new("x0*y2").y1(16.0, 10.0).y3(40.0, 3.0) };
    let p = LearningLif { vth: 2.into(), du: 4095.into(), dv: 4095.into(), ..LearningLif::new(&[2], rule) };
    assert_eq!(
        p.out_ports().iter().map(|o| o.name).collect::<Vec<_>>(),
        ["s_out", "s_out_bap", "s_out_y1", "s_out_y2", "s_out_y3"]
    );
    fn drive<N: Number>(mut bench: Bench<N>) -> Vec<Vec<f64>> {
        let mut seen = Vec::new();
        for t in 1..=20 {
            let drive = if t % 6 == 1 { 5 } else { 0 };
            let numbers = |x: [i32; 2]| x.map(N::from_int).to_vec();
            bench.run(&[numbers([drive, 0]), numbers([200, -3])]);
            assert_eq!(bench.output(0), bench.output(1), "every spike goes back");
            seen.push((0..5).map(|port| bench.output(port)[0].real()).collect());
        }
        assert_eq!(seen.iter().filter(|s: &&Vec<f64>| s[0] == 1.0).count(), 4, "alive");
        seen
    }
    let (ints, reals) = (drive(fixed(&p, &Arithmetic::loihi2(), 4)), drive(float(&p, &Arithmetic::loihi2())));
    for (a, b) in ints.iter().zip(&reals) {
        // Two roundings of less than one, the older ones faded by exp(-1/10): at most 1 / (1 - exp(-1/10)).
        assert!((a[2] - b[2]).abs() < 10.6 && (a[4] - b[4]).abs() < 3.6, "{a:?} {b:?}");
        assert_eq!((a[3], b[3]), (127.0, 200.0));
        assert!(a[0] == 0.0 || a[2] >= 16.0);
    }
    let mut bench = fixed(&p, &Arithmetic::loihi2(), 4);
    bench.run(&[vec![5, 0], vec![200, 0]]);
    assert!(bench.overflow.records().iter().any(|r| r.variable == "y2" && r.kind == OverflowKind::Saturate));
    let saved = bench.kernel.save();
    let mut other = fixed(&p, &Arithmetic::loihi2(), 4);
    other.kernel.load(&saved).unwrap();
    other.step = 1;
    for _ in 0..9 {
        assert_eq!(bench.run(&[vec![4, 1], vec![3, 3]]), other.run(&[vec![4, 1], vec![3, 3]]));
    }
    assert_eq!(bench.kernel.save(), other.kernel.save());
}

#[test]
fn an_adaptive_threshold_settles_at_its_rate() {
    let (excitability, rate) = intrinsic_excitability(0.05, 20).unwrap();
    assert_eq!((rate, excitability.every), (0.05, 1));
    let rule = LearningRule::new("x0");
    let p = LearningLif {
        vth: 1.into(),
        du: 4095.into(),
        dv: 200.into(),
        excitability: Some(excitability),
        ..LearningLif::new(&[3], rule)
    };
    for drive in [3, 12] {
        let mut bench = fixed(&p, &Arithmetic::loihi2(), 1);
        let mut spikes = 0;
        for t in 1..=3000 {
            let fired = bench.run(&[vec![drive; 3]]);
            spikes += if t > 1000 { fired[0] } else { 0 };
        }
        assert!((f64::from(spikes) / 2000.0 - 0.05).abs() < 0.01, "drive {drive}: {spikes} spikes");
    }
}

#[test]
fn pes_and_loihi_synapses_resume_and_follow_their_twins() {
    let pes = PesSynapses {
        weights: crate::Matrix(grid(4, 3, |i, j| 8.0 * (i as f64 - j as f64))),
        weight_exp: 2,
        num_weight_bits: 8,
        learning: serde_json::from_str(r#"{"tracing_tau": 10, "tracing_mag": 20.5}"#).unwrap(),
        draws: None,
    };
    let mut loihi =
        LoihiSynapses::new([4, 3], (0..12).map(|k| (k % 3, k / 3, 100.0)), "2^-3*x1*y0 - 2^-3*y1*x0 - u3*2");
    (loihi.imp_x1, loihi.tau_x1, loihi.imp_y1, loihi.tau_y1, loihi.delay, loihi.num_weight_bits) =
        (40.0, 8.0, 30.0, 9.0, 3, 7);
    let processes: [(&dyn Behaviour, usize, &str); 2] = [(&pes, 2, "weights"), (&loihi, 4, "w")];
    for (process, second, weights) in processes {
        let a = Arithmetic::loihi1();
        let inputs = |t| {
            let all = stimulus(3, t, 3, 4, 2);
            vec![all[0].clone(), if second == 2 { vec![40, -30] } else { all[1].clone() }]
        };
        let (mut bench, mut twin) = (fixed(process, &a, 1), float(process, &a));
        let first = bench.var(weights);
        for t in 1..=30 {
            bench.run(&inputs(t));
            twin.run(&inputs(t).iter().map(|x| x.iter().map(|x| f64::from(*x)).collect()).collect::<Vec<_>>());
        }
        assert_ne!(bench.var(weights), first, "alive");
        assert!(bench.kernel.synaptic_updates() > 0);
        let away = bench
            .var(weights)
            .iter()
            .zip(twin.var(weights))
            .map(|(a, b)| (f64::from(*a) - b).abs())
            .fold(0.0, f64::max);
        assert!(away < 60.0, "{weights} {away}");
        let mut other = fixed(process, &a, 1);
        other.kernel.load(&bench.kernel.save()).unwrap();
        other.step = 30;
        for t in 31..=60 {
            assert_eq!(bench.run(&inputs(t)), other.run(&inputs(t)));
        }
        assert_eq!(bench.kernel.save(), other.kernel.save());
        assert!(other.kernel.load(&bench.kernel.save()[1..]).is_err());
    }
}

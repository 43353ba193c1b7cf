//! Impulses and time constants that are written while synapses learn.

use proptest::prelude::*;
use serde_json::Value;

use super::behaviour::{any_rule, arithmetics, grid, stimulus};
use super::{process, replay};
use crate::learning::course;
use crate::learning::testing::{Bench, fixed, float, golden};
use crate::learning::*;
use crate::{Arithmetic, Behaviour, Number, Values};

/// The course of a trace in a rule: impulse, then time constant.
fn parts(rule: &mut LearningRule) -> [&mut f64; 10] {
    [
        &mut rule.x1_impulse,
        &mut rule.x1_tau,
        &mut rule.x2_impulse,
        &mut rule.x2_tau,
        &mut rule.y1_impulse,
        &mut rule.y1_tau,
        &mut rule.y2_impulse,
        &mut rule.y2_tau,
        &mut rule.y3_impulse,
        &mut rule.y3_tau,
    ]
}

/// Writes values into the variables of a process that is between two steps.
fn write<N: Number>(bench: &mut Bench<N>, values: &[(usize, f64)]) {
    for (var, value) in values {
        let value = N::from_real(*value);
        bench.kernel.set(course::FIRST_VAR + var, &[value]).unwrap();
        assert_eq!(bench.var(course::VARS[*var]), [value]);
    }
}

/// Reals by their bits: rules of any text may pass the largest real.
fn bits(all: &[Values]) -> Vec<Vec<u64>> {
    all.iter().map(|values| values.to_real().into_iter().map(f64::to_bits).collect()).collect()
}

/// The state of one process with impulses and time constants of another, which lie in the array `at`.
fn with_courses<N: Number>(state: &Bench<N>, courses: &Bench<N>, at: usize) -> Vec<Values> {
    let mut all = state.kernel.save();
    all[at] = courses.kernel.save()[at].clone();
    all
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(48))]

    /// From a write on, at any step of an epoch, a process computes what one computes that was built so and is in the same
    /// state, in integers and in reals.
    #[test]
    fn a_write_acts_as_a_rule_built_so(
        rule in any_rule(), which in 0usize..3, seed in any::<u32>(), at in 1u64..20,
        written in prop::collection::btree_map(0usize..10, 0u32..128, 1..6),
    ) {
        let a = &arithmetics()[which];
        // What comes by ports has no course of its own in the rule.
        let own = if rule.three_factor { 4 } else { 10 };
        let written: Vec<(usize, f64)> = written.into_iter().filter(|(var, _)| *var < own).map(|(var, x)| (var, f64::from(x))).collect();
        let mut new = rule.clone();
        written.iter().for_each(|(var, value)| *parts(&mut new)[*var] = *value);
        let made = |rule: LearningRule| LearningDense::new(grid(4, 5, |i, j| (i as f64 - j as f64) * 20.0), rule);
        let (before, after) = (made(rule), made(new));
        let (mut old, mut built) = (fixed(&before, a, 7), fixed(&after, a, 7));
        let (mut real, mut real_built) = (float(&before, a), float(&after, a));
        let mut changed = false;
        for t in 1..=40 {
            let inputs = stimulus(u64::from(seed), t, 5, 4, before.in_ports().len());
            let reals: Vec<Vec<f64>> = inputs.iter().map(|port| port.iter().map(|x| f64::from(*x)).collect()).collect();
            let (ours, real_out) = (old.run(&inputs), real.run(&reals));
            if t > at {
                prop_assert_eq!(&ours, &built.run(&inputs), "step {}", t);
                prop_assert_eq!(old.kernel.save(), built.kernel.save(), "step {}", t);
                let sums = [Values::Real(real_out), Values::Real(real_built.run(&reals))].map(|sums| bits(&[sums]));
                prop_assert_eq!(&sums[0], &sums[1], "step {}", t);
                prop_assert_eq!(bits(&real.kernel.save()), bits(&real_built.kernel.save()), "step {}", t);
            }
            if t == at {
                changed = written.iter().any(|(var, x)| real.var(course::VARS[*var]) != [*x]);
                built.kernel.load(&with_courses(&old, &built, 8)).unwrap();
                real_built.kernel.load(&with_courses(&real, &real_built, 11)).unwrap();
                (built.step, real_built.step) = (t, t);
                prop_assert_eq!(old.kernel.save() != built.kernel.save(), changed);
                write(&mut old, &written);
                write(&mut real, &written);
                prop_assert_eq!(old.kernel.save(), built.kernel.save());
            }
        }
        prop_assert!(changed || written.iter().all(|(var, x)| *parts(&mut before.learning_rule.clone())[*var] == *x));
    }
}

/// A process that was built with other constants, and told those of a recording of Lava before its first step, replays it.
#[test]
fn lavas_recordings_replay_with_written_constants() {
    fn told<N: Number>(case: &Value, bench: fn(&LearningDense, &Arithmetic) -> Bench<N>) -> bool {
        let p = process(case, &case["params"]);
        let mut other = p.clone();
        let mut rule = p.learning_rule.clone();
        let mut written = Vec::new();
        for (var, value) in parts(&mut other.learning_rule).into_iter().enumerate() {
            let own = *parts(&mut rule)[var];
            let given = (var >= 4 && p.learning_rule.three_factor)
                || (var == 0 && p.graded_spike_cfg != GradedSpikeCfg::UseRegularImpulse);
            if given || N::from_real(own).real() != own {
                continue;
            }
            *value = own / 2.0 + 3.3;
            written.push((var, own));
        }
        let mut bench = bench(&other, &Arithmetic::lava());
        write(&mut bench, &written);
        replay(case, &other, bench, &case["outputs"]);
        written.len() >= 4
    }
    let mut replayed = [0, 0];
    for family in ["learning_2f", "learning_3f", "learning_graded"] {
        for case in golden(&format!("lava/{family}.json"))["cases"].as_array().unwrap() {
            if case["process"] != "LearningDense" {
                continue;
            }
            let is_float = case["tags"].as_array().unwrap().iter().any(|t| t == "float");
            let all = match is_float {
                true => told(case, |p, a| float(p, a)),
                false => told(case, |p, a| fixed(p, a, 1)),
            };
            replayed[usize::from(is_float)] += usize::from(all);
        }
    }
    assert!(replayed[0] >= 10, "{replayed:?}");
}

#[test]
fn what_a_trace_cannot_take_is_refused_by_name_and_range() {
    let rule = LearningRule::new("2^-2*y0*x1").x1(16.5, 20.25).y1(16.0, 8.0);
    let p = LearningDense::new(vec![vec![20.0; 2]; 3], rule.clone());
    let set = |bench: &mut Bench<i32>, name: &str, value: i32| {
        let var = p.vars().iter().position(|var| var.name == name).unwrap();
        bench.kernel.set(var, &[value]).map_err(|fault| fault.to_string())
    };
    let mut bench = fixed(&p, &Arithmetic::loihi1(), 1);
    assert_eq!((bench.var("x1_impulse"), bench.var("x1_tau")), (vec![16], vec![20]), "the whole part");
    let fault = set(&mut bench, "x1_impulse", 128).unwrap_err();
    assert_eq!(fault, "`x1_impulse` is 128; allowed is a number in 0..=127");
    let fault = set(&mut bench, "y2_tau", -1).unwrap_err();
    assert_eq!(fault, "`y2_tau` is -1; allowed is a finite number of steps, 0 or more");
    // What was never written keeps its fraction, through a snapshot and beside a write.
    let state = bench.kernel.save();
    assert_eq!(set(&mut bench, "x2_tau", 9), Ok(()));
    let mut again = fixed(&p, &Arithmetic::loihi1(), 1);
    again.kernel.load(&bench.kernel.save()).unwrap();
    assert_eq!(again.kernel.save(), bench.kernel.save());
    assert_eq!(again.var("x2_tau"), [9]);
    again.kernel.load(&state).unwrap();
    assert_eq!(again.kernel.save(), fixed(&p, &Arithmetic::loihi1(), 1).kernel.save());
    let mut bad = state.clone();
    bad[8] = Values::Int(vec![-1; 20]);
    assert!(again.kernel.load(&bad).is_err(), "no number");
    // Traces from ports have no course, unless the arithmetic lets them decay.
    let p = LearningDense::new(vec![vec![20.0; 2]; 3], LearningRule { three_factor: true, ..rule });
    let fault = set(&mut fixed(&p, &Arithmetic::loihi1(), 1), "y1_tau", 5).unwrap_err();
    assert_eq!(
        fault,
        "`y1_tau` is written; allowed is only to read it, because y traces come from ports and are used as they are"
    );
    let mut lava = fixed(&p, &Arithmetic::lava(), 1);
    assert_eq!((lava.var("y1_tau"), lava.var("y1_impulse")), (vec![65_535], vec![0]));
    assert_eq!(set(&mut lava, "y1_tau", 5), Ok(()));
}

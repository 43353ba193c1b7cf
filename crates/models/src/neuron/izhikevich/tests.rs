use proptest::prelude::*;

use super::*;
use crate::neuron::golden::{self, pair, step};
use crate::{Arithmetic, Behaviour, Overflow};

/// Steps at which both forms fire under a constant input.
fn trains(model: &Izhikevich, input: i32, steps: u64) -> [Vec<u64>; 2] {
    let (mut fixed, mut float) = pair(model, &Arithmetic::loihi2());
    let (mut o, mut trains) = (Overflow::default(), [vec![], vec![]]);
    for t in 1..=steps {
        if step(&mut *fixed, model, t, &[vec![input]], &mut o)[0][0] != 0 {
            trains[0].push(t);
        }
        if step(&mut *float, model, t, &[vec![f64::from(input)]], &mut o)[0][0] != 0.0 {
            trains[1].push(t);
        }
    }
    assert!(o.records().is_empty());
    trains
}

/// Izhikevich's Figure 2: regular spiking adapts, fast spiking does not, chattering bursts.
#[test]
fn the_published_types_of_neuron_behave_as_published() {
    let regular = Izhikevich { dt: 0.5, ..Izhikevich::new(&[1]) };
    let fast = Izhikevich { a: 0.1.into(), d: 2.0.into(), ..regular.clone() };
    let chattering = Izhikevich { c: (-50.0).into(), d: 2.0.into(), ..regular.clone() };
    for form in 0..2 {
        let intervals = |model: &Izhikevich| -> Vec<u64> {
            trains(model, 10, 1000)[form].windows(2).map(|w| w[1] - w[0]).collect()
        };
        let (regular, fast, chattering) = (intervals(&regular), intervals(&fast), intervals(&chattering));
        assert!(regular.len() > 8 && 3 * regular[0] < 2 * regular[regular.len() - 1], "{regular:?}");
        assert!(fast.len() > 2 * regular.len(), "{fast:?}");
        let (short, long) = (chattering.iter().min().unwrap(), chattering.iter().max().unwrap());
        assert!(chattering.len() > 20 && *long > 5 * short, "{chattering:?}");
    }
}

#[test]
fn all_roundings_fire_as_often_as_the_twin_and_draw_their_own() {
    let spikes = |rounding, fraction_bits| {
        let [fixed, float] = trains(&Izhikevich { rounding, fraction_bits, ..Izhikevich::new(&[1]) }, 10, 1000);
        assert!(float.len() > 20 && fixed.len().abs_diff(float.len()) <= 1, "{fixed:?} {float:?}");
        fixed
    };
    let nearest = spikes(Rounding::Nearest, 15);
    assert!(spikes(Rounding::Stochastic, 15).len().abs_diff(nearest.len()) <= 1);
    assert_ne!(spikes(Rounding::Stochastic, 8), spikes(Rounding::Nearest, 8), "8 fraction bits show the draws");
}

#[test]
fn register_ends_are_noted_and_ranges_are_named() {
    let model = Izhikevich { v: (-60_000.0).into(), ..Izhikevich::new(&[1]) };
    let (mut fixed, _) = pair(&model, &Arithmetic::loihi2());
    let mut o = Overflow::default();
    step(&mut *fixed, &model, 1, &[vec![0]], &mut o);
    assert_eq!((o.records()[0].variable.as_str(), o.records()[0].kind), ("v", OverflowKind::Saturate));
    let a = Arithmetic::loihi2();
    let setting = Setting { arithmetic: &a, seed: 0, place: 0 };
    let refused = |model: Izhikevich| model.fixed(&setting).unwrap_err().to_string();
    assert_eq!(
        refused(Izhikevich { a: 3.0.into(), ..Izhikevich::new(&[1]) }),
        "`a` is 3; allowed is a rate per step in -2..=2"
    );
    assert!(
        refused(Izhikevich { c: (-65_537.0).into(), ..Izhikevich::new(&[1]) })
            .starts_with("`c` is -65537; allowed is a number in -65535.")
    );
    assert_eq!(
        refused(Izhikevich { fraction_bits: 21, ..Izhikevich::new(&[1]) }),
        "`fraction_bits` is 21; allowed is an integer in 8..=20"
    );
    assert_eq!(
        refused(Izhikevich { dt: 0.0, ..Izhikevich::new(&[1]) }),
        "`dt` is 0; allowed is a number of ms above 0 and at most 1"
    );
}

#[test]
fn a_cut_population_and_a_resumed_one_equal_the_whole() {
    let model = Izhikevich { rounding: Rounding::Stochastic, ..Izhikevich::new(&[30]) };
    let inputs: Vec<Vec<Vec<i32>>> = golden::noise(10, 200, 1, 30, 10)
        .into_iter()
        .map(|ports| ports.into_iter().map(|port| port.into_iter().map(|x| x + 8).collect()).collect())
        .collect();
    assert!(golden::cut_and_resume(&model, 11, &inputs) > 50);
}

proptest! {
    /// From one common state: the midpoint is rounded once, by at most one LSB, which the slopes at the midpoint turn
    /// into an error of the step; the step is rounded once more. Constants have 30 fraction bits.
    #[test]
    fn one_step_stays_within_its_budget(
        v in -90.0f64..29.0, u in -20.0f64..20.0, input in -20i32..40, bits in 8i32..=16,
        dt in prop::sample::select(vec![1.0, 0.5, 0.1]),
        rounding in prop::sample::select(vec![Rounding::Down, Rounding::Nearest, Rounding::Stochastic]),
    ) {
        let model = Izhikevich { fraction_bits: bits, dt, rounding, ..Izhikevich::new(&[1]) };
        let (mut fixed, mut float) = pair(&model, &Arithmetic::loihi2());
        let lsb = f64::from(-bits).exp2();
        for (var, x) in [v, u].into_iter().enumerate() {
            let register = (x / lsb).round();
            fixed.set(var, &[register as i32]).unwrap();
            float.set(var, &[register]).unwrap();
        }
        let mut o = Overflow::default();
        let s = step(&mut *fixed, &model, 1, &[vec![input]], &mut o)[0][0];
        let f = step(&mut *float, &model, 1, &[vec![f64::from(input)]], &mut o)[0][0];
        // Slopes are below 4000 mV/ms; a constant of 30 fraction bits errs by at most 2^-30.
        let once = 1.0 + 4000.0 / lsb * f64::from(-30).exp2();
        let slope = 0.04 * v * v + 5.0 * v + 140.0 - u + f64::from(input);
        let middle = v + dt / 2.0 * slope;
        let ev = once + dt * once * ((0.08 * middle + 5.0).abs() + 0.08 * lsb + 1.0);
        let eu = once + dt * 0.02 * once * (0.2 + 1.0);
        let (got, want) = (f64::from(fixed.get(0)[0]), float.get(0)[0]);
        if f64::from(s) == f {
            prop_assert!((got - want).abs() <= ev.max(0.5), "{got} {want} {ev}");
            prop_assert!((f64::from(fixed.get(1)[0]) - float.get(1)[0]).abs() <= eu + 0.5);
        } else {
            let silent = if s == 0 { got } else { want };
            prop_assert!((silent - 30.0 / lsb).abs() <= ev + 0.5, "{silent} {ev}");
        }
    }
}

use proptest::prelude::*;

use super::*;
use crate::neuron::golden::{self, pair, step};
use crate::{Arithmetic, Behaviour, Overflow};

/// Steps at which both forms fire under a constant input `[pA]`.
fn trains(model: &AdEx, input: i32, steps: u64) -> [Vec<u64>; 2] {
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
    assert!(o.records().is_empty(), "{:?}", o.records());
    trains
}

/// Slowly driven, these parameters begin to fire between 0.5 and 1 nA (Brette & Gerstner, Fig. 1); an adapting
/// neuron's intervals grow.
#[test]
fn it_is_silent_below_and_adapts_above_its_rheobase() {
    let model = AdEx::new(&[1]);
    assert!(trains(&model, 500, 10_000).iter().all(Vec::is_empty));
    for train in trains(&model, 1000, 10_000) {
        let intervals: Vec<u64> = train.windows(2).map(|w| w[1] - w[0]).collect();
        assert!(intervals.len() > 10, "{intervals:?}");
        assert!(intervals[0] * 3 < intervals[intervals.len() - 1] * 2, "{intervals:?}");
    }
}

#[test]
fn all_roundings_fire_as_often_as_the_twin() {
    for rounding in [Rounding::Down, Rounding::Nearest, Rounding::Stochastic] {
        let [fixed, float] = trains(&AdEx { rounding, ..AdEx::new(&[1]) }, 800, 5000);
        assert!(float.len() > 5 && fixed.len().abs_diff(float.len()) <= 1, "{fixed:?} {float:?}");
    }
}

#[test]
fn register_ends_are_noted_and_ranges_are_named() {
    let model = AdEx { w: 65_000.0.into(), input_exp: 15, ..AdEx::new(&[1]) };
    let (mut fixed, _) = pair(&model, &Arithmetic::loihi2());
    let mut o = Overflow::default();
    step(&mut *fixed, &model, 1, &[vec![-100_000]], &mut o);
    assert_eq!((o.records()[0].variable.as_str(), o.records()[0].kind), ("v", OverflowKind::Saturate));
    let a = Arithmetic::loihi2();
    let setting = Setting { arithmetic: &a, seed: 0, place: 0 };
    let refused = |model: AdEx| model.fixed(&setting).unwrap_err().to_string();
    assert_eq!(refused(AdEx { tau_w: 0.0.into(), ..AdEx::new(&[1]) }), "`tau_w` is 0; allowed is a positive number");
    assert_eq!(
        refused(AdEx { delta_t: 1.0.into(), v_peak: 13.6.into(), ..AdEx::new(&[1]) }),
        "`delta_t` is 1; allowed is at least (v_peak - v_th) / 32 = 2"
    );
    assert_eq!(
        refused(AdEx { c_m: 0.01.into(), ..AdEx::new(&[1]) }),
        "`g_l` is 150; allowed is a rate per step in -2..=2"
    );
}

#[test]
fn a_cut_population_and_a_resumed_one_equal_the_whole() {
    let model = AdEx { rounding: Rounding::Stochastic, input_exp: 6, dt: 0.5, ..AdEx::new(&[30]) };
    let inputs: Vec<Vec<Vec<i32>>> = golden::noise(11, 200, 1, 30, 10)
        .into_iter()
        .map(|ports| ports.into_iter().map(|port| port.into_iter().map(|x| x + 14).collect()).collect())
        .collect();
    assert!(golden::cut_and_resume(&model, 11, &inputs) > 50);
}

/// What one evaluation of the slope adds to the error of `v` `[LSB]` over `h` ms at a point `v` (mV), besides the
/// error of the point: constants in registers err by half an LSB, the exponential by `1e-7` of itself, rates and
/// exponents by `2^-30`, the products with them by that times the 4000 mV or pA they multiply.
fn slope_error(h: f64, v: f64, lsb: f64) -> f64 {
    let grown = ((v + 50.4) / 2.0).exp();
    let leak = h * 30.0 / 281.0;
    leak * (0.5 + grown * (1.0 + 2.0 / lsb * 1e-7)) + (4000.0 + 2.0 * grown) / lsb * f64::from(-30).exp2()
}

proptest! {
    /// From one common state, one step differs by its roundings and by what the slopes make of the midpoint's.
    #[test]
    fn one_step_stays_within_its_budget(
        v in -90.0f64..-1.0, w in -200.0f64..400.0, input in -500i32..2000, bits in 10i32..=15,
        dt in prop::sample::select(vec![1.0, 0.5, 0.1]),
        rounding in prop::sample::select(vec![Rounding::Down, Rounding::Nearest, Rounding::Stochastic]),
    ) {
        let model = AdEx { fraction_bits: bits, dt, rounding, ..AdEx::new(&[1]) };
        let (mut fixed, mut float) = pair(&model, &Arithmetic::loihi2());
        let lsb = f64::from(-bits).exp2();
        for (var, x) in [v, w].into_iter().enumerate() {
            let register = (x / lsb).round();
            fixed.set(var, &[register as i32]).unwrap();
            float.set(var, &[register]).unwrap();
        }
        let mut o = Overflow::default();
        let s = step(&mut *fixed, &model, 1, &[vec![input]], &mut o)[0][0];
        let f = step(&mut *float, &model, 1, &[vec![f64::from(input)]], &mut o)[0][0];
        let slope = (30.0 * (-70.6 - v) + 60.0 * ((v + 50.4) / 2.0).exp() - w + f64::from(input)) / 281.0;
        let em = 1.0 + slope_error(dt / 2.0, v + lsb, lsb);
        let middle = (v + dt / 2.0 * slope + em * lsb).min(0.0) + lsb;
        let ew_middle = 1.0 + dt / 2.0 * (4.0 * 0.5) / 144.0 + 600.0 / lsb * f64::from(-30).exp2();
        let steep = dt * 30.0 / 281.0 * (1.0 + ((middle + 50.4) / 2.0).exp());
        let ev = 1.0 + slope_error(dt, middle, lsb) + steep * em + dt / 281.0 * ew_middle;
        let ew = ew_middle + dt / 144.0 * (4.0 * (em + 0.5) + ew_middle);
        let (got, want) = (f64::from(fixed.get(0)[0]), float.get(0)[0]);
        if f64::from(s) == f {
            prop_assert!((got - want).abs() <= ev, "{got} {want} {ev}");
            prop_assert!((f64::from(fixed.get(1)[0]) - float.get(1)[0]).abs() <= ew + 0.5);
        } else {
            let silent = if s == 0 { got } else { want };
            prop_assert!(silent.abs() <= ev + 0.5, "{silent} {ev}");
        }
    }
}

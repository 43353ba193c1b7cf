//! Neurons against what was recorded of SANA-FE.

use super::*;

const HERE: u32 = 1;

#[test]
fn the_leak_cuts_to_64ths_after_the_first_step() {
    let attributes =
        Attributes { threshold: Some(10.0), potential: Some(3.0), leak_decay: Some(0.5), ..Attributes::default() };
    let mut neuron = Neuron::new("leaky_integrate_fire", &attributes, HERE).unwrap();
    let seen: Vec<(f64, bool)> = (0..10)
        .map(|step| {
            let did = neuron.step(step, None, Chance::default());
            (neuron.potential(), did.updated)
        })
        .collect();
    assert_eq!(seen[0], (3.0, true));
    assert_eq!(seen[6], (0.046_875, true));
    assert_eq!(seen[7], (0.015_625, true));
    assert_eq!(seen[8], (0.0, true));
    assert_eq!(seen[9], (0.0, false));
}

/// Recorded of SANA-FE 2.2.9: 64ths have 32 bits.
#[test]
fn what_is_beyond_the_bits_of_64ths_becomes_the_least() {
    let a = |potential, bias| Attributes {
        potential: Some(potential),
        bias: Some(bias),
        threshold: Some(1e12),
        ..Attributes::default()
    };
    let v = |potential, bias| run("leaky_integrate_fire", &a(potential, bias), [None; 3]).map(|(v, _)| v);
    assert_eq!(v(0.0, 3e7), [3e7, 6e7, -3_554_432.0]);
    assert_eq!(v(33_554_431.9, 0.0), [33_554_431.890_625; 3]);
    assert_eq!(v(33_554_432.0, 0.0), [-33_554_432.0; 3]);
    assert_eq!(v(-33_554_433.0, 0.0), [-33_554_432.0; 3]);
}

fn lif() -> Attributes {
    Attributes { threshold: Some(3.0), ..Attributes::default() }
}

/// Potentials, and whether the neuron fired, in the first steps with these inputs.
fn run<const N: usize>(model: &str, a: &Attributes, inputs: [Option<f64>; N]) -> [(f64, bool); N] {
    let mut neuron = Neuron::new(model, a, HERE).unwrap();
    inputs.map(|input| {
        let did = neuron.step(1, input, Chance::default());
        (neuron.potential(), did.fired)
    })
}

/// Recorded of SANA-FE 2.2.9: inputs are lost while refractory, the current decays.
#[test]
fn refractory_neurons_receive_nothing_as_recorded() {
    let a = Attributes { input_decay: Some(0.5), refractory_delay: Some(3), ..lif() };
    let inputs = [None, Some(4.0), Some(1.0), Some(1.0), Some(1.0), Some(1.0), Some(1.0)];
    let (hush, fire) = (|v| (v, false), |v| (v, true));
    let seen = [hush(0.0), fire(0.0), hush(0.0), hush(0.0), hush(1.5), fire(0.0), hush(0.0)];
    assert_eq!(run("leaky_integrate_fire", &a, inputs), seen);
    // No spike and no reverse reset either, however far V is.
    let a = Attributes {
        reset: Some(-8.0),
        leak_decay: Some(0.5),
        potential: Some(4.0),
        refractory_delay: Some(4),
        reverse_threshold: Some(-1.0),
        reverse_reset_mode: Some("soft".into()),
        ..lif()
    };
    let seen = [fire(-7.0), hush(-3.5), hush(-1.75), hush(-0.875), hush(-0.4375)];
    assert_eq!(run("leaky_integrate_fire", &a, [None; 5]), seen);
}

/// Recorded of SANA-FE 2.2.9.
#[test]
fn resets_are_those_of_each_model_as_recorded() {
    let with = |mode: &str, bias, reverse: f64| Attributes {
        bias: Some(bias),
        reset: Some(0.5),
        reset_mode: Some(mode.into()),
        reverse_threshold: Some(reverse),
        reverse_reset: Some(-0.5),
        reverse_reset_mode: Some(mode.into()),
        ..lif()
    };
    let table = [
        ("leaky_integrate_fire", "saturate", 2.0, [2.0, 4.0, 6.0, 8.0]),
        ("truenorth", "none", 2.0, [2.0, 4.0, 6.0, 8.0]),
        ("truenorth", "soft", 2.0, [2.0, 1.0, 0.0, 2.0]),
        ("truenorth", "hard", 2.0, [2.0, 0.5, 2.5, 0.5]),
        ("truenorth", "saturate", 2.0, [2.0, 3.0, 3.0, 3.0]),
        ("leaky_integrate_fire", "soft", -2.0, [-2.0, -1.0, -3.0, -2.0]),
        ("leaky_integrate_fire", "saturate", -2.0, [-2.0, -3.0, -3.0, -3.0]),
        ("truenorth", "soft", -2.0, [-2.0, -7.0, -12.0, -17.0]),
        ("truenorth", "hard", -2.0, [-2.0, -0.5, -2.5, -0.5]),
        ("truenorth", "saturate", -2.0, [-2.0, -3.0, -3.0, -3.0]),
    ];
    for (model, mode, bias, expected) in table {
        let seen = run(model, &with(mode, bias, -3.0), [None; 4]).map(|(v, _)| v);
        assert_eq!(seen, expected, "{model}, {mode}, bias {bias}");
    }
}

/// Recorded of SANA-FE 2.2.9: the leak goes towards zero and past it, or always up.
#[test]
fn truenorth_leaks_as_recorded() {
    let a = Attributes { threshold: Some(30.0), leak: Some(3.0), reverse_threshold: Some(-9.0), ..lif() };
    let inputs = [None, Some(4.0), None, None, None];
    let away = Attributes { leak_towards_zero: Some(false), ..a.clone() };
    assert_eq!(run("truenorth", &a, inputs).map(|(v, _)| v), [0.0, 4.0, 1.0, -2.0, 1.0]);
    assert_eq!(run("truenorth", &away, inputs).map(|(v, _)| v), [3.0, 10.0, 13.0, 16.0, 19.0]);
}

/// Steps (from 1) in which an input fires, as recorded of SANA-FE 2.2.9.
#[test]
fn rates_fire_as_recorded() {
    for (rate, first) in [(0.1, 10), (0.2, 5), (0.25, 4), (0.3, 3), (0.4, 2), (0.5, 2), (0.6, 1), (0.9, 1), (1.0, 1)] {
        let attributes = Attributes { rate: Some(rate), ..Attributes::default() };
        let mut input = Neuron::new("input", &attributes, HERE).unwrap();
        let fired: Vec<u64> =
            (0..24).filter(|step| input.step(*step, None, Chance::default()).fired).map(|step| step + 1).collect();
        let expected: Vec<u64> = (1..=24).filter(|step| step % first == 0).collect();
        assert_eq!(fired, expected, "rate {rate}");
    }
    let mut silent = Neuron::new("input", &Attributes { rate: Some(0.0), ..Attributes::default() }, HERE).unwrap();
    assert!((0..24).all(|step| !silent.step(step, None, Chance::default()).fired));
}

#[test]
fn poisson_inputs_fire_with_their_probability() {
    let attributes = Attributes { poisson: Some(0.3), ..Attributes::default() };
    let mut input = Neuron::new("input", &attributes, HERE).unwrap();
    let fired = (0..10_000).filter(|step| input.step(*step, None, Chance::default()).fired).count();
    assert!((2_800..3_200).contains(&fired), "{fired}");
}

#[test]
fn unknown_models_and_modes_are_refused() {
    assert!(Neuron::new("hodgkin_huxley", &Attributes::default(), HERE).is_err());
    let two = Attributes { rate: Some(0.1), poisson: Some(0.1), ..Attributes::default() };
    assert!(Neuron::new("input", &two, HERE).is_err());
    let foreign = Attributes { potential: Some(1.0), ..Attributes::default() };
    assert!(Neuron::new("truenorth", &foreign, HERE).unwrap_err().contains("has no `potential`"));
    let odd = Attributes { reset_mode: Some("firm".into()), ..Attributes::default() };
    assert!(Neuron::new("truenorth", &odd, HERE).is_err());
}

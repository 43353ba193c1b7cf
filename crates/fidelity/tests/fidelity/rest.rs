//! What a population says of its rest is true, for every model of the library: a step without input then does nothing.

use std::collections::BTreeSet;

use pumice::models::{Arithmetic, Bank, BankContext, Behaviour, Fired, Model, Overflow, Setting, Values, length};
use pumice::num::{Draws, Purpose};

use super::library::{TABLE, inputs, model};

/// Takes one step; who fired, how many were active, and what overflowed.
fn step(bank: &mut dyn Bank, step: u64, inputs: &[Vec<i32>]) -> ([Fired; 2], u64, Overflow) {
    let (mut fired, mut overflow) = (<[Fired; 2]>::default(), Overflow::default());
    let inputs: Vec<&[i32]> = inputs.iter().map(Vec::as_slice).collect();
    let active = bank.step(0..bank.len(), &mut BankContext::new(step, &mut overflow), &inputs, &mut fired);
    (fired, active, overflow)
}

/// Lets a population hear something now and then; how often it said that it rests, after it had state.
fn rests(model: &Model, most: i32, arithmetic: &Arithmetic, seed: u64) -> u32 {
    let setting = Setting { arithmetic, seed, place: 3 };
    let n = model.out_ports().first().map_or(0, |port| length(&port.shape));
    let Some(Ok(mut bank)) = model.bank(&setting, 0..n) else { return 0 };
    let mut draws = Draws::new(seed, Purpose::STIMULUS, 0, 0);
    let nothing: Vec<Vec<i32>> = inputs(model, most, &mut draws).iter().map(|port| vec![0; port.len()]).collect();
    let (mut told, mut alive) = (0, false);
    for t in 1..=1000 {
        let before = bank.save();
        let rest = bank.rest(0..n);
        assert_eq!(bank.save(), before, "{}: a question changes nothing", model.name());
        if let Some(active) = rest {
            told += u32::from(alive);
            for other in [t, t + 1, t + 977] {
                let (fired, n, overflow) = step(&mut *bank, other, &nothing);
                let did = (fired, n, overflow.records(), bank.save());
                assert_eq!(did, (Default::default(), active, vec![], before.clone()), "{}, step {other}", model.name());
            }
        }
        let heard = if t % 400 < 3 { inputs(model, most, &mut draws) } else { nothing.clone() };
        step(&mut *bank, t, &heard);
        let zero = |values: &Values| values.to_real().iter().all(|x| *x == 0.0);
        alive |= !bank.save().iter().all(zero) && t % 400 < 3;
    }
    told
}

#[test]
fn what_rests_does_nothing() {
    let mut resting = BTreeSet::new();
    for (name, parameters, most, _) in TABLE {
        for (k, arithmetic) in Arithmetic::NAMES.into_iter().enumerate() {
            let arithmetic = Arithmetic::named(arithmetic).unwrap();
            if rests(&model(name, parameters), *most, &arithmetic, k as u64) > 0 {
                resting.insert(*name);
            }
        }
    }
    // Others have no bank, draw, count steps, carry traces, or never stop with these parameters.
    let expected = [
        ["ATRLIF", "CubaLIF", "Delta", "GradedReluVec", "GradedVec"],
        ["Izhikevich", "LIF", "LIFRefractory", "NormVecDelay", "ProdNeuron"],
        ["PrototypeLIF", "RF", "RF_IZ", "SigmaDelta", "TernaryLIF"],
    ];
    assert_eq!(resting, BTreeSet::from_iter(expected.concat()));
}

use std::slice::from_mut;

use proptest::prelude::*;

use super::*;
use crate::neuron::lif::Lif;
use crate::neuron::lif_refractory::LifRefractory;
use crate::{Arithmetic, Overflow};

const SAME: Deviation =
    Deviation { gain: 1.0, time_constant: 1.0, leak: 1.0, threshold: 1.0, refractory: 1.0, offset: 0.0 };

fn circuits(n: usize, noise: f64, droop: f64) -> Circuits {
    let seats = (0..n as u32).map(|number| Seat { core: 3, number }).collect();
    Circuits { seed: 11, seats, deviations: vec![SAME; n], noise, droop }
}

fn bank(circuits: &Circuits, model: impl Into<Model>, arithmetic: &Arithmetic, range: Range<usize>) -> Box<dyn Bank> {
    let setting = Setting { arithmetic, seed: 0, place: 0 };
    circuits.bank(&model.into(), &setting, range).unwrap().unwrap()
}

fn step(bank: &mut dyn Bank, t: u64, input: &[i32]) -> Vec<u32> {
    let (mut overflow, mut fired) = (Overflow::default(), Fired::default());
    let mut context = BankContext::new(t, &mut overflow);
    bank.step(0..bank.len(), &mut context, &[input], from_mut(&mut fired));
    fired.index
}

fn noise_of(bank: &dyn Bank) -> Vec<f64> {
    let state = bank.save();
    let Some(Values::Int(z)) = state.last() else { panic!("noise is saved last") };
    z.iter().map(|z| f64::from(*z) / ONE).collect()
}

/// At every time, from the first step on, the variance is one, and the correlation is that of the membrane.
#[test]
fn the_noise_has_the_variance_of_the_capacitor_and_the_memory_of_the_membrane() {
    const N: usize = 6000;
    let loihi = Arithmetic::loihi1();
    for keep in [1, 2048, 4000, 4095, 4096] {
        let lif = Lif { dv: (4096 - keep - loihi.voltage_decay_offset).into(), vth: 100_000.into(), ..Lif::new(&[N]) };
        let mut bank = bank(&circuits(N, 0.01, 0.0), lif, &loihi, 0..N);
        let mut before = vec![0.0; N];
        for t in 1..=30 {
            assert!(step(&mut *bank, t, &[0; N]).is_empty());
            let z = noise_of(&*bank);
            let mean = z.iter().sum::<f64>() / N as f64;
            let variance = z.iter().map(|z| z * z).sum::<f64>() / N as f64;
            assert!(mean.abs() < 5.0 / (N as f64).sqrt(), "keep {keep}, step {t}: mean {mean}");
            assert!((variance - 1.0).abs() < 5.0 * (2.0 / N as f64).sqrt(), "keep {keep}, step {t}: {variance}");
            let product = z.iter().zip(&before).map(|(a, b)| a * b).sum::<f64>() / N as f64;
            let wanted = if t == 1 { 0.0 } else { f64::from(keep) / 4096.0 };
            assert!((product - wanted).abs() < 0.07, "keep {keep}, step {t}: {product}");
            before = z;
        }
    }
}

/// Without noise and droop the bank is the digital one, and has no more state.
#[test]
fn what_is_off_changes_nothing() {
    let loihi = Arithmetic::loihi1();
    let lif = Lif { du: 700.into(), dv: 90.into(), vth: 40.into(), bias_mant: 5.into(), ..Lif::new(&[3]) };
    let setting = Setting { arithmetic: &loihi, seed: 0, place: 0 };
    let mut digital = lif.bank(&setting, 0..3).unwrap().unwrap();
    let mut analog = bank(&circuits(3, 0.0, 0.0), lif, &loihi, 0..3);
    for t in 1..200 {
        let input = [9 * (t as i32 % 5), -3, 20];
        assert_eq!(step(&mut *analog, t, &input), step(&mut *digital, t, &input));
        assert_eq!(analog.save(), digital.save());
    }
}

/// Droop takes its share from either side, stops at rest, and forgets no fraction.
#[test]
fn membranes_droop_to_their_rest() {
    let loihi = Arithmetic::loihi1();
    let lif = Lif { v: vec![5000, -5000, 7].into(), vth: 1000.into(), ..Lif::new(&[3]) };
    let share = 10.3 / 64_000.0;
    let mut bank = bank(&circuits(3, 0.0, share), lif, &loihi, 0..3);
    for t in 1..=600 {
        assert!(step(&mut *bank, t, &[0; 3]).is_empty());
        let left = (5000 - (10.3 * t as f64 + 1e-6).floor() as i32).max(0);
        assert_eq!(bank.get(1), [left, -left, 0], "step {t}");
    }
}

/// The bits do not depend on how the population is cut, nor on a save and load on the way; another origin is other noise.
#[test]
fn cuts_and_snapshots_change_nothing() {
    let loihi = Arithmetic::loihi1();
    let lif = || LifRefractory { dv: 60.into(), du: 900.into(), vth: 60.into(), ..LifRefractory::new(&[8]) };
    let all = circuits(8, 0.2, 1e-3);
    let mut whole = bank(&all, lif(), &loihi, 0..8);
    let mut parts = [bank(&all, lif(), &loihi, 0..3), bank(&all, lif(), &loihi, 3..8)];
    let mut other = bank(&all, lif(), &loihi, 0..8);
    other.set_noise_origin(1000);
    let (mut spikes, mut differ) = (0, false);
    for t in 1..300 {
        let input = [4, 5, 6, 7, 8, 9, 10, 11];
        let fired = step(&mut *whole, t, &input);
        let mut cut = step(&mut *parts[0], t, &input[..3]);
        cut.extend(step(&mut *parts[1], t, &input[3..]).iter().map(|i| i + 3));
        assert_eq!(fired, cut);
        spikes += fired.len();
        differ |= step(&mut *other, t, &input) != fired;
        if t == 100 {
            let state = whole.save();
            whole = bank(&all, lif(), &loihi, 0..8);
            whole.load(&state).unwrap();
        }
    }
    assert!(spikes > 100 && differ, "{spikes} spikes");
    let mut short = whole.save();
    short.pop();
    assert!(whole.load(&short).is_err());
}

proptest! {
    /// Spikes are those of the equations in reals with the same draws, wherever the noise does not come within a
    /// thousandth of a standard deviation of the threshold.
    #[test]
    fn spikes_follow_the_equations(dv in 0_i32..4096, vth in 20_i32..3000, noise in 0.001_f64..0.5, inputs in prop::collection::vec(-20_i32..90, 40), lava: bool) {
        let arithmetic = if lava { Arithmetic::lava() } else { Arithmetic::loihi1() };
        let lif = Lif { du: 4095.into(), dv: dv.into(), vth: vth.into(), ..Lif::new(&[1]) };
        let mut digital = lif.bank(&Setting { arithmetic: &arithmetic, seed: 0, place: 0 }, 0..1).unwrap().unwrap();
        let mut bank = bank(&circuits(1, noise, 0.0), lif, &arithmetic, 0..1);
        let keep = f64::from(digital.reach().unwrap().keep.at(0)) / 4096.0;
        digital.set(2, &[131_071]).unwrap();
        let bell = |step: u64| f64::from(draw_bell(draw(11, Purpose::THERMAL, 3, 0, step))) / BELL_DEVIATION;
        let mut z = 0.0;
        for (t, x) in (1..).zip(&inputs) {
            z = if t == 1 { bell(t) } else { keep * z + (1.0 - keep * keep).max(0.0).sqrt() * bell(t) };
            prop_assert_eq!(step(&mut *digital, t, &[*x]), Vec::<u32>::new());
            let (sigma, threshold) = (noise * f64::from(vth) * 64.0, f64::from(vth) * 64.0);
            let seen = f64::from(digital.get(1)[0]) + sigma * z;
            let fired = !step(&mut *bank, t, &[*x]).is_empty();
            if (seen - threshold).abs() < 1e-3 * sigma + 0.01 {
                break;
            }
            prop_assert_eq!(fired, seen > threshold, "step {}: {} for {}", t, seen, threshold);
            if fired {
                digital.set(1, &[0]).unwrap();
                z = bell(RESET | t);
            }
            prop_assert!((noise_of(&*bank)[0] - z).abs() < 1e-3);
        }
    }
}

use std::slice::from_mut;

use proptest::prelude::*;

use super::*;
use crate::{Arithmetic, Behaviour, Overflow};

fn setting(arithmetic: &Arithmetic) -> Setting<'_> {
    Setting { arithmetic, seed: 1, place: 0 }
}

/// The process steps the circuit of `device`, which replays rockpool's recordings.
#[test]
fn the_process_is_the_circuit() {
    let arithmetic = Arithmetic::loihi1();
    let dpi = Dpi { i_dc: vec![0.5, 200.0, 10.0].into(), ..Dpi::new(&[3]) };
    let mut kernel = dpi.fixed(&setting(&arithmetic)).unwrap();
    let neurons: Vec<DpiNeuron> = dpi.circuits().unwrap().into_iter().map(|circuit| circuit.neuron(1e-3)).collect();
    let mut states: Vec<DpiState> = neurons.iter().map(DpiNeuron::rest).collect();
    let (mut outputs, mut spikes) = (vec![vec![0; 3]], [0; 3]);
    for step in 1..=500 {
        let input = vec![if step % 25 == 0 { 1 } else { 0 }; 3];
        outputs[0].fill(0);
        let mut overflow = Overflow::default();
        let inputs = [input];
        kernel.step(&mut Io { step, inputs: &inputs, outputs: &mut outputs, overflow: &mut overflow });
        for (i, (neuron, state)) in neurons.iter().zip(&mut states).enumerate() {
            neuron.advance(state, f64::from(inputs[0][i]), 0.0);
            assert_eq!(outputs[0][i] == 1, state.spiked, "step {step}, neuron {i}");
            spikes[i] += outputs[0][i];
            let read = [state.i_mem, state.i_syn, state.i_ahp].map(|x| (x * 1e15).round() as i32);
            assert_eq!([0, 1, 2].map(|var| kernel.get(var)[i]), read);
        }
    }
    assert!(spikes[1] > 5 && spikes[1] > spikes[0], "{spikes:?}");
}

#[test]
fn parameters_are_refused_by_name_and_range() {
    let arithmetic = Arithmetic::loihi1();
    let refused = |change: fn(&mut Dpi)| {
        let mut dpi = Dpi::new(&[2]);
        change(&mut dpi);
        dpi.fixed(&setting(&arithmetic)).unwrap_err().to_string()
    };
    assert_eq!(refused(|dpi| dpi.c_mem = 0.0.into()), "`c_mem` is 0; allowed is 0.001 to 1000000");
    assert_eq!(
        refused(|dpi| dpi.i_threshold = vec![5.0, -1.0].into()),
        "`i_threshold` is -1; allowed is 0.001 to 1000000000"
    );
    assert_eq!(refused(|dpi| dpi.u_t = f64::NAN.into()), "`u_t` is NaN; allowed is a finite number");
    assert_eq!(refused(|dpi| dpi.i_dc = vec![1.0].into()), "`i_dc` has shape [1]; expected is [2]");
    assert_eq!(refused(|dpi| dpi.dt = 20.0), "`dt` is 20; allowed is 0.001 to 10 ms");
}

/// Deviations change the currents that the module names; none changes none.
#[test]
fn deviations_are_those_of_the_equations() {
    let arithmetic = Arithmetic::loihi1();
    let same = Deviation { gain: 1.0, time_constant: 1.0, leak: 1.0, threshold: 1.0, refractory: 1.0, offset: 0.0 };
    let other = Deviation { gain: 2.0, time_constant: 4.0, leak: 0.5, threshold: 1.1, refractory: 2.0, offset: 0.1 };
    let dpi = Dpi::new(&[2]);
    let made = dpi.analog(&setting(&arithmetic), &[same, other]).unwrap().unwrap();
    let crate::Model::Dpi(own) = made.model else { panic!("DPI") };
    let circuits = (dpi.circuits().unwrap(), own.circuits().unwrap());
    assert_eq!(circuits.0[0], circuits.1[0]);
    let (drawn, own) = (&circuits.0[1], &circuits.1[1]);
    let near = |a: f64, b: f64| (a / b - 1.0).abs() < 1e-12;
    assert!(near(own.i_scale, drawn.i_scale * 2.0) && near(own.i_tau_syn, drawn.i_tau_syn / 4.0));
    assert!(near(own.i_tau_mem, drawn.i_tau_mem * 2.0) && near(own.i_ref, drawn.i_ref / 2.0));
    assert!(near(own.i_threshold, drawn.i_threshold * 1.2) && own.c_mem == drawn.c_mem);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    /// Whatever is allowed, currents stay finite and within 0 to 1 mA, and a saved state goes on as the running one.
    #[test]
    fn currents_stay_finite(draws in prop::collection::vec(0.0f64..=1.0, 24), inputs in prop::collection::vec(any::<i32>(), 40)) {
        let arithmetic = Arithmetic::loihi1();
        let mut next = draws.iter();
        let mut some = |range: RangeInclusive<f64>| {
            let low = range.start().max(1e-3);
            PerNeuron::All(low * (range.end() / low).powf(*next.next().unwrap()))
        };
        let mut dpi = Dpi {
            c_mem: some(PICOFARADS), c_syn: some(PICOFARADS), i_0: some(1e-3..=1e6), u_t: some(1.0..=100.0),
            kappa_n: some(0.1..=1.0), i_dc: some(OFF_OR_ON), i_gain_mem: some(PICOAMPERES), i_tau_mem: some(PICOAMPERES),
            i_gain_syn: some(PICOAMPERES), i_tau_syn: some(PICOAMPERES), i_gain_ahp: some(PICOAMPERES),
            i_tau_ahp: some(PICOAMPERES), i_w_ahp: some(OFF_OR_ON), i_ref: some(PICOAMPERES),
            i_threshold: some(PICOAMPERES), i_scale: some(OFF_OR_ON), ..Dpi::new(&[1])
        };
        dpi.dt = 10f64.powf(draws[20] * 4.0 - 3.0);
        let mut bank = dpi.bank(&setting(&arithmetic), 0..1).unwrap().unwrap();
        bank.make_noise(3, &[Seat { core: 0, number: 0 }]);
        let (mut fired, mut overflow) = (Fired::default(), Overflow::default());
        let half = inputs.len() / 2;
        let mut run = |bank: &mut Box<dyn Bank>, from: usize, inputs: &[i32]| {
            fired.clear();
            for (k, input) in inputs.iter().enumerate() {
                let mut context = BankContext::new((from + k) as u64 + 1, &mut overflow);
                bank.step(0..1, &mut context, &[&[*input]], from_mut(&mut fired));
            }
            (fired.index.len(), bank.save())
        };
        run(&mut bank, 0, &inputs[..half]);
        let saved = bank.save();
        let mut other = dpi.bank(&setting(&arithmetic), 0..1).unwrap().unwrap();
        other.make_noise(3, &[Seat { core: 0, number: 0 }]);
        other.load(&saved).unwrap();
        let (first, second) = (run(&mut bank, half, &inputs[half..]), run(&mut other, half, &inputs[half..]));
        prop_assert_eq!(&first, &second);
        for values in &first.1[..3] {
            let current = values.to_real()[0];
            prop_assert!((0.0..=1e-3).contains(&current), "{current}");
        }
    }
}

//! Inputs and states at the ends of 32 bits: no process of the library fails, and cores count and send what the processes
//! beside them do.

use proptest::prelude::*;
use pumice::models::{
    Arithmetic, Bank, BankContext, Behaviour, Fired, Io, Kernel, Model, Overflow, PortSpec, Sent, Setting, length,
};
use pumice::num::{Draws, Purpose};

use super::library::{Claim, TABLE, model};

/// A value at an end of some register, or near one.
fn end(draws: &mut Draws) -> i32 {
    let bits = [0, 1, 8, 16, 21, 24, 25, 31][draws.below(8) as usize];
    let most = i32::MAX >> (31 - bits);
    match draws.below(4) {
        0 => most,
        1 => !most,
        2 => -most,
        _ => most.wrapping_add(1),
    }
}

/// Writes ends into the variables that take them, alike into both forms.
fn write(kernel: &mut dyn Kernel<i32>, bank: Option<&mut Box<dyn Bank>>, vars: usize, draws: &mut Draws) {
    let var = draws.below(vars as u32) as usize;
    let values: Vec<i32> = kernel.get(var).iter().map(|_| end(draws)).collect();
    let taken = kernel.set(var, &values).is_ok();
    if let Some(bank) = bank {
        assert_eq!(bank.set(var, &values).is_ok(), taken, "variable {var} at {values:?}");
    }
}

fn hold(model: &Model, arithmetic: &Arithmetic, seed: u64) {
    let setting = Setting { arithmetic, seed, place: 3 };
    let Ok(mut kernel) = model.fixed(&setting) else { return };
    let ports = |all: Vec<PortSpec>| all.iter().map(|port| vec![0; length(&port.shape)]).collect::<Vec<_>>();
    let (mut inputs, mut out) = (ports(model.in_ports()), ports(model.out_ports()));
    let n = out.first().map_or(0, Vec::len);
    let mut bank = model.bank(&setting, 0..n).map(Result::unwrap);
    let (mut draws, vars) = (Draws::new(seed, Purpose::STIMULUS, 1, 0), model.vars().len());
    let (mut beside, mut on_core) = (Overflow::default(), Overflow::default());
    for step in 1..=12 {
        if vars > 0 && draws.below(2) == 0 {
            write(&mut *kernel, bank.as_mut(), vars, &mut draws);
        }
        inputs.iter_mut().flatten().for_each(|x| *x = end(&mut draws));
        if model.buffered() {
            kernel.emit(step, &mut out);
        } else {
            out.iter_mut().for_each(|port| port.fill(0));
        }
        kernel.step(&mut Io { step, inputs: &inputs, outputs: &mut out, overflow: &mut beside });
        let Some(bank) = &mut bank else {
            kernel.learn(step, &mut beside);
            continue;
        };
        let sums: Vec<&[i32]> = inputs.iter().map(Vec::as_slice).collect();
        let mut fired = vec![Fired::default(); model.trains()];
        bank.step(0..n, &mut BankContext::new(step, &mut on_core), &sums, &mut fired);
        for (port, out) in out.iter().enumerate() {
            let Sent::Spikes(train) = model.sent_by(port) else { continue };
            let (fired, mut sent) = (&fired[train], vec![0; n]);
            fired.index.iter().enumerate().for_each(|(k, i)| sent[*i as usize] = fired.payload_of(k));
            assert_eq!(sent, *out, "what port {port} sends in step {step}");
        }
        kernel.learn(step, &mut beside);
        (0..vars).for_each(|var| assert_eq!(bank.get(var), kernel.get(var), "variable {var} in step {step}"));
    }
    if bank.is_some() {
        assert_eq!(on_core.records(), beside.records());
    }
}

/// As [`hold`] in floating point, where ends are those of reals.
fn hold_real(model: &Model, seed: u64) {
    let setting = Setting { arithmetic: &Arithmetic::loihi2(), seed, place: 3 };
    let Ok(mut kernel) = model.float(&setting) else { return };
    let ports = |all: Vec<PortSpec>| all.iter().map(|port| vec![0.0; length(&port.shape)]).collect::<Vec<_>>();
    let (mut inputs, mut out) = (ports(model.in_ports()), ports(model.out_ports()));
    let mut draws = Draws::new(seed, Purpose::STIMULUS, 2, 0);
    for step in 1..=12 {
        let ends = [0.0, 1.0, -1.0, 1e300, -1e300, f64::MIN_POSITIVE, 4e9, f64::INFINITY];
        inputs.iter_mut().flatten().for_each(|x| *x = ends[draws.below(8) as usize]);
        kernel.emit(step, &mut out);
        kernel.step(&mut Io { step, inputs: &inputs, outputs: &mut out, overflow: &mut Overflow::default() });
        kernel.learn(step, &mut Overflow::default());
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn no_process_fails_at_the_ends_of_its_registers(seed in any::<u64>()) {
        let mut faults = Vec::new();
        for (name, parameters, _, claim) in TABLE {
            let model = model(name, parameters);
            let tried = std::panic::catch_unwind(|| {
                hold_real(&model, seed);
                if !matches!(claim, Claim::FloatOnly) {
                    Arithmetic::NAMES.iter().for_each(|a| hold(&model, &Arithmetic::named(a).unwrap(), seed));
                }
            });
            if tried.is_err() {
                faults.push(name);
            }
        }
        prop_assert!(faults.is_empty(), "{faults:?} with seed {seed}");
    }
}

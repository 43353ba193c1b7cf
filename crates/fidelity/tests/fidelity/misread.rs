//! The shipped kernels with one constant wrong: each is caught by the shipped properties, too.

use pumice::models::Arithmetic;
use pumice::models::arithmetic::WeightRounding;
use pumice_fidelity::observe::{Emulator, Machine, Observed, Setup};
use pumice_fidelity::{Document, Failure, FidelityError, Networks, Stimulus, networks};
use toml::{Table, Value};

/// What the shipped kernels are told wrongly.
#[derive(Clone, Copy, Debug)]
struct Wrong {
    what: &'static str,
    arithmetic: fn(&mut Arithmetic),
    process: fn(&mut Table),
}

impl Machine for Wrong {
    fn observe(&self, document: &Document, setup: &Setup) -> Result<Observed, FidelityError> {
        let mut setup = setup.clone();
        (self.arithmetic)(&mut setup.profile.arithmetic.values);
        let mut table: Table = document.text().parse().expect("a document is TOML");
        let all = table["process"].as_array_mut().expect("it has processes");
        all.iter_mut().filter_map(Value::as_table_mut).for_each(self.process);
        let document = Document::from_text(document.path(), &table.to_string())?;
        Emulator.observe(&document, &setup)
    }
}

fn swap_decays(process: &mut Table) {
    if let (Some(du), Some(dv)) = (process.get("du").cloned(), process.get("dv").cloned()) {
        process.extend([("du".to_owned(), dv), ("dv".to_owned(), du)]);
    }
}

fn double_bias(process: &mut Table) {
    if let Some(Value::Integer(bias)) = process.get_mut("bias_mant") {
        *bias = (2 * *bias).clamp(-4096, 4095);
    }
}

fn delay_more(process: &mut Table) {
    let rows = process.get_mut("delays").and_then(Value::as_array_mut);
    for delay in rows.into_iter().flatten().filter_map(Value::as_array_mut).flatten() {
        *delay = Value::Integer(delay.as_integer().unwrap_or(0) + 1);
    }
}

fn arithmetic(what: &'static str, change: fn(&mut Arithmetic)) -> Wrong {
    Wrong { what, arithmetic: change, process: |_| {} }
}

fn process(what: &'static str, change: fn(&mut Table)) -> Wrong {
    Wrong { what, arithmetic: |_| {}, process: change }
}

#[test]
fn shipped_kernels_with_a_wrong_constant_are_caught() {
    let folder = tempfile::tempdir().unwrap();
    let wrong = [
        arithmetic("weights aligned by 5 bits", |a| a.align -= 1),
        arithmetic("no offset of the decay", |a| a.current_decay_offset = 0),
        arithmetic("weights rounded to the nearest", |a| a.weight_rounding = WeightRounding::Nearest),
        process("swapped decays", swap_decays),
        process("twice the bias", double_bias),
        process("one step more of delay", delay_more),
    ];
    for wrong in wrong {
        let caught = [false, true].into_iter().find_map(|edges| {
            let space = Networks { populations: 2, neurons: 3, ..Networks::default() };
            let space = if edges { space.at_edges() } else { space };
            let property = networks(space).on("loihi1").for_every(Stimulus::Any).steps(40).cases(150).seed(8);
            let property = property.run_by(wrong).write_to(folder.path());
            match property.stays_in_its_registers().keeps_its_rounding_budget().check() {
                Err(Failure::Refuted(refuted)) => Some(refuted),
                Err(other) => panic!("{wrong:?}: {other}"),
                Ok(_) => None,
            }
        });
        let refuted = caught.unwrap_or_else(|| panic!("{wrong:?} is not caught"));
        let (neurons, steps) = (refuted.case.neurons().unwrap(), refuted.case.steps().unwrap());
        assert!(neurons <= 3 && steps <= 20, "{wrong:?}: {refuted}");
        println!("{}: {neurons} neurons, {steps} steps: {}", wrong.what, refuted.reason);
    }
}

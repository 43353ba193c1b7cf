//! How far the model in registers is from the model in real numbers, as sentences.

use pumice_fidelity::{Failure, Stimulus, model};

#[test]
fn the_bar_is_seen() {
    let [right, left] = own_model::watch().unwrap();
    assert!(right > 5 * left, "{right} right, {left} left");
}

#[test]
fn on_loihi_1_it_spikes_within_2_steps_of_float_for_every_poisson_stimulus() -> Result<(), Failure> {
    // A claim about a part of the spikes is one about chance: a seed makes it the same in every run.
    let checked = model(own_model::path())
        .on("loihi1")
        .for_every(Stimulus::poisson(0.15))
        .seed(1)
        .cases(40)
        .spikes_within(2, 0.95)
        .rate_within(0.05)
        .check()?;
    assert!(checked.spikes > 100);
    Ok(())
}

#[test]
fn what_differs_is_rounding_and_nothing_overflows() -> Result<(), Failure> {
    let checked = model(own_model::path())
        .on("loihi1")
        .for_every(Stimulus::bursts(10))
        .for_every(Stimulus::Saturating)
        .for_every(Stimulus::regular(9))
        .cases(40)
        .keeps_its_rounding_budget()
        .stays_in_its_registers()
        .never_overflows()
        .check()?;
    assert!(checked.spikes > 100 && checked.values > 1000, "{checked:?}");
    Ok(())
}

#[test]
fn on_the_cores_of_loihi_2_it_spikes_within_one_step_of_float() -> Result<(), Failure> {
    let checked = model(own_model::path()).on("loihi2").placed().as_it_is().spikes_within(1, 0.95).check()?;
    assert!(checked.spikes > 10, "{checked:?}");
    Ok(())
}

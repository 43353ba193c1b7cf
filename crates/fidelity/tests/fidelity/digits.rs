//! The digits model decides on the chip as in floating point.

use std::path::Path;

use pumice_fidelity::{Failure, Stimulus, model};

#[test]
fn the_digits_model_decides_alike_on_the_chip() -> Result<(), Failure> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../examples/digits/digits.toml");
    let digits = || model(&path).on("loihi1").samples(25);
    let checked =
        digits().placed().as_it_is().decides_alike(0.99).spikes_within(2, 0.99).keeps_its_rounding_budget().check()?;
    assert!(checked.spikes > 5000 && checked.values > 10_000, "{checked:?}");
    digits().for_every(Stimulus::poisson(0.3)).seed(5).cases(4).rate_within(0.02).never_overflows().check()?;
    let Err(Failure::Refuted(refuted)) = digits().as_it_is().membrane_within(0.0).check() else {
        panic!("a membrane in registers is not its float twin")
    };
    assert!(refuted.reason.contains("LSB off"), "{refuted}");
    Ok(())
}

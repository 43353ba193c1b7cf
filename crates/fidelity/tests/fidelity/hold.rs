//! Properties that hold of the real kernels, on every arithmetic.

use std::path::Path;

use pumice::profile::Profile;
use pumice_fidelity::compare::{Options, compare};
use pumice_fidelity::observe::{Emulator, Fired, Machine, Observed, Setup, State};
use pumice_fidelity::{Claim, Document, Failure, FidelityError, Networks, Stimulus, model, networks};

const PROFILES: [&str; 2] = ["loihi1", "loihi2"];

/// A source, a connection and a neuron without bias.
const QUIET: &str = r#"
schema = 1
name = "quiet"
steps = 20

[[process]]
name = "input"
type = "Poisson"
shape = [2]
probability = 0.2

[[process]]
name = "synapses"
type = "Dense"
weights = [[100, 100]]

[[process]]
name = "output"
type = "LIF"
shape = [1]
vth = 50
du = 4095

[[connect]]
from = "input.s_out"
to = "synapses.s_in"

[[connect]]
from = "synapses.a_out"
to = "output.a_in"
"#;

/// A few cases as a rule, as many as `PROPTEST_CASES` says if it does.
fn cases() -> u32 {
    std::env::var("PROPTEST_CASES").ok().and_then(|n| n.parse().ok()).unwrap_or(60)
}

#[test]
fn every_network_keeps_its_budget() -> Result<(), Failure> {
    for profile in PROFILES {
        for space in [Networks::default(), Networks::default().at_edges()] {
            let property = networks(space).on(profile).for_every(Stimulus::Any).steps(60).cases(cases());
            let checked = property.keeps_its_rounding_budget().stays_in_its_registers().check()?;
            assert!(checked.values > 2000 && checked.spikes > 100, "{checked:?}");
        }
    }
    Ok(())
}

#[test]
fn a_property_can_be_refuted_and_says_by_what() {
    let strict = networks(Networks::default()).on("loihi1").for_every(Stimulus::poisson(0.3)).steps(80).cases(300);
    let Err(Failure::Refuted(refuted)) = strict.seed(16).spikes_within(0, 1.0).check() else {
        panic!("rounding changes some spike of some network")
    };
    assert!(refuted.to_string().contains("have a partner within 0 steps, claimed are 100.00 %"), "{refuted}");
    assert!(refuted.case.neurons().unwrap() <= 3, "{refuted}");
}

/// A model that never fires proves nothing, unless silence was asked for.
#[test]
fn a_property_of_a_silent_model_fails() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("quiet.toml");
    std::fs::write(&path, QUIET).unwrap();
    let quiet = || model(&path).on("loihi1").cases(3).never_overflows();
    let never = quiet().for_every(Stimulus::Poisson { probability: 0.0 }).check();
    assert!(matches!(never, Err(Failure::Silent { .. })), "{never:?}");
    assert_eq!(quiet().for_every(Stimulus::Silence).check().unwrap().spikes, 0);
}

/// A machine that shows nothing of what it computes.
#[derive(Debug)]
struct Blind;

impl Machine for Blind {
    fn observe(&self, document: &Document, setup: &Setup) -> Result<Observed, FidelityError> {
        let seen = Emulator.observe(document, setup)?;
        Ok(Observed { steps: seen.steps, ..Observed::default() })
    }
}

/// Where nothing can be compared, nothing holds.
#[test]
fn a_machine_that_shows_nothing_keeps_no_claim() {
    let blind = || networks(Networks::default()).on("loihi1").for_every(Stimulus::poisson(0.3)).cases(20).run_by(Blind);
    let shown = [
        Claim::SpikesWithin { steps: 50, part: 0.0 },
        Claim::RateWithin { part: 9.0 },
        Claim::MembraneWithin { lsb: 1e9 },
    ];
    for claim in shown {
        let Err(Failure::Refuted(refuted)) = blind().claims(claim.clone()).check() else { panic!("{claim:?} holds") };
        assert!(refuted.reason.contains("so there is nothing to compare"), "{}", refuted.reason);
    }
    let checked = blind().stays_in_its_registers().check();
    assert!(matches!(checked, Err(Failure::Empty { cases: 20, .. })), "{checked:?}");
}

/// A machine that shows one population more than the model has.
#[derive(Debug)]
struct Chatty;

impl Machine for Chatty {
    fn observe(&self, document: &Document, setup: &Setup) -> Result<Observed, FidelityError> {
        let mut seen = Emulator.observe(document, setup)?;
        let more = seen.states.iter().filter(|s| s.process == "p0").cloned();
        let more: Vec<_> = more.map(|s| State { process: "ghost".into(), ..s }).collect();
        seen.states.extend(more);
        let fired = seen.fired_by("p0").cloned().map(|f| Fired { process: "ghost".into(), ..f });
        seen.fired.extend(fired);
        Ok(seen)
    }
}

/// What only one side shows is compared with nothing, whichever side it is.
#[test]
fn a_machine_that_shows_too_much_keeps_no_claim() {
    let chatty =
        || networks(Networks::default()).on("loihi1").for_every(Stimulus::poisson(0.3)).cases(3).run_by(Chatty);
    let shown = [
        Claim::SpikesWithin { steps: 50, part: 0.0 },
        Claim::RateWithin { part: 9.0 },
        Claim::MembraneWithin { lsb: 1e9 },
    ];
    for claim in shown {
        let Err(Failure::Refuted(refuted)) = chatty().claims(claim.clone()).check() else { panic!("{claim:?} holds") };
        assert!(refuted.reason.contains("of `ghost`, so there is nothing to compare it with"), "{}", refuted.reason);
    }
}

/// A claim that compares much does not speak for one that compares nothing.
#[test]
fn every_claim_must_compare_something() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("resonator.toml");
    let text = QUIET.replace("type = \"LIF\"\nshape = [1]\nvth = 50\ndu = 4095", "type = \"Izhikevich\"\nshape = [1]");
    assert_ne!(text, QUIET);
    std::fs::write(&path, text).unwrap();
    let both = model(&path).on("loihi1").cases(2).steps(200).membrane_within(1e12).keeps_its_rounding_budget();
    let Err(Failure::Empty { about, .. }) = both.check() else { panic!("the budget of no LIF neuron holds") };
    assert_eq!(about, "registers with their rounding budget");
}

/// What cells hold is not what the model says; a population beside them is as exact as without them.
#[test]
fn weights_in_cells_take_the_budget_of_their_population_alone() {
    let beside = r#"
[cores]
output = "analog"
other = "digital"

[[process]]
name = "others"
type = "Dense"
weights = [[90, -30], [80, 60]]

[[process]]
name = "other"
type = "LIF"
shape = [2]
vth = 50
du = 1000
dv = 300

[[connect]]
from = "input.s_out"
to = "others.s_in"

[[connect]]
from = "others.a_out"
to = "other.a_in"
"#;
    // The table of cores stands before the lists of processes.
    let sharp =
        QUIET.replace("steps = 20", "steps = 200").replace("vth = 50\ndu = 4095", "vth = 300\ndu = 1000\ndv = 200");
    let (head, rest) = sharp.split_at(sharp.find("[[process]]").unwrap());
    let (cores, more) = beside.split_at(beside.find("[[process]]").unwrap());
    let text = format!("{head}{cores}{rest}{more}");
    let document = Document::from_text(Path::new("beside.toml"), &text).unwrap();
    let options = Options { knobs: false, ..Options::new(&Profile::load("hybrid-rram").unwrap()) };
    let compared = compare(&document, &options).unwrap();
    let names: Vec<_> = compared.backends.iter().map(|b| b.backend.as_str()).collect();
    assert_eq!(names, ["fixed", "chip", "rram"]);
    assert_eq!(compared.backends[2].weights_in_cells, ["output"]);
    let checked: Vec<u64> = compared.backends.iter().map(|b| b.budget.as_ref().unwrap().checked).collect();
    assert!(checked[2] > 0 && checked[2] < checked[1], "{checked:?}");
    let [differs, until] = [1, 2].map(|k| (&compared.backends[k].first_divergence, &compared.backends[k].budget));
    assert!(differs.0.is_none() && until.0.as_ref().is_some_and(|d| d.process == "output"), "{:?}", until.0);
    assert_eq!(until.1.as_ref().unwrap().until_step, 200, "a spike of `output` is none of `other`'s");
    assert!(compared.backends.iter().all(|b| b.budget.as_ref().unwrap().violation.is_none()));
    assert!(
        compared.text().contains("rounding budget   none for `output`: weights lie in cells"),
        "{}",
        compared.text()
    );
}

/// A claim that cannot be meant, or none, is told before anything runs.
#[test]
fn what_cannot_be_claimed_is_told() {
    let any = || networks(Networks::default()).on("loihi1").cases(1);
    let never = || any().for_every(Stimulus::poisson(f64::NAN)).never_overflows();
    for (property, sentence) in [
        (any().spikes_within(2, 95.0), "`spikes_within` is 95; allowed is a part in 0..=1"),
        (any().rate_within(-0.1), "`rate_within` is -0.1; allowed is a number that is not negative"),
        (any().membrane_within(f64::NAN), "`membrane_within` is NaN; allowed is a number that is not negative"),
        (never(), "`probability` is NaN; allowed is a number in 0..=1"),
        (any(), "a property without a claim says nothing"),
    ] {
        let said = property.check().unwrap_err().to_string();
        assert!(said.starts_with(sentence), "{said}");
    }
}

/// Two tests that fail at once do not write over each other.
#[test]
fn a_case_is_written_into_the_folder_of_its_test() {
    let strict = networks(Networks::default()).on("loihi1").for_every(Stimulus::poisson(0.3)).steps(80).cases(300);
    let Err(Failure::Refuted(refuted)) = strict.seed(1).spikes_within(0, 1.0).check() else { panic!("it holds") };
    let path = refuted.written.unwrap();
    assert!(path.ends_with("tmp/fidelity/hold-a_case_is_written_into_the_folder_of_its_test/MODEL.toml"), "{path:?}");
    assert!(Document::load(&path).is_ok());
}

//! What a number in a cell profile may be.
//!
//! The ranges are wider than any technology and narrow enough that every programming ends and that the ledger of an array
//! holds years of work. A field that is not in the table may lie in -1e6 to 1e6.

use toml::Value;

use crate::error::DeviceError;
use crate::profile::CellProfile;

/// Fields by their path, `*` for any number of a list, with the lowest and the highest value.
const ALLOWED: &[(&str, [f64; 2])] = &[
    ("range.g_min_us", [0.0, 1e4]),
    ("range.g_max_us", [1e-3, 1e4]),
    ("read.voltage_v", [1e-3, 20.0]),
    ("read.pulse_ns", [1.0, 1e7]),
    ("write.set.start_v", [0.0, 20.0]),
    ("write.set.step_v", [1e-3, 20.0]),
    ("write.set.top_v", [0.0, 20.0]),
    ("write.reset.start_v", [0.0, 20.0]),
    ("write.reset.step_v", [1e-3, 20.0]),
    ("write.reset.top_v", [0.0, 20.0]),
    ("write.pulse_ns", [1.0, 1e7]),
    ("write.window_us", [1e-6, 1e4]),
    ("write.pulses_at_top", [1.0, 1e5]),
    ("write.alternations", [1.0, 1e5]),
    ("endurance.cycles", [1.0, 1e18]),
    ("endurance.ln_spread", [0.0, 10.0]),
    ("telegraph.cells", [0.0, 1.0]),
    ("telegraph.amplitude", [-1.0, 100.0]),
    ("telegraph.high_s", [1e-6, 1e12]),
    ("telegraph.low_s", [1e-6, 1e12]),
    ("disturb.share_per_read", [0.0, 0.99]),
    ("assumed.activation_energy_ev", [0.0, 5.0]),
    ("update.dw_min", [1e-9, 1e3]),
    ("update.up_down", [-10.0, 10.0]),
    ("update.w_max", [0.0, 1e3]),
    ("update.w_min", [-1e3, 0.0]),
    ("update.dw_min_dtod", [0.0, 10.0]),
    ("update.up_down_dtod", [0.0, 10.0]),
    ("update.w_max_dtod", [0.0, 10.0]),
    ("update.w_min_dtod", [0.0, 10.0]),
    ("update.dw_min_std", [0.0, 100.0]),
    ("update.write_noise_std", [0.0, 1e3]),
    ("update.unprogrammable", [0.0, 1.0]),
    ("update.unprogrammable_range", [0.0, 1e3]),
    ("update.law.set_v", [0.0, 20.0]),
    ("update.law.reset_v", [0.0, 20.0]),
    ("update.law.threshold_dtod", [0.0, 10.0]),
    ("update.law.weak", [0.0, 1.0]),
    ("update.law.weak_ceiling", [0.0, 1.0]),
    ("update.law.weak_floor", [0.0, 1.0]),
    ("update.law.gamma_up_dtod", [0.0, 10.0]),
    ("update.law.gamma_down_dtod", [0.0, 10.0]),
    ("update.law.reference_std", [0.0, 1e3]),
    ("update.law.noise_add", [0.0, 1e3]),
    ("update.law.noise_slope", [0.0, 1e3]),
    ("cell.fitted_g_max_us", [1e-3, 1e4]),
    ("cell.sigma.*.age_s", [1e-6, 1e12]),
    ("cell.t0_s", [1e-9, 1e9]),
    ("cell.t_read_s", [1e-12, 1e9]),
    ("cell.na_per_us", [1e-3, 1e6]),
    ("cell.read_noise", [0.0, 10.0]),
    ("cell.write_noise", [0.0, 10.0]),
    ("cell.magnitude", [0.0, 10.0]),
    ("cell.q_max", [0.0, 10.0]),
];

/// Most pulses that a cell may get in one programming.
const MOST_PULSES: f64 = 1e5;

/// Checks every number of a profile.
///
/// # Errors
/// [`DeviceError::Field`] with the first number that is not allowed.
pub(crate) fn check(profile: &CellProfile) -> Result<(), DeviceError> {
    let table = Value::try_from(profile)
        .map_err(|fault| DeviceError::Profile { profile: profile.name.clone(), fault: fault.to_string() })?;
    walk(profile, &table, &mut Vec::new())?;
    ladders(profile)
}

/// Goes through all numbers below `value`, which stands at `path`.
fn walk(profile: &CellProfile, value: &Value, path: &mut Vec<String>) -> Result<(), DeviceError> {
    let number = match value {
        Value::Table(table) => {
            for (key, inner) in table {
                path.push(key.clone());
                walk(profile, inner, path)?;
                path.pop();
            }
            return Ok(());
        }
        Value::Array(list) => {
            for (k, inner) in list.iter().enumerate() {
                path.push(k.to_string());
                walk(profile, inner, path)?;
                path.pop();
            }
            return Ok(());
        }
        Value::Float(number) => *number,
        Value::Integer(number) => *number as f64,
        _ => return Ok(()),
    };
    within(profile, path.join("."), number, allowed(path))
}

/// The range of the field at `path`.
fn allowed(path: &[String]) -> [f64; 2] {
    ALLOWED.iter().find(|(pattern, _)| fits(pattern, path)).map_or([-1e6, 1e6], |(_, range)| *range)
}

fn fits(pattern: &str, path: &[String]) -> bool {
    let parts = pattern.split('.');
    parts.clone().count() == path.len() && parts.zip(path).all(|(part, name)| part == "*" || part == name)
}

fn within(profile: &CellProfile, field: String, value: f64, [low, high]: [f64; 2]) -> Result<(), DeviceError> {
    if (low..=high).contains(&value) {
        return Ok(());
    }
    Err(DeviceError::Field { profile: profile.name.clone(), field, value, low, high })
}

/// A cell that never verifies must be given up after a bounded number of pulses.
fn ladders(profile: &CellProfile) -> Result<(), DeviceError> {
    let Some(write) = &profile.write else { return Ok(()) };
    for (name, ladder) in [("set", &write.set), ("reset", &write.reset)] {
        within(profile, format!("write.{name}.top_v"), ladder.top_v, [ladder.start_v, 20.0])?;
    }
    let pulses: f64 = [&write.set, &write.reset]
        .iter()
        .map(|ladder| ((ladder.top_v - ladder.start_v) / ladder.step_v).ceil() + f64::from(write.pulses_at_top))
        .sum();
    let all = pulses * f64::from(write.alternations);
    within(profile, "number of pulses to a cell that never verifies".into(), all, [1.0, MOST_PULSES])
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::{CellArray, Fault, Place, Site};

    /// Calls `change` for every number below `value`, with its path.
    fn numbers(value: &mut Value, path: &mut Vec<String>, change: &mut impl FnMut(&mut Value, &[String])) {
        let children: Vec<(String, &mut Value)> = match value {
            Value::Table(table) => table.iter_mut().map(|(key, inner)| (key.clone(), inner)).collect(),
            Value::Array(list) => list.iter_mut().enumerate().map(|(k, inner)| (k.to_string(), inner)).collect(),
            Value::Float(_) | Value::Integer(_) => return change(value, path),
            _ => return,
        };
        for (key, inner) in children {
            path.push(key);
            numbers(inner, path, change);
            path.pop();
        }
    }

    /// Every pattern of the table is met by a number of a shipped profile, but for what no shipped technology has.
    #[test]
    fn every_pattern_names_a_field() {
        let absent =
            |path: &str| path.starts_with("telegraph.") || path.starts_with("disturb.") || path == "cell.magnitude";
        let mut paths = Vec::new();
        for name in CellProfile::shipped_names() {
            let mut table = Value::try_from(CellProfile::shipped(name).unwrap()).unwrap();
            numbers(&mut table, &mut Vec::new(), &mut |_, path| paths.push(path.to_vec()));
        }
        for (pattern, _) in ALLOWED.iter().filter(|(pattern, _)| !absent(pattern)) {
            assert!(paths.iter().any(|path| fits(pattern, path)), "{pattern}");
        }
    }

    /// A shipped profile with some of its numbers drawn anew, over all that is allowed.
    fn drawn(base: usize, draws: &[(f64, f64)]) -> Option<CellProfile> {
        let names = CellProfile::shipped_names();
        let mut table = Value::try_from(CellProfile::shipped(names[base % names.len()]).unwrap()).unwrap();
        if base.is_multiple_of(2) {
            let extra = "[telegraph]\ncells = 0.5\namplitude = 0.1\nhigh_s = 1.0\nlow_s = 2.0\n[disturb]\nshare_per_read = 1e-3";
            table.as_table_mut().unwrap().extend(extra.parse::<toml::Table>().unwrap());
        }
        let mut next = draws.iter().cycle();
        numbers(&mut table, &mut Vec::new(), &mut |value, path| {
            let (whether, share) = *next.next().unwrap();
            let [low, high] = allowed(path);
            // The middle of each range in logarithms, where there is one: most technologies lie there.
            let new = if low > 0.0 { low * (high / low).powf(share) } else { low + (high - low) * share.powi(3) };
            match value {
                Value::Float(x) if whether < 0.3 => *x = new,
                Value::Integer(x) if whether < 0.3 => *x = new as i64,
                _ => {}
            }
        });
        let profile: CellProfile = table.try_into().ok()?;
        profile.validate().ok().map(|()| profile)
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(96))]

        /// Whatever a legal file says: programming ends after a bounded number of pulses, and then either the array is one
        /// that can be saved and read again, or one sentence says which counter or cell left what can be.
        #[test]
        fn any_legal_profile_ends_and_keeps_its_ledger(
            base in 0usize..40,
            draws in prop::collection::vec((0.0f64..1.0, 0.0f64..=1.0), 61),
            seed in any::<u64>(),
            reads in any::<u64>(),
        ) {
            let Some(profile) = drawn(base, &draws) else { return Ok(()) };
            let (low, high) = (profile.range.g_min_us, profile.range.g_max_us);
            let mut array = CellArray::new(profile, Place { seed, core: 3 }, [1, 2, 1]).unwrap();
            let targets = [low, low + (high - low) * draws[0].1];
            array.inject(Site::Cell { row: 0, col: 1 }, Fault::Short(1e9), 1 << 40).unwrap();
            for round in 0..2 {
                let before = *array.ledger();
                for done in [array.program_all(&targets).map(drop), array.write_all_open_loop(&targets).map(drop)] {
                    let honest = |fault: &DeviceError| {
                        matches!(fault, DeviceError::MissingSection { .. } | DeviceError::LedgerFull { .. } | DeviceError::OutOfRange { .. })
                    };
                    prop_assert!(done.as_ref().err().is_none_or(honest), "{done:?}");
                    if matches!(done, Err(DeviceError::LedgerFull { .. } | DeviceError::OutOfRange { .. })) {
                        return Ok(());
                    }
                }
                let after = *array.ledger();
                let pulses = after.set_pulses + after.reset_pulses - before.set_pulses - before.reset_pulses;
                prop_assert!(pulses as f64 <= 2.0 * MOST_PULSES + 2.0, "{pulses}");
                prop_assert!(after.pulse_energy_aj >= before.pulse_energy_aj);
                array.age(1 << 50, crate::REFERENCE_MK).unwrap();
                let seen = array.read(0, round, array.now_ns()).unwrap();
                prop_assert!(seen.is_finite(), "{seen}");
                let again = CellArray::from_state(array.profile().clone(), array.state().clone());
                prop_assert!(again.is_ok(), "{again:?}");
                if array.count_reads(0, reads >> 20, array.now_ns()).is_err() {
                    return Ok(());
                }
            }
        }
    }

    /// One sentence with profile, field, value, and what is allowed.
    #[test]
    fn absurd_numbers_are_refused() {
        let text = CellProfile::shipped("rram-neurram-130nm").unwrap().to_toml();
        let refused = |from: &str, to: &str| {
            assert!(text.contains(from), "{from}");
            CellProfile::from_toml(&text.replacen(from, to, 1)).unwrap_err().to_string()
        };
        let about = "of the cell profile `rram-neurram-130nm` is";
        for (from, to, want) in [
            ("voltage_v = 0.2", "voltage_v = 1e200", "read.voltage_v {} 1", "is 1e200, it must be in 0.001 to 20.0"),
            ("step_v = 0.1", "step_v = 1e-300", "write.set.step_v {} 1e-300", "it must be in 0.001 to 20.0"),
            (
                "pulse_ns = 1000",
                "pulse_ns = 9000000000000000000",
                "write.pulse_ns {} 9",
                "it must be in 1.0 to 10000000.0",
            ),
            (
                "alternations = 50",
                "alternations = 4000000000",
                "write.alternations {} 4000000000.0",
                "in 1.0 to 100000.0",
            ),
            (
                "alternations = 50",
                "alternations = 50000",
                "pulses to a cell that never verifies {} 5",
                "in 1.0 to 100000.0",
            ),
            ("cycles = 1000000.0", "cycles = nan", "endurance.cycles {} NaN", "in 1.0 to 1e18"),
            ("16.03", "1e300", "cell.sigma.0.coefficients.1 {} 1", "in -1000000.0 to 1000000.0"),
        ]
        .map(|(from, to, what, allowed)| (from, to, [what.replace("{}", about), allowed.to_owned()]))
        {
            let fault = refused(from, to);
            assert!(want.iter().all(|part| fault.contains(part)), "{fault}");
        }
        let fault = refused("g_max_us = 40.0", "g_max_us = 0.5");
        assert_eq!(
            fault,
            "the cell profile `rram-neurram-130nm` cannot be: `g_max_us` is 0.5, it must be at least `g_min_us` + 0.001"
        );
    }
}

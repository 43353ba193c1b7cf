//! Tidy CSV and a figure of a yield study.

use std::path::{Path, PathBuf};

use pumice::report::figure::{Figure, Layer, Shares};
use pumice::report::{ReportError, prepare, write_text};

use super::{Answer, Variant, Yield};

/// An age as people write it, in the largest unit that divides it: `0` is fresh.
pub fn age_name(age_ns: u64) -> String {
    let units =
        [(31_536_000_000_000_000, "y"), (86_400_000_000_000, "d"), (3_600_000_000_000, "h"), (1_000_000_000, "s")];
    match units.into_iter().find(|(unit, _)| age_ns > 0 && age_ns.is_multiple_of(*unit)) {
        Some((unit, name)) => format!("{} {name}", age_ns / unit),
        None if age_ns == 0 => "fresh".into(),
        None => format!("{} s", age_ns as f64 / 1e9),
    }
}

/// All answers as tidy CSV: one row per chip, variant and age, one column per number.
pub fn csv(answers: &[Answer]) -> String {
    let mut text = String::from("chip,age_s,without,refresh_s,accuracy,programming_j,pulses,refused,most_cycles\n");
    for a in answers {
        let (without, refresh_s) = match a.variant {
            Variant::AsMade => (String::new(), String::new()),
            Variant::Without(cause) => (cause.name().to_owned(), String::new()),
            Variant::Refreshed(period_ns) => (String::new(), (period_ns as f64 / 1e9).to_string()),
        };
        let row = [
            a.chip.to_string(),
            (a.age_ns as f64 / 1e9).to_string(),
            without,
            refresh_s,
            a.accuracy.to_string(),
            a.programming_j.to_string(),
            a.pulses.to_string(),
            a.refused.to_string(),
            a.most_cycles.to_string(),
        ];
        text += &(row.join(",") + "\n");
    }
    text
}

/// Writes `yield.csv`, and draws the part of chips that reach an accuracy, by age, as `yield.svg` and `yield.png`; returns the
/// files.
///
/// # Errors
/// If a file cannot be written.
pub fn draw(found: &Yield, folder: &Path) -> Result<Vec<PathBuf>, ReportError> {
    prepare(folder)?;
    let table = folder.join("yield.csv");
    write_text(&table, &csv(&found.answers))?;
    let mut ages: Vec<u64> = found.answers.iter().map(|a| a.age_ns).collect();
    ages.sort_unstable();
    ages.dedup();
    let lowest = found.answers.iter().map(|a| a.accuracy).fold(found.target, f64::min);
    let mut layers = curves(found, &ages, lowest);
    let target = vec![(found.target, 0.0, 1.0)];
    layers.push(Layer::Ticks { name: "target of a good chip".into(), marks: target });
    let figure = Figure {
        title: format!("{} chips: how many reach an accuracy", found.chips),
        notes: vec![format!("digital chip {:.2} %, {} samples", 100.0 * found.digital, found.samples)],
        x: "accuracy".into(),
        y: "part of the chips with at least that".into(),
        layers,
        shares: Some(Shares::Falling),
        ..Figure::default()
    };
    let drawn = figure.write(folder, "yield")?;
    Ok([table].into_iter().chain(drawn).collect())
}

/// A line for each age; ages with the same line share it and are named together.
fn curves(found: &Yield, ages: &[u64], lowest: f64) -> Vec<Layer> {
    let mut all: Vec<(String, Vec<(f64, f64)>)> = Vec::new();
    for age_ns in ages {
        let (name, points) = (age_name(*age_ns), curve(found, *age_ns, lowest));
        match all.iter_mut().find(|(_, drawn)| *drawn == points) {
            Some((names, _)) => *names += &format!(", {name}"),
            None => all.push((name, points)),
        }
    }
    all.into_iter().map(|(name, points)| Layer::Line { name, points }).collect()
}

/// The part of the chips as they were made that reach an accuracy, as steps from a little below the lowest.
fn curve(found: &Yield, age_ns: u64, lowest: f64) -> Vec<(f64, f64)> {
    let own = found.answers.iter().filter(|a| a.age_ns == age_ns && a.variant == Variant::AsMade);
    let mut all: Vec<f64> = own.map(|a| a.accuracy).collect();
    all.sort_by(f64::total_cmp);
    let n = all.len() as f64;
    let first = (lowest - 0.01).max(0.0);
    let corners = all.iter().enumerate().flat_map(|(k, x)| [(*x, (n - k as f64) / n), (*x, (n - k as f64 - 1.0) / n)]);
    [(first, 1.0)].into_iter().chain(corners).collect()
}

#[cfg(test)]
mod tests {
    use super::age_name;

    #[test]
    fn ages_are_written_in_their_largest_unit() {
        let day = 86_400_000_000_000;
        let all = [0, 1, 90_000_000_000, 7_200_000_000_000, day, 365 * day, 400 * day].map(age_name);
        assert_eq!(all, ["fresh", "0.000000001 s", "90 s", "2 h", "1 d", "1 y", "400 d"]);
    }
}

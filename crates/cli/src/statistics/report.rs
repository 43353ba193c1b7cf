//! What statistics came to, as text and JSON.

use std::fmt::Write;

use pumice::report::OverflowRow;
use pumice_fidelity::statistics::{Compared, Reference, Statistic, Statistics, between, mean_sd};
use serde::Serialize;

/// The statistics of a network, beside a reference if there is one.
#[derive(Clone, Debug, Serialize)]
pub(super) struct StatisticsReport {
    network: String,
    scale: f64,
    realisations: u32,
    transient_ms: f64,
    length_ms: f64,
    /// One line per population and statistic.
    statistics: Vec<Line>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reference: Option<Against>,
    /// Values that left their registers, realisation by realisation.
    overflow: Vec<Left>,
}

/// What left its register in the realisation of a seed.
#[derive(Clone, Debug, Serialize)]
pub(super) struct Left {
    pub(super) seed: u64,
    #[serde(flatten)]
    pub(super) row: OverflowRow,
}

/// One statistic of one population.
#[derive(Clone, Debug, Serialize)]
struct Line {
    population: String,
    statistic: &'static str,
    /// Mean and standard deviation; `null` of an empty sample.
    ours: Option<[f64; 2]>,
    /// Kolmogorov–Smirnov distance of our realisations, mean and deviation over pairs.
    between: Option<[f64; 2]>,
}

/// The same beside a reference.
#[derive(Clone, Debug, Serialize)]
struct Against {
    source: String,
    network: String,
    scale: f64,
    realisations: u32,
    length_ms: f64,
    compared: Vec<Compared>,
}

impl StatisticsReport {
    pub(super) fn new(
        own: &Reference,
        reference: Option<&Reference>,
        names: &[String],
        realisations: &[Vec<Statistics>],
    ) -> Self {
        let line = |(k, name): (usize, &String), statistic: Statistic| {
            let samples: Vec<&[f64]> = realisations.iter().map(|all| all[k].sample(statistic)).collect();
            let ours = mean_sd(samples.iter().flat_map(|sample| sample.iter().copied()));
            Line { population: name.clone(), statistic: statistic.name(), ours, between: between(&samples) }
        };
        let lines = names.iter().enumerate().flat_map(|own| Statistic::ALL.map(|statistic| line(own, statistic)));
        StatisticsReport {
            statistics: lines.collect(),
            reference: reference.map(|reference| Against {
                source: reference.source.clone(),
                network: reference.network.clone(),
                scale: reference.scale,
                realisations: reference.realisations,
                length_ms: reference.length_ms,
                compared: reference.compare(names, realisations),
            }),
            network: own.network.clone(),
            scale: own.scale,
            realisations: own.realisations,
            transient_ms: own.transient_ms,
            length_ms: own.length_ms,
            overflow: Vec::new(),
        }
    }

    /// The same, with what left its register.
    pub(super) fn with_overflow(self, overflow: Vec<Left>) -> Self {
        StatisticsReport { overflow, ..self }
    }

    /// The report for people.
    pub(super) fn text(&self) -> String {
        let mut text = format!(
            "{} at scale {}, {} of {} s after {} s\n",
            self.network,
            self.scale,
            if self.realisations == 1 { "1 realisation".into() } else { format!("{} realisations", self.realisations) },
            self.length_ms * 1e-3,
            self.transient_ms * 1e-3
        );
        match &self.reference {
            None => self.own(&mut text),
            Some(reference) => self.beside(reference, &mut text),
        }
        for (k, Left { seed, row }) in self.overflow.iter().enumerate() {
            let head = if k == 0 { "\nregister overflow, which changes the network:\n" } else { "" };
            let _never_fails = writeln!(text, "{head}seed {seed}: {}", row.text());
        }
        text
    }

    fn own(&self, text: &mut String) {
        let _never_fails =
            writeln!(text, "\n{:<12}{:<13}{:>20}{:>20}", "population", "statistic", "mean ± sd", "between seeds");
        for line in &self.statistics {
            let (own, between) = (pair(line.ours), pair(line.between));
            let _never_fails = writeln!(text, "{:<12}{:<13}{own:>20}{between:>20}", line.population, line.statistic);
        }
    }

    fn beside(&self, reference: &Against, text: &mut String) {
        let Against { source, realisations, length_ms, compared, .. } = reference;
        let _never_fails = writeln!(text, "reference: {source}; {realisations} of {} s", length_ms * 1e-3);
        if (&reference.network, reference.scale) != (&self.network, self.scale) {
            *text += &format!("NOTE: the reference is `{}` at scale {}\n", reference.network, reference.scale);
        }
        if self.length_ms < *length_ms {
            *text += "NOTE: a shorter recording spreads all three statistics wider than the reference\n";
        }
        let _never_fails = writeln!(
            text,
            "\n{:<12}{:<13}{:>18}{:>18}{:>8}{:>18}{:>9}  within",
            "population", "statistic", "mean ± sd", "reference", "KS", "between seeds", "known to"
        );
        for line in compared {
            let theirs = line.reference_mean.zip(line.reference_sd).map(<[f64; 2]>::from);
            let _never_fails = writeln!(
                text,
                "{:<12}{:<13}{:>18}{:>18}{:>8}{:>18}{:>9.3}  {}",
                line.population,
                line.statistic,
                pair(line.ours),
                pair(theirs),
                line.distance.map_or("-".into(), |d| format!("{d:.3}")),
                pair(line.between),
                line.uncertainty,
                if line.within { "yes" } else { "NO" }
            );
        }
        let within = compared.iter().filter(|line| line.within).count();
        let _never_fails = writeln!(
            text,
            "\n{within} of {} within: KS distance, less what the reference is known to, at most mean + sd between seeds",
            compared.len()
        );
    }
}

/// Mean and deviation; four digits where they are small.
fn pair(values: Option<[f64; 2]>) -> String {
    match values {
        None => "-".into(),
        Some([mean, sd]) if mean.abs() < 0.1 => format!("{mean:.4} ± {sd:.4}"),
        Some([mean, sd]) => format!("{mean:.3} ± {sd:.3}"),
    }
}

#[cfg(test)]
mod tests {
    use pumice_fidelity::statistics::Method;

    use super::*;

    #[test]
    fn what_left_a_register_is_told_with_its_seed() {
        let row = OverflowRow {
            process: "E".into(),
            variable: "v".into(),
            kind: "clip".into(),
            count: 2,
            first_step: 7,
            first_index: 3,
        };
        let own = Reference::of(
            ("net", 1.0, "here"),
            (0.0, &Method { step_ms: 1.0, steps: 5, bin_ms: 1.0, neurons: 2 }),
            &[],
            &[],
        );
        let none = StatisticsReport::new(&own, None, &[], &[]);
        assert!(!none.text().contains("overflow"));
        let some = none.with_overflow(vec![Left { seed: 4, row }]);
        assert!(some.text().contains("seed 4: E.v: clip 2 times, first at element 3 in step 7"), "{}", some.text());
    }
}

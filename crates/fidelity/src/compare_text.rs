//! A comparison as people read it.

use std::fmt::Write;

use pumice::report::text::{count, counted, percent, si};

use crate::compare::{Against, Comparison, Sensitivity, SpikeMetrics};
use crate::knob::Knob;

/// Populations and variables that are listed at most.
const MOST_ROWS: usize = 20;

impl Comparison {
    /// Everything that `pumice compare` prints.
    pub fn text(&self) -> String {
        let mut text = format!(
            "{} on {}, arithmetic {}: {}, {} in floating point\n",
            self.model,
            self.profile,
            self.arithmetic,
            counted(self.steps, "step"),
            counted(self.float_spikes, "spike"),
        );
        if let Some(accuracy) = self.float_accuracy {
            let _ = writeln!(text, "{:<18}{} in floating point", "accuracy", percent(accuracy));
        }
        self.write_side_by_side(&mut text);
        for backend in &self.backends {
            backend.write(&mut text, self.window_steps);
        }
        if !self.sensitivity.is_empty() {
            text.push_str(
                "\nwhat the difference hangs on (root of the summed squared van Rossum distances to float)\n",
            );
            for s in &self.sensitivity {
                s.write(&mut text);
            }
        }
        for (process, why) in &self.not_followed {
            let _ = writeln!(text, "{:<18}`{process}`: {why}", "no budget for");
        }
        text
    }
}

impl Comparison {
    /// One line for each form, the float twin first.
    fn write_side_by_side(&self, text: &mut String) {
        let _ = writeln!(
            text,
            "\n{:<8}{:>12}{:>12}{:>12}{:>10}{:>12}{:>20}",
            "form", "spikes", "matched", "decisions", "right", "energy", "first divergence"
        );
        let part = |x: Option<f64>| x.map_or_else(|| "-".into(), percent);
        let right = part(self.float_accuracy);
        let _ = writeln!(text, "{:<8}{:>12}{:>12}{:>12}{:>10}", "float", count(self.float_spikes), "-", "-", right);
        for b in &self.backends {
            let spikes = b.spikes.iter().map(|s| s.spikes).sum();
            let weight = |s: &SpikeMetrics| (s.spikes + s.float_spikes) as f64;
            let all: f64 = b.spikes.iter().map(weight).sum();
            let matched = b.spikes.iter().map(|s| s.matched * weight(s)).sum::<f64>() / all.max(1.0);
            let _ = writeln!(
                text,
                "{:<8}{:>12}{:>12}{:>12}{:>10}{:>12}{:>20}",
                b.backend,
                count(spikes),
                part((all > 0.0).then_some(matched)),
                part(b.agreement),
                part(b.accuracy),
                b.dynamic_j.map_or_else(|| "-".into(), |energy| si(energy, "J")),
                b.first_divergence.as_ref().map_or_else(|| "none".into(), |d| format!("step {}", count(d.step)))
            );
        }
    }
}

fn maybe(x: Option<f64>, digits: usize) -> String {
    x.map_or_else(|| "-".into(), |x| format!("{x:.digits$}"))
}

impl Against {
    fn write(&self, text: &mut String, window: f64) {
        let _ = writeln!(text, "\n{} against float", self.backend);
        match &self.first_divergence {
            None => text.push_str("  first divergence  none: every spike is the same\n"),
            Some(d) => {
                let _ = writeln!(
                    text,
                    "  first divergence  step {}, neuron {} of `{}`: only {} fired\n                    {}",
                    d.step, d.neuron, d.process, d.fired, d.cause
                );
            }
        }
        if let Some(agreement) = self.agreement {
            let _ = writeln!(
                text,
                "  decisions         {} the same, {} right",
                percent(agreement),
                percent(self.accuracy.unwrap_or(0.0))
            );
        }
        if let Some(energy) = self.dynamic_j {
            let _ = writeln!(text, "  dynamic energy    {}", si(energy, "J"));
        }
        self.write_budget(text);
        if self.overflow.is_empty() {
            text.push_str("  wraps and clips   none\n");
        }
        for place in self.overflow.iter().take(MOST_ROWS) {
            let r = &place.record;
            let _ = writeln!(
                text,
                "  {:<18}{} of `{}.{}`, the first in step {} at neuron {}",
                format!("{:?}", r.kind).to_lowercase(),
                count(r.count),
                place.process,
                r.variable,
                r.first_step,
                r.first_index
            );
        }
        self.write_spikes(text, window);
        if !self.states.is_empty() {
            let _ = writeln!(text, "  {:<24}{:>14}{:>14}{:>16}", "state [LSB]", "RMSE", "largest", "float reaches");
        }
        for s in self.states.iter().take(MOST_ROWS) {
            let name = format!("{}.{}", s.process, s.variable);
            let _ = writeln!(text, "  {name:<24}{:>14.3}{:>14.3}{:>16.0}", s.rmse, s.largest, s.float_largest);
        }
    }

    fn write_budget(&self, text: &mut String) {
        if let Some(first) = self.weights_in_cells.first() {
            let more = match self.weights_in_cells.len() - 1 {
                0 => String::new(),
                n => format!(" and {n} more"),
            };
            let _ = writeln!(
                text,
                "  rounding budget   none for `{first}`{more}: weights lie in cells, which hold them only nearly"
            );
        }
        let Some(held) = &self.budget else { return };
        match &held.violation {
            None => {
                let _ = writeln!(
                    text,
                    "  rounding budget   held by {} values until step {}; at most {} of it used",
                    count(held.checked),
                    count(held.until_step),
                    percent(held.largest_use)
                );
            }
            Some(v) => {
                let _ = writeln!(
                    text,
                    "  rounding budget   BROKEN by `{}` of neuron {} of `{}` in step {}: {} fixed, {:.3} float, budget {:.3}",
                    v.variable, v.neuron, v.process, v.step, v.fixed, v.float, v.budget_lsb
                );
            }
        }
    }

    fn write_spikes(&self, text: &mut String, window: f64) {
        if self.spikes.is_empty() {
            return;
        }
        let within = format!("within {window}");
        let _ = writeln!(
            text,
            "  {:<16}{:>10}{:>10}{:>9}{:>10}{:>7}{:>9}{:>9}{:>8}{:>8}{:>7}{:>8}{:>8}",
            "spikes of",
            "float",
            &self.backend,
            "rate",
            within,
            "lag",
            "Rossum",
            "Victor",
            "SPIKE",
            "Γ",
            "CV",
            "CV KS",
            "corr KS"
        );
        for s in self.spikes.iter().take(MOST_ROWS) {
            s.write(text);
        }
        if self.spikes.len() > MOST_ROWS {
            let _ = writeln!(
                text,
                "  and {} more; --json lists all",
                counted((self.spikes.len() - MOST_ROWS) as u64, "population")
            );
        }
    }
}

impl SpikeMetrics {
    fn write(&self, text: &mut String) {
        let rate = self.rate_difference.map_or_else(|| "-".into(), |d| format!("{:+.2} %", 100.0 * d));
        let _ = writeln!(
            text,
            "  {:<16}{:>10}{:>10}{:>9}{:>10}{:>7.2}{:>9.3}{:>9}{:>8.4}{:>8}{:>7}{:>8}{:>8}",
            self.process,
            count(self.float_spikes),
            count(self.spikes),
            rate,
            percent(self.matched),
            self.mean_lag_steps,
            self.van_rossum,
            maybe(self.victor_purpura, 3),
            self.spike_distance,
            maybe(self.coincidence_factor, 3),
            maybe(self.cv, 2),
            maybe(self.cv_ks, 3),
            maybe(self.correlation_ks, 3),
        );
    }
}

impl Sensitivity {
    fn write(&self, text: &mut String) {
        let all = std::iter::once(&self.knob).chain(&self.same_as).map(|knob| turned(*knob));
        let turned = all.collect::<Vec<_>>().join(", or ");
        let _ = writeln!(text, "  {turned:<46}{:>12.3}{:>+12.3}", self.distance, self.change);
    }
}

fn turned(knob: Knob) -> String {
    match knob {
        Knob::WeightBits(bits) => format!("weights in {bits} bits"),
        Knob::WeightExponent(up) => format!("weights {} coarser", counted(u64::from(up), "bit")),
        Knob::DecayBits(bits) => format!("decays in {bits} bits"),
        Knob::Decay(by) => format!("decays {by:+}"),
        Knob::ThresholdBits(bits) => format!("thresholds in {bits} bits"),
        Knob::Threshold(by) => format!("thresholds {by:+}"),
    }
}

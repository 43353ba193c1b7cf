//! A report as text: short, aligned, and with what is not known.

use std::fmt::Write;

use pumice_meter::{Bound, Evidence};
use pumice_profile::Family;

use crate::decay::DecayRow;
use crate::energy::PartRow;
use crate::run::{EnergyRange, EventCount, OverflowRow, RunReport};
use crate::text::{count, counted, fullness, percent, si};

/// Width of the first column.
const LABEL: usize = 18;

impl RunReport {
    /// The report as text for people.
    pub fn text(&self) -> String {
        let mut out = String::new();
        self.write_text(&mut out).expect("writing to a String cannot fail");
        out
    }

    fn write_text(&self, out: &mut String) -> std::fmt::Result {
        let model = &self.model;
        match (self.neurons, self.chip_family) {
            (0, _) => writeln!(out, "{model} without a chip")?,
            (_, Family::Ideal) => writeln!(out, "{model} in simulation, without the limits and prices of a chip")?,
            _ => writeln!(out, "{model} on an emulated {}", self.chip)?,
        }
        let extent = match self.samples {
            Some(n) => format!("{} of {}", counted(n, "sample"), counted(self.steps / n.max(1), "step")),
            None => counted(self.steps, "step"),
        };
        let (profile, arithmetic) = (&self.profile, &self.arithmetic);
        let stand_in = if self.arithmetic_stand_in.is_some() { " (a stand-in for the chip's own)" } else { "" };
        let prices = &self.prices;
        writeln!(
            out,
            "{extent}, profile {profile}, prices {prices}, arithmetic {arithmetic}{stand_in}, seed {}\n",
            self.seed
        )?;
        self.write_answers(out)?;
        self.write_activity(out)?;
        if self.neurons > 0 {
            self.write_energy(out)?;
            self.write_time(out)?;
        }
        self.write_speed(out)?;
        self.write_cores(out)?;
        self.write_cells(out)?;
        self.write_analog(out)?;
        self.write_off_chip(out)?;
        self.write_rows(out)?;
        self.write_bill(out)
    }

    fn write_answers(&self, out: &mut String) -> std::fmt::Result {
        let place = if self.neurons > 0 { "in fixed point on the chip" } else { "in fixed point" };
        let fixed = self.accuracy_fixed.map(|part| format!("{} {place}", percent(part)));
        let float = self.accuracy_float.map(|part| format!("{} in floating point", percent(part)));
        let both: Vec<String> = fixed.into_iter().chain(float).collect();
        if !both.is_empty() {
            line(out, "accuracy", &both.join(", "))?;
        }
        match self.agreement {
            Some(part) => line(out, "agreement", &format!("{} of the answers are the same", percent(part))),
            None => Ok(()),
        }
    }

    fn write_activity(&self, out: &mut String) -> std::fmt::Result {
        let (spikes, events) = (self.spikes.unwrap_or(0), self.synaptic_events.unwrap_or(0));
        let on =
            (self.neurons > 0).then(|| format!("{}, {}", counted(spikes, "spike"), counted(events, "synaptic event")));
        let off = self.spikes_off_chip.map(|n| format!("{} off the chip", counted(n, "spike")));
        let all: Vec<String> = on.into_iter().chain(off).collect();
        if all.is_empty() { Ok(()) } else { line(out, "activity", &all.join("; ")) }
    }

    fn write_energy(&self, out: &mut String) -> std::fmt::Result {
        let Some(total) = self.energy_j else {
            line(out, "energy", "not known: the profile has no price for anything that happened")?;
            return unpriced(out, &self.unpriced);
        };
        let (n, per) = match self.samples {
            Some(n) if n > 0 => (n as f64, " per inference"),
            _ => (1.0, ""),
        };
        let joules = |j: f64| si(j / n, "J");
        let dynamic = self.energy_dynamic_j.map_or("not known".into(), joules);
        let fixed = self.energy_static_j.map_or("not known".into(), joules);
        line(out, "energy", &format!("{}{per}: {dynamic} dynamic, {fixed} static", joules(total)))?;
        let each: Vec<String> =
            [(self.energy_per_spike_j, "spike"), (self.energy_per_synaptic_event_j, "synaptic event")]
                .into_iter()
                .filter_map(|(j, what)| j.map(|j| format!("{} per {what}", si(j, "J"))))
                .collect();
        if !each.is_empty() {
            line(out, "", &each.join(", "))?;
        }
        let evidence = self.weakest_evidence.map_or(String::new(), |ev| format!("weakest evidence used: {ev}"));
        let range = self.energy_range_j.map_or(String::new(), |range| {
            let open = match (range.may_be_lower, range.may_be_higher) {
                (false, false) => "",
                (true, false) => ", perhaps less: a price is quoted as a maximum",
                (false, true) => ", perhaps more: a price is quoted as a minimum",
                (true, true) => ", perhaps beyond: prices are quoted as a minimum and as a maximum",
            };
            match range.low == range.high {
                true => open.to_owned(),
                false => format!(", range {} to {}{open}", joules(range.low), joules(range.high)),
            }
        });
        line(out, "", &format!("{evidence}{range}"))?;
        if !self.included.is_empty() {
            let words = format!("{}: the synaptic price stands for them too (scope all_in)", counts(&self.included));
            line(out, "  in that price", &words)?;
        }
        unpriced(out, &self.unpriced)
    }

    fn write_time(&self, out: &mut String) -> std::fmt::Result {
        let Some(total) = self.emulated_time_s else {
            return line(out, "emulated time", "not known: the profile has no latencies");
        };
        let each = self.time_per_inference_s.map_or_else(
            || format!("{} for the run", si(total, "s")),
            |t| format!("{} per inference, {} at most", si(t.mean, "s"), si(t.max, "s")),
        );
        let tick = self.tick_s.map_or(String::new(), |tick| format!(", a step each {}", si(tick, "s")));
        let model = self.timing.as_ref().map_or(String::new(), |name| format!(" (timing model {name}{tick})"));
        line(out, "emulated time", &format!("{each}{model}"))?;
        if let Some(late) = self.late_steps.filter(|late| *late > 0) {
            line(out, "  not in time", &format!("{} lasted longer than the tick", counted(late, "step")))?;
        }
        match self.untimed.is_empty() {
            true => Ok(()),
            false => line(out, "  not timed", &self.untimed.join(", ")),
        }
    }

    fn write_speed(&self, out: &mut String) -> std::fmt::Result {
        let mut words = si(self.wall_time_s, "s");
        if let Some(rate) = self.events_per_second {
            write!(words, ", {} synaptic events per second", si(rate, ""))?;
        }
        write!(words, ", {}", counted(self.workers, "worker"))?;
        if let Some(wall) = self.wall_time_float_s {
            write!(words, " (floating point: {})", si(wall, "s"))?;
        }
        line(out, "wall time", &words)
    }

    fn write_cores(&self, out: &mut String) -> std::fmt::Result {
        if self.cores_used == 0 {
            return Ok(());
        }
        let of = self.cores_available.map_or(String::new(), |n| format!(" of {}", count(n)));
        let memory = si(self.synapse_memory_bits as f64 / 8.0, "B");
        let cores = if self.cores_available.unwrap_or(self.cores_used) == 1 { "core" } else { "cores" };
        let words = format!("{}{of} {cores}, {memory} of synapse memory", count(self.cores_used));
        line(out, "chip", &words)?;
        let u = &self.utilisation;
        let limits = [
            ("neurons", u.neurons),
            ("synapses", u.synapses),
            ("synapse memory", u.synapse_bits),
            ("axons in", u.axons_in),
            ("axons out", u.axons_out),
            ("fan-in", u.fan_in),
            ("destinations", u.destinations),
        ];
        let known = limits.into_iter().filter_map(|(name, u)| Some((name, u.max_fraction?, u.mean_fraction?)));
        let words: Vec<String> = known
            .map(|(name, max, mean)| match max == mean {
                true => format!("{name} {}", fullness(max)),
                false => format!("{name} {} (mean {})", fullness(max), fullness(mean)),
            })
            .collect();
        let none = || "no known limit".to_owned();
        line(out, "  fullest core", &if words.is_empty() { none() } else { words.join(", ") })?;
        self.placement.as_ref().map_or(Ok(()), |placement| line(out, "  placed", &placement.text()))
    }

    /// What happened to the non-volatile cells.
    fn write_cells(&self, out: &mut String) -> std::fmt::Result {
        let Some(cells) = &self.cells else { return Ok(()) };
        let (weights, all, arrays) =
            (counted(cells.weights, "weight"), count(cells.cells), counted(cells.arrays, "array"));
        let words = format!("{weights} in {all} cells of {arrays}, {}", cells.technology);
        line(out, "cells", &words)?;
        if let Some(p) = &cells.programming {
            let pulses = counted(p.set_pulses + p.reset_pulses, "pulse");
            let billed = p.billed_j.map_or(String::new(), |j| format!(" ({} at the profile's prices)", si(j, "J")));
            let (energy, time) = (si(p.energy_j, "J"), si(p.time_s, "s"));
            let words = format!("{pulses}, {} refused, {energy}{billed}, {time}", counted(p.refused, "cell"));
            line(out, "  programmed", &words)?;
        } else {
            line(out, "  programmed", "before this run")?;
        }
        if let Some(l) = &cells.learning {
            let (written, pulses) = (counted(l.cells_written, "cell"), counted(l.set_pulses + l.reset_pulses, "pulse"));
            let (refused, energy) = (counted(l.refused, "time"), si(l.energy_j, "J"));
            line(out, "  learning", &format!("wrote {written} by {pulses}, refused {refused}, {energy}"))?;
            let end = l.wears_out_in_steps.map_or(String::new(), |n| {
                let time = l.wears_out_in_s.map_or(String::new(), |s| format!(", which take {}", age(s)));
                format!("; at this rate the first wears out in {} steps{time}", count(n as u64))
            });
            let words = format!("{} of all cells, {} of the most used one{end}", count(l.cycles), count(l.most_cycles));
            line(out, "  cycles", &words)?;
        }
        let worn = if cells.worn > 0 { format!(", {} worn out", count(cells.worn)) } else { String::new() };
        let (reads, energy) = (counted(cells.cell_reads, "cell read"), si(cells.read_energy_j, "J"));
        line(out, "  read", &format!("{reads}, {energy} in the cells; they are {} old{worn}", age(cells.age_s)))
    }

    /// What is known of the analog neurons.
    fn write_analog(&self, out: &mut String) -> std::fmt::Result {
        let Some(own) = &self.analog else { return Ok(()) };
        let share =
            |what: &str, x: f64| if x > 0.0 { format!(", {what} {x:.2e} of the threshold") } else { String::new() };
        let (noise, droop) = (share("noise", own.noise_share), share("droop per step", own.droop_share));
        line(out, "analog neurons", &format!("{}{noise}{droop}", count(own.neurons)))?;
        let Some(c) = &own.calibration else { return Ok(()) };
        let energy = c.energy_j.map_or_else(|| "energy not known".into(), |j| si(j, "J"));
        let (trims, time) = (counted(c.measurements, "measurement"), si(c.time_s, "s"));
        line(out, "  calibrated", &format!("{trims}, {time}, {energy}, {} kept", counted(c.trim_bits, "bit")))
    }

    /// Processes that were not emulated on the chip.
    fn write_off_chip(&self, out: &mut String) -> std::fmt::Result {
        let off: Vec<String> = self
            .backends
            .iter()
            .filter(|b| b.backend != "chip")
            .map(|b| format!("{} ({})", b.process, b.backend))
            .collect();
        if off.is_empty() { Ok(()) } else { line(out, "not on the chip", &off.join(", ")) }
    }

    /// What was given and is not what acts: decays, and values that left their registers.
    fn write_rows(&self, out: &mut String) -> std::fmt::Result {
        let rows = |out: &mut String, label: &str, rows: &mut dyn Iterator<Item = String>| {
            rows.enumerate().try_for_each(|(k, row)| line(out, if k == 0 { label } else { "" }, &row))
        };
        rows(out, "decay registers", &mut self.decays.iter().map(DecayRow::text))?;
        rows(out, "register overflow", &mut self.overflow.iter().map(OverflowRow::text))
    }

    fn write_bill(&self, out: &mut String) -> std::fmt::Result {
        let Some(total) = self.energy_j else {
            return Ok(());
        };
        writeln!(
            out,
            "\n{:<24}{:>16}{:>12}{:>12}{:>7}  evidence",
            "energy by event", "count", "each", "energy", "part"
        )?;
        for row in &self.bill {
            let sign = match row.bound {
                Some(Bound::Min) => "≥ ",
                Some(Bound::Max) => "≤ ",
                None => "",
            };
            let each = format!("{sign}{}", si(row.price_j, "J"));
            let part = if total > 0.0 { fullness(row.energy_j / total) } else { "-".into() };
            let (n, energy) = (count(row.count), si(row.energy_j, "J"));
            writeln!(out, "  {:<22}{n:>16}{each:>12}{energy:>12}{part:>7}  {}", row.event, row.evidence)?;
        }
        writeln!(out, "  {:<22}{:>16}{:>12}{:>12}", "total", "", "", si(total, "J"))?;
        self.write_tables(out, total)
    }

    /// Where the energy went, each row with its range.
    fn write_tables(&self, out: &mut String, total: f64) -> std::fmt::Result {
        let components = self.energy.components.iter();
        let components: Vec<Where<'_>> = components
            .map(|row| Where {
                name: &row.component,
                energy_j: row.energy_j,
                range: row.range_j,
                evidence: row.weakest_evidence,
                unpriced: &row.unpriced,
            })
            .collect();
        table(out, "energy by component", &components, total)?;
        if self.energy.layers.len() > 1 {
            table(out, "dynamic energy by layer", &parts(&self.energy.layers), total)?;
        }
        table(out, "dynamic energy by process", &parts(&self.energy.processes), total)?;
        match self.energy.cores.len() {
            0 | 1 => Ok(()),
            _ => table(out, "dynamic energy by core", &parts(&self.energy.cores), total),
        }
    }
}

/// Rows of a table of parts that are printed; JSON has all.
const MOST_PARTS: usize = 12;

/// A row of a table of energy.
struct Where<'a> {
    name: &'a str,
    energy_j: f64,
    range: EnergyRange,
    evidence: Option<Evidence>,
    unpriced: &'a [EventCount],
}

impl<'a> From<&'a PartRow> for Where<'a> {
    fn from(row: &'a PartRow) -> Self {
        let (name, energy_j, range) = (row.name.as_str(), row.energy_j, row.range_j);
        Where { name, energy_j, range, evidence: row.weakest_evidence, unpriced: &row.unpriced }
    }
}

fn parts(rows: &[PartRow]) -> Vec<Where<'_>> {
    rows.iter().map(Where::from).collect()
}

/// The rows with most energy in their order, with error bars and how many events had no price.
fn table(out: &mut String, title: &str, rows: &[Where<'_>], total: f64) -> std::fmt::Result {
    let mut energies: Vec<f64> = rows.iter().map(|row| row.energy_j).collect();
    energies.sort_unstable_by(|a, b| b.total_cmp(a));
    let least = energies.get(MOST_PARTS - 1).copied().unwrap_or(0.0);
    writeln!(out, "\n{title:<28}{:>12}{:>7}  {:<26}evidence", "energy", "part", "range")?;
    let mut shown = 0;
    for row in rows.iter().filter(|row| row.energy_j >= least).take(MOST_PARTS) {
        shown += 1;
        let open = match (row.range.may_be_lower, row.range.may_be_higher) {
            (false, false) => "",
            (true, false) => " or less",
            (false, true) => " or more",
            (true, true) => " or beyond",
        };
        let range = match row.range.low == row.range.high {
            true if open.is_empty() => String::new(),
            true => open.trim_start().to_owned(),
            false => format!("{} to {}{open}", si(row.range.low, "J"), si(row.range.high, "J")),
        };
        let part = if total > 0.0 { fullness(row.energy_j / total) } else { "-".into() };
        let evidence = row.evidence.map_or("no price", Evidence::name);
        let unpriced = match (row.evidence, row.unpriced.len()) {
            (None, _) | (_, 0) => String::new(),
            (_, n) => format!(", {} without a price", counted(n as u64, "term")),
        };
        writeln!(out, "  {:<26}{:>12}{part:>7}  {range:<26}{evidence}{unpriced}", row.name, si(row.energy_j, "J"))?;
    }
    match rows.len() - shown {
        0 => Ok(()),
        more => writeln!(out, "  and {more} more (--json lists all)"),
    }
}

/// An age in the largest unit of which it has at least two.
fn age(seconds: f64) -> String {
    let units = [(365.25 * 86_400.0, "years"), (86_400.0, "days"), (3600.0, "hours"), (60.0, "minutes")];
    let unit = units.into_iter().find(|(unit, _)| seconds >= 2.0 * unit);
    unit.map_or_else(|| si(seconds, "s"), |(unit, name)| format!("{:.3} {name}", seconds / unit))
}

fn unpriced(out: &mut String, terms: &[EventCount]) -> std::fmt::Result {
    if terms.is_empty() { Ok(()) } else { line(out, "  not priced", &counts(terms)) }
}

fn counts(terms: &[EventCount]) -> String {
    terms.iter().map(|t| format!("{} ({})", t.event, count(t.count))).collect::<Vec<_>>().join(", ")
}

fn line(out: &mut String, label: &str, words: &str) -> std::fmt::Result {
    writeln!(out, "{label:<LABEL$}{words}")
}

//! A profile for people, and what differs between two.

use std::collections::BTreeMap;
use std::fmt::Write;

use pumice_meter::{Bound, EnergyTable, Event, Figure, LatencyTable, StaticPower};
use pumice_models::Arithmetic;
use serde::Deserialize;
use serde_json::Value;

use crate::Profile;

/// A field that two profiles do not share.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Difference {
    /// Path of the field.
    pub field: String,
    /// Its value in the first profile; absent when it has none.
    pub a: Option<String>,
    /// Its value in the second profile; absent when it has none.
    pub b: Option<String>,
}

/// The fields in which two profiles differ, by path; alternative tables and sources come last.
#[must_use]
pub fn diff(a: &Profile, b: &Profile) -> Vec<Difference> {
    let (mut a, mut b) = (fields(a), fields(b));
    let paths: std::collections::BTreeSet<String> = a.keys().chain(b.keys()).cloned().collect();
    let both = paths.into_iter().map(|field| {
        let (a, b) = (a.remove(&field), b.remove(&field));
        Difference { field, a, b }
    });
    let mut found: Vec<Difference> = both.filter(|difference| difference.a != difference.b).collect();
    let last = |field: &str| ["alt.", "facts.", "sources."].iter().position(|section| field.starts_with(section));
    found.sort_by_key(|difference| last(&difference.field));
    found
}

/// Every value of a profile by its path.
fn fields(profile: &Profile) -> BTreeMap<String, String> {
    let mut found = BTreeMap::new();
    leaves("", &tree(profile), &mut found);
    found
}

fn tree(profile: &Profile) -> Value {
    serde_json::to_value(profile).expect("a profile has string keys and checked numbers only")
}

fn leaves(path: &str, value: &Value, found: &mut BTreeMap<String, String>) {
    match value {
        Value::Null => {}
        Value::Object(fields) if fields.contains_key("ev") => drop(found.insert(path.to_owned(), figure(path, value))),
        Value::Object(fields) => {
            for (key, inner) in fields {
                leaves(&if path.is_empty() { key.clone() } else { format!("{path}.{key}") }, inner, found);
            }
        }
        Value::String(text) => drop(found.insert(path.to_owned(), text.clone())),
        other => drop(found.insert(path.to_owned(), other.to_string())),
    }
}

/// A value with its provenance on one line: what changes in one of them is read beside the others.
fn figure(path: &str, value: &Value) -> String {
    let section = |name: &str| path.split('.').any(|part| part == name);
    let units = [("energy", "J"), ("time", "s"), ("timestep", "s"), ("static", "W")];
    let unit = units.into_iter().find(|(name, _)| section(name)).map(|(_, unit)| unit);
    if let (Some(unit), Ok(figure)) = (unit, Figure::deserialize(value)) {
        return format!("{}, {}, {}{}", sized(&figure, unit), figure.ev, figure.src, remarks(&figure));
    }
    let text = |value: &Value| match value {
        Value::String(text) => text.clone(),
        Value::Number(number) => number.as_f64().map_or_else(|| number.to_string(), plain),
        other => other.to_string(),
    };
    let first = |name: &String| ["v", "unit", "ev", "src"].iter().position(|key| key == name).unwrap_or(4);
    let mut fields: Vec<_> = value.as_object().into_iter().flatten().filter(|(_, value)| !value.is_null()).collect();
    fields.sort_by_key(|(name, _)| first(name));
    fields.into_iter().map(|(_, value)| text(value)).collect::<Vec<_>>().join(", ")
}

impl Profile {
    /// The profile as text: every value with its evidence, every limit and price that is not known.
    #[must_use]
    pub fn show(&self) -> String {
        let mut text = String::new();
        self.write(&mut text).expect("writing to a String cannot fail");
        text
    }

    fn write(&self, out: &mut String) -> std::fmt::Result {
        writeln!(out, "{}: {}", self.meta.name, self.meta.display)?;
        self.meta.notes.iter().try_for_each(|notes| writeln!(out, "{notes}"))?;
        let tree = tree(self);
        for section in ["validity", "topology", "core", "cells", "analog", "neuron", "learning", "timestep"] {
            if tree.get(section).is_none() {
                continue;
            }
            writeln!(out, "\n[{section}]")?;
            let mut unknown = Vec::new();
            self.write_structure(out, section, &tree[section], &mut unknown)?;
            let meaning = if matches!(section, "topology" | "core") { "no known limit" } else { "not stated" };
            write_list(out, meaning, &unknown)?;
        }
        self.write_technology(out)?;
        self.write_arithmetic(out)?;
        for name in self.price_names() {
            let about = self.alt.get(name).map(|alt| alt.about.as_str());
            writeln!(out, "\nprices {name}: {}", about.unwrap_or("the main tables"))?;
            let alt = self.alt.get(name);
            let energy = alt.map_or(Some(&self.energy), |alt| alt.energy.as_ref());
            let time = alt.map_or(Some(&self.time), |alt| alt.time.as_ref());
            let power = alt.map_or(Some(&self.static_power), |alt| alt.static_power.as_ref());
            energy.iter().try_for_each(|table| write_energy(out, table))?;
            time.iter().try_for_each(|table| write_time(out, table))?;
            power.iter().try_for_each(|table| write_power(out, table))?;
        }
        self.write_facts(out)
    }

    fn write_structure(
        &self,
        out: &mut String,
        path: &str,
        value: &Value,
        unknown: &mut Vec<String>,
    ) -> std::fmt::Result {
        let name = path.split_once('.').map_or(path, |(_, name)| name);
        match value {
            // Technologies are shown by themselves.
            _ if path == "cells.own_technology" => {}
            Value::Null => unknown.push(name.to_owned()),
            Value::Object(fields) if !fields.contains_key("ev") => {
                for (key, inner) in fields {
                    self.write_structure(out, &format!("{path}.{key}"), inner, unknown)?;
                }
            }
            Value::Object(figure) => {
                let field = |name: &str| figure[name].as_str().unwrap_or_default();
                writeln!(out, "  {name:<36} {:<24} {:<9} {}", figure["v"].to_string(), field("ev"), field("src"))?;
            }
            plain => {
                let text = plain.as_str().map_or_else(|| plain.to_string(), str::to_owned);
                write!(out, "  {name:<36} {text:<24}")?;
                if let Some(source) = self.sources.get(path) {
                    write!(out, " {:<9} {}", source.ev, source.src)?;
                    source.inferred.iter().try_for_each(|reason| write!(out, " (inferred: {reason})"))?;
                }
                writeln!(out)?;
            }
        }
        Ok(())
    }

    fn write_arithmetic(&self, out: &mut String) -> std::fmt::Result {
        let values = &self.arithmetic.values;
        writeln!(out, "\n[arithmetic]\n  {:<36} {}", "name", values.name)?;
        self.arithmetic.stand_in.iter().try_for_each(|why| writeln!(out, "  {:<36} {why}", "stand_in"))?;
        let Ok(named) = Arithmetic::named(&values.name) else {
            return Ok(());
        };
        let json = |values: &Arithmetic| serde_json::to_value(values).unwrap_or_default();
        let (mut ours, mut theirs) = (BTreeMap::new(), BTreeMap::new());
        leaves("", &json(values), &mut ours);
        leaves("", &json(&named), &mut theirs);
        for (field, value) in ours.iter().filter(|(field, _)| *field != "name") {
            match theirs.get(field) {
                Some(usual) if usual == value => writeln!(out, "  {field:<36} {value}")?,
                usual => writeln!(out, "  {field:<36} {value} (overrides {})", usual.map_or("absent", String::as_str))?,
            }
        }
        Ok(())
    }

    /// Where the numbers of the cells come from, and what of them is assumed.
    fn write_technology(&self, out: &mut String) -> std::fmt::Result {
        let technology = self.cells.as_ref().and_then(|cells| cells.design().ok()).map(|design| design.technology);
        let Some(technology) = technology else { return Ok(()) };
        writeln!(out, "\ncells of {}: {}", technology.name, technology.about)?;
        let numbers_of = serde_json::to_value(&technology).unwrap_or_default();
        for (section, source) in &technology.sources {
            let grade = format!("{:?}", source.grade).to_lowercase();
            writeln!(out, "  {section:<36} {:<24} {grade:<9} {}", "", source.text)?;
            let mut numbers = BTreeMap::new();
            leaves(section, &numbers_of[section.as_str()], &mut numbers);
            numbers.iter().try_for_each(|(field, number)| writeln!(out, "    {field:<34} {number}"))?;
        }
        if technology.assumed.is_none() {
            writeln!(out, "  no activation energy is known or assumed: these cells age at 25 °C only")?;
        }
        Ok(())
    }

    fn write_facts(&self, out: &mut String) -> std::fmt::Result {
        if !self.facts.is_empty() {
            writeln!(out, "\nfacts that nothing computes with")?;
        }
        for (name, fact) in &self.facts {
            let values: Vec<_> = fact.v.values().iter().map(|&v| plain(v)).collect();
            let unit = if fact.unit == "1" { "" } else { fact.unit.as_str() };
            let value = format!("{} {unit}", values.join(", "));
            write!(out, "  {name:<36} {value:<24} {:<9} {}", fact.ev, fact.src)?;
            fact.note.iter().try_for_each(|note| write!(out, " ({note})"))?;
            writeln!(out)?;
        }
        Ok(())
    }
}

fn write_list(out: &mut String, meaning: &str, names: &[String]) -> std::fmt::Result {
    if names.is_empty() { Ok(()) } else { writeln!(out, "  {meaning}: {}", names.join(", ")) }
}

fn write_energy(out: &mut String, table: &EnergyTable) -> std::fmt::Result {
    let word = |value: Value| value.as_str().unwrap_or_default().to_owned();
    let (scope, model) = (word(serde_json::json!(table.scope)), word(serde_json::json!(table.neuron_model)));
    writeln!(out, "  energy, scope {scope}, neurons {model}")?;
    table.iter().try_for_each(|(event, price)| write_figure(out, event.name(), price, "J"))?;
    let unknown = Event::ALL.iter().filter(|&&event| table.get(event).is_none());
    let names: Vec<_> = unknown.map(|event| event.name().to_owned()).collect();
    write_list(out, "  no known price", &names)
}

fn write_time(out: &mut String, table: &LatencyTable) -> std::fmt::Result {
    writeln!(out, "  time")?;
    table.iter().try_for_each(|(event, latency)| write_figure(out, event.name(), latency.figure(), "s"))?;
    let tables = [("sync_by_tiles", &table.sync_by_tiles), ("sync_by_chips", &table.sync_by_chips)];
    for (name, sync) in tables.into_iter().filter_map(|(name, table)| Some((name, table.as_ref()?))) {
        let entry = sync.entry();
        let steps: Vec<_> = entry.tiles.iter().zip(&entry.t).map(|(n, &t)| format!("{n}: {}", si(t, "s"))).collect();
        writeln!(out, "    {:<26} {:<24} {:<9} {}", name, steps.join(", "), entry.ev, entry.src)?;
    }
    let known = |event| table.get(event).is_some() || (event == Event::Barrier && table.sync_by_tiles.is_some());
    let names: Vec<_> =
        Event::ALL.into_iter().filter(|&event| !known(event)).map(|event| event.name().to_owned()).collect();
    write_list(out, "  no known time", &names)
}

fn write_power(out: &mut String, power: &StaticPower) -> std::fmt::Result {
    let unknown = if *power == StaticPower::default() { ": not known" } else { "" };
    writeln!(out, "  static power{unknown}")?;
    let terms = [("chip", &power.chip), ("core", &power.core), ("embedded_cpu", &power.embedded_cpu)];
    for (name, figure) in terms {
        figure.iter().try_for_each(|figure| write_figure(out, name, figure, "W"))?;
    }
    power.rails.iter().try_for_each(|(name, figure)| write_figure(out, &format!("rails.{name}"), figure, "W"))
}

fn write_figure(out: &mut String, name: &str, figure: &Figure, unit: &str) -> std::fmt::Result {
    let (value, remarks) = (sized(figure, unit), remarks(figure));
    writeln!(out, "    {name:<26} {value:<24} {:<9} {}{remarks}", figure.ev, figure.src)
}

/// The value and its range, with their unit.
fn sized(figure: &Figure, unit: &str) -> String {
    let sign = match figure.bound {
        Some(Bound::Min) => ">= ",
        Some(Bound::Max) => "<= ",
        None => "",
    };
    let range = figure.bounds.map_or(String::new(), |[low, high]| format!(" [{}, {}]", si(low, unit), si(high, unit)));
    format!("{sign}{}{range}", si(figure.v, unit))
}

fn remarks(figure: &Figure) -> String {
    [&figure.reason, &figure.note].into_iter().flatten().map(|remark| format!(" ({remark})")).collect()
}

/// A value in decimal or, when that would be long, in scientific notation.
fn plain(v: f64) -> String {
    if v == 0.0 || (1e-3..1e6).contains(&v.abs()) { v.to_string() } else { format!("{v:e}") }
}

/// A value with an SI prefix and up to five digits, as in `23.6 pJ`.
fn si(v: f64, unit: &str) -> String {
    const PREFIXES: [(f64, &str); 7] =
        [(1e9, "G"), (1e6, "M"), (1e3, "k"), (1.0, ""), (1e-3, "m"), (1e-6, "µ"), (1e-9, "n")];
    let small = if v < 1e-12 { (1e-15, "f") } else { (1e-12, "p") };
    let found = PREFIXES.into_iter().find(|&(scale, _)| v >= scale * 0.999_999_9);
    let (scale, prefix) = if v == 0.0 { (1.0, "") } else { found.unwrap_or(small) };
    let digits = format!("{:.5}", v / scale);
    format!("{} {prefix}{unit}", digits.trim_end_matches('0').trim_end_matches('.'))
}

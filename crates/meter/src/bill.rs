//! Counts times prices, once.
//!
//! ```text
//! energy of a row = count * price            one multiplication per term
//! dynamic         = sum of event rows        in table order
//! static          = sum of static rows       price = watts * emulated time
//! total           = dynamic + static
//! ```
//!
//! Nothing is accumulated while a network runs, so a bill depends on the counts alone and not on the
//! order in which they were made.

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::{Bound, Counts, EnergyTable, Event, Evidence, Figure, MeterError, Scope, StaticPower};

/// What a row of a bill is for.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize, JsonSchema)]
#[serde(into = "String", try_from = "String")]
#[schemars(with = "String")]
pub enum Term {
    /// An event.
    Event(Event),
    /// Static power of a chip.
    Chip,
    /// Static power of one supply rail of a chip.
    Rail(String),
    /// Static power of a core in use.
    Core,
    /// Static power of a running embedded processor.
    EmbeddedCpu,
}

impl fmt::Display for Term {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Term::Event(event) => f.pad(event.name()),
            Term::Chip => f.pad("static.chip"),
            Term::Rail(name) => f.pad(&format!("static.rails.{name}")),
            Term::Core => f.pad("static.core"),
            Term::EmbeddedCpu => f.pad("static.embedded_cpu"),
        }
    }
}

impl FromStr for Term {
    type Err = MeterError;

    fn from_str(name: &str) -> Result<Self, MeterError> {
        Ok(match name {
            "static.chip" => Term::Chip,
            "static.core" => Term::Core,
            "static.embedded_cpu" => Term::EmbeddedCpu,
            _ => match name.strip_prefix("static.rails.") {
                Some(rail) => Term::Rail(rail.to_owned()),
                None => Term::Event(name.parse()?),
            },
        })
    }
}

impl From<Term> for String {
    fn from(term: Term) -> String {
        term.to_string()
    }
}

impl TryFrom<String> for Term {
    type Error = MeterError;

    fn try_from(name: String) -> Result<Self, MeterError> {
        name.parse()
    }
}

/// What static power is charged for.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Usage {
    /// Chips that are powered.
    pub chips: u32,
    /// Cores in use on all chips.
    pub cores: u32,
    /// Embedded processors that are running on all chips.
    pub embedded_cpus: u32,
    /// Emulated time `[ps]`; absent when the profile does not tell it.
    pub time_ps: Option<u64>,
}

/// One line of a bill: `energy_j = count * price_j`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Row {
    /// What was charged.
    pub term: Term,
    /// How often it was charged: events, or chips, cores and processors for static power.
    pub count: u64,
    /// Price of one `[J]`; for static power watts times emulated time.
    pub price_j: f64,
    /// Energy `[J]`.
    pub energy_j: f64,
    /// Energy `[J]` at the ends of the range that the source allows; equal to `energy_j` without one.
    pub range_j: [f64; 2],
    /// Present when the source quotes the price as a minimum or a maximum only.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub bound: Option<Bound>,
    /// How well the price is supported.
    pub evidence: Evidence,
    /// Where the price comes from.
    pub source: String,
}

/// Something that happened and has no price of its own.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize, JsonSchema)]
pub struct Unpriced {
    /// What happened.
    pub term: Term,
    /// How often.
    pub count: u64,
}

/// The energy of a run, line by line.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize, JsonSchema)]
pub struct Bill {
    /// Priced terms that occurred: events in table order, then static power.
    pub rows: Vec<Row>,
    /// Energy of the event rows `[J]`.
    pub dynamic_j: f64,
    /// Energy of the static rows `[J]`.
    pub static_j: f64,
    /// `dynamic_j + static_j` `[J]`.
    pub total_j: f64,
    /// The total `[J]` with every price at the lower and at the upper end of its range.
    pub range_j: [f64; 2],
    /// True when a price used is quoted as a minimum, so that the total may be larger than any range says.
    pub open_above: bool,
    /// True when a price used is quoted as a maximum, so that the total may be smaller than any range says.
    pub open_below: bool,
    /// The weakest evidence used; absent when nothing was charged.
    pub weakest: Option<Evidence>,
    /// Terms that occurred and have no known price: the total does not contain them.
    pub unpriced: Vec<Unpriced>,
    /// Events that occurred and are contained in an all-in synaptic price.
    pub included: Vec<Unpriced>,
}

impl Bill {
    /// Prices `counts` by `energy`, and `usage` by `power`.
    ///
    /// # Errors
    /// A table that breaks its rules, for instance an all-in table with a price for a hop, or counts
    /// that contradict the table's neuron model.
    pub fn price(
        counts: &Counts,
        energy: &EnergyTable,
        power: &StaticPower,
        usage: &Usage,
    ) -> Result<Bill, MeterError> {
        energy.check("energy")?;
        power.check("static")?;
        let mut bill = Bill::empty();
        for event in Event::ALL {
            let count = energy.neuron_model.billed(event, counts)?;
            bill.charge(
                Term::Event(event),
                count,
                energy.get(event),
                1.0,
                energy.scope,
            );
        }
        bill.dynamic_j = bill.rows.iter().map(|row| row.energy_j).sum();
        let dynamic_rows = bill.rows.len();
        bill.charge_static(power, usage);
        bill.static_j = bill.rows[dynamic_rows..]
            .iter()
            .map(|row| row.energy_j)
            .sum();
        bill.total_j = bill.dynamic_j + bill.static_j;
        bill.range_j = [0, 1].map(|end| bill.rows.iter().map(|row| row.range_j[end]).sum());
        bill.open_above = bill.rows.iter().any(|row| row.bound == Some(Bound::Min));
        bill.open_below = bill.rows.iter().any(|row| row.bound == Some(Bound::Max));
        bill.weakest = bill.rows.iter().map(|row| row.evidence).max();
        Ok(bill)
    }

    /// The energy charged for `term` `[J]`, if it was charged.
    #[must_use]
    pub fn energy_of(&self, term: &Term) -> Option<f64> {
        self.rows
            .iter()
            .find(|row| row.term == *term)
            .map(|row| row.energy_j)
    }

    fn empty() -> Bill {
        Bill {
            rows: Vec::new(),
            dynamic_j: 0.0,
            static_j: 0.0,
            total_j: 0.0,
            range_j: [0.0; 2],
            open_above: false,
            open_below: false,
            weakest: None,
            unpriced: Vec::new(),
            included: Vec::new(),
        }
    }

    /// Adds a row when `term` occurred; `scale` turns the figure into joules.
    fn charge(
        &mut self,
        term: Term,
        count: u64,
        figure: Option<&Figure>,
        scale: f64,
        scope: Scope,
    ) {
        if count == 0 {
            return;
        }
        let Some(figure) = figure else {
            let covered = scope == Scope::AllIn
                && matches!(term, Term::Event(event) if event.within_all_in());
            let list = if covered {
                &mut self.included
            } else {
                &mut self.unpriced
            };
            list.push(Unpriced { term, count });
            return;
        };
        let joules = |each: f64| count as f64 * (each * scale);
        self.rows.push(Row {
            term,
            count,
            price_j: figure.v * scale,
            energy_j: joules(figure.v),
            range_j: figure.range().map(joules),
            bound: figure.bound,
            evidence: figure.ev,
            source: figure.src.clone(),
        });
    }

    /// Adds the static rows; without a known time they are unpriced.
    ///
    /// A chip whose static power is unknown altogether is unpriced too. A missing core term is not:
    /// the chip's figure contains its cores.
    fn charge_static(&mut self, power: &StaticPower, usage: &Usage) {
        let seconds = usage.time_ps.map(|ps| ps as f64 * 1e-12);
        let chips = u64::from(usage.chips);
        let mut terms: Vec<(Term, u64, Option<&Figure>)> = Vec::new();
        if power.chip.is_some() || (power.rails.is_empty() && power.core.is_none()) {
            terms.push((Term::Chip, chips, power.chip.as_ref()));
        }
        terms.extend(
            power
                .rails
                .iter()
                .map(|(name, figure)| (Term::Rail(name.clone()), chips, Some(figure))),
        );
        if power.core.is_some() {
            terms.push((Term::Core, u64::from(usage.cores), power.core.as_ref()));
        }
        terms.push((
            Term::EmbeddedCpu,
            u64::from(usage.embedded_cpus),
            power.embedded_cpu.as_ref(),
        ));
        for (term, count, figure) in terms {
            let figure = figure.filter(|_| seconds.is_some());
            self.charge(term, count, figure, seconds.unwrap_or(0.0), Scope::PerTerm);
        }
    }
}

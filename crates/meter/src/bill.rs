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

/// The sum in order; of nothing it is 0, not the -0 of `Iterator::sum`.
fn sum(energies: impl Iterator<Item = f64>) -> f64 {
    energies.fold(0.0, |sum, j| sum + j)
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
            bill.charge(Term::Event(event), count, energy.get(event), 1.0, energy.scope);
        }
        bill.dynamic_j = sum(bill.rows.iter().map(|row| row.energy_j));
        let dynamic_rows = bill.rows.len();
        bill.charge_static(power, usage);
        bill.static_j = sum(bill.rows[dynamic_rows..].iter().map(|row| row.energy_j));
        bill.total_j = bill.dynamic_j + bill.static_j;
        bill.range_j = [0, 1].map(|end| sum(bill.rows.iter().map(|row| row.range_j[end])));
        bill.open_above = bill.rows.iter().any(|row| row.bound == Some(Bound::Min));
        bill.open_below = bill.rows.iter().any(|row| row.bound == Some(Bound::Max));
        bill.weakest = bill.rows.iter().map(|row| row.evidence).max();
        Ok(bill)
    }

    /// The energy charged for `term` `[J]`, if it was charged.
    #[must_use]
    pub fn energy_of(&self, term: &Term) -> Option<f64> {
        self.rows.iter().find(|row| row.term == *term).map(|row| row.energy_j)
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
    fn charge(&mut self, term: Term, count: u64, figure: Option<&Figure>, scale: f64, scope: Scope) {
        if count == 0 {
            return;
        }
        let Some(figure) = figure else {
            let covered = scope == Scope::AllIn && matches!(term, Term::Event(event) if event.within_all_in());
            let list = if covered { &mut self.included } else { &mut self.unpriced };
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
        terms.extend(power.rails.iter().map(|(name, figure)| (Term::Rail(name.clone()), chips, Some(figure))));
        if power.core.is_some() {
            terms.push((Term::Core, u64::from(usage.cores), power.core.as_ref()));
        }
        terms.push((Term::EmbeddedCpu, u64::from(usage.embedded_cpus), power.embedded_cpu.as_ref()));
        for (term, count, figure) in terms {
            let figure = figure.filter(|_| seconds.is_some());
            self.charge(term, count, figure, seconds.unwrap_or(0.0), Scope::PerTerm);
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::NeuronModel;

    /// A count below 2³² for every event.
    fn counts() -> impl Strategy<Value = Counts> {
        proptest::collection::vec(0u64..1 << 32, Event::COUNT).prop_map(|all| {
            let mut counts = Counts::default();
            all.into_iter().zip(Event::ALL).for_each(|(n, event)| counts.add(event, n));
            counts
        })
    }

    fn evidence() -> impl Strategy<Value = Evidence> {
        use Evidence::*;
        prop::sample::select(vec![Measured, Fitted, Derived, Simulated, Vendor, Recalled, Assumed])
    }

    /// A price between 1 fJ and 1 nJ, with or without a range.
    fn price() -> impl Strategy<Value = Figure> {
        (1e-15..1e-9, evidence(), any::<bool>()).prop_map(|(v, ev, ranged)| {
            let price = Figure::new(v, ev, "strategy");
            if ranged { price.within(v * 0.5, v * 2.0) } else { price }
        })
    }

    /// A table in which about half of the events have a price.
    fn table() -> impl Strategy<Value = EnergyTable> {
        proptest::collection::vec(proptest::option::of(price()), Event::COUNT).prop_map(|prices| {
            let mut table = EnergyTable::new(Scope::PerTerm, NeuronModel::Additive);
            for (event, price) in Event::ALL.into_iter().zip(prices) {
                price.into_iter().for_each(|price| table.set(event, price));
            }
            table
        })
    }

    fn power() -> StaticPower {
        let watts = |v| Some(Figure::new(v, Evidence::Measured, "bench"));
        StaticPower { chip: watts(0.1), core: watts(0.001), embedded_cpu: watts(0.02), ..StaticPower::default() }
    }

    const USAGE: Usage = Usage { chips: 2, cores: 30, embedded_cpus: 3, time_ps: Some(5_000_000_000) };

    proptest! {
        /// Nothing is lost between the rows and the total, and every event is in exactly one list.
        #[test]
        fn parts_sum_to_the_total(counts in counts(), table in table()) {
            let bill = Bill::price(&counts, &table, &power(), &USAGE).unwrap();
            let (mut dynamic, mut fixed) = (0.0, 0.0);
            for row in &bill.rows {
                prop_assert_eq!(row.energy_j, row.count as f64 * row.price_j);
                prop_assert!(row.range_j[0] <= row.energy_j && row.energy_j <= row.range_j[1]);
                *(if matches!(row.term, Term::Event(_)) { &mut dynamic } else { &mut fixed }) += row.energy_j;
            }
            prop_assert_eq!(bill.dynamic_j.to_bits(), f64::to_bits(dynamic));
            prop_assert_eq!(bill.static_j.to_bits(), f64::to_bits(fixed));
            prop_assert_eq!(bill.total_j.to_bits(), f64::to_bits(dynamic + fixed));
            prop_assert!(bill.range_j[0] <= bill.total_j * (1.0 + 1e-12) && bill.total_j <= bill.range_j[1] * (1.0 + 1e-12));
            prop_assert_eq!(bill.weakest, bill.rows.iter().map(|row| row.evidence).max());
            for (event, n) in counts.iter() {
                let rows = bill.rows.iter().filter(|row| row.term == Term::Event(event)).count();
                let unpriced = bill.unpriced.iter().filter(|line| line.term == Term::Event(event)).count();
                prop_assert_eq!(rows + unpriced, usize::from(n > 0));
                prop_assert_eq!(rows == 1, n > 0 && table.get(event).is_some());
            }
        }

        /// A price acts on its own row, in proportion, and on no other.
        #[test]
        fn doubling_a_price_doubles_its_row(counts in counts(), table in table(), place in 0..Event::COUNT) {
            let event = Event::ALL[place];
            let mut twice = table.clone();
            if let Some(price) = table.get(event).cloned() {
                let bounds = price.bounds.map(|ends| ends.map(|end| end * 2.0));
                twice.set(event, Figure { v: price.v * 2.0, bounds, ..price });
            }
            let before = Bill::price(&counts, &table, &power(), &USAGE).unwrap();
            let after = Bill::price(&counts, &twice, &power(), &USAGE).unwrap();
            prop_assert_eq!(before.rows.len(), after.rows.len());
            prop_assert_eq!(&before.unpriced, &after.unpriced);
            for (old, new) in before.rows.iter().zip(&after.rows) {
                prop_assert_eq!(&old.term, &new.term);
                let factor = if old.term == Term::Event(event) { 2.0 } else { 1.0 };
                prop_assert_eq!(new.energy_j.to_bits(), (old.energy_j * factor).to_bits());
                prop_assert_eq!(new.range_j, old.range_j.map(|end| end * factor));
            }
        }

        /// What is counted in parts costs what is counted at once, whatever the order.
        #[test]
        fn bill_depends_on_the_sum_of_counts_alone(a in counts(), b in counts(), table in table()) {
            let forward: Counts = [&a, &b].into_iter().sum();
            let backward: Counts = [&b, &a].into_iter().sum();
            let bill = |counts| Bill::price(counts, &table, &power(), &USAGE).unwrap();
            prop_assert_eq!(bill(&forward), bill(&backward));
        }

        /// The exclusive model charges every visited neuron exactly once.
        #[test]
        fn exclusive_neurons_are_charged_once(accesses in 0u64..1 << 40, share in 0.0..=1.0f64) {
            let updates = (accesses as f64 * share) as u64;
            let mut table = EnergyTable::new(Scope::PerTerm, NeuronModel::Exclusive);
            table.set(Event::NeuronAccess, Figure::new(52e-12, Evidence::Simulated, "inactive"));
            table.set(Event::NeuronUpdate, Figure::new(81e-12, Evidence::Simulated, "active"));
            let mut counts = Counts::default();
            counts.add(Event::NeuronAccess, accesses);
            counts.add(Event::NeuronUpdate, updates);
            let bill = Bill::price(&counts, &table, &StaticPower::default(), &Usage::default()).unwrap();
            prop_assert_eq!(bill.rows.iter().map(|row| row.count).sum::<u64>(), accesses);
            counts.add(Event::NeuronUpdate, accesses - updates + 1);
            let error = Bill::price(&counts, &table, &StaticPower::default(), &Usage::default()).unwrap_err();
            prop_assert_eq!(error, MeterError::MoreUpdatesThanAccesses { updates: accesses + 1, accesses });
        }
    }

    #[test]
    fn all_in_price_covers_what_it_contains_and_refuses_to_be_added_to() {
        let mut table = EnergyTable::new(Scope::AllIn, NeuronModel::Additive);
        table.set(Event::SynapseReadDense, Figure::new(8.43e-12, Evidence::Measured, "Frenkel 2019"));
        let mut counts = Counts::default();
        counts.add(Event::SynapseReadDense, 1000);
        counts.add(Event::NeuronUpdate, 50);
        counts.add(Event::HostRead, 2);
        let bill = Bill::price(&counts, &table, &StaticPower::default(), &Usage::default()).unwrap();
        assert_eq!(bill.included, [Unpriced { term: Term::Event(Event::NeuronUpdate), count: 50 }]);
        assert_eq!(bill.unpriced, [Unpriced { term: Term::Event(Event::HostRead), count: 2 }]);
        table.set(Event::HopEast, Figure::new(3e-12, Evidence::Simulated, "Davies 2018"));
        let error = Bill::price(&counts, &table, &StaticPower::default(), &Usage::default()).unwrap_err();
        assert_eq!(
            error.to_string(),
            "energy.hop_east: event hop_east has a price, but scope `all_in` already contains it, allowed is a price for \
             synapse_read_dense, synapse_read_sparse, synapse_read_conv, synapse_read_cell, weight_write, cell_pulse, \
             cell_verify_read, embedded_instruction, host_spike_in, host_spike_out, host_read, chip_crossing"
        );
    }

    #[test]
    fn static_power_is_watts_times_emulated_time() {
        let bill = Bill::price(&Counts::default(), &EnergyTable::default(), &power(), &USAGE).unwrap();
        assert_eq!(bill.energy_of(&Term::Chip), Some(2.0 * (0.1 * 5e-3)));
        assert_eq!(bill.energy_of(&Term::Core), Some(30.0 * (0.001 * 5e-3)));
        assert_eq!(bill.energy_of(&Term::EmbeddedCpu), Some(3.0 * (0.02 * 5e-3)));
        assert_eq!(bill.dynamic_j, 0.0);
        assert!(bill.unpriced.is_empty());
    }

    #[test]
    fn unknown_static_power_and_unknown_time_are_listed() {
        let listed = |power: &StaticPower, usage: &Usage| {
            let bill = Bill::price(&Counts::default(), &EnergyTable::default(), power, usage).unwrap();
            assert_eq!(bill.total_j, 0.0);
            bill.unpriced.iter().map(|line| format!("{} {}", line.count, line.term)).collect::<Vec<_>>()
        };
        assert_eq!(listed(&StaticPower::default(), &USAGE), ["2 static.chip", "3 static.embedded_cpu"]);
        let timeless = Usage { time_ps: None, ..USAGE };
        assert_eq!(listed(&power(), &timeless), ["2 static.chip", "30 static.core", "3 static.embedded_cpu"]);
    }

    #[test]
    fn rails_replace_the_chip() {
        let watts = |v| Figure::new(v, Evidence::Derived, "logs");
        let rails = [("vdd".to_owned(), watts(0.00883)), ("vddm".to_owned(), watts(0.02086))].into();
        let mut power = StaticPower { rails, ..StaticPower::default() };
        let bill = Bill::price(&Counts::default(), &EnergyTable::default(), &power, &USAGE).unwrap();
        assert!((bill.static_j - 2.0 * 0.02969 * 5e-3).abs() < 1e-15);
        power.chip = Some(watts(0.1));
        let error = Bill::price(&Counts::default(), &EnergyTable::default(), &power, &USAGE).unwrap_err();
        assert_eq!(
            error.to_string(),
            "static: chip and rails are both given, allowed is one of them, because rails are the parts of chip"
        );
    }

    #[test]
    fn open_ends_and_terms_survive_a_file() {
        let mut table = EnergyTable::new(Scope::PerTerm, NeuronModel::Exclusive);
        let least = Figure { bound: Some(Bound::Min), ..Figure::new(23.6e-12, Evidence::Simulated, "Davies 2018") };
        table.set(Event::SynapseReadSparse, least);
        let mut counts = Counts::default();
        counts.add(Event::SynapseReadSparse, 7);
        let bill = Bill::price(&counts, &table, &power(), &USAGE).unwrap();
        assert!(bill.open_above && !bill.open_below);
        assert_eq!(bill.weakest, Some(Evidence::Simulated));
        let text = serde_json::to_string(&bill).unwrap();
        let back: Bill = serde_json::from_str(&text).unwrap();
        assert_eq!(back.rows, bill.rows);
        for term in [Term::Rail("vdd".into()), Term::Core, Term::EmbeddedCpu, Term::Chip, Term::Event(Event::HopEast)] {
            assert_eq!(term.to_string().parse::<Term>().unwrap(), term);
        }
        assert!("static.moon".parse::<Term>().is_err());
    }
}

//! The rules that a profile must keep, as small named checks.

use std::fmt::Display;

use pumice_meter::MeterError;
use pumice_models::arithmetic::{Arithmetic, OverflowPolicy, Register};

use crate::{Family, NeuronRegisters, Profile, SCHEMA, SynapseFormat};

/// A rule that does not hold; the caller knows the file.
#[derive(Debug)]
pub(crate) enum Fault {
    /// A rule of this crate.
    Rule {
        /// Path of the field.
        field: String,
        /// The value found.
        value: String,
        /// What would be accepted.
        allowed: String,
    },
    /// A rule of the meter.
    Meter(MeterError),
}

impl From<MeterError> for Fault {
    fn from(error: MeterError) -> Self {
        Fault::Meter(error)
    }
}

pub(crate) fn rule(
    holds: bool,
    field: impl Into<String>,
    value: impl Display,
    allowed: impl Into<String>,
) -> Result<(), Fault> {
    if holds {
        return Ok(());
    }
    Err(Fault::Rule { field: field.into(), value: value.to_string(), allowed: allowed.into() })
}

/// Checks every rule; the first fault wins.
pub(crate) fn faults(profile: &Profile) -> Result<(), Fault> {
    let allowed = format!("{SCHEMA}, the only version of the format");
    rule(profile.schema == SCHEMA, "schema", profile.schema, allowed)?;
    meta(profile)?;
    validity(profile)?;
    topology(profile)?;
    limits(profile)?;
    cells(profile)?;
    analog(profile)?;
    arithmetic(&profile.arithmetic.values)?;
    widths(profile)?;
    if profile.arithmetic.stand_in.is_none() {
        agreement(&profile.neuron, &profile.arithmetic.values)?;
    }
    timestep(profile)?;
    tables(profile)?;
    provenance(profile)
}

fn meta(profile: &Profile) -> Result<(), Fault> {
    let (name, main) = (&profile.meta.name, &profile.meta.prices);
    for (field, text) in [("meta.name", name), ("meta.prices", main)] {
        let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-' || c == '_';
        let holds = !text.is_empty() && text.chars().all(plain);
        rule(holds, field, format!("`{text}`"), "lower-case letters, digits, - and _")?;
    }
    rule(!profile.meta.display.trim().is_empty(), "meta.display", "empty", "a name for people")?;
    let allowed = format!("a name other than meta.prices (`{main}`)");
    rule(!profile.alt.contains_key(main), format!("alt.{main}"), "an alternative to itself", allowed)
}

fn validity(profile: &Profile) -> Result<(), Fault> {
    let validity = &profile.validity;
    for (field, figure) in [("supply_v", &validity.supply_v), ("clock_hz", &validity.clock_hz)] {
        figure.iter().try_for_each(|figure| figure.check(&format!("validity.{field}")))?;
    }
    if let Some(clock) = &validity.clock_hz {
        let clocked = profile.meta.family != Family::DigitalAsynchronous;
        rule(clocked, "validity.clock_hz", clock.v, "no clock, because meta.family is digital_asynchronous")?;
    }
    if let Some([low, high]) = validity.supply_range_v {
        let value = format!("[{low}, {high}]");
        rule(0.0 < low && low <= high && high.is_finite(), "validity.supply_range_v", value, "0 < low <= high")?;
        if let Some(supply) = &validity.supply_v {
            let allowed = format!("within supply_range_v, {low} to {high}");
            rule((low..=high).contains(&supply.v), "validity.supply_v", supply.v, allowed)?;
        }
    }
    let speedup = validity.speedup.unwrap_or(1);
    rule(speedup >= 1, "validity.speedup", speedup, "1 or more")?;
    let celsius = validity.temperature_c.unwrap_or(0.0);
    rule((-273.15..=1000.0).contains(&celsius), "validity.temperature_c", celsius, "-273.15 to 1000")
}

/// Cells that exist, on cores that exist, of a technology that can do what is asked of it.
fn cells(profile: &Profile) -> Result<(), Fault> {
    let Some(cells) = &profile.cells else { return Ok(()) };
    let most = profile.topology.cores_per_chip.unwrap_or(u32::MAX);
    let allowed = format!("1 to topology.cores_per_chip ({most})");
    rule((1..=most).contains(&cells.cores), "cells.cores", cells.cores, allowed)?;
    let threshold = cells.mixed_precision.unwrap_or(1);
    rule((1..=512).contains(&threshold), "cells.mixed_precision", threshold, "1 to 512 steps of the weight")?;
    let spread = cells.gain_spread;
    rule((0.0..=1.0).contains(&spread), "cells.gain_spread", spread, "0 to 1")?;
    for ohm in cells.wire_ohm.into_iter().flatten() {
        rule(ohm > 0.0 && ohm.is_finite(), "cells.wire_ohm", ohm, "above 0")?;
    }
    let value = &cells.technology;
    cells.design().map(drop).map_err(|fault| Fault::Rule {
        field: "cells".into(),
        value: format!("`{value}`"),
        allowed: format!("a technology that fits, but {fault}"),
    })
}

/// Analog neurons, on cores with cells or on all cores of an analog chip.
fn analog(profile: &Profile) -> Result<(), Fault> {
    let Some(analog) = &profile.analog else { return Ok(()) };
    let holds = profile.cells.is_some() || profile.meta.family == Family::Analog;
    rule(
        holds,
        "analog",
        "given",
        "a section beside `cells`, whose cores have the neurons, or of a chip of the family analog",
    )?;
    analog.check()
}

/// Refuses a limit of zero: nothing would fit, and "no known limit" is written by leaving the field out.
fn at_least_one<T: Into<u64>>(
    section: &str,
    limits: impl IntoIterator<Item = (&'static str, Option<T>)>,
) -> Result<(), Fault> {
    limits.into_iter().try_for_each(|(name, limit)| {
        let value = limit.map_or(1, Into::into);
        rule(value >= 1, format!("{section}.{name}"), value, "1 or more, or no entry when there is no known limit")
    })
}

fn topology(profile: &Profile) -> Result<(), Fault> {
    let topology = &profile.topology;
    rule(topology.chips >= 1, "topology.chips", topology.chips, "1 or more")?;
    let limits = [
        ("chip_columns", topology.chip_columns),
        ("cores_per_chip", topology.cores_per_chip),
        ("cores_per_tile", topology.cores_per_tile),
        ("link_buffer_packets", topology.link_buffer_packets),
        ("packet_bits", topology.packet_bits),
    ];
    at_least_one("topology", limits)?;
    let Some([width, height]) = topology.tile_grid else {
        return Ok(());
    };
    let grid = format!("[{width}, {height}]");
    rule(width >= 1 && height >= 1, "topology.tile_grid", &grid, "1 or more along x and y")?;
    if let (Some(cores), Some(per_tile)) = (topology.cores_per_chip, topology.cores_per_tile) {
        let room = u64::from(width) * u64::from(height) * u64::from(per_tile);
        let allowed = format!("a grid with room for {cores} cores, {per_tile} to a tile");
        rule(room >= u64::from(cores), "topology.tile_grid", grid, allowed)?;
    }
    Ok(())
}

fn limits(profile: &Profile) -> Result<(), Fault> {
    let core = &profile.core;
    let small = [
        ("neurons", core.neurons),
        ("axon_in", core.axon_in),
        ("axon_out", core.axon_out),
        ("fan_in", core.fan_in),
        ("destinations_per_neuron", core.destinations_per_neuron),
    ];
    at_least_one("core", small)?;
    at_least_one("core", [("synapses", core.synapses), ("syn_mem_bits", core.syn_mem_bits)])?;
    let Some(format) = &core.synapse_format else {
        return Ok(());
    };
    synapse_format(format)?;
    if let Some(bits) = core.syn_mem_bits {
        let allowed = format!("a multiple of core.synapse_format.word_bits ({})", format.word_bits);
        rule(bits.is_multiple_of(u64::from(format.word_bits)), "core.syn_mem_bits", bits, allowed)?;
    }
    if let Some(delay) = core.delay_max {
        let allowed = format!("less than 2^{}, as core.synapse_format.delay_bits holds", format.delay_bits);
        rule(u64::from(delay) < 1 << format.delay_bits, "core.delay_max", delay, allowed)?;
    }
    Ok(())
}

fn synapse_format(format: &SynapseFormat) -> Result<(), Fault> {
    let path = |name: &str| format!("core.synapse_format.{name}");
    let lists = [
        ("weight_bits_allowed", &format.weight_bits_allowed, 1),
        ("index_bits_allowed", &format.index_bits_allowed, 0),
    ];
    for (name, widths, least) in lists {
        let ascending = widths.windows(2).all(|pair| pair[0] < pair[1]);
        let inside = widths.iter().all(|width| (least..=32).contains(width));
        let holds = ascending && inside && !widths.is_empty();
        rule(holds, path(name), format!("{widths:?}"), format!("one or more widths from {least} to 32, ascending"))?;
    }
    let widths = [
        ("max_synapses_per_entry", format.max_synapses_per_entry, 1, 1 << 20),
        ("entry_overhead_bits", format.entry_overhead_bits, 0, 1024),
        ("word_bits", format.word_bits, 1, 4096),
        ("delay_bits", format.delay_bits, 0, 16),
        ("tag_bits", format.tag_bits, 0, 32),
    ];
    within(widths.map(|(name, value, low, high)| (path(name), Some(value), low, high)))
}

/// Refuses values outside `low..=high`.
fn within<T: Display + PartialOrd>(fields: impl IntoIterator<Item = (String, Option<T>, T, T)>) -> Result<(), Fault> {
    fields.into_iter().try_for_each(|(field, value, low, high)| {
        let Some(value) = value else { return Ok(()) };
        rule((&low..=&high).contains(&&value), field, value, format!("{low} to {high}"))
    })
}

fn arithmetic(arithmetic: &Arithmetic) -> Result<(), Fault> {
    let path = |name: &str| format!("arithmetic.{name}");
    let registers = [("input", arithmetic.input), ("current", arithmetic.current), ("bias_sum", arithmetic.bias_sum)];
    within(registers.map(|(name, register)| (path(&format!("{name}.bits")), Some(register.bits), 2, 32)))?;
    within([
        (path("align"), Some(arithmetic.align), 0, 12),
        (path("delay_max"), Some(arithmetic.delay_max), 0, 65_535),
        (path("refractory_max"), Some(arithmetic.refractory_max), 0, 65_535),
        (path("conv_sum_bits"), Some(arithmetic.conv_sum_bits), 2, 32),
        (path("learning.impulse_fraction_bits"), Some(arithmetic.learning.impulse_fraction_bits), 0, 8),
        (path("learning.product_mantissa_bits"), Some(arithmetic.learning.product_mantissa_bits), 0, 15),
    ])?;
    within([
        (path("current_decay_offset"), Some(arithmetic.current_decay_offset), 0, 4096),
        (path("voltage_decay_offset"), Some(arithmetic.voltage_decay_offset), 0, 4096),
        (path("lowest_current_decay"), Some(arithmetic.lowest_current_decay), -1, 4096),
        (path("v_min"), Some(arithmetic.v_min), i32::MIN, 0),
        (path("v_max"), Some(arithmetic.v_max), 1, i32::MAX),
        (path("inhibitory_min"), Some(arithmetic.inhibitory_min), -256, 0),
        (path("learning.accumulator_min"), Some(arithmetic.learning.accumulator_min), -32_769, 0),
        (path("learning.tag_min"), Some(arithmetic.learning.tag_min), -257, 0),
    ])
}

fn widths(profile: &Profile) -> Result<(), Fault> {
    let (neuron, learning) = (&profile.neuron, &profile.learning);
    let registers = [
        ("u_bits", neuron.u_bits),
        ("v_bits", neuron.v_bits),
        ("accumulator_bits", neuron.accumulator_bits),
        ("decay_bits", neuron.decay_bits),
        ("threshold_mantissa_bits", neuron.threshold_mantissa_bits),
        ("bias_mantissa_bits", neuron.bias_mantissa_bits),
        ("bias_exponent_bits", neuron.bias_exponent_bits),
        ("weight_bits", neuron.weight_bits),
        ("graded_payload_bits", neuron.graded_payload_bits),
    ];
    within(registers.map(|(name, bits)| (format!("neuron.{name}"), bits, 1, 64)))?;
    let registers = [
        ("trace_bits", learning.trace_bits),
        ("weight_bits", learning.weight_bits),
        ("delay_bits", learning.delay_bits),
        ("tag_bits", learning.tag_bits),
        ("accumulator_bits", learning.accumulator_bits),
    ];
    within(registers.map(|(name, bits)| (format!("learning.{name}"), bits, 1, 32)))?;
    within([("neuron.threshold_shift".to_owned(), neuron.threshold_shift, 0, 32)])?;
    at_least_one("learning", [("epoch_max", learning.epoch_max)])?;
    if let Some([low, high]) = neuron.refractory {
        rule(low <= high, "neuron.refractory", format!("[{low}, {high}]"), "low <= high")?;
    }
    if let Some([low, high]) = neuron.weight_exponent {
        rule(low <= high, "neuron.weight_exponent", format!("[{low}, {high}]"), "low <= high")?;
    }
    Ok(())
}

/// The registers that `[neuron]` documents are those that the arithmetic computes with.
fn agreement(neuron: &NeuronRegisters, arithmetic: &Arithmetic) -> Result<(), Fault> {
    let name = &arithmetic.name;
    let width = |register: Register| (register.overflow != OverflowPolicy::Unbounded).then_some(register.bits);
    let registers = [
        ("u_bits", neuron.u_bits, "current.bits", width(arithmetic.current)),
        ("accumulator_bits", neuron.accumulator_bits, "input.bits", width(arithmetic.input)),
        ("threshold_shift", neuron.threshold_shift, "align", Some(arithmetic.align)),
        ("v_bits", neuron.v_bits, "v_max", (arithmetic.v_max < i32::MAX).then(|| signed_bits(arithmetic.v_max))),
    ];
    for (field, documented, computed_field, computed) in registers {
        let (Some(documented), Some(computed)) = (documented, computed) else {
            continue;
        };
        let allowed =
            format!("{computed}, the width of arithmetic.{computed_field} of `{name}`: change both or state stand_in");
        rule(documented == computed, format!("neuron.{field}"), documented, allowed)?;
    }
    Ok(())
}

/// Width of the signed register whose largest value is `max`.
fn signed_bits(max: i32) -> u32 {
    33 - max.leading_zeros()
}

fn timestep(profile: &Profile) -> Result<(), Fault> {
    let timestep = &profile.timestep;
    if let Some(tick) = &timestep.tick {
        tick.figure().check("timestep.tick")?;
    }
    let (needs, has) = (timestep.discipline.needs_tick(), timestep.tick.is_some());
    let value = if has { "given" } else { "missing" };
    rule(needs == has, "timestep.tick", value, "a duration exactly when discipline is global_tick or software_timer")
}

fn tables(profile: &Profile) -> Result<(), Fault> {
    profile.energy.check("energy")?;
    profile.time.check("time")?;
    profile.static_power.check("static")?;
    for (name, alt) in &profile.alt {
        let path = |section: &str| format!("alt.{name}.{section}");
        alt.energy.iter().try_for_each(|table| table.check(&path("energy")))?;
        alt.time.iter().try_for_each(|table| table.check(&path("time")))?;
        alt.static_power.iter().try_for_each(|table| table.check(&path("static")))?;
        rule(!alt.about.trim().is_empty(), path("about"), "empty", "a text that says when to choose these prices")?;
        let empty = alt.energy.is_none() && alt.time.is_none() && alt.static_power.is_none();
        rule(!empty, format!("alt.{name}"), "without a table", "one or more of energy, time and static")?;
    }
    Ok(())
}

fn provenance(profile: &Profile) -> Result<(), Fault> {
    let named = "a text that names the source";
    for (field, source) in &profile.sources {
        rule(!source.src.trim().is_empty(), format!("sources.{field}"), "without src", named)?;
        let explained = source.inferred.as_ref().is_none_or(|reason| !reason.trim().is_empty());
        rule(
            explained,
            format!("sources.{field}"),
            "inferred without a reason",
            "a text that says how it was concluded",
        )?;
    }
    for (name, fact) in &profile.facts {
        let path = format!("facts.{name}");
        let values = fact.v.values();
        let holds = !values.is_empty() && values.iter().all(|v| v.is_finite());
        rule(holds, format!("{path}.v"), format!("{values:?}"), "one or more finite numbers")?;
        rule(!fact.unit.trim().is_empty(), format!("{path}.unit"), "empty", "a unit, or 1 for a ratio")?;
        rule(!fact.src.trim().is_empty(), path, "without src", named)?;
    }
    Ok(())
}

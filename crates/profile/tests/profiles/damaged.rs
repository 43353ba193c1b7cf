//! Every fault is refused with a sentence that names file, line, field, value and what is allowed.

use pumice_profile::Profile;

use crate::{SMALL, damaged, refused};

/// What to replace, by what, and the sentence.
type Case = (&'static str, &'static str, &'static str);

fn check(cases: &[Case]) {
    Profile::from_text("hw.toml", SMALL).expect("the small profile is valid");
    for (old, new, sentence) in cases {
        assert_eq!(refused(&damaged(old, new)), *sentence, "`{old}` -> `{new}`");
    }
}

const FORM: &[Case] = &[
    ("noc = \"mesh2d\"", "noc = ", "hw.toml:15: not valid TOML, string values must be quoted, expected literal string"),
    ("schema = 1\n", "", "hw.toml: profile: missing field `schema`"),
    ("schema = 1\n", "schema = 2\n", "hw.toml:1: schema is 2, allowed is 1, the only version of the format"),
    (
        "[topology]",
        "[topologie]",
        "hw.toml:10: topologie: unknown field `topologie`, expected one of `schema`, `meta`, `validity`, `topology`, `core`, `cells`, `analog`, `arithmetic`, `neuron`, `learning`, `timestep`, `energy`, `time`, `static`, `alt`, `facts`, `sources`",
    ),
    (
        "neurons = 1024",
        "neuron = 1024",
        "hw.toml:17: core.neuron: unknown field `neuron`, expected one of `neurons`, `synapses`, `syn_mem_bits`, `axon_in`, `axon_out`, `fan_in`, `destinations_per_neuron`, `delay_max`, `synapse_format`",
    ),
    (
        "neurons = 1024",
        "neurons = \"many\"",
        "hw.toml:17: core.neurons: invalid type: string \"many\", expected a whole number in 0..=4294967295",
    ),
    (
        "neurons = 1024",
        "neurons = -5",
        "hw.toml:17: core.neurons: invalid value: integer `-5`, expected a whole number in 0..=4294967295",
    ),
    (
        "noc = \"mesh2d\"",
        "noc = \"ring\"",
        "hw.toml:15: topology.noc: unknown variant `ring`, expected one of `mesh2d`, `triangular_torus`, `hierarchical_tags`, `single`",
    ),
    ("noc = \"mesh2d\"\n", "", "hw.toml:10: topology: missing field `noc`"),
    ("name = \"small\"\n", "", "hw.toml:2: meta.name: missing field, every file needs a name of its own"),
    (
        "name = \"small\"",
        "name = \"Small chip\"",
        "hw.toml:3: meta.name is `Small chip`, allowed is lower-case letters, digits, - and _",
    ),
    ("display = \"A small chip\"", "display = \"\"", "hw.toml:4: meta.display is empty, allowed is a name for people"),
];

const STRUCTURE: &[Case] = &[
    (
        "[validity]\n",
        "[validity]\nclock_hz = { v = 1e9, ev = \"assumed\", src = \"x\" }\n",
        "hw.toml:8: validity.clock_hz is 1000000000, allowed is no clock, because meta.family is digital_asynchronous",
    ),
    (
        "supply_range_v = [0.5, 1.25]",
        "supply_range_v = [1.25, 0.5]",
        "hw.toml:9: validity.supply_range_v is [1.25, 0.5], allowed is 0 < low <= high",
    ),
    (
        "supply_range_v = [0.5, 1.25]",
        "supply_range_v = [0.8, 1.25]",
        "hw.toml:8: validity.supply_v is 0.75, allowed is within supply_range_v, 0.8 to 1.25",
    ),
    (
        "cores_per_chip = 128",
        "cores_per_chip = 0",
        "hw.toml:12: topology.cores_per_chip is 0, allowed is 1 or more, or no entry when there is no known limit",
    ),
    (
        "cores_per_chip = 128",
        "cores_per_chip = 130",
        "hw.toml:14: topology.tile_grid is [8, 4], allowed is a grid with room for 130 cores, 4 to a tile",
    ),
    (
        "tile_grid = [8, 4]",
        "tile_grid = [8, 0]",
        "hw.toml:14: topology.tile_grid is [8, 0], allowed is 1 or more along x and y",
    ),
    (
        "syn_mem_bits = 1048576",
        "syn_mem_bits = 1048577",
        "hw.toml:18: core.syn_mem_bits is 1048577, allowed is a multiple of core.synapse_format.word_bits (64)",
    ),
    (
        "delay_max = 62",
        "delay_max = 64",
        "hw.toml:19: core.delay_max is 64, allowed is less than 2^6, as core.synapse_format.delay_bits holds",
    ),
    (
        "weight_bits_allowed = [1, 8]",
        "weight_bits_allowed = [8, 1]",
        "hw.toml:21: core.synapse_format.weight_bits_allowed is [8, 1], allowed is one or more widths from 1 to 32, ascending",
    ),
    (
        "index_bits_allowed = [0, 10]",
        "index_bits_allowed = []",
        "hw.toml:22: core.synapse_format.index_bits_allowed is [], allowed is one or more widths from 0 to 32, ascending",
    ),
    ("word_bits = 64", "word_bits = 0", "hw.toml:25: core.synapse_format.word_bits is 0, allowed is 1 to 4096"),
    (
        "refractory = [1, 64]",
        "refractory = [64, 1]",
        "hw.toml:34: neuron.refractory is [64, 1], allowed is low <= high",
    ),
    (
        "rule = \"none\"",
        "rule = \"none\"\ntrace_bits = 40",
        "hw.toml:37: learning.trace_bits is 40, allowed is 1 to 32",
    ),
    (
        "discipline = \"barrier\"",
        "discipline = \"global_tick\"",
        "hw.toml:37: timestep.tick is missing, allowed is a duration exactly when discipline is global_tick or software_timer",
    ),
];

const ARITHMETIC: &[Case] = &[
    (
        "name = \"loihi1\"",
        "name = \"loihi3\"",
        "hw.toml:28: arithmetic: `arithmetic.name` is loihi3; allowed is one of lava-0.10, nengo-loihi-1.1, brian2-loihi-0.5, loihi1, loihi2",
    ),
    (
        "name = \"loihi1\"",
        "name = \"loihi1\"\ncurrent.bits = 99",
        "hw.toml:30: arithmetic.current.bits is 99, allowed is 2 to 32",
    ),
    (
        "name = \"loihi1\"",
        "name = \"loihi1\"\nstand_in = \"\"",
        "hw.toml:28: arithmetic: stand_in is \"\", allowed is a text that says why",
    ),
    (
        "name = \"loihi1\"",
        "name = \"loihi1\"\ncurrent.bitz = 9",
        "hw.toml:28: arithmetic: current.bitz: unknown field `bitz`, expected `bits` or `overflow`",
    ),
    (
        "name = \"loihi1\"",
        "name = \"loihi1\"\ncurrent = 24",
        "hw.toml:28: arithmetic: current: invalid type: integer `24`, expected a table { bits, overflow }",
    ),
    (
        "name = \"loihi1\"",
        "name = \"loihi1\"\nthreshold = 3",
        "hw.toml:28: arithmetic: threshold: invalid type: not a text, expected one of the choice's names in quotes",
    ),
    (
        "u_bits = 24",
        "u_bits = 16",
        "hw.toml:32: neuron.u_bits is 16, allowed is 24, the width of arithmetic.current.bits of `loihi1`: change both or state stand_in",
    ),
    (
        "v_bits = 24",
        "v_bits = 20",
        "hw.toml:33: neuron.v_bits is 20, allowed is 24, the width of arithmetic.v_max of `loihi1`: change both or state stand_in",
    ),
];

const PRICES: &[Case] = &[
    (
        "v = 3e-12",
        "v = -3e-12",
        "hw.toml:43: energy.hop_east: value -3e-12 is not allowed, allowed is 0 to 1 J per event, as in 23.6e-12 for 23.6 pJ",
    ),
    (
        "v = 3e-12",
        "v = nan",
        "hw.toml:43: energy.hop_east: value NaN is not allowed, allowed is 0 to 1 J per event, as in 23.6e-12 for 23.6 pJ",
    ),
    (
        "v = 3e-12",
        "v = 0",
        "hw.toml:43: energy.hop_east: value 0 has no reason, allowed is a zero with a reason, or no entry when the value is unknown",
    ),
    (
        "v = 3e-12",
        "v = 3e-12, bounds = [4e-12, 5e-12]",
        "hw.toml:43: energy.hop_east: value 3e-12 is not within its bounds [4e-12, 5e-12], allowed is 0 <= low <= value <= high",
    ),
    (
        "v = 3e-12, ev = \"simulated\"",
        "v = 3e-12, ev = \"certain\"",
        "hw.toml:43: energy.hop_east.ev: unknown variant `certain`, expected one of `measured`, `fitted`, `derived`, `simulated`, `vendor`, `recalled`, `assumed`",
    ),
    ("v = 3e-12, ev = \"simulated\", ", "v = 3e-12, ", "hw.toml:43: energy.hop_east: missing field `ev`"),
    (
        "{ v = 3e-12, ev = \"simulated\", src = \"paper\" }",
        "3e-12",
        "hw.toml:43: energy.hop_east: invalid type: floating point `0.000000000003`, expected a table { v, ev, src }",
    ),
    (
        "scope = \"per_term\"\nneuron_model = \"exclusive\"",
        "scope = \"all_in\"\nneuron_model = \"exclusive\"",
        "hw.toml:42: energy.neuron_access: event neuron_access has a price, but scope `all_in` already contains it, allowed is a price for synapse_read_dense, synapse_read_sparse, synapse_read_conv, synapse_read_cell, weight_write, cell_pulse, cell_verify_read, embedded_instruction, host_spike_in, host_spike_out, host_read, chip_crossing",
    ),
    (
        "v = 4.1e-9",
        "v = 4.1005e-9",
        "hw.toml:46: time.hop_east: 4.1005e-9 s is no whole number of picoseconds, allowed is a multiple of 1e-12 s from 0 to 1000 s",
    ),
    (
        "tiles = [1, 32]",
        "tiles = [32, 1]",
        "hw.toml:47: time.sync_by_tiles: tiles [32, 1] and t (2 entries) do not form a table, allowed are equally many entries, at least one, tiles ascending from 1 or more",
    ),
    (
        "[static]",
        "barrier = { v = 1e-9, ev = \"assumed\", src = \"x\" }\n[static]",
        "hw.toml:44: time: barrier and sync_by_tiles are both given, allowed is one of them",
    ),
    (
        "[alt.other]",
        "rails.vdd = { v = 0.1, ev = \"assumed\", src = \"x\" }\n[alt.other]",
        "hw.toml:48: static: chip and rails are both given, allowed is one of them, because rails are the parts of chip",
    ),
    (
        "[alt.other.energy]\nscope = \"per_term\"\nneuron_model = \"additive\"\n",
        "",
        "hw.toml:50: alt.other is without a table, allowed is one or more of energy, time and static",
    ),
    (
        "prices = \"main\"",
        "prices = \"other\"",
        "hw.toml:50: alt.other is an alternative to itself, allowed is a name other than meta.prices (`other`)",
    ),
];

const PROVENANCE: &[Case] = &[
    ("v = 60e-6", "v = \"large\"", "hw.toml:56: facts.die_area.v: expected a number or a list of numbers"),
    ("unit = \"m^2\"", "unit = \"\"", "hw.toml:56: facts.die_area.unit is empty, allowed is a unit, or 1 for a ratio"),
    (
        "core = { ev = \"vendor\", src = \"paper\" }\n",
        "",
        "hw.toml:19: core.delay_max has no source, allowed is an entry in [sources] for it or for a section that holds it",
    ),
    (
        "core = { ev = \"vendor\", src = \"paper\" }",
        "core = { ev = \"vendor\", src = \"paper\" }\n\"core.fan_in\" = { ev = \"vendor\", src = \"paper\" }",
        "hw.toml:62: sources.\"core.fan_in\" is the source of no field, allowed is the path of a field or section of this file that no longer path covers",
    ),
    (
        "core = { ev = \"vendor\", src",
        "core = { ev = \"vendor\", source",
        "hw.toml:61: sources.core.source: unknown field `source`, expected one of `ev`, `src`, `inferred`",
    ),
    (
        "inferred = \"from the picture\"",
        "inferred = \"\"",
        "hw.toml:60: sources.topology.tile_grid is inferred without a reason, allowed is a text that says how it was concluded",
    ),
    (
        "learning = { ev = \"vendor\", src = \"paper\" }",
        "learning = { ev = \"vendor\", src = \"\" }",
        "hw.toml:63: sources.learning.rule is without src, allowed is a text that names the source",
    ),
];

#[test]
fn form_is_checked() {
    check(FORM);
}

#[test]
fn structure_is_checked() {
    check(STRUCTURE);
}

#[test]
fn arithmetic_is_checked() {
    check(ARITHMETIC);
}

/// What kernels shift by or compare with holds both of its ends and nothing beyond them.
#[test]
fn every_number_of_the_arithmetic_has_a_range() {
    let ranges = [
        ("align", 0, 12),
        ("conv_sum_bits", 2, 32),
        ("inhibitory_min", -256, 0),
        ("lowest_current_decay", -1, 4096),
        ("current_decay_offset", 0, 4096),
        ("voltage_decay_offset", 0, 4096),
        ("delay_max", 0, 65_535),
        ("refractory_max", 0, 65_535),
        ("learning.impulse_fraction_bits", 0, 8),
        ("learning.product_mantissa_bits", 0, 15),
        ("learning.accumulator_min", -32_769, 0),
        ("learning.tag_min", -257, 0),
    ];
    let with = |field: &str, value: i64| {
        damaged("name = \"loihi1\"", &format!("name = \"loihi1\"\nstand_in = \"a test\"\n{field} = {value}"))
    };
    for (field, low, high) in ranges {
        for value in [low, high] {
            Profile::from_text("hw.toml", &with(field, value)).unwrap_or_else(|error| panic!("{error}"));
        }
        let above = refused(&with(field, high + 1));
        assert_eq!(above, format!("hw.toml:31: arithmetic.{field} is {}, allowed is {low} to {high}", high + 1));
        let below = refused(&with(field, low - 1));
        // Numbers without a sign are refused as they are read.
        let unsigned = format!("integer `{}`, expected a whole number in 0..=4294967295", low - 1);
        let ranged = format!("hw.toml:31: arithmetic.{field} is {}, allowed is {low} to {high}", low - 1);
        assert!(below == ranged || low == 0 && below.ends_with(&unsigned), "{below}");
    }
}

#[test]
fn prices_is_checked() {
    check(PRICES);
}

#[test]
fn provenance_is_checked() {
    check(PROVENANCE);
}

//! Parameters at both ends of their range, which are taken, and one beyond, which are refused by name and range.

use pumice::models::connection::weight::{SignMode, WeightFormat};
use pumice::models::{Behaviour, Model, Setting};
use pumice::prelude::*;
use serde_json::{Value, json};

/// Arithmetic, process, its other parameters, parameter, lowest, highest.
type Range = (&'static str, &'static str, Value, &'static str, i64, i64);

fn ranges() -> Vec<Range> {
    let cells = || json!({ "shape": [2] });
    let cuba = || json!({ "shape": [2], "vth": 100 });
    let rf = || json!({ "shape": [2], "period": 9.0, "alpha": 0.1, "decay_bits": 12 });
    let dense = || json!({ "weights": [[1, 2]] });
    let delayed = || json!({ "weights": [[1, 2]], "delays": 0 });
    vec![
        ("lava-0.10", "LIF", cells(), "vth", 0, 131_071),
        ("lava-0.10", "LIF", cells(), "du", -1, 4095),
        ("loihi1", "LIF", cells(), "du", 0, 4095),
        ("brian2-loihi-0.5", "LIF", cells(), "du", -1, 4095),
        ("lava-0.10", "LIF", cells(), "dv", 0, 4095),
        ("lava-0.10", "LIF", cells(), "bias_mant", -4096, 4095),
        ("lava-0.10", "LIF", cells(), "bias_exp", -15, 7),
        // Lava's wrap makes one turn and leaves the upper end.
        ("lava-0.10", "LIF", cells(), "u", -8_388_608, 8_388_608),
        ("loihi1", "LIF", cells(), "u", -8_388_608, 8_388_607),
        ("loihi2", "LIF", cells(), "u", -8_388_608, 8_388_607),
        ("lava-0.10", "LIF", cells(), "v", -8_388_608, 8_388_607),
        ("lava-0.10", "TernaryLIF", json!({ "shape": [2], "vth_lo": -131_072 }), "vth_hi", -131_072, 131_071),
        ("lava-0.10", "LIFRefractory", cells(), "refractory_period", 1, 63),
        ("brian2-loihi-0.5", "LIFRefractory", cells(), "refractory_period", 1, 64),
        ("loihi1", "CubaLIF", cuba(), "vth", 0, 8_388_607),
        ("loihi1", "CubaLIF", cuba(), "bias", -524_288, 524_160),
        ("loihi1", "CubaLIF", cuba(), "vmin", -i64::from(i32::MAX), 0),
        ("loihi1", "CubaLIF", cuba(), "vmax", 0, 8_388_607),
        ("loihi1", "CubaLIF", cuba(), "noise_exp", 0, 23),
        ("loihi1", "CubaLIF", cuba(), "noise_offset", -64, 63),
        ("lava-0.10", "RF", rf(), "state_exp", 0, 15),
        ("lava-0.10", "RF", rf(), "decay_bits", 1, 24),
        ("lava-0.10", "Delta", cells(), "spike_exp", 0, 15),
        ("lava-0.10", "Delta", cells(), "state_exp", 0, 15),
        ("lava-0.10", "ProdNeuron", cells(), "exp", 0, 31),
        ("lava-0.10", "InvSqrt", cells(), "fp_base", 0, 14),
        ("lava-0.10", "Dense", dense(), "weight_exp", -8, 7),
        ("lava-0.10", "Dense", dense(), "num_weight_bits", 1, 8),
        ("lava-0.10", "Dense", dense(), "num_message_bits", 0, 24),
        ("lava-0.10", "DelayDense", delayed(), "delays", 0, 63),
        ("loihi1", "DelayDense", delayed(), "delays", 0, 62),
        ("lava-0.10", "DelayDense", delayed(), "max_delay", 0, 63),
        ("lava-0.10", "DeltaEncoder", json!({ "shape": [2], "vth": 3 }), "num_bits", 2, 24),
        ("lava-0.10", "DeltaEncoder", json!({ "shape": [2], "vth": 3 }), "spike_exp", 0, 7),
    ]
}

/// The first sentence that refuses a process with a parameter at a value.
fn taken(arithmetic: &str, process: &str, others: &Value, field: &str, value: i64) -> Result<(), String> {
    let mut parameters = others.clone();
    parameters[field] = json!(value);
    let arithmetic = Arithmetic::named(arithmetic).unwrap();
    let model = Model::read(process, parameters).unwrap().map_err(|fault| fault.to_string())?;
    let setting = Setting { arithmetic: &arithmetic, seed: 0, place: 0 };
    model.fixed(&setting).map(drop).map_err(|fault| fault.to_string())
}

#[test]
fn ends_are_taken_and_what_is_beyond_is_refused_by_name_and_range() {
    for (arithmetic, process, others, field, low, high) in ranges() {
        let at = |value| taken(arithmetic, process, &others, field, value);
        for end in [low, high] {
            assert_eq!(at(end), Ok(()), "{process}.{field} = {end} in {arithmetic}");
        }
        let said = at(high + 1).unwrap_err();
        let range = format!("`{field}` is {}; allowed is an integer in {low}..={high}", high + 1);
        assert!(said.contains(&range), "{process} in {arithmetic}: {said}");
        // What cannot be negative is refused by the reader, which knows the field.
        let said = at(low - 1).unwrap_err();
        assert!(said.contains(field) || low == 0, "{process} in {arithmetic}: {said}");
    }
}

/// Acting weights in each of `Arithmetic::NAMES`.
type ByArithmetic<'a> = [&'a [i32]; 5];

/// What a weight of eight bits and exponent 0 is in each arithmetic, at the ends of its format and beyond.
#[test]
fn weights_at_the_ends_of_their_format() {
    use SignMode::{Excitatory, Inhibitory, Mixed};
    let table: [(SignMode, &[i32], ByArithmetic<'_>); 3] = [
        (
            Mixed,
            &[-257, -256, -255, -1, 0, 1, 254, 255, 256],
            [
                &[-256, -256, -256, -2, 0, 0, 254, 254, 254],
                &[-254, -254, -254, 0, 0, 0, 254, 254, 254],
                &[-256, -256, -254, 0, 0, 0, 254, 254, 254],
                &[-256, -256, -254, 0, 0, 0, 254, 254, 254],
                &[-256, -256, -256, -2, 0, 0, 254, 254, 254],
            ],
        ),
        (Excitatory, &[0, 1, 254, 255, 256], [&[0, 1, 254, 255, 255]; 5]),
        (
            Inhibitory,
            &[-257, -256, -255, -1, 0],
            [
                &[-255, -255, -255, -1, 0],
                &[-255, -255, -255, -1, 0],
                &[-256, -256, -255, -1, 0],
                &[-256, -256, -255, -1, 0],
                &[-255, -255, -255, -1, 0],
            ],
        ),
    ];
    for (sign, given, rows) in table {
        let format = WeightFormat { exponent: 0, bits: 8, sign };
        for (name, row) in Arithmetic::NAMES.iter().zip(rows) {
            let a = Arithmetic::named(name).unwrap();
            let acting: Vec<i32> = given.iter().map(|w| format.effective(*w, &a)).collect();
            assert_eq!(acting, row, "{sign:?} in {name}");
        }
    }
}

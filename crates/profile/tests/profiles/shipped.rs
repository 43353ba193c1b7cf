//! The profiles that are shipped.

use std::collections::BTreeSet;
use std::path::Path;

use pumice_meter::{Bound, Event, Evidence, NeuronModel, Scope};
use pumice_profile::{Difference, Family, Profile, diff};

fn all() -> Vec<Profile> {
    Profile::builtin_names().into_iter().map(|name| Profile::load(name).expect("a shipped profile")).collect()
}

#[test]
fn all_are_valid_and_named_as_their_files() {
    for (name, profile) in Profile::builtin_names().into_iter().zip(all()) {
        assert_eq!(profile.meta.name, name);
        profile.check().unwrap();
    }
}

#[test]
fn every_file_of_the_folder_is_built_in() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../hw-profiles");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let toml = files.filter(|path| path.extension().is_some_and(|extension| extension == "toml"));
    let names: BTreeSet<String> = toml.map(|path| path.file_stem().unwrap().to_string_lossy().into_owned()).collect();
    let builtin: BTreeSet<String> = Profile::builtin_names().into_iter().map(str::to_owned).collect();
    assert_eq!(names, builtin);
}

#[test]
fn all_survive_toml_and_json() {
    for profile in all() {
        let toml = Profile::from_text("again.toml", &toml::to_string(&profile).unwrap()).unwrap();
        assert!(diff(&profile, &toml).is_empty(), "{:?}", diff(&profile, &toml));
        let json: Profile = serde_json::from_str(&serde_json::to_string(&profile).unwrap()).unwrap();
        assert_eq!(json.core, profile.core);
        assert_eq!(json.arithmetic, profile.arithmetic);
        assert_eq!(json.sources, profile.sources);
    }
}

#[test]
fn loihi_1_offers_both_price_tables() {
    let loihi = Profile::load("loihi1").unwrap();
    assert_eq!(loihi.price_names(), ["davies2018", "silicon_fit", "wolf_mountain_idle"]);
    let main = loihi.prices(None).unwrap();
    assert_eq!(
        (main.name, main.energy.neuron_model, main.energy.scope),
        ("davies2018", NeuronModel::Exclusive, Scope::PerTerm)
    );
    assert!(main.energy.iter().all(|(_, price)| price.ev == Evidence::Simulated));
    let read = main.energy.get(Event::SynapseReadSparse).unwrap();
    assert_eq!((read.v, read.bound), (23.6e-12, Some(Bound::Min)));
    assert_eq!(main.time.barrier_ps(32, 1), Some(465_000));
    assert!(main.energy.get(Event::Barrier).is_none() && main.energy.get(Event::NeuronSpike).is_none());

    let fit = loihi.prices(Some("silicon_fit")).unwrap();
    assert_eq!(fit.energy.neuron_model, NeuronModel::Additive);
    assert_eq!(fit.time.get(Event::PacketIn).unwrap().ps(), 16_000);
    assert_eq!([1, 2, 3, 28, 29].map(|tiles| fit.time.barrier_ps(tiles, 1).unwrap() / 100_000), [6, 10, 10, 14, 18]);
    assert_eq!(fit.static_power, main.static_power);
    let rails = loihi.prices(Some("wolf_mountain_idle")).unwrap();
    assert_eq!(rails.energy, main.energy);
    let watts: f64 = rails.static_power.rails.values().map(|rail| rail.v).sum();
    assert!((watts - 0.02969).abs() < 1e-9);
    assert_eq!(
        loihi.prices(Some("nxsdk")).unwrap_err().to_string(),
        "profile loihi1 has no prices `nxsdk`, allowed is one of davies2018, silicon_fit, wolf_mountain_idle"
    );
}

#[test]
fn limits_of_loihi_1() {
    let loihi = Profile::load("loihi1").unwrap();
    assert_eq!(loihi.topology.cores_per_chip, Some(128));
    assert_eq!((loihi.core.neurons, loihi.core.axon_in, loihi.core.axon_out), (Some(1024), Some(4096), Some(4096)));
    assert_eq!(loihi.core.syn_mem_bits, Some(16_384 * 64));
    assert_eq!(loihi.core.fan_in, None);
    assert_eq!(loihi.arithmetic.values, pumice_models::Arithmetic::loihi1());
    let inferred: Vec<_> = loihi.inferred().map(|(field, _)| field).collect();
    assert_eq!(inferred, ["topology.cores_per_tile", "topology.tile_grid"]);
    assert_eq!(loihi.sources["topology.routing"].ev, Evidence::Recalled);
}

#[test]
fn asynchronous_chips_have_no_clock_and_stand_ins_say_so() {
    for profile in all() {
        let name = &profile.meta.name;
        if profile.meta.family == Family::DigitalAsynchronous {
            assert!(profile.validity.clock_hz.is_none(), "{name}");
        }
        let loihi_like = matches!(name.as_str(), "loihi1" | "loihi2" | "hybrid-rram" | "unlimited");
        assert_eq!(profile.arithmetic.stand_in.is_none(), loihi_like, "{name}");
    }
}

/// Averages over an operating point are widely quoted as prices; no table may hold one.
#[test]
fn no_average_is_used_as_a_price() {
    for (name, average) in [("truenorth", 26e-12), ("odin", 12.7e-12), ("loihi2", 6.8e-12)] {
        let profile = Profile::load(name).unwrap();
        for table in profile.price_names() {
            let energy = profile.prices(Some(table)).unwrap().energy;
            assert!(energy.iter().all(|(_, price)| (price.v - average).abs() > 1e-13), "{name} {table}");
        }
    }
}

#[test]
fn what_was_not_read_again_is_graded_as_recalled() {
    let dynapse = Profile::load("dynapse2").unwrap();
    let priced: Vec<_> = dynapse.energy.iter().filter(|(_, price)| price.v > 0.0).collect();
    assert_eq!(priced.len(), 11);
    assert!(priced.iter().all(|(_, price)| price.ev == Evidence::Recalled));
    let loihi2 = Profile::load("loihi2").unwrap();
    assert!(loihi2.energy.iter().all(|(_, price)| price.ev >= Evidence::Derived));
    assert_eq!(loihi2.time.get(Event::Barrier).unwrap().figure().ev, Evidence::Recalled);
}

#[test]
fn show_names_values_evidence_and_what_is_unknown() {
    let text = Profile::load("loihi1").unwrap().show();
    for part in [
        "loihi1: Intel Loihi (2018), 14 nm",
        "neurons                              1024                     vendor    Davies 2018 constraints 1 to 4; NENGO",
        "(inferred: 32 tiles; the aspect ratio is SANA-FE's choice)",
        "no known limit: ",
        "synapse_read_sparse        >= 23.6 pJ               simulated",
        "neuron_spike               69.3 pJ                  fitted",
        "no known price: neuron_spike, analog_update, analog_spike, synapse_read_cell, ",
        "1: 113 ns, 32: 465 ns",
        "  current.bits                         24\n",
        "  learning.impulse_fraction_bits       7\n",
        "  weight_rounding                      toward_zero\n",
        "chip                       104.4 mW [29.69 mW, 104.4 mW]",
    ] {
        assert!(text.contains(part), "`{part}` is missing in\n{text}");
    }
    let limits = text.lines().find(|line| line.contains("no known limit")).unwrap();
    assert!(!limits.contains("neurons"));
    let text = Profile::load("truenorth").unwrap().show();
    assert!(text.contains("v_max                                524287 (overrides 8388607)"), "{text}");
    let unlimited = Profile::load("unlimited").unwrap().show();
    assert!(unlimited.contains("axon_in, axon_out"), "{unlimited}");
}

#[test]
fn diff_names_both_sides() {
    let (a, b) = (Profile::load("loihi1").unwrap(), Profile::load("unlimited").unwrap());
    let found = diff(&a, &b);
    let neurons = Difference { field: "core.neurons".into(), a: Some("1024".into()), b: None };
    assert!(found.contains(&neurons));
    assert!(found.iter().all(|difference| difference.a != difference.b));
    // Prices with their units and where they come from, on one line.
    let of = |field: &str| found.iter().find(|difference| difference.field == field).unwrap().a.clone().unwrap();
    let chip = "104.4 mW [29.69 mW, 104.4 mW], derived, Frady 2020 table 1: 3.34 W / 32 chips, voltage not stated (the lower end";
    assert!(of("static.chip").starts_with(chip), "{}", of("static.chip"));
    let read = ">= 23.6 pJ, simulated, Davies 2018 table 2, energy per synaptic spike operation (min)";
    assert_eq!(of("energy.synapse_read_dense"), read);
    assert_eq!(of("time.hop_east"), "4.1 ns, simulated, Davies 2018 table 2, spike hop east-west");
    assert_eq!(of("validity.supply_v"), "0.75, simulated, Davies 2018 table 2, column 'Value at 0.75 V'");
    assert_eq!(of("sources.core.neurons"), "vendor, Davies 2018 constraints 1 to 4; NENGO");
    assert!(of("facts.core_sram").starts_with("2.097152e6, bit, vendor, "));
    let place = |field: &str| found.iter().position(|difference| difference.field == field).unwrap();
    assert!(place("time.hop_east") < place("alt.silicon_fit.about"), "alternatives come last");
}

#[test]
fn schema_describes_every_section_and_event() {
    let schema = serde_json::to_value(Profile::json_schema()).unwrap();
    let fields = schema["properties"].as_object().unwrap();
    for section in
        ["extends", "schema", "meta", "topology", "core", "arithmetic", "energy", "time", "static", "alt", "sources"]
    {
        assert!(fields.contains_key(section), "{section}");
    }
    let prices = schema["$defs"]["EnergyTable"]["properties"].as_object().unwrap();
    assert!(Event::ALL.iter().all(|event| prices.contains_key(event.name())));
    assert_eq!(schema["$defs"]["EnergyTable"]["additionalProperties"], false);
}

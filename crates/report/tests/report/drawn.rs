//! Any map of any chip can be written and drawn.

use proptest::prelude::*;
use pumice_report::{CoreFill, Fill, LimitTable, Map, Part};

/// A chip of any size with any of its cores in use.
fn map() -> impl Strategy<Value = Map> {
    let geometry = (1u32..24, 1u32..70, 1u32..40, 1u32..4, 0u32..4);
    geometry.prop_flat_map(|(width, height, per_tile, chips, spare)| {
        let per_chip = (width * height * per_tile).saturating_sub(spare).max(1);
        let cores = proptest::collection::btree_set(0..per_chip * chips, 0..40);
        cores.prop_map(move |cores| of([width, height], per_tile, per_chip, cores.into_iter().collect()))
    })
}

fn of([width, height]: [u32; 2], per_tile: u32, per_chip: u32, cores: Vec<u32>) -> Map {
    let none = Fill { used: 0, fraction: None };
    let core = |core: &u32| {
        let (chip, tile) = (core / per_chip, core % per_chip / per_tile);
        CoreFill {
            core: *core,
            chip,
            tile: [tile / height, tile % height],
            neurons: Fill { used: u64::from(*core), fraction: Some(0.5) },
            synapses: 1,
            synapse_count: none,
            synapse_bits: none,
            axons_in: none,
            axons_out: none,
            fan_in: none,
            destinations: none,
            fill: (!core.is_multiple_of(3)).then_some(f64::from(core % 7) / 6.0),
            fullest: Some("neurons".into()),
            processes: vec![Part { process: format!("<a&b>/\"{}\"", core % 20), first: 0, neurons: 1 }],
        }
    };
    let limits = LimitTable {
        neurons: None,
        synapses: None,
        synapse_bits: None,
        axons_in: None,
        axons_out: None,
        fan_in: None,
        destinations: None,
    };
    Map {
        profile: "any".into(),
        chip: "a chip <of any size> & shape".into(),
        cores_used: cores.len() as u64,
        cores_available: Some(u64::from(per_chip)),
        tiles_used: 1,
        tile_grid: [width, height],
        cores_per_tile: per_tile,
        cores_per_chip: per_chip,
        neurons: 7,
        synapses: 9,
        limits,
        cores: cores.iter().map(core).collect(),
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    #[test]
    fn every_map_is_drawn_whole(map in map()) {
        let (text, svg) = (map.text(), map.svg());
        for core in map.cores.iter().filter(|core| core.processes.len() == 1) {
            let row = format!("\n{:>5}  ", core.core);
            prop_assert!(text.contains(&row), "no core {} in\n{text}", core.core);
        }
        // Tags are balanced, and what users called their processes cannot break out of them.
        prop_assert_eq!(svg.matches("<svg").count(), 1);
        for tag in ["text", "title", "svg"] {
            prop_assert_eq!(svg.matches(&format!("<{tag}")).count(), svg.matches(&format!("</{tag}>")).count());
        }
        prop_assert!(!svg.contains("<a&b>") && !svg.contains("<of"));
        let drawn = svg.matches("<title>core ").count();
        prop_assert_eq!(drawn, map.cores.len(), "every used core is drawn");
    }
}

#[test]
fn the_largest_chip_is_cut_to_what_is_used() {
    let map = of([1024, 1024], 1, 1 << 20, vec![0, 1, 1025]);
    let text = map.text();
    assert!(text.contains("the rest of the mesh is empty") && text.lines().count() == 12, "{text}");
    assert!(map.svg().len() < 10_000);
}

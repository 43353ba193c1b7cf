//! An architecture as a profile of Pumice, so that networks of Pumice run on it.
//!
//! A profile has one kind of tile, core and unit, so the first of each counts, as where SANA-FE is not told another. Synapse units are formats if
//! their names say so (`dense`, `sparse`, `conv`); the first stands for the formats that no name does. SANA-FE updates the dendrite for every
//! read, which is what a `dendrite_operation` is. What has no place in a profile is listed.

use std::fmt::Write;

use crate::arch::{Architecture, Core, Sync, Tile, Unit};
use crate::prices::ps;

/// The text of a profile, and what of the architecture it leaves out.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Imported {
    /// A profile file (TOML).
    pub text: String,
    /// One sentence for each part that has no place in it.
    pub left_out: Vec<String>,
}

/// Energy `[J]` and time `[s]` of an event, and what the architecture calls it.
struct Price {
    event: &'static str,
    energy: f64,
    latency: f64,
    what: String,
}

fn price(event: &'static str, energy: f64, latency: f64, what: impl Into<String>) -> Price {
    Price { event, energy, latency, what: what.into() }
}

/// The file that every number comes from.
#[derive(Clone, Copy)]
struct Source<'a> {
    file: &'a str,
}

impl Source<'_> {
    fn evidence(self, what: &str) -> String {
        format!("ev = \"assumed\", src = {}", toml_text(&format!("given in {}: {what}", self.file)))
    }

    fn line(self, event: &str, value: &str, zero: bool, what: &str) -> String {
        let reason = if zero { ", reason = \"given as zero\"" } else { "" };
        format!("{event} = {{ v = {value}{reason}, {} }}\n", self.evidence(what))
    }
}

const FORMATS: [(&str, &str); 3] =
    [("dense", "synapse_read_dense"), ("sparse", "synapse_read_sparse"), ("conv", "synapse_read_conv")];

impl Architecture {
    /// This architecture as a profile; `file` is the name of its file, the source of every number.
    ///
    /// # Errors
    /// If it has no core, tiles with different numbers of cores, a core without one of its units, or a time that is no whole number of
    /// picoseconds.
    pub fn profile(&self, file: &str) -> Result<Imported, String> {
        let source = Source { file };
        let core = self.tile.first().and_then(|tile| tile.core.first()).ok_or("the architecture has no cores")?;
        let mut left_out = self.differences();
        let mut prices = hops(&self.tile[0]);
        prices.extend(units(core, &mut left_out)?);
        let mut text = self.head();
        text += &self.shape(core, source)?;
        text += "\n[energy]\nscope = \"per_term\"\nneuron_model = \"additive\"\n";
        for price in &prices {
            text += &source.line(price.event, &format!("{:e}", price.energy), price.energy == 0.0, &price.what);
        }
        text += "\n[time]\nneuron_model = \"additive\"\n";
        for price in &prices {
            let ps = ps(price.latency)?;
            text += &source.line(price.event, &format!("{ps}e-12"), ps == 0, &price.what);
        }
        match barrier(&self.attributes.latency_sync) {
            Some((tiles, seconds)) => {
                let seconds: Vec<String> = seconds.iter().map(|s| format!("{s:e}")).collect();
                let (t, evidence) = (seconds.join(", "), source.evidence("latency_sync"));
                let _ = writeln!(
                    text,
                    "sync_by_tiles = {{ tiles = {tiles:?}, t = [{t}], between = \"step\", {evidence} }}"
                );
            }
            None => left_out.push("latency_sync is 0: no barrier is priced or timed".into()),
        }
        Ok(Imported { text, left_out })
    }

    fn head(&self) -> String {
        let display = toml_text(&format!("{} (an architecture of SANA-FE)", self.name()));
        format!(
            "# From an architecture of SANA-FE, which does not say where its numbers come from.\nschema = 1\nextends = \"unlimited\"\n\n\
             [meta]\nname = \"{}\"\ndisplay = {display}\nfamily = \"digital_asynchronous\"\nprices = \"sanafe\"\n\
             notes = \"The architecture says nothing of static power and memory: they are not known here.\"\n",
            plain(self.name()),
        )
    }

    /// Topology, limits, and their sources.
    fn shape(&self, core: &Core, source: Source<'_>) -> Result<String, String> {
        let (cores, per_tile) = self.cores()?;
        let own = &self.attributes;
        let mut text = format!(
            "\n[topology]\ncores_per_chip = {}\ncores_per_tile = {per_tile}\ntile_grid = [{}, {}]\n\
             routing = \"xy_dimension_order\"\nmulticast = \"unicast_per_core\"\nlink_buffer_packets = {}\n",
            cores.len(),
            own.width,
            own.height,
            own.link_buffer_size
        );
        let neurons = core.attributes.max_neurons_supported;
        if let Some(neurons) = neurons {
            let _ = write!(text, "\n[core]\nneurons = {neurons}\n");
        }
        let _ = write!(text, "\n[sources]\ntopology = {{ {} }}\n", source.evidence("width, height, tile, core"));
        if neurons.is_some() {
            let _ = writeln!(text, "core = {{ {} }}", source.evidence("max_neurons_supported"));
        }
        Ok(text)
    }

    /// Tiles and cores that are not like the first.
    fn differences(&self) -> Vec<String> {
        let first = &self.tile[0];
        let tiles = self.tile[1..].iter();
        let tiles = tiles.map(|tile| format!("tile `{}`: all tiles are taken as `{}`", tile.name, first.name));
        let cores = first.core[1..].iter();
        let cores = cores.map(|core| format!("core `{}`: all cores are taken as `{}`", core.name, first.core[0].name));
        tiles.chain(cores).collect()
    }
}

fn hops(tile: &Tile) -> Vec<Price> {
    let a = &tile.attributes;
    vec![
        price("hop_east", a.energy_east_hop, a.latency_east_hop, "east_hop"),
        price("hop_west", a.energy_west_hop, a.latency_west_hop, "west_hop"),
        price("hop_north", a.energy_north_hop, a.latency_north_hop, "north_hop"),
        price("hop_south", a.energy_south_hop, a.latency_south_hop, "south_hop"),
        price("packet_local", 0.0, 0.0, "SANA-FE charges nothing within a tile"),
    ]
}

fn units(core: &Core, left_out: &mut Vec<String>) -> Result<Vec<Price>, String> {
    left_out.extend(core.soma.iter().filter_map(|unit| {
        let file = unit.attributes.noise.as_ref()?;
        Some(format!("soma `{}`: its stream of noise `{}`", unit.name, file.display()))
    }));
    let mut skip = |what: &str, names: Vec<&str>, first: &str| {
        left_out.extend(names.iter().map(|name| format!("{what} `{name}`: `{first}` counts")));
    };
    let soma = first(&core.soma, "soma", |unit| unit.attributes.model != "input", &mut skip)?;
    let dendrite = first(&core.dendrite, "dendrite", |_| true, &mut skip)?;
    let axon_in = first(&core.axon_in, "axon_in", |_| true, &mut skip)?;
    let axon_out = first(&core.axon_out, "axon_out", |_| true, &mut skip)?;
    let named = |word: &str| core.synapse.iter().find(|unit| unit.name.contains(word));
    let synapse = core.synapse.first().ok_or("the first core has no synapse unit")?;
    let (s, d) = (&soma.attributes, &dendrite.attributes);
    let mut prices = vec![
        price("neuron_access", s.energy_access_neuron, s.latency_access_neuron, format!("soma `{}`", soma.name)),
        price("neuron_update", s.energy_update_neuron, s.latency_update_neuron, format!("soma `{}`", soma.name)),
        price("neuron_spike", s.energy_spike_out, s.latency_spike_out, format!("soma `{}`", soma.name)),
        price(
            "packet_in",
            axon_in.attributes.energy,
            axon_in.attributes.latency,
            format!("axon_in `{}`", axon_in.name),
        ),
        price(
            "packet_out",
            axon_out.attributes.energy,
            axon_out.attributes.latency,
            format!("axon_out `{}`", axon_out.name),
        ),
    ];
    prices.push(price("dendrite_operation", d.energy, d.latency, format!("dendrite `{}`", dendrite.name)));
    let mut used = vec![];
    for (word, event) in FORMATS {
        let unit = named(word).unwrap_or(synapse);
        used.push(unit.name.as_str());
        prices.push(price(event, unit.attributes.energy, unit.attributes.latency, format!("synapse `{}`", unit.name)));
    }
    let others = core.synapse.iter().map(|unit| unit.name.as_str()).filter(|name| !used.contains(name));
    skip("synapse", others.collect(), &synapse.name);
    Ok(prices)
}

/// The first unit that is wanted; the others are left out.
fn first<'a, A>(
    units: &'a [Unit<A>],
    what: &str,
    wanted: impl Fn(&Unit<A>) -> bool,
    skip: &mut impl FnMut(&str, Vec<&str>, &str),
) -> Result<&'a Unit<A>, String> {
    let found = units.iter().find(|unit| wanted(unit)).or(units.first());
    let found = found.ok_or_else(|| format!("the first core has no {what} unit"))?;
    let others = units.iter().filter(|unit| !std::ptr::eq(*unit, found)).map(|unit| unit.name.as_str());
    skip(what, others.collect(), &found.name);
    Ok(found)
}

/// The barrier by tiles, unless it is nothing.
fn barrier(sync: &Sync) -> Option<(Vec<u32>, Vec<f64>)> {
    match sync {
        Sync::Fixed(seconds) => (*seconds != 0.0).then(|| (vec![1], vec![*seconds])),
        // SANA-FE may begin with no tiles at all.
        Sync::Table(table) => {
            let own: Vec<(u32, f64)> = table.iter().filter(|(tiles, _)| **tiles > 0).map(|(n, s)| (*n, *s)).collect();
            (!own.is_empty()).then(|| own.into_iter().unzip())
        }
    }
}

/// A name as profiles have them: lower-case letters, digits, `-` and `_`.
fn plain(name: &str) -> String {
    let letter = |c: char| if c.is_ascii_alphanumeric() || c == '-' { c.to_ascii_lowercase() } else { '_' };
    let name: String = name.chars().map(letter).collect();
    if name.is_empty() { "sanafe".into() } else { name }
}

/// A text between quotes.
fn toml_text(text: &str) -> String {
    let escaped = |c: char| match c {
        '"' | '\\' => format!("\\{c}"),
        c if c.is_control() => format!("\\u{:04x}", c as u32),
        c => c.to_string(),
    };
    format!("\"{}\"", text.chars().map(escaped).collect::<String>())
}

//! Networks: groups of neurons, edges, and on which core each neuron lies.

use std::collections::HashMap;
use std::path::Path;

use crate::attributes::Attributes;
use crate::convolve::Convolution;
use crate::error::SanafeError;
use crate::strength::Strengths;
use crate::yaml::{Fault, Node};
use crate::{netlist, read};

/// A network and where its neurons lie.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Network {
    /// Its name.
    pub name: String,
    /// Groups of neurons.
    pub groups: Vec<Group>,
    /// Where neurons lie, in the order in which each core updates them.
    pub mapping: Vec<Mapping>,
    /// Edges, in the order of the file.
    pub edges: Vec<Edge>,
}

/// Neurons with common attributes.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Group {
    /// Its name.
    pub name: String,
    /// How many neurons it has.
    pub n: usize,
    /// What holds for all.
    pub default: Attributes,
    /// What single neurons say of themselves, by their number.
    pub own: HashMap<usize, Attributes>,
}

/// A neuron: the number of its group, and its number in it.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub struct End {
    /// Number of the group.
    pub group: u32,
    /// Number of the neuron in the group.
    pub index: u32,
}

/// Where a neuron lies.
#[derive(Clone, Debug, PartialEq)]
pub struct Mapping {
    /// The neuron.
    pub neuron: End,
    /// Tile.
    pub tile: u32,
    /// Core of the tile.
    pub core: u32,
    /// Units of the core that the mapping names.
    pub units: Attributes,
}

/// A synapse.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Edge {
    /// Who fires.
    pub from: End,
    /// Who receives.
    pub to: End,
    /// What is added.
    pub weight: f64,
    /// Steps later than without a delay, 0 to 5; only the dendrite `accumulator_with_delay` has delays.
    pub delay: usize,
    /// The compartment of a dendrite `taps` that receives it, from 0; only that dendrite has others than 0.
    pub tap: usize,
}

impl Network {
    /// Reads a file, in YAML or as a netlist; one that ends in `.gz` is unpacked.
    ///
    /// # Errors
    ///
    /// [`SanafeError`] if it cannot be read or is no network file, with the line.
    pub fn open(path: &Path) -> Result<Network, SanafeError> {
        let text = read::text(path)?;
        let net = if netlist::is(&text) { netlist::parse(&text) } else { Network::parse(&text) };
        net.map_err(|fault| SanafeError::File { path: path.to_path_buf(), fault: fault.to_string() })
    }

    /// Reads the text of a file.
    pub(crate) fn parse(text: &str) -> Result<Network, Fault> {
        let file = Node::parse(text)?;
        file.only(&["network", "mappings"])?;
        let network = file.get("network")?;
        network.only(&["name", "groups", "edges"])?;
        let name = network.get("name")?.text()?.to_owned();
        let groups: Vec<Group> = network.get("groups")?.list()?.iter().map(Group::read).collect::<Result<_, _>>()?;
        let names = Names::of(&groups).map_err(|twice| network.fault(twice))?;
        let (mut edges, mut mapping) = (Vec::new(), Vec::new());
        for (key, value) in network.find("edges")?.map(Node::entries).transpose()?.unwrap_or_default() {
            let (from, to) =
                key.text()?.split_once("->").ok_or_else(|| key.fault("an edge is written `a.0 -> b.1`"))?;
            let ends = (names.find(from.trim(), key)?, names.find(to.trim(), key)?);
            connect(&mut edges, ends, key, value)?;
        }
        for (key, value) in file.get("mappings")?.entries()? {
            map(&mut mapping, names.find(key.text()?, key)?, value)?;
        }
        Ok(Network { name, groups, mapping, edges })
    }
}

/// Adds what one entry of `edges` says.
fn connect(edges: &mut Vec<Edge>, ends: (Span, Span), key: &Node, value: &Node) -> Result<(), Fault> {
    match ends {
        (Span { only: Some(from), .. }, Span { only: Some(to), .. }) => {
            let said = Strengths::read(value, &[])?;
            said.check(1, key)?;
            let (from, to) = (End { group: ends.0.group, index: from }, End { group: ends.1.group, index: to });
            edges.push(said.edge(0, from, to));
            Ok(())
        }
        (Span { only: None, range: None, .. }, Span { only: None, range: None, .. }) => {
            connect_all(edges, ends, key, value)
        }
        _ => Err(key.fault("an edge joins two neurons or two groups; SANA-FE joins only the first neurons of a range")),
    }
}

/// Adds all edges between two groups.
fn connect_all(edges: &mut Vec<Edge>, (from, to): (Span, Span), key: &Node, value: &Node) -> Result<(), Fault> {
    let pairs: Vec<(u32, u32, usize)> = match value.get("type")?.text()? {
        "dense" => (0..from.n)
            .flat_map(|a| (0..to.n).map(move |b| (a, b, (a as usize) * to.n as usize + b as usize)))
            .collect(),
        "sparse" => {
            let pair = |(k, pair): (usize, &Node)| match pair.list()? {
                [a, b] => Ok((a.whole()?, b.whole()?, k)),
                _ => Err(pair.fault("a pair has two numbers")),
            };
            value.get("source_target_pairs")?.list()?.iter().enumerate().map(pair).collect::<Result<_, _>>()?
        }
        "conv2d" => Convolution::read(value)?.pairs((from.n, to.n)).map_err(|what| key.fault(what))?,
        other => return Err(key.fault(format!("there is no type `{other}`, allowed is dense, sparse or conv2d"))),
    };
    let said = Strengths::read(value, &Convolution::KEYS)?;
    said.check(pairs.iter().map(|(_, _, k)| k + 1).max().unwrap_or(0), key)?;
    edges.reserve(pairs.len());
    for (a, b, k) in pairs {
        if a >= from.n || b >= to.n {
            return Err(key.fault(format!("there is no pair [{a}, {b}] between {} and {} neurons", from.n, to.n)));
        }
        let (from, to) = (End { group: from.group, index: a }, End { group: to.group, index: b });
        edges.push(said.edge(k, from, to));
    }
    Ok(())
}

/// Adds what one entry of `mappings` says.
fn map(mapping: &mut Vec<Mapping>, span: Span, value: &Node) -> Result<(), Fault> {
    value.only(&["core", "soma", "dendrite", "synapse"])?;
    let place = value.get("core")?;
    let numbers = place.text()?.split_once('.').and_then(|(t, c)| Some((t.parse().ok()?, c.parse().ok()?)));
    let (tile, core) = numbers.ok_or_else(|| place.fault("a core is written TILE.CORE"))?;
    let name = |key| value.find(key)?.map(|unit| unit.text().map(str::to_owned)).transpose();
    let units = Attributes {
        soma_hw_name: name("soma")?,
        dendrite_hw_name: name("dendrite")?,
        synapse_hw_name: name("synapse")?,
        ..Attributes::default()
    };
    for index in span.indices() {
        let neuron = End { group: span.group, index };
        mapping.push(Mapping { neuron, tile, core, units: units.clone() });
    }
    Ok(())
}

impl Group {
    fn read(node: &Node) -> Result<Group, Fault> {
        node.only(&["name", "attributes", "neurons"])?;
        let default = node.find("attributes")?.map_or(Ok(Attributes::default()), Attributes::read)?;
        let mut group = Group { name: node.get("name")?.text()?.to_owned(), default, ..Group::default() };
        for (key, value) in node.get("neurons")?.entries()? {
            let (first, last) = range(key.text()?).ok_or_else(|| key.fault("neurons are written `0` or `0..9`"))?;
            if first as usize != group.n {
                return Err(key.fault(format!("neuron {first} stands where neuron {} is due", group.n)));
            }
            let own = Attributes::read(value)?;
            if own != Attributes::default() {
                group.own.extend((first..=last).map(|index| (index as usize, own.clone())));
            }
            group.n = last as usize + 1;
        }
        Ok(group)
    }
}

/// `3` or `0..9`.
fn range(text: &str) -> Option<(u32, u32)> {
    let (first, last) = text.split_once("..").unwrap_or((text, text));
    let (first, last) = (first.parse().ok()?, last.parse().ok()?);
    (first <= last && last < u32::MAX).then_some((first, last))
}

/// A group, a range of its neurons, or one of them.
#[derive(Clone, Copy, Debug)]
struct Span {
    group: u32,
    n: u32,
    only: Option<u32>,
    range: Option<(u32, u32)>,
}

impl Span {
    fn indices(&self) -> std::ops::Range<u32> {
        match (self.only, self.range) {
            (Some(index), _) => index..index + 1,
            (None, Some((first, last))) => first..last + 1,
            (None, None) => 0..self.n,
        }
    }
}

/// Groups by their names.
struct Names<'a>(HashMap<&'a str, (u32, u32)>);

impl Names<'_> {
    fn of(groups: &[Group]) -> Result<Names<'_>, String> {
        let mut all = HashMap::new();
        for (k, group) in groups.iter().enumerate() {
            if all.insert(group.name.as_str(), (k as u32, group.n as u32)).is_some() {
                return Err(format!("there are two groups `{}`", group.name));
            }
        }
        Ok(Names(all))
    }

    /// `a`, `a.3` or `a.0..9`.
    fn find(&self, text: &str, node: &Node) -> Result<Span, Fault> {
        if let Some((group, n)) = self.0.get(text) {
            return Ok(Span { group: *group, n: *n, only: None, range: None });
        }
        let cut = text.find("..").map_or(text.len(), |ranged| ranged);
        let parts = text[..cut].rfind('.').map(|dot| (&text[..dot], &text[dot + 1..]));
        let found = parts.and_then(|(name, index)| Some((self.0.get(name)?, range(index)?)));
        let Some(((group, n), (first, last))) = found else {
            return Err(node.fault(format!("there is no neuron or group `{text}`")));
        };
        if last >= *n {
            return Err(node.fault(format!("`{text}` is not there: the group has {n} neurons")));
        }
        let one = first == last && cut == text.len();
        Ok(Span { group: *group, n: *n, only: one.then_some(first), range: (!one).then_some((first, last)) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NET: &str = "\
network:
  name: n
  groups:
    - name: a
      attributes: [threshold: 2, soma: {bias: 1}]
      neurons:
        - 0..2: {}
        - 3: [threshold: 5]
    - name: b.c
      neurons: [0..1: []]
  edges:
    - a.3 -> b.c.1: {synapse: {weight: -4}, delay: 2}
    - a -> b.c: {type: dense, weight: [1, 2, 3, 4, 5, 6, 7, 8]}
    - b.c -> a: [type: sparse, source_target_pairs: [[1, 3]], weight: 0.5, tap: [2]]
mappings:
  - a.0..2: {core: 1.10}
  - a.3: [core: 0.0, soma: s, dendrite: d, synapse: y]
  - b.c: {core: 0.1}
";

    #[test]
    fn a_network_is_read_as_it_is_written() {
        let net = Network::parse(NET).unwrap();
        assert_eq!((net.groups[0].n, net.groups[1].n, net.mapping.len(), net.edges.len()), (4, 2, 6, 10));
        assert_eq!((net.groups[0].default.threshold, net.groups[0].default.bias), (Some(2.0), Some(1.0)));
        assert_eq!(net.groups[0].own[&3].threshold, Some(5.0));
        assert_eq!((net.mapping[0].tile, net.mapping[0].core), (1, 10));
        assert_eq!(net.mapping[3].units.synapse_hw_name.as_deref(), Some("y"));
        let end = |group, index| End { group, index };
        assert_eq!(net.edges[0], Edge { from: end(0, 3), to: end(1, 1), weight: -4.0, delay: 2, tap: 0 });
        assert_eq!(net.edges[6], Edge { from: end(0, 2), to: end(1, 1), weight: 6.0, delay: 0, tap: 0 });
        assert_eq!(net.edges[9], Edge { from: end(1, 1), to: end(0, 3), weight: 0.5, delay: 0, tap: 2 });
    }

    #[test]
    fn what_sana_fe_passes_over_is_refused_with_its_line() {
        for (old, new, line, word) in [
            ("threshold: 2", "treshold: 2", 5, "treshold"),
            ("weight: -4", "wieght: -4", 12, "wieght"),
            ("{synapse: {weight: -4}, delay: 2}", "{}", 12, "weight"),
            ("weight: -4", "weight: x", 12, "not a number"),
            ("delay: 2", "delay: 1.5", 12, "whole number"),
            ("delay: 2", "tap: -1", 12, "whole number"),
            ("delay: 2", "dendrite: {delay: 2}", 12, "dendrite"),
            ("a.3 -> b", "a.0..1 -> b", 12, "range"),
            ("a.3 -> b.c.1", "a.4 -> b.c.1", 12, "4 neurons"),
            ("a.3 -> b.c.1", "a.3 -> d.1", 12, "`d.1`"),
            ("a.3 ->", "a.3 to", 12, "a.0 -> b.1"),
            (", 7, 8]", ", 7]", 13, "needed are 8"),
            ("type: dense", "type: full", 13, "dense, sparse or conv2d"),
            ("[[1, 3]]", "[[1, 4]]", 14, "[1, 4]"),
            ("core: 1.10", "core: 1", 16, "TILE.CORE"),
            ("soma: s", "axon: s", 17, "axon"),
            ("- 3: [", "- 4: [", 8, "neuron 3 is due"),
            ("name: b.c", "name: a", 2, "two groups"),
            ("mappings:", "mapping:", 15, "mapping"),
        ] {
            assert!(NET.contains(old), "{old}");
            let fault = Network::parse(&NET.replacen(old, new, 1)).unwrap_err().to_string();
            assert!(fault.starts_with(&format!("line {line}: ")) && fault.contains(word), "{old} to {new}: {fault}");
        }
    }
}

//! The recordings' own form of a network (`net.json`): groups, where neurons lie, edges.

use std::collections::BTreeMap;
use std::fmt;

use pumice_sanafe::{self as sanafe, Attributes, End, Mapping, Network};
use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Net {
    name: String,
    groups: Vec<Group>,
    /// Group, neuron, tile, core of the tile; in the order in which each core updates its neurons.
    mapping: Vec<(String, u32, u32, u32)>,
    edges: Vec<Edge>,
}

impl Net {
    /// The network; or which group is not there.
    pub(super) fn network(self) -> Result<Network, String> {
        let numbers: BTreeMap<&str, u32> = self.groups.iter().map(|group| group.name.as_str()).zip(0..).collect();
        let end = |group: &str, index| match numbers.get(group) {
            Some(group) => Ok(End { group: *group, index }),
            None => Err(format!("there is no group `{group}`")),
        };
        let mapping = |(group, index, tile, core): &(String, u32, u32, u32)| {
            Ok(Mapping { neuron: end(group, *index)?, tile: *tile, core: *core, units: Attributes::default() })
        };
        let edge = |edge: &Edge| {
            let (from, to) = (end(&edge.from.0, edge.from.1)?, end(&edge.to.0, edge.to.1)?);
            Ok(sanafe::Edge { from, to, weight: edge.weight, delay: edge.delay, tap: 0 })
        };
        let mapping: Vec<Mapping> = self.mapping.iter().map(mapping).collect::<Result<_, String>>()?;
        let edges = self.edges.iter().map(edge).collect::<Result<_, String>>()?;
        let group = |group: Group| sanafe::Group {
            name: group.name,
            n: group.n,
            default: group.default,
            own: group.own.into_iter().collect(),
        };
        let groups = self.groups.into_iter().map(group).collect();
        Ok(Network { name: self.name, groups, mapping, edges })
    }
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct Group {
    name: String,
    n: usize,
    default: Attributes,
    #[serde(rename = "override")]
    own: BTreeMap<usize, Attributes>,
}

/// Whether two forms say the same, edges in any order; what only logs does not count.
pub(super) fn same(written: &Network, neutral: &Network) -> bool {
    let silent = |a: &Attributes| Attributes { log_potential: None, ..a.clone() };
    let groups = |net: &Network| {
        let said = |group: &sanafe::Group, k: usize| {
            silent(&group.own.get(&k).map_or(group.default.clone(), |a| a.or(&group.default)))
        };
        net.groups
            .iter()
            .map(|g| (g.name.clone(), (0..g.n).map(|k| said(g, k)).collect::<Vec<_>>()))
            .collect::<Vec<_>>()
    };
    let places = |net: &Network| net.mapping.iter().map(|m| (m.neuron, m.tile, m.core)).collect::<Vec<_>>();
    let edges = |net: &Network| {
        let key = |e: &sanafe::Edge| (e.from.group, e.from.index, e.to.group, e.to.index, e.weight.to_bits(), e.delay);
        let mut all: Vec<_> = net.edges.iter().map(key).collect();
        all.sort_unstable();
        all
    };
    groups(written) == groups(neutral) && places(written) == places(neutral) && edges(written) == edges(neutral)
}

/// `[group, neuron, group, neuron, weight]`, with a delay `[steps]` as a sixth.
#[derive(Debug)]
struct Edge {
    from: (String, u32),
    to: (String, u32),
    weight: f64,
    delay: usize,
}

impl<'de> Deserialize<'de> for Edge {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct EdgeVisitor;

        impl<'de> Visitor<'de> for EdgeVisitor {
            type Value = Edge;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                write!(f, "an edge of five or six elements")
            }

            fn visit_seq<A: SeqAccess<'de>>(self, mut all: A) -> Result<Edge, A::Error> {
                let short = |n| A::Error::invalid_length(n, &"an edge of five or six elements");
                let from = (all.next_element()?.ok_or(short(0))?, all.next_element()?.ok_or(short(1))?);
                let to = (all.next_element()?.ok_or(short(2))?, all.next_element()?.ok_or(short(3))?);
                let weight = all.next_element()?.ok_or(short(4))?;
                let delay = all.next_element()?.unwrap_or(0);
                Ok(Edge { from, to, weight, delay })
            }
        }

        deserializer.deserialize_seq(EdgeVisitor)
    }
}

//! The recordings' own form of a network (`net.json`): groups, where neurons lie, edges.

use std::collections::BTreeMap;
use std::fmt;

use serde::de::{Error, SeqAccess, Visitor};
use serde::{Deserialize, Deserializer};

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Net {
    #[serde(rename = "name")]
    pub(super) _name: String,
    pub(super) groups: Vec<Group>,
    /// Group, neuron, tile, core of the tile; in the order in which each core updates its neurons.
    pub(super) mapping: Vec<(String, usize, u32, u32)>,
    pub(super) edges: Vec<Edge>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Group {
    pub(super) name: String,
    pub(super) n: usize,
    pub(super) default: Attributes,
    #[serde(rename = "override")]
    pub(super) own: BTreeMap<usize, Attributes>,
}

/// What may be said of a neuron.
#[derive(Clone, Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Attributes {
    pub(super) soma_hw_name: Option<String>,
    pub(super) dendrite_hw_name: Option<String>,
    pub(super) synapse_hw_name: Option<String>,
    pub(super) bias: Option<f64>,
    pub(super) threshold: Option<f64>,
    pub(super) reset: Option<f64>,
    pub(super) reset_mode: Option<String>,
    pub(super) reverse_threshold: Option<f64>,
    pub(super) reverse_reset: Option<f64>,
    pub(super) reverse_reset_mode: Option<String>,
    pub(super) leak_decay: Option<f64>,
    pub(super) input_decay: Option<f64>,
    pub(super) leak: Option<f64>,
    pub(super) refractory_delay: Option<u32>,
    pub(super) potential: Option<f64>,
    pub(super) force_update: Option<bool>,
    pub(super) spikes: Option<Vec<u8>>,
}

impl Attributes {
    /// These, and those of the group where these are silent.
    pub(super) fn or(&self, group: &Attributes) -> Attributes {
        macro_rules! either {
            ($($name:ident),*) => { Attributes { $($name: self.$name.clone().or_else(|| group.$name.clone()),)* } };
        }
        either!(
            soma_hw_name,
            dendrite_hw_name,
            synapse_hw_name,
            bias,
            threshold,
            reset,
            reset_mode,
            reverse_threshold,
            reverse_reset,
            reverse_reset_mode,
            leak_decay,
            input_decay,
            leak,
            refractory_delay,
            potential,
            force_update,
            spikes
        )
    }
}

/// `[group, neuron, group, neuron, weight]`, with a delay `[steps]` as a sixth.
#[derive(Debug)]
pub(super) struct Edge {
    pub(super) from: (String, usize),
    pub(super) to: (String, usize),
    pub(super) weight: f64,
    pub(super) delay: usize,
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

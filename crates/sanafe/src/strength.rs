//! What edges say of themselves: weights, delays and taps.

use crate::network::{Edge, End};
use crate::yaml::{Fault, Node};

/// One value, or one per edge.
enum Strength {
    One(f64),
    Each(Vec<f64>),
}

impl Strength {
    fn read(node: &Node) -> Result<Strength, Fault> {
        match node.list() {
            Ok(all) => Ok(Strength::Each(all.iter().map(Node::number).collect::<Result<_, _>>()?)),
            Err(_) => Ok(Strength::One(node.number()?)),
        }
    }

    /// Reads whole numbers of at least 0.
    fn whole(node: &Node, what: &str) -> Result<Strength, Fault> {
        let read = Strength::read(node)?;
        let is_whole = |x: &f64| x.fract() == 0.0 && *x >= 0.0;
        let well = match &read {
            Strength::One(x) => is_whole(x),
            Strength::Each(all) => all.iter().all(is_whole),
        };
        if well { Ok(read) } else { Err(node.fault(format!("{what}, a whole number of at least 0"))) }
    }

    /// Refuses a list of another length.
    fn check(&self, needed: usize, node: &Node) -> Result<(), Fault> {
        match self {
            Strength::Each(all) if all.len() != needed => {
                Err(node.fault(format!("there are {} weights, delays or taps, needed are {needed}", all.len())))
            }
            _ => Ok(()),
        }
    }

    /// The value of an edge; the length was checked.
    fn at(&self, k: usize) -> f64 {
        match self {
            Strength::One(value) => *value,
            Strength::Each(all) => all[k],
        }
    }
}

/// What is said of one edge, or of all edges between two groups.
pub(crate) struct Strengths {
    weights: Strength,
    delays: Strength,
    taps: Strength,
}

impl Strengths {
    /// Reads them; `besides` are keys that others read.
    pub(crate) fn read(node: &Node, besides: &[&str]) -> Result<Strengths, Fault> {
        let (mut weights, mut delays, mut taps) = (None, Strength::One(0.0), Strength::One(0.0));
        let mut open = node.entries()?;
        while let Some((key, value)) = open.pop() {
            match key.text()? {
                "weight" | "w" => weights = Some(Strength::read(value)?),
                "delay" | "d" => delays = Strength::whole(value, "a delay is a number of steps")?,
                "tap" => taps = Strength::whole(value, "a tap is the number of a compartment")?,
                "synapse" => open.extend(value.entries()?),
                "dendrite" => {
                    return Err(key.fault(
                        "SANA-FE ignores what an edge says of its dendrite; write `delay` or `tap` beside the weight",
                    ));
                }
                "synapse_hw_name" | "dendrite_hw_name" => {
                    return Err(
                        key.fault("SANA-FE ignores units that an edge names; name them at the group or its mapping")
                    );
                }
                name if besides.contains(&name) => {}
                other => {
                    return Err(
                        key.fault(format!("no edge has an attribute `{other}`, allowed is weight, delay or tap"))
                    );
                }
            }
        }
        let weights = weights.ok_or_else(|| node.fault("an edge needs a `weight`"))?;
        Ok(Strengths { weights, delays, taps })
    }

    /// Refuses lists that have not one value for each of `needed` edges.
    pub(crate) fn check(&self, needed: usize, node: &Node) -> Result<(), Fault> {
        [&self.weights, &self.delays, &self.taps].into_iter().try_for_each(|all| all.check(needed, node))
    }

    /// The edge of the value `k`; the lengths were checked.
    pub(crate) fn edge(&self, k: usize, from: End, to: End) -> Edge {
        let (delay, tap) = (self.delays.at(k) as usize, self.taps.at(k) as usize);
        Edge { from, to, weight: self.weights.at(k), delay, tap }
    }
}

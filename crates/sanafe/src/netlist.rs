//! Networks in SANA-FE's older form: a line for each group, neuron, edge and place.
//!
//! ```text
//! g 9 threshold=2.5 reset_mode=soft        9 neurons with common attributes; groups are called 0, 1, 2 …
//! n 0.3 bias=1 {spikes: [1, 0, 1]}         what a neuron says of itself; lists stand in braces
//! e 0.3->1.2 weight=-1 delay=2             an edge
//! & 0.3@4.1                                neuron 0.3 lies on core 1 of tile 4, after those of earlier lines
//! # a comment
//! ```
//!
//! SANA-FE 2.2 writes units of neurons too (`soma_hw_name=…`) and then refuses its own file; they are read here.

use crate::attributes::Attributes;
use crate::network::{Edge, End, Group, Mapping, Network};
use crate::strength::Strengths;
use crate::yaml::{Fault, Node};

/// Whether a text is in this form: its first line that says something is a group.
pub(crate) fn is(text: &str) -> bool {
    text.lines().map(said).find(|line| !line.is_empty()).is_some_and(|line| line.split_whitespace().next() == Some("g"))
}

/// What a line says besides its comment.
fn said(line: &str) -> &str {
    line.split('#').next().unwrap_or_default().trim()
}

/// Reads the text of a file.
pub(crate) fn parse(text: &str) -> Result<Network, Fault> {
    let mut net = Network { name: "netlist".into(), ..Network::default() };
    for (k, line) in text.lines().enumerate() {
        let line = said(line);
        if let Some((kind, rest)) = line.split_once(char::is_whitespace) {
            entry(&mut net, kind, rest.trim()).map_err(|fault| fault.on(k + 1))?;
        } else if !line.is_empty() {
            return Err(Fault::at(k + 1, format!("`{line}` says nothing of a group, a neuron, an edge or a place")));
        }
    }
    Ok(net)
}

fn entry(net: &mut Network, kind: &str, rest: &str) -> Result<(), Fault> {
    let fault = |what: String| Fault::at(0, what);
    let (subject, rest) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
    let yaml = flow(rest)?;
    let node = Node::parse(&yaml)?;
    match kind {
        "g" => {
            let n = subject.parse::<u32>().map_err(|_| fault(format!("`{subject}` is not a number of neurons")))?;
            let default = Attributes::read(&node)?;
            let name = net.groups.len().to_string();
            net.groups.push(Group { name, n: n as usize, default, ..Group::default() });
        }
        "n" => {
            let End { group, index } = end(net, subject)?;
            let own = Attributes::read(&node)?;
            let group = &mut net.groups[group as usize];
            if group.own.insert(index as usize, own).is_some() {
                return Err(fault(format!("neuron `{subject}` is there twice")));
            }
        }
        "e" => {
            let ends = subject.split_once("->").ok_or_else(|| fault("an edge is written `0.1->2.3`".into()))?;
            let strengths = Strengths::read(&node, &[])?;
            strengths.check(1, &node)?;
            let edge: Edge = strengths.edge(0, end(net, ends.0)?, end(net, ends.1)?);
            net.edges.push(edge);
        }
        "&" => {
            let place = subject.split_once('@').and_then(|(neuron, core)| Some((neuron, pair(core)?)));
            let (neuron, (tile, core)) = place.ok_or_else(|| fault("a place is written `0.1@TILE.CORE`".into()))?;
            node.only(&[])?;
            let neuron = end(net, neuron)?;
            net.mapping.push(Mapping { neuron, tile, core, units: Attributes::default() });
        }
        other => return Err(fault(format!("there is no line `{other}`, allowed is g, n, e or &"))),
    }
    Ok(())
}

/// `key=value` and `{key: value}`, as one mapping of YAML.
fn flow(text: &str) -> Result<String, Fault> {
    let mut parts = Vec::new();
    let mut rest = text;
    while !rest.is_empty() {
        if let Some(inner) = rest.strip_prefix('{') {
            let (own, after) =
                inner.split_once('}').ok_or_else(|| Fault::at(0, "a brace is open at the end of the line"))?;
            parts.push(own.trim().to_owned());
            rest = after.trim_start();
        } else {
            let (word, after) = rest.split_once(char::is_whitespace).unwrap_or((rest, ""));
            let (key, value) = word
                .split_once('=')
                .ok_or_else(|| Fault::at(0, format!("`{word}` stands where `name=value` is needed")))?;
            parts.push(format!("{key}: \"{}\"", value.replace(['"', '\\'], "")));
            rest = after.trim_start();
        }
    }
    Ok(format!("{{{}}}", parts.join(", ")))
}

/// `3.1`.
fn pair(text: &str) -> Option<(u32, u32)> {
    let (first, second) = text.split_once('.')?;
    Some((first.parse().ok()?, second.parse().ok()?))
}

/// A neuron that there must be.
fn end(net: &Network, text: &str) -> Result<End, Fault> {
    let (group, index) =
        pair(text).ok_or_else(|| Fault::at(0, format!("`{text}` is not GROUP.NEURON, two numbers")))?;
    match net.groups.get(group as usize) {
        Some(own) if (index as usize) < own.n => Ok(End { group, index }),
        Some(own) => Err(Fault::at(0, format!("`{text}` is not there: the group has {} neurons", own.n))),
        None => Err(Fault::at(0, format!("`{text}` is not there: there are {} groups so far", net.groups.len()))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const NET: &str = "\
# two groups
g 4 threshold=2 soma_hw_name=in[0]

g 2 log_spikes=1
n 0.3 bias=-1.5e+00 {spikes: [1,0,1]} reset_mode=soft
e 0.3->1.1 weight=-4 delay=2   # late
  e 1.1->0.0 weight=0.5
& 1.0@3.10
& 0.3@0.1
";

    #[test]
    fn a_netlist_is_read_as_it_is_written() {
        assert!(is(NET) && !is("network:\n  name: g\n") && !is(""));
        let net = parse(NET).unwrap();
        assert_eq!((net.groups.len(), net.groups[0].n, net.groups[1].name.as_str()), (2, 4, "1"));
        assert_eq!(net.groups[0].default.soma_hw_name.as_deref(), Some("in[0]"));
        let own = &net.groups[0].own[&3];
        assert_eq!((own.bias, own.spikes.as_deref()), (Some(-1.5), Some(&[1, 0, 1][..])));
        assert_eq!(own.reset_mode.as_deref(), Some("soft"));
        let end = |group, index| End { group, index };
        assert_eq!(net.edges[0], Edge { from: end(0, 3), to: end(1, 1), weight: -4.0, delay: 2, tap: 0 });
        assert_eq!((net.mapping[0].neuron, net.mapping[0].tile, net.mapping[0].core), (end(1, 0), 3, 10));
    }

    #[test]
    fn faults_name_their_line() {
        for (old, new, line, word) in [
            ("threshold=2", "treshold=2", 2, "treshold"),
            ("threshold=2", "threshold 2", 2, "`threshold` stands where"),
            ("g 2", "g two", 4, "`two`"),
            ("n 0.3", "n 0.4", 5, "4 neurons"),
            ("n 0.3", "n a.3", 5, "GROUP.NEURON"),
            ("1]}", "1]", 5, "brace"),
            ("e 0.3->1.1", "e 0.3->2.1", 6, "2 groups"),
            ("e 0.3->1.1", "e 0.3-1.1", 6, "0.1->2.3"),
            ("weight=-4", "wieght=-4", 6, "wieght"),
            ("& 1.0@3.10", "& 1.0", 8, "TILE.CORE"),
            ("& 1.0@3.10", "& 1.0@3.10 soma=x", 8, "soma"),
            ("& 0.3@0.1", "x 0.3", 9, "g, n, e or &"),
            ("& 0.3@0.1", "n 0.3 bias=1", 9, "twice"),
            ("& 0.3@0.1", "g", 9, "`g` says nothing"),
        ] {
            assert!(NET.contains(old), "{old}");
            let fault = parse(&NET.replacen(old, new, 1)).unwrap_err().to_string();
            assert!(fault.starts_with(&format!("line {line}: ")) && fault.contains(word), "{old} to {new}: {fault}");
        }
    }
}

//! The tree of values that a model file is, with whole arrays as leaves.

use std::fmt;
use std::sync::Arc;

use serde::de::{Deserialize, Deserializer, MapAccess, SeqAccess, Visitor};

use crate::array::{Array, Data};

/// A value of a model file.
#[derive(Clone, Debug, PartialEq)]
pub enum Node {
    /// Truth value.
    Bool(bool),
    /// Integer.
    Int(i64),
    /// Real.
    Float(f64),
    /// Text.
    Str(String),
    /// Values in order.
    List(Vec<Node>),
    /// Values by key, in the order of the file.
    Table(Vec<(String, Node)>),
    /// An array of another file.
    Array(Arc<Array>),
}

/// One step from a value to a value inside it.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Step {
    /// Into a table.
    Key(String),
    /// Into a list or array.
    Index(usize),
}

impl Step {
    /// The key, if this is a step into a table.
    pub(crate) fn key(&self) -> Option<&str> {
        match self {
            Step::Key(key) => Some(key),
            Step::Index(_) => None,
        }
    }
}

/// The way to a value as people write it: `a.b[2]`.
pub(crate) fn path_text(path: &[Step]) -> String {
    let mut text = String::new();
    for step in path {
        match step {
            Step::Key(key) if text.is_empty() => text.push_str(key),
            Step::Key(key) => text.push_str(&format!(".{key}")),
            Step::Index(i) => text.push_str(&format!("[{i}]")),
        }
    }
    text
}

impl Node {
    /// The value of a key, if this is a table that has it.
    pub fn get(&self, key: &str) -> Option<&Node> {
        match self {
            Node::Table(entries) => entries.iter().find(|(k, _)| k == key).map(|(_, v)| v),
            _ => None,
        }
    }

    /// The text, if this is one.
    pub fn text(&self) -> Option<&str> {
        match self {
            Node::Str(text) => Some(text),
            _ => None,
        }
    }

    /// The value at the end of a path; inside an array, its element or part.
    pub(crate) fn at(&self, path: &[Step]) -> Option<Node> {
        let Some((step, rest)) = path.split_first() else {
            return Some(self.clone());
        };
        match (self, step) {
            (Node::Table(_), Step::Key(key)) => self.get(key)?.at(rest),
            (Node::List(all), Step::Index(i)) => all.get(*i)?.at(rest),
            (Node::Array(array), Step::Index(_)) => {
                let at = path.iter().map_while(|s| if let Step::Index(i) = s { Some(*i) } else { None });
                part(array, &at.collect::<Vec<_>>())
            }
            _ => None,
        }
    }

    /// How many steps of the path lead to an array, if the path goes on inside it.
    pub(crate) fn to_array(&self, path: &[Step]) -> Option<usize> {
        (0..path.len()).find(|n| matches!(self.at(&path[..*n]), Some(Node::Array(_))))
    }

    /// The value in a few words for a message.
    pub(crate) fn brief(&self) -> String {
        match self {
            Node::Bool(x) => x.to_string(),
            Node::Int(x) => x.to_string(),
            Node::Float(x) => format!("{x:?}"),
            Node::Str(x) if x.chars().count() <= 40 => format!("{x:?}"),
            Node::Str(x) => format!("{:?}...", x.chars().take(37).collect::<String>()),
            Node::List(all) if all.is_empty() => "an empty list".into(),
            Node::List(all) if all.len() <= 6 && all.iter().all(Node::is_scalar) => {
                format!("[{}]", all.iter().map(Node::brief).collect::<Vec<_>>().join(", "))
            }
            Node::List(all) => format!("a list of {}", all.len()),
            Node::Table(entries) if entries.is_empty() => "an empty table".into(),
            Node::Table(entries) => {
                let keys: Vec<String> = entries.iter().take(4).map(|(k, _)| format!("`{k}`")).collect();
                format!("a table with {}", keys.join(", "))
            }
            Node::Array(array) => format!("an array of shape {:?}", array.shape()),
        }
    }

    fn is_scalar(&self) -> bool {
        !matches!(self, Node::List(_) | Node::Table(_) | Node::Array(_))
    }

    /// Where the first number that is not finite is.
    pub(crate) fn not_finite(&self) -> Option<Vec<Step>> {
        let below = |step: Step, node: &Node| {
            node.not_finite().map(|mut path| {
                path.insert(0, step);
                path
            })
        };
        match self {
            Node::Float(x) => (!x.is_finite()).then(Vec::new),
            Node::List(all) => all.iter().enumerate().find_map(|(i, node)| below(Step::Index(i), node)),
            Node::Table(entries) => entries.iter().find_map(|(key, node)| below(Step::Key(key.clone()), node)),
            Node::Array(array) => match array.data() {
                Data::Real(all) => all.iter().position(|x| !x.is_finite()).map(|k| place(array.shape(), k)),
                Data::Int(_) => None,
            },
            _ => None,
        }
    }
}

/// Element `flat` of a shape, axis by axis.
fn place(shape: &[usize], mut flat: usize) -> Vec<Step> {
    let mut steps: Vec<Step> = shape
        .iter()
        .rev()
        .map(|n| {
            let index = flat % n;
            flat /= n;
            Step::Index(index)
        })
        .collect();
    steps.reverse();
    steps
}

/// An element or part of an array.
fn part(array: &Array, at: &[usize]) -> Option<Node> {
    let shape = array.shape();
    let rest = shape.get(at.len()..)?;
    if at.iter().zip(shape).any(|(i, n)| i >= n) {
        return None;
    }
    let n: usize = rest.iter().product();
    let start = at.iter().zip(shape).fold(0, |flat, (i, n)| flat * n + i) * n;
    Some(match (rest.is_empty(), array.data()) {
        (true, Data::Int(all)) => Node::Int(all[start]),
        (true, Data::Real(all)) => Node::Float(all[start]),
        (false, Data::Int(all)) => Node::Array(Arc::new(Array::new(rest, Data::Int(all[start..start + n].to_vec()))?)),
        (false, Data::Real(all)) => {
            Node::Array(Arc::new(Array::new(rest, Data::Real(all[start..start + n].to_vec()))?))
        }
    })
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(Whole)
    }
}

struct Whole;

impl<'de> Visitor<'de> for Whole {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a truth value, a number, a text, a list or a table")
    }

    fn visit_bool<E>(self, x: bool) -> Result<Node, E> {
        Ok(Node::Bool(x))
    }

    fn visit_i64<E>(self, x: i64) -> Result<Node, E> {
        Ok(Node::Int(x))
    }

    fn visit_u64<E: serde::de::Error>(self, x: u64) -> Result<Node, E> {
        i64::try_from(x).map(Node::Int).map_err(|_| E::invalid_value(serde::de::Unexpected::Unsigned(x), &"an i64"))
    }

    fn visit_f64<E>(self, x: f64) -> Result<Node, E> {
        Ok(Node::Float(x))
    }

    fn visit_str<E>(self, x: &str) -> Result<Node, E> {
        Ok(Node::Str(x.to_owned()))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut all = Vec::new();
        while let Some(item) = items.next_element()? {
            all.push(item);
        }
        Ok(Node::List(all))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Node, A::Error> {
        let mut all = Vec::new();
        while let Some(entry) = entries.next_entry()? {
            all.push(entry);
        }
        Ok(Node::Table(all))
    }
}

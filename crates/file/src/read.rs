//! From the tree of values into structs, by serde; faults know the way to the value.
//!
//! Integers and reals interchange where nothing is lost: 3 is read as the real 3, 3.0 as the integer 3.

use std::fmt;

use serde::de::value::StrDeserializer;
use serde::de::{
    DeserializeSeed, Deserializer, EnumAccess, Error, Expected, IntoDeserializer, MapAccess, SeqAccess, Unexpected,
    VariantAccess, Visitor,
};
use serde::forward_to_deserialize_any;

use crate::array::{Array, Data, whole};
use crate::limit::LARGEST;
use crate::node::{Node, Step};

/// What is wrong with a value.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Wrong {
    /// A table has a key that means nothing.
    Unknown {
        key: String,
        known: Vec<String>,
    },
    /// A table lacks a key.
    Missing {
        key: String,
    },
    /// The value is not of those allowed.
    Value {
        allowed: String,
    },
    /// None of several forms fits; the name of the type is known.
    Untagged {
        name: String,
    },
    Other(String),
}

/// A fault and where it is.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Fault {
    /// The way from the root, in reverse.
    reversed: Vec<Step>,
    pub(crate) wrong: Wrong,
}

impl Fault {
    /// The way from the root.
    pub(crate) fn path(&self) -> Vec<Step> {
        self.reversed.iter().rev().cloned().collect()
    }

    fn under(mut self, step: Step) -> Self {
        self.reversed.push(step);
        self
    }
}

impl From<Wrong> for Fault {
    fn from(wrong: Wrong) -> Self {
        Fault { reversed: Vec::new(), wrong }
    }
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {:?}", crate::node::path_text(&self.path()), self.wrong)
    }
}

impl std::error::Error for Fault {}

impl Error for Fault {
    fn custom<T: fmt::Display>(message: T) -> Self {
        let message = message.to_string();
        let untagged = message.strip_prefix("data did not match any variant of untagged enum ");
        match untagged {
            Some(name) => Wrong::Untagged { name: name.to_owned() }.into(),
            None => Wrong::Other(message).into(),
        }
    }

    fn invalid_type(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Wrong::Value { allowed: plain(&expected.to_string()) }.into()
    }

    fn invalid_value(_: Unexpected<'_>, expected: &dyn Expected) -> Self {
        Wrong::Value { allowed: plain(&expected.to_string()) }.into()
    }

    fn invalid_length(_: usize, expected: &dyn Expected) -> Self {
        Wrong::Value { allowed: plain(&expected.to_string()) }.into()
    }

    fn unknown_variant(_: &str, expected: &'static [&'static str]) -> Self {
        let all = expected.iter().map(|v| format!("\"{v}\"")).collect::<Vec<_>>().join(", ");
        Wrong::Value { allowed: if expected.len() > 1 { format!("one of {all}") } else { all } }.into()
    }

    fn unknown_field(key: &str, expected: &'static [&'static str]) -> Self {
        Wrong::Unknown { key: key.to_owned(), known: expected.iter().map(|k| (*k).to_owned()).collect() }.into()
    }

    fn missing_field(key: &'static str) -> Self {
        Wrong::Missing { key: key.to_owned() }.into()
    }

    fn duplicate_field(key: &'static str) -> Self {
        Wrong::Other(format!("the key `{key}` occurs twice")).into()
    }
}

/// What serde expects, in plain words.
fn plain(expected: &str) -> String {
    match expected {
        "u8" => "an integer in 0..=255".into(),
        "u32" => format!("an integer in 0..={}", u32::MAX),
        "u64" | "usize" => "an integer, 0 or more".into(),
        "a nonzero u64" => "an integer, 1 or more".into(),
        "i32" => format!("an integer in {}..={}", i32::MIN, i32::MAX),
        "i64" => "an integer".into(),
        "f32" | "f64" => "a number".into(),
        "a boolean" => "true or false".into(),
        "a string" => "a text".into(),
        "a sequence" => "a list".into(),
        "a map" => "a table".into(),
        other => match other.strip_prefix("an array of length ") {
            Some(n) => format!("a list of {n}"),
            None if other.starts_with("struct ") => "a table".into(),
            None => other.into(),
        },
    }
}

/// A value as serde reads it.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Source<'a> {
    Node(&'a Node),
    /// A part of an array: the axis that comes next, and the place of its first element.
    Part {
        array: &'a Array,
        axis: usize,
        start: usize,
    },
}

impl<'a> Source<'a> {
    fn resolve(self) -> Result<&'a Node, (&'a Array, usize, usize)> {
        match self {
            Source::Node(Node::Array(array)) => Err((array, 0, 0)),
            Source::Node(node) => Ok(node),
            Source::Part { array, axis, start } => Err((array, axis, start)),
        }
    }

    /// The number here, if it is a real one.
    fn real(self) -> Option<f64> {
        match self.resolve() {
            Ok(Node::Float(x)) => Some(*x),
            Err((array, axis, start)) if axis == array.shape().len() => match array.data() {
                Data::Real(all) => all.get(start).copied(),
                Data::Int(_) => None,
            },
            _ => None,
        }
    }

    fn integer<'de, V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.real().and_then(whole).filter(|x| x.abs() <= LARGEST) {
            Some(x) => visit_int(x, visitor),
            None => self.deserialize_any(visitor),
        }
    }
}

/// Non-negative integers are offered unsigned, as serde's own formats do.
fn visit_int<'de, V: Visitor<'de>>(x: i64, visitor: V) -> Result<V::Value, Fault> {
    match u64::try_from(x) {
        Ok(x) => visitor.visit_u64(x),
        Err(_) => visitor.visit_i64(x),
    }
}

macro_rules! integers {
    ($($method:ident)+) => {
        $(fn $method<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
            self.integer(visitor)
        })+
    };
}

impl<'de> Deserializer<'de> for Source<'_> {
    type Error = Fault;

    fn deserialize_any<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        match self.resolve() {
            Ok(Node::Bool(x)) => visitor.visit_bool(*x),
            Ok(Node::Int(x)) => visit_int(*x, visitor),
            Ok(Node::Float(x)) => visitor.visit_f64(*x),
            Ok(Node::Str(x)) => visitor.visit_str(x),
            Ok(Node::List(all)) => {
                let item = |k: usize| Source::Node(&all[k]);
                list(all.len(), item, visitor)
            }
            Ok(Node::Table(entries)) => visitor.visit_map(Entries { entries, next: 0 }),
            Ok(Node::Array(_)) => unreachable!("arrays are resolved to their parts"),
            Err((array, axis, start)) => match (array.shape().get(axis), array.data()) {
                (None, Data::Int(all)) => visit_int(all[start], visitor),
                (None, Data::Real(all)) => visitor.visit_f64(all[start]),
                (Some(n), _) => {
                    let stride: usize = array.shape()[axis + 1..].iter().product();
                    let item = |k: usize| Source::Part { array, axis: axis + 1, start: start + k * stride };
                    list(*n, item, visitor)
                }
            },
        }
    }

    fn deserialize_option<V: Visitor<'de>>(self, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_some(self)
    }

    fn deserialize_newtype_struct<V: Visitor<'de>>(self, _: &'static str, visitor: V) -> Result<V::Value, Fault> {
        visitor.visit_newtype_struct(self)
    }

    fn deserialize_enum<V: Visitor<'de>>(
        self,
        _: &'static str,
        variants: &'static [&'static str],
        visitor: V,
    ) -> Result<V::Value, Fault> {
        match self.resolve() {
            Ok(Node::Str(name)) => visitor.visit_enum(Choice { name, value: None }),
            Ok(Node::Table(entries)) if entries.len() == 1 => {
                visitor.visit_enum(Choice { name: &entries[0].0, value: Some(&entries[0].1) })
            }
            _ => Err(Fault::unknown_variant("", variants)),
        }
    }

    integers! {
        deserialize_i8 deserialize_i16 deserialize_i32 deserialize_i64
        deserialize_u8 deserialize_u16 deserialize_u32 deserialize_u64
    }

    forward_to_deserialize_any! {
        bool i128 u128 f32 f64 char str string bytes byte_buf unit unit_struct seq tuple tuple_struct map struct
        identifier ignored_any
    }
}

fn list<'a, 'de, V: Visitor<'de>>(n: usize, item: impl Fn(usize) -> Source<'a>, visitor: V) -> Result<V::Value, Fault> {
    let mut items = Items { n, next: 0, item };
    let value = visitor.visit_seq(&mut items)?;
    match items.next == n {
        true => Ok(value),
        false => Err(Wrong::Value { allowed: format!("a list of {}", items.next) }.into()),
    }
}

struct Items<F> {
    n: usize,
    next: usize,
    item: F,
}

impl<'a, 'de, F: Fn(usize) -> Source<'a>> SeqAccess<'de> for &mut Items<F> {
    type Error = Fault;

    fn next_element_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<Option<T::Value>, Fault> {
        if self.next == self.n {
            return Ok(None);
        }
        let k = self.next;
        self.next += 1;
        seed.deserialize((self.item)(k)).map(Some).map_err(|fault| fault.under(Step::Index(k)))
    }

    fn size_hint(&self) -> Option<usize> {
        Some(self.n - self.next)
    }
}

struct Entries<'a> {
    entries: &'a [(String, Node)],
    next: usize,
}

impl<'de> MapAccess<'de> for Entries<'_> {
    type Error = Fault;

    fn next_key_seed<K: DeserializeSeed<'de>>(&mut self, seed: K) -> Result<Option<K::Value>, Fault> {
        let Some((key, _)) = self.entries.get(self.next) else {
            return Ok(None);
        };
        let key: StrDeserializer<'_, Fault> = key.as_str().into_deserializer();
        seed.deserialize(key).map(Some)
    }

    fn next_value_seed<T: DeserializeSeed<'de>>(&mut self, seed: T) -> Result<T::Value, Fault> {
        let (key, node) = &self.entries[self.next];
        self.next += 1;
        seed.deserialize(Source::Node(node)).map_err(|fault| fault.under(Step::Key(key.clone())))
    }
}

/// A variant of an enum: a text, or a table with one key.
struct Choice<'a> {
    name: &'a str,
    value: Option<&'a Node>,
}

impl<'de, 'a> EnumAccess<'de> for Choice<'a> {
    type Error = Fault;
    type Variant = Self;

    fn variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<(T::Value, Self), Fault> {
        let name: StrDeserializer<'_, Fault> = self.name.into_deserializer();
        Ok((seed.deserialize(name)?, self))
    }
}

impl Choice<'_> {
    fn value(&self) -> Result<Source<'_>, Fault> {
        let allowed = || format!("a table {{ {} = ... }}", self.name);
        self.value.map(Source::Node).ok_or_else(|| Wrong::Value { allowed: allowed() }.into())
    }

    fn named<T>(&self, value: Result<T, Fault>) -> Result<T, Fault> {
        value.map_err(|fault| match self.value {
            Some(_) => fault.under(Step::Key(self.name.to_owned())),
            None => fault,
        })
    }
}

impl<'de> VariantAccess<'de> for Choice<'_> {
    type Error = Fault;

    fn unit_variant(self) -> Result<(), Fault> {
        match self.value {
            None => Ok(()),
            Some(_) => Err(Wrong::Value { allowed: format!("\"{}\"", self.name) }.into()),
        }
    }

    fn newtype_variant_seed<T: DeserializeSeed<'de>>(self, seed: T) -> Result<T::Value, Fault> {
        let value = self.value()?;
        self.named(seed.deserialize(value))
    }

    fn tuple_variant<V: Visitor<'de>>(self, _: usize, visitor: V) -> Result<V::Value, Fault> {
        let value = self.value()?;
        self.named(value.deserialize_any(visitor))
    }

    fn struct_variant<V: Visitor<'de>>(self, _: &'static [&'static str], visitor: V) -> Result<V::Value, Fault> {
        let value = self.value()?;
        self.named(value.deserialize_any(visitor))
    }
}

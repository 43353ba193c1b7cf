//! The arithmetic a profile names, with overrides.
//!
//! `name` picks one of [`Arithmetic::NAMES`]; any other field of [`Arithmetic`] in the section replaces
//! that field. `stand_in` says that the chip's own arithmetic is not emulated.

use std::borrow::Cow;

use pumice_models::Arithmetic;
use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::de::Error;
use serde::{Deserialize, Deserializer, Serialize};
use toml::{Table, Value};

use crate::read::{merge, plainly};

/// The arithmetic of a profile.
#[derive(Clone, Debug, PartialEq, Serialize)]
pub struct ArithmeticChoice {
    /// Every choice, overrides included.
    #[serde(flatten)]
    pub values: Arithmetic,
    /// Why this is not the chip's own arithmetic; absent when it is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub stand_in: Option<String>,
}

impl<'de> Deserialize<'de> for ArithmeticChoice {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let mut section = Table::deserialize(deserializer)?;
        let name = match section.get("name") {
            Some(Value::String(name)) => Arithmetic::named(name).map_err(D::Error::custom)?,
            Some(other) => {
                return Err(D::Error::custom(format!("name is {other}, allowed is a text")));
            }
            None => return Err(D::Error::missing_field("name")),
        };
        let stand_in = match section.remove("stand_in") {
            None => None,
            Some(Value::String(reason)) if !reason.trim().is_empty() => Some(reason),
            Some(other) => {
                return Err(D::Error::custom(format!("stand_in is {other}, allowed is a text that says why")));
            }
        };
        let mut values = Table::try_from(&name).map_err(D::Error::custom)?;
        merge(&mut values, section);
        let values = serde_path_to_error::deserialize(Value::Table(values))
            .map_err(|error| D::Error::custom(format!("{}: {}", error.path(), plainly(error.inner().message()))))?;
        Ok(ArithmeticChoice { values, stand_in })
    }
}

impl JsonSchema for ArithmeticChoice {
    fn schema_name() -> Cow<'static, str> {
        "ArithmeticChoice".into()
    }

    /// The schema of [`Arithmetic`] in which only the name is required.
    fn json_schema(generator: &mut SchemaGenerator) -> Schema {
        let mut schema = Arithmetic::json_schema(generator);
        schema.insert("required".into(), vec!["name"].into());
        if let Some(fields) = schema.get_mut("properties").and_then(|fields| fields.as_object_mut()) {
            fields.insert("stand_in".into(), String::json_schema(generator).into());
        }
        schema
    }
}

//! The JSON Schema of profile files, for editors and validators.
//!
//! A file that extends another states only what differs, so a field is required of files that stand alone, and in tables that are replaced
//! whole (those with `ev`). What an editor cannot check is checked when the profile is loaded.

use schemars::{Schema, schema_for};
use serde_json::{Map, Value, json};

use crate::Profile;

impl Profile {
    /// The JSON Schema of profile files, complete ones and those with `extends`.
    #[must_use]
    pub fn json_schema() -> Schema {
        let mut schema = schema_for!(Profile).to_value();
        let whole = required(&schema, &schema["$defs"]);
        loosen(&mut schema);
        schema["$defs"].as_object_mut().into_iter().flat_map(Map::values_mut).for_each(loosen);
        let about = "Name of a built-in profile, or path to a file, that this one is laid over.";
        schema["properties"]["extends"] = json!({ "type": "string", "description": about });
        schema["if"] = json!({ "required": ["extends"] });
        schema["then"] = json!({ "required": ["meta"], "properties": { "meta": { "required": ["name"] } } });
        schema["else"] = Value::Object(whole);
        schema.try_into().expect("an object is a schema")
    }
}

/// Whether tables of this kind are laid over each other field by field.
fn is_merged(table: &Value) -> bool {
    table.get("properties").is_some_and(|fields| fields.get("ev").is_none())
}

/// Asks for no field of a table that is merged.
fn loosen(table: &mut Value) {
    if is_merged(table)
        && let Some(table) = table.as_object_mut()
    {
        table.remove("required");
    }
}

/// The table that a field holds, if it holds one or null.
fn held<'a>(field: &'a Value, tables: &'a Value) -> Option<&'a Value> {
    let name = |field: &Value| Some(field.get("$ref")?.as_str()?.rsplit('/').next()?.to_owned());
    let options = field.get("anyOf").and_then(Value::as_array);
    let name = name(field).or_else(|| options?.iter().find_map(name))?;
    tables.get(&name)
}

/// What a table asks of itself, and of the tables in it, in files that stand alone.
fn required(table: &Value, tables: &Value) -> Map<String, Value> {
    let inner = |field: &Value| {
        let table = held(field, tables).unwrap_or(field);
        Some(Value::Object(required(table, tables))).filter(|inner| *inner != json!({}))
    };
    let mut asked = Map::new();
    if let Some(own) = table.get("required").filter(|_| is_merged(table)) {
        asked.insert("required".into(), own.clone());
    }
    let fields = table.get("properties").and_then(Value::as_object).into_iter().flatten();
    let fields: Map<String, Value> = fields.filter_map(|(name, field)| Some((name.clone(), inner(field)?))).collect();
    if !fields.is_empty() {
        asked.insert("properties".into(), fields.into());
    }
    if let Some(all) = table.get("additionalProperties").filter(|all| all.is_object()).and_then(inner) {
        asked.insert("additionalProperties".into(), all);
    }
    asked
}

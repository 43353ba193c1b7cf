//! What a field accepts, in words, from its JSON Schema.

use schemars::{JsonSchema, SchemaGenerator, generate::SchemaSettings};
use serde_json::Value;

use crate::text::{Text, process_schemas};

/// What the field at the end of `keys` accepts in a process of the given type.
pub(crate) fn parameter(process: &str, keys: &[&str]) -> Option<String> {
    let (_, schema) = process_schemas().into_iter().find(|(name, _)| *name == process)?;
    let found = follow(schema.as_value(), keys)?;
    Some(words(found))
}

/// What the field at the end of `keys` accepts in a model file; indices of lists are left out.
pub(crate) fn field(keys: &[&str]) -> Option<String> {
    let settings = SchemaSettings::default().with(|s| s.inline_subschemas = true);
    let mut generator: SchemaGenerator = settings.into_generator();
    let schema = Text::json_schema(&mut generator);
    let found = follow(schema.as_value(), keys)?;
    Some(words(found))
}

fn follow<'a>(schema: &'a Value, keys: &[&str]) -> Option<&'a Value> {
    let Some((key, rest)) = keys.split_first() else {
        return Some(schema);
    };
    let inner = schema.get("properties").and_then(|p| p.get(key));
    let inner = inner.or_else(|| schema.get("items").and_then(|s| s.get("properties")).and_then(|p| p.get(key)));
    follow(inner?, rest)
}

/// A schema as a noun phrase.
fn words(schema: &Value) -> String {
    let list = |key: &str| schema.get(key).and_then(Value::as_array);
    if let Some(all) = list("anyOf").or_else(|| list("oneOf")) {
        let forms: Vec<String> = all.iter().filter(|s| !is_null(s)).map(words).collect();
        return or(&forms);
    }
    if let Some(all) = list("enum") {
        return or(&all.iter().map(Value::to_string).collect::<Vec<_>>());
    }
    if let Some(value) = schema.get("const") {
        return value.to_string();
    }
    match type_of(schema) {
        "number" => "a number".into(),
        "integer" => "an integer".into(),
        "boolean" => "true or false".into(),
        "string" => "a text".into(),
        "array" => {
            let count = schema.get("minItems").filter(|n| schema.get("maxItems") == Some(n));
            let count = count.map(|n| format!("{n} ")).unwrap_or_default();
            format!("a list of {count}{}", plural(schema.get("items").unwrap_or(&Value::Null)))
        }
        "object" => {
            let keys = schema.get("properties").and_then(Value::as_object);
            let keys: Vec<String> = keys.into_iter().flatten().map(|(key, _)| format!("`{key}`")).collect();
            format!("a table with {}", keys.join(", "))
        }
        _ => "another value".into(),
    }
}

fn type_of(schema: &Value) -> &str {
    match schema.get("type") {
        Some(Value::String(name)) => name,
        Some(Value::Array(all)) => all.iter().filter_map(Value::as_str).find(|t| *t != "null").unwrap_or(""),
        _ => "",
    }
}

fn is_null(schema: &Value) -> bool {
    schema.get("type").is_some_and(|t| t == "null")
}

fn plural(schema: &Value) -> String {
    match type_of(schema) {
        "number" => "numbers".into(),
        "integer" => "integers".into(),
        "string" => "texts".into(),
        "array" => words(schema).replacen("a list", "lists", 1),
        _ => "values".into(),
    }
}

fn or(forms: &[String]) -> String {
    match forms {
        [] => "nothing".into(),
        [one] => one.clone(),
        [all @ .., last] => format!("{} or {last}", all.join(", ")),
    }
}

//! From text to a profile: parse, follow `extends`, merge, deserialise, check.
//!
//! A profile with `extends` is laid over its base: tables merge field by field, everything else
//! replaces. A table with provenance (one that has `ev`) is replaced whole, so that a changed value never
//! keeps the source of the old one, and so is `[arithmetic]` when the upper file names another one.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use pumice_device::CellProfile;
use serde::de::DeserializeOwned;
use toml::de::{DeTable, DeValue};
use toml::{Table, Value};

use crate::builtin;
use crate::check::{self, Fault};
use crate::sources::{Source, SourceFault, resolve};
use crate::{Place, Profile, ProfileError};

/// One file of a chain of extensions.
pub(crate) struct Layer {
    file: String,
    text: String,
    table: Table,
    /// Folder for relative bases; none for built-in profiles.
    folder: Option<PathBuf>,
}

impl Layer {
    /// Parses `text`; `file` names it in errors.
    pub(crate) fn parse(file: &str, text: &str, folder: Option<PathBuf>) -> Result<Layer, ProfileError> {
        let table = text.parse::<Table>().map_err(|error| {
            let line = error.span().map(|span| line_at(text, span.start));
            let message = error.message().to_owned();
            ProfileError::Syntax { at: Place { file: file.to_owned(), line }, message }
        })?;
        Ok(Layer { file: file.to_owned(), text: text.to_owned(), table, folder })
    }

    /// Opens a built-in profile by name, or a file by path.
    pub(crate) fn open(name_or_path: &str, folder: Option<&Path>) -> Result<Layer, ProfileError> {
        if let Some(text) = builtin::text(name_or_path) {
            return Layer::parse(name_or_path, text, None);
        }
        if !Profile::is_path(name_or_path) {
            let allowed = builtin::names().collect();
            return Err(ProfileError::Unknown { name: name_or_path.to_owned(), allowed });
        }
        let path = folder.map_or_else(|| PathBuf::from(name_or_path), |folder| folder.join(name_or_path));
        let file = path.display().to_string();
        let text =
            std::fs::read_to_string(&path).map_err(|source| ProfileError::Unreadable { file: file.clone(), source })?;
        Layer::parse(&file, &text, path.parent().map(Path::to_path_buf))
    }

    /// Where this file has `field`, or the deepest section of it; without a line when it has nothing of it.
    fn place(&self, field: &str) -> Place {
        Place { file: self.file.clone(), line: find(&self.text, field).map(|(_, line)| line) }
    }

    /// The profile this one extends.
    fn base(&self) -> Result<Option<Layer>, ProfileError> {
        match self.table.get("extends") {
            None => Ok(None),
            Some(Value::String(base)) => match Layer::open(base, self.folder.as_deref()) {
                Ok(layer) => Ok(Some(layer)),
                Err(source) => {
                    Err(ProfileError::Base { at: self.place("extends"), base: base.clone(), source: Box::new(source) })
                }
            },
            Some(other) => Err(ProfileError::Rule {
                at: self.place("extends"),
                field: "extends".into(),
                value: other.to_string(),
                allowed: "the name of a built-in profile or a path to a .toml file".into(),
            }),
        }
    }
}

/// Reads the profile whose uppermost file is `first`.
pub(crate) fn read(first: Layer) -> Result<Profile, ProfileError> {
    let layers = chain(first)?;
    let mut merged = Table::new();
    for layer in layers.iter().rev() {
        let mut table = layer.table.clone();
        table.remove("sources");
        table.remove("extends");
        merge(&mut merged, table);
    }
    check_names(&layers)?;
    let mut profile: Profile = deserialise(Value::Table(merged), "", &layers)?;
    if let Some(cells) = &mut profile.cells {
        cells.own_technology = technology(&cells.technology, &layers)?.map(Box::new);
    }
    for layer in layers.iter().rev() {
        profile.sources.append(&mut sources(layer)?);
    }
    check::faults(&profile).map_err(|fault| match fault {
        Fault::Rule { field, value, allowed } => {
            ProfileError::Rule { at: place(&layers, &field), field, value, allowed }
        }
        Fault::Meter(error) => ProfileError::Meter { at: place(&layers, error.field().unwrap_or_default()), error },
    })?;
    Ok(profile)
}

/// The file and what it extends, uppermost first.
fn chain(first: Layer) -> Result<Vec<Layer>, ProfileError> {
    let identity = |layer: &Layer| match &layer.folder {
        Some(_) => std::fs::canonicalize(&layer.file).map_or(layer.file.clone(), |path| path.display().to_string()),
        None => layer.file.clone(),
    };
    let mut seen = vec![identity(&first)];
    let mut layers = vec![first];
    while let Some(base) = layers[layers.len() - 1].base()? {
        let upper = &layers[layers.len() - 1];
        let id = identity(&base);
        if let Some(start) = seen.iter().position(|known| *known == id) {
            let mut chain: Vec<_> = layers[start..].iter().map(|layer| layer.file.clone()).collect();
            chain.push(layers[start].file.clone());
            return Err(ProfileError::Circle { at: upper.place("extends"), chain });
        }
        seen.push(id);
        layers.push(base);
    }
    Ok(layers)
}

/// The cell technology that is named by the path of its file, in the uppermost layer that names one.
fn technology(named: &str, layers: &[Layer]) -> Result<Option<CellProfile>, ProfileError> {
    if !Profile::is_path(named) {
        return Ok(None);
    }
    let names = |layer: &&Layer| layer.table.get("cells").and_then(|cells| cells.get("technology")).is_some();
    let layer = layers.iter().find(names).unwrap_or(&layers[0]);
    let path = layer.folder.as_ref().map_or_else(|| PathBuf::from(named), |folder| folder.join(named));
    let file = path.display().to_string();
    let text =
        std::fs::read_to_string(&path).map_err(|source| ProfileError::Unreadable { file: file.clone(), source })?;
    CellProfile::from_toml(&text)
        .map(Some)
        .map_err(|source| ProfileError::Technology { file, source: Box::new(source) })
}

/// A profile that extends another needs a name of its own.
fn check_names(layers: &[Layer]) -> Result<(), ProfileError> {
    let named = |layer: &Layer| layer.table.get("meta").and_then(|meta| meta.get("name")).is_some();
    match layers.iter().find(|layer| !named(layer)) {
        Some(layer) => Err(ProfileError::Field {
            at: layer.place("meta"),
            field: "meta.name".into(),
            message: "missing field, every file needs a name of its own".into(),
        }),
        None => Ok(()),
    }
}

/// The sources of one file, one per structural field.
fn sources(layer: &Layer) -> Result<BTreeMap<String, Source>, ProfileError> {
    let entries = match layer.table.get("sources") {
        Some(section) => deserialise(section.clone(), "sources", std::slice::from_ref(layer))?,
        None => BTreeMap::new(),
    };
    resolve(&layer.table, &entries).map_err(|fault| match fault {
        SourceFault::Missing(field) => ProfileError::NoSource { at: layer.place(&field), field },
        SourceFault::Idle(entry) => ProfileError::IdleSource { at: layer.place(&format!("sources.{entry}")), entry },
    })
}

/// Deserialises `value`, which stands at `prefix`, and turns a failure into a sentence with its place.
fn deserialise<T: DeserializeOwned>(value: Value, prefix: &str, layers: &[Layer]) -> Result<T, ProfileError> {
    serde_path_to_error::deserialize(value).map_err(|error| {
        let path = error.path().to_string();
        let field = match (prefix, path.as_str()) {
            ("", ".") => "profile".to_owned(),
            (prefix, ".") => prefix.to_owned(),
            ("", path) => path.to_owned(),
            (prefix, path) => format!("{prefix}.{path}"),
        };
        let at = place(layers, &field);
        let message = plainly(error.inner().message());
        ProfileError::Field { at, field, message }
    })
}

/// What a deserialiser says, with the names of Rust's types as what a file may hold.
pub(crate) fn plainly(message: &str) -> String {
    let names = [
        ("expected u32", "expected a whole number in 0..=4294967295"),
        ("expected i32", "expected a whole number in -2147483648..=2147483647"),
        ("expected u64", "expected a whole number, 0 or more"),
        ("expected f64", "expected a number"),
        ("unit variant, expected string only", "not a text, expected one of the choice's names in quotes"),
        ("expected struct Register", "expected a table { bits, overflow }"),
        ("expected struct LearningArithmetic", "expected a table of the learning engine's choices"),
    ];
    let known = names.into_iter().find_map(|(rust, words)| Some(message.strip_suffix(rust)?.to_owned() + words));
    known.unwrap_or_else(|| message.to_owned())
}

/// Lays `upper` over `base`.
pub(crate) fn merge(base: &mut Table, upper: Table) {
    for (key, value) in upper {
        let renamed = key == "arithmetic" && value.get("name").is_some();
        match (base.get_mut(&key), value) {
            (Some(Value::Table(old)), Value::Table(new))
                if !(renamed || old.contains_key("ev") || new.contains_key("ev")) =>
            {
                merge(old, new);
            }
            (_, value) => {
                base.insert(key, value);
            }
        }
    }
}

/// The place of a field in the file that has most of its path, the uppermost one of several.
fn place(layers: &[Layer], field: &str) -> Place {
    let depth = |layer: &&Layer| find(&layer.text, field).map_or(0, |(depth, _)| depth);
    layers.iter().rev().max_by_key(depth).unwrap_or(&layers[0]).place(field)
}

/// Line number from 1 of a byte of `text`.
fn line_at(text: &str, byte: usize) -> usize {
    let upto = byte.min(text.len());
    1 + text.as_bytes()[..upto].iter().filter(|&&c| c == b'\n').count()
}

/// The deepest part of the path `field` that `text` has: its depth and line; none without even the first part.
fn find(text: &str, field: &str) -> Option<(usize, usize)> {
    let document = DeTable::parse(text).ok()?;
    let mut table = document.get_ref();
    let mut rest = field;
    let mut found = None;
    for depth in 1.. {
        let fits = |key: &str| rest.strip_prefix(key).is_some_and(|tail| tail.is_empty() || tail.starts_with('.'));
        let longest = table.iter().filter(|(key, _)| fits(key.get_ref())).max_by_key(|(key, _)| key.get_ref().len());
        let Some((key, value)) = longest else { break };
        found = Some((depth, line_at(text, key.span().start)));
        rest = rest[key.get_ref().len()..].trim_start_matches('.');
        match value.get_ref() {
            DeValue::Table(inner) if !rest.is_empty() => table = inner,
            _ => break,
        }
    }
    found
}

//! Sizes that a file may ask for, checked before anything is made of them.
//!
//! A few characters can ask for more memory than there is. The limits are far above every chip.

use pumice_process::models::{Behaviour, Model};

use crate::array::elements;
use crate::node::{Node, Step};

/// Most elements of a port: sixteen times the neurons of a Loihi 2 chip.
const MOST_ELEMENTS: usize = 1 << 24;
/// Most values of a variable.
const MOST_VALUES: usize = 1 << 30;
/// Largest integer of a parameter.
pub(crate) const LARGEST: i64 = 1 << 32;

/// A size beyond its limit: the field, the value, what is allowed.
pub(crate) struct TooLarge {
    pub(crate) path: Vec<Step>,
    pub(crate) value: String,
    pub(crate) allowed: String,
}

fn too_large(key: &str, value: String, allowed: String) -> TooLarge {
    TooLarge { path: vec![Step::Key(key.to_owned())], value, allowed }
}

/// Checks the parameters of a process as they are written.
pub(crate) fn check_parameters(parameters: &Node) -> Result<(), TooLarge> {
    check_integers(parameters, &mut Vec::new())?;
    let most = format!("at most {MOST_ELEMENTS} elements");
    let listed = parameters.get("sources").is_some();
    for key in ["shape", "input_shape"] {
        let Some(node) = parameters.get(key) else { continue };
        let axes = integers(node);
        let n = if listed { axes.iter().max().copied() } else { elements(&axes) };
        if n.is_none_or(|n| n > MOST_ELEMENTS) {
            return Err(too_large(key, node.brief(), most));
        }
    }
    let input = parameters.get("input_shape").map(integers).unwrap_or_default();
    for (key, own) in [("padding", 2), ("kernel_size", 1)] {
        let Some(node) = parameters.get(key) else { continue };
        let pair = integers(node);
        let axis = |k: usize| {
            let size = pair.get(k).or(pair.first()).map(|n| n.saturating_mul(own));
            size.unwrap_or(0).saturating_add(if key == "padding" { input.get(k).copied().unwrap_or(1) } else { 0 })
        };
        let n = elements(&[axis(0).max(1), axis(1).max(1), input.get(2).copied().unwrap_or(1).max(1)]);
        if n.is_none_or(|n| n > MOST_ELEMENTS) {
            return Err(too_large(key, node.brief(), format!("{most} of the input with it")));
        }
    }
    Ok(())
}

/// Checks what a process will have in its ports and variables.
pub(crate) fn check_model(model: &Model) -> Result<(), TooLarge> {
    for port in model.in_ports().iter().chain(&model.out_ports()) {
        if elements(&port.shape).is_none_or(|n| n > MOST_ELEMENTS) {
            let value = format!("a port of shape {:?}", port.shape);
            return Err(too_large(port.name, value, format!("at most {MOST_ELEMENTS} elements")));
        }
    }
    for var in model.vars() {
        if elements(&var.shape).is_none_or(|n| n > MOST_VALUES) {
            let value = format!("a variable of shape {:?}", var.shape);
            return Err(too_large(var.name, value, format!("at most {MOST_VALUES} values")));
        }
    }
    Ok(())
}

/// The integers of a number or list; others count as 0 and are refused where they are read.
fn integers(node: &Node) -> Vec<usize> {
    let one = |node: &Node| match node {
        Node::Int(x) => usize::try_from(*x).unwrap_or(0),
        Node::Float(x) => *x as usize,
        _ => 0,
    };
    match node {
        Node::List(all) => all.iter().map(one).collect(),
        Node::Array(array) => array.to_real().iter().take(64).map(|x| *x as usize).collect(),
        node => vec![one(node)],
    }
}

fn check_integers(node: &Node, path: &mut Vec<Step>) -> Result<(), TooLarge> {
    match node {
        Node::Int(x) if x.unsigned_abs() > LARGEST.unsigned_abs() => Err(TooLarge {
            path: path.clone(),
            value: x.to_string(),
            allowed: format!("a number in -{LARGEST}..={LARGEST}"),
        }),
        Node::List(all) => all.iter().enumerate().try_for_each(|(i, node)| {
            path.push(Step::Index(i));
            check_integers(node, path)?;
            path.pop();
            Ok(())
        }),
        Node::Table(entries) => entries.iter().try_for_each(|(key, node)| {
            path.push(Step::Key(key.clone()));
            check_integers(node, path)?;
            path.pop();
            Ok(())
        }),
        _ => Ok(()),
    }
}

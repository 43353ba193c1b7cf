//! Sources and sinks: what enters a network and what is kept of what leaves it, one file each.

pub mod bit_check;
pub mod dataloader;
pub mod delta_encoder;
pub mod modulator;
pub mod poisson;
pub mod poisson_input;
pub mod rate_code;
pub mod receiver;
pub mod remote;
pub mod ring_buffer;
pub mod sink;
pub mod spiker;

use crate::{Kind, ModelError, Number, Values};

/// Refuses a message whose numbers its kind cannot carry.
pub(crate) fn check_messages(field: &str, row: &[f64], kind: Kind) -> Result<(), ModelError> {
    let ok = |x: &f64| x.is_finite() && (kind != Kind::Spike || *x == 0.0 || *x == 1.0);
    let allowed = if kind == Kind::Spike { "0 or 1 in a source of spikes" } else { "a finite number" };
    match row.iter().position(|x| !ok(x)) {
        Some(i) => Err(ModelError::range(format!("{field}[{i}]"), row[i], allowed)),
        None => Ok(()),
    }
}

/// Refuses the first number that no register of 32 bits holds.
pub(crate) fn check_registers<'a>(field: &str, mut all: impl Iterator<Item = &'a f64>) -> Result<(), ModelError> {
    match all.find(|x| f64::from(**x as i32) != **x) {
        Some(x) => Err(ModelError::range(field, x, "integers of 32 bits on a fixed-point backend")),
        None => Ok(()),
    }
}

/// Takes an array of `n` numbers out of a saved state.
pub(crate) fn saved_numbers<N: Number>(state: &[Values], k: usize, n: usize) -> Result<Vec<N>, ModelError> {
    match state.get(k).map(Values::to_real) {
        Some(all) if all.len() == n => Ok(all.into_iter().map(N::from_real).collect()),
        other => {
            let found = other.map_or("missing".into(), |all| format!("{} values", all.len()));
            Err(ModelError::range(format!("saved state {k}"), found, format!("{n} values")))
        }
    }
}

//! Tests of profiles through the public interface.

#![allow(clippy::unwrap_used)] // a test fails where it unwraps

mod anchors;
mod damaged;
mod extend;
mod random;
mod schema;
mod shipped;

/// A valid profile that the tests damage; the line numbers in their sentences are its lines.
const SMALL: &str = include_str!("small.toml");

/// The sentence with which `text` is refused.
fn refused(text: &str) -> String {
    match pumice_profile::Profile::from_text("hw.toml", text) {
        Ok(_) => panic!("accepted:\n{text}"),
        Err(error) => error.to_string(),
    }
}

/// The small profile with its only `old` replaced by `new`.
fn damaged(old: &str, new: &str) -> String {
    assert_eq!(SMALL.matches(old).count(), 1, "`{old}` must occur once");
    SMALL.replace(old, new)
}

//! The profiles that travel inside the library, so that a program works anywhere.
//!
//! To add one: `hw-profiles/<name>.toml`, and its name in the list below.

macro_rules! builtin_profiles {
    ($($name:literal),* $(,)?) => {
        /// Name and text of each built-in profile.
        const PROFILES: &[(&str, &str)] =
            &[$(($name, include_str!(concat!("../../../hw-profiles/", $name, ".toml"))),)*];
    };
}

builtin_profiles![
    "unlimited",
    "loihi1",
    "loihi2",
    "truenorth",
    "spinnaker1",
    "spinnaker2",
    "brainscales2",
    "dynapse2",
    "odin",
    "hybrid-rram",
];

/// The text of a built-in profile.
pub(crate) fn text(name: &str) -> Option<&'static str> {
    PROFILES.iter().find(|(known, _)| *known == name).map(|&(_, text)| text)
}

/// The names of all built-in profiles.
pub(crate) fn names() -> impl Iterator<Item = &'static str> {
    PROFILES.iter().map(|&(name, _)| name)
}

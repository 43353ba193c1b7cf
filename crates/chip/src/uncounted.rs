use pumice_meter::Event;

/// Events that no run counts, because the emulated hardware does not have them or does not show them.
///
/// A price of theirs is charged to nothing.
pub const UNCOUNTED: [Event; 1] = [Event::EmbeddedInstruction];

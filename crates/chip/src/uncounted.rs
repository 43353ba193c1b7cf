use pumice_meter::Event;

/// Events that no run counts, because the emulated hardware does not have them or does not show them.
///
/// A price of theirs is charged to nothing. Fetches of synaptic memory are part of what published prices call a synaptic
/// operation; how rows lie in words is not emulated.
pub const UNCOUNTED: [Event; 5] = [
    Event::SynapseMemoryWord,
    Event::DendriteOperation,
    Event::RandomNumber,
    Event::EmbeddedInstruction,
    Event::HostRead,
];

use pumice_meter::Event;

/// Events that no run counts, because nobody says how often the emulated hardware has them.
///
/// A price of theirs is charged to nothing. The programs of SpiNNaker's processors are part of the published joules of a synaptic
/// event and of an update; how many instructions they are is not known. The embedded processors of Loihi run no network.
pub const UNCOUNTED: [Event; 1] = [Event::EmbeddedInstruction];

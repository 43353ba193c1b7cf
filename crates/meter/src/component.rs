//! Kinds of work, to group the terms of a bill.

use crate::{Event, Term};

/// The kinds of work that energy is spent on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Component {
    /// Neurons and random numbers.
    Neurons,
    /// Synapses read, their memory, and the dendrites that take them in.
    Synapses,
    /// Packets and hops.
    Network,
    /// Synapses learned and weights written.
    Learning,
    /// Cells, crossbars and converters.
    Devices,
    /// Barrier, embedded processors and the host.
    System,
    /// Static power.
    Static,
}

impl Component {
    /// All components, in the order of tables.
    pub const ALL: [Component; 7] = [
        Component::Neurons,
        Component::Synapses,
        Component::Network,
        Component::Learning,
        Component::Devices,
        Component::System,
        Component::Static,
    ];

    /// The name in tables.
    pub const fn name(self) -> &'static str {
        match self {
            Component::Neurons => "neurons",
            Component::Synapses => "synapses",
            Component::Network => "network",
            Component::Learning => "learning",
            Component::Devices => "devices",
            Component::System => "system",
            Component::Static => "static",
        }
    }

    /// The component of a term of a bill.
    pub const fn of(term: &Term) -> Component {
        let Term::Event(event) = term else { return Component::Static };
        match event {
            Event::NeuronAccess
            | Event::NeuronUpdate
            | Event::NeuronSpike
            | Event::AnalogUpdate
            | Event::AnalogSpike
            | Event::RandomNumber => Component::Neurons,
            Event::SynapseReadDense
            | Event::SynapseReadSparse
            | Event::SynapseReadConv
            | Event::SynapseReadCell
            | Event::SynapseMemoryWord
            | Event::DendriteOperation => Component::Synapses,
            Event::PacketOut
            | Event::PacketIn
            | Event::PacketLocal
            | Event::HopEast
            | Event::HopWest
            | Event::HopNorth
            | Event::HopSouth
            | Event::ChipCrossing => Component::Network,
            Event::SynapseUpdate | Event::WeightWrite => Component::Learning,
            Event::CellPulse
            | Event::CellVerifyRead
            | Event::DacConversion
            | Event::AdcConversion
            | Event::CrossbarRowRead => Component::Devices,
            Event::Barrier
            | Event::EmbeddedInstruction
            | Event::HostSpikeIn
            | Event::HostSpikeOut
            | Event::HostRead => Component::System,
        }
    }
}

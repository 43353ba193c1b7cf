//! The events that are counted, and the one table that lists them.
//!
//! To add an event, add one line to `for_each_event!`. The enum, the counters, the price and latency
//! tables, the file format and its schema all follow from that line; every profile must then state a
//! price for it or leave it out, which means "unknown".

use std::fmt;
use std::str::FromStr;

use schemars::JsonSchema;
use serde::{Deserialize, Serialize};

use crate::MeterError;

/// Calls `$callback!` with the list of events, after the tokens in `[...]`.
///
/// The order of the lines is the order of counters, of bills and of reports.
macro_rules! for_each_event {
    ($callback:ident [$($head:tt)*]) => {
        $callback! {
            [$($head)*]
            NeuronAccess neuron_access "A mapped digital neuron was visited: every mapped neuron, every timestep.";
            NeuronUpdate neuron_update "A visited neuron had input, bias or non-zero state, so its state was computed.";
            NeuronSpike neuron_spike "A digital neuron fired; where it sends several kinds of packets, by each of them.";
            AnalogUpdate analog_update "An analog neuron lived through a timestep, in which its bias currents flowed.";
            AnalogSpike analog_spike "An analog neuron fired.";
            SynapseReadDense synapse_read_dense "A synapse of a dense row was read and accumulated.";
            SynapseReadSparse synapse_read_sparse "A synapse of a sparse row was read and accumulated.";
            SynapseReadConv synapse_read_conv "A synapse of a shared (convolution) kernel was read and accumulated.";
            SynapseReadCell synapse_read_cell "A synapse in non-volatile cells was read and accumulated.";
            SynapseMemoryWord synapse_memory_word "A word of synaptic memory was fetched.";
            DendriteOperation dendrite_operation "The dendrite of a neuron took in what a synapse gave: one for each synapse read from digital memory. A crossbar adds up on its wires. A dendrite of SANA-FE that keeps its sum over the step is updated for each of its neurons, too.";
            PacketOut packet_out "A packet was sent: one per spike and destination core, in the same tile or not.";
            PacketIn packet_in "A packet was received by its destination core.";
            PacketLocal packet_local "A packet had its source and its destination core in the same tile.";
            HopEast hop_east "A packet crossed one link towards larger x.";
            HopWest hop_west "A packet crossed one link towards smaller x.";
            HopNorth hop_north "A packet crossed one link towards larger y.";
            HopSouth hop_south "A packet crossed one link towards smaller y.";
            SynapseUpdate synapse_update "A synapse was visited by a learning rule.";
            WeightWrite weight_write "A weight was written other than by a learning rule: loaded, reprogrammed, or that of a synapse that grew or vanished.";
            CellPulse cell_pulse "A programming pulse was applied to a non-volatile cell.";
            CellVerifyRead cell_verify_read "A non-volatile cell was read to verify its programming.";
            DacConversion dac_conversion "A digital-to-analog conversion was made.";
            AdcConversion adc_conversion "An analog-to-digital conversion was made.";
            CrossbarRowRead crossbar_row_read "A crossbar row was driven for a read.";
            RandomNumber random_number "A core drew a random number: for the noise of a neuron, for a count of Poisson input, for a stochastic rounding, or for the place of a synapse that grows.";
            Barrier barrier "All cores passed the barrier that ends a timestep: one per timestep, whatever the number of cores.";
            EmbeddedInstruction embedded_instruction "An embedded processor executed an instruction.";
            HostSpikeIn host_spike_in "A spike entered the chip from the host.";
            HostSpikeOut host_spike_out "A spike left the chip for the host.";
            HostRead host_read "The host read one value of the chip's state: of a variable of neurons or synapses, for a probe, for a process of the host, or between steps.";
            ChipCrossing chip_crossing "A packet crossed from one chip to the next.";
        }
    };
}
pub(crate) use for_each_event;

macro_rules! define_event {
    ([] $($variant:ident $name:ident $doc:literal;)*) => {
        /// Something a chip does that takes time or energy, counted per core.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize, JsonSchema)]
        #[serde(rename_all = "snake_case")]
        #[repr(u8)]
        pub enum Event {
            $(#[doc = $doc] $variant,)*
        }

        impl Event {
            /// All events, in table order.
            pub const ALL: [Event; [$(Event::$variant),*].len()] = [$(Event::$variant),*];

            /// The name used in files and reports, as in `neuron_update`.
            #[must_use]
            pub const fn name(self) -> &'static str {
                match self { $(Event::$variant => stringify!($name),)* }
            }

            /// One sentence that says when the event is counted.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self { $(Event::$variant => $doc,)* }
            }
        }
    };
}
for_each_event!(define_event []);

impl Event {
    /// Number of events.
    pub const COUNT: usize = Event::ALL.len();

    /// Place in [`Event::ALL`].
    #[must_use]
    pub const fn index(self) -> usize {
        self as usize
    }

    /// True when a [`crate::Scope::AllIn`] synaptic price already contains this event.
    ///
    /// The all-in figures of the literature (TrueNorth, ODIN) divide the whole activity of a chip
    /// (weight and neuron memory, routing, controller, learning) by its synaptic events. Outside of
    /// them are the synaptic events themselves, programming from outside, embedded processors, the
    /// host and other chips.
    #[must_use]
    pub const fn within_all_in(self) -> bool {
        !matches!(
            self,
            Event::SynapseReadDense
                | Event::SynapseReadSparse
                | Event::SynapseReadConv
                | Event::SynapseReadCell
                | Event::WeightWrite
                | Event::CellPulse
                | Event::CellVerifyRead
                | Event::EmbeddedInstruction
                | Event::HostSpikeIn
                | Event::HostSpikeOut
                | Event::HostRead
                | Event::ChipCrossing
        )
    }
}

impl fmt::Display for Event {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Event {
    type Err = MeterError;

    fn from_str(name: &str) -> Result<Self, MeterError> {
        let found = Event::ALL.into_iter().find(|event| event.name() == name);
        found.ok_or_else(|| MeterError::UnknownTerm { name: name.to_owned() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn index_is_the_place_in_the_table() {
        for (place, event) in Event::ALL.into_iter().enumerate() {
            assert_eq!(event.index(), place);
            assert_eq!(event.name().parse::<Event>().unwrap(), event);
        }
    }

    #[test]
    fn names_are_distinct_and_the_same_in_files() {
        for event in Event::ALL {
            assert_eq!(serde_json::to_value(event).unwrap(), event.name());
            let same_name = Event::ALL.iter().filter(|other| other.name() == event.name());
            assert_eq!(same_name.count(), 1, "{event}");
        }
    }

    #[test]
    fn unknown_name_is_refused() {
        let error = "neuron_updat".parse::<Event>().unwrap_err();
        assert_eq!(
            error.to_string(),
            "unknown term `neuron_updat`, allowed is an event such as `neuron_update` or a static term such as `static.chip`"
        );
    }
}

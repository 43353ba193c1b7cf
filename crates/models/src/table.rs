//! The table of all processes: the only place that lists them.

use std::ops::Range;

use schemars::{JsonSchema, Schema, SchemaGenerator};
use serde::{Deserialize, Deserializer, Serialize};

use crate::connection::{conv, conv_in_time, dense, one_to_one, pool, random, sparse};
use crate::decay::Fractions;
use crate::learning;
use crate::neuron::analog::{Analog, Deviation};
use crate::neuron::{adex, allocator, atrlif, cuba_lif, delta, dpi, graded_vec, inv_sqrt, izhikevich};
use crate::neuron::{
    lif, lif_refractory, lif_reset, norm_vec_delay, novelty_detector, prod_neuron, prototype_lif, readout, rf,
};
use crate::neuron::{rf_iz, rf_zero, s4d, sigma, sigma_delta, ternary_lif};
use crate::source::remote::{Remote, RemoteBehaviour};
use crate::source::{
    bit_check, dataloader, delta_encoder, modulator, poisson, poisson_input, rate_code, receiver, remote, ring_buffer,
    sink, spiker,
};
use crate::{
    Bank, Behaviour, Cut, Decay, Drawn, Drive, Kernel, ModelError, Plastic, PortSpec, Rows, Sent, Setting, VarSpec,
};

macro_rules! processes {
    (
        $(#[$about:meta])* $family:ident: $behaviour:ident;
        $($(#[$doc:meta])* $name:ident($path:path) = $text:literal),+ $(,)?
    ) => {
        $(#[$about])*
        #[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
        #[non_exhaustive]
        pub enum $family {
            $($(#[$doc])* $name($path),)+
        }

        impl $family {
            /// Names of all processes, as model files write them.
            pub const NAMES: &'static [&'static str] = &[$($text),+];

            /// The name of the process.
            pub fn name(&self) -> &'static str {
                match self { $($family::$name(_) => $text,)+ }
            }

            /// Reads the parameters of the process called `name`, or `None` if there is no such process.
            pub fn read<'de, D: Deserializer<'de>>(name: &str, parameters: D) -> Option<Result<Self, D::Error>> {
                match name {
                    $($text => Some(<$path>::deserialize(parameters).map($family::$name)),)+
                    _ => None,
                }
            }

            /// The JSON schema of the parameters of each process, by name.
            pub fn schemas(generator: &mut SchemaGenerator) -> Vec<(&'static str, Schema)> {
                vec![$(($text, <$path>::json_schema(generator))),+]
            }

            fn behaviour(&self) -> &dyn $behaviour {
                match self { $($family::$name(p) => p,)+ }
            }
        }

        $(impl From<$path> for $family {
            fn from(parameters: $path) -> Self {
                $family::$name(parameters)
            }
        })+
    };
}

// To add a process: its file, and one line here. Nothing else names it.
processes! {
    /// The parameters of any process.
    Model: Behaviour;
    /// Leaky integrate-and-fire neurons.
    Lif(lif::Lif) = "LIF",
    /// LIF neurons that forget their state at regular steps.
    LifReset(lif_reset::LifReset) = "LIFReset",
    /// LIF neurons that fire up and down.
    TernaryLif(ternary_lif::TernaryLif) = "TernaryLIF",
    /// LIF neurons with a refractory period.
    LifRefractory(lif_refractory::LifRefractory) = "LIFRefractory",
    /// LIF neurons with all a Loihi 1 compartment has.
    CubaLif(cuba_lif::CubaLif) = "CubaLIF",
    /// LIF neurons with adaptive threshold and refractoriness.
    Atrlif(atrlif::Atrlif) = "ATRLIF",
    /// Resonate-and-fire neurons.
    Rf(rf::Rf) = "RF",
    /// Resonate-and-fire neurons with a reset.
    RfIz(rf_iz::RfIz) = "RF_IZ",
    /// Resonate-and-fire neurons that send their amplitude at phase zero.
    RfZero(rf_zero::RfZero) = "RFZero",
    /// Sigma decoders.
    Sigma(sigma::Sigma) = "Sigma",
    /// Delta encoders.
    Delta(delta::Delta) = "Delta",
    /// Sigma-delta neurons.
    SigmaDelta(sigma_delta::SigmaDelta) = "SigmaDelta",
    /// Neurons that pass what is beyond a threshold.
    GradedVec(graded_vec::GradedVec) = "GradedVec",
    /// Neurons that pass what is above a threshold.
    GradedReluVec(graded_vec::GradedReluVec) = "GradedReluVec",
    /// Neurons scaled by a number that comes back a step later.
    NormVecDelay(norm_vec_delay::NormVecDelay) = "NormVecDelay",
    /// Inverse square roots.
    InvSqrt(inv_sqrt::InvSqrt) = "InvSqrt",
    /// Neurons that multiply their inputs.
    ProdNeuron(prod_neuron::ProdNeuron) = "ProdNeuron",
    /// Diagonal state-space neurons.
    S4d(s4d::S4d) = "S4d",
    /// Diagonal state-space neurons between decoder and encoder.
    SigmaS4dDelta(s4d::SigmaS4dDelta) = "SigmaS4dDelta",
    /// Izhikevich's neurons.
    Izhikevich(izhikevich::Izhikevich) = "Izhikevich",
    /// Adaptive exponential neurons.
    AdEx(adex::AdEx) = "AdEx",
    /// Adaptive exponential neurons as the analog circuits of DYNAP-SE2.
    Dpi(dpi::Dpi) = "DPI",
    /// LIF neurons that store a pattern in one shot.
    PrototypeLif(prototype_lif::PrototypeLif) = "PrototypeLIF",
    /// Novelty detector of continual learning.
    NoveltyDetector(novelty_detector::NoveltyDetector) = "NoveltyDetector",
    /// Readout of continual learning.
    Readout(readout::Readout) = "Readout",
    /// Allocator of continual learning.
    Allocator(allocator::Allocator) = "Allocator",
    /// All-to-all synapses.
    Dense(dense::Dense) = "Dense",
    /// All-to-all synapses with delays.
    DelayDense(dense::DelayDense) = "DelayDense",
    /// Listed synapses.
    Sparse(sparse::Sparse) = "Sparse",
    /// Listed synapses with delays.
    DelaySparse(sparse::DelaySparse) = "DelaySparse",
    /// Each element to its own number.
    OneToOne(one_to_one::OneToOne) = "OneToOne",
    /// Synapses drawn from a seed.
    Random(random::Random) = "Random",
    /// Convolution in space.
    Conv(conv::Conv) = "Conv",
    /// Convolution in time.
    ConvInTime(conv_in_time::ConvInTime) = "ConvInTime",
    /// Pooling.
    Pool(pool::Pool) = "Pool",
    /// All-to-all synapses that learn.
    LearningDense(learning::LearningDense) = "LearningDense",
    /// Listed synapses that learn.
    LearningSparse(learning::LearningSparse) = "LearningSparse",
    /// LIF neurons that send their spikes and traces to the synapses that learn.
    LearningLif(learning::LearningLif) = "LearningLIF",
    /// Synapses that learn as brian2-loihi's.
    LoihiSynapses(learning::LoihiSynapses) = "LoihiSynapses",
    /// Synapses that learn by nengo-loihi's prescribed error sensitivity.
    PesSynapses(learning::PesSynapses) = "PES",
    /// A recording played back.
    RingBuffer(ring_buffer::RingBuffer) = "RingBuffer",
    /// Random spikes.
    Poisson(poisson::Poisson) = "Poisson",
    /// Random counts of spikes, weighted, straight into neurons.
    PoissonInput(poisson_input::PoissonInput) = "PoissonInput",
    /// The level of a neuromodulator.
    Neuromodulator(modulator::Neuromodulator) = "Neuromodulator",
    /// Numbers as evenly spaced spikes.
    RateCode(rate_code::RateCode) = "RateCode",
    /// A payload at a steady period, from the step after it.
    Spiker(spiker::Spiker) = "Spiker",
    /// A payload at a steady period.
    Spiker32bit(spiker::Spiker32bit) = "Spiker32bit",
    /// One sample of a data set after the other.
    SpikeDataloader(dataloader::SpikeDataloader) = "SpikeDataloader",
    /// What changed in the input.
    DeltaEncoder(delta_encoder::DeltaEncoder) = "DeltaEncoder",
    /// The last messages received.
    Sink(sink::Sink) = "Sink",
    /// The newest message.
    Receiver(receiver::Receiver) = "Receiver",
    /// The newest message in two parts.
    Receiver32Bit(receiver::Receiver32Bit) = "Receiver32Bit",
    /// The newest message, sent on.
    IdBroadcast(receiver::IdBroadcast) = "IdBroadcast",
}

// To add a process that acts on a variable of another: as above.
processes! {
    /// The parameters of any process that acts on a variable of another.
    RemoteModel: RemoteBehaviour;
    /// Records of a variable.
    Read(remote::Read) = "Read",
    /// One value into all of a variable at regular steps.
    Reset(remote::Reset) = "Reset",
    /// One sample after the other into a variable.
    StateDataloader(remote::StateDataloader) = "StateDataloader",
    /// Values too wide for a register.
    BitCheck(bit_check::BitCheck) = "BitCheck",
}

impl RemoteBehaviour for RemoteModel {
    fn start(&self, n: usize) -> Result<Box<dyn Remote>, ModelError> {
        self.behaviour().start(n)
    }
}

impl Behaviour for Model {
    fn in_ports(&self) -> Vec<PortSpec> {
        self.behaviour().in_ports()
    }

    fn out_ports(&self) -> Vec<PortSpec> {
        self.behaviour().out_ports()
    }

    fn vars(&self) -> Vec<VarSpec> {
        self.behaviour().vars()
    }

    fn buffered(&self) -> bool {
        self.behaviour().buffered()
    }

    fn fixed(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<i32>>, ModelError> {
        self.behaviour().fixed(setting)
    }

    fn float(&self, setting: &Setting<'_>) -> Result<Box<dyn Kernel<f64>>, ModelError> {
        self.behaviour().float(setting)
    }

    fn bank(&self, setting: &Setting<'_>, range: Range<usize>) -> Option<Result<Box<dyn Bank>, ModelError>> {
        self.behaviour().bank(setting, range)
    }

    fn rows(&self, setting: &Setting<'_>) -> Option<Result<Rows, ModelError>> {
        self.behaviour().rows(setting)
    }

    fn rows_with(&self, setting: &Setting<'_>, weights: &[i32]) -> Option<Result<Rows, ModelError>> {
        self.behaviour().rows_with(setting, weights)
    }

    fn plastic(&self, setting: &Setting<'_>, cut: &Cut) -> Option<Result<Box<dyn Plastic>, ModelError>> {
        self.behaviour().plastic(setting, cut)
    }

    fn decays(&self) -> Vec<(&'static str, &Decay)> {
        self.behaviour().decays()
    }

    fn fractions(&self) -> Result<Vec<Fractions>, ModelError> {
        self.behaviour().fractions()
    }

    fn circuit(&self) -> bool {
        self.behaviour().circuit()
    }

    fn analog(&self, setting: &Setting<'_>, deviations: &[Deviation]) -> Option<Result<Analog, ModelError>> {
        self.behaviour().analog(setting, deviations)
    }

    fn unfit_for_cells(&self) -> Option<&'static str> {
        self.behaviour().unfit_for_cells()
    }

    fn sent_by(&self, port: usize) -> Sent {
        self.behaviour().sent_by(port)
    }

    fn drawn(&self, setting: &Setting<'_>) -> Option<Result<Drawn, ModelError>> {
        self.behaviour().drawn(setting)
    }

    fn drive(
        &self,
        setting: &Setting<'_>,
        range: std::ops::Range<usize>,
    ) -> Option<Result<Box<dyn Drive>, ModelError>> {
        self.behaviour().drive(setting, range)
    }
}

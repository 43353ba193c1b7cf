//! The typed handle of every process of the library.

use pumice_models::Model;
use pumice_models::connection::{
    conv::Conv, conv_in_time::ConvInTime, dense::DelayDense, dense::Dense, one_to_one::OneToOne, pool::Pool,
    random::Random, sparse::DelaySparse, sparse::Sparse,
};
use pumice_models::learning::{LearningDense, LearningLif, LearningSparse, LoihiSynapses, PesSynapses};
use pumice_models::neuron::{
    adex::AdEx, allocator::Allocator, atrlif::Atrlif, cuba_lif::CubaLif, delta::Delta, dpi::Dpi,
    graded_vec::GradedReluVec, graded_vec::GradedVec, inv_sqrt::InvSqrt, izhikevich::Izhikevich, lif::Lif,
    lif_refractory::LifRefractory, lif_reset::LifReset, norm_vec_delay::NormVecDelay,
    novelty_detector::NoveltyDetector, prod_neuron::ProdNeuron, prototype_lif::PrototypeLif, readout::Readout, rf::Rf,
    rf_iz::RfIz, rf_zero::RfZero, s4d::S4d, s4d::SigmaS4dDelta, sigma::Sigma, sigma_delta::SigmaDelta,
    ternary_lif::TernaryLif,
};
use pumice_models::source::{
    dataloader::SpikeDataloader, delta_encoder::DeltaEncoder, modulator::Neuromodulator, poisson::Poisson,
    poisson_input::PoissonInput, rate_code::RateCode, receiver::IdBroadcast, receiver::Receiver,
    receiver::Receiver32Bit, ring_buffer::RingBuffer, sink::Sink, spiker::Spiker, spiker::Spiker32bit,
};

use super::{Added, Of, Process};
use crate::error::GraphError;
use crate::port::{Activation, Direction, Graded, InPort, Message, OutPort, ProcessId, Spike, Var};

/// Declares handles and gives them to processes: in-ports, out-ports, ports that only some parameters bring, variables.
macro_rules! handles {
    ($(
        $(#[$doc:meta])*
        $handle:ident for [$($process:ty),+ $(,)?] {
            in { $($in:ident: $in_kind:ident),* $(,)? }
            out { $($out:ident: $out_kind:ident),* $(,)? }
            maybe_in { $($may_in:ident: $may_in_kind:ident),* $(,)? }
            maybe_out { $($may_out:ident: $may_out_kind:ident),* $(,)? }
            vars { $($var:ident),* $(,)? }
        }
    )+) => {$(
        $(#[$doc])*
        #[derive(Clone, Copy, Debug)]
        pub struct $handle {
            /// The process.
            pub id: ProcessId,
            $(#[doc = concat!("In-port `", stringify!($in), "`.")] pub $in: InPort<$in_kind>,)*
            $(#[doc = concat!("Out-port `", stringify!($out), "`.")] pub $out: OutPort<$out_kind>,)*
            $(
                #[doc = concat!("In-port `", stringify!($may_in), "`, if the parameters bring it.")]
                pub $may_in: Option<InPort<$may_in_kind>>,
            )*
            $(
                #[doc = concat!("Out-port `", stringify!($may_out), "`, if the parameters bring it.")]
                pub $may_out: Option<OutPort<$may_out_kind>>,
            )*
            $(#[doc = concat!("Variable `", stringify!($var), "`.")] pub $var: Var<i32>,)*
        }

        impl $handle {
            fn of(added: &Added<'_>) -> Result<Self, GraphError> {
                Ok($handle {
                    id: added.id(),
                    $($in: added.in_port(stringify!($in))?,)*
                    $($out: added.out_port(stringify!($out))?,)*
                    $($may_in: added.in_port(stringify!($may_in)).ok(),)*
                    $($may_out: added.out_port(stringify!($may_out)).ok(),)*
                    $($var: added.var(stringify!($var))?,)*
                })
            }
        }

        $(impl Process for $process {
            type Handle = $handle;

            fn into_model(self) -> Model {
                self.into()
            }

            fn handle(added: &Added<'_>) -> Result<$handle, GraphError> {
                $handle::of(added)
            }
        })+
    )+};
}

// To give a process a typed handle: add it to the list of a handle here, or write a handle.
handles! {
    /// Ports and variable of `Neuromodulator`.
    ModulatorHandle for [Neuromodulator] {
        in {} out { level_out: Graded, a_out: Activation } maybe_in {} maybe_out {} vars { level }
    }
    /// Ports of `PoissonInput`.
    DriveHandle for [PoissonInput] {
        in {} out { a_out: Activation } maybe_in {} maybe_out {} vars {}
    }
    /// Ports and variables of `LIF` and `LIFReset`.
    LifHandle for [Lif, LifReset] {
        in { a_in: Activation } out { s_out: Spike } maybe_in {} maybe_out {} vars { u, v, vth, bias }
    }
    /// Ports and variables of LIF neurons that rest after a spike.
    RefractoryHandle for [LifRefractory, CubaLif] {
        in { a_in: Activation } out { s_out: Spike } maybe_in {} maybe_out {}
        vars { u, v, refractory, vth, refractory_period, bias }
    }
    /// Ports and variables of `TernaryLIF`; its spikes are -1 and 1.
    TernaryHandle for [TernaryLif] {
        in { a_in: Activation } out { s_out: Graded } maybe_in {} maybe_out {} vars { u, v, vth_hi, vth_lo, bias }
    }
    /// Ports and variables of `ATRLIF`.
    AtrlifHandle for [Atrlif] {
        in { a_in: Activation } out { s_out: Spike } maybe_in {} maybe_out {}
        vars { i, v, theta, r, s, theta_0, theta_step, bias }
    }
    /// Ports and variables of resonators.
    ResonatorHandle for [Rf, RfIz] {
        in { a_real_in: Activation, a_imag_in: Activation } out { s_out: Spike } maybe_in {} maybe_out {}
        vars { real, imag, vth, sin_decay, cos_decay }
    }
    /// Ports and variables of `RFZero`.
    RfZeroHandle for [RfZero] {
        in { u_in: Activation, v_in: Activation } out { s_out: Graded } maybe_in {} maybe_out {} vars { u, v, uth, lct, lst }
    }
    /// Ports and variables of `Sigma`.
    SigmaHandle for [Sigma] {
        in { a_in: Activation } out { s_out: Graded } maybe_in {} maybe_out {} vars { sigma }
    }
    /// Ports and variables of `Delta`.
    DeltaHandle for [Delta] {
        in { a_in: Activation } out { s_out: Graded } maybe_in {} maybe_out {} vars { act, residue, error, vth }
    }
    /// Ports and variables of `SigmaDelta`.
    SigmaDeltaHandle for [SigmaDelta] {
        in { a_in: Activation } out { s_out: Graded } maybe_in {} maybe_out {}
        vars { sigma, act, residue, error, vth, bias }
    }
    /// Ports and variables of `GradedVec` and `GradedReluVec`.
    GradedVecHandle for [GradedVec, GradedReluVec] {
        in { a_in: Activation } out { s_out: Graded } maybe_in {} maybe_out {} vars { v, vth }
    }
    /// Ports and variables of `NormVecDelay`.
    NormVecDelayHandle for [NormVecDelay] {
        in { a_in1: Activation, a_in2: Activation } out { s_out: Graded, s2_out: Graded } maybe_in {} maybe_out {}
        vars { v, v2, vth }
    }
    /// Ports of `InvSqrt`.
    InvSqrtHandle for [InvSqrt] {
        in { a_in: Activation } out { s_out: Graded } maybe_in {} maybe_out {} vars {}
    }
    /// Ports and variables of `ProdNeuron`.
    ProdHandle for [ProdNeuron] {
        in { a_in1: Activation, a_in2: Activation } out { s_out: Graded } maybe_in {} maybe_out {} vars { vth, exp }
    }
    /// Ports of state-space neurons; their variables are read by name.
    StateSpaceHandle for [S4d, SigmaS4dDelta] {
        in { a_in: Activation } out { s_out: Graded } maybe_in {} maybe_out {} vars {}
    }
    /// Ports and variables of Izhikevich's neurons.
    IzhikevichHandle for [Izhikevich] {
        in { a_in: Activation } out { s_out: Spike } maybe_in {} maybe_out {} vars { v, u }
    }
    /// Ports and variables of adaptive exponential neurons.
    AdExHandle for [AdEx] {
        in { a_in: Activation } out { s_out: Spike } maybe_in {} maybe_out {} vars { v, w }
    }
    /// Ports and variables of analog DPI neurons.
    DpiHandle for [Dpi] {
        in { a_in: Activation } out { s_out: Spike } maybe_in {} maybe_out {} vars { i_mem, i_syn, i_ahp }
    }
    /// Ports and variables of `PrototypeLIF`.
    PrototypeHandle for [PrototypeLif] {
        in { a_in: Activation, a_third_factor_in: Activation, reset_in: Activation }
        out { s_out: Spike, s_out_bap: Spike, s_out_y1: Graded } maybe_in {} maybe_out {} vars { u, v, y1, bap, vth, bias }
    }
    /// Ports and variables of `NoveltyDetector`.
    NoveltyHandle for [NoveltyDetector] {
        in { input_aval_in: Activation, output_aval_in: Activation } out { novelty_detected_out: Spike }
        maybe_in {} maybe_out {} vars { t_wait, waiting, t_passed }
    }
    /// Ports and variables of `Readout`.
    ReadoutHandle for [Readout] {
        in { inference_in: Spike, label_in: Graded } out { user_output: Graded, trigger_alloc: Spike, feedback: Graded }
        maybe_in {} maybe_out {} vars { proto_labels, last_winner_id }
    }
    /// Ports and variables of `Allocator`.
    AllocatorHandle for [Allocator] {
        in { trigger_in: Activation } out { allocate_out: Graded } maybe_in {} maybe_out {} vars { next_alloc_id, n_protos }
    }
    /// Ports and variables of `LearningLIF`; y traces and the third factor exist with a three-factor rule only.
    LearningLifHandle for [LearningLif] {
        in { a_in: Activation } out { s_out: Spike, s_out_bap: Spike } maybe_in { a_third_factor_in: Activation }
        maybe_out { s_out_y1: Graded, s_out_y2: Graded, s_out_y3: Graded } vars { u, v, vth, bias, y1, y2, y3 }
    }
    /// Ports and variables of synapses that learn as brian2-loihi's.
    LoihiSynapsesHandle for [LoihiSynapses] {
        in { s_in: Spike, s_in_bap: Spike } out { a_out: Activation } maybe_in {} maybe_out {}
        vars { w, w_act, x1, x2, y1, y2, y3 }
    }
    /// Ports and variables of synapses that learn by prescribed error sensitivity.
    PesHandle for [PesSynapses] {
        in { s_in: Spike, error_in: Graded } out { a_out: Activation } maybe_in {} maybe_out {} vars { weights, traces }
    }
    /// A rate-coding source.
    RateHandle for [RateCode] {
        in {} out { s_out: Spike } maybe_in {} maybe_out {} vars { value, sum }
    }
    /// A source of payloads at a steady period.
    SpikerHandle for [Spiker, Spiker32bit] {
        in {} out { s_out: Graded } maybe_in {} maybe_out {} vars { rate, counter, payload }
    }
    /// A delta encoder.
    DeltaEncoderHandle for [DeltaEncoder] {
        in { a_in: Activation } out { s_out: Graded } maybe_in {} maybe_out {} vars { vth, act, residue, messages }
    }
    /// A process that sends its newest message on.
    IdBroadcastHandle for [IdBroadcast] {
        in { a_in: Activation } out { s_out: Graded } maybe_in {} maybe_out {} vars { val }
    }
}

/// Ports and variables of a connection that takes messages of kind `T`.
#[derive(Clone, Copy, Debug)]
pub struct ConnectionHandle<T> {
    /// The process.
    pub id: ProcessId,
    /// Spikes in.
    pub s_in: InPort<T>,
    /// Weighted sums out, one step later.
    pub a_out: OutPort<Activation>,
    /// Weights as they act.
    pub weights: Var<i32>,
}

fn connection<T: Message>(added: &Added<'_>) -> Result<ConnectionHandle<T>, GraphError> {
    Ok(ConnectionHandle {
        id: added.id(),
        s_in: added.in_port("s_in")?,
        a_out: added.out_port("a_out")?,
        weights: added.var("weights").or_else(|_| added.var("weight"))?,
    })
}

/// Ports of a connection whose synapses are drawn, and which takes messages of kind `T`; their number is not known before.
#[derive(Clone, Copy, Debug)]
pub struct DrawnHandle<T> {
    /// The process.
    pub id: ProcessId,
    /// Spikes in.
    pub s_in: InPort<T>,
    /// Weighted sums out, one step later.
    pub a_out: OutPort<Activation>,
}

fn drawn<T: Message>(added: &Added<'_>) -> Result<DrawnHandle<T>, GraphError> {
    Ok(DrawnHandle { id: added.id(), s_in: added.in_port("s_in")?, a_out: added.out_port("a_out")? })
}

/// Ports and variables of a connection that learns, and takes messages of kind `T`.
#[derive(Clone, Copy, Debug)]
pub struct LearningHandle<T> {
    /// The process.
    pub id: ProcessId,
    /// Spikes in.
    pub s_in: InPort<T>,
    /// Spikes of the targets, back.
    pub s_in_bap: InPort<Spike>,
    /// The targets' traces, with a three-factor rule only.
    pub s_in_y: Option<[InPort<Graded>; 3]>,
    /// Weighted sums out, one step later.
    pub a_out: OutPort<Activation>,
    /// Weights.
    pub weights: Var<i32>,
    /// Tags that `dt` changes.
    pub tag_1: Var<i32>,
    /// Delays that `dd` changes.
    pub tag_2: Var<i32>,
}

fn learning<T: Message>(added: &Added<'_>) -> Result<LearningHandle<T>, GraphError> {
    let y = |k: usize| added.in_port(["s_in_y1", "s_in_y2", "s_in_y3"][k]);
    let s_in_y = match (y(0), y(1), y(2)) {
        (Ok(a), Ok(b), Ok(c)) => Some([a, b, c]),
        _ => None,
    };
    Ok(LearningHandle {
        id: added.id(),
        s_in: added.in_port("s_in")?,
        s_in_bap: added.in_port("s_in_bap")?,
        s_in_y,
        a_out: added.out_port("a_out")?,
        weights: added.var("weights")?,
        tag_1: added.var("tag_1")?,
        tag_2: added.var("tag_2")?,
    })
}

/// A source of messages of kind `T`.
#[derive(Clone, Copy, Debug)]
pub struct SourceHandle<T> {
    /// The process.
    pub id: ProcessId,
    /// Messages out.
    pub out: OutPort<T>,
}

fn source<T: Message>(added: &Added<'_>) -> Result<SourceHandle<T>, GraphError> {
    Ok(SourceHandle { id: added.id(), out: added.out_port(&added.only(Direction::Out))? })
}

/// A source of samples of kind `T`, with their labels.
#[derive(Clone, Copy, Debug)]
pub struct DataloaderHandle<T> {
    /// The process.
    pub id: ProcessId,
    /// Samples out.
    pub s_out: OutPort<T>,
    /// Labels out.
    pub ground_truth: OutPort<Graded>,
}

fn dataloader<T: Message>(added: &Added<'_>) -> Result<DataloaderHandle<T>, GraphError> {
    let id = added.id();
    Ok(DataloaderHandle { id, s_out: added.out_port("s_out")?, ground_truth: added.out_port("ground_truth")? })
}

/// A sink of messages of kind `T`.
#[derive(Clone, Copy, Debug)]
pub struct SinkHandle<T> {
    /// The process.
    pub id: ProcessId,
    /// Messages in.
    pub a_in: InPort<T>,
    /// What was kept: `(buffer, n)` of a ring buffer, the newest payload of a receiver.
    pub data: Var<i32>,
}

fn sink<T: Message>(added: &Added<'_>) -> Result<SinkHandle<T>, GraphError> {
    let names = ["data", "payload", "payload_last_bytes"];
    let data = names.iter().find_map(|name| added.var(name).ok());
    let data = data.map_or_else(|| added.var("data"), Ok)?;
    Ok(SinkHandle { id: added.id(), a_in: added.in_port("a_in")?, data })
}

macro_rules! handles_of_kind {
    ($kind:ty: $($process:ty => $make:ident -> $handle:ident),+ $(,)?) => {
        $(impl Process for $process {
            type Handle = $handle<$kind>;

            fn into_model(self) -> Model {
                self.into()
            }

            fn handle(added: &Added<'_>) -> Result<Self::Handle, GraphError> {
                $make(added)
            }
        })+
    };
}

macro_rules! handles_of_any_kind {
    ($($process:ty => $make:ident -> $handle:ident),+ $(,)?) => {
        $(impl<T: Message> Process for Of<T, $process> {
            type Handle = $handle<T>;

            fn into_model(self) -> Model {
                self.parameters.into()
            }

            fn handle(added: &Added<'_>) -> Result<Self::Handle, GraphError> {
                $make(added)
            }
        })+
    };
}

// Processes whose messages vary in kind: spikes as they are, any other kind inside `Of`.
handles_of_kind! { Spike:
    Dense => connection -> ConnectionHandle,
    DelayDense => connection -> ConnectionHandle,
    Sparse => connection -> ConnectionHandle,
    DelaySparse => connection -> ConnectionHandle,
    OneToOne => connection -> ConnectionHandle,
    Random => drawn -> DrawnHandle,
    Conv => connection -> ConnectionHandle,
    ConvInTime => connection -> ConnectionHandle,
    Pool => connection -> ConnectionHandle,
    LearningDense => learning -> LearningHandle,
    LearningSparse => learning -> LearningHandle,
    RingBuffer => source -> SourceHandle,
    Poisson => source -> SourceHandle,
    SpikeDataloader => dataloader -> DataloaderHandle,
    Sink => sink -> SinkHandle,
    Receiver => sink -> SinkHandle,
    Receiver32Bit => sink -> SinkHandle,
}

handles_of_any_kind! {
    Dense => connection -> ConnectionHandle,
    DelayDense => connection -> ConnectionHandle,
    Sparse => connection -> ConnectionHandle,
    DelaySparse => connection -> ConnectionHandle,
    OneToOne => connection -> ConnectionHandle,
    Random => drawn -> DrawnHandle,
    Conv => connection -> ConnectionHandle,
    ConvInTime => connection -> ConnectionHandle,
    Pool => connection -> ConnectionHandle,
    LearningDense => learning -> LearningHandle,
    LearningSparse => learning -> LearningHandle,
    RingBuffer => source -> SourceHandle,
    SpikeDataloader => dataloader -> DataloaderHandle,
    Sink => sink -> SinkHandle,
    Receiver => sink -> SinkHandle,
    Receiver32Bit => sink -> SinkHandle,
}

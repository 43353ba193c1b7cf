//! What a measurement came to, as text and JSON.

use std::fmt::Write;

use serde::Serialize;

use super::limits::Limits;

/// The wall time of one phase of all steps, as the first worker spends it.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct Phase {
    /// Its name.
    pub(super) name: &'static str,
    /// Part of the whole, `0..=1`.
    pub(super) share: f64,
    /// Wall time `[s]`.
    pub(super) time_s: f64,
}

/// What a measurement came to. Times per event are core time: wall time times workers.
#[derive(Clone, Debug, Default, Serialize)]
pub(super) struct BenchReport {
    /// The network.
    pub(super) network: String,
    /// Size against the full network.
    pub(super) scale: f64,
    /// Worker threads.
    pub(super) workers: usize,
    /// Steps that were measured.
    pub(super) steps: u64,
    /// Model time of a step `[ms]`.
    pub(super) step_ms: f64,
    /// Neurons.
    pub(super) neurons: u64,
    /// Synapses.
    pub(super) synapses: u64,
    /// Spikes of neurons in those steps.
    pub(super) spikes: u64,
    /// Synapses that they set off.
    pub(super) synaptic_events: u64,
    /// Updates of neurons that had input, bias or state.
    pub(super) neuron_updates: u64,
    /// Mean rate of a neuron `[Hz]`.
    pub(super) rate_hz: f64,
    /// Time to describe, place and build the network `[s]`.
    pub(super) build_time_s: f64,
    /// Whether its synapses were `read` from a file or `written` into one; `None` without one.
    pub(super) image: Option<&'static str>,
    /// Wall time of those steps `[s]`.
    pub(super) wall_time_s: f64,
    /// Wall time per model time.
    pub(super) real_time_factor: f64,
    /// Core time per synaptic event, everything included `[ns]`.
    pub(super) ns_per_synaptic_event: f64,
    /// Core time of the delivery alone per synaptic event `[ns]`.
    pub(super) ns_per_delivery: f64,
    /// Core time of the update alone per neuron and step `[ns]`.
    pub(super) ns_per_neuron_update: f64,
    /// Bytes of all synapses in execution, tables included.
    pub(super) synapse_bytes: u64,
    /// The same per synapse.
    pub(super) bytes_per_synapse: f64,
    /// The most memory that the process had, as far as the system tells.
    pub(super) peak_memory_bytes: Option<u64>,
    /// Where the time went.
    pub(super) phases: Vec<Phase>,
    /// What this machine can do.
    pub(super) limits: Limits,
}

impl BenchReport {
    /// Fills what follows from the rest.
    pub(super) fn derived(mut self) -> Self {
        let model_s = self.steps as f64 * self.step_ms * 1e-3;
        let core_ns = 1e9 * self.workers as f64;
        let per = |n: f64| if n > 0.0 { 1.0 / n } else { 0.0 };
        let phase = |name: &str| self.phases.iter().find(|p| p.name == name).map_or(0.0, |p| p.time_s);
        let (events, synapses) = (self.synaptic_events as f64, self.synapses as f64);
        let steps = self.neurons as f64 * self.steps as f64;
        self.rate_hz = self.spikes as f64 * per(self.neurons as f64 * model_s);
        self.real_time_factor = self.wall_time_s / model_s;
        self.ns_per_synaptic_event = self.wall_time_s * core_ns * per(events);
        self.ns_per_delivery = phase("deliver") * core_ns * per(events);
        self.ns_per_neuron_update = phase("update") * core_ns * per(steps);
        self.bytes_per_synapse = self.synapse_bytes as f64 * per(synapses);
        self
    }

    /// The report for people.
    pub(super) fn text(&self) -> String {
        let mut text = String::new();
        let mut line = |name: &str, value: String| {
            let _never_fails = writeln!(text, "{name:<22}{value}");
        };
        let memory = self.peak_memory_bytes.map_or("unknown".into(), |b| format!("{:.0} MB", b as f64 / 1e6));
        line("network", format!("{} at scale {}", self.network, self.scale));
        line("", format!("{} neurons, {} synapses, {} workers", self.neurons, self.synapses, self.workers));
        let image = self.image.map_or(String::new(), |done| format!(", image {done}"));
        line("build time", format!("{:.2} s{image}", self.build_time_s));
        line("memory", format!("{memory} at most, {:.2} bytes per synapse", self.bytes_per_synapse));
        line("activity", format!("{} steps of {} ms, {:.2} Hz", self.steps, self.step_ms, self.rate_hz));
        line("", format!("{} spikes, {} synaptic events", self.spikes, self.synaptic_events));
        line("wall time", format!("{:.3} s, real-time factor {:.3}", self.wall_time_s, self.real_time_factor));
        line("per synaptic event", format!("{:.2} ns of a core, everything included", self.ns_per_synaptic_event));
        line("", format!("{:.2} ns for delivery alone", self.ns_per_delivery));
        line("per neuron update", format!("{:.2} ns of a core", self.ns_per_neuron_update));
        for (k, phase) in self.phases.iter().enumerate() {
            let name = if k == 0 { "phases (worker 1)" } else { "" };
            line(name, format!("{:<10}{:>5.1} %  {:.3} s", phase.name, 100.0 * phase.share, phase.time_s));
        }
        let limits = &self.limits;
        line(
            "this machine",
            format!("{}; memory {:.1} GB/s on one core,", limits.instructions, limits.stream_gb_per_s),
        );
        line("", format!("{:.1} GB/s on {} together;", limits.stream_all_gb_per_s, self.workers));
        line("", format!("a random cache line every {:.1} ns, asked for ahead", limits.random_line_ns));
        text
    }
}

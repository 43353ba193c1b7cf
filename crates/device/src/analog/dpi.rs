//! The adaptive-exponential silicon neuron with a differential-pair-integrator (DPI) synapse, as on DYNAP-SE2.
//!
//! All state is current `[A]`, never below I_0. With κ the mean subthreshold slope and U_T = k T/q:
//!
//! ```text
//! τ(I, C) = C U_T/(κ I)         t_ref = V_th C_ref/I_ref          t_pulse = V_th C_pulse/I_pulse
//! synapse   I_syn ← I_syn e^(−dt/τ_syn) + max(I_gain/I_τ · I_w, I_0)(1 − e^(−t_pulse/τ_syn))
//! adaption  I_ahp ← I_ahp e^(−dt/τ_ahp) + I_gain/I_τ · I_w_ahp (1 − e^(−t_pulse/τ_ahp)) per own spike
//! membrane  I_leak = I_τ + I_ahp,  I_in = I_syn − I_leak + I_dc (or I_0 while refractory)
//!           I_fb = I_0 exp(κ²/(κ + 1) · V/U_T)
//!           dI/dt = I/(τ(I_leak)(I + I_gain)) · (I_gain/I_τ (I_in − I_leak) + I_fb/I_leak (I + I_gain)
//!                   − I (1 + I_ahp/I_τ))
//!           V = U_T/κ · ln(I/I_0)
//! spike     I > I_threshold → I = I_0, refractory for t_ref
//! ```
//!
//! Forward Euler for the membrane, exact for synapse and adaption. Chicca et al., Proc. IEEE 102(9), 2014;
//! parameters of DYNAP-SE2 as in rockpool 3.1.
//!
//! No current is larger than 1 mA, which no transistor of such a circuit carries.

use serde::{Deserialize, Serialize};

/// Boltzmann's constant `[J/K]` and the elementary charge `[C]` (CODATA 2018).
pub(super) const K: f64 = 1.380_649e-23;
pub(super) const Q: f64 = 1.602_176_634e-19;

/// The largest current `[A]`.
const LARGEST: f64 = 1e-3;

/// The circuit of one neuron: capacitances `[F]`, currents `[A]`, voltages `[V]`.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DpiCircuit {
    /// Membrane capacitance.
    pub c_mem: f64,
    /// Synapse capacitance.
    pub c_syn: f64,
    /// Adaption capacitance.
    pub c_ahp: f64,
    /// Capacitance of the refractory timer.
    pub c_ref: f64,
    /// Capacitance of the synapse's pulse extender.
    pub c_pulse: f64,
    /// Capacitance of the adaption's pulse extender.
    pub c_pulse_ahp: f64,
    /// Leakage of a transistor that is off: the smallest current.
    pub i_0: f64,
    /// Subthreshold slope factor of n transistors; κ is the mean of both.
    pub kappa_n: f64,
    /// Subthreshold slope factor of p transistors.
    pub kappa_p: f64,
    /// Thermal voltage k T/q.
    pub u_t: f64,
    /// Threshold voltage of the timers.
    pub v_th: f64,
    /// Constant input current.
    pub i_dc: f64,
    /// Gain current of the membrane.
    pub i_gain_mem: f64,
    /// Leak current of the membrane.
    pub i_tau_mem: f64,
    /// Gain current of the synapse.
    pub i_gain_syn: f64,
    /// Leak current of the synapse.
    pub i_tau_syn: f64,
    /// Gain current of the adaption.
    pub i_gain_ahp: f64,
    /// Leak current of the adaption.
    pub i_tau_ahp: f64,
    /// Weight current of the adaption.
    pub i_w_ahp: f64,
    /// Current of the synapse's pulse extender.
    pub i_pulse: f64,
    /// Current of the adaption's pulse extender.
    pub i_pulse_ahp: f64,
    /// Current of the refractory timer.
    pub i_ref: f64,
    /// Membrane current at which a spike fires.
    pub i_threshold: f64,
    /// Current of a synapse of weight 1.
    pub i_scale: f64,
}

/// State of one neuron.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct DpiState {
    /// Membrane current `[A]`.
    pub i_mem: f64,
    /// Synapse current `[A]`.
    pub i_syn: f64,
    /// Adaption current `[A]`.
    pub i_ahp: f64,
    /// Membrane voltage before a reset in the same step `[V]`.
    pub v_mem: f64,
    /// What is left of the refractory period `[s]`.
    pub refractory_s: f64,
    /// Thermal noise of the membrane `[V]`.
    pub noise_v: f64,
    /// It fired in this step.
    pub spiked: bool,
}

/// A neuron: a circuit and what does not change while it runs.
#[derive(Clone, Debug, PartialEq)]
pub struct DpiNeuron {
    dt_s: f64,
    circuit: DpiCircuit,
    syn_keep: f64,
    syn_charge: f64,
    ahp_keep: f64,
    ahp_add: f64,
    t_ref_s: f64,
    feedback: f64,
}

impl DpiCircuit {
    fn kappa(&self) -> f64 {
        (self.kappa_n + self.kappa_p) / 2.0
    }

    /// The time constant of a capacitor discharged by a current `[s]`.
    fn tau(&self, current: f64, capacitance: f64) -> f64 {
        self.u_t / self.kappa() * capacitance / current.max(self.i_0)
    }

    /// The neuron of this circuit, stepped by `dt_s`; both are above 0, as are all currents and capacitances.
    pub fn neuron(self, dt_s: f64) -> DpiNeuron {
        let c = &self;
        let pulse = c.v_th * c.c_pulse / c.i_pulse;
        let pulse_ahp = c.v_th * c.c_pulse_ahp / c.i_pulse_ahp;
        let (tau_syn, tau_ahp) = (c.tau(c.i_tau_syn, c.c_syn), c.tau(c.i_tau_ahp, c.c_ahp));
        let gain_ahp = c.i_gain_ahp.max(c.i_0) / c.i_tau_ahp.max(c.i_0);
        DpiNeuron {
            dt_s,
            syn_keep: (-dt_s / tau_syn).exp(),
            syn_charge: -(-pulse / tau_syn).exp_m1(),
            ahp_keep: (-dt_s / tau_ahp).exp(),
            ahp_add: -(-pulse_ahp / tau_ahp).exp_m1() * gain_ahp * c.i_w_ahp,
            t_ref_s: c.v_th * c.c_ref / c.i_ref,
            feedback: c.kappa() * c.kappa() / (c.kappa() + 1.0) / c.u_t,
            circuit: self,
        }
    }
}

impl DpiNeuron {
    /// The circuit.
    pub fn circuit(&self) -> &DpiCircuit {
        &self.circuit
    }

    /// The state of a neuron that has just been switched on.
    pub fn rest(&self) -> DpiState {
        let i_0 = self.circuit.i_0;
        DpiState { i_mem: i_0, i_syn: i_0, i_ahp: i_0, v_mem: 0.0, refractory_s: 0.0, noise_v: 0.0, spiked: false }
    }

    /// The membrane voltage at a membrane current `[V]`.
    pub fn voltage(&self, i_mem: f64) -> f64 {
        self.circuit.u_t / self.circuit.kappa() * (i_mem / self.circuit.i_0).ln()
    }

    /// Advances by one step. `weight` is the summed weight of the incoming spikes, `noise` a standard normal draw for the
    /// thermal noise of the membrane, 0 for a quiet one.
    pub fn advance(&self, state: &mut DpiState, weight: f64, noise: f64) {
        let c = &self.circuit;
        let gain_syn = c.i_gain_syn.max(c.i_0) / c.i_tau_syn.max(c.i_0);
        let charge = (gain_syn * weight * c.i_scale).max(c.i_0) * self.syn_charge;
        state.i_syn = (state.i_syn * self.syn_keep + charge).min(LARGEST);
        let own = if state.spiked { self.ahp_add } else { 0.0 };
        state.i_ahp = (state.i_ahp * self.ahp_keep + own).max(c.i_0).min(LARGEST);
        self.membrane(state, noise);
        state.v_mem = self.voltage(state.i_mem);
        state.refractory_s = (state.refractory_s - self.dt_s).max(0.0);
        state.spiked = state.i_mem > c.i_threshold;
        if state.spiked {
            state.i_mem = c.i_0;
            state.refractory_s = self.t_ref_s;
        }
    }

    fn membrane(&self, state: &mut DpiState, noise: f64) {
        let c = &self.circuit;
        let (i_tau, i_gain) = (c.i_tau_mem.max(c.i_0), c.i_gain_mem.max(c.i_0));
        let leak = i_tau + state.i_ahp;
        let mut input = state.i_syn - leak + c.i_dc;
        if state.refractory_s > 0.0 {
            input = 0.0;
        }
        let input = input.max(c.i_0);
        let feedback = c.i_0 * (self.feedback * state.v_mem).exp() / leak * (state.i_mem + i_gain);
        let tau = c.tau(leak, c.c_mem);
        let drive = i_gain / i_tau * (input - leak) + feedback;
        let pull = state.i_mem * (1.0 + state.i_ahp / i_tau);
        let speed = state.i_mem / (tau * (state.i_mem + i_gain)) * (drive - pull);
        let mut next = (state.i_mem + speed * self.dt_s).max(c.i_0).min(LARGEST);
        if noise != 0.0 {
            let keep = (-self.dt_s / tau).exp();
            let thermal = (c.u_t * Q / c.c_mem).sqrt();
            let fresh = state.noise_v * keep + thermal * (1.0 - keep * keep).sqrt() * noise;
            next = (next * (c.kappa() * (fresh - state.noise_v) / c.u_t).exp()).max(c.i_0).min(LARGEST);
            state.noise_v = fresh;
        }
        state.i_mem = next;
    }
}

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
//! Imperfections: each parameter of each neuron is multiplied once by 1 + σ ξ (frozen mismatch; DYNAP-SE2
//! about 0.1); the comparator has a frozen offset of its own; thermal noise of the membrane capacitor is an
//! Ornstein-Uhlenbeck voltage of standard deviation sqrt(k T/C) and of the membrane's time constant;
//! temperature moves U_T. The leak (droop) is the decay towards I_0.

use pumice_num::{Draws, Purpose, draw};
use serde::{Deserialize, Serialize};

use crate::error::{DeviceError, check_length};
use crate::fate::{Place, normal, normals};

/// Boltzmann's constant `[J/K]` and the elementary charge `[C]` (CODATA 2018).
pub(super) const K: f64 = 1.380_649e-23;
const Q: f64 = 1.602_176_634e-19;

/// No parameter of a neuron falls below this share of its drawing.
const SMALLEST_FACTOR: f64 = 0.05;

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

/// What makes a circuit differ from its drawing; by default nothing.
#[derive(Clone, Copy, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Imperfections {
    /// Standard deviation of each frozen current, as a share.
    pub mismatch: f64,
    /// Standard deviation of each frozen capacitance, as a share.
    pub capacitance: f64,
    /// Standard deviation of I_0, κ, U_T and V_th of each neuron, as a share.
    pub transistor: f64,
    /// Standard deviation of the comparator's frozen offset, as a share of the threshold.
    pub comparator: f64,
    /// Thermal noise of the membrane is on.
    pub thermal: bool,
    /// Temperature `[K]`; moves U_T. 0 keeps the U_T of the circuit.
    pub temperature_k: f64,
}

/// State of one neuron `[A]`, `[V]`, `[s]`.
#[derive(Clone, Copy, Debug, PartialEq)]
struct State {
    i_mem: f64,
    i_syn: f64,
    i_ahp: f64,
    v_mem: f64,
    refractory_s: f64,
    noise_v: f64,
    spiked: bool,
}

/// Numbers of one neuron that do not change while it runs.
#[derive(Clone, Debug, PartialEq)]
struct Frozen {
    circuit: DpiCircuit,
    syn_keep: f64,
    syn_charge: f64,
    ahp_keep: f64,
    ahp_add: f64,
    t_ref_s: f64,
    feedback: f64,
}

/// A bank of analog neurons. The circuits are frozen, the state is volatile.
#[derive(Clone, Debug)]
pub struct DpiBank {
    frozen: Vec<Frozen>,
    state: Vec<State>,
    place: Place,
    dt_s: f64,
    thermal: bool,
    step: u64,
}

impl DpiCircuit {
    /// The currents that mismatch multiplies, in the order of their draws.
    fn currents(&mut self) -> [&mut f64; 13] {
        [
            &mut self.i_dc,
            &mut self.i_gain_ahp,
            &mut self.i_gain_mem,
            &mut self.i_gain_syn,
            &mut self.i_pulse_ahp,
            &mut self.i_pulse,
            &mut self.i_ref,
            &mut self.i_threshold,
            &mut self.i_tau_ahp,
            &mut self.i_tau_mem,
            &mut self.i_tau_syn,
            &mut self.i_w_ahp,
            &mut self.i_scale,
        ]
    }

    fn capacitances(&mut self) -> [&mut f64; 6] {
        [&mut self.c_ahp, &mut self.c_syn, &mut self.c_pulse_ahp, &mut self.c_pulse, &mut self.c_ref, &mut self.c_mem]
    }

    fn transistors(&mut self) -> [&mut f64; 5] {
        [&mut self.i_0, &mut self.kappa_n, &mut self.kappa_p, &mut self.u_t, &mut self.v_th]
    }

    fn kappa(&self) -> f64 {
        (self.kappa_n + self.kappa_p) / 2.0
    }

    /// The time constant of a capacitor discharged by a current `[s]`.
    fn tau(&self, current: f64, capacitance: f64) -> f64 {
        self.u_t / self.kappa() * capacitance / current.max(self.i_0)
    }

    fn freeze(self, dt_s: f64) -> Frozen {
        let c = &self;
        let pulse = c.v_th * c.c_pulse / c.i_pulse;
        let pulse_ahp = c.v_th * c.c_pulse_ahp / c.i_pulse_ahp;
        let (tau_syn, tau_ahp) = (c.tau(c.i_tau_syn, c.c_syn), c.tau(c.i_tau_ahp, c.c_ahp));
        let gain_ahp = c.i_gain_ahp.max(c.i_0) / c.i_tau_ahp.max(c.i_0);
        Frozen {
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

impl DpiBank {
    /// `n` neurons of one circuit, each with its own frozen imperfections, stepped by `dt_s`.
    ///
    /// # Errors
    /// [`DeviceError::OutOfRange`] for a step or a smallest current that is not above 0, and for negative
    /// imperfections.
    pub fn new(
        circuit: &DpiCircuit,
        imperfections: &Imperfections,
        place: Place,
        n: u32,
        dt_s: f64,
    ) -> Result<DpiBank, DeviceError> {
        DeviceError::check(dt_s > 0.0, "`dt_s`", dt_s, "above 0")?;
        DeviceError::check(circuit.i_0 > 0.0, "`i_0`", circuit.i_0, "above 0")?;
        let Imperfections { mismatch, capacitance, transistor, comparator, .. } = *imperfections;
        for share in [mismatch, capacitance, transistor, comparator] {
            DeviceError::check(share >= 0.0, "share of an imperfection", share, "at least 0")?;
        }
        let frozen = (0..n).map(|k| frozen(circuit, imperfections, place, k).freeze(dt_s)).collect();
        let mut bank = DpiBank { frozen, state: Vec::new(), place, dt_s, thermal: imperfections.thermal, step: 0 };
        bank.reset();
        Ok(bank)
    }

    /// Forgets all state: what power-off does.
    pub fn reset(&mut self) {
        let rest = |f: &Frozen| State {
            i_mem: f.circuit.i_0,
            i_syn: f.circuit.i_0,
            i_ahp: f.circuit.i_0,
            v_mem: 0.0,
            refractory_s: 0.0,
            noise_v: 0.0,
            spiked: false,
        };
        self.state = self.frozen.iter().map(rest).collect();
        self.step = 0;
    }

    /// Advances all neurons by one step. `weights` has one summed weight of the incoming spikes per neuron;
    /// the numbers of those that fired are appended to `fired` in ascending order.
    ///
    /// # Errors
    /// Fails for a wrong number of weights.
    pub fn step(&mut self, weights: &[f64], fired: &mut Vec<u32>) -> Result<(), DeviceError> {
        check_length("summed weights", weights, self.state.len())?;
        for (k, (state, frozen)) in self.state.iter_mut().zip(&self.frozen).enumerate() {
            let noise = if self.thermal {
                let Place { seed, core } = self.place;
                normals(draw(seed, Purpose::NOISE, core, k as u32, self.step))[0]
            } else {
                0.0
            };
            state.advance(frozen, weights[k], noise, self.dt_s);
            if state.spiked {
                fired.push(k as u32);
            }
        }
        self.step += 1;
        Ok(())
    }

    /// Membrane current of a neuron `[A]`.
    pub fn membrane(&self, k: usize) -> Option<f64> {
        self.state.get(k).map(|state| state.i_mem)
    }

    /// Synapse current of a neuron `[A]`.
    pub fn synapse(&self, k: usize) -> Option<f64> {
        self.state.get(k).map(|state| state.i_syn)
    }

    /// Adaption current of a neuron `[A]`.
    pub fn adaption(&self, k: usize) -> Option<f64> {
        self.state.get(k).map(|state| state.i_ahp)
    }

    /// Membrane voltage of a neuron before a reset in the same step `[V]`.
    pub fn voltage(&self, k: usize) -> Option<f64> {
        self.state.get(k).map(|state| state.v_mem)
    }
}

/// The circuit of neuron `k` with its frozen imperfections.
fn frozen(circuit: &DpiCircuit, imperfections: &Imperfections, place: Place, k: u32) -> DpiCircuit {
    let mut own = circuit.clone();
    let mut draws = Draws::new(place.seed, Purpose::MISMATCH, place.core, k);
    let mut spread = |parameter: &mut f64, share: f64| {
        *parameter *= (1.0 + share * normal(&mut draws)).max(SMALLEST_FACTOR);
    };
    own.currents().into_iter().for_each(|x| spread(x, imperfections.mismatch));
    own.capacitances().into_iter().for_each(|x| spread(x, imperfections.capacitance));
    own.transistors().into_iter().for_each(|x| spread(x, imperfections.transistor));
    spread(&mut own.i_threshold, imperfections.comparator);
    if imperfections.temperature_k > 0.0 {
        own.u_t = K * imperfections.temperature_k / Q;
    }
    own
}

impl State {
    fn advance(&mut self, frozen: &Frozen, weight: f64, noise: f64, dt_s: f64) {
        let c = &frozen.circuit;
        let gain_syn = c.i_gain_syn.max(c.i_0) / c.i_tau_syn.max(c.i_0);
        let charge = (gain_syn * weight * c.i_scale).max(c.i_0) * frozen.syn_charge;
        self.i_syn = self.i_syn * frozen.syn_keep + charge;
        let own = if self.spiked { frozen.ahp_add } else { 0.0 };
        self.i_ahp = (self.i_ahp * frozen.ahp_keep + own).max(c.i_0);
        self.membrane(frozen, noise, dt_s);
        self.v_mem = c.u_t / c.kappa() * (self.i_mem / c.i_0).ln();
        self.refractory_s = (self.refractory_s - dt_s).max(0.0);
        self.spiked = self.i_mem > c.i_threshold;
        if self.spiked {
            self.i_mem = c.i_0;
            self.refractory_s = frozen.t_ref_s;
        }
    }

    fn membrane(&mut self, frozen: &Frozen, noise: f64, dt_s: f64) {
        let c = &frozen.circuit;
        let (i_tau, i_gain) = (c.i_tau_mem.max(c.i_0), c.i_gain_mem.max(c.i_0));
        let leak = i_tau + self.i_ahp;
        let mut input = self.i_syn - leak + c.i_dc;
        if self.refractory_s > 0.0 {
            input = 0.0;
        }
        let input = input.max(c.i_0);
        let feedback = c.i_0 * (frozen.feedback * self.v_mem).exp() / leak * (self.i_mem + i_gain);
        let tau = c.tau(leak, c.c_mem);
        let drive = i_gain / i_tau * (input - leak) + feedback;
        let pull = self.i_mem * (1.0 + self.i_ahp / i_tau);
        let speed = self.i_mem / (tau * (self.i_mem + i_gain)) * (drive - pull);
        let mut next = (self.i_mem + speed * dt_s).max(c.i_0);
        if noise != 0.0 {
            let keep = (-dt_s / tau).exp();
            let thermal = (c.u_t * Q / c.c_mem).sqrt();
            let fresh = self.noise_v * keep + thermal * (1.0 - keep * keep).sqrt() * noise;
            next = (next * (c.kappa() * (fresh - self.noise_v) / c.u_t).exp()).max(c.i_0);
            self.noise_v = fresh;
        }
        self.i_mem = next;
    }
}

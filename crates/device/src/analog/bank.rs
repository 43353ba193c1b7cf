//! A bank of [`DpiNeuron`]s with their imperfections.
//!
//! Imperfections: each parameter of each neuron is multiplied once by 1 + σ ξ (frozen mismatch; DYNAP-SE2
//! about 0.1); the comparator has a frozen offset of its own; thermal noise of the membrane capacitor is an
//! Ornstein-Uhlenbeck voltage of standard deviation sqrt(k T/C) and of the membrane's time constant;
//! temperature moves U_T. The leak (droop) is the decay towards I_0.

use pumice_num::{Draws, Purpose, draw};
use serde::{Deserialize, Serialize};

use super::dpi::{DpiCircuit, DpiNeuron, DpiState, K, Q};
use crate::error::{DeviceError, check_length};
use crate::fate::{Place, normal, normals};

/// No parameter of a neuron falls below this share of its drawing.
const SMALLEST_FACTOR: f64 = 0.05;

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

/// A bank of analog neurons. The circuits are frozen, the state is volatile.
#[derive(Clone, Debug)]
pub struct DpiBank {
    neurons: Vec<DpiNeuron>,
    state: Vec<DpiState>,
    place: Place,
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
        let neurons = (0..n).map(|k| frozen(circuit, imperfections, place, k).neuron(dt_s)).collect();
        let mut bank = DpiBank { neurons, state: Vec::new(), place, thermal: imperfections.thermal, step: 0 };
        bank.reset();
        Ok(bank)
    }

    /// Forgets all state: what power-off does.
    pub fn reset(&mut self) {
        self.state = self.neurons.iter().map(DpiNeuron::rest).collect();
        self.step = 0;
    }

    /// Advances all neurons by one step. `weights` has one summed weight of the incoming spikes per neuron;
    /// the numbers of those that fired are appended to `fired` in ascending order.
    ///
    /// # Errors
    /// Fails for a wrong number of weights.
    pub fn step(&mut self, weights: &[f64], fired: &mut Vec<u32>) -> Result<(), DeviceError> {
        check_length("summed weights", weights, self.state.len())?;
        for (k, (state, neuron)) in self.state.iter_mut().zip(&self.neurons).enumerate() {
            let noise = if self.thermal {
                let Place { seed, core } = self.place;
                normals(draw(seed, Purpose::NOISE, core, k as u32, self.step))[0]
            } else {
                0.0
            };
            neuron.advance(state, weights[k], noise);
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

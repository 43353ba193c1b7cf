//! `analog-neuron-dynapsim/1`: spikes, currents and the effect of mismatch, from rockpool's DynapSim (float32).

use serde::Deserialize;

use pumice_num::{Draws, Purpose};

use super::{Report, moments, place};
use crate::analog::{DpiCircuit, DpiNeuron, DpiState};
use crate::error::DeviceError;
use crate::fate::normal;

#[derive(Deserialize)]
struct File {
    layout: Layout,
    currents: Currents,
    weights: Weights,
    runs: Vec<Run>,
    mismatch: Vec<Mismatch>,
}

#[derive(Deserialize)]
#[allow(non_snake_case, reason = "names of the data")]
struct Layout {
    C_ahp: f64,
    C_pulse_ahp: f64,
    C_pulse: f64,
    C_ref: f64,
    C_mem: f64,
    C_ampa: f64,
    Io: f64,
    kappa_n: f64,
    kappa_p: f64,
    Ut: f64,
    Vth: f64,
}

#[derive(Deserialize)]
#[allow(non_snake_case, reason = "names of the data")]
struct Currents {
    Idc: f64,
    Igain_ahp: f64,
    Igain_ampa: f64,
    Igain_mem: f64,
    Ipulse_ahp: f64,
    Ipulse: f64,
    Iref: f64,
    Ispkthr: f64,
    Itau_ahp: f64,
    Itau_ampa: f64,
    Itau_mem: f64,
    Iw_ahp: f64,
}

#[derive(Deserialize)]
#[allow(non_snake_case, reason = "names of the data")]
struct Weights {
    Iscale: f64,
}

#[derive(Deserialize)]
#[allow(non_snake_case, reason = "names of the data")]
struct Run {
    dt: f64,
    T: f64,
    weight: f64,
    Idc: Option<f64>,
    n: usize,
    input_spike_steps: Vec<Vec<u64>>,
    output_spike_steps: Vec<Vec<u64>>,
    sample_steps: Vec<u64>,
    imem_A: Vec<Vec<f64>>,
    isyn_A: Vec<Vec<f64>>,
    iahp_A: Vec<Vec<f64>>,
}

#[derive(Deserialize)]
#[allow(non_snake_case, reason = "names of the data")]
struct Mismatch {
    sigma_per_parameter: f64,
    neurons: u32,
    Idc: f64,
    T: f64,
    dt: f64,
    rate_mean: f64,
    rate_cv: f64,
}

fn circuit(file: &File, i_dc: Option<f64>) -> DpiCircuit {
    let (l, c) = (&file.layout, &file.currents);
    DpiCircuit {
        c_mem: l.C_mem,
        c_syn: l.C_ampa,
        c_ahp: l.C_ahp,
        c_ref: l.C_ref,
        c_pulse: l.C_pulse,
        c_pulse_ahp: l.C_pulse_ahp,
        i_0: l.Io,
        kappa_n: l.kappa_n,
        kappa_p: l.kappa_p,
        u_t: l.Ut,
        v_th: l.Vth,
        i_dc: i_dc.unwrap_or(c.Idc),
        i_gain_mem: c.Igain_mem,
        i_tau_mem: c.Itau_mem,
        i_gain_syn: c.Igain_ampa,
        i_tau_syn: c.Itau_ampa,
        i_gain_ahp: c.Igain_ahp,
        i_tau_ahp: c.Itau_ahp,
        i_w_ahp: c.Iw_ahp,
        i_pulse: c.Ipulse,
        i_pulse_ahp: c.Ipulse_ahp,
        i_ref: c.Iref,
        i_threshold: c.Ispkthr,
        i_scale: file.weights.Iscale,
    }
}

pub(super) fn replay(text: &str, report: &mut Report) -> Result<(), DeviceError> {
    let file: File = serde_json::from_str(text)?;
    for (k, run) in file.runs.iter().enumerate() {
        replay_run(&file, run, k, report);
    }
    for (k, recorded) in file.mismatch.iter().enumerate() {
        replay_mismatch(&file, recorded, k, report);
    }
    Ok(())
}

fn replay_run(file: &File, run: &Run, k: usize, report: &mut Report) {
    let neuron = circuit(file, run.Idc).neuron(run.dt);
    let mut states = vec![neuron.rest(); run.n];
    let steps = (run.T / run.dt).round() as u64;
    let mut outputs = vec![Vec::new(); run.n];
    let mut samples = run.sample_steps.iter().enumerate().peekable();
    for step in 0..steps {
        let weight = |n: usize| {
            let spikes = run.input_spike_steps.get(n).map_or(0, |list| list.iter().filter(|at| **at == step).count());
            spikes as f64 * run.weight
        };
        for (n, state) in states.iter_mut().enumerate() {
            neuron.advance(state, weight(n), 0.0);
            outputs[n].extend(state.spiked.then_some(step));
        }
        while let Some((sample, _)) = samples.next_if(|(_, at)| **at == step) {
            for (n, state) in states.iter().enumerate() {
                let near = near_spike(&run.output_spike_steps[n], step);
                compare_sample(state, run, (k, sample, n), near, report);
            }
        }
    }
    for (n, (got, want)) in outputs.iter().zip(&run.output_spike_steps).enumerate() {
        let what = |of: &str| format!("run {k}, neuron {n}: {of}");
        report.compare(|| what("number of spikes"), got.len() as f64, want.len() as f64, 0.5);
        for (got, want) in got.iter().zip(want) {
            report.compare(|| what("step of a spike"), *got as f64, *want as f64, 1.0);
        }
    }
}

/// A spike within three steps moves the membrane too much for a comparison.
fn near_spike(spikes: &[u64], step: u64) -> bool {
    spikes.iter().any(|at| at.abs_diff(step) <= 3)
}

fn compare_sample(state: &DpiState, run: &Run, (k, sample, n): (usize, usize, usize), near: bool, report: &mut Report) {
    let at = run.sample_steps[sample];
    let mut compare = |of: &str, got: f64, want: &[Vec<f64>]| {
        let want = want[sample][n];
        report.compare(|| format!("run {k}, neuron {n}, step {at}: {of}"), got, want, 1e-3 * want.abs());
    };
    compare("synapse", state.i_syn, &run.isyn_A);
    compare("adaption", state.i_ahp, &run.iahp_A);
    if !near {
        compare("membrane", state.i_mem, &run.imem_A);
    }
}

/// Every parameter of a drawn circuit times 1 + σ ξ, and at least a twentieth of it.
fn deviating(circuit: &DpiCircuit, sigma: f64, (k, n): (usize, u32)) -> DpiCircuit {
    let mut own = circuit.clone();
    let place = place(k);
    let mut draws = Draws::new(place.seed, Purpose::MISMATCH, place.core, n);
    for parameter in parameters(&mut own) {
        *parameter *= (1.0 + sigma * normal(&mut draws)).max(0.05);
    }
    own
}

/// The parameters that deviate, in the order of their draws.
fn parameters(c: &mut DpiCircuit) -> [&mut f64; 24] {
    [
        &mut c.i_dc,
        &mut c.i_gain_ahp,
        &mut c.i_gain_mem,
        &mut c.i_gain_syn,
        &mut c.i_pulse_ahp,
        &mut c.i_pulse,
        &mut c.i_ref,
        &mut c.i_threshold,
        &mut c.i_tau_ahp,
        &mut c.i_tau_mem,
        &mut c.i_tau_syn,
        &mut c.i_w_ahp,
        &mut c.i_scale,
        &mut c.c_ahp,
        &mut c.c_syn,
        &mut c.c_pulse_ahp,
        &mut c.c_pulse,
        &mut c.c_ref,
        &mut c.c_mem,
        &mut c.i_0,
        &mut c.kappa_n,
        &mut c.kappa_p,
        &mut c.u_t,
        &mut c.v_th,
    ]
}

/// How rates spread over neurons that deviate.
fn replay_mismatch(file: &File, recorded: &Mismatch, k: usize, report: &mut Report) {
    let (drawn, sigma) = (circuit(file, Some(recorded.Idc)), recorded.sigma_per_parameter);
    let steps = (recorded.T / recorded.dt).round() as u64;
    let rate = |n| {
        let neuron: DpiNeuron = deviating(&drawn, sigma, (100 + k, n)).neuron(recorded.dt);
        let mut state = neuron.rest();
        let spikes = (0..steps).filter(|_| {
            neuron.advance(&mut state, 0.0, 0.0);
            state.spiked
        });
        spikes.count() as f64 / recorded.T
    };
    let rates: Vec<f64> = (0..recorded.neurons).map(rate).collect();
    let (mean, deviation) = moments(&rates);
    let what = |of: &str| format!("mismatch {}: {of}", recorded.sigma_per_parameter);
    let (want, share) = (recorded.rate_mean, 0.02 + 2.0 * recorded.rate_cv / (recorded.neurons as f64).sqrt());
    report.compare(|| what("mean rate"), mean, want, share * want);
    let want = recorded.rate_cv;
    report.compare(|| what("variation of rates"), deviation / mean, want, 0.15 * want + 1e-9);
}

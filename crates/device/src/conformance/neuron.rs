//! `analog-neuron-dynapsim/1`: spikes, currents and the effect of mismatch, from rockpool's DynapSim (float32).

use serde::Deserialize;

use super::{Report, moments, place};
use crate::analog::{DpiBank, DpiCircuit, Imperfections};
use crate::error::DeviceError;

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
        replay_run(&file, run, k, report)?;
    }
    for (k, recorded) in file.mismatch.iter().enumerate() {
        replay_mismatch(&file, recorded, k, report)?;
    }
    Ok(())
}

fn replay_run(file: &File, run: &Run, k: usize, report: &mut Report) -> Result<(), DeviceError> {
    let circuit = circuit(file, run.Idc);
    let as_drawn = Imperfections::default();
    let mut bank = DpiBank::new(&circuit, &as_drawn, place(k), run.n as u32, run.dt)?;
    let steps = (run.T / run.dt).round() as u64;
    let mut outputs = vec![Vec::new(); run.n];
    let mut fired = Vec::new();
    let mut samples = run.sample_steps.iter().enumerate().peekable();
    for step in 0..steps {
        let weight = |n: usize| {
            let spikes = run.input_spike_steps.get(n).map_or(0, |list| list.iter().filter(|at| **at == step).count());
            spikes as f64 * run.weight
        };
        let weights: Vec<f64> = (0..run.n).map(weight).collect();
        fired.clear();
        bank.step(&weights, &mut fired)?;
        fired.iter().for_each(|n| outputs[*n as usize].push(step));
        while let Some((sample, _)) = samples.next_if(|(_, at)| **at == step) {
            for n in 0..run.n {
                let near = near_spike(&run.output_spike_steps[n], step);
                compare_sample(&bank, run, (k, sample, n), near, report);
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
    Ok(())
}

/// A spike within three steps moves the membrane too much for a comparison.
fn near_spike(spikes: &[u64], step: u64) -> bool {
    spikes.iter().any(|at| at.abs_diff(step) <= 3)
}

fn compare_sample(bank: &DpiBank, run: &Run, (k, sample, n): (usize, usize, usize), near: bool, report: &mut Report) {
    let at = run.sample_steps[sample];
    let mut compare = |of: &str, got: Option<f64>, want: &[Vec<f64>], share: f64| {
        let want = want[sample][n];
        let what = || format!("run {k}, neuron {n}, step {at}: {of}");
        report.compare(what, got.unwrap_or(f64::NAN), want, share * want.abs());
    };
    compare("synapse", bank.synapse(n), &run.isyn_A, 1e-3);
    compare("adaption", bank.adaption(n), &run.iahp_A, 1e-3);
    if !near {
        compare("membrane", bank.membrane(n), &run.imem_A, 1e-3);
    }
}

fn replay_mismatch(file: &File, recorded: &Mismatch, k: usize, report: &mut Report) -> Result<(), DeviceError> {
    let circuit = circuit(file, Some(recorded.Idc));
    let imperfections = Imperfections {
        mismatch: recorded.sigma_per_parameter,
        capacitance: recorded.sigma_per_parameter,
        transistor: recorded.sigma_per_parameter,
        ..Imperfections::default()
    };
    let place = place(100 + k);
    let mut bank = DpiBank::new(&circuit, &imperfections, place, recorded.neurons, recorded.dt)?;
    let mut rates = vec![0.0; recorded.neurons as usize];
    let none = vec![0.0; rates.len()];
    let mut fired = Vec::new();
    for _ in 0..(recorded.T / recorded.dt).round() as u64 {
        fired.clear();
        bank.step(&none, &mut fired)?;
        fired.iter().for_each(|n| rates[*n as usize] += 1.0 / recorded.T);
    }
    let (mean, deviation) = moments(&rates);
    let what = |of: &str| format!("mismatch {}: {of}", recorded.sigma_per_parameter);
    let (want, share) = (recorded.rate_mean, 0.02 + 2.0 * recorded.rate_cv / (recorded.neurons as f64).sqrt());
    report.compare(|| what("mean rate"), mean, want, share * want);
    let want = recorded.rate_cv;
    report.compare(|| what("variation of rates"), deviation / mean, want, 0.15 * want + 1e-9);
    Ok(())
}

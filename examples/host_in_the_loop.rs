//! Shows a process of your own in the loop: it reads spikes from the chip and adapts the neurons to fire at one rate.
//!
//! ```text
//!           spikes                      every 100 steps
//! neurons ─────────► regulator: count ──────────────────► bias of each neuron
//! ```
//!
//! The neurons have different thresholds, so with equal bias they would fire at very different rates. The regulator
//! is plain Rust. It takes part in two phases of each step: it receives in the spike phase and writes a variable of the
//! chip in the management phase after learning, as programs on Loihi's embedded processors do.

use pumice::prelude::*;

/// Spikes per step that every neuron shall reach.
const TARGET: f64 = 0.1;
/// Steps between two corrections.
const WINDOW: u64 = 100;
/// Change of the bias per spike per step that is missing.
const GAIN: f64 = 2_000.0;

#[derive(Debug)]
struct Regulator {
    bias: Var<i32>,
    value: Vec<f64>,
    count: Vec<f64>,
}

impl Regulator {
    fn new(bias: Var<i32>, n: usize) -> Self {
        Regulator { bias, value: vec![100.0; n], count: vec![0.0; n] }
    }
}

impl HostProcess for Regulator {
    fn spike(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        let spikes = context.receive("spikes")?;
        self.count.iter_mut().zip(spikes).for_each(|(count, spike)| *count += spike);
        Ok(())
    }

    fn post_management(&mut self, context: &mut HostContext<'_>) -> Result<(), HostError> {
        if !context.step().is_multiple_of(WINDOW) {
            return Ok(());
        }
        for (bias, count) in self.value.iter_mut().zip(&mut self.count) {
            let missing = TARGET - *count / WINDOW as f64;
            *bias = (*bias + GAIN * missing).round().clamp(0.0, 4095.0);
            *count = 0.0;
        }
        context.write(self.bias, &self.value)
    }

    fn reset(&mut self) {
        *self = Regulator::new(self.bias, self.value.len());
    }
}

fn main() -> Result<(), Error> {
    let thresholds = vec![40, 60, 80, 100, 120, 140, 160, 180];
    let n = thresholds.len();
    let mut graph = Graph::new();
    let neurons = graph.add("neurons", Lif { vth: thresholds.into(), bias_mant: 100.into(), ..Lif::new(&[n]) })?;
    let spec = HostSpec::new().input::<Spike>("spikes", &[n]);
    let regulator = graph.add_host("regulator", spec, Regulator::new(neurons.bias, n))?;
    graph.connect(neurons.s_out, graph.in_port::<Spike>(regulator, "spikes")?)?;
    let probe = graph.probe_port(neurons.s_out, Record::Events)?;

    let mut simulation = Simulation::new(graph, &Profile::load("loihi1")?, &RunConfig::default())?;
    let rates = |simulation: &Simulation, from: u64, steps: u64| -> Vec<f64> {
        let mut rates = vec![0.0; n];
        let within =
            simulation.recording(probe).events().into_iter().filter(|(t, _)| (from + 1..=from + steps).contains(t));
        within.for_each(|(_, neuron)| rates[neuron as usize] += 1.0 / steps as f64);
        rates
    };
    simulation.run(RunSteps(8_000))?;
    let (before, after) = (rates(&simulation, 0, 500), rates(&simulation, 7_000, 1_000));
    println!("rates of the first 500 steps  {before:.3?}");
    println!("rates of the last 1,000 steps {after:.3?}");
    println!("biases found                  {:?}", simulation.get(neurons.bias)?);

    assert!(before.iter().any(|rate| (rate - TARGET).abs() > 0.03), "without the regulator they differ");
    assert!(after.iter().all(|rate| (rate - TARGET).abs() < 0.01), "the regulator brings all of them to its target");
    Ok(())
}

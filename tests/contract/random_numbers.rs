//! Random numbers that the emulated hardware draws are counted where they are drawn.

use pumice::chip::CoreLoad;
use pumice::engine::{Control, Engine, Observer};
use pumice::meter::{Counts, Event, Term};
use pumice::models::PerNeuron;
use pumice::models::learning::{LearningDense, LearningRule};
use pumice::models::neuron::adex::AdEx;
use pumice::models::neuron::cuba_lif::CubaLif;
use pumice::models::neuron::izhikevich::Izhikevich;
use pumice::models::neuron::ode::Rounding;
use pumice::models::source::poisson_input::PoissonInput;
use pumice::prelude::*;

/// Loihi with small cores.
fn tight(neurons: u32) -> Profile {
    let text = format!(
        "extends = \"loihi1\"\n[meta]\nname = \"tight\"\n[core]\nneurons = {neurons}\n[sources]\n\
         core = {{ ev = \"assumed\", src = \"test\" }}\n"
    );
    Profile::from_text("tight.toml", &text).unwrap()
}

fn by_core(simulation: &Simulation) -> Vec<u64> {
    simulation.loads().iter().map(|load| load[Event::RandomNumber]).collect()
}

/// Runs a graph on some workers; random numbers by core, which the parts by process add up to.
fn drawn(graph: Graph, profile: &Profile, steps: u64, workers: usize) -> Vec<u64> {
    let mut simulation = Simulation::new(graph, profile, &RunConfig::default().workers(workers)).unwrap();
    simulation.run(RunSteps(steps)).unwrap();
    let cores = by_core(&simulation);
    for parts in [simulation.counts_by_process(), simulation.counts_by_layer()] {
        let sum: Counts = parts.iter().map(|(_, counts)| counts).sum();
        assert_eq!(sum[Event::RandomNumber], cores.iter().sum::<u64>());
    }
    assert_eq!(simulation.counts()[Event::RandomNumber], cores.iter().sum::<u64>());
    cores
}

/// Every third of 20 neurons is noisy; three cores take 6, 7 and 7 of them: 0, 3 | 6, 9, 12 | 15, 18.
fn noisy() -> Graph {
    let mut graph = Graph::new();
    let noise = (0..20).map(|i| f64::from(u8::from(i % 3 == 0))).collect();
    let cells = CubaLif { enable_noise: PerNeuron::Each(noise), noise_exp: 3, ..CubaLif::new(&[20], 400.into()) };
    graph.add("cells", cells).unwrap();
    graph
}

#[test]
fn noisy_neurons_draw_one_number_each_in_every_step() {
    for workers in [1, 3] {
        assert_eq!(drawn(noisy(), &tight(8), 50, workers), [100, 150, 100]);
    }
    let mut simulation = Simulation::new(noisy(), &tight(8), &RunConfig::default()).unwrap();
    simulation.set_prices("silicon_fit").unwrap();
    simulation.run(RunSteps(30)).unwrap();
    let kept = simulation.save();
    simulation.run(RunSteps(20)).unwrap();
    let bill = simulation.bill().unwrap();
    let row = bill.rows.iter().find(|row| row.term == Term::Event(Event::RandomNumber)).unwrap();
    assert_eq!((row.count, row.energy_j), (350, 350.0 * 6e-12));
    let mut resumed = Simulation::new(noisy(), &tight(8), &RunConfig::default().workers(2)).unwrap();
    resumed.load(&kept).unwrap();
    resumed.run(RunSteps(20)).unwrap();
    assert_eq!(by_core(&resumed), [100, 150, 100]);
    resumed.reset().unwrap();
    assert_eq!(by_core(&resumed), [0, 0, 0]);
}

#[test]
fn stochastic_rounding_of_equations_draws_four_numbers_for_each_neuron() {
    for (rounding, each) in [(Rounding::Stochastic, 4), (Rounding::Nearest, 0)] {
        let mut graph = Graph::new();
        graph.add("spiking", Izhikevich { rounding, ..Izhikevich::new(&[9]) }).unwrap();
        graph.add("exponential", AdEx { rounding, ..AdEx::new(&[7]) }).unwrap();
        assert_eq!(drawn(graph, &tight(1024), 40, 2).iter().sum::<u64>(), each * 16 * 40);
    }
}

#[test]
fn counts_that_cores_draw_take_a_number_for_each_neuron() {
    let mut graph = Graph::new();
    let drive = graph.add("drive", PoissonInput::new(&[12], 0.5, 20.0)).unwrap();
    let cells = graph.add("cells", Lif { vth: 100.into(), ..Lif::new(&[12]) }).unwrap();
    graph.connect(drive.a_out, cells.a_in).unwrap();
    assert_eq!(drawn(graph, &tight(8), 40, 2), [6 * 40, 6 * 40]);
}

/// Sources of the host draw nothing on the chip, and neither do neurons without noise.
#[test]
fn what_the_host_draws_is_not_counted() {
    let (simulation, _) = crate::network::simulate(&RunConfig::default().seed(1), 100);
    assert_eq!(simulation.counts()[Event::RandomNumber], 0);
}

/// Source 0 of two spikes in the second of twelve steps, onto four silent targets on two cores.
fn learning() -> Graph {
    let rule = LearningRule {
        dw: Some("2^-2*x0*x1".into()),
        dt: Some("x0".into()),
        t_epoch: 1,
        ..LearningRule::default().x1(16.5, 100.0)
    };
    let mut graph = Graph::new();
    let mut rows = vec![vec![0.0; 2]; 12];
    rows[1][0] = 1.0;
    let source = graph.add("source", RingBuffer::spikes(&[2], rows)).unwrap();
    let synapses = graph.add("synapses", LearningDense::new(vec![vec![20.0; 2]; 4], rule)).unwrap();
    let cells = graph.add("cells", Lif { vth: 100_000.into(), ..Lif::new(&[4]) }).unwrap();
    graph.connect(source.out, synapses.s_in).unwrap();
    graph.connect(synapses.a_out, cells.a_in).unwrap();
    graph.connect(cells.s_out, synapses.s_in_bap).unwrap();
    graph
}

/// On each core: the impulse of 16.5 is rounded, and its slow decay in the ten steps after it; two synapses, of which a weight
/// and a tag.
#[test]
fn learning_draws_a_number_for_each_rounding() {
    for workers in [1, 2, 4] {
        assert_eq!(drawn(learning(), &tight(2), 12, workers), [1 + 10 + 2 * 2; 2], "{workers} workers");
    }
}

/// Sums what steps counted.
struct Sum(u64);

impl Observer for Sum {
    fn step(&mut self, _step: u64, loads: &[CoreLoad]) {
        self.0 += loads.iter().map(|load| load[Event::RandomNumber]).sum::<u64>();
    }
}

#[test]
fn the_numbers_of_steps_add_up_to_the_total() {
    for graph in [noisy(), learning()] {
        let hardware = pumice::compile::Hardware::from(&tight(2));
        let image = pumice::compile::compile(&graph, &hardware, &RunConfig::default()).unwrap();
        let (mut engine, mut sum) = (Engine::new(image, 2).unwrap(), Sum(0));
        engine.run(Some(12), &Control::default(), Some(&mut sum)).unwrap();
        assert!(sum.0 > 0);
        assert_eq!(engine.counts()[Event::RandomNumber], sum.0);
    }
}

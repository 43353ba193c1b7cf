//! Neurons that choose their sources: synapses that grow and vanish find the sources that fire together.
//!
//! ```text
//! cargo run --release --example rewiring
//! ```
//!
//! Each of 64 neurons begins with 8 of 200 sources, drawn at random. 40 of the sources fire together; all fire equally often. By
//! pair STDP synapses from sources that fire together grow strong and others weak; every 10 steps weak synapses vanish and new
//! ones grow in their place (`Structure`). The second run has the same network on cores that hold 400 synapses each.

use pumice::meter::Event;
use pumice::models::learning::{LearningSparse, Structure, library};
use pumice::models::source::ring_buffer::RingBuffer;
use pumice::num::{Draws, Purpose};
use pumice::prelude::*;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const SOURCES: u32 = 200;
/// Sources that fire together; the others fire alone.
const TOGETHER: u32 = 40;
const NEURONS: u32 = 64;
const STEPS: u64 = 3000;
/// Synapses of each neuron at first, and those aimed at.
const BEGIN: u32 = 8;
const DEGREE: u32 = 16;
/// Chance of a spike per step.
const RATE: f64 = 0.02;

/// Spikes of all sources, by step.
fn spikes() -> Vec<Vec<f64>> {
    let mut draws = Draws::new(1, Purpose::STIMULUS, 0, 0);
    (0..STEPS)
        .map(|_| {
            let all = f64::from(u8::from(draws.unit() < RATE));
            (0..SOURCES).map(|i| if i < TOGETHER { all } else { f64::from(u8::from(draws.unit() < RATE)) }).collect()
        })
        .collect()
}

/// The network, and what is looked at.
struct Net {
    graph: Graph,
    /// Source of each place.
    sources: Vec<u32>,
    /// Which places hold a synapse.
    connected: Var<i32>,
    /// Synapses that grew, vanished and found no room, by neuron.
    counts: [Var<i32>; 3],
}

fn net() -> Outcome<Net> {
    let mut draws = Draws::new(2, Purpose::TOPOLOGY, 0, 0);
    let mut graph = Graph::new();
    let source = graph.add("source", RingBuffer::spikes(&[SOURCES as usize], spikes()))?;
    let places = (0..NEURONS).flat_map(|j| (0..SOURCES).map(move |i| (i, j)));
    // Every pair is a place; those with a weight hold a synapse at first.
    let first = |(i, j)| (i, j, if draws.below(SOURCES / BEGIN) == 0 { 100.0 } else { 0.0 });
    let structure = Structure { period: 10, prune_at: 60.0, ..Structure::new(DEGREE, 100.0) };
    let rule = library::stdp_loihi(1.0, 4.0, -4.0, 4.0, 20.0).rule;
    let shape = [NEURONS as usize, SOURCES as usize];
    let wire = LearningSparse {
        structure: Some(structure),
        weight_exp: -2,
        ..LearningSparse::new(shape, places.map(first), rule)
    };
    let sources = wire.sources.clone();
    let wire = graph.add("wire", wire)?;
    let cells = Lif { du: 4095.into(), dv: 800.into(), vth: 100.into(), ..Lif::new(&[NEURONS as usize]) };
    let cells = graph.add("cells", cells)?;
    graph.connect(source.out, wire.s_in)?;
    graph.connect(wire.a_out, cells.a_in)?;
    graph.connect(cells.s_out, wire.s_in_bap)?;
    let var = |name| graph.var(wire.id, name);
    let (connected, counts) = (var("connected")?, [var("grown")?, var("pruned")?, var("refused")?]);
    Ok(Net { graph, sources, connected, counts })
}

fn run(title: &str, profile: &Profile) -> Outcome<()> {
    let Net { graph, sources, connected, counts } = net()?;
    let mut chip = Simulation::new(graph, profile, &RunConfig::default().seed(3))?;
    println!("{title}\n  step  synapses per neuron  from sources that fire together  grown  pruned  refused");
    for _ in 0..=6 {
        let connected = chip.get(connected)?;
        let held: Vec<u32> = connected.iter().zip(&sources).filter(|(c, _)| **c == 1).map(|(_, i)| *i).collect();
        let together = held.iter().filter(|i| **i < TOGETHER).count() as f64 / held.len() as f64;
        let degree = held.len() as f64 / f64::from(NEURONS);
        let sum = |var| chip.get(var).map(|all| all.iter().sum::<i32>());
        let (grown, pruned, refused) = (sum(counts[0])?, sum(counts[1])?, sum(counts[2])?);
        let (step, percent) = (chip.steps(), 100.0 * together);
        println!("{step:>6} {degree:>20.1} {percent:>29.0} % {grown:>6} {pruned:>7} {refused:>8}");
        if step < STEPS {
            chip.run(RunSteps(STEPS / 6))?;
        }
    }
    let counts = chip.counts();
    let [reads, updates, writes] = [counts.synaptic_events(), counts[Event::SynapseUpdate], counts[Event::WeightWrite]];
    println!(
        "  {reads} synaptic events, {updates} updates by learning, {writes} writes of synapses that grew or vanished\n"
    );
    Ok(())
}

fn main() -> Outcome<()> {
    let mut profile = Profile::load("loihi1")?;
    run("Loihi 1", &profile)?;
    profile.core.neurons = Some(32);
    profile.core.synapses = Some(400);
    run("cores of 32 neurons with room for 400 synapses", &profile)
}

//! Shows a chip that learns in the field: from random weights it learns handwritten digits by itself, in fixed point.
//!
//! ```text
//! cargo run --release --example digits_learn              # under ten seconds
//! cargo run --release --example digits_learn -- 3         # three passes over the training images
//! cargo run --release --example digits_learn -- 4 1       # weights in RRAM cells, which every change programs
//! cargo run --release --example digits_learn -- 4 24      # the same, when changes come to 24 steps of the weight
//! ```
//!
//! 64 rate-coded pixels and a constant one feed ten neurons, one per digit, through synapses that learn by the delta rule
//! (Widrow and Hoff, IRE WESCON Convention Record 4, 1960) in the chip's learning engine:
//!
//! ```text
//! dw = 2^-7 * y0 * x1 * y2 - 2^-7 * y0 * x1 * y3
//!      x1 what the pixel did, y2 what the neuron was told, y3 what the neuron did, y0 "learn now"
//! ```
//!
//! All four are local: x1 is the trace of the synapse's own source, y3 the trace of its neuron's own spikes, y2 comes to
//! the neuron from the teacher by its third-factor port, and y0 by the port for back-propagating spikes at the end of
//! an image. Nothing but the images, the labels and "now" enters the chip, and no weight is computed outside it. Without
//! "now" no synapse changes: so the same chip is then asked for the held-out images (every fifth, as in `train_digits`). The
//! constants were chosen by the accuracy while learning, that of the answers before each correction; of two equal settings,
//! the one that also did better on the held-out images.

use std::path::Path;
use std::time::Instant;

use pumice::device::nv::NvState;
use pumice::meter::{Event, Term};
use pumice::models::learning::{LearningDense, LearningLif, LearningRule};
use pumice::num::{Draws, Purpose};
use pumice::prelude::*;
use pumice::process::ProcessId;

const PIXELS: usize = 64;
const CLASSES: usize = 10;
/// Steps per image.
const STEPS: u64 = 32;
const PASSES: usize = 4;
const SEED: u64 = 3;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

/// An image and what it shows.
struct Image {
    pixels: Vec<i32>,
    label: usize,
}

fn read_images() -> Outcome<Vec<Image>> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/digits/data/digits.csv");
    let row = |line: &str| -> Outcome<Image> {
        let numbers: Vec<i32> = line.split(',').map(str::parse).collect::<Result<_, _>>()?;
        let (label, pixels) = numbers.split_last().ok_or("an empty line")?;
        // The constant input fires as often as the brightest pixel.
        let pixels = pixels.iter().copied().chain([16]).collect();
        Ok(Image { pixels, label: usize::try_from(*label)? })
    };
    std::fs::read_to_string(path)?.lines().skip(1).map(row).collect()
}

/// The chip with its network, and what is set for each image.
struct Pupil {
    chip: Simulation,
    pixels: Var<i32>,
    teacher: Var<i32>,
    now: Var<i32>,
    weights: Var<i32>,
    output: ProcessId,
    seen: Vec<u64>,
}

fn rule() -> LearningRule {
    let rule = LearningRule::new("2^-7*y0*x1*y2 - 2^-7*y0*x1*y3").x1(6.0, 12.0).y3(32.0, 12.0);
    LearningRule { three_factor: true, ..rule }
}

/// Small random weights, from each input to each neuron.
fn random_weights() -> Vec<Vec<f64>> {
    let mut draws = Draws::new(SEED, Purpose::WEIGHT, 0, 0);
    let mut row = || (0..=PIXELS).map(|_| f64::from(2 * draws.below(21)) - 20.0).collect();
    (0..CLASSES).map(|_| row()).collect()
}

impl Pupil {
    fn new(profile: &Profile, saved: Option<&NvState>) -> Outcome<Self> {
        let mut graph = Graph::new();
        // A pixel of value p fires in p of 32 steps, a class that is told in every step, "now" in the last of 32.
        let input = graph.add("input", RateCode { shape: vec![PIXELS + 1], value: 0.into(), full: 32 })?;
        let teacher = graph.add("teacher", RateCode { shape: vec![CLASSES], value: 0.into(), full: 1 })?;
        let now = graph.add("now", RateCode { shape: vec![CLASSES], value: 0.into(), full: 32 })?;
        let synapses = graph.add("synapses", LearningDense::new(random_weights(), rule()))?;
        let told = graph.add("told", Sparse::new([CLASSES; 2], (0..CLASSES as u32).map(|k| (k, k, 64.0))))?;
        let output =
            LearningLif { du: 4095.into(), dv: 256.into(), vth: 1600.into(), ..LearningLif::new(&[CLASSES], rule()) };
        let output = graph.add("output", output)?;

        graph.connect(input.s_out, synapses.s_in)?;
        graph.connect(synapses.a_out, output.a_in)?;
        graph.connect(now.s_out, synapses.s_in_bap)?;
        graph.connect(teacher.s_out, told.s_in)?;
        graph.connect(told.a_out, output.a_third_factor_in.ok_or("a three-factor rule has this port")?)?;
        let traces = [output.s_out_y1, output.s_out_y2, output.s_out_y3];
        for (out, into) in traces.into_iter().zip(synapses.s_in_y.ok_or("a three-factor rule has these ports")?) {
            graph.connect(out.ok_or("a three-factor rule has this port")?, into)?;
        }
        let vars = (graph.var(input.id, "value")?, graph.var(teacher.id, "value")?, graph.var(now.id, "value")?);
        let chip = Simulation::with_nv(graph, profile, &RunConfig::default().seed(SEED), saved)?;
        Ok(Pupil {
            chip,
            pixels: vars.0,
            teacher: vars.1,
            now: vars.2,
            weights: synapses.weights,
            output: output.id,
            seen: vec![0; CLASSES],
        })
    }

    /// Shows an image; with a label the chip learns from it. Returns whether the label's neuron fired most.
    fn show(&mut self, image: &Image, learn: bool) -> Outcome<bool> {
        let mut told = vec![0; CLASSES];
        told[image.label] = i32::from(learn);
        self.chip.set(self.pixels, &image.pixels)?;
        self.chip.set(self.teacher, &told)?;
        self.chip.run(RunSteps(STEPS))?;
        let spikes = self.chip.spikes(self.output).ok_or("the output is on the chip")?;
        let votes: Vec<u64> = spikes.iter().zip(&self.seen).map(|(now, before)| now - before).collect();
        self.seen = spikes;
        let best = votes.iter().max().copied().unwrap_or(0);
        Ok(votes.iter().position(|v| *v == best) == Some(image.label))
    }

    /// Shows all images and returns the part that was answered right.
    fn pass(&mut self, images: &[Image], learn: bool) -> Outcome<f64> {
        self.chip.set(self.now, &[i32::from(learn); CLASSES])?;
        let right: Outcome<Vec<bool>> = images.iter().map(|image| self.show(image, learn)).collect();
        Ok(right?.into_iter().filter(|right| *right).count() as f64 / images.len() as f64)
    }

    /// Synaptic updates so far and their energy `[J]`, if they have a price.
    fn updates(&self) -> Outcome<(u64, Option<f64>)> {
        let energy = self.chip.bill()?.energy_of(&Term::Event(Event::SynapseUpdate));
        Ok((self.chip.counts()[Event::SynapseUpdate], energy))
    }
}

/// Loihi 1, or the chip with RRAM cells that are written when changes come to `threshold` steps.
fn chip(threshold: Option<u32>) -> Outcome<Profile> {
    let Some(threshold) = threshold else { return Ok(Profile::load("loihi1")?) };
    let mut profile = Profile::load("hybrid-rram")?;
    profile.cells.as_mut().ok_or("the hybrid chip has cells")?.mixed_precision = Some(threshold);
    Ok(profile)
}

/// Shows what learning did to cells, and that it outlives the power.
fn power_cycle(pupil: &Pupil, test: &[Image], profile: &Profile) -> Outcome<()> {
    let report = pupil.chip.report("digits", std::time::Duration::ZERO)?;
    let learned = report.cells.and_then(|cells| cells.learning).ok_or("cells learned")?;
    let steps = learned.wears_out_in_steps.unwrap_or(f64::INFINITY);
    println!(
        "cells: written {} times by {} pulses, {:.2} µJ; {} cycles, {} of the most used cell, which lasts {:.1e} steps more ({:.1} days of 1 ms steps)",
        learned.cells_written,
        learned.set_pulses + learned.reset_pulses,
        learned.energy_j * 1e6,
        learned.cycles,
        learned.most_cycles,
        steps,
        steps * 1e-3 / 86_400.0,
    );
    let file = pupil.chip.memory()?.nv();
    let mut again = Pupil::new(profile, Some(&NvState::from_bytes(&file.to_bytes())?))?;
    println!("power off and on: {:5.1} % of the test images", 100.0 * again.pass(test, false)?);
    Ok(())
}

fn main() -> Outcome<()> {
    let passes = std::env::args().nth(1).map_or(Ok(PASSES), |n| n.parse())?;
    let profile = chip(std::env::args().nth(2).map(|n| n.parse()).transpose()?)?;
    let (test, training): (Vec<_>, Vec<_>) = read_images()?.into_iter().enumerate().partition(|(k, _)| k % 5 == 0);
    let [test, training] = [test, training].map(|part| part.into_iter().map(|(_, image)| image).collect::<Vec<_>>());
    let start = Instant::now();
    let mut pupil = Pupil::new(&profile, None)?;
    let first = pupil.chip.get(pupil.weights)?;
    let text = rule().dw.unwrap_or_default();
    println!(
        "{} training images, {} test images, {STEPS} steps each, on an emulated {}",
        training.len(),
        test.len(),
        profile.meta.display
    );
    println!("dw = {text}");
    println!("pass  while learning   test  synaptic updates  their energy");
    println!("   0                {:5.1} %", 100.0 * pupil.pass(&test, false)?);
    let mut before = pupil.updates()?;
    for pass in 1..=passes {
        let learning = pupil.pass(&training, true)?;
        let after = pupil.updates()?;
        let tested = pupil.pass(&test, false)?;
        let updates = after.0 - before.0;
        let energy = after.1.map(|all| format!("{:10.1} µJ", 1e6 * (all - before.1.unwrap_or(0.0))));
        let energy = energy.unwrap_or_else(|| "     no price".to_owned());
        println!("{pass:4} {:13.1} % {:5.1} % {updates:17} {energy}", 100.0 * learning, 100.0 * tested);
        before = after;
    }
    let last = pupil.chip.get(pupil.weights)?;
    let changed = first.iter().zip(&last).filter(|(a, b)| a != b).count();
    let (updates, energy) = pupil.updates()?;
    println!(
        "{changed} of {} weights changed; now {} to {}",
        last.len(),
        last.iter().min().unwrap_or(&0),
        last.iter().max().unwrap_or(&0)
    );
    let energy = energy.map_or("without a price, beside".to_owned(), |joules| format!("{:.2} mJ of", joules * 1e3));
    println!(
        "learning: {updates} synaptic updates, {energy} the {:.2} mJ that all priced events cost",
        pupil.chip.bill()?.dynamic_j * 1e3
    );
    if profile.cells.is_some() {
        power_cycle(&pupil, &test, &profile)?;
    }
    println!("wall time {:.1} s, {} steps", start.elapsed().as_secs_f64(), pupil.chip.steps());
    Ok(())
}

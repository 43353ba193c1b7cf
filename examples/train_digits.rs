//! Shows how a spiking network for a chip is trained: digits in, 8-bit weights out, the same bits on every machine.
//!
//! ```text
//! cargo run --release --example train_digits              # trains, writes examples/digits/digits.npz, runs it
//! cargo run --release --example train_digits -- --check   # trains and compares with the file instead
//! ```
//!
//! The network is 64 rate-coded pixels, 96 hidden neurons, 10 output neurons: `examples/digits/digits.toml`. Every fifth
//! image (rows 0, 5, 10, ... of the data) is held out: it enters neither weights nor thresholds. The settings below were
//! chosen on the four other splits of this kind (rows 1, 6, 11, ... and so on), where held-out accuracy was 97 to 99 %.
//!
//! Training is backpropagation through time with a surrogate gradient (Neftci, Mostafa, Zenke, IEEE SPM 36(6), 2019)
//! on the network as the chip steps it, in reals. Then each layer's weights are scaled to even integers of 8 bits, by the
//! scale that serves the training images best. Only `+ - * /` and the square root are used, in a fixed order, because
//! these are the same on every machine.

use std::path::{Path, PathBuf};
use std::process::ExitCode;

use pumice::file::{Array, ModelFile, Task, read_npz, write_npz};
use pumice::num::{Draws, Purpose};
use pumice::prelude::*;
use pumice::{Classification, classify};

const INPUTS: usize = 64;
const HIDDEN: usize = 96;
const CLASSES: usize = 10;
const STEPS: usize = 32;
/// The pixel value that fires in every step.
const FULL: usize = 16;
/// Voltage decay register, of 4096; the same as in the model file.
const DECAY: f64 = 128.0;
const SEED: u64 = 1;
const EPOCHS: usize = 60;
const BATCH: usize = 32;
/// Parts of a batch; their gradients are summed in order, whoever computed them.
const PARTS: usize = 4;
const LEARNING_RATE: f64 = 0.004;
/// Part of every weight that is lost per step, times the learning rate.
const WEIGHT_DECAY: f64 = 0.1;
/// Probability that a hidden neuron is silent for an image while training (dropout: Srivastava et al., JMLR 15, 2014).
const DROPOUT: f64 = 0.2;
/// Output spikes by which the right class should lead.
const LEAD: f64 = 10.0;

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

fn main() -> Outcome<ExitCode> {
    let check = std::env::args().any(|argument| argument == "--check");
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("examples/digits");
    let images = read_images(&folder.join("data/digits.csv"))?;
    let (test, training): (Vec<_>, Vec<_>) = images.into_iter().enumerate().partition(|(k, _)| k % 5 == 0);
    let [test, training] =
        [test, training].map(|part| part.into_iter().map(|(_, image)| image).collect::<Vec<Image>>());
    println!("{} training images, {} test images", training.len(), test.len());

    let network = train(&training);
    let quantised = quantise(&network, &training);
    let arrays = arrays(&network, &quantised, &test);
    let path = folder.join("digits.npz");
    if check {
        return compare(&path, &arrays);
    }
    write_npz(&path, &arrays.iter().map(|(name, array)| (*name, array)).collect::<Vec<_>>())?;
    println!("wrote {}", path.display());
    report(&folder.join("digits.toml"))?;
    Ok(ExitCode::SUCCESS)
}

/// An image and what it shows.
struct Image {
    pixels: [u8; INPUTS],
    label: usize,
}

fn read_images(path: &PathBuf) -> Outcome<Vec<Image>> {
    let text = std::fs::read_to_string(path)?;
    let row = |line: &str| -> Outcome<Image> {
        let numbers: Vec<u8> = line.split(',').map(str::parse).collect::<Result<_, _>>()?;
        let (label, pixels) = numbers.split_last().ok_or("an empty line")?;
        Ok(Image { pixels: pixels.try_into()?, label: usize::from(*label) })
    };
    text.lines().skip(1).map(row).collect()
}

/// Weights from each source to all targets, with a threshold of 1.
#[derive(Clone)]
struct Network {
    /// `INPUTS * HIDDEN`.
    w1: Vec<f64>,
    /// `HIDDEN * CLASSES`.
    w2: Vec<f64>,
}

impl Network {
    fn zero() -> Self {
        Network { w1: vec![0.0; INPUTS * HIDDEN], w2: vec![0.0; HIDDEN * CLASSES] }
    }

    /// Uniform weights whose sum over a typical number of spikes reaches the threshold within a few steps.
    fn random() -> Self {
        let layer = |place: u32, n: usize, reach: f64| -> Vec<f64> {
            let mut draws = Draws::new(SEED, Purpose::WEIGHT, place, 0);
            (0..n).map(|_| (draws.unit() * 2.0 - 1.0) * reach).collect()
        };
        Network { w1: layer(0, INPUTS * HIDDEN, 0.2), w2: layer(1, HIDDEN * CLASSES, 0.3) }
    }

    fn layers(&mut self) -> [&mut Vec<f64>; 2] {
        [&mut self.w1, &mut self.w2]
    }
}

/// Voltages before reset and spikes of one layer, `STEPS * n`.
struct Layer {
    n: usize,
    voltage: Vec<f64>,
    spikes: Vec<bool>,
}

impl Layer {
    fn new(n: usize) -> Self {
        Layer { n, voltage: vec![0.0; STEPS * n], spikes: vec![false; STEPS * n] }
    }

    /// Steps `n` neurons from what fired one step before: the current has no memory, the voltage decays by `DECAY`.
    fn step(&mut self, t: usize, weights: &[f64], sources: impl Iterator<Item = usize>, threshold: f64) {
        let n = self.n;
        let (before, now) = self.voltage.split_at_mut(t * n);
        let now = &mut now[..n];
        if t > 0 {
            let fired = &self.spikes[(t - 1) * n..t * n];
            for ((v, before), fired) in now.iter_mut().zip(&before[(t - 1) * n..]).zip(fired) {
                *v = if *fired { 0.0 } else { before * (1.0 - DECAY / 4096.0) };
            }
        } else {
            now.fill(0.0);
        }
        for source in sources {
            for (v, w) in now.iter_mut().zip(&weights[source * n..(source + 1) * n]) {
                *v += w;
            }
        }
        for (fired, v) in self.spikes[t * n..(t + 1) * n].iter_mut().zip(now) {
            *fired = *v > threshold;
        }
    }

    fn silence(&mut self, t: usize, silent: &Silent) {
        for k in (0..self.n).filter(|k| silent[*k]) {
            self.voltage[t * self.n + k] = 0.0;
            self.spikes[t * self.n + k] = false;
        }
    }

    fn fired(&self, t: usize) -> impl Iterator<Item = usize> {
        let spikes = &self.spikes[t * self.n..(t + 1) * self.n];
        spikes.iter().enumerate().filter(|(_, fired)| **fired).map(|(k, _)| k)
    }
}

/// Which pixels of an image fire in step `t`, evenly spaced: the rule of `RateCode`.
fn pixels_that_fire(image: &Image, t: usize) -> impl Iterator<Item = usize> {
    let whole = |p: u8, t: usize| t * usize::from(p) / FULL;
    (0..INPUTS).filter(move |k| whole(image.pixels[*k], t + 1) > whole(image.pixels[*k], t))
}

/// Which hidden neurons are silent.
type Silent = [bool; HIDDEN];

/// Runs one image; layer 1 is hidden, layer 2 is the output.
fn run(network: &Network, thresholds: [f64; 2], image: &Image, silent: &Silent) -> [Layer; 2] {
    let (mut hidden, mut output) = (Layer::new(HIDDEN), Layer::new(CLASSES));
    for t in 0..STEPS {
        // A connection delivers one step later.
        let inputs = (t > 0).then(|| pixels_that_fire(image, t - 1));
        hidden.step(t, &network.w1, inputs.into_iter().flatten(), thresholds[0]);
        hidden.silence(t, silent);
        let inputs = (t > 0).then(|| hidden.fired(t - 1));
        output.step(t, &network.w2, inputs.into_iter().flatten(), thresholds[1]);
    }
    [hidden, output]
}

/// By how much other classes come too near to the right one, and its slope by class.
fn loss(output: &Layer, label: usize) -> (f64, [f64; CLASSES]) {
    let mut counts = [0.0; CLASSES];
    (0..STEPS).flat_map(|t| output.fired(t)).for_each(|class| counts[class] += 1.0);
    let (mut sum, mut slope) = (0.0, [0.0; CLASSES]);
    for class in (0..CLASSES).filter(|class| *class != label) {
        let short = (LEAD - (counts[label] - counts[class])).max(0.0) / LEAD;
        sum += short * short;
        slope[class] += 2.0 * short / LEAD;
        slope[label] -= 2.0 * short / LEAD;
    }
    (sum, slope)
}

/// Takes the place of the slope of a spike by the voltage, which is 0 or infinite.
fn surrogate(voltage: f64) -> f64 {
    let x = 1.0 + 2.0 * (voltage - 1.0).abs();
    1.0 / (x * x)
}

/// An image, and the hidden neurons that are silent this time.
type Sample<'a> = (&'a Image, Silent);

/// Adds the gradient of one image.
fn backward(network: &Network, (image, silent): &Sample<'_>, gradient: &mut Network) -> f64 {
    let [hidden, output] = run(network, [1.0; 2], image, silent);
    let (sum, slope) = loss(&output, image.label);
    let keep = 1.0 - DECAY / 4096.0;
    let (mut of_output, mut of_hidden) = ([0.0; CLASSES], [0.0; HIDDEN]);
    let mut of_spikes = [0.0; HIDDEN];
    for t in (1..STEPS).rev() {
        // A spike of the hidden layer at `t` acted at `t + 1`: its slope is the one found in the last round.
        for (k, d) in of_hidden.iter_mut().enumerate().filter(|(k, _)| !silent[*k]) {
            let at = t * HIDDEN + k;
            let carried = if hidden.spikes[at] { 0.0 } else { *d * keep };
            *d = of_spikes[k] * surrogate(hidden.voltage[at]) + carried;
        }
        for pixel in pixels_that_fire(image, t - 1) {
            let row = &mut gradient.w1[pixel * HIDDEN..(pixel + 1) * HIDDEN];
            row.iter_mut().zip(&of_hidden).for_each(|(g, d)| *g += d);
        }
        for (class, d) in of_output.iter_mut().enumerate() {
            let at = t * CLASSES + class;
            let carried = if output.spikes[at] { 0.0 } else { *d * keep };
            *d = slope[class] * surrogate(output.voltage[at]) + carried;
        }
        for source in hidden.fired(t - 1) {
            let row = &mut gradient.w2[source * CLASSES..(source + 1) * CLASSES];
            row.iter_mut().zip(&of_output).for_each(|(g, d)| *g += d);
        }
        for (k, d) in of_spikes.iter_mut().enumerate() {
            let row = &network.w2[k * CLASSES..(k + 1) * CLASSES];
            *d = row.iter().zip(&of_output).map(|(w, d)| w * d).sum();
        }
    }
    sum
}

/// Adam with decay of the weights (Kingma, Ba, ICLR 2015; Loshchilov, Hutter, ICLR 2019) for one layer.
struct Adam {
    mean: Vec<f64>,
    square: Vec<f64>,
}

impl Adam {
    fn new(n: usize) -> Self {
        Adam { mean: vec![0.0; n], square: vec![0.0; n] }
    }

    fn step(&mut self, weights: &mut [f64], gradient: &[f64], rate: f64) {
        for (((w, g), m), s) in weights.iter_mut().zip(gradient).zip(&mut self.mean).zip(&mut self.square) {
            *m += 0.1 * (g - *m);
            *s += 0.001 * (g * g - *s);
            *w -= rate * (*m / (s.sqrt() + 1e-8) + WEIGHT_DECAY * *w);
        }
    }
}

fn train(images: &[Image]) -> Network {
    let mut network = Network::random();
    let mut adam = [Adam::new(network.w1.len()), Adam::new(network.w2.len())];
    let batches = images.len().div_ceil(BATCH);
    for epoch in 0..EPOCHS {
        let mut sum = 0.0;
        for (k, batch) in shuffled(images, epoch).chunks(BATCH).enumerate() {
            let (loss, mut gradient) = batch_gradient(&network, batch);
            sum += loss;
            let left = 1.0 - (epoch * batches + k) as f64 / (EPOCHS * batches) as f64;
            for ((weights, gradient), adam) in network.layers().into_iter().zip(gradient.layers()).zip(&mut adam) {
                gradient.iter_mut().for_each(|g| *g /= batch.len() as f64);
                adam.step(weights, gradient, LEARNING_RATE * left);
            }
        }
        if epoch % 5 == 4 {
            println!("epoch {:2}: loss {:.4}", epoch + 1, sum / images.len() as f64);
        }
    }
    network
}

/// The images in an order (Fisher, Yates) and with silent neurons that depend on the epoch alone.
fn shuffled(images: &[Image], epoch: usize) -> Vec<Sample<'_>> {
    let mut draws = Draws::new(SEED, Purpose::STIMULUS, 0, epoch as u32);
    let mut all: Vec<Sample<'_>> =
        images.iter().map(|image| (image, std::array::from_fn(|_| draws.unit() < DROPOUT))).collect();
    for k in (1..all.len()).rev() {
        all.swap(k, draws.below(k as u32 + 1) as usize);
    }
    all
}

fn batch_gradient(network: &Network, batch: &[Sample<'_>]) -> (f64, Network) {
    let part = |images: &[Sample<'_>]| {
        let mut gradient = Network::zero();
        let loss = images.iter().map(|image| backward(network, image, &mut gradient)).sum::<f64>();
        (loss, gradient)
    };
    let parts: Vec<(f64, Network)> = std::thread::scope(|scope| {
        let threads: Vec<_> = batch.chunks(BATCH / PARTS).map(|images| scope.spawn(move || part(images))).collect();
        threads.into_iter().map(|thread| thread.join().expect("a part has no way to fail")).collect()
    });
    let mut sum = (0.0, Network::zero());
    for (loss, mut gradient) in parts {
        sum.0 += loss;
        for (sum, part) in sum.1.layers().into_iter().zip(gradient.layers()) {
            sum.iter_mut().zip(part).for_each(|(sum, g)| *sum += *g);
        }
    }
    sum
}

/// Even integers of 8 bits with sign, and the thresholds that go with them.
struct Quantised {
    network: Network,
    thresholds: [f64; 2],
}

/// Scales and rounds one layer after the other; the scale is the one with the least loss on the training images.
fn quantise(network: &Network, images: &[Image]) -> Quantised {
    let mut best = Quantised { network: network.clone(), thresholds: [1.0; 2] };
    for layer in 0..2 {
        let weights = best.network.layers()[layer].clone();
        let largest = weights.iter().fold(0.0, |most: f64, w| most.max(w.abs()));
        let tried = (4..=10).map(|tenths| {
            let scale = (254.0 / (largest * f64::from(tenths) / 10.0)).round();
            let mut tried = Quantised { network: best.network.clone(), thresholds: best.thresholds };
            tried.thresholds[layer] = scale;
            *tried.network.layers()[layer] =
                weights.iter().map(|w| ((w * scale / 2.0).round() * 2.0).clamp(-256.0, 254.0)).collect();
            (total_loss(&tried, images), tried)
        });
        let least = tried.min_by(|a, b| a.0.total_cmp(&b.0)).expect("several scales were tried");
        println!("layer {}: threshold {}, loss {:.4}", layer + 1, least.1.thresholds[layer], least.0);
        best = least.1;
    }
    best
}

fn total_loss(tried: &Quantised, images: &[Image]) -> f64 {
    let one = |image: &Image| loss(&run(&tried.network, tried.thresholds, image, &[false; HIDDEN])[1], image.label).0;
    images.iter().map(one).sum::<f64>() / images.len() as f64
}

/// What the model file refers to: weights as `(targets, sources)`.
fn arrays(network: &Network, quantised: &Quantised, test: &[Image]) -> Vec<(&'static str, Array)> {
    let turned = |weights: &[f64], targets: usize| -> Vec<f64> {
        let sources = weights.len() / targets;
        (0..weights.len()).map(|k| weights[k % sources * targets + k / sources]).collect()
    };
    let shaped = |array: Array, shape: &[usize]| array.reshape(shape).expect("the shape has as many elements");
    let integers = |weights: &[f64], targets, sources| {
        shaped(Array::ints(turned(weights, targets).into_iter().map(|w| w as i64)), &[targets, sources])
    };
    let reals = |weights: &[f64], targets, sources, scale: f64| {
        shaped(Array::reals(turned(weights, targets).into_iter().map(|w| w * scale)), &[targets, sources])
    };
    let pixels = test.iter().flat_map(|image| image.pixels.map(i64::from));
    let [first, second] = quantised.thresholds;
    vec![
        ("w1", integers(&quantised.network.w1, HIDDEN, INPUTS)),
        ("w2", integers(&quantised.network.w2, CLASSES, HIDDEN)),
        ("vth1", shaped(Array::ints([first as i64]), &[])),
        ("vth2", shaped(Array::ints([second as i64]), &[])),
        ("w1_real", reals(&network.w1, HIDDEN, INPUTS, first)),
        ("w2_real", reals(&network.w2, CLASSES, HIDDEN, second)),
        ("test_images", shaped(Array::ints(pixels), &[test.len(), INPUTS])),
        ("test_labels", Array::ints(test.iter().map(|image| image.label as i64))),
    ]
}

/// Whether the committed arrays are the trained ones.
fn compare(path: &Path, arrays: &[(&str, Array)]) -> Outcome<ExitCode> {
    for (name, array) in arrays {
        if read_npz(path, name)? != *array {
            println!("`{name}` of {} is not what training gives", path.display());
            return Ok(ExitCode::FAILURE);
        }
    }
    println!("{} is what training gives", path.display());
    Ok(ExitCode::SUCCESS)
}

/// Runs the model file on the held-out images, in the chip's integers and in reals.
fn report(path: &Path) -> Outcome<()> {
    let text = std::fs::read_to_string(path)?;
    let fixed = classified(path, &text, Backend::Fixed)?;
    let float = classified(path, &text, Backend::Float)?;
    let real = text.replace("\"w1\"", "\"w1_real\"").replace("\"w2\"", "\"w2_real\"");
    let unrounded = classified(path, &real, Backend::Float)?;
    println!("held-out accuracy, fixed point:                {:.2} %", fixed.accuracy() * 100.0);
    println!("held-out accuracy, float, the same weights:    {:.2} %", float.accuracy() * 100.0);
    println!("held-out accuracy, float, weights not rounded: {:.2} %", unrounded.accuracy() * 100.0);
    println!("fixed and float agree on {:.2} %", fixed.agreement(&float) * 100.0);
    for (k, sample) in fixed.samples.iter().enumerate().filter(|(_, s)| s.answer != s.label) {
        println!("test image {k:3}: {} taken for {}, votes {:?}", sample.label, sample.answer, sample.votes);
    }
    Ok(())
}

fn classified(path: &Path, text: &str, backend: Backend) -> Outcome<Classification> {
    let file = ModelFile::from_text(path, &format!("{text}\n[backend]\ndefault = \"{}\"\n", backend.name()))?;
    let Some(Task::Classify(task)) = &file.task else {
        return Err("the model file has no task".into());
    };
    let mut simulation = Simulation::new(file.graph, &Profile::load(&file.profile)?, &file.config)?;
    Ok(classify(&mut simulation, &task.into(), |_| ())?)
}

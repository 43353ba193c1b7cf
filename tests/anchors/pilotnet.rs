//! PilotNet on Loihi 2 (lava-dl's benchmark): the operations of every core exactly, energy and time of a step within 15 %.

use std::path::{Path, PathBuf};

use pumice::chip::timing::{Gather, Grid, HopTimes, Network, Timing, TimingModel};
use pumice::chip::{CoreId, CoreLoad, Segment};
use pumice::compile::{Hardware, compile};
use pumice::engine::{Control, Engine, Observer};
use pumice::meter::{Bill, Counts, Event, LatencyTable, Usage};
use pumice::models::{Arithmetic, Model};
use pumice::nir::netx::{Netx, Reset, Weights};
use pumice::prelude::*;

fn golden(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden/loihi2-pilotnet").join(name)
}

fn network() -> Netx {
    Netx::open(&golden("network.net")).unwrap()
}

/// Columns of a layer on one core, as lava-dl's compiler cut them; 0 puts all on one core.
const COLUMNS: [usize; 10] = [16, 4, 4, 8, 8, 16, 0, 0, 0, 0];

/// Lays the layers on cores in order, in chunks of columns.
fn segments(netx: &Netx) -> (Vec<Segment>, Vec<std::ops::Range<usize>>) {
    let (mut all, mut cores) = (Vec::new(), Vec::new());
    let mut core = 0;
    for (bank, (layer, columns)) in netx.layers.iter().zip(COLUMNS).enumerate() {
        let n = layer.bias.len();
        let chunk = if columns == 0 { n } else { columns * n / layer.shape[0] };
        let first = core;
        for start in (0..n).step_by(chunk) {
            all.push(Segment { bank, start, len: chunk.min(n - start), core: CoreId(core as u32) });
            core += 1;
        }
        cores.push(first..core);
    }
    (all, cores)
}

/// Operations of the columns that fill up the last chunk of a layer: they are computed, but lead nowhere.
fn filling(netx: &Netx, layer: usize, columns: usize, spikes: &[u64]) -> u64 {
    let Weights::Conv(conv) = &netx.layers[layer].weights else { return 0 };
    let (width, height) = (netx.layers[layer].shape[0], netx.layers[layer].shape[1]);
    let [w, h, channels] = conv.input_shape;
    let ([sx, sy], [px, py]) = (conv.stride.xy(), conv.padding.xy());
    let mut sum = 0;
    for x in width..width.next_multiple_of(columns) {
        for y in 0..height {
            for (i, j) in (0..3).flat_map(|i| (0..3).map(move |j| (i, j))) {
                // The kernel of `Conv` is turned.
                let at = ((x * sx + 2 - i).checked_sub(px), (y * sy + 2 - j).checked_sub(py));
                let (Some(a), Some(b)) = at else { continue };
                if a >= w || b >= h {
                    continue;
                }
                for c in 0..channels {
                    let targets = conv.weight.iter().filter(|kernel| kernel[i][j][c] != 0.0).count() as u64;
                    sum += targets * spikes[(a * h + b) * channels + c];
                }
            }
        }
    }
    sum
}

/// The slowest core of each step.
struct Clock {
    gather: Gather,
    timing: Box<dyn Timing>,
    latency: LatencyTable,
    barrier_ps: u64,
    total_ps: Vec<u64>,
}

impl Observer for Clock {
    fn step(&mut self, _step: u64, loads: &[CoreLoad]) {
        self.gather.cores(loads, &self.latency).unwrap();
        self.total_ps.push(self.timing.step(&self.gather.work(self.barrier_ps)).total_ps);
    }
}

struct State {
    loads: Vec<Counts>,
    spikes: Vec<Vec<u64>>,
}

fn state(engine: &Engine) -> State {
    let banks = engine.image().chip.banks.len();
    State { loads: engine.loads(), spikes: (0..banks).map(|b| engine.spikes(b)).collect() }
}

/// The counts of 10,000 steps from 64 first steps and one period of 16.
fn extended(first: u64, second: u64) -> u64 {
    first + (second - first) * (10_000 - 64) / 16
}

/// The network on its cores, after 64 steps and after one period more, and the mean length `[s]` of the steps of that period.
fn run(netx: &Netx, segments: Vec<Segment>, profile: &Profile) -> (State, State, f64) {
    let mut graph = Graph::new();
    netx.add_to(&mut graph, Some(Reset { interval: 16, offset: 4 })).unwrap();
    let hardware = Hardware::unlimited(Arithmetic::lava());
    let mut image = compile(&graph, &hardware, &RunConfig::default()).unwrap();
    image.chip.mesh = Hardware::from(profile).mesh;
    image.chip.segments = segments;
    assert!(matches!(image.chip.banks[1].model, Model::LifReset(_)));
    let mut engine = Engine::new(image, 1).unwrap();
    let n = engine.image().chip.cores();
    let network = Network { link_buffer: 1, hops: HopTimes::default() };
    let mut clock = Clock {
        gather: Gather::default(),
        timing: TimingModel::Simple.build(Grid::new(&engine.image().chip.mesh, n), network),
        latency: profile.time.clone(),
        barrier_ps: profile.time.barrier_ps(n as u32, 1).unwrap(),
        total_ps: Vec::new(),
    };
    engine.run(Some(64), &Control::default(), None).unwrap();
    let first = state(&engine);
    engine.run(Some(16), &Control::default(), Some(&mut clock)).unwrap();
    let step_s = clock.total_ps.iter().sum::<u64>() as f64 / 16.0 * 1e-12;
    (first, state(&engine), step_s)
}

/// Compares spikes and operations in 10,000 steps; returns how many cores were compared.
fn compare(netx: &Netx, cores: &[std::ops::Range<usize>], first: &State, second: &State) -> usize {
    let text = std::fs::read_to_string(golden("expected_counts.json")).unwrap();
    let expected: serde_json::Value = serde_json::from_str(&text).unwrap();
    let mut compared = 0;
    for (k, own) in cores.iter().enumerate() {
        let layer = &expected["layers"][format!("layer{k}")];
        let sum = |spikes: &[u64]| spikes.iter().sum();
        assert_eq!(
            extended(sum(&first.spikes[k]), sum(&second.spikes[k])),
            layer["spikes_total"],
            "spikes of layer {k}"
        );
        let of_core = |core: usize| {
            let mut ends = [first.loads[core].synaptic_events(), second.loads[core].synaptic_events()];
            if core + 1 == own.end && k > 0 && COLUMNS[k] > 0 {
                ends[0] += filling(netx, k, COLUMNS[k], &first.spikes[k - 1]);
                ends[1] += filling(netx, k, COLUMNS[k], &second.spikes[k - 1]);
            }
            extended(ends[0], ends[1])
        };
        let operations: Vec<u64> = own.clone().map(of_core).collect();
        if let Some(wanted) = layer["synops_per_core"].as_array() {
            let wanted: Vec<u64> = wanted.iter().map(|n| n.as_u64().unwrap()).collect();
            assert_eq!(operations, wanted, "operations of layer {k} by core");
            compared += wanted.len();
        }
        if let Some(wanted) = layer["synops_nonzero_total"].as_u64() {
            assert_eq!(operations.iter().sum::<u64>(), wanted, "operations of layer {k}");
        }
    }
    compared
}

#[test]
fn operations_energy_and_time_are_those_of_the_chip() {
    let netx = network();
    let profile = Profile::load("loihi2").unwrap();
    let (segments, cores) = segments(&netx);
    let (first, second, step_s) = run(&netx, segments, &profile);
    assert_eq!(compare(&netx, &cores, &first, &second), 13 + 3 + 3 + 2);

    let mut counts = Counts::default();
    for (a, b) in first.loads.iter().zip(&second.loads) {
        b.iter().for_each(|(event, n)| counts.add(event, n - a[event]));
    }
    // 39,600 neurons of the silent input layer included.
    assert_eq!(counts[Event::NeuronAccess], 16 * 158_509);
    // The main synaptic price was derived from this measurement, so it holds counts and sum together; the prices of Loihi 1, which
    // know nothing of it, predict it.
    for tables in [None, Some("loihi1_carried")] {
        let prices = profile.prices(tables).unwrap();
        let bill = Bill::price(&counts, prices.energy, prices.static_power, &Usage::default()).unwrap();
        let energy_j = bill.dynamic_j / 16.0;
        assert!((energy_j / 68.35e-6 - 1.0).abs() < 0.15, "{tables:?}: {energy_j:e} J in a step, measured 68.35e-6 J");
    }
    assert!((step_s / 152.85e-6 - 1.0).abs() < 0.15, "{step_s:e} s for a step, measured 152.85e-6 s");
}

//! Where the named arithmetics differ: every row of `docs/ARITHMETIC.md`, each run in all five.

use pumice::compile::{CompileError, Hardware, compile};
use pumice::engine::{Control, Engine};
use pumice::models::connection::conv::Conv;
use pumice::models::connection::weight::SignMode;
use pumice::models::neuron::lif_refractory::LifRefractory;
use pumice::prelude::*;
use pumice::process::ProcessId;

/// The arithmetics in the order of the table's columns.
fn all() -> [Arithmetic; 5] {
    Arithmetic::NAMES.map(|name| Arithmetic::named(name).unwrap())
}

fn run(graph: &Graph, arithmetic: &Arithmetic, steps: u64) -> Result<Engine, CompileError> {
    let hardware = Hardware::unlimited(arithmetic.clone());
    let mut engines = [Backend::Fixed, Backend::Chip]
        .map(|backend| compile(graph, &hardware, &RunConfig::on(backend)).map(|image| Engine::new(image, 1).unwrap()));
    for engine in engines.iter_mut().flatten() {
        engine.run(Some(steps), &Control::default(), None).unwrap();
    }
    let [fixed, chip] = engines;
    if let (Ok(fixed), Ok(chip)) = (&fixed, &chip) {
        for (a, b) in fixed.recordings().iter().zip(chip.recordings()) {
            assert_eq!(a.rows(), b.rows(), "chip and fixed kernel in {}", arithmetic.name);
            assert_eq!(a.events(), b.events(), "chip and fixed kernel in {}", arithmetic.name);
        }
    }
    fixed
}

/// One neuron, an input in the first step; its `u` and `v` after it, and whether it fired.
fn one_step(cell: &Lif, input: f64) -> Vec<(i32, i32, bool)> {
    let step = |a: &Arithmetic| {
        let mut graph = Graph::new();
        let source = graph.add("source", Of::<Activation, RingBuffer>::source(&[1], vec![vec![input]])).unwrap();
        let cell = graph.add("cell", cell.clone()).unwrap();
        graph.connect(source.out, cell.a_in).unwrap();
        graph.probe(cell.u, Record::Dense { stride: 1 }).unwrap();
        graph.probe(cell.v, Record::Dense { stride: 1 }).unwrap();
        graph.probe_port(cell.s_out, Record::Events).unwrap();
        let engine = run(&graph, a, 1).unwrap();
        let [u, v, s] = engine.recordings() else { panic!("three probes") };
        (u.rows()[0][0] as i32, v.rows()[0][0] as i32, !s.events().is_empty())
    };
    all().iter().map(step).collect()
}

fn cell() -> Lif {
    Lif { vth: 131_071.into(), ..Lif::new(&[1]) }
}

#[test]
fn row_1_the_input_accumulator() {
    let us: Vec<i32> = one_step(&cell(), 40_000.0).iter().map(|x| x.0).collect();
    assert_eq!(us, [2_560_000, -1_634_304, 2_560_000, -1_634_304, 2_560_000]);
}

#[test]
fn row_2_the_current_at_its_end() {
    let us: Vec<i32> = one_step(&Lif { u: 8_377_854.into(), ..cell() }, 200.0).iter().map(|x| x.0).collect();
    assert_eq!(us, [8_388_608, -8_388_608, 8_388_608, -8_388_608, -8_388_608]);
}

#[test]
fn row_3_current_and_bias_together() {
    let cell = Lif { u: 8_300_000.into(), bias_mant: 4095.into(), bias_exp: 7.into(), ..cell() };
    let after: Vec<(i32, bool)> = one_step(&cell, 0.0).iter().map(|x| (x.1, x.2)).collect();
    assert_eq!(after, [(0, true), (-7_955_083, false), (0, true), (-7_955_083, false), (0, true)]);
}

#[test]
fn row_4_the_voltage_at_its_lower_end() {
    let cell = Lif { v: (-8_388_000).into(), ..cell() };
    let vs: Vec<i32> = one_step(&cell, -1000.0).iter().map(|x| x.1).collect();
    assert_eq!(vs, [-8_388_607, -8_388_607, -8_452_000, -8_388_607, -8_388_607]);
}

#[test]
fn row_5_refractory_periods() {
    let fired = |a: &Arithmetic| {
        let mut graph = Graph::new();
        let bias = LifRefractory { bias_mant: 4095.into(), vth: 1.into(), ..LifRefractory::new(&[1]) };
        let cell = graph.add("cell", LifRefractory { refractory_period: 1.into(), ..bias }).unwrap();
        graph.probe_port(cell.s_out, Record::Events).unwrap();
        let engine = run(&graph, a, 8).unwrap();
        engine.recordings()[0].events().iter().map(|e| e.0).take(4).collect::<Vec<u64>>()
    };
    let each: Vec<Vec<u64>> = all().iter().map(fired).collect();
    assert_eq!(each, [[1, 3, 5, 7], [1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4], [1, 2, 3, 4]]);
}

/// The sum that a connection sends for one spike of every source.
fn sent(dense: Dense) -> Vec<i32> {
    let sum = |a: &Arithmetic| {
        let mut graph = Graph::new();
        let n = dense.weights.0[0].len();
        let source = graph.add("source", RingBuffer::spikes(&[n], vec![vec![1.0; n]])).unwrap();
        let w = graph.add("w", dense.clone()).unwrap();
        let cell = graph.add("cell", Lif { du: 4095.into(), vth: 131_071.into(), ..Lif::new(&[1]) }).unwrap();
        graph.connect(source.out, w.s_in).unwrap();
        graph.connect(w.a_out, cell.a_in).unwrap();
        graph.probe(cell.u, Record::Dense { stride: 2 }).unwrap();
        run(&graph, a, 2).unwrap().recordings()[0].rows()[0][0] as i32 >> 6
    };
    all().iter().map(sum).collect()
}

#[test]
fn row_6_weights_that_the_format_lacks() {
    let mixed = Dense { sign_mode: Some(SignMode::Mixed), ..Dense::new(vec![vec![-3.0]]) };
    assert_eq!(sent(mixed), [-4, -4, -2, -2, -4]);
}

#[test]
fn row_7_the_exponent_of_a_sum_or_of_each_synapse() {
    let two = Dense { sign_mode: Some(SignMode::Mixed), weight_exp: -2, ..Dense::new(vec![vec![6.0, 6.0]]) };
    assert_eq!(sent(two), [3, 4, 2, 2, 3]);
}

#[test]
fn row_8_the_lowest_inhibitory_weight() {
    let low = Dense { sign_mode: Some(SignMode::Inhibitory), ..Dense::new(vec![vec![-256.0]]) };
    assert_eq!(sent(low), [-255, -255, -256, -256, -255]);
}

#[test]
fn row_9_the_exponent_of_a_convolution() {
    let sum = |a: &Arithmetic| {
        let mut graph = Graph::new();
        let source = graph.add("source", RingBuffer::spikes(&[1, 1, 1], vec![vec![1.0]])).unwrap();
        let conv: Conv = serde_json::from_value(serde_json::json!({
            "weight": [[[[4.0]]]], "input_shape": [1, 1, 1], "weight_exp": 1
        }))
        .unwrap();
        let conv = graph.add("conv", conv).unwrap();
        let cell = graph.add("cell", Lif { du: 4095.into(), vth: 131_071.into(), ..Lif::new(&[1, 1, 1]) }).unwrap();
        graph.connect(source.out, conv.s_in).unwrap();
        graph.connect(conv.a_out, cell.a_in).unwrap();
        graph.probe(cell.u, Record::Dense { stride: 2 }).unwrap();
        run(&graph, a, 2).unwrap().recordings()[0].rows()[0][0] as i32 >> 6
    };
    let sums: Vec<i32> = all().iter().map(sum).collect();
    assert_eq!(sums, [4, 8, 8, 8, 8]);
}

#[test]
fn row_10_no_decay_of_the_current() {
    let accepts = |a: &Arithmetic| {
        let mut graph = Graph::new();
        graph.add("cell", Lif { du: (-1).into(), ..Lif::new(&[1]) }).unwrap();
        compile(&graph, &Hardware::unlimited(a.clone()), &RunConfig::on(Backend::Chip)).is_ok()
    };
    assert_eq!(all().map(|a| accepts(&a)), [true, false, true, false, true]);
}

#[test]
fn row_11_the_longest_delay() {
    let longest = |a: &Arithmetic| {
        let fits = |delay: u32| {
            let mut graph = Graph::new();
            let sparse = Sparse { delays: Some(vec![f64::from(delay)].into()), ..Sparse::new([1, 1], [(0, 0, 8.0)]) };
            let source = graph.add("source", Poisson::new(&[1], 0.5)).unwrap();
            let w = graph.add("w", sparse).unwrap();
            let cell = graph.add("cell", Lif::new(&[1])).unwrap();
            graph.connect(source.out, w.s_in).unwrap();
            graph.connect(w.a_out, cell.a_in).unwrap();
            compile(&graph, &Hardware::unlimited(a.clone()), &RunConfig::on(Backend::Chip)).is_ok()
        };
        (0..80).rev().find(|d| fits(*d))
    };
    assert_eq!(all().map(|a| longest(&a)), [63, 63, 62, 62, 63].map(Some));
}

/// The policy `error` ends the run and names core, neuron, step and variable.
#[test]
fn an_overflow_can_be_an_error_with_its_place() {
    let mut strict = Arithmetic::loihi1();
    strict.current.overflow = pumice::models::arithmetic::OverflowPolicy::Error;
    let mut graph = Graph::new();
    let cells = Lif { u: vec![0, 8_388_000, 0].into(), vth: 131_071.into(), ..Lif::new(&[3]) };
    let source = Of::<Activation, RingBuffer>::source(&[3], vec![vec![0.0; 3], vec![0.0, 100.0, 0.0]]);
    let source = graph.add("source", source).unwrap();
    let cells = graph.add("cells", cells).unwrap();
    graph.connect(source.out, cells.a_in).unwrap();
    let image = compile(&graph, &Hardware::unlimited(strict), &RunConfig::default()).unwrap();
    let fault = Engine::new(image, 1).unwrap().run(Some(5), &Control::default(), None).unwrap_err();
    assert_eq!(fault.to_string(), "`u` of neuron 1 of `cells` (core 0) left its register in step 2");
}

/// Lava's own answer to out-of-range parameters is silence; ours names the parameter and its range.
#[test]
fn out_of_range_parameters_are_refused_in_every_arithmetic() {
    let broken: [(&str, Lif); 5] = [
        ("du", Lif { du: 9999.into(), ..Lif::new(&[1]) }),
        ("dv", Lif { dv: (-50).into(), ..Lif::new(&[1]) }),
        ("vth", Lif { vth: 1_000_000.into(), ..Lif::new(&[1]) }),
        ("bias_mant", Lif { bias_mant: 40_000.into(), ..Lif::new(&[1]) }),
        ("bias_exp", Lif { bias_exp: 20.into(), ..Lif::new(&[1]) }),
    ];
    for (field, lif) in broken {
        for a in all() {
            let mut graph = Graph::new();
            let _: ProcessId = graph.add("cell", lif.clone()).unwrap().id;
            let fault = compile(&graph, &Hardware::unlimited(a), &RunConfig::default()).unwrap_err().to_string();
            assert!(fault.starts_with(&format!("`cell`: `{field}` is ")), "{fault}");
            assert!(fault.contains("allowed is an integer in"), "{fault}");
        }
    }
}

//! Every model of the library has its property: a line in the table says how near its two forms stay.
//!
//! *Equal*: both forms give the same numbers for whole inputs. *Step*: from a common state, one step differs in each
//! variable by at most some LSB and a part of the value, and outputs agree in at least 9 of 10 steps; the exact budgets
//! are beside the kernels, in `crates/models`. *Outputs*: what is sent is equal while
//! nothing is learned; traces are rounded by draws. *Float only*: the fixed form
//! is refused by name.

use pumice::models::{Arithmetic, Behaviour, Io, Kernel, Kind, Model, ModelError, Number, Overflow, Setting, length};
use pumice::num::{Draws, Purpose};

#[derive(Clone, Copy, Debug)]
pub(super) enum Claim {
    Equal,
    Outputs,
    Step { lsb: f64, part: f64 },
    FloatOnly,
}

use Claim::{Equal, FloatOnly, Outputs, Step};

const STDP: &str = "learning_rule = { dw = \"y0*x1\", x1_impulse = 16, x1_tau = 10 }";

/// Name, parameters, largest input, claim.
pub(super) const TABLE: &[(&str, &str, i32, Claim)] = &[
    ("LIF", "shape = [3]\nvth = 40\ndu = 400\ndv = 130", 90, Step { lsb: 3.0, part: 0.0 }),
    ("LIFReset", "shape = [3]\nvth = 40\ndu = 400\ndv = 130\nreset_interval = 7", 90, Step { lsb: 3.0, part: 0.0 }),
    (
        "LIFRefractory",
        "shape = [3]\nvth = 40\ndu = 400\ndv = 130\nrefractory_period = 3",
        90,
        Step { lsb: 3.0, part: 0.0 },
    ),
    ("TernaryLIF", "shape = [3]\nvth_hi = 40\nvth_lo = -40\ndu = 400\ndv = 130", 90, Step { lsb: 3.0, part: 0.0 }),
    ("PrototypeLIF", "shape = [3]\nvth = 40\ndu = 400\ndv = 130", 90, Step { lsb: 3.0, part: 0.0 }),
    ("CubaLIF", "shape = [3]\nvth = 2000\ndu = 400\ndv = 130", 90, Step { lsb: 3.0, part: 0.0 }),
    (
        "LearningLIF",
        "shape = [3]\nvth = 40\ndu = 400\ndv = 130\nlearning_rule = { dw = \"y0*x1\", x1_impulse = 16, x1_tau = 10 }",
        90,
        Step { lsb: 3.0, part: 0.0 },
    ),
    ("ATRLIF", "shape = [3]", 90, Step { lsb: 4.0, part: 0.002 }),
    (
        "RF",
        "shape = [3]\nperiod = 9.0\nalpha = 0.05\nstate_exp = 6\ndecay_bits = 15",
        90,
        Step { lsb: 3.0, part: 0.002 },
    ),
    (
        "RF_IZ",
        "shape = [3]\nperiod = 9.0\nalpha = 0.05\nstate_exp = 6\ndecay_bits = 15",
        90,
        Step { lsb: 3.0, part: 0.002 },
    ),
    ("RFZero", "shape = [3]\nfreqs = 0.1\ndecay_tau = 20.0\ndt = 1.0", 90, Step { lsb: 3.0, part: 0.002 }),
    ("Sigma", "shape = [3]", 90, Equal),
    ("Delta", "shape = [3]\nvth = 20", 90, Equal),
    ("SigmaDelta", "shape = [3]\nvth = 20", 90, Equal),
    ("GradedVec", "shape = [3]\nvth = 20", 90, Equal),
    ("GradedReluVec", "shape = [3]\nvth = 20", 90, Equal),
    ("NormVecDelay", "shape = [3]\nvth = 20", 90, Equal),
    ("ProdNeuron", "shape = [3]\nvth = 20", 90, Equal),
    ("InvSqrt", "shape = [3]", 9000, Step { lsb: 22.0, part: 0.1 }),
    ("S4d", "shape = [3]\na = 0.5\nb = 1.0\nc = 1.0", 90, FloatOnly),
    ("SigmaS4dDelta", "shape = [3]\nvth = 1.0\na = 0.5\nb = 1.0\nc = 1.0", 90, FloatOnly),
    ("Izhikevich", "shape = [3]", 20, Step { lsb: 60.0, part: 0.0001 }),
    ("AdEx", "shape = [3]", 900, Step { lsb: 60.0, part: 0.001 }),
    // Both forms are the same circuit; its variables are read in whole fA on a chip.
    ("DPI", "shape = [3]", 90, Outputs),
    ("NoveltyDetector", "t_wait = 5", 1, Equal),
    ("Readout", "n_protos = 2", 1, Equal),
    ("Allocator", "n_protos = 2", 1, Equal),
    ("Dense", "weights = [[2.0, -4.0], [250.0, 8.0]]", 1, Equal),
    ("DelayDense", "weights = [[2.0, -4.0], [250.0, 8.0]]\ndelays = [[0, 3], [1, 2]]", 1, Equal),
    ("Sparse", "shape = [2, 2]\nsources = [0, 1]\ntargets = [1, 0]\nweights = [6.0, -8.0]", 1, Equal),
    (
        "DelaySparse",
        "shape = [2, 2]\nsources = [0, 1]\ntargets = [1, 0]\nweights = [6.0, -8.0]\ndelays = [1, 2]",
        1,
        Equal,
    ),
    ("OneToOne", "shape = [3]\nweights = 6.0", 1, Equal),
    ("Random", "shape = [3, 3]\ntopology = { kind = \"all_to_all\" }\nweights = 6.0", 1, Equal),
    ("Conv", "weight = [[[[2.0]], [[-4.0]]]]\ninput_shape = [4, 4, 1]", 1, Equal),
    ("ConvInTime", "weights = [[[2.0, 4.0]], [[-6.0, 8.0]]]", 1, Equal),
    ("Pool", "input_shape = [4, 4, 1]\nkernel_size = 2\nmode = \"sum\"", 1, Equal),
    ("LearningDense", "weights = [[2.0, 4.0]]", 1, Outputs),
    ("LearningSparse", "shape = [1, 2]\nsources = [0, 1]\ntargets = [0, 0]\nweights = [2.0, 4.0]", 1, Outputs),
    (
        "LoihiSynapses",
        "shape = [1, 2]\ni = [0, 1]\nj = [0, 0]\nw = [2.0, 4.0]\ndw = \"y0*x1\"\nimp_x1 = 16\ntau_x1 = 10",
        1,
        Outputs,
    ),
    ("PES", "weights = [[2.0, 4.0], [6.0, 8.0]]\nlearning = { tracing_tau = 10, tracing_mag = 16 }", 1, Outputs),
    ("RingBuffer", "shape = [2]\ndata = [[1.0, 0.0], [0.0, 1.0]]", 1, Equal),
    ("Poisson", "shape = [2]\nprobability = 0.3", 1, Equal),
    ("Neuromodulator", "shape = [2]\ntransmitter = \"dopamine\"\nbaseline = [3.0]\ngain = 2.0", 1, Equal),
    ("PoissonInput", "shape = [2]\nmean = 0.7\nweight = 6.0", 1, Equal),
    ("RateCode", "shape = [2]\nfull = 7\nvalue = 3", 1, Equal),
    ("Spiker", "shape = [2]\nperiod = 3", 1, Equal),
    ("Spiker32bit", "shape = [2]\nperiod = 3", 1, Equal),
    ("SpikeDataloader", "shape = [2]\ndataset = [{ data = [[1.0, 0.0], [0.0, 1.0]], ground_truth = [1.0] }]", 1, Equal),
    ("DeltaEncoder", "shape = [2]\nvth = 20", 90, Equal),
    ("Sink", "shape = [2]\nbuffer = 3", 1, Equal),
    ("Receiver", "shape = [2]", 90, Equal),
    ("Receiver32Bit", "shape = [2]", 90, Equal),
    ("IdBroadcast", "shape = [2]", 90, Equal),
];

/// The parameters of a process as a model file has them.
pub(super) fn written(name: &str, parameters: &str) -> String {
    let plastic = ["LearningDense", "LearningSparse"].contains(&name);
    if plastic { format!("{parameters}\n{STDP}") } else { parameters.to_owned() }
}

pub(super) fn model(name: &str, parameters: &str) -> Model {
    let table: toml::Table = written(name, parameters).parse().unwrap_or_else(|e| panic!("{name}: {e}"));
    Model::read(name, toml::Value::Table(table)).unwrap().unwrap_or_else(|e| panic!("{name}: {e}"))
}

fn step<N: Number>(kernel: &mut dyn Kernel<N>, model: &Model, t: u64, inputs: &[Vec<i32>], out: &mut Vec<Vec<N>>) {
    if model.buffered() {
        kernel.emit(t, out);
    } else {
        out.iter_mut().for_each(|port| port.fill(N::default()));
    }
    let sent = out.clone();
    let inputs: Vec<Vec<N>> = inputs.iter().map(|all| all.iter().map(|x| N::from_int(*x)).collect()).collect();
    kernel.step(&mut Io { step: t, inputs: &inputs, outputs: out, overflow: &mut Overflow::default() });
    kernel.learn(t, &mut Overflow::default());
    if model.buffered() {
        *out = sent;
    }
}

/// Random whole inputs; what a learning connection hears of its targets stays silent, so that its weights stay.
pub(super) fn inputs(model: &Model, most: i32, draws: &mut Draws) -> Vec<Vec<i32>> {
    let port = |port: pumice::models::PortSpec| {
        let one = |draws: &mut Draws| match port.kind {
            _ if ["s_in_bap", "error_in"].contains(&port.name) => 0,
            Kind::Spike => i32::from(draws.below(3) == 0),
            _ if most == 1 => i32::from(draws.below(3) == 0),
            _ => (draws.below(2 * most as u32 + 1) as i32 - most / 4).max(if model.name() == "InvSqrt" {
                1
            } else {
                -most
            }),
        };
        (0..length(&port.shape)).map(|_| one(draws)).collect()
    };
    model.in_ports().into_iter().map(port).collect()
}

/// Outputs that agreed, outputs, and numbers that were not zero.
fn hold(model: &Model, most: i32, claim: Claim, seed: u64) -> (u64, u64, u64) {
    let name = model.name();
    // Lava's arithmetic knows all models; noise and draws of both forms come from the same place.
    let arithmetic = Arithmetic::loihi2();
    let setting = Setting { arithmetic: &arithmetic, seed, place: 3 };
    let (mut fixed, mut float) = (model.fixed(&setting).unwrap(), model.float(&setting).unwrap());
    let mut draws = Draws::new(seed, Purpose::STIMULUS, 0, 0);
    let mut outs: Vec<Vec<i32>> = model.out_ports().iter().map(|p| vec![0; length(&p.shape)]).collect();
    let mut real: Vec<Vec<f64>> = outs.iter().map(|p| vec![0.0; p.len()]).collect();
    // Parameters may be held in other units than they are in the float twin; state starts alike.
    let start = |var: &usize| fixed.get(*var).iter().zip(float.get(*var)).all(|(x, y)| f64::from(*x) == y);
    let vars: Vec<usize> = (0..model.vars().len()).filter(|_| !matches!(claim, Outputs)).filter(start).collect();
    let spikes: Vec<bool> = model.out_ports().iter().map(|port| port.kind == Kind::Spike).collect();
    let (mut same, mut all, mut alive) = (0, 0, 0);
    for t in 1..=60 {
        let given = inputs(model, most, &mut draws);
        if let Step { .. } = claim {
            for var in &vars {
                let state: Vec<f64> = fixed.get(*var).iter().map(|x| f64::from(*x)).collect();
                float.set(*var, &state).unwrap();
            }
        }
        step(&mut *fixed, model, t, &given, &mut outs);
        step(&mut *float, model, t, &given, &mut real);
        let agrees = outs.iter().zip(&real).zip(&spikes).all(|((a, b), spikes)| {
            let claim = if *spikes { Equal } else { claim };
            a.iter().zip(b).all(|(x, y)| near(f64::from(*x), *y, claim))
        });
        assert!(agrees || matches!(claim, Step { .. }), "{name}, step {t}: {outs:?} fixed, {real:?} float");
        (same, all) = (same + u64::from(agrees), all + 1);
        alive += outs.iter().flatten().filter(|x| **x != 0).count() as u64;
        for var in vars.iter().filter(|_| agrees) {
            let spec = &model.vars()[*var];
            for (x, y) in fixed.get(*var).into_iter().zip(float.get(*var)) {
                alive += u64::from(x != 0);
                assert!(near(f64::from(x), y, claim), "{name}.{}, step {t}: {x} fixed, {y} float", spec.name);
            }
        }
    }
    (same, all, alive)
}

fn near(x: f64, y: f64, claim: Claim) -> bool {
    match claim {
        Step { lsb, part } => (x - y).abs() <= lsb + part * y.abs(),
        _ => x == y,
    }
}

#[test]
fn every_model_of_the_library_has_its_property() {
    let mut faults = Vec::new();
    for name in Model::NAMES {
        if std::panic::catch_unwind(|| one(name)).is_err() {
            faults.push(*name);
        }
    }
    assert!(faults.is_empty(), "{faults:?}");
    assert_eq!(TABLE.len(), Model::NAMES.len());
}

fn one(name: &str) {
    let arithmetic = Arithmetic::loihi2();
    let setting = Setting { arithmetic: &arithmetic, seed: 1, place: 0 };
    {
        let Some((_, parameters, most, claim)) = TABLE.iter().find(|line| line.0 == name) else {
            panic!("`{name}` has no property; give it a line in the table")
        };
        let model = model(name, parameters);
        match claim {
            FloatOnly => {
                assert!(matches!(model.fixed(&setting), Err(ModelError::NoForm { .. })), "{name}");
                model.float(&setting).unwrap();
            }
            _ => {
                let (mut same, mut all, mut alive) = (0, 0, 0);
                for seed in 0..8 {
                    let seen = hold(&model, *most, *claim, seed);
                    (same, all, alive) = (same + seen.0, all + seen.1, alive + seen.2);
                }
                assert!(same * 10 >= all * 9, "{name}: {same} of {all} outputs agree");
                assert!(alive > 0, "{name} was not alive");
            }
        }
    }
}

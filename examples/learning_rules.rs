//! Shows what each rule of the library does to a weight when source and target fire some steps apart.
//!
//! ```text
//! cargo run --release --example learning_rules            # writes learning_rules.svg
//! cargo run --release --example learning_rules -- FILE
//! ```
//!
//! Each point is the mean over synapses on an emulated Loihi 1 that see one pair of spikes: the source fires, the target
//! `x` steps later (earlier, if negative). Weights are rounded stochastically, so the mean shows fractions. Rules with a
//! third factor are told something once, as the panel says. The curves run in the chip's learning engine.

use pumice::models::learning::library::{self, LibraryRule, RewardModulatedStdp, Triplet};
use pumice::models::learning::{LearningLif, LearningRule, LearningSparse};
use pumice::prelude::*;
use pumice::report::figure::{Figure, Layer, Sheet};

type Outcome<T> = Result<T, Box<dyn std::error::Error>>;

const REACH: i64 = 40;
/// Synapses per point.
const COPIES: usize = 40;
/// The step in which the sources fire.
const START: i64 = 60;
const STEPS: i64 = 160;

/// A rule, and how it is shown.
struct Shown {
    title: &'static str,
    source: &'static str,
    rule: LearningRule,
    /// First weight.
    weight: f64,
    /// The step and the value of the third factor; without a step it comes when the target fires.
    told: Option<(Option<i64>, f64)>,
}

fn shown(title: &'static str, source: &'static str, rule: LibraryRule, weight: f64) -> Shown {
    Shown { title, source, rule: rule.rule, weight, told: None }
}

const TRIPLET: Triplet = Triplet {
    a2_plus: 0.125,
    a2_minus: 0.25,
    a3_plus: 0.0625,
    a3_minus: 0.0,
    tau_plus: 10.0,
    tau_x: 30.0,
    tau_minus: 12.0,
    tau_y: 30.0,
};

const REWARD: RewardModulatedStdp = RewardModulatedStdp {
    learning_rate: 1.0,
    a_plus: 2.0,
    a_minus: -2.0,
    pre_trace_decay_tau: 10.0,
    post_trace_decay_tau: 10.0,
    pre_trace_kernel_magnitude: 16.0,
    post_trace_kernel_magnitude: 16.0,
    eligibility_trace_decay_tau: 0.0625,
};

fn rules() -> Outcome<Vec<Shown>> {
    let with = |shown: Shown, at: Option<i64>, value: f64| Shown { told: Some((at, value)), ..shown };
    Ok(vec![
        shown("Hebb, additive", "Hebb 1949", library::hebb_additive(4.0)?, 100.0),
        shown("Hebb, coincidence", "Gerstner and Kistler 2002, ch. 10", library::hebb(0.25, 10.0)?, 100.0),
        shown("Pair STDP", "Bi and Poo 1998; Lava's STDPLoihi", library::stdp_loihi(1.0, 1.0, -1.0, 10.0, 10.0), 100.0),
        shown("Triplet STDP (one pair)", "Pfister and Gerstner 2006", library::triplet_stdp(TRIPLET)?, 100.0),
        shown("LTP, bounded", "van Rossum, Bi and Turrigiano 2000", library::ltp_bounded(0.125, 200)?, 100.0),
        shown("LTP, multiplicative", "w *= 1.05", library::ltp_multiplicative(1.05)?, 100.0),
        with(
            shown(
                "Reward-modulated STDP, reward 60 at step 50",
                "Frémaux and Gerstner 2016",
                library::reward_modulated_stdp(REWARD),
                100.0,
            ),
            Some(START + 50),
            60.0,
        ),
        with(
            shown(
                "PES, error 60 at the target's spike",
                "MacNeil and Eliasmith 2011",
                library::pes(0.0625, 10.0, 0)?,
                100.0,
            ),
            None,
            60.0,
        ),
        with(
            shown(
                "Delta rule, error 60 at the target's spike",
                "Widrow and Hoff 1960",
                library::delta_rule(0.25)?,
                100.0,
            ),
            None,
            60.0,
        ),
        shown(
            "Homeostatic scaling",
            "Turrigiano 2008",
            library::homeostatic_scaling(0.0078125, 8, (100.0, 20.0), 4)?,
            100.0,
        ),
        shown("Weight decay", "Hanson and Pratt 1988", library::weight_decay(0.0078125, 4)?, 100.0),
        shown("Local normalisation", "Grossberg 1976; Oja 1982", library::normalisation(0.125, 100.0, 10.0)?, 40.0),
    ])
}

/// Mean change of the weight for each delay of the target's spike.
fn curve(shown: &Shown) -> Outcome<Vec<(f64, f64)>> {
    let n = (2 * REACH + 1) as usize * COPIES;
    let delay = |k: usize| (k / COPIES) as i64 - REACH;
    let at = |wanted: &dyn Fn(usize) -> i64, value: f64| -> Vec<Vec<f64>> {
        (1..=STEPS).map(|t| (0..n).map(|k| if wanted(k) == t { value } else { 0.0 }).collect()).collect()
    };
    let mut graph = Graph::new();
    let source = graph.add("source", Of::<Spike, RingBuffer>::source(&[n], at(&|_| START, 1.0)))?;
    // The drive fires the target in the step in which it comes.
    let drive = at(&|k| START + delay(k), 1000.0);
    let drive = graph.add("drive", Of::<Activation, RingBuffer>::source(&[n], drive))?;
    let one_each = (0..n as u32).map(|k| (k, k, shown.weight));
    let synapses = graph.add(
        "synapses",
        LearningSparse { weight_exp: -8, ..LearningSparse::new([n, n], one_each, shown.rule.clone()) },
    )?;
    let targets = LearningLif { du: 4095.into(), vth: 500.into(), ..LearningLif::new(&[n], shown.rule.clone()) };
    let targets = graph.add("targets", targets)?;
    graph.connect(source.out, synapses.s_in)?;
    graph.connect(synapses.a_out, targets.a_in)?;
    graph.connect(drive.out, targets.a_in)?;
    graph.connect(targets.s_out_bap, synapses.s_in_bap)?;
    if let (Some(third), Some(into)) = (targets.a_third_factor_in, synapses.s_in_y) {
        let (step, value) = shown.told.unwrap_or((None, 0.0));
        let told = at(&|k| step.unwrap_or(START + delay(k)), value);
        let told = graph.add("told", Of::<Activation, RingBuffer>::source(&[n], told))?;
        graph.connect(told.out, third)?;
        for (out, into) in [targets.s_out_y1, targets.s_out_y2, targets.s_out_y3].into_iter().zip(into) {
            graph.connect(out.ok_or("a three-factor rule has this port")?, into)?;
        }
    }
    let config = RunConfig::default().seed(1);
    let mut chip = Simulation::new(graph, &Profile::load("loihi1")?, &config)?;
    let before = chip.get(synapses.weights)?;
    chip.run(RunSteps(STEPS as u64))?;
    let after = chip.get(synapses.weights)?;
    let changes: Vec<f64> = after.iter().zip(before).map(|(a, b)| f64::from(a - b)).collect();
    let mean = |part: &[f64]| part.iter().sum::<f64>() / part.len() as f64;
    Ok(changes.chunks(COPIES).enumerate().map(|(k, part)| ((k as i64 - REACH) as f64, mean(part))).collect())
}

fn main() -> Outcome<()> {
    let path = std::env::args().nth(1).unwrap_or_else(|| "learning_rules.svg".into());
    let mut figures = Vec::new();
    let no_change = [-REACH, REACH].map(|delay| (delay as f64, 0.0));
    for shown in rules()? {
        let texts = [("dw", &shown.rule.dw), ("dt", &shown.rule.dt)];
        let mut notes: Vec<String> =
            texts.iter().filter_map(|(name, text)| text.as_ref().map(|text| format!("{name} = {text}"))).collect();
        notes.push(shown.source.into());
        let points = curve(&shown)?;
        let most = points.iter().map(|p| p.1.abs()).fold(0.0, f64::max);
        println!("{:45} largest mean change {most:6.2}", shown.title);
        figures.push(Figure {
            title: shown.title.into(),
            notes,
            x: "target fires after source [steps]".into(),
            y: "change of weight [LSB]".into(),
            layers: [points, no_change.to_vec()].map(|points| Layer::Line { name: String::new(), points }).to_vec(),
            ..Figure::default()
        });
    }
    std::fs::write(&path, Sheet { figures, columns: 3, part: (480, 320) }.svg())?;
    println!("wrote {path}");
    Ok(())
}

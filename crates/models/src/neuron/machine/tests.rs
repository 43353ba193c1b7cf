use crate::neuron::allocator::Allocator;
use crate::neuron::golden::{pair, step};
use crate::neuron::novelty_detector::NoveltyDetector;
use crate::neuron::prototype_lif::PrototypeLif;
use crate::neuron::readout::Readout;
use crate::{Arithmetic, Behaviour, Overflow, OverflowKind, Setting};

/// The outputs of both forms, which must agree, for one input per port and step.
fn run(model: &dyn Behaviour, steps: &[Vec<Vec<i32>>]) -> Vec<Vec<Vec<i32>>> {
    let (mut fixed, mut float) = pair(model, &Arithmetic::lava());
    let mut o = Overflow::default();
    let outputs = steps.iter().enumerate().map(|(t, inputs)| {
        let reals: Vec<Vec<f64>> = inputs.iter().map(|p| p.iter().map(|x| f64::from(*x)).collect()).collect();
        let out = step(&mut *fixed, model, t as u64 + 1, inputs, &mut o);
        let float_out = step(&mut *float, model, t as u64 + 1, &reals, &mut o);
        for (port, float_port) in out.iter().zip(&float_out) {
            assert_eq!(port.iter().map(|x| f64::from(*x)).collect::<Vec<_>>(), *float_port);
        }
        let state = fixed.save();
        fixed.load(&state).unwrap();
        assert_eq!((fixed.save(), state.len()), (state.clone(), model.vars().len()));
        out
    });
    outputs.collect()
}

/// Lava's own test: an input in the fourth step of 20 and a wait of 10 detect novelty in the 15th, unless an output
/// came in the 8th; one in the 16th comes too late.
#[test]
fn novelty_is_found_when_lava_finds_it() {
    let found = |output: usize| -> Vec<usize> {
        let steps: Vec<Vec<Vec<i32>>> =
            (0..20).map(|t| vec![vec![i32::from(t == 3)], vec![i32::from(t == output)]]).collect();
        let out = run(&NoveltyDetector { t_wait: 10 }, &steps);
        (0..20).filter(|t| out[*t][0][0] != 0).collect()
    };
    assert_eq!(found(99), [14]);
    assert_eq!(found(7), [0; 0]);
    assert_eq!(found(15), [14]);
}

#[test]
fn the_allocator_counts_its_triggers_from_one() {
    let steps: Vec<Vec<Vec<i32>>> = [0, 1, 0, 5, 1].iter().map(|x| vec![vec![*x]]).collect();
    let out: Vec<i32> = run(&Allocator { n_protos: 2, next_alloc_id: 1 }, &steps).iter().map(|o| o[0][0]).collect();
    assert_eq!(out, [0, 1, 0, 2, 3]);
}

/// `(user_output, trigger_alloc, feedback)` for winners and labels of the user: a pseudo-label, its naming, a right
/// and a wrong prediction.
#[test]
fn the_readout_names_judges_and_asks_for_more() {
    let spikes = |winner: Option<usize>| (0..3).map(|i| i32::from(winner == Some(i))).collect::<Vec<_>>();
    let story = [(Some(1), 0), (None, 7), (Some(1), 0), (None, 7), (None, 9), (Some(2), 4), (None, 0)];
    let steps: Vec<Vec<Vec<i32>>> = story.iter().map(|(w, label)| vec![spikes(*w), vec![*label]]).collect();
    let out: Vec<[i32; 3]> =
        run(&Readout { n_protos: 3, proto_labels: None }, &steps).iter().map(|o| [o[0][0], o[1][0], o[2][0]]).collect();
    assert_eq!(out, [[-2, 0, 0], [7, 0, 0], [7, 0, 0], [0, 0, 1], [0, 1, -1], [4, 0, 0], [0, 0, 0]]);
}

/// Lava's own test, and what follows from its rules: a third factor silences all but the chosen prototype, whose
/// `y1` is then sent until the next one.
#[test]
fn a_third_factor_chooses_one_prototype_and_a_reset_clears() {
    let model = PrototypeLif { du: 4095.into(), dv: 0.into(), vth: 100.into(), ..PrototypeLif::new(&[2]) };
    let steps = vec![
        vec![vec![101, 50], vec![0, 0], vec![0, 0]],
        vec![vec![101, 0], vec![2, 2], vec![0, 0]],
        vec![vec![0, 0], vec![0, 0], vec![0, 0]],
        vec![vec![90, 60], vec![0, 0], vec![0, 1]],
        vec![vec![11, 60], vec![1, 1], vec![0, 0]],
    ];
    let out = run(&model, &steps);
    let sent = |port: usize| out.iter().map(|o| [o[port][0], o[port][1]]).collect::<Vec<_>>();
    assert_eq!(sent(0), [[1, 0], [0, 1], [1, 0], [0, 0], [1, 0]], "a silenced neuron keeps its voltage");
    assert_eq!(sent(1), [[0, 0], [0, 1], [0, 0], [0, 0], [1, 0]]);
    assert_eq!(sent(2), [[0, 0], [0, 127], [0, 127], [0, 127], [127, 0]]);
    let (mut fixed, _) = pair(&model, &Arithmetic::lava());
    let mut o = Overflow::default();
    step(&mut *fixed, &model, 1, &[vec![0, 140_000], vec![0, 0], vec![0, 0]], &mut o);
    let seen: Vec<_> = o.records().into_iter().map(|r| (r.variable, r.kind, r.first_index)).collect();
    assert_eq!(seen, [("u".into(), OverflowKind::Wrap, 1)]);
}

#[test]
fn what_does_not_fit_is_refused_by_name_and_range() {
    let a = Arithmetic::lava();
    let setting = Setting { arithmetic: &a, seed: 0, place: 0 };
    let error = NoveltyDetector { t_wait: -1 }.fixed(&setting).unwrap_err().to_string();
    assert_eq!(error, "`t_wait` is -1; allowed is an integer in 0..=2147483647");
    let error = Readout { n_protos: 2, proto_labels: Some(vec![1, 2, 3].into()) }.fixed(&setting).unwrap_err();
    assert_eq!(error.to_string(), "`proto_labels` has shape [3]; expected is [2]");
    let (mut fixed, _) = pair(&NoveltyDetector { t_wait: 1 }, &a);
    assert!(fixed.load(&[]).is_err() && fixed.set(0, &[1, 2]).is_err());
}

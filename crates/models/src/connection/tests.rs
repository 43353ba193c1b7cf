//! Recordings and properties that hold for all connections.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::support::{deliver, golden, integers, rows_of, run, run_fixed, run_float, setting};
use crate::connection::conv::{Conv, Pair};
use crate::connection::conv_in_time::ConvInTime;
use crate::connection::dense::{Delays, Dense};
use crate::connection::one_to_one::OneToOne;
use crate::connection::pool::{Pool, PoolMode};
use crate::connection::sparse::Sparse;
use crate::connection::weight::SignMode;
use crate::{Arithmetic, Behaviour, Matrix, Model, Overflow, PerNeuron, length};

/// The parameters of a Lava case under the names of our files.
fn parameters(process: &str, recorded: &Value) -> Value {
    let mut p = recorded.clone();
    let map = p.as_object_mut().unwrap();
    map.remove("output_shape");
    if process == "Sparse" {
        let coo = rows_of(&map.remove("coo").unwrap());
        map.insert("targets".into(), json!(column(&coo, 0)));
        map.insert("sources".into(), json!(column(&coo, 1)));
        map.insert("weights".into(), json!(column(&coo, 2)));
    }
    if process == "DelaySparse" {
        let weights = rows_of(&map["weights"]);
        let delays = rows_of(&map["delays"]);
        let (n_out, n_in) = (weights.len(), weights[0].len());
        let at: Vec<[usize; 2]> =
            (0..n_out).flat_map(|t| (0..n_in).map(move |s| [t, s])).filter(|[t, s]| weights[*t][*s] != 0).collect();
        map.insert("shape".into(), json!([n_out, n_in]));
        map.insert("targets".into(), json!(at.iter().map(|x| x[0]).collect::<Vec<_>>()));
        map.insert("sources".into(), json!(at.iter().map(|x| x[1]).collect::<Vec<_>>()));
        let list = |m: &[Vec<i32>]| json!(at.iter().map(|[t, s]| m[*t][*s]).collect::<Vec<_>>());
        map.insert("weights".into(), list(&weights));
        map.insert("delays".into(), list(&delays));
    }
    p
}

fn column(rows: &[Vec<i32>], k: usize) -> Vec<i32> {
    rows.iter().map(|r| r[k]).collect()
}

/// Replays a family of Lava's; the number of cases and of outputs that were not zero.
fn replay(family: &str) -> (usize, usize) {
    let file = golden(&format!("lava/{family}.json"));
    let cases = file["cases"].as_array().unwrap();
    let mut alive = 0;
    for case in cases {
        let process = case["process"].as_str().unwrap();
        let model = Model::read(process, parameters(process, &case["params"])).unwrap().unwrap();
        let inputs = rows_of(&case["inputs"]["s_in"]);
        let expected = rows_of(&case["outputs"]["a_out"]);
        let a = Arithmetic::lava();
        let mut kernel = model.fixed(&setting(&a)).unwrap();
        if let Some(effective) = case["outputs"].get("effective_weights") {
            assert_eq!(kernel.get(0), rows_of(effective).concat(), "{}", case["id"]);
        }
        let got = run(&model, kernel.as_mut(), &inputs, &mut Overflow::default());
        assert_eq!(got, expected, "{}", case["id"]);
        let rows = model.rows(&setting(&a)).unwrap().unwrap();
        assert_eq!(deliver(&rows, &inputs), expected, "rows of {}", case["id"]);
        alive += expected.iter().flatten().filter(|x| **x != 0).count();
    }
    (cases.len(), alive)
}

#[test]
fn lavas_recordings_replay() {
    for family in ["dense", "dense_graded", "sparse", "delay", "conv"] {
        let (cases, alive) = replay(family);
        assert!(cases >= 3 && alive > 20 * cases, "{family}: {cases} cases, {alive} outputs");
    }
}

/// Connections of a nengo-loihi recording whose synapses are lists: actual weights, already shifted.
#[test]
fn nengo_loihis_synaptic_input_replays() {
    for name in ["synapse_sparse_lists_0", "synapse_sparse_lists_1"] {
        let file = golden(&format!("nengo-loihi/{name}.json"));
        let block = &file["inputs"]["model"]["blocks"][0];
        let synapse = &block["synapses"][0];
        let (bits, exponent) =
            (synapse["cfg"]["weight_bits"].as_u64().unwrap(), synapse["cfg"]["weight_exp"].as_i64().unwrap());
        assert_eq!(bits, 7, "8 real bits, mixed");
        let n_in = synapse["n_axons"].as_u64().unwrap() as usize;
        let n_out = block["compartment"]["n"].as_u64().unwrap() as usize;
        let mut list = Vec::new();
        for axon in 0..n_in {
            let (targets, weights) = (&synapse["indices"][axon][0], &synapse["weights"][axon][0]);
            for (target, w) in integers(targets).into_iter().zip(integers(weights)) {
                let mantissa = f64::from(w) / f64::from(exponent as i32 + 6).exp2();
                list.push((axon as u32, target as u32, mantissa));
            }
        }
        let mut sparse = Sparse::new([n_out, n_in], list);
        sparse.weight_exp = exponent as i32;
        sparse.sign_mode = Some(SignMode::Mixed);
        let expected = rows_of(&file["expected"]["q0"]);
        let mut inputs = vec![vec![0; n_in]; expected.len()];
        let spikes = &file["inputs"]["model"]["inputs"][0]["spikes"];
        for (t, which) in spikes.as_object().unwrap() {
            for i in integers(which) {
                inputs[t.parse::<usize>().unwrap() - 1][i as usize] = 1;
            }
        }
        let got: Vec<Vec<i32>> = run_fixed(&sparse, &Arithmetic::nengo_loihi(), &inputs)
            .into_iter()
            .map(|row| row.into_iter().map(|x| x << 6).collect())
            .collect();
        assert_eq!(got, expected, "{name}");
        assert!(got.iter().flatten().filter(|x| **x != 0).count() > 50);
    }
}

/// The current of brian2-loihi's neurons is its decayed past plus what our connections deliver.
#[test]
fn brian2_loihis_synaptic_input_replays() {
    let mut checked = 0;
    for family in ["synapse_delay", "synapse_mixed_low_bits", "synapse_weight_exp"] {
        for seed in 0..2 {
            checked += replay_brian(&golden(&format!("brian2-loihi/{family}_{seed}.json")));
        }
    }
    assert!(checked > 500, "{checked}");
}

fn replay_brian(file: &Value) -> usize {
    let inputs = &file["inputs"];
    let steps = inputs["T"].as_u64().unwrap() as usize;
    let group = &inputs["groups"][0];
    let n = group["n"].as_u64().unwrap() as usize;
    let mut sum = vec![vec![0; n]; steps];
    for synapse in inputs["synapses"].as_array().unwrap() {
        let source = inputs["generators"].as_array().unwrap().iter().find(|g| g["id"] == synapse["source"]).unwrap();
        let n_in = source["n"].as_u64().unwrap() as usize;
        let list = integers(&synapse["i"]).into_iter().zip(integers(&synapse["j"]));
        let weights = integers(&synapse["w"]);
        let list = list.zip(weights).map(|((i, j), w)| (i as u32, j as u32, f64::from(w)));
        let mut sparse = Sparse::new([n, n_in], list);
        sparse.weight_exp = synapse["w_exp"].as_i64().unwrap() as i32;
        sparse.num_weight_bits = synapse["num_weight_bits"].as_u64().unwrap() as u32;
        let modes = [SignMode::Mixed, SignMode::Excitatory, SignMode::Inhibitory];
        sparse.sign_mode = Some(modes[synapse["sign_mode"].as_u64().unwrap() as usize - 1]);
        sparse.delays = Some(PerNeuron::All(synapse["delay"].as_f64().unwrap()));
        // A generator's spike of step t acts in step t; ours in the next one.
        let mut spikes = vec![vec![0; n_in]; steps + 1];
        for (t, which) in source["spikes"].as_object().unwrap() {
            for i in integers(which) {
                spikes[t.parse::<usize>().unwrap()][i as usize] = 1;
            }
        }
        let got = run_fixed(&sparse, &Arithmetic::brian2_loihi(), &spikes);
        for (sum, got) in sum.iter_mut().zip(&got[1..]) {
            sum.iter_mut().zip(got).for_each(|(s, g)| *s += g << 6);
        }
    }
    let decay = group["decay_I"].as_i64().unwrap();
    let recorded = rows_of(&file["expected"]["groups"][group["id"].as_str().unwrap()]["I"]);
    let mut current = vec![0_i64; n];
    for (t, row) in recorded.iter().enumerate() {
        for (i, u) in current.iter_mut().enumerate() {
            let loss = (u.abs() * decay + 4095) >> 12;
            *u -= u.signum() * loss;
            *u += i64::from(sum[t][i]);
            assert_eq!(*u, i64::from(row[i]), "step {t}, neuron {i}");
        }
    }
    sum.iter().flatten().filter(|x| **x != 0).count()
}

/// A random dense connection with spikes or payloads.
fn dense_case() -> impl Strategy<Value = (Dense, Vec<Vec<i32>>)> {
    (1usize..7, 1usize..7, 0u32..=24, any::<bool>()).prop_flat_map(|(n_out, n_in, bits, delayed)| {
        let payload = 1 << bits.saturating_sub(1).min(15);
        let spikes = if bits == 0 { 0..=1 } else { -payload..=payload };
        (
            proptest::collection::vec(proptest::collection::vec(-255i32..256, n_in), n_out),
            proptest::collection::vec(proptest::collection::vec(0i32..9, n_in), n_out),
            -8i32..=7,
            1u32..=8,
            proptest::option::of(prop_oneof![
                Just(SignMode::Mixed),
                Just(SignMode::Excitatory),
                Just(SignMode::Inhibitory)
            ]),
            proptest::collection::vec(proptest::collection::vec(spikes, n_in), 16),
        )
            .prop_map(move |(weights, delays, exponent, wbits, sign, inputs)| {
                let real = |m: Vec<Vec<i32>>| -> Vec<Vec<f64>> {
                    m.into_iter().map(|r| r.into_iter().map(f64::from).collect()).collect()
                };
                let mut dense = Dense::new(real(weights));
                dense.weight_exp = exponent;
                dense.num_weight_bits = wbits;
                dense.sign_mode = sign;
                dense.num_message_bits = bits;
                dense.delays = delayed.then(|| Delays::Each(Matrix(real(delays))));
                (dense, inputs)
            })
    })
}

/// The same connection as a list, in an order that the seed shuffles.
fn as_sparse(dense: &Dense, rotate: usize) -> Sparse {
    let [n_out, n_in] = dense.weights.shape("weights").unwrap();
    let mut at: Vec<[usize; 2]> = (0..n_out).flat_map(|t| (0..n_in).map(move |s| [t, s])).collect();
    let turn = rotate % at.len();
    at.rotate_left(turn);
    let list = at.iter().map(|[t, s]| (*s as u32, *t as u32, dense.weights.0[*t][*s]));
    let mut sparse = Sparse::new([n_out, n_in], list);
    sparse.weight_exp = dense.weight_exp;
    sparse.num_weight_bits = dense.num_weight_bits;
    sparse.sign_mode = dense.sign_mode;
    sparse.num_message_bits = dense.num_message_bits;
    if let Some(Delays::Each(delays)) = &dense.delays {
        let list: Vec<f64> = at.iter().map(|[t, s]| delays.0[*t][*s]).collect();
        sparse.delays = Some(list.into());
    }
    sparse
}

fn arithmetics() -> impl Strategy<Value = Arithmetic> {
    (0..Arithmetic::NAMES.len()).prop_map(|k| Arithmetic::named(Arithmetic::NAMES[k]).unwrap())
}

proptest! {
    /// A list gives what a matrix gives, and rows give what both give.
    #[test]
    fn sparse_is_dense_and_rows_deliver_both(
        (dense, inputs) in dense_case(),
        rotate in 0usize..50,
        a in arithmetics(),
    ) {
        let sparse = as_sparse(&dense, rotate);
        let expected = run_fixed(&dense, &a, &inputs);
        prop_assert_eq!(&run_fixed(&sparse, &a, &inputs), &expected);
        for model in [&dense as &dyn Behaviour, &sparse] {
            let rows = model.rows(&setting(&a)).unwrap().unwrap();
            prop_assert_eq!(&deliver(&rows, &inputs), &expected);
        }
        prop_assert_eq!(run_float(&sparse, &a, &inputs), run_float(&dense, &a, &inputs));
    }

    /// Each synapse loses less than its format's step and each scaled sum less than one; no more.
    #[test]
    fn fixed_stays_within_the_weight_budget((mut dense, inputs) in dense_case(), a in arithmetics()) {
        dense.num_message_bits = dense.num_message_bits.min(8);
        let inputs: Vec<Vec<i32>> = inputs
            .into_iter()
            .map(|r| r.into_iter().map(|x| x.clamp(-127, 127)).collect())
            .collect();
        dense.sign_mode = Some(SignMode::Mixed);
        let fixed = run_fixed(&dense, &a, &inputs);
        let float = run_float(&dense, &a, &inputs);
        let scale = f64::from(dense.weight_exp).exp2();
        // One step of the format, twice for the clip at nengo-loihi's symmetric end, and one LSB per shift.
        let step = f64::from(1 << (9 - dense.num_weight_bits)) * 2.0 * scale + 1.0;
        let longest = 9.0;
        for t in 0..inputs.len() {
            let reach = t.saturating_sub(10)..t;
            let events: f64 = inputs[reach]
                .iter()
                .flatten()
                .map(|s| if dense.num_message_bits > 0 { f64::from(s.abs()) } else { f64::from(i32::from(*s != 0)) })
                .sum();
            for (x, y) in fixed[t].iter().zip(&float[t]) {
                let budget = events * step + longest;
                prop_assert!((f64::from(*x) - y).abs() <= budget, "{x} {y} {budget}");
            }
        }
    }

    /// A run that goes on from a saved state gives the same integers.
    #[test]
    fn a_saved_connection_goes_on((dense, inputs) in dense_case(), a in arithmetics()) {
        let whole = run_fixed(&dense, &a, &inputs);
        let mut first = dense.fixed(&setting(&a)).unwrap();
        run(&dense, first.as_mut(), &inputs[..7], &mut Overflow::default());
        let mut second = dense.fixed(&setting(&a)).unwrap();
        second.load(&first.save()).unwrap();
        let rest = run(&dense, second.as_mut(), &inputs[7..], &mut Overflow::default());
        prop_assert_eq!(&rest, &whole[7..]);
        prop_assert!(second.load(&[]).is_err());
    }
}

#[derive(Clone, Debug)]
struct ConvCase {
    conv: Conv,
    inputs: Vec<Vec<i32>>,
}

fn conv_case() -> impl Strategy<Value = ConvCase> {
    let sizes = (1usize..=3, 1usize..=3, 1usize..=3, 1usize..=3, 0usize..=2, 0usize..=2);
    let rest = (1usize..=2, 1usize..=2, 1usize..=3, 1usize..=2, 1usize..=2, 0u32..=16);
    (sizes, rest).prop_flat_map(|((kw, kh, sx, sy, px, py), (dx, dy, groups, cg, kg, bits))| {
        let input = [dx * (kw - 1) + 3, dy * (kh - 1) + 2, groups * cg];
        let n_weights = groups * kg * kw * kh * cg;
        let spikes = if bits == 0 { 0..=1 } else { -300..=300 };
        (
            proptest::collection::vec(-200i32..200, n_weights),
            proptest::collection::vec(proptest::collection::vec(spikes, length(&input)), 4),
            -4i32..=4,
            4u32..=8,
        )
            .prop_map(move |(weights, inputs, exponent, wbits)| {
                let mut next = weights.into_iter().map(f64::from);
                let mut row = |n: usize| (0..n).map(|_| next.next().unwrap()).collect::<Vec<_>>();
                let weight =
                    (0..groups * kg).map(|_| (0..kw).map(|_| (0..kh).map(|_| row(cg)).collect()).collect()).collect();
                let mut conv = Conv::new(input, weight);
                conv.groups = groups;
                conv.stride = Pair::Each([sx, sy]);
                conv.padding = Pair::Each([px, py]);
                conv.dilation = Pair::Each([dx, dy]);
                conv.num_message_bits = bits;
                conv.weight_exp = exponent;
                conv.num_weight_bits = wbits;
                ConvCase { conv, inputs }
            })
    })
}

/// The definition, position by position: correlation of a padded image with the flipped, dilated kernel.
fn naive(conv: &Conv, weight: &[i32], input: &[i32]) -> Vec<i64> {
    let [w, h, c] = conv.input_shape;
    let ([px, py], [sx, sy], [dx, dy]) = (conv.padding.xy(), conv.stride.xy(), conv.dilation.xy());
    let (n_out, kw, kh, cg) =
        (conv.weight.len(), conv.weight[0].len(), conv.weight[0][0].len(), conv.weight[0][0][0].len());
    let (pw, ph) = (w + 2 * px, h + 2 * py);
    let mut padded = vec![0_i64; pw * ph * c];
    for x in 0..w {
        for y in 0..h {
            for k in 0..c {
                let s = input[(x * h + y) * c + k];
                let s = if conv.num_message_bits > 0 { i64::from(s) } else { i64::from(s != 0) };
                padded[((x + px) * ph + y + py) * c + k] = s;
            }
        }
    }
    let mut out = Vec::new();
    let mut x = 0;
    while x + dx * (kw - 1) < pw {
        let mut y = 0;
        while y + dy * (kh - 1) < ph {
            for o in 0..n_out {
                let group = o / (n_out / conv.groups);
                let mut sum = 0;
                for (i, j, k) in (0..kw).flat_map(|i| (0..kh).flat_map(move |j| (0..cg).map(move |k| (i, j, k)))) {
                    let flipped = ((o * kw + kw - 1 - i) * kh + kh - 1 - j) * cg + k;
                    let at = ((x + i * dx) * ph + y + j * dy) * c + group * cg + k;
                    sum += padded[at] * i64::from(weight[flipped]);
                }
                out.push(sum);
            }
            y += sy;
        }
        x += sx;
    }
    out
}

proptest! {
    /// The scattering kernel, the rows and the gathering twin all compute the definition.
    #[test]
    fn conv_is_its_definition(case in conv_case(), a in arithmetics()) {
        let kernel = case.conv.fixed(&setting(&a)).unwrap();
        let weight = kernel.get(0);
        let rows = case.conv.rows(&setting(&a)).unwrap().unwrap();
        let expected: Vec<Vec<i32>> = case
            .inputs
            .iter()
            .map(|s| {
                let lost = 32 - a.conv_sum_bits;
                let fit = |x: i64| (pumice_num::shift(x as i32, rows.sum_exponent) << lost) >> lost;
                naive(&case.conv, &weight, s).into_iter().map(fit).collect()
            })
            .collect();
        let got = run_fixed(&case.conv, &a, &case.inputs);
        prop_assert_eq!(&got[1..], &expected[..case.inputs.len() - 1]);
        prop_assert!(got[0].iter().all(|x| *x == 0));
        prop_assert_eq!(&deliver(&rows, &case.inputs), &got);
        prop_assert_eq!(rows.shared_weights, weight.len());
        if a.name == "lava-0.10" {
            let float = run_float(&case.conv, &a, &case.inputs);
            let same = float.iter().flatten().zip(got.iter().flatten()).all(|(y, x)| *y == f64::from(*x));
            prop_assert!(same || got.iter().flatten().any(|x| x.abs() > 4_000_000));
        }
    }

    /// Convolution in time is the sum of delayed dense connections.
    #[test]
    fn conv_in_time_is_a_delayed_sum(
        weights in proptest::collection::vec(proptest::collection::vec(proptest::collection::vec(-100i32..100, 3), 2), 1..5),
        inputs in proptest::collection::vec(proptest::collection::vec(0i32..=1, 3), 12),
    ) {
        let real = |m: &Vec<Vec<i32>>| m.iter().map(|r| r.iter().map(|x| f64::from(*x)).collect()).collect();
        let conv = ConvInTime::new(weights.iter().map(real).collect());
        let a = Arithmetic::lava();
        let got = run_fixed(&conv, &a, &inputs);
        for t in 1..inputs.len() {
            for o in 0..2 {
                let expected: i32 = (0..weights.len().min(t))
                    .map(|i| (0..3).map(|s| weights[weights.len() - 1 - i][o][s] * inputs[t - 1 - i][s]).sum::<i32>())
                    .sum();
                prop_assert_eq!(got[t][o], expected);
            }
        }
        let rows = conv.rows(&setting(&a)).unwrap().unwrap();
        prop_assert_eq!(&deliver(&rows, &inputs), &got);
    }

    /// One-to-one is a diagonal matrix.
    #[test]
    fn one_to_one_is_a_diagonal(
        weights in proptest::collection::vec(-255i32..256, 5),
        inputs in proptest::collection::vec(proptest::collection::vec(0i32..=1, 5), 8),
        a in arithmetics(),
    ) {
        let diagonal = (0..5).map(|t| (0..5).map(|s| f64::from(if s == t { weights[s] } else { 0 })).collect()).collect();
        let mut dense = Dense::new(diagonal);
        dense.sign_mode = Some(SignMode::Mixed);
        let mut one = OneToOne::new(&[5], weights);
        one.sign_mode = Some(SignMode::Mixed);
        prop_assert_eq!(run_fixed(&one, &a, &inputs), run_fixed(&dense, &a, &inputs));
    }

    /// A pool adds its windows; an average is within its budget.
    #[test]
    fn pools_add_their_windows(
        spikes in proptest::collection::vec(0i32..=1, 6 * 4 * 2),
        weight in prop_oneof![Just(1.0), Just(64.0), Just(100.0)],
        average in any::<bool>(),
    ) {
        let mode = if average { PoolMode::Average } else { PoolMode::Sum };
        let mut pool = Pool::new([6, 4, 2], Pair::Each([3, 2]), mode);
        pool.weight = weight;
        let inputs = vec![spikes.clone(), vec![0; 48]];
        let a = Arithmetic::lava();
        let fixed = run_fixed(&pool, &a, &inputs);
        let float = run_float(&pool, &a, &inputs);
        prop_assert_eq!(pool.out_ports()[0].shape.clone(), vec![2, 2, 2]);
        for (x, y, c) in (0..2).flat_map(|x| (0..2).flat_map(move |y| (0..2).map(move |c| (x, y, c)))) {
            let window = (0..3).flat_map(|i| (0..2).map(move |j| (i, j)));
            let count: i32 = window.map(|(i, j)| spikes[((3 * x + i) * 4 + 2 * y + j) * 2 + c]).sum();
            let exact = f64::from(count) * weight / if average { 6.0 } else { 1.0 };
            let k = (x * 2 + y) * 2 + c;
            prop_assert!((float[1][k] - exact).abs() < 1e-9);
            // Nearest mantissa of at least 7 bits or at 2^-8, then one rounding down.
            let budget = exact / 256.0 + f64::from(count) / 512.0 + if average { 1.0 } else { 0.0 };
            prop_assert!((f64::from(fixed[1][k]) - exact).abs() <= budget, "{} {exact} {budget}", fixed[1][k]);
        }
        let rows = pool.rows(&setting(&a)).unwrap().unwrap();
        prop_assert_eq!(deliver(&rows, &inputs), fixed);
    }
}

#[test]
fn overflow_of_sums_is_counted() {
    let a = Arithmetic::lava();
    let mut dense = Dense::new(vec![vec![200.0, 200.0]]);
    dense.num_message_bits = 24;
    dense.weight_exp = 7;
    let inputs = vec![vec![8_000_000, 8_000_000], vec![1, 1]];
    let mut kernel = dense.fixed(&setting(&a)).unwrap();
    let mut overflow = Overflow::default();
    run(&dense, kernel.as_mut(), &inputs, &mut overflow);
    let records = overflow.records();
    assert_eq!(
        records.iter().map(|r| (r.variable.as_str(), r.count, r.first_step)).collect::<Vec<_>>(),
        [("a_out", 2, 1)],
        "the sum leaves 32 bits, and so does its shift"
    );
    let mut conv = Conv::new([1, 1, 1], vec![vec![vec![vec![100.0]]]]);
    conv.num_message_bits = 24;
    let mut kernel = conv.fixed(&setting(&a)).unwrap();
    let mut overflow = Overflow::default();
    let out = run(&conv, kernel.as_mut(), &[vec![100_000], vec![83_886]], &mut overflow);
    assert_eq!(out[1], [10_000_000 - (1 << 24)]);
    assert_eq!(overflow.records()[0].count, 1, "8388600 fits in 24 bits");
}

#[test]
fn parameters_out_of_range_are_refused_by_name() {
    let a = Arithmetic::lava();
    let read = |name: &str, p: Value| Model::read(name, p).unwrap().map_err(|e| e.to_string());
    let fixed =
        |name: &str, p: Value| read(name, p).and_then(|m| m.fixed(&setting(&a)).map(|_| ()).map_err(|e| e.to_string()));
    let cases = [
        ("Dense", json!({"weights": [[1, 2], [3]]}), "`weights[1]` has shape [1]; expected is [2]"),
        ("Dense", json!({"weights": [[1.5]]}), "`weights[0][0]` is 1.5; allowed is an integer"),
        ("Dense", json!({"weights": [[1]], "weight_exp": 8}), "`weight_exp` is 8"),
        ("Dense", json!({"weights": [[1]], "num_message_bits": 25}), "`num_message_bits` is 25"),
        ("DelayDense", json!({"weights": [[1]]}), "`delays` is absent"),
        ("DelayDense", json!({"weights": [[1]], "delays": 64}), "`delays` is 64; allowed is an integer in 0..=63"),
        (
            "DelayDense",
            json!({"weights": [[1, 1]], "delays": [[1, 5]], "max_delay": 4}),
            "`delays[0][1]` is 5; allowed is an integer in 0..=4",
        ),
        ("DelaySparse", json!({"shape": [1, 1], "sources": [0], "targets": [0], "weights": [1]}), "`delays` is absent"),
        (
            "Sparse",
            json!({"shape": [1, 1], "sources": [1], "targets": [0], "weights": [1]}),
            "`sources[0]` is 1; allowed is an index below 1",
        ),
        ("Sparse", json!({"shape": [1, 1], "sources": [0], "targets": [], "weights": [1]}), "`targets` has shape [0]"),
        ("Conv", json!({"weight": [[[[1]]]], "input_shape": [2, 2, 1], "stride": 0}), "`stride` is 0"),
        (
            "Conv",
            json!({"weight": [[[[1]]]], "input_shape": [2, 2, 2]}),
            "`weight` has shape [1, 1, 1, 1]; expected is [1, 1, 1, 2]",
        ),
        ("Conv", json!({"weight": [[[[1]], [[1]]]], "input_shape": [1, 2, 1]}), "`input_shape[0]` is 1"),
        ("Conv", json!({"weight": [[[[1]]]], "input_shape": [1, 2, 3], "groups": 2}), "`groups` is 2"),
        ("ConvInTime", json!({"weights": [[[1]], [[1, 2]]]}), "`weights[1]` has shape [1, 2]"),
        ("Pool", json!({"input_shape": [2, 2, 1], "kernel_size": 0, "mode": "sum"}), "`kernel_size` is 0"),
        ("OneToOne", json!({"shape": [2], "weights": [1, 2, 3]}), "`weights` has shape [3]; expected is [2]"),
    ];
    for (name, parameters, message) in cases {
        let error = fixed(name, parameters.clone()).unwrap_err();
        assert!(error.contains(message), "{name} {parameters}: {error}");
    }
    let quiet = json!({"input_shape": [4, 4, 1], "kernel_size": 2, "mode": "average"});
    let a = Arithmetic::loihi1();
    let error = read("Pool", quiet).unwrap().fixed(&setting(&a)).unwrap_err().to_string();
    assert!(error.contains("under loihi1 this pool is silent"), "{error}");
}

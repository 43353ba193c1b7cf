use std::slice::from_mut;

use proptest::prelude::*;

use super::*;
use crate::Overflow;
use crate::neuron::golden;

fn kernels(p: &Lif, a: &Arithmetic) -> (Box<dyn Kernel<i32>>, Box<dyn Kernel<f64>>) {
    let setting = Setting { arithmetic: a, seed: 0, place: 0 };
    (p.fixed(&setting).unwrap(), p.float(&setting).unwrap())
}

fn step<N: crate::Number>(kernel: &mut dyn Kernel<N>, t: u64, input: N, overflow: &mut Overflow) -> (N, N, N) {
    let mut outputs = vec![vec![N::default()]];
    kernel.step(&mut Io { step: t, inputs: &[vec![input]], outputs: &mut outputs, overflow });
    (outputs[0][0], kernel.get(0)[0], kernel.get(1)[0])
}

/// Values from Lava's own tests: `u` halves at du = 2047, `v` approaches its limit at dv = 2048.
#[test]
fn halving_decays_give_lavas_published_series() {
    let lava = Arithmetic::lava();
    let mut p = Lif { du: 2047.into(), vth: 131_071.into(), ..Lif::new(&[1]) };
    let (mut fixed, _) = kernels(&p, &lava);
    let mut o = Overflow::default();
    let us: Vec<i32> = (1..=4).map(|t| step(&mut *fixed, t, if t == 1 { 128 } else { 0 }, &mut o).1).collect();
    assert_eq!(us, [8192, 4096, 2048, 1024]);
    p = Lif { du: (-1).into(), dv: 2048.into(), vth: 131_071.into(), ..Lif::new(&[1]) };
    let (mut fixed, _) = kernels(&p, &lava);
    let vs: Vec<i32> = (1..=4).map(|t| step(&mut *fixed, t, if t == 1 { 128 } else { 0 }, &mut o).2).collect();
    assert_eq!(vs, [8192, 12_288, 14_336, 15_360]);
    assert!(o.records().is_empty());
}

#[test]
fn each_register_end_is_counted_with_its_first_place() {
    let p = Lif { u: vec![0, 8_388_000].into(), du: (-1).into(), vth: 131_071.into(), ..Lif::new(&[2]) };
    let (mut fixed, _) = kernels(&p, &Arithmetic::lava());
    let mut o = Overflow::default();
    for t in 1..=2 {
        let mut outputs = vec![vec![0; 2]];
        fixed.step(&mut Io { step: t, inputs: &[vec![0, 100]], outputs: &mut outputs, overflow: &mut o });
    }
    let u = &o.records()[0];
    assert_eq!((u.variable.as_str(), u.kind, u.count, u.first_step, u.first_index), ("u", OverflowKind::Wrap, 1, 1, 1));
    let setting_error = Lif { du: 9999.into(), ..Lif::new(&[2]) }.make_bank(&Arithmetic::lava(), 0..2).unwrap_err();
    assert_eq!(setting_error.to_string(), "`du` is 9999; allowed is an integer in -1..=4095");
}

#[test]
fn a_loihi_input_wraps_at_21_bits_and_sign_but_lavas_does_not() {
    let p = Lif { vth: 131_071.into(), du: 4095.into(), dv: 4095.into(), ..Lif::new(&[1]) };
    let mut o = Overflow::default();
    let (mut lava, _) = kernels(&p, &Arithmetic::lava());
    assert_eq!(step(&mut *lava, 1, 40_000, &mut o).1, 2_560_000);
    let (mut loihi, _) = kernels(&p, &Arithmetic::loihi1());
    assert_eq!(step(&mut *loihi, 1, 40_000, &mut o).1, 2_560_000 - (1 << 22));
    assert_eq!(o.records()[0].variable, "a_in");
}

#[test]
fn lavas_recordings_are_replayed_to_the_bit() {
    assert_eq!(golden::replay_lava("lif", |_| true), 14);
    assert_eq!(golden::replay_lava("lif_fixed_vs_float", |_| true), 4);
}

#[test]
fn lavas_float_model_is_the_float_twin_without_alignment() {
    let all = golden::read("lava/lif_fixed_vs_float.json");
    for case in all["cases"].as_array().unwrap() {
        let parameters = golden::as_fractions(&case["float_params"], &["du", "dv"]);
        assert!(golden::replay_lava_float(case, &parameters, &case["float_outputs"]) > 100);
    }
}

/// The recordings are tagged where Lava wrapped; nowhere else may a wrap be noted.
#[test]
fn wraps_are_noted_in_the_recordings_that_wrapped() {
    let all = golden::read("lava/lif.json");
    let arithmetic = Arithmetic::lava();
    let setting = Setting { arithmetic: &arithmetic, seed: 0, place: 0 };
    for case in all["cases"].as_array().unwrap() {
        let model = golden::process(case, &case["params"]);
        let mut kernel = model.fixed(&setting).unwrap();
        let mut o = Overflow::default();
        for (t, row) in case["inputs"]["a_in"].as_array().unwrap().iter().enumerate() {
            let input = row.as_array().unwrap().iter().map(|x| x.as_i64().unwrap() as i32).collect();
            golden::step(&mut *kernel, &model, t as u64 + 1, &[input], &mut o);
        }
        let tagged = case["tags"].as_array().unwrap().iter().any(|tag| tag == "u_wrap");
        let noted = o.records().iter().any(|r| r.variable == "u" && r.kind == OverflowKind::Wrap);
        assert!(
            noted == tagged || case["tags"].as_array().unwrap().iter().any(|tag| tag == "extreme_initial_state"),
            "{}",
            case["id"]
        );
    }
}

/// An unbounded current runs beyond 24 bits; its snapshot is taken back all the same.
#[test]
fn a_snapshot_beyond_the_register_resumes() {
    let model = Lif { du: (-1).into(), vth: 131_071.into(), ..Lif::new(&[3]) };
    let a = Arithmetic::brian2_loihi();
    let mut bank = model.make_bank(&a, 0..3).unwrap();
    for step in 1..=3 {
        let mut overflow = Overflow::default();
        let mut context = BankContext::new(step, &mut overflow);
        bank.step(0..3, &mut context, &[&[100_000, 0, -100_000]], &mut [Fired::default()]);
    }
    assert_eq!(bank.get(0), [19_200_000, 0, -19_200_000]);
    let mut again = model.make_bank(&a, 0..3).unwrap();
    again.load(&bank.save()).unwrap();
    assert_eq!((again.save(), again.columns.lane(VTH)), (bank.save(), bank.columns.lane(VTH)));
}

/// The rounding budget `[state LSB]` after `t` steps without a spike.
///
/// Each decay loses less than one LSB; an error of `u` decays by `ku` per step, enters `v`, and decays there by `kv`.
fn budget(ku: f64, kv: f64, t: usize) -> (f64, f64) {
    (0..t).fold((0.0, 0.0), |(eu, ev), _| {
        let eu = eu * ku + 1.0;
        (eu, ev * kv + eu + 1.0)
    })
}

proptest! {
    /// Below threshold and inside its registers, the fixed kernel stays within the derived budget of its float twin.
    #[test]
    fn fixed_stays_within_its_rounding_budget(
        du in 0i32..4096, dv in 0i32..4096, bias in -200i32..200,
        input in prop::collection::vec(-120i32..120, 1..120),
    ) {
        let p = Lif { du: du.into(), dv: dv.into(), bias_mant: bias.into(), vth: 131_071.into(), ..Lif::new(&[1]) };
        for a in Arithmetic::NAMES.map(|name| Arithmetic::named(name).unwrap()) {
            let (mut fixed, mut float) = kernels(&p, &a);
            let (mut o, mut unused) = (Overflow::default(), Overflow::default());
            for (k, x) in input.iter().enumerate() {
                let (s, u, v) = step(&mut *fixed, k as u64 + 1, *x, &mut o);
                let (sf, uf, vf) = step(&mut *float, k as u64 + 1, f64::from(*x), &mut unused);
                if !o.records().is_empty() || s != 0 || sf != 0.0 {
                    break;
                }
                let (eu, ev) = budget(1.0 - f64::from(du + 1) / 4096.0, 1.0 - f64::from(dv) / 4096.0, k + 1);
                prop_assert!((f64::from(u) - uf).abs() <= eu, "u {u} {uf} budget {eu}");
                prop_assert!((f64::from(v) - vf).abs() <= ev, "v {v} {vf} budget {ev}");
            }
        }
    }

    /// A bank cut at any place computes what the whole bank computes, with one parameter per neuron.
    #[test]
    fn a_cut_bank_equals_the_whole(cut in 0usize..=40, seed in any::<u32>()) {
        let word = |i: u32| pumice_num::draw(u64::from(seed), pumice_num::Purpose::STIMULUS, 0, i, 0)[0];
        let each = |base: u32, below: u32| (0..40).map(|i| (word(base + i) % below) as i32).collect::<Vec<_>>();
        let p = Lif { du: Decay::Register(each(0, 4096).into()), dv: Decay::Register(each(40, 4096).into()),
            vth: each(80, 300).into(), bias_mant: each(120, 100).into(), ..Lif::new(&[40]) };
        let a = Arithmetic::loihi1();
        let mut whole = p.make_bank(&a, 0..40).unwrap();
        let mut parts = [p.make_bank(&a, 0..cut).unwrap(), p.make_bank(&a, cut..40).unwrap()];
        let mut spikes = 0;
        for t in 1..=30u64 {
            let input: Vec<i32> = (0..40).map(|i| (word(1000 + 40 * t as u32 + i) % 200) as i32).collect();
            let (mut o, mut fired, mut pieces) = (Overflow::default(), Fired::default(), Fired::default());
            whole.step(0..40, &mut BankContext::new(t, &mut o), &[&input], from_mut(&mut fired));
            for (part, (lo, hi)) in parts.iter_mut().zip([(0, cut), (cut, 40)]) {
                let mut own = Fired::default();
                part.step(0..hi - lo, &mut BankContext::new(t, &mut o), &[&input[lo..hi]], from_mut(&mut own));
                pieces.index.extend(own.index.iter().map(|i| i + lo as u32));
            }
            spikes += fired.index.len();
            prop_assert_eq!(&fired, &pieces);
        }
        prop_assert!(spikes > 0, "the population must be alive");
    }

    /// The bank gives the spikes, states, activity and overflow of the equations, taken neuron by neuron, at every level; in
    /// whatever parts it is stepped, asked for its rest, and written in between.
    #[test]
    fn vectors_are_neurons_one_by_one(
        uniform in any::<bool>(),
        (du, dv, vth, bias) in (0_i32..4096, 0_i32..4096, 0_i32..131_072, -4096_i32..4096),
        (named, saturate) in (0_usize..5, any::<bool>()),
        (scale, quiet, seed) in (0_i32..32, 0_i32..16, any::<u32>()),
    ) {
        let mut a = Arithmetic::named(Arithmetic::NAMES[named]).unwrap();
        if saturate {
            a.current.overflow = OverflowPolicy::Saturate;
        }
        let each = |x: i32, low: i32, high: i32| match uniform {
            true => PerNeuron::from(x),
            false => PerNeuron::from((0..600).map(|i| (x + 37 * i).rem_euclid(high - low) + low).collect::<Vec<i32>>()),
        };
        let model = Lif {
            v: each(dv << (15 - quiet).max(0) >> 4, 0, 1 << 23),
            du: Decay::Register(each(du, 0, 4096)), dv: Decay::Register(each(dv, 0, 4096)),
            bias_mant: each(bias, -4096, 4095), vth: each(vth, 0, 131_072), ..Lif::new(&[600])
        };
        let range = 13..599;
        for level in Level::available() {
            let mut bank = LifBank { level, ..model.make_bank(&a, range.clone()).unwrap() };
            let (mut noted, mut notes) = (Overflow::default(), Overflow::default());
            for t in 1..10 {
                let draw = |i: u32| pumice_num::draw(u64::from(seed), pumice_num::Purpose::STIMULUS, 0, i, t)[0] as i32;
                let input: Vec<i32> = (0..586).map(|i| draw(i) >> (31 - scale)).collect();
                let (n, spikes, state) = equations(&bank, &input, &mut BankContext::new(t, &mut noted));
                let (mut fired, cut) = (Fired::default(), if t % 3 == 0 { draw(600) as usize % 586 } else { 0 });
                let m: u64 = [0..cut, cut..586]
                    .map(|part| {
                        let mut context = BankContext::new(t, &mut notes);
                        bank.step(part, &mut context, &[&input], from_mut(&mut fired))
                    })
                    .iter()
                    .sum();
                prop_assert_eq!((n, spikes, state), (m, fired.index, [bank.u.clone(), bank.v.clone()]));
                if t % 4 == 1 {
                    let before = bank.save();
                    bank.rest(cut..586);
                    prop_assert_eq!(bank.save(), before);
                }
                if t == 4 || t == 7 {
                    let far: Vec<i32> = (0..586).map(|i| draw(i) >> 8).collect();
                    bank.set(draw(601) as usize % 2, &far).unwrap();
                }
            }
            prop_assert_eq!(noted.records(), notes.records());
        }
    }
}

/// One step of the equations, neuron by neuron: how many were active, who fired, and the new state.
fn equations(bank: &LifBank, input: &[i32], context: &mut BankContext<'_>) -> (u64, Vec<u32>, [Vec<i32>; 2]) {
    let (rule, mut active, mut fired) = (bank.rule, 0, Vec::new());
    let [mut us, mut vs] = [bank.u.clone(), bank.v.clone()];
    for (i, x) in input.iter().enumerate() {
        let [ku, kv, bias, vth] = [KU, KV, BIAS, VTH].map(|k| bank.columns.lane(k).at(i));
        active += u64::from((x | us[i] | vs[i] | bias) != 0);
        let mut held = |name: &str, kind: OverflowKind, exact: i64, held: i32| {
            context.overflow.note(name, kind, u64::from(exact != i64::from(held)), context.step, i as u32);
            held
        };
        let aligned = i64::from(*x) << rule.align;
        let q = held("a_in", kind_of(rule.input), aligned, hold(rule.input, aligned));
        let sum = i64::from(pumice_num::decay(us[i], ku)) + i64::from(q);
        us[i] = held("u", kind_of(rule.current), sum, hold(rule.current, sum));
        let sum = i64::from(us[i]) + i64::from(bias);
        let drive = held("u+bias", kind_of(rule.bias_sum), sum, hold(rule.bias_sum, sum));
        let sum = i64::from(pumice_num::decay(vs[i], kv)) + i64::from(drive);
        vs[i] = held("v", OverflowKind::Saturate, sum, sum.clamp(rule.v_min.into(), rule.v_max.into()) as i32);
        if vs[i] > vth.wrapping_add(rule.extra) {
            fired.push(i as u32);
            vs[i] = 0;
        }
    }
    (active, fired, [us, vs])
}

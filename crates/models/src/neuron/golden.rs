//! Support of tests: recordings replayed at the level of one kernel, and small steps of a pair of kernels.

use serde_json::Value;

use crate::{Arithmetic, Behaviour, Io, Kernel, Model, Number, Overflow, Setting, Values, length};

/// The value stored in `tests/golden/PATH`.
pub(crate) fn read(path: &str) -> Value {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/");
    let text = std::fs::read_to_string(format!("{root}{path}")).unwrap();
    serde_json::from_str(&text).unwrap()
}

/// The files of a suite whose names start with `prefix`, in order.
pub(crate) fn files(suite: &str, prefix: &str) -> Vec<String> {
    let root = concat!(env!("CARGO_MANIFEST_DIR"), "/../../tests/golden/");
    let mut names: Vec<String> = std::fs::read_dir(format!("{root}{suite}"))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.starts_with(prefix))
        .map(|name| format!("{suite}/{name}"))
        .collect();
    names.sort();
    names
}

/// The process of a Lava case, made from its recorded parameters as they are.
pub(crate) fn process(case: &Value, parameters: &Value) -> Model {
    let mut parameters = parameters.clone();
    let map = parameters.as_object_mut().unwrap();
    let n = case["inputs"].as_object().unwrap().values().next().unwrap()[0].as_array().unwrap().len();
    map.entry("shape").or_insert(serde_json::json!([n]));
    let name = case["process"].as_str().unwrap();
    let model = Model::read(name, parameters).unwrap_or_else(|| panic!("no process {name}"));
    model.unwrap_or_else(|e| panic!("{}: {e}", case["id"]))
}

/// Writes a decay of a float model as a fraction.
pub(crate) fn as_fractions(parameters: &Value, names: &[&str]) -> Value {
    let mut parameters = parameters.clone();
    for name in names {
        let fraction = parameters[*name].clone();
        parameters[*name] = serde_json::json!({ "fraction": fraction });
    }
    parameters
}

fn numbers(row: &Value) -> Vec<f64> {
    row.as_array()
        .unwrap()
        .iter()
        .map(|x| x.as_f64().or(x.as_bool().map(|b| f64::from(u8::from(b)))).unwrap())
        .collect()
}

/// Steps a kernel once.
pub(crate) fn step<N: Number>(
    kernel: &mut dyn Kernel<N>,
    model: &dyn Behaviour,
    t: u64,
    inputs: &[Vec<N>],
    overflow: &mut Overflow,
) -> Vec<Vec<N>> {
    let mut outputs: Vec<Vec<N>> =
        model.out_ports().iter().map(|port| vec![N::default(); length(&port.shape)]).collect();
    kernel.step(&mut Io { step: t, inputs, outputs: &mut outputs, overflow });
    outputs
}

/// Replays `inputs` times `scale` and holds every recorded port and variable within `tolerance`; returns how
/// many recorded numbers were not zero.
pub(crate) fn replay<N: Number>(
    id: &str,
    model: &dyn Behaviour,
    mut kernel: Box<dyn Kernel<N>>,
    (inputs, scale): (&Value, f64),
    recorded: &Value,
    tolerance: f64,
) -> u64 {
    let steps = recorded.as_object().unwrap().values().next().unwrap().as_array().unwrap().len();
    let (ports, vars) = (model.out_ports(), model.vars());
    let mut alive = 0;
    for t in 0..steps {
        let given: Vec<Vec<N>> = model
            .in_ports()
            .iter()
            .map(|port| numbers(&inputs[port.name][t]).iter().map(|x| N::from_real(x * scale)).collect())
            .collect();
        let outputs = step(&mut *kernel, model, t as u64 + 1, &given, &mut Overflow::default());
        for (name, rows) in recorded.as_object().unwrap() {
            let got = match ports.iter().position(|port| port.name == name) {
                Some(port) => outputs[port].clone(),
                None => {
                    let var = vars.iter().position(|var| var.name == name);
                    kernel.get(var.unwrap_or_else(|| panic!("{id}: no variable {name}")))
                }
            };
            let want = numbers(&rows[t]);
            alive += want.iter().filter(|x| **x != 0.0).count() as u64;
            for (i, (got, want)) in got.iter().zip(&want).enumerate() {
                let far = (got.real() - want).abs();
                assert!(far <= tolerance, "{id}: {name}[{i}] at step {}: {} for {want}", t + 1, got.real());
            }
        }
    }
    alive
}

/// Replays all cases of a Lava family that `wanted` names, in the fixed kernel; returns how many there were.
pub(crate) fn replay_lava(family: &str, wanted: impl Fn(&Value) -> bool) -> usize {
    let arithmetic = Arithmetic::lava();
    let setting = Setting { arithmetic: &arithmetic, seed: 0, place: 0 };
    let all = read(&format!("lava/{family}.json"));
    let cases: Vec<&Value> = all["cases"].as_array().unwrap().iter().filter(|c| wanted(c)).collect();
    for case in &cases {
        let id = case["id"].as_str().unwrap();
        let model = process(case, &case["params"]);
        let kernel = model.fixed(&setting).unwrap();
        let alive = replay(id, &model, kernel, (&case["inputs"], 1.0), &case["outputs"], 0.0);
        assert!(alive > 0, "{id}: nothing happened");
    }
    cases.len()
}

/// Replays the float side of a Lava case: its parameters `float`, with `align` 0 as Lava's float models have.
pub(crate) fn replay_lava_float(case: &Value, parameters: &Value, recorded: &Value) -> u64 {
    let arithmetic = Arithmetic { align: 0, ..Arithmetic::lava() };
    let setting = Setting { arithmetic: &arithmetic, seed: 0, place: 0 };
    let id = case["id"].as_str().unwrap();
    let model = process(case, parameters);
    let scale = case["float_input_scale"].as_f64().unwrap_or(1.0);
    replay(id, &model, model.float(&setting).unwrap(), (&case["inputs"], scale), recorded, 1e-9)
}

/// Both kernels of a process.
pub(crate) type Pair = (Box<dyn Kernel<i32>>, Box<dyn Kernel<f64>>);

/// Both kernels of a process in an arithmetic.
pub(crate) fn pair(model: &dyn Behaviour, arithmetic: &Arithmetic) -> Pair {
    let setting = Setting { arithmetic, seed: 7, place: 0 };
    (model.fixed(&setting).unwrap(), model.float(&setting).unwrap())
}

/// Asserts that a bank cut at `at` computes what the whole bank computes, and that a snapshot taken in the
/// middle resumes bit for bit; returns the number of spikes.
pub(crate) fn cut_and_resume(model: &dyn Behaviour, at: usize, inputs: &[Vec<Vec<i32>>]) -> usize {
    use crate::{BankContext, Fired};
    let arithmetic = Arithmetic::loihi1();
    let setting = Setting { arithmetic: &arithmetic, seed: 7, place: 3 };
    let n = inputs[0][0].len();
    let bank = |range| model.bank(&setting, range).expect("a population").unwrap();
    let (mut whole, mut parts) = (bank(0..n), [(0, bank(0..at)), (at, bank(at..n))]);
    let none = || vec![Fired::default(); model.trains()];
    let mut spikes = 0;
    for (t, input) in inputs.iter().enumerate() {
        let (mut o, mut fired, mut pieces) = (Overflow::default(), none(), none());
        let slices: Vec<&[i32]> = input.iter().map(Vec::as_slice).collect();
        let mut context = BankContext::new(t as u64 + 1, &mut o);
        whole.step(0..n, &mut context, &slices, &mut fired);
        for (base, part) in &mut parts {
            let (base, len) = (*base, part.len());
            let own: Vec<&[i32]> = slices.iter().map(|all| &all[base..base + len]).collect();
            let mut got = none();
            let mut context = BankContext::new(t as u64 + 1, &mut o);
            part.step(0..len, &mut context, &own, &mut got);
            for (pieces, got) in pieces.iter_mut().zip(got) {
                pieces.index.extend(got.index.iter().map(|i| i + base as u32));
                pieces.payload.extend(got.payload);
            }
        }
        assert_eq!(fired, pieces, "step {}", t + 1);
        spikes += fired.iter().map(|own| own.index.len()).sum::<usize>();
        if t == inputs.len() / 2 {
            let state: Vec<Values> = whole.save();
            assert_eq!(state.len(), model.vars().len(), "one array per variable");
            let mut again = bank(0..n);
            again.load(&state).unwrap();
            assert_eq!(again.save(), state);
            whole = again;
        }
    }
    spikes
}

/// Uniform integers in `-bound..=bound`: `[steps][ports][n]`.
pub(crate) fn noise(seed: u64, steps: usize, ports: usize, n: usize, bound: i32) -> Vec<Vec<Vec<i32>>> {
    let mut draws = pumice_num::Draws::new(seed, pumice_num::Purpose::STIMULUS, 0, 0);
    let mut one = || draws.below(2 * bound as u32 + 1) as i32 - bound;
    (0..steps).map(|_| (0..ports).map(|_| (0..n).map(|_| one()).collect()).collect()).collect()
}

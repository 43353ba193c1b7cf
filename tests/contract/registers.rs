//! Every register at both of its ends and beside them, in every named arithmetic and under every policy, against a
//! straight-line computation in 64 bits: values, spikes, what is counted and where it happened first.

use std::collections::BTreeMap;

use pumice::models::OverflowKind;
use pumice::models::arithmetic::{OverflowPolicy, Register};
use pumice::prelude::*;

const UNBOUNDED: Register = Register { bits: 32, overflow: OverflowPolicy::Unbounded };

const POLICIES: [OverflowPolicy; 5] = [
    OverflowPolicy::Wrap,
    OverflowPolicy::WrapOnceUpper,
    OverflowPolicy::Saturate,
    OverflowPolicy::Error,
    OverflowPolicy::Unbounded,
];

/// A neuron before its first step, and its input.
#[derive(Clone, Copy, Debug)]
struct Start {
    input: i64,
    u: i64,
    v: i64,
    bias_mant: i64,
    bias_exp: i64,
}

/// Threshold of all neurons.
const VTH: i64 = 131_071;

/// What a register makes of a number.
fn hold(register: Register, x: i64) -> i64 {
    let turn = 1_i64 << register.bits;
    let (low, high) = (-turn / 2, turn / 2 - 1);
    match register.overflow {
        OverflowPolicy::Unbounded => word(x),
        OverflowPolicy::Wrap | OverflowPolicy::Error => (x - low).rem_euclid(turn) + low,
        OverflowPolicy::Saturate => x.clamp(low, high),
        OverflowPolicy::WrapOnceUpper if word(x) > high + 1 => word(word(x) - turn),
        OverflowPolicy::WrapOnceUpper if word(x) <= low => word(word(x) + turn),
        OverflowPolicy::WrapOnceUpper => word(x),
    }
}

/// What 32 bits keep of a number.
fn word(x: i64) -> i64 {
    i64::from(x as i32)
}

/// `x * keep / 4096`, toward zero.
fn decay(x: i64, keep: i64) -> i64 {
    x * keep / 4096
}

/// Variable, kind, how often, first neuron.
type Counted = BTreeMap<(&'static str, OverflowKind), (u64, u32)>;

fn kind(register: Register) -> OverflowKind {
    if register.overflow == OverflowPolicy::Saturate { OverflowKind::Saturate } else { OverflowKind::Wrap }
}

/// Inputs about the ends of 32 bits, as they are and once aligned.
const FAR: [i64; 8] =
    [-(1 << 31), 1 - (1 << 31), -(1 << 25) - 1, -(1 << 25), (1 << 25) - 1, 1 << 25, 1 << 26, (1 << 31) - 1];

/// The step in 64 bits: `u`, `v` and whether it fired, by neuron, and what left its register.
fn expected(a: &Arithmetic, du: i64, all: &[Start]) -> (Vec<[i64; 3]>, Counted) {
    let mut counted = Counted::new();
    let step = |(i, start): (usize, &Start)| {
        let mut note = |name, kind, left: bool| {
            if left {
                counted.entry((name, kind)).or_insert((0, i as u32)).0 += 1;
            }
        };
        let aligned = start.input << a.align;
        let q = hold(a.input, aligned);
        note("a_in", kind(a.input), q != aligned);
        let sum = decay(start.u, 4096 - i64::from(a.current_decay_offset) - du) + q;
        let u = hold(a.current, sum);
        note("u", kind(a.current), u != sum);
        let sum = u + (start.bias_mant << start.bias_exp);
        let drive = hold(a.bias_sum, sum);
        note("u+bias", kind(a.bias_sum), drive != sum);
        let sum = decay(start.v, 4096 - i64::from(a.voltage_decay_offset)) + drive;
        let v = sum.clamp(i64::from(a.v_min), i64::from(a.v_max));
        note("v", OverflowKind::Saturate, v != sum);
        let fires = v > VTH << a.align;
        [u, if fires { 0 } else { v }, i64::from(fires)]
    };
    (all.iter().enumerate().map(step).collect(), counted)
}

fn simulate(a: &Arithmetic, du: i64, all: &[Start], backend: Backend) -> Result<(Vec<[i64; 3]>, Counted), Error> {
    let n = all.len();
    let each = |of: fn(&Start) -> i64| all.iter().map(|start| of(start) as i32).collect::<Vec<_>>();
    let mut graph = Graph::new();
    let input = all.iter().map(|start| start.input as f64).collect();
    let source = graph.add("source", Of::<Activation, RingBuffer>::source(&[n], vec![input]))?;
    let cells = Lif {
        u: each(|s| s.u).into(),
        v: each(|s| s.v).into(),
        bias_mant: each(|s| s.bias_mant).into(),
        bias_exp: each(|s| s.bias_exp).into(),
        du: (du as i32).into(),
        vth: (VTH as i32).into(),
        ..Lif::new(&[n])
    };
    let cells = graph.add("cells", cells)?;
    graph.connect(source.out, cells.a_in)?;
    let fired = graph.probe_port(cells.s_out, Record::Dense { stride: 1 })?;
    let mut profile = Profile::load("unlimited")?;
    profile.arithmetic.values = a.clone();
    profile.core.neurons = Some(7);
    let mut simulation = Simulation::new(graph, &profile, &RunConfig::on(backend).workers(2))?;
    simulation.run(RunSteps(1))?;
    let (u, v) = (simulation.get(cells.u)?, simulation.get(cells.v)?);
    let s = simulation.recording(fired).rows().remove(0);
    let mut counted = Counted::new();
    for (_, record) in simulation.overflow() {
        let name = ["a_in", "u", "u+bias", "v"].into_iter().find(|name| *name == record.variable).unwrap();
        assert_eq!(record.first_step, 1);
        counted.insert((name, record.kind), (record.count, record.first_index));
    }
    Ok(((0..n).map(|i| [u[i] as i64, v[i] as i64, s[i] as i64]).collect(), counted))
}

fn holds(a: &Arithmetic, du: i64, all: &[Start], what: &str) {
    let (states, counted) = expected(a, du, all);
    for backend in [Backend::Fixed, Backend::Chip] {
        let found = simulate(a, du, all, backend).unwrap();
        for (i, (want, got)) in states.iter().zip(&found.0).enumerate() {
            assert_eq!(want, got, "{what} on {backend:?}: u, v, s of {:?}", all[i]);
        }
        assert_eq!(counted, found.1, "{what} on {backend:?}");
    }
}

/// Both ends of a register of `bits` bits, one and two beyond and before them, and far beyond.
fn ends(bits: u32) -> Vec<i64> {
    let end = 1_i64 << (bits - 1);
    let near = (-2..=2).flat_map(|k| [end + k, -end + k]);
    near.chain([0, 3 * end, -3 * end, 4 * end - 1, 2 * end, -2 * end]).collect()
}

#[test]
fn named_arithmetics_at_the_ends_of_their_registers() {
    let mut all = Vec::new();
    let near = [-131_072, -32_769, -32_768, -32_767, -163, 0, 1, 163, 32_767, 32_768, 32_769, 65_536, 131_073];
    for input in near.into_iter().chain(FAR) {
        for u in [-8_388_608, -8_388_607, 0, 8_388_607] {
            for (bias_mant, bias_exp) in [(0, 0), (-4096, 7), (4095, 7), (1, 0)] {
                all.extend([-8_388_607, 0, 8_388_607].map(|v| Start { input, u, v, bias_mant, bias_exp }));
            }
        }
    }
    for name in Arithmetic::NAMES {
        holds(&Arithmetic::named(name).unwrap(), 0, &all, name);
        holds(&Arithmetic::named(name).unwrap(), 4095, &all, name);
    }
}

/// What each of the three registers is in an arithmetic.
type Pick = fn(&mut Arithmetic) -> &mut Register;

const REGISTERS: [(&str, Pick); 3] =
    [("a_in", |a| &mut a.input), ("u", |a| &mut a.current), ("u+bias", |a| &mut a.bias_sum)];

/// An arithmetic in which a neuron adds its input to its state as it is, and only one register has ends.
fn bare(pick: Pick, register: Register) -> Arithmetic {
    let (input, current, bias_sum) = (UNBOUNDED, UNBOUNDED, UNBOUNDED);
    let mut a =
        Arithmetic { align: 0, input, current, bias_sum, v_min: i32::MIN, v_max: i32::MAX, ..Arithmetic::lava() };
    *pick(&mut a) = register;
    a
}

#[test]
fn every_policy_of_every_register_at_its_ends() {
    for (name, pick) in REGISTERS {
        for overflow in POLICIES {
            for bits in [12, 20, 24] {
                let a = bare(pick, Register { bits, overflow });
                let all: Vec<Start> = ends(bits)
                    .into_iter()
                    .map(|input| Start { input, u: 0, v: 0, bias_mant: 0, bias_exp: 0 })
                    .collect();
                match overflow {
                    // An error stops the run; what is within is held as it is.
                    OverflowPolicy::Error => {
                        let within = |start: &&Start| hold(Register { bits, overflow }, start.input) == start.input;
                        let all: Vec<Start> = all.iter().filter(within).copied().collect();
                        holds(&a, -1, &all, &format!("{name}, {bits} bits, {overflow:?}"));
                    }
                    _ => holds(&a, -1, &all, &format!("{name}, {bits} bits, {overflow:?}")),
                }
            }
        }
    }
}

/// Sums that 32 bits do not hold, in registers of 32 bits and less, with an alignment and without.
#[test]
fn every_policy_beyond_32_bits() {
    let mut all = Vec::new();
    for input in FAR.into_iter().chain([0]) {
        for u in [i64::from(i32::MIN), 1 - (1 << 31), -1, 1, 1 << 30, i64::from(i32::MAX)] {
            all.extend([-4096, 0, 4095].map(|bias_mant| Start { input, u, v: 0, bias_mant, bias_exp: 7 }));
        }
    }
    for (name, pick) in REGISTERS {
        for overflow in POLICIES.into_iter().filter(|policy| *policy != OverflowPolicy::Error) {
            for (bits, align) in [(32, 0), (32, 6), (24, 6)] {
                let a = Arithmetic { align, ..bare(pick, Register { bits, overflow }) };
                let fits = |start: &&Start| a.current.bits == 32 || start.u.abs() < 1 << 23;
                let all: Vec<Start> = all.iter().filter(fits).copied().collect();
                let (_, counted) = expected(&a, -1, &all);
                assert!(counted.values().map(|(count, _)| count).sum::<u64>() > 5, "{name}, {bits} bits, {overflow:?}");
                holds(&a, -1, &all, &format!("{name}, {bits} bits, {overflow:?}"));
            }
        }
    }
}

#[test]
fn the_policy_error_names_core_neuron_step_and_variable() {
    let quiet = Start { input: 0, u: 0, v: 0, bias_mant: 0, bias_exp: 0 };
    for (name, pick) in REGISTERS {
        let a = bare(pick, Register { bits: 20, overflow: OverflowPolicy::Error });
        for (place, input) in [(0, 1 << 19), (12, -(1 << 19) - 1), (20, 1 << 19)] {
            let mut all = vec![quiet; 21];
            all[place].input = input;
            // Seven neurons are on a core.
            let core = (place / 7).to_string();
            for (backend, core) in [(Backend::Fixed, "none"), (Backend::Chip, &core)] {
                let fault = simulate(&a, -1, &all, backend).unwrap_err().to_string();
                let said = format!("`{name}` of neuron {place} of `cells` (core {core}) left its register in step 1");
                assert_eq!(fault, said, "{backend:?}");
            }
        }
    }
}

/// The voltage has no policy: it stops at `v_min` and `v_max`, and each stop is counted.
#[test]
fn the_voltage_stops_at_its_ends() {
    let a = Arithmetic { v_min: -1000, v_max: 1000, ..bare(|a| &mut a.input, UNBOUNDED) };
    let start = |input| Start { input, u: 0, v: 0, bias_mant: 0, bias_exp: 0 };
    let all: Vec<Start> = [-1001, -1000, -999, 0, 999, 1000, 1001, 1_000_000].map(start).to_vec();
    holds(&a, -1, &all, "v");
    let (_, counted) = expected(&a, -1, &all);
    assert_eq!(counted, Counted::from([(("v", OverflowKind::Saturate), (3, 0))]));
}

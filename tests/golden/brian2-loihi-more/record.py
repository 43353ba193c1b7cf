"""Records the cases of this folder.

Python 3.10 with brian2-loihi 0.5.2, brian2 2.5.4 and numpy 1.25.2; run as `python record.py` in this folder.
"""

import json
import random
from pathlib import Path

import brian2
import brian2_loihi
import numpy as np
from brian2 import SpikeMonitor, StateMonitor, prefs
from brian2_loihi import LoihiNetwork, LoihiNeuronGroup, LoihiSpikeGeneratorGroup, LoihiSynapses

prefs.codegen.target = "numpy"
META = {"brian2_loihi": "0.5.2", "brian2": brian2.__version__, "numpy": np.__version__, "codegen": "numpy"}
TRACES = ["x1", "x2", "y1", "y2", "y3"]


def write(name, seed, doc, inputs, expected):
    case = {"schema": "emu-golden/1", "suite": "brian2_loihi", "category": name.rsplit("_", 1)[0], "name": name}
    case |= {"seed": seed, "meta": META, "doc": doc, "inputs": inputs, "expected": expected}
    Path(f"{name}.json").write_text(json.dumps(case, separators=(",", ":")) + "\n")


# --- what a case consists of


def group(id, n, refractory=1, threshold=100, decay_v=0, decay_i=4096):
    return {"id": id, "n": n, "refractory": refractory, "threshold_v_mant": threshold, "decay_v": decay_v, "decay_I": decay_i}


def generator(rng, id, n, steps, rate):
    fired = {t: [i for i in range(n) if rng.random() < rate] for t in range(steps)}
    return {"id": id, "n": n, "spikes": {str(t): all for t, all in fired.items() if all}}


MANTISSAS = {1: (-256, 254), 2: (0, 255), 3: (-256, 0)}


def synapses(rng, source, target, chance, sign=2, delay=0, w_exp=0, bits=8, low=None, high=None, **learning):
    """Random pairs; several synapses of one pair where `chance` is above 1."""
    pairs = [(i, j) for i in range(source["n"]) for j in range(target["n"])]
    pairs = [pair for pair in pairs for _ in range(int(chance) + (rng.random() < chance % 1))] or pairs[:1]
    low, high = (b if a is None else a for a, b in zip((low, high), MANTISSAS[sign]))
    own = {"source": source["id"], "target": target["id"], "i": [p[0] for p in pairs], "j": [p[1] for p in pairs]}
    own |= {"w": [rng.randint(low, high) for _ in pairs], "sign_mode": sign, "delay": delay, "w_exp": w_exp}
    return own | {"num_weight_bits": bits} | learning


# --- the recording


def make(inputs):
    places = {}
    for g in inputs["generators"]:
        flat = [(int(t), i) for t, all in g["spikes"].items() for i in all]
        places[g["id"]] = LoihiSpikeGeneratorGroup(g["n"], [i for _, i in flat], [t for t, _ in flat])
    for g in inputs["groups"]:
        own = {k: v for k, v in g.items() if k not in ("id", "n")}
        places[g["id"]] = LoihiNeuronGroup(g["n"], **own)
    connections = []
    for s in inputs["synapses"]:
        own = {k: s[k] for k in ("delay", "w_exp", "sign_mode", "num_weight_bits")}
        learning = {"dw": s["dw"], **s["traces"]} if "dw" in s else {}
        made = LoihiSynapses(places[s["source"]], places[s["target"]], **own, **learning)
        made.connect(i=s["i"], j=s["j"])
        made.w = np.array(s["w"])
        connections.append(made)
    return places, connections


def rows(monitor, variable):
    found = np.asarray(getattr(monitor, variable)).T
    assert np.all(found == np.round(found)), variable
    return [[int(x) for x in row] for row in found]


def record(name, seed, doc, inputs):
    brian2.seed(seed)
    steps, full = inputs["T"], inputs["record"] == "full"
    places, connections = make(inputs)
    network = LoihiNetwork(*places.values(), *connections)
    watched = {}
    for g in inputs["groups"]:
        own = places[g["id"]]
        current = StateMonitor(own, "I", record=True, when="after_synapses")
        watched[g["id"]] = (SpikeMonitor(own), current, StateMonitor(own, "v", record=True, when="end"))
        network.add(*watched[g["id"]])
    learned = {}
    for k, (s, made) in enumerate(zip(inputs["synapses"], connections)):
        if "dw" in s:
            used = [x for x in TRACES if s["traces"].get(f"imp_{x}") and s["traces"].get(f"tau_{x}")]
            names = ["w", "w_act", "add_or_not", *used, *(f"{x}_add_or_not" for x in used)]
            learned[k] = (used, StateMonitor(made, names, record=True, when="end"))
            network.add(learned[k][1])
    initial = [[int(x) for x in np.asarray(made.w_act)] for made in connections]
    network.run(steps)
    expected = {"groups": {}, "synapses": {str(k): {"w_act_initial": w} for k, w in enumerate(initial)}}
    for id, (spikes, current, voltage) in watched.items():
        fired = [[] for _ in range(steps)]
        for t, i in zip(np.round(spikes.t / brian2.ms).astype(int), spikes.i):
            fired[t].append(int(i))
        own = {"spikes": [sorted(all) for all in fired]}
        own |= {"I": rows(current, "I"), "v": rows(voltage, "v")} if full else {}
        expected["groups"][id] = own
    inputs["draws"] = {}
    for k, (used, monitor) in learned.items():
        expected["synapses"][str(k)] |= {x: rows(monitor, x) for x in ["w", "w_act", *used]}
        inputs["draws"][str(k)] = {f"{x}add_or_not": rows(monitor, f"{x}add_or_not") for x in ["", *(f"{u}_" for u in used)]}
    write(name, seed, doc, inputs, expected)


def network(seed, steps, groups, generators, connections, full=True):
    return {"T": steps, "record": "full" if full else "spikes", "groups": groups, "generators": generators, "synapses": connections}


# --- neurons and synapses that do not learn


def ends(k, seed):
    """Every parameter of a neuron at an end."""
    rng = random.Random(seed)
    corners = [(0, 0), (0, 4096), (4096, 0), (1, 1), (4095, 1), (4096, 4096)]
    own = group("g", 3, [1, 64, 2][k % 3], [0, 131071, 2047][k // 2 % 3], *corners[k])
    up, down = generator(rng, "up", 4, 60, 0.4), generator(rng, "down", 3, 60, 0.4)
    both = [synapses(rng, up, own, 0.7, w_exp=k % 8), synapses(rng, down, own, 0.7, sign=3, w_exp=k % 8)]
    record(f"neuron_ends_{k}", seed, "", network(seed, 60, [own], [up, down], both))


def beyond(k, seed):
    """Currents and voltages beyond 24 bits, which the emulator does not bound; all stay within 32."""
    rng, steps = random.Random(seed), [50, 25, 50][k]
    own = group("g", 2, 1, 131071, [0, 3, 40][k], [2, 0, 1][k])
    source = generator(rng, "s", 5, steps, 0.9)
    sign = [2, 3, 1][k]
    both = [synapses(rng, source, own, 1, sign, w_exp=7, bits=8)]
    record(f"neuron_beyond_{k}", seed, "", network(seed, steps, [own], [source], both))


def formats(k, seed):
    """Every number of weight bits with every sign, exponents from end to end, several synapses of a pair."""
    rng = random.Random(seed)
    own = group("g", 4, 2, 300, 1500, 2500)
    source = generator(rng, "s", 5, 40, 0.3)
    exponents = [-8, -7, -5, -4, -3, -1, 1, 5, 7]
    both = [synapses(rng, source, own, 1.4, sign, w_exp=exponents[(k + 3 * sign) % 9], bits=k) for sign in (1, 2, 3)]
    record(f"synapse_formats_{k}", seed, "", network(seed, 40, [own], [source], both))


def recurrent(k, seed):
    """Groups of other sizes that feed themselves and each other, with delays to the longest."""
    rng = random.Random(seed)
    a = group("a", [1, 7, 30][k], 1 + k, 40, 300, 1800)
    b = group("b", [2, 3, 1][k], 64 - k, 30, 900, 700)
    source = generator(rng, "s", 6, 90, 0.25)
    all = [synapses(rng, source, a, 0.8, high=90), synapses(rng, source, b, 0.5, delay=1)]
    all += [synapses(rng, a, a, 0.3, 1, delay=[0, 7, 62][k], bits=7, low=-80, high=80)]
    all += [synapses(rng, a, b, 0.6, delay=[62, 1, 3][k], w_exp=-1), synapses(rng, b, a, 0.9, 3, delay=2, bits=5)]
    record(f"net_other_{k}", seed, "", network(seed, 90, [a, b], [source], all))


# --- synapses that learn


def learner(name, seed, dw, doc="", traces=None, steps=60, n=(3, 2), **form):
    """Synapses that learn between a generator and a group that another generator makes fire."""
    rng = random.Random(seed)
    pre, post = generator(rng, "pre", n[0], steps, 0.25), generator(rng, "post", n[1], steps, 0.25)
    own = group("g", n[1], rng.randint(1, 4), rng.randint(60, 200), rng.choice([4096, 2000]), 4096)
    learned = synapses(rng, pre, own, form.pop("chance", 1), dw=dw, traces=traces or {}, **form)
    force = {"source": "post", "target": "g", "i": list(range(n[1])), "j": list(range(n[1])), "w": [255] * n[1]}
    force |= {"sign_mode": 2, "delay": 0, "w_exp": 0, "num_weight_bits": 8}
    record(name, seed, doc, network(seed, steps, [own], [pre, post], [learned, force], full=False))


def some_traces(rng, names=TRACES, taus=(1, 60)):
    return {f"{p}_{x}": rng.randint(*r) for x in names for p, r in (("imp", (1, 127)), ("tau", taus))}


def stdp(k, seed):
    """Pair and triplet rules of other strength in every format, with delays."""
    rng = random.Random(seed)
    rules = [
        "2^-2*x1*y0-2^-2*y1*x0",
        "y0*x1*2^-4 - x0*y1*2^-3 - x0*w*2^-5",
        "-2^2*x1*y0 + 2^3*y1*x0",
        "2^-3*x1*y2*y0 - 2^-4*y1*x2*x0",
        "x0*(y1-x0*x2)*2^3 + y0*(x1-y0*y3)*2",
        "x0*40 - y0*90",
    ]
    form = {"sign": 1 + k % 3, "bits": [8, 6, 4, 7, 1, 5][k], "delay": [0, 3, 40, 1, 10, 0][k], "w_exp": [0, 2, -3, 7, -8, 1][k]}
    learner(f"learn_stdp_{k}", seed, rules[k], traces=some_traces(rng), **form)


def strings(k, seed):
    """Rule texts with powers, brackets, sign() and every u."""
    rng = random.Random(seed)
    rules = [
        "u1*3 - u2*w*2^-4",
        "u3*(w-20)*2^-1 + x0*x1*y1*2^-6",
        "sign(w)*x0*37 - y0*sign(x1*y0-x0*y1)*2^6",
        "x0*2^-7*x1*x1 - u5*y3",
        "-(x0*y1) + y0*x1*x2*2^-3",
        "u0*x1*2^-1 - u0*y1*2^-2",
        "2^+3*x0 - 2^3*y0 - u4*2^-0*w",
        "x0*w*w*2^-7 - y0*w*2^-1",
        "u6*127 - u0*1",
        "x0*(2*x1-x0*3*y1)*2^-3+y0*(x2*2^-2-y0*y2)*(1+y3*2^-6)",
        "x0*y0*100-u0*2",
        "x0**2*7 - y0*x1**2*2^-7",
    ]
    form = {"sign": rng.choice([1, 2, 3]), "bits": rng.randint(2, 8), "delay": rng.choice([0, 0, 2, 5]), "w_exp": rng.randint(-2, 3)}
    learner(f"learn_strings_{k}", seed, rules[k], traces=some_traces(rng), **form)


def traces(k, seed):
    """Impulses and time constants at their ends; a trace without an impulse."""
    rng = random.Random(seed)
    taus = [(1, 1), (2, 2), (127, 127), (100, 5000)][k]
    own = some_traces(rng, taus=taus)
    own |= [{"imp_x1": 127}, {"imp_y2": 0}, {"imp_x2": 127, "imp_y1": 1}, {"tau_y3": 0}][k]
    learner(f"learn_traces_{k}", seed, "2^-2*x1*y0 - 2^-3*y1*x0", traces=own)


def saturated(k, seed):
    """Weights that reach both ends of their range."""
    rng = random.Random(seed)
    learner(f"learn_saturated_{k}", seed, "y0*x1*2 - x0*y1*2", sign=k + 1, bits=[8, 5, 6][k], traces=some_traces(rng, ["x1", "y1"], (2, 9)))


def no_bits(k, seed):
    """Weights of no bits, of which none reaches the target before they learn; all their bits do then."""
    rng = random.Random(seed)
    learner(f"learn_no_bits_{k}", seed, "u0*w*2^-1 + x0*90 - y0*x1*4", sign=k + 1, bits=0, traces=some_traces(rng, ["x1"]))


def loop(k, seed):
    """A group that learns from itself, and two learners onto it."""
    rng = random.Random(seed)
    own = group("g", [5, 1][k], 2, 60, 500, 3000)
    source = generator(rng, "s", 6, 70, 0.3)
    rule = {"dw": "2^-3*x1*y0 - 2^-4*y1*x0 - u3*1", "traces": some_traces(rng, ["x1", "y1"], (3, 20))}
    other = {"dw": "u2*x1*2^-2 - x0*2", "traces": some_traces(rng, ["x1"], (3, 20))}
    all = [synapses(rng, source, own, 0.8, 2, high=120, bits=8, **rule), synapses(rng, own, own, 1, 1, 1, low=-60, high=60, bits=7, **other)]
    record(f"learn_loop_{k}", seed, "", network(seed, 70, [own], [source], all))


def late(seed):
    """u_k beyond step 1000, where a step times a millisecond over a millisecond is not always a whole number."""
    rng = random.Random(seed)
    learner("learn_late_0", seed, "u1*8-u0*4", steps=2100, n=(1, 1), sign=1, traces=some_traces(rng, ["x1"], (9, 9)))


# --- tables


def weights(seed):
    rng = random.Random(seed)
    items, acts = [], []
    for sign in (1, 2, 3):
        for bits in range(9):
            for w_exp in rng.sample(range(-8, 8), 5):
                w = sorted({*MANTISSAS[sign], *(rng.randint(*MANTISSAS[sign]) for _ in range(12))})
                made = LoihiSynapses(LoihiNeuronGroup(1), LoihiNeuronGroup(1), sign_mode=sign, num_weight_bits=bits, w_exp=w_exp)
                items.append({"sign_mode": sign, "num_weight_bits": bits, "w_exp": w_exp, "w": w})
                acts.append([int(x) for x in made.calcActualWeights(np.array(w))])
    write("weights_table_0", seed, "", {"items": items}, {"w_act": acts})


def verdict(make):
    try:
        make()
        return "ok"
    except Exception as fault:
        return f"{type(fault).__name__}: {fault}"[:100]


def rule_strings(seed):
    """Which rule texts are taken: those below, and texts of random symbols."""
    rng = random.Random(seed)
    texts = ["x0*(y1-x2)", "(x1-y1)*x0", "x0*(x1+y1-2)", "x0-(y1)", "x0*(-2)", "-x0", "+x0", "--x0", "x0*-2", "x0^2", "2^x0", "x0*2^-8"]
    texts += ["x0*2^+9", "x0*2^10", "x0*2^-10", "12^2*x0", "x0*22^3", "sign(x0)", "sign(x0-y1)*2", "sign(w)*2", "x0*sign(x1)*sign(y1)"]
    texts += ["x0 * y1\t- 2*y0", "x0*(w)", "u0", "u9*x1+u00*2", "x0*w*w", "x0*(", "x0)", "()x0", "x0*()", "x0**", "x0***2", "x0*02", "u1x0", "x0*x"]
    symbols = ["x0", "y0", "x1", "y2", "y3", "u3", "u0", "w", "2", "2^-3", "2^+4", "2^9", "+", "-", "*", "*", "(", ")", "sign("]
    texts += ["".join(rng.choice(symbols) for _ in range(rng.randint(3, 8))) for _ in range(160)]
    full = {f"{p}_{x}": 10 for x in TRACES for p in ("imp", "tau")}

    def one(dw):
        return lambda: LoihiSynapses(LoihiNeuronGroup(1), LoihiNeuronGroup(1), dw=dw, **full)

    limits = []
    for name in [f"{p}_{x}" for x in TRACES for p in ("imp", "tau")]:
        for value in (-1, 1, 127, 128):
            own = {**full, name: value}
            taken = verdict(lambda: LoihiSynapses(LoihiNeuronGroup(1), LoihiNeuronGroup(1), dw="x0*1", **own)) == "ok"
            limits.append([name, value, taken])
    out = {"rules": [verdict(one(dw)) for dw in texts], "parameter_limits": limits}
    write("rule_strings_0", seed, "", {"rules": texts}, out)


if __name__ == "__main__":
    for make_cases, n, seed in [(ends, 6, 500), (beyond, 3, 520), (formats, 9, 540), (recurrent, 3, 560)]:
        for k in range(n):
            make_cases(k, seed + k)
    for make_cases, n, seed in [(stdp, 6, 600), (strings, 12, 620), (traces, 4, 640), (saturated, 3, 660), (loop, 2, 680), (no_bits, 3, 690)]:
        for k in range(n):
            make_cases(k, seed + k)
    late(700)
    weights(720)
    rule_strings(740)

"""Records `ends.json` and `inv_sqrt.json` of this folder: single processes with parameters and inputs at their ends.

Python 3.10 with lava-nc 0.10.0; run as `python record.py` in this folder.
"""

import json
import random
from pathlib import Path

import numpy as np
from lava.magma.core.run_conditions import RunSteps
from lava.magma.core.run_configs import Loihi2SimCfg
from lava.proc.atrlif.process import ATRLIF
from lava.proc.graded.process import GradedReluVec, GradedVec, InvSqrt, NormVecDelay
from lava.proc.io.sink import RingBuffer as Sink
from lava.proc.io.source import RingBuffer as Source
from lava.proc.lif.process import LIFReset, TernaryLIF
from lava.proc.monitor.process import Monitor
from lava.proc.prodneuron.process import ProdNeuron
from lava.proc.resfire.process import RFZero
from lava.proc.rf.process import RF
from lava.proc.rf_iz.process import RF_IZ
from lava.proc.sdn.process import ActivationMode, Delta, Sigma, SigmaDelta

STEPS = 12


def numbers(rng, n, bits):
    """Integers of every magnitude up to `bits` bits, many at a power of two or beside it."""

    def one():
        x = (1 << rng.randint(0, bits)) + rng.choice([-1, 0, 1, rng.randint(-9, 9)])
        return rng.choice([0, x, -x, rng.randint(-300, 300)])

    return [[one() for _ in range(n)] for _ in range(STEPS)]


def sigma_delta(rng):
    params = {"vth": rng.choice([0, 1, 100]), "bias": rng.choice([0, -255, 255]), "act_mode": rng.choice(["UNIT", "RELU"])}
    return params | {"cum_error": rng.random() < 0.5, "spike_exp": rng.choice([0, 1, 8]), "state_exp": rng.choice([0, 3, 7])}


def delta(rng):
    own = sigma_delta(rng)
    return {k: own[k] for k in ("vth", "cum_error", "spike_exp", "state_exp")}


def resonator(rng):
    own = {"period": rng.choice([2.0, 2.5, 7.0, 1e4]), "alpha": rng.choice([0.0, 0.001, 0.5, 1.0])}
    return own | {"state_exp": rng.choice([0, 6, 12]), "decay_bits": rng.choice([4, 12, 16]), "vth": rng.choice([0.0, 1.0, 1000.0])}


def adaptive(rng):
    own = {f"delta_{x}": rng.choice([0.0, 0.001, 0.5, 0.9999, 1.0]) for x in ("i", "v", "theta", "r")}
    return own | {"theta_0": rng.choice([0, 5, 2000]), "theta_step": rng.choice([0, 3.75, 500]), "bias_mant": rng.choice([0, 4095, -4096]), "bias_exp": rng.choice([0, 7])}


def membrane(rng):
    own = {"du": rng.choice([0, 1, 4095]), "dv": rng.choice([0, 1, 4095]), "bias_mant": rng.choice([0, 4095, -4096]), "bias_exp": rng.choice([0, 7])}
    return own | {"u": rng.choice([0, 8388607, -8388608]), "v": rng.choice([0, 8388607, -8388608])}


def ternary(rng):
    return membrane(rng) | {"vth_hi": rng.choice([0, 131071]), "vth_lo": rng.choice([0, -131071])}


def resetting(rng):
    return membrane(rng) | {"vth": rng.choice([0, 131071]), "reset_interval": rng.choice([1, 2, 7]), "reset_offset": rng.choice([0, 1, 50])}


def zero(rng):
    return {"freqs": [rng.uniform(0.01, 450) for _ in range(3)], "decay_tau": [rng.uniform(0.001, 9) for _ in range(3)], "dt": 0.001, "uth": rng.choice([0, 1, 5000])}


# Process, parameters, in-ports, bits of the inputs, out-ports and variables.
FAMILIES = [
    (GradedVec, lambda rng: {"vth": rng.choice([0, 1, (1 << 23) - 1]), "exp": rng.choice([0, 7])}, ["a_in"], 29, ["s_out"], ["v"]),
    (GradedReluVec, lambda rng: {"vth": rng.choice([0, 1, (1 << 23) - 1]), "exp": rng.choice([0, 7])}, ["a_in"], 29, ["s_out"], ["v"]),
    (ProdNeuron, lambda rng: {"vth": rng.choice([0, 1, 1 << 20]), "exp": rng.choice([0, 1, 12, 30])}, ["a_in1", "a_in2"], 23, ["s_out"], []),
    (NormVecDelay, lambda rng: {"vth": rng.choice([0, 1, 1 << 20]), "exp": rng.choice([0, 12])}, ["a_in1", "a_in2"], 23, ["s_out", "s2_out"], []),
    (Sigma, lambda rng: {}, ["a_in"], 29, ["s_out"], ["sigma"]),
    (Delta, delta, ["a_in"], 15, ["s_out"], ["act", "residue", "error"]),
    (SigmaDelta, sigma_delta, ["a_in"], 15, ["s_out"], ["sigma", "act", "residue", "error"]),
    (RF, resonator, ["a_real_in", "a_imag_in"], 16, ["s_out"], ["real", "imag"]),
    (RF_IZ, resonator, ["a_real_in", "a_imag_in"], 16, ["s_out"], ["real", "imag"]),
    (RFZero, zero, ["u_in", "v_in"], 20, ["s_out"], ["u", "v"]),
    (ATRLIF, adaptive, ["a_in"], 14, ["s_out"], ["i", "v", "theta", "r"]),
    (TernaryLIF, ternary, ["a_in"], 17, ["s_out"], ["u", "v"]),
    (LIFReset, resetting, ["a_in"], 17, ["s_out"], ["u", "v"]),
]


def record(k, rng, family):
    make, params, ins, bits, outs, variables = family
    own = {"shape": [3]} | params(rng)
    given = dict(own, shape=(3,))
    for name in ("freqs", "decay_tau"):
        if name in given:
            given[name] = np.array(given[name])
    if "act_mode" in given:
        given["act_mode"] = ActivationMode[given["act_mode"]]
    process = make(**given)
    inputs = {name: numbers(rng, 3, bits) for name in ins}
    for name, rows in inputs.items():
        Source(data=np.array(rows, dtype=np.int32).T).s_out.connect(getattr(process, name))
    sinks = {name: Sink(shape=(3,), buffer=STEPS) for name in outs}
    for name, sink in sinks.items():
        getattr(process, name).connect(sink.a_in)
    monitors = {name: Monitor() for name in variables}
    for name, monitor in monitors.items():
        monitor.probe(getattr(process, name), STEPS)
    process.run(condition=RunSteps(STEPS), run_cfg=Loihi2SimCfg(select_tag="fixed_pt"))
    outputs = {name: sink.data.get().T for name, sink in sinks.items()}
    for name, monitor in monitors.items():
        outputs[name] = monitor.get_data()[process.name][name]
    process.stop()
    outputs = {name: np.asarray(rows).astype(int).reshape(STEPS, 3).tolist() for name, rows in outputs.items()}
    case = {"id": f"ends_{k:03}", "process": make.__name__, "determinism": "deterministic", "tags": []}
    return case | {"num_steps": STEPS, "params": own, "inputs": inputs, "outputs": outputs}


def inverse_root(k, base, real):
    """Inverse square roots of positive numbers; others, or several neurons, stop Lava's runtime."""
    rng = random.Random(100 + k)
    rows = [[rng.uniform(0.01, 9) if real else 1 << rng.randint(0, 22) | rng.randint(0, 99)] for _ in range(STEPS)]
    kind, tag = (float, "floating_pt") if real else (np.int32, "fixed_pt")
    process, sink = InvSqrt(shape=(1,), fp_base=base), Sink(shape=(1,), buffer=STEPS)
    Source(data=np.array(rows, dtype=kind).T).s_out.connect(process.a_in)
    process.s_out.connect(sink.a_in)
    process.run(condition=RunSteps(STEPS), run_cfg=Loihi2SimCfg(select_tag=tag))
    found = [[float(x) if real else int(x)] for x in sink.data.get()[0]]
    process.stop()
    case = {"id": f"inv_sqrt_{k:03}", "process": "InvSqrt", "determinism": "deterministic", "tags": ["float"] if real else []}
    return case | {"num_steps": STEPS, "params": {"shape": [1], "fp_base": base}, "inputs": {"a_in": rows}, "outputs": {"s_out": found}}


def write(family, cases):
    file = {"family": family, "split": "more", "generator": "lava-nc 0.10.0 (PyPI)", "schema": 1, "cases": cases}
    Path(f"{family}.json").write_text(json.dumps(file, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    rng, cases = random.Random(2025), []
    for family in FAMILIES:
        for _ in range(5):
            cases.append(record(len(cases), rng, family))
    write("ends", cases)
    write("inv_sqrt", [inverse_root(k, base, k == 2) for k, base in enumerate([12, 8, 12])])

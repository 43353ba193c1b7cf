"""Records the cases `axons_*`, `exponent_*`, `far_*` and `discretize_block_*` of this folder.

Python 3.11 with nengo-loihi 1.1.0, nengo 3.2.0 and numpy 1.26.4; run as `python record.py` in this folder.
"""

import json
import warnings
from pathlib import Path

import nengo
import nengo_loihi
import numpy as np
from nengo.exceptions import BuildError
from nengo_loihi.block import Axon, LoihiBlock, Synapse
from nengo_loihi.builder import Model
from nengo_loihi.builder.discretize import discretize_block
from nengo_loihi.emulator import EmulatorInterface
from nengo_loihi.inputs import SpikeInput

STEPS = 24
META = {"nengo_loihi": nengo_loihi.__version__, "nengo": nengo.__version__, "numpy": np.__version__}


class Draws:
    """A generator that remembers what it gave."""

    def __init__(self, seed):
        self.rng, self.step = np.random.RandomState(seed), []

    def rand(self, *shape):
        drawn = self.rng.rand(*shape)
        self.step.append(["rand", drawn.tolist()])
        return drawn

    def randint(self, *args, **kwargs):
        return self.rng.randint(*args, **kwargs)


class Chip(EmulatorInterface):
    strict = False


def format_of(synapse):
    return {k: int(v) for k, v in vars(synapse.synapse_cfg).items()}


def compartments(rng, block, n):
    c = block.compartment
    c.decay_u, c.decay_v = (rng.randint(0, 4096, n).astype(np.int32) for _ in range(2))
    c.vth = (rng.randint(1, 3000, n) << 6).astype(np.int32)
    c.bias = (rng.randint(-999, 1000, n) << rng.randint(0, 7)).astype(np.int32)
    c.refract_delay = rng.randint(1, 5, n).astype(np.int32)
    c.vmin, c.vmax, c.scale_u, c.scale_v = int(rng.choice([0, -(2**23) + 1])), 2**23 - 1, False, False


def learner(rng, synapse, n, exponent):
    """Weights of both signs in a random format, and a random rule."""
    code = int(rng.randint(1, 8))
    synapse.set_weights(np.zeros((synapse.n_axons, n)))
    synapse.set_learning(tracing_tau=int(rng.randint(1, 40)), tracing_mag=float(rng.uniform(0, 127)))
    synapse.format(weight_exp=exponent, weight_bits=code)
    lost = synapse.synapse_cfg.shift_bits
    most = (1 << (8 - lost)) - 1
    coarse = 1 << max(0, -exponent - lost)
    for k in range(synapse.n_axons):
        steps = np.trunc(rng.randint(-most, most + 1, (1, n)) / coarse).astype(np.int32) * coarse
        synapse.weights[k] = steps << (6 + exponent + lost)
    synapse._lr_int, synapse._lr_exp = int(rng.choice([-8, -3, -1, 1, 2, 5, 7])), int(rng.randint(-7, 1))


def route(rng, sender, n, target):
    """Axons from senders to random ones of a few, so that some share theirs."""
    axon = Axon(target.n_axons)
    axon.target = target
    mapped = rng.randint(-1, target.n_axons, n)
    axon.set_compartment_axon_map(mapped)
    sender.add_axon(axon)


def build(rng, exponent):
    model, n = Model(), 2 * int(rng.randint(1, 5))
    model.pes_error_scale = 1.0
    synapses = []
    for _ in range(2):
        block = LoihiBlock(n)
        compartments(rng, block, n)
        synapse = Synapse(int(rng.randint(1, 5)))
        learner(rng, synapse, n, exponent)
        block.add_synapse(synapse)
        model.add_block(block)
        synapses.append(synapse)
    for b, block in enumerate(list(model.blocks)):
        route(rng, block, n, synapses[1 - b])
    source = SpikeInput(int(rng.randint(3, 9)))
    for synapse in synapses:
        route(rng, source, source.n_neurons, synapse)
    for t in range(1, STEPS):
        fired = np.nonzero(rng.rand(source.n_neurons) < 0.3)[0]
        if len(fired):
            source.add_spikes(t, fired, permanent=True)
    model.add_input(source)
    return model, synapses


def axons(synapses, owner):
    return [
        {
            "target_synapse": synapses.index(a.target),
            "n_axons": a.n_axons,
            "compartment_map": a.compartment_map.tolist(),
            "compartment_atoms": None,
        }
        for a in owner.axons
    ]


def described_block(block, synapses):
    c = block.compartment
    own = {k: getattr(c, k).tolist() for k in ("decay_u", "decay_v", "vth", "bias", "refract_delay")}
    own |= {"enable_noise": [0] * c.n_compartments, "noise_exp": 0, "noise_offset": 0, "noise_at_membrane": 0}
    return {
        "compartment": {"n": c.n_compartments, "vmin": c.vmin, "vmax": c.vmax, **own},
        "synapses": [
            {
                "id": synapses.index(s),
                "n_axons": s.n_axons,
                "pop_type": 0,
                "weights": [w.tolist() for w in s.weights],
                "indices": [i.tolist() for i in s.indices],
                "axon_to_weight_map": None,
                "axon_compartment_bases": None,
                "cfg": format_of(s),
                "bits": int(s.bits()),
                "learning": {
                    "train_epoch": s.train_epoch,
                    "learn_epoch": s.learn_epoch,
                    "tracing_tau": s.tracing_tau,
                    "tracing_mag": s.tracing_mag,
                    "lr_int": s._lr_int,
                    "lr_exp": s._lr_exp,
                },
            }
            for s in block.synapses
        ],
        "axons": axons(synapses, block),
        "utilization": {k: [int(a), int(b)] for k, (a, b) in block.utilization().items()},
    }


def sink(model, lowest):
    """Compartments that a negative bias takes to a lowest voltage beyond 24 bits."""
    for block in model.blocks:
        block.compartment.vmin = lowest
        block.compartment.bias[:] = -(4095 << 7)
        block.compartment.decay_v //= 64


def record(name, seed, exponent, lowest=None):
    rng = np.random.RandomState(seed)
    model, synapses = build(rng, exponent)
    if lowest is not None:
        sink(model, lowest)
    inputs = {
        "model": {
            "blocks": [described_block(b, synapses) for b in model.blocks],
            "inputs": [
                {
                    "n": s.n_neurons,
                    "axons": axons(synapses, s),
                    "spikes": {str(t): s.spikes[t].tolist() for t in s.spike_times()},
                }
                for s in model.inputs
            ],
        },
        "draws": [],
        "pes_error": [],
    }
    chip = Chip(model, seed=seed)
    chip.rng = draws = Draws(seed)
    out = {k: [] for k in ("q0", "u", "v", "s", "warnings", "traces", "weights")}
    half = list(model.blocks)[0].n_neurons // 2
    for t in range(1, STEPS + 1):
        error = rng.randint(-127, 128, half)
        draws.step = []
        with warnings.catch_warnings(record=True) as caught:
            warnings.simplefilter("always")
            chip.host2chip([], [(s, None, error) for s in synapses])
            chip.step()
        out["q0"].append(chip.compartment.input[0].tolist())
        out["u"].append(chip.compartment.current.tolist())
        out["v"].append(chip.compartment.voltage.tolist())
        out["s"].append(np.nonzero(chip.compartment.spiked)[0].tolist())
        out["warnings"] += [[t, str(w.message)] for w in caught]
        if t % 2 == 0:
            out["traces"].append([t, [chip.synapses.traces[s].tolist() for s in synapses]])
        if t % 4 == 0:
            out["weights"].append([t, [[w.tolist() for w in s.weights] for s in synapses]])
        inputs["draws"].append(draws.step)
        inputs["pes_error"].append(error.tolist())
    write("learn", name, seed, "two blocks that learn; spikes that share an axon in a step", inputs, out)


def write(category, name, seed, doc, inputs, expected):
    case = {"schema": "emu-golden/1", "suite": "nengo_loihi", "category": category, "name": name, "seed": seed}
    case |= {"meta": META, "doc": doc, "inputs": inputs, "expected": expected}
    Path(f"{name}.json").write_text(json.dumps(case, separators=(",", ":")) + "\n")


def real_block(rng):
    """Real parameters with low thresholds, so that a lowest voltage scales beyond 24 bits."""
    n = int(rng.randint(1, 4))
    item = {"kind": "lif", "tau_rc": rng.uniform(0.003, 0.1), "tau_ref": 0.002, "tau_s": 0.005, "dt": 0.001}
    item |= {"vth": rng.uniform(0.2, 1.5), "min_voltage": float(rng.choice([-0.5, -2.0]))}
    item["bias"] = rng.randn(n).astype(np.float32).tolist()
    item["weights"] = (rng.randn(2, n) * 0.01).astype(np.float32).tolist()
    return item | {"noise": None}


def past_a_mantissa():
    """A bias that scales to 32763, between the last mantissa of an exponent and the next exponent."""
    item = {"kind": "relu", "tau_rc": 0.02, "tau_ref": 0.0, "tau_s": 0.005, "dt": 0.001, "vth": 0.5, "min_voltage": 0.0}
    return item | {"bias": [1.0, 32763 / 524160], "weights": [[0.0, 0.0]], "noise": None}


def built(item):
    """The registers of a block, or that the builder refuses it."""
    block = LoihiBlock(len(item["bias"]))
    c = block.compartment
    times = {"tau_ref": item["tau_ref"], "vth": item["vth"], "dt": item["dt"]}
    if item["kind"] == "lif":
        c.configure_lif(tau_rc=item["tau_rc"], min_voltage=item["min_voltage"], **times)
    else:
        c.configure_relu(**times)
    c.configure_filter(item["tau_s"], dt=item["dt"])
    c.bias[:] = item["bias"]
    synapse = Synapse(len(item["weights"]))
    synapse.set_weights(np.array(item["weights"], dtype=np.float32))
    synapse.format(weight_bits=7)
    block.add_synapse(synapse)
    try:
        discretize_block(block)
    except BuildError as fault:
        return {"ok": False, "error": type(fault).__name__}
    own = {k: getattr(c, k).astype(int).tolist() for k in ("decay_u", "decay_v", "vth", "bias", "refract_delay", "enable_noise")}
    own |= {k: int(getattr(c, k)) for k in ("vmin", "vmax", "noise_exp", "noise_offset", "noise_at_membrane")}
    info = {k: np.asarray(v, dtype=float).tolist() for k, v in c.discretize_info.items()}
    out = {"ok": True, "compartment": {"n": c.n_compartments, **own}, "info": info, "bits": int(synapse.bits())}
    return out | {"weight_exp": synapse.synapse_cfg.weight_exp, "weights": [w.ravel().tolist() for w in synapse.weights]}


def discretized(name, seed):
    rng = np.random.RandomState(seed)
    items = [past_a_mantissa(), *(real_block(rng) for _ in range(20))]
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        expected = [built(item) for item in items]
    doc = "lowest voltages beyond 24 bits, a bias just past the last mantissa of an exponent"
    write("discretize_block", name, seed, doc, {"items": items}, {"items": expected})


if __name__ == "__main__":
    for k in range(8):
        record(f"axons_{k}", 8100 + k, int(k % 4) * 2)
    for k in range(6):
        record(f"exponent_{k}", 8200 + k, -1 - k)
    for k in range(2):
        record(f"far_{k}", 8300 + k, 2, lowest=1 - 2 ** [24, 30][k])
    discretized("discretize_block_0", 8400)

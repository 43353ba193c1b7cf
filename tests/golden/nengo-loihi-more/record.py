"""Records the cases `axons_*` and `exponent_*` of this folder.

Python 3.11 with nengo-loihi 1.1.0, nengo 3.2.0 and numpy 1.26.4; run as `python record.py` in this folder.
"""

import json
import warnings
from pathlib import Path

import nengo
import nengo_loihi
import numpy as np
from nengo_loihi.block import Axon, LoihiBlock, Synapse
from nengo_loihi.builder import Model
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


def record(name, seed, exponent):
    rng = np.random.RandomState(seed)
    model, synapses = build(rng, exponent)
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
    case = {
        "schema": "emu-golden/1",
        "suite": "nengo_loihi",
        "category": "learn",
        "name": name,
        "seed": seed,
        "meta": META,
        "doc": "two blocks that learn; spikes that share an axon in a step",
        "inputs": inputs,
        "expected": out,
    }
    Path(f"{name}.json").write_text(json.dumps(case, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    for k in range(8):
        record(f"axons_{k}", 8100 + k, int(k % 4) * 2)
    for k in range(6):
        record(f"exponent_{k}", 8200 + k, -1 - k)

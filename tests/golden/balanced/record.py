"""Brunel's balanced network in NEST 3.10: distributions of rates, CVs and correlations (needs nest-simulator and numpy).

    python record.py brunel_delta.json

Network: J. Comput. Neurosci. 8, 2000, delta synapses, at the scale below; analysis as Dasbach et al., 2021.
"""
import json
import sys

import nest
import numpy as np

SCALE, SEEDS, TRANSIENT_MS, LENGTH_MS, BIN_MS, NEURONS, POINTS = 0.1, range(1, 6), 500.0, 10_000.0, 2.0, 250, 101


def realisation(seed):
    """Spike times and neurons of E and I after the transient [ms]."""
    n = int(12_500 * SCALE)
    ne, j = n * 4 // 5, 0.1 * 12_500 / n
    nest.ResetKernel()
    nest.set(resolution=0.1, rng_seed=seed, print_time=False)
    cell = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_th=20.0)
    cells = nest.Create("iaf_psc_delta", n, params=cell)
    cells.V_m = nest.random.uniform(0.0, 20.0)
    excitatory, inhibitory = cells[:ne], cells[ne:]
    # Twice the rate that brings the mean voltage to threshold.
    noise = nest.Create("poisson_generator", params={"rate": 1000.0 * 2.0 * 20.0 / (j * 20.0)})
    nest.Connect(noise, cells, syn_spec={"weight": j, "delay": 1.5})
    for sources, weight in [(excitatory, j), (inhibitory, -5.0 * j)]:
        rule = {"rule": "fixed_indegree", "indegree": len(sources) // 10}
        nest.Connect(sources, cells, rule, {"weight": weight, "delay": 1.5})
    recorders = [nest.Create("spike_recorder", params={"start": TRANSIENT_MS}) for _ in range(2)]
    for group, recorder in zip([excitatory, inhibitory], recorders):
        nest.Connect(group, recorder)
    nest.Simulate(TRANSIENT_MS + LENGTH_MS)
    found = []
    for group, recorder in zip([excitatory, inhibitory], recorders):
        events = recorder.events
        found.append(statistics(events["times"], events["senders"] - group[0].global_id, len(group)))
    return found


def statistics(times, neurons, n):
    order = np.lexsort((times, neurons))
    trains = np.split(times[order], np.searchsorted(neurons[order], np.arange(1, n)))
    rates = [len(train) / LENGTH_MS * 1e3 for train in trains]
    intervals = [np.diff(train) for train in trains if len(train) > 2]
    edges = np.arange(TRANSIENT_MS, TRANSIENT_MS + LENGTH_MS + BIN_MS, BIN_MS)
    some = [k * n // min(n, NEURONS) for k in range(min(n, NEURONS))]
    # A spike at the end of a bin's first step belongs to that bin.
    counts = [np.histogram(trains[k] - 0.05, edges)[0] for k in some]
    pairs = np.corrcoef(counts)[np.triu_indices(len(some), 1)]
    return {"rate_hz": rates, "cv": [x.std() / x.mean() for x in intervals], "correlation": list(pairs[~np.isnan(pairs)])}


def ks(a, b):
    at = np.concatenate([a, b])
    below = [np.searchsorted(np.sort(x), at, side="right") / len(x) for x in (a, b)]
    return np.abs(below[0] - below[1]).max()


def distribution(samples):
    whole = np.sort(np.concatenate(samples))
    at = np.unique(whole[np.linspace(0, len(whole) - 1, POINTS).astype(int)])
    apart = [ks(samples[i], samples[j]) for i in range(len(samples)) for j in range(i + 1, len(samples))]
    return {
        "mean": float(whole.mean()),
        "sd": float(whole.std()),
        "at": [float(x) for x in at],
        "below": [round(float(x), 5) for x in np.searchsorted(whole, at) / len(whole)],
        "cut": False,
        "uncertainty": 0.0,
        "between": [round(float(np.mean(apart)), 5), round(float(np.std(apart)), 5)],
    }


def main(path):
    runs = [realisation(seed) for seed in SEEDS]
    populations = []
    for k, name in enumerate("EI"):
        keys = runs[0][k].keys()
        populations.append({"name": name} | {key: distribution([run[k][key] for run in runs]) for key in keys})
    reference = {
        "network": "brunel_delta",
        "scale": SCALE,
        "source": f"NEST {nest.__version__}, tests/golden/balanced/record.py",
        "realisations": len(SEEDS),
        "transient_ms": TRANSIENT_MS,
        "length_ms": LENGTH_MS,
        "bin_ms": BIN_MS,
        "neurons": NEURONS,
        "populations": populations,
    }
    with open(path, "w") as file:
        file.write(json.dumps(reference) + "\n")


if __name__ == "__main__":
    main(sys.argv[1])

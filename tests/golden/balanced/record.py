"""Networks at a tenth of their size in NEST 3.10: distributions of rates, CVs and correlations (needs nest-simulator and numpy).

    python record.py brunel_delta brunel_delta.json
    python record.py pd14 pd14.json

Networks: Brunel, J. Comput. Neurosci. 8, 2000, with delta synapses; Potjans and Diesmann, Cereb. Cortex 24, 2014, scaled
down as in NEST's reference implementation (van Albada et al., PLoS Comput. Biol. 11, 2015). Analysis as Dasbach et al., 2021.
"""
import json
import sys

import nest
import numpy as np

SCALE, SEEDS, TRANSIENT_MS, LENGTH_MS, BIN_MS, NEURONS, POINTS = 0.1, range(1, 6), 500.0, 10_000.0, 2.0, 250, 101


def brunel_delta():
    """The neurons of each population by its name."""
    n = int(12_500 * SCALE)
    ne, j = n * 4 // 5, 0.1 * 12_500 / n
    cell = dict(C_m=1.0, tau_m=20.0, t_ref=2.0, E_L=0.0, V_reset=0.0, V_th=20.0)
    cells = nest.Create("iaf_psc_delta", n, params=cell)
    cells.V_m = nest.random.uniform(0.0, 20.0)
    # Twice the rate that brings the mean voltage to threshold.
    noise = nest.Create("poisson_generator", params={"rate": 1000.0 * 2.0 * 20.0 / (j * 20.0)})
    nest.Connect(noise, cells, syn_spec={"weight": j, "delay": 1.5})
    for sources, weight in [(cells[:ne], j), (cells[ne:], -5.0 * j)]:
        rule = {"rule": "fixed_indegree", "indegree": len(sources) // 10}
        nest.Connect(sources, cells, rule, {"weight": weight, "delay": 1.5})
    return {"E": cells[:ne], "I": cells[ne:]}


# The microcircuit at full scale: rows of PAIRED are targets, columns sources.
FULL = np.array([20683, 5834, 21915, 5479, 4850, 1065, 14395, 2948])
PAIRED = np.array([
    [0.1009, 0.1689, 0.0437, 0.0818, 0.0323, 0.0, 0.0076, 0.0],
    [0.1346, 0.1371, 0.0316, 0.0515, 0.0755, 0.0, 0.0042, 0.0],
    [0.0077, 0.0059, 0.0497, 0.135, 0.0067, 0.0003, 0.0453, 0.0],
    [0.0691, 0.0029, 0.0794, 0.1597, 0.0033, 0.0, 0.1057, 0.0],
    [0.1004, 0.0622, 0.0505, 0.0057, 0.0831, 0.3726, 0.0204, 0.0],
    [0.0548, 0.0269, 0.0257, 0.0022, 0.06, 0.3158, 0.0086, 0.0],
    [0.0156, 0.0066, 0.0211, 0.0166, 0.0572, 0.0197, 0.0396, 0.2252],
    [0.0364, 0.001, 0.0034, 0.0005, 0.0277, 0.008, 0.0658, 0.1443],
])
OUTSIDE = np.array([1600, 1500, 2100, 1900, 2000, 1900, 2900, 2100])
RATES = np.array([0.903, 2.965, 4.414, 5.876, 7.569, 8.633, 1.105, 7.829])
FIRST = [(-68.28, 5.36), (-63.16, 4.57), (-63.33, 4.74), (-63.45, 4.94), (-63.11, 4.94), (-61.66, 4.55), (-66.72, 5.46), (-61.43, 4.48)]


def pd14():
    """The neurons of each population by its name."""
    n = np.round(FULL * SCALE).astype(int)
    pairs = np.outer(FULL, FULL)
    full = np.log(1 - PAIRED) / np.log((pairs - 1) / pairs)
    current = np.tile(np.where(np.arange(8) % 2 == 0, 87.81, -4.0 * 87.81), (8, 1))
    current[0, 2] *= 2.0
    # The mean input that is lost with synapses comes as a current.
    mean = (current * full / FULL[:, None] * RATES).sum(1) + 87.81 * OUTSIDE * 8.0
    lost = 1e-3 * 0.5 * (1.0 - np.sqrt(SCALE)) * mean
    cell = dict(C_m=250.0, tau_m=10.0, tau_syn_ex=0.5, tau_syn_in=0.5, t_ref=2.0, E_L=-65.0, V_th=-50.0, V_reset=-65.0)
    groups = [nest.Create("iaf_psc_exp", int(k), params=cell) for k in n]
    for k, group in enumerate(groups):
        group.set(I_e=float(lost[k]), V_m=nest.random.normal(*FIRST[k]))
        noise = nest.Create("poisson_generator", params={"rate": 8.0 * float(OUTSIDE[k]) * SCALE})
        nest.Connect(noise, group, syn_spec={"weight": 87.81 / SCALE**0.5, "delay": 1.5})
    for target, source in np.argwhere(PAIRED > 0):
        weight, delay = current[target, source] / SCALE**0.5, [1.5, 0.75][source % 2]
        ends = {"min": 0.0} if weight > 0 else {"max": 0.0}
        synapses = {
            "weight": nest.math.redraw(nest.random.normal(weight, abs(weight) / 10), **({"min": -np.inf, "max": np.inf} | ends)),
            "delay": nest.math.redraw(nest.random.normal(delay, delay / 2), min=0.05, max=np.inf),
        }
        rule = {"rule": "fixed_total_number", "N": int(round(full[target, source] * SCALE**2))}
        nest.Connect(groups[source], groups[target], rule, synapses)
    return {name: group for name, group in zip(["L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"], groups)}


NETWORKS = {"brunel_delta": brunel_delta, "pd14": pd14}


def realisation(build, seed):
    """Statistics of each population after the transient."""
    nest.ResetKernel()
    nest.set(resolution=0.1, rng_seed=seed, print_time=False)
    groups = build()
    recorders = {name: nest.Create("spike_recorder", params={"start": TRANSIENT_MS}) for name in groups}
    for name, group in groups.items():
        nest.Connect(group, recorders[name])
    nest.Simulate(TRANSIENT_MS + LENGTH_MS)
    found = {}
    for name, group in groups.items():
        events = recorders[name].events
        found[name] = statistics(events["times"], events["senders"] - group[0].global_id, len(group))
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
    values = np.unique(whole[np.linspace(0, len(whole) - 1, POINTS).astype(int)])
    # Beside the values, so that one that is rounded in another way elsewhere lies on the same side; and one above all.
    beside = 1e-9 * np.maximum(np.abs(values), 1.0)
    at = np.append(values - beside, values[-1] + beside[-1])
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


def main(network, path):
    runs = [realisation(NETWORKS[network], seed) for seed in SEEDS]
    populations = []
    for name, statistic in runs[0].items():
        populations.append({"name": name} | {key: distribution([run[name][key] for run in runs]) for key in statistic})
    reference = {
        "network": network,
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
    main(*sys.argv[1:])

"""Records what Elephant, PySpike, SciPy and scikit-learn compute for spike trains and lists, as `metrics.json`.

    python -m venv venv && venv/bin/pip install elephant==1.2.1 pyspike==0.9.0 scikit-learn==1.7.2
    venv/bin/python record.py > metrics.json

Trains are drawn from a fixed seed; every case lists them with what each tool says.
"""

import json
import platform
import warnings

import elephant
import numpy as np
import neo
import pyspike
import quantities as pq
import scipy
import sklearn
from elephant.conversion import BinnedSpikeTrain
from elephant.spike_train_correlation import correlation_coefficient
from elephant.spike_train_dissimilarity import van_rossum_distance, victor_purpura_distance
from elephant.statistics import cv, isi, mean_firing_rate
from scipy.sparse import csr_array
from scipy.sparse.csgraph import maximum_bipartite_matching
from scipy.stats import ks_2samp
from sklearn.metrics import accuracy_score, mean_squared_error

warnings.filterwarnings("ignore")
rng = np.random.default_rng(20261124)
STOP = 200.0
TAUS = [1.0, 10.0, 50.0]
COSTS = [0.0, 0.05, 0.5, 4.0]


def neo_train(times):
    return neo.SpikeTrain(np.array(times) * pq.ms, t_start=0 * pq.ms, t_stop=STOP * pq.ms)


def poisson(rate):
    return sorted(set(int(t) for t in rng.integers(1, int(STOP), size=rng.poisson(rate * STOP))))


def jittered(train, width, lost):
    kept = [t + int(rng.integers(-width, width + 1)) for t in train if rng.random() >= lost]
    return sorted(set(min(max(t, 1), int(STOP) - 1) for t in kept))


def pairs():
    yield [], []
    yield [100], []
    yield [50], [53]
    yield [10, 20, 30], [10, 20, 30]
    yield list(range(10, 200, 10)), list(range(12, 200, 10))
    for rate in [0.02, 0.05, 0.1, 0.3]:
        for width, lost in [(0, 0.0), (1, 0.1), (3, 0.2), (10, 0.5)]:
            a = poisson(rate)
            yield a, jittered(a, width, lost)
        yield poisson(rate), poisson(rate)


def number(x):
    x = float(np.asarray(x).ravel()[0]) if np.ndim(x) else float(x)
    return None if np.isnan(x) else x


def case(a, b):
    na, nb = neo_train(a), neo_train(b)
    result = {"a": a, "b": b}
    result["van_rossum"] = [number(van_rossum_distance([na, nb], t * pq.ms)[0, 1]) for t in TAUS]
    result["victor_purpura"] = [number(victor_purpura_distance([na, nb], c / pq.ms)[0, 1]) for c in COSTS]
    pa, pb = pyspike.SpikeTrain(np.array(a, float), [0, STOP]), pyspike.SpikeTrain(np.array(b, float), [0, STOP])
    result["spike_distance"] = number(pyspike.spike_distance(pa, pb, MRTS=0))
    result["isi_distance"] = number(pyspike.isi_distance(pa, pb, MRTS=0))
    result["rate"] = [number(mean_firing_rate(t).rescale(1 / pq.ms).magnitude) for t in (na, nb)]
    result["cv"] = [number(cv(isi(t).magnitude)) if len(t) > 2 else None for t in (na, nb)]
    return result


def population():
    trains = [poisson(r) for r in [0.05, 0.08, 0.1, 0.2, 0.1]]
    trains.append(jittered(trains[2], 1, 0.1))
    trains.append(jittered(trains[3], 2, 0.3))
    bins = BinnedSpikeTrain([neo_train(t) for t in trains], bin_size=5 * pq.ms, t_start=0 * pq.ms, t_stop=STOP * pq.ms)
    return {"trains": trains, "bin": 5, "correlation": correlation_coefficient(bins).tolist()}


def distributions():
    for _ in range(8):
        x = rng.normal(size=int(rng.integers(1, 40))).round(2)
        y = rng.normal(0.5, 1.5, size=int(rng.integers(1, 40))).round(2)
        yield {"x": x.tolist(), "y": y.tolist(), "ks": float(ks_2samp(x, y).statistic)}


# A generator of its own, so that what was recorded before stays as it is.
other = np.random.default_rng(20261127)
WINDOWS = [0.0, 1.0, 2.0, 7.0]


def matched(a, b):
    """The most pairs that can be made within each window, each spike in one pair at most."""
    if not a or not b:
        return [0 for _ in WINDOWS]
    apart = np.abs(np.subtract.outer(np.array(a), np.array(b)))
    partners = [maximum_bipartite_matching(csr_array(apart <= w), perm_type="column") for w in WINDOWS]
    return [int((p >= 0).sum()) for p in partners]


def raster(events, steps, neurons):
    fired = np.zeros((steps, neurons), bool)
    for step, neuron in events:
        fired[step - 1, neuron] = True
    return fired


def events(fired):
    return [[int(t) + 1, int(i)] for t, i in np.argwhere(fired)]


def divergences():
    """Rasters of which the second has some spikes moved, and the first place in which they differ."""
    for moved in [0, 1, 1, 2, 5, 40]:
        a = other.random((60, 7)) < 0.15
        b = a.copy()
        for k in other.choice(a.size, moved, replace=False):
            b.flat[k] = not b.flat[k]
        differs = (a != b).ravel()
        first = int(np.argmax(differs)) if differs.any() else None
        place = None if first is None else [first // 7 + 1, first % 7, bool(a.flat[first])]
        yield {"a": events(a), "b": events(b), "first": place}


def states():
    for n in [1, 2, 17, 300]:
        x, y = other.normal(0, 1000, n).round(3), other.normal(0, 1000, n).round(3)
        rmse = float(np.sqrt(mean_squared_error(x, y)))
        yield {"x": x.tolist(), "y": y.tolist(), "rmse": rmse, "largest": float(np.max(np.abs(x - y)))}


def decisions():
    for n in [1, 5, 100]:
        x = other.integers(0, 4, n)
        y = np.where(other.random(n) < 0.7, x, other.integers(0, 4, n))
        yield {"x": x.tolist(), "y": y.tolist(), "agreement": float(accuracy_score(x, y))}


versions = {m.__name__: m.__version__ for m in (elephant, neo, np, scipy, sklearn)}
versions["pyspike"] = "0.9.0"
versions["python"] = platform.python_version()
recorded = [case(a, b) for a, b in pairs()]
print(json.dumps({
    "versions": versions,
    "stop": STOP,
    "taus": TAUS,
    "costs": COSTS,
    "windows": WINDOWS,
    "pairs": [{**own, "matched": matched(own["a"], own["b"])} for own in recorded],
    "populations": [population() for _ in range(3)],
    "distributions": list(distributions()),
    "divergences": list(divergences()),
    "states": list(states()),
    "decisions": list(decisions()),
}, indent=None, separators=(",", ":")))

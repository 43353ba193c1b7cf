"""The network `cuba1ms` in Brian2: the same recurrence in floating point. Arguments: neurons, steps."""
import json
import pathlib
import sys
import tempfile
import time

import numpy as np
from brian2 import NeuronGroup, SpikeMonitor, Synapses, Network, defaultclock, device, ms, set_device

n, steps, warm = int(sys.argv[1]), int(sys.argv[2]), 200
excitatory = n * 4 // 5
folder = pathlib.Path(tempfile.mkdtemp())
set_device("cpp_standalone", directory=str(folder), build_on_run=False)
defaultclock.dt = 1 * ms
draw = np.random.default_rng(1)

neurons = NeuronGroup(n, "u : 1\nv : 1\narrived : 1\ndead : 1", threshold="v >= 900", reset="v = 0; dead = 2")
neurons.v = draw.uniform(0, 900, n)
neurons.run_regularly(
    "u = u * 0.75 + arrived\narrived = 0\n"
    "v = (v * (1 - 200 / 4096.0) + u + 88) * int(dead <= 0)\ndead = clip(dead - 1, 0, 9)",
    dt=1 * ms, when="groups")
spikes = SpikeMonitor(neurons, record=False)
parts = [neurons, spikes]
for first, last, degree, weight in ((0, excitatory, 80, 16), (excitatory, n, 20, -96)):
    synapses = Synapses(neurons, neurons, on_pre=f"arrived_post += {weight}", delay=1 * ms)
    synapses.connect(i=draw.integers(first, last, n * degree), j=np.repeat(np.arange(n), degree))
    parts.append(synapses)
network = Network(*parts)
network.run(warm * ms)
network.run(steps * ms)
started = time.perf_counter()
device.build(directory=str(folder), run=True, with_output=False)
built = time.perf_counter() - started
# The time of the last run alone, as the compiled program took it; the rate is that of both runs.
seconds = device._last_run_time
fired = int(spikes.num_spikes) * steps / (steps + warm)
print("RESULT " + json.dumps({"ns_per_event": seconds * 1e9 / (fired * 100), "rate_hz": fired / n / steps * 1000, "build_s": built}))

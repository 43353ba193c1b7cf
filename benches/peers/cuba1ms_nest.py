"""The network `cuba1ms` in NEST: `iaf_psc_exp` at 1 ms with the same recurrence. Arguments: neurons, steps."""
import json
import math
import sys
import time

import nest

n, steps, warm = int(sys.argv[1]), int(sys.argv[2]), 200
nest.set_verbosity("M_ERROR")
nest.ResetKernel()
nest.resolution = 1.0
nest.local_num_threads = 1
started = time.perf_counter()
keep_u, keep_v = 1 - 1024 / 4096, 1 - 200 / 4096
tau_u, tau_v = -1 / math.log(keep_u), -1 / math.log(keep_v)
# The capacity for which a unit of current moves the voltage by one unit per step.
capacity = tau_v * tau_u / (tau_v - tau_u) * (keep_v - keep_u)
bias = 88 * capacity / (tau_v * (1 - keep_v))
neurons = nest.Create("iaf_psc_exp", n, params=dict(
    C_m=capacity, tau_m=tau_v, tau_syn_ex=tau_u, tau_syn_in=tau_u, t_ref=2.0, E_L=0.0, V_reset=0.0, V_th=900.0, I_e=bias))
neurons.V_m = nest.random.uniform(0.0, 900.0)
excitatory = n * 4 // 5
for sources, degree, weight in ((neurons[:excitatory], 80, 16.0), (neurons[excitatory:], 20, -96.0)):
    # NEST's voltage sees a current one step later.
    nest.Connect(sources, neurons, {"rule": "fixed_indegree", "indegree": degree}, {"weight": weight, "delay": 1.0})
nest.Prepare()
nest.Run(float(warm))
built = time.perf_counter() - started
begin = time.process_time()
nest.Run(float(steps))
cpu = time.process_time() - begin
fired = nest.local_spike_counter
nest.Cleanup()
print("RESULT " + json.dumps({"ns_per_event": cpu * 1e9 / (fired * 100), "rate_hz": fired / n / steps * 1000, "build_s": built}))

"""Records a case with SANA-FE 2.2.9 (`pip install sanafe==2.2.9`): python3 record.py CASE_FOLDER STEPS DESCRIPTION.

The folder has `arch.yaml` and `snn.yaml` or the netlist `snn.net`, in which every neuron has `log_spikes: true`; `expected.json` is written.
Each model of time runs in a process of its own.
"""

import csv
import hashlib
import json
import pathlib
import subprocess
import sys
import tempfile

RUN = """
import json, os, sys, sanafe
arch = sanafe.load_arch(sys.argv[1] + "/arch.yaml")
chip = sanafe.SpikingChip(arch)
netlist = os.path.exists(sys.argv[1] + "/snn.net")
chip.load(sanafe.load_net(sys.argv[1] + ("/snn.net" if netlist else "/snn.yaml"), arch, netlist))
out = sys.argv[4]
result = chip.sim(int(sys.argv[2]), timing_model=sys.argv[3], processing_threads=1, spike_trace=out + "/spikes.csv",
                  potential_trace=out + "/potentials.csv" if sys.argv[3] == "simple" else True, perf_trace=out + "/perf.csv",
                  message_trace=out + "/messages.csv")
json.dump({key: result[key] for key in ("energy", "sim_time", "spikes", "packets_sent", "neurons_updated",
                                        "neurons_fired", "potential_trace")}, open(out + "/result.json", "w"))
"""


def run(case, steps, model):
    with tempfile.TemporaryDirectory() as out:
        # In its folder, where SANA-FE looks for streams of noise.
        subprocess.run([sys.executable, "-c", RUN, ".", str(steps), model, out], check=True, stdout=subprocess.DEVNULL, cwd=case)
        rows = lambda name: list(csv.reader(open(f"{out}/{name}.csv")))
        # The file has the names of potentials, but only six digits.
        names = [name.removeprefix("neuron ") for name in rows("potentials")[0][1:] if name] if model == "simple" else []
        return json.load(open(f"{out}/result.json")), rows("spikes"), names, rows("perf"), visits(rows("messages"))


def visits(messages):
    """The tiles in the order in which spikes were sent to them, if it is not ascending: that of addresses in its heap."""
    head, sent = messages[0], {}
    for row in messages[1:]:
        tile = row[head.index("dest_hw")].split(".")[0]
        if tile != "x":
            sent.setdefault((row[head.index("timestep")], row[head.index("src_neuron")]), []).append(int(tile))
    after = {}
    for tiles in sent.values():
        for k, tile in enumerate(tiles):
            after.setdefault(tile, set()).update(t for t in tiles[k:] if t != tile)
    order, left = [], set(after)
    while left:
        # The lowest tile to which no spike went after one to another of those left.
        order.append(min(tile for tile in left if not any(tile in after[other] for other in left)))
        left.remove(order[-1])
    return order if order != sorted(order) else None


def main(case, steps, description):
    done = {model: run(case, steps, model) for model in ("simple", "detailed")}
    result, spikes, _, perf, order = done["detailed"]
    fired = [sorted(name for name, step in spikes[1:] if int(step) == k + 1) for k in range(steps)]
    lines = "\n".join(f"{k + 1}:{','.join(names)}" for k, names in enumerate(fired))
    head = perf[0]
    columns = ["fired", "updated", "packets", "hops", "spikes", "synapse_energy", "dendrite_energy", "soma_energy",
               "network_energy", "total_energy", "sim_time"]
    table = [[float(row[head.index(c)]) for c in columns] for row in perf[1:]]
    for row, simple in zip(table, done["simple"][3][1:]):
        row.insert(-1, float(simple[head.index("sim_time")]))
    names = ["synaptic_reads" if c == "spikes" else c for c in columns[:-1]] + ["sim_time_simple", "sim_time_detailed"]
    expected = {
        "case": pathlib.Path(case).name,
        "description": description,
        "steps": steps,
        "produced_by": "sanafe 2.2.9 (PyPI wheel), processing_threads=1",
        "totals": {
            "energy": result["energy"],
            "synaptic_reads": result["spikes"],
            "packets": result["packets_sent"],
            "neurons_updated": result["neurons_updated"],
            "neurons_fired": result["neurons_fired"],
            "hops": int(sum(float(row[head.index("hops")]) for row in perf[1:])),
            "sim_time": {model: done[model][0]["sim_time"] for model in done},
        },
        "per_timestep": {"columns": names, "rows": table},
        "spikes_sha256": hashlib.sha256(lines.encode()).hexdigest(),
        "spikes": fired,
    }
    if done["simple"][2]:
        expected["potentials_order"] = done["simple"][2]
        expected["potentials"] = result["potential_trace"]
    if order:
        expected["tile_visit_order"] = order
    json.dump(expected, open(f"{case}/expected.json", "w"), indent=1)


main(sys.argv[1].rstrip("/"), int(sys.argv[2]), sys.argv[3])

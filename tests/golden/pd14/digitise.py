"""Reads the distributions of PD14's reference from its published figures (needs numpy and pillow).

    git clone https://github.com/INM-6/microcircuit-PD14-model   # at fd40046e
    python digitise.py microcircuit-PD14-model/PyNEST/reference_data/figures > statistics.json

Each panel is a histogram drawn as a line through the left ends of its bins: gray for ten seeds, black dashes for their mean;
the axis ends at 1.2 times the highest mean. The middle of the line in every column of pixels is fitted by straight pieces
between the ends of the bins.
"""
import json
import sys

import numpy as np
from PIL import Image

POPULATIONS = ["L23E", "L23I", "L4E", "L4I", "L5E", "L5I", "L6E", "L6I"]
# Distances between pairs of seeds (mean, standard deviation) as digitised from the figures *_KS_distances_T900s.png: error
# about 0.0003 for rates, 0.0002 for CVs, 0.0007 for correlations.
BETWEEN = {
    "rate": [(0.0185, 0.0105), (0.0188, 0.0043), (0.0078, 0.002), (0.0144, 0.0029),
             (0.0247, 0.0074), (0.0369, 0.0095), (0.0169, 0.008), (0.024, 0.0068)],
    "spike_cvs": [(0.0081, 0.0024), (0.0127, 0.0029), (0.0063, 0.0017), (0.0119, 0.0027),
                  (0.0175, 0.0058), (0.0269, 0.0059), (0.0089, 0.0028), (0.0172, 0.0042)],
    "spike_ccs": [(0.048, 0.0252), (0.0353, 0.0265), (0.0459, 0.0307), (0.0204, 0.0092),
                  (0.0559, 0.0297), (0.0167, 0.0101), (0.0374, 0.018), (0.0172, 0.0098)],
}
# First value, last value, bins.
AXES = {"rate": (0.0, 20.0, 20), "spike_cvs": (0.5, 1.5, 20), "spike_ccs": (-0.015, 0.015, 30)}
KEYS = {"rate": "rate_hz", "spike_cvs": "cv", "spike_ccs": "correlation"}
HALF_LINE = 3.1  # [pixel]
TEXT = [(188, 282, 4, 42), (130, 284, 62, 98)]  # name and distance: columns and rows of a panel


def borders(dark, least):
    lines = np.flatnonzero(dark > least)
    return [(run[0] + run[-1]) / 2 for run in np.split(lines, np.flatnonzero(np.diff(lines) > 2) + 1)]


def curve(image, x0, x1, y0, y1):
    """The height of the line in each column, and how much it is trusted."""
    points = []
    for x in range(int(x0) + 3, int(x1) - 2):
        rows = np.arange(int(y0) + 3, int(y1))
        column = image[rows, x]
        text = np.zeros(len(rows), bool)
        for left, right, top, bottom in TEXT:
            text |= (left <= x - x0 <= right) & (rows - y0 >= top) & (rows - y0 <= bottom)
        line = rows[((column >= 200) & (column <= 208)) | ((column < 90) & ~text)]
        runs = [run for run in np.split(line, np.flatnonzero(np.diff(line) > 3) + 1) if len(run) and run[-1] - run[0] >= 3]
        if not runs:
            points.append((x, 0.0, 0.3))
            continue
        run = max(runs, key=lambda run: run[-1] - run[0])
        if run[-1] >= y1 - 4:  # it touches the axis
            points.append((x, max(0.0, y1 - (run[0] - 0.5 + HALF_LINE)), 0.6))
        else:
            points.append((x, y1 - (run[0] + run[-1]) / 2, 1.0))
    return np.array(points)


def heights(points, x0, width, bins):
    """The ends of straight pieces through the points, robust against what is not the line; and the error left."""
    at = (points[:, 0] - x0) / width * bins
    k = np.minimum(at.astype(int), bins - 1)
    inside = (k < bins - 1) | (at - k <= 0.3)
    k, part, height, trust = k[inside], (at - k)[inside], points[inside, 1], points[inside, 2]
    last = k == bins - 1
    pieces = np.zeros((len(k), bins))
    pieces[np.arange(len(k)), k] = np.where(last, 1.0, 1.0 - part)
    pieces[np.flatnonzero(~last), k[~last] + 1] = part[~last]
    smooth = 0.02 * np.diff(np.eye(bins), 2, axis=0)
    weight = trust
    for _ in range(60):
        root = np.sqrt(weight)
        left = np.vstack([pieces * root[:, None], smooth])
        fitted = np.linalg.lstsq(left, np.concatenate([height * root, np.zeros(bins - 2)]), rcond=None)[0]
        apart = np.abs(pieces @ fitted - height)
        weight = trust / np.maximum(apart / 0.8, 1.0) ** 1.5
    return fitted, np.sqrt(np.mean(np.minimum(apart, 5) ** 2))


def distribution(image, panel, name, number):
    (x0, x1, y0, y1), (low, high, bins) = panel, AXES[name]
    fitted, error = heights(curve(image, x0, x1, y0, y1), x0, x1 - x0, bins)
    peak = (y1 - y0) / 1.2
    fitted[np.argmax(fitted)] = peak
    fitted[fitted < 2.0] = 0.0
    width = (high - low) / bins
    share = fitted / fitted.sum()
    # What does not end on the axis goes on beyond the drawing.
    cut = bool(fitted[-1] > 0.01 * peak or (low != 0.0 and fitted[0] > 0.01 * peak))
    middle = low + (np.arange(bins) + 0.5) * width
    mean = share @ middle
    sd = np.sqrt(share @ (middle - mean) ** 2)
    below = np.concatenate([[0.0], np.cumsum(share)[:-1], [1.0]])
    return {
        "mean": None if cut else float(f"{mean:.4g}"),
        "sd": None if cut else float(f"{sd:.3g}"),
        "at": [round(low + k * width, 6) for k in range(bins + 1)],
        "below": [round(float(x), 4) for x in below],
        "cut": cut,
        "uncertainty": round(float(error * np.sqrt((fitted > 0).sum()) / fitted.sum()), 4),
        "between": BETWEEN[name][number],
    }


def main(folder):
    populations = [{"name": name} for name in POPULATIONS]
    for name in AXES:
        image = np.asarray(Image.open(f"{folder}/{name}_distributions_T900s.png").convert("L")).astype(int)
        rows = borders((image < 110).sum(axis=1), 400)
        columns = borders((image[:780] < 110).sum(axis=0), 600)
        for number, population in enumerate(populations):
            row, column = divmod(number, 2)
            panel = (columns[column], columns[column + 1], rows[row], rows[row + 1])
            population[KEYS[name]] = distribution(image, panel, name, number)
    reference = {
        "network": "pd14_dc",
        "scale": 1.0,
        "source": "microcircuit-PD14-model fd40046e in NEST, read from its figures",
        "realisations": 10,
        "transient_ms": 500.0,
        "length_ms": 900000.0,
        "bin_ms": 2.0,
        "neurons": 250,
        "populations": populations,
    }
    lines = [json.dumps(reference | {"populations": []})[:-2]]
    text = ",\n".join("  " + json.dumps(own) for own in populations)
    print(lines[0] + "\n" + text + "\n]}")


main(sys.argv[1])

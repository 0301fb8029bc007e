"""Measure what packs and schedules gain SinGAN: seconds of a model's iteration at the finest scale.

python benchmarks/singan.py
"""

import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ssgan_tf import command_line  # first, because it keeps TensorFlow's start quiet

# isort: split
import numpy as np

from benchmarks.figures import (
    define_turns,
    in_gflops,
    limits_in_words,
    require_folder,
    say,
    take_turns,
    write_figures,
)
from ssgan_tf.methods import create
from ssgan_tf.methods.singan.plan import finest_phase, iteration_flops

PLAIN = "separate, alone"  # the paper's: one image after the other
#: Name of a contender -> its settings and models in a pack (None: --pack).
CONTENDERS = {
    PLAIN: ({"schedule": "separate"}, 1),
    "separate": ({"schedule": "separate"}, None),
    "shared": ({"schedule": "shared"}, None),
    "shared, no norm": ({"schedule": "shared", "norm": "none"}, None),
}
#: Image size -> contender -> how many times faster than the plain one it should be.
GOALS = {32: {"separate": 1.1, "shared": 2.0, "shared, no norm": 2.7}, 64: {"shared": 1.5}}


def build(size, pack):
    """Return the contenders of an image size: name -> phase of the finest scale."""
    phases = {}
    for name, (settings, models) in CONTENDERS.items():
        if name != PLAIN and name not in GOALS.get(size, CONTENDERS):
            continue
        say(f"building {size} px: {name}")
        method = create("singan", image_size=size, pack=models or pack, **settings)
        images = np.random.default_rng(0).integers(0, 256, (method.pack, size, size, 3), np.uint8)
        phases[name] = method, finest_phase(method, images)
    return phases


def summarise(size, phases, seconds):
    """Return the figures of each contender, a dict by name; ratios are medians over rounds."""
    rows = {}
    for name, (method, phase) in phases.items():
        models = phase.images_per_iteration
        taken = [second / models for second in seconds[name]]
        ratios = [plain / each for plain, each in zip(seconds[PLAIN], taken, strict=True)]
        rows[name] = {
            "models": models,
            "precision": method.precision,
            "seconds_per_model_iteration": statistics.median(taken),
            "gflops": iteration_flops(method.settings, method.scales)
            / statistics.median(taken) / 1e9,
            "ratio": statistics.median(ratios),
            "goal": GOALS.get(size, {}).get(name),
        }  # fmt: skip
    return rows


def describe(result):
    """Return the lines of the printed table."""
    lines = ["{:24} {:>7} {:>12} {:>9} {:>7} {:>6}".format(
        "", "models", "ms/iteration", "GFLOP/s", "ratio", "goal"
    )]  # fmt: skip
    for size, rows in result["sizes"].items():
        for name, row in rows.items():
            lines.append(
                f"{f'{size} px, {name}':24} {row['models']:7} "
                f"{1e3 * row['seconds_per_model_iteration']:12.1f} {row['gflops']:9.0f} "
                f"{row['ratio']:7.2f} {row['goal'] or '':>6}"
            )
    return "\n".join([*lines, f"limit of matrix products, GFLOP/s: {limits_in_words(result)}"])


flags = command_line.Flags()
flags.DEFINE_list("sizes", ["32", "64"], "Image sizes.")
flags.DEFINE_integer("pack", 8, "Models in a pack.", lower_bound=1)
define_turns(flags, __file__)
flags.DEFINE_integer("iterations", 3, "Iterations in a turn.", lower_bound=1)


def main(values):
    """Measure, print a table, write the JSON."""
    require_folder(values.json)
    sizes, limits = {}, {}
    for size in map(int, values.sizes):
        phases = build(size, values.pack)
        runs = {name: phase.run for name, (_, phase) in phases.items()}
        seconds, found = take_turns(
            runs, values.rounds, values.iterations, values.matmul_size, "iteration"
        )
        limits = {name: max(rate, limits.get(name, 0)) for name, rate in found.items()}
        sizes[size] = summarise(size, phases, seconds)
    result = {
        "pack": values.pack,
        "iterations_a_round": values.iterations,
        "sizes": sizes,
        "matmul_gflops": in_gflops(limits),
    }
    print(describe(result))
    write_figures(values.json, result)
    return 0


if __name__ == "__main__":
    command_line.run(main, flags)

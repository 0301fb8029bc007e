"""Measure training and sampling of every method: images a second, work, share of the limit.

python benchmarks/methods.py
"""

import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ssgan_tf import command_line  # first, because it keeps TensorFlow's start quiet

# isort: split
import keras

from benchmarks.figures import (
    define_turns,
    in_gflops,
    limits_in_words,
    require_folder,
    say,
    take_turns,
    write_figures,
)
from benchmarks.machine import seconds_of
from ssgan_tf.data import load_dataset
from ssgan_tf.errors import UserError
from ssgan_tf.methods import METHODS, create
from ssgan_tf.methods.contract import Job

MEASURED = [
    "ssgan", "ssgan-plus", "wgan-gp", "fastgan", "projected", "transitional", "bagan-gp",
    "diffusion",
]  # fmt: skip


def last_phase(method, images):
    """Return the phase of a method's first network that images are made from, untrained."""
    job, classes = next(iter(method.jobs(images.class_names).items()))
    for phase in method.phases(Job(job, images.with_classes(classes))):
        if phase.name == method.last_phase and phase.flops() is not None:
            return phase
    raise UserError(f"--methods: {method.name} does no training whose operations are counted")


def seconds_per_sample(phase):
    """Return the seconds that an image takes to be made, once a batch of them has been."""
    sampler = phase.sampler()
    batches = sampler.batches(sampler.class_names[0])
    next(batches)
    made = []
    return seconds_of(lambda: made.append(next(batches))) / len(made[0])


def summarise(phases, seconds, limits, sampling):
    """Return the figures of each method, a dict by name."""
    rows = {}
    for name, phase in phases.items():
        method, taken = phase.method, statistics.median(seconds[name])
        work = phase.flops()
        compute = keras.DTypePolicy(method.precision).compute_dtype
        rows[name] = {
            "precision": method.precision,
            "batch_size": method.images_per_step,
            "seconds_per_iteration": taken,
            "seconds_of_rounds": seconds[name],
            "images_per_second": method.images_per_step / taken,
            "gflop_per_image": work / method.images_per_step / 1e9,
            "share_of_limit": work / taken / limits[compute],
            "samples_per_second": 1 / sampling[name],
        }
    return rows


def describe(result):
    """Return the lines of the printed table."""
    lines = ["{:12} {:>8} {:>12} {:>10} {:>12} {:>9} {:>10}".format(
        "", "batch", "s/iteration", "images/s", "GFLOP/image", "of limit", "samples/s"
    )]  # fmt: skip
    for name, row in result["methods"].items():
        lines.append(
            f"{name:12} {row['batch_size']:8} {row['seconds_per_iteration']:12.3f} "
            f"{row['images_per_second']:10.1f} {row['gflop_per_image']:12.1f} "
            f"{row['share_of_limit']:9.0%} {row['samples_per_second']:10.1f}"
        )
    return "\n".join([*lines, f"limit of matrix products, GFLOP/s: {limits_in_words(result)}"])


flags = command_line.Flags()
flags.DEFINE_list("methods", MEASURED, "Methods, with their own settings.")
flags.DEFINE_string("dataset", "demo", "Name or path of the images.")
flags.DEFINE_integer("image_size", 64, "Height and width in pixels.")
flags.DEFINE_integer("base_channels", None, "Width of the networks. Default: each method's.")
flags.DEFINE_string("vgg_weights", "random", "VGG-19's; they do not change the speed.")
define_turns(flags, __file__)
flags.DEFINE_integer("iterations", 2, "Iterations in a turn.", lower_bound=1)


def main(values):
    """Measure, print a table, write the JSON."""
    require_folder(values.json)
    images = load_dataset(values.dataset, values.image_size)
    phases = {}
    for name in values.methods:
        say(f"building {name}")
        wanted = {"image_size": values.image_size, "vgg_weights": values.vgg_weights}
        wanted |= {"base_channels": values.base_channels} if values.base_channels else {}
        known = METHODS[name].defaults
        method = create(name, **{key: wanted[key] for key in wanted if hasattr(known, key)})
        phases[name] = last_phase(method, images)
    runs = {name: phase.run for name, phase in phases.items()}
    seconds, limits = take_turns(
        runs, values.rounds, values.iterations, values.matmul_size, "iteration"
    )
    say("making images")
    sampling = {name: seconds_per_sample(phase) for name, phase in phases.items()}
    result = {
        "settings": {name: phase.method.as_flags() for name, phase in phases.items()},
        "iterations_a_round": values.iterations,
        "images": len(images),
        "methods": summarise(phases, seconds, limits, sampling),
        "matmul_gflops": in_gflops(limits),
    }
    print(describe(result))
    write_figures(values.json, result)
    return 0


if __name__ == "__main__":
    command_line.run(main, flags)

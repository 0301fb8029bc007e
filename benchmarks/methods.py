"""Measure an iteration of every method: images a second, work per image, share of the limit.

python benchmarks/methods.py
"""

import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ssgan_tf import command_line  # first, because it keeps TensorFlow's start quiet

# isort: split
import keras

from benchmarks.figures import require_folder, say, take_turns, write_figures
from ssgan_tf.data import load_dataset
from ssgan_tf.methods import create
from ssgan_tf.methods.contract import Job
from ssgan_tf.methods.gan.plan import iteration_flops

METHODS = ["ssgan", "ssgan-plus", "wgan-gp", "fastgan", "projected"]


def first_phase(method, images):
    """Return the first phase of a method's first network."""
    job, classes = next(iter(method.jobs(images.class_names).items()))
    return next(method.phases(Job(job, images.with_classes(classes))))


def work(phase):
    """Return the operations of one iteration of a GAN's phase, those really done."""
    step = phase.step
    return iteration_flops(
        step.method, step.generator, step.critic, step.perceptual or step.features
    )


def summarise(phases, seconds, limits):
    """Return the figures of each method, a dict by name."""
    rows = {}
    for name, phase in phases.items():
        method, taken = phase.method, statistics.median(seconds[name])
        compute = keras.DTypePolicy(method.precision).compute_dtype
        rows[name] = {
            "precision": method.precision,
            "batch_size": method.images_per_step,
            "seconds_per_iteration": taken,
            "seconds_of_rounds": seconds[name],
            "images_per_second": method.images_per_step / taken,
            "gflop_per_image": work(phase) / method.images_per_step / 1e9,
            "share_of_limit": work(phase) / taken / limits[compute],
        }
    return rows


def describe(result):
    """Return the lines of the printed table."""
    lines = ["{:12} {:>8} {:>12} {:>10} {:>12} {:>9}".format(
        "", "batch", "s/iteration", "images/s", "GFLOP/image", "of limit"
    )]  # fmt: skip
    for name, row in result["methods"].items():
        lines.append(
            f"{name:12} {row['batch_size']:8} {row['seconds_per_iteration']:12.3f} "
            f"{row['images_per_second']:10.1f} {row['gflop_per_image']:12.1f} "
            f"{row['share_of_limit']:9.0%}"
        )
    limits = ", ".join(f"{rate:.0f} in {name}" for name, rate in result["matmul_gflops"].items())
    return "\n".join([*lines, f"limit of matrix products, GFLOP/s: {limits}"])


flags = command_line.Flags()
flags.DEFINE_list("methods", METHODS, "GANs, with their own settings.")
flags.DEFINE_string("dataset", "demo", "Name or path of the images.")
flags.DEFINE_integer("image_size", 64, "Height and width in pixels.")
flags.DEFINE_integer("base_channels", None, "Width of the networks. Default: each method's.")
flags.DEFINE_string("vgg_weights", "random", "VGG-19's; they do not change the speed.")
flags.DEFINE_integer("rounds", 5, "Turns of each method.", lower_bound=1)
flags.DEFINE_integer("iterations", 2, "Iterations in a turn.", lower_bound=1)
flags.DEFINE_multi_integer("matmul_size", [2048, 4096], "Sizes of matrices.", lower_bound=1)
flags.DEFINE_string("json", str(Path(__file__).with_suffix(".json")), "Where figures go.")


def main(values):
    """Measure, print a table, write the JSON."""
    require_folder(values.json)
    images = load_dataset(values.dataset, values.image_size)
    phases = {}
    for name in values.methods:
        say(f"building {name}")
        wanted = {"image_size": values.image_size, "vgg_weights": values.vgg_weights}
        wanted |= {"base_channels": values.base_channels} if values.base_channels else {}
        known = vars(type(create(name)).defaults)
        method = create(name, **{key: value for key, value in wanted.items() if key in known})
        phases[name] = first_phase(method, images)
    runs = {name: phase.run for name, phase in phases.items()}
    seconds, limits = take_turns(
        runs, values.rounds, values.iterations, values.matmul_size, "iteration"
    )
    result = {
        "settings": {name: phase.method.as_flags() for name, phase in phases.items()},
        "iterations_a_round": values.iterations,
        "images": len(images),
        "methods": summarise(phases, seconds, limits),
        "matmul_gflops": {name: rate / 1e9 for name, rate in limits.items()},
    }
    print(describe(result))
    write_figures(values.json, result)
    return 0


if __name__ == "__main__":
    command_line.run(main, flags)

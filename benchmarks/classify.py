"""Measure the training of a classifier: ours, a plain one, and the limit of the machine.

python benchmarks/classify.py
"""

import dataclasses
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
from benchmarks.plain_classifier import PlainTraining
from ssgan_tf.classify.training import ClassifierSettings, ClassifierTraining
from ssgan_tf.data import load_dataset
from ssgan_tf.device.precision import resolve_precision
from ssgan_tf.metrics.complexity import layer_costs
from ssgan_tf.report import Cell, Table

CONTENDERS = {  # name -> precision
    "plain": "float32",
    "ours": "auto",
    "ours_float32": "float32",
}


def make_contender(name, images, settings, steps):
    """Return something with `network` and `run(count)`, by its name in `CONTENDERS`."""
    if name == "plain":
        return PlainTraining(images, settings, steps)
    settings = dataclasses.replace(settings, precision=CONTENDERS[name])
    return ClassifierTraining(images, settings, seed=0, steps=steps)


def training_flops(network):
    """Return the operations that learning from one image takes, those really done.

    A backward pass to inputs and weights costs twice a forward pass. Nothing before the first
    convolution is learnt, so there the gradient of the inputs is left out.

    Args:
        network: of `build_network`.
    """
    multiply_adds = sum(cost.multiply_adds for cost in layer_costs(network))
    backbone = next(layer for layer in network.layers if isinstance(layer, keras.Model))
    first = next(layer for layer in backbone.layers if isinstance(layer, keras.layers.Conv2D))
    (first_cost,) = layer_costs(first)
    return 2 * (3 * multiply_adds - first_cost.multiply_adds)


def summarise(seconds, limits, batch_size, image_flops):
    """Return the figures of each contender, a dict by name.

    Args:
        seconds: name -> seconds per step, one number a round.
        limits: type -> operations a second.
        batch_size: images a step.
        image_flops: operations an image.
    """
    rows = {}
    for name, rounds in seconds.items():
        precision = resolve_precision(CONTENDERS[name])
        images_per_second = batch_size / statistics.median(rounds)
        rate = images_per_second * image_flops
        rows[name] = {
            "precision": precision,
            "images_per_second": images_per_second,
            "seconds_of_rounds": rounds,
            "gflops_per_second": rate / 1e9,
            "share_of_limit": rate / limits[keras.DTypePolicy(precision).compute_dtype],
        }
    return rows


def contenders_table(result):
    """Return the figures of the contenders as a `Table`."""
    columns = ["", "precision", Cell("images/s", 1), Cell("GFLOP/s", 0), Cell("% of limit", 0)]
    rows = [
        (
            name,
            row["precision"],
            row["images_per_second"],
            row["gflops_per_second"],
            100 * row["share_of_limit"],
        )
        for name, row in result["contenders"].items()
    ]
    return Table(
        columns,
        rows,
        caption=f"Training of a classifier, {result['image_gflop']:.3g} GFLOP an image",
        note=f"Limit of matrix products, GFLOP/s: {limits_in_words(result)}",
    )


flags = command_line.Flags()
flags.DEFINE_string("dataset", "demo", "Name or path of the images.")
flags.DEFINE_integer("image_size", 64, "Height and width in pixels.")
flags.DEFINE_integer("batch_size", 32, "Images a step.")
flags.DEFINE_string(
    "weights", "scratch", "scratch (as fast as any), imagenet, or a preset's folder."
)
define_turns(flags, __file__)
flags.DEFINE_integer("steps", 20, "Gradient steps in a turn.", lower_bound=1)


def main(values):
    """Measure, print a table, write the JSON."""
    require_folder(values.json)
    settings = ClassifierSettings(weights=values.weights, batch_size=values.batch_size)
    images = load_dataset(values.dataset, values.image_size)
    steps = 1 + values.rounds * values.steps  # the first one compiles
    contenders = {name: make_contender(name, images, settings, steps) for name in CONTENDERS}
    seconds, limits = take_turns(
        {name: contender.run for name, contender in contenders.items()},
        values.rounds, values.steps, values.matmul_size, "step",
    )  # fmt: skip
    flops = training_flops(contenders["ours"].network)
    rows = summarise(seconds, limits, values.batch_size, flops)
    result = {
        "settings": {
            name: getattr(values, name)
            for name in ("dataset", "image_size", "batch_size", "weights")
        },
        "steps_a_round": values.steps,
        "images": len(images),
        "classes": len(images.class_names),
        "contenders": rows,
        "ratio": rows["ours"]["images_per_second"] / rows["plain"]["images_per_second"],
        "image_gflop": flops / 1e9,
        "matmul_gflops": in_gflops(limits),
    }
    say(f"\n{contenders_table(result).text()}\n")
    say(f"ours / plain: {result['ratio']:.2f}")
    write_figures(values.json, result)
    return 0


if __name__ == "__main__":
    command_line.run(main, flags)

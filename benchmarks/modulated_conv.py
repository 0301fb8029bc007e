"""Measure a modulated convolution, forward and backward: ours, and a kernel for each image.

python benchmarks/modulated_conv.py
"""

import statistics
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ssgan_tf import command_line  # first, because it keeps TensorFlow's start quiet

# isort: split
import keras
import tensorflow as tf

from benchmarks.figures import (
    define_turns,
    in_gflops,
    limits_in_words,
    require_folder,
    take_turns,
    write_figures,
)
from ssgan_tf.layers.stylegan2 import ModulatedConv2D

KERNEL = 3
PASSES = 3  # of the products: forward, backward to the maps, backward to the kernel
TYPES = {"float32": "float32", "mixed_bfloat16": "bfloat16"}


def grouped(maps, styles, kernel):
    """Return the modulated convolution as one first writes it: one group for each image.

    Args:
        maps: `(batch, side, side, channels)`.
        styles: `(batch, channels)`, float32.
        kernel: `(size, size, channels, filters)`, float32.
    """
    batch, side, _, channels = maps.shape
    filters = kernel.shape[-1]
    kernels = kernel[None] * styles[:, None, None, :, None]
    kernels *= tf.math.rsqrt(tf.reduce_sum(kernels**2, (1, 2, 3), keepdims=True) + 1e-8)
    kernels = tf.transpose(tf.cast(kernels, maps.dtype), (1, 2, 3, 0, 4))
    kernels = tf.reshape(kernels, (KERNEL, KERNEL, channels, batch * filters))
    beside = tf.reshape(tf.transpose(maps, (1, 2, 0, 3)), (1, side, side, batch * channels))
    made = tf.nn.conv2d(beside, kernels, 1, "SAME")
    return tf.transpose(tf.reshape(made, (side, side, batch, filters)), (2, 0, 1, 3))


def contender(name, precision, values):
    """Return a function that computes a convolution and its gradients some number of times.

    Args:
        name: "ours" or "grouped".
        precision: a Keras dtype policy.
        values: the flags.
    """
    keras.utils.set_random_seed(0)
    layer = ModulatedConv2D(values.channels, KERNEL, dtype=precision)
    shape = (values.batch_size, values.side, values.side, values.channels)
    maps = tf.cast(tf.random.stateless_normal(shape, (0, 1)), TYPES[precision])
    latents = tf.random.stateless_normal((values.batch_size, values.channels), (0, 2))
    layer(maps, latents)
    kernel = layer.conv.kernel.value

    def made():
        if name == "ours":
            return layer(maps, latents)
        return grouped(maps, layer.to_style(latents), layer.conv.scaled_kernel())

    @tf.function
    def once():
        with tf.GradientTape() as tape:
            tape.watch([maps, latents])
            total = tf.reduce_sum(tf.square(tf.cast(made(), tf.float32)))
        gradients = tape.gradient(total, [maps, latents, kernel])
        return [tf.reduce_sum(tf.cast(gradient, tf.float32)) for gradient in gradients]

    def run(count):
        for _ in range(count):
            sums = [float(part) for part in once()]
        return sums

    return run


def summarise(seconds, limits, values):
    """Return the figures of each contender, a dict by name."""
    positions = values.batch_size * values.side**2
    work = PASSES * 2 * positions * (KERNEL * values.channels) ** 2
    return {
        name: {
            "milliseconds": 1e3 * (taken := statistics.median(of_rounds)),
            "milliseconds_of_rounds": [1e3 * one for one in of_rounds],
            "share_of_limit": work / taken / limits[TYPES[name.split()[1]]],
        }
        for name, of_rounds in seconds.items()
    }


def describe(result):
    """Return the lines of the printed table."""
    lines = [
        f"{name:24} {row['milliseconds']:8.1f} ms {row['share_of_limit']:6.0%} of the limit"
        for name, row in result["contenders"].items()
    ]
    return "\n".join([*lines, f"limit of matrix products, GFLOP/s: {limits_in_words(result)}"])


flags = command_line.Flags()
flags.DEFINE_integer("batch_size", 16, "Images.", lower_bound=1)
flags.DEFINE_integer("side", 32, "Height and width of the maps.", lower_bound=1)
flags.DEFINE_integer("channels", 128, "Of the maps and of the result.", lower_bound=1)
define_turns(flags, __file__)
flags.DEFINE_integer("repeats", 4, "Convolutions in a turn.", lower_bound=1)


def main(values):
    """Measure, print a table, write the JSON."""
    require_folder(values.json)
    runs = {
        f"{name} {precision}": contender(name, precision, values)
        for precision in TYPES
        for name in ("ours", "grouped")
    }
    seconds, limits = take_turns(
        runs, values.rounds, values.repeats, values.matmul_size, "convolution"
    )
    result = {
        "sizes": {key: getattr(values, key) for key in ("batch_size", "side", "channels")},
        "contenders": summarise(seconds, limits, values),
        "matmul_gflops": in_gflops(limits),
    }
    print(describe(result))
    write_figures(values.json, result)
    return 0


if __name__ == "__main__":
    command_line.run(main, flags)

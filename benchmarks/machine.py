"""The machine that a benchmark runs on, and the highest rate at which it multiplies matrices."""

import os
import platform
import time
from pathlib import Path

import tensorflow as tf

MATMUL_TYPES = ("float32", "bfloat16")


def machine():
    """Return what the figures depend on beside code and versions."""
    file = Path("/proc/cpuinfo")
    lines = file.read_text().splitlines() if file.exists() else []
    models = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return {
        "processor": models[0] if models else platform.processor(),
        "cores": os.cpu_count(),
        "devices": [device.name for device in tf.config.list_logical_devices()],
        "system": platform.platform(),
    }


def matmul_flops_per_second(dtype, size, repeats=3):
    """Return the highest rate of `repeats` products of two square matrices."""
    matrix = tf.cast(tf.random.normal((size, size)), dtype)
    # Fetching one number waits for the product, on devices that work on their own as well.
    seconds = [seconds_of(lambda: tf.matmul(matrix, matrix)[0, 0].numpy()) for _ in range(repeats)]
    return 2 * size**3 / min(seconds)


def seconds_of(work):
    """Return the seconds that a call of `work` takes."""
    start = time.perf_counter()
    work()
    return time.perf_counter() - start

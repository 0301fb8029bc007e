"""The machine that a benchmark runs on."""

import os
import platform
from pathlib import Path

import tensorflow as tf


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

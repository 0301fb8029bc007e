"""How much memory a model may take here."""

import re
from pathlib import Path

import tensorflow as tf

GIB = 2**30


def available():
    """Return the free bytes of the device that models run on, and its name; None where unknown."""
    if tf.config.list_physical_devices("GPU"):
        try:
            from tensorflow.python.client import device_lib

            free = [one.memory_limit for one in device_lib.list_local_devices()
                    if one.device_type == "GPU"]  # fmt: skip
        except (ImportError, AttributeError):
            free = []
        return (free[0] if free else None), "the GPU"
    return _of_host(), "this machine"


def _of_host():
    """Return what Linux has left, of a container where it runs in one; None elsewhere."""
    found = []
    words = _read("/proc/meminfo")
    if free := re.search(r"MemAvailable:\s+(\d+) kB", words):
        found.append(1024 * int(free[1]))
    limit, used = _read("/sys/fs/cgroup/memory.max"), _read("/sys/fs/cgroup/memory.current")
    if limit.strip().isdigit() and used.strip().isdigit():
        cached = re.search(r"^file (\d+)", _read("/sys/fs/cgroup/memory.stat"), re.M)
        found.append(int(limit) - int(used) + int(cached[1] if cached else 0))
    return min(found, default=None)


def _read(path):
    try:
        return Path(path).read_text()
    except OSError:
        return ""

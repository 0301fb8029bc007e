"""Where a result comes from: settings, data, versions and commit, as `config.json` keeps them."""

import dataclasses
import platform
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ssgan_tf.perceptual import weights_fingerprint
from ssgan_tf.version import __version__


def make_config(method, precision, perceptual, image_set, held_out, options):
    """Return what `config.json` holds; see `RunDirectory.prepare`."""
    settings = {"method": method.name, **method.settings.as_flags(), "precision": precision}
    settings["jit"] = options.jit  # XLA draws other random numbers from the same seed
    weights = method.settings.vgg_weights if perceptual else None
    if perceptual:
        fingerprint = weights_fingerprint(perceptual)
        label = "RANDOM WEIGHTS, not VGG-19: " if weights == "random" else ""
        settings["vgg_weights"] = f"{label}sha256 {fingerprint}"
    else:
        settings.pop("vgg_weights")
    return {
        "settings": settings,
        "options": {**dataclasses.asdict(options), "vgg_weights": weights},
        "data": {
            "name": image_set.name,
            "fingerprint": image_set.fingerprint(),
            "classes": {
                name: {
                    "train": _hashes(image_set, name),
                    "test": _hashes(held_out, name) if held_out else [],
                }
                for name in image_set.class_names
            },
            "skipped": [list(entry) for entry in image_set.skipped],
        },
        "versions": versions(),
        "git_commit": git_commit(),
        "command": sys.argv,
    }


def _hashes(image_set, class_name):
    label = image_set.class_names.index(class_name)
    return sorted(
        digest
        for digest, own in zip(image_set.hashes, image_set.labels, strict=True)
        if own == label
    )


def versions():
    """Return the versions of what the result depends on, by package."""
    return {
        "ssgan_tf": __version__,
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }


def git_commit():
    """Return the commit of this code, "+" appended where files differ from it, or None."""
    folder = Path(__file__).parent
    try:
        commit, changes = (
            subprocess.run(
                ["git", "-C", str(folder), *command],
                capture_output=True, text=True, check=True, timeout=10,
            ).stdout.strip()
            for command in (["rev-parse", "HEAD"], ["status", "--porcelain", "-uno"])
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return commit + ("+" if changes else "")

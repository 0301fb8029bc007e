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
    settings = {"method": method.name, **method.as_flags(), "precision": precision}
    if method.conditional:  # one network, which cannot learn more of them later
        settings["classes"] = list(image_set.class_names)
    settings["jit"] = options.jit  # XLA draws other random numbers from the same seed
    weights = settings.pop("vgg_weights", None)
    tested = hashes_by_class(held_out) if held_out else {}
    if perceptual:
        fingerprint = weights_fingerprint(perceptual)
        label = "RANDOM WEIGHTS, not VGG-19: " if weights == "random" else ""
        settings["vgg_weights"] = f"{label}sha256 {fingerprint}"
    return {
        "settings": settings,
        "options": {**dataclasses.asdict(options), "vgg_weights": weights if perceptual else None},
        "data": {
            "name": image_set.name,
            "fingerprint": image_set.fingerprint(),
            "classes": {
                name: {"train": learnt, "test": tested.get(name, [])}
                for name, learnt in hashes_by_class(image_set).items()
            },
            "skipped": [list(entry) for entry in image_set.skipped],
        },
        "versions": versions(),
        "git_commit": git_commit(),
        "command": sys.argv,
    }


def hashes_by_class(image_set):
    """Return the hashes of each class's source files, sorted, a dict from class to list."""
    labelled = sorted(zip(image_set.labels.tolist(), image_set.hashes, strict=True))
    return {
        name: [digest for own, digest in labelled if own == label]
        for label, name in enumerate(image_set.class_names)
    }


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
    """Return the commit of this code, "+" appended where files differ from it, or None.

    An installed package has none, even if its environment lies in a repository of something else.
    """
    folder = Path(__file__).parent
    commands = (
        ["ls-files", "--error-unmatch", "--", Path(__file__).name],
        ["rev-parse", "HEAD"],
        ["status", "--porcelain", "-uno"],
    )
    try:
        _, commit, changes = (
            subprocess.run(
                ["git", "-C", str(folder), *command],
                capture_output=True, text=True, check=True, timeout=10,
            ).stdout.strip()
            for command in commands
        )  # fmt: skip
    except (OSError, subprocess.SubprocessError):
        return None
    return commit + ("+" if changes else "")

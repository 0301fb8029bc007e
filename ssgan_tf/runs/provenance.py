"""Where a result comes from: data, versions and commit."""

import platform
import shlex
import subprocess
import sys
from pathlib import Path

import keras
import numpy as np
import tensorflow as tf

from ssgan_tf.version import __version__


def hashes_by_class(image_set):
    """Return the hashes of each class's source files, sorted, a dict from class to list."""
    labelled = sorted(zip(image_set.labels.tolist(), image_set.hashes, strict=True))
    return {
        name: [digest for own, digest in labelled if own == label]
        for label, name in enumerate(image_set.class_names)
    }


def learnt_from(data):
    """Return the images behind a run, hashes by class, those behind its own source included.

    Args:
        data: the section of its `config.json`.
    """
    found = {name: set(sides["train"]) for name, sides in data["classes"].items()}
    for name, hashes in data.get("before", {}).items():
        found.setdefault(name, set()).update(hashes)
    return {name: sorted(hashes) for name, hashes in sorted(found.items())}


def versions():
    """Return the versions of what the result depends on, by package."""
    return {
        "ssgan_tf": __version__,
        "python": platform.python_version(),
        "tensorflow": tf.__version__,
        "keras": keras.__version__,
        "numpy": np.__version__,
    }


def origin():
    """Return what made a result, for its JSON file: program, command, versions and commit."""
    return {
        "made_by": f"ssgan_tf {__version__}",
        "command": shlex.join(sys.argv),
        "versions": versions(),
        "git_commit": git_commit(),
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

"""Trainings give the very weights that they gave before: compared with what was recorded.

Bits depend on the processor. A probe tells whether this one computes as that of the recording did;
where it does not, sizes of the weights are compared, which only differ by rounding.

Where a change is meant to alter trainings: `python tests/training/test_recorded.py` records anew.
"""

import hashlib
import json
import sys
import tempfile
from pathlib import Path

import keras
import numpy as np
import pytest
import tensorflow as tf

if __name__ == "__main__":
    sys.path.insert(0, str(Path(__file__).parents[2]))

from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.training import fit, load
from tests.training.tiny import painted_squares, saved_arrays, tiny_method

RECORDED = Path(__file__).with_name("recorded.json")
CASES = {
    "ssgan": ("ssgan", {"mu": 0.01, "vgg_weights": "random", "flip": True}),
    "ssgan without PL and PC": ("ssgan", {"pyramid": False, "ema": 0.0, "noise": "poisson"}),
    "wgan-gp": ("wgan-gp", {}),
    "wgan": ("wgan", {}),
    "dcgan": ("dcgan", {"critic_steps": 1}),
    "sagan": ("sagan", {}),
    "acgan": ("acgan", {}),
    "reacgan": ("reacgan", {}),
    "with components": ("dcgan", {"augment_critic": "ada", "penalty": "lecam,r1"}),
}


def digest(arrays):
    """SHA-256 over names, types, shapes and bytes."""
    summed = hashlib.sha256()
    for name in sorted(arrays):
        array = np.ascontiguousarray(arrays[name])
        summed.update(f"{name} {array.dtype.str} {array.shape}".encode())
        summed.update(array.data)
    return summed.hexdigest()[:16]


def probe():
    """The digest of what a processor and its libraries may compute in another order."""
    generator = np.random.default_rng(0)
    images, kernel = (
        tf.constant(generator.normal(size=size), tf.float32)
        for size in ((4, 32, 32, 16), (5, 5, 16, 32))
    )
    with tf.GradientTape() as tape:
        tape.watch((images, kernel))
        maps = tf.nn.conv2d(images, kernel, 2, "SAME")
        loss = tf.reduce_mean(tf.tanh(maps) ** 2)
    parts = [maps, loss, *tape.gradient(loss, (images, kernel))]
    arrays = {str(place): part.numpy() for place, part in enumerate(parts)}
    return f"{tf.__version__} {keras.__version__} {digest(arrays)}"


def train(case, folder):
    """What a training leaves: digests, sizes by the first part of the names, recorded settings."""
    name, settings = CASES[case]
    classes = ("left", "right") if name in ("acgan", "reacgan") else ("left",)
    images = painted_squares(classes=classes)
    options = {"progress": False, "sample_every": 2, "log_every": 1, "checkpoint_every": 2}
    fit(tiny_method(name, **settings), images, run_dir=folder, iterations=3, **options)
    (network,) = RunDirectory(folder).networks()
    arrays = saved_arrays(folder, network)
    sizes = {}
    for key, array in arrays.items():
        part = key.partition("/")[0]
        sizes[part] = sizes.get(part, 0.0) + float(np.abs(array.astype(np.float64)).sum())
    sampled = load(folder).sample("left", 8, seed=1)
    return {
        "arrays": digest(arrays),
        "sizes": sizes,
        "sampled": digest({"images": sampled}),
        "brightness": float(sampled.mean()),
        "settings": RunDirectory(folder).config()["settings"],
        "files": sorted(
            str(path.relative_to(folder))
            for path in Path(folder).rglob("*")
            if path.is_file() and not path.name.startswith((".", "events"))
        ),
    }


@pytest.mark.parametrize("case", CASES)
def test_a_training_gives_the_weights_that_it_gave(case, tmp_path):
    recorded = json.loads(RECORDED.read_text())
    expected, found = recorded["cases"][case], train(case, tmp_path / "run")
    assert found["settings"] == expected["settings"]
    assert found["files"] == expected["files"]
    if probe() == recorded["probe"]:
        assert (found["arrays"], found["sampled"]) == (expected["arrays"], expected["sampled"])
    assert found["sizes"] == pytest.approx(expected["sizes"], rel=1e-3, abs=1e-4)
    assert found["brightness"] == pytest.approx(expected["brightness"], abs=0.5)


if __name__ == "__main__":
    cases = {}
    for one in CASES:
        with tempfile.TemporaryDirectory() as parent:
            cases[one] = train(one, Path(parent) / "run")
    RECORDED.write_text(json.dumps({"probe": probe(), "cases": cases}, indent=1) + "\n")

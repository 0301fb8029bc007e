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

from ssgan_tf.methods.contract import Job
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.runs.state import export
from ssgan_tf.training import fit, load
from tests.training.tiny import painted_squares, saved_arrays, tiny_method

RECORDED = Path(__file__).with_name("recorded.json")
SETTINGS = {"critic_steps": 2}  # of every case, unless it says otherwise
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
WHOLE = ("ssgan", "acgan")  # with sample grids, checkpoints, records and sampling


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


def method_and_images(case):
    name, settings = CASES[case]
    classes = ("left", "right") if name in ("acgan", "reacgan") else ("left",)
    return tiny_method(name, **SETTINGS | settings), painted_squares(classes=classes)


def summary(arrays):
    """The digest of arrays, and their sizes by the first part of the names."""
    sizes = {}
    for key, array in arrays.items():
        part = key.partition("/")[0]
        sizes[part] = sizes.get(part, 0.0) + float(np.abs(array.astype(np.float64)).sum())
    return {"arrays": digest(arrays), "sizes": sizes}


def train(case):
    """What three iterations leave of a phase."""
    method, images = method_and_images(case)
    ((name, _),) = method.jobs(images.class_names).items()
    phase = next(method.phases(Job(name, images)))
    phase.run(3)
    return summary(export(phase.variables()))


def train_whole(case, folder):
    """What a whole training leaves, its images and files too."""
    method, images = method_and_images(case)
    options = {"progress": False, "sample_every": 2, "log_every": 1, "checkpoint_every": 2}
    fit(method, images, run_dir=folder, iterations=3, **options)
    (network,) = RunDirectory(folder).networks()
    sampled = load(folder).sample("left", 8, seed=1)
    return summary(saved_arrays(folder, network)) | {
        "sampled": digest({"images": sampled}),
        "brightness": float(sampled.mean()),
        "settings": RunDirectory(folder).config()["settings"],
        "files": sorted(
            str(path.relative_to(folder))
            for path in Path(folder).rglob("*")
            if path.is_file() and not path.name.startswith((".", "events"))
        ),
    }


def require_equal(found, case):
    """Compare what was found with what was recorded, as exactly as this processor allows."""
    recorded = json.loads(RECORDED.read_text())
    expected, found = recorded["cases"][case], dict(found)
    assert found.pop("sizes") == pytest.approx(expected["sizes"], rel=1e-3, abs=1e-4)
    if "brightness" in found:
        assert found.pop("brightness") == pytest.approx(expected["brightness"], abs=0.5)
    exact = {"arrays", "sampled"} if probe() != recorded["probe"] else set()
    for key in found.keys() - exact:
        assert found[key] == expected[key], key


@pytest.mark.parametrize("case", [case for case in CASES if case not in WHOLE])
def test_a_training_gives_the_weights_that_it_gave(case):
    require_equal(train(case), case)


@pytest.mark.parametrize("case", WHOLE)
def test_a_whole_training_gives_the_files_and_images_that_it_gave(case, tmp_path):
    require_equal(train_whole(case, tmp_path / "run"), case)


if __name__ == "__main__":
    cases = {}
    for one in CASES:
        with tempfile.TemporaryDirectory() as parent:
            cases[one] = train_whole(one, Path(parent) / "run")
    RECORDED.write_text(json.dumps({"probe": probe(), "cases": cases}, indent=1) + "\n")

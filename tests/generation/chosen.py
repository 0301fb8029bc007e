"""What the tests of rounds share: classifiers whose mistakes are chosen, and a run untrained."""

import json

import numpy as np
import tensorflow as tf
from PIL import Image

from ssgan_tf.data import load_dataset
from ssgan_tf.generation import generated_set, rounds_folder
from ssgan_tf.methods.contract import Sampler
from ssgan_tf.methods.gan.sampling import ClassGenerator, sample_batches
from ssgan_tf.training.trained import TrainedRun
from tests.training.tiny import painted_squares, tiny_method

CLASSES = ("left", "right")
HELD_OUT, LEARNT = 5, 7  # of each class


class Chosen:
    """Right about as many of the held-out images as asked; accepts every `accepts`th image."""

    class_names, image_size = CLASSES, 32

    def __init__(self, record, right, accepts=1):
        self.record, self.right, self.accepts = record, right, accepts

    def probabilities(self, images):
        if len(images) == 2 * HELD_OUT:  # the held-out images, left ones first
            truth = np.repeat([0, 1], HELD_OUT)
            given = np.where(np.arange(len(images)) < self.right, truth, 1 - truth)
            return np.eye(2, dtype=np.float32)[given]
        sure = np.arange(len(images)) % self.accepts == 0
        return np.repeat(np.where(sure, 0.9, 0.1).astype(np.float32)[:, None], 2, axis=1)

    def fingerprint(self):
        return f"{self.right} {self.accepts}"

    def save(self, folder):
        (folder / "classifier.keras").write_text(self.fingerprint())
        (folder / "classifier.json").write_text(json.dumps(self.record))

    @classmethod
    def load(cls, folder):
        right, accepts = (folder / "classifier.keras").read_text().split()
        return cls(json.loads((folder / "classifier.json").read_text()), int(right), int(accepts))


def noise(latents, labels, training):
    return tf.tanh(
        tf.repeat(tf.repeat(latents[:, :, None, None], 4, axis=1), 32, axis=2)
    ) * tf.ones(3)


class Latents(Sampler):
    def batches(self, class_name, seed=0):
        settings = tiny_method().settings
        return sample_batches(ClassGenerator(noise, 0, class_name), settings, seed)


def untrained_run(folder, monkeypatch):
    """Make a run whose generators show their latents; return its folder."""
    monkeypatch.setattr(rounds_folder, "Classifier", Chosen)
    method = tiny_method()
    monkeypatch.setattr(generated_set, "load_run", lambda run, *_: TrainedRun(
        run, json.loads((run / "config.json").read_text()), method, Latents(CLASSES),
        dict.fromkeys(CLASSES, 1),
    ))  # fmt: skip
    classes = {name: {"train": [], "test": []} for name in CLASSES}
    data = {"name": "real", "fingerprint": "", "classes": classes}
    folder.mkdir()
    settings = {"method": "ssgan", **method.as_flags()}
    (folder / "config.json").write_text(json.dumps({"settings": settings, "data": data}))
    return folder


def record_of(folder):
    """Make a folder of images; return the record of a classifier trained on part of it."""
    squares = painted_squares(HELD_OUT + LEARNT, classes=CLASSES)
    for image, path in zip(squares.images, squares.paths, strict=True):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / path)
    hashes = list(load_dataset(folder, 32, progress=False).hashes)
    left, right = hashes[: HELD_OUT + LEARNT], hashes[HELD_OUT + LEARNT :]
    return {
        "class_names": list(CLASSES),
        "condition": "original",
        "seed": 3,
        "settings": {"weights": "scratch", "epochs": 2, "batch_size": 4, "budget": "steps"},
        "dataset": {"name": "real", "source": str(folder), "datasets_dir": None},
        "held_out": {"left": left[:HELD_OUT], "right": right[:HELD_OUT]},
        "learnt_from": {"left": left[HELD_OUT:], "right": right[HELD_OUT:]},
    }


def contents(out):
    """The bytes of every file of a set, with its own name taken out."""
    return {
        path.relative_to(out): path.read_bytes().replace(str(out).encode(), b"OUT")
        for path in sorted(out.rglob("*"))
        if path.is_file()
    }

"""Folders of painted images for the tests of evaluation."""

import json

import numpy as np
from PIL import Image


def write_images(folder, images):
    """Write uint8 `(N, H, W, 3)` as PNG files."""
    folder.mkdir(parents=True)
    for number, image in enumerate(images):
        Image.fromarray(image).save(folder / f"{number:03d}.png")


def blotches(count, colour, seed, size=16):
    """Noisy images around one colour."""
    noise = np.random.default_rng(seed).integers(-40, 41, (count, size, size, 3))
    return np.clip(np.array(colour) + noise, 0, 255).astype(np.uint8)


SETTINGS = {"method": "ssgan", "image_size": 32, "base_channels": 32, "latent_dim": 8}
COLOURS = {"red": (220, 60, 60), "blue": (60, 60, 220)}


def write_set(folder, count=12, seed=0, size=16, classes=("blue", "red")):
    """Write a data set of noisy coloured images; return the folder."""
    for place, name in enumerate(classes):
        write_images(folder / name, blotches(count, COLOURS[name], 10 * seed + place, size))
    return folder


def write_manifest(folder, real, learnt, held_out, **changes):
    """Record a split by the places of its images in each class."""
    classes = {
        name: {
            "train": [real.of_class(name).hashes[place] for place in learnt],
            "test": [real.of_class(name).hashes[place] for place in held_out],
        }
        for name in real.class_names
    }
    manifest = {"made_by": "ssgan_tf 0", "complete": True, "data": {"classes": classes}}
    manifest |= {"method": "ssgan", "dataset": "real", "settings": SETTINGS}
    (folder / "manifest.json").write_text(json.dumps(manifest | changes))

import json

import pytest
from PIL import Image

from tests.methods.sgid import tiny
from tests.training.tiny import painted_squares


@pytest.fixture(scope="session")
def presets(tmp_path_factory):
    """Folders of presets with random weights: a dict from flag."""
    folder = tmp_path_factory.mktemp("presets")
    return {
        "clip": tiny.save_clip(folder / "clip"),
        "diffusion": tiny.save_diffusion(folder / "diffusion"),
        "captioner": tiny.save_captioner(folder / "captioner"),
    }


@pytest.fixture(scope="session")
def photos(tmp_path_factory):
    """A data set of two classes, with eight images each."""
    folder = tmp_path_factory.mktemp("data") / "photos"
    squares = painted_squares(8, size=40, classes=("left", "right"))
    for image, path in zip(squares.images, squares.paths, strict=True):
        (folder / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(folder / path)
    return folder


@pytest.fixture(scope="session")
def captions(photos):
    """Captions made elsewhere, two of each image."""
    path = photos.parent / "captions.jsonl"
    rows = [
        {"path": str(file), "caption": f"{words} {file.stem}"}
        for file in sorted(photos.glob("*/*.png"))
        for words in ("a bright square", "something yellow on a dark ground")
    ]
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path

import json

import numpy as np
import pytest
from PIL import Image

from ssgan_tf.comparison import comparison as comparison_module
from ssgan_tf.comparison.comparison import Comparison
from ssgan_tf.comparison.contestants import choose, parse_contestant
from ssgan_tf.comparison.results import Results
from ssgan_tf.comparison.terms import Terms
from ssgan_tf.statistics.scores import classification_scores
from ssgan_tf.statistics.summary import summarise
from tests.evaluation.folders import write_set
from tests.metrics.frozen import tiny_graph

CLASSES = ("daisy", "roses")


def metrics_of(fid, inception_score=None, finding="none", logits=1008):
    """What an evaluation's metrics.json holds, as far as reports read it."""
    score = inception_score and {"mean": inception_score, "std": 0.5}
    return {
        "features": {"suffix": "-768", "logits": logits},
        "overall": {
            "FID-768": {"training": fid, "held_out": fid + 2, "floor": 3.25},
            "KID-768": {"mean": fid / 1000, "std": 0.001},
            "precision-768": 1 / fid, "recall-768": 0.5, "density-768": None, "coverage-768": None,
            "SSIM": {"generated": {"mean": 0.25}, "training": {"mean": 0.125}},
            "IS": {"generated": score, "training": None},
            "memorisation": {"finding": finding, "verdict": "Many are <copies>."},
        },
        "warnings": ["few images"],
        "cost": {
            "method": "x", "parameters": {"together": int(fid * 1e6)},
            "flops": {"batch": fid * 1e9, "batch_size": 64},
        },
        "pictures": {"tsne": "tsne.png"},
    }  # fmt: skip


def member_of(name, fid=None, **changes):
    """What results.json holds of a member."""
    one = parse_contestant(name)
    folders = ("run", "generated", "evaluation", "classification")
    return {
        "label": one.label, "method": one.method, "changes": one.changes,
        "settings": {"mu": 0.01, "lambda": 1.0},
        "seed": 0, "further": [], "state": "finished", "stage": None, "failure": None,
        "learnt_from": dict.fromkeys(CLASSES, 400),
        "iterations": dict.fromkeys(CLASSES, 100), "seconds": {"train": 300.0, "generate": 6.0},
        "metrics": metrics_of(fid) if fid else None,
        "paths": {folder: f"members/{name}/{folder}" for folder in folders},
    } | changes  # fmt: skip


def again(results, name, fid, seed=1, **changes):
    """Give a member of a study a further training."""
    member = results["members"][name]
    further = {key: member[key] for key in member if key not in ("label", "method", "changes")}
    del further["further"]
    further |= {"seed": seed, "metrics": metrics_of(fid) if fid else None}
    member["further"].append(further | changes)


def study_of(fids, tables, **changes):
    """The results of a study of members with these FIDs."""
    return Results({
        "made_by": "ssgan_tf 0", "command": "python compare.py", "versions": {"keras": "3.15"},
        "git_commit": None, "seconds": 600.0,
        "dataset": {
            "name": "flower", "classes": list(CLASSES), "image_size": 16, "fingerprint": "f" * 64,
        },
        "budget": {"iterations": 100, "minutes": None},
        "evaluation": {"features": "mixed_7", "suffix": "-768", "per_class": 40},
        "classification": None, "classifiers_learn_from": dict.fromkeys(CLASSES, 400),
        "tables": tables,
        "members": {name: member_of(name, fid) for name, fid in fids.items()},
        "baselines": {"seconds": {}, "failure": None}, "classifiers": None, "order": [],
    } | changes)  # fmt: skip


def classifiers_of(rows, findings=()):
    """Results of classifiers: rows of a condition, a size and the images recognised by seed."""
    labels = np.repeat([0, 1], 100)

    def predictions(right):
        return np.where(np.arange(200) % 100 < right, labels, 1 - labels)

    def scores(right):
        return classification_scores(labels, predictions(right), CLASSES) | {"seconds": 30.0}

    kinds = {"original": "original", "crop": "classical", "flip-crop": "classical"}
    conditions = {
        name: {"kind": kinds.get(name, "generated"), "spec": name,
               "finding": None if name in kinds else dict(findings).get(name, "clean"),
               "notes": []}
        for name, *_ in rows
    }  # fmt: skip
    completed = [
        {"condition": name, "size": size, "images": 40, "added": {}, "steps": 7,
         "seeds": {str(seed): scores(one) for seed, one in enumerate(right)},
         "predictions": {str(seed): predictions(one) for seed, one in enumerate(right)}}
        for name, size, right in rows
    ]  # fmt: skip
    sizes = sorted({size for _, size, _ in rows if size})
    return {
        "sizes": sizes, "conditions": conditions,
        "rows": summarise(completed, conditions, labels, CLASSES),
        "warnings": [], "unfinished": [], "data": {"imbalance": {}},
    }  # fmt: skip


def write_images(folder, pattern=0.0, count=6, classes=CLASSES):
    """Grey gradients of 16 pixels, brighter image by image, with a checkerboard."""
    rows, columns = np.mgrid[:16, :16]
    checkers = pattern * (-1.0) ** (rows + columns)
    for name in classes:
        (folder / name).mkdir(parents=True)
        for number in range(count):
            grey = (80 + 4 * columns + 10 * number + checkers).astype(np.uint8)
            Image.fromarray(np.stack([grey] * 3, -1)).save(folder / name / f"{number:06d}.png")


def write_log(folder, values, key="critic_loss"):
    """A metrics.jsonl with a value at every tenth step."""
    folder.mkdir(parents=True)
    records = [{"step": 10 * number, key: value} for number, value in enumerate(values, 1)]
    lines = [json.dumps(record) + "\n" for record in records]
    (folder / "metrics.jsonl").write_text("".join(lines))


@pytest.fixture(scope="session")
def invented():
    """Functions that invent the parts of a study."""

    class Invented:
        study, member, metrics = map(staticmethod, (study_of, member_of, metrics_of))
        again = staticmethod(again)
        classifiers, images, log = map(staticmethod, (classifiers_of, write_images, write_log))

    return Invented


SETTINGS = {
    "image_size": 32, "base_channels": 32, "latent_dim": 8, "batch_size": 2, "critic_steps": 1,
    "precision": "float32",
}  # fmt: skip


@pytest.fixture(scope="session")
def place(tmp_path_factory):
    """A folder with a data set of two classes and a small file of Inception's."""
    folder = tmp_path_factory.mktemp("comparison")
    write_set(folder / "real", count=14, size=32)
    (folder / "graph.pb").write_bytes(tiny_graph())
    return folder


@pytest.fixture(scope="session")
def make(place, request):
    """Return a function that makes a comparison of tiny networks."""

    def comparison(out, names=("acgan", "dcgan"), terms=None, settings=None, classify=True, **more):
        chosen = {
            "iterations": 1, "per_class": 5, "inception": str(place / "graph.pb"),
            "classifier_sizes": "4", "classifier_seeds": 1, "classifier_epochs": 1,
            "classifier_weights": request.getfixturevalue("preset") if classify else "scratch",
        }  # fmt: skip
        return Comparison(
            str(place / "real"), out, choose(names), terms=Terms(**chosen | (terms or {})),
            settings=SETTINGS | (settings or {}), classify=classify, cache_dir=place / "cache",
            progress=False, **more,
        )  # fmt: skip

    return comparison


@pytest.fixture
def without_report(monkeypatch):
    """Leave out the pictures, which take most of the time where everything else is done."""
    monkeypatch.setattr("ssgan_tf.comparison.classifiers.gather", lambda *_: None)
    for name in ("write_tables", "write_pictures", "write_page"):
        monkeypatch.setattr(comparison_module, name, lambda *_: {})

import json

import numpy as np
import pytest
from PIL import Image

from ssgan_tf.comparison.members import LABELS, VARIANTS
from ssgan_tf.statistics.scores import classification_scores
from ssgan_tf.statistics.summary import summarise

CLASSES = ("daisy", "roses")
CHANGES = {"ssgan-mu-0.1": {"mu": 0.1}, "ssgan-mu-1": {"mu": 1.0}, "ssgan-lambda-5": {"lambda_": 5}}


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
    method = max((known for known in LABELS if name.startswith(known)), key=len)
    variant = name.removeprefix(method).removeprefix("-")
    label = LABELS[method] + VARIANTS.get(variant, ({}, variant and f", {variant}"))[1]
    own = VARIANTS[variant][0] if variant in VARIANTS else CHANGES.get(name, {})
    folders = ("run", "generated", "evaluation", "classification")
    return {
        "label": label, "method": method, "changes": own, "settings": {"mu": 0.01, "lambda": 1.0},
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
    return {
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
        "baselines": {"seconds": {}, "failure": None}, "classifiers": None,
    } | changes  # fmt: skip


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

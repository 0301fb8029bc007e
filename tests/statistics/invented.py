"""An invented study: the contents of `results.json` for chosen numbers of recognised images."""

import numpy as np

from ssgan_tf.statistics.scores import classification_scores
from ssgan_tf.statistics.summary import summarise

NAMES = ("daisy", "roses")
GENERATED = {"ssgan": "clean", "spy": "LEAKED", "old": "unknown"}


LABELS = np.repeat([0, 1], 100)


def predicted(right):
    """Predictions of 100 + 100 images, of each of which so many are recognised."""
    return np.where(np.arange(200) % 100 < right, LABELS, 1 - LABELS)


def scores(right):
    return classification_scores(LABELS, predicted(right), NAMES) | {"seconds": 30.0}


def made(rows, unfinished=(), warnings=(), imbalance=None):
    """Results of rows (condition, size, images recognised of a class, for each seed)."""
    conditions = {
        name: {
            "kind": "generated" if name in GENERATED else
            "original" if name == "original" else "classical",
            "spec": f"{name}=folder", "finding": GENERATED.get(name), "notes": [f"About {name}."],
        }
        for name, *_ in rows
    }  # fmt: skip
    completed = [
        {
            "condition": name, "size": size, "images": 100 + int(size or 0), "added": {},
            "steps": 70, "seeds": {str(seed): scores(one) for seed, one in enumerate(right)},
            "predictions": {str(seed): predicted(one) for seed, one in enumerate(right)},
        }
        for name, size, right in rows
    ]  # fmt: skip
    return {
        "made_by": "ssgan_tf 0", "command": "python classify.py <flags>",
        "settings": {"epochs": 30},
        "data": {
            "name": "flower", "fingerprint": "f" * 64, "image_size": 64, "tested_on": "test",
            "classes": {name: {"train": 50, "test": 100} for name in NAMES},
            "imbalance": imbalance or {},
        },
        "sizes": ["20", "40"], "conditions": conditions,
        "rows": summarise(completed, conditions, LABELS, NAMES, list(imbalance or {})),
        "unfinished": list(unfinished),
        "warnings": list(warnings), "versions": {"keras": "3.15"}, "git_commit": None,
        "seconds": 90.0,
    }  # fmt: skip


ORIGINAL = ("original", None, [50, 60, 70])
ROWS = [
    ORIGINAL, ("crop", "20", [52, 61, 73]), ("crop", "40", [52, 62, 72]),
    ("ssgan", "20", [51, 60, 68]), ("ssgan", "40", [64, 74, 84]), ("spy", "40", [98, 99, 99]),
    ("old", "40", [65, 75, 86]),
]  # fmt: skip

"""One training of a study: a condition, a size and a seed, with its files."""

import hashlib
import json
import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import tensorflow as tf

from ssgan_tf.classify.classifier import Classifier
from ssgan_tf.classify.conditions import Condition, row_name
from ssgan_tf.classify.training import ClassifierTraining, predictor
from ssgan_tf.files import sweep_temporaries
from ssgan_tf.json_files import NUMBER, Each, find_json
from ssgan_tf.runs.metrics_log import MetricsLog
from ssgan_tf.statistics.scores import classification_scores

RESULT, CURVES = "result.json", "metrics.jsonl"
_MEASURES = {"precision": NUMBER, "recall": NUMBER, "f1": NUMBER}
SHAPE = {  # of a result
    "scores": {
        "accuracy": NUMBER, **_MEASURES, "seconds": NUMBER, "confusion": [[int]],
        "classes": Each({**_MEASURES, "images": int}),
    },
    "images": int, "added": Each(int), "steps": int, "fingerprint": str, "versions": dict,
    "git_commit": (str, None), "test_images?": str, "predictions?": [int], "labels?": [int],
}  # fmt: skip
TEST_EVERY = 5  # lines between the test accuracies of the curves


@dataclass(frozen=True)
class Member:
    """A condition at one size, with one seed.

    Attributes:
        condition: the `Condition`.
        size: images added to each class, as text: "400", "balance" or "restore"; None where none
            are added.
        seed: of the initial weights, the order of the images and the draws of augmentation.
    """

    condition: Condition
    size: str | None
    seed: int

    @property
    def row(self):
        """The name of its row and folder, e.g. "crop-400"."""
        return row_name(self.condition.name, self.size)

    def __str__(self):
        return f"{self.row} seed {self.seed}"

    def folder(self, out):
        """Return the folder of its files: `runs/<row>/seed-<n>` in that of the study."""
        return Path(out) / "runs" / self.row / f"seed-{self.seed}"

    def result(self, out):
        """Return its `result.json`, a dict; None where it has not finished or is damaged."""
        result = find_json(self.folder(out) / RESULT, SHAPE) or {}
        kept = [len(result.get(key, ())) for key in ("predictions", "labels")]
        # Those of earlier versions have neither; one that lost some is damaged.
        whole = kept[0] == kept[1] and bool(kept[0]) == ("test_images" in result)
        return result if result and whole else None


def train_member(
    member, training, test, settings, steps, folder, *,
    real=None, record=None, report=lambda count, figures: None,
):  # fmt: skip
    """Train and test one classifier; write its curves and perhaps its weights.

    The last weights are the ones tested; the test accuracies along the way only make the curves.

    Args:
        member: the `Member`.
        training: the `ImageSet` to train on, real images and added ones.
        test: the `ImageSet` to test on.
        settings: the `ClassifierSettings`.
        steps: gradient steps.
        folder: for `metrics.jsonl` and TensorBoard's events; replaces an unfinished training.
        real: how many of the training images, the first ones, are real; by default all.
        record: keep the classifier in the folder, with this record.
        report: called with the steps just taken and their figures; may raise to end the training.

    Returns:
        the scores of `classification_scores` and `seconds`, a dict; and the predicted class of
        each test image, int `(N,)` in the order of `test`.
    """
    start = time.perf_counter()
    folder.mkdir(parents=True, exist_ok=True)
    sweep_temporaries(folder)
    for stale in (folder / CURVES, *folder.glob("events.*")):
        stale.unlink(missing_ok=True)
    learning = ClassifierTraining(
        training, settings, member.seed, steps, member.condition.policies, real
    )
    predict = predictor(learning.network)
    log, board = MetricsLog(folder / CURVES), tf.summary.create_file_writer(str(folder))
    done = 0
    for line, (count, figures) in enumerate(learning.in_turns(), 1):
        done += count
        if line % TEST_EVERY == 0 or done == learning.steps:
            predictions = predict(test.images).argmax(axis=1)
            figures["test_accuracy"] = float(np.mean(predictions == test.labels))
        log.write(done, **figures)
        with board.as_default(step=done):
            for name, value in figures.items():
                tf.summary.scalar(name, value)
        report(count, figures)
    board.close()
    scores = classification_scores(test.labels, predictions, test.class_names)
    scores["seconds"] = round(time.perf_counter() - start, 1)
    if record is not None:
        Classifier(learning.network, record).save(folder)
    return scores, predictions


def kept_predictions(test, predictions):
    """Return the predictions as a result keeps them, to compare classifiers image by image.

    Args:
        test: the `ImageSet` that was tested on.
        predictions: int `(N,)`, the predicted class of each of its images.

    Returns:
        dict for JSON: `predictions` and the true `labels`, lists in the order of the test images,
        and `test_images`, their `ordered_fingerprint`.

    Raises:
        ValueError: not one prediction for each image.
    """
    if np.shape(predictions) != test.labels.shape:
        raise ValueError(f"{np.shape(predictions)} predictions for {len(test)} images")
    return {
        "predictions": np.asarray(predictions).tolist(),
        "labels": test.labels.tolist(),
        "test_images": ordered_fingerprint(test),
    }


def ordered_fingerprint(images):
    """Return a SHA-256 (hex) of an `ImageSet`: its `fingerprint`, but of the order too."""
    contents = [images.image_size, images.class_names, images.labels.tolist(), images.hashes]
    return hashlib.sha256(json.dumps(contents).encode()).hexdigest()

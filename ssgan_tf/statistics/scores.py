"""How good a classifier is (SSGAN, Eq. 11 and 12), from its predictions for the test images."""

import numpy as np
from sklearn.metrics import confusion_matrix

MEASURES = ("precision", "recall", "f1")  # of each class, and their means over the classes


def classification_scores(labels, predictions, class_names):
    """Return the scores of predictions as plain numbers, all in [0, 1].

    Accuracy is the share of right predictions (Eq. 11 over several classes). Precision (Eq. 12),
    recall and F1 are means over the classes, each class counting alike. A class that is never
    predicted has precision 0.

    Args:
        labels: int `(N,)`, the true classes.
        predictions: int `(N,)`.
        class_names: the classes, in the order of their labels.

    Returns:
        dict for JSON: `accuracy`, `precision`, `recall`, `f1`; `classes`, a dict from class to its
        `precision`, `recall`, `f1` and number of test `images`; `confusion`, rows of counts, the
        true class down and the predicted one across.

    Raises:
        ValueError: there is no image, or not one prediction for each.
    """
    labels, predictions = np.asarray(labels), np.asarray(predictions)
    if labels.ndim != 1 or labels.shape != predictions.shape or not len(labels):
        raise ValueError(f"labels {labels.shape} and predictions {predictions.shape}")
    confusion = confusion_matrix(labels, predictions, labels=np.arange(len(class_names)))
    scores = {key: float(score) for key, score in _scores_of(confusion, class_names).items()}
    return {
        **{key: scores[key] for key in ("accuracy", *MEASURES)},
        "classes": {
            name: {**{key: scores[key, name] for key in MEASURES}, "images": int(images)}
            for name, images in zip(class_names, confusion.sum(axis=1), strict=True)
        },
        "confusion": confusion.tolist(),
    }


def image_scores(labels, predictions, class_names):
    """Return the contribution of each test image to each score, as jackknife pseudo-values.

    That is N × score - (N - 1) × score without the image (Efron and Stein, 1981). Their variance
    divided by N is that of the score over the choice of test images. For accuracy they are 0 and 1.

    Args:
        labels: int `(N,)`, the true classes.
        predictions: int `(N,)`.
        class_names: the classes, in the order of their labels.

    Returns:
        dict from `accuracy`, `precision`, `recall` and `f1`, and from (`precision`, class) and
        its like, to floats `(N,)`.
    """
    count, indices = len(labels), np.arange(len(class_names))
    confusion = confusion_matrix(labels, predictions, labels=indices)
    whole = _scores_of(confusion, class_names)
    values = {key: np.zeros(confusion.shape) for key in whole}
    for cell in zip(*np.nonzero(confusion), strict=True):  # images of a cell contribute alike
        less = confusion.copy()
        less[cell] -= 1
        for key, without in _scores_of(less, class_names).items():
            values[key][cell] = count * whole[key] - (count - 1) * without
    return {key: of_cell[labels, predictions] for key, of_cell in values.items()}


def _scores_of(confusion, class_names):
    """Return the scores of a confusion matrix, a dict; for a class with its name in the key."""
    right, true, predicted = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    of_classes = {
        "precision": right / np.maximum(predicted, 1),
        "recall": right / np.maximum(true, 1),
        "f1": 2 * right / np.maximum(true + predicted, 1),
    }
    scores = {"accuracy": right.sum() / max(confusion.sum(), 1)}
    for key, values in of_classes.items():
        scores[key] = values.mean()
        scores |= {(key, name): one for name, one in zip(class_names, values, strict=True)}
    return scores

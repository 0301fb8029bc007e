"""How good a classifier is (SSGAN, Eq. 11 and 12), from its predictions for the test images."""

import numpy as np
from sklearn.metrics import confusion_matrix, precision_recall_fscore_support


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
    places = np.arange(len(class_names))
    by_class = precision_recall_fscore_support(labels, predictions, labels=places, zero_division=0)
    precision, recall, f1, images = by_class
    return {
        "accuracy": float(np.mean(labels == predictions)),
        "precision": float(precision.mean()),
        "recall": float(recall.mean()),
        "f1": float(f1.mean()),
        "classes": {
            name: {
                "precision": float(precision[place]),
                "recall": float(recall[place]),
                "f1": float(f1[place]),
                "images": int(images[place]),
            }
            for place, name in enumerate(class_names)
        },
        "confusion": confusion_matrix(labels, predictions, labels=places).tolist(),
    }


def image_scores(labels, predictions, class_names):
    """Return what each test image has to do with each score: jackknife's pseudo-values.

    That is N × score - (N - 1) × score without the image (Efron and Stein, 1981). Their variance
    divided by N is that of the score by the choice of test images. For accuracy they are 0 and 1.

    Args:
        labels: int `(N,)`, the true classes.
        predictions: int `(N,)`.
        class_names: the classes, in the order of their labels.

    Returns:
        dict from `accuracy`, `precision`, `recall` and `f1`, and from (`precision`, class) and
        (`recall`, class), to floats `(N,)`.
    """
    count, classes = len(labels), len(class_names)
    confusion = np.zeros((classes, classes))
    np.add.at(confusion, (labels, predictions), 1)
    whole = _of_confusion(confusion, class_names)
    values = {key: np.zeros((classes, classes)) for key in whole}
    for cell in zip(*np.nonzero(confusion), strict=True):  # images of a cell count alike
        less = confusion.copy()
        less[cell] -= 1
        for key, without in _of_confusion(less, class_names).items():
            values[key][cell] = count * whole[key] - (count - 1) * without
    return {key: of_cell[labels, predictions] for key, of_cell in values.items()}


def _of_confusion(confusion, class_names):
    """Return the scores of a confusion matrix, a dict."""
    right, true, predicted = np.diag(confusion), confusion.sum(axis=1), confusion.sum(axis=0)
    recall, precision = right / np.maximum(true, 1), right / np.maximum(predicted, 1)
    f1 = 2 * right / np.maximum(true + predicted, 1)
    return {
        "accuracy": right.sum() / max(confusion.sum(), 1),
        "precision": precision.mean(),
        "recall": recall.mean(),
        "f1": f1.mean(),
        **{("precision", name): one for name, one in zip(class_names, precision, strict=True)},
        **{("recall", name): one for name, one in zip(class_names, recall, strict=True)},
    }

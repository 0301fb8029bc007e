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

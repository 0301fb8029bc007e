"""The figures of class consistency, from what classifiers say of images."""

import numpy as np

from ssgan_tf.statistics.intervals import difference_of_images, mean_over_images
from ssgan_tf.statistics.scores import classification_scores


def scores_of(predictions, labels, class_names):
    """Return what some classifiers say of labelled images, as plain JSON.

    Args:
        predictions: int `(classifiers, N)`, indices of classes.
        labels: int `(N,)`, the true classes, or those that images were generated for.
        class_names: the classes.

    Returns:
        dict with `images`, N; `accuracy` and `balanced_accuracy` (the mean of the classes'
        recalls), each a `Mean`'s dict; `classes`, a dict from class to `images` and `recall`;
        `confusion`, counts summed over the classifiers, the true class down.
    """
    predictions, labels = np.asarray(predictions), np.asarray(labels)
    right = predictions == labels
    confusions = [
        classification_scores(labels, of_one, class_names)["confusion"] for of_one in predictions
    ]
    return {
        "images": len(labels),
        "accuracy": mean_over_images(right)._asdict(),
        "balanced_accuracy": mean_over_images(balanced(right, labels))._asdict(),
        "classes": {
            name: {
                "images": int(np.sum(labels == label)),
                "recall": mean_over_images(right[:, labels == label])._asdict(),
            }
            for label, name in enumerate(class_names)
        },
        "confusion": np.sum(confusions, axis=0).tolist(),
    }


def recognised_scores(generated, held_out, class_names):
    """Return how well the same classifiers recognise generated and held-out images.

    Args:
        generated: predictions, int `(classifiers, N)`, and the classes generated for, int `(N,)`.
        held_out: the same of held-out real images.
        class_names: the classes.

    Returns:
        dict with the `scores_of` of `generated` and `held_out`; and `difference`, generated minus
        held out: the `Mean` of `balanced_accuracy` and, in `classes`, of each class's recall.
    """
    sides = []
    for predictions, labels in (generated, held_out):
        right = predictions == labels
        of_classes = [right[:, labels == label] for label in range(len(class_names))]
        sides.append([balanced(right, labels), *of_classes])
    whole, *each = (difference_of_images(*pair)._asdict() for pair in zip(*sides, strict=True))
    return {
        "generated": scores_of(*generated, class_names),
        "held_out": scores_of(*held_out, class_names),
        "difference": {
            "balanced_accuracy": whole,
            "classes": dict(zip(class_names, each, strict=True)),
        },
    }


def learnt_scores(by_generated, by_real, labels, class_names):
    """Return how well classifiers learnt to recognise the same real images from either side.

    Args:
        by_generated: the predictions of those trained on generated images, int `(seeds, N)`.
        by_real: of those trained on as many real images, with the same seeds.
        labels: int `(N,)`, the true classes.
        class_names: the classes.

    Returns:
        dict with the `scores_of` of `generated` and `real`; and `difference`, generated minus real,
        image by image: see `recognised_scores`.
    """
    right, of_real = by_generated == labels, by_real == labels
    change = right.astype(np.float64) - of_real

    def mean(values):
        return mean_over_images(values, -1.0, 1.0)._asdict()

    return {
        "generated": scores_of(by_generated, labels, class_names),
        "real": scores_of(by_real, labels, class_names),
        "difference": {
            "balanced_accuracy": mean(balanced(right, labels) - balanced(of_real, labels)),
            "classes": {
                name: mean(change[:, labels == label]) for label, name in enumerate(class_names)
            },
        },
    }


def balanced(right, labels):
    """Return the contribution of each image to the mean recall R of C classes, `(seeds, N)`.

    That of an image of class c is R + N (right - recall of c) / (C · images of c). So their mean is
    R, and its variance that of a sample stratified by class: Σ variance of c / images of c / C².

    Args:
        right: bool `(seeds, N)`, whether the image was recognised.
        labels: int `(N,)`, the classes.
    """
    classes = np.unique(labels)
    recalls = np.stack([right[:, labels == label].mean(axis=1) for label in classes], axis=1)
    values = np.empty(right.shape)
    for recall, label in zip(recalls.T, classes, strict=True):
        of_class = labels == label
        weight = len(labels) / (len(classes) * of_class.sum())
        values[:, of_class] = weight * (right[:, of_class] - recall[:, None])
    return values + recalls.mean(axis=1)[:, None]

"""Means and differences over classes, against numbers worked out by hand."""

import numpy as np
import pytest

from ssgan_tf.imbalance.measures import BALANCED, RECALL, Cut, contributions, differences, mean_of
from ssgan_tf.imbalance.published import PUBLISHED, published

LABELS = np.array([0, 0, 0, 0, 1, 1, 2, 2])


def predicted(*wrong):
    predictions = LABELS.copy()
    predictions[list(wrong)] = (predictions[list(wrong)] + 1) % 3
    return predictions


def test_the_mean_recall_of_classes_of_unequal_size():
    # Class 0: 3/4 and 2/4; class 1: 1/2 and 0.
    first, second = [predicted(0), predicted(0, 1)], [predicted(4), predicted(4, 5)]
    cuts = [Cut(0, dict(enumerate(first))), Cut(1, dict(enumerate(second)))]
    mean = mean_of(cuts, LABELS, RECALL)
    assert mean["mean"] == pytest.approx((3 / 4 + 2 / 4 + 1 / 2 + 0) / 4)
    assert mean["seeds"] == 2 and mean["covers"] == "training and test images"
    values, largest = contributions(cuts, LABELS, RECALL, [0, 1])
    # Each seed is a mean over 6 images, of which those of class 0 count 6/(2·4).
    np.testing.assert_allclose(values[0], [0, 0.75, 0.75, 0.75, 0, 1.5])
    assert largest == 1.5 and values.mean(axis=1) == pytest.approx([5 / 8, 1 / 4])


def test_balanced_accuracy_is_the_mean_recall_of_all_classes():
    cuts = [Cut(0, {0: predicted(0, 4)}), Cut(1, {0: predicted()})]
    # (3/4 + 1/2 + 1)/3 where class 0 was cut down, 1 where class 1 was.
    assert mean_of(cuts, LABELS, BALANCED)["mean"] == pytest.approx((2.25 / 3 + 1) / 2)
    assert mean_of(cuts, LABELS, BALANCED)["half_width"] is None  # one seed


def test_only_seeds_that_all_classes_have_count():
    cuts = [Cut(0, {0: predicted(), 3: predicted(0)}), Cut(1, {3: predicted(4)})]
    assert mean_of(cuts, LABELS, RECALL)["mean"] == pytest.approx((3 / 4 + 1 / 2) / 2)
    assert mean_of(cuts, LABELS, RECALL)["seeds"] == 1
    assert mean_of([], LABELS, RECALL) is None


def test_differences_are_paired_and_tested_together():
    labels = np.repeat([0, 1], 50)
    rng = np.random.default_rng(0)

    def cut(recall):
        right = rng.random((3, 100)) < np.where(labels == 0, recall, 0.9)
        return [Cut(0, {seed: np.where(one, labels, 1 - labels) for seed, one in enumerate(right)})]

    low, alike, high = cut(0.2), cut(0.2), cut(0.9)
    pairs = {("high", "low"): (high, low), ("alike", "low"): (alike, low)}
    found = differences(pairs, labels)
    assert found["high", "low"][RECALL]["finding"] == "helps"
    assert found["high", "low"][RECALL]["mean"] == pytest.approx(0.7, abs=0.1)
    assert found["alike", "low"][RECALL]["finding"] == "no evidence"
    for of_key in found.values():
        for one in of_key.values():
            assert one["p"] <= one["adjusted_p"] <= 1
    # A second opponent of the same conditions tells nothing more about the chance of training.
    twice = pairs | {(name, "again"): pair for (name, _), pair in pairs.items()}
    for key, of_key in differences(twice, labels).items():
        alone = found[key[0], "low"]
        assert of_key[RECALL]["half_width"] == pytest.approx(alone[RECALL]["half_width"])
    assert differences({("high", "low"): ([Cut(0, {0: labels})],) * 2}, labels) == {}


def test_the_papers_figures():
    # Zhang et al., Tables 2 to 4, column by column, and Tables 5 to 7 of real images.
    assert published("gtsrb", "recall", "singan", "5") == 0.7095
    assert published("mnist", "recall", "bagan", "0.5%") == 0.6252
    assert published("cifar10", "recall", "geometric", "0.5%") == 0.117
    assert published("mnist", "recall", "full", "1%") == 0.9806
    assert published("gtsrb", "ssim", "full", "10") == 0.1837
    assert published("gtsrb", "recall", "singan", "7") is None
    assert published("demo", "recall", "singan", "5") is None
    # Each is a share of one class's test images: of 982 fours, and of 210 signs.
    for name, images in (("mnist", 982), ("gtsrb", 210)):
        for row in PUBLISHED[name].recall.values():
            for value in row:
                assert abs(round(value * images) - value * images) < images * 1.01e-4

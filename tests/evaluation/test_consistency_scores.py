import numpy as np
import pytest

from ssgan_tf.evaluation.consistency_scores import (
    balanced,
    learnt_scores,
    recognised_scores,
    scores_of,
)

NAMES = ("blue", "red")
LABELS = np.array([0, 0, 0, 0, 1, 1])


def test_shares_and_confusion_by_hand():
    found = scores_of(np.array([[0, 0, 0, 1, 1, 0], [0, 0, 1, 1, 1, 1]]), LABELS, NAMES)
    assert found["images"] == 6
    assert found["accuracy"]["mean"] == pytest.approx((4 + 4) / 12)
    assert found["classes"]["blue"]["recall"]["mean"] == pytest.approx((3 + 2) / 8)
    assert found["classes"]["red"]["recall"]["mean"] == pytest.approx((1 + 2) / 4)
    assert found["classes"]["red"]["images"] == 2
    # Each class counts alike, however many images it has.
    assert found["balanced_accuracy"]["mean"] == pytest.approx((5 / 8 + 3 / 4) / 2)
    assert found["confusion"] == [[5, 3], [1, 3]]  # of both classifiers; the true class down
    assert found["accuracy"]["covers"] == "training and test images"
    assert found["accuracy"]["seeds"] == 2


def test_swapped_predictions_swap_the_columns():
    found = scores_of(1 - LABELS[None], LABELS, NAMES)
    assert found["confusion"] == [[0, 4], [2, 0]]
    assert found["balanced_accuracy"]["mean"] == 0


def test_one_classifier_has_an_interval_of_the_images():
    found = scores_of(LABELS[None], LABELS, NAMES)
    assert found["accuracy"]["covers"] == "test images"
    assert found["accuracy"]["half_width"] > 0.1  # six right answers prove little


def test_the_variance_of_the_mean_recall_is_that_of_a_stratified_sample():
    generator = np.random.default_rng(0)
    labels = np.repeat([0, 1, 2], [10, 30, 80])
    right = generator.random((1, 120)) < np.array([0.2, 0.5, 0.9])[labels]
    values = balanced(right, labels)
    recalls = [right[0, labels == label].mean() for label in range(3)]
    assert values.mean() == pytest.approx(np.mean(recalls))
    of_classes = [p * (1 - p) / n for p, n in zip(recalls, (10, 30, 80), strict=True)]
    assert values.var() / 120 == pytest.approx(sum(of_classes) / 9)


def test_classes_of_other_shares_make_no_difference():
    """75 % of the blue and 25 % of the red ones on both sides, in other proportions."""
    made, fresh = np.repeat([0, 1], [40, 40]), np.repeat([0, 1], [80, 20])
    seen = [
        np.concatenate([np.arange(n) >= share * n for n, share in shares])[None].astype(int)
        for shares in (((40, 0.75), (40, 0.75)), ((80, 0.75), (20, 0.75)))
    ]
    found = recognised_scores((seen[0], made), (seen[1], fresh), NAMES)
    assert found["generated"]["accuracy"]["mean"] == 0.5
    assert found["held_out"]["accuracy"]["mean"] == pytest.approx(0.65)
    assert found["difference"]["balanced_accuracy"]["mean"] == pytest.approx(0)
    assert found["difference"]["classes"]["red"]["mean"] == pytest.approx(0)


def test_differences_are_generated_minus_real():
    right, wrong = LABELS[None], 1 - LABELS[None]
    found = recognised_scores((wrong, LABELS), (right, LABELS), NAMES)
    assert found["difference"]["balanced_accuracy"]["mean"] == -1
    by_generated = np.array([[0, 0, 1, 1, 1, 1], [0, 0, 1, 1, 1, 1]])
    by_real = np.array([[0, 0, 0, 0, 1, 0], [0, 0, 0, 0, 1, 0]])
    found = learnt_scores(by_generated, by_real, LABELS, NAMES)["difference"]
    assert found["classes"]["blue"]["mean"] == -0.5
    assert found["classes"]["red"]["mean"] == 0.5
    assert found["balanced_accuracy"]["mean"] == pytest.approx(0)


def test_a_difference_on_the_same_images_is_taken_image_by_image():
    """Two classifiers that fail on the same half differ less than two on other halves."""
    labels = np.zeros(40, int)
    labels[20:] = 1
    half = np.where(np.arange(40) % 2, labels, 1 - labels)[None]
    other = np.where(np.arange(40) % 2, 1 - labels, labels)[None]
    widths = [
        learnt_scores(half, one, labels, NAMES)["difference"]["balanced_accuracy"]["half_width"]
        for one in (half, other)
    ]
    assert widths[0] < widths[1] / 3

import numpy as np
import pytest

from ssgan_tf.classify.scores import classification_scores

NAMES = ("cats", "dogs", "tigers")


def test_by_hand():
    #        4 cats         2 dogs  2 tigers
    labels = [0, 0, 0, 0, 1, 1, 2, 2]
    predictions = [0, 0, 0, 1, 1, 1, 1, 0]
    found = classification_scores(labels, predictions, NAMES)
    assert found["accuracy"] == 5 / 8
    assert found["classes"]["cats"] == {
        "precision": 3 / 4, "recall": 3 / 4, "f1": pytest.approx(3 / 4), "images": 4,
    }  # fmt: skip
    assert found["classes"]["dogs"]["precision"] == 2 / 4
    assert found["classes"]["dogs"]["recall"] == 1
    assert found["classes"]["tigers"]["precision"] == 0  # never predicted
    assert found["precision"] == pytest.approx((3 / 4 + 1 / 2 + 0) / 3)
    assert found["recall"] == pytest.approx((3 / 4 + 1 + 0) / 3)
    assert found["confusion"] == [[3, 1, 0], [0, 2, 0], [1, 1, 0]]


def test_perfect_predictions_are_1():
    labels = np.arange(9) % 3
    found = classification_scores(labels, labels, NAMES)
    assert [found[key] for key in ("accuracy", "precision", "recall", "f1")] == [1, 1, 1, 1]


def test_a_class_without_test_images_stays_in_the_table():
    found = classification_scores([0, 1], [0, 1], NAMES)
    assert found["classes"]["tigers"]["images"] == 0
    assert np.shape(found["confusion"]) == (3, 3)


@pytest.mark.parametrize(("labels", "predictions"), [([], []), ([0, 1], [0])])
def test_mistakes_are_refused(labels, predictions):
    with pytest.raises(ValueError, match="labels"):
        classification_scores(labels, predictions, NAMES)

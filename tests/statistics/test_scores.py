import numpy as np
import pytest

from ssgan_tf.statistics.scores import classification_scores, image_scores

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


def test_what_an_image_has_to_do_with_a_score_by_hand():
    labels, predictions = np.array([0, 0, 1]), np.array([0, 1, 1])
    found = image_scores(labels, predictions, ("cats", "dogs"))
    np.testing.assert_allclose(found["accuracy"], [1, 0, 1])
    # Recall of cats is 1/2; without an image 0/1, 1/1 and 1/2: 3 · 1/2 - 2 · that.
    np.testing.assert_allclose(found["recall", "cats"], [1.5, -0.5, 0.5])
    # Precision of dogs is 1/2; without an image 1/2, 1/1 and 0/1.
    np.testing.assert_allclose(found["precision", "dogs"], [0.5, -0.5, 1.5])


def test_pseudo_values_tell_how_scores_vary_over_test_images():
    generator = np.random.default_rng(0)

    def drawn():
        labels = generator.integers(0, 3, 200)
        return labels, np.where(generator.random(200) < 0.6, labels, generator.integers(0, 3, 200))

    draws = [drawn() for _ in range(400)]
    for key in ("accuracy", "precision", "recall", "f1"):
        scores = [classification_scores(*one, NAMES)[key] for one in draws]
        told = [image_scores(*one, NAMES)[key].var(ddof=1) / 200 for one in draws[:50]]
        assert np.sqrt(np.mean(told)) == pytest.approx(np.std(scores), rel=0.12)


def test_the_scores_of_a_confusion_matrix_are_those_of_scikit_learn():
    labels, predictions = np.array([0, 0, 0, 1, 1, 2]), np.array([0, 0, 1, 1, 2, 0])
    values = image_scores(labels, predictions, NAMES)
    for key in ("accuracy", "precision", "recall", "f1"):
        # Leaving out the first image: pseudo-value = N · score - (N - 1) · that.
        whole = classification_scores(labels, predictions, NAMES)[key]
        rest = classification_scores(labels[1:], predictions[1:], NAMES)[key]
        assert values[key][0] == pytest.approx(6 * whole - 5 * rest)

"""The red of a painted image is its probability of being a rose, in per cent."""

import itertools

import numpy as np
import pytest

from ssgan_tf.errors import UserError
from ssgan_tf.generation.filtering import EXAMPLES, Filter, Selection, examples_sheet


class RedIsRose:
    class_names = ("daisy", "roses")
    image_size = 8

    def __init__(self):
        self.record = {"learnt_from": {"daisy": ["d0"], "roses": ["r0", "r1"]}}

    def probabilities(self, images):
        roses = images[:, 0, 0, 0].astype(np.float32) / 100
        return np.stack([1 - roses, roses], axis=1)


def painted(*reds, size=8):
    images = np.zeros((len(reds), size, size, 3), np.uint8)
    images[..., 0] = np.array(reds)[:, None, None]
    return images


def reds(batches):
    return [int(image[0, 0, 0]) for batch in batches for image in batch]


def batches_of(*numbers, size=4):
    return (painted(*numbers[start : start + size]) for start in range(0, len(numbers), size))


def test_a_classifier_that_learnt_from_generated_images_is_refused():
    classifier = RedIsRose()
    classifier.record |= {"kind": "generated"}
    with pytest.raises(UserError, match="classifier in seed-0 was trained on generated images"):
        Filter(classifier, path="seed-0").require(["roses"], 8)


def select(class_name, wanted, *candidates, threshold=0.8, limit=20):
    selection = Selection(Filter(RedIsRose(), threshold, limit), class_name, wanted)
    return selection, reds(selection.accepted_batches(batches_of(*candidates)))


def test_an_image_needs_the_threshold_in_its_own_class():
    images = painted(79, 80, 10)
    probabilities, accepted = Filter(RedIsRose(), 0.8).accept(images, "roses")
    np.testing.assert_allclose(probabilities, [0.79, 0.8, 0.1], rtol=1e-6)
    assert accepted.tolist() == [False, True, False]
    probabilities, accepted = Filter(RedIsRose(), 0.8).accept(images, "daisy")
    np.testing.assert_allclose(probabilities, [0.21, 0.2, 0.9], rtol=1e-6)
    assert accepted.tolist() == [False, False, True]


def test_wrong_class_images_planted_among_good_ones_are_rejected():
    selection, found = select("roses", 3, 90, 5, 91, 4, 3, 92, 93, 94)
    assert found == [90, 91, 92]
    assert selection.report() == {
        "count": 3, "wanted": 3, "sampled": 6, "acceptance_rate": 0.5, "shortfall": None,
    }  # fmt: skip
    assert reds([selection.examples["rejected"]]) == [5, 4, 3]


def test_fewer_wanted_are_the_first_of_more():
    candidates = np.random.default_rng(0).integers(0, 101, 400)
    _, many = select("roses", 20, *candidates)
    _, few = select("roses", 7, *candidates)
    assert len(many) == 20
    assert few == many[:7]


def test_the_limit_ends_the_search_within_a_batch():
    endless = itertools.repeat(painted(90, 0, 0, 0))
    selection = Selection(Filter(RedIsRose(), limit=3), "roses", 2)
    assert reds(selection.accepted_batches(endless)) == [90, 90]
    assert selection.sampled == 5
    selection = Selection(Filter(RedIsRose(), limit=1), "roses", 6)
    assert reds(selection.accepted_batches(endless)) == [90, 90]
    assert selection.sampled == 6
    assert selection.report()["shortfall"] == (
        "2 of 6 found among 6 candidates; 33.3 % reach a probability of 0.8: lower --threshold, "
        "raise --filter_limit, or train longer"
    )


def test_a_class_without_any_accepted_image_says_how_near_it_came():
    selection, found = select("roses", 2, *[31] * 4000, limit=2000)
    assert found == []
    assert selection.report()["acceptance_rate"] == 0
    assert selection.report()["shortfall"].startswith(
        "0 of 2 found among 4,000 candidates; none reaches a probability of 0.8, the highest is "
        "0.31, and the set lacks the class: lower"
    )


def test_the_sheet_has_a_row_for_each_kind_that_there_is():
    full, _ = select("roses", 12, *[90, 10] * 12)
    empty, _ = select("daisy", 1, *[90] * 8, limit=8)
    assert len(full.examples["accepted"]) == len(full.examples["rejected"]) == EXAMPLES
    sheet = examples_sheet([full, empty])
    assert sheet.shape[0] == 3 * 96 + 2 * 2  # none of daisy was accepted
    assert sheet[48, -10].tolist() == [90, 0, 0]
    assert sheet[96 + 2 + 48, -10].tolist() == [10, 0, 0]
    assert examples_sheet([]) is None


def test_the_record_tells_what_decided_about_the_images():
    assert Filter(RedIsRose(), 0.7, 5, "results/seed-0").record() == {
        "classifier": "results/seed-0",
        "threshold": 0.7,
        "limit": 5,
        "rounds": [],
        "learnt_from": {"daisy": ["d0"], "roses": ["r0", "r1"]},
    }


def test_the_record_of_a_rounds_classifier_tells_what_its_generator_was_trained_on_too():
    classifier = RedIsRose()
    classifier.record["generator_learnt_from"] = {"roses": ["r1", "r2"], "tulips": ["t0"]}
    assert Filter(classifier).record()["learnt_from"] == {
        "daisy": ["d0"], "roses": ["r0", "r1", "r2"], "tulips": ["t0"],
    }  # fmt: skip


def test_between_is_called_before_each_batch_and_may_end_the_search():
    calls = []

    def between():
        calls.append(len(calls))
        if len(calls) == 3:
            raise KeyboardInterrupt

    selection = Selection(Filter(RedIsRose(), between=between), "roses", 100)
    with pytest.raises(KeyboardInterrupt):
        reds(selection.accepted_batches(itertools.repeat(painted(90, 90))))
    assert selection.accepted == 4


def test_what_the_classifier_cannot_judge_is_refused():
    chosen = Filter(RedIsRose())
    with pytest.raises(UserError, match="does not know the class 'tulips'; it knows daisy, roses"):
        chosen.accept(painted(1), "tulips")
    with pytest.raises(UserError, match="images of 8 pixels, and the generated ones have 4"):
        chosen.accept(painted(1, size=4), "roses")


@pytest.mark.parametrize("threshold", [0, -0.5, 1.01, float("nan")])
def test_a_threshold_is_a_probability_above_zero(threshold):
    with pytest.raises(UserError, match=r"--threshold is .*above 0 and at most 1"):
        Filter(RedIsRose(), threshold)
    Filter(RedIsRose(), 1)


def test_a_limit_is_at_least_one():
    with pytest.raises(UserError, match="--filter_limit is 0"):
        Filter(RedIsRose(), limit=0)

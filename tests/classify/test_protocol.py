import dataclasses

import pytest

from ssgan_tf.classify.protocol import divide
from ssgan_tf.data import split
from ssgan_tf.data.splits import limited_split, parse_class_sizes
from ssgan_tf.errors import UserError
from tests.training.tiny import painted_squares

IMAGES = painted_squares(per_class=20, classes=("left", "right"))


def test_tests_on_what_training_holds_out_and_limits_what_is_learnt_from():
    division = divide(IMAGES, seed=3, test_per_class=5, real_per_class=10)
    parts = split(IMAGES, seed=3, test_per_class=5)
    assert set(division.test.hashes) == set(parts.test.hashes)
    assert division.training.counts() == {"left": 10, "right": 10}
    # The same images that train.py --train_per_class 10 is trained on.
    assert division.training.hashes == split(IMAGES, 3, 5, train_per_class=10).train.hashes
    assert division.held_out.counts() == {"left": 5, "right": 5}
    sides = [set(side.hashes) for side in (division.training, division.test, division.held_out)]
    assert len(set.union(*sides)) == 40 and division.tested_on == "test"


def test_takes_all_where_there_are_fewer():
    division = divide(IMAGES, test_per_class=5, real_per_class=400)
    assert division.training.counts() == {"left": 15, "right": 15}
    assert not len(division.held_out)


def test_imbalance_keeps_the_first_of_the_same_images():
    full = divide(IMAGES, test_per_class=5, real_per_class=12)
    dropped = divide(IMAGES, test_per_class=5, real_per_class=12, imbalance={"right": 3})
    assert dropped.training.counts() == {"left": 12, "right": 3}
    assert dropped.training.of_class("right").hashes == full.training.of_class("right").hashes[:3]
    assert dropped.test.hashes == full.test.hashes
    assert dropped.former == full.former == {"left": 12, "right": 12}


@pytest.mark.parametrize("texts", [["right=3"], ["12", "right=3"]])
def test_a_generator_learns_from_the_same_imbalanced_whole(texts):
    """`train.py --train_per_class 12,right=3` beside `classify.py --imbalance right=3`."""
    at_most, kept = parse_class_sizes("train_per_class", texts)
    learnt = limited_split(
        IMAGES, "train_per_class", at_most, kept, seed=3, test_per_class=5
    )  # fmt: skip
    division = divide(
        IMAGES, seed=3, test_per_class=5, real_per_class=at_most or 400, imbalance={"right": 3}
    )
    assert learnt.train.counts() == {"left": at_most or 15, "right": 3}
    assert learnt.train.hashes == division.training.hashes
    assert learnt.test.hashes == division.test.hashes


def test_other_images_of_a_group_that_is_trained_on_are_not_held_out():
    groups = {digest: str(k // 4) for k, digest in enumerate(IMAGES.hashes)}
    grouped = dataclasses.replace(IMAGES, groups=groups)
    division = divide(grouped, test_per_class=4, real_per_class=2)
    seen = {groups[digest] for digest in division.training.hashes}
    assert len(seen) > 1 and not seen & {groups[digest] for digest in division.held_out.hashes}
    assert len(division.held_out) == 32 - 4 * len(seen)


def test_validation_leaves_the_test_images_alone():
    division = divide(IMAGES, test_per_class=5, real_per_class=400, validation=True)
    never_seen = set(split(IMAGES, test_per_class=5).test.hashes)
    for side in (division.training, division.test, division.held_out):
        assert not never_seen.intersection(side.hashes)
    assert division.test.counts() == {"left": 5, "right": 5}
    assert set(division.held_out.hashes) == set(division.test.hashes)
    assert division.tested_on == "validation"


def test_what_imbalance_takes_away_is_not_held_out_either():
    options = {"test_per_class": 5, "real_per_class": 10, "imbalance": {"right": 3}}
    assert divide(IMAGES, **options).held_out.counts() == {"left": 5, "right": 0}
    validated = divide(IMAGES, **options, validation=True)
    assert validated.held_out.counts() == {"left": 5, "right": 5}
    assert set(validated.held_out.hashes) == set(validated.test.hashes)


@pytest.mark.parametrize(
    ("options", "words"),
    [
        ({"real_per_class": 1}, "--real_per_class is 1"),
        ({"imbalance": {"middle": 3}}, "no class 'middle'; it has left, right"),
        ({"imbalance": {"left": 30}}, "'left' has 16 images to train on, fewer than 30"),
        ({"test_per_class": 0}, "no test images"),
    ],
)
def test_refuses(options, words):
    with pytest.raises(UserError, match=words):
        divide(IMAGES, **options)


def test_a_balanced_validation_set_stands_beside_an_imbalanced_training_set():
    options = {"test_per_class": 5, "real_per_class": 12, "imbalance": {"right": 3}}
    division = divide(IMAGES, **options, held_out_per_class=4)
    assert division.training.counts() == {"left": 11, "right": 3}  # 15 less 4
    assert division.held_out.counts() == {"left": 4, "right": 4}
    # The first of the images that train.py is trained on, so that generators may come from there.
    plain = divide(IMAGES, **options)
    for name, count in division.training.counts().items():
        trained_on = plain.training.of_class(name).hashes
        assert division.training.of_class(name).hashes == trained_on[:count]
    sides = [set(side.hashes) for side in (division.training, division.test, division.held_out)]
    assert len(set.union(*sides)) == sum(map(len, sides))
    with pytest.raises(
        UserError, match="'left' has 15 images to train on: 14 to choose by leave 1"
    ):
        divide(IMAGES, **options, held_out_per_class=14)
    with pytest.raises(UserError, match="squares has no class 'up'"):
        divide(IMAGES, test_per_class=5, imbalance={"up": 3}, held_out_per_class=2)

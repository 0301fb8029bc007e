import dataclasses

import numpy as np
import pytest

from ssgan_tf.data import ImageSet
from ssgan_tf.errors import UserError
from tests.training.tiny import painted_squares


@pytest.fixture
def three(made_up_set):
    return made_up_set({"a": ["1", "2"], "b": ["3"], "c": ["4", "5", "6"]})


def test_counts_and_length(three):
    assert len(three) == 6
    assert three.counts() == {"a": 2, "b": 1, "c": 3}


def test_is_frozen(three):
    with pytest.raises(dataclasses.FrozenInstanceError):
        three.name = "other"


def test_select_keeps_the_order_asked_for(three):
    chosen = three.select([5, 0])
    assert chosen.hashes == ("6", "1")
    assert chosen.paths == ("c/2.png", "a/0.png")
    assert chosen.labels.tolist() == [2, 0]
    assert chosen.class_names == three.class_names


def test_of_class_keeps_labels(three):
    only = three.of_class("c")
    assert only.hashes == ("4", "5", "6")
    assert only.labels.tolist() == [2, 2, 2]
    assert only.class_names == ("a", "b", "c")


def test_with_classes_renumbers_labels_in_sorted_order(three):
    some = three.with_classes(["c", "a"])
    assert some.class_names == ("a", "c")
    assert some.labels.tolist() == [0, 0, 1, 1, 1]
    assert some.labels.dtype == np.int32


def test_unknown_class_names_those_that_exist(three):
    with pytest.raises(UserError, match="no class 'd'; it has a, b, c"):
        three.with_classes(["a", "d"])
    with pytest.raises(UserError, match="it has a, b, c"):
        three.of_class("d")


def test_fingerprint_does_not_depend_on_order_or_file_names(three):
    shuffled = three.select([3, 1, 5, 0, 2, 4])
    renamed = dataclasses.replace(shuffled, paths=tuple("abcdef"), name="other")
    assert renamed.fingerprint() == three.fingerprint()


def test_fingerprint_depends_on_hashes_classes_and_size(three, made_up_set):
    others = [
        made_up_set({"a": ["1", "2"], "b": ["3"], "c": ["4", "5", "7"]}),
        made_up_set({"a": ["1", "3"], "b": ["2"], "c": ["4", "5", "6"]}),
        made_up_set({"a": ["1", "2"], "b": ["3"], "d": ["4", "5", "6"]}),
        dataclasses.replace(three, images=np.zeros((6, 8, 8, 3), np.uint8)),
    ]
    assert len({s.fingerprint() for s in [three, *others]}) == 5


def test_contradictory_hashes_stay_known_when_classes_are_picked(made_up_set):
    both = made_up_set({"a": ["same", "1"], "b": ["same", "2"]})
    assert both.contradictory == {"same"}
    assert both.with_classes(["a"]).contradictory == {"same"}


@pytest.mark.parametrize(
    "change",
    [
        {"images": np.zeros((6, 4, 4, 3), np.float32)},
        {"labels": np.zeros(6, np.int64)},
        {"labels": np.zeros(5, np.int32)},
        {"hashes": ("1",)},
    ],
)
def test_wrong_shapes_and_types_are_refused(three, change):
    with pytest.raises(ValueError):
        ImageSet(**{f.name: getattr(three, f.name) for f in dataclasses.fields(three)} | change)


def test_relabelled_as_part_of_more_classes():
    few = painted_squares(per_class=2, classes=("b", "d"))
    more = few.relabelled(("a", "b", "c", "d"))
    assert more.labels.tolist() == [1, 1, 3, 3]
    assert more.counts() == {"a": 0, "b": 2, "c": 0, "d": 2}
    with pytest.raises(UserError, match="a class 'd'; known are a, b"):
        few.relabelled(("a", "b"))


def test_joined_with_another_set_of_the_same_classes():
    both = painted_squares(per_class=3, classes=("a", "b"))
    first, second = both.select([0, 3]), both.select([5, 1])
    joined = first.joined_with(second)
    assert joined.hashes == both.select([0, 3, 5, 1]).hashes
    np.testing.assert_array_equal(joined.images, both.images[[0, 3, 5, 1]])
    assert joined.labels.tolist() == [0, 1, 1, 0]
    with pytest.raises(ValueError, match="classes"):
        first.joined_with(painted_squares(classes=("left",)))

import dataclasses

import numpy as np
import pytest

from ssgan_tf.data import split
from ssgan_tf.data.splits import limited_split, parse_class_sizes
from ssgan_tf.errors import UserError


def numbered(count, prefix=""):
    return [f"{prefix}{i}" for i in range(count)]


def sides(result):
    return set(result.train.hashes), set(result.test.hashes)


def test_default_is_a_fifth_of_each_class(made_up_set):
    result = split(made_up_set({"a": numbered(10, "a"), "b": numbered(50, "b")}))
    assert result.test.counts() == {"a": 2, "b": 10}
    assert result.train.counts() == {"a": 8, "b": 40}
    assert not set.intersection(*sides(result))


@pytest.mark.parametrize("name", ["flower", "animal"])
def test_default_of_the_paper_sets_is_a_hundred(made_up_set, name):
    result = split(made_up_set({"a": numbered(150), "b": numbered(110, "b")}, name=name))
    assert result.test.counts() == {"a": 100, "b": 100}


def test_the_order_is_sha256_of_seed_and_hash(made_up_set):
    import hashlib

    hashes = numbered(30)
    expected = sorted(hashes, key=lambda h: hashlib.sha256(f"7:{h}".encode()).hexdigest())
    result = split(made_up_set({"a": hashes}), seed=7, test_per_class=5)
    assert list(result.test.hashes) == expected[:5]
    assert list(result.train.hashes) == expected[5:]


def test_does_not_depend_on_file_order_and_names(made_up_set):
    contents = {"a": numbered(20, "a"), "b": numbered(20, "b")}
    order = np.random.default_rng(0).permutation(40)
    first, second = split(made_up_set(contents)), split(made_up_set(contents, order=order))
    assert first.train.hashes == second.train.hashes
    assert first.test.hashes == second.test.hashes


def test_a_class_does_not_depend_on_the_others(made_up_set):
    whole = made_up_set({"a": ["both", *numbered(20, "a")], "b": ["both", *numbered(20, "b")]})
    for seed in range(10):
        alone = split(whole.with_classes(["a"]), seed)
        assert alone.test.hashes == split(whole, seed).test.of_class("a").hashes


def test_another_seed_gives_another_split(made_up_set):
    images = made_up_set({"a": numbered(50)})
    assert sides(split(images, 0)) != sides(split(images, 1))


def test_equal_files_fall_on_the_same_side(made_up_set):
    images = made_up_set({"a": [f"{i // 2}" for i in range(40)], "b": numbered(20, "b")})
    for seed in range(20):
        result = split(images, seed)
        train, test = sides(result)
        assert not train & test
        assert result.test.counts()["a"] == 8  # whole pairs, and not one more or less
        assert len(result.train) + len(result.test) == len(images)


def test_contradicted_labels_are_never_tested_on(made_up_set):
    images = made_up_set({"a": ["x", *numbered(9, "a")], "b": ["x", *numbered(9, "b")]})
    assert all("x" not in split(images, seed).test.hashes for seed in range(30))
    brought = split(dataclasses.replace(images, tested=frozenset({"x", "a1", "b1"})))
    assert sorted(brought.test.hashes) == ["a1", "b1"] and "x" not in brought.train.hashes


def test_a_small_sample_is_part_of_a_larger_one(made_up_set):
    images = made_up_set({"a": numbered(60, "a") + numbered(5, "a"), "b": numbered(60, "b")})
    samples = [split(images, train_per_class=n) for n in (5, 20, 40)]
    whole = split(images)
    for smaller, larger in zip(samples, [*samples[1:], whole], strict=True):
        assert set(smaller.train.paths) < set(larger.train.paths)
        assert smaller.test.paths == whole.test.paths
    assert [s.train.counts() for s in samples] == [{"a": n, "b": n} for n in (5, 20, 40)]
    assert len(set(samples[2].train.of_class("a").hashes)) == 40  # copies come last


def test_a_sample_may_differ_by_class(made_up_set):
    images = made_up_set({"a": numbered(60, "a"), "b": numbered(60, "b")})
    whole, all_alike = split(images), split(images, train_per_class=5)
    some = split(images, train_per_class={"b": 5})
    assert some.train.counts() == {"a": 48, "b": 5}
    assert some.train.of_class("a").paths == whole.train.of_class("a").paths
    assert some.train.of_class("b").paths == all_alike.train.of_class("b").paths
    assert some.test.paths == whole.test.paths


def test_all_images_trains_on_everything_and_keeps_the_test_side(made_up_set):
    images = made_up_set({"a": numbered(20)})
    leaked, honest = split(images, all_images=True), split(images)
    assert len(leaked.train) == 20
    assert leaked.test.hashes == honest.test.hashes


def test_no_test_images(made_up_set):
    result = split(made_up_set({"a": numbered(5)}), test_per_class=0)
    assert len(result.test) == 0 and result.test.images.shape == (0, 4, 4, 3)
    assert len(result.train) == 5


@pytest.mark.parametrize(
    ("sizes", "words"),
    [
        ({"test_per_class": 9}, "class 'b' has 10 images: 9 for testing leaves 1"),
        ({"test_per_class": 100}, "leaves 0"),
        ({"train_per_class": 9}, "class 'b' has 8 images for training"),
        ({"train_per_class": 1}, "2 or more"),
        ({"train_per_class": {"b": 9}}, "class 'b' has 8 images for training, .* 9;"),
        ({"train_per_class": {"a": 9, "b": 1}}, "2 or more, not 1"),
        ({"train_per_class": {"c": 9}}, "made_up has no class 'c'; it has a, b"),
        ({"test_per_class": -1}, "0 or more"),
    ],
)
def test_impossible_sizes_are_the_users_error(made_up_set, sizes, words):
    images = made_up_set({"a": numbered(200, "a"), "b": numbered(10, "b")})
    with pytest.raises(UserError, match=words):
        split(images, **sizes)


def test_tiny_classes_can_be_split(made_up_set):
    assert split(made_up_set({"a": ["1", "2"]})).train.counts() == {"a": 2}
    assert split(made_up_set({"a": ["1", "2", "3"]})).test.counts() == {"a": 1}


def test_limited_numbers_of_images(made_up_set):
    images = made_up_set({"a": numbered(60, "a"), "b": numbered(10, "b"), "c": numbered(60, "c")})
    limited = limited_split(images, "train_per_class", 20, {"c": 5}, seed=3, test_per_class=2)
    assert limited.train.counts() == {"a": 20, "b": 8, "c": 5}  # all of b, which has fewer
    expected = split(images, 3, 2, train_per_class={"a": 20, "c": 5})
    assert limited.train.paths == expected.train.paths
    assert limited.test.paths == expected.test.paths
    everything = limited_split(images, "train_per_class", None, {"c": 60}, all_images=True)
    assert everything.train.counts() == {"a": 60, "b": 10, "c": 60}
    with pytest.raises(UserError, match="--train_per_class: made_up has no class 'd'; it has a, b"):
        limited_split(images, "train_per_class", kept={"d": 5})
    with pytest.raises(UserError, match=r"--train_per_class: class 'b' has 8 images .* than 9"):
        limited_split(images, "train_per_class", kept={"b": 9})


def test_numbers_of_classes_as_flags_say_them():
    def parse(*texts):
        return parse_class_sizes("train_per_class", texts)

    assert parse() == (None, {})
    assert parse("400") == (400, {})
    assert parse("roses=20", "tulips=40") == (None, {"roses": 20, "tulips": 40})
    assert parse("400", "roses=20", "a=b=2") == (400, {"roses": 20, "a=b": 2})
    for wrong in ("1", "few", "-3", "roses=", "=20", "roses=1", ""):
        with pytest.raises(UserError, match=r"such as roses=20, or a number for all classes$"):
            parse(wrong)
    with pytest.raises(UserError, match="--train_per_class names the class 'roses' twice"):
        parse("roses=20", "roses=30")
    with pytest.raises(UserError, match="two numbers without a class, 400 and 300; give one"):
        parse("400", "300")
    with pytest.raises(UserError, match=r"--imbalance 400: give a class .* such as roses=20$"):
        parse_class_sizes("imbalance", ["400"], everywhere=False)

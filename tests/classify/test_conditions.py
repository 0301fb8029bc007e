from types import SimpleNamespace

import numpy as np
import pytest

from ssgan_tf.augment import OFFLINE, POLICIES, augment
from ssgan_tf.classify.conditions import (
    Condition,
    added_images,
    counts_to_add,
    parse_condition,
    parse_conditions,
    parse_sizes,
)
from ssgan_tf.data import ImageSet
from ssgan_tf.data.splits import parse_class_sizes
from ssgan_tf.errors import UserError


@pytest.fixture(autouse=True)
def in_folder(tmp_path, monkeypatch):
    """Make relative folders ones of the test's own."""
    monkeypatch.chdir(tmp_path)
    for name in ("made", "other", "a+b", "home"):
        (tmp_path / name).mkdir()


def numbered(counts, name="real", reverse=False):
    """An image set whose images are told apart by their first pixel; in reverse order on demand."""
    labels = np.repeat(np.arange(len(counts), dtype=np.int32), list(counts.values()))
    images = np.random.default_rng(0).integers(0, 256, (len(labels), 8, 8, 3), np.uint8)
    images[:, 0, 0, 0] = np.arange(len(labels))
    paths = tuple(f"{c}/{i:03d}.png" for c, count in counts.items() for i in range(count))
    hashes = tuple(f"{name} {path}" for path in paths)
    made = ImageSet(images, labels, tuple(counts), paths, hashes, name)
    return made.select(np.arange(len(labels))[::-1]) if reverse else made


@pytest.mark.parametrize("name", [*OFFLINE, *POLICIES])
def test_every_augmentation_is_a_condition(name):
    condition = parse_condition(name)
    assert condition.name == name
    assert condition.kind == "classical"
    assert bool(condition.parts) is (name in OFFLINE)
    assert condition.parts + condition.policies == (name,)


def test_parts_and_policies_are_told_apart_and_keep_their_order(tmp_path):
    condition = parse_condition("cutmix+ssgan=made+crop+randaugment")
    assert condition.name == "cutmix+ssgan+crop+randaugment"
    assert condition.parts == ("ssgan", "crop")
    assert condition.policies == ("cutmix", "randaugment")
    assert condition.folders.keys() == {"ssgan"}
    assert condition.folders["ssgan"].samefile(tmp_path / "made")
    assert condition.kind == "generated"
    assert hash(condition) == hash(parse_condition("cutmix+ssgan=made+crop+randaugment"))


def test_a_folder_may_have_a_plus_in_its_name(tmp_path, monkeypatch):
    assert parse_condition("x=a+b").folders["x"].samefile(tmp_path / "a+b")
    assert parse_condition("x=a+b+crop").parts == ("x", "crop")
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    assert parse_condition("x=~").folders["x"].samefile(tmp_path / "home")
    both = parse_condition("x=made+y=a+b")
    assert [both.folders[name].name for name in ("x", "y")] == ["made", "a+b"]


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("geometrc", "'geometrc' is no known augmentation, did you mean geometric.*crop.*NAME=DIR"),
        ("crop+", "'' is no known"),
        ("crop+made", "'made' is no known"),
        ("made", "'made' is no known"),
        (".x=made", "'.x=made' is no known"),
        ("x=", "'x=' is no known"),
        ("x=made+geometrc", "no folder made.geometrc; and 'geometrc' is no known.*mean geometric"),
        ("x=nowhere", "no folder nowhere; name a folder"),
        ("x=nowhere+crop", "no folder nowhere;"),
        ("x=" + "long" * 1000, "no folder"),
        ("x=~nobody-at-all/made", "no folder ~nobody"),
        ("crop=made", "'crop' has a meaning of its own"),
        ("original=made", "'original' has a meaning of its own"),
        ("crop+crop", "'crop' is named twice"),
        ("x=made+x=other", "'x' is named twice"),
        ("cutmix+crop+cutmix", "'cutmix' is named twice"),
        ("original+crop", "'original' stands alone"),
    ],
)
def test_what_is_no_condition_is_refused(text, words):
    with pytest.raises(UserError, match=words):
        parse_condition(text)


def test_the_baseline_is_always_there_and_first():
    assert parse_conditions([]) == [Condition("original")]
    for texts in (["crop", "cutmix"], ["crop", "original", "cutmix"]):
        assert [c.name for c in parse_conditions(texts)] == ["original", "crop", "cutmix"]
    assert parse_condition("original").kind == "original"
    assert not parse_condition("original").parts


@pytest.mark.parametrize(
    ("texts", "words"),
    [
        (["crop", "crop"], "two conditions are called 'crop'"),
        (["x=made", "x=other"], "two conditions are called 'x'"),
        (["x=made", "x=other+crop"], "'x' stands for two folders, made and other"),
    ],
)
def test_names_stand_for_one_thing(texts, words):
    with pytest.raises(UserError, match=words):
        parse_conditions(texts)


def test_a_folder_may_be_in_several_conditions_and_have_several_spellings():
    names = [c.name for c in parse_conditions(["x=made", "x=./made+crop", "y=made"])]
    assert names == ["original", "x", "x+crop", "y"]


def test_sizes():
    assert parse_sizes("200,400") == ["200", "400"]
    assert parse_sizes(" 400, balance ,0400,400") == ["400", "balance"]
    assert parse_sizes("25%, 50 %,025%") == ["25%", "50%"]
    for text in ("0%", "-5%", "%", "2.5%", "1001%"):
        with pytest.raises(UserError, match="a share must be from 1% to 1000%"):
            parse_sizes(text)
    for text in ("", "200,", "0", "-5", "1.5", "many"):
        with pytest.raises(UserError, match="must be a number from 1, or balance"):
            parse_sizes(text)


def test_imbalance():
    def parse_imbalance(texts):
        return parse_class_sizes("imbalance", texts, everywhere=False)[1]

    assert parse_imbalance([]) == {}
    assert parse_imbalance(["roses=20", "a=b=2"]) == {"roses": 20, "a=b": 2}
    for text in ("roses", "roses=", "=20", "roses=1", "roses=-3", "roses=few"):
        with pytest.raises(UserError, match="at least 2, such as roses=20"):
            parse_imbalance([text])
    with pytest.raises(UserError, match="'roses' twice"):
        parse_imbalance(["roses=20", "roses=30"])


def test_counts():
    assert counts_to_add("200", {"a": 3, "b": 10}) == {"a": 200, "b": 200}
    assert counts_to_add("balance", {"a": 3, "b": 10}) == {"a": 7, "b": 0}
    assert counts_to_add("restore", {"a": 3, "b": 7}, {"a": 5, "b": 7}) == {"a": 2, "b": 0}
    assert parse_sizes("20, restore") == ["20", "restore"]
    assert counts_to_add("25%", {"a": 40, "b": 11}) == {"a": 10, "b": 3}


def test_original_and_policies_add_nothing():
    real = numbered({"a": 3, "b": 4})
    for name in ("original", "cutmix"):
        added = added_images(parse_condition(name), {"a": 5, "b": 5}, real, {}, 0)
        assert len(added) == 0
        assert added.class_names == real.class_names


def test_classical_sets_start_from_the_real_images_and_follow_the_seed():
    real, condition = numbered({"a": 3, "b": 4}), parse_condition("mixup")
    added = added_images(condition, {"a": 5, "b": 0}, real, {}, 7)
    assert added.counts() == {"a": 5, "b": 0}
    np.testing.assert_array_equal(
        added.images, augment("mixup", real, {"a": 5, "b": 0}, seed=7).images
    )
    other = added_images(condition, {"a": 5, "b": 0}, real, {}, 8)
    assert not np.array_equal(added.images, other.images)


def made_set(counts, reverse=False):
    return SimpleNamespace(name="x", path="made", images=numbered(counts, "made", reverse))


def test_generated_images_are_the_first_by_path_whatever_the_seed():
    real = numbered({"a": 3, "b": 4})
    for seed, reverse in ((0, False), (1, True)):
        made = made_set({"a": 4, "b": 5}, reverse)
        added = added_images(parse_condition("x=made"), {"a": 2, "b": 1}, real, {"x": made}, seed)
        assert added.paths == ("a/000.png", "a/001.png", "b/000.png")
        assert added.hashes == ("made a/000.png", "made a/001.png", "made b/000.png")
        assert added.labels.tolist() == [0, 0, 1]
        assert added.images[:, 0, 0, 0].tolist() == [0, 1, 4]


def test_parts_share_equally_and_the_first_take_the_rest():
    real, made = numbered({"a": 3, "b": 4}), made_set({"a": 9, "b": 9})
    condition = parse_condition("crop+x=made+cutmix+mixup")
    added = added_images(condition, {"a": 8, "b": 7}, real, {"x": made}, 0)
    assert added.counts() == {"a": 8, "b": 7}
    assert sum(name.startswith("made a") for name in added.hashes) == 3  # 3 + 3 + 2
    assert sum(name.startswith("made b") for name in added.hashes) == 2  # 3 + 2 + 2
    crops = augment("crop", real, {"a": 3, "b": 3}, seed=0)
    np.testing.assert_array_equal(added.images[:6], crops.images)
    np.testing.assert_array_equal(
        added.images[-4:], augment("mixup", real, {"a": 2, "b": 2}, seed=0).images
    )


def test_too_few_generated_images_are_named_only_where_they_are_wanted():
    real, made = numbered({"a": 3, "b": 4}), made_set({"a": 4, "b": 0})
    condition = parse_condition("x=made")
    assert len(added_images(condition, {"a": 1, "b": 0}, real, {"x": made}, 0)) == 1
    with pytest.raises(UserError, match="made has 0 images of class 'b', and 1 are wanted"):
        added_images(condition, {"a": 1, "b": 1}, real, {"x": made}, 0)
    with pytest.raises(UserError, match="made has 4 images of class 'a', and 5 are wanted"):
        added_images(parse_condition("x=made+crop"), {"a": 10, "b": 0}, real, {"x": made}, 0)

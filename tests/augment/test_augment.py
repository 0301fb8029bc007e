import hashlib
import subprocess
import sys

import numpy as np
import pytest

from ssgan_tf.augment import OFFLINE, augment
from ssgan_tf.data import ImageSet
from ssgan_tf.errors import UserError


def image_set(counts, size=8):
    """Random pictures, dark ones in the first class and brighter ones in each later class."""
    rng = np.random.default_rng(0)
    images = [
        rng.integers(80 * label, 80 * label + 60, (size, size, 3), np.uint8)
        for label, count in enumerate(counts.values())
        for _ in range(count)
    ]
    return ImageSet(
        images=np.array(images, np.uint8).reshape(-1, size, size, 3),
        labels=np.repeat(np.arange(len(counts), dtype=np.int32), list(counts.values())),
        class_names=tuple(counts),
        paths=tuple(f"{i}.png" for i in range(len(images))),
        hashes=tuple(str(i) for i in range(len(images))),
        name="pets",
    )


PETS = image_set({"ant": 4, "bee": 5, "cat": 3})

every_augmentation = pytest.mark.parametrize("name", OFFLINE)


@every_augmentation
def test_a_labelled_set_of_new_images(name):
    made = augment(name, PETS, 6)
    assert made.name == name
    assert made.class_names == PETS.class_names
    assert made.labels.tolist() == [0] * 6 + [1] * 6 + [2] * 6
    assert made.images.dtype == np.uint8 and made.images.shape == (18, 8, 8, 3)
    assert made.paths[:2] == ("ant/000000.png", "ant/000001.png")
    assert made.paths[-1] == "cat/000005.png"
    assert made.hashes[3] == hashlib.sha256(made.images[3].tobytes()).hexdigest()


@every_augmentation
def test_images_are_of_their_class(name):
    made = augment(name, PETS, 6)
    # Each class has 60 of 256 values of its own; noise and erased boxes hardly move the median.
    medians = np.median(made.images, axis=(1, 2, 3))
    limits = np.array([[0, 60], [80, 140], [160, 220]])[made.labels]
    slack = 45 if name == "colour" else 0
    assert np.all(medians >= limits[:, 0] - slack) and np.all(medians <= limits[:, 1] + slack)


@every_augmentation
def test_images_are_new(name):
    made = augment(name, PETS, 6)
    originals = {image.tobytes() for image in PETS.images}
    copies = sum(image.tobytes() in originals for image in made.images)
    assert copies <= (1 if name == "smote" else 0)  # a place may be within rounding of an end
    if name != "samplepairing":  # three images have only three means
        assert len(set(made.hashes)) == len(made)


@every_augmentation
def test_the_seed_decides(name):
    first = augment(name, PETS, 5, seed=1)
    np.testing.assert_array_equal(first.images, augment(name, PETS, 5, seed=1).images)
    assert not np.array_equal(first.images, augment(name, PETS, 5, seed=2).images)


@every_augmentation
def test_a_smaller_set_is_the_beginning_of_a_larger_one(name):
    many = 210 if name == "smote" else 11  # past one block, past two turns
    small, large = augment(name, PETS, {"bee": 3}), augment(name, PETS, {"bee": many})
    np.testing.assert_array_equal(small.images, large.images[:3])
    assert len(large) == many


@every_augmentation
def test_a_class_does_not_depend_on_the_others(name):
    alone = augment(name, PETS.with_classes(["cat"]), 4)
    np.testing.assert_array_equal(alone.images, augment(name, PETS, 4).of_class("cat").images)


def test_counts_by_class():
    made = augment("crop", PETS, {"cat": 3, "ant": 1})
    assert made.counts() == {"ant": 1, "bee": 0, "cat": 3}
    assert made.labels.tolist() == [0, 2, 2, 2]
    assert len(augment("mixup", PETS, 0)) == 0


@every_augmentation
def test_sets_of_one_image(name):
    one = image_set({"ant": 2, "bee": 1})
    if name in ("smote", "mixup", "samplepairing"):
        with pytest.raises(UserError, match=r"class 'bee', .* at least two"):
            augment(name, one, 2)
    else:
        assert len(augment(name, one, 2)) == 4


def test_wrong_requests():
    with pytest.raises(UserError, match="unknown augmentation 'flip'; choose one of crop"):
        augment("flip", PETS, 2)
    with pytest.raises(UserError, match="pets has no class 'dog'; it has ant, bee, cat"):
        augment("crop", PETS, {"dog": 2})
    with pytest.raises(UserError, match=r"0 or more, not -1"):
        augment("crop", PETS, -1)
    with pytest.raises(UserError, match="class 'bee' has no images"):
        augment("crop", image_set({"ant": 2, "bee": 0}), 2)


def test_nothing_heavy_is_imported_before_it_is_needed():
    heavy = "{'tensorflow', 'keras', 'imblearn', 'sklearn', 'matplotlib'}"
    program = f"import sys, ssgan_tf.augment; print({heavy} & set(sys.modules))"
    done = subprocess.run(
        [sys.executable, "-c", program], capture_output=True, text=True, check=True
    )
    assert done.stdout.strip() == "set()"

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from ssgan_tf.classify.generated import Generated
from ssgan_tf.classify.leaks import leaked_images, provenance
from ssgan_tf.data import ImageSet

CLASSES = ("cats", "dogs")


def image_set(prefix, seed, per_class=3):
    """Random images; the hashes of each class are `cats <prefix>0`, `cats <prefix>1` ..."""
    labels = np.repeat(np.arange(2, dtype=np.int32), per_class)
    images = np.random.default_rng(seed).integers(0, 256, (2 * per_class, 8, 8, 3), np.uint8)
    hashes = tuple(f"{name} {prefix}{i}" for name in CLASSES for i in range(per_class))
    return ImageSet(images, labels, CLASSES, hashes, hashes, prefix)


TRAINING, TEST, MADE = image_set("train", 0), image_set("test", 1), image_set("made", 2)


def manifest_of(learnt, held_out=None, **more):
    """A manifest in the shape of generate.py's, for dicts from class to hashes."""
    held_out = held_out or {name: [] for name in learnt}
    classes = {name: {"train": learnt[name], "test": held_out[name]} for name in learnt}
    return {"made_by": "ssgan_tf 0", "complete": True, "data": {"classes": classes}} | more


LEARNT = {name: [f"{name} train{i}" for i in range(3)] for name in CLASSES}
HELD_OUT = {name: [f"{name} test{i}" for i in range(3)] for name in CLASSES}


def judge(manifest, images=MADE, training=TRAINING):
    return provenance(Generated("ssgan", Path("made"), images, manifest), training, TEST)


def test_a_generator_of_the_training_side_is_clean():
    found = judge(manifest_of(LEARNT, HELD_OUT))
    assert found.finding == "clean"
    assert found.notes == ()


def test_a_test_image_that_the_generator_learnt_from_is_a_leak():
    learnt = LEARNT | {"dogs": [*LEARNT["dogs"], "dogs test0", "dogs test2"]}
    found = judge(manifest_of(learnt))
    assert found.finding == "LEAKED"
    assert found.notes == ("The generator of ssgan was trained on test images: 2 (dogs 2).",)


def test_a_test_image_behind_what_the_generator_began_with_is_a_leak():
    manifest = manifest_of(LEARNT)
    manifest["data"]["before"] = {"roses": ["rose"], "wolves": ["dogs test1", "dogs train1"]}
    found = judge(manifest)
    assert found.finding == "LEAKED" and found.additional == {}
    assert found.notes == (
        "What the generator of ssgan began with was trained on test images: 1 (wolves 1).",
    )
    manifest["data"]["before"] = {"dogs": ["dogs more0"], "wolves": ["wolf"]}
    found = judge(manifest)
    assert found.finding == "clean" and found.additional == {"dogs": 1}


def test_what_the_generator_has_more_is_counted_by_class():
    learnt = LEARNT | {"dogs": [*LEARNT["dogs"], "dogs more0", "dogs more1"]}
    found = judge(manifest_of(learnt))
    assert found.finding == "clean" and found.additional == {"dogs": 2}


def test_a_leak_counts_under_any_class_name():
    found = judge(manifest_of(LEARNT | {"puppies": ["dogs test0"]}))
    assert found.finding == "LEAKED"
    assert "1 (puppies 1)" in found.notes[0]


def test_a_test_image_that_the_filter_learnt_from_is_a_leak():
    honest = {"learnt_from": {"cats": ["cats train0"]}}
    assert judge(manifest_of(LEARNT, filter=honest)).finding == "clean"
    leaky = {"learnt_from": {"cats": ["cats train0", "cats test1"]}}
    found = judge(manifest_of(LEARNT, filter=leaky))
    assert found.finding == "LEAKED"
    assert found.notes == (
        "The classifier that filtered ssgan was trained on test images: 1 (cats 1).",
    )


@pytest.mark.parametrize("how", ["file", "pixels"])
@pytest.mark.parametrize("manifest", [None, manifest_of(LEARNT)])
def test_a_test_image_in_the_folder_is_a_leak_whatever_the_manifest_says(how, manifest):
    images, hashes = MADE.images.copy(), list(MADE.hashes)
    if how == "file":
        hashes[4] = TEST.hashes[1]  # under another class
    else:
        images[4] = TEST.images[1]
    found = judge(manifest, replace(MADE, images=images, hashes=tuple(hashes)))
    assert found.finding == "LEAKED"
    assert found.notes[0] == "There are test images among those of ssgan: 1."


def test_leaked_images_are_counted_once():
    images = MADE.images.copy()
    images[0], images[1] = TEST.images[0], TEST.images[5]
    images[2, 0, 0, 0] ^= 1
    hashes = (TEST.hashes[0], *MADE.hashes[1:])
    assert leaked_images(replace(MADE, images=images, hashes=hashes), TEST) == 2
    assert leaked_images(MADE, TEST) == 0
    assert leaked_images(TEST, TEST) == 6


def test_without_a_manifest_provenance_is_unknown():
    found = judge(None)
    assert found.finding == "unknown"
    assert found.notes == (
        "The provenance of ssgan is unknown: made has no manifest of generate.py.",
    )


def test_a_class_that_the_manifest_lacks_makes_provenance_unknown():
    found = judge(manifest_of({"cats": LEARNT["cats"]}))
    assert found.finding == "unknown"
    assert "does not name the training images of dogs" in found.notes[0]
    assert judge({"made_by": "ssgan_tf 0"}).finding == "unknown"
    # It does not matter where there are no images of the class.
    assert judge(manifest_of({"cats": LEARNT["cats"]}), MADE.of_class("cats")).finding == "clean"


def test_a_generator_of_another_data_set_is_of_unknown_provenance():
    foreign = {name: ["foreign"] for name in CLASSES}
    found = judge(manifest_of(foreign))
    assert found.finding == "unknown"
    assert "none of the real images in its manifest is in this data set" in found.notes[0]
    # Held-out images tell that it is the same data set.
    assert judge(manifest_of(foreign, HELD_OUT)).finding == "clean"


def test_a_filter_that_does_not_say_what_it_learnt_from_is_a_doubt():
    found = judge(manifest_of(LEARNT, filter={"threshold": 0.8}))
    assert found.finding == "unknown"
    assert "the classifier that filtered it" in found.notes[0]


def test_learning_from_more_than_the_classifiers_is_said_and_no_leak():
    fewer = TRAINING.select([0, 1, 2, 3])  # one of three dogs
    found = judge(manifest_of(LEARNT, filter={"learnt_from": LEARNT}), training=fewer)
    assert found.finding == "clean"
    assert found.notes[0] == (
        "The generator of ssgan was trained on real images that the classifiers do not train on: "
        "2 (dogs 2). That is an advantage, but no leak."
    )
    assert found.notes[1].startswith(
        "The classifier that filtered ssgan was trained on real images"
    )
    # A leak is not an advantage as well, and classes that are not classified are none.
    others = LEARNT | {"cats": ["cats test0", *LEARNT["cats"]], "birds": ["birds train0"]}
    assert len(judge(manifest_of(others)).notes) == 1


def test_interruption_and_iterations_are_said():
    steps = {"cats": {"checkpoint_step": 600}, "birds": {"checkpoint_step": 9}, "dogs": {}}
    found = judge(manifest_of(LEARNT, complete=False, classes=steps))
    assert found.finding == "clean"
    assert found.notes == (
        "ssgan is not complete: generate.py was interrupted.",
        "Training iterations of the generator of ssgan: cats 600.",
    )

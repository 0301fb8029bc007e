"""Which real images classifiers learn from, which they are tested on, and which are held out."""

from dataclasses import dataclass

from ssgan_tf.data import ImageSet, split
from ssgan_tf.data.splits import limited_split
from ssgan_tf.errors import UserError

TEST, VALIDATION = "test", "validation"


@dataclass(frozen=True, eq=False)
class Division:
    """The real images of a comparison; no test image is among the others.

    Attributes:
        training: what every condition learns from.
        test: what every classifier is tested on.
        held_out: the other images of the training side, which no classifier learns from; rounds of
            filtering are judged by them. What `imbalance` takes away is not among them.
        tested_on: "test", or "validation" where `test` was taken from the training side.
    """

    training: ImageSet
    test: ImageSet
    held_out: ImageSet
    tested_on: str


def divide(
    images, *, seed=0, test_per_class=None, real_per_class=400, imbalance=None, validation=False
):
    """Divide a data set as `train.py` does, and limit what classifiers learn from.

    SSGAN, 4.2: 100 images of each class are tested on, and 400 learnt from.

    Args:
        images: the `ImageSet`.
        seed: of the split; that of `train.py` for the same test images.
        test_per_class: see `split`.
        real_per_class: learn from so many of each class, or from all where there are fewer.
        imbalance: dict from a class to how many of it are kept, to see what too few images of one
            class do (the protocol of the SinGAN and GM-augCls papers).
        validation: leave the test images alone and test on part of the training side, divided by
            the same rule.

    Raises:
        UserError: a number or class does not fit.
    """
    if real_per_class < 2:
        raise UserError(f"--real_per_class is {real_per_class}; it must be at least 2")
    side = learnable = split(images, seed, test_per_class).train
    if not validation:
        side = images
    parts = limited_split(
        side, "imbalance", real_per_class, imbalance, seed=seed, test_per_class=test_per_class
    )
    if not len(parts.test):
        raise UserError("there are no test images; raise --test_per_class, or add images")
    learnt, tested = set(parts.train.hashes), set(parts.test.hashes)
    dropped_down = [images.class_names.index(name) for name in imbalance or {}]
    held_out = [
        place
        for place, (digest, label) in enumerate(
            zip(learnable.hashes, learnable.labels, strict=True)
        )
        if digest not in learnt and (label not in dropped_down or digest in tested)
    ]
    return Division(
        training=parts.train,
        test=parts.test,
        held_out=learnable.select(held_out),
        tested_on=VALIDATION if validation else TEST,
    )

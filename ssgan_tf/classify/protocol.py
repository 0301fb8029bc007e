"""The protocol of a study: real images to train on, to test on, and held out from both."""

from dataclasses import dataclass

import numpy as np

from ssgan_tf.bounds import require_fields
from ssgan_tf.data import ImageSet, split
from ssgan_tf.data.splits import limited_split
from ssgan_tf.errors import UserError

TEST, VALIDATION = "test", "validation"


@dataclass(frozen=True)
class Protocol:
    """How the real images are divided; see `divide`."""

    seed: int = 0  # of the split; that of train.py for the same test images
    test_per_class: int | None = None  # by default 100 for flower and animal, else 20 %
    real_per_class: int = 400  # maximum number of real images of each class to train on
    imbalance: tuple[str, ...] = ()  # ("roses=20",): so few of a class
    validation: bool = False  # test on images of the training side instead
    held_out_per_class: int | None = None  # leave so many of each class to choose by

    def __post_init__(self):
        require_fields(self)


@dataclass(frozen=True, eq=False)
class Division:
    """The real images of a study; no test image is among the others.

    Attributes:
        training: every condition trains on these.
        test: every classifier is tested on these.
        held_out: the other images of the training side, which no classifier is trained on; rounds
            of filtering compare classifiers on them. What `imbalance` removes is not among them,
            unless so many of each class are asked for, nor what is of one group with images that
            are trained on.
        tested_on: "test", or "validation" where `test` was taken from the training side.
        former: dict from class to how many images `training` would have without `imbalance`.
    """

    training: ImageSet
    test: ImageSet
    held_out: ImageSet
    tested_on: str
    former: dict[str, int]


def divide(
    images, *, seed=0, test_per_class=None, real_per_class=400, imbalance=None, validation=False,
    held_out_per_class=None,
):  # fmt: skip
    """Divide a data set as `train.py` does, and limit the number of training images.

    SSGAN, 4.2: 100 images of each class to test on, and 400 to train on.

    Args:
        images: the `ImageSet`.
        seed: of the split; that of `train.py` for the same test images.
        test_per_class: see `split`.
        real_per_class: maximum number of training images of each class.
        imbalance: dict from a class to the number of its training images, to study classes with
            too few images (the protocol of the SinGAN and GM-augCls papers).
        validation: leave the test images alone and test on part of the training side, divided by
            the same rule.
        held_out_per_class: leave so many images of each class to neither side, the last ones of
            the training side: a balanced validation set beside an imbalanced training set, as
            GM-augCls has it. By default what is left over is held out.

    Raises:
        UserError: a number or class does not fit.
    """
    if real_per_class < 2:
        raise UserError(f"--real_per_class is {real_per_class}; it must be at least 2")
    options = {"seed": seed, "test_per_class": test_per_class}
    available = split(images, **options).train
    side = available if validation else images
    kept = imbalance
    if held_out_per_class is not None:
        kept = _leaving(available, held_out_per_class, real_per_class, imbalance or {})
    parts = limited_split(side, "imbalance", real_per_class, kept, **options)
    if not len(parts.test):
        raise UserError("there are no test images; raise --test_per_class, or add images")
    training, test = set(parts.train.hashes), set(parts.test.hashes)
    seen = {available.groups.get(digest) for digest in training} - {None}
    reduced = [images.class_names.index(name) for name in imbalance or {}]
    held_out = [
        index
        for index, (digest, label) in enumerate(
            zip(available.hashes, available.labels, strict=True)
        )
        if digest not in training
        and (held_out_per_class is not None or label not in reduced or digest in test)
        and (available.groups.get(digest) not in seen or digest in test)
    ]
    if held_out_per_class is not None:
        others = np.array(held_out, int)
        labels = available.labels[others]
        each = [others[labels == label] for label in range(len(images.class_names))]
        held_out = np.concatenate([of_class[-held_out_per_class:] for of_class in each])
    return Division(
        training=parts.train,
        test=parts.test,
        held_out=available.select(held_out),
        tested_on=VALIDATION if validation else TEST,
        former=limited_split(side, "imbalance", real_per_class, **options).train.counts(),
    )


def _leaving(available, held_out_per_class, real_per_class, imbalance):
    """Return how many images of each class to train on, so that some are left to hold out."""
    kept = dict(imbalance)
    for name, count in available.counts().items():
        most = count - held_out_per_class
        if imbalance.get(name, 2) > most:
            raise UserError(
                f"class {name!r} has {count} images to train on: {held_out_per_class} to choose by "
                f"leave {max(most, 0)}, fewer than the {imbalance.get(name, 2)} needed; lower "
                "--validation_per_class"
            )
        kept[name] = imbalance.get(name, min(real_per_class, most))
    return kept

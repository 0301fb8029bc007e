"""The protocol of a study: real images to train on, to test on, and held out from both."""

from dataclasses import dataclass

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
            nor what is of one group with images that are trained on.
        tested_on: "test", or "validation" where `test` was taken from the training side.
        former: dict from class to how many images `training` would have without `imbalance`.
    """

    training: ImageSet
    test: ImageSet
    held_out: ImageSet
    tested_on: str
    former: dict[str, int]


def divide(
    images, *, seed=0, test_per_class=None, real_per_class=400, imbalance=None, validation=False
):
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

    Raises:
        UserError: a number or class does not fit.
    """
    if real_per_class < 2:
        raise UserError(f"--real_per_class is {real_per_class}; it must be at least 2")
    options = {"seed": seed, "test_per_class": test_per_class}
    available = split(images, **options).train
    side = available if validation else images
    parts = limited_split(side, "imbalance", real_per_class, imbalance, **options)
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
        and (label not in reduced or digest in test)
        and (available.groups.get(digest) not in seen or digest in test)
    ]
    return Division(
        training=parts.train,
        test=parts.test,
        held_out=available.select(held_out),
        tested_on=VALIDATION if validation else TEST,
        former=limited_split(side, "imbalance", real_per_class, **options).train.counts(),
    )

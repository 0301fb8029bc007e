"""What the SinGAN augmentation paper prints (Zhang, Li and Li, Tables 2 to 7), by data set.

Each figure is from one class and one training, although the paper speaks of averages over three
classes: the printed accuracies of Table 2 are all k/982 (the test images of the digit 4), those of
Table 4 all k/210 and those of Table 3 class 3 alone, as the paper says.
"""

from typing import NamedTuple


class Published(NamedTuple):
    """The figures of a data set.

    Attributes:
        tables: numbers of the tables of accuracy and of SSIM.
        levels: the texts of `--keep` that its columns stand for.
        recall: "Minority Class Accuracy", dict from our name of a condition to a row; that of
            "full" has one figure.
        ssim: mean SSIM of 1000 random pairs, of skimage's uniform window of 7 x 7 in colour; that
            of "full" are the real images.
    """

    tables: tuple[int, int]
    levels: tuple[str, ...]
    recall: dict[str, tuple[float, ...]]
    ssim: dict[str, tuple[float, ...]]


SHARES, NUMBERS = ("2.5%", "1%", "0.5%"), ("15", "10", "5")

PUBLISHED = {
    "mnist": Published(
        (2, 5), SHARES,
        {
            "original": (0.6028, 0.4012, 0.3380),
            "geometric": (0.9246, 0.8503, 0.5254),
            "bagan": (0.8930, 0.6221, 0.6252),
            "singan": (0.8961, 0.9460, 0.8747),
            "full": (0.9806,),
        },
        {
            "geometric": (0.1620, 0.1497, 0.1530),
            "bagan": (0.5278, 0.9658, 0.9778),
            "singan": (0.2844, 0.3126, 0.3071),
            "full": (0.2949, 0.2993, 0.3180),
        },
    ),
    "cifar10": Published(
        (3, 6), SHARES,
        {
            "original": (0.002, 0.0, 0.0),
            "geometric": (0.021, 0.015, 0.117),
            "bagan": (0.001, 0.0, 0.0),
            "singan": (0.031, 0.003, 0.001),
            "full": (0.7026,),
        },
        {
            "geometric": (0.0578, 0.0564, 0.0553),
            "bagan": (0.7971, 0.9044, 0.9353),
            "singan": (0.0456, 0.0554, 0.0668),
            "full": (0.0332, 0.0316, 0.0253),
        },
    ),
    "gtsrb": Published(
        (4, 7), NUMBERS,
        {
            "original": (0.8523, 0.7714, 0.0238),
            "geometric": (0.9619, 0.8142, 0.3857),
            "bagan": (0.8714, 0.8714, 0.5285),
            "singan": (0.8380, 0.8809, 0.7095),
            "full": (0.9761,),
        },
        {
            "geometric": (0.1464, 0.1381, 0.1981),
            "bagan": (0.4552, 0.3767, 0.5064),
            "singan": (0.2427, 0.2474, 0.3652),
            "full": (0.2276, 0.1837, 0.1657),
        },
    ),
}  # fmt: skip


def published(name, measure, condition, level):
    """Return what the paper prints, or None where it has no such figure.

    Args:
        name: of the data set.
        measure: "recall" or "ssim".
        condition: our name of it.
        level: the text of `--keep`.
    """
    found = PUBLISHED.get(name)
    row = getattr(found, measure).get(condition) if found else None
    if row is None or level not in found.levels:
        return None
    return row[0] if len(row) == 1 else row[found.levels.index(level)]

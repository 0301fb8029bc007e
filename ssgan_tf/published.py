"""Figures that papers publish, to be shown beside ours and never mixed with them.

All are of the SSGAN paper, its Tables 1 to 7. Rows have the names that methods, ablations and
settings have in `compare.py`, and the paper's order. Tables 1, 2, 3, 6 and 7 are of its data set
"Flower", Tables 4 and 5 of "Animal".
"""

from typing import NamedTuple


class Quality(NamedTuple):
    """A row of Tables 1, 2, 4, 6 and 7."""

    fid: float
    inception_score: float
    parameters: float | None = None  # Eq. 9, generator and critic; Table 2 only
    flops: float | None = None  # Eq. 10; the paper does not say of what


class Classifier(NamedTuple):
    """A pair of figures of Tables 3 and 5: shares of the test images, in [0, 1]."""

    accuracy: float  # Eq. 11
    precision: float  # Eq. 12


TABLE_1 = {
    "ssgan": Quality(108.4, 22.688),
    "ssgan-no-pl": Quality(119.4, 21.101),
    "ssgan-no-pc": Quality(127.7, 20.989),
    "ssgan-no-pl-pc": Quality(132.7, 20.515),
}

TABLE_2 = {
    "ssgan": Quality(108.4, 22.688, 25e6, 305e9),
    "dcgan": Quality(145.1, 19.327, 36e6, 998e9),
    "wgan": Quality(131.4, 20.375, 28e6, 250e9),
    "sagan": Quality(153.2, 17.432, 59e6, 714e9),
    "wgan-gp": Quality(127.0, 21.3, 28e6, 395e9),
    "acgan": Quality(141.4, 18.5, 63e6, 408e9),
    "reacgan": Quality(130.0, 19.1, 76e6, 428e9),
}

TABLE_4 = {
    "ssgan": Quality(227.3, 26.4),
    "dcgan": Quality(268.0, 17.6),
    "wgan": Quality(243.0, 22.4),
    "sagan": Quality(257.1, 21.2),
    "wgan-gp": Quality(233.9, 23.2),
}

TABLE_6 = {
    "ssgan": Quality(108.4, 22.688),
    "ssgan-poisson": Quality(109.624, 22.034),
    "ssgan-uniform": Quality(110.558, 22.010),
    "ssgan-normal+uniform": Quality(110.021, 22.257),
}

TABLE_7 = {
    "ssgan": Quality(108.4, 22.688),
    "ssgan-mu-0.1": Quality(110.524, 22.153),
    "ssgan-mu-1": Quality(111.357, 21.032),
    "ssgan-lambda-5": Quality(115.981, 20.477),
    "ssgan-lambda-10": Quality(117.066, 20.109),
}

QUALITY = {1: TABLE_1, 2: TABLE_2, 4: TABLE_4, 6: TABLE_6, 7: TABLE_7}

#: Generated images that Tables 3 and 5 add to the 400 real ones of a class.
SIZES = ("200", "400")


def _both_sizes(accuracy_200, precision_200, accuracy_400, precision_400):
    pairs = (Classifier(accuracy_200, precision_200), Classifier(accuracy_400, precision_400))
    return dict(zip(SIZES, pairs, strict=True))


#: Rows as in `QUALITY`, with "original" and "crop" ("Random clipping"); for each a `Classifier` by
#: size. The figures of "original" are of no added images.
CLASSIFICATION = {
    3: {
        "original": _both_sizes(0.7296, 0.75, 0.7296, 0.75),
        "acgan": _both_sizes(0.7956, 0.8002, 0.7768, 0.7838),
        "dcgan": _both_sizes(0.771, 0.765, 0.769, 0.778),
        "wgan-gp": _both_sizes(0.788, 0.772, 0.795, 0.803),
        "reacgan": _both_sizes(0.7984, 0.8028, 0.7756, 0.7766),
        "sagan": _both_sizes(0.78388, 0.7853, 0.78564, 0.78616),
        "wgan": _both_sizes(0.7856, 0.791, 0.7992, 0.8016),
        "ssgan": _both_sizes(0.813, 0.817, 0.819, 0.825),
        "ssgan-no-pl": _both_sizes(0.806, 0.801, 0.807, 0.812),
        "ssgan-no-pc": _both_sizes(0.794, 0.8, 0.793, 0.807),
        "ssgan-no-pl-pc": _both_sizes(0.781, 0.792, 0.788, 0.798),
    },
    5: {
        "original": _both_sizes(0.9087, 0.898, 0.9087, 0.898),
        "crop": _both_sizes(0.9227, 0.923, 0.9333, 0.935),
        "dcgan": _both_sizes(0.9466, 0.95, 0.9467, 0.946),
        "wgan-gp": _both_sizes(0.9573, 0.953, 0.9627, 0.964),
        "sagan": _both_sizes(0.9493, 0.947, 0.9547, 0.954),
        "wgan": _both_sizes(0.9493, 0.9468, 0.952, 0.951),
        "ssgan": _both_sizes(0.962, 0.960, 0.968, 0.971),
    },
}

#: What each table shows, and of which data set.
TITLES = {
    1: "Ablations", 2: "Methods", 3: "Classifiers", 4: "Methods", 5: "Classifiers", 6: "Noise",
    7: "Hyper-parameters",
}  # fmt: skip
DATA = {number: "Animal" if number in (4, 5) else "Flower" for number in TITLES}

#: The rows of each figure that shows results: 3-5 training curves over settings, 6 the
#: checkerboard, 7 and 9 t-SNE, 8 and 10 samples (10 of "Animal").
FIGURES = {
    3: ("ssgan-lr-0.001", "ssgan", "ssgan-lr-1e-05"),
    4: ("ssgan-mu-1", "ssgan-mu-0.1", "ssgan"),
    5: ("ssgan", "ssgan-lambda-5", "ssgan-lambda-10", "ssgan-lambda-15"),
    6: ("ssgan-no-pc", "ssgan"),
    7: tuple(TABLE_1),
    8: tuple(TABLE_2),
    9: tuple(TABLE_2),
    10: tuple(TABLE_4),
}

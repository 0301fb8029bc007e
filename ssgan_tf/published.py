"""Figures that papers publish, to be shown beside ours and never mixed with them."""

from typing import NamedTuple


class Table2Row(NamedTuple):
    """A row of SSGAN's Table 2, on its "Flower" data set."""

    fid: float
    inception_score: float
    parameters: float  # Eq. 9, generator and critic
    flops: float  # Eq. 10; the paper does not say of what


#: SSGAN, Table 2, by the names that the methods have here.
TABLE_2 = {
    "ssgan": Table2Row(108.4, 22.688, 25e6, 305e9),
    "dcgan": Table2Row(145.1, 19.327, 36e6, 998e9),
    "wgan": Table2Row(131.4, 20.375, 28e6, 250e9),
    "sagan": Table2Row(153.2, 17.432, 59e6, 714e9),
    "wgan-gp": Table2Row(127.0, 21.3, 28e6, 395e9),
    "acgan": Table2Row(141.4, 18.5, 63e6, 408e9),
    "reacgan": Table2Row(130.0, 19.1, 76e6, 428e9),
}

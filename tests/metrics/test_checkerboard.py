import numpy as np
import pytest

from ssgan_tf.metrics.checkerboard import mean_log_spectrum, nyquist_share

ROWS, COLUMNS = np.mgrid[:16, :16]


def test_nyquist_share_of_known_images():
    for pattern, share in (
        ((-1.0) ** (ROWS + COLUMNS), 1),
        ((-1.0) ** COLUMNS, 1),
        (np.cos(np.pi * ROWS / 2), 0),
        ((-1.0) ** COLUMNS + np.cos(np.pi * ROWS / 2) * 2**0.5, 0.5),
        (np.zeros((16, 16)), 0),
    ):
        assert nyquist_share(pattern[None, :, :, None] + 7) == pytest.approx(share)


def test_nyquist_share_of_white_noise():
    noise = np.random.default_rng(0).normal(size=(200, 16, 16, 3))
    assert nyquist_share(noise) == pytest.approx(31 / 255, abs=0.002)  # of 256 frequencies, less 0


def test_integers_do_not_overflow():
    image = (127 + 100 * (-1.0) ** (ROWS + COLUMNS)).astype(np.uint8)
    assert nyquist_share(image[None, :, :, None]) == pytest.approx(1)


def test_the_spectrum_has_frequency_0_in_its_centre():
    slow = np.cos(2 * np.pi * COLUMNS / 16)  # one wave across the image
    spectrum = mean_log_spectrum(np.stack([slow, 3 * slow])[..., None] + 5)
    assert spectrum.shape == (16, 16)
    bright = {(int(row), int(column)) for row, column in np.argwhere(spectrum > 0)}
    assert bright == {(8, 7), (8, 9)}
    assert spectrum[8, 7] == pytest.approx(np.log10(128))  # half the energy of 256 frequencies
    checkers = mean_log_spectrum(((-1.0) ** (ROWS + COLUMNS))[None, ..., None])
    assert np.unravel_index(checkers.argmax(), checkers.shape) == (0, 0)


@pytest.mark.parametrize("shape", [(16, 16, 3), (0, 16, 16, 3), (1, 16, 8, 3), (1, 15, 15, 3)])
def test_other_shapes_are_refused(shape):
    for measure in (nyquist_share, mean_log_spectrum):
        with pytest.raises(ValueError, match="images"):
            measure(np.zeros(shape))

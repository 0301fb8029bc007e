"""Checkerboard artefacts (SSGAN, section 5.1.1 and Fig. 6) as a number and as a picture.

Transposed convolutions overlap unevenly (Odena et al., 2016, "Deconvolution and Checkerboard
Artifacts"), which prints patterns of one pixel on, one pixel off. In the spectrum of the images
these lie at the Nyquist frequency, where photographs have almost nothing.
"""

import numpy as np


def nyquist_share(images):
    """Return the share of the images' energy, means aside, at the highest row or column frequency.

    A checkerboard of single pixels, or stripes one pixel wide, lie there: they give 1. White noise
    gives about 2 / size, a smooth image about 0, and so do images without any contrast. A lower
    share is no better where images are only blurred: compare with that of real images.

    Args:
        images: `(count, size, size, channels)`, size even, of any range.

    Returns:
        a float from 0 to 1.

    Raises:
        ValueError: another shape.
    """
    energy = _energies(images).sum(0)
    half = len(energy) // 2
    total = energy.sum()
    at_nyquist = energy[half].sum() + energy[:, half].sum() - energy[half, half]
    return float(at_nyquist / total) if total else 0.0


def mean_log_spectrum(images):
    """Return the mean power spectrum of images on a log scale, to look at.

    The mean colour of each image is taken away first.

    Args:
        images: as for `nyquist_share`.

    Returns:
        float `(size, size)`, log10 of the mean energy, in units of the mean over all frequencies;
        frequency 0 is in the centre, the Nyquist frequency in the first row and column.

    Raises:
        ValueError: another shape.
    """
    energy = _energies(images).mean(0)
    relative = energy / (energy.mean() or 1)
    return np.fft.fftshift(np.log10(np.maximum(relative, 1e-12)))


def _energies(images):
    """Return the energy of each image by frequency, channels summed, `(count, size, size)`."""
    images = np.asarray(images, np.float64)
    if images.ndim != 4 or not len(images) or images.shape[1] != images.shape[2]:
        raise ValueError(f"images are (count, size, size, channels), not {images.shape}")
    if images.shape[1] % 2:
        raise ValueError("images of an odd size have no Nyquist frequency")
    spectrum = np.fft.fft2(images - images.mean((1, 2), keepdims=True), axes=(1, 2))
    return (np.abs(spectrum) ** 2).sum(3)

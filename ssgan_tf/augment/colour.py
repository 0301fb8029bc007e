"""The same picture in other light, through a poorer lens, partly hidden."""

import numpy as np
from scipy.ndimage import gaussian_filter

from ssgan_tf.augment.turns import change_each

#: The SSGAN paper (2.1) names the four changes and gives no strengths. These keep a class what it
#: is: a hue is part of a flower's kind, so it turns by a twentieth of the circle at most.
HUE = 0.05  # of the circle, either way
SATURATION = (0.7, 1.3)  # factor
VALUE = (0.7, 1.3)  # factor
CHANCE = 0.5  # of each of blur, noise and erasing; colours change in every image
BLUR = (0.005, 0.012)  # standard deviation as a share of the side: 0.3 to 0.8 pixels of 64
NOISE = (0.01, 0.05)  # standard deviation as a share of full brightness: 3 to 13 of 255
#: Zhong et al. 2020 erase up to 0.4 of the area anew in every epoch. An image made once keeps its
#: hole, so it is half as large.
ERASED_AREA = (0.02, 0.2)
ERASED_ASPECT = (0.3, 1 / 0.3)  # height / width, drawn on a logarithmic scale


def colour(images, count, rng):
    """Return the images with other colours, and some blurred, noisy or partly erased.

    The colour transformations of SSGAN, 2.1. In the order in which a camera meets them: blur,
    colours (HSV), noise, and random erasing (Zhong et al. 2020, with random pixels).

    Args:
        images: uint8 `(n, height, width, 3)` of one class.
        count: how many to make; each image is used once before any is used again.
        rng: `np.random.Generator`.

    Returns:
        uint8 `(count, height, width, 3)`.
    """
    return change_each(_change, images, count, rng)


def _change(image, rng):
    pixels = image / 255
    if rng.random() < CHANCE:
        pixels = blur(pixels, rng)
    pixels = jitter_hsv(pixels, rng)
    if rng.random() < CHANCE:
        pixels = add_noise(pixels, rng)
    if rng.random() < CHANCE:
        pixels = erase(pixels, rng)
    return np.rint(255 * pixels).astype(np.uint8)


def blur(pixels, rng):
    """Return `(height, width, 3)` in [0, 1] under a Gaussian of random width."""
    deviation = rng.uniform(*BLUR) * pixels.shape[0]
    blurred = gaussian_filter(pixels, (deviation, deviation, 0), mode="mirror")
    return np.clip(blurred, 0, 1)  # its weights sum to 1 and a rounding error


def jitter_hsv(pixels, rng):
    """Return `(height, width, 3)` in [0, 1] with another hue, saturation and value."""
    # Slow to import, and not needed by those who crop.
    from matplotlib.colors import hsv_to_rgb, rgb_to_hsv

    hue, saturation, value = np.moveaxis(rgb_to_hsv(pixels), -1, 0)
    hue = (hue + rng.uniform(-HUE, HUE)) % 1
    saturation = np.clip(saturation * rng.uniform(*SATURATION), 0, 1)
    value = np.clip(value * rng.uniform(*VALUE), 0, 1)
    return hsv_to_rgb(np.stack([hue, saturation, value], axis=-1))


def add_noise(pixels, rng):
    """Return `(height, width, 3)` in [0, 1] plus Gaussian noise of random strength."""
    return np.clip(pixels + rng.normal(0, rng.uniform(*NOISE), pixels.shape), 0, 1)


def erase(pixels, rng):
    """Return `(height, width, 3)` in [0, 1] with a random rectangle of random pixels."""
    height, width, channels = pixels.shape
    area = rng.uniform(*ERASED_AREA)
    aspect = np.exp(rng.uniform(*np.log(ERASED_ASPECT)))
    # The largest area at the longest aspect is 0.82 of a side: every rectangle fits.
    tall = max(1, round(height * np.sqrt(area * aspect)))
    wide = max(1, round(width * np.sqrt(area / aspect)))
    top, left = rng.integers(height - tall + 1), rng.integers(width - wide + 1)
    erased = pixels.copy()
    erased[top : top + tall, left : left + wide] = rng.random((tall, wide, channels))
    return erased

"""What stands behind the painted flowers: sky, grass, soft bokeh, soil or leaves."""

from __future__ import annotations

import numpy as np
from PIL import Image, ImageFilter

from ssgan_tf.data.painting import Canvas, Random, ellipse, hsv, mix, noise, petal, turn, vector


def paint_background(rng: Random, size: int) -> Image.Image:
    """Return an RGB picture of `size` pixels, of a kind chosen by chance.

    It is painted at half the size: all of it is more or less out of focus.
    """
    kind = _KINDS[rng.integers(len(_KINDS))]
    return kind(rng, max(16, size // 2)).resize((size, size), Image.Resampling.BICUBIC)


def _blend(low: np.ndarray, high: np.ndarray, share: np.ndarray) -> Canvas:
    """Return a canvas that goes from `low` to `high` with the `(size, size)` share."""
    pixels = mix(low, high, share[..., None])
    return Canvas(Image.fromarray(np.clip(pixels, 0, 255).astype(np.uint8)))


def _blurred(canvas: Canvas, radius: float) -> Image.Image:
    return canvas.picture.filter(ImageFilter.GaussianBlur(radius * canvas.size))


def _sky(rng: Random, size: int) -> Image.Image:
    hue = rng.uniform(0.54, 0.61)
    height = np.linspace(0, 1, size)[:, None] + 0.25 * (noise(rng, 3, size) - 0.5)
    zenith = hsv(hue, rng.uniform(0.55, 0.85), rng.uniform(0.6, 0.85))
    canvas = _blend(zenith, hsv(hue - 0.02, rng.uniform(0.15, 0.35), 0.97), height)
    for _ in range(rng.integers(0, 4)):
        centre = rng.uniform(0, 1, 2)
        for _ in range(9):
            puff = ellipse(*rng.uniform([0.12, 0.06], [0.4, 0.16]))
            offset = rng.normal(0, [0.16, 0.04])
            canvas.polygon(centre + offset + puff, np.array([255, 255, 255]), 0.3)
    return _blurred(canvas, 0.025)


def _grass(rng: Random, size: int) -> Image.Image:
    hue = rng.uniform(0.22, 0.33)
    canvas = _blend(hsv(hue, 0.75, 0.2), hsv(hue - 0.02, 0.6, 0.55), noise(rng, 4, size))
    for row in np.linspace(0.1, 1.3, 60):  # from far to near, so that near blades lie on top
        foot = np.array([rng.uniform(-0.1, 1.1), row])
        tip = foot + vector(rng.normal(0, 0.12), -rng.uniform(0.25, 0.6))
        bend = mix(foot, tip, 0.6) + vector(rng.normal(0, 0.03), 0)
        blade = np.array(
            [foot - vector(0.016, 0), bend, tip, bend + vector(0.018, 0), foot + vector(0.016, 0)]
        )
        colour = hsv(hue + rng.normal(0, 0.02), rng.uniform(0.55, 0.85), rng.uniform(0.25, 0.7))
        canvas.polygon(blade, colour, 0.85)
    return _blurred(canvas, rng.uniform(0.004, 0.02))


def _bokeh(rng: Random, size: int) -> Image.Image:
    hue = rng.choice([0.25, 0.3, 0.4, 0.08, 0.6, 0.75]) + rng.normal(0, 0.02)
    value = rng.uniform(0.25, 0.6)
    dark = hsv(hue, rng.uniform(0.5, 0.8), value * 0.6)
    light = hsv(hue + rng.normal(0, 0.05), rng.uniform(0.3, 0.6), value + 0.3)
    canvas = _blend(dark, light, noise(rng, 3, size))
    for _ in range(rng.integers(8, 22)):
        spot = ellipse(*[rng.uniform(0.06, 0.24)] * 2)
        colour = hsv(hue + rng.normal(0, 0.06), rng.uniform(0.1, 0.5), rng.uniform(0.7, 1))
        canvas.polygon(rng.uniform(0, 1, 2) + spot, colour, rng.uniform(0.08, 0.3))
    return _blurred(canvas, rng.uniform(0.008, 0.03))


def _soil(rng: Random, size: int) -> Image.Image:
    hue = rng.uniform(0.05, 0.09)
    clods = 0.5 * noise(rng, 5, size) + 0.3 * noise(rng, 14, size) + 0.2 * noise(rng, 40, size)
    low = hsv(hue, rng.uniform(0.45, 0.65), 0.12)
    canvas = _blend(low, hsv(hue + 0.01, rng.uniform(0.3, 0.5), rng.uniform(0.5, 0.72)), clods)
    for _ in range(rng.integers(8, 26)):
        stone = ellipse(*rng.uniform(0.02, 0.07, 2), corners=9) @ turn(rng.uniform(0, np.pi))
        centre = rng.uniform(0, 1, 2)
        canvas.polygon(centre + stone + vector(0.008, 0.012), low, 0.6)
        canvas.polygon(centre + stone, hsv(hue, rng.uniform(0.1, 0.4), rng.uniform(0.3, 0.65)), 0.8)
    return _blurred(canvas, rng.uniform(0.005, 0.012))


def _leaves(rng: Random, size: int) -> Image.Image:
    hue = rng.uniform(0.26, 0.4)
    canvas = _blend(hsv(hue, 0.8, 0.07), hsv(hue, 0.7, 0.22), noise(rng, 4, size))
    for depth in np.linspace(0, 1, 30):  # those on top catch more light
        length = rng.uniform(0.25, 0.5)
        shape = petal(length, length * rng.uniform(0.35, 0.6), 0.8, 0.8)
        place = turn(rng.uniform(0, 2 * np.pi))
        foot = rng.uniform(-0.15, 1.15, 2)
        colour = hsv(
            hue + rng.normal(0, 0.015), rng.uniform(0.5, 0.75), 0.16 + 0.38 * depth
        ) * rng.uniform(0.8, 1.2)
        canvas.polygon(foot + shape @ place, colour)
        canvas.polygon(
            foot + (shape * [1, 0.5] - vector(0, 0.12 * length)) @ place, 1.15 * colour, 0.5
        )
        rib = np.array([[0, 0], [0.95 * length, 0]]) @ place
        canvas.line(foot + rib, 0.008, mix(colour, np.array([210, 230, 170]), 0.4), 0.8)
    return _blurred(canvas, rng.uniform(0.004, 0.015))


_KINDS = (_sky, _grass, _bokeh, _soil, _leaves)

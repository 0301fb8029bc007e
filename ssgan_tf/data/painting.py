"""Flowers and backgrounds drawn as polygons, for the demo set.

Coordinates are those of a unit square: x to the right and y down, both from 0 to 1, so that one
picture can be painted at any size. Colours are RGB arrays in [0, 255].
"""

from __future__ import annotations

import colorsys
import functools

import numpy as np
from PIL import Image, ImageDraw, ImageFilter

Random = np.random.Generator


class Canvas:
    """A square RGB picture to draw translucent polygons on."""

    def __init__(self, picture: Image.Image):
        self.picture = picture
        self._draw = ImageDraw.Draw(picture, "RGBA")

    @property
    def size(self) -> int:
        """Width and height in pixels."""
        return self.picture.width

    def polygon(self, points: np.ndarray, colour: np.ndarray, opacity: float = 1.0) -> None:
        """Fill the polygon with these `(n, 2)` corners."""
        corners = (points * self.size).ravel().tolist()
        self._draw.polygon(corners, fill=(*_bytes(colour), round(255 * opacity)))

    def line(self, points: np.ndarray, width: float, colour: np.ndarray, opacity: float = 1.0):
        """Draw a line through `(n, 2)` points; the width is a share of the picture's."""
        self._draw.line(
            (points * self.size).ravel().tolist(),
            fill=(*_bytes(colour), round(255 * opacity)),
            width=max(1, round(width * self.size)),
            joint="curve",
        )

    def shadow(self, points: np.ndarray, blur: float, opacity: float) -> None:
        """Darken the picture softly within the `(n, 2)` outline."""
        small = max(8, self.size // 4)  # a blurred mask needs no detail
        mask = Image.new("L", (small, small))
        ImageDraw.Draw(mask).polygon((points * small).ravel().tolist(), round(255 * opacity))
        mask = mask.filter(ImageFilter.GaussianBlur(blur * small))
        mask = mask.resize(self.picture.size, Image.Resampling.BILINEAR)
        self.picture.paste((12, 14, 18), (0, 0), mask)


def hsv(hue: float, saturation: float, value: float) -> np.ndarray:
    """Return an RGB colour; the hue is a share of the colour circle (0 red, 1/3 green)."""
    saturation, value = min(1, max(0, saturation)), min(1, max(0, value))
    return 255 * np.array(colorsys.hsv_to_rgb(hue % 1, saturation, value))


def vector(x: float, y: float) -> np.ndarray:
    """Return a point, or a shift of points."""
    return np.array([x, y])


def mix(first: np.ndarray, second: np.ndarray, share: float) -> np.ndarray:
    """Return `first` for share 0, `second` for share 1."""
    return (1 - share) * first + share * second


def turn(angle: float) -> np.ndarray:
    """Return the 2×2 matrix that turns row vectors by an angle in radians."""
    cosine, sine = np.cos(angle), np.sin(angle)
    return np.array([[cosine, sine], [-sine, cosine]])


def ellipse(width: float, height: float, corners: int = 28) -> np.ndarray:
    """Return the `(corners, 2)` outline of an ellipse around the origin."""
    return _circle(corners) * [width / 2, height / 2]


def petal(length: float, width: float, fullness: float = 1.0, point: float = 0.5) -> np.ndarray:
    """Return the outline of a petal or leaf from the origin along the x axis.

    Args:
        length: its reach along x.
        width: across, at the widest place.
        fullness: above 1 widest near the tip, below 1 near the base.
        point: how the ends close: 0.5 round, 1 pointed.
    """
    along = np.sin(np.linspace(0, np.pi / 2, 9)) ** 2
    half = (np.sin(np.pi * along**fullness) ** point) * width / 2
    upper = np.stack([along * length, half], axis=1)
    return np.concatenate([upper, upper[::-1] * [1, -1]])


def noise(rng: Random, cells: int, size: int) -> np.ndarray:
    """Return smooth noise in [0, 1], `(size, size)`, with so many bumps across."""
    grid = Image.fromarray(rng.integers(0, 256, (cells, cells), dtype=np.uint8))
    return np.asarray(grid.resize((size, size), Image.Resampling.BICUBIC)) / 255


@functools.cache
def _circle(corners: int) -> np.ndarray:
    angles = np.linspace(0, 2 * np.pi, corners, endpoint=False)
    return np.stack([np.cos(angles), np.sin(angles)], axis=1)


def _bytes(colour: np.ndarray) -> tuple[int, ...]:
    return tuple(min(255, max(0, int(channel))) for channel in colour.tolist())

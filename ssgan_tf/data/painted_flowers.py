"""The five kinds of painted flowers. Each painter draws one flower, never the same twice."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ssgan_tf.data.painting import Canvas, Random, ellipse, hsv, mix, petal, turn, vector

_LIGHT = np.array([255, 250, 235])
_GOLDEN_ANGLE = np.pi * (3 - np.sqrt(5))


@dataclass(frozen=True)
class Pose:
    """Where a flower is and how it is turned: it draws itself in a circle of radius 1."""

    centre: np.ndarray
    matrix: np.ndarray

    def __call__(self, points: np.ndarray) -> np.ndarray:
        """Return `(n, 2)` points of the flower as points of the canvas."""
        return self.centre + points @ self.matrix


def face_on(rng: Random, centre: np.ndarray, radius: float) -> Pose:
    """Return the pose of a flower that looks at us, more or less, turned by chance."""
    tilt = np.diag([1, rng.uniform(0.68, 1)])
    return Pose(centre, radius * turn(rng.uniform(0, 2 * np.pi)) @ tilt @ turn(rng.normal(0, 0.5)))


def upright(rng: Random, centre: np.ndarray, radius: float) -> Pose:
    """Return the pose of a flower seen from its side, leaning a little."""
    return Pose(centre, radius * turn(rng.normal(0, 0.15)))


def _stem(rng: Random, canvas: Canvas, pose: Pose, thickness: float = 0.03) -> None:
    foot = np.array([pose.centre[0] + rng.normal(0, 0.12), 1.1])
    bend = mix(pose.centre, foot, 0.5) + vector(rng.normal(0, 0.03), 0)
    colour = hsv(rng.uniform(0.24, 0.3), rng.uniform(0.5, 0.7), rng.uniform(0.3, 0.5))
    path = np.array([pose.centre, bend, foot])
    canvas.line(path, thickness, colour)
    canvas.line(path - vector(thickness / 5, 0), thickness / 3, mix(colour, _LIGHT, 0.3), 0.7)


def _petal_ring(rng, canvas, pose, count, outline, colour) -> None:
    """Draw petals around the centre, each with a darker rim and base and a lighter middle."""
    start = rng.uniform(0, 2 * np.pi)
    for step in rng.permutation(count):
        angle = start + 2 * np.pi * (step + rng.normal(0, 0.12)) / count
        shape = outline * rng.uniform([0.9, 0.9], [1.06, 1.15]) @ turn(angle)
        # Light comes from the upper left.
        lit = colour * (1 + 0.12 * np.cos(angle - 1.25 * np.pi)) * rng.uniform(0.93, 1.05)
        canvas.polygon(pose(shape * 1.02), 0.62 * lit)
        canvas.polygon(pose(shape), lit)
        inner = (outline * [0.8, 0.45] + vector(0.16, 0)) @ turn(angle)
        canvas.polygon(pose(inner), mix(lit, _LIGHT, 0.25), 0.7)
        base = (outline * [0.5, 0.6]) @ turn(angle)
        canvas.polygon(pose(base), 0.6 * lit, 0.35)


def _seed_head(rng, canvas, pose, radius, colour, seeds, seed_size) -> None:
    """Draw a domed centre with seeds on a Fibonacci spiral."""
    canvas.polygon(pose(ellipse(2.1 * radius, 2.1 * radius)), 0.45 * colour)
    canvas.polygon(pose(ellipse(1.95 * radius, 1.95 * radius)), colour)
    canvas.polygon(
        pose(ellipse(1.3 * radius, 1.3 * radius) - 0.2 * radius), mix(colour, _LIGHT, 0.2), 0.5
    )
    for seed in range(seeds):
        place = radius * np.sqrt((seed + 0.5) / seeds)
        spot = place * np.array([np.cos(seed * _GOLDEN_ANGLE), np.sin(seed * _GOLDEN_ANGLE)])
        shade = rng.uniform(0.55, 1.35)
        canvas.polygon(pose(spot + ellipse(seed_size, seed_size, 6)), shade * colour, 0.75)


def paint_daisy(rng: Random, canvas: Canvas, pose: Pose) -> None:
    """Narrow white petals, rounded at the tip, around a small yellow centre."""
    colour = hsv(rng.uniform(0.08, 0.85), rng.uniform(0, 0.07), rng.uniform(0.93, 1))
    if rng.random() < 0.12:
        colour = hsv(rng.uniform(0.85, 0.95), rng.uniform(0.12, 0.3), 0.97)
    count, width = rng.integers(13, 20), rng.uniform(0.2, 0.27)
    outline = petal(1, width, 1.7, 0.5)
    _petal_ring(rng, canvas, pose, count, outline * 0.97, 0.86 * colour)
    _petal_ring(rng, canvas, pose, count - 2, outline * 0.93, colour)
    _seed_head(rng, canvas, pose, rng.uniform(0.25, 0.34), hsv(0.125, 0.92, 0.95), 30, 0.06)


def paint_dandelion(rng: Random, canvas: Canvas, pose: Pose) -> None:
    """A dense cushion of thin yellow rays, ring upon ring, without a disc."""
    hue = rng.uniform(0.13, 0.155)
    for reach in (1, 0.86, 0.7, 0.54, 0.38, 0.22):
        count = round(rng.uniform(30, 36) * (0.4 + 0.6 * reach))
        colour = hsv(hue - 0.02 * (1 - reach), 0.9 + 0.08 * (1 - reach), rng.uniform(0.92, 1))
        for angle in rng.uniform(0, 2 * np.pi) + np.arange(count) * 2 * np.pi / count:
            length = reach * rng.uniform(0.86, 1.06)
            half = 0.045 + 0.02 * reach
            ray = np.array(
                [
                    [0.1 * reach, 0],
                    [0.9 * length, half],
                    [length, half / 2],
                    [0.95 * length, 0],
                    [length, -half / 2],
                    [0.9 * length, -half],
                ]
            )
            turned = ray @ turn(angle + rng.normal(0, 0.06))
            lit = colour * (0.94 + 0.1 * np.cos(angle - 1.25 * np.pi)) * rng.uniform(0.88, 1.04)
            canvas.polygon(pose(1.03 * turned), lit * [0.86, 0.7, 0.45])
            canvas.polygon(pose(turned * 0.98), lit)


def paint_rose(rng: Random, canvas: Canvas, pose: Pose) -> None:
    """Broad petals wrapped around each other, darker towards the heart."""
    hue, saturation, value = _ROSE_COLOURS[rng.integers(len(_ROSE_COLOURS))]
    hue += rng.normal(0, 0.01)
    leaf = petal(0.75, 0.42, 0.8, 0.8)
    for angle in rng.uniform(0, 2 * np.pi) + np.array([0, 2.1, 4.2]):
        shape = (leaf + vector(0.65, 0)) @ turn(angle + rng.normal(0, 0.2))
        colour = hsv(rng.uniform(0.3, 0.38), 0.65, rng.uniform(0.22, 0.4))
        canvas.polygon(pose(shape), colour)
        rib = np.array([[0.65, 0], [1.35, 0]]) @ turn(angle)
        canvas.line(pose(rib), 0.008, mix(colour, _LIGHT, 0.3), 0.6)
    rings = 7
    for ring in range(rings):
        reach = 1 - ring / rings
        depth = ring / (rings - 1)
        count = max(3, 6 - ring // 2)
        offset = ring * 0.62 + rng.uniform(0, 0.5)
        for step in range(count):
            angle = offset + 2 * np.pi * step / count + rng.normal(0, 0.08)
            wide = 2.6 * reach / count**0.5
            blade = ellipse(0.62 * reach + 0.12, wide) + vector(0.62 * reach - 0.04, 0)
            lit = hsv(hue, saturation + 0.2 * depth, value * (1 - 0.3 * depth))
            lit = lit * (1 + 0.16 * np.cos(angle - 1.25 * np.pi)) * rng.uniform(0.95, 1.05)
            canvas.polygon(pose(blade * [1.02, 1.04] @ turn(angle)), 0.55 * lit, 0.9)
            canvas.polygon(pose(blade @ turn(angle)), lit)
            # The rolled rim catches the light, the foot lies in the shadow of the next ring.
            rim = (ellipse(0.13 * reach, 0.78 * wide) + vector(0.84 * reach, 0)) @ turn(angle)
            canvas.polygon(pose(rim), mix(lit, _LIGHT, 0.35), 0.5)
            fold = (ellipse(0.4 * reach, 0.8 * wide) + vector(0.5 * reach, 0)) @ turn(angle)
            canvas.polygon(pose(fold), 0.6 * lit, 0.35)
    heart = hsv(hue, saturation + 0.25, value * 0.45)
    sweep = np.linspace(0, 3.2 * np.pi, 26)
    spiral = (0.03 + 0.018 * sweep)[:, None] * np.stack([np.cos(sweep), np.sin(sweep)], axis=1)
    canvas.line(pose(spiral), 0.012, heart, 0.9)


_ROSE_COLOURS = (
    (0.98, 0.85, 0.8),
    (0.99, 0.9, 0.62),
    (0.94, 0.5, 0.95),
    (0.93, 0.3, 0.98),
    (0.05, 0.45, 0.99),
    (0.12, 0.12, 0.99),
)


def paint_sunflower(rng: Random, canvas: Canvas, pose: Pose) -> None:
    """Pointed golden petals around a large, dark, seeded disc."""
    hue = rng.uniform(0.105, 0.14)
    count = rng.integers(17, 24)
    outline = petal(1, rng.uniform(0.26, 0.33), 0.95, 0.85)
    _petal_ring(rng, canvas, pose, count, outline, hsv(hue - 0.015, 0.95, 0.88))
    _petal_ring(rng, canvas, pose, count - 3, outline * [0.9, 1], hsv(hue + 0.01, 0.9, 1))
    radius = rng.uniform(0.4, 0.5)
    disc = hsv(rng.uniform(0.04, 0.08), rng.uniform(0.6, 0.8), rng.uniform(0.25, 0.4))
    _seed_head(rng, canvas, pose, radius, disc, 90, 0.055)
    if rng.random() < 0.6:
        heart = mix(disc, hsv(0.2, 0.5, 0.5), 0.35)
        canvas.polygon(pose(ellipse(0.75 * radius, 0.75 * radius)), heart, 0.6)


def paint_tulip(rng: Random, canvas: Canvas, pose: Pose) -> None:
    """A cup of smooth petals, seen from the side, on a stem with long leaves."""
    hue, saturation, value = _TULIP_COLOURS[rng.integers(len(_TULIP_COLOURS))]
    hue += rng.normal(0, 0.012)
    colour = hsv(hue, saturation, value)
    _stem(rng, canvas, pose, 0.045)
    green = hsv(rng.uniform(0.27, 0.36), rng.uniform(0.4, 0.6), rng.uniform(0.35, 0.55))
    for side in (-1, 1):
        leaf = petal(rng.uniform(1.5, 2.3), 0.42, 0.8, 0.8) @ turn(
            -np.pi / 2 + side * rng.uniform(0.25, 0.6)
        )
        foot = pose.centre + vector(side * 0.02, 2.6 * np.abs(np.linalg.det(pose.matrix)) ** 0.5)
        canvas.polygon(foot + leaf @ pose.matrix, green * rng.uniform(0.8, 1.15))
        canvas.polygon(foot + leaf * [0.5, 0.95] @ pose.matrix, mix(green, _LIGHT, 0.2), 0.35)
    opening = rng.uniform(0.15, 0.42)
    tall = rng.uniform(1.75, 2.05)
    upwards, bottom = turn(-np.pi / 2), np.array([0, 0.95])
    # Back petals, then the two at the sides, then the one in front.
    for lean, wide, reach, shade in (
        (-0.5, 0.8, 0.93, 0.6),
        (0.5, 0.8, 0.93, 0.62),
        (0, 0.9, 0.95, 0.68),
        (-1, 1.0, 0.98, 0.92),
        (1, 1.0, 0.98, 0.82),
        (rng.normal(0, 0.15), 1.12, 0.9, 1.0),
    ):
        shape = petal(tall * reach, wide, 0.78, 0.62) @ upwards @ turn(lean * opening)
        shape = shape + bottom + vector(lean * 0.22, 0)
        lit = shade * colour * rng.uniform(0.95, 1.05)
        canvas.polygon(pose((shape - bottom) * 1.025 + bottom), 0.6 * lit)
        canvas.polygon(pose(shape), lit)
        gleam = (shape - bottom) * [0.5, 0.82] + bottom + vector(lean * 0.1 - 0.08, -0.12)
        canvas.polygon(pose(gleam), mix(lit, _LIGHT, 0.3), 0.45)
        foot = (shape - bottom) * [0.75, 0.4] + bottom
        canvas.polygon(pose(foot), mix(0.55 * lit, green, 0.35), 0.35)


_TULIP_COLOURS = (
    (0.99, 0.88, 0.85),
    (0.93, 0.55, 0.95),
    (0.14, 0.8, 0.99),
    (0.06, 0.85, 0.98),
    (0.8, 0.55, 0.7),
    (0.1, 0.1, 0.98),
)

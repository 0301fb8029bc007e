"""Pictures: grids of images, animations, and the curves of a training."""

import io
from pathlib import Path

import imageio.v3 as imageio
import numpy as np
from matplotlib.figure import Figure
from PIL import Image

CURVES = {
    "wasserstein": "Wasserstein estimate",
    "penalty": "gradient penalty, without λ",
    "generator_loss": "generator loss (Eq. 2)",
    "perceptual": "perceptual loss L_P (Eq. 1)",
}


def image_grid(images, columns=None, gap=2):
    """Return images side by side on white, uint8 `(height, width, 3)`.

    Args:
        images: uint8 `(count, size, size, 3)`.
        columns: images a row; by default as many as make the grid about square.
        gap: white pixels between images.
    """
    count, height, width, channels = images.shape
    columns = min(columns or int(np.ceil(np.sqrt(count))), count)
    rows = -(-count // columns)
    grid = np.full(
        (rows * (height + gap) - gap, columns * (width + gap) - gap, channels), 255, np.uint8
    )
    for place, image in enumerate(images):
        top, left = place // columns * (height + gap), place % columns * (width + gap)
        grid[top : top + height, left : left + width] = image
    return grid


def write_png(path, image):
    """Write uint8 `(height, width, 3)` as PNG, to a path or a binary file."""
    encoded = io.BytesIO()
    Image.fromarray(image).save(encoded, format="PNG", optimize=True)
    _write(path, encoded.getvalue())


def write_gif(path, frames, seconds_per_frame=0.12):
    """Write frames, uint8 `(height, width, 3)` each, as a GIF that repeats for ever.

    To a path or a binary file.
    """
    encoded = imageio.imwrite(
        "<bytes>", np.stack(frames), extension=".gif", duration=1000 * seconds_per_frame, loop=0
    )
    _write(path, encoded)


def write_curves(path, runs):
    """Plot the losses of one or more trainings over the iterations, one panel a loss.

    Args:
        path: where to write the PNG, a path or a binary file.
        runs: dict from a label to the records of its `metrics.jsonl`.
    """
    recorded = {key for records in runs.values() for record in records for key in record}
    shown = {key: title for key, title in CURVES.items() if key in recorded}
    if not shown:
        raise ValueError(f"nothing to plot: no record holds any of {', '.join(CURVES)}")
    figure = Figure(figsize=(4.2 * len(shown), 3.2), layout="constrained")
    axes = figure.subplots(1, len(shown), squeeze=False)
    for axis, (key, title) in zip(axes[0], shown.items(), strict=True):
        for label, records in runs.items():
            points = [(record["step"], record[key]) for record in records if key in record]
            if points:
                axis.plot(*zip(*points, strict=True), label=label, linewidth=1)
        axis.set(title=title, xlabel="iterations (generator updates)")
        axis.grid(alpha=0.3)
    if len(runs) > 1:
        axes[0][0].legend()
    encoded = io.BytesIO()
    figure.savefig(encoded, dpi=110, format="png")
    _write(path, encoded.getvalue())


def _write(path, encoded):
    # Whole pictures at once: encoders do not all recover from a disk that fills up under them.
    if hasattr(path, "write"):
        path.write(encoded)
    else:
        Path(path).write_bytes(encoded)

"""Images beside one another, and pictures as files."""

import io
import textwrap

import imageio.v3 as imageio
import numpy as np
from matplotlib.font_manager import findfont
from PIL import Image, ImageDraw, ImageFont

from ssgan_tf.plots.output import write_bytes

READABLE = 96  # pixels; smaller images are enlarged to at least this


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


def neighbour_sheet(generated, training, places, rows=8, gap=4):
    """Return generated images, each with its nearest training images on its right.

    A wider gap follows each generated image. Small images are enlarged by a whole number.

    Args:
        generated: the images to show, uint8 `(count, size, size, 3)`.
        training: uint8 `(n, size, size, 3)`.
        places: int `(count, neighbours)`, into the training images.
        rows: so many go below one another; the next ones begin another group to the right.
        gap: white pixels between neighbours.

    Returns:
        uint8 `(height, width, 3)`.
    """
    lines = np.stack(
        [
            _beside(_enlarge(image[None])[0], image_grid(_enlarge(near), len(near), gap), 5 * gap)
            for image, near in zip(generated, training[places], strict=True)
        ]
    )
    groups = [
        image_grid(lines[start : start + rows], 1, gap) for start in range(0, len(lines), rows)
    ]
    sheet = groups[0]
    for group in groups[1:]:
        sheet = _beside(sheet, group, 12 * gap)
    return sheet


def labelled_rows(rows, gap=2):
    """Return one row of images for each label, with the label at its left.

    Small images are enlarged by a whole number; long labels are broken.

    Args:
        rows: dict from the label to uint8 `(count, size, size, 3)`, all of one size. Rows may
            differ in length.
        gap: white pixels between images.

    Returns:
        uint8 `(height, width, 3)`.
    """
    rows = {textwrap.fill(label, 24): _enlarge(images) for label, images in rows.items()}
    size = next(iter(rows.values())).shape[1]
    letter = size // 7
    font = ImageFont.truetype(findfont("DejaVu Sans"), letter)
    measure = ImageDraw.Draw(Image.new("RGB", (1, 1)))
    text_width = max(measure.multiline_textbbox((0, 0), label, font)[2] for label in rows)
    lines = []
    for label, images in rows.items():
        text = Image.new("RGB", (int(text_width) + letter, size), "white")
        ImageDraw.Draw(text).multiline_text(
            (letter // 2, size // 2), label, "black", font, anchor="lm", spacing=letter // 4
        )
        lines.append(_beside(np.asarray(text), image_grid(images, len(images), gap), 0))
    width = max(line.shape[1] for line in lines)
    return image_grid(np.stack([_widen(line, width) for line in lines]), 1, gap)


def _enlarge(images):
    """Repeat the pixels of `(count, size, size, 3)` until the images are readable."""
    scale = -(-READABLE // images.shape[1])
    return images.repeat(scale, axis=1).repeat(scale, axis=2)


def _beside(left, right, gap):
    """Put two pictures on white, side by side; the right one may be less high."""
    both = np.full((left.shape[0], left.shape[1] + gap + right.shape[1], 3), 255, np.uint8)
    both[:, : left.shape[1]] = left
    both[: right.shape[0], left.shape[1] + gap :] = right
    return both


def _widen(picture, width):
    return np.pad(picture, ((0, 0), (0, width - picture.shape[1]), (0, 0)), constant_values=255)


def write_png(path, image):
    """Write uint8 `(height, width, 3)` as PNG, to a path or a binary file."""
    encoded = io.BytesIO()
    Image.fromarray(image).save(encoded, format="PNG")  # "optimize" takes ten times as long
    write_bytes(path, encoded.getvalue())


def write_gif(path, frames, seconds_per_frame=0.12):
    """Write frames, uint8 `(height, width, 3)` each, as a GIF that repeats for ever.

    To a path or a binary file.
    """
    encoded = imageio.imwrite(
        "<bytes>", np.stack(frames), extension=".gif", duration=1000 * seconds_per_frame, loop=0
    )
    write_bytes(path, encoded)

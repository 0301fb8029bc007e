"""From the bytes of one image file to a square RGB array, or the reason why not."""

from __future__ import annotations

import contextlib
import io
import threading
from collections.abc import Iterator, Sequence

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

#: What `decode` reads. Naming the formats keeps Pillow away from those that start other programs
#: (EPS runs Ghostscript). JPEG includes MPO, which many cameras write.
FORMATS = ("JPEG", "PNG", "BMP", "DIB", "GIF", "WEBP", "PPM")

#: Pillow warns above this number of pixels (a decompression bomb?); here it is a limit.
MAX_PIXELS = 1024**3 // 4 // 3

#: No honest photograph is larger; a file must fit in memory several times over.
MAX_FILE_BYTES = 256 * 1024**2

# The allocator of each thread keeps blocks of Pillow's usual 16 MiB after they are freed; blocks as
# large as these go back to the system. Small pictures take no more than they need.
Image.core.set_block_size(64 * 1024**2)

_EXIF_ORIENTATION = 0x0112
_TO_UPRIGHT = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


class Budget:
    """How much may be in flight in all threads together; what finds no room waits.

    Args:
        most: the sum; whoever wants more alone gets in alone.
    """

    def __init__(self, most: int):
        self._most = self._free = most
        self._changed = threading.Condition()

    @contextlib.contextmanager
    def room(self, amount: int) -> Iterator[None]:
        """Waits until there is room for so much, and takes it up inside the block."""
        amount = min(amount, self._most)
        with self._changed:
            self._changed.wait_for(lambda: self._free >= amount)
            self._free -= amount
        try:
            yield
        finally:
            with self._changed:
                self._free += amount
                self._changed.notify_all()


#: Pixels that are decoded at the same time, whatever the number of threads; up to 20 bytes each
#: while transparency is removed. One picture of the largest size fits.
pixels_in_flight = Budget(MAX_PIXELS)


class UnreadableImageError(Exception):
    """A file is no image that can be used; the message is the reason, for a list of such files."""


def decode(data: bytes, image_size: int, box: Sequence[int] | None = None) -> np.ndarray:
    """Decode one file into a uint8 array `(image_size, image_size, 3)`, RGB in [0, 255].

    The format is taken from the contents, not from a file name. Of an animation the first frame is
    read. Transparent pixels are laid on white, 16-bit values are scaled to 8 bits, and EXIF
    rotation is undone. The largest centred square is resized with a Lanczos filter as wide as the
    reduction asks for (so without aliasing); an image that already has the size keeps its pixels.

    Args:
        data: the contents of the file.
        image_size: height and width in pixels.
        box: of the file's pixels, take those in this box only: left, top, right, bottom.

    Raises:
        UnreadableImageError: the file is empty, damaged, truncated, no image, or too large, or the
            box reaches out of it.
    """
    if not data:
        raise UnreadableImageError("empty file")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableImageError(f"too large: {image.width} × {image.height} pixels")
            # A JPEG decoder can leave out detail that the resize would average away anyway.
            if box is None:
                image.draft(None, (2 * image_size, 2 * image_size))
            elif box[2] > image.width or box[3] > image.height:
                raise UnreadableImageError(f"its box {tuple(box)} reaches out of it")
            with pixels_in_flight.room(image.width * image.height):
                image.load()
                turn = _TO_UPRIGHT.get(_orientation(image))
                rgb = _to_rgb(image)
                square = ImageOps.fit(
                    rgb if box is None else rgb.crop(box),
                    (image_size, image_size),
                    Image.Resampling.LANCZOS,
                )
                image.im = None  # its pixels, which would outlive the room
    except UnreadableImageError:
        raise
    except UnidentifiedImageError:
        raise UnreadableImageError("not a JPEG, PNG, BMP, GIF, WebP or PPM image") from None
    except (Image.DecompressionBombError, Image.DecompressionBombWarning):
        raise UnreadableImageError(f"too large: over {MAX_PIXELS} pixels") from None
    except Exception as error:  # Pillow's decoders raise nearly every kind on damaged data
        raise UnreadableImageError(f"damaged: {error or type(error).__name__}") from None
    # A quarter turn of the centred square is the centred square of the turned image.
    return np.asarray(square if turn is None else square.transpose(turn))


def _orientation(image: Image.Image) -> int:
    try:
        return image.getexif().get(_EXIF_ORIENTATION, 1)
    except Exception:  # broken metadata says nothing about the pixels
        return 1


def _to_rgb(image: Image.Image) -> Image.Image:
    if image.mode == "I" or image.mode.startswith("I;16"):
        # Image.convert would clip at 255. 65535 / 257 = 255.
        values = np.clip(np.asarray(image).astype(np.int64), 0, 65535)
        return Image.fromarray(((values + 128) // 257).astype(np.uint8)).convert("RGB")
    if image.has_transparency_data:
        image = image.convert("RGBA")
        white = Image.new("RGBA", image.size, "white")
        return Image.alpha_composite(white, image).convert("RGB")
    return image.convert("RGB")

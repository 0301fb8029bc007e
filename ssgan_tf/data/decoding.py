"""From the bytes of one image file to a square RGB array, or the reason why not."""

from __future__ import annotations

import io

import numpy as np
from PIL import Image, ImageOps, UnidentifiedImageError

#: What `decode` reads. Naming the formats keeps Pillow away from those that start other programs
#: (EPS runs Ghostscript). JPEG includes MPO, which many cameras write.
FORMATS = ("JPEG", "PNG", "BMP", "DIB", "GIF", "WEBP")

#: Pillow warns above this number of pixels (a decompression bomb?); here it is a limit.
MAX_PIXELS = 1024**3 // 4 // 3

#: No honest photograph is larger; a file must fit in memory several times over.
MAX_FILE_BYTES = 256 * 1024**2

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


class UnreadableImageError(Exception):
    """A file is no image that can be used; the message is the reason, for a list of such files."""


def decode(data: bytes, image_size: int) -> np.ndarray:
    """Decode one file into a uint8 array `(image_size, image_size, 3)`, RGB in [0, 255].

    The format is taken from the contents, not from a file name. Of an animation the first frame is
    read. Transparent pixels are laid on white, 16-bit values are scaled to 8 bits, and EXIF
    rotation is undone. The largest centred square is resized with a Lanczos filter as wide as the
    reduction asks for (so without aliasing); an image that already has the size keeps its pixels.

    Raises:
        UnreadableImageError: the file is empty, damaged, truncated, no image, or too large.
    """
    if not data:
        raise UnreadableImageError("empty file")
    try:
        with Image.open(io.BytesIO(data), formats=FORMATS) as image:
            if image.width * image.height > MAX_PIXELS:
                raise UnreadableImageError(f"too large: {image.width} × {image.height} pixels")
            # A JPEG decoder can leave out detail that the resize would average away anyway.
            image.draft(None, (2 * image_size, 2 * image_size))
            image.load()
            turn = _TO_UPRIGHT.get(_orientation(image))
            square = ImageOps.fit(
                _to_rgb(image), (image_size, image_size), Image.Resampling.LANCZOS
            )
    except UnreadableImageError:
        raise
    except UnidentifiedImageError:
        raise UnreadableImageError("not a JPEG, PNG, BMP, GIF or WebP image") from None
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

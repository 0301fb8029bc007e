"""The real images that variants are made of, read one file at a time."""

import hashlib
from pathlib import Path
from typing import NamedTuple

import numpy as np
from PIL import Image

from ssgan_tf.data.decoding import UnreadableImageError, decode
from ssgan_tf.errors import UserError


class Source(NamedTuple):
    """An image file.

    Attributes:
        class_name: its class.
        path: `"class/file.jpg"` in the data set.
        sha256: of the file, hex.
        place: among the images of the image set.
    """

    class_name: str
    path: str
    sha256: str
    place: int


class Sources:
    """The distinct training images of each class, in the order of the split.

    Args:
        image_set: the training images; of a data set in files these are read again at the size
            that is wanted, else its pixels are enlarged.
        seed: of the split.

    Attributes:
        of: dict from class to list of `Source`.
    """

    def __init__(self, image_set, seed):
        self.image_set, self.of = image_set, {name: [] for name in image_set.class_names}
        seen = set()
        for place, label in enumerate(image_set.labels):
            name, digest = image_set.class_names[label], image_set.hashes[place]
            if (name, digest) not in seen:
                seen.add((name, digest))
                self.of[name].append(Source(name, image_set.paths[place], digest, place))
        for found in self.of.values():
            found.sort(key=lambda one: hashlib.sha256(f"{seed}:{one.sha256}".encode()).hexdigest())

    def fingerprint(self, class_name):
        """Return what tells the images of a class and their order from others."""
        digests = "".join(source.sha256 for source in self.of[class_name])
        return hashlib.sha256(digests.encode()).hexdigest()[:32]

    def image(self, source, size):
        """Return an image, its centred square resized with a Lanczos filter.

        Args:
            source: a `Source`.
            size: height and width in pixels.

        Returns:
            uint8 `(size, size, 3)`.

        Raises:
            UserError: the file is gone or another one.
        """
        if self.image_set.folder is None:
            return resized(self.image_set.images[source.place], size)
        path = Path(self.image_set.folder) / source.path
        try:
            data = path.read_bytes()
            if hashlib.sha256(data).hexdigest() != source.sha256:
                raise UserError(f"{path} has changed since the data set was read; start again")
            return decode(data, size)
        except (OSError, UnreadableImageError) as error:
            reason = getattr(error, "strerror", None) or error
            raise UserError(f"{path} cannot be read again ({reason}); put it back") from None


def resized(image, size):
    """Return an image, uint8 `(h, w, 3)`, as `(size, size, 3)`, with a Lanczos filter."""
    if image.shape[0] == size:
        return image
    return np.asarray(Image.fromarray(image).resize((size, size), Image.Resampling.LANCZOS))

"""How well captions and variants fit an image, by CLIP."""

import base64
import hashlib
import json
from pathlib import Path

import numpy as np

from ssgan_tf.methods.sgid.journal import Journal
from ssgan_tf.methods.sgid.presets import keras_hub_version

IMAGES = {"sha256": str, "embedding": str}
SCORES = {"sha256": str, "captions": str, "scores": [(int, float)]}


class Clip:
    """CLIP (Radford et al., 2021): unit vectors of images and texts, whose products are cosines.

    One image at a time goes through it, so that its vector depends on nothing else.

    Args:
        preset: a `Preset`.
        dtype: see `presets.dtype_of`.

    Raises:
        UserError: the preset cannot be had.
    """

    def __init__(self, preset, dtype):
        self._backbone = preset.load("CLIPBackbone", dtype)
        self._preprocess = preset.load("CLIPPreprocessor", "float32")

    def image(self, image):
        """Return the unit vector of an image, float32 `(dim,)`, from uint8 `(size, size, 3)`."""
        images = self._preprocess.image_converter(image[None].astype(np.float32))
        return _unit(self._backbone.get_vision_embeddings(images))[0]

    def texts(self, texts):
        """Return the unit vectors of texts, float32 `(count, dim)`."""
        ids = self._preprocess({"prompts": list(texts), "images": None})["token_ids"]
        return _unit(self._backbone.get_text_embeddings(ids))


def _unit(vectors):
    vectors = np.asarray(vectors, np.float32)
    return vectors / np.linalg.norm(vectors, axis=-1, keepdims=True)


def best(scores):
    """Return the place of the highest score; the first one of equals."""
    return int(np.argmax(scores))


class SimilarityStore:
    """Cosines of captions and vectors of images, kept for later calls.

    Args:
        folder: of the caches.
        preset: the `Preset` of CLIP.
        dtype: of CLIP.
        resolution: of the images that it saw.
    """

    def __init__(self, folder, preset, dtype, resolution):
        self.preset, self.dtype = preset, dtype
        key = repr([preset.fingerprint(), dtype, resolution, keras_hub_version()])
        key = hashlib.sha256(key.encode()).hexdigest()[:16]
        self._images = Journal(Path(folder) / f"images-{key}.jsonl", IMAGES)
        self._texts = Journal(Path(folder) / f"scores-{key}.jsonl", SCORES)
        self._vectors = {row["sha256"]: row["embedding"] for row in self._images.read()}
        self._scores = {(row["sha256"], row["captions"]): row["scores"]
                        for row in self._texts.read()}  # fmt: skip

    def open(self):
        """Return the `Clip`."""
        return Clip(self.preset, self.dtype)

    def knows(self, digest, captions):
        """Return whether an image's vector and the cosines of these captions are known."""
        return digest in self._vectors and (digest, _digest(captions)) in self._scores

    def add(self, clip, digest, captions, image):
        """Compare an image with its captions, and keep the outcome on the disk."""
        vector = clip.image(image)
        scores = [float(score) for score in clip.texts(captions) @ vector]
        text = base64.b64encode(vector.astype("<f4").tobytes()).decode()
        self._images.append([{"sha256": digest, "embedding": text}])
        of = _digest(captions)
        self._texts.append([{"sha256": digest, "captions": of, "scores": scores}])
        self._vectors[digest], self._scores[digest, of] = text, scores

    def vector(self, digest):
        """Return the unit vector of an image, float32 `(dim,)`."""
        return np.frombuffer(base64.b64decode(self._vectors[digest]), "<f4")

    def choice(self, digest, captions):
        """Return the caption that fits an image best, and its cosine s*."""
        scores = self._scores[digest, _digest(captions)]
        return captions[best(scores)], scores[best(scores)]


def _digest(captions):
    return hashlib.sha256(json.dumps(captions).encode()).hexdigest()[:16]

"""Captions of images: by BLIP-2, or from a file of captions made elsewhere."""

import hashlib
from pathlib import Path

import numpy as np

from ssgan_tf.errors import UserError
from ssgan_tf.json_files import Damaged, parse
from ssgan_tf.methods.sgid.journal import Journal
from ssgan_tf.methods.sgid.presets import keras_hub_version

PROMPT = "a photo of"
TOP_P = 0.9
LENGTH = 30  # tokens, at most
SHAPE = {"sha256": str, "captions": [str]}
FILE_SHAPE = {"caption": str, "path?": str, "sha256?": str}


class Captioner:
    """BLIP-2, which says what is on an image.

    The replication took ten captions by nucleus sampling and ten by beam search.

    Args:
        preset: the `Preset` of a BLIP-2 model with OPT or Flan-T5.
        count: captions of each kind.
        dtype: see `presets.dtype_of`.

    Raises:
        UserError: the preset cannot be had, or is no BLIP-2.
    """

    def __init__(self, preset, count, dtype):
        import keras_hub

        kind = preset.class_name() or ("Seq2Seq" if "flan" in preset.name else "BLIP2")
        if preset.folder is not None and not kind.startswith("BLIP2"):
            raise UserError(
                f"--captioner {preset.name} is a {kind}, and captions are made by BLIP-2; name a "
                "preset of BLIP-2, or give captions made elsewhere with --captions"
            )
        seq2seq = "Seq2Seq" in kind
        model = preset.load("BLIP2Seq2SeqLM" if seq2seq else "BLIP2CausalLM", dtype)
        self.count, self._model = count, model
        self._texts = "encoder_text" if seq2seq else "text"
        self._nucleus = keras_hub.samplers.TopPSampler(p=TOP_P, seed=0)
        self._beams = _all_beams(count)
        self._functions = {}

    def __call__(self, image, seed):
        """Return the captions of an image, without repetitions.

        Args:
            image: uint8 `(size, size, 3)`.
            seed: a number from 0 to 2³¹ − 1, of the nucleus sampling.
        """
        # The sampler has a state, which would make captions depend on earlier images.
        self._nucleus.seed_generator.state.assign(np.array([seed, 0], "uint32"))
        texts = self._generate("nucleus", self._nucleus, image, self.count)
        texts += self._generate("beams", self._beams, image, 1)
        tidy = (" ".join(text.split()).strip() for text in texts)
        return list(dict.fromkeys(text for text in tidy if text))

    def _generate(self, name, sampler, image, count):
        model = self._model
        if model.sampler is not sampler:
            model.compile(sampler=sampler)
            model.generate_function = self._functions.get(name)  # compiled before
        inputs = {"images": np.stack([image] * count), self._texts: [PROMPT] * count}
        texts = model.generate(inputs, max_length=LENGTH, strip_prompt=True)
        self._functions[name] = model.generate_function
        return [texts] if isinstance(texts, str) else list(texts)


def _all_beams(count):
    """Return a sampler of all beams; KerasHub's own returns them in a form that BLIP-2 refuses."""
    from keras import ops
    from keras_hub.samplers import BeamSampler

    class AllBeams(BeamSampler):
        def __call__(self, **given):
            beams, _ = super().__call__(**given)  # (1, count, length), the likeliest first
            return ops.reshape(beams, (-1, ops.shape(beams)[-1]))

    return AllBeams(num_beams=count, return_all_beams=True)


class CaptionStore:
    """Captions of images by the SHA-256 of their files, kept for later calls.

    Args:
        folder: of the caches.
        preset: the `Preset` of the captioner.
        count: captions of each kind.
        dtype: of the captioner.
        resolution: of the images that it saw.
        seed: of the nucleus sampling.
    """

    def __init__(self, folder, preset, count, dtype, resolution, seed):
        self.preset, self.count, self.dtype, self.seed = preset, count, dtype, seed
        key = [preset.fingerprint(), PROMPT, TOP_P, LENGTH, count, dtype, resolution, seed,
               keras_hub_version()]  # fmt: skip
        self.key = hashlib.sha256(repr(key).encode()).hexdigest()[:16]
        self._journal = Journal(Path(folder) / f"captions-{self.key}.jsonl", SHAPE)
        self._known = {row["sha256"]: row["captions"] for row in self._journal.read()}

    def missing(self, digests):
        """Return those of the hashes that have no captions yet."""
        return [digest for digest in digests if digest not in self._known]

    def open(self):
        """Return the `Captioner`."""
        return Captioner(self.preset, self.count, self.dtype)

    def add(self, captioner, digest, image):
        """Caption an image, and keep the captions on the disk."""
        captions = captioner(image, seed_of(self.seed, digest))
        self._journal.append([{"sha256": digest, "captions": captions}])
        self._known[digest] = captions

    def __getitem__(self, digest):
        return self._known[digest]


class GivenCaptions:
    """Captions of a file, in the place of a `CaptionStore`.

    Args:
        path: JSON lines with `caption` and `path` (the end of it, `"class/file.jpg"`) or `sha256`;
            several lines of an image are several captions to choose from.
        sources: lists of `Source`, for the paths.

    Raises:
        UserError: the file is missing, no JSON lines, or has no caption of an image.
    """

    def __init__(self, path, sources):
        by_path = {one.path: one.sha256 for found in sources for one in found}
        try:
            lines = Path(path).expanduser().read_bytes().splitlines()
        except OSError as error:
            raise UserError(f"--captions {path} cannot be read: {error.strerror}") from None
        self._path, self._known = path, {}
        self.key = hashlib.sha256(b"\n".join(lines)).hexdigest()[:16]
        for number, line in enumerate(lines, 1):
            if not line.strip():
                continue
            try:
                row = parse(line, FILE_SHAPE)
            except Damaged as error:
                raise UserError(
                    f"--captions {path}, line {number}: {error}; each line is like "
                    '{"path": "roses/12.jpg", "caption": "a red rose"}'
                ) from None
            digest = row.get("sha256") or by_path.get(
                "/".join(Path(row.get("path", "")).parts[-2:])
            )
            if digest:
                captions = self._known.setdefault(digest, [])
                if (text := " ".join(row["caption"].split())) not in captions:
                    captions.append(text)

    def missing(self, digests):
        """Return no hash; refuse where images have no caption.

        Raises:
            UserError: there are such images.
        """
        lacking = [digest for digest in digests if digest not in self._known]
        if lacking:
            raise UserError(
                f"--captions {self._path} has no caption of {len(lacking)} of {len(digests)} "
                f"images, the first with SHA-256 {lacking[0]}; add them, or leave the flag out"
            )
        return []

    def __getitem__(self, digest):
        return self._known[digest]


class NoCaptions:
    """No captions at all: prompts have the class words only."""

    key = "none"

    def missing(self, digests):
        """Return no hash."""
        return []

    def __getitem__(self, digest):
        return []


def seed_of(*parts):
    """Return a seed from 0 to 2³¹ − 1 that follows from numbers and texts."""
    digest = hashlib.sha256(":".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:4], "little") & 0x7FFFFFFF

"""The stages of SGID, caption, score, generate, compare: one large model in memory at a time."""

import dataclasses
from pathlib import Path

import numpy as np

from ssgan_tf.data.cache import default_cache_dir
from ssgan_tf.methods.sgid.captions import CaptionStore, GivenCaptions, NoCaptions, seed_of
from ssgan_tf.methods.sgid.img2img import ImageToImage, require_guided, working_memory
from ssgan_tf.methods.sgid.presets import Preset, dtype_of, keras_hub_version, released
from ssgan_tf.methods.sgid.prompts import fragments, guidance_map, text_of
from ssgan_tf.methods.sgid.records import Key
from ssgan_tf.methods.sgid.settings import NONE, class_words, fixed_guidance
from ssgan_tf.methods.sgid.similarity import SimilarityStore
from ssgan_tf.methods.sgid.sources import resized
from ssgan_tf.progress import progress_bar

#: Choices that candidates do not depend on.
AFTERWARDS = ("min_similarity", "similarity_limit", "choices", "captioner", "captions", "precision")
_WAYS = "--captions FILE takes captions made elsewhere, --captioner none does without"


class Stages:
    """Makes the candidates of images: all that takes long.

    Args:
        sources: the `Sources`.
        chosen: the `SGIDSampling`.
        image_size: height and width of the images in pixels.
        seed: of captions and noise.
        candidates: the `Candidates`; `open` has not been called.
        progress: show bars.

    Raises:
        UserError: a preset's folder is damaged, or the flags do not fit.
    """

    def __init__(self, sources, chosen, image_size, seed, candidates, progress):
        self.sources, self.chosen, self.image_size = sources, chosen, image_size
        self.seed, self.candidates, self.progress = seed, candidates, progress
        self.dtype = dtype_of(chosen.precision)
        self.labels = class_words(chosen.names, tuple(sources.of))
        self.presets = presets_of(chosen)
        for preset in self.presets.values():
            preset.require_plausible()
        require_guided(self.presets["diffusion"])
        cache = default_cache_dir() / "sgid"
        self.similarities = SimilarityStore(
            cache, self.presets["clip"], self.dtype, chosen.resolution
        )
        self.captions = self._caption_store(cache)

    def _caption_store(self, cache):
        chosen = self.chosen
        if chosen.captions is not None:
            return GivenCaptions(Path(chosen.captions), self.sources.of.values())
        if chosen.captioner == NONE:
            return NoCaptions()
        return CaptionStore(
            cache, self.presets["captioner"], chosen.caption_count, self.dtype, chosen.resolution,
            self.seed,
        )  # fmt: skip

    def settings(self):
        """Return what candidates depend on, a dict from flag to value, for JSON."""
        kept = dataclasses.asdict(self.chosen)
        kept = {name: value for name, value in kept.items() if name not in AFTERWARDS}
        for name in ("clip", "diffusion"):
            kept[name] = self.presets[name].identity
        by = Path(self.chosen.captions or self.chosen.captioner).name
        return kept | {
            "noise": self.chosen.rate,
            "captioner": f"{by} ({self.captions.key})",
            "precision": self.dtype,
            "image_size": self.image_size,
            "seed": self.seed,
            "keras_hub": keras_hub_version(),
        }

    def source(self, class_name, image):
        """Return the `Source` of an image and the number of its variant."""
        found = self.sources.of[class_name]
        return found[image % len(found)], image // len(found)

    def complete(self, images):
        """Make all candidates of the first images of each class that are not there yet.

        Args:
            images: dict from class to how many of them.

        Raises:
            UserError: a model or an image cannot be had.
        """
        batches = self._missing_batches(images)
        sources = list(dict.fromkeys(
            self.source(key.class_name, key.image)[0] for keys in batches for key in keys
        ))  # fmt: skip
        if batches:
            self.presets["diffusion"].require_memory(self.dtype)  # before hours of captioning
            self._caption(sources)
            self._score(sources)
            self._generate(batches)
        self._compare(images)

    def _missing_batches(self, images):
        """Return lists of `Key`s, whole batches of which some candidate is missing.

        The last one goes on into the images after these, so that it is what it is in a larger set.
        """
        count, size = self.chosen.candidates, self.chosen.batch_size
        batches = []
        for name, wanted in images.items():
            for start in range(0, wanted * count, size):
                keys = [Key(name, *divmod(place, count)) for place in range(start, start + size)]
                if not all(map(self.candidates.holds, keys)):
                    batches.append(keys)
        return batches

    def _caption(self, sources):
        by_digest = {source.sha256: source for source in sources}
        missing = self.captions.missing(list(by_digest))
        if not missing:
            return
        captioner = self.captions.open()
        with progress_bar(len(missing), "captions", "img", self.progress) as bar:
            for digest in missing:
                image = self.sources.image(by_digest[digest], self.chosen.resolution)
                self.captions.add(captioner, digest, image)
                bar.update()
        del captioner
        released()

    def _score(self, sources):
        missing = [one for one in sources if not self._is_scored(one)]
        if not missing:
            return
        clip = self.similarities.open()
        with progress_bar(len(missing), "similarity of captions", "img", self.progress) as bar:
            for source in missing:
                self._score_one(clip, source)
                bar.update()
        del clip
        released()

    def _is_scored(self, source):
        return self.similarities.knows(source.sha256, self._texts(source))

    def _score_one(self, clip, source):
        image = self.sources.image(source, self.chosen.resolution)
        self.similarities.add(clip, source.sha256, self._texts(source), image)

    def _texts(self, source):
        """Return what an image is compared with: its captions, or the prompt where it has none."""
        label = self.labels[source.class_name]
        without = text_of(fragments(self.chosen.prompt, "", label))
        return self.captions[source.sha256] or [without]

    def _generate(self, batches):
        model = self.open_diffusion()
        total = sum(len(keys) for keys in batches)
        label = f"variants, {model.start.run} of {model.start.steps} steps"
        with progress_bar(total, label, "img", self.progress) as bar:
            for keys in batches:
                self.candidates.add(self._made(model, keys))
                bar.update(len(keys))
        del model
        released()

    def open_diffusion(self):
        """Return the `ImageToImage` of the settings."""
        chosen = self.chosen
        return ImageToImage(
            self.presets["diffusion"], self.dtype, chosen.resolution, chosen.steps, chosen.rate,
            chosen.strength, chosen.negative_prompt,
        )  # fmt: skip

    def _made(self, model, keys):
        """Return rows and images of a batch of candidates."""
        rows, images, prompts = [], [], []
        for key in keys:
            source, variant = self.source(key.class_name, key.image)
            text, similarity = self.similarities.choice(source.sha256, self._texts(source))
            caption = text if self.captions[source.sha256] else ""
            parts = fragments(
                self.chosen.prompt, caption, self.labels[key.class_name],
                self.chosen.caption_weight, self.chosen.label_weight,
            )  # fmt: skip
            tokens = model.tokens(parts)
            scale = fixed_guidance(self.chosen.guidance)
            rows.append({
                "class": key.class_name, "image": key.image, "candidate": key.candidate,
                "source": source.path, "sha256": source.sha256, "variant": variant,
                "caption": caption, "similarity": similarity,
                "guidance": guidance_map(similarity) if scale is None else scale,
                "noise_seed": seed_of(self.seed, source.sha256, variant, key.candidate),
                "truncated": any(each.truncated for each in tokens.values()),
                "sigma": model.start.sigma, "first_step": model.start.step,
                "steps": model.start.steps,
            })  # fmt: skip
            images.append(self.sources.image(source, self.chosen.resolution))
            prompts.append(tokens)
        made = model(
            np.stack(images), prompts, [row["guidance"] for row in rows],
            [row["noise_seed"] for row in rows],
        )  # fmt: skip
        return [(row, resized(one, self.image_size)) for row, one in zip(rows, made, strict=True)]

    def _compare(self, images):
        """Measure how close candidates are to their sources, by CLIP."""
        found = self.candidates
        missing = [
            key
            for name, wanted in images.items()
            for image in range(wanted)
            for number in range(self.chosen.candidates)
            if (key := Key(name, image, number)) not in found.cosines
        ]
        if not missing:
            return
        clip = self.similarities.open()
        with progress_bar(len(missing), "similarity of variants", "img", self.progress) as bar:
            for key in missing:
                source, _ = self.source(key.class_name, key.image)
                if not self._is_scored(source):
                    self._score_one(clip, source)
                vector = clip.image(found.image(key))
                found.add_cosine(key, float(vector @ self.similarities.vector(source.sha256)))
                bar.update()
        del clip
        released()


def presets_of(chosen):
    """Return the `Preset`s that an `SGIDSampling` names, a dict from flag."""
    found = {
        "clip": Preset("clip", chosen.clip),
        "diffusion": Preset(
            "diffusion", chosen.diffusion, working_memory(chosen.resolution, chosen.batch_size)
        ),
    }
    if chosen.captions is None and chosen.captioner != NONE:
        found = {"captioner": Preset("captioner", chosen.captioner, ways=_WAYS), **found}
    return found

"""SGID as a method: nothing is trained, and images are variants of the training images."""

import functools
import tempfile

import numpy as np

from ssgan_tf.errors import UserError
from ssgan_tf.methods.contract import Method, Sampler
from ssgan_tf.methods.sgid.choosing import Choosing
from ssgan_tf.methods.sgid.noise import starting
from ssgan_tf.methods.sgid.presets import dtype_of
from ssgan_tf.methods.sgid.records import Candidates
from ssgan_tf.methods.sgid.settings import SGIDSampling, SGIDSettings
from ssgan_tf.methods.sgid.sheets import write_sheets
from ssgan_tf.methods.sgid.sources import Sources
from ssgan_tf.methods.sgid.stages import Stages, presets_of

SHOWN = (
    "source", "sha256", "variant", "caption", "similarity", "guidance", "noise_seed", "truncated",
    "candidate",
)  # fmt: skip


class SGID(Method):
    """Semantic-guided image-to-image diffusion (Li et al., arXiv 2302.02070)."""

    name, label, last_phase = "sgid", "SGID", None
    defaults, sampling_defaults = SGIDSettings(), SGIDSampling()

    def phases(self, job):
        """Yield nothing: there is nothing to train."""
        return iter(())

    def sampler(self, trained, real, average=True):
        """Return the `SGIDSampler` of the training images."""
        names = [name for job in trained.values() for name in job.counts]
        return SGIDSampler(names, real, self.sampling, self.settings)


class SGIDSampler(Sampler):
    """Makes variants of real images.

    Image k of a class is made of its source k mod n, as variant k div n; n is the number of its
    distinct training images. Where candidates are left out for `min_similarity`, the images that
    stay are counted.

    Args:
        class_names: the classes.
        real: returns the training images.
        chosen: the `SGIDSampling`.
        settings: the `SGIDSettings`.
    """

    def __init__(self, class_names, real, chosen, settings):
        super().__init__(class_names)
        self._real, self._chosen, self._settings = real, chosen, settings
        self._work = None

    @functools.cached_property
    def originals(self):
        """The `Sources` of all images."""
        images = self._real()
        return Sources(images.with_classes(self.class_names), self._settings.seed)

    def plan(self, counts):
        """Return what images of these counts will take, as rows of a name and words."""
        chosen, dtype = self._chosen, dtype_of(self._chosen.precision)
        start = starting(chosen.steps, chosen.rate, chosen.strength)
        needed = {name: min(count, len(self.originals.of[name])) for name, count in counts.items()}
        made = sum(counts.values()) * chosen.candidates
        rows = [
            ("sources", f"{sum(needed.values()):,} images ("
             + ", ".join(f"{name} {count}" for name, count in needed.items()) + ")"),
            ("images", f"{sum(counts.values()):,}, of {made:,} candidates, in batches of "
             f"{chosen.batch_size} at {chosen.resolution} pixels"),
            ("steps", f"{start.run} of {chosen.steps}, from step {start.step} with σ = "
             f"{start.sigma:.4f}; {made * start.run:,} in all"),
        ]  # fmt: skip
        for name, preset in presets_of(chosen).items():
            preset.require_plausible()
            rows.append((name, preset.plan(dtype)))
        return rows

    def prepare(self, counts, seed=0, folder=None, progress=False, overwrite=False):
        """Make all candidates that images of these counts need; see `Sampler.prepare`."""
        self._work = work = _Work(self, counts, seed, folder, progress, overwrite)
        targets = {name: count for name, count in counts.items() if count}
        while targets:
            work.extend(targets)
            short = {name: counts[name] - len(work.taken[name]) for name in targets}
            targets = {
                name: min(work.done[name] + missing, work.most[name])
                for name, missing in short.items()
                if missing > 0 and work.done[name] < work.most[name]
            }
        work.write_sheets()

    def batches(self, class_name, seed=0):
        """Yield images of a class; see `Sampler.batches`.

        They end where `min_similarity` leaves out too many.
        """
        if self._work is None or self._work.seed != seed:
            self._work = _Work(self, {}, seed, None, False, False)
        work, place, size = self._work, 0, self._chosen.batch_size
        while True:
            taken = work.taken[class_name]
            if place < len(taken):
                keys = taken[place : place + size]
                place += len(keys)
                yield np.stack([work.candidates.image(key) for key in keys])
            elif work.done[class_name] >= work.most[class_name]:
                return
            else:
                wanted = max(work.counts.get(class_name, 0), size)
                work.extend({class_name: work.done[class_name] + wanted})

    def records(self, class_name, indices, seed=0):
        """Return what is known of single images; see `Sampler.records`."""
        work, found = self._work, []
        for index in indices:
            key = work.taken[class_name][index]
            row = work.candidates.rows[key]
            found.append(
                {name: row[name] for name in SHOWN} | {"cosine": work.candidates.cosines[key]}
            )
        return found

    def sources(self, class_name, count, seed=0):
        """Return the SHA-256 of the training image that each of the first images was made from."""
        return [row["sha256"] for row in self.records(class_name, range(count), seed)]

    def shortfall(self, class_name):
        """Return why there are no more images of a class; see `Sampler.shortfall`."""
        tried = self._work.done[class_name]
        return (
            f"of {tried:,} variants {len(self._work.taken[class_name]):,} reach "
            f"--min_similarity {self._chosen.min_similarity}: lower it or --noise, or raise "
            "--similarity_limit"
        )

    def made_with(self):
        """Return what the manifest says of the making; see `Sampler.made_with`."""
        work = self._work
        row = next(iter(work.candidates.rows.values()), {})
        return {
            "presets": {
                flag: {"preset": preset.name, "fingerprint": preset.fingerprint()}
                for flag, preset in work.stages.presets.items()
            },
            "captions": work.stages.captions.key,
            "sigma": row.get("sigma"),
            "steps_run": row and row["steps"] - row["first_step"],
        }


class _Work:
    """What has been made of one seed.

    Attributes:
        done: dict from class to the number of images whose candidates are there.
        taken: dict from class to the `Key`s that become images.
        most: dict from class to how many images may be tried.
    """

    def __init__(self, sampler, counts, seed, folder, progress, overwrite):
        chosen, names = sampler._chosen, sampler.class_names
        self.seed, self.counts, self._chosen = seed, counts, chosen
        if folder is None:
            self._temporary = tempfile.TemporaryDirectory()
            folder = self._temporary.name
        self._sources, self.candidates = sampler.originals, Candidates(folder)
        for name in names:
            if not self._sources.of[name]:
                raise UserError(f"the class {name!r} has no training images to make variants of")
        self._choosing = Choosing(
            chosen.candidates, chosen.min_similarity, chosen.choices, names
        )  # fmt: skip
        self.stages = Stages(
            self._sources, chosen, sampler._settings.image_size, seed, self.candidates, progress
        )
        of = {name: self._sources.fingerprint(name) for name in counts or names}
        self.candidates.open(self.stages.settings(), of, overwrite)
        limit = float("inf") if chosen.min_similarity is None else chosen.similarity_limit
        self.most = {name: limit * max(counts.get(name, 0), chosen.batch_size) for name in names}
        self.done, self.taken = dict.fromkeys(names, 0), {name: [] for name in names}

    def extend(self, targets):
        """Complete the candidates of so many images of each class, and choose among them."""
        targets = {name: int(min(wanted, self.most[name])) for name, wanted in targets.items()}
        self.stages.complete(targets)
        for name, wanted in targets.items():
            for image in range(self.done[name], wanted):
                key = self._choosing.choice(self.candidates.cosines, name, image)
                if key is not None:
                    self.taken[name].append(key)
            self.done[name] = max(wanted, self.done[name])

    def write_sheets(self):
        for name, images in self.done.items():
            if images:
                write_sheets(
                    self.candidates, self._sources, self._choosing, name, images,
                    self._chosen.candidates,
                )  # fmt: skip

"""The training of a pack at one scale as a phase, and the phase that collects a class's models."""

import logging
from typing import NamedTuple

import numpy as np
import tensorflow as tf

from ssgan_tf.device.batches import to_uint8, to_unit
from ssgan_tf.errors import UserError
from ssgan_tf.methods.contract import Phase
from ssgan_tf.methods.singan.levels import (
    apart,
    draw_images,
    errors,
    make_level,
    reconstruct,
    side_by_side,
)
from ssgan_tf.methods.singan.models import Models, of_models
from ssgan_tf.methods.singan.networks import (
    build_generator,
    copy_weights,
    initialise,
    named,
)
from ssgan_tf.methods.singan.sampling import SinGANSampler
from ssgan_tf.methods.singan.scales import shrunk
from ssgan_tf.methods.singan.step import LOSSES, ScaleStep

PREVIEWED = 8  # models in a sample grid, and images a model
GENERATOR, CRITIC, FIXED_NOISE = range(3)  # what is drawn before the training
PREVIEW_SEED = 2**31 - 1
_log = logging.getLogger(__name__)


class ScalePhase(Phase):
    """A pack of models at one scale, above the coarser phases of the same pack.

    Args:
        settings: the `Settings`.
        pack: number of the pack, from 0.
        scale: the `Scale`.
        images: uint8 `(M, size, size, 3)`, the sources at full size.
        paths: of the sources, for messages.
        coarser: the trained `ScalePhase`s below, the coarsest first.
        seed: two integers, of the class.
        jit: compile with XLA.
        later: see `Phase`.

    Attributes:
        level: the `Level` that is trained.
        failed: bool variable `(M,)`: which models are given up.
    """

    columns = PREVIEWED

    def __init__(self, settings, pack, scale, images, paths, coarser, seed, jit=False, later=0.0):
        self.name = f"pack-{pack:02d}-scale-{scale.number}"
        self.iterations = settings.iterations
        self.images_per_iteration = models = len(images)
        self.paths, self.later = paths, later
        seeds = [
            tf.random.experimental.stateless_fold_in(
                tf.random.experimental.stateless_fold_in(seed, pack, alg="philox"),
                100 * scale.number + use,
                alg="philox",
            )
            for use in range(4)
        ]
        generator = build_generator(models, scale.channels, settings)
        initialise(generator, seeds[GENERATOR])
        self.coarser = [phase.level for phase in coarser]
        self.real = side_by_side(shrunk(to_unit(images), scale))
        failed = coarser[-1].failed.numpy() if coarser else np.zeros(models, bool)
        amplitude, fixed_noise = tf.ones(models), None
        if coarser:
            reconstructed = self._enlarged(settings, scale, models)
            amplitude = settings.noise_amplitude * errors(self.real, reconstructed)
        else:
            reconstructed = tf.zeros_like(self.real)
            fixed_noise = tf.Variable(
                tf.random.stateless_normal(
                    (1, scale.size, scale.size, models), seeds[FIXED_NOISE], alg="philox"
                ),
                trainable=False,
            )
        self.amplitude = tf.Variable(amplitude, trainable=False)
        self.failed = tf.Variable(failed, trainable=False)
        self.level = make_level(
            scale, self.coarser[-1] if coarser else None, settings, models, generator,
            self.amplitude, fixed_noise,
        )  # fmt: skip
        self.step = ScaleStep(
            settings, self.level, self.coarser, self.real, reconstructed,
            tf.bitcast(seeds[-1], tf.int32), jit,
        )  # fmt: skip
        initialise(self.step.critic, seeds[CRITIC])
        if coarser:
            copy_weights(coarser[-1].level.generator, generator)
            copy_weights(coarser[-1].step.critic, self.step.critic)

    def _enlarged(self, settings, scale, models):
        """Return the reconstructions of the scale below, enlarged to this one."""
        level = make_level(scale, self.coarser[-1], settings, models, None, None)
        return level.enlarge(reconstruct(self.coarser))

    def variables(self):
        """Return the state of networks, optimisers, noise and failures, variables by name."""
        found = {
            "iteration": self.step.iteration,
            "amplitude": self.amplitude,
            "failed": self.failed,
        }
        if self.level.fixed_noise is not None:
            found["fixed_noise"] = self.level.fixed_noise
        for role in ("generator", "critic"):
            weights = named(getattr(self.step, role))
            found |= {f"{role}/{name}": variable for name, variable in weights.items()}
        for role in ("generator_optimizer", "critic_optimizer"):
            # Keras numbers optimisers' names within a process, so their place is what tells them.
            for place, variable in enumerate(getattr(self.step, role).variables):
                found[f"{role}/{place:03d}"] = variable
        return found

    def prepare(self):
        """Trace the iteration, unless no model is left to train."""
        if not self.failed.numpy().all():
            self.step.compile()

    def run(self, count):
        """Run `count` iterations; return the means of their losses over the models.

        Models that are not finite afterwards are named and given up.
        """
        if self.failed.numpy().all():
            self.step.iteration.assign_add(count)
            return {}
        losses = self.step.run_iterations(count)
        self._give_up(~np.isfinite(losses).all(0) | ~self._finite())
        alive = ~self.failed.numpy()
        if not alive.any():
            return {}
        return dict(zip(LOSSES, losses[:, alive].mean(1).tolist(), strict=True))

    def preview(self):
        """Return real images, reconstructions and six samples, a row for each of eight models."""
        columns = [self.real, reconstruct([*self.coarser, self.level])]
        samples = draw_images([*self.coarser, self.level], PREVIEWED - 2, (0, PREVIEW_SEED))
        grid = np.concatenate([apart(images).numpy() for images in (*columns, samples)])
        rows = grid[:, :PREVIEWED].swapaxes(0, 1)  # (M, 8, size, size, 3)
        return to_uint8(np.nan_to_num(rows.reshape(-1, *rows.shape[2:]))).numpy()

    def _finite(self):
        """Return which models have finite weights, bool `(M,)`."""
        finite = np.ones(self.images_per_iteration, bool)
        for network in (self.step.generator, self.step.critic):
            for weight in network.trainable_variables:
                values = weight.numpy().reshape(-1, len(finite), weight.shape[-1] // len(finite))
                finite &= np.isfinite(values).all((0, 2))
        return finite

    def _give_up(self, wrong):
        """Note which models are wrong, `(M,)`, and set all that they have to 0."""
        failed = self.failed.numpy()
        for place in np.flatnonzero(wrong & ~failed):
            _log.warning(
                "the model of %s is not finite after iteration %d of %s and is given up; the "
                "others go on", self.paths[place], self.step.iteration.numpy(), self.name,
            )  # fmt: skip
        if not (wrong | failed).any():
            return
        self.failed.assign(wrong | failed)
        for name, variable in self.variables().items():
            if "/" not in name or not len(variable.shape):
                continue
            values = variable.numpy().reshape(*variable.shape[:-1], len(wrong), -1).copy()
            values[..., wrong | failed, :] = 0
            variable.assign(values.reshape(variable.shape))


class Pack(NamedTuple):
    """What the models of a pack have learnt."""

    failed: np.ndarray  # bool (M,), which models were given up
    arrays: dict  # by name, the last axis is the models'; fewer scales where all have failed

    @classmethod
    def of_trained(cls, phases):
        """Return that of a pack's `ScalePhase`s, the coarsest first."""
        return cls(phases[-1].failed.numpy(), _arrays(phases))


class Collection(Phase):
    """Puts a class's models beside each other, in one file that images are made from.

    An iteration measures how well one model reconstructs its source.

    Args:
        settings: the `Settings`.
        class_name: the class.
        packs: a `Pack` for each pack.
        images: uint8 `(K, size, size, 3)`, all sources.
        hashes: of their files.

    Raises:
        UserError: no model is left.
    """

    columns = PREVIEWED

    def __init__(self, settings, class_name, packs, images, hashes):
        self.class_name, self.settings = class_name, settings
        failed = np.concatenate([pack.failed for pack in packs])
        if failed.all():
            raise UserError(
                f"{class_name}: no model has stayed finite; try a smaller --learning_rate or "
                "--precision float32, in another --run_dir or with --overwrite"
            )
        kept = np.flatnonzero(~failed)
        parts = [
            of_models(pack.arrays, np.flatnonzero(~pack.failed))
            for pack in packs
            if not pack.failed.all()
        ]
        arrays = {name: np.concatenate([part[name] for part in parts], -1) for name in parts[0]}
        arrays["sources"] = np.frombuffer(
            bytes.fromhex("".join(hashes[place] for place in kept)), np.uint8
        ).reshape(len(kept), -1)
        self.images, self.iterations = images[kept], len(kept)
        self.state = {name: tf.Variable(array, trainable=False) for name, array in arrays.items()}
        self.state["iteration"] = tf.Variable(0, dtype=tf.int64, trainable=False)
        self._models = self._rebuilt = None

    def variables(self):
        """Return the models' weights, their sources' hashes and the iteration, by name."""
        return self.state

    def run(self, count):
        """Measure the next `count` models; return the mean of their errors."""
        first = int(self.state["iteration"].numpy())
        self.state["iteration"].assign_add(count)
        real = to_unit(self.images[first : first + count]).numpy()
        if self._rebuilt is None:  # all at once, since a block of models is computed together
            self._rebuilt = self._present().reconstructions()
        made = self._rebuilt[first : first + count]
        return {"reconstruction": float(np.sqrt(((made - real) ** 2).mean((1, 2, 3))).mean())}

    def preview(self):
        """Return real images, reconstructions and six samples, a row for each of eight models."""
        models = self._present()
        made = models.draw(PREVIEWED - 2, (0, PREVIEW_SEED))  # (6, K, size, size, 3)
        columns = to_uint8(np.concatenate([models.reconstructions()[None], made])).numpy()
        rows = np.concatenate([self.images[None], columns])[:, :PREVIEWED].swapaxes(0, 1)
        return rows.reshape(-1, *rows.shape[2:])

    def sampler(self):
        """Return the `SinGANSampler` of all models."""
        return SinGANSampler(self.settings, {self.class_name: self._present()})

    def _present(self):
        if self._models is None:
            arrays = {name: variable.numpy() for name, variable in self.state.items()}
            self._models = Models(self.settings, arrays)
        return self._models


def _arrays(phases):
    """Return what images of a pack are made from, arrays by name; the last axis is the models'."""
    found = {"fixed_noise": phases[0].level.fixed_noise.numpy()}
    for phase in phases:
        scale = phase.level.scale.number
        found[f"scale-{scale}/amplitude"] = phase.amplitude.numpy()
        for name, weight in named(phase.level.generator).items():
            found[f"scale-{scale}/{name}"] = weight.numpy()
    return found

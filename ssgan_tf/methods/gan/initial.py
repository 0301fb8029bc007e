"""Trainings that begin with trained networks, the critic's lowest layers perhaps kept as they are.

A generator that has learnt from many images of one kind needs few of another. With the lowest
layers of its critic fixed it overfits later: S. Mo, M. Cho, J. Shin, "Freeze the Discriminator: a
Simple Baseline for Fine-Tuning GANs" (2020), section 3.
"""

import hashlib
import logging
from pathlib import Path

import numpy as np

from ssgan_tf.device.precision import dtype_policy
from ssgan_tf.errors import UserError
from ssgan_tf.methods.gan.build import build
from ssgan_tf.methods.gan.state import named_weights
from ssgan_tf.runs.provenance import learnt_from
from ssgan_tf.runs.run_directory import TRAINED, RunDirectory

RANDOM = "random"  # the setting `init` of networks that begin with random weights
ROLES = ("generator", "critic")
MOST_NAMES = 12  # layers that the line of what does not fit names


class Source:
    """The trained networks of a run, or one of them.

    Args:
        path: a run directory, or the folder of one of its networks.

    Attributes:
        names: of the networks, sorted.
        image_size: of their images.
        learnt_from: hashes of the images that the run has learnt from, dict from class to list.

    Raises:
        UserError: there is no run, or it holds no checkpoint.
    """

    def __init__(self, path):
        self.path, folder = path, Path(path).absolute()
        of_network = (folder / "checkpoints").is_dir()
        self.run = RunDirectory(folder.parent if of_network else folder, "--init")
        try:
            config = self.run.config(TRAINED)
        except UserError as error:
            raise UserError(f"--init: {error}") from None
        self.image_size = config["settings"].get("image_size")
        self.learnt_from = learnt_from(config["data"])
        self.names = self.run.networks()
        if of_network:
            self.names = [name for name in self.names if name == folder.name]
        if not self.names:
            raise UserError(f"--init: {path} holds no checkpoint yet; train it, or name another")

    def name_for(self, job):
        """Return the network that a job begins with: its namesake, or else the first."""
        return job if job in self.names else self.names[0]

    def weights(self, name):
        """Return the iterations behind a network, and its weights by name."""
        wanted = tuple(f"{role}/" for role in (*ROLES, "average"))
        loaded = self.run.checkpoints(name).load(only=lambda key: key.startswith(wanted))
        return loaded[:2]

    def fingerprint(self):
        """Return a short SHA-256 of the weights of all networks, with what it is."""
        digest = hashlib.sha256()
        for name in self.names:
            arrays = self.weights(name)[1]
            for key in sorted(arrays):
                digest.update(f"{name} {key} {arrays[key].shape}".encode())
                digest.update(np.ascontiguousarray(arrays[key]).data)
        return f"sha256 {digest.hexdigest()[:16]}"


class Initial:
    """What the networks of a method begin with: the weights of another run.

    Args:
        path: see `Source`; or, where a run is only sampled from, the fingerprint that it recorded.
    """

    def __init__(self, path):
        self.path = path
        self.learnt_from = {}  # hashes of images by class, once the source was found
        self.recorded = None  # file and fingerprint that the run has, where it goes on
        self._fingerprint = None

    def fingerprint(self, method):
        """Make sure that the weights fit; return what the run records of them.

        A run that goes on needs its source no more, so this is what it has recorded where that is
        gone.

        Args:
            method: the `GAN` that begins with them.

        Raises:
            UserError: there are none, or they are those of another kind of network.
        """
        try:
            source = Source(self.path)
        except UserError:
            if self.recorded is None or self.recorded[0] != self.path:
                raise
            self._fingerprint = self.recorded[1]
            return self._fingerprint
        with dtype_policy("float32"):
            self.check(method, source, build(method, 2 if method.conditional else 1))
        self._fingerprint, self.learnt_from = source.fingerprint(), source.learnt_from
        return self._fingerprint

    def check(self, method, source, networks):
        """Return the names of weights that nothing fits, a list.

        Args:
            method: the `GAN` that makes the networks.
            source: the `Source`.
            networks: `Networks`, untrained, their weights made.

        Raises:
            UserError: no layer fits, the images have another size, or the critic has fewer layers
                than are to be kept.
        """
        lowest(method, networks.critic)
        size = method.settings.image_size
        if source.image_size != size:
            raise UserError(
                f"--init: {self.path} was trained on images of {source.image_size} pixels and "
                f"--image_size is {size}; use --image_size {source.image_size} or another run"
            )
        found, left = fitting(networks, source.weights(source.names[0])[1])
        learnt = {
            key for role, network in zip(ROLES, networks, strict=True)
            for key in named_weights(role, network.trainable_variables)
        }  # fmt: skip
        # Numbers and vectors, such as a bias of three colours, fit by chance.
        if not any(key in learnt and array.ndim > 1 for key, array in found.items()):
            raise UserError(
                f"--init: no layer of {self.path} fits a network of {method.name} with these "
                "settings; use the method and the --base_channels of that run"
            )
        return left

    def begin(self, step, job):
        """Give untrained networks the weights that fit; say in one line what does not.

        Args:
            step: the `TrainingStep`, before its first iteration.
            job: name of the job that it trains.

        Raises:
            UserError: the weights are gone, or are others than when the run began.
        """
        try:
            source = Source(self.path)
        except UserError as error:
            raise UserError(f"{error}: {job} has not begun to train and needs it") from None
        if self._fingerprint not in (None, source.fingerprint()):
            raise UserError(
                f"--init: {self.path} has been trained on since this run began, and {job} was to "
                "begin with its former weights; use --overwrite to start anew"
            )
        name = source.name_for(job)
        iterations, arrays = source.weights(name)
        found, left = fitting((step.generator, step.critic), arrays)
        targets = [("generator", step.generator), ("critic", step.critic)]
        if step.average is not None:
            targets.append(("generator", step.average))
        for role, network in targets:
            for key, variable in named_weights(role, network.variables).items():
                if key in found:
                    variable.assign(found[key])
        logging.getLogger(__name__).log(
            logging.WARNING if left else logging.INFO,
            "%s begins with %s of %s, iteration %d; %s", job, name, self.path, iterations,
            describe(left),
        )  # fmt: skip

    def plan(self, method, networks, job_names):
        """Return in words what the jobs begin with.

        Args:
            method: the `GAN`.
            networks: `Networks` like those of the jobs.
            job_names: of the jobs.

        Raises:
            UserError: there is nothing to begin with, or as `check`.
        """
        source = Source(self.path)
        left = self.check(method, source, networks)
        pairs = ", ".join(f"{name} from {source.name_for(name)}" for name in job_names)
        frozen = method.settings.freeze
        return f"{self.path} ({pairs}); {describe(left)}" + (
            f"; the {frozen} lowest critic layers stay as they are" if frozen else ""
        )


def fitting(networks, arrays):
    """Return what of a checkpoint fits networks, by name and shape.

    Args:
        networks: `Networks`, their weights made.
        arrays: weights by name, as a checkpoint has them.

    Returns:
        arrays by the names of `named_weights`, a generator's from the average where there is one;
        names of weights that nothing fits, a list.
    """
    found, left = {}, []
    for role, network in zip(ROLES, networks, strict=True):
        for key, variable in named_weights(role, network.variables).items():
            averaged = f"average/{key.removeprefix('generator/')}"
            array = arrays.get(averaged if role == "generator" else key, arrays.get(key))
            if array is not None and tuple(array.shape) == tuple(variable.shape):
                found[key] = array
            else:
                left.append(key)
    return found, left


def describe(left):
    """Return in words which weights nothing fits, by their layers."""
    layers = list(dict.fromkeys(key.rpartition("/")[0] for key in left))
    if not layers:
        return "all of it fits"
    more = f" and {len(layers) - MOST_NAMES} more" if len(layers) > MOST_NAMES else ""
    return f"does not fit and begins at random: {', '.join(layers[:MOST_NAMES])}{more}"


def lowest(method, critic):
    """Return the critic's layers that `--freeze` keeps as they are, a list.

    Args:
        method: the `GAN`.
        critic: its critic, built; its `layers_by_stage` tells which are the lowest.

    Raises:
        UserError: the critic has not so many.
    """
    count = method.settings.freeze
    stages = critic.layers_by_stage() if hasattr(critic, "layers_by_stage") else []
    if count > len(stages):
        raise UserError(
            f"--freeze is {count}; the critic of {method.name} has {len(stages)} layers that can "
            f"be kept at {method.settings.image_size} pixels"
        )
    return [layer for stage in stages[:count] for layer in stage]


def freeze(method, critic):
    """Keep the weights of the `lowest` layers from being trained.

    Statistics of batches and the vectors of spectral normalisation are no weights: they go on.
    """
    for layer in lowest(method, critic):
        for variable in layer.trainable_variables:
            variable.trainable = False  # of the layer, it would also stop batch statistics

"""A whole training: every network of a method, into a run directory."""

import contextlib
import dataclasses
import gc
import logging
import math
import os
import zlib

import keras
import tensorflow as tf

from ssgan_tf.bounds import require_fields
from ssgan_tf.errors import UserError
from ssgan_tf.files import disk_errors
from ssgan_tf.jobs import share
from ssgan_tf.training import lost_worker
from ssgan_tf.training.batches import DeviceImages
from ssgan_tf.training.interruption import Interruption
from ssgan_tf.training.loop import Stopped, done_so_far, train_network
from ssgan_tf.training.precision import dtype_policy, resolve_for_gan
from ssgan_tf.training.provenance import make_config
from ssgan_tf.training.reporting import Progress
from ssgan_tf.training.run_directory import RunDirectory, default_run_path
from ssgan_tf.training.sampling import SampledGenerator, take_generators
from ssgan_tf.training.state import of_generators
from ssgan_tf.training.step import TrainingStep
from ssgan_tf.training.strategy import STRATEGIES, make_workers


@dataclasses.dataclass(frozen=True)
class Options:
    """What does not alter the result of training: how long, where, how often it reports.

    The exception is `jit`, which a run therefore keeps to.
    """

    iterations: int = 20_000  # generator updates per network
    minutes: float | None = None  # of training per network, at most
    run_dir: str | None = None  # by default runs/<data set>/<method>
    checkpoint_every: int = 500  # iterations; ten minutes without one make one too
    sample_every: int = 500  # iterations between sample grids
    log_every: int = 10  # iterations between lines of metrics.jsonl
    strategy: str = "none"  # "none", "mirrored" or "multi_worker"
    jobs: tuple = (1, 1)  # (i, n): train the i-th of n shares of the networks only
    jit: bool = False  # compile with XLA, for GPUs; draws other random numbers
    overwrite: bool = False  # begin anew, after moving the former run aside
    progress: bool = True  # show a bar

    def __post_init__(self):
        if self.run_dir is not None:
            object.__setattr__(self, "run_dir", os.fspath(self.run_dir))
        require_fields(self)
        if self.strategy not in STRATEGIES:  # before data sets are loaded
            raise UserError(
                f"--strategy is {self.strategy}; it must be one of {', '.join(STRATEGIES)}"
            )
        if self.jit and self.strategy != "none":
            raise UserError("--jit works with --strategy none only")
        if self.jobs[1] > 1 and self.overwrite:
            raise UserError(
                "--overwrite would move aside what the other --jobs do; move the run away yourself "
                "or choose another --run_dir"
            )
        if self.jobs[1] > 1 and self.strategy == "multi_worker":
            raise UserError(
                "--strategy multi_worker trains each network on all machines together and --jobs "
                "each on one; use one of the two"
            )

    @property
    def seconds(self):
        """The seconds that a network may be trained, infinity where `minutes` sets no limit."""
        return math.inf if self.minutes is None else 60.0 * self.minutes


class Interrupted(Exception):
    """A signal stopped the training after its state was saved; `exit_code` tells which."""

    def __init__(self, exit_code):
        super().__init__("training was stopped by a signal; its state is saved")
        self.exit_code = exit_code


def fit(method, image_set, *, held_out=None, **options):
    """Train a method on every image of an image set.

    There is one network per class, or one for all where the method is conditional.

    Runs where a former call with the same settings and run directory left off. Several processes
    may train into one run directory, each other networks.

    Args:
        method: the `GAN`; afterwards its `generators` hold one for each class (that `jobs` leave).
        image_set: the `ImageSet` to learn from, of the method's image size.
        held_out: the `ImageSet` of test images, recorded in the run so that `classify.py` can
            check for leaks.
        **options: see `Options`.

    Returns:
        the method.

    Raises:
        UserError: an option, the data or the run directory does not fit, a loss is not finite, or
            another machine is gone.
        Interrupted: SIGINT or SIGTERM; the state has been saved.
    """
    options = _make_options(options)
    settings = method.settings
    if image_set.images.shape[1] != settings.image_size:
        raise UserError(
            f"the images are {image_set.images.shape[1]} pixels wide and --image_size is "
            f"{settings.image_size}; load the data set with that size"
        )
    all_networks = method.networks_of(image_set.class_names)  # refuses too few before it writes
    networks = dict(share(all_networks.items(), options.jobs))
    if not networks:
        logging.getLogger(__name__).warning(
            "process %d of %d has nothing to train: networks in all: %d",
            *options.jobs, len(all_networks),
        )  # fmt: skip
        return method
    workers = make_workers(options.strategy, settings.batch_size)
    precision = resolve_for_gan(settings.precision)
    with workers.strategy.scope(), dtype_policy(precision):
        perceptual = method.build_perceptual()
    if perceptual and settings.vgg_weights == "random":
        logging.getLogger(__name__).warning(
            "RANDOM WEIGHTS in the perceptual network: fit for trying things out, not for results"
        )
    run = RunDirectory(options.run_dir or default_run_path(image_set.name, method.name))
    config = make_config(method, precision, perceptual, image_set, held_out, options)
    several = options.strategy == "multi_worker"
    with (
        lost_worker.named() if several else contextlib.nullcontext(),
        disk_errors(f"training into {run.path}"),
    ):
        writing = contextlib.nullcontext()
        if workers.chief:
            writing = run.begun(config, networks, options.overwrite)
        with writing:
            _fit_networks(method, networks, image_set, perceptual, precision, options, run, workers)
    return method


def _make_options(options):
    known = [field.name for field in dataclasses.fields(Options)]
    for name in options:
        if name not in known:
            raise UserError(f"fit has no option {name!r}; it has {', '.join(known)}")
    return Options(**options)


def _fit_networks(method, networks, image_set, perceptual, precision, options, run, workers):
    found = {name: done_so_far(run.checkpoints(name)) for name in networks}
    done = {name: iterations for name, (iterations, _) in found.items()}
    left = sum(max(options.iterations - iterations, 0) for iterations in done.values())
    progress = Progress(
        options.iterations,
        method.settings.batch_size,
        left,
        options.progress and workers.chief,
    )
    with Interruption() as interruption:
        for place, (name, class_names) in enumerate(networks.items(), 1):
            images = image_set.with_classes(class_names)
            if done[name] >= options.iterations or found[name][1] >= options.seconds:
                progress.skip(name, place, len(networks), done[name])
                done[name], weights, _ = run.checkpoints(name).load(only=of_generators)
                sampled = SampledGenerator(method, images.counts())
                sampled.take(weights)
            else:
                with workers.strategy.scope(), dtype_policy(precision):
                    step = make_step(method, name, images, perceptual, options.jit)
                sampled = SampledGenerator(method, images.counts())
                progress.start(name, place, len(networks), done[name])
                try:
                    done[name] = train_network(
                        step, sampled, run, name, options, workers, interruption, progress
                    )
                except Stopped:
                    raise Interrupted(interruption.exit_code) from None
                finally:
                    progress.stop()
                del step
                gc.collect()  # the compiled step refers to itself; free its memory now
            take_generators(method, sampled, done[name])


def make_step(method, name, images, perceptual, jit=False):
    """Return the `TrainingStep` of a network, its weights drawn from the seed and its name.

    Args:
        method: the `GAN`.
        name: the network's, a key of `method.networks_of(...)`.
        images: the `ImageSet` of its classes.
        perceptual: what `method.build_perceptual()` returned.
        jit: compile with XLA.
    """
    settings = method.settings
    seed = (settings.seed, zlib.crc32(name.encode()) % 2**31)
    keras.utils.set_random_seed(zlib.crc32(f"{seed[0]} {name}".encode()))
    strategy = tf.distribute.get_strategy()
    data = DeviceImages(images.images, perceptual, settings.flip, strategy, images.labels)
    return TrainingStep(method, data, perceptual, seed, jit, len(images.class_names))

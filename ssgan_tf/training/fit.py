"""A whole training: every job of a method, phase by phase, into a run directory."""

import contextlib
import dataclasses
import gc
import logging
import math
import os

from ssgan_tf.bounds import require_fields
from ssgan_tf.device import lost_worker
from ssgan_tf.device.strategy import STRATEGIES, make_workers
from ssgan_tf.errors import UserError
from ssgan_tf.files import disk_errors
from ssgan_tf.jobs import share
from ssgan_tf.methods.contract import Job, Trained
from ssgan_tf.metrics.inception import require_known
from ssgan_tf.runs.interruption import Interrupted, Interruption
from ssgan_tf.runs.run_directory import RunDirectory, default_run_path
from ssgan_tf.runs.state import export
from ssgan_tf.training.config import make_config, recorded_weights
from ssgan_tf.training.loop import Stopped, progress_of, train_phase
from ssgan_tf.training.reporting import Progress
from ssgan_tf.training.scoring import Judge, open_network, require_same


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
    evaluate_every: int | None = None  # iterations between scores by FID; None: no scores
    evaluate_images: int | None = None  # generated for a score, per class; by default as real ones
    inception: str = "auto"  # network of the scores: downloaded once, or a file
    features: str = "pool_3"  # of that network; FID's own, or a key of its `FEATURES`
    strategy: str = "none"  # "none", "mirrored" or "multi_worker"
    jobs: tuple = (1, 1)  # (i, n): train the i-th of n shares of the networks only
    jit: bool = False  # compile with XLA, for GPUs; draws other random numbers
    overwrite: bool = False  # begin anew, after moving the former run aside
    progress: bool = True  # show a bar

    def __post_init__(self):
        if self.run_dir is not None:
            object.__setattr__(self, "run_dir", os.fspath(self.run_dir))
        require_fields(self)
        require_known(self.features)
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


def fit(method, image_set, *, held_out=None, source=None, **options):
    """Train a method on every image of an image set.

    Runs where a former call with the same settings and run directory left off. Several processes
    may train into one run directory, each other jobs.

    Args:
        method: the `Method`.
        image_set: the `ImageSet` to train on, of the method's image size.
        held_out: the `ImageSet` of test images, recorded in the run so that `classify.py` can
            check for leaks.
        source: name or folder of the data set and the folder of named ones, recorded so that
            methods that change real images find them again; by default the data set's name.
        **options: see `Options`.

    Returns:
        the `Sampler` of the classes that were trained (those that `jobs` leave).

    Raises:
        UserError: an option, the data or the run directory does not fit, a loss is not finite, or
            another machine is gone.
        Interrupted: SIGINT or SIGTERM; the state has been saved.
    """
    options = _make_options(options)
    size = method.settings.image_size
    if image_set.images.shape[1] != size:
        raise UserError(
            f"the images are {image_set.images.shape[1]} pixels wide and --image_size is "
            f"{size}; load the data set with that size"
        )
    all_jobs = method.jobs(image_set.class_names)  # refuses too few classes before it writes
    jobs = dict(share(all_jobs.items(), options.jobs))
    if not jobs:
        logging.getLogger(__name__).warning(
            "process %d of %d has nothing to train: networks in all: %d",
            *options.jobs, len(all_jobs),
        )  # fmt: skip
        return method.sampler({}, lambda: image_set)
    workers = make_workers(options.strategy, method.images_per_step)
    network = open_network(options) if workers.chief else None
    run = RunDirectory(options.run_dir or default_run_path(image_set.name, method.name))
    method.recall({} if options.overwrite else recorded_weights(method, run))
    with workers.strategy.scope():
        config = make_config(method, image_set, held_out, options, source)
    several = options.strategy == "multi_worker"
    with (
        lost_worker.named() if several else contextlib.nullcontext(),
        disk_errors(f"training into {run.path}"),
    ):
        writing = contextlib.nullcontext()
        if workers.chief:
            writing = run.begun(config, jobs, options.overwrite)
        with writing:
            trained = _fit_jobs(method, jobs, image_set, options, run, workers, network)
    return method.sampler(trained, lambda: image_set)


def _make_options(options):
    known = [field.name for field in dataclasses.fields(Options)]
    for name in options:
        if name not in known:
            raise UserError(f"fit has no option {name!r}; it has {', '.join(known)}")
    return Options(**options)


def _fit_jobs(method, jobs, image_set, options, run, workers, network):
    """Train jobs that are not finished; return what is `Trained` of each.

    `network` is the `Inception` that scores them, or None.
    """
    last = method.last_phase
    found = dict.fromkeys(jobs, (0, False, True))
    if last is not None:
        found = {name: progress_of(run.checkpoints(name, last), options) for name in jobs}
    left = sum(max(options.iterations - done, 0) for done, whole, _ in found.values() if not whole)
    judges = {}
    if network is not None and last is not None:
        # Before signals wait for a step to end, for a large data set takes minutes.
        unfinished = [name for name in jobs if not found[name][1]]
        judges = _judges(network, jobs, unfinished, image_set, options, run, last)
    progress = Progress(len(jobs), left, options.progress and workers.chief)
    trained = {}
    with Interruption() as interruption:
        for place, (name, class_names) in enumerate(jobs.items(), 1):
            images = image_set.with_classes(class_names)
            done, whole, counted = found[name]
            held = {}
            if whole:
                progress.skip(name, place, done, counted)
            else:
                job = Job(name, images, options.jit)
                try:
                    done = _train(method, job, place, options, run, workers, interruption,
                                  progress, held, judges.get(name))  # fmt: skip
                except Stopped:
                    raise Interrupted(interruption.exit_code) from None
            trained[name] = Trained(images.counts(), done, _reader(run, name, held))
    return trained


def _judges(network, jobs, unfinished, image_set, options, run, last):
    """Return the `Judge` of each unfinished job; refuse other scores than it had before."""
    judges = {}
    for name in unfinished:
        images = image_set.with_classes(jobs[name])
        judges[name] = Judge(network, images, options.evaluate_images, progress=options.progress)
        require_same(run.best(name, last), judges[name].by, name)
    return judges


def _train(method, job, place, options, run, workers, interruption, progress, held, judge):
    """Train the phases of a job; return the iterations of the last one.

    `held` is filled with what phases end with, where this process writes no files of it.
    """
    done, phases = 0, method.phases(job)
    while True:
        with workers.strategy.scope():
            phase = next(phases, None)
        if phase is None:
            gc.collect()  # a compiled step refers to itself; free its memory now
            return done
        done = train_phase(
            phase, run, job.name, place, options, workers, interruption, progress,
            judge if phase.name == method.last_phase else None,  # images are made of that one
        )  # fmt: skip
        if not workers.chief:
            held[phase.name] = export(phase.variables())
        del phase
        gc.collect()


def _reader(run, name, held):
    """Return the function `weights` of a `Trained`."""

    def weights(phase="", only=None):
        if phase not in held:
            return run.weights(name, phase, only)
        return {key: value for key, value in held[phase].items() if only is None or only(key)}

    return weights

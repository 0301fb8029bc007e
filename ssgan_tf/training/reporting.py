"""What a training shows while it runs: a progress bar, TensorBoard, metrics and sample grids."""

import collections
import contextlib
import errno
import logging
import math
import os
import re
import shutil
import sys
import time

import numpy as np
import tensorflow as tf
from PIL import Image
from tqdm import tqdm

from ssgan_tf import plots
from ssgan_tf.files import write_atomically
from ssgan_tf.progress import progress_bar
from ssgan_tf.runs.metrics_log import MetricsLog, read_metrics

MOST_FRAMES = 60  # of progress.gif
GRID = re.compile(r"\d{6,}\.png")  # the name of a sample grid
_log = logging.getLogger(__name__)


class Report:
    """The records of a phase of a training, written into its folder of the run.

    Args:
        run: the `RunDirectory`.
        name: the job's.
        phase: the phase's name.
        step: iterations done so far; records after it are dropped, for they will come again.
        window: sums of losses since the last log step, as `window` returned them when saved.
    """

    def __init__(self, run, name, phase="", step=0, window=None):
        self.samples = run.sample_directory(name, phase)
        self.directory = run.phase_directory(name, phase)
        self.metrics_path = run.metrics_path(name, phase)
        self.samples.mkdir(parents=True, exist_ok=True)
        for picture in self._pictures():
            if int(picture.stem) > step:
                picture.unlink()
        self.metrics = MetricsLog(self.metrics_path)
        self.metrics.truncate(step)
        self.board = tf.summary.create_file_writer(str(self.directory))
        self.sums = dict(window or {})

    @property
    def window(self):
        """The sums of losses since the last log step, to be kept with a checkpoint."""
        return dict(self.sums)

    def add(self, losses, count):
        """Take in the mean losses of `count` iterations."""
        for name, value in {**losses, "iterations": 1.0}.items():
            self.sums[name] = self.sums.get(name, 0.0) + value * count

    def log(self, step, images_per_second):
        """Write the means since the last log step to `metrics.jsonl` and TensorBoard."""
        count = self.sums.pop("iterations")
        means = {name: total / count for name, total in self.sums.items()}
        self.sums = {}
        self.metrics.write(step, **means, images_per_second=round(images_per_second, 2))
        with self._board(step):
            for name, value in means.items():
                tf.summary.scalar(name, value)
            tf.summary.scalar("images_per_second", images_per_second)

    def score(self, step, name, value):
        """Write the score of a step to its line of `metrics.jsonl` and to TensorBoard."""
        self.metrics.add(step, **{name: value})
        with self._board(step):
            tf.summary.scalar(name, value)

    def show(self, step, images, columns=None):
        """Write a grid of samples, uint8 `(count, size, size, 3)`, as PNG and to TensorBoard.

        None writes none. Without `columns` the grid is about square.
        """
        if images is None:
            return
        grid = plots.image_grid(images, columns)
        path = self.samples / f"{step:06d}.png"
        write_atomically(path, lambda file: plots.write_png(file, grid))
        with self._board(step):
            tf.summary.image("samples", grid[None])

    @contextlib.contextmanager
    def _board(self, step):
        """Write summaries of a step; a disk that refuses is the `OSError` that files raise."""
        try:
            with self.board.as_default(step=step):
                yield
            self.board.flush()
        except tf.errors.ResourceExhaustedError as error:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(self.directory)) from error

    def _pictures(self):
        """Return the sample grids in their order; other pictures are somebody else's."""
        grids = (path for path in self.samples.iterdir() if GRID.fullmatch(path.name))
        return sorted(grids, key=lambda path: int(path.stem))

    def __enter__(self):
        """Return the report, which is closed at the end of the block."""
        return self

    def __exit__(self, kind, *_):
        """Close; what failed in the block is not hidden by what then fails here."""
        try:
            self.close()
        except Exception as error:
            if kind is None:
                raise
            _log.warning("cannot conclude the records of %s: %s", self.directory, error)

    def close(self):
        """Write `progress.gif` and `curves.png` from what was recorded, and close."""
        self.board.close()
        pictures = self._pictures()
        if pictures:
            kept = np.unique(np.linspace(0, len(pictures) - 1, MOST_FRAMES).round().astype(int))
            frames = _of_one_size([pictures[place] for place in kept])
        if pictures and frames:
            write_atomically(
                self.directory / "progress.gif", lambda file: plots.write_gif(file, frames, 0.25)
            )
        records = read_metrics(self.metrics_path)
        if records:
            write_atomically(
                self.directory / "curves.png",
                lambda file: plots.write_curves(file, {self.directory.name: records}),
            )


def _of_one_size(pictures):
    """Return the pictures that can be read, uint8 `(height, width, 3)`, of the most common size."""
    frames = []
    for path in pictures:
        try:
            with Image.open(path) as picture:
                frames.append(np.asarray(picture.convert("RGB")))
        except Exception as error:  # Pillow's decoders raise nearly every kind on damaged data
            _log.warning("%s is left out of progress.gif: %s", path, error)
    sizes = collections.Counter(frame.shape for frame in frames)
    return [frame for frame in frames if frame.shape == sizes.most_common(1)[0][0]]


#: What losses are called in the bar; of a phase that has none of these, all have their names.
SHORT = {"critic_loss": "D", "generator_loss": "G", "wasserstein": "W", "class_loss": "C"}


class Progress:
    """One bar for the phase at hand, with the time left for it and for all jobs.

    Args:
        jobs: how many there are.
        left: iterations still to do over all jobs, of those that the user decides on.
        enabled: False shows nothing.
    """

    def __init__(self, jobs, left, enabled=True):
        self.jobs, self.left, self.enabled = jobs, left, enabled
        self.images_per_iteration, self.later, self.name = 1, 0.0, ""
        self.iterations = self.counted = None
        self.seconds_per_iteration = None
        self.bar = self.shown_at = None
        self.losses, self.scores, self.pace = [], [], []  # words behind the bar

    def start(self, name, place, phase, iterations, done):
        """Begin the bar of a phase.

        Args:
            name: the job's.
            place: of the job, from 1.
            phase: the `Phase`.
            iterations: that it will have in the end.
            done: that it has.
        """
        if phase.iterations is not None or phase.images_per_iteration != self.images_per_iteration:
            self.seconds_per_iteration = None  # another phase's would mislead
        self.iterations, self.counted = iterations, phase.iterations is None
        self.images_per_iteration = phase.images_per_iteration
        self.later = phase.later
        self.losses, self.scores, self.pace = [], [], []
        words = f"{name}, {phase.name}" if phase.name else name
        self.name = name
        self.bar = progress_bar(
            self.iterations,
            f"{words} ({place}/{self.jobs})",
            shown=self.enabled,
            initial=done,
            ncols=min(shutil.get_terminal_size((140, 20)).columns, 160),
            bar_format="{desc} {percentage:3.0f}%|{bar:20}| {n_fmt}/{total_fmt} "
            "[{elapsed}<{remaining}{postfix}]",
        )

    def skip(self, name, place, done, counted=True):
        """Say that a job is trained already.

        Args:
            name: the job's.
            place: of the job, from 1.
            done: iterations that it has.
            counted: the user says how many it is to have, and may want more.
        """
        words = "is trained already"
        if counted:
            words = f"has {done} iterations already; raise --iterations (or --minutes) to go on"
        if self.enabled:
            print(f"{name} ({place}/{self.jobs}) {words}", file=sys.stderr)

    def update(self, count, seconds, losses, seconds_left=math.inf):
        """Take in `count` iterations that took `seconds`, and their mean losses.

        Args:
            count: iterations.
            seconds: that they took.
            losses: dict by name.
            seconds_left: that the phase may be trained, where it has a limit.
        """
        pace = seconds / count
        former = self.seconds_per_iteration or pace
        self.seconds_per_iteration = 0.8 * former + 0.2 * pace
        self.left -= count * self.counted
        words = {name: word for name, word in SHORT.items() if name in losses}
        words = words or {name: name for name in losses}
        self.losses = [f"{word} {losses[name]:.3g}" for name, word in words.items()]
        self.pace = [f"{self.images_per_second:.3g} img/s"]
        if seconds_left < math.inf:
            ahead = max(seconds_left, 0) / self.seconds_per_iteration
            self.bar.total = min(self.iterations, self.bar.n + count + round(ahead))
        elif self.counted:
            left = int(self.left * self.seconds_per_iteration)
            self.pace.append(f"all {tqdm.format_interval(left)}")
        elif self.later:
            left = self.later + self.iterations - self.bar.n - count
            left = int(left * self.seconds_per_iteration)
            self.pace.append(f"all of {self.name} {tqdm.format_interval(left)}")
        self._say(refresh=False)
        self.bar.update(count)

    def scoring(self, name, made, wanted):
        """Show that a score is being measured, of which `made` of `wanted` images are there."""
        if self.bar.disable:
            return
        now = time.perf_counter()
        if made == 0 or now - self.shown_at >= self.bar.mininterval:
            self.bar.set_postfix_str(f"measuring {name}: {made} of {wanted} images")
            self.shown_at = now

    def scored(self, name, value, best):
        """Take in a score, None for none yet, and the best one so far, to be shown from now on."""
        last = [] if value is None else [f"{name} {value:.4g}"]
        self.scores = [*last, f"best {best:.4g}"] if last else [f"best {name} {best:.4g}"]
        self._say()

    def _say(self, refresh=True):
        self.bar.set_postfix_str(", ".join(self.losses + self.scores + self.pace), refresh)

    @property
    def images_per_second(self):
        """Real images that iterations show a second."""
        return self.images_per_iteration / max(self.seconds_per_iteration, 1e-9)

    def stop(self):
        """End the bar of the phase."""
        self.bar.close()


class Stopwatch:
    """Measures seconds from lap to lap."""

    def __init__(self):
        self.start = time.perf_counter()

    @property
    def seconds(self):
        """Seconds since the last lap."""
        return time.perf_counter() - self.start

    def lap(self):
        """Return the seconds since the last lap and begin another."""
        seconds = self.seconds
        self.start += seconds
        return seconds

"""The loop of one phase: call it, log, save, stop when asked."""

import contextlib
import math

from ssgan_tf.errors import UserError
from ssgan_tf.runs.state import assign, export
from ssgan_tf.training.reporting import Report, Stopwatch
from ssgan_tf.training.scoring import scores_of

SECONDS_PER_CALL = 2.0  # so that the bar moves and Ctrl-C is heard soon
SECONDS_PER_CHECKPOINT = 600.0  # the most work that a crash can cost


class Stopped(Exception):
    """Training was asked to stop, and has saved its state."""


def train_phase(phase, run, job, place, options, workers, interruption, progress, judge=None):
    """Train a phase up to its iterations, from its last checkpoint if it has one.

    One that leaves the iterations to the user has `options.iterations`. It ends sooner where
    `options.minutes` of training have passed, those before the checkpoint included.

    Args:
        phase: the `Phase`, untrained.
        run: the `RunDirectory`.
        job: name of the job, whose folder of the run to write to.
        place: of the job among all, from 1, for the bar.
        options: the `Options`.
        workers: the `Workers`; only the chief writes.
        interruption: the `Interruption` that hears signals.
        progress: the `Progress`.
        judge: the `Judge` that scores the training, if any; only the chief has one.

    Returns:
        the iterations done.

    Raises:
        Stopped: a signal asked for it; the state has been saved.
        UserError: a loss is not finite, or the checkpoint does not fit.
    """
    checkpoints = run.checkpoints(job, phase.name)
    saved = checkpoints.latest()
    done, metadata = 0, {}
    if saved:
        done, arrays, metadata = saved
        assign(phase.variables(), arrays)
    iterations, seconds_in_all = _budget(phase, options)
    trained = metadata.get("seconds", 0.0)
    over = done >= iterations or workers.any(trained >= seconds_in_all)
    unscored = is_unscored(metadata, options)
    if over and not unscored:
        return done
    kept = done  # iterations that the last checkpoint holds
    pace = None  # seconds per iteration of the last call
    window = metadata.get("window")
    report = Report(run, job, phase.name, done, window) if workers.chief else None

    def describe():
        """Return the metadata of a checkpoint of the present state."""
        described = {"window": report.window, "seconds": trained}
        if phase.iterations is not None:
            described["iterations"] = phase.iterations
        return described | ({"unscored": True} if unscored else {})

    progress.start(job, place, phase, iterations, done)
    try:
        phase.prepare()
        with report or contextlib.nullcontext():
            scores = scores_of(
                phase, judge, job, run.best(job, phase.name), report, interruption, progress
            )
            if scores and unscored:  # what a signal has prevented
                unscored = False
                unscored = not scores.take(done, describe())
                if not unscored:
                    checkpoints.save(done, export(phase.variables()), describe())
            watch, since_checkpoint = Stopwatch(), Stopwatch()
            while done < iterations and not over:
                stop = workers.any(interruption.requested)
                if not stop:
                    count = _iterations_ahead(done, iterations, options, pace, workers)
                    losses = phase.run(count)
                    _check_finite(losses, job, done + count, kept)
                    done += count
                    unscored = False
                    seconds = watch.lap()
                    trained += seconds
                    pace = seconds / count
                    progress.update(count, seconds, losses, seconds_in_all - trained)
                # Workers need not tell each other the time where it does not matter.
                over = seconds_in_all < math.inf and workers.any(trained >= seconds_in_all)
                last = done == iterations or over
                if report and not stop:
                    report.add(losses, count)
                    if _due(done, options.log_every) or last:
                        report.log(done, progress.images_per_second)
                    if last or _due(done, options.sample_every):
                        report.show(done, phase.preview(), phase.columns)
                    if scores and (last or _due(done, options.evaluate_every)):
                        unscored = not scores.take(done, describe())
                overdue = since_checkpoint.seconds > SECONDS_PER_CHECKPOINT
                if done > kept and (
                    stop or last or overdue or _due(done, options.checkpoint_every)
                ):
                    if report:
                        checkpoints.save(done, export(phase.variables()), describe())
                    kept = done
                    since_checkpoint.lap()
                if stop:
                    raise Stopped
                watch.lap()
            # A signal while the last state was scored; elsewhere the loop has heard it.
            if options.evaluate_every and workers.any(scores and unscored):
                raise Stopped
    finally:
        progress.stop()
    return done


def is_unscored(metadata, options):
    """Return whether a checkpoint's state was to be scored, and a signal prevented it."""
    return options.evaluate_every is not None and metadata.get("unscored", False)


def seconds_of_training(checkpoints):
    """Return the seconds of training behind the newest checkpoint; 0 where there is none."""
    _, metadata = checkpoints.newest_description() or (0, {})
    return metadata.get("seconds", 0.0)


def progress_of(checkpoints, options):
    """Return what lies behind the newest checkpoint of a phase.

    Args:
        checkpoints: the `Checkpoints`.
        options: the `Options`.

    Returns:
        the iterations, whether that is all that it takes, and whether the user says how many that
        are; 0, False and True where there is no checkpoint.
    """
    newest = checkpoints.newest_description()
    if newest is None:
        return 0, False, True
    done, metadata = newest
    counted = "iterations" not in metadata
    if counted:
        over = done >= options.iterations or metadata.get("seconds", 0.0) >= options.seconds
    else:
        over = done >= metadata["iterations"]
    return done, over and not is_unscored(metadata, options), counted


def _budget(phase, options):
    """Return the iterations and the seconds that a phase may take."""
    if phase.iterations is not None:
        return phase.iterations, math.inf
    return options.iterations, options.seconds


def _due(done, every):
    return done % every == 0


def _iterations_ahead(done, iterations, options, pace, workers):
    """Return how many iterations the next call may run without passing anything that is due."""
    dues = (
        options.log_every, options.sample_every, options.checkpoint_every, options.evaluate_every,
    )  # fmt: skip
    ahead = min(iterations - done, *(every - done % every for every in dues if every))
    if workers.count > 1:  # all must choose alike, and their clocks differ
        return ahead
    return 1 if pace is None else max(1, min(ahead, int(SECONDS_PER_CALL / pace)))


def _check_finite(losses, name, done, kept):
    wrong = [name for name, value in losses.items() if not math.isfinite(value)]
    if wrong:
        raise UserError(
            f"{name}: {wrong[0]} is not finite after iteration {done}; "
            f"training stopped, the checkpoint of iteration {kept} is kept. Try a smaller "
            "--learning_rate or --precision float32, in another --run_dir or with --overwrite"
        )

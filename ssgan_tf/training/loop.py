"""The loop of one network: call the compiled step, log, save, stop when asked."""

import contextlib
import math

import numpy as np

from ssgan_tf.errors import UserError
from ssgan_tf.training import sampling
from ssgan_tf.training.latents import draw_latents
from ssgan_tf.training.reporting import Report, Stopwatch
from ssgan_tf.training.state import export_state, of_generators, restore_state

SECONDS_PER_CALL = 2.0  # so that the bar moves and Ctrl-C is heard soon
SECONDS_PER_CHECKPOINT = 600.0  # the most work that a crash can cost
SAMPLES = 64  # images of a sample grid
SAMPLE_SEED = 2**31 - 1  # of the latents that every sample grid shows


class Stopped(Exception):
    """Training was asked to stop, and has saved its state."""


def train_network(step, sampled, run, name, options, workers, interruption, progress):
    """Train one network up to `options.iterations`, from its last checkpoint if it has one.

    It ends sooner where `options.minutes` of training have passed, those before the checkpoint
    included.

    Args:
        step: a fresh `TrainingStep`.
        sampled: the `SampledGenerator` that is shown; it is left with the final weights.
        run: the `RunDirectory`.
        name: the network's, whose folder of the run to write to.
        options: the `Options`.
        workers: the `Workers`; only the chief writes.
        interruption: the `Interruption` that hears signals.
        progress: the `Progress`, whose bar has been started.

    Returns:
        the iterations done.

    Raises:
        Stopped: a signal asked for it; the state has been saved.
        UserError: a loss is not finite, or the checkpoint does not fit.
    """
    checkpoints = run.checkpoints(name)
    saved = checkpoints.latest()
    done, metadata = 0, {}
    if saved:
        done, arrays, metadata = saved
        restore_state(step, arrays)
    report = Report(run, name, done, metadata.get("window")) if workers.chief else None
    trained = metadata.get("seconds", 0.0)
    over = workers.any(trained >= options.seconds)
    settings = step.settings
    latents = draw_latents(
        settings.noise, (SAMPLES, settings.latent_dim), (settings.seed, SAMPLE_SEED)
    )
    labels = np.sort(np.arange(SAMPLES) % step.classes)
    kept = done  # iterations that the last checkpoint holds
    pace = None  # seconds per iteration of the last call
    step.compile()
    watch, since_checkpoint = Stopwatch(), Stopwatch()
    with report or contextlib.nullcontext():
        while done < options.iterations and not over:
            stop = workers.any(interruption.requested)
            if not stop:
                count = _iterations_ahead(done, options, pace, workers)
                losses = step.run_iterations(count)
                _check_finite(losses, name, done + count, kept)
                done += count
                seconds = watch.lap()
                trained += seconds
                pace = seconds / count
                progress.update(count, seconds, losses, options.seconds - trained)
            # Workers need not tell each other the time where it does not matter.
            over = options.minutes is not None and workers.any(trained >= options.seconds)
            last = done == options.iterations or over
            if report and not stop:
                report.add(losses, count)
                if _due(done, options.log_every) or last:
                    report.log(done, progress.images_per_second)
            if not stop and (last or (report and _due(done, options.sample_every))):
                sampled.take(export_state(step, of_generators))
                if report:
                    report.show(done, sampling.generate(sampled.network, latents, labels))
            overdue = since_checkpoint.seconds > SECONDS_PER_CHECKPOINT
            if done > kept and (stop or last or overdue or _due(done, options.checkpoint_every)):
                if report:
                    metadata = {"window": report.window, "seconds": trained}
                    checkpoints.save(done, export_state(step), metadata)
                kept = done
                since_checkpoint.lap()
            if stop:
                raise Stopped
            watch.lap()
    return done


def done_so_far(checkpoints):
    """Return the iterations and the seconds of training behind the newest checkpoint.

    Both are 0 where there is none.
    """
    if checkpoints.latest_step() is None:
        return 0, 0.0
    step, _, metadata = checkpoints.load(only=lambda name: False)
    return step, metadata.get("seconds", 0.0)


def _due(done, every):
    return done % every == 0


def _iterations_ahead(done, options, pace, workers):
    """Return how many iterations the next call may run without passing anything that is due."""
    dues = (options.log_every, options.sample_every, options.checkpoint_every)
    ahead = min(options.iterations - done, *(every - done % every for every in dues))
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

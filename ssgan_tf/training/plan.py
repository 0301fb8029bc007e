"""What a training is going to do, said before it begins."""

import tensorflow as tf

from ssgan_tf.device.strategy import make_workers
from ssgan_tf.jobs import share
from ssgan_tf.runs.run_directory import default_run_path
from ssgan_tf.training.scoring import open_network


def describe_data(parts):
    """Return lines that say which images are trained on and which are held out.

    Args:
        parts: the `Split`.
    """
    trained_on, held = parts.train.counts(), parts.test.counts()
    width = max(len(name) for name in trained_on)
    lines = [f"{parts.train.name}: {len(trained_on)} classes, {parts.train.image_size} px"]
    lines += [
        f"  {name:{width}}  {count:5d} to train on, {held.get(name, 0):4d} held out"
        for name, count in trained_on.items()
    ]
    return "\n".join(lines)


def describe_plan(method, image_set, options):
    """Return lines with what a training will do, and its sizes and costs where there are some.

    Args:
        method: the `Method`.
        image_set: the images to train on.
        options: the `Options`.

    Raises:
        UserError: the devices or the network of the scores do not fit.
    """
    workers = make_workers(options.strategy, method.images_per_step)
    replicas = workers.strategy.num_replicas_in_sync
    all_jobs = method.jobs(image_set.class_names)
    names = share(all_jobs, options.jobs)
    folder = options.run_dir or default_run_path(image_set.name, method.name)
    shared = method.shared(image_set.class_names)
    kind = "one network for all classes" if shared else "each class by itself"
    with workers.strategy.scope():
        costs = method.plan(image_set, replicas)
    rows = [
        ("method", f"{method.name}, " + (kind if method.last_phase is not None else
         "which trains nothing")),
        ("device", f"{_device()}, {replicas} replica{'s' * (replicas > 1)}, {method.precision}"),
        *costs,
        *_scores(method, options),
        *_work(method, options, names),
        ("folder", str(folder)),
    ]  # fmt: skip
    width = max(len(name) for name, _ in rows)
    return "\n".join(f"{name:{width}}  {words}" for name, words in rows)


def _work(method, options, names):
    """Return the row of what is trained for how long, if anything is."""
    if method.last_phase is None:
        return []
    budget = f"{options.iterations} iterations"
    if options.minutes:
        budget += f" or {options.minutes:g} minutes"
    words = f"{budget} for each of {len(names)} networks: {', '.join(names)}"
    if hasattr(method.settings, "iterations"):  # of what they are, its own rows say
        words = f"to train: {', '.join(names)}"
    return [("work", words)]


def _scores(method, options):
    """Return the row of the scores, if some are asked for; refuse a wrong file of their network."""
    if options.evaluate_every is None or method.last_phase is None:
        return []
    if options.inception != "auto":  # which would be downloaded
        open_network(options)
    number = options.evaluate_images or "as many as there are to train on"
    return [(
        "scores",
        f"FID with Inception's {options.features} every {options.evaluate_every} iterations, "
        f"images per class: {number}; disk: one more checkpoint per network, the best",
    )]  # fmt: skip


def _device():
    gpus = tf.config.list_physical_devices("GPU")
    if not gpus:
        return "CPU"
    return tf.config.experimental.get_device_details(gpus[0]).get("device_name", "GPU")

"""What a comparison is going to do, and about how long it takes by what it has taken so far."""

from ssgan_tf.comparison.work import TRIED
from ssgan_tf.report import Table
from ssgan_tf.training.plan import describe_data


def describe(comparison):
    """Return lines: the data, the contestants with what is to be done, and about how long it takes.

    Where nothing has been trained yet, a training is tried out for a moment. Of other stages that
    no work has been through nothing is known, and the last line says so.
    """
    terms, todo = comparison.terms, {work: work.pending() for work in comparison.own_works}
    known, source = comparison.all_works, "what has been done here"
    training = next((work for work, stages in todo.items() if "train" in stages), None)
    if training and time_left({training: ["train"]}, known)[1]:
        comparison.seconds_an_update = training.seconds_an_update()
        source = f"{TRIED} seconds of training {training.label} just now"
    update = comparison.seconds_an_update
    each = {work: time_left({work: stages}, known, update) for work, stages in todo.items()}
    rows = [
        [
            work.label, work.name, _changes(work), _training(work),
            ", ".join(todo[work]) or "nothing, it is done", in_words(seconds) if seconds else "",
        ]
        for work, (seconds, _) in each.items()
    ]  # fmt: skip
    pending = [stage for stages in todo.values() for stage in stages]
    classifiers = sum(
        len(work.classifiers) - len(work.finished_classifiers())
        for work, stages in todo.items() if "classify" in stages
    )  # fmt: skip
    trainings = f"{pending.count('train')} members to train"
    if terms.seeds > 1:
        trainings = (
            f"{pending.count('train')} trainings to do, with {terms.seeds} seeds for each member"
        )
    images = pending.count("generate") * terms.per_class * len(comparison.images.class_names)
    lines = [
        describe_data(comparison.parts),
        f"Budget of each member: {terms.budget}",
        Table(["member", "name", "settings", "training", "to do", "time"], rows).text(),
        f"In all: {trainings}; {images:,} images to make, {terms.per_class} of each class; "
        f"{classifiers} classifiers to train",
    ]
    i, n = comparison.jobs
    if n > 1:
        lines.append(f"These are the members of process {i} of {n}; others do the others")
    if pending:
        lines.append(f"Time, a guess by {source}: {left(todo, known, update)}")
    return "\n".join(lines)


def left(todo, works, update=None):
    """Return `time_left` in words: "about 3 h, without classify, since ..."."""
    seconds, unknown = time_left(todo, works, update)
    if not unknown:
        return in_words(seconds)
    missing = f"{', '.join(unknown)}, since none has been done here yet"
    return f"{in_words(seconds)}, without {missing}" if seconds else f"not known for {missing}"


def time_left(todo, works, update=None):
    """Return the seconds that stages are going to take, and those stages that cannot be told.

    Args:
        todo: dict from `Work`s to names of stages.
        works: all `Work`s of the comparison, whose times tell. A training takes as long as those
            of the same method have taken, else as all others.
        update: seconds of an update, where none has been trained yet.
    """
    total, unknown = 0.0, {}
    for work, stages in todo.items():
        for stage in stages:
            seconds = _seconds(work, stage, works, update)
            if seconds is None:
                unknown[stage] = True
            else:
                total += seconds
    return total, list(unknown)


def in_words(seconds):
    """Return a time such as "about 1 h 20 min"."""
    minutes = round(seconds / 60)
    if seconds < 60:
        return "less than a minute"
    if minutes < 60:
        return f"about {minutes} min"
    hours, minutes = divmod(minutes, 60)
    if hours >= 48:
        return f"about {hours / 24:.1f} days"
    return f"about {hours} h" + (f" {minutes} min" if minutes and hours < 10 else "")


def _seconds(work, stage, works, update):
    """Return the seconds that a stage of a work is going to take, or None."""
    minutes = work.comparison.terms.minutes
    if stage == "train" and minutes is not None:
        return max(60 * minutes - work.state()["seconds"].get("train", 0), 0)
    taken = {one: one.state()["seconds"].get(stage, 0) for one in works}
    timed = [one for one in works if taken[one] and one.progress(stage)[0]]
    if stage == "train":
        timed = [one for one in timed if one.method.name == work.method.name] or timed
    rate = update if stage == "train" else None
    if timed:
        rate = sum(taken[one] for one in timed) / sum(one.progress(stage)[0] for one in timed)
    return None if rate is None else rate * work.progress(stage)[1]


def _changes(work):
    changes = work.contestant.changes if "train" in work.stages else {}
    return ", ".join(f"{name.rstrip('_')} {value}" for name, value in changes.items()) or "—"


def _training(work):
    if "train" not in work.stages:
        return "—"
    count = len(work.networks)
    networks = f"{count} network{'s' * (count > 1)}"
    if work.iterations is None:
        return f"{networks} × {work.comparison.terms.minutes / count:.3g} min"
    return f"{networks} × {work.iterations:,}"

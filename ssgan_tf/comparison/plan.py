"""What a comparison is going to do, said before it begins."""

from ssgan_tf.comparison.estimate import in_words
from ssgan_tf.comparison.work import TRIED
from ssgan_tf.report import Table
from ssgan_tf.training.plan import describe_data


def describe(comparison):
    """Return lines: the data, the contestants with what is to be done, and about how long it takes.

    Where nothing has been trained yet, a training is tried out for a moment.
    """
    works, terms, estimate = comparison.own_works, comparison.terms, comparison.estimate
    todo = {work: work.pending() for work in works}
    trainings = [work for work, stages in todo.items() if "train" in stages]
    if trainings and "train" in estimate.unknown({trainings[0]: ["train"]}):
        estimate.measure(trainings[0])
    columns = ["member", "name", "settings", "training", "to do", "time"]
    rows = [
        [
            work.label, work.name, _changes(work), _training(work),
            ", ".join(todo[work]) or "nothing, it is done",
            in_words(seconds) if (seconds := estimate.seconds(work, todo[work])) else "",
        ]
        for work in works
    ]  # fmt: skip
    images = sum("generate" in stages for stages in todo.values()) * terms.per_class
    classifiers = sum(
        len(work.classifiers) - len(work.finished_classifiers())
        for work, stages in todo.items() if "classify" in stages
    )  # fmt: skip
    members = f"{len(trainings)} members to train"
    if terms.seeds > 1:
        members = f"{len(trainings)} trainings to do, with {terms.seeds} seeds for each member"
    lines = [
        describe_data(comparison.parts),
        f"Budget of each member: {terms.budget}",
        Table(columns, rows).text(),
        f"In all: {members}; {images * len(comparison.images.class_names):,} images to make, "
        f"{terms.per_class} of each class; {classifiers} classifiers to train",
    ]
    i, n = comparison.jobs
    if n > 1:
        lines.append(f"These are the members of process {i} of {n}; others do the others")
    if any(todo.values()):
        lines.append(f"Time: {in_words(estimate.total(todo))}. {_source(estimate, todo)}")
    return "\n".join(lines)


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


def _source(estimate, todo):
    """Return where an estimate comes from, and what it leaves out."""
    words = "A guess by what has been done here"
    if estimate.measured:
        words = f"A guess by {TRIED} seconds of training {estimate.measured.label} just now"
    if unknown := estimate.unknown(todo):
        words += f"; left out, since none has been done here yet: {', '.join(unknown)}"
    return words

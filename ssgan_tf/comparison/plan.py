"""What a study is going to do, said before it begins."""

from ssgan_tf.comparison.estimate import in_words
from ssgan_tf.report import Table
from ssgan_tf.training.plan import describe_data


def describe(study):
    """Return lines: the data, the members with what is to be done, and an estimate of the time.

    Args:
        study: the `Comparison`.
    """
    works, options = study.own_works, study.options
    todo = {work: work.pending() for work in works}
    seconds = {work: study.estimate.seconds(work, todo[work]) for work in works}
    table = Table(
        ["member", "name", "settings", "training", "to do", "time"],
        [
            [
                work.label,
                work.name,
                _changes(work),
                _training(work),
                ", ".join(todo[work]) or "nothing, it is done",
                in_words(seconds[work]) if todo[work] else "",
            ]
            for work in works
        ],
    )
    lines = [
        describe_data(study.parts),
        f"Budget of each member: {options.budget}",
        table.text(),
        f"In all: {_members(_count(todo, 'train'), options)}; "
        f"{_images(study, todo):,} images to make, {options.per_class} of each class; "
        f"{_classifiers(todo)} classifiers to train",
    ]
    i, n = study.jobs
    if n > 1:
        lines.append(f"These are the members of process {i} of {n}; others do the others")
    if any(todo.values()):
        lines.append(f"Time: {in_words(sum(seconds.values()))}. {_source(study, todo)}")
    return "\n".join(lines)


def _changes(work):
    member = getattr(work, "member", None)
    changes = member.changes if member else {}
    return ", ".join(f"{name.rstrip('_')} {value}" for name, value in changes.items()) or "—"


def _training(work):
    if "train" not in work.stages:
        return "—"
    networks = f"{work.networks} network{'s' * (work.networks > 1)}"
    if work.iterations is None:
        return f"{networks} × {work.study.options.minutes / work.networks:.3g} min"
    return f"{networks} × {work.iterations:,}"


def _members(count, options):
    if options.seeds == 1:
        return f"{count} members to train"
    return f"{count} trainings to do, with {options.seeds} seeds for each member"


def _count(todo, stage):
    return sum(stage in stages for stages in todo.values())


def _images(study, todo):
    each = study.options.per_class * len(study.images.class_names)
    return each * _count(todo, "generate")


def _classifiers(todo):
    return sum(
        not training.result(work.classification)
        for work, stages in todo.items()
        if "classify" in stages
        for training in work.trainings()
    )


def _source(study, todo):
    """Return where the estimate comes from."""
    if study.options.minutes is not None and _count(todo, "train"):
        return "Trainings take the minutes given; the rest is a rough guess"
    return f"A guess: {study.estimate.source}; the stages after training are guessed more roughly"

"""What a study leaves for its report: how to know it again, its results, some real images."""

import shlex
import sys
from functools import partial

from ssgan_tf.classify.conditions import parse_sizes
from ssgan_tf.comparison.against import against_baseline
from ssgan_tf.comparison.classifiers import read_joint, real_images
from ssgan_tf.comparison.images import MEASURED, REAL
from ssgan_tf.comparison.members import in_order, parse_training, shown
from ssgan_tf.comparison.ranks import plain, rankings
from ssgan_tf.comparison.work import STATE
from ssgan_tf.errors import UserError
from ssgan_tf.files import write_atomically
from ssgan_tf.plots import write_png
from ssgan_tf.runs.provenance import git_commit, hashes_by_class, versions
from ssgan_tf.version import __version__

SCHEMA = 1  # of results.json; raised when a key changes its meaning


def make_config(study, earlier=None):
    """Return what `config.json` holds; see `RunDirectory.prepare`.

    Its options are those of all calls together: what each asked for is to be in the report.

    Args:
        study: the `Comparison`.
        earlier: the `config.json` of earlier calls, or None.
    """
    options, asked = study.options, (earlier or {}).get("options", {})
    classification = asked.get("classification")
    if study.classify:
        classification = {
            "sizes": parse_sizes(options.classifier_sizes),
            "seeds": options.classifier_seeds,
        }
    # Not of studies begun by earlier versions, where members learn from all training images.
    limit = {"train_per_class": study.train_per_class} if study.train_per_class else {}
    learnt, tested = hashes_by_class(study.parts.train), hashes_by_class(study.parts.test)
    return {
        "settings": {
            "classes": ",".join(study.images.class_names),
            "iterations": options.iterations,
            "minutes": options.minutes,
            "per_class": options.per_class,
            **limit,
            "features": options.features,
            # Not all members have a use for VGG-19; the runs of those that have tell its weights.
            **{name: value for name, value in study.settings.items() if name != "vgg_weights"},
            "image_size": study.image_size,
            "seed": study.seed,
        },
        "options": {
            "tables": sorted({*asked.get("tables", ()), *study.tables}),
            "classification": classification,
            "seeds": max(asked.get("seeds", 1), options.seeds),
        },
        "data": {
            "name": study.images.name,
            "fingerprint": study.images.fingerprint(),
            "classes": {
                name: {"train": learnt[name], "test": tested[name]} for name in learnt
            },
        },
        "versions": versions(),
        "git_commit": git_commit(),
        "command": sys.argv,
    }  # fmt: skip


def known_members(out, members):
    """Return members and those that earlier calls left in the folder of a study, in order.

    Further trainings of a member count as members here. Those whose first training is not in the
    folder are left out.
    """
    found = {member.name: member for member in members}
    for state in (out / "members").glob(f"*/{STATE}"):
        try:
            member = parse_training(state.parent.name)
        except UserError:  # the baselines, or of a later version
            continue
        found.setdefault(member.name, member)
    return in_order(member for member in found.values() if member.of in found)


def make_results(study, works, config):
    """Return what `results.json` holds.

    Args:
        study: the `Comparison`.
        works: the `MemberWork`s of all trainings of members in its folder.
        config: its `config.json`.
    """
    asked = config["options"]
    tables = shown(
        [work.member.of for work in works], study.images.name, bool(asked["classification"]),
        asked["tables"],
    )  # fmt: skip
    trainings = {work.name: _training(work) for work in works}
    members = {
        work.name: {
            "label": work.label,
            "method": work.member.method,
            "changes": work.member.changes,
            **trainings[work.name],
            "further": [
                trainings[other.name] for other in works
                if other is not work and other.member.of == work.name
            ],
        }
        for work in works if work.member.seed is None
    }  # fmt: skip
    baselines = study.baselines.state()
    seconds = [baselines["seconds"], *(training["seconds"] for training in trainings.values())]
    results = {
        "schema": SCHEMA,
        "made_by": f"ssgan_tf {__version__}",
        "command": shlex.join(sys.argv),
        "versions": versions(),
        "git_commit": git_commit(),
        "seconds": round(sum(sum(stages.values()) for stages in seconds), 1),
        "dataset": {
            "name": study.images.name,
            "classes": list(study.images.class_names),
            "image_size": study.image_size,
            "fingerprint": study.images.fingerprint(),
        },
        "budget": {
            "iterations": study.options.iterations,
            "minutes": study.options.minutes,
            "train_per_class": study.train_per_class,
        },
        "evaluation": {
            "features": study.options.features,
            "suffix": next(filter(None, map(_suffix, trainings.values())), ""),
            "per_class": study.options.per_class,
        },
        "seeds": asked.get("seeds", 1),
        "classification": asked["classification"],
        "classifiers_learn_from": real_images(study),
        "tables": tables,
        "members": members,
        "baselines": {
            "seconds": baselines["seconds"],
            "failure": baselines["failure"],
        },
        "classifiers": read_joint(study.out) if asked["classification"] else None,
    }
    return results | {
        "order": [plain(ranking) for ranking in rankings(results)],
        "against_baseline": [one._asdict() for one in against_baseline(results)],
    }


def write_real_images(study):
    """Write the first training images of each class to `<out>/real`, beside which ours are shown.

    Those that are there already are kept.
    """
    for name in study.images.class_names:
        folder = study.out / REAL / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, image in enumerate(study.parts.train.of_class(name).images[:MEASURED]):
            path = folder / f"{number:06d}.png"
            if not path.exists():
                write_atomically(path, partial(write_png, image=image))


def _training(work):
    """Return what the results say of a training of a member."""
    state, pending = work.state(), work.pending()
    stage = (state["stage"] or pending[0]) if pending else None
    condition = "unfinished" if pending else "finished"
    if pending and state["failure"]:
        condition = "failed"
    measured = "evaluate" not in pending
    return {
        "seed": work.seed,
        "settings": work.settings(),
        "state": condition,
        "stage": stage,
        "failure": state["failure"] if pending else None,
        "iterations": work.updates(),
        "learnt_from": work.learnt_from(),
        "seconds": state["seconds"],
        "metrics": work.metrics() if measured else None,
        "paths": {
            "run": _relative(work, work.run),
            "generated": _relative(work, work.generated),
            "evaluation": _relative(work, work.evaluation),
            "classification": _relative(work, work.classification),
        },
    }


def _relative(work, path):
    return path.relative_to(work.study.out).as_posix()


def _suffix(training):
    """Return what follows a measure's name with the features of an evaluation."""
    return training["metrics"] and training["metrics"]["features"]["suffix"]

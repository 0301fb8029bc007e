"""What a comparison leaves for its report: how to know it again, its results, some real images."""

import sys
from functools import partial

from ssgan_tf.classify.conditions import parse_sizes
from ssgan_tf.comparison.classifiers import FOLDER, read_results, real_images
from ssgan_tf.comparison.contestants import in_order, parse_training, shown
from ssgan_tf.comparison.pictures import MEASURED
from ssgan_tf.comparison.ranks import rankings
from ssgan_tf.comparison.results import REAL, Results
from ssgan_tf.comparison.work import STATE
from ssgan_tf.errors import UserError
from ssgan_tf.files import write_atomically
from ssgan_tf.methods import METHODS
from ssgan_tf.plots import write_png
from ssgan_tf.runs.provenance import git_commit, hashes_by_class, origin, versions

SCHEMA = 1  # of results.json; raised when a key changes its meaning


def make_config(comparison, earlier=None):
    """Return what `config.json` holds; see `RunDirectory.prepare`.

    Its options are those of all calls together, `earlier` ones in the `config.json` that they left:
    what each asked for is to be in the report.
    """
    terms, asked = comparison.terms, (earlier or {}).get("options", {})
    classification = asked.get("classification")
    if comparison.classify:
        sizes = parse_sizes(terms.classifier_sizes)
        classification = {"sizes": sizes, "seeds": terms.classifier_seeds}
    # Not all have a use for files of weights; the runs of those that have tell what is in them.
    files = {name for method in METHODS.values() for name in method.external}
    shared = {name: one for name, one in comparison.settings.items() if name not in files}
    # Comparisons of earlier versions have no limit, and train on all training images.
    most = comparison.train_per_class
    learnt, tested = map(hashes_by_class, (comparison.parts.train, comparison.parts.test))
    return {
        "settings": {
            "classes": ",".join(comparison.images.class_names),
            "iterations": terms.iterations,
            "minutes": terms.minutes,
            "per_class": terms.per_class,
            **({"train_per_class": most} if most else {}),
            "features": terms.features,
            **shared,
            "image_size": comparison.image_size,
            "seed": comparison.seed,
        },
        "options": {
            "tables": sorted({*asked.get("tables", ()), *comparison.tables}),
            "classification": classification,
            "seeds": max(asked.get("seeds", 1), terms.seeds),
        },
        "data": {
            "name": comparison.images.name,
            "fingerprint": comparison.images.fingerprint(),
            "classes": {name: {"train": learnt[name], "test": tested[name]} for name in learnt},
        },
        "versions": versions(),
        "git_commit": git_commit(),
        "command": sys.argv,
    }  # fmt: skip


def known_contestants(out, contestants):
    """Return contestants and those that earlier calls left in the folder, in order.

    Further trainings count as contestants here. Those whose first training is not in the folder
    are left out.
    """
    found = {one.name: one for one in contestants}
    for state in (out / "members").glob(f"*/{STATE}"):
        try:
            one = parse_training(state.parent.name)
        except UserError:  # the baselines, or of a later version
            continue
        found.setdefault(one.name, one)
    return in_order(one for one in found.values() if one.of in found)


def make_results(comparison, works, config):
    """Return the `Results` of the `ContestantWork`s in a folder, and of its `config.json`."""
    asked, terms, images = config["options"], comparison.terms, comparison.images
    trainings = {work.name: _training(work) for work in works}
    baselines = comparison.baselines.state()
    seconds = [baselines["seconds"], *(training["seconds"] for training in trainings.values())]
    measured = [training["metrics"] for training in trainings.values() if training["metrics"]]
    results = Results({
        "schema": SCHEMA,
        **origin(),
        "seconds": round(sum(sum(stages.values()) for stages in seconds), 1),
        "dataset": {
            "name": images.name,
            "classes": list(images.class_names),
            "image_size": comparison.image_size,
            "fingerprint": images.fingerprint(),
        },
        "budget": {
            "iterations": terms.iterations,
            "minutes": terms.minutes,
            "train_per_class": comparison.train_per_class,
        },
        "evaluation": {
            "features": terms.features,
            "suffix": measured[0]["features"]["suffix"] if measured else "",
            "per_class": terms.per_class,
        },
        "seeds": asked.get("seeds", 1),
        "classification": asked["classification"],
        "classifiers_learn_from": real_images(comparison),
        "tables": shown(
            [work.contestant.of for work in works], images.name, bool(asked["classification"]),
            asked["tables"],
        ),
        "members": {
            work.name: {
                "label": work.label,
                "method": work.contestant.method,
                "changes": work.contestant.changes,
                **trainings[work.name],
                "further": [
                    trainings[other.name] for other in works
                    if other is not work and other.contestant.of == work.name
                ],
            }
            for work in works if work.contestant.seed is None
        },
        "baselines": {"seconds": baselines["seconds"], "failure": baselines["failure"]},
        "classifiers": read_results(comparison.out) if asked["classification"] else None,
    })  # fmt: skip
    results["order"] = rankings(results)
    results["against_baseline"] = [one._asdict() for one in results.against_baseline()]
    return results


def write_real_images(comparison):
    """Write the first training images of each class to `<out>/real`, beside which ours are shown.

    Those that are there already are kept.
    """
    for name in comparison.images.class_names:
        folder = comparison.out / REAL / name
        folder.mkdir(parents=True, exist_ok=True)
        for number, image in enumerate(comparison.parts.train.of_class(name).images[:MEASURED]):
            path = folder / f"{number:06d}.png"
            if not path.exists():
                write_atomically(path, partial(write_png, image=image))


def _training(work):
    """Return what the results say of a training of a contestant."""
    state, pending = work.state(), work.pending()
    condition = "unfinished" if pending else "finished"
    if pending and state["failure"]:
        condition = "failed"
    settings, learnt = work.recorded()
    paths = {
        **{path.name: path for path in (work.run, work.generated, work.evaluation)},
        "classification": work.comparison.out / FOLDER,
    }
    return {
        "seed": work.seed,
        "settings": settings,
        "state": condition,
        "stage": (state["stage"] or pending[0]) if pending else None,
        "failure": state["failure"] if pending else None,
        "iterations": work.updates(),
        "learnt_from": learnt,
        "seconds": state["seconds"],
        "metrics": None if "evaluate" in pending else work.metrics(),
        "paths": {
            key: path.relative_to(work.comparison.out).as_posix() for key, path in paths.items()
        },
    }

"""The JSON files of a study: its configuration, the records of classifiers, the results."""

import dataclasses
import json
import sys

import numpy as np

from ssgan_tf.classify.member import ordered_fingerprint
from ssgan_tf.classify.network import load_backbone
from ssgan_tf.classify.protocol import VALIDATION
from ssgan_tf.data.loading import datasets_folder, lasting_name
from ssgan_tf.device.precision import resolve_precision
from ssgan_tf.perceptual import weights_fingerprint
from ssgan_tf.runs.provenance import git_commit, hashes_by_class, origin, versions
from ssgan_tf.statistics.summary import summarise
from ssgan_tf.version import __version__

SCHEMA = 2  # of results.json; raised when a key changes its meaning
MADE_BY = f"ssgan_tf {__version__}"


def settings_of(study):
    """Return all settings that affect training, by flag, a dict."""
    training = study.settings.recorded()
    training["learning_rate"] = study.settings.rate
    training["precision"] = resolve_precision(study.settings.precision)
    if study.settings.weights != "scratch":
        backbone = load_backbone(
            study.settings.weights, study.images.image_size, study.settings.network
        )
        training["weights"] += f" sha256 {weights_fingerprint(backbone)}"
    protocol = dataclasses.asdict(study.protocol)
    # The images themselves tell both.
    del protocol["test_per_class"], protocol["held_out_per_class"]
    return {
        "classes": ",".join(study.images.class_names),
        "image_size": study.images.image_size,
        **protocol,
        "imbalance": ",".join(f"{name}={kept}" for name, kept in study.imbalance.items()),
        **training,
    }


def make_config(study):
    """Return the contents of `config.json`; see `RunDirectory.prepare`."""
    training, test = map(hashes_by_class, (study.division.training, study.division.test))
    return {
        "settings": study.flags,
        "data": {
            "name": study.images.name,
            "classes": {
                name: {"train": hashes, "test": test[name]} for name, hashes in training.items()
            },
        },
        "versions": versions(),
        "git_commit": git_commit(),
        "command": sys.argv,
    }


def make_record(study, member):
    """Return the contents of a member's `classifier.json`; see `Classifier`."""
    return {
        "made_by": MADE_BY,
        "class_names": list(study.images.class_names),
        "image_size": study.images.image_size,
        "condition": member.condition.name,
        "kind": member.condition.kind,
        "size": member.size,
        "seed": member.seed,
        "dataset": {
            "name": study.images.name,
            "source": lasting_name(study.source, study.datasets_dir),
            "datasets_dir": str(datasets_folder(study.datasets_dir).absolute()),
        },
        "split": {"seed": study.protocol.seed, "test_per_class": study.protocol.test_per_class},
        "settings": study.settings.recorded(),
        "steps": study.steps(member),
        "learnt_from": hashes_by_class(study.division.training),
        "held_out": hashes_by_class(study.division.held_out),
    }


def make_results(study):
    """Return the contents of `results.json`, of the members that have finished."""
    results = {str(member): member.result(study.out) for member in study.members}
    finished = [result for result in results.values() if result]
    division, tested = study.division, study.division.test.counts()
    conditions = {}
    for condition in study.conditions:
        finding, notes = study.finding(condition)
        conditions[condition.name] = {
            "kind": condition.kind, "spec": condition.spec, "finding": finding, "notes": notes,
        }  # fmt: skip
    return {
        "schema": SCHEMA,
        **origin(),
        "settings": study.flags,
        "data": {
            "name": study.images.name,
            "fingerprint": study.images.fingerprint(),
            "image_size": study.images.image_size,
            "tested_on": division.tested_on,
            "classes": {
                name: {"train": count, "test": tested[name]}
                for name, count in division.training.counts().items()
            },
            "imbalance": study.imbalance,
        },
        "sizes": study.sizes,
        "conditions": conditions,
        "rows": summarise(
            _rows(study, results), conditions, division.test.labels, division.test.class_names,
            list(study.imbalance),
        ),
        "unfinished": [name for name, result in results.items() if not result],
        "warnings": list(_warnings(study, finished)),
        "seconds": sum(result["scores"]["seconds"] for result in finished),
    }  # fmt: skip


def _rows(study, results):
    """Return the rows with the scores and predictions of their finished seeds, a list of dicts."""
    rows, test_images = {}, ordered_fingerprint(study.division.test)
    for member in study.members:
        if result := results[str(member)]:
            of_row = {key: result[key] for key in ("images", "added", "steps")}
            row = rows.setdefault(
                member.row,
                {"condition": member.condition.name, "size": member.size, **of_row, "seeds": {},
                 "predictions": {}},
            )  # fmt: skip
            row["seeds"][str(member.seed)] = result["scores"]
            # Results of earlier versions have none.
            of_all = len(result.get("predictions", ())) == len(study.division.test)
            if result.get("test_images") == test_images and of_all:
                row["predictions"][str(member.seed)] = np.asarray(result["predictions"])
    return list(rows.values())


def _warnings(study, finished):
    """Yield what a reader has to know before the figures."""
    if study.division.tested_on == VALIDATION:
        yield (
            "tested on validation images (--validation): fit for choosing settings; report figures "
            "from the test images"
        )
    if study.settings.budget == "epochs":
        yield (
            "--budget epochs: conditions with more images were trained for more steps, which may "
            "be all that helped"
        )
    for name, found in study.provenance.items():
        for kept in study.imbalance.keys() & found.additional.keys():
            yield (
                f"{name} was trained on {found.additional[kept]} images of {kept} that --imbalance "
                "takes away from the classifiers; train its generator on what is kept (train.py "
                f"--classes {kept} --train_per_class {study.imbalance[kept]})"
            )
    test_images = ordered_fingerprint(study.division.test)
    without = sum(result.get("test_images") != test_images for result in finished)
    if without:
        yield (
            f"{without} of {len(finished)} trainings kept no predictions for these test images, as "
            "earlier versions did not, so rows with them get no findings; train again, in another "
            "--out or with --overwrite"
        )
    if len({json.dumps([result["versions"], result["git_commit"]]) for result in finished}) > 1:
        yield (
            "not all trainings were made by the same versions and commit; each result.json names "
            "its own"
        )

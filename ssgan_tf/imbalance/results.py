"""What a study of imbalance leaves: how to know it again, and its results."""

import sys

import numpy as np

from ssgan_tf.classify.conditions import ORIGINAL
from ssgan_tf.classify.member import ordered_fingerprint
from ssgan_tf.errors import UserError
from ssgan_tf.imbalance.cell import SAMPLES, Cell
from ssgan_tf.imbalance.conditions import FULL, Filling, Level, parse_fillings
from ssgan_tf.imbalance.measures import MEASURES, RECALL, Cut, differences, mean_of
from ssgan_tf.imbalance.published import published
from ssgan_tf.metrics.ssim import UNIFORM, WINDOWS
from ssgan_tf.runs.provenance import git_commit, hashes_by_class, origin, versions
from ssgan_tf.statistics.findings import BASELINE

SCHEMA = 1  # of results.json; raised when a key changes its meaning
LISTS = ("classes", "keep", "conditions")


def make_config(study, flags, earlier=None):
    """Return what `config.json` holds; see `RunDirectory.prepare`.

    Its options are those of all calls together, `earlier` ones in the `config.json` that they
    left: what each asked for is in the report.

    Args:
        study: the `ImbalanceStudy`.
        flags: all settings that affect the training of classifiers, a dict.
        earlier: the contents of an earlier `config.json`, or None.
    """
    asked = (earlier or {}).get("options", {})
    now = {
        "classes": study.dropped,
        "keep": [level.text for level in study.levels],
        "conditions": [one.name for one in study.fillings],
    }
    learnt, tested = hashes_by_class(study.whole.training), hashes_by_class(study.whole.test)
    return {
        "settings": {**flags, "generators": study.terms.generators},
        "options": {
            **{key: list(dict.fromkeys([*asked.get(key, ()), *now[key]])) for key in LISTS},
            "seeds": max(asked.get("seeds", 1), study.terms.seeds),
            "iterations": study.terms.iterations,
            "minutes": study.terms.minutes,
            "setting": study.terms.setting,
        },
        "data": {
            "name": study.images.name,
            "fingerprint": study.images.fingerprint(),
            "classes": {name: {"train": learnt[name], "test": tested[name]} for name in learnt},
        },
        "versions": versions(),
        "git_commit": git_commit(),
        "command": sys.argv,
    }


def make_results(study, config, real):
    """Return the contents of `results.json`, of all that has finished.

    Args:
        study: the `ImbalanceStudy`.
        config: the contents of its `config.json`.
        real: SSIM of real images, dict from class to dict by window.
    """
    asked, test = config["options"], study.whole.test
    fillings, labels, digest = _known(asked["conditions"]), test.labels, ordered_fingerprint(test)
    former = study.whole.training.counts()
    methods = list(dict.fromkeys(name for one in fillings for name in one.methods))
    cells = [
        Cell(name, Level(text), former[name], study, methods)
        for text in asked["keep"] for name in asked["classes"]
    ]  # fmt: skip
    found = {
        (cell.level.text, cell.class_name, one.name): _predictions(
            cell.results(one, asked["seeds"]), digest
        )
        for cell in cells for one in fillings
    }  # fmt: skip
    whole = _predictions(study.full_results(asked["seeds"]), digest)
    label_of = {name: test.class_names.index(name) for name in asked["classes"]}

    def cuts(level, condition):
        """Return the `Cut`s of the classes that have classifiers of a condition."""
        each = {name: found[level, name, condition] for name in asked["classes"]}
        return [Cut(label_of[name], one) for name, one in each.items() if one]

    similar = {(cell.level.text, cell.class_name): cell.similarities() for cell in cells}
    rows = []
    for level in asked["keep"]:
        for one in fillings:
            ours = cuts(level, one.name)
            measured = [similar[level, name].get(one.name) for name in asked["classes"]]
            rows.append(
                {
                    "level": level,
                    "condition": one.name,
                    "classes": len(ours),
                    **{measure: mean_of(ours, labels, measure) for measure in MEASURES},
                    "ssim": _mean_ssim(measured),
                    "differences": {},
                    "paper": _paper(study.images.name, one.name, level),
                }
            )
    pairs = {
        (level, one.name, other): _alike(found, asked["classes"], label_of, level, one.name, other)
        for level in asked["keep"] for one in fillings for other in (ORIGINAL, BASELINE)
        if one.name != ORIGINAL and other != one.name and other in asked["conditions"]
    }  # fmt: skip
    for (level, condition, other), difference in differences(pairs, labels).items():
        row = next(one for one in rows if (one["level"], one["condition"]) == (level, condition))
        row["differences"][other] = difference
    all_cuts = [Cut(label, whole) for label in label_of.values()] if whole else []
    return {
        "schema": SCHEMA,
        **origin(),
        "settings": config["settings"],
        "options": asked,
        "dataset": {
            "name": study.images.name,
            "image_size": study.images.image_size,
            "classes": {
                name: {"train": former[name], "test": count}
                for name, count in test.counts().items()
            },
        },
        "rows": rows,
        FULL: {
            **{measure: mean_of(all_cuts, labels, measure) for measure in MEASURES},
            "ssim": _mean_ssim([real.get(name) for name in asked["classes"]]),
            "paper": {
                level: _paper(study.images.name, FULL, level) for level in asked["keep"]
            },
        },
        "cells": [_cell(cell, fillings, found, real, labels, label_of) for cell in cells],
        "failures": [[label, line] for label, line, _ in study.failures],
    }  # fmt: skip


def _known(names):
    """Return the `Filling`s of some names; those of methods that are no more are named only."""
    found = []
    for name in names:
        try:
            found += [one for one in parse_fillings([name]) if one.name == name]
        except UserError:  # a package is missing today
            found.append(Filling(name))
    return found


def _predictions(results, digest):
    """Return the predictions for these test images, a dict from the seed."""
    return {
        seed: np.asarray(result["predictions"])
        for seed, result in results.items()
        if result.get("test_images") == digest
    }


def _alike(found, classes, label_of, level, condition, other):
    """Return the `Cut`s of a condition and of its opponent, of classes that both have."""
    both = [name for name in classes if found[level, name, condition] and found[level, name, other]]
    return tuple(
        [Cut(label_of[name], found[level, name, one]) for name in both]
        for one in (condition, other)
    )


def _mean_ssim(measured):
    """Return the mean SSIM over classes, a dict from the window; {} without any."""
    measured = [one for one in measured if one]
    return {
        window: float(np.mean([one[window]["mean"] for one in measured]))
        for window in WINDOWS
        if measured and all(window in one for one in measured)
    }


def _paper(name, condition, level):
    """Return what the paper prints of it, a dict with what there is."""
    printed = {
        RECALL: published(name, "recall", condition, level),
        UNIFORM: published(name, "ssim", condition, level),
    }
    return {key: value for key, value in printed.items() if value is not None}


def _cell(cell, fillings, found, real, labels, label_of):
    """Return what the results say of a class at a level."""
    label, rows = label_of[cell.class_name], {}
    known = cell.similarities()
    for one in fillings:
        predictions = found[cell.level.text, cell.class_name, one.name]
        cut = [Cut(label, predictions)] if predictions else []
        generators = [
            seconds for name in one.methods for made in cell.generators[name]
            if (seconds := made.seconds())
        ]  # fmt: skip
        results = cell.results(one, len(predictions) and max(predictions) + 1)
        rows[one.name] = {
            **{measure: mean_of(cut, labels, measure) for measure in MEASURES},
            "ssim": {window: of["mean"] for window, of in known.get(one.name, {}).items()},
            "seconds": {
                key: sum(seconds[key] for seconds in generators)
                for key in ("training", "generating")
            }
            | {"classifiers": sum(result["scores"]["seconds"] for result in results.values())},
        }
    sheet = cell.folder / SAMPLES
    return {
        "class": cell.class_name,
        "level": cell.level.text,
        "kept": cell.kept,
        "added": cell.missing,
        "test_images": int(np.sum(labels == label)),
        "real_ssim": {window: of["mean"] for window, of in real.get(cell.class_name, {}).items()},
        "conditions": rows,
        "samples": sheet.relative_to(cell.study.out).as_posix() if sheet.exists() else None,
    }

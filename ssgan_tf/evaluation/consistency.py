"""Class consistency: what a classifier sees in generated images, and what it learns from them.

Two questions, each with the answer for real images beside it:

- Are they recognised? A classifier trained on the real training images names the class of the
  generated images, and of held-out real ones.
- Do they teach the classes? A classifier trained on generated images alone names the class of
  held-out real images: the classification accuracy score (Ravuri and Vinyals 2019, section 3). The
  same trained on as many real images is beside it.
"""

from pathlib import Path
from typing import NamedTuple

import numpy as np

from ssgan_tf.classify.generated import Generated
from ssgan_tf.classify.leaks import provenance
from ssgan_tf.data.loading import datasets_folder, lasting_name
from ssgan_tf.errors import UserError
from ssgan_tf.evaluation.consistency_scores import learnt_scores, recognised_scores
from ssgan_tf.evaluation.judges import (
    AS_MANY,
    GENERATED,
    REAL,
    Judge,
    ask,
    load_classifiers,
    predictions_of,
    require_fit,
    training_settings,
)
from ssgan_tf.runs.provenance import hashes_by_class
from ssgan_tf.statistics.findings import LEAKED
from ssgan_tf.version import __version__

CHOSEN = (
    "A classifier chose among the generated images (--filter): that classifiers recognise them is "
    "what they were chosen for."
)


def require_consistency(inputs, settings):
    """Refuse images and classifiers that do not go together, before anything is measured.

    Args:
        inputs: the `Inputs`.
        settings: the `ConsistencySettings`.

    Returns:
        the classifiers that the settings name, a dict by folder.

    Raises:
        UserError: there is a single class, or a class without held-out images; or a given
            classifier is none, or does not fit.
    """
    if len(inputs.real.class_names) < 2:
        raise UserError(
            "class consistency needs two or more classes, and there is one; leave out "
            "--consistency and --classifier"
        )
    counts = inputs.real.select(inputs.held_out).counts()
    if lacking := [name for name, count in counts.items() if not count]:
        raise UserError(
            "class consistency needs real images that nothing was trained on, and none are held "
            f"out of {', '.join(lacking)}; name the real images with --dataset, and a generator "
            "that was trained without --all_images"
        )
    given = load_classifiers(settings.classifier) if settings.classifier else {}
    for place, classifier in given.items():
        require_fit(place, classifier, inputs.real.select(inputs.held_out))
    return given


def measure_consistency(
    inputs, settings, folder, *, source, given=None, path=None, seed=0, progress=True
):
    """Return what classifiers say of the images, as plain JSON; train those that are needed.

    Args:
        inputs: the `Inputs`.
        settings: the `ConsistencySettings`.
        folder: for the classifiers that are trained. What an earlier call left there is used
            again where it was trained on the same images in the same way.
        source: the real data set and the folder of named ones, for the records of classifiers.
        given: what `require_consistency` returned; by default it is called.
        path: the folder of the generated images, for notes.
        seed: of the choice among images where one side has more.
        progress: show a bar.

    Returns:
        dict; see `consistency` in docs/evaluation.md.

    Raises:
        UserError: as `require_consistency`; or a classifier cannot be trained.
    """
    given = require_consistency(inputs, settings) if given is None else given
    training, held_out = (inputs.real.select(side) for side in (inputs.training, inputs.held_out))
    generated = inputs.generated
    classifiers = list(given.values())
    judges = _judges(training, generated, settings, classifiers, Path(folder), source, seed)
    asked = {"generated": generated, "held_out": held_out}
    needed = list(dict.fromkeys(judge for of_side in judges for judge in of_side))
    said = predictions_of(needed, classifiers, asked, progress)
    recognisers, by_generated, by_real = ([said[judge] for judge in side] for side in judges)
    recognisers = [ask(classifier, asked) for classifier in classifiers] + recognisers
    folders = [*given, *(judge.folder for judge in judges.recognisers)]
    records = [classifier.record for classifier in classifiers]
    records += [judge.record for judge in judges.recognisers]
    names, score = held_out.class_names, None
    if by_generated:
        score = _training(judges.by_generated[0].record) | learnt_scores(
            _side(by_generated, "held_out"), _side(by_real, "held_out"), held_out.labels, names
        )
    sides = ((_side(recognisers, side), asked[side].labels) for side in asked)
    origin = provenance(Generated("the set", path, generated, inputs.manifest), training, held_out)
    return {
        "finding": origin.finding,
        "notes": [*origin.notes, *_choice(inputs.manifest)],
        "recognised": {
            "classifiers": list(map(str, folders)),
            **_training(records[0]),
            **recognised_scores(*sides, names),
        },
        "classification_accuracy_score": score,
    }


class _Judges(NamedTuple):
    """The classifiers to train, lists of `Judge`s, one for each seed; perhaps empty."""

    recognisers: list  # on all real images; none where classifiers were given
    by_generated: list
    by_real: list  # on as many real images; those of all, where that is as many


def _judges(training, generated, settings, given, folder, source, seed):
    """Return the `_Judges`; see `measure_consistency`."""
    how = training_settings(settings, given)

    def judges(kind, images):
        steps, folders = how.steps(len(images), len(images)), folder / kind
        return [
            Judge(images, _record(kind, images, how, one, steps, source), folders / f"seed-{one}")
            for one in range(settings.classifier_seeds)
        ]

    recognisers = [] if given else judges(REAL, training)
    if not settings.train:
        return _Judges(recognisers, [], [])
    counts = {name: min(n, generated.counts()[name]) for name, n in training.counts().items()}
    by_generated = judges(GENERATED, _taken(generated, counts, seed))
    if counts == training.counts():
        return _Judges(recognisers, by_generated, recognisers or judges(REAL, training))
    return _Judges(recognisers, by_generated, judges(AS_MANY, _taken(training, counts, seed)))


def _side(opinions, side):
    """Return what each classifier says of one side, int `(classifiers, N)`."""
    return np.stack([opinion[side] for opinion in opinions])


def _training(record):
    """Return how a classifier was trained, for JSON."""
    return {
        "settings": record["settings"],
        "steps": record.get("steps"),
        "trained_on": {name: len(hashes) for name, hashes in record["learnt_from"].items()},
    }


def consistency_warnings(consistency):
    """Return what a reader has to know before the figures, a list of sentences.

    Args:
        consistency: what `measure_consistency` returns, or None.
    """
    if consistency is None:
        return []
    warnings = [note for note in consistency["notes"] if note == CHOSEN]
    if consistency["finding"] == LEAKED:
        leaks = " ".join(note for note in consistency["notes"] if "test images" in note)
        warnings.append(f"LEAKED: class consistency says nothing of unseen images. {leaks}")
    return warnings


def _choice(manifest):
    return [CHOSEN] if (manifest or {}).get("filter") else []


def _taken(images, counts, seed):
    """Return so many images of each class, drawn by the seed; all of them in their order."""
    taken = []
    for label, name in enumerate(images.class_names):
        of_class = np.flatnonzero(images.labels == label)
        order = np.random.default_rng([seed, label]).permutation(len(of_class))
        taken.append(np.sort(of_class[order[: counts[name]]]))
    return images.select(np.concatenate(taken))


def _record(kind, images, settings, seed, steps, source):
    """Return the contents of `classifier.json`; see docs/classification.md."""
    name, datasets_dir = source
    condition = GENERATED if kind == GENERATED else "original"
    return {
        "made_by": f"ssgan_tf {__version__}",
        "class_names": list(images.class_names),
        "image_size": images.image_size,
        "condition": condition,
        "kind": condition,
        "size": None,
        "seed": seed,
        "dataset": {
            "name": images.name,
            "source": lasting_name(name, datasets_dir),
            "datasets_dir": str(datasets_folder(datasets_dir).absolute()),
        },
        "settings": settings.recorded(),
        "steps": steps,
        "learnt_from": hashes_by_class(images),
        "held_out": {class_name: [] for class_name in images.class_names},
    }

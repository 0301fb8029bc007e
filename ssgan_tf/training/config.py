"""What `config.json` of a run holds: settings, options, data, versions and commit."""

import dataclasses
import sys

from ssgan_tf.errors import UserError
from ssgan_tf.runs.provenance import git_commit, hashes_by_class, versions


def recorded_weights(method, run):
    """Return what a run has recorded of weights made elsewhere; see `Method.recall`.

    Args:
        method: the `Method`.
        run: the `RunDirectory`, which need not have begun.
    """
    try:
        config = run.config()
    except UserError:  # there is none; or it is damaged, which is said when the run is to go on
        return {}
    settings, options = config["settings"], config.get("options", {})
    return {
        name: (options[name], settings[name])
        for name in method.external
        if name in settings and options.get(name) is not None
    }


def make_config(method, image_set, held_out, options, source=None):
    """Return what `config.json` holds; see `RunDirectory.prepare`.

    Loads the weights that the method takes from elsewhere.

    Args:
        method: the `Method`.
        image_set: the training images.
        held_out: the test images, or None.
        options: the `Options`.
        source: where the images lie; see `fit`.

    Raises:
        UserError: weights from elsewhere cannot be had.
    """
    settings = {"method": method.name, **method.as_flags(), "precision": method.precision}
    if method.shared(image_set.class_names):  # none can be added later
        settings["classes"] = list(image_set.class_names)
    settings["jit"] = options.jit  # XLA draws other random numbers from the same seed
    files = {}
    for name, recorded in method.external_weights().items():
        file = settings.pop(name)
        files[name] = file if recorded else None
        if recorded:
            settings[name] = recorded
    # A run that goes on keeps what it has recorded, where its source is gone.
    before = method.trained_on_before()
    tested = hashes_by_class(held_out) if held_out else {}
    grey, groups = image_set.grey_classes(), image_set.group_counts()
    return {
        "settings": settings,
        "options": {**dataclasses.asdict(options), **files},
        "data": {
            "name": image_set.name,
            "source": [part and str(part) for part in source or (image_set.name, None)],
            "fingerprint": image_set.fingerprint(),
            "classes": {
                name: {
                    "train": trained_on,
                    "test": tested.get(name, []),
                    **({"grey": True} if name in grey else {}),
                    **({"groups": groups[name]} if groups else {}),
                }
                for name, trained_on in hashes_by_class(image_set).items()
            },
            **({"before": before} if before else {}),
            "skipped": [list(entry) for entry in image_set.skipped],
        },
        "versions": versions(),
        "git_commit": git_commit(),
        "command": sys.argv,
    }

"""Whether a training may go on in the directory of an earlier one."""

from __future__ import annotations

import json
from collections import Counter
from pathlib import Path

from ssgan_tf.errors import UserError


def as_read(config: dict) -> dict:
    """A configuration as a reader of the file sees it: tuples are lists, keys are strings."""
    return json.loads(json.dumps(config))


def merged(earlier: dict, config: dict, path: Path, flag: str) -> dict:
    """`config` with the classes of `earlier` that it lacks, if both may share a run.

    Args:
        earlier: the run's configuration.
        config: what is wanted now, as `as_read` returns it.
        path: of the run directory, for the message.
        flag: that named it.

    Raises:
        UserError: settings or images differ; the line names each difference.
    """
    differences = _changed_settings(earlier["settings"], config["settings"])
    classes, asked = earlier["data"].get("classes", {}), config["data"].get("classes", {})
    named = [data.get("name") for data in (earlier["data"], config["data"])]
    # A data set that was renamed brings no class that is new.
    if None not in named and named[0] != named[1] and asked.keys() - classes.keys():
        differences.append(f"--dataset was {named[0]}, is now {named[1]}")
    for name in classes.keys() & asked.keys():
        differences += _changed_images(name, classes[name], asked[name])
    if differences:
        raise UserError(
            f"{path} holds a run made otherwise: {'; '.join(sorted(differences))}; use "
            f"the old settings, another {flag}, or --overwrite to start anew (the old run "
            "is moved aside, not deleted)"
        )
    data = {**earlier["data"], **config["data"], "classes": {**classes, **asked}}
    return {**earlier, **config, "data": data}


def _changed_settings(earlier: dict, now: dict) -> list[str]:
    def shown(settings: dict, name: str) -> str:
        return (str(settings[name]) or "empty") if name in settings else "not set"

    return [
        f"--{name} was {shown(earlier, name)}, is now {shown(now, name)}"
        for name in {**earlier, **now}
        if name not in earlier or name not in now or earlier[name] != now[name]
    ]


def _changed_images(name: str, earlier: dict, now: dict) -> list[str]:
    changes = []
    for part, words in (("train", "training"), ("test", "test")):
        before, after = Counter(earlier.get(part, ())), Counter(now.get(part, ()))
        added, removed = (after - before).total(), (before - after).total()
        if added or removed:
            changes.append(
                f"class {name}: the {words} images changed ({added} added, {removed} removed)"
            )
    return changes

"""The pictures of a study: samples side by side, curves, spectra, cost against FID."""

from functools import partial
from pathlib import Path

import numpy as np

from ssgan_tf import plots
from ssgan_tf.comparison.images import MEASURED, REAL, folders, read_images
from ssgan_tf.comparison.scores import fid_name, fids, floor, groups, label, means
from ssgan_tf.files import write_atomically
from ssgan_tf.metrics.checkerboard import mean_log_spectrum, nyquist_share
from ssgan_tf.published import TABLE_1
from ssgan_tf.runs.metrics_log import read_metrics

COLUMNS = 10  # images of a row of samples
ENLARGED = 3  # times, images that are to show their pixels
CHECKERBOARD = ("ssgan-no-pc", "ssgan")  # SSGAN, Fig. 6
#: Settings whose learning curves are compared (SSGAN, Fig. 3-5), and what they are called.
SETTINGS = {"learning_rate": "learning rate", "mu": "μ", "lambda_": "λ"}


def write_pictures(out, results):
    """Write PNGs into the folder of a study; return their names by what they show.

    The keys, of which those are left out that there is nothing to show for: `samples/<group>` for
    each of `scores.groups`, `fid`, `complexity`, `curves/<setting>` for each of `SETTINGS`,
    `losses`, `checkerboard` and `spectra`.

    Args:
        out: the folder.
        results: what `results.json` holds.
    """
    out, written = Path(out), {}

    def picture(key, write):
        written[key] = key.replace("/", "-") + ".png"
        write_atomically(out / written[key], write)

    for group, names in groups(results).items():
        rows = sample_rows(out, results, names)
        if rows:
            sheet = plots.labelled_rows(rows)
            picture(f"samples/{group}", partial(plots.write_png, image=sheet))
    if len(fids(results)) > 1:
        picture("fid", partial(plots.write_means, **_fids(results)))
    complexity = _complexity(results)
    if len(complexity["labels"]) > 1:
        picture("complexity", partial(plots.write_complexity, **complexity))
    for setting in SETTINGS:
        runs = setting_runs(out, results, setting)
        if len(runs) > 1:
            picture(f"curves/{setting}", partial(plots.write_settings, runs=runs))
    compared = [name for group, names in groups(results).items() if group != "settings"
                for name in names]  # fmt: skip
    runs = _runs(out, results, {name: label(results, name) for name in dict.fromkeys(compared)})
    if runs:
        picture("losses", partial(plots.write_losses, runs=runs))
    _write_checkerboard(out, results, picture)
    return written


def sample_rows(out, results, names):
    """Return equally many images of each class in a row, by label; real ones first, if any.

    Args:
        out: the folder of the study.
        results: what `results.json` holds.
        names: of members; those without images of every class are left out.

    Returns:
        dict from a label to uint8 `(n, size, size, 3)`, class after class; {} without members.
    """
    classes = results["dataset"]["classes"][:COLUMNS]
    count = max(1, COLUMNS // len(classes))
    read = {
        name: [images[of_class] for of_class in classes]
        for name, folder in folders(out, results, names).items()
        if (images := read_images(results, folder, count))
    }
    if not set(read) & set(names):
        return {}
    count = min(len(of_class) for images in read.values() for of_class in images)
    return {
        _row_label(results, name): np.concatenate([of_class[:count] for of_class in images])
        for name, images in read.items()
    }


def setting_runs(out, results, setting):
    """Return the mean losses of a method and of its members that change one setting only.

    Args:
        out: the folder of the study.
        results: what `results.json` holds.
        setting: a key of `SETTINGS`.

    Returns:
        dict from a label ("μ = 0.1") to records, by rising value; what has no log is left out.
    """
    members = results["members"]
    changed = {
        name: member["changes"][setting] for name, member in members.items()
        if set(member["changes"]) == {setting} and name not in TABLE_1
    }  # fmt: skip
    for method in {members[name]["method"] for name in changed} & set(members):
        settings = members[method]["settings"]
        default = settings.get(setting, settings.get(setting.rstrip("_")))
        if default is not None:
            changed[method] = float(default)
    several = len({members[name]["method"] for name in changed}) > 1
    labels = {
        name: (f"{members[name]['method']}, " if several else "")
        + f"{SETTINGS[setting]} = {changed[name]:g}"
        for name in sorted(changed, key=changed.get)
    }
    return _runs(out, results, labels)


def mean_records(logs):
    """Return one log that is the mean over networks, where all of them have a value.

    Args:
        logs: lists of records with `step` and losses.

    Returns:
        a list of records with `step`, `critic_loss`, `generator_loss` and `wasserstein`, as far as
        all networks have them.
    """
    by_step = [{record["step"]: record for record in log} for log in logs]
    records = []
    for step in sorted(set.intersection(*map(set, by_step))) if by_step else []:
        at_step = [records[step] for records in by_step]
        means = {
            key: float(np.mean([record[key] for record in at_step]))
            for key in ("critic_loss", "generator_loss", "wasserstein")
            if all(record.get(key) is not None for record in at_step)
        }
        records.append({"step": step, **means})
    return records


def _runs(out, results, labels):
    """Return the mean records of members by label, of those that have any losses."""
    runs = {}
    for name, words in labels.items():
        run = out / results["members"][name]["paths"]["run"]
        logs = [read_metrics(path) for path in sorted(run.glob("*/metrics.jsonl"))]
        records = mean_records([log for log in logs if log])
        if any(len(record) > 1 for record in records):
            runs[words] = records
    return runs


def _row_label(results, name):
    return "Real images" if name == REAL else label(results, name)


def _fids(results):
    """Return the arguments of `write_means`: methods, ablations and settings, each once."""
    found, rows = means(results, "FID", "training"), {}
    for group, names in groups(results).items():
        for name in names:
            if name in found:
                rows.setdefault(name, group)
    return {
        "labels": [label(results, name) for name in rows],
        "means": [found[name].mean for name in rows],
        "half_widths": [found[name].half_width for name in rows],
        "groups": list(rows.values()),
        "baseline": floor(results),
        "xlabel": f"{fid_name(results)} to the training images (lower is better)",
    }


def _complexity(results):
    """Return the arguments of `write_complexity`: methods and ablations; settings cost the same."""
    found, places = fids(results), groups(results)
    names = dict.fromkeys([*places.get("methods", []), *places.get("ablations", [])])
    costs = {
        name: cost for name in names
        if name in found and (cost := (results["members"][name]["metrics"] or {}).get("cost"))
    }  # fmt: skip
    return {
        "labels": [label(results, name) for name in costs],
        "costs": {
            "parameters, millions": [
                cost["parameters"]["together"] / 1e6 for cost in costs.values()
            ],
            "operations of a batch, 10⁹": [cost["flops"]["batch"] / 1e9 for cost in costs.values()],
        },
        "quality": [found[name] for name in costs],
        "ylabel": fid_name(results),
    }


def _write_checkerboard(out, results, picture):
    """Write enlarged images of SSGAN with and without pyramid connections, and their spectra."""
    if not set(CHECKERBOARD) <= set(results["members"]):
        return
    read = {
        name: np.concatenate(list(images.values()))
        for name, folder in folders(out, results, CHECKERBOARD).items()
        if (images := read_images(results, folder, MEASURED))
    }
    if not set(CHECKERBOARD) <= set(read):
        return
    rows, spectra = {}, {}
    for name in sorted(read, key=[*CHECKERBOARD, REAL].index):
        images, words = read[name], _row_label(results, name)
        some = images[np.linspace(0, len(images) - 1, min(4, len(images))).astype(int)]
        rows[words] = some.repeat(ENLARGED, axis=1).repeat(ENLARGED, axis=2)
        spectra[f"{words}\nNyquist share {100 * nyquist_share(images):.3g} %"] = mean_log_spectrum(
            images
        )
    picture("checkerboard", partial(plots.write_png, image=plots.labelled_rows(rows)))
    picture("spectra", partial(plots.write_spectra, spectra=spectra))

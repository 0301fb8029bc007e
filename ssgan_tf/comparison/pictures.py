"""The pictures of a comparison, and the images of its contestants that they show."""

from functools import partial
from pathlib import Path

import numpy as np

from ssgan_tf import plots
from ssgan_tf.comparison.results import REAL
from ssgan_tf.data.decoding import UnreadableImageError, decode
from ssgan_tf.data.folder import image_files
from ssgan_tf.files import write_atomically
from ssgan_tf.metrics.checkerboard import mean_log_spectrum, nyquist_share
from ssgan_tf.published import FIGURES, TABLE_1
from ssgan_tf.runs.metrics_log import read_metrics

MEASURED = 64  # images of each class that the checkerboard is measured on
COLUMNS = 10  # images of a row of samples
ENLARGED = 3  # times, images that are to show their pixels
CHECKERBOARD = FIGURES[6]
#: Settings whose learning curves are compared (SSGAN, Fig. 3-5), and what they are called.
SETTINGS = {"learning_rate": "learning rate", "mu": "μ", "lambda_": "λ"}
LOSSES = ("critic_loss", "generator_loss", "wasserstein")


def write_pictures(out, results):
    """Write PNGs into the folder of a comparison; return their names by what they show.

    The keys, of which those are left out that there is nothing to show for: `samples/<group>` for
    each of `Results.groups`, `fid`, `complexity`, `curves/<setting>` for each of `SETTINGS`,
    `losses`, `checkerboard` and `spectra`.
    """
    out, groups, fids, written = Path(out), results.groups(), results.fids(), {}

    def picture(key, write, **content):
        written[key] = key.replace("/", "-") + ".png"
        write_atomically(out / written[key], partial(write, **content))

    for group, names in groups.items():
        if rows := sample_rows(out, results, names):
            picture(f"samples/{group}", plots.write_png, image=plots.labelled_rows(rows))
    if len(fids) > 1:
        group_of = {}  # the first one of each
        for group, names in groups.items():
            for name in names:
                group_of.setdefault(name, group)
        means = {name: results.mean(name, "FID", "training") for name in group_of if name in fids}
        picture(
            "fid", plots.write_means, labels=list(map(results.label, means)),
            means=[mean.mean for mean in means.values()],
            half_widths=[mean.half_width for mean in means.values()],
            groups=[group_of[name] for name in means], baseline=results.floor,
            xlabel=f"{results.fid_name} to the training images (lower is better)",
        )  # fmt: skip
    # Settings cost the same, and have curves of their own.
    named = dict.fromkeys([*groups.get("methods", []), *groups.get("ablations", [])])
    costs = results.costs(name for name in named if name in fids)
    if len(costs) > 1:
        counted = {
            "parameters, millions": [one["parameters"]["together"] / 1e6 for one in costs.values()],
            "operations of a batch, 10⁹": [one["flops"]["batch"] / 1e9 for one in costs.values()],
        }
        picture(
            "complexity", plots.write_complexity, labels=list(map(results.label, costs)),
            costs=counted, quality=[fids[name] for name in costs], ylabel=results.fid_name,
        )  # fmt: skip
    for setting in SETTINGS:
        runs = setting_runs(out, results, setting)
        if len(runs) > 1:
            picture(f"curves/{setting}", plots.write_settings, runs=runs)
    if runs := _runs(out, results, {name: results.label(name) for name in named}):
        picture("losses", plots.write_losses, runs=runs)
    _write_checkerboard(out, results, picture)
    return written


def read_images(out, results, count, names=None):
    """Return the first images of each class, of contestants and of real ones under `REAL`.

    Those that cannot be read are left out, and so is who has none of some class: images of some
    classes only would not compare with those of all.

    Returns:
        dict by name (of `names`, by default all contestants; the real ones first) of lists: of each
        class `count` images at most, uint8 `(n, size, size, 3)`.
    """
    members, dataset, read = results["members"], results["dataset"], {}
    for name in (REAL, *(members if names is None else names)):
        if name != REAL and name not in members:
            continue
        folder = REAL if name == REAL else members[name]["paths"]["generated"]
        classes = [
            _read(Path(out, folder, one), count, dataset["image_size"])
            for one in dataset["classes"]
        ]
        if all(classes):
            read[name] = [np.stack(images) for images in classes]
    return read


def nyquist_shares(out, results):
    """Return the Nyquist share of the images of each of `read_images`; see `nyquist_share`."""
    read = read_images(out, results, MEASURED)
    return {name: nyquist_share(np.concatenate(classes)) for name, classes in read.items()}


def sample_rows(out, results, names):
    """Return equally many images of each class in a row, by label; real ones first, if any.

    Returns:
        dict from the label of each of `names` that has images of every class to uint8 `(n, size,
        size, 3)`, class after class; {} without contestants.
    """
    classes = min(COLUMNS, len(results["dataset"]["classes"]))
    read = read_images(out, results, max(1, COLUMNS // classes), names)
    if not set(read) & set(names):
        return {}
    count = min(len(images) for of_one in read.values() for images in of_one[:classes])
    return {
        results.label(name): np.concatenate([images[:count] for images in of_one[:classes]])
        for name, of_one in read.items()
    }


def setting_runs(out, results, setting):
    """Return the mean losses of a method and of its variants that change one setting only.

    Returns:
        dict from a label ("μ = 0.1") to records, by rising value of the `setting`, a key of
        `SETTINGS`; what has no log is left out.
    """
    members = results["members"]
    values = {
        name: member["changes"][setting] for name, member in members.items()
        if set(member["changes"]) == {setting} and name not in TABLE_1
    }  # fmt: skip
    methods = {members[name]["method"] for name in values}
    for method in methods & set(members):
        default = members[method]["settings"].get(setting.rstrip("_"))
        if default is not None:
            values[method] = float(default)
    several = len({members[name]["method"] for name in values}) > 1
    labels = {
        name: f"{members[name]['method']}, " * several + f"{SETTINGS[setting]} = {values[name]:g}"
        for name in sorted(values, key=values.get)
    }
    return _runs(out, results, labels)


def mean_records(logs):
    """Return one log that is the mean over networks, where all of them have a value.

    Logs are lists of records with `step` and losses; the mean has those of `LOSSES` that all have.
    """
    by_step = [{record["step"]: record for record in log} for log in logs]
    means = []
    for step in sorted(set.intersection(*map(set, by_step))) if by_step else []:
        each = {key: [records[step].get(key) for records in by_step] for key in LOSSES}
        found = {key: float(np.mean(one)) for key, one in each.items() if None not in one}
        means.append({"step": step, **found})
    return means


def _read(folder, count, size):
    images = []
    for file in sorted(image_files(folder))[:count] if folder.is_dir() else []:
        try:
            images.append(decode(file.read_bytes(), size))
        except (OSError, UnreadableImageError):
            continue  # of a contestant that is still generating
    return images


def _runs(out, results, labels):
    """Return the mean records of contestants by label, of those that have any losses."""
    runs = {}
    for name, words in labels.items():
        run = out / results["members"][name]["paths"]["run"]
        logs = [read_metrics(path) for path in sorted(run.glob("*/metrics.jsonl"))]
        records = mean_records([log for log in logs if log])
        if any(len(record) > 1 for record in records):
            runs[words] = records
    return runs


def _write_checkerboard(out, results, picture):
    """Write enlarged images with and without pyramid connections (Fig. 6), and their spectra."""
    read = read_images(out, results, MEASURED, CHECKERBOARD)
    if not set(CHECKERBOARD) <= set(read):
        return
    rows, spectra = {}, {}
    for name in (name for name in (*CHECKERBOARD, REAL) if name in read):
        images, words = np.concatenate(read[name]), results.label(name)
        some = images[np.linspace(0, len(images) - 1, min(4, len(images))).astype(int)]
        rows[words] = some.repeat(ENLARGED, axis=1).repeat(ENLARGED, axis=2)
        words += f"\nNyquist share {100 * nyquist_share(images):.3g} %"
        spectra[words] = mean_log_spectrum(images)
    picture("checkerboard", plots.write_png, image=plots.labelled_rows(rows))
    picture("spectra", plots.write_spectra, spectra=spectra)

"""Write generated sets: folders of labelled synthetic images that load like any data set."""

import contextlib
import json
import re
from functools import partial
from pathlib import Path

import numpy as np

from ssgan_tf import plots
from ssgan_tf.bounds import require
from ssgan_tf.data.balance import BALANCE, counts_to_generate
from ssgan_tf.data.folder import image_files
from ssgan_tf.data.manifest import MANIFEST, read_manifest
from ssgan_tf.errors import UserError
from ssgan_tf.evaluation.cost import of_settings
from ssgan_tf.files import (
    content_of,
    disk_errors,
    resolved,
    sweep_temporaries,
    write_atomically,
    write_json,
)
from ssgan_tf.folder_lock import FolderLock
from ssgan_tf.generation.filtering import Selection, examples_sheet
from ssgan_tf.progress import progress_bar, say_beside
from ssgan_tf.runs.run_directory import TRAINED, RunDirectory
from ssgan_tf.training.trained import LAST, TrainedRun, load_run
from ssgan_tf.version import __version__

FILTER_SHEET = "filter.png"
SHEET_IMAGES = 100  # of a contact sheet
PICTURE = re.compile(r"\d{6,}\.png")  # the names of the images; nothing else is ever deleted
RECORDS = re.compile(r"[\w-]+\.jsonl")  # what is known of single images


def write_generated_set(
    run, out, per_class=400, *,
    seed=0, classes=None, average=True, walk=False, filtered=None, dataset=None,
    datasets_dir=None, checkpoint=LAST, sampling=None, overwrite=False, progress=True,
):  # fmt: skip
    """Write `<out>/<class>/000000.png ...`, contact sheets and `manifest.json`.

    Where a method says something of single images, `<out>/<method>.jsonl` has a line for each.

    The images are a function of the run's checkpoint and the seed. Where all training images of a
    class were grey, they have equal channels. Writing again replaces what an earlier call wrote; a
    folder that no such call made is refused.

    With a filter they are the first that it accepts: image k depends on the classifier and the
    threshold too, but not on the number of images. Where the filter's limit is reached, a class
    gets fewer images, or no folder; the manifest says so. `<out>/filter.png` shows accepted and
    rejected images.

    Args:
        run: a run directory; or the `TrainedRun` of a method that trains nothing, which then
            decides about `average`, `dataset`, `datasets_dir`, `checkpoint` and `sampling`.
        out: the folder to write.
        per_class: images per class, "balance" to fill every class up to the largest, or a dict
            from class to its number.
        seed: which images.
        classes: names, by default all that the run has trained.
        average: use the moving average of the weights, where the run kept one.
        walk: also write `<out>/<class>.gif`, a walk through the latents, which no filter sees.
        filtered: a `Filter`; by default every image is kept.
        dataset: the real images, for methods that change those; by default by the recorded name.
        datasets_dir: where named data sets live.
        checkpoint: "last" or "best", see `load_run`.
        sampling: dict of what is chosen of the images, see `load_run`.
        overwrite: begin anew where an earlier call with other settings left something to go on
            with; that is moved aside.
        progress: show a bar.

    Returns:
        the manifest, a dict.

    Raises:
        UserError: the run, the classes, the folder or the filter do not fit, or another process
            is writing the folder.
    """
    require("seed", seed)
    _require_wanted(per_class, classes)
    out = Path(out)
    with disk_errors(f"writing {out}"):
        _require_own(out)  # sooner than all that takes time
    if not isinstance(run, TrainedRun):
        recorded = RunDirectory(run).config(TRAINED)["data"]["classes"]
        _require_not_among_images(out, recorded, run)
        wanted = tuple(classes) if classes else None
        run = load_run(run, average, dataset, datasets_dir, checkpoint, wanted, sampling)
    trained, recorded = run, run.config["data"]["classes"]
    _require_not_among_images(out, recorded, run.path)
    sampler, settings = trained.sampler, trained.method.settings
    counts = counts_of(trained, per_class, classes)
    names = list(counts)
    if filtered:
        filtered.require(names, settings.image_size)
    source = trained.provenance
    manifest = {
        "made_by": f"ssgan_tf {__version__}",
        **source,
        "data": source["data"] | {"classes": {name: recorded[name] for name in names}},
        "cost": of_settings(source["settings"]),
        "weights": "average" if average and getattr(settings, "ema", 0) else "last",
        "checkpoint": checkpoint,
        "seed": seed,
        "image_size": settings.image_size,
        "classes": {
            name: {
                "count": counts[name],
                "checkpoint_step": trained.iterations[name],
                "real_images": len(recorded[name]["train"]),
                **({"grey": True} if recorded[name].get("grey") else {}),
            }
            for name in names
        },
        "complete": False,
    }
    selections, sources = {}, {}
    if filtered:
        manifest["filter"] = filtered.record()
        selections = {name: Selection(filtered, name, counts[name]) for name in names}
    with disk_errors(f"writing {out}"), _own_folder(out):
        if read_manifest(out) is None:  # so that a later call knows for its own what is prepared
            write_json(out / MANIFEST, manifest)
        sampler.prepare(counts, seed, out, progress, overwrite)
        if details := sampler.made_with():
            manifest["made_with"] = details
        _begin(out, manifest)
        records = []
        for name in names:
            if counts[name] == 0:  # the largest class, which needs no more
                continue
            alike, selection = _as_trained_on(recorded[name]), selections.get(name)
            written, shown = _write_class(
                sampler, map(alike, sampler.batches(name, seed)), out / name, counts[name],
                progress, selection,
            )  # fmt: skip
            sources |= _sources(sampler, name, seed, written, selection)
            if shown:
                sheet = plots.image_grid(np.stack(shown))
                write_atomically(out / f"{name}.png", partial(plots.write_png, image=sheet))
            if not selection and written < counts[name]:
                manifest["classes"][name] |= {
                    "count": written, "wanted": counts[name],
                    "shortfall": f"{written} of {counts[name]}; {sampler.shortfall(name)}",
                }  # fmt: skip
            indices = selection.kept if selection else range(written)
            for number, record in enumerate(sampler.records(name, indices, seed)):
                records.append({"image": f"{name}/{number:06d}.png", **record})
            if walk:
                frames = alike(sampler.walk(name, seed))
                write_atomically(out / f"{name}.gif", partial(plots.write_gif, frames=frames))
        if filtered:
            _conclude_filtering(out, manifest, selections)
        if records:
            lines = "".join(json.dumps(each, ensure_ascii=False) + "\n" for each in records)
            file = out / f"{trained.method.name}.jsonl"
            write_atomically(file, lambda opened: opened.write(lines.encode(errors="replace")))
        for name, hashes in sources.items():
            manifest["classes"][name]["sources"] = hashes
        write_json(out / MANIFEST, manifest | {"complete": True})
    return manifest | {"complete": True}


def counts_of(trained, per_class, classes=None):
    """Return how many images of each class are wanted, a dict in the order of the classes.

    Args:
        trained: a `TrainedRun`.
        per_class: see `write_generated_set`.
        classes: names, by default all.

    Raises:
        UserError: the number or a class does not fit.
    """
    _require_wanted(per_class, classes)
    sampler, recorded = trained.sampler, trained.config["data"]["classes"]
    names = sorted(classes or sampler.class_names)
    for name in names:
        if name not in sampler.class_names:
            have, of = ", ".join(sampler.class_names), trained.path or trained.method.name
            raise UserError(f"{of} has no trained class {name!r}; it has {have}")
    counts = counts_to_generate(per_class, {name: len(recorded[name]["train"]) for name in names})
    if not any(counts.values()):
        raise UserError("--per_class balance makes no images of equal classes; name a number")
    return counts


def _require_wanted(per_class, classes):
    if per_class != BALANCE and not isinstance(per_class, dict):
        require("per_class", per_class)
    if classes is not None and not classes:
        raise UserError("--classes names no class; name some, or leave it out for all")


def _write_class(sampler, batches, folder, count, progress, selection):
    """Write one class's images; return their number, and the first for the contact sheet."""
    shown, written = [], 0
    batches = selection.accepted_batches(batches) if selection else _first(batches, count)
    with progress_bar(count, folder.name, "img", progress) as bar:
        sampler.watch = partial(say_beside, bar)
        for batch in batches:
            if len(batch):  # a class without any image would not load
                folder.mkdir(exist_ok=True)
            for image in batch:
                plots.write_png(folder / f"{written:06d}.png", image)
                written += 1
            shown.extend(batch[: SHEET_IMAGES - len(shown)])
            if selection:
                bar.set_postfix_str(f"of {selection.sampled:,} sampled", refresh=False)
            bar.update(len(batch))
    return written, shown


def _as_trained_on(recorded):
    """Return what makes images grey where all training images of a class were, else unchanged.

    Its function takes and returns uint8 `(n, height, width, 3)`. Grey is the luma of ITU-R BT.601.
    """
    if not recorded.get("grey"):
        return lambda images: images

    def grey(images):
        luma = np.rint(np.asarray(images) @ np.array([0.299, 0.587, 0.114]))
        return np.repeat(luma.astype(np.uint8)[..., None], 3, axis=-1)

    return grey


def _sources(sampler, name, seed, count, selection):
    """Return the class with the source of each of its images, where there are sources."""
    numbers = selection.kept if selection else range(count)
    found = sampler.sources(name, max(numbers, default=-1) + 1, seed)
    return {} if found is None else {name: [found[number] for number in numbers]}


def _first(batches, count):
    """Yield the first `count` images of batches; fewer where these end."""
    for batch in batches:
        yield batch[:count]
        count -= len(batch)
        if count <= 0:
            return


def _conclude_filtering(out, manifest, selections):
    """Add to a manifest what the filter did, and draw it."""
    entries = manifest["classes"]
    for name, selection in selections.items():
        entries[name] |= selection.report()
    rates = {name: entries[name]["acceptance_rate"] for name in selections}
    entry = {"validation_accuracy": None, "acceptance_rate": rates, "kept": True}
    manifest["filter"]["rounds"] = [entry]  # the only one, unless `filter_in_rounds` goes on
    sheet = examples_sheet(selections.values())
    if sheet is not None:
        write_atomically(out / FILTER_SHEET, partial(plots.write_png, image=sheet))


def _require_own(out):
    """Refuse a folder that holds anything but an earlier set; return its manifest, if any."""
    manifest = read_manifest(out)
    ours = manifest is not None and "classes" in manifest
    if not ours and content_of(out):
        raise UserError(
            f"{out} is not empty and holds no {MANIFEST} of a generated set; "
            "choose another --out, or empty it yourself"
        )
    return manifest


@contextlib.contextmanager
def _own_folder(out):
    """Keep other processes out of a folder that is new or holds an earlier set."""
    _require_own(out)  # before the files of the lock lie there
    with FolderLock(out, "--out"):
        yield


def _begin(out, manifest):
    """Put a new manifest, of a set that is not complete, in the place of an earlier set.

    At no moment does a manifest say of less than the whole set that it is complete, or the folder
    hold images that no manifest names.
    """
    old = _require_own(out)
    _require_no_links(out, {*manifest["classes"], *(old or {}).get("classes", {})})
    sweep_temporaries(out, below=False)
    if old:
        write_json(out / MANIFEST, old | {"complete": False})
        _empty(out, old)
    write_json(out / MANIFEST, manifest)


def _require_not_among_images(out, class_names, run):
    """Refuse a folder inside a data set of these classes, where it would count as one more."""
    # By what lies there: a run does not record where its data set is, and sets may be moved.
    for folder in resolved(out).parents:
        if folder != (run and resolved(run)) and all(
            (folder / name).is_dir() and image_files(folder / name) for name in class_names
        ):
            raise UserError(
                f"--out {out} lies in {folder}, a data set with the classes "
                f"{', '.join(class_names)}, and would be one more class of it; choose a folder "
                "elsewhere"
            )


def _require_no_links(out, class_names):
    """Refuse to write or delete through links, which lead to somebody else's files."""
    for name in class_names:
        if (out / name).is_symlink():
            raise UserError(
                f"{out / name} is a link, and its images would be written elsewhere; remove it or "
                "choose another --out"
            )


def _empty(out, manifest):
    """Delete what an earlier call wrote, by the names that it writes; all else stays."""
    if RECORDS.fullmatch(name := f"{manifest.get('method')}.jsonl"):
        (out / name).unlink(missing_ok=True)
    if "filter" in manifest:
        (out / FILTER_SHEET).unlink(missing_ok=True)
    for name in manifest.get("classes", {}):
        folder = out / name
        if folder.is_dir():
            for picture in folder.iterdir():
                if PICTURE.fullmatch(picture.name):
                    picture.unlink()
            if not any(folder.iterdir()):
                folder.rmdir()
        for picture in (out / f"{name}.png", out / f"{name}.gif"):
            picture.unlink(missing_ok=True)

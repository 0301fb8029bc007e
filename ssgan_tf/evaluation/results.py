"""From two folders to `metrics.json`, pictures and `report.html`."""

import contextlib
from pathlib import Path

from ssgan_tf.bounds import require
from ssgan_tf.data.loading import places_of
from ssgan_tf.errors import UserError
from ssgan_tf.evaluation.baseline import read_baseline
from ssgan_tf.evaluation.consistency import (
    consistency_warnings,
    measure_consistency,
    require_consistency,
)
from ssgan_tf.evaluation.cost import cost
from ssgan_tf.evaluation.inputs import load_inputs
from ssgan_tf.evaluation.measure import extract_sides, measure
from ssgan_tf.evaluation.page import write_page
from ssgan_tf.evaluation.pictures import picture_name, write_pictures
from ssgan_tf.evaluation.scores import Seconds
from ssgan_tf.files import (
    LOCK,
    content_of,
    disk_errors,
    is_plain_name,
    require_outside,
    sweep_temporaries,
    write_json,
)
from ssgan_tf.folder_lock import FolderLock
from ssgan_tf.json_files import Each, find_json
from ssgan_tf.metrics.inception import FEATURES, require_known
from ssgan_tf.metrics.inception_graph import open_inception
from ssgan_tf.metrics.ssim import read_super_classes
from ssgan_tf.runs.provenance import origin

METRICS, REPORT = "metrics.json", "report.html"
# Sub-folders, for images and classifiers that are made on the way.
GENERATED, CONSISTENCY = "generated", "consistency"
PICTURES = ("samples", "tsne", "distances", "curves")  # what `write_pictures` draws
PICTURES_OF_CLASSES = ("tsne/", "neighbours/")
SCHEMA = 1  # of metrics.json; raised when a key changes its meaning


def evaluate(
    generated, out, *, dataset=None, real=None, inception="auto", features="pool_3",
    super_classes=None, baseline=None, consistency=None, seed=0, cache_dir=None, progress=True,
    held=False, **inputs,
):  # fmt: skip
    """Compare generated images with real ones by every measure and write the results.

    Args:
        generated: folder of generated images.
        out: folder for `metrics.json`, `report.html` and the pictures; new, or of an earlier
            evaluation, which is replaced. Other processes are kept out.
        dataset: name or path of the real data set; or
        real: any folder of real images.
        inception: "auto" or a file; see `open_inception`.
        features: a key of `ssgan_tf.metrics.inception.FEATURES`.
        super_classes: JSON file; see `read_super_classes`.
        baseline: accuracy without augmentation, or a comparison that measured it; see
            `read_baseline`.
        consistency: the `ConsistencySettings`; None measures no class consistency.
        seed: of everything that is drawn.
        cache_dir: of decoded images and features.
        progress: show bars.
        held: the caller is inside `own_folder` of `out`.
        **inputs: more arguments of `load_inputs`.

    Returns:
        what `metrics.json` holds, a dict; see `docs/evaluation.md`.

    Raises:
        UserError: the folders, the classes or the network do not fit, or another process is
            writing `out`.
    """
    out, seconds = Path(out).expanduser(), Seconds()
    if not held:
        with own_folder(out, generated, real, *places_of(dataset, inputs.get("datasets_dir"))):
            return evaluate(
                generated, out, dataset=dataset, real=real, inception=inception, features=features,
                super_classes=super_classes, baseline=baseline, consistency=consistency, seed=seed,
                cache_dir=cache_dir, progress=progress, held=True, **inputs,
            )  # fmt: skip
    require_known(features)
    require("seed", seed)
    require("image_size", inputs.get("image_size"))
    found = load_inputs(
        generated, dataset=dataset, real=real, seed=seed, cache_dir=cache_dir,
        progress=progress, **inputs,
    )  # fmt: skip
    given = consistency and require_consistency(found, consistency)
    groups = read_super_classes(super_classes, found.real.class_names)
    accuracy = None if baseline is None else read_baseline(baseline, found.real.class_names)
    own_cost = cost(found.manifest)
    network = open_inception(inception, features, cache_dir, progress)
    sides = extract_sides(found, network, cache_dir, seconds, progress)
    measured, evidence = measure(
        found, sides, network.name, groups=groups, baseline=accuracy, seed=seed, seconds=seconds,
        progress=progress,
    )  # fmt: skip
    with seconds.of("class consistency") if consistency else contextlib.nullcontext():
        judged = consistency and measure_consistency(
            found, consistency, out / CONSISTENCY, path=generated, seed=seed, progress=progress,
            source=(dataset, inputs.get("datasets_dir")), given=given,
        )  # fmt: skip
    measured["warnings"] += consistency_warnings(judged)
    metrics = {
        "schema": SCHEMA,
        **origin(),
        "inputs": _describe(found, generated, real or dataset, seed),
        "features": {
            "tensor": FEATURES[features],
            "dimension": network.dimension,
            "suffix": network.name(""),
            "logits": network.classes,
            "graph_sha256": network.digest,
        },
        **measured,
        "consistency": judged,
        "cost": own_cost,
    }
    with disk_errors(f"writing {out}"):
        out.mkdir(parents=True, exist_ok=True)
        sweep_temporaries(out, below=False)
        _remove_pictures(out)
        # Marks the folder as ours before the pictures, which take a while.
        write_json(out / METRICS, metrics | {"pictures": {}})
        with seconds.of("pictures"):
            pictures = write_pictures(out, found, evidence, seed, progress)
        metrics |= {"pictures": pictures, "seconds": dict(seconds.by_name)}
        write_json(out / METRICS, metrics)
        write_page(out, metrics, pictures)
    return metrics


def require_own(out, *sources):
    """Refuse a folder that holds anything but an earlier evaluation, or lies among images.

    Args:
        out: the folder to write.
        *sources: folders of images (or names, or None), which pictures must not be added to.

    Raises:
        UserError: it is not empty and has no `metrics.json` of ours, is a file, or is one of the
            sources or in one.
    """
    require_outside(out, *sources)
    if not out.exists():
        return
    if not out.is_dir():
        raise UserError(f"--out {out} is a file; name a folder")
    if not _earlier(out) and not set(content_of(out)) <= {GENERATED, CONSISTENCY}:
        raise UserError(
            f"--out {out} is not empty and holds no {METRICS} of an evaluation; choose another "
            "folder, or empty it yourself"
        )


@contextlib.contextmanager
def own_folder(out, *sources):
    """Keep other processes out of the folder of an evaluation, for as long as the block takes.

    Args:
        out: the folder, made if need be.
        *sources: see `require_own`.

    Raises:
        UserError: as `require_own`, or another process is writing it.
    """
    require_own(out, *sources)
    out = Path(out)
    made = [folder for folder in (out, *out.parents) if not folder.exists()]
    try:
        with disk_errors(f"writing {out}"), FolderLock(out, "--out"):
            yield
    except UserError:  # what was wrong leaves no empty folders behind
        if made and not content_of(out):
            (out / LOCK).unlink(missing_ok=True)
            with contextlib.suppress(OSError):
                for folder in made:
                    folder.rmdir()
        raise


def _remove_pictures(out):
    """Remove the pictures of an earlier evaluation; perhaps there were more classes."""
    for key, name in (_earlier(out) or {}).get("pictures", {}).items():
        ours = key in PICTURES or key.startswith(PICTURES_OF_CLASSES)
        if ours and name == picture_name(key) and is_plain_name(name):
            (out / name).unlink(missing_ok=True)


def _earlier(out):
    """Return the `metrics.json` of an earlier evaluation in a folder, or None."""
    metrics = find_json(out / METRICS, {"made_by": str, "pictures?": Each(str)})
    return metrics if metrics and metrics["made_by"].startswith("ssgan_tf") else None


def _describe(found, generated, real, seed):
    """Return what was compared, for JSON."""
    manifest = found.manifest or {}
    made_by = ", ".join(
        str(words)
        for words in (
            manifest.get("made_by"), manifest.get("method"), manifest.get("run"),
            f"{manifest.get('weights')} weights", f"seed {manifest.get('seed')}",
        )
    )  # fmt: skip
    return {
        "generated": {
            "path": str(generated),
            "name": _name(found),
            "images": len(found.generated),
            "fingerprint": found.generated.fingerprint(),
            "made_by": made_by if manifest else None,
            "checkpoint_steps": {
                name: entry.get("checkpoint_step")
                for name, entry in manifest.get("classes", {}).items()
            },
        },
        "real": {
            "source": str(real),
            "name": found.real.name,
            "images": len(found.real),
            "fingerprint": found.real.fingerprint(),
        },
        "image_size": found.real.image_size,
        "split_from": found.split_from,
        "seed": seed,
    }


def _name(found):
    """Return what the generated images are called on the page."""
    manifest = found.manifest or {}
    if not {"method", "dataset"} <= manifest.keys():
        return found.generated.name
    return f"{manifest['method']} on {manifest['dataset']}"

"""The pictures of an evaluation: images side by side, t-SNE, nearest neighbours, distances."""

from functools import partial
from pathlib import Path
from typing import NamedTuple

import numpy as np

from ssgan_tf import methods, plots
from ssgan_tf.errors import UserError
from ssgan_tf.files import write_atomically
from ssgan_tf.metrics.tsne import embed_each, thin
from ssgan_tf.progress import progress_bar
from ssgan_tf.runs.metrics_log import read_metrics
from ssgan_tf.runs.run_directory import RunDirectory

SHOWN = 10  # images of each class in the overview
MOST_POINTS = 500  # of each kind in a t-SNE picture
ROWS = 8  # generated images shown with their neighbours


def write_pictures(out, inputs, evidence, seed=0, progress=True):
    """Write PNGs into a folder; return their names by what they show.

    The keys: `samples`, `tsne`, `distances`, `curves` (where the run is at hand), and for each
    class `tsne/<class>` and `neighbours/<class>`.

    Args:
        out: the folder.
        inputs: the `Inputs`.
        evidence: the `Evidence`.
        seed: of what is chosen and of t-SNE.
        progress: show a bar.
    """
    written = {}

    def picture(key, write):
        written[key] = picture_name(key)
        write_atomically(Path(out) / written[key], write)

    class_names = inputs.real.class_names
    training = inputs.real.select(inputs.training)
    clouds = _clouds(inputs, evidence.sides, seed)
    with progress_bar(2 + len(class_names) + len(clouds), "pictures", shown=progress) as bar:
        rows = {}
        for label, name in enumerate(class_names):
            for side, images in (("real", training), ("generated", inputs.generated)):
                of_class = images.images[images.labels == label]
                rows[f"{name}, {side}"] = of_class[thin(len(of_class), SHOWN, seed)]
        picture("samples", partial(plots.write_png, image=plots.labelled_rows(rows)))
        bar.update()

        found = evidence.memorisation[None]
        picture(
            "distances",
            partial(
                plots.write_distances,
                generated=found.distances,
                reference=found.reference_distances,
                reference_label=found.reference,
            ),
        )
        bar.update()

        for name in class_names:
            found = evidence.memorisation[name]
            nearest = np.argsort(found.distances)[:ROWS]
            made = inputs.generated.of_class(name).images[nearest]
            sheet = plots.neighbour_sheet(made, training.images, found.neighbours[nearest])
            picture(f"neighbours/{name}", partial(plots.write_png, image=sheet))
            bar.update()

        embedded = embed_each([cloud.features for cloud in clouds.values()], seed)
        for (key, cloud), points in zip(clouds.items(), embedded, strict=True):
            picture(
                key,
                partial(
                    plots.write_embedding,
                    points=points,
                    labels=cloud.labels,
                    generated=cloud.generated,
                    class_names=class_names,
                    title=cloud.title,
                ),
            )
            bar.update()

    curves = _curves(inputs)
    if curves:
        picture("curves", partial(plots.write_curves, runs=curves))
    return written


def picture_name(key):
    """Return the file name of a picture, by what it shows."""
    return key.replace("/", "_") + ".png"


class _Cloud(NamedTuple):
    """What one t-SNE picture shows."""

    features: np.ndarray
    labels: np.ndarray
    generated: np.ndarray
    title: str | None


def _clouds(inputs, sides, seed):
    """Return the t-SNE pictures of all images and of each class; too few images make none."""
    labels = (inputs.real.labels[inputs.training], inputs.generated.labels)
    names = inputs.real.class_names
    wanted = {"tsne": None}
    if len(names) > 1:  # else the picture of all is that of the class
        wanted |= {f"tsne/{name}": label for label, name in enumerate(names)}
    clouds = {}
    for key, label in wanted.items():
        real, made = (
            places[thin(len(places), MOST_POINTS, seed)]
            for places in (np.flatnonzero((own == label) | (label is None)) for own in labels)
        )
        if len(real) + len(made) >= 4:
            clouds[key] = _Cloud(
                np.concatenate([sides.training.values[real], sides.generated.values[made]]),
                np.concatenate([labels[0][real], labels[1][made]]),
                np.arange(len(real) + len(made)) >= len(real),
                None if label is None else names[label],
            )
    return clouds


def _curves(inputs):
    """Return the records of the training behind the generated set, by network, if at hand."""
    manifest = inputs.manifest or {}
    if not manifest.get("run") or not manifest.get("settings"):
        return {}
    run, settings = RunDirectory(manifest["run"]), manifest["settings"]
    learnt = settings.get("classes", inputs.real.class_names)
    try:
        jobs = methods.recreate(settings).jobs(learnt)
    except UserError:  # a method that is not installed here; its images are judged all the same
        return {}
    logs = {name: read_metrics(run.metrics_path(name)) for name in jobs}
    return {name: records for name, records in logs.items() if records}

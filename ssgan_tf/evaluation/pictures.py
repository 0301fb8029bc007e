"""The pictures of an evaluation: images side by side, t-SNE, nearest neighbours, distances."""

from functools import partial
from pathlib import Path

import numpy as np
from tqdm import tqdm

from ssgan_tf import plots
from ssgan_tf.evaluation.measure import sides_of_class
from ssgan_tf.files import write_atomically
from ssgan_tf.metrics.tsne import embed, thin
from ssgan_tf.training.metrics_log import read_metrics
from ssgan_tf.training.run_directory import RunDirectory

SHOWN = 10  # images of each class in the overview
MOST_POINTS = 1000  # of each kind in a t-SNE picture
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
        written[key] = key.replace("/", "_") + ".png"
        write_atomically(Path(out) / written[key], write)

    class_names = inputs.real.class_names
    training = inputs.real.select(inputs.training)
    with tqdm(total=3 + 2 * len(class_names), desc="pictures", disable=not progress) as bar:
        rows = {}
        for label, name in enumerate(class_names):
            for side, images in (("real", training), ("generated", inputs.generated)):
                of_class = images.images[images.labels == label]
                rows[f"{name}, {side}"] = of_class[thin(len(of_class), SHOWN, seed)]
        picture("samples", partial(plots.write_png, image=plots.labelled_rows(rows)))
        bar.update()

        labels = [images.labels for images in (training, inputs.generated)]
        _tsne(picture, "tsne", evidence.sides, labels, class_names, seed)
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

        for label, name in enumerate(class_names):
            sides = sides_of_class(inputs, evidence.sides, label)
            labels = [
                np.full(len(side.values), label) for side in (sides.training, sides.generated)
            ]
            if len(class_names) > 1:  # else it is the picture of all
                _tsne(picture, f"tsne/{name}", sides, labels, class_names, seed, title=name)
            bar.update()

            found = evidence.memorisation[name]
            nearest = np.argsort(found.distances)[:ROWS]
            made = inputs.generated.of_class(name).images[nearest]
            sheet = plots.neighbour_sheet(made, training.images, found.neighbours[nearest])
            picture(f"neighbours/{name}", partial(plots.write_png, image=sheet))
            bar.update()

    curves = _curves(inputs)
    if curves:
        picture("curves", partial(plots.write_curves, runs=curves))
    return written


def _tsne(picture, key, sides, labels, class_names, seed, title=None):
    """Embed real and generated images together; too few of them make no picture."""
    real, made = (
        thin(len(side.values), MOST_POINTS, seed) for side in (sides.training, sides.generated)
    )
    if len(real) + len(made) < 4:
        return
    points = embed(
        np.concatenate([sides.training.values[real], sides.generated.values[made]]), seed
    )
    picture(
        key,
        partial(
            plots.write_embedding,
            points=points,
            labels=np.concatenate([labels[0][real], labels[1][made]]),
            generated=np.arange(len(points)) >= len(real),
            class_names=class_names,
            title=title,
        ),
    )


def _curves(inputs):
    """Return the records of the training behind the generated set, by class, where it is there."""
    run = (inputs.manifest or {}).get("run")
    if not run:
        return {}
    logs = {
        name: read_metrics(RunDirectory(run).metrics_path(name))
        for name in inputs.real.class_names
    }  # fmt: skip
    return {name: records for name, records in logs.items() if records}

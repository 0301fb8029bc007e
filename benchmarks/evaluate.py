"""Measure an evaluation: the whole of it against the bare network, and each measure alone.

python benchmarks/evaluate.py --dataset flower --inception FILE --features mixed_7
"""

import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ssgan_tf import command_line  # first, because it keeps TensorFlow's start quiet

# isort: split
import numpy as np

from benchmarks.figures import require_folder, say, write_figures
from benchmarks.machine import seconds_of
from ssgan_tf import evaluation, plots
from ssgan_tf.data import load_dataset
from ssgan_tf.errors import UserError
from ssgan_tf.evaluation.pictures import MOST_POINTS
from ssgan_tf.metrics.features import BATCH
from ssgan_tf.metrics.frechet import frechet_distance, halves_distance
from ssgan_tf.metrics.inception_graph import open_inception
from ssgan_tf.metrics.inception_score import inception_score
from ssgan_tf.metrics.kernel import kernel_distance
from ssgan_tf.metrics.manifold import manifold_scores
from ssgan_tf.metrics.memorisation import memorisation
from ssgan_tf.metrics.ssim import mean_similarity
from ssgan_tf.metrics.tsne import embed, thin
from ssgan_tf.report import Cell, Table

CLASSES = 1008  # logits of the official graph


def seconds_of_network(network, images):
    """Return the seconds that the bare network takes for images, in batches as evaluate.py's."""
    start = time.perf_counter()
    for first in range(0, len(images), BATCH):
        network(images[first : first + BATCH])
    return time.perf_counter() - start


def seconds_of_evaluation(images, count, inception, features):
    """Return the seconds of a whole evaluation of images from disk, and its own account of them.

    Half of the images of each class play the generated ones. Nothing is in the cache.

    Args:
        images: an `ImageSet`.
        count: images of each side.
        inception: the graph's file, or "auto".
        features: which features.
    """
    with tempfile.TemporaryDirectory() as folder:
        places = np.random.default_rng(0).permutation(len(images))[: 2 * count]
        for side, chosen in (("real", places[::2]), ("generated", places[1::2])):
            for number in chosen:
                target = Path(folder, side, images.class_names[images.labels[number]])
                target.mkdir(parents=True, exist_ok=True)
                plots.write_png(target / f"{number:06d}.png", images.images[number])
        start = time.perf_counter()
        metrics = evaluation.evaluate(
            Path(folder, "generated"), Path(folder, "out"), real=Path(folder, "real"),
            inception=inception, features=features, cache_dir=Path(folder, "cache"),
            progress=False,
        )  # fmt: skip
        return time.perf_counter() - start, metrics["seconds"]


def seconds_of_measures(count, dimension, image_size):
    """Return the seconds of each measure for `count` random images a side, by name.

    Args:
        count: images of each side.
        dimension: length of a feature vector.
        image_size: for SSIM.
    """
    generator = np.random.default_rng(0)
    real, made = generator.normal(size=(2, count, dimension)).astype(np.float32)
    logits = generator.normal(size=(count, CLASSES)).astype(np.float32)
    images = generator.integers(0, 256, (count, image_size, image_size, 3), np.uint8)
    shown = thin(count, MOST_POINTS)
    measures = {
        "FID": lambda: frechet_distance(real, made),
        "FID of two halves": lambda: halves_distance(real),
        "KID": lambda: kernel_distance(real, made),
        "IS": lambda: inception_score(logits),
        "precision, recall, density, coverage": lambda: manifold_scores(real, made),
        "memorisation": lambda: memorisation(made, real),
        "SSIM, 1,000 pairs": lambda: mean_similarity(images),
        f"t-SNE, {2 * len(shown):,} points": lambda: embed(
            np.concatenate([real[shown], made[shown]])
        ),
    }
    seconds = {}
    for name, measure in measures.items():
        seconds[name] = seconds_of(measure)
        say(f"{count} images: {name}: {seconds[name]:.2f} s")
    return seconds


def measures_table(result):
    """Return the seconds of each measure, and their share of what the features take."""
    sizes = list(result["measures"])
    columns = [""]
    for size in sizes:
        columns += [Cell(f"{size} images, s", 2), Cell("% of features", 1)]
    rows = []
    for name in result["measures"][sizes[0]]:
        row = [name]
        for size in sizes:
            seconds = result["measures"][size][name]
            row += [seconds, 100 * seconds / result["seconds_of_features"][size]]
        rows.append(row)
    return Table(columns, rows, caption="Each measure alone; features are of both sides")


flags = command_line.Flags()
flags.DEFINE_string("dataset", "demo", "Name or path of the images.")
flags.DEFINE_integer("image_size", 64, "Height and width in pixels.")
flags.DEFINE_string("inception", "auto", "auto (downloaded once), or its archive or .pb file.")
flags.DEFINE_string("features", "pool_3", "As of evaluate.py.")
flags.DEFINE_integer("images", 500, "Images of each side in the evaluation.", lower_bound=10)
flags.DEFINE_list("sizes", ["500", "5000"], "Images of each side for the single measures.")
flags.DEFINE_string("json", str(Path(__file__).with_suffix(".json")), "Where figures go.")


def main(values):
    """Measure, print the figures, write the JSON."""
    require_folder(values.json)
    images = load_dataset(values.dataset, values.image_size)
    if len(images) < 2 * values.images:
        raise UserError(f"--images is {values.images}, but {images.name} has {len(images)} in all")
    network = open_inception(values.inception, values.features)
    some = images.images[: 2 * values.images]
    network(some[:BATCH])  # compile
    # The bare network before and after, so that noise meets both alike.
    bare = [seconds_of_network(network, some)]
    say(f"bare network: {len(some) / bare[0]:.1f} images/s")
    whole, account = seconds_of_evaluation(images, values.images, values.inception, values.features)
    say(f"whole evaluation: {len(some) / whole:.1f} images/s")
    bare.append(seconds_of_network(network, some))
    say(f"bare network: {len(some) / bare[1]:.1f} images/s")
    pace = 2 * len(some) / sum(bare)
    result = {
        "features": values.features,
        "images": len(some),
        "classes": len(images.class_names),
        "network_images_per_second": pace,
        "evaluation_images_per_second": len(some) / whole,
        "ratio": len(some) / whole / pace,
        "seconds_of_evaluation": account,
        "seconds_of_features": {size: 2 * int(size) / pace for size in values.sizes},
        "measures": {
            size: seconds_of_measures(int(size), network.dimension, values.image_size)
            for size in values.sizes
        },
    }
    print(f"\n{measures_table(result).text()}\n")
    print(
        f"whole evaluation: {result['evaluation_images_per_second']:.1f} images/s, bare network: "
        f"{pace:.1f}, ratio {result['ratio']:.2f}"
    )
    write_figures(values.json, result)
    return 0


if __name__ == "__main__":
    command_line.run(main, flags)

"""Measure how good generated images are: FID, KID, variety, memorisation, with a report.

python evaluate.py --dataset flower --generated augmented/flower --out results/flower-ssgan
python evaluate.py --dataset flower --run runs/flower/ssgan --out results/flower-ssgan
"""

import os
from pathlib import Path

# The graph of 2015 triggers harmless warnings; errors still show.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from ssgan_tf import command_line

# isort: split
from ssgan_tf.data.balance import parse_per_class
from ssgan_tf.data.loading import places_of
from ssgan_tf.errors import UserError
from ssgan_tf.evaluation import evaluate
from ssgan_tf.evaluation.baseline import read_baseline
from ssgan_tf.evaluation.consistency_page import consistency_table, sentences
from ssgan_tf.evaluation.judges import ConsistencySettings, load_classifiers
from ssgan_tf.evaluation.page import headline
from ssgan_tf.evaluation.results import GENERATED, REPORT, own_folder
from ssgan_tf.evaluation.tables import distance_table, memorisation_table, quality_table
from ssgan_tf.files import resolved
from ssgan_tf.generation.generated_set import write_generated_set
from ssgan_tf.metrics.inception import FEATURES
from ssgan_tf.metrics.inception_graph import open_inception

CONSISTENCY = {
    "classifier": "Folder of a classifier by classify.py (or of several, such as runs/original) "
    "that judges the images; alone, nothing is trained.",
    "classifier_weights": "With --consistency: imagenet (downloaded once), scratch, or a folder. "
    "Default: as --classifier was trained, else imagenet.",
    "classifier_epochs": "With --consistency: passes over the images. Default: as --classifier "
    "was trained, else 30.",
    "classifier_seeds": "With --consistency: trainings of each classifier.",
}

flags = command_line.Flags()
flags.DEFINE_string("generated", None, "Folder of generated images.")
flags.DEFINE_string("run", None, "Instead: a run directory of train.py, to sample from first.")
flags.DEFINE_string("per_class", "400", "With --run: images per class, or 'balance'.")
flags.define_data(None, "Real images: name of a data set, or a folder of classes.")
flags.DEFINE_string("real", None, "Instead of --dataset: any folder of images, not divided.")
flags.DEFINE_string("out", None, "Folder to write. Default: results/<name of the images>.")
flags.DEFINE_string("inception", "auto", "auto (downloaded once), or its archive or .pb file.")
flags.DEFINE_string("features", "pool_3", f"One of {', '.join(FEATURES)}; FID is pool_3.")
flags.DEFINE_integer("image_size", None, "Pixels. Default: that of the generated images.")
flags.DEFINE_string("super_classes", None, 'JSON file {"super-class": ["class", ...], ...}.')
flags.DEFINE_string(
    "baseline",
    None,
    "Accuracy of a classifier without augmentation, such as 0.65, or the folder of a comparison "
    "by classify.py: the advice promises no more than is left to gain.",
)
flags.DEFINE_boolean(
    "consistency", False, "Train classifiers: are the images recognised, and do they teach the "
    "classes (the classification accuracy score)?",
)  # fmt: skip
flags.define_from(ConsistencySettings(), CONSISTENCY)
flags.DEFINE_integer("seed", 0, "Of everything that is drawn at random.")
flags.DEFINE_integer("test_per_class", None, "Held-out images, where no manifest records them.")


def _name(folder):
    """Return a folder's name for results; `flower-ssgan` for `runs/flower/ssgan`."""
    folder = resolved(Path(folder).expanduser())
    inside = folder.parent.parent.name == "runs"
    return f"{folder.parent.name}-{folder.name}" if inside else folder.name


def consistency_settings(values):
    """Return the `ConsistencySettings` that the flags ask for, or None.

    Raises:
        UserError: a flag of the trainings is given, and nothing is to be trained.
    """
    given = command_line.given(ConsistencySettings, values)
    if not values.consistency:
        for name in given.keys() - {"classifier"}:
            raise UserError(f"--{name} needs --consistency, which trains classifiers")
        if not values.classifier:
            return None
    return ConsistencySettings(train=values.consistency, **given)


def _measure(values, out):
    """Sample if asked to, and evaluate; return the metrics."""
    generated, classes, consistency = values.generated, values.classes, consistency_settings(values)
    if values.run:
        # What is wrong with these is said rather now than after the sampling.
        open_inception(values.inception, values.features)
        if values.baseline is not None:
            read_baseline(values.baseline)
        if values.classifier:
            load_classifiers(values.classifier)
        generated = out / GENERATED
        manifest = write_generated_set(
            values.run,
            generated,
            parse_per_class(values.per_class),
            seed=values.seed,
            classes=classes,
        )
        # "balance" makes none for the largest class.
        classes = [name for name, entry in manifest["classes"].items() if entry["count"]]
    return evaluate(
        generated,
        out,
        dataset=values.dataset,
        real=values.real,
        inception=values.inception,
        features=values.features,
        super_classes=values.super_classes,
        baseline=values.baseline,
        consistency=consistency,
        seed=values.seed,
        datasets_dir=values.datasets_dir,
        classes=classes,
        image_size=values.image_size,
        test_per_class=values.test_per_class,
        held=True,
    )


def main(values):
    """Sample if asked to, measure, print the tables."""
    if bool(values.generated) == bool(values.run):
        raise UserError("name the images to measure: either --generated FOLDER or --run RUN")
    if bool(values.dataset) == bool(values.real):
        raise UserError("name the real images: either --dataset NAME or --real FOLDER")
    out = Path(values.out or Path("results") / _name(values.generated or values.run)).expanduser()
    places = places_of(values.dataset, values.datasets_dir)
    with own_folder(out, values.generated, values.real, *places):
        metrics = _measure(values, out)
    for table in (distance_table, quality_table, memorisation_table):
        print(f"\n{table(metrics).text()}")
    print(f"\n{headline(metrics)}\n{metrics['overall']['memorisation']['verdict']}")
    if metrics["consistency"]:
        print(f"\n{consistency_table(metrics).text()}\n")
        for sentence in sentences(metrics["consistency"]):
            print(sentence)
    if metrics["advise"]:
        print(metrics["advise"]["sentence"])
    for warning in metrics["warnings"]:
        print(f"WARNING: {warning}")
    print(f"Done. Look at {out / REPORT}")
    return 0


def run():
    """Run the command line of `ssgan-evaluate` or `python evaluate.py`."""
    command_line.run(main, flags)

"""Cut a class down to a few images, fill it up again, and see what classifiers make of it.

python imbalance.py --dataset flower --classes roses,tulips --keep 10,5 --conditions geometric,dcgan
"""

from pathlib import Path

from ssgan_tf import command_line

# isort: split
from ssgan_tf.augment import OFFLINE, POLICIES
from ssgan_tf.classify.network import NETWORKS
from ssgan_tf.classify.training import ClassifierSettings
from ssgan_tf.files import resolved
from ssgan_tf.imbalance.page import REPORT
from ssgan_tf.imbalance.study import ImbalanceStudy
from ssgan_tf.imbalance.tables import main_sentences, make_tables
from ssgan_tf.imbalance.terms import Terms
from ssgan_tf.runs.interruption import Interrupted

TERMS = {
    "seeds": "Trainings of each classifier.",
    "generators": "Trainings of each generator, which the seeds of classifiers share in turn.",
    "seed": "Of the split, and of the first training of each generator.",
    "test_per_class": "Test images of each class. Default: the data set's own test side, 100 or "
    "20 %.",
    "real_per_class": "Maximum number of real training images of each class, before one is cut "
    "down.",
}
LISTS = ("iterations", "minutes")
CLASSIFIERS = {
    "epochs": "Of classifiers: passes over the real images.",
    "network": f"Of classifiers: one of {', '.join(NETWORKS)}.",
    "weights": "Of classifiers: imagenet (downloaded once), scratch, or a preset.",
    "learning_rate": "Of classifiers, at the start. Default: 0.003 from scratch, else 0.0001.",
}
PRINTED = ("recall", "balanced_accuracy", "ssim", "ssim_papers", "differences", "cost")

flags = command_line.Flags()
flags.define_source()
flags.DEFINE_list("classes", None, "Cut these down, one at a time. Default: each class.")
flags.DEFINE_list("keep", ["15", "10", "5"], "Images of it that are kept; or shares: 2.5%,1%.")
flags.DEFINE_list(
    "conditions", ["geometric", "flip-crop"], "Ways to fill it up again beside original, nothing: "
    f"{', '.join([*OFFLINE, *POLICIES])}, or a method of train.py; or several with + between.",
)  # fmt: skip
flags.DEFINE_integer("image_size", 64, "Pixels.")
flags.DEFINE_list(
    "iterations", [], "Of each generator: 2000; or of some: 2000,singan=500. Default: as train.py."
)
flags.DEFINE_list("minutes", [], "Training of each generator, likewise, if that is sooner.")
flags.DEFINE_multi_string(
    "setting", [], "Of generators, NAME=VALUE for all that have it, or METHOD.NAME=VALUE; repeat "
    "for more.",
)  # fmt: skip
flags.DEFINE_string("out", None, "Folder to write. Default: results/<dataset>-imbalance.")
flags.DEFINE_boolean("overwrite", False, "Begin anew; what was there is moved aside.")
flags.DEFINE_boolean("dry_run", False, "Print the plan and stop.")
flags.define_from(Terms(), TERMS)
flags.define_from(ClassifierSettings(), CLASSIFIERS)


def main(values):
    """Print the plan, do what is not done, print the tables, say what failed."""
    name = resolved(Path(values.dataset).expanduser()).name
    lists = {name: tuple(values[name].value) for name in (*LISTS, "setting")}
    study = ImbalanceStudy(
        values.dataset,
        values.out or Path("results") / f"{name}-imbalance",
        classes=values.classes,
        keep=values.keep,
        conditions=values.conditions,
        terms=Terms(**command_line.given(TERMS, values) | lists),
        settings=ClassifierSettings(**command_line.given(CLASSIFIERS, values)),
        image_size=values.image_size,
        datasets_dir=values.datasets_dir,
    )
    print(study.plan(), flush=True)
    if values.dry_run:
        return 0
    try:
        results = study.run(overwrite=values.overwrite)
    except Interrupted as stop:
        return command_line.say_stopped(stop, "what was done is kept")
    tables = make_tables(results)
    for table in (tables[name] for name in PRINTED if name in tables):
        print(f"\n{table.text()}")
    print("\n" + "\n".join(main_sentences(results)))
    for label, line, _ in study.failures:
        print(f"FAILED: {label}: {line}")
    if study.failures:
        print(f"Try these again with: {command_line.again()}")
    print(f"Done. Look at {study.out / REPORT}")
    return study.exit_code


def run():
    """Run the command line of `ssgan-imbalance` or `python imbalance.py`."""
    command_line.run(main, flags)

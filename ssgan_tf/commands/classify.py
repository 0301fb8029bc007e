"""Find out whether augmentation makes a classifier better, with error bars and a leak check.

python classify.py --dataset flower --augment ssgan=augmented/flower --augment flip-crop --seeds 5
"""

from pathlib import Path

from ssgan_tf import command_line

# isort: split
from ssgan_tf.augment import OFFLINE, POLICIES
from ssgan_tf.classify.network import NETWORKS
from ssgan_tf.classify.study import REPORT, Protocol, Study
from ssgan_tf.classify.tables import accuracy_table, class_table, difference_tables, share_table
from ssgan_tf.classify.training import ClassifierSettings
from ssgan_tf.files import resolved
from ssgan_tf.runs.interruption import Interrupted
from ssgan_tf.statistics.wording import main_finding

SETTINGS = {
    "network": f"One of {', '.join(NETWORKS)}.",
    "weights": "imagenet (downloaded once), scratch, the folder of a KerasHub preset or the name "
    "of one (downloaded), for vgg19 an .h5 file without its top.",
    "probe": "Train the last layer alone, on what the network's weights make of the images.",
    "epochs": "Passes over the real images; they decide the gradient steps of every condition.",
    "budget": "steps: equal for all; epochs: as many passes of each condition over its own images.",
    "batch_size": "Images a step.",
    "learning_rate": "At the start. Default: 0.003 from scratch or with --probe, else 0.0001.",
    "added_share": "Draw this share of each batch from the added images. Default: as they come.",
    "schedule": "mixed; added-then-real: half of the steps on added, then half on real images.",
    "added_smoothing": "Smoothing of the labels of added images.",
    "rate_schedule": "cosine: the learning rate falls to 0; constant: it stays.",
    "balanced_beta": "Of the class-balanced loss: 0 weights no class, near 1 by inverse counts.",
    "precision": "auto, float32, mixed_bfloat16 or mixed_float16.",
}
PROTOCOL = {
    "seed": "Of the split; that of train.py for the same test images.",
    "test_per_class": "Test images of each class. Default: 100 or 20 %.",
    "real_per_class": "Maximum number of real training images of each class.",
    "validation": "Test on images of the training side, to choose settings.",
}

flags = command_line.Flags()
flags.define_data()
flags.DEFINE_multi_string(
    "augment", [], "A condition; repeat for more: NAME=DIR of generated images, one of "
    f"{', '.join([*OFFLINE, *POLICIES])}, or several with + between.",
)  # fmt: skip
flags.DEFINE_string(
    "per_class", "400", "Images added to each class: 200,400, or 25%,50% of its real images, or "
    "balance, or restore: what --imbalance took away.",
)  # fmt: skip
flags.DEFINE_integer("seeds", 5, "Trainings of each condition.")
flags.DEFINE_list("imbalance", [], "Keep only so many real images of a class: roses=20.")
flags.DEFINE_integer("image_size", None, "Pixels. Default: that of generated images, or 64.")
flags.DEFINE_string("out", None, "Folder to write. Default: results/<dataset>-classify.")
flags.DEFINE_boolean("keep_weights", False, "Keep all classifiers, not only those of original.")
flags.DEFINE_boolean("overwrite", False, "Begin anew; what was there is moved aside.")
flags.DEFINE_boolean("dry_run", False, "Print the plan and stop.")
flags.define_from(ClassifierSettings(), SETTINGS)
flags.define_from(Protocol(), PROTOCOL)


def main(values):
    """Train what has not been trained, print the tables, write the report."""
    name = resolved(Path(values.dataset).expanduser()).name
    out = Path(values.out or Path("results") / f"{name}-classify").expanduser()
    study = Study(
        values.dataset,
        out,
        augment=values.augment,
        per_class=values.per_class,
        seeds=values.seeds,
        protocol=Protocol(
            **command_line.given(Protocol, values) | {"imbalance": tuple(values.imbalance)}
        ),
        settings=ClassifierSettings(**command_line.given(ClassifierSettings, values)),
        datasets_dir=values.datasets_dir,
        classes=values.classes,
        image_size=values.image_size,
        keep_weights=values.keep_weights,
    )
    print(study.plan(), flush=True)
    if values.dry_run:
        return 0
    try:
        results = study.run(overwrite=values.overwrite)
    except Interrupted as stop:
        return command_line.say_stopped(stop, "finished trainings are kept")
    shares = filter(None, [share_table(results)])
    tables = [accuracy_table(results), *shares, *difference_tables(results)]
    for table in tables + [class_table(results)] * bool(values.imbalance):
        print(f"\n{table.text()}")
    print(f"\n{main_finding(results)}")
    for row in results["rows"]:
        if row["sentence"]:
            print(f"  {row['sentence']}")
    for warning in results["warnings"]:
        print(f"WARNING: {warning}")
    print(f"Done. Look at {out / REPORT}")
    return 0


def run():
    """Run the command line of `ssgan-classify` or `python classify.py`."""
    command_line.run(main, flags)

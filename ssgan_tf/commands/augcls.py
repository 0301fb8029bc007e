"""Balance an imbalanced set as GM-augCls does, and find out whether that makes classifiers better.

python augcls.py --dataset flower --imbalance roses=40,tulips=40 --run runs/flower/transitional
"""

from pathlib import Path

from ssgan_tf import command_line

# isort: split
from ssgan_tf.augcls import tables
from ssgan_tf.augcls.generator import Budget, Generator, parse_settings
from ssgan_tf.augcls.page import REPORT
from ssgan_tf.augcls.pipeline import Choice, Pipeline
from ssgan_tf.classify.protocol import Protocol
from ssgan_tf.classify.training import ClassifierSettings
from ssgan_tf.commands.classify import PROTOCOL, SETTINGS
from ssgan_tf.errors import UserError
from ssgan_tf.files import resolved
from ssgan_tf.methods import METHODS
from ssgan_tf.runs.interruption import Interrupted
from ssgan_tf.training.trained import LAST

CHOICE = {
    "threshold": "Minimum probability of an accepted image, up to 1; α in the paper.",
    "filter_limit": "Maximum candidates for each wanted image.",
    "filter_rounds": "Maximum number of filtering rounds.",
    "filter_rule": "When a round improves the filter, on validation images: mcnemar or paper.",
    "filter_tolerance": "Minimum rise in accuracy, with --filter_rule paper. Default: 0.005.",
}
#: Of the classifiers; what says how added images enter batches is not the paper's.
OF_CLASSIFIERS = (
    "network", "weights", "probe", "epochs", "batch_size", "learning_rate", "rate_schedule",
    "balanced_beta", "precision",
)  # fmt: skip
OF_TRAINING = ("method_settings", "iterations", "minutes")

flags = command_line.Flags()
flags.define_data()
flags.DEFINE_list(
    "imbalance", [], "Keep only so many real images of a class: roses=40,tulips=40. Default: the "
    "data set is imbalanced as it is.",
)  # fmt: skip
flags.DEFINE_string("run", None, "A generator that train.py trained on the imbalanced images.")
flags.DEFINE_string("method", None, f"Or: train one here, one of {', '.join(METHODS)}.")
flags.DEFINE_list("method_settings", [], "Its settings: image_size=64,batch_size=32.")
flags.DEFINE_integer("iterations", None, "Its iterations, at most. Default: those of train.py.")
flags.DEFINE_float("minutes", None, "Its minutes of training, at most.")
flags.DEFINE_boolean("ema", True, "Use the moving average of the generator's weights.")
flags.DEFINE_string("checkpoint", LAST, "Of the generator: last, or best by its scores.")
flags.DEFINE_multi_string("augment", [], "A further condition, as for classify.py; repeat.")
flags.DEFINE_integer("seeds", 5, "Trainings of each condition.")
flags.DEFINE_integer(
    "validation_per_class", None, "Images of each class that filters are compared on. Default: "
    "100, or a fifth of the smallest class where that is less.",
)  # fmt: skip
flags.DEFINE_string("super_classes", None, "JSON file of super-classes. Default: each class.")
flags.DEFINE_string("out", None, "Folder to write. Default: results/<dataset>-augcls.")
flags.DEFINE_boolean("overwrite", False, "Begin anew; what was there is moved aside.")
flags.DEFINE_boolean("dry_run", False, "Print the plan and stop.")
flags.define_from(Choice(), CHOICE)
flags.define_from(ClassifierSettings(), {name: SETTINGS[name] for name in OF_CLASSIFIERS})
flags.define_from(
    Protocol(), {name: PROTOCOL[name] for name in ("seed", "test_per_class", "real_per_class")}
)


def main(values):
    """Print the plan, do what is not done, print the tables, write the report."""
    name = resolved(Path(values.dataset).expanduser()).name
    out = Path(values.out or Path("results") / f"{name}-augcls").expanduser()
    protocol = {
        "imbalance": tuple(values.imbalance), "held_out_per_class": values.validation_per_class,
        **command_line.given(("seed", "test_per_class", "real_per_class"), values),
    }  # fmt: skip
    pipeline = Pipeline(
        values.dataset,
        out,
        _generator(values, out),
        seeds=values.seeds,
        augment=values.augment,
        choice=Choice(**command_line.given(Choice, values)),
        protocol=Protocol(**protocol),
        settings=ClassifierSettings(**command_line.given(OF_CLASSIFIERS, values)),
        datasets_dir=values.datasets_dir,
        classes=values.classes,
        super_classes=values.super_classes,
    )
    print(pipeline.plan(), flush=True)
    if values.dry_run:
        return 0
    try:
        results = pipeline.run(overwrite=values.overwrite)
    except Interrupted as stop:
        return command_line.say_stopped(stop, "what was done is kept")
    for table in (tables.outcome_table, tables.prediction_table, tables.rounds_table):
        print(f"\n{table(results).text()}")
    print()
    for sentence in results["sentences"]:
        print(f"  {sentence}")
    for warning in results["warnings"]:
        print(f"WARNING: {warning}")
    print(f"Done. Look at {out / REPORT}")
    return 0


def _generator(values, out):
    """Return the `Generator` that the flags name."""
    options = {"checkpoint": values.checkpoint, "average": values.ema}
    if (values.run is None) == (values.method is None):
        raise UserError(
            "give one generator: --run with the run directory of train.py, or --method to train "
            "one here"
        )
    if values.run is not None:
        for name in OF_TRAINING:
            if values[name].present:
                raise UserError(f"--{name} is for --method; the generator of --run is trained")
        return Generator.of_run(Path(values.run).expanduser(), **options)
    settings = parse_settings(values.method_settings)
    settings.setdefault("seed", values.seed or 0)
    budget = Budget(values.iterations, values.minutes)
    return Generator.to_train(out, values.method, settings, budget, **options)


def run():
    """Run the command line of `ssgan-augcls` or `python augcls.py`."""
    command_line.run(main, flags)

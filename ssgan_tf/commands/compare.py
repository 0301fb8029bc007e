"""Compare methods, ablations and settings: train, generate, evaluate, classify, one report.

python compare.py --dataset flower --methods ssgan,wgan-gp,dcgan --iterations 20000
"""

import dataclasses
import os
from pathlib import Path

# The graph of 2015 triggers harmless warnings; errors still show.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from ssgan_tf import command_line

# isort: split
from ssgan_tf.comparison.comparison import REPORT, Comparison
from ssgan_tf.comparison.contestants import choose
from ssgan_tf.comparison.tables import make_tables
from ssgan_tf.comparison.terms import Terms
from ssgan_tf.comparison.wording import against_baseline, main_result
from ssgan_tf.errors import UserError
from ssgan_tf.files import resolved
from ssgan_tf.jobs import parse_jobs
from ssgan_tf.methods import setting_fields
from ssgan_tf.published import CLASSIFICATION
from ssgan_tf.runs.interruption import Interrupted

#: Settings of methods that all members share, where they have them.
SETTINGS = (
    "image_size", "latent_dim", "base_channels", "batch_size", "ema", "augment_critic", "penalty",
    "flip", "vgg_weights", "precision", "seed",
)  # fmt: skip

flags = command_line.Flags()
flags.define_data()
flags.DEFINE_list(
    "methods", [], "Members: methods, and variants such as ssgan-no-pl or ssgan-mu-0.1. Default, "
    "without --tables and --figures: seven methods and three ablations, and classifiers.",
)  # fmt: skip
flags.DEFINE_list("tables", [], "Members of these tables of the SSGAN paper, such as 1,2,3.")
flags.DEFINE_list("figures", [], "Members of these figures of it, such as 3,4,5.")
flags.DEFINE_boolean("classify", None, "Train classifiers. Default: where tables 3 or 5 want them.")
flags.DEFINE_string(
    "jobs", "1/1", "2/4: do the members 2, 6, ..., of four processes the second; or auto: as "
    "Slurm or Kubernetes says.",
)  # fmt: skip
flags.DEFINE_string("out", None, "Folder to write. Default: studies/<dataset>.")
flags.DEFINE_boolean("overwrite", False, "Begin anew; what was there is moved aside.")
flags.DEFINE_boolean("dry_run", False, "Print the plan and stop.")
flags.define_settings(
    {name: setting_fields()[name] for name in SETTINGS},
    seed="Of the split, and of everything drawn at random in the first training.",
)
flags.define_settings({field.name: (field, field.default) for field in dataclasses.fields(Terms)})


def _numbers(flag, texts):
    """Return the numbers of a flag such as --tables."""
    try:
        return [int(text) for text in texts]
    except ValueError:
        raise UserError(f"--{flag} is {','.join(texts)!r}; give numbers such as 1,2") from None


def main(values):
    """Print the plan, do what is not done, print the tables, say what failed."""
    tables, figures = _numbers("tables", values.tables), _numbers("figures", values.figures)
    jobs = parse_jobs(values.jobs)
    if values.overwrite and jobs != (1, 1):
        raise UserError("--overwrite moves the work of all --jobs aside; do so with one of them")
    classify = values.classify
    if classify is None:
        nothing_asked = not (values.methods or tables or figures)
        classify = nothing_asked or not set(CLASSIFICATION).isdisjoint(tables)
    name = resolved(Path(values.dataset).expanduser()).name
    comparison = Comparison(
        values.dataset,
        values.out or Path("studies") / name,
        choose(values.methods, tables, figures),
        terms=Terms(**command_line.given(Terms, values)),
        settings=command_line.given(SETTINGS, values),
        tables=tables,
        classify=classify,
        jobs=jobs,
        datasets_dir=values.datasets_dir,
        classes=values.classes,
    )
    if not values.overwrite:
        comparison.check()
    elif not values.dry_run:
        comparison.begin_anew()
    try:
        print(comparison.plan(), flush=True)
        if values.dry_run:
            return 0
        results = comparison.run()
    except Interrupted as stop:
        return command_line.say_stopped(stop, "what was done is kept")
    _conclude(comparison, results)
    return comparison.exit_code


def _conclude(comparison, results):
    """Print the tables, what was left, what failed and where the report is."""
    for table in make_tables(results, {}).values():
        print(f"\n{table.text()}")
    print("\n" + "\n".join([main_result(results), *against_baseline(results)]))
    for label in comparison.held:
        print(f"Left to the other process that is at it: {label}")
    for label, stage, line, _ in comparison.failures:
        print(f"FAILED: {label} ({stage}): {line}")
    if comparison.failures:
        print(f"Try these again with: {command_line.again()}")
    print(f"Done. Look at {comparison.out / REPORT}")


def run():
    """Run the command line of `ssgan-compare` or `python compare.py`."""
    command_line.run(main, flags)

"""Train a GAN on an image folder: one network per class, or one for all.

python train.py --dataset flower --mu 0.01 --lambda 1
"""

import dataclasses
import os

# Inception's graph of 2015 (--evaluate_every) triggers harmless warnings; errors still show.
os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "2")

from ssgan_tf import command_line

# isort: split
from ssgan_tf.data import load_dataset
from ssgan_tf.data.loading import places_of, source_of
from ssgan_tf.data.splits import limited_split, parse_class_sizes
from ssgan_tf.errors import UserError
from ssgan_tf.files import require_outside
from ssgan_tf.jobs import parse_jobs
from ssgan_tf.methods import METHODS, create, setting_fields
from ssgan_tf.metrics.inception import FEATURES
from ssgan_tf.runs.interruption import Interrupted
from ssgan_tf.runs.run_directory import default_run_path
from ssgan_tf.training import Options, fit
from ssgan_tf.training.plan import describe_data, describe_plan

OPTIONS = {
    "iterations": "Generator updates per network: per class, or for all if conditional.",
    "minutes": "Stop a network after so many minutes of training, if that is sooner.",
    "run_dir": "Where to write. Default: runs/<dataset>/<method>.",
    "checkpoint_every": "Iterations between checkpoints (and ten minutes at most).",
    "sample_every": "Iterations between sample grids.",
    "log_every": "Iterations between lines of metrics.jsonl.",
    "evaluate_every": "Iterations between scores by FID; the best checkpoint by it is kept. "
    "Default: none.",
    "evaluate_images": "Images generated for a score, per class. Default: as many as real ones.",
    "inception": "Of the scores: auto (downloaded once), or its archive or .pb file.",
    "features": f"Of the scores: one of {', '.join(FEATURES)}; FID is pool_3.",
    "strategy": "none, mirrored (all local GPUs) or multi_worker (TF_CONFIG).",
    "jit": "Compile with XLA, for GPUs.",
    "overwrite": "Begin anew; a former run is moved aside, not deleted.",
}

OF_SCORES = ("evaluate_images", "inception", "features")

flags = command_line.Flags()
flags.define_data()
flags.DEFINE_string("method", "ssgan", f"One of {', '.join(METHODS)}.")
flags.DEFINE_integer("test_per_class", None, "Images held out of each class. Default: 100 or 20 %.")
flags.DEFINE_list(
    "train_per_class", [], "Learn from at most so many of each class: 400; or of some classes from "
    "fewer: roses=20; or both: 400,roses=20. Default: all.",
)  # fmt: skip
flags.DEFINE_boolean("all_images", False, "Learn from the test images too, as the paper does.")
flags.DEFINE_string(
    "jobs", "1/1", "2/4: train the classes 2, 6, ..., of four processes the second; or auto: as "
    "Slurm or Kubernetes says.",
)  # fmt: skip
flags.DEFINE_boolean("dry_run", False, "Print the plan and stop.")
# A method's own setting of an option's name, such as singan's iterations, takes its value.
flags.define_settings({key: one for key, one in setting_fields().items() if key not in OPTIONS})
flags.define_from(Options(), OPTIONS)


def main(values):
    """Load the data, train, say where things are."""
    for name in OF_SCORES:
        if values[name].present and values.evaluate_every is None:
            raise UserError(f"--{name} needs --evaluate_every, the iterations between scores")
    method = create(values.method, **settings_of(values))
    if values.minutes is not None and hasattr(method.settings, "iterations"):
        raise UserError(f"--minutes: {method.name} takes all its --iterations; give fewer of these")
    jobs = parse_jobs(values.jobs)
    options = Options(**command_line.given(Options, values) | {"jobs": jobs})
    at_most, kept = parse_class_sizes("train_per_class", values.train_per_class)
    images = load_dataset(
        values.dataset,
        method.settings.image_size,
        datasets_dir=values.datasets_dir,
        classes=values.classes,
    )
    parts = limited_split(
        images,
        "train_per_class",
        at_most,
        kept,
        seed=method.settings.seed,
        test_per_class=values.test_per_class,
        all_images=values.all_images,
    )
    run_dir = options.run_dir or default_run_path(images.name, method.name)
    require_outside(run_dir, *places_of(values.dataset, values.datasets_dir), flag="--run_dir")
    options = dataclasses.replace(options, run_dir=run_dir)
    print(describe_data(parts))
    if values.all_images:
        print("The test images are trained on too (--all_images): results on them are leaked.")
    if values.dry_run:
        print(describe_plan(method, parts.train, options))
        return 0
    try:
        source = source_of(values.dataset, values.datasets_dir)
        fit(method, parts.train, held_out=parts.test, source=source, **dataclasses.asdict(options))
    except Interrupted as stop:
        return command_line.say_stopped(stop, "what was done is saved")
    if jobs != (1, 1):
        print(f"This was the share of process {jobs[0]} of {jobs[1]}.")
    print(
        f"Done. Samples: {run_dir}/*/samples  Curves: tensorboard --logdir {run_dir}\n"
        + command_line.as_called("Next: python generate.py --run ")
        + f"{run_dir} --per_class 400 --out augmented/{images.name}"
    )
    return 0


def settings_of(values):
    """Return the settings that the user gave; an option is one where the method has it."""
    own = METHODS[values.method].defaults if values.method in METHODS else None
    names = [name for name in setting_fields() if name not in OPTIONS or hasattr(own, name)]
    return command_line.given(names, values)


def run():
    """Run the command line of `ssgan-train` or `python train.py`."""
    command_line.run(main, flags)

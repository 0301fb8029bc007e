"""Write labelled synthetic images from a trained run, or by a method that trains nothing.

python generate.py --run runs/flower/ssgan --per_class 400 --out augmented/flower
python generate.py --method sgid --dataset flower --per_class 400 --out augmented/flower-sgid
"""

from ssgan_tf import command_line
from ssgan_tf.classify.classifier import Classifier
from ssgan_tf.data import load_dataset
from ssgan_tf.data.balance import parse_per_class
from ssgan_tf.data.loading import places_of, source_of
from ssgan_tf.data.splits import limited_split, parse_class_sizes
from ssgan_tf.errors import UserError
from ssgan_tf.files import require_outside
from ssgan_tf.generation.filtering import Filter
from ssgan_tf.generation.generated_set import counts_of, write_generated_set
from ssgan_tf.generation.rounds import filter_in_rounds
from ssgan_tf.generation.rules import LEVEL, MCNEMAR, TOLERANCE
from ssgan_tf.methods import create, sampling_fields, untrained, untrained_fields
from ssgan_tf.runs.interruption import Interrupted
from ssgan_tf.training.trained import LAST, load_run, require_untrained, without_training

flags = command_line.Flags()
flags.DEFINE_string("run", None, "Run directory that train.py wrote.")
flags.DEFINE_string(
    "method", None, f"Instead of --run, a method that trains nothing: {', '.join(untrained())}."
)
flags.DEFINE_string("out", None, "Folder to write; new, or an earlier generated set.")
flags.define_data(None, "The real images, for methods that change those. Default: as in training.")
flags.DEFINE_integer("test_per_class", None, "With --method: images held out, as in training.")
flags.DEFINE_list(
    "train_per_class", [], "With --method: at most so many real images of each class."
)
flags.DEFINE_boolean("all_images", False, "With --method: use the test images too.")
flags.define_settings(untrained_fields())
flags.DEFINE_string("per_class", "400", "Images per class, or 'balance': up to the largest class.")
flags.DEFINE_integer("seed", 0, "Which images; with --method also which are held out.")
flags.DEFINE_boolean("dry_run", False, "Print the plan and stop.")
flags.DEFINE_boolean(
    "overwrite", False, "Begin anew what an earlier call with other settings left unfinished."
)
flags.DEFINE_boolean("ema", True, "Use the moving average of the weights; --noema the last ones.")
flags.DEFINE_string(
    "checkpoint", LAST, "last, or best: with the best score of train.py --evaluate_every."
)
flags.DEFINE_boolean("interpolate", False, "Also write a walk through the latents as a GIF.")
flags.DEFINE_string(
    "filter", None,
    "Keep only images that this classifier of classify.py recognises: its folder, such as "
    "results/flower-classify/runs/original/seed-0.",
)  # fmt: skip
flags.DEFINE_float(
    "threshold", Filter.threshold, "Minimum probability of an accepted image, up to 1."
)
flags.DEFINE_integer("filter_limit", Filter.limit, "Maximum candidates for each wanted image.")
flags.DEFINE_integer(
    "filter_rounds", 1,
    "Maximum number of filtering rounds. Each further one trains the classifier on the accepted "
    "images too, and filters anew if that improves it.",
)  # fmt: skip
flags.DEFINE_string(
    "filter_rule", MCNEMAR,
    "When a round improves the classifier, on held-out images: mcnemar (a paired test, one-sided, "
    f"level {LEVEL}) or paper (its accuracy rises by more than --filter_tolerance).",
)  # fmt: skip
flags.DEFINE_float(
    "filter_tolerance",
    None,
    f"Minimum rise in accuracy, with --filter_rule paper. Default: {TOLERANCE}.",
)

flags.define_settings(sampling_fields())

OF_METHOD = ("test_per_class", "train_per_class", "all_images")
OF_ROUNDS = ("filter_rule", "filter_tolerance")
OF_FILTER = ("threshold", "filter_limit", "filter_rounds", *OF_ROUNDS)


def main(values):
    """Write the set and say what it holds."""
    if not values.run and not values.method:
        raise UserError(
            "--run is missing; it is the run directory that train.py wrote (or --method names a "
            "method that trains nothing)"
        )
    if not values.out:
        raise UserError("--out is missing; it is the folder to write")
    per_class = parse_per_class(values.per_class)
    options = {
        "seed": values.seed,
        "classes": values.classes,
        "average": values.ema,
        "walk": values.interpolate,
        "dataset": values.dataset,
        "datasets_dir": values.datasets_dir,
        "checkpoint": values.checkpoint,
        "sampling": command_line.given(sampling_fields(), values),
    }
    run = without_run(values) if values.method else values.run
    if not values.method:
        for name in (*OF_METHOD, *untrained_fields()):
            if values[name].present:
                raise UserError(f"--{name} needs --method; a run has its own")
    if values.dry_run:
        return print_plan(run, values, per_class, options)
    options["overwrite"] = values.overwrite
    if values.filter is not None:
        for name in OF_ROUNDS:
            if values[name].present and values.filter_rounds == 1:
                raise UserError(f"--{name} compares rounds; it needs --filter_rounds 2 or more")
        try:
            manifest = filter_in_rounds(
                run,
                values.out,
                per_class,
                Filter(
                    Classifier.load(values.filter),
                    values.threshold,
                    values.filter_limit,
                    values.filter,
                ),
                rounds=values.filter_rounds,
                rule=values.filter_rule,
                tolerance=values.filter_tolerance,
                **options,
            )
        except Interrupted as stop:
            return command_line.say_stopped(stop, "finished rounds are kept")
    else:
        for name in OF_FILTER:
            if values[name].present:
                raise UserError(f"--{name} needs --filter, the folder of a classifier")
        manifest = write_generated_set(run, values.out, per_class, **options)
    for name, entry in manifest["classes"].items():
        print(
            f"  {name}: {entry['count']} generated{iteration(manifest, entry)}, "
            f"beside {entry['real_images']} real ones"
        )
        if entry.get("sampled"):
            print(
                f"    the filter accepted {100 * entry['acceptance_rate']:.3g} % of "
                f"{entry['sampled']:,} candidates"
            )
    if values.filter_rounds > 1:
        print_rounds(manifest["filter"])
    for name, entry in manifest["classes"].items():
        if entry.get("shortfall"):
            print(f"WARNING: {name}: {entry['shortfall']}")
    sheets = "<class>.png and filter.png" if values.filter else "<class>.png"
    print(
        f"Done. Look at {values.out}/{sheets}. The folder holds generated images only; it is a "
        "data set like any other"
    )
    return 0


def without_run(values):
    """Return the `TrainedRun` of `--method`, from the images of `--dataset`."""
    for name in ("run", "ema", "checkpoint"):
        if values[name].present:
            raise UserError(f"--{name} and --method exclude each other; leave one of them out")
    require_untrained(create(values.method))
    changes = command_line.given(untrained_fields(), values)
    method = create(values.method, **changes, seed=values.seed)
    method.choose_sampling(**command_line.given(sampling_fields(), values))
    at_most, kept = parse_class_sizes("train_per_class", values.train_per_class)
    dataset = values.dataset or "demo"
    require_outside(values.out, *places_of(dataset, values.datasets_dir))
    images = load_dataset(
        dataset, method.settings.image_size, datasets_dir=values.datasets_dir,
        classes=values.classes,
    )  # fmt: skip
    parts = limited_split(
        images, "train_per_class", at_most, kept, seed=values.seed,
        test_per_class=values.test_per_class, all_images=values.all_images,
    )  # fmt: skip
    if values.all_images:
        print("The test images are used too (--all_images): results on them are leaked.")
    source = source_of(dataset, values.datasets_dir)
    return without_training(method, parts.train, parts.test, source)


def print_plan(run, values, per_class, options):
    """Say what would be made, and write nothing; return the exit code."""
    if not values.method:
        names = ("average", "dataset", "datasets_dir", "checkpoint", "classes", "sampling")
        run = load_run(run, **{name: options[name] for name in names})
    counts = counts_of(run, per_class, values.classes)
    print(f"{run.method.label} would write {sum(counts.values()):,} images into {values.out}:")
    rows = [(name, f"{count:,} images") for name, count in counts.items()]
    for name, words in rows + run.sampler.plan(counts):
        print(f"  {name}: {words}")
    return 0


def iteration(manifest, entry):
    """Return from which iteration the images of a class are, in words."""
    return f" (from iteration {entry['checkpoint_step']})" if manifest["run"] else ""


def print_rounds(filtering):
    """Say how the rounds went, from what the manifest has of the filter."""
    held_out = filtering["held_out"]
    for number, entry in enumerate(filtering["rounds"], 1):
        accuracy = (
            f"  round {number}: accuracy on held-out images {entry['validation_accuracy']:.4f}"
        )
        if number == 1:
            print(accuracy)
            continue
        print(
            f"{accuracy}; {entry['discordant']['gained']} of {held_out['images']} newly right and "
            f"{entry['discordant']['lost']} newly wrong, p = {entry['p']:.3g}: "
            + ("filtered with this classifier" if entry["kept"] else "not better, so not used")
            + f" ({entry['classifier']})"
        )
    if seen := held_out["trained_on_by_generator"]:
        print(
            f"WARNING: the generator was trained on {seen} of the {held_out['images']} held-out "
            "images, which favours classifiers trained on its images; train.py --train_per_class "
            "leaves them out"
        )


def run():
    """Run the command line of `ssgan-generate` or `python generate.py`."""
    command_line.run(main, flags)

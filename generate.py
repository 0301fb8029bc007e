"""Write labelled synthetic images from a trained run.

python generate.py --run runs/flower/ssgan --per_class 400 --out augmented/flower
"""

from ssgan_tf import stopping

stopping.listen()  # before the imports that take seconds

from absl import flags

from ssgan_tf import command_line
from ssgan_tf.classify.classifier import Classifier
from ssgan_tf.classify.rounds import TOLERANCE, filter_in_rounds
from ssgan_tf.data.balance import parse_per_class
from ssgan_tf.errors import UserError
from ssgan_tf.filtering import Filter
from ssgan_tf.generation import write_generated_set

flags.DEFINE_string("run", None, "Run directory that train.py wrote.")
flags.DEFINE_string("out", None, "Folder to write; new, or an earlier generated set.")
flags.DEFINE_string("per_class", "400", "Images per class, or 'balance': up to the largest class.")
flags.DEFINE_list("classes", None, "Only these classes, separated by commas.")
flags.DEFINE_integer("seed", 0, "Which images.")
flags.DEFINE_boolean("ema", True, "Use the moving average of the weights; --noema the last ones.")
flags.DEFINE_boolean("interpolate", False, "Also write a walk through the latents as a GIF.")
flags.DEFINE_string(
    "filter", None,
    "Keep only images that a classifier of classify.py takes for their class: its folder, such as "
    "results/flower-classify/runs/original/seed-0.",
)  # fmt: skip
flags.DEFINE_float("threshold", Filter.threshold, "With at least this probability, up to 1.")
flags.DEFINE_integer("filter_limit", Filter.limit, "Candidates for each wanted image, at most.")
flags.DEFINE_integer(
    "filter_rounds", 1,
    "At most so many: each further one trains the classifier on the accepted images too, and "
    "filters anew if that improves it.",
)  # fmt: skip
flags.DEFINE_float(
    "filter_tolerance", TOLERANCE, "A round must add more than this to its accuracy."
)

OF_FILTER = ("threshold", "filter_limit", "filter_rounds", "filter_tolerance")


def main(values):
    """Write the set and say what it holds."""
    if not values.run:
        raise UserError("--run is missing; it is the run directory that train.py wrote")
    if not values.out:
        raise UserError("--out is missing; it is the folder to write")
    per_class = parse_per_class(values.per_class)
    options = {
        "seed": values.seed,
        "classes": values.classes,
        "average": values.ema,
        "walk": values.interpolate,
    }
    if values.filter is not None:
        manifest = filter_in_rounds(
            values.run,
            values.out,
            per_class,
            Filter(
                Classifier.load(values.filter), values.threshold, values.filter_limit, values.filter
            ),
            rounds=values.filter_rounds,
            tolerance=values.filter_tolerance,
            **options,
        )
    else:
        for name in OF_FILTER:
            if values[name].present:
                raise UserError(f"--{name} needs --filter, the folder of a classifier")
        manifest = write_generated_set(values.run, values.out, per_class, **options)
    for name, entry in manifest["classes"].items():
        print(
            f"  {name}: {entry['count']} generated (from iteration {entry['checkpoint_step']}), "
            f"beside {entry['real_images']} real ones to learn from"
        )
        if entry.get("sampled"):
            print(
                f"    the filter accepted {100 * entry['acceptance_rate']:.3g} % of "
                f"{entry['sampled']:,} candidates"
            )
    if values.filter_rounds > 1:
        for number, entry in enumerate(manifest["filter"]["rounds"], 1):
            print(
                f"  round {number}: validation accuracy {entry['validation_accuracy']:.4f}, "
                + ("filtered with this classifier" if entry["kept"] else "not enough better")
            )
    for name, entry in manifest["classes"].items():
        if entry.get("shortfall"):
            print(f"WARNING: {name}: {entry['shortfall']}")
    sheets = "<class>.png and filter.png" if values.filter else "<class>.png"
    print(
        f"Done. Look at {values.out}/{sheets}. The folder holds generated images only; it is a "
        "data set like any other"
    )
    return 0


if __name__ == "__main__":
    command_line.run(main)

"""Write labelled synthetic images from a trained run.

python generate.py --run runs/flower/ssgan --per_class 400 --out augmented/flower
"""

from absl import flags

from ssgan_tf import command_line
from ssgan_tf.errors import UserError
from ssgan_tf.generation import parse_per_class, write_generated_set

flags.DEFINE_string("run", None, "Run directory that train.py wrote.")
flags.DEFINE_string("out", None, "Folder to write; new, or an earlier generated set.")
flags.DEFINE_string("per_class", "400", "Images per class, or 'balance': up to the largest class.")
flags.DEFINE_list("classes", None, "Only these classes, separated by commas.")
flags.DEFINE_integer("seed", 0, "Which images.", lower_bound=0)
flags.DEFINE_boolean("ema", True, "Use the moving average of the weights; --noema the last ones.")
flags.DEFINE_boolean("interpolate", False, "Also write a walk through the latents as a GIF.")


def main(values):
    """Write the set and say what it holds."""
    if not values.run:
        raise UserError("--run is missing; it is the run directory that train.py wrote")
    if not values.out:
        raise UserError("--out is missing; it is the folder to write")
    manifest = write_generated_set(
        values.run,
        values.out,
        parse_per_class(values.per_class),
        seed=values.seed,
        classes=values.classes,
        average=values.ema,
        walk=values.interpolate,
    )
    for name, entry in manifest["classes"].items():
        print(
            f"  {name}: {entry['count']} generated (from iteration {entry['checkpoint_step']}), "
            f"beside {entry['real_images']} real ones to learn from"
        )
    print(
        f"Done. Look at {values.out}/<class>.png. The folder holds generated images only; it is a "
        "data set like any other"
    )
    return 0


if __name__ == "__main__":
    command_line.run(main)

"""Write sets whose quality is known, to see whether the measures see it.

python benchmarks/sanity_sets.py --dataset flower --out sanity
for set in half blurred noise; do
  python evaluate.py --real sanity/real --generated sanity/$set --out results/sanity-$set
done

`real` and `half` are disjoint halves of the training images; `blurred` is `half` through a Gaussian
filter; `noise` is uniform. All sets have the same number of images in each class.
"""

import sys
from pathlib import Path

import numpy as np
from PIL import Image, ImageFilter

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ssgan_tf import command_line, plots
from ssgan_tf.data import load_dataset, split
from ssgan_tf.errors import UserError

BLUR = 2.0  # pixels, the filter's standard deviation


def sanity_sets(images, count, seed):
    """Return the sets of one class, a dict from their names to uint8 `(count, H, W, 3)`.

    Raises:
        UserError: there are fewer than two times `count` images.
    """
    if len(images) < 2 * count:
        raise UserError(f"--per_class {count} needs {2 * count} images, there are {len(images)}")
    generator = np.random.default_rng(seed)
    shuffled = images[generator.permutation(len(images))]
    half = shuffled[count : 2 * count]
    return {
        "real": shuffled[:count],
        "half": half,
        "blurred": np.stack([_blurred(image) for image in half]),
        "noise": generator.integers(0, 256, half.shape, np.uint8),
    }


def _blurred(image):
    return np.asarray(Image.fromarray(image).filter(ImageFilter.GaussianBlur(BLUR)))


flags = command_line.Flags()
flags.DEFINE_string("dataset", "flower", "Name of a data set, or a folder with a folder per class.")
flags.DEFINE_string("datasets_dir", None, "Where named data sets live. Default: datasets/.")
flags.DEFINE_list("classes", None, "These classes only, separated by commas.")
flags.DEFINE_integer("image_size", 64, "Height and width in pixels.")
flags.DEFINE_integer("per_class", 250, "Images of each class in each set.", lower_bound=2)
flags.DEFINE_integer("seed", 0, "Of the split, the halves and the noise.", lower_bound=0)
flags.DEFINE_string("out", "sanity", "Folder to write; it must not exist.")


def main(values):
    """Write the sets."""
    out = Path(values.out)
    if out.exists():
        raise UserError(f"--out {out} is there already; choose another folder")
    images = load_dataset(
        values.dataset, values.image_size, datasets_dir=values.datasets_dir, classes=values.classes
    )
    training = split(images, seed=values.seed).train
    for class_name in training.class_names:
        of_class = training.of_class(class_name)
        _, firsts = np.unique(of_class.hashes, return_index=True)  # no copies between the halves
        sets = sanity_sets(of_class.images[np.sort(firsts)], values.per_class, values.seed)
        for name, pictures in sets.items():
            folder = out / name / class_name
            folder.mkdir(parents=True)
            for number, picture in enumerate(pictures):
                plots.write_png(folder / f"{number:06d}.png", picture)
    print(f"Done. {out} has {', '.join(sets)}: {values.per_class} images of each class")
    return 0


if __name__ == "__main__":
    command_line.run(main, flags)

"""Simulate studies of equal and unequal classifiers, to see how often classify.py is right.

python benchmarks/findings.py

A classifier recognises a test image with the probability of a logit: how easy the image is, how
well it suits the condition, and how well the training went, normal all three. In a null study no
condition is better than another over all images that there might be, and any finding is false.
"""

import sys
from pathlib import Path

import numpy as np
from scipy import optimize, special, stats

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ssgan_tf import command_line
from ssgan_tf.report import Cell, Table
from ssgan_tf.statistics.intervals import CONFIDENCE, Contrast, estimates_of

ACCURACY = 0.7  # of the equal classifiers
DIFFICULTY = 2.0  # standard deviation of the logits of images
TRAINING = 0.1  # standard deviation of what a training shifts all logits by: 1.3 points
SPREADS = (0.4, 0.6, 0.8)  # standard deviations of how well an image suits a condition
AT_ONCE = 250  # studies, which decides the memory


def simulate(generator, studies, conditions, seeds, images, spread, gain=0.0, training=TRAINING):
    """Return which images were recognised, bool `(studies, conditions + 1, seeds, images)`.

    Args:
        generator: a NumPy `Generator`.
        studies: how many.
        conditions: beside `original`, which is the first; the second stands for `flip-crop`.
        seeds: trainings of each.
        images: test images.
        spread: standard deviation of what an image adds to the logit of a condition.
        gain: by how much the last condition's accuracy is truly higher than that of the others.
        training: standard deviation of what a training adds to its logits.
    """

    def normal(deviation, *shape):
        return np.float32(deviation) * generator.standard_normal(shape, np.float32)

    logits = (
        normal(DIFFICULTY, studies, 1, 1, images)
        + normal(spread, studies, conditions + 1, 1, images)
        + normal(training, studies, conditions + 1, seeds, 1)
    )
    deviation = np.sqrt(DIFFICULTY**2 + spread**2 + training**2)
    logits += np.float32(logit_of(ACCURACY, deviation))
    logits[:, -1] += np.float32(
        logit_of(ACCURACY + gain, deviation) - logit_of(ACCURACY, deviation)
    )
    return generator.random(logits.shape, np.float32) < special.expit(logits)


def logit_of(accuracy, deviation):
    """Return the mean of normal logits of a standard deviation that make an accuracy."""
    points, weights = np.polynomial.hermite_e.hermegauss(60)
    weights = weights / weights.sum()

    def excess(mean):
        return weights @ special.expit(mean + deviation * points) - accuracy

    return optimize.brentq(excess, -20, 20)


def contrasts_of(right):
    """Return the `Contrast`s of a study: all with `original`, and the others with `flip-crop`.

    Args:
        right: what `simulate` returns.
    """
    right = np.asarray(right, np.float32)
    pairs = [(row, baseline) for baseline in (0, 1) for row in range(baseline + 1, right.shape[1])]
    return [
        Contrast(right[:, row] - right[:, baseline], "accuracy", row) for row, baseline in pairs
    ]


def false_findings(contrasts):
    """Return in which studies anything is found, bool `(studies,)`."""
    adjusted = [estimate.adjusted_p for estimate in estimates_of(contrasts)]
    return (np.stack(adjusted) < 1 - CONFIDENCE).any(axis=0)


def false_findings_by_seeds(contrasts):
    """Return the same for paired t-tests over seeds, each on its own, as one might do first."""
    found = []
    for contrast in contrasts:
        means = contrast.values.mean(axis=-1, dtype=np.float64)
        error = means.std(axis=-1, ddof=1) / np.sqrt(means.shape[-1])
        bound = stats.t.ppf(0.5 + CONFIDENCE / 2, means.shape[-1] - 1) * error
        found.append(np.abs(means.mean(axis=-1)) > bound)
    return np.any(found, axis=0)


def in_parts(studies, count):
    """Yield what `count` returns for so many studies at once, until all are done."""
    for start in range(0, studies, AT_ONCE):
        yield count(min(AT_ONCE, studies - start))


def false_table(studies, seed):
    """Return how often null studies have any finding, a `Table`."""
    rows, generator = [], np.random.default_rng(seed)
    for seeds in (3, 5):
        for conditions in (3, 6):
            for images in (200, 500):
                shares = []
                for spread in SPREADS:

                    def both(count, case=(conditions, seeds, images, spread)):
                        contrasts = contrasts_of(simulate(generator, count, *case))
                        return false_findings(contrasts), false_findings_by_seeds(contrasts)

                    ours, plain = zip(*in_parts(studies, both), strict=True)
                    shares.append((np.concatenate(ours).mean(), np.concatenate(plain).mean()))
                ours, plain = zip(*shares, strict=True)
                rows.append([seeds, conditions, images, *np.multiply(100, ours + plain)])
    return Table(
        ["seeds", "conditions", "images", *(Cell(f"spread {one}", 1) for one in SPREADS),
         *(Cell(f"seeds only, {one}", 1) for one in SPREADS)],
        rows, "Null studies with any finding, %",
    )  # fmt: skip


def training_table(studies, seed):
    """Return the same where trainings differ more, a `Table`."""
    rows, generator = [], np.random.default_rng(seed)
    for seeds in (3, 5):
        for training in (0.1, 0.2, 0.4):
            shares = []
            for conditions in (1, 3, 6):

                def ours(count, case=(conditions, seeds, 500, 0.6, 0.0, training)):
                    return false_findings(contrasts_of(simulate(generator, count, *case)))

                shares.append(100 * np.concatenate(list(in_parts(studies, ours))).mean())
            rows.append([seeds, Cell(training, 1), *shares])
    return Table(
        ["seeds", "spread of trainings", Cell("1 condition", 1), Cell("3", 1), Cell("6", 1)],
        rows, "Null studies with any finding, %: 500 images, spread 0.6",
    )  # fmt: skip


def power_table(studies, seed):
    """Return how often a condition that is truly better is found to be, a `Table`."""
    rows, generator = [], np.random.default_rng(seed)
    for seeds in (3, 5):
        for conditions in (3, 6):
            for gain in (0.03, 0.05):
                shares = []
                for spread in SPREADS:

                    def found(count, case=(conditions, seeds, 500, spread, gain)):
                        last = case[0] - 1  # with `original`
                        better = estimates_of(contrasts_of(simulate(generator, count, *case)))[last]
                        return (better.adjusted_p < 1 - CONFIDENCE) & (better.mean > 0)

                    shares.append(100 * np.concatenate(list(in_parts(studies, found))).mean())
                rows.append([seeds, conditions, f"+{100 * gain:.0f} points", *shares])
    return Table(
        ["seeds", "conditions", "truly", *(Cell(f"spread {one}", 0) for one in SPREADS)],
        rows, "Studies that find the better condition, %: 500 images",
    )  # fmt: skip


flags = command_line.Flags()
flags.DEFINE_integer("studies", 2000, "Studies of each kind.", lower_bound=1)
flags.DEFINE_integer("seed", 0, "Of the simulation.", lower_bound=0)


def main(values):
    """Simulate and print the tables."""
    for table in (false_table, training_table, power_table):
        print(f"{table(values.studies, values.seed).text()}\n", flush=True)
    return 0


if __name__ == "__main__":
    command_line.run(main, flags)

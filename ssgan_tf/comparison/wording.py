"""The results in sentences: the one place where a comparison is phrased."""

from ssgan_tf.comparison.results import BETTER, ROWS, UNKNOWN, WORSE
from ssgan_tf.published import TABLE_1
from ssgan_tf.statistics.findings import BASELINE

CLAIM = next(iter(TABLE_1))  # what the paper is about, and has first in every table
STATES = {"finished": "finished", "failed": "failed at", "unfinished": "not finished, next:"}
ONE_TRAINING = (
    "One training each: every member was trained once, with one seed, so nothing here tells how "
    "far its figures move with another; intervals of classifiers are over classifiers alone. "
    "--seeds 3 trains each member by two more seeds."
)


def main_result(results):
    """Return the main result in a sentence or two: which method has the lowest FID."""
    words, fid = f"{_progress(results)}. ", results.fid_name
    found, kind = results.fids(results.groups().get("methods", [])), "methods"
    if len(found) < 2:
        found, kind = results.fids(), "members"
    if not found:
        return words + "None has been measured yet."
    order = sorted(found, key=found.get)
    means = {name: results.mean(name, "FID", "training") for name in order}
    first, *others = (f"{results.label(name)} ({_shown(mean)})" for name, mean in means.items())
    if not others:
        return words + f"{fid} of {first} is the only one so far."
    words += f"Of {len(order)} {kind} {first} has the lowest {fid}, before "
    words += " and ".join(others[:2])
    if results.trained_again:
        trainings = several_trainings(mean.seeds for mean in means.values())
        words += f" (means over {trainings}, ± half the 95 % interval)"
    words += "."
    if CLAIM in order[1:]:
        words += f" {results.label(CLAIM)}, which the paper has first, is number "
        words += f"{order.index(CLAIM) + 1}."
    return " ".join([words, *advantages(results)])


def _shown(mean):
    interval = "" if mean.half_width is None else f" ± {mean.half_width:.2f}"
    return f"{mean.mean:.2f}{interval}"


def _progress(results):
    states = [training["state"] for training in results.every_training().values()]
    unit = "trainings" if len(states) > len(results["members"]) else "members"
    counts = {"failed": "failed", "unfinished": "not finished"}
    rest = "".join(f", {states.count(one)} {words}" for one, words in counts.items()
                   if one in states)  # fmt: skip
    return f"{states.count('finished')} of {len(states)} {unit} finished{rest}"


def count(number, one, many=None):
    """Return a number with its noun: "1 class", "2 classes"."""
    return f"{number:,} {one if number == 1 else many or one + 's'}"


def several_trainings(counts):
    """Return how many trainings contestants have: "3 trainings", "2 to 3 trainings"."""
    fewest, *more = sorted(set(counts))
    return f"{fewest} to {more[-1]} trainings" if more else count(fewest, "training")


def state(training):
    """Return in a few words how far a training has come: "failed at generate"."""
    return " ".join(filter(None, [STATES[training["state"]], training["stage"]]))


def trouble(training):
    """Return why a training has no figures: "failed at generate. the disk is full"."""
    return ". ".join(filter(None, [state(training), training["failure"]]))


def against_baseline(results):
    """Return a sentence for each size: which contestants beat the baseline, and which do not."""
    differences, sentences = results.against_baseline(), []
    for size in dict.fromkeys(one.size for one in differences):
        accuracy = results.accuracies(size)[BASELINE]
        parts = []
        for finding in (BETTER, WORSE, UNKNOWN):
            named = [f"{results.label(one.name)} ({points(one)})" for one in differences
                     if (one.size, one.finding) == (size, finding)]  # fmt: skip
            if named or finding == BETTER:
                parts.append(f"{finding}: {', '.join(named) or 'none'}")
        sentences.append(
            f"Against {BASELINE} ({ROWS[BASELINE].lower()}; accuracy {accuracy:.4f}), with "
            f"{size} images added a class, in percentage points: {'; '.join(parts)}."
        )
    return sentences


def points(difference):
    """Return a `Difference` in percentage points: "+1.2 ± 0.8"."""
    interval = difference.half_width
    return f"{100 * difference.mean:+z.1f}" + (f" ± {100 * interval:.1f}" if interval else "")


def images_in_words(counts):
    """Return real images by class in words: "800 real images (400 of each class)".

    Args:
        counts: dict from class to number.
    """
    each = ", ".join(f"{name} {number:,}" for name, number in counts.items())
    if len(set(counts.values())) == 1:
        each = f"{next(iter(counts.values())):,} of each class"
    return f"{sum(counts.values()):,} real images ({each})"


def advantages(results):
    """Return sentences on contestants that were trained on more real images than the classifiers.

    What the images of such a one add may be the further real images, seen through a generator.
    """
    classifiers, groups = results["classifiers_learn_from"], {}
    for label, training in results.every_training().items():
        learnt = training["learnt_from"]
        if any(learnt[name] > number for name, number in classifiers.items()):
            groups.setdefault(tuple(learnt.items()), []).append(label)
    real = sum(classifiers.values())
    return [
        f"UNEQUAL: {', '.join(labels)} were trained on {images_in_words(dict(learnt))}, "
        f"{sum(dict(learnt).values()) / real - 1:.0%} more than classifiers, which train on "
        f"{images_in_words(classifiers)}; so what these images add may be the real ones that the "
        "baselines lack."
        for learnt, labels in groups.items()
    ]


def unequal_terms(results):
    """Yield what else keeps contestants from being compared with the others on equal terms."""
    updates, random = results["budget"]["iterations"], []
    budget = updates and updates * len(results["dataset"]["classes"])
    for label, training in results.every_training().items():
        made = sum(training["iterations"].values())
        if budget and training["metrics"] and made != budget:
            yield (
                f"{label} was trained for {made:,} generator updates in all, and the "
                f"budget is {budget:,}: it is not on equal terms with the others."
            )
        if str(training["settings"].get("vgg_weights")).startswith("RANDOM"):
            random.append(label)
    if random:
        yield (
            "RANDOM WEIGHTS in place of VGG-19's in the perceptual loss: fit for trying things "
            f"out, not for results. So it is with {', '.join(random)}."
        )

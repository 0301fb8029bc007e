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
    words = f"{_progress(results)}. "
    found, kind = results.fids(results.groups().get("methods", [])), "methods"
    if len(found) < 2:
        found, kind = results.fids(), "members"
    if not found:
        return words + "None has been measured yet."
    order = sorted(found, key=found.get)
    means = [results.mean(name, "FID", "training") for name in order]
    shown = [
        f"{results.label(name)} ({mean.mean:.2f}"
        + (")" if mean.half_width is None else f" ± {mean.half_width:.2f})")
        for name, mean in zip(order, means, strict=True)
    ]
    if len(order) == 1:
        return words + f"{results.fid_name} of {shown[0]} is the only one so far."
    words += f"Of {len(order)} {kind} {shown[0]} has the lowest {results.fid_name}"
    words += f", before {' and '.join(shown[1:3])}"
    if results.trained_again:
        words += f" (means over {several_trainings(one.seeds for one in means)}, ± half the 95 % "
        words += "interval)"
    words += "."
    if CLAIM in order[1:]:
        words += f" {results.label(CLAIM)}, which the paper has first, is number "
        words += f"{order.index(CLAIM) + 1}."
    return " ".join([words, *advantages(results)])


def _progress(results):
    states = [training["state"] for training in results.every_training().values()]
    unit = "trainings" if len(states) > len(results["members"]) else "members"
    words = f"{states.count('finished')} of {len(states)} {unit} finished"
    for state, rest in (("failed", "failed"), ("unfinished", "not finished")):
        if state in states:
            words += f", {states.count(state)} {rest}"
    return words


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


def order_sentence(results, ranking):
    """Return what a `Ranking` says, in plain words: who is first, which pairs stand reversed."""
    rows, best, agreement = len(ranking.papers), ranking.papers[0], ranking.agreement

    def named(names):
        *others, last = [results.label(name) for name in names]
        return f"{', '.join(others)} and {last}" if others else last

    words = f"Table {ranking.table}, {ranking.measure}: "
    if agreement == "same" and rows > 2:
        words += f"the order of all {rows} is the paper's."
    elif agreement == "same":
        words += f"{named([best])} is better than {named(ranking.papers[1:])}, as in the paper."
    elif agreement == "first":
        words += f"{named([best])} is first of {rows}, as in the paper."
    elif len(ranking.firsts) == 1:
        place = _ordinal(ranking.ours.index(best) + 1)
        words += (
            f"the paper has {named([best])} first; here {named(ranking.firsts)} is, and "
            f"{named([best])} is {place} of {rows}."
        )
    else:
        words += f"the paper has {named([best])} first; here {named(ranking.firsts)} tie."
    ahead = [
        worse for better, worse in ranking.reversed
        if better == CLAIM and worse not in ranking.firsts
    ]  # fmt: skip
    if ahead:
        words += f" Also behind {named([CLAIM])} in the paper and ahead of it here: {named(ahead)}."
    if ranking.reversed and rows > 2:
        words += f" {len(ranking.reversed)} of {ranking.pairs} pairs stand the other way round."
    if ranking.correlation is not None:
        words += f" Spearman's rank correlation with the paper is {ranking.correlation:z.2f}."
    return words + (f" {chance_in_words(ranking.chance)}." if ranking.chance else "")


def chance_in_words(chance):
    """Return a `Chance` in words: "1 of the 6 possible orders agrees ... (p = 0.17)"."""
    agree = "agrees" if chance.as_well == 1 else "agree"
    share = f"{chance.as_well:,} of {chance.orders:,} random"
    if chance.exact:
        share = f"{chance.as_well:,} of the {chance.orders:,} possible"
    p = f"p = {chance.p:.2g}" if chance.p < 0.995 else "p = 1"
    return f"{share} orders {agree} with the paper's at least as well ({p})"


def _ordinal(number):
    ends = {} if number % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}
    return f"{number}{ends.get(number % 10, 'th')}"

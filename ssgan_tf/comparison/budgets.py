"""Whether the members of a study, and what they have to beat, had the same means."""

from ssgan_tf.comparison.scores import every_training


def advantages(results):
    """Return sentences on members that learnt from more real images than the classifiers do.

    What the images of such a member add may be the further real images, seen through a generator.

    Args:
        results: what `results.json` holds.
    """
    classifiers, groups = results["classifiers_learn_from"], {}
    for label, training in every_training(results).items():
        learnt = training["learnt_from"]
        if any(learnt[name] > count for name, count in classifiers.items()):
            groups.setdefault(tuple(learnt.items()), []).append(label)
    real = sum(classifiers.values())
    return [
        f"UNEQUAL: {', '.join(labels)} learnt from {images_in_words(dict(learnt))}, "
        f"{sum(dict(learnt).values()) / real - 1:.0%} more than classifiers, which learn from "
        f"{images_in_words(classifiers)}; so what these images add may be the real ones that the "
        "baselines lack."
        for learnt, labels in groups.items()
    ]


def images_in_words(counts):
    """Return real images by class in words: "800 real images (400 of each class)".

    Args:
        counts: dict from class to number.
    """
    numbers = set(counts.values())
    each = ", ".join(f"{name} {count:,}" for name, count in counts.items())
    if len(numbers) == 1:
        each = f"{numbers.pop():,} of each class"
    return f"{sum(counts.values()):,} real images ({each})"


def unequal_updates(results):
    """Yield sentences on members that were trained for more or less than the budget."""
    updates = results["budget"]["iterations"]
    budget = updates and updates * len(results["dataset"]["classes"])
    for label, training in every_training(results).items():
        made = sum(training["iterations"].values())
        if budget and training["metrics"] and made != budget:
            yield (
                f"{label} was trained for {made:,} generator updates in all, and the "
                f"budget is {budget:,}: it is not on equal terms with the others."
            )

"""What stands where in the results of a study, and which members belong together."""

import numpy as np

from ssgan_tf.comparison.members import condition_of, training_name
from ssgan_tf.published import SIZES, TABLE_1
from ssgan_tf.statistics.findings import LEAKED
from ssgan_tf.statistics.intervals import mean_over_seeds

#: What rows of Tables 3 and 5 are called that are no members; the first two by the paper.
CONDITIONS = {
    "original": "Original data", "crop": "Random clipping",
    "flip-crop": "Flips and crops, anew each batch",
}  # fmt: skip


def fid_name(results):
    """Return what FID is called with the features of this study: "FID-768"."""
    return "FID" + results["evaluation"]["suffix"]


def trainings(results, name):
    """Return the trainings of a member, a list of dicts: the first is the member's own."""
    member = results["members"][name]
    return [member, *member["further"]]


def every_training(results):
    """Return all trainings of all members by what they are called: "SSGAN, seed 1"."""
    return {
        f"{member['label']}, seed {training['seed']}" if place else member["label"]: training
        for name, member in results["members"].items()
        for place, training in enumerate(trainings(results, name))
    }


def trained_again(results):
    """Return whether a further training of any member has been measured."""
    return any(
        training["metrics"] for member in results["members"].values()
        for training in member["further"]
    )  # fmt: skip


def overall(results, name, measure):
    """Return what the evaluation of a member's first training has of a measure, or None.

    Args:
        results: what `results.json` holds.
        name: of the member.
        measure: a key of its evaluation's `overall`: "SSIM"; "FID" and other measures of features
            without their suffix.
    """
    return _overall(results, results["members"][name], measure)


def means(results, measure, *keys, names=None):
    """Return the `Mean` of a measure over the trainings of each member that has one, by name.

    Args:
        results: what `results.json` holds.
        measure: as for `overall`.
        keys: where the number lies in the measure.
        names: of members; all by default. Names that are not in the study are left out.
    """
    members, found = results["members"], {}
    for name in members if names is None else names:
        values = []
        for training in trainings(results, name) if name in members else ():
            value = _overall(results, training, measure)
            for key in keys:
                value = value and value.get(key)
            if value is not None:
                values.append(value)
        if values:
            found[name] = mean_over_seeds(values)
    return found


def fids(results, names=None):
    """Return FID to the training images of each member that has one, dict by name.

    It is the mean over the trainings of the member.

    Args:
        results: what `results.json` holds.
        names: of members; all by default. Names that are not in the study are left out.
    """
    found = means(results, "FID", "training", names=names)
    return {name: fid.mean for name, fid in found.items()}


def inception_scores(results, names):
    """Return the Inception Score of each member that has one: dicts of `mean` and `spread`.

    `spread` is half the 95 % interval over trainings; where no member was trained again it is the
    standard deviation over parts of the images.
    """
    found = means(results, "IS", "generated", "mean", names=names)
    parts = means(results, "IS", "generated", "std", names=found)
    again = trained_again(results)
    return {
        name: {"mean": score.mean, "spread": score.half_width if again else parts[name].mean}
        for name, score in found.items()
    }


def floor(results):
    """Return FID between two halves of the training images, or None where nothing is measured."""
    found = means(results, "FID", "floor")
    return next((value.mean for value in found.values()), None)


def row_names(results):
    """Return the name of each row of Tables 3 and 5 by that of its condition.

    It is the name of the member whose images are added, else that of the condition.
    """
    conditions = (results["classifiers"] or {"conditions": {}})["conditions"]
    members = {}
    for name in results["members"]:
        members[condition_of(name)] = name
        for training in results["members"][name]["further"]:
            members[condition_of(training_name(name, training["seed"]))] = name
    return {condition: members.get(condition, condition) for condition in conditions}


def classifier_rows(results, size):
    """Return the rows of classifiers with `size` images added a class, lists by row name.

    A list has a row for each training of the member whose images are added. Rows that add no
    images count at every size. LEAKED ones, which say nothing about unseen images, are left out.
    """
    classifiers, names, found = results["classifiers"], row_names(results), {}
    for row in classifiers["rows"] if classifiers else []:
        leaked = classifiers["conditions"][row["condition"]]["finding"] == LEAKED
        if row["size"] in (size, None) and not leaked:
            found.setdefault(names[row["condition"]], []).append(row)
    return found


def accuracies(results, size):
    """Return the mean accuracy of each row of `classifier_rows`, dict by row name."""
    return {
        name: float(np.mean([row["mean"]["accuracy"]["mean"] for row in rows]))
        for name, rows in classifier_rows(results, size).items()
    }


def classifier_sizes(results):
    """Return the sizes of added sets that classifiers have finished with, [] without any."""
    classifiers = results["classifiers"]
    finished = {row["size"] for row in classifiers["rows"]} if classifiers else {}
    return [size for size in classifiers["sizes"] if size in finished] if finished else []


def papers_size(size):
    """Return the size of the paper's Tables 3 and 5 that ours stands beside."""
    return size if size in SIZES else SIZES[-1]


def label(results, name):
    """Return what a member, or a row of Tables 3 and 5, is called."""
    if name in results["members"]:
        return results["members"][name]["label"]
    return CONDITIONS.get(name, name)


def groups(results):
    """Return the names of members that are shown side by side, by "methods" and so on.

    Ablations (Table 1) and settings come after the method that they vary, where it is there. A
    single method that is shown there makes no group of its own.
    """
    members = results["members"]
    found = {"methods": [name for name, member in members.items() if not member["changes"]]}
    changed = [name for name in members if name not in found["methods"]]
    for group, names in (
        ("ablations", [name for name in changed if name in TABLE_1]),
        ("settings", [name for name in changed if name not in TABLE_1]),
    ):
        methods = dict.fromkeys(members[name]["method"] for name in names)
        found[group] = [*(name for name in methods if name in members), *names]
    if len(found["methods"]) == 1 and found["methods"][0] in found["ablations"] + found["settings"]:
        del found["methods"]
    return {group: names for group, names in found.items() if names}


def state(training):
    """Return in a few words how far a training has come: "failed at generate"."""
    words = {"finished": "finished", "failed": "failed at", "unfinished": "not finished, next:"}
    return " ".join(filter(None, [words[training["state"]], training["stage"]]))


def _overall(results, training, measure):
    scores = (training["metrics"] or {}).get("overall", {})
    return scores.get(measure, scores.get(measure + results["evaluation"]["suffix"]))

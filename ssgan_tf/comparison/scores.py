"""What stands where in the results of a study, and which members belong together."""

from ssgan_tf.classify.leaks import LEAKED
from ssgan_tf.comparison.members import condition_of
from ssgan_tf.published import SIZES, TABLE_1

#: What the paper calls rows of Tables 3 and 5 that are no members.
CONDITIONS = {"original": "Original data", "crop": "Random clipping"}


def fid_name(results):
    """Return what FID is called with the features of this study: "FID-768"."""
    return "FID" + results["evaluation"]["suffix"]


def overall(results, name, measure):
    """Return what a member's evaluation has of a measure over all classes, or None.

    Args:
        results: what `results.json` holds.
        name: of the member.
        measure: a key of its evaluation's `overall`: "SSIM"; "FID" and other measures of features
            without their suffix.
    """
    metrics = results["members"][name]["metrics"] or {}
    scores = metrics.get("overall", {})
    return scores.get(measure, scores.get(measure + results["evaluation"]["suffix"]))


def fids(results, names=None):
    """Return FID to the training images of each member that has one, dict by name.

    Args:
        results: what `results.json` holds.
        names: of members; all by default. Names that are not in the study are left out.
    """
    members = results["members"]
    found = {
        name: (overall(results, name, "FID") or {}).get("training")
        for name in (members if names is None else names)
        if name in members
    }
    return {name: fid for name, fid in found.items() if fid is not None}


def inception_scores(results, names):
    """Return the Inception Score (mean and standard deviation) of each member that has one."""
    found = {
        name: (overall(results, name, "IS") or {}).get("generated")
        for name in names
        if name in results["members"]
    }
    return {name: score for name, score in found.items() if score}


def floor(results):
    """Return FID between two halves of the training images, or None where nothing is measured."""
    found = ((overall(results, name, "FID") or {}).get("floor") for name in results["members"])
    return next((value for value in found if value is not None), None)


def row_names(results):
    """Return the name of each row of Tables 3 and 5 by that of its condition.

    It is the name of the member whose images are added, else that of the condition.
    """
    conditions = (results["classifiers"] or {"conditions": {}})["conditions"]
    members = {condition_of(name): name for name in results["members"]}
    return {condition: members.get(condition, condition) for condition in conditions}


def accuracies(results, size):
    """Return the mean accuracy of each row with `size` images added a class, dict by row name.

    Rows that add no images count at every size. LEAKED ones, which say nothing about unseen
    images, are left out.
    """
    classifiers, names = results["classifiers"], row_names(results)
    return {
        names[row["condition"]]: row["mean"]["accuracy"]["mean"]
        for row in (classifiers["rows"] if classifiers else [])
        if row["size"] in (size, None)
        and classifiers["conditions"][row["condition"]]["finding"] != LEAKED
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


def state(member):
    """Return in a few words how far a member has come: "failed at generate"."""
    words = {"finished": "finished", "failed": "failed at", "unfinished": "not finished, next:"}
    return " ".join(filter(None, [words[member["state"]], member["stage"]]))

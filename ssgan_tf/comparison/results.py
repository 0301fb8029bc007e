"""What `results.json` holds, with the questions that tables, pictures and the page ask of it."""

from typing import NamedTuple

import numpy as np

from ssgan_tf.comparison.contestants import condition_of, training_name
from ssgan_tf.published import TABLE_1
from ssgan_tf.statistics.findings import BASELINE, HELPS, HURTS, LEAKED
from ssgan_tf.statistics.intervals import Mean, mean_over_seeds

REAL = "real"  # the folder of some real images of each class, and their row
#: What rows are called that are no contestants; the first two by the paper.
ROWS = {
    "original": "Original data", "crop": "Random clipping",
    "flip-crop": "Flips and crops, anew each batch", REAL: "Real images",
}  # fmt: skip
BETTER, WORSE, UNKNOWN = "better", "worse", "no evidence"
FINDINGS = {HELPS: BETTER, HURTS: WORSE}


class Difference(NamedTuple):
    """A contestant's mean accuracy at one size, less that of the baseline."""

    name: str
    size: str
    mean: float
    half_width: float | None  # of its 95 % interval; None for one seed or several trainings
    p: float | None  # two-sided, adjusted over the study; None where nothing may be found
    finding: str  # "better", "worse" or "no evidence"
    trainings: int


class Results(dict):
    """The results; the keys of docs/study.md.

    Contestants are named by the keys of `members`, measures by those of an evaluation's `overall`
    without the suffix of the features ("FID"), and sizes of added sets as in `sizes`.
    """

    @property
    def suffix(self):
        """What follows the names of measures with these features: "-768", or nothing."""
        return self["evaluation"]["suffix"]

    @property
    def fid_name(self):
        """What FID is called with these features: "FID-768"."""
        return "FID" + self.suffix

    @property
    def trained_again(self):
        """Whether a further training of any contestant has been measured."""
        return any(
            training["metrics"] for member in self["members"].values()
            for training in member["further"]
        )  # fmt: skip

    @property
    def floor(self):
        """FID between two halves of the training images, or None."""
        return self.of_real("FID", "floor")

    def label(self, name):
        """Return what a contestant, or another row, is called."""
        if name in self["members"]:
            return self["members"][name]["label"]
        return ROWS.get(name, name)

    def trainings(self, name):
        """Return the trainings of a contestant, a list of dicts, the first one first."""
        member = self["members"][name]
        return [member, *member["further"]]

    def every_training(self):
        """Return all trainings of all contestants by what they are called: "SSGAN, seed 1"."""
        return {
            f"{member['label']}, seed {training['seed']}" if place else member["label"]: training
            for name, member in self["members"].items()
            for place, training in enumerate(self.trainings(name))
        }

    def measured(self, name):
        """Return the `metrics.json` of each training of a contestant that has been evaluated."""
        return [one["metrics"] for one in self.trainings(name) if one["metrics"]]

    def mean(self, name, measure, *keys):
        """Return the `Mean` over the trainings of a contestant of what lies at a measure's keys.

        None without any.
        """
        values = []
        for metrics in self.measured(name):
            overall = metrics["overall"]
            value = overall.get(measure, overall.get(measure + self.suffix))
            for key in keys:
                value = value and value.get(key)
            if value is not None:
                values.append(value)
        return mean_over_seeds(values) if values else None

    def mean_of_parts(self, name, *keys):
        """Return the `Mean` of a measure that is itself a mean over parts of the images, or None.

        Its interval is over trainings; where no contestant was trained again, the standard
        deviation over the parts stands there.
        """
        found, spread = self.mean(name, *keys, "mean"), self.mean(name, *keys, "std")
        if found and spread and not self.trained_again:
            return found._replace(half_width=spread.mean)
        return found

    def inception_score(self, name):
        """Return the `Mean` Inception Score of a contestant, or None; see `mean_of_parts`."""
        return self.mean_of_parts(name, "IS", "generated")

    def fids(self, names=None):
        """Return the mean FID to the training images of each contestant that has one, by name.

        Names, by default all, may be of others too.
        """
        shown = [name for name in self["members"] if names is None or name in names]
        found = {name: self.mean(name, "FID", "training") for name in shown}
        return {name: mean.mean for name, mean in found.items() if mean}

    def of_real(self, measure, *keys):
        """Return what the first evaluation tells of a measure of real images, or None."""
        found = (self.mean(name, measure, *keys) for name in self["members"])
        return next((mean.mean for mean in found if mean), None)

    def costs(self, names):
        """Return what evaluations tell of the cost of networks, by name, where they do."""
        found = {name: self["members"][name]["metrics"] for name in names}
        return {name: one["cost"] for name, one in found.items() if one and one.get("cost")}

    def groups(self):
        """Return the names of contestants that are shown side by side, by "methods" and so on.

        Ablations (Table 1) and settings come after the method that they vary, where it is there. A
        single method that is shown there makes no group of its own.
        """
        members = self["members"]
        found = {"methods": [name for name, member in members.items() if not member["changes"]]}
        for group, in_table_1 in (("ablations", True), ("settings", False)):
            changed = [name for name, member in members.items()
                       if member["changes"] and (name in TABLE_1) == in_table_1]  # fmt: skip
            methods = dict.fromkeys(members[name]["method"] for name in changed)
            found[group] = [*(name for name in methods if name in members), *changed]
        shown = {*found["ablations"], *found["settings"]}
        if len(found["methods"]) == 1 and shown.issuperset(found["methods"]):
            del found["methods"]
        return {group: names for group, names in found.items() if names}

    def classifier_sizes(self):
        """Return the sizes of added sets that classifiers have finished with, [] without any."""
        classifiers = self["classifiers"] or {"rows": []}
        finished = {row["size"] for row in classifiers["rows"]}
        return [size for size in classifiers["sizes"] if size in finished] if finished else []

    def classifier_rows(self, size, leaked=False):
        """Return the rows of classifiers with `size` images added a class, lists by name.

        The name is that of the contestant whose images are added, else that of the condition. A
        list has a row for each training of the contestant. Rows that add no images count at every
        size. LEAKED ones say nothing about unseen images, so they have to be asked for.
        """
        names, found = {}, {}
        for name, member in self["members"].items():
            further = (training_name(name, training["seed"]) for training in member["further"])
            names |= dict.fromkeys(map(condition_of, [name, *further]), name)
        for row in (self["classifiers"] or {"rows": []})["rows"]:
            condition = row["condition"]
            finding = self["classifiers"]["conditions"][condition]["finding"]
            if row["size"] in (size, None) and (leaked or finding != LEAKED):
                found.setdefault(names.get(condition, condition), []).append(row)
        return found

    def accuracies(self, size):
        """Return the mean accuracy of each of `classifier_rows`, dict by name."""
        return {
            name: over_trainings(rows, "accuracy").mean
            for name, rows in self.classifier_rows(size).items()
        }

    def against_baseline(self):
        """Return the `Difference` of each contestant at each size; of those that have one.

        The differences are those of the study of all classifiers: over seeds and test images, with
        p values adjusted over the whole study. Of several trainings each has its own; the
        contestant is better, or worse, only where each of them is. So its p value is the largest
        of theirs (an intersection-union test; Berger, 1982).
        """
        found = []
        for size in self.classifier_sizes():
            rows = self.classifier_rows(size)
            for name in self["members"]:
                each = [row["to_baseline"] for row in rows.get(name, ())]
                if not each or not all(one and one["baseline"] == BASELINE for one in each):
                    continue
                findings = {FINDINGS.get(one["finding"], UNKNOWN) for one in each}
                p_values = [one["adjusted_p"] for one in each]
                found.append(Difference(
                    name, size, float(np.mean([one["mean"] for one in each])),
                    each[0]["half_width"] if len(each) == 1 else None,
                    None if None in p_values else max(p_values),
                    findings.pop() if len(findings) == 1 else UNKNOWN, len(each),
                ))  # fmt: skip
        return found


def over_trainings(rows, measure):
    """Return the `Mean` of a measure over rows of classifiers, one for each training.

    That of a single row is over its seeds.
    """
    means = [row["mean"][measure] for row in rows]
    return Mean(**means[0]) if len(means) == 1 else mean_over_seeds([one["mean"] for one in means])

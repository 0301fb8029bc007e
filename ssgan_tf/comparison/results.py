"""What `results.json` holds, with the questions that tables, pictures and the page ask of it."""

from typing import NamedTuple

import numpy as np

from ssgan_tf.comparison.contestants import condition_of, training_name
from ssgan_tf.published import SIZES, TABLE_1
from ssgan_tf.statistics.findings import BASELINE, HELPS, HURTS, LEAKED
from ssgan_tf.statistics.intervals import Mean, mean_over_seeds

#: What rows of Tables 3 and 5 are called that are no contestants; the first two by the paper.
CONDITIONS = {
    "original": "Original data", "crop": "Random clipping",
    "flip-crop": "Flips and crops, anew each batch",
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

    def label(self, name):
        """Return what a contestant, or another row of Tables 3 and 5, is called."""
        if name in self["members"]:
            return self["members"][name]["label"]
        return CONDITIONS.get(name, name)

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

    def mean(self, name, measure, *keys):
        """Return the `Mean` over the trainings of a contestant of what lies at a measure's keys.

        None without any.
        """
        values = []
        for training in self.trainings(name):
            overall = (training["metrics"] or {}).get("overall", {})
            value = overall.get(measure, overall.get(measure + self.suffix))
            for key in keys:
                value = value and value.get(key)
            if value is not None:
                values.append(value)
        return mean_over_seeds(values) if values else None

    def fids(self, names=None):
        """Return the mean FID to the training images of each contestant that has one, by name.

        Names, by default all, may be of others too.
        """
        shown = [name for name in self["members"] if names is None or name in names]
        found = {name: self.mean(name, "FID", "training") for name in shown}
        return {name: mean.mean for name, mean in found.items() if mean}

    def inception_score(self, name):
        """Return the `Mean` Inception Score of a contestant, or None.

        Its interval is over trainings; where no contestant was trained again, the standard
        deviation over parts of the images stands there.
        """
        return self._with_spread(name, ("IS", "generated", "mean"), ("IS", "generated", "std"))

    def kid(self, name):
        """Return the `Mean` KID, or None; as `inception_score`, but over random subsets."""
        return self._with_spread(name, ("KID", "mean"), ("KID", "std"))

    def _with_spread(self, name, mean, spread):
        found, of_one = self.mean(name, *mean), self.mean(name, *spread)
        if found and of_one and not self.trained_again:
            return found._replace(half_width=of_one.mean)
        return found

    def of_real(self, measure, *keys):
        """Return what the first evaluation tells of a measure of real images, or None."""
        found = (self.mean(name, measure, *keys) for name in self["members"])
        return next((mean.mean for mean in found if mean), None)

    @property
    def floor(self):
        """FID between two halves of the training images, or None."""
        return self.of_real("FID", "floor")

    def cost(self, name):
        """Return what the evaluation of a contestant tells of its networks' cost, or None."""
        return (self["members"][name]["metrics"] or {}).get("cost")

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

    def row_names(self):
        """Return the name of each row of Tables 3 and 5 by that of its condition.

        It is the name of the contestant whose images are added, else that of the condition.
        """
        contestants = {}
        for name, member in self["members"].items():
            further = (training_name(name, training["seed"]) for training in member["further"])
            contestants |= dict.fromkeys(map(condition_of, [name, *further]), name)
        conditions = (self["classifiers"] or {"conditions": {}})["conditions"]
        return {condition: contestants.get(condition, condition) for condition in conditions}

    def classifier_rows(self, size, leaked=False):
        """Return the rows of classifiers with `size` images added a class, lists by row name.

        A list has a row for each training of the contestant whose images are added. Rows that add
        no images count at every size. LEAKED ones say nothing about unseen images, so they have to
        be asked for.
        """
        classifiers, names, found = self["classifiers"], self.row_names(), {}
        for row in classifiers["rows"] if classifiers else []:
            hidden = not leaked and self.provenance(row) == LEAKED
            if row["size"] in (size, None) and not hidden:
                found.setdefault(names[row["condition"]], []).append(row)
        return found

    def provenance(self, row):
        """Return what was found out about where the images of a row of classifiers come from."""
        return self["classifiers"]["conditions"][row["condition"]]["finding"]

    def accuracies(self, size):
        """Return the mean accuracy of each of `classifier_rows`, dict by row name."""
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
                found.append(
                    Difference(
                        name, size, float(np.mean([one["mean"] for one in each])),
                        each[0]["half_width"] if len(each) == 1 else None,
                        None if None in p_values else max(p_values),
                        findings.pop() if len(findings) == 1 else UNKNOWN, len(each),
                    )
                )  # fmt: skip
        return found


def over_trainings(rows, measure):
    """Return the `Mean` of a measure over rows of classifiers, one for each training.

    That of a single row is over its seeds.
    """
    means = [row["mean"][measure] for row in rows]
    return Mean(**means[0]) if len(means) == 1 else mean_over_seeds([one["mean"] for one in means])


def papers_size(size):
    """Return the size of the paper's Tables 3 and 5 that ours stands beside."""
    return size if size in SIZES else SIZES[-1]

"""What members do for classifiers beside the baseline to beat.

The differences are those of the comparison of all classifiers (`ssgan_tf.statistics.findings`):
over seeds and test images, with p values adjusted over the whole study. Where a member was trained
several times, each training has its own; the member is better, or worse, only where each of its
trainings is. So its p value is the largest of theirs (an intersection-union test; Berger, 1982).
"""

from typing import NamedTuple

import numpy as np

from ssgan_tf.comparison.classifiers import BASELINE
from ssgan_tf.comparison.scores import CONDITIONS, classifier_rows, classifier_sizes, label
from ssgan_tf.statistics.findings import HELPS, HURTS

BETTER, WORSE, UNKNOWN = "better", "worse", "no evidence"
FINDINGS = {HELPS: BETTER, HURTS: WORSE}


class Difference(NamedTuple):
    """A member's mean accuracy at one size, less that of the baseline."""

    name: str
    size: str
    mean: float
    half_width: float | None  # of its 95 % interval; None for one seed or several trainings
    p: float | None  # two-sided, adjusted over the study; None where nothing may be found
    finding: str  # "better", "worse" or "no evidence"
    trainings: int


def against_baseline(results):
    """Return the `Difference` of each member at each size; none where the baseline has no figures.

    Args:
        results: what `results.json` holds.
    """
    found = []
    for size in classifier_sizes(results):
        rows = classifier_rows(results, size)
        for name in results["members"]:
            differences = [row["to_baseline"] for row in rows.get(name, ())]
            if differences and all(one and one["baseline"] == BASELINE for one in differences):
                found.append(_over_trainings(name, size, differences))
    return found


def _over_trainings(name, size, differences):
    findings = {FINDINGS.get(one["finding"], UNKNOWN) for one in differences}
    p_values = [one["adjusted_p"] for one in differences]
    return Difference(
        name,
        size,
        float(np.mean([one["mean"] for one in differences])),
        differences[0]["half_width"] if len(differences) == 1 else None,
        None if None in p_values else max(p_values),
        findings.pop() if len(findings) == 1 else UNKNOWN,
        len(differences),
    )


def verdict(results):
    """Return a sentence for each size: which members beat the baseline, and which do not."""
    differences, sentences = against_baseline(results), []
    for size in dict.fromkeys(one.size for one in differences):
        of_size = [one for one in differences if one.size == size]
        mean = np.mean([
            row["mean"]["accuracy"]["mean"] for row in classifier_rows(results, size)[BASELINE]
        ])  # fmt: skip
        parts = []
        for finding in (BETTER, WORSE, UNKNOWN):
            named = [f"{label(results, one.name)} ({points(one)})" for one in of_size
                     if one.finding == finding]  # fmt: skip
            if named or finding == BETTER:
                parts.append(f"{finding}: {', '.join(named) or 'none'}")
        sentences.append(
            f"Against {BASELINE} ({CONDITIONS[BASELINE].lower()}; accuracy {mean:.4f}), with "
            f"{size} images added a class, in percentage points: {'; '.join(parts)}."
        )
    return sentences


def points(difference):
    """Return a `Difference` in percentage points: "+1.2 ± 0.8"."""
    shown = f"{100 * difference.mean:+z.1f}"
    if difference.half_width is None:
        return shown
    return f"{shown} ± {100 * difference.half_width:.1f}"

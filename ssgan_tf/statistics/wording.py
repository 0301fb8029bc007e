"""Findings in words: the one place where they are phrased."""

from ssgan_tf.statistics.findings import (
    AFTERWARDS,
    BASELINE,
    CLEAN,
    HELPS,
    HURTS,
    IN_ADVANCE,
    LEAKED,
    NO_EVIDENCE,
    NO_PREDICTIONS,
    ONE_SEED,
    UNKNOWN,
)

MARKS = {LEAKED: " LEAKED", UNKNOWN: " (provenance unknown)"}
LEAK = "was trained on test images or contains some; its figures say nothing about unseen images"
PROVENANCE = {  # what a reader has to know of a row
    LEAKED: f"LEAKED: it {LEAK}.",
    UNKNOWN: "Provenance unknown: nothing tells whether it was trained on test images.",
}
REASONS = {
    ONE_SEED: "one seed is no evidence",
    NO_PREDICTIONS: "no finding, since no predictions were kept; train again",
}
TO_ORIGINAL = {**REASONS, HELPS: "helps", HURTS: "hurts", NO_EVIDENCE: "no evidence"}
TO_BASELINE = {
    **dict.fromkeys(REASONS, "no finding against {}"),
    HELPS: "better than {}",
    HURTS: "worse than {}",
    NO_EVIDENCE: "no evidence against {}",
}
BASELINE_NAMES = {
    AFTERWARDS: "the best classical condition, chosen afterwards",
    IN_ADVANCE: "the baseline",
}


def row_label(row, conditions):
    """Return the label of a row: "ssgan (400 a class) LEAKED"."""
    return row["condition"] + shown_size(row["size"]) + mark(conditions[row["condition"]])


def shown_size(size):
    """Return the size of a row behind its name: " (400 a class)"; "" where it adds nothing."""
    if size and size.endswith("%"):
        return f" ({size.removesuffix('%')} % of the real images)"
    words = {None: "", "balance": " (balanced)", "restore": " (restored)"}
    return words.get(size, f" ({size} a class)")


def mark(condition):
    """Return the warning to show behind a condition's name everywhere; mostly empty."""
    return MARKS.get(condition["finding"], "")


def shown_mean(mean):
    """Return a mean of `results.json` as text: "0.8130 ± 0.0121"."""
    half_width = mean["half_width"]
    return f"{mean['mean']:.4f}" + ("" if half_width is None else f" ± {half_width:.4f}")


def shown_points(difference, unit=""):
    """Return a difference in percentage points: "+1.2 ± 0.8, adjusted p 0.012"."""
    shown = f"{100 * difference['mean']:+z.1f}"
    if difference["half_width"] is not None:
        shown += f" ± {100 * difference['half_width']:.1f}"
    shown += unit
    p = difference["adjusted_p"]
    if p is not None:
        shown += ", adjusted p < 0.001" if p < 0.001 else f", adjusted p {p:.3f}"
    return shown


def finding_words(difference, baseline=None):
    """Return a finding in words: "helps"; with a baseline "better than flip-crop".

    Args:
        difference: a difference of `results.json`.
        baseline: the name of the condition it is compared with, where that is not `original`.
    """
    finding = difference["finding"]
    if finding == LEAKED:
        return LEAKED
    return TO_ORIGINAL[finding] if baseline is None else TO_BASELINE[finding].format(baseline)


def measures_of(difference):
    """Return the measures of a difference beside accuracy, dict from words to a difference."""
    if not difference or "recall" not in difference:
        return {}
    recalls = {f"recall of {name}": one for name, one in difference["recall"].items()}
    return {**recalls, "balanced accuracy": difference["balanced_accuracy"]}


def row_sentence(row, conditions):
    """Return the findings of a completed row as a sentence, and one for each other measure."""
    label, condition = row_label(row, conditions), conditions[row["condition"]]
    to_original, to_baseline = row["to_original"], row["to_baseline"]
    if condition["finding"] == LEAKED:
        return f"LEAKED: {label.removesuffix(MARKS[LEAKED])} {LEAK}."
    if condition["kind"] == "original":
        return f"{label}: accuracy {shown_mean(row['mean']['accuracy'])}."
    if to_original is None:
        words = "no finished seed in common with original"
    else:
        points = shown_points(to_original, " percentage points of accuracy")
        words = f"{finding_words(to_original)} ({points}, compared with original)"
    name = to_baseline and to_baseline["baseline"]
    if to_baseline:
        words += (
            f"; {finding_words(to_baseline, name)}, {BASELINE_NAMES[to_baseline['chosen']]} "
            f"({shown_points(to_baseline)})"
        )
    sentence, against = f"{label}: {words}.", measures_of(to_baseline)
    for measure, difference in measures_of(to_original).items():
        sentence += f" {measure[0].upper()}{measure[1:]}: {finding_words(difference)} "
        sentence += f"({shown_points(difference)})"
        if other := against.get(measure):
            sentence += f"; {finding_words(other, name)} ({shown_points(other)})"
        sentence += "."
    return sentence


def main_finding(results):
    """Return the main result of a study in a few sentences: whether added images help.

    First the number of generated rows that were found better, then the sentence of the best of
    them: the highest mean accuracy among those better than both original and baseline, else among
    those that help, else among all. LEAKED rows are left out, and so are those of unknown
    provenance where there are others. Without generated rows it is about the classical ones.

    Args:
        results: the contents of `results.json`, of any schema.
    """
    conditions = results["conditions"]
    generated = rows_of_kind(results, "generated")
    rows, kind = rows_of_kind(results, "classical"), "classical"
    if generated:
        found = {row["condition"]: conditions[row["condition"]]["finding"] for row in generated}
        usable = next((one for one in (CLEAN, UNKNOWN) if one in found.values()), None)
        rows, kind = [row for row in generated if found[row["condition"]] == usable], "generated"
        if usable is None:
            return "No generated images without a leak were compared."
    compared = [row for row in rows if row["to_original"]]
    if not compared:
        return "Nothing to compare with has finished yet."

    def merit(row):
        helps = _helps(row["to_original"])
        return helps + (helps and _helps(row.get("to_baseline"))), row["mean"]["accuracy"]["mean"]

    best, original = max(compared, key=merit), rows_of_kind(results, "original")[0]
    words = (
        f"{_counts(compared, kind)} {best['sentence']} Its accuracy is "
        f"{shown_mean(best['mean']['accuracy'])}, that of original "
        f"{shown_mean(original['mean']['accuracy'])}"
    )
    if kind == "generated" and BASELINE not in conditions:
        words += (
            f"; whether that beats what anyone would do first is for --augment {BASELINE} to tell"
        )
    return f"{words}."


def row_verdict(row, conditions):
    """Return "good", "bad", "note" or "warning": how the findings of a row are to be taken.

    A row is not "good" that is of unknown provenance, hurts another measure, is worse than a
    baseline chosen afterwards, or not better than one chosen in advance.
    """
    provenance = conditions[row["condition"]]["finding"]
    to_original, to_baseline = row["to_original"], row["to_baseline"]
    if provenance == LEAKED:
        return "warning"
    if not to_original:
        return "note"
    found = {one["finding"] for one in (to_original, *measures_of(to_original).values())}
    if HURTS in found:
        return "note" if HELPS in found else "bad"
    beaten = not to_baseline or (
        _helps(to_baseline) if to_baseline["chosen"] == IN_ADVANCE
        else to_baseline["finding"] != HURTS
    )  # fmt: skip
    return "good" if HELPS in found and beaten and provenance != UNKNOWN else "note"


def rows_of_kind(results, kind):
    """Return the rows whose condition is "original", "classical" or "generated"."""
    conditions = results["conditions"]
    return [row for row in results["rows"] if conditions[row["condition"]]["kind"] == kind]


def _counts(rows, kind):
    """Return how many of some rows of a kind are better than `original` and the baseline."""
    names = {row["to_baseline"]["baseline"] for row in rows if row.get("to_baseline")}
    against = BASELINE if names == {BASELINE} else "the best classical condition"

    def better(key, measure=None):
        each = [row.get(key) for row in rows]
        if measure:
            each = [measures_of(one).get(measure) for one in each]
        return sum(map(_helps, each))

    words = f"Of {len(rows)} {'row' if len(rows) == 1 else 'rows'} with {kind} images"
    for measure in (None, *measures_of(rows[0]["to_original"])):
        words += f"; {measure}: " if measure else ": "
        words += f"{better('to_original', measure)} better than original"
        if names:
            words += f", {better('to_baseline', measure)} better than {against}"
    return f"{words}."


def _helps(difference):
    return bool(difference) and difference["finding"] == HELPS

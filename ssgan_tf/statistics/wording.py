"""What a comparison is called in words: the one place where findings are phrased."""

from ssgan_tf.statistics.findings import (
    AFTERWARDS,
    BASELINE,
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
FIRST = f"whether that beats what anyone would do first is for --augment {BASELINE} to tell"


def row_label(row, conditions):
    """Return what a row is called: "ssgan (400 a class) LEAKED"."""
    size = {None: "", "balance": " (balanced)"}.get(row["size"], f" ({row['size']} a class)")
    return row["condition"] + size + mark(conditions[row["condition"]])


def mark(condition):
    """Return what has to stand behind a condition's name wherever it is shown; mostly nothing."""
    return MARKS.get(condition["finding"], "")


def shown_mean(mean):
    """Return a mean of `results.json` as text: "0.8130 ± 0.0121"."""
    if mean["half_width"] is None:
        return f"{mean['mean']:.4f}"
    return f"{mean['mean']:.4f} ± {mean['half_width']:.4f}"


def shown_p(p):
    """Return an adjusted p as text: "adjusted p 0.012", "adjusted p < 0.001"."""
    return "adjusted p < 0.001" if p < 0.001 else f"adjusted p {p:.3f}"


def shown_points(difference, unit=""):
    """Return a difference in percentage points: "+1.2 ± 0.8, adjusted p 0.012"."""
    shown = f"{100 * difference['mean']:+z.1f}"
    if difference["half_width"] is not None:
        shown += f" ± {100 * difference['half_width']:.1f}"
    shown += unit
    if difference["adjusted_p"] is not None:
        shown += f", {shown_p(difference['adjusted_p'])}"
    return shown


def finding_words(difference, baseline=None):
    """Return a finding as words: "helps"; of a baseline "better than flip-crop".

    Args:
        difference: a difference of `results.json`.
        baseline: the name of what it is to, where that is not `original`.
    """
    finding = difference["finding"]
    if finding == LEAKED:
        return LEAKED
    return TO_ORIGINAL[finding] if baseline is None else TO_BASELINE[finding].format(baseline)


def row_sentence(row, conditions):
    """Return what a completed row says, as a sentence."""
    label, condition = row_label(row, conditions), conditions[row["condition"]]
    to_original, to_baseline = row["to_original"], row["to_baseline"]
    if condition["finding"] == LEAKED:
        label = label.removesuffix(MARKS[LEAKED])
        return (
            f"LEAKED: {label} learnt from test images or holds some; its figures say nothing about "
            "unseen images."
        )
    if condition["kind"] == "original":
        return f"{label}: accuracy {shown_mean(row['mean']['accuracy'])}."
    if to_original is None:
        words = "no finished seed in common with original"
    else:
        points = shown_points(to_original, " percentage points of accuracy")
        words = f"{finding_words(to_original)} ({points}, compared with original)"
    if to_baseline:
        name = to_baseline["baseline"]
        words += (
            f"; {finding_words(to_baseline, name)}, {BASELINE_NAMES[to_baseline['chosen']]} "
            f"({shown_points(to_baseline)})"
        )
    return f"{label}: {words}.{''.join(_measure_sentences(row))}"


def measures_of(difference):
    """Return what a difference tells of beside accuracy, dict from words to a difference."""
    if not difference or "recall" not in difference:
        return {}
    recalls = {f"recall of {name}": one for name, one in difference["recall"].items()}
    return {**recalls, "balanced accuracy": difference["balanced_accuracy"]}


def _measure_sentences(row):
    """Yield a sentence for each measure beside accuracy."""
    to_baseline = row["to_baseline"]
    against = measures_of(to_baseline)
    for words, difference in measures_of(row["to_original"]).items():
        sentence = f" {words[0].upper()}{words[1:]}: {finding_words(difference)} "
        sentence += f"({shown_points(difference)})"
        if words in against:
            other, name = against[words], to_baseline["baseline"]
            sentence += f"; {finding_words(other, name)} ({shown_points(other)})"
        yield f"{sentence}."


def counted(rows, kind):
    """Return how many of some rows are better than what, as a sentence.

    Args:
        rows: completed rows of `results.json`, each with a difference to `original`.
        kind: what they add: "generated" or "classical" images.
    """
    number = f"{len(rows)} {'row' if len(rows) == 1 else 'rows'} with {kind} images"
    parts = [f"{_helping(row['to_original'] for row in rows)} better than original"]
    names = {row["to_baseline"]["baseline"] for row in rows if row.get("to_baseline")}
    if names:
        against = BASELINE if names == {BASELINE} else "the best classical condition"
        parts.append(f"{_helping(row.get('to_baseline') for row in rows)} better than {against}")
    words = f"Of {number}: {', '.join(parts)}"
    for measure in measures_of(rows[0]["to_original"]):
        each = [measures_of(row["to_original"]).get(measure) for row in rows]
        words += f"; {measure}: {_helping(each)} better than original"
        if names:
            each = [measures_of(row.get("to_baseline")).get(measure) for row in rows]
            words += f", {_helping(each)} better than {against}"
    return f"{words}."


def _helping(differences):
    return sum(bool(one) and one["finding"] == HELPS for one in differences)

import numpy as np
import pytest

from ssgan_tf.statistics.findings import find_differences
from ssgan_tf.statistics.intervals import Contrast, estimates_of, holm
from ssgan_tf.statistics.scores import classification_scores

NAMES = ("daisy", "roses", "tulips")
LABELS = np.repeat([0, 1, 2], [300, 40, 160])
CONDITIONS = {
    "original": {"kind": "original", "finding": None},
    "flip-crop": {"kind": "classical", "finding": None},
    "crop": {"kind": "classical", "finding": None},
    "mixup": {"kind": "classical", "finding": None},
    "ssgan": {"kind": "generated", "finding": "clean"},
    "spy": {"kind": "generated", "finding": "LEAKED"},
}


def row(condition, errors, seeds=3, size=None, kept=True):
    """A row: for each class the share not recognised, by chance that seed and condition decide."""
    predictions = {}
    for seed in range(seeds):
        generator = np.random.default_rng([seed, *condition.encode()])
        wrong = generator.random(len(LABELS)) < np.asarray(errors)[LABELS]
        predictions[str(seed)] = np.where(wrong, (LABELS + 1) % 3, LABELS)
    made = {"condition": condition, "size": size, "seeds": {
        seed: classification_scores(LABELS, one, NAMES) for seed, one in predictions.items()
    }}  # fmt: skip
    return made | {"predictions": predictions} if kept else made


def found(*rows, minorities=(), labels=LABELS):
    conditions = {one["condition"]: CONDITIONS[one["condition"]] for one in rows}
    found = find_differences(rows, conditions, labels, NAMES, minorities)
    return dict(zip((one["condition"] for one in rows), found, strict=True))


ORIGINAL = row("original", [0.4, 0.4, 0.4])
FLIP_CROP = row("flip-crop", [0.35, 0.35, 0.35])
SSGAN = row("ssgan", [0.1, 0.1, 0.1])


def right(made):
    return np.stack(list(made["predictions"].values())) == LABELS


def test_all_comparisons_are_one_family():
    told = found(ORIGINAL, FLIP_CROP, SSGAN)
    shown = [told["flip-crop"]["to_original"], *told["ssgan"].values()]
    values = [right(a) - 1.0 * right(b) for a, b in
              [(FLIP_CROP, ORIGINAL), (SSGAN, ORIGINAL), (SSGAN, FLIP_CROP)]]  # fmt: skip
    judged = estimates_of(
        [Contrast(one, "", row) for row, one in zip([0, 1, 1], values, strict=True)]
    )
    assert [one["adjusted_p"] for one in shown] == pytest.approx(holm([one.p for one in judged]))
    assert [one["half_width"] for one in shown] == pytest.approx([one[1] for one in judged])
    assert [one["mean"] for one in shown] == pytest.approx([one.mean() for one in values])
    assert {one["family"] for one in shown} == {3}
    assert [one["finding"] for one in shown][1:] == ["helps", "helps"]
    assert found(SSGAN, row("original", [0.0] * 3))["ssgan"]["to_original"]["finding"] == "hurts"


def test_a_finding_follows_the_adjusted_p_not_the_interval():
    weak = row("ssgan", [0.35] * 3, seeds=2)
    alone = found(row("original", [0.4] * 3, 2), weak)["ssgan"]["to_original"]
    others = [row("mixup", [0.4] * 3, 2, str(size)) for size in range(12)]
    many = found(row("original", [0.4] * 3, 2), weak, *others)["ssgan"]["to_original"]
    assert many["adjusted_p"] > many["p"] and many["family"] > alone["family"] == 1
    assert many["adjusted_p"] >= 0.05 and many["finding"] == "no evidence"


def test_a_baseline_chosen_afterwards_brings_its_rivals_into_the_family():
    crop, mixup = row("crop", [0.3] * 3), row("mixup", [0.35] * 3)
    told = found(ORIGINAL, crop, mixup, SSGAN)
    assert told["ssgan"]["to_baseline"]["baseline"] == "crop"
    assert told["ssgan"]["to_baseline"]["chosen"] == "afterwards"
    assert told["crop"]["to_baseline"] is None
    assert told["ssgan"]["to_original"]["family"] == 5  # three to original, two to its rivals


def test_leaked_rows_and_rows_without_findings_cost_the_others_nothing():
    spy, crop = row("spy", [0.0] * 3), row("crop", [0.3] * 3, kept=False)
    told = found(ORIGINAL, FLIP_CROP, SSGAN, spy, crop)
    assert told["spy"]["to_original"]["finding"] == "LEAKED"
    assert told["spy"]["to_original"]["p"] is None
    assert told["crop"]["to_original"]["finding"] == "no predictions"
    assert told["ssgan"] == found(ORIGINAL, FLIP_CROP, SSGAN)["ssgan"]


def test_predictions_of_some_seeds_are_not_enough():
    partly = row("ssgan", [0.2] * 3)
    del partly["predictions"]["1"]
    assert found(ORIGINAL, partly)["ssgan"]["to_original"]["finding"] == "no predictions"
    one = found(row("original", [0.4] * 3, 1), SSGAN)["ssgan"]["to_original"]
    assert (one["finding"], one["seeds"], one["half_width"]) == ("one seed", 1, None)


def test_equal_gains_in_a_few_images_are_no_evidence():
    """Three equal differences of -1 point were "hurts" by an interval of no width."""
    original = row("original", [0.0] * 3)
    worse = row("ssgan", [0.0] * 3)
    for seed, predictions in worse["predictions"].items():
        predictions[:5] = 1
        worse["seeds"][seed] = classification_scores(LABELS, predictions, NAMES)
    difference = found(original, worse)["ssgan"]["to_original"]
    assert difference["mean"] == pytest.approx(-0.01)
    assert difference["half_width"] > 0.01 and difference["finding"] == "no evidence"


def test_a_dropped_class_has_a_finding_where_accuracy_tells_none():
    original = row("original", [0.3, 0.8, 0.3], 5)
    filled = row("ssgan", [0.3, 0.3, 0.3], 5)
    difference = found(original, filled, minorities=["roses"])["ssgan"]["to_original"]
    roses, balanced = difference["recall"]["roses"], difference["balanced_accuracy"]
    for key, measured in (("recall", roses), ("balanced", balanced)):
        scores = [
            one["seeds"][str(seed)]["classes"]["roses"]["recall"] if key == "recall"
            else one["seeds"][str(seed)]["recall"]
            for one in (filled, original) for seed in range(5)
        ]  # fmt: skip
        assert measured["mean"] == pytest.approx(np.mean(scores[:5]) - np.mean(scores[5:]))
        assert measured["finding"] == "helps"
    assert roses["mean"] > 0.35 and difference["mean"] < 0.06
    assert {one["family"] for one in (difference, roses, balanced)} == {3}


def test_balanced_accuracy_is_accuracy_where_classes_are_equal_and_counts_once():
    labels = np.repeat([0, 1], 50)
    rows = []
    for condition, wrong in (("original", 30), ("ssgan", 10)):
        predictions = {str(seed): np.where(np.arange(100) % 50 < wrong + seed, 1 - labels, labels)
                       for seed in range(3)}  # fmt: skip
        seeds = {seed: classification_scores(labels, one, NAMES[:2])
                 for seed, one in predictions.items()}  # fmt: skip
        rows.append(
            {"condition": condition, "size": None, "seeds": seeds, "predictions": predictions}
        )
    _, told = find_differences(rows, CONDITIONS, labels, NAMES[:2], ["roses"])
    difference = told["to_original"]
    assert difference["balanced_accuracy"]["p"] == difference["p"]
    assert difference["family"] == 2


def test_without_labels_the_means_are_still_there():
    rows = [row(name, errors, kept=False) for name, errors in
            (("original", [0.4, 0.9, 0.4]), ("ssgan", [0.2] * 3))]  # fmt: skip
    told = found(*rows, minorities=["roses"], labels=None)["ssgan"]["to_original"]
    recalls = [[scores["recall"] for scores in one["seeds"].values()] for one in rows]
    assert told["balanced_accuracy"]["mean"] == pytest.approx(np.diff(np.mean(recalls, 1))[0])
    assert told["recall"]["roses"]["finding"] == "no predictions"


def test_a_class_may_be_called_like_a_measure():
    rows = [row(name, [0.3] * 3) for name in ("original", "ssgan")]
    for one in rows:
        for scores in one["seeds"].values():
            scores["classes"]["accuracy"] = scores["classes"].pop("roses")
    conditions = {name: CONDITIONS[name] for name in ("original", "ssgan")}
    names = ("daisy", "accuracy", "tulips")
    _, told = find_differences(rows, conditions, LABELS, names, ["accuracy"])
    assert told["to_original"]["recall"]["accuracy"]["p"] != told["to_original"]["p"]

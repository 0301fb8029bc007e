import copy

import pytest

from ssgan_tf.statistics.summary import summarise
from ssgan_tf.statistics.wording import row_label

KINDS = {"original": "original", "crop": "classical", "smote": "classical", "cutmix": "classical"}


def scores(accuracy, right=5):
    """Scores of ten cats, of which so many were recognised, and one dog."""
    of_class = {"precision": accuracy / 2, "recall": accuracy, "f1": accuracy / 4, "images": 10}
    confusion = [[right, 10 - right], [0, 1]]
    means = {"precision": accuracy / 2, "recall": accuracy, "f1": accuracy / 4}
    classes = {"cats": of_class, "dogs": of_class}
    return {"accuracy": accuracy, **means, "classes": classes, "confusion": confusion, "seconds": 1}


def row(condition, size, accuracies):
    """A row whose seeds 0, 1, ... reached these accuracies."""
    seeds = {str(seed): scores(accuracy) for seed, accuracy in enumerate(accuracies)}
    return {"condition": condition, "size": size, "images": 10, "added": {}, "steps": 5} | {
        "seeds": seeds
    }


def summarised(*rows, **findings):
    """The completed rows by condition and size, with generated conditions of these findings."""
    conditions = {
        name: {"kind": kind, "finding": None, "notes": []} for name, kind in KINDS.items()
    } | {
        name: {"kind": "generated", "finding": finding, "notes": []}
        for name, finding in {"ssgan": "clean", **findings}.items()
    }
    if any(row["condition"] == "flip-crop" for row in rows):
        conditions["flip-crop"] = {"kind": "classical", "finding": None, "notes": []}
    return {(row["condition"], row["size"]): row for row in summarise(rows, conditions)}


ORIGINAL = row("original", None, [0.60, 0.70, 0.80])


def test_means_and_confusion_are_over_seeds():
    mixed = row("crop", "10", [0.5, 0.6])
    mixed["seeds"]["1"]["confusion"] = [[9, 1], [1, 0]]
    found = summarised(mixed)["crop", "10"]
    assert found["mean"]["accuracy"]["mean"] == pytest.approx(0.55)
    # t(0.975, 1) = 12.7062; the standard deviation of two values 0.1 apart is 0.1 / √2.
    assert found["mean"]["accuracy"]["half_width"] == pytest.approx(12.7062 * 0.05, rel=1e-5)
    assert found["mean"]["f1"]["mean"] == pytest.approx(0.1375)
    assert found["classes"]["dogs"]["recall"] == found["mean"]["recall"]
    assert found["classes"]["cats"]["precision"]["mean"] == pytest.approx(0.275)
    assert found["confusion"] == [[14, 6], [1, 1]]
    assert found["steps"] == 5


def test_the_difference_to_original_is_paired_by_seed():
    ssgan = row("ssgan", "400", [0.62, 0.73, 0.84])
    found = summarised(ORIGINAL, ssgan)["ssgan", "400"]["to_original"]
    assert found["mean"] == pytest.approx(0.03)
    assert found["seeds"] == 3


def test_without_predictions_there_is_no_finding():
    found = summarised(ORIGINAL, row("ssgan", "400", [0.82, 0.93, 0.99]))["ssgan", "400"]
    to_original = found["to_original"]
    assert to_original["finding"] == "no predictions"
    assert to_original["half_width"] is to_original["p"] is to_original["adjusted_p"] is None
    assert found["mean"]["accuracy"]["covers"] == "training"
    assert found["sentence"] == (
        "ssgan (400 a class): no finding, since no predictions were kept; train again (+21.3 "
        "percentage points of accuracy, compared with original)."
    )


def test_pairs_are_matched_by_the_name_of_the_seed():
    late = row("ssgan", "400", [0.62, 0.73, 0.84])
    late["seeds"] = dict(reversed(late["seeds"].items()))
    del late["seeds"]["0"]
    found = summarised(ORIGINAL, late)["ssgan", "400"]
    assert found["to_original"]["seeds"] == 2
    assert found["to_original"]["mean"] == pytest.approx(0.035)


ROWS = [
    ORIGINAL,
    row("cutmix", None, [0.66, 0.76, 0.86]),
    row("crop", "200", [0.65, 0.75, 0.85]),
    row("crop", "400", [0.70, 0.80, 0.90]),
    row("smote", "400", [0.55, 0.65, 0.75]),
    row("ssgan", "200", [0.64, 0.74, 0.84]),
    row("ssgan", "400", [0.75, 0.85, 0.95]),
]


def baselines(found):
    return {
        key: row["to_baseline"] and (row["to_baseline"]["baseline"], row["to_baseline"]["chosen"])
        for key, row in found.items()
    }


def test_without_flip_crop_the_best_classical_condition_has_the_same_size_or_none():
    found = summarised(*ROWS)
    none = dict.fromkeys(key for key in found if key[0] != "ssgan")
    assert baselines(found) == none | {
        ("ssgan", "200"): ("cutmix", "afterwards"), ("ssgan", "400"): ("crop", "afterwards"),
    }  # fmt: skip
    assert found["ssgan", "400"]["to_baseline"]["mean"] == pytest.approx(0.05)
    assert found["original", None]["to_original"] is None


def test_flip_crop_is_the_baseline_of_all_even_where_another_is_better():
    found = summarised(*ROWS, row("flip-crop", None, [0.61, 0.71, 0.81]),
                       row("ssgan+flip-crop", "400", [0.7, 0.8, 0.9]),
                       **{"ssgan+flip-crop": "clean"})  # fmt: skip
    assert found["ssgan+flip-crop", "400"]["to_baseline"]["mean"] == pytest.approx(0.09)
    told = baselines(found)
    assert told.pop(("original", None)) is told.pop(("flip-crop", None)) is None
    assert set(told.values()) == {("flip-crop", "in advance")}
    unfinished = summarised(*ROWS, row("flip-crop", None, []))
    assert set(baselines(unfinished).values()) == {None}


def test_a_leaked_row_is_no_baseline_and_its_finding_is_no_help():
    found = summarised(
        ORIGINAL, row("crop", "400", [0.62, 0.72, 0.82]), row("spy", "400", [0.97, 0.98, 0.99]),
        row("ssgan", "400", [0.60, 0.71, 0.79]), spy="LEAKED",
    )  # fmt: skip
    leaked = found["spy", "400"]
    assert leaked["to_original"]["finding"] == leaked["to_baseline"]["finding"] == "LEAKED"
    assert leaked["sentence"].startswith("LEAKED: spy (400 a class) ")
    assert leaked["sentence"].endswith("; its figures say nothing about unseen images.")
    assert "helps" not in leaked["sentence"]
    assert found["ssgan", "400"]["to_baseline"]["baseline"] == "crop"


def test_one_seed_is_no_evidence():
    found = summarised(
        row("original", None, [0.60]), row("crop", "400", [0.80]), row("ssgan", "400", [0.7])
    )["ssgan", "400"]
    assert found["sentence"] == (
        "ssgan (400 a class): one seed is no evidence (+10.0 percentage points of accuracy, "
        "compared with original); no finding against crop, the best classical condition, chosen "
        "afterwards (-10.0)."
    )
    assert found["to_original"]["half_width"] is None


def test_what_has_not_finished_is_left_out():
    assert list(summarised(ORIGINAL, row("ssgan", "400", []))) == [("original", None)]
    late = row("ssgan", "400", [0.5, 0.6])
    alone = summarised(late)["ssgan", "400"]
    assert alone["to_original"] is alone["to_baseline"] is None
    assert "no finished seed in common with original" in alone["sentence"]
    del late["seeds"]["0"]
    first = row("original", None, [0.5])
    assert summarised(first, late)["ssgan", "400"]["to_original"] is None


def test_the_rows_given_are_not_changed():
    before = copy.deepcopy(ORIGINAL)
    summarised(ORIGINAL, row("ssgan", "400", [0.62, 0.73, 0.84]))
    assert before == ORIGINAL


def test_labels():
    conditions = {
        "a+b": {"finding": "clean"}, "spy": {"finding": "LEAKED"}, "cutmix": {"finding": None},
    }  # fmt: skip
    labels = [
        row_label({"condition": name, "size": size}, conditions)
        for name, size in [("a+b", "balance"), ("spy", "200"), ("cutmix", None)]
    ]
    assert labels == ["a+b (balanced)", "spy (200 a class) LEAKED", "cutmix"]

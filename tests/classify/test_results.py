import copy

import pytest
from scipy import stats

from ssgan_tf.classify.results import row_label, summarise

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
    # 0.02, 0.03, 0.04: their standard deviation is 0.01, and t(0.975, 2) = 4.302653.
    assert found["mean"] == pytest.approx(0.03)
    assert found["half_width"] == pytest.approx(4.302653 * 0.01 / 3**0.5, rel=1e-6)
    low, _ = stats.ttest_rel([0.62, 0.73, 0.84], [0.6, 0.7, 0.8]).confidence_interval(0.95)
    assert found["mean"] - found["half_width"] == pytest.approx(low)
    assert (found["finding"], found["seeds"]) == ("helps", 3)


def test_pairs_are_matched_by_the_name_of_the_seed():
    late = row("ssgan", "400", [0.62, 0.73, 0.84])
    late["seeds"] = dict(reversed(late["seeds"].items()))
    del late["seeds"]["0"]
    found = summarised(ORIGINAL, late)["ssgan", "400"]
    assert found["to_original"]["seeds"] == 2
    assert found["to_original"]["mean"] == pytest.approx(0.035)


def test_the_best_classical_condition_has_the_same_size_or_none():
    found = summarised(
        ORIGINAL,
        row("cutmix", None, [0.66, 0.76, 0.86]),
        row("crop", "200", [0.65, 0.75, 0.85]),
        row("crop", "400", [0.70, 0.80, 0.90]),
        row("smote", "400", [0.55, 0.65, 0.75]),
        row("ssgan", "200", [0.64, 0.74, 0.84]),
        row("ssgan", "400", [0.75, 0.85, 0.95]),
    )
    baselines = {
        key: row["to_classical"] and row["to_classical"]["baseline"] for key, row in found.items()
    }
    assert baselines == {
        ("original", None): None, ("cutmix", None): None,
        ("crop", "200"): "cutmix", ("crop", "400"): None, ("smote", "400"): "crop",
        ("ssgan", "200"): "cutmix", ("ssgan", "400"): "crop",
    }  # fmt: skip
    assert found["ssgan", "400"]["to_classical"]["mean"] == pytest.approx(0.05)
    assert found["smote", "400"]["to_classical"]["finding"] == "hurts"
    assert found["original", None]["to_original"] is None


def test_a_leaked_row_is_no_baseline_and_its_finding_is_no_help():
    found = summarised(
        ORIGINAL, row("crop", "400", [0.62, 0.72, 0.82]), row("spy", "400", [0.97, 0.98, 0.99]),
        row("ssgan", "400", [0.60, 0.71, 0.79]), spy="LEAKED",
    )  # fmt: skip
    leaked = found["spy", "400"]
    assert leaked["to_original"]["finding"] == leaked["to_classical"]["finding"] == "LEAKED"
    assert leaked["sentence"].startswith("LEAKED: spy (400 a class) ")
    assert leaked["sentence"].endswith("; its figures say nothing about unseen images.")
    assert "helps" not in leaked["sentence"]
    assert found["ssgan", "400"]["to_classical"]["baseline"] == "crop"


def test_sentences():
    found = summarised(
        ORIGINAL, row("crop", "400", [0.63, 0.73, 0.83]), row("ssgan", "400", [0.62, 0.73, 0.84]),
        row("old", "balance", [0.50, 0.61, 0.69]), row("better", "400", [0.70, 0.81, 0.92]),
        old="unknown", better="clean",
    )  # fmt: skip
    assert {key: row["sentence"] for key, row in found.items()} == {
        ("original", None): "original: accuracy 0.7000 ± 0.2484.",
        ("crop", "400"): "crop (400 a class): helps, +3.0 ± 0.0 percentage points of accuracy over "
        "original.",
        ("ssgan", "400"): "ssgan (400 a class): helps, +3.0 ± 2.5 percentage points of accuracy "
        "over original; no evidence against crop, the best classical condition (+0.0 ± 2.5).",
        ("old", "balance"): "old (balanced) (provenance unknown): hurts, -10.0 ± 2.5 percentage "
        "points of accuracy over original.",
        ("better", "400"): "better (400 a class): helps, +11.0 ± 2.5 percentage points of accuracy "
        "over original; better than crop, the best classical condition (+8.0 ± 2.5).",
    }


def test_one_seed_is_no_evidence():
    found = summarised(
        row("original", None, [0.60]), row("crop", "400", [0.80]), row("ssgan", "400", [0.7])
    )["ssgan", "400"]
    assert found["sentence"] == (
        "ssgan (400 a class): one seed is no evidence, +10.0 percentage points of accuracy over "
        "original; no evidence against crop, the best classical condition (-10.0)."
    )
    assert found["to_original"]["half_width"] is None


def test_what_has_not_finished_is_left_out():
    assert list(summarised(ORIGINAL, row("ssgan", "400", []))) == [("original", None)]
    late = row("ssgan", "400", [0.5, 0.6])
    alone = summarised(late)["ssgan", "400"]
    assert alone["to_original"] is alone["to_classical"] is None
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

import csv
import io

import numpy as np
import pytest

from ssgan_tf.classify.tables import (
    accuracy_table,
    class_table,
    confusion_table,
    difference_table,
    difference_tables,
    recall_table,
    share_table,
    training_table,
)
from ssgan_tf.statistics.scores import classification_scores
from ssgan_tf.statistics.summary import summarise

CONDITIONS = {
    "original": {"kind": "original", "finding": None, "notes": []},
    "cutmix": {"kind": "classical", "finding": None, "notes": []},
    "crop": {"kind": "classical", "finding": None, "notes": []},
    "ssgan": {"kind": "generated", "finding": "clean", "notes": ["Made at step 500"]},
    "spy": {"kind": "generated", "finding": "LEAKED", "notes": ["It saw 3 of daisy."]},
    "old": {"kind": "generated", "finding": "unknown", "notes": []},
}
ACCURACIES = {
    ("original", None): 0.70,
    ("cutmix", None): 0.78,
    ("crop", "200"): 0.72,
    ("crop", "400"): 0.74,
    ("ssgan", "200"): 0.76,
    ("ssgan", "400"): 0.80,
    ("spy", "400"): 0.99,
    ("old", "400"): 0.71,
}


def scores(accuracy):
    of_class = {"precision": accuracy, "recall": accuracy - 0.1, "f1": 0.5, "images": 10}
    return {
        "accuracy": accuracy, "precision": accuracy - 0.01, "recall": accuracy - 0.02, "f1": 0.65,
        "classes": {"daisy": of_class, "roses": of_class | {"recall": 0.25}},
        "confusion": [[3, 1], [0, 0]], "seconds": 7.5,
    }  # fmt: skip


def made(accuracies=ACCURACIES, seeds=3):
    """What `results.json` holds; each seed is 0.01 better than the one before."""
    rows = [
        {
            "condition": condition, "size": size, "images": 30, "added": {"daisy": 8, "roses": 12},
            "steps": 900,
            "seeds": {str(n): scores(accuracy + 0.01 * (n - 1)) for n in range(seeds)},
        }
        for (condition, size), accuracy in accuracies.items()
    ]  # fmt: skip
    data = {"classes": {"daisy": {}, "roses": {}}, "imbalance": {"roses": 20}}
    return {
        "sizes": ["200", "400"], "data": data, "conditions": CONDITIONS,
        "rows": summarise(rows, CONDITIONS),
    }  # fmt: skip


def cells(table):
    """The rows of a table as dicts by their first cell."""
    return {row[0].value: row[1:] for row in table.rows}


def test_accuracy_has_a_line_for_each_condition_and_two_columns_for_each_size():
    table = accuracy_table(made())
    assert [str(cell) for cell in table.columns] == [
        "", "accuracy, + 200", "precision, + 200", "accuracy, + 400", "precision, + 400",
    ]  # fmt: skip
    found = cells(table)
    # The standard deviation of three seeds 0.01 apart is 0.01: 4.302653 * 0.01 / √3.
    assert [str(cell) for cell in found["original"]] == [
        "0.7000 ± 0.0248", "0.6900 ± 0.0248", "0.7000 ± 0.0248", "0.6900 ± 0.0248",
    ]  # fmt: skip
    assert [cell.value for cell in found["ssgan"]] == pytest.approx([0.76, 0.75, 0.80, 0.79])
    assert list(found) == [
        "original", "cutmix", "crop", "ssgan", "spy LEAKED", "old (provenance unknown)",
    ]  # fmt: skip


def test_the_best_of_a_column_is_bold_but_never_a_leaked_one():
    bold = {
        name: [cell.emphasis for cell in row] for name, row in cells(accuracy_table(made())).items()
    }
    assert bold["cutmix"] == [True, True, False, False]
    assert bold["ssgan"] == [False, False, True, True]
    assert sum(map(sum, bold.values())) == 4


def test_what_is_not_finished_is_a_dash():
    assert [cell.value for cell in cells(accuracy_table(made()))["spy LEAKED"][:2]] == [None, None]
    nothing = made({})
    for table in (accuracy_table, difference_table, class_table, recall_table, training_table):
        assert table(nothing).text()


def test_without_sets_there_is_one_pair_of_columns():
    table = accuracy_table(made({("original", None): 0.7, ("cutmix", None): 0.8}))
    assert [str(cell) for cell in table.columns] == ["", "accuracy", "precision"]


@pytest.mark.parametrize("table", [accuracy_table, difference_table, class_table, recall_table])
def test_leaked_and_unknown_are_marked_in_name_and_footnote(table):
    text = table(made()).text()
    assert "spy LEAKED [" in text or "spy (400 a class) LEAKED [" in text
    assert "figures say nothing about unseen images. It saw 3 of daisy." in text
    assert "(provenance unknown) [" in text
    assert "] Provenance unknown: " in text
    assert "] Made at step 500." in text


def test_seeds_are_counted():
    assert "Means over 3 seeds" in accuracy_table(made()).text()
    results = made(seeds=1)
    assert "One seed, so there are no intervals." in accuracy_table(results).text()
    assert "±" not in difference_table(results).text()
    results["rows"] += made(seeds=3)["rows"]
    assert "Means over 1 to 3 seeds" in class_table(results).text()


def predicted(wrong):
    """Predictions for 200 + 50 images: of both classes the first are not recognised."""
    labels = np.repeat([0, 1], [200, 50])
    place = np.concatenate([np.arange(200) / 4, np.arange(50)])
    return np.where(place < wrong, 1 - labels, labels)


def judged(imbalance=("roses",), **wrong):
    """Rows of three seeds, of which these shares of 50 are not recognised."""
    labels = np.repeat([0, 1], [200, 50])
    rows, names = [], ("daisy", "roses")
    for condition, each in wrong.items():
        predictions = {str(seed): predicted(one) for seed, one in enumerate(each)}
        rows.append(
            {"condition": condition, "size": None, "images": 3, "added": {}, "steps": 9,
             "predictions": predictions,
             "seeds": {seed: classification_scores(labels, one, names)
                       for seed, one in predictions.items()}}
        )  # fmt: skip
    known = CONDITIONS | {"flip-crop": CONDITIONS["crop"]}
    conditions = {name: known[name] for name in wrong}
    rows = summarise(rows, conditions, labels, names, imbalance)
    data = {"classes": dict.fromkeys(names), "imbalance": dict.fromkeys(imbalance, 20)}
    return {"sizes": [], "conditions": conditions, "rows": rows, "data": data}


STUDY = {
    "original": [20, 19, 21], "flip-crop": [18, 19, 20], "ssgan": [10, 9, 11], "spy": [0, 0, 0],
}  # fmt: skip


def test_differences_are_points_with_their_findings():
    results = judged((), **STUDY)
    table = difference_table(results)
    found = cells(table)
    points, p, finding, baseline, p_baseline, against = found["ssgan"]
    difference = results["rows"][2]["to_original"]
    assert str(points) == f"20.0 ± {100 * difference['half_width']:.1f}"
    assert difference["adjusted_p"] < 0.001 and p.value == "< 0.001"
    assert (finding.value, against.value) == ("helps", "better than flip-crop")
    assert str(baseline).startswith("18.0 ± ") and p_baseline.value == "< 0.001"
    assert [cell.value for cell in found["flip-crop"]][2:] == ["no evidence", None, None, None]
    assert [cell.value for cell in found["original"]] == [None] * 6
    leaked = found["spy LEAKED"]
    assert (leaked[2].value, leaked[5].value) == ("LEAKED", "LEAKED")
    text = table.text()
    assert "the baseline, which was chosen in advance" in text and "Holm" in text
    assert "training and the choice of test images" in text


def test_without_predictions_differences_have_no_findings():
    table = difference_table(made())
    points, p, finding, *_ = cells(table)["ssgan (400 a class)"]
    assert (str(points), p.value) == ("10.0", None)
    assert finding.value == "no finding, since no predictions were kept; train again"
    assert "without findings: no predictions were kept." in table.text()


def test_a_baseline_chosen_afterwards_is_said_to_be():
    wrong = STUDY | {"crop": STUDY["original"]}
    del wrong["flip-crop"]
    assert "chosen afterwards, on these test images" in difference_table(judged((), **wrong)).text()


def test_dropped_classes_have_tables_of_their_own():
    results = judged(**STUDY)
    tables = difference_tables(results)
    assert [table.caption for table in tables] == [
        f"Differences in {measure}, percentage points"
        for measure in ("accuracy", "recall of roses", "balanced accuracy")
    ]
    assert [str(cells(table)["ssgan"][0]).split()[0] for table in tables] == ["20.0"] * 3
    assert cells(tables[1])["ssgan"][2].value == "helps"
    assert len(difference_tables(judged((), **STUDY))) == 1


def test_means_say_what_their_intervals_cover():
    assert "covers training alone" in accuracy_table(made()).text()
    both = accuracy_table(judged(**STUDY))
    assert "training and the choice of test images" in both.text()


def test_recall_and_f1():
    recall, f1 = cells(recall_table(made()))["ssgan (200 a class)"]
    assert str(recall) == "0.7400 ± 0.0248"
    assert str(f1) == "0.6500 ± 0.0000"


def test_minorities_say_what_they_kept():
    table = class_table(made())
    assert [str(cell) for cell in table.columns] == ["", "daisy", "roses, 20 kept"]
    daisy, roses = cells(table)["crop (200 a class)"]
    assert (str(daisy), str(roses)) == ("0.6200 ± 0.0248", "0.2500 ± 0.0000")


def test_confusion_is_shaded_by_the_share_of_the_true_class():
    results = made()
    table = confusion_table(results, results["rows"][4])
    assert table.caption == "ssgan (200 a class)"
    found = cells(table)
    assert [(cell.value, cell.shade) for cell in found["daisy"]] == [(9, 0.75), (3, 0.25)]
    assert [(cell.value, cell.shade) for cell in found["roses"]] == [(0, 0), (0, 0)]


def test_training():
    lines = list(csv.reader(io.StringIO(training_table(made()).csv())))
    assert lines[0] == ["", "images", "of them added", "gradient steps", "seconds a seed"]
    assert lines[1] == ["original", "30", "20", "900", "7.5"]


def test_shares_stand_one_below_another_as_the_replication_prints_them():
    results = made({
        ("original", None): 0.70, ("ssgan", "25%"): 0.72, ("spy", "25%"): 0.99,
        ("cutmix", None): 0.78, ("ssgan", "100%"): 0.80, ("ssgan", "200"): 0.90,
    }) | {"sizes": ["25%", "100%", "200"]}  # fmt: skip
    results["data"]["name"] = "flower"
    lines = list(csv.reader(io.StringIO(share_table(results).csv())))
    assert lines[0][1] == "flower"
    assert [line[0] for line in lines[1:]] == [
        "original", "cutmix", "ssgan(25%)", "ssgan(100%)", "spy(25%) LEAKED",
    ]  # fmt: skip
    assert [round(float(line[1]), 9) for line in lines[1:]] == [0.70, 0.78, 0.72, 0.80, 0.99]
    bold = [line for line in share_table(results).text().splitlines() if "*" in line]
    assert len(bold) == 1 and "ssgan(100%)" in bold[0]  # LEAKED ones aside
    assert share_table(made()) is None

import csv
import io

import pytest

from ssgan_tf.classify.results import summarise
from ssgan_tf.classify.tables import (
    accuracy_table,
    class_table,
    confusion_table,
    difference_table,
    recall_table,
    training_table,
)

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


def test_differences_are_points_with_their_findings():
    found = cells(difference_table(made()))
    assert [str(cell) for cell in found["ssgan (400 a class)"]] == [
        "10.0 ± 0.0", "helps", "2.0 ± 0.0", "better than cutmix",
    ]  # fmt: skip
    assert [str(cell) for cell in found["old (400 a class) (provenance unknown)"]][2:] == [
        "-7.0 ± 0.0", "worse than cutmix",
    ]  # fmt: skip
    assert [cell.value for cell in found["original"]] == [None] * 4
    leaked = found["spy (400 a class) LEAKED"]
    assert (leaked[1].value, leaked[3].value) == ("LEAKED", "LEAKED")


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

import re

import pytest

from ssgan_tf.statistics.wording import main_finding, row_verdict
from tests.statistics.invented import ORIGINAL, ROWS, made


def test_the_headline_counts_before_it_names_the_best():
    found = main_finding(made(ROWS))
    told = re.sub(r"adjusted p (?:< )?[\d.]+\d", "p", re.sub(r" ± \d\.\d+", "", found))
    assert told == (
        "Of 2 rows with generated images: 1 better than original, 1 better than the best classical "
        "condition. ssgan (40 a class): helps (+14.0 percentage points of accuracy, p, compared "
        "with original); better than crop, the best classical condition, chosen afterwards (+12.0, "
        "p). Its accuracy is 0.7400, that of original 0.6000; whether that beats what anyone would "
        "do first is for --augment flip-crop to tell."
    )


@pytest.mark.parametrize(
    ("rows", "words"),
    [
        ([ORIGINAL, ("ssgan", "20", [30, 41, 50])], "ssgan (20 a class): hurts (-19.7"),
        ([ORIGINAL, ("ssgan", "20", [51, 60, 68])], "ssgan (20 a class): no evidence (-0.3"),
        (
            [ORIGINAL, ("crop", "20", [64, 74, 85]), ("ssgan", "20", [64, 75, 85])],
            "Of 1 row with generated images: 1 better than original, 0 better than the best "
            "classical condition. ssgan (20 a class): helps",
        ),
        ([ORIGINAL, ("spy", "20", [98, 98, 99])], "No generated images without a leak"),
        (
            [ORIGINAL, ("crop", "20", [61, 71, 81])],
            "Of 1 row with classical images: 1 better than original. crop (20 a class): helps",
        ),
        ([ORIGINAL], "Nothing to compare with"),
        ([ORIGINAL, ("old", "20", [70, 81, 90])], "old (20 a class) (provenance unknown): helps"),
        ([("ssgan", "20", [60, 71, 80])], "Nothing to compare with has finished yet."),
        (
            [("original", None, [50]), ("ssgan", "20", [60])],
            "0 better than original. ssgan (20 a class): one seed is no evidence (+10.0 percentage "
            "points of accuracy, compared with original). Its accuracy is 0.6000, that of original "
            "0.5000",
        ),
        (
            [ORIGINAL, ("crop", "20", [90, 90, 90]), ("flip-crop", None, [55, 65, 75]),
             ("ssgan", "20", [69, 79, 89])],
            "1 better than flip-crop. ssgan (20 a class): helps (+19.0",
        ),
    ],
)  # fmt: skip
def test_headlines(rows, words):
    assert words in main_finding(made(rows))


def test_the_clause_about_flip_crop_stands_where_it_was_not_run():
    generated = ("ssgan", "20", [69, 79, 89])
    without = main_finding(made([ORIGINAL, generated]))
    assert without.endswith("is for --augment flip-crop to tell.")
    assert "--augment" not in main_finding(
        made([ORIGINAL, generated, ("flip-crop", None, [1, 2, 3])])
    )
    assert "--augment" not in main_finding(made([ORIGINAL, ("crop", "20", [61, 71, 81])]))


def test_results_of_the_first_schema_still_have_a_headline():
    results = made([ORIGINAL, ("ssgan", "20", [69, 79, 89])])
    for row in results["rows"]:
        row["to_classical"] = row.pop("to_baseline")
        del row["mean"]["accuracy"]["covers"]
    assert "1 better than original" in main_finding(results)


@pytest.mark.parametrize(
    ("rows", "verdict"),
    [
        ([("ssgan", "20", [69, 79, 89])], "good"),
        ([("ssgan", "20", [30, 41, 50])], "bad"),
        ([("ssgan", "20", [51, 60, 68])], "note"),
        ([("spy", "20", [98, 98, 99])], "warning"),
        ([("old", "20", [70, 81, 90])], "note"),  # perhaps by a leak
        ([("ssgan", "20", [61, 71, 81]), ("crop", "20", [75, 86, 97])], "note"),  # crop is better
        ([("ssgan", "20", [65, 75, 85]), ("crop", "20", [64, 74, 84])], "good"),  # as good as crop
        ([("ssgan", "20", [65, 75, 85]), ("flip-crop", None, [64, 74, 84])], "note"),
    ],
)
def test_verdicts(rows, verdict):
    results = made([ORIGINAL, *rows])
    assert row_verdict(results["rows"][1], results["conditions"]) == verdict


def test_a_row_that_helps_one_measure_and_hurts_another_is_a_note():
    results = made([ORIGINAL, ("ssgan", "20", [69, 79, 89])], imbalance={"roses": 20})
    row = results["rows"][1]
    assert row_verdict(row, results["conditions"]) == "good"
    row["to_original"]["recall"]["roses"]["finding"] = "hurts"
    assert row_verdict(row, results["conditions"]) == "note"

import csv
import io
import json

import pytest

from ssgan_tf.comparison.ranks import compare_order, rankings
from ssgan_tf.comparison.results import REAL
from ssgan_tf.comparison.tables import (
    classification_table,
    make_tables,
    quality_table,
    write_tables,
)
from ssgan_tf.report import Column


def cells(table, row):
    """A row of a table by heading, as cells."""
    (found,) = [line for line in table.rows if line[0].value == row]
    return {
        heading.value: cell for heading, cell in zip(table.columns, found, strict=True)
    }  # fmt: skip


def bold(table):
    return {
        (row[0].value, heading.value)
        for row in table.rows
        for heading, cell in zip(table.columns, row, strict=True)
        if cell.emphasis
    }


@pytest.fixture
def study(invented):
    """WGAN-GP is the best; DCGAN failed; there are no logits."""
    results = invented.study({"ssgan": 12.5, "dcgan": None, "wgan": 14.0, "wgan-gp": 11.0}, [2])
    for name in ("ssgan", "wgan", "wgan-gp"):
        results["members"][name]["metrics"]["features"]["logits"] = None
    results["members"]["dcgan"] |= {
        "state": "failed", "stage": "generate", "failure": "the disk is full",
    }  # fmt: skip
    return results


def test_ours_stand_beside_the_papers(study):
    table = quality_table(study, 2)
    assert [cell.value for cell in table.columns] == [
        "Model", "FID-768", "params, M", "FLOPs, G",
        "paper's FID", "paper's IS", "paper's params, M", "paper's FLOPs, G",
    ]  # fmt: skip
    row = cells(table, "WGAN-GP")
    assert [str(cell) for cell in row.values()] == [
        "WGAN-GP", "11.00", "11.00", "11.0", "127.0", "21.3", "28", "395",
    ]  # fmt: skip
    assert [cell.muted for cell in row.values()] == [False] * 4 + [True] * 4


def test_our_best_is_bold_and_the_papers_never(study):
    assert bold(quality_table(study, 2)) == {
        ("WGAN-GP", "FID-768"), ("WGAN-GP", "params, M"), ("WGAN-GP", "FLOPs, G"),
    }  # fmt: skip
    study["members"]["wgan"]["metrics"]["overall"]["FID-768"]["training"] = 10.0
    assert ("WGAN", "FID-768") in bold(quality_table(study, 2))


def test_one_figure_alone_is_not_the_best(invented):
    results = invented.study({"ssgan": 12.5, "ssgan-no-pl": None}, [1])
    assert bold(quality_table(results, 1)) == set()


def test_the_note_says_what_is_missing(study):
    note = quality_table(study, 2).note
    assert "IS was not measured here: the network file ends before the logits." in note
    assert "compare the order, not the values" in note
    assert "3.25 apart in FID-768" in note
    assert note.endswith("In the paper's table but not here: sagan, acgan, reacgan.")


def test_inception_scores_have_a_column_where_there_are_some(invented):
    results = invented.study({"ssgan": 12.0, "ssgan-no-pl": 13.0}, [1])
    for name, score in (("ssgan", 3.0), ("ssgan-no-pl", 4.0)):
        results["members"][name]["metrics"] = invented.metrics(12.0, score)
    table = quality_table(results, 1)
    assert str(cells(table, "SSGAN without PL")["IS"]) == "4.00 ± 0.50"
    assert ("SSGAN without PL", "IS") in bold(table)
    assert "not measured" not in table.note


def test_a_failed_member_has_dashes_and_its_message(study):
    row = cells(quality_table(study, 2), "DCGAN")
    assert row["Model"].note == "failed at generate. the disk is full"
    assert str(row["FID-768"]) == "—"
    assert str(row["paper's FID"]) == "145.1"


ROWS = [
    ("original", None, [70, 72]), ("crop", "400", [75, 77]), ("ssgan", "400", [74, 74]),
    ("wgan", "400", [80, 82]), ("dcgan", "400", [99, 99]), ("ssgan-poisson", "400", [60, 62]),
]  # fmt: skip


@pytest.fixture
def classified(invented):
    names = dict.fromkeys(["ssgan", "dcgan", "wgan", "ssgan-poisson"], 10.0)
    classifiers = invented.classifiers(ROWS, {"dcgan": "LEAKED"})
    return invented.study(names, [3], classifiers=classifiers)


def test_classifiers_with_intervals_beside_the_papers(classified):
    table = classification_table(classified, 3, "400")
    assert [row[0].value for row in table.rows] == [
        "Original data", "Random clipping", "DCGAN LEAKED", "WGAN", "SSGAN", "SSGAN, Poisson noise",
    ]  # fmt: skip
    assert (
        str(cells(table, "WGAN")["accuracy, + 400"]) == "0.8100 ± 0.0576"
    )  # over training and 200 images
    assert str(cells(table, "WGAN")["paper's accuracy"]) == "0.7992"
    assert cells(table, "SSGAN")["paper's precision"].value == 0.825
    assert cells(table, "SSGAN, Poisson noise")["paper's accuracy"].value is None
    assert cells(table, "Random clipping")["paper's accuracy"].value is None  # only in Table 5
    assert {name for name, _ in bold(table)} == {"WGAN"}  # LEAKED figures are never the best
    assert "acgan, wgan-gp" in table.note


def test_other_sizes_stand_beside_the_papers_largest(invented):
    rows = [("original", None, [70]), ("ssgan", "50", [80])]
    results = invented.study({"ssgan": 9.0}, [3], classifiers=invented.classifiers(rows))
    table = make_tables(results, {})["table_3_50"]
    assert cells(table, "SSGAN")["paper's accuracy, + 400"].value == 0.819
    assert rankings(results)[0]["measure"] == "accuracy, + 50 (the paper's, + 400)"


def test_means_and_intervals_over_trainings(study, invented):
    assert "trainings" not in cells(quality_table(study, 2), "SSGAN")
    for name, fid in (("ssgan", 13.5), ("wgan-gp", 14.0), ("wgan", None)):
        invented.again(study, name, fid)
    study["members"]["wgan"]["further"][0] |= {"state": "failed", "stage": "train", "failure": "x"}
    table = quality_table(study, 2)
    assert str(cells(table, "SSGAN")["FID-768"]) == "13.00 ± 6.35"  # 12.706 · 0.5
    assert str(cells(table, "WGAN")["FID-768"]) == "14.00"
    assert cells(table, "WGAN")["Model"].note == "seed 1: failed at train. x"
    assert [cells(table, name)["trainings"].value for name in ("SSGAN", "WGAN")] == [2, 1]
    assert ("WGAN-GP", "FID-768") in bold(table)  # a mean of 12.5
    measures = make_tables(study, {})["measures"]
    assert str(cells(measures, "SSGAN")["KID-768 ×1000"]) == "13.00 ± 6.35"
    assert str(cells(measures, "SSGAN")["precision-768"]) == "0.077 ± 0.038"
    budgets = make_tables(study, {})["budgets"]
    assert cells(budgets, "SSGAN, seed 1")["iterations"].value == 200
    assert cells(budgets, "WGAN, seed 1")["state"].value == "failed at train"


def test_classifiers_over_trainings(invented):
    once = invented.study({"wgan": 10.0}, [3], classifiers=invented.classifiers(ROWS[:4]))
    assert "Each generator was trained once." in classification_table(once, 3, "400").note
    rows = [*ROWS[:4], ("flip-crop", None, [70, 76]), ("wgan-seed-1", "400", [76, 78])]
    results = invented.study(
        {"ssgan": 10.0, "wgan": 10.0}, [3], classifiers=invented.classifiers(rows)
    )
    invented.again(results, "wgan", 10.0)
    table = classification_table(results, 3, "400")
    assert [row[0].value for row in table.rows][:3] == [
        "Original data", "Random clipping", "Flips and crops, anew each batch",
    ]  # fmt: skip
    row = cells(table, "WGAN")
    assert str(row["accuracy, + 400"]) == "0.7900 ± 0.2541"  # of 0.81 and 0.77
    assert row["to flip-crop"].value == pytest.approx(6)
    assert str(cells(table, "Original data")["to flip-crop"]) == "—"
    assert "means over trainings of their generators" in table.note
    assert rankings(results)[0]["ours"][0] == "wgan"


def test_the_order_of_a_worked_example():
    papers = {"ssgan": 1, "wgan-gp": 2, "wgan": 3, "dcgan": 4}
    found = compare_order(2, "FID", {"ssgan": 7, "wgan-gp": 5, "wgan": 8, "other": 1}, papers, True)
    assert found["papers"] == ["ssgan", "wgan-gp", "wgan"]
    assert found["ours"] == ["wgan-gp", "ssgan", "wgan"]
    assert found["firsts"] == ["wgan-gp"]
    assert (found["reversed"], found["pairs"]) == ([["ssgan", "wgan-gp"]], 3)
    assert found["correlation"] == pytest.approx(0.5)  # 1 - 6·(1 + 1 + 0) / (3·8)
    higher = compare_order(2, "IS", {"ssgan": 1, "wgan": 2}, {"ssgan": 9, "wgan": 8})
    assert higher["reversed"] == [["ssgan", "wgan"]]
    assert higher["correlation"] is None
    assert compare_order(2, "FID", {"ssgan": 7}, papers) is None


def test_ties_are_not_reversed():
    papers = {"ssgan": 3, "wgan": 2, "dcgan": 1}
    tied = compare_order(3, "accuracy", dict.fromkeys(papers, 0.5), papers)
    assert tied["reversed"] == []
    assert tied["firsts"] == ["ssgan", "wgan", "dcgan"]
    assert tied["correlation"] is None
    behind = compare_order(3, "accuracy", {"ssgan": 0.6, "wgan": 0.5, "dcgan": 0.5}, papers)
    assert (behind["firsts"], behind["reversed"]) == (["ssgan"], [])
    assert behind["correlation"] < 1  # not quite the paper's order


def test_the_table_of_orders(study):
    def order():
        study["order"] = rankings(study)
        table = make_tables(study, {})["order"]
        return {name: str(cell) for name, cell in cells(table, "2: FID-768").items()}

    assert order() == {
        "Table and column": "2: FID-768", "rows": "3", "paper's first": "SSGAN",
        "first here": "WGAN-GP", "place here": "2", "pairs reversed": "1 of 3",
        "Spearman": "0.50", "p": "0.500",
    }  # fmt: skip
    study["members"]["ssgan"]["metrics"]["overall"]["FID-768"]["training"] = 1.0
    assert (order()["first here"], order()["place here"]) == ("SSGAN", "1")
    assert (order()["pairs reversed"], order()["p"]) == ("0 of 3", "0.167")


def test_leaked_classifiers_have_no_rank(classified):
    (found,) = rankings(classified)
    assert found["papers"] == ["ssgan", "wgan", "original"]
    assert found["ours"] == ["wgan", "ssgan", "original"]


def test_real_images_close_the_table_of_measures(study):
    table = make_tables(study, {})["measures"]
    assert table.rows[-1][0].value == "Real images"
    row = cells(table, "Real images")
    assert (row["FID-768"].value, row["SSIM"].value) == (3.25, 0.125)
    assert "density-768" not in row  # nobody has it
    assert {name for name, heading in bold(table) if heading == "precision-768"} == {"WGAN-GP"}
    assert str(cells(table, "SSGAN")["KID-768 ×1000"]) == "12.50 ± 1.00"


def test_budgets(study):
    table = make_tables(study, {})["budgets"]
    row = cells(table, "SSGAN")
    assert [row[key].value for key in ("networks", "iterations", "train, min")] == [2, 200, 5.0]
    assert row["seconds an iteration"].value == 1.5
    assert cells(table, "DCGAN")["state"].value == "failed at generate"
    assert cells(table, "DCGAN")["state"].note == "the disk is full"


def test_every_table_as_csv_and_json(study, invented, tmp_path):
    (tmp_path / "tables").mkdir()
    (tmp_path / "tables" / "table_1.csv").write_text("of an earlier report")
    invented.images(tmp_path / "members/ssgan/generated", pattern=8)
    invented.images(tmp_path / REAL)
    study["order"] = rankings(study)
    write_tables(tmp_path, study)
    names = {path.stem for path in (tmp_path / "tables").glob("*.csv")}
    assert names == {"table_2", "measures", "order", "checkerboard", "budgets"}
    read = csv.DictReader(io.StringIO((tmp_path / "tables/table_2.csv").read_text()))
    assert {row["Model"]: row["FID-768"] for row in read} == {
        "SSGAN": "12.5", "DCGAN": "", "WGAN": "14.0", "WGAN-GP": "11.0",
    }  # fmt: skip
    tables = json.loads((tmp_path / "tables/tables.json").read_text())
    assert tables.keys() == names
    assert tables["table_2"]["rows"][0]["paper's FID"] == 108.4
    assert tables["measures"]["rows"][0]["KID-768 ×1000 high"] == 13.5
    real, ssgan = (row["Nyquist share, %"] for row in tables["checkerboard"]["rows"])
    assert ssgan > real + 1


def test_of_nothing_finished_only_budgets_are_left(invented):
    results = invented.study({"ssgan": None, "wgan": None}, [1, 2, 3])
    for member in results["members"].values():
        member |= {"state": "unfinished", "stage": "train", "iterations": {}, "seconds": {}}
    tables = make_tables(results, {})
    assert list(tables) == ["budgets"]
    assert [cell.value for cell in tables["budgets"].columns] == ["Model", "state"]


def test_what_looks_equal_is_bold_alike_or_not_at_all():
    def bold_of(values, best, digits):
        cells = Column("", values.get, digits=digits, best=best).cells(values)
        return [cell.emphasis for cell in cells]

    assert bold_of({"a": 1.04, "b": 1.0, "c": 2.0, "d": None}, min, 1) == [True, True, False, False]
    assert bold_of({"a": 0.0001, "b": 0.0002}, max, 3) == [False, False]

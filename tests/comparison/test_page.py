import re

import numpy as np
import pytest

from ssgan_tf import plots
from ssgan_tf.comparison.page import write_page
from ssgan_tf.comparison.pictures import write_pictures
from ssgan_tf.comparison.ranks import rankings
from ssgan_tf.comparison.tables import write_tables
from ssgan_tf.comparison.wording import main_result


def write(out, results):
    write_page(out, results, write_tables(out, results), write_pictures(out, results))
    return (out / "report.html").read_text()


def headings(page):
    return re.findall("<h2>(.*?)</h2>", page)


@pytest.fixture(scope="module")
def full(invented, tmp_path_factory):
    """The page of a study with a bit of everything."""
    out = tmp_path_factory.mktemp("study")
    fids = {
        "ssgan": 9.0, "wgan": 8.0, "dcgan": None, "sagan": None, "ssgan-no-pc": 11.0,
        "ssgan-mu-0.1": 12.0,
    }  # fmt: skip
    rows = [("original", None, [70, 72]), ("ssgan", "400", [80, 82])]
    results = invented.study(fids, [1, 2, 3, 7], classifiers=invented.classifiers(rows))
    results["classification"] = {"sizes": ["400"], "seeds": 2}
    results["order"] = rankings(results)
    results["members"]["dcgan"] |= {
        "state": "failed", "stage": "train", "failure": "the loss is not <finite>",
    }  # fmt: skip
    results["members"]["sagan"] |= {"state": "unfinished", "stage": "evaluate"}
    results["members"]["wgan"]["metrics"] = invented.metrics(8.0, finding="copies")
    for name in ("ssgan", "wgan", "ssgan-no-pc", "ssgan-mu-0.1"):
        invented.images(out / f"members/{name}/generated", 20 if name == "ssgan-no-pc" else 2)
        invented.log(out / f"members/{name}/run/daisy", [3.0, 2.0, 1.0])
    evaluation = out / "members/ssgan/evaluation"
    evaluation.mkdir()
    plots.write_png(evaluation / "tsne.png", np.zeros((4, 4, 3), np.uint8))
    return write(out, results)


def test_the_page_holds_everything(full):
    assert headings(full) == [
        "Summary", "Ablations (Table 1)", "Methods (Table 2)", "Classifiers (Table 3)",
        "Hyper-parameters (Table 7)", "All measures", "Images", "t-SNE", "Learning curves",
        "Checkerboard", "Complexity and FID", "Budgets", "How to read this", "Inputs",
    ]  # fmt: skip
    for alt in ("Losses by μ", "Mean power spectra", "FID-768 of each member"):
        assert full.count(f'alt="{alt}"') == 1, alt
    assert full.count('alt="t-SNE of SSGAN"') == 3  # beside methods, ablations and settings
    assert "t-SNE of WGAN" not in full  # its picture is not there


def test_nobody_misses_a_failure(full):
    assert "DCGAN failed at train. the loss is not &lt;finite&gt;" in full
    assert "Not finished: SAGAN (next: evaluate)." in full
    assert "WGAN: Many are &lt;copies&gt;." in full
    assert full.count("few images</p>") == 1  # said once, not for each member
    assert "ssgan (400 a class)" in full  # the classifiers' own headline


def test_the_order_is_told_in_the_summary(full):
    summary = full[: full.index("Ablations (Table 1)</h2>")]
    assert re.search(">2: FID-768</th>.*>SSGAN</td>.*>WGAN</td>.*>1 of 1</td>", summary)


def test_the_checkerboard_is_told_in_numbers(full):
    section = full[full.index("<h2>Checkerboard") : full.index("<h2>Complexity")]
    shares = dict(re.findall(r'<th scope="row">(.*?)</th><td class="number">([\d.]+)', section))
    assert float(shares["SSGAN"]) < float(shares["SSGAN without PC"])


def test_members_on_other_terms_are_told(invented, tmp_path):
    results = invented.study({"ssgan": 9.0, "wgan": 8.0, "dcgan": None}, [])
    results["members"]["ssgan"]["settings"]["vgg_weights"] = "RANDOM WEIGHTS, not VGG-19: sha256 0"
    results["members"]["wgan"]["iterations"] = {"daisy": 100, "roses": 150}
    results["members"]["dcgan"]["iterations"] = {"daisy": 50}  # still at it
    page = write(tmp_path, results)
    assert "WGAN was trained for 250 generator updates in all, and the budget is 200" in page
    assert page.count("generator updates in all") == 1
    assert "RANDOM WEIGHTS in place" in page and "So it is with SSGAN." in page
    assert "each with 100 generator updates per class" in page


def test_main_result(invented):
    fids = {"ssgan": 9.0, "wgan": 8.0, "dcgan": 10.0, "ssgan-mu-0.1": 1.0}
    assert main_result(invented.study(fids, [2])) == (
        "4 of 4 members finished. Of 3 methods WGAN (8.00) has the lowest FID-768, before SSGAN "
        "(9.00) and DCGAN (10.00). SSGAN, which the paper has first, is number 2."
    )
    assert "which the paper" not in main_result(invented.study({"ssgan": 1.0, "wgan": 2.0}, [2]))
    one = invented.study({"ssgan": 9.0}, [])
    assert main_result(one).endswith("FID-768 of SSGAN (9.00) is the only one so far.")


def test_one_training_each_is_said(invented, tmp_path):
    results = invented.study({"ssgan": 9.0, "wgan": 8.0}, [2])
    invented.again(results, "ssgan", None, state="unfinished", stage="train", iterations={})
    assert main_result(results).startswith(
        "2 of 3 trainings finished, 1 not finished. Of 2 methods"
    )
    assert main_result(results).endswith("WGAN (8.00) has the lowest FID-768, before SSGAN (9.00). "
                                      "SSGAN, which the paper has first, is number 2.")  # fmt: skip
    assert "One training each: every member was trained once" in write(tmp_path, results)


def test_means_over_trainings_are_the_result(invented, tmp_path):
    results = invented.study({"ssgan": 9.0, "wgan": 8.0}, [2])
    for name, fid in (("ssgan", 8.0), ("wgan", 9.5)):
        invented.again(results, name, fid)
    results["members"]["wgan"]["further"][0]["metrics"] = invented.metrics(9.5, finding="copies")
    assert main_result(results) == (
        "4 of 4 trainings finished. Of 2 methods SSGAN (8.50 ± 6.35) has the lowest FID-768, "
        "before WGAN (8.75 ± 9.53) (means over 2 trainings, ± half the 95 % interval)."
    )
    invented.again(results, "wgan", None, 2, state="failed", stage="train", failure="no luck")
    page = write(tmp_path, results)
    assert "One training each" not in page
    assert "WGAN, seed 2 failed at train. no luck" in page
    assert "WGAN, seed 1: Many are &lt;copies&gt;." in page
    assert "2 to 3 trainings of each member, by seeds of their own" in page


def test_an_unfinished_study_has_nothing_empty(invented, tmp_path):
    results = invented.study({"ssgan": None, "wgan": None}, [2, 3])
    for member in results["members"].values():
        member |= {"state": "unfinished", "stage": "train", "iterations": {}, "seconds": {}}
    results["baselines"]["failure"] = "no test images"
    results["budget"] = {"iterations": None, "minutes": 2.5}
    page = write(tmp_path, results)
    assert headings(page) == ["Summary", "Budgets", "How to read this", "Inputs"]
    assert "0 of 2 members finished, 2 not finished. None has been measured yet." in page
    assert "The classifiers without generated images failed. no test images" in page
    assert "Each member: 2.5 minutes of training." in page


def test_members_of_no_table_have_their_measures(invented, tmp_path):
    page = write(tmp_path, invented.study({"wgan": 9.0}, []))
    assert headings(page) == ["Summary", "All measures", "Budgets", "How to read this", "Inputs"]
    assert "9.00" in page

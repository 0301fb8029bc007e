import json

import pytest

from ssgan_tf.errors import UserError
from ssgan_tf.evaluation.baseline import read_baseline


def write_results(folder, rows=(("crop", 0.8), ("original", 0.65)), classes=("blue", "red")):
    folder.mkdir(exist_ok=True)
    results = {
        "data": {"classes": {name: {"train": 5, "test": 5} for name in classes}},
        "rows": [{"condition": name, "mean": {"accuracy": {"mean": m}}} for name, m in rows],
    }
    (folder / "results.json").write_text(json.dumps(results))
    return folder


@pytest.mark.parametrize(("value", "accuracy"), [(0.912, 0.912), ("0.912", 0.912), ("1", 1)])
def test_a_number(value, accuracy):
    assert read_baseline(value, ["red"]) == accuracy


def test_the_original_of_a_comparison(tmp_path):
    folder = write_results(tmp_path)
    assert read_baseline(str(folder), ["red", "blue"]) == 0.65
    assert read_baseline(folder / "results.json", ["red", "blue"]) == 0.65


@pytest.mark.parametrize("value", ["0", "-0.5", "65", "1.001", "nan", "inf", 0])
def test_what_is_no_accuracy_is_refused(value):
    with pytest.raises(UserError, match=r"--baseline is .* above 0, up to 1, such as 0\.65"):
        read_baseline(value, ["red"])


def test_what_is_no_comparison_is_refused(tmp_path):
    (tmp_path / "list.json").write_text("[1, 2]")
    (tmp_path / "broken.json").write_text("{")
    (tmp_path / "other.json").write_text('{"rows": []}')
    for name in ("nothing", ".", "list.json", "broken.json", "other.json"):
        with pytest.raises(UserError, match="neither an accuracy") as caught:
            read_baseline(str(tmp_path / name), ["red"])
        assert len(str(caught.value).splitlines()) == 1


def test_other_classes_are_refused(tmp_path):
    folder = write_results(tmp_path)
    assert read_baseline(folder) == 0.65  # where the classes are not known yet
    with pytest.raises(UserError, match="compares blue, red; here it must be of blue, red, yellow"):
        read_baseline(folder, ["red", "blue", "yellow"])


def test_a_comparison_without_its_original_is_refused(tmp_path):
    folder = write_results(tmp_path, rows=[("crop", 0.8)])
    with pytest.raises(UserError, match="no training of 'original' has finished"):
        read_baseline(folder, ["red", "blue"])

import json

import pytest

from ssgan_tf.data.manifest import read_manifest, what_is_missing

OURS = {
    "made_by": "ssgan_tf 1",
    "data": {"classes": {"red": {"train": ["a"], "test": []}}},
    "classes": {"red": {"count": 1}},
    "filter": {"learnt_from": {"red": ["a"]}},
}


def write(folder, manifest):
    (folder / "manifest.json").write_text(json.dumps(manifest))
    return read_manifest(folder)


def test_reads_ours_old_ones_too(tmp_path):
    assert read_manifest(tmp_path) is None
    assert write(tmp_path, OURS) == OURS
    assert write(tmp_path, {"made_by": "ssgan_tf 0"}) == {"made_by": "ssgan_tf 0"}


@pytest.mark.parametrize(
    "change",
    [
        {"made_by": "another program"},
        {"made_by": 3},
        {"data": []},
        {"data": {"classes": {"red": 3}}},
        {"data": {"classes": {"red": {"train": []}}}},
        {"classes": {"red": 3}},
        {"classes": {"red": {"count": "8"}}},
        {"classes": [1, 2]},
        {"data": {"classes": {"red": {"train": [["unhashable"]], "test": []}}}},
        {"settings": 3},
        {"settings": {"classes": 5}},
        {"dataset": {}},
        {"filter": {"learnt_from": ["a"]}},
    ],
    ids=str,
)
def test_another_shape_is_no_manifest(tmp_path, change):
    assert write(tmp_path, OURS | change) is None


@pytest.mark.parametrize("text", ["[]", "3", "{", "", "[" * 100_000, '{"made_by": "' * 9])
def test_no_manifest_at_all(tmp_path, text):
    (tmp_path / "manifest.json").write_text(text)
    assert read_manifest(tmp_path) is None


def test_a_set_with_other_images_than_its_manifest_names_is_not_complete():
    manifest = {"complete": True, "classes": {"red": {"count": 8}, "blue": {"count": 4}, "x": {}}}
    assert what_is_missing(None, {"red": 1}) is None
    assert what_is_missing(manifest, {"red": 8, "blue": 4, "x": 7, "others": 3}) is None
    assert what_is_missing(manifest, {"red": 8}) is None  # nobody asked for blue
    assert "red 5 instead of 8" in what_is_missing(manifest, {"red": 5, "blue": 4})
    assert "interrupted" in what_is_missing(manifest | {"complete": False}, {"red": 8})

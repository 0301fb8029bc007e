import json

import pytest

from ssgan_tf.json_files import NUMBER, Damaged, Each, find_json, parse, read_json

SHAPE = {
    "name": str,
    "seed?": int,
    "rate?": NUMBER,
    "commit?": (str, None),
    "whole?": bool,
    "classes?": Each({"train": [str]}, plain=True),
    "anything?": object,
}


@pytest.mark.parametrize(
    "value",
    [
        {"name": "a"},
        {"name": "a", "seed": 3, "rate": 1, "commit": None, "whole": True, "of later versions": 1},
        {"name": "a", "classes": {"roses": {"train": ["x"], "x": 1}, "wild one": {"train": []}}},
        {"name": "", "rate": 0.5, "anything": None},
        {"name": "a", "anything": True},
    ],
    ids=str,
)  # fmt: skip
def test_what_has_the_shape_is_returned_as_it_is(value):
    assert parse(json.dumps(value), SHAPE) == value


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("{", "it is no JSON"),
        (b"\xff\xfe\xfa", "it is no JSON"),
        ("1" * 5000, "it is no JSON"),
        ('{"name": NaN}', "NaN is no number in JSON"),
        ("[" * 100_000, "nested too deeply"),
        ("[" * 60 + "]" * 60, "nested too deeply"),
        ("[]", r"it is \[\], which does not belong there"),
        ("{}", "it has no 'name'"),
        ('{"name": 3}', "name is 3, which does not belong there"),
        ('{"name": "a", "seed": true}', "seed is true"),
        ('{"name": "a", "seed": 1.5}', "seed is 1.5"),
        ('{"name": "a", "seed": null}', "seed is null"),
        ('{"name": "a", "rate": "fast"}', 'rate is "fast"'),
        ('{"name": "a", "whole": 1}', "whole is 1"),
        ('{"name": "a", "classes": []}', "classes is"),
        ('{"name": "a", "classes": {"r": 3}}', r"classes\['r'\] is 3"),
        ('{"name": "a", "classes": {"r": {}}}', r"classes\['r'\] has no 'train'"),
        ('{"name": "a", "classes": {"r": {"train": ["x", 3]}}}', r"train\[1\] is 3"),
        (
            '{"name": "a", "classes": {"../r": {"train": []}}}',
            r"key '../r', which is no plain name",
        ),
    ],
)
def test_what_has_not_is_named_in_one_line(text, words):
    with pytest.raises(Damaged, match=words) as caught:
        parse(text, SHAPE)
    assert "\n" not in str(caught.value)


def test_files(tmp_path):
    path = tmp_path / "a.json"
    assert find_json(path) is None
    with pytest.raises(FileNotFoundError):
        read_json(path)
    path.write_bytes('{"name": "猫"}'.encode())
    assert read_json(path, SHAPE) == find_json(path, SHAPE) == {"name": "猫"}
    assert find_json(path, {"other": str}) is None

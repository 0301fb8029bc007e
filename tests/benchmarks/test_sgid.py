"""The smoke run of SGID, on a tiny network."""

import json
from types import SimpleNamespace

import pytest
from PIL import Image

from benchmarks import sgid
from ssgan_tf.errors import UserError


@pytest.mark.long
def test_it_runs_and_writes_what_it_took(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SSGAN_CACHE", str(tmp_path / "cache"))
    values = SimpleNamespace(
        dataset="demo", datasets_dir=None, classes=["daisy"], diffusion=None, tiny=True,
        resolution=64, precision="float32", json=str(tmp_path / "sgid.json"),
    )  # fmt: skip
    assert sgid.main(values) == 0
    figures = json.loads((tmp_path / "sgid.json").read_text())
    assert figures["equal"] is True
    assert figures["steps_run"] == 11
    assert figures["parameters"] > 1e6
    assert Image.open(tmp_path / "sgid.png").size == (130, 64)
    assert "s a step" in capsys.readouterr().out


def test_the_full_size_is_refused_where_memory_is_too_small(monkeypatch):
    monkeypatch.setattr("ssgan_tf.methods.sgid.presets.available", lambda: (2**30, "this machine"))
    with pytest.raises(UserError, match=r"--diffusion random: it needs about 7.6 GiB in bfloat16"):
        sgid.Random(sgid.FULL, 2 * 2**30).load("x", "bfloat16", (512, 512, 3))

"""The benchmark of the methods, on networks that take no time."""

import json
import statistics
from types import SimpleNamespace

import pytest

from benchmarks import methods
from ssgan_tf.methods import create
from ssgan_tf.methods.gan.build import build
from ssgan_tf.methods.gan.plan import iteration_flops
from tests.evaluation.folders import write_set


def test_figures_of_every_method_follow_from_each_other(tmp_path, capsys, monkeypatch):
    monkeypatch.setenv("SSGAN_CACHE", str(tmp_path / "cache"))
    write_set(tmp_path / "images", count=6, size=32)
    values = SimpleNamespace(
        methods=["dcgan", "acgan"], dataset=str(tmp_path / "images"), image_size=32,
        base_channels=32, vgg_weights="random", rounds=3, iterations=1, matmul_size=[64],
        json=str(tmp_path / "result.json"),
    )  # fmt: skip
    assert methods.main(values) == 0
    result = json.loads((tmp_path / "result.json").read_text())
    assert list(result)[:4] == ["date", "machine", "versions", "git_commit"]
    printed = capsys.readouterr().out
    assert list(result["methods"]) == ["dcgan", "acgan"]
    for name, row in result["methods"].items():
        taken = statistics.median(row["seconds_of_rounds"])
        assert len(row["seconds_of_rounds"]) == 3
        method = create(name, image_size=32, base_channels=32)
        batch = method.images_per_step
        assert row["images_per_second"] == pytest.approx(batch / taken)
        networks = build(method, 2 if name == "acgan" else 1)
        gflop = iteration_flops(method, *networks) / batch / 1e9
        assert row["gflop_per_image"] == pytest.approx(gflop)
        compute = "bfloat16" if "bfloat16" in row["precision"] else "float32"
        limit = result["matmul_gflops"][compute]
        assert row["share_of_limit"] == pytest.approx(batch * gflop / taken / limit)
        assert f"{name:12} {batch:8} {taken:12.3f}" in printed
        assert row["samples_per_second"] > 0

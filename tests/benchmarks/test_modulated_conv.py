"""The benchmark of the modulated convolution, at a size that takes no time."""

import json
import statistics
from types import SimpleNamespace

import numpy as np
import pytest

from benchmarks import modulated_conv


def test_figures_follow_from_each_other_and_both_compute_the_same(tmp_path, capsys):
    values = SimpleNamespace(
        batch_size=3, side=8, channels=4, rounds=3, repeats=1, matmul_size=[64],
        json=str(tmp_path / "result.json"),
    )  # fmt: skip
    sums = [modulated_conv.contender(name, "float32", values)(1) for name in ("ours", "grouped")]
    np.testing.assert_allclose(*sums, rtol=1e-3, atol=1e-2)
    assert modulated_conv.main(values) == 0
    result = json.loads((tmp_path / "result.json").read_text())
    printed = capsys.readouterr().out
    assert len(result["contenders"]) == 4
    for name, row in result["contenders"].items():
        taken = statistics.median(row["milliseconds_of_rounds"])
        assert row["milliseconds"] == pytest.approx(taken)
        gflop = 3 * 2 * 9 * 3 * 8 * 8 * 4 * 4 / 1e9
        limit = result["matmul_gflops"][name.split("_")[-1].split()[-1]]
        assert row["share_of_limit"] == pytest.approx(gflop / taken * 1e3 / limit)
        assert f"{name:24} {taken:8.1f} ms" in printed

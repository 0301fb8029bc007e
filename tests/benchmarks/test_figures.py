import json
import os
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf

from benchmarks import classify, evaluate, figures, machine, train_step
from ssgan_tf.errors import UserError


@pytest.mark.parametrize("benchmark", [classify, evaluate, train_step])
def test_missing_folder_is_said_before_measuring(benchmark, tmp_path):
    values = SimpleNamespace(json=str(tmp_path / "none" / "result.json"))
    with pytest.raises(UserError, match="--json: no folder"):
        benchmark.main(values)


def test_contenders_take_turns_after_each_has_compiled(monkeypatch, capsys):
    clock, calls, rates = [0.0], [], iter([5.0, 1.0, 3.0, 2.0])

    def contender(name, pace):
        def work(count):
            calls.append((name, count))
            clock[0] += pace * count

        return work

    monkeypatch.setattr(machine.time, "perf_counter", lambda: clock[0])
    monkeypatch.setattr(figures, "MATMUL_TYPES", ("float32",))
    monkeypatch.setattr(figures, "matmul_flops_per_second", lambda dtype, size: next(rates))
    contenders = {"slow": contender("slow", 2.0), "fast": contender("fast", 0.5)}
    seconds, limits = figures.take_turns(contenders, 2, 10, [64, 128], "step")
    turns = [("slow", 10), ("fast", 10)]
    assert calls == [("slow", 1), ("fast", 1), *turns, *turns]
    assert seconds == {"slow": [2.0, 2.0], "fast": [0.5, 0.5]}
    assert limits == {"float32": 5.0}
    assert "round 2 of 2: seconds per step: slow 2, fast 0.5" in capsys.readouterr().out


def test_the_rate_of_products_is_that_of_the_fastest(monkeypatch):
    seconds = iter([4.0, 2.0, 3.0])

    def timed(work):
        assert np.isfinite(work())
        return next(seconds)

    monkeypatch.setattr(machine, "seconds_of", timed)
    # A product of matrices of 4 by 4: 16 sums of 4 products, a multiplication and an addition each.
    assert machine.matmul_flops_per_second("bfloat16", 4) == 2 * 16 * 4 / 2.0


def test_figures_are_written_with_what_they_depend_on(tmp_path):
    figures.write_figures(tmp_path / "figures.json", {"pace": 3.0})
    written = json.loads((tmp_path / "figures.json").read_text())
    assert list(written) == ["date", "machine", "versions", "git_commit", "pace"]
    assert written["pace"] == 3.0
    assert written["versions"]["tensorflow"] == tf.__version__
    assert written["machine"]["processor"]
    assert written["machine"]["cores"] == os.cpu_count()
    assert written["date"].startswith("20")

import json
import math

import numpy as np
import pytest

from ssgan_tf.errors import UserError
from ssgan_tf.runs.metrics_log import MetricsLog, read_metrics


@pytest.fixture
def log(tmp_path):
    log = MetricsLog(tmp_path / "roses" / "metrics.jsonl")
    for step in (10, 20, 30):
        log.write(step, critic_loss=-step / 4)
    return log


def steps(log):
    return [record["step"] for record in read_metrics(log.path)]


def test_lines_come_back_in_order(log):
    assert read_metrics(log.path) == [
        {"step": 10, "critic_loss": -2.5},
        {"step": 20, "critic_loss": -5.0},
        {"step": 30, "critic_loss": -7.5},
    ]


def test_a_log_that_is_not_there_is_empty(tmp_path):
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.truncate(5)
    assert read_metrics(log.path) == []
    assert not log.path.exists()


def test_every_line_is_json_whatever_the_value(log):
    log.write(
        np.int64(40),
        loss=np.float32(0.5),
        count=np.int32(3),
        array=np.array(2.0),
        bad=math.nan,
        worse=np.float32(-np.inf),
        several=[1, np.inf],
        words="a\nb",
        nothing=None,
    )

    def refuse(constant):
        raise AssertionError(constant)

    last = log.path.read_text().splitlines()[-1]
    assert json.loads(last, parse_constant=refuse) == {
        "step": 40,
        "loss": 0.5,
        "count": 3,
        "array": 2.0,
        "bad": None,
        "worse": None,
        "several": [1, None],
        "words": "a\nb",
        "nothing": None,
    }


def test_resuming_leaves_every_step_once(log):
    log.truncate(after_step=20)
    assert steps(log) == [10, 20]
    log.write(30, critic_loss=1.0)
    assert steps(log) == [10, 20, 30]
    assert read_metrics(log.path)[-1]["critic_loss"] == 1.0


@pytest.mark.parametrize("half", [b'{"step": 15, "critic_lo', b'{"step": 15}', b"\x00\x00\x00\n"])
def test_a_half_written_line_is_dropped(log, half):
    with log.path.open("ab") as file:
        file.write(half)
    assert steps(log) == [10, 20, 30]
    log.truncate(30)
    assert log.path.read_bytes().count(b"\n") == 3
    log.write(40)
    assert steps(log) == [10, 20, 30, 40]


def test_a_line_is_never_joined_to_a_half_written_one(log):
    with log.path.open("ab") as file:
        file.write(b'{"step": 40, "cri')
    log.write(40, critic_loss=1.0)
    assert [json.loads(line)["step"] for line in log.path.read_text().splitlines()] == [
        10,
        20,
        30,
        40,
    ]


def test_a_log_of_half_a_line_only_starts_anew(tmp_path):
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.path.write_bytes(b'{"st')
    log.write(1)
    assert log.path.read_bytes() == b'{"step": 1}\n'


def test_nothing_is_rewritten_when_nothing_is_to_drop(log):
    before = log.path.stat().st_ino
    log.truncate(30)
    assert log.path.stat().st_ino == before


def test_a_full_disk_keeps_the_lines_before(log):
    size = log.path.stat().st_size
    resource = pytest.importorskip("resource")
    earlier = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (size + 5, earlier[1]))
    try:
        with pytest.raises(UserError, match=r"metrics\.jsonl: File too large; .*free some space"):
            log.write(40, critic_loss=1.0)
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, earlier)
    assert steps(log) == [10, 20, 30]
    log.write(40)
    assert steps(log) == [10, 20, 30, 40]


def test_lines_that_are_no_records_are_passed_over(tmp_path):
    path = tmp_path / "metrics.jsonl"
    damaged = ["[" * 100_000, '{"step": "1"}', '{"step": 1, "loss": NaN}', "[]", '{"loss": 1}']
    path.write_text("\n".join(['{"step": 1}', *damaged, '{"step": 2}', ""]))
    assert [record["step"] for record in read_metrics(path)] == [1, 2]


def test_values_are_added_to_the_line_of_their_step(tmp_path):
    log = MetricsLog(tmp_path / "metrics.jsonl")
    log.add(1, FID=3.0)  # no line yet
    log.write(2, loss=1.0)
    log.add(2, FID=np.float32(2.0))
    log.add(3, FID=float("nan"))
    assert read_metrics(log.path) == [
        {"step": 1, "FID": 3.0},
        {"step": 2, "loss": 1.0, "FID": 2.0},
        {"step": 3, "FID": None},
    ]

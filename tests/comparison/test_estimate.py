from types import SimpleNamespace

import pytest

from ssgan_tf.classify.study import Protocol
from ssgan_tf.comparison import estimate
from ssgan_tf.comparison.estimate import Estimate, in_words, operations
from ssgan_tf.comparison.options import Options
from ssgan_tf.methods import create
from ssgan_tf.methods.gan.plan import iteration_flops
from ssgan_tf.methods.gan.step import build
from tests.training.tiny import TINY, painted_squares


class FakeWork:
    """As much of a `MemberWork` as an estimate looks at."""

    stages = ("train", "generate", "evaluate", "classify")
    networks, iterations, classification = 2, 100, None

    def __init__(self, done=0, seconds=None, updates=0, **options):
        images = painted_squares(4, classes=("left", "right"))
        self.study = SimpleNamespace(
            options=Options(per_class=50, **options),
            images=images,
            parts=SimpleNamespace(train=images),
            protocol=Protocol(),
        )
        self.method = create("ssgan", **TINY)
        self._state = {"seconds": seconds or {}, "updates": updates}
        self._done = done

    def state(self):
        return self._state

    def pending(self):
        return list(self.stages)

    def updates(self):
        return {"left": self._done}

    def trainings(self):
        return [SimpleNamespace(result=lambda _: self._state["seconds"].get("classify"))] * 3


@pytest.fixture
def rate(monkeypatch):
    """A machine that multiplies matrices at 2 G operations a second, so trains at 1 G."""
    monkeypatch.setattr(estimate, "matrix_rate", lambda precision: 2e9)


def test_operations_are_those_of_the_plan_whatever_costs_nothing():
    method = create("ssgan", **TINY)
    expected = iteration_flops(method, *build(method))
    assert operations(method, 5) == expected
    alike = create("ssgan", **TINY | {"noise": "poisson", "learning_rate": 1e-5, "seed": 3})
    assert operations(alike, 5) == expected
    assert operations(create("ssgan", **TINY | {"pyramid": False}), 5) != expected
    assert operations(create("ssgan", **TINY | {"batch_size": 8}), 5) == 2 * expected


def test_a_training_takes_what_is_left_of_its_operations_at_half_the_rate_of_the_machine(rate):
    work = FakeWork(done=50)
    ours = Estimate([work])
    assert ours.seconds(work, ["train"]) == pytest.approx(150 * operations(work.method, 2) / 1e9)
    assert "2 G operations a second here, trainings are taken to reach 50%" in ours.source


def test_recorded_trainings_are_preferred_unless_they_were_short(rate):
    seconds = {"train": 10.0}
    work, recorded = FakeWork(), FakeWork(seconds=seconds, updates=100)
    assert Estimate([work, recorded]).seconds(work, ["train"]) == pytest.approx(200 / 100 * 10)
    short = FakeWork(seconds=seconds, updates=5)
    assert Estimate([work, short]).rate == 1e9


def test_minutes_are_their_own_estimate_less_what_has_passed():
    work = FakeWork(minutes=2.0, seconds={"train": 30.0})
    assert Estimate([work]).seconds(work, ["train"]) == 90


def test_stages_after_training_take_as_long_as_those_of_other_members(rate):
    work = FakeWork()
    assert Estimate([work]).seconds(work, ["generate"]) == pytest.approx(0.01 * 100)
    others = [FakeWork(seconds={"generate": 4.0, "classify": 6.0}), work]
    assert Estimate(others).seconds(work, ["generate"]) == 4
    assert Estimate(others).seconds(work, ["classify"]) == 6  # three trainings of two seconds
    assert Estimate(others).seconds(work, ["evaluate"]) > 20


def test_times_are_said_in_words():
    assert in_words(20) == "less than a minute"
    assert in_words(61) == "about 1 min"
    assert in_words(4800) == "about 1 h 20 min"
    assert in_words(3600 * 30) == "about 30 h"
    assert in_words(86400 * 3.5) == "about 3.5 days"

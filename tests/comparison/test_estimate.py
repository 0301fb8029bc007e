from types import SimpleNamespace

import pytest

from ssgan_tf.comparison.estimate import Estimate, in_words
from ssgan_tf.comparison.terms import Terms


class FakeWork:
    """As much of a `ContestantWork` as an estimate looks at."""

    stages = ("train", "generate", "evaluate", "classify")
    networks, iterations, classifiers = ("left", "right"), 100, [None] * 3
    label = "Fake"

    def __init__(self, done=0, method="ssgan", classified=0, seconds=None, **terms):
        self.comparison = SimpleNamespace(terms=Terms(**terms))
        self.method = SimpleNamespace(name=method)
        self._done, self._classified, self._seconds = done, classified, seconds or {}

    def state(self):
        return {"seconds": self._seconds}

    def updates(self):
        return {"left": self._done}

    def finished_classifiers(self):
        return [{}] * self._classified

    def seconds_an_update(self):
        return 0.5


def test_a_training_takes_what_is_left_at_its_own_rate():
    work = FakeWork(done=50, seconds={"train": 10.0})
    assert Estimate([work]).seconds(work, ["train"]) == pytest.approx(150 * 10 / 50)


def test_trainings_of_the_same_method_are_preferred():
    work = FakeWork()
    alike = FakeWork(done=100, seconds={"train": 10.0})
    other = FakeWork(done=100, seconds={"train": 50.0}, method="dcgan")
    assert Estimate([work, alike, other]).seconds(work, ["train"]) == pytest.approx(20)
    assert Estimate([work, other]).seconds(work, ["train"]) == pytest.approx(100)


def test_without_any_training_an_update_is_measured():
    work = FakeWork()
    estimate = Estimate([work])
    assert estimate.unknown({work: work.stages}) == list(work.stages)
    assert estimate.seconds(work, work.stages) == 0
    estimate.measure(work)
    assert estimate.measured is work
    assert estimate.unknown({work: work.stages}) == ["generate", "evaluate", "classify"]
    assert estimate.seconds(work, work.stages) == pytest.approx(200 * 0.5)


def test_minutes_are_their_own_estimate_less_what_has_passed():
    work = FakeWork(minutes=2.0, seconds={"train": 30.0})
    assert Estimate([work]).seconds(work, ["train"]) == 90


def test_stages_after_training_take_as_long_as_those_of_others():
    work = FakeWork(classified=1)
    done = FakeWork(seconds={"generate": 4.0, "classify": 6.0}, classified=3)
    estimate = Estimate([done, FakeWork(seconds={"generate": 8.0}), work])
    assert estimate.seconds(work, ["generate"]) == pytest.approx(6)
    assert estimate.seconds(work, ["classify"]) == pytest.approx(4)  # two of two seconds
    assert estimate.unknown({work: work.stages}) == ["train", "evaluate"]


def test_a_plan_says_what_there_is_to_do_and_writes_nothing(make, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "ssgan_tf.comparison.work.ContestantWork.seconds_an_update", lambda work: 100.0
    )
    plan = make(tmp_path / "study", names=["dcgan", "acgan", "ssgan-no-pl"]).plan()
    for words in (
        "11 to train on,    3 held out", "1 generator updates per class", "SSGAN without PL",
        "mu 0.0", "2 networks × 1", "train, generate, evaluate, classify", "3 members to train",
        "30 images to make", "6 classifiers to train",
        "Time: about 10 min. A guess by 5 seconds of training DCGAN just now; left out, "
        "since none has been done here yet: classify, generate, evaluate",
    ):  # fmt: skip
        assert words in plan
    assert not (tmp_path / "study").exists()


def test_times_are_said_in_words():
    assert in_words(20) == "less than a minute"
    assert in_words(61) == "about 1 min"
    assert in_words(4800) == "about 1 h 20 min"
    assert in_words(3600 * 30) == "about 30 h"
    assert in_words(86400 * 3.5) == "about 3.5 days"

from types import SimpleNamespace

import pytest

from ssgan_tf.comparison.plan import in_words, left, time_left
from ssgan_tf.comparison.terms import Terms

STAGES = ("train", "generate", "evaluate", "classify")


class FakeWork:
    """As much of a `ContestantWork` as an estimate looks at: 200 updates and three classifiers."""

    def __init__(self, done=0, method="ssgan", classified=0, seconds=None, **terms):
        self.comparison = SimpleNamespace(terms=Terms(**terms))
        self.method = SimpleNamespace(name=method)
        self._done, self._classified, self._seconds = done, classified, seconds or {}

    def state(self):
        return {"seconds": self._seconds}

    def progress(self, stage):
        return {
            "train": (self._done, 200 - self._done),
            "classify": (self._classified, 3 - self._classified),
        }.get(stage, (1, 1))


def seconds(work, stage, *works):
    return time_left({work: [stage]}, works)[0]


def test_a_training_takes_what_is_left_at_its_own_rate():
    work = FakeWork(done=50, seconds={"train": 10.0})
    assert seconds(work, "train", work) == pytest.approx(150 * 10 / 50)


def test_trainings_of_the_same_method_are_preferred():
    work = FakeWork()
    alike = FakeWork(done=100, seconds={"train": 10.0})
    other = FakeWork(done=100, seconds={"train": 50.0}, method="dcgan")
    assert seconds(work, "train", work, alike, other) == pytest.approx(20)
    assert seconds(work, "train", work, other) == pytest.approx(100)


def test_of_what_has_not_been_done_nothing_is_told():
    work = FakeWork()
    assert time_left({work: STAGES}, [work]) == (0, list(STAGES))
    assert left({work: ["train", "classify"]}, [work]) == (
        "not known for train, classify, since none has been done here yet"
    )
    other = FakeWork(done=100, seconds={"train": 60.0})
    assert left({work: ["train", "classify"]}, [work, other]) == (
        "about 2 min, without classify, since none has been done here yet"
    )
    assert left({work: ["train"]}, [work, other]) == "about 2 min"


def test_without_any_training_that_of_an_update_is_taken():
    work, other = FakeWork(), FakeWork(done=100, seconds={"train": 50.0})
    assert time_left({work: STAGES}, [work], 0.75) == (150, list(STAGES[1:]))
    assert time_left({work: ["train"]}, [work, other], 0.75) == (100, [])


def test_minutes_are_their_own_estimate_less_what_has_passed():
    work = FakeWork(minutes=2.0, seconds={"train": 30.0})
    assert seconds(work, "train", work) == 90


def test_stages_after_training_take_as_long_as_those_of_others():
    work = FakeWork(classified=1)
    works = [FakeWork(seconds={"generate": 4.0, "classify": 6.0}, classified=3),
             FakeWork(seconds={"generate": 8.0}), work]  # fmt: skip
    assert seconds(work, "generate", *works) == pytest.approx(6)
    assert seconds(work, "classify", *works) == pytest.approx(4)  # two of two seconds
    assert time_left({work: STAGES}, works)[1] == ["train", "evaluate"]


def test_a_work_knows_how_far_its_stages_are(make, tmp_path, monkeypatch):
    acgan, dcgan = make(tmp_path, terms={"iterations": 30, "classifier_seeds": 3}).works
    monkeypatch.setattr(dcgan, "updates", lambda: {"blue": 10})
    monkeypatch.setattr(dcgan, "finished_classifiers", lambda: [{}])
    assert acgan.progress("train") == (0, 60)
    assert [dcgan.progress(stage) for stage in STAGES] == [(10, 50), (1, 1), (1, 1), (1, 2)]


def test_a_plan_says_what_there_is_to_do_and_writes_nothing(make, tmp_path, monkeypatch):
    monkeypatch.setattr(
        "ssgan_tf.comparison.work.ContestantWork.seconds_an_update", lambda work: 100.0
    )
    plan = make(tmp_path / "study", names=["dcgan", "acgan", "ssgan-no-pl"]).plan()
    for words in (
        "11 to train on,    3 held out", "1 generator updates per class", "SSGAN without PL",
        "mu 0.0", "2 networks × 1", "train, generate, evaluate, classify", "3 members to train",
        "30 images to make", "6 classifiers to train",
        "Time, a guess by 5 seconds of training DCGAN just now: about 10 min, without classify, "
        "generate, evaluate, since none has been done here yet",
    ):  # fmt: skip
        assert words in plan
    assert not (tmp_path / "study").exists()


def test_times_are_said_in_words():
    assert in_words(20) == "less than a minute"
    assert in_words(61) == "about 1 min"
    assert in_words(4800) == "about 1 h 20 min"
    assert in_words(3600 * 30) == "about 30 h"
    assert in_words(86400 * 3.5) == "about 3.5 days"

"""Rounds that are stopped go on, and end with the set of rounds that are not."""

import contextlib
import itertools
import json
import os
import signal
from pathlib import Path

import pytest

from ssgan_tf.errors import UserError
from ssgan_tf.generation import generated_set, rounds, rounds_folder
from ssgan_tf.generation.filtering import Filter
from ssgan_tf.generation.rounds_folder import RoundsFolder
from ssgan_tf.runs.interruption import Interrupted
from tests.generation.chosen import Chosen, contents


class Stop(Exception):
    """What ends a run in the midst."""


@pytest.fixture
def interruptible(run_dir, record, monkeypatch):
    """Three rounds that are kept and one that is not, which may stop at any act on the disk.

    Returns a function from a folder, and the act to stop before, to the rounds trained and the
    number of acts.
    """
    later = {2: Chosen({}, 5, 2), 3: Chosen({}, 10, 3), 4: Chosen({}, 10)}

    def run(out, stop_at=None, **options):
        trained, acts = [], itertools.count()

        def act(function):
            def acting(*arguments, **named):
                if next(acts) == stop_at:
                    raise Stop
                return function(*arguments, **named)

            return acting

        def train(images, real_count, record, between):
            trained.append(record["round"])
            classifier = later[record["round"]]
            return Chosen(record, classifier.right, classifier.accepts)

        with monkeypatch.context() as patch:
            patch.setattr(rounds_folder, "git_commit", lambda: None)  # a process, each time
            for place in (rounds, rounds_folder, generated_set):
                patch.setattr(place, "write_json", act(place.write_json))
            patch.setattr(generated_set.plots, "write_png", act(generated_set.plots.write_png))
            patch.setattr(Path, "write_text", act(Path.write_text))  # of a classifier's two files
            options = {"rounds": 4, "seed": 0, **options}
            first = Filter(Chosen(record, 0), 0.8, 20, "seed-0")
            with contextlib.suppress(Stop):
                rounds.filter_in_rounds(
                    run_dir, out, options.pop("count", 2), first, train=act(train),
                    progress=False, **options,
                )  # fmt: skip
        return trained, next(acts)

    return run


def test_rounds_go_on_after_whatever_act_they_stopped(interruptible, tmp_path):
    whole, acts = tmp_path / "whole", 0
    trained, acts = interruptible(whole)
    assert trained == [2, 3, 4]
    expected = contents(whole)
    for stop_at in range(acts):
        out = tmp_path / f"stopped at {stop_at}"
        interruptible(out, stop_at)
        finished = [n for n in (2, 3, 4) if RoundsFolder(out).load(n)]
        again, _ = interruptible(out)
        assert again == [n for n in (2, 3, 4) if n not in finished], stop_at
        assert contents(out) == expected, stop_at
    assert finished == [2, 3, 4]  # the last act is the manifest's
    before = {path: path.stat().st_mtime_ns for path in whole.glob("*/*.png")}
    assert interruptible(whole)[0] == []  # nor is a set written that is there
    assert before == {path: path.stat().st_mtime_ns for path in whole.glob("*/*.png")}
    assert contents(whole) == expected


def test_images_that_somebody_changed_are_made_again(interruptible, tmp_path):
    interruptible(tmp_path / "set")
    expected = contents(tmp_path / "set")
    (tmp_path / "set" / "left" / "000001.png").unlink()
    assert interruptible(tmp_path / "set")[0] == []
    assert contents(tmp_path / "set") == expected
    first, second = (tmp_path / "set" / "left" / f"00000{place}.png" for place in (0, 1))
    second.write_bytes(first.read_bytes())
    interruptible(tmp_path / "set")
    assert contents(tmp_path / "set") == expected


def test_other_settings_are_refused_but_for_what_only_chooses_among_rounds(
    interruptible, run_dir, tmp_path
):
    out = tmp_path / "set"
    interruptible(out, rounds=2)
    before = contents(out)
    for match, options in (
        ("--per_class was 2, is now 4; use the old settings, choose another --out", {"count": 4}),
        ("--seed was 0, is now 1", {"seed": 1}),
        ("--classes was all, is now left", {"classes": ["left"]}),
        ("--ema was true, is now false", {"average": False}),
    ):
        with pytest.raises(UserError, match=match):
            interruptible(out, **options)
    assert contents(out) == before
    assert interruptible(out)[0] == [3, 4]  # more rounds
    interruptible(tmp_path / "whole")
    assert contents(out) == contents(tmp_path / "whole")
    assert interruptible(out, rule="paper", tolerance=0.6)[0] == []  # keeps the first
    filtering = json.loads((out / "manifest.json").read_text())["filter"]
    assert [entry["kept"] for entry in filtering["rounds"]] == [True, False]
    assert filtering["classifier"] == "seed-0" and "level" not in filtering
    config = json.loads((run_dir / "config.json").read_text())
    config["settings"] |= {"seed": 1}
    (run_dir / "config.json").write_text(json.dumps(config))
    with pytest.raises(UserError, match=r"--run was .*, is now "):
        interruptible(out)


@pytest.mark.parametrize("where", ["sampling", "training"])
@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_ends_the_rounds_in_order(run_dir, record, tmp_path, where, number, monkeypatch):
    class Signalled(Chosen):
        def probabilities(self, images):
            if where == "sampling":
                os.kill(os.getpid(), number)
            return super().probabilities(images)

    def train(images, real_count, record, between):
        os.kill(os.getpid(), number)
        between()

    first = Filter(Signalled(record, 5), path="seed-0")
    with pytest.raises(Interrupted) as stopped:
        rounds.filter_in_rounds(
            run_dir, tmp_path / "set", 6, first, rounds=2, train=train, progress=False
        )
    assert stopped.value.exit_code == 128 + number
    kept = (tmp_path / "set.rounds" / "sets.json").exists()
    assert kept == (where == "training")

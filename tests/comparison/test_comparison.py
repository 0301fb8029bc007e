"""Whole comparisons with tiny networks on painted images."""

import json
import os
import shutil
import signal

import filelock
import pytest

from ssgan_tf.comparison import classifiers
from ssgan_tf.comparison import comparison as comparison_module
from ssgan_tf.comparison import work as work_module
from ssgan_tf.data import load_dataset
from ssgan_tf.errors import UserError
from ssgan_tf.runs.interruption import Interrupted
from tests import strangers
from tests.metrics.frozen import tiny_graph

NAMES = ("acgan", "dcgan")


@pytest.fixture(scope="module")
def finished(make, tmp_path_factory):
    comparison = make(tmp_path_factory.mktemp("finished") / "study")
    return comparison, comparison.run()


@pytest.fixture
def copied(finished, tmp_path, without_report):
    """A copy of the finished comparison that may be changed."""
    shutil.copytree(finished[0].out, tmp_path / "study")
    return tmp_path / "study"


@pytest.fixture
def undrawn(finished, copied, monkeypatch):
    """A copy without generated images, and a function that draws them by copying."""
    for name in NAMES:
        shutil.rmtree(copied / "members" / name / "generated")

    def draw(run, out, *_, **__):
        shutil.copytree(finished[0].out / "members" / run.parent.name / "generated", out)

    monkeypatch.setattr(work_module, "write_generated_set", draw)
    return copied, draw


@pytest.fixture
def evaluated(finished, monkeypatch):
    """Evaluate by taking the figures of the finished comparison; the calls, by their options."""
    calls = []

    def evaluate(generated, out, **options):
        calls.append(options)
        theirs = finished[0].out / "members" / "acgan" / "evaluation" / "metrics.json"
        metrics = json.loads(theirs.read_text())
        images = load_dataset(generated.absolute(), 32, progress=False, notices=False, least=1)
        metrics["inputs"]["generated"]["fingerprint"] = images.fingerprint()
        out.mkdir(parents=True)
        (out / "metrics.json").write_text(json.dumps(metrics))

    monkeypatch.setattr(work_module, "evaluate", evaluate)
    return calls


def never(*_, **__):
    raise AssertionError("this was done already")


def refuse(*_, **__):
    raise UserError("the disk is full")


def test_every_stage_of_every_contestant_leaves_its_files(finished):
    comparison, results = finished
    assert (comparison.exit_code, comparison.failures, comparison.held) == (0, [], [])
    assert json.loads((comparison.out / "results.json").read_text()) == results
    assert list(results["members"]) == ["dcgan", "acgan"]  # in the order of the paper
    for member in results["members"].values():
        assert (member["state"], member["stage"], member["failure"]) == ("finished", None, None)
        assert set(member["seconds"]) == {"train", "generate", "evaluate", "classify"}
        assert member["metrics"]["overall"]["images"]["generated"] == 10
        for path in member["paths"].values():
            assert (comparison.out / path).is_dir()
    assert results["members"]["dcgan"]["iterations"] == {"blue": 1, "red": 1}
    assert results["members"]["acgan"]["iterations"] == {"all_classes": 2}
    assert results["members"]["dcgan"]["settings"]["base_channels"] == 32
    assert results["tables"] == [2, 3]
    assert (comparison.out / "report.html").stat().st_size > 10_000
    assert list((comparison.out / "tables").glob("*.csv"))
    assert len(list((comparison.out / "real" / "red").glob("*.png"))) == 11


def test_all_classifiers_are_trainings_of_one_study(finished):
    comparison, results = finished
    rows = {row["condition"]: row for row in results["classifiers"]["rows"]}
    assert set(rows) == {"original", "crop", "flip-crop", "dcgan", "acgan"}
    assert "to_original" in rows["dcgan"]
    assert not list(comparison.out.glob("members/*/classification"))
    assert len(list(comparison.out.glob("classification/runs/*/seed-0/result.json"))) == 5


def test_a_finished_comparison_does_nothing_again(make, finished, tmp_path, monkeypatch):
    shutil.copytree(finished[0].out, tmp_path / "study")
    for name in ("write_tables", "write_pictures", "write_page"):
        monkeypatch.setattr(comparison_module, name, lambda *_: {})
    for name in ("fit", "write_generated_set", "evaluate"):
        monkeypatch.setattr(work_module, name, never)
    monkeypatch.setattr("ssgan_tf.classify.study.train_member", never)
    monkeypatch.setattr("ssgan_tf.classify.study.write_pictures", lambda *_: {})
    monkeypatch.setattr("ssgan_tf.classify.study.write_page", lambda *_: None)
    comparison = make(tmp_path / "study")
    assert comparison.plan().count("nothing, it is done") == 3
    assert comparison.run()["members"] == finished[1]["members"]
    assert comparison.failures == []


def test_classifiers_of_earlier_versions_are_not_trained_again(make, copied):
    """They had a folder for each contestant, and copies of "original" in each."""
    runs, members = copied / "classification" / "runs", copied / "members"
    for folder, rows in (
        ("baselines", ("original", "crop-4", "flip-crop")), ("dcgan", ("original", "dcgan-4")),
        ("acgan", ("original", "acgan-4")),
    ):  # fmt: skip
        for row in rows:
            shutil.copytree(runs / row, members / folder / "classification" / "runs" / row)
    shutil.rmtree(copied / "classification")
    comparison = make(copied)
    assert {stage for work in comparison.works for stage in work.pending()} == {"classify"}
    comparison._begin()
    assert {stage for work in comparison.own_works for stage in work.pending()} == set()
    assert len(list(runs.glob("*/seed-0/result.json"))) == 5


def test_one_that_fails_is_reported_and_the_others_go_on(make, undrawn, monkeypatch, capsys):
    copied, draw = undrawn

    def fail_once(run, *arguments, **options):
        if run.parent.name == "acgan":
            raise RuntimeError("no\nluck")
        return draw(run, *arguments, **options)

    monkeypatch.setattr(work_module, "write_generated_set", fail_once)
    comparison = make(copied)
    results = comparison.run()
    assert "ACGAN failed (generate): RuntimeError: no luck\n" in capsys.readouterr().err
    failed = results["members"]["acgan"]
    assert (failed["state"], failed["stage"]) == ("failed", "generate")
    assert failed["failure"] == "RuntimeError: no luck"
    assert failed["metrics"] is None
    assert results["members"]["dcgan"]["state"] == "finished"
    assert "Traceback" in (copied / "members" / "acgan" / "failure.txt").read_text()
    assert comparison.exit_code == 1
    monkeypatch.setattr(work_module, "write_generated_set", draw)
    comparison = make(copied)
    assert comparison.run()["members"]["acgan"]["state"] == "finished"
    assert comparison.exit_code == 0
    assert not (copied / "members" / "acgan" / "failure.txt").exists()


def test_errors_of_the_user_alone_have_their_own_exit_code(make, undrawn, monkeypatch):
    monkeypatch.setattr(work_module, "write_generated_set", refuse)
    comparison = make(undrawn[0])
    assert comparison.run()["members"]["dcgan"]["failure"] == "the disk is full"
    assert comparison.exit_code == 2


def test_a_signal_ends_it_and_the_report_shows_what_there_is(make, undrawn, monkeypatch):
    copied, draw = undrawn

    def interrupted(*arguments, **options):
        os.kill(os.getpid(), signal.SIGTERM)
        return draw(*arguments, **options)

    monkeypatch.setattr(work_module, "write_generated_set", interrupted)
    with pytest.raises(Interrupted) as stopped:
        make(copied).run()
    assert stopped.value.exit_code == 128 + signal.SIGTERM
    members = json.loads((copied / "results.json").read_text())["members"]
    assert members["acgan"]["state"] == "finished"  # the same images, evaluated already
    assert (members["dcgan"]["state"], members["dcgan"]["stage"]) == ("unfinished", "generate")


def test_a_signal_during_the_report_between_two_contestants_is_heeded(make, undrawn, monkeypatch):
    monkeypatch.setattr(
        comparison_module, "write_tables", lambda *_: os.kill(os.getpid(), signal.SIGTERM)
    )
    monkeypatch.setattr(work_module, "write_generated_set", refuse)
    comparison = make(undrawn[0])
    with pytest.raises(Interrupted):
        comparison.run()
    assert [label for label, *_ in comparison.failures] == ["ACGAN"]


def test_what_another_process_holds_is_left_to_it(make, undrawn):
    copied, _ = undrawn
    with filelock.FileLock(copied / "members" / "dcgan" / ".lock"):
        comparison = make(copied)
        results = comparison.run()
        assert comparison.held == ["DCGAN"]
        assert results["members"]["dcgan"]["state"] == "unfinished"
        assert results["members"]["acgan"]["state"] == "finished"
        with pytest.raises(UserError, match="dcgan is in use by another process"):
            make(copied).begin_anew()
    assert comparison.exit_code == 0


def test_classifiers_of_contestants_do_not_wait_for_the_baselines(make, copied, monkeypatch):
    """Another process is at those; whoever ends last compares them."""
    shutil.rmtree(copied / "classification" / "runs")
    trained, gathered = [], []
    monkeypatch.setattr(classifiers, "train", lambda _, members: trained.extend(map(str, members)))
    monkeypatch.setattr(classifiers, "gather", lambda *_: gathered.append(1))
    with filelock.FileLock(copied / "members" / "baselines" / ".lock"):
        comparison = make(copied, names=["dcgan"])
        comparison.run()
    assert trained == ["dcgan-4 seed 0"]
    assert (comparison.held, gathered) == ([comparison.baselines.label], [])


def test_begun_anew_it_keeps_the_former_one_beside_it(make, copied):
    comparison = make(copied)
    comparison.begin_anew()
    assert all(work.pending() for work in comparison.own_works)
    (former,) = copied.parent.glob("study.old-*")
    assert (former / "members" / "dcgan" / "run").is_dir()


def test_one_process_at_a_time_writes_the_report(make, copied, monkeypatch):
    monkeypatch.setattr(comparison_module, "REPORT_PATIENCE", 0.1)
    comparison = make(copied, classify=False)
    with filelock.FileLock(copied / "tables" / ".lock"):
        for act in (comparison.run, comparison.begin_anew):
            with pytest.raises(UserError, match="tables is in use by another process"):
                act()
    assert (copied / "members" / "dcgan").is_dir()


def test_further_trainings_differ_in_all_but_the_split(make, copied, evaluated):
    comparison = make(copied, names=["acgan"], terms={"seeds": 2}, classify=False)
    assert [work.name for work in comparison.works] == ["acgan", "acgan-seed-1"]
    pending = [work.pending() for work in comparison.works]
    assert pending == [[], ["train", "generate", "evaluate"]]
    assert "1 trainings to do, with 2 seeds for each member; 10 images" in comparison.plan()
    results = comparison.run()
    assert (comparison.exit_code, results["seeds"]) == (0, 2)
    assert list(results["members"]) == ["dcgan", "acgan"]
    acgan = results["members"]["acgan"]
    (further,) = acgan["further"]
    assert (further["state"], further["seed"], further["settings"]["seed"]) == ("finished", 1, 1)
    assert further["paths"]["run"] == "members/acgan-seed-1/run"
    runs = [
        json.loads((copied / training["paths"]["run"] / "config.json").read_text())
        for training in (acgan, further)
    ]
    assert runs[0]["data"]["classes"] == runs[1]["data"]["classes"]  # the split is the same
    first, second = (
        (copied / training["paths"]["generated"] / "red" / "000000.png").read_bytes()
        for training in (acgan, further)
    )
    assert first != second
    assert [options["seed"] for options in evaluated] == [0]  # compared with the same real images


def test_a_dry_run_refuses_what_a_run_would(make, copied, place):
    make(copied).check()
    with pytest.raises(UserError, match=r"--iterations was 1, is now 2; .*another --out"):
        make(copied, terms={"iterations": 2}).check()
    with pytest.raises(UserError, match="is not empty and no run directory"):
        make(place).check()


def test_a_damaged_contestant_is_its_own_failure(make, copied):
    (copied / "members" / "dcgan" / "run" / "config.json").write_text("{")
    comparison = make(copied)
    assert comparison.plan().count("nothing, it is done") == 2
    members = comparison.run()["members"]
    assert (members["dcgan"]["state"], members["dcgan"]["stage"]) == ("failed", "train")
    assert "config.json is damaged" in members["dcgan"]["failure"]
    assert "another --out" in members["dcgan"]["failure"]
    assert members["acgan"]["state"] == "finished"


def test_what_no_longer_follows_from_what_comes_before_it_is_not_done(make, copied, tmp_path):
    def pending(**changes):
        return make(copied, names=["dcgan"], **changes).works[0].pending()

    assert pending() == []
    (tmp_path / "other.pb").write_bytes(tiny_graph(upto="pool_3"))
    assert pending(terms={"inception": str(tmp_path / "other.pb")}) == ["evaluate"]
    generated = copied / "members" / "dcgan" / "generated"
    (generated / "red" / "000004.png").unlink()  # the last, which no classifier was trained on
    assert pending() == ["generate", "evaluate", "classify"]


def test_classifiers_that_learnt_from_other_images_are_trained_again(make, copied, monkeypatch):
    comparison = make(copied)
    work = comparison.works[0]
    (training,) = work.classifiers
    path = training.folder(copied / "classification") / "result.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"fingerprint": "of others"}))
    assert work.pending() == ["classify"]
    trained = []
    monkeypatch.setattr("ssgan_tf.classify.study.Study.train", lambda _, some: trained.extend(some))
    work.perform("classify")
    assert [str(one) for one in trained] == ["acgan-4 seed 0"]
    assert not path.exists()


def test_a_classifier_is_locked_while_it_is_trained(make, copied):
    work = make(copied, names=["dcgan"]).works[0]
    (training,) = work.classifiers
    folder = training.folder(copied / "classification")
    (folder / "result.json").unlink()
    with (
        filelock.FileLock(folder / ".lock"),
        pytest.raises(UserError, match="seed-0 is in use by another process"),
    ):
        work.perform("classify")


def test_it_grows_but_keeps_to_its_settings(make, copied, monkeypatch):
    with pytest.raises(UserError, match="--batch_size was 2, is now 4"):
        make(copied, settings={"batch_size": 4}).run()
    monkeypatch.setattr(work_module, "fit", never)
    results = make(copied, names=["ssgan-no-pl"], classify=False, tables=[6]).run()
    assert list(results["members"]) == ["dcgan", "acgan", "ssgan-no-pl"]
    assert results["members"]["ssgan-no-pl"]["failure"].startswith("AssertionError")
    assert results["tables"] == [2, 3, 6]
    assert results["classification"] == {"sizes": ["4"], "seeds": 1}  # of the first call
    assert len(results["classifiers"]["rows"]) == 5


def test_begun_without_a_limit_it_goes_on_without_one(make, copied, monkeypatch):
    config = json.loads((copied / "config.json").read_text())
    assert config["settings"].pop("train_per_class") == 400
    (copied / "config.json").write_text(json.dumps(config))
    monkeypatch.setattr(comparison_module.Protocol, "real_per_class", 6)
    comparison = make(copied, classify=False)
    comparison.check()
    assert comparison.parts.train.counts() == {"blue": 11, "red": 11}
    results = comparison.run()
    assert comparison.exit_code == 0
    assert results["budget"]["train_per_class"] is None
    assert results["members"]["dcgan"]["learnt_from"] == {"blue": 11, "red": 11}
    assert results["classifiers_learn_from"] == {"blue": 6, "red": 6}
    with pytest.raises(UserError, match="--train_per_class was not set, is now 11"):
        make(copied, terms={"train_per_class": 11}, classify=False).check()
    comparison.begin_anew()  # with the limit that new ones have
    assert comparison.parts.train.counts() == {"blue": 6, "red": 6}
    assert make(copied, classify=False).train_per_class == 6


def test_a_run_of_train_py_is_gone_on_with_unless_its_settings_are_others(
    make, finished, evaluated, tmp_path, monkeypatch, without_report
):
    theirs = finished[0].out / "members" / "dcgan"
    shutil.copytree(theirs / "run", tmp_path / "study" / "members" / "dcgan" / "run")
    monkeypatch.setitem(work_module.fit.__globals__, "train_network", never)
    monkeypatch.setattr(
        work_module,
        "write_generated_set",
        lambda run, out, *_, **__: shutil.copytree(theirs / "generated", out),
    )
    results = make(tmp_path / "study", names=["dcgan"], classify=False).run()
    assert results["members"]["dcgan"]["state"] == "finished"
    assert results["members"]["dcgan"]["iterations"] == {"blue": 1, "red": 1}
    assert results["classification"] is results["classifiers"] is None
    shutil.copytree(theirs / "run", tmp_path / "other" / "members" / "dcgan" / "run")
    other = make(tmp_path / "other", names=["dcgan"], settings={"batch_size": 4}, classify=False)
    assert "--batch_size was 2, is now 4" in other.run()["members"]["dcgan"]["failure"]


def test_of_a_run_with_more_classes_those_of_the_comparison_are_drawn(
    make, finished, tmp_path, monkeypatch
):
    shutil.copytree(finished[0].out / "members" / "dcgan", tmp_path / "members" / "dcgan")
    (work,) = make(tmp_path, names=["dcgan"], classify=False, classes=["red"]).works
    assert work.updates() == {"red": 1}
    asked = {}
    monkeypatch.setattr(work_module, "write_generated_set", lambda *_, **more: asked.update(more))
    work.perform("generate")
    assert list(asked["classes"]) == ["red"]


def test_other_settings_of_a_finished_training_are_seen(make, copied):
    def is_trained(**settings):
        work = make(copied, names=["dcgan"], settings=settings, classify=False).works[0]
        return work.stages["train"].is_done(), work.recorded()[0]["precision"]

    assert is_trained() == (True, "float32")
    assert is_trained(ema=0.5) == (False, "float32")
    run = copied / "members" / "dcgan" / "run" / "config.json"
    config = json.loads(run.read_text())
    config["settings"] |= {"precision": "mixed_float16"}
    run.write_text(json.dumps(config))
    assert is_trained(precision="auto") == (True, "mixed_float16")  # another machine's choice


def test_another_file_of_weights_is_seen(make, tmp_path, monkeypatch):
    settings = {"vgg_weights": "random"}
    (work,) = make(tmp_path, names=["ssgan"], settings=settings, classify=False).works
    flags = work.method.as_flags() | {"vgg_weights": "sha256 of what was in it"}
    for recorded, same in (("random", True), ("imagenet", False), (None, True)):
        config = {"settings": flags, "options": {"vgg_weights": recorded}}
        monkeypatch.setattr(work, "_config", lambda config=config: config)
        assert work._has_settings() is same


def test_methods_from_outside_go_through_every_stage(make, copied, monkeypatch):
    strangers.register(monkeypatch)
    comparison = make(copied, names=["pixel-gaussian", "mirrored"])
    assert "Gaussian" in comparison.plan()
    results = comparison.run()
    assert comparison.failures == []
    assert {"acgan", "dcgan", "pixel-gaussian", "mirrored"} == set(results["members"])
    for name in ("pixel-gaussian", "mirrored"):
        member = results["members"][name]
        assert member["state"] == "finished"
        overall = results["members"]["dcgan"]["metrics"]["overall"]
        assert member["metrics"]["overall"].keys() == overall.keys()
        assert member["metrics"]["cost"] is None
        result = copied / "classification" / "runs" / f"{name}-4" / "seed-0" / "result.json"
        assert json.loads(result.read_text())["scores"]["accuracy"] >= 0
    assert comparison.works[0].pending() == comparison.works[1].pending() == []

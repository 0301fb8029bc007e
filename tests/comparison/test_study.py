"""Whole studies with tiny networks on painted images."""

import json
import os
import shutil
import signal
import threading

import filelock
import pytest

from ssgan_tf.comparison import study as study_module
from ssgan_tf.comparison import work as work_module
from ssgan_tf.comparison.classifiers import are_of, gather, make_study, take_over
from ssgan_tf.comparison.members import choose
from ssgan_tf.comparison.options import Options
from ssgan_tf.comparison.records import known_members, make_config
from ssgan_tf.comparison.study import Comparison
from ssgan_tf.errors import UserError
from ssgan_tf.runs.interruption import Interrupted
from tests.evaluation.folders import write_set
from tests.metrics.frozen import tiny_graph

SETTINGS = {
    "image_size": 32, "base_channels": 32, "latent_dim": 8, "batch_size": 2, "critic_steps": 1,
    "precision": "float32",
}  # fmt: skip
NAMES = ("wgan", "dcgan")


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("comparison")
    write_set(folder / "real", count=14, size=32)
    (folder / "graph.pb").write_bytes(tiny_graph())
    return folder


@pytest.fixture(scope="module")
def make(place, preset):
    """Return a function that makes a study of two members, classifiers among its stages."""

    def comparison(out, names=NAMES, options=None, settings=None, classify=True, **more):
        chosen = {
            "iterations": 1, "per_class": 5, "inception": str(place / "graph.pb"),
            "classifier_sizes": "4", "classifier_seeds": 1, "classifier_weights": preset,
            "classifier_epochs": 1,
        }  # fmt: skip
        return Comparison(
            str(place / "real"), out, choose(names), options=Options(**chosen | (options or {})),
            settings=SETTINGS | (settings or {}), classify=classify, cache_dir=place / "cache",
            progress=False, **more,
        )  # fmt: skip

    return comparison


@pytest.fixture(scope="module")
def finished(make, tmp_path_factory):
    study = make(tmp_path_factory.mktemp("finished") / "study")
    return study, study.run()


@pytest.fixture
def without_report(monkeypatch):
    """Leave out the pictures, which take most of the time where everything else is done."""
    monkeypatch.setattr(study_module, "gather", lambda *_: None)
    for name in ("write_tables", "write_pictures", "write_page"):
        monkeypatch.setattr(study_module, name, lambda *_: {})


@pytest.fixture
def copied(finished, tmp_path, without_report):
    """A copy of the finished study that may be changed."""
    shutil.copytree(finished[0].out, tmp_path / "study")
    return tmp_path / "study"


def never(*_, **__):
    raise AssertionError("this was done already")


def test_every_stage_of_every_member_leaves_its_files(finished):
    study, results = finished
    assert (study.exit_code, study.failures, study.held) == (0, [], [])
    assert json.loads((study.out / "results.json").read_text()) == results
    assert list(results["members"]) == ["dcgan", "wgan"]  # in the order of the paper
    for member in results["members"].values():
        assert (member["state"], member["stage"], member["failure"]) == ("finished", None, None)
        assert member["iterations"] == {"blue": 1, "red": 1}
        assert set(member["seconds"]) == {"train", "generate", "evaluate", "classify"}
        assert member["metrics"]["overall"]["images"]["generated"] == 10
        for path in member["paths"].values():
            assert (study.out / path).is_dir()
    assert results["members"]["wgan"]["settings"]["base_channels"] == 32
    assert results["budget"] == {"iterations": 1, "minutes": None, "train_per_class": 400}
    assert results["classifiers_learn_from"] == {"blue": 11, "red": 11}
    assert results["classification"] == {"sizes": ["4"], "seeds": 1}
    assert results["tables"] == [2, 3]
    assert "figures" not in results
    assert (study.out / "report.html").stat().st_size > 10_000
    assert list((study.out / "tables").glob("*.csv"))
    assert len(list((study.out / "real" / "red").glob("*.png"))) == 11


def test_classifiers_of_all_members_are_compared_with_the_same_original(finished):
    study, results = finished
    rows = {row["condition"]: row for row in results["classifiers"]["rows"]}
    assert set(rows) == {"original", "crop", "flip-crop", "dcgan", "wgan"}
    assert "to_original" in rows["dcgan"]
    original = "classification/runs/original/seed-0/result.json"
    trained = (study.out / "members" / "baselines" / original).read_bytes()
    for name in NAMES:
        assert (study.out / "members" / name / original).read_bytes() == trained


def test_a_finished_study_does_nothing_again(make, copied, finished, monkeypatch):
    monkeypatch.setattr(study_module, "gather", gather)
    for name in ("fit", "write_generated_set", "evaluate"):
        monkeypatch.setattr(work_module, name, never)
    monkeypatch.setattr("ssgan_tf.classify.study.train_member", never)
    study = make(copied)
    assert study.plan().count("nothing, it is done") == 3
    results = study.run()
    assert study.failures == []
    assert results["members"] == finished[1]["members"]


def test_a_plan_says_what_there_is_to_do_and_writes_nothing(make, tmp_path):
    plan = make(tmp_path / "study", names=[*NAMES, "ssgan-no-pl"]).plan()
    for words in (
        "11 to learn from,    3 held out", "1 generator updates per class", "SSGAN without PL",
        "mu 0.0", "2 networks × 1", "train, generate, evaluate, classify", "3 members to train",
        "30 images to make", "6 classifiers to train", "Time: about", "matrix products do",
    ):  # fmt: skip
        assert words in plan
    assert not (tmp_path / "study").exists()


def test_a_member_that_fails_is_reported_and_the_others_go_on(make, copied, monkeypatch, capsys):
    for name in NAMES:
        shutil.rmtree(copied / "members" / name / "generated")
    write = work_module.write_generated_set

    def fail_once(run, *arguments, **options):
        if str(run).endswith("wgan/run"):
            raise RuntimeError("no\nluck")
        return write(run, *arguments, **options)

    monkeypatch.setattr(work_module, "write_generated_set", fail_once)
    study = make(copied)
    results = study.run()
    assert "WGAN failed (generate): RuntimeError: no luck\n" in capsys.readouterr().err
    failed = results["members"]["wgan"]
    assert (failed["state"], failed["stage"]) == ("failed", "generate")
    assert failed["failure"] == "RuntimeError: no luck"
    assert failed["metrics"] is None
    assert results["members"]["dcgan"]["state"] == "finished"
    assert "Traceback" in (copied / "members" / "wgan" / "failure.txt").read_text()
    assert study.exit_code == 1
    monkeypatch.setattr(work_module, "write_generated_set", write)
    study = make(copied)
    assert study.run()["members"]["wgan"]["state"] == "finished"
    assert study.exit_code == 0
    assert not (copied / "members" / "wgan" / "failure.txt").exists()


def test_errors_of_the_user_alone_have_their_own_exit_code(make, copied, monkeypatch):
    def refuse(*_, **__):
        raise UserError("the disk is full")

    shutil.rmtree(copied / "members" / "dcgan" / "generated")
    monkeypatch.setattr(work_module, "write_generated_set", refuse)
    study = make(copied)
    assert study.run()["members"]["dcgan"]["failure"] == "the disk is full"
    assert study.exit_code == 2


def test_a_signal_ends_the_study_and_the_report_shows_what_there_is(make, copied, monkeypatch):
    for name in NAMES:
        shutil.rmtree(copied / "members" / name / "generated")
    write = work_module.write_generated_set

    def interrupted(*arguments, **options):
        os.kill(os.getpid(), signal.SIGTERM)
        return write(*arguments, **options)

    monkeypatch.setattr(work_module, "write_generated_set", interrupted)
    with pytest.raises(Interrupted) as stopped:
        make(copied).run()
    assert stopped.value.exit_code == 128 + signal.SIGTERM
    members = json.loads((copied / "results.json").read_text())["members"]
    assert members["wgan"]["state"] == "finished"  # the same images, evaluated already
    assert (members["dcgan"]["state"], members["dcgan"]["stage"]) == ("unfinished", "generate")


def test_a_signal_during_the_report_between_two_members_is_heeded(make, copied, monkeypatch):
    for name in NAMES:
        shutil.rmtree(copied / "members" / name / "generated")
    monkeypatch.setattr(
        study_module, "write_tables", lambda *_: os.kill(os.getpid(), signal.SIGTERM)
    )
    begun = []

    def refuse(run, *_, **__):
        begun.append(run.parent.name)
        raise UserError("the disk is full")

    monkeypatch.setattr(work_module, "write_generated_set", refuse)
    with pytest.raises(Interrupted):
        make(copied).run()
    assert begun == ["wgan"]


def test_a_member_that_another_process_holds_is_left_to_it(make, copied, monkeypatch):
    for name in NAMES:
        shutil.rmtree(copied / "members" / name / "generated")
    with filelock.FileLock(copied / "members" / "dcgan" / ".lock"):
        study = make(copied)
        results = study.run()
        assert study.held == ["DCGAN"]
        assert results["members"]["dcgan"]["state"] == "unfinished"
        assert results["members"]["wgan"]["state"] == "finished"
        with pytest.raises(UserError, match="in use by another process, so --overwrite"):
            make(copied).begin_anew()
    assert study.exit_code == 0


def test_a_study_is_not_begun_anew_while_its_report_is_written(make, copied):
    with (
        filelock.FileLock(copied / ".report.lock"),
        pytest.raises(UserError, match="study is in use by another process, so --overwrite"),
    ):
        make(copied).begin_anew()


def test_a_study_begun_anew_keeps_the_former_one_beside_it(make, copied):
    study = make(copied)
    study.begin_anew()
    assert "nothing, it is done" not in study.plan()
    (former,) = copied.parent.glob("study.old-*")
    assert (former / "members" / "dcgan" / "run").is_dir()


def test_one_process_at_a_time_writes_the_report(make, copied, monkeypatch):
    monkeypatch.setattr(study_module, "REPORT_PATIENCE", 0.1)
    study = make(copied, classify=False)
    with (
        filelock.FileLock(copied / ".report.lock"),
        pytest.raises(UserError, match="another process has been writing"),
    ):
        study.run()


def test_further_trainings_differ_in_all_but_the_split(make, copied, without_report):
    study = make(copied, names=["wgan"], options={"seeds": 2}, classify=False)
    assert [work.name for work in study.works] == ["wgan", "wgan-seed-1"]
    assert [work.pending() for work in study.works] == [[], ["train", "generate", "evaluate"]]
    assert "1 trainings to do, with 2 seeds for each member; 10 images" in study.plan()
    results = study.run()
    assert (study.exit_code, results["seeds"]) == (0, 2)
    assert list(results["members"]) == ["dcgan", "wgan"]
    wgan = results["members"]["wgan"]
    (further,) = wgan["further"]
    assert (further["state"], further["seed"], further["settings"]["seed"]) == ("finished", 1, 1)
    assert further["paths"]["run"] == "members/wgan-seed-1/run"
    runs = [
        json.loads((copied / training["paths"]["run"] / "config.json").read_text())
        for training in (wgan, further)
    ]
    assert runs[0]["data"]["classes"] == runs[1]["data"]["classes"]  # the split is the study's
    first, second = (
        (copied / training["paths"]["generated"] / "red" / "000000.png").read_bytes()
        for training in (wgan, further)
    )
    assert first != second
    assert wgan["metrics"]["overall"]["images"] == further["metrics"]["overall"]["images"]
    assert wgan["metrics"]["overall"]["FID"] != further["metrics"]["overall"]["FID"]
    again = make(copied, names=["wgan"], options={"seeds": 1}, classify=False)
    assert [work.name for work in again.works] == ["wgan"]
    members = known_members(copied, [work.member for work in again.works])
    assert [member.name for member in members] == ["dcgan", "wgan", "wgan-seed-1"]


def test_classifiers_learn_from_the_images_of_each_training(make, tmp_path):
    study = make(tmp_path, names=["wgan"], options={"seeds": 2, "classifier_seeds": 3})
    rows = [[str(one) for one in work.trainings()] for work in study.works]
    assert rows == [
        ["wgan-4 seed 0", "wgan-4 seed 1", "wgan-4 seed 2"],
        ["wgan-seed-1-4 seed 0", "wgan-seed-1-4 seed 1", "wgan-seed-1-4 seed 2"],
    ]
    baselines = {one.condition.name for one in study.baselines.trainings()}
    assert baselines == {"original", "crop", "flip-crop"}
    assert len(study.baselines.trainings()) == 9


def test_jobs_share_the_members_and_whoever_comes_first_does_the_baselines(make, tmp_path):
    shares = [make(tmp_path, jobs=(i, 3), names=(*NAMES, "ssgan", "sagan")) for i in (1, 2, 3)]
    assert [[work.name for work in share.own_works] for share in shares] == [
        ["baselines", "wgan", "sagan"], ["baselines", "dcgan"], ["baselines", "ssgan"],
    ]  # fmt: skip


def test_classifiers_of_members_wait_for_the_baselines(make, copied, monkeypatch):
    for name in ("baselines", "wgan"):
        shutil.rmtree(copied / "members" / name / "classification")
    order = []
    for kind in (work_module.Baselines, work_module.MemberWork):
        monkeypatch.setattr(kind, "_train_classifiers", lambda work: order.append(work.name))
    study = make(copied, names=["wgan"])
    lock = filelock.FileLock(study.baselines.folder / ".lock", thread_local=False)

    def say(line):
        if "waiting for the other process" in line:
            order.append("waited")
            threading.Timer(0.3, lock.release).start()

    monkeypatch.setattr(study, "_say", say)
    with lock:
        study.run()
    assert order == ["waited", "baselines", "wgan"]


def test_a_dry_run_refuses_what_a_run_would(make, copied, place):
    make(copied).check()
    with pytest.raises(UserError, match=r"--iterations was 1, is now 2; .*another --out"):
        make(copied, options={"iterations": 2}).check()
    with pytest.raises(UserError, match="is not empty and no run directory"):
        make(place).check()


def test_a_damaged_member_is_its_own_failure(make, copied):
    (copied / "members" / "dcgan" / "run" / "config.json").write_text("{")
    study = make(copied)
    assert study.plan().count("nothing, it is done") == 2
    members = study.run()["members"]
    assert (members["dcgan"]["state"], members["dcgan"]["stage"]) == ("failed", "train")
    assert "config.json is damaged" in members["dcgan"]["failure"]
    assert "another --out" in members["dcgan"]["failure"]
    assert members["wgan"]["state"] == "finished"


def test_what_no_longer_follows_from_what_comes_before_it_is_not_done(make, copied, place):
    def pending(**changes):
        return make(copied, names=["wgan"], **changes).works[0].pending()

    assert pending() == []
    (place / "other.pb").write_bytes(tiny_graph(upto="pool_3"))
    assert pending(options={"inception": str(place / "other.pb")}) == ["evaluate"]
    generated = copied / "members" / "wgan" / "generated"
    (generated / "red" / "000004.png").unlink()  # the last, which no classifier has learnt from
    assert pending() == ["generate", "evaluate", "classify"]


def test_classifiers_that_learnt_from_other_images_are_replaced(make, copied):
    study = make(copied)
    work = study.works[0]
    assert are_of(study, work)
    (training,) = work.trainings()
    path = training.folder(work.classification) / "result.json"
    stale = json.loads(path.read_text()) | {"fingerprint": "of other images"}
    joint = training.folder(copied / "classification") / "result.json"
    fresh = path.read_text()
    joint.write_text(json.dumps(stale))
    augment = [f"wgan={work.generated}"]
    take_over(make_study(study, copied / "classification", augment), [work.classification])
    assert joint.read_text() == fresh
    path.write_text(json.dumps(stale))
    assert work.pending() == ["classify"]
    take_over(make_study(study, work.classification, augment), [study.baselines.classification])
    assert not path.exists()


def test_the_time_of_an_interrupted_comparison_of_classifiers_counts(make, copied, monkeypatch):
    (work, _) = make(copied).works
    results = [training.result(work.classification) for training in work.trainings()]

    def stop(work):
        raise Interrupted(143)

    monkeypatch.setattr(work_module.MemberWork, "_train_classifiers", stop)
    work.remember(seconds={})
    with pytest.raises(Interrupted):
        work.perform("classify")
    assert work.state()["seconds"] == {"classify": round(results[0]["scores"]["seconds"], 1)}


def test_a_study_grows_but_keeps_to_its_settings(make, copied, monkeypatch):
    with pytest.raises(UserError, match=r"--iterations was 1, is now 2; .*another --out"):
        make(copied, options={"iterations": 2}).run()
    with pytest.raises(UserError, match="--batch_size was 2, is now 4"):
        make(copied, settings={"batch_size": 4}).run()
    monkeypatch.setattr(work_module, "fit", never)
    results = make(copied, names=["ssgan-no-pl"], classify=False, tables=[6]).run()
    assert list(results["members"]) == ["dcgan", "wgan", "ssgan-no-pl"]
    assert results["members"]["ssgan-no-pl"]["failure"].startswith("AssertionError")
    assert results["tables"] == [2, 3, 6]
    assert results["classification"] == {"sizes": ["4"], "seeds": 1}  # of the first call
    assert len(results["classifiers"]["rows"]) == 5


def train_counts(study):
    """The real images of each class that members learn from, and classifiers."""
    division = make_study(study, study.out / "none", []).division
    return study.parts.train.counts(), division.training.counts()


def test_members_learn_from_as_many_real_images_as_classifiers(make, tmp_path, monkeypatch):
    monkeypatch.setattr(study_module.Protocol, "real_per_class", 6)
    six, five, nine = ({"blue": count, "red": count} for count in (6, 5, 9))
    study = make(tmp_path / "default")
    assert study.parts.train.counts() == six
    assert study.works[0].learnt_from() == six
    assert make(tmp_path / "default", classify=False).parts.train.counts() == six
    assert train_counts(make(tmp_path / "few", options={"train_per_class": 5})) == (five, five)
    assert train_counts(make(tmp_path / "many", options={"train_per_class": 9})) == (nine, six)


def test_a_study_that_was_begun_without_a_limit_goes_on_without_one(
    make, copied, monkeypatch, without_report
):
    config = json.loads((copied / "config.json").read_text())
    assert config["settings"].pop("train_per_class") == 400
    (copied / "config.json").write_text(json.dumps(config))
    monkeypatch.setattr(study_module.Protocol, "real_per_class", 6)
    study = make(copied, classify=False)
    study.check()
    assert study.parts.train.counts() == {"blue": 11, "red": 11}
    results = study.run()
    assert study.exit_code == 0
    assert results["budget"]["train_per_class"] is None
    assert results["members"]["wgan"]["learnt_from"] == {"blue": 11, "red": 11}
    assert results["classifiers_learn_from"] == {"blue": 6, "red": 6}
    with pytest.raises(UserError, match="--train_per_class was not set, is now 11"):
        make(copied, options={"train_per_class": 11}, classify=False).check()
    study.begin_anew()  # with the limit that new studies have
    assert study.parts.train.counts() == {"blue": 6, "red": 6}
    assert make(copied, classify=False).train_per_class == 6


def test_what_a_run_has_learnt_from_is_what_it_recorded(make, copied):
    path = copied / "members" / "wgan" / "run" / "config.json"
    config = json.loads(path.read_text())
    config["data"]["classes"]["red"]["train"] += ["another image"] * 4
    path.write_text(json.dumps(config))
    work = make(copied).works[0]
    assert work.learnt_from() == {"blue": 11, "red": 15}


def test_what_was_asked_for_adds_up_over_calls(make, tmp_path):
    study = make(tmp_path, tables=[3], options={"seeds": 3})
    first = make_config(study)
    assert first["options"] == {
        "tables": [3], "classification": {"sizes": ["4"], "seeds": 1}, "seeds": 3,
    }  # fmt: skip
    assert first["settings"]["train_per_class"] == 400
    later = make_config(make(tmp_path, tables=[6], classify=False), first)
    assert later["options"] == first["options"] | {"tables": [3, 6]}
    del first["options"]["seeds"]  # as earlier versions have left it
    assert make_config(make(tmp_path, classify=False), first)["options"]["seeds"] == 1


def test_members_of_a_folder_are_those_that_have_begun(tmp_path):
    for name in ("wgan", "wgan-seed-1", "dcgan-seed-1", "baselines", "of-a-later-version"):
        (tmp_path / "members" / name).mkdir(parents=True)
        (tmp_path / "members" / name / "state.json").write_text("{}")
    (tmp_path / "members" / "sagan").mkdir()
    found = [member.name for member in known_members(tmp_path, choose(["ssgan"]))]
    assert found == ["ssgan", "wgan", "wgan-seed-1"]  # no further training without its first


def test_a_run_of_train_py_is_taken_over(make, finished, tmp_path, monkeypatch, without_report):
    theirs = finished[0].out / "members" / "dcgan" / "run"
    ours = tmp_path / "study" / "members" / "dcgan" / "run"
    shutil.copytree(theirs, ours)
    monkeypatch.setitem(work_module.fit.__globals__, "train_network", never)
    results = make(tmp_path / "study", names=["dcgan"], classify=False).run()
    assert results["members"]["dcgan"]["state"] == "finished"
    assert results["members"]["dcgan"]["iterations"] == {"blue": 1, "red": 1}
    assert results["classification"] is results["classifiers"] is None


def test_a_run_with_other_settings_is_not_taken_over(make, finished, tmp_path, without_report):
    theirs = finished[0].out / "members" / "dcgan" / "run"
    shutil.copytree(theirs, tmp_path / "members" / "dcgan" / "run")
    study = make(tmp_path, names=["dcgan"], settings={"batch_size": 4}, classify=False)
    failure = study.run()["members"]["dcgan"]["failure"]
    assert "--batch_size was 2, is now 4" in failure


def test_a_run_with_more_classes_is_drawn_from_for_those_of_the_study(
    make, finished, tmp_path, monkeypatch
):
    shutil.copytree(finished[0].out / "members" / "dcgan", tmp_path / "members" / "dcgan")
    (work,) = make(tmp_path, names=["dcgan"], classify=False, classes=["red"]).works
    assert work.updates() == {"red": 1}
    asked = {}
    monkeypatch.setattr(work_module, "write_generated_set", lambda *_, **more: asked.update(more))
    work._generate()
    assert list(asked["classes"]) == ["red"]


def test_other_settings_of_a_finished_training_are_seen(make, copied):
    assert make(copied).works[0]._train_is_done()
    assert not make(copied, settings={"ema": 0.5}).works[0]._train_is_done()
    run = copied / "members" / "wgan" / "run" / "config.json"
    config = json.loads(run.read_text())
    config["settings"] |= {"precision": "mixed_float16"}
    run.write_text(json.dumps(config))
    work = make(copied, settings={"precision": "auto"}).works[0]
    assert work._train_is_done()  # by another machine, whose choice it was
    assert work.settings()["precision"] == "mixed_float16"
    config["options"]["vgg_weights"] = "random"
    run.write_text(json.dumps(config))
    assert not work._train_is_done()


def test_all_members_make_equally_many_updates(make, tmp_path):
    acgan, dcgan = make(tmp_path, names=["acgan", "dcgan"], options={"iterations": 30}).works
    assert (acgan.networks, acgan.iterations) == (1, 60)
    assert (dcgan.networks, dcgan.iterations) == (2, 30)


def test_minutes_are_shared_by_the_networks_of_a_member(make, tmp_path, monkeypatch):
    asked = {}
    monkeypatch.setattr(work_module, "fit", lambda *_, **options: asked.update(options))
    study = make(tmp_path, names=["dcgan"], options={"iterations": None, "minutes": 3.0})
    assert "2 networks × 1.5 min" in study.plan()
    study.works[0]._train()
    assert asked["minutes"] == 1.5


def test_only_members_with_a_perceptual_loss_are_told_its_weights(make, tmp_path):
    settings = {"vgg_weights": "random"}
    ssgan, ablation, dcgan = make(
        tmp_path, names=["ssgan", "ssgan-no-pl", "dcgan"], settings=settings
    ).works
    assert ssgan.method.settings.vgg_weights == "random"
    assert {work.method.settings.vgg_weights for work in (ablation, dcgan)} == {"imagenet"}


def test_what_cannot_work_is_refused_before_anything_is_written(make, place, tmp_path):
    with pytest.raises(UserError, match="lies in"):
        make(place / "real" / "study")
    with pytest.raises(UserError, match="--classifier_sizes wants 6 images"):
        make(tmp_path / "study", options={"classifier_sizes": "6"})
    with pytest.raises(UserError, match="acgan learns to tell classes apart"):
        make(tmp_path / "study", names=["acgan"], classes=["red"], classify=False)
    with pytest.raises(UserError, match="has one class"):
        make(tmp_path / "study", classes=["red"])
    assert not (tmp_path / "study").exists()

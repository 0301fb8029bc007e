"""The stages of one contestant, without training any."""

import json
from types import SimpleNamespace

import pytest

from ssgan_tf.comparison import comparison as comparison_module
from ssgan_tf.comparison import work as work_module
from ssgan_tf.comparison.classifiers import make_study
from ssgan_tf.comparison.work import Stage, Work, one_line
from ssgan_tf.errors import UserError
from ssgan_tf.runs.checkpoints import Checkpoints
from ssgan_tf.runs.interruption import Interrupted


@pytest.fixture
def work(tmp_path):
    """A `Work` whose stages are done once their file is there."""
    made = Work("dcgan", "DCGAN", SimpleNamespace(out=tmp_path))

    def stage(name):
        file = made.folder / name
        return Stage(f"doing {name}", file.exists, file.touch)

    made.stages = {name: stage(name) for name in ("train", "generate", "evaluate", "classify")}
    made.folder.mkdir(parents=True)
    return made


def test_stages_follow_from_the_images_before_them(work):
    assert work.pending() == ["train", "generate", "evaluate", "classify"]
    for name in work.pending():
        work.perform(name)
    assert work.pending() == []
    (work.folder / "evaluate").unlink()
    assert work.pending() == ["evaluate"]  # classifiers do not need it
    (work.folder / "generate").unlink()
    assert work.pending() == ["generate", "evaluate", "classify"]


def test_a_stage_that_cannot_tell_is_not_done(work):
    work.perform("train")
    work.stages["train"] = work.stages["train"]._replace(is_done=lambda: 1 / 0)
    assert work.pending()[0] == "train"


def test_a_stage_is_timed_and_clears_an_earlier_failure(work):
    line = work.fail("train", UserError("no\n --run_dir"))
    assert line == "no --out"  # what compare.py calls it
    assert (work.state()["stage"], work.state()["failure"]) == ("train", line)
    assert "UserError" in (work.folder / "failure.txt").read_text()
    work.perform("train")
    state = work.state()
    assert (state["stage"], state["failure"]) == (None, None)
    assert state["seconds"]["train"] >= 0
    assert not (work.folder / "failure.txt").exists()
    assert one_line(ValueError("of a\nbug")) == "ValueError: of a bug"


def test_what_an_interrupted_training_has_kept_counts(work):
    def stop():
        raise Interrupted(143)

    work.stages["train"] = Stage("training", bool, stop, lambda: 12.34)
    work.stages["generate"] = Stage("generating", bool, stop)
    for name in ("train", "generate"):
        with pytest.raises(Interrupted):
            work.perform(name)
    assert work.state()["seconds"] == {"train": 12.3}


def test_a_damaged_state_is_an_empty_one(work):
    (work.folder / "state.json").write_text('{"seconds": 3}')
    assert work.state() == {"seconds": {}, "trained": {}, "stage": None, "failure": None}
    # An earlier version counted updates there as well.
    (work.folder / "state.json").write_text('{"seconds": {"train": 3}, "updates": 9}')
    assert work.state()["seconds"] == {"train": 3}


def test_one_process_at_a_time(work):
    with work.lock(), pytest.raises(UserError, match="dcgan is in use by process"):
        work.lock().acquire()


def test_all_contestants_make_equally_many_updates(make, tmp_path):
    acgan, dcgan = make(
        tmp_path, names=["acgan", "dcgan"], terms={"iterations": 30}, classify=False
    ).works
    assert (len(acgan.networks), acgan.iterations) == (1, 60)
    assert (len(dcgan.networks), dcgan.iterations) == (2, 30)


def test_minutes_are_shared_by_the_networks(make, tmp_path, monkeypatch):
    asked = {}
    monkeypatch.setattr(work_module, "fit", lambda *_, **options: asked.update(options))
    terms = {"iterations": None, "minutes": 3.0}
    comparison = make(tmp_path, names=["dcgan"], terms=terms, classify=False)
    assert "2 networks × 1.5 min" in comparison.plan()
    comparison.works[0].perform("train")
    assert asked["minutes"] == 1.5


def test_shared_settings_are_for_those_that_have_them(make, tmp_path):
    names, settings = ["ssgan", "dcgan"], {"vgg_weights": "random", "latent_dim": 5}
    ssgan, dcgan = make(tmp_path, names=names, settings=settings, classify=False).works
    assert ssgan.method.settings.vgg_weights == "random"
    assert (ssgan.method.settings.latent_dim, dcgan.method.settings.latent_dim) == (5, 5)


def test_a_missing_file_of_weights_is_refused_before_anything_is_trained(make, tmp_path):
    with pytest.raises(UserError, match=r"--vgg_weights: no file 'no/where\.h5'"):
        make(tmp_path, names=["dcgan", "ssgan"], settings={"vgg_weights": "no/where.h5"})
    make(tmp_path, names=["dcgan"], settings={"vgg_weights": "no/where.h5"}, classify=False)


def test_an_update_is_measured_with_random_weights(make, tmp_path, monkeypatch):
    asked = []
    monkeypatch.setattr(work_module, "fit", lambda *arguments, **more: asked.append(arguments))
    monkeypatch.setattr(work_module, "seconds_of_training", lambda _: 5.0)
    monkeypatch.setattr(Checkpoints, "latest_step", lambda _: 2)
    (ssgan,) = make(tmp_path, names=["ssgan"], classify=False).works
    assert ssgan.seconds_an_update() == 2.5
    ((method, images),) = asked
    assert (method.settings.vgg_weights, images.class_names) == ("random", ("blue",))
    assert not ssgan.folder.exists()


def test_an_update_is_measured_by_a_real_training(make, tmp_path):
    (dcgan,) = make(tmp_path / "new", names=["dcgan"], classify=False).works
    assert dcgan.seconds_an_update() > 0
    assert not (tmp_path / "new").exists()


def test_classifiers_learn_from_the_images_of_each_training(make, tmp_path):
    comparison = make(tmp_path, names=["dcgan"], terms={"seeds": 2, "classifier_seeds": 3})
    assert [[str(one) for one in work.classifiers] for work in comparison.works] == [
        ["dcgan-4 seed 0", "dcgan-4 seed 1", "dcgan-4 seed 2"],
        ["dcgan-seed-1-4 seed 0", "dcgan-seed-1-4 seed 1", "dcgan-seed-1-4 seed 2"],
    ]
    baselines = comparison.baselines.classifiers
    assert {one.condition.name for one in baselines} == {"original", "crop", "flip-crop"}
    assert len(baselines) == 9


def test_jobs_share_the_contestants_and_whoever_comes_first_does_the_baselines(make, tmp_path):
    names = ("acgan", "dcgan", "ssgan", "sagan")
    shares = [make(tmp_path, jobs=(i, 3), names=names) for i in (1, 2, 3)]
    assert [[work.name for work in share.own_works] for share in shares] == [
        ["baselines", "acgan", "sagan"], ["baselines", "dcgan"], ["baselines", "ssgan"],
    ]  # fmt: skip


def test_contestants_learn_from_as_many_real_images_as_classifiers(make, tmp_path, monkeypatch):
    monkeypatch.setattr(comparison_module.Protocol, "real_per_class", 6)

    def counts(**terms):
        comparison = make(tmp_path, names=["dcgan"], terms=terms)
        _, learnt = comparison.works[0].recorded()
        assert learnt == comparison.parts.train.counts()
        return learnt["red"], make_study(comparison, []).division.training.counts()["red"]

    assert counts() == (6, 6)
    assert counts(train_per_class=5) == (5, 5)
    assert counts(train_per_class=9) == (9, 6)
    assert make(tmp_path, classify=False).parts.train.counts() == {"blue": 6, "red": 6}


def test_settings_and_images_of_a_run_are_those_that_it_recorded(make, tmp_path):
    (work,) = make(tmp_path, names=["dcgan"], classify=False).works
    work.run.mkdir(parents=True)
    classes = {"red": {"train": ["an image"] * 15}}
    config = {"settings": {"method": "dcgan", "ema": 0.5}, "data": {"classes": classes}}
    (work.run / "config.json").write_text(json.dumps(config))
    assert work.recorded() == ({"ema": 0.5}, {"blue": 11, "red": 15})


def test_what_cannot_work_is_refused_before_anything_is_written(make, place, tmp_path):
    with pytest.raises(UserError, match="lies in"):
        make(place / "real" / "study")
    with pytest.raises(UserError, match="--classifier_sizes wants 6 images"):
        make(tmp_path / "study", terms={"classifier_sizes": "6"})
    with pytest.raises(UserError, match="acgan learns to tell classes apart"):
        make(tmp_path / "study", names=["acgan"], classes=["red"], classify=False)
    with pytest.raises(UserError, match="has one class"):
        make(tmp_path / "study", classes=["red"])
    assert not (tmp_path / "study").exists()

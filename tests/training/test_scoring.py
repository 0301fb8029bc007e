import functools
import importlib
import os
import signal
from types import SimpleNamespace

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ssgan_tf import methods
from ssgan_tf.device.strategy import Workers
from ssgan_tf.errors import UserError
from ssgan_tf.generation import generated_set
from ssgan_tf.generation.generated_set import write_generated_set
from ssgan_tf.generation.rounds_folder import settings_of_rounds
from ssgan_tf.methods.gan import standing
from ssgan_tf.metrics.features import extract
from ssgan_tf.metrics.frechet import frechet_distance
from ssgan_tf.metrics.inception_graph import open_inception
from ssgan_tf.runs.interruption import Interrupted
from ssgan_tf.runs.metrics_log import read_metrics
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.training import Options, fit, loop, reporting, scoring, trained
from ssgan_tf.training.plan import describe_plan
from tests.metrics.frozen import tiny_graph
from tests.training.drifting import NEAREST, PER_BATCH, Drifting, DriftingSampler
from tests.training.tiny import painted_squares, saved_arrays, tiny_method

IMAGES = 8
FIT = importlib.import_module("ssgan_tf.training.fit")  # the package has a function of that name


@pytest.fixture(scope="module")
def graph(tmp_path_factory):
    path = tmp_path_factory.mktemp("graph") / "graph.pb"
    path.write_bytes(tiny_graph())
    return str(path)


@pytest.fixture(autouse=True)
def own_places(tmp_path, monkeypatch):
    monkeypatch.setenv("SSGAN_CACHE", str(tmp_path / "cache"))
    monkeypatch.setattr(methods.METHODS, "_classes", dict(methods.METHODS._classes))
    monkeypatch.setattr(DriftingSampler, "hooks", [])
    # What takes longest of these small trainings.
    monkeypatch.setattr(reporting.plots, "write_curves", lambda file, runs: None)
    monkeypatch.setattr(FIT, "gc", SimpleNamespace(collect=lambda: None))
    methods.register(Drifting)


@pytest.fixture
def train(tmp_path, graph):
    """Train the drifting method on eight images: iterations 0 to 10, scored every second one."""

    def train(folder="run", settings=None, **options):
        quick = {
            "iterations": 10, "log_every": 5, "sample_every": 5, "checkpoint_every": 4,
            "evaluate_every": 2, "inception": graph, "progress": False,
        }  # fmt: skip
        fit(Drifting(**(settings or {})), painted_squares(IMAGES), run_dir=tmp_path / folder,
            **(quick | options))  # fmt: skip
        return RunDirectory(tmp_path / folder)

    return train


def scores_in(run, name="FID"):
    records = read_metrics(run.metrics_path("left"))
    return {record["step"]: record[name] for record in records if name in record}


def records_in(run):
    records = read_metrics(run.metrics_path("left"))
    return [{k: v for k, v in record.items() if k != "images_per_second"} for record in records]


def best_files(run):
    return sorted(path.name for path in run.best("left").directory.iterdir())


def test_scores_are_the_fid_of_evaluate_and_the_best_is_kept(train, graph, tmp_path):
    run = train(evaluate_every=3, iterations=10)
    network, real = open_inception(graph), painted_squares(IMAGES).images
    expected = {
        step: frechet_distance(
            extract(network, real, progress=False).values,
            extract(network, np.clip(real + 10.0 * abs(step - NEAREST), 0, 255).astype("uint8"),
                    progress=False).values,
        )
        for step in (3, 6, 9, 10)  # the last one too
    }  # fmt: skip
    assert scores_in(run) == pytest.approx(expected, abs=1e-6)
    assert expected[NEAREST] < 1e-9 < 0.01 < expected[3]
    assert [record["step"] for record in records_in(run)] == [3, 5, 6, 9, 10]  # each once
    assert {"loss", "FID"} < records_in(run)[-1].keys()
    assert best_files(run) == ["000006.npz"]
    _, arrays, metadata = run.best("left").load()
    assert int(arrays["iteration"]) == NEAREST
    assert metadata["score"]["value"] == scores_in(run)[NEAREST]
    assert metadata["score"]["by"]["images"] == {"left": IMAGES}
    events = EventAccumulator(str(run.path / "left"), size_guidance={"tensors": 0}).Reload()
    assert [event.step for event in events.Tensors("FID")] == [3, 6, 9, 10]


def test_other_features_and_numbers_of_images_have_their_names_and_counts(train):
    run = train(features="mixed_7", evaluate_images=5, iterations=2)
    assert list(scores_in(run, "FID-4")) == [2]
    assert run.best("left").find().by["images"] == {"left": 5}
    with pytest.raises(UserError, match=r"best .* left was chosen by other scores \(measure: "
                       r"FID-4, now FID; features: mixed_7, now pool_3; images: "):  # fmt: skip
        train(iterations=4)
    assert run.checkpoints("left").latest_step() == 2
    train(iterations=4, evaluate_every=None, inception="auto")  # without scores it goes on


def test_sets_are_made_of_the_best_or_the_last_and_say_so(train, tmp_path, monkeypatch):
    real = painted_squares(IMAGES)
    monkeypatch.setattr(trained, "load_dataset", lambda *_, **__: real)
    run = train()
    make = functools.partial(write_generated_set, run.path, per_class=IMAGES, progress=False)
    best, last = make(tmp_path / "best", checkpoint="best"), make(tmp_path / "last")
    assert (best["checkpoint"], last["checkpoint"]) == ("best", "last")
    steps = [made["classes"]["left"]["checkpoint_step"] for made in (best, last)]
    assert steps == [NEAREST, 10]
    np.testing.assert_array_equal(trained.load(run.path, checkpoint="best").sample("left", IMAGES),
                                  real.images)  # fmt: skip
    assert not np.array_equal(trained.load(run.path).sample("left", IMAGES), real.images)
    with pytest.raises(UserError, match="--checkpoint is first; it must be one of last, best"):
        make(tmp_path / "other", checkpoint="first")
    without = train("without", evaluate_every=None)
    assert not without.best("left").directory.exists()
    with pytest.raises(UserError, match="no best checkpoint of left; leave --checkpoint best out"):
        write_generated_set(without.path, tmp_path / "other", 2, checkpoint="best")
    assert not (tmp_path / "other").exists()
    # Rounds of filtering that were begun with the one are not resumed with the other.
    filtered = SimpleNamespace(
        classifier=SimpleNamespace(fingerprint=lambda: "x"), threshold=0.8, limit=2
    )
    of_rounds = functools.partial(settings_of_rounds, run.path, IMAGES, filtered)
    assert of_rounds(checkpoint="best")["run"].startswith("left best 6 iterations")
    assert of_rounds()["run"].startswith("left 10 iterations")
    # A class that is not asked for needs none.
    loaded = generated_set.load_run(run.path, True, None, None, "best", ("left",))
    assert loaded.iterations == {"left": NEAREST}


@pytest.mark.parametrize("dies_at", ["the first save of a best", "a save after the best", "a run"])
def test_killed_and_resumed_it_has_the_same_scores_and_one_best(train, monkeypatch, dies_at):
    expected = train("whole")
    with monkeypatch.context() as patch:
        if dies_at == "a run":
            counted = []

            def dies(losses, job, done, kept):
                counted.append(done)
                if done > 8:
                    raise KeyboardInterrupt

            patch.setattr(loop, "_check_finite", dies)
        else:
            step = 2 if dies_at == "the first save of a best" else NEAREST

            def dies_after_saving(self, step_of_save, *rest, save=scoring.Scores.take):
                done = save(self, step_of_save, *rest)
                if step_of_save == step:
                    raise KeyboardInterrupt
                return done

            patch.setattr(scoring.Scores, "take", dies_after_saving)
        with pytest.raises(KeyboardInterrupt):
            train()
    run = train()
    assert records_in(run) == records_in(expected)
    assert best_files(run) == best_files(expected) == ["000006.npz"]
    assert run.best("left").find() == expected.best("left").find()


@pytest.mark.parametrize("step", [4, 10], ids=["at a checkpoint", "at the end"])
def test_a_signal_is_heard_between_batches_and_the_score_made_up_for(train, step):
    expected, batches = train("whole", evaluate_every=step), []

    def interrupt():
        batches.append(1)
        os.kill(os.getpid(), signal.SIGINT)
        DriftingSampler.hooks.clear()

    DriftingSampler.hooks.append(interrupt)
    later = []
    DriftingSampler.hooks.append(lambda: later.append(1))
    with pytest.raises(Interrupted) as stop:
        train(evaluate_every=step)
    assert stop.value.exit_code == 130
    assert len(batches) == 1 and len(later) <= 1 < IMAGES / PER_BATCH
    run = RunDirectory(expected.path.with_name("run"))
    assert run.checkpoints("left").latest_step() == step
    assert scores_in(run) == {} and run.best("left").find() is None
    train(evaluate_every=step)
    assert records_in(run) == records_in(expected)
    assert run.best("left").find() == expected.best("left").find()
    before = run.best("left").directory.stat().st_mtime_ns
    train(evaluate_every=step)  # nothing is left to do
    assert run.best("left").directory.stat().st_mtime_ns == before


def test_scoring_is_no_time_of_training(train, monkeypatch):
    now = [0.0]
    monkeypatch.setattr(reporting.time, "perf_counter", lambda: now[0])
    drift = Drifting.phases

    def slowly(self, job):
        for phase in drift(self, job):
            run = phase.run

            def half_a_minute(count, run=run):
                now[0] += 30.0 * count
                return run(count)

            phase.run = half_a_minute
            yield phase

    monkeypatch.setattr(Drifting, "phases", slowly)
    DriftingSampler.hooks.append(lambda: now.__setitem__(0, now[0] + 1000.0))
    run = train(minutes=2.0, evaluate_every=1, log_every=1)
    assert run.checkpoints("left").latest()[2]["seconds"] == 120.0
    assert list(scores_in(run)) == [1, 2, 3, 4]


def test_a_phase_that_makes_no_images_is_trained_without_scores(train, caplog):
    run = train(settings={"scored": False})
    assert "--evaluate_every: left is trained without scores" in caplog.text
    assert run.checkpoints("left").latest_step() == 10
    assert scores_in(run) == {} and not run.best("left").directory.exists()


def test_only_the_chief_scores(train, monkeypatch):
    worker = Workers(tf.distribute.get_strategy(), chief=False)
    monkeypatch.setattr(FIT, "make_workers", lambda *_: worker)
    DriftingSampler.hooks.append(lambda: pytest.fail("another worker makes images"))
    run = train(inception="missing.pb")  # which it does not open
    assert not run.path.exists()


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"inception": "missing.pb"}, "--inception missing.pb cannot be read"),
        ({"features": "pool_9"}, "--features is pool_9; it must be one of pool_3"),
        ({"evaluate_every": 0}, "--evaluate_every is 0"),
        ({"evaluate_images": 1}, "--evaluate_images is 1; it must be at least 2"),
    ],
)
def test_what_cannot_be_scored_is_refused_before_anything_is_written(train, tmp_path, options,
                                                                     message):  # fmt: skip
    with pytest.raises(UserError, match=message):
        train(**options)
    assert not (tmp_path / "run").exists()


def test_a_graph_without_the_features_and_a_single_image_are_refused(train, tmp_path, graph):
    (tmp_path / "part.pb").write_bytes(tiny_graph("mixed_7/join"))
    with pytest.raises(UserError, match="has no tensor pool_3:0; of the features it has"):
        train(inception=str(tmp_path / "part.pb"))
    one = painted_squares(1)
    with pytest.raises(UserError, match="squares has 1 of left; it takes two or more"):
        scoring.Judge(open_inception(graph), one)


def test_the_plan_says_what_scores_take_and_refuses_a_wrong_file(graph):
    method, images = Drifting(), painted_squares(IMAGES)
    plan = describe_plan(method, images, Options(evaluate_every=50, inception=graph))
    assert "FID with Inception's pool_3 every 50 iterations" in plan
    assert "one more checkpoint per network" in plan
    assert "scores" not in describe_plan(method, images, Options())
    with pytest.raises(UserError, match=r"missing\.pb cannot be read"):
        describe_plan(method, images, Options(evaluate_every=50, inception="missing.pb"))


def test_the_bar_says_that_it_scores_and_what_was_found(train, capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "160")
    train(progress=True, iterations=4)
    shown = capsys.readouterr().err
    assert f"measuring FID: 0 of {IMAGES} images" in shown
    assert "best" in shown.splitlines()[-1] and "FID" in shown.splitlines()[-1]


@pytest.fixture
def eagerly():
    """Without tracing, which takes longer than the few iterations of a test."""
    tf.config.run_functions_eagerly(True)
    yield
    tf.config.run_functions_eagerly(False)


@pytest.mark.usefixtures("eagerly")
def test_it_does_not_alter_the_weights_of_a_gan_and_scores_the_averaged_ones(
    tmp_path, graph, monkeypatch
):
    monkeypatch.setattr(standing, "IMAGES", 16)  # measured before each score
    monkeypatch.setattr(standing, "FEWEST_BATCHES", 2)
    images = painted_squares()
    options = {"iterations": 3, "checkpoint_every": 3, "log_every": 3, "progress": False}
    for name, more in (
        ("without", {"sample_every": 3}),
        ("with", {"sample_every": 2, "evaluate_every": 1, "inception": graph}),
    ):
        method = tiny_method("dcgan", critic_steps=1, ema=0.5)
        fit(method, images, run_dir=tmp_path / name, **options, **more)
    expected, found = (saved_arrays(tmp_path / name) for name in ("without", "with"))
    assert found.keys() == expected.keys()
    for key, array in expected.items():
        np.testing.assert_array_equal(found[key], array, err_msg=key)
    run, network = RunDirectory(tmp_path / "with"), open_inception(graph)

    def distance(average):
        sampler = trained.load(run.path, average, checkpoint="best")
        made = sampler.sample("left", len(images), seed=scoring.SEED)
        features = [extract(network, one, progress=False).values for one in (images.images, made)]
        return frechet_distance(*features)

    best = run.best("left").find()
    assert list(scores_in(run)) == [1, 2, 3]
    assert best.value == min(scores_in(run).values()) == scores_in(run)[best.step]
    assert best.value == pytest.approx(distance(average=True), rel=1e-5)
    assert best.value != pytest.approx(distance(average=False), rel=1e-4)

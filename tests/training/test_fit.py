import json

import numpy as np
import pytest
import tensorflow as tf
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator

from ssgan_tf.device.batches import to_unit
from ssgan_tf.errors import UserError
from ssgan_tf.methods import METHODS, register
from ssgan_tf.methods.gan.step import Batch, TrainingStep
from ssgan_tf.runs.metrics_log import read_metrics
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.training import Options, load
from ssgan_tf.training.config import make_config
from ssgan_tf.training.reporting import Stopwatch
from tests.training.drifting import Drifting
from tests.training.tiny import painted_squares, saved_arrays, tiny_method

QUICK = {"iterations": 4, "checkpoint_every": 2, "sample_every": 2, "log_every": 1}


def fit(run_dir, settings=None, image_set=None, name="dcgan", **options):
    """Train, DCGAN where the method does not matter: it is compiled soonest."""
    method = tiny_method(name, **(settings or {}))
    return method.fit(
        image_set or painted_squares(), run_dir=run_dir, progress=False, **(QUICK | options)
    )


@pytest.fixture
def train(monkeypatch):
    """A function that trains a method without networks, where it is the loop that matters."""
    monkeypatch.setattr(METHODS, "_classes", dict(METHODS._classes))
    register(Drifting)

    def train(run_dir, image_set=None, seed=0, **options):
        images = image_set or painted_squares()
        return Drifting(seed=seed).fit(images, run_dir=run_dir, progress=False, **(QUICK | options))

    return train


def without_times(run_dir):
    records = read_metrics(run_dir / "left" / "metrics.jsonl")
    return [{k: v for k, v in record.items() if k != "images_per_second"} for record in records]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    run_dir = tmp_path_factory.mktemp("finished") / "run"
    return run_dir, fit(run_dir, name="ssgan")


def test_run_directory_holds_what_the_design_promises(finished):
    run_dir, _ = finished
    own = run_dir / "left"
    assert sorted(path.name for path in (own / "samples").iterdir()) == ["000002.png", "000004.png"]
    assert [path.name for path in sorted((own / "checkpoints").iterdir())] == [
        "000002.npz",
        "000004.npz",
    ]
    for name in ("progress.gif", "curves.png", "metrics.jsonl"):
        assert (own / name).stat().st_size > 0
    assert list(own.glob("events.*"))
    records = read_metrics(own / "metrics.jsonl")
    assert [record["step"] for record in records] == [1, 2, 3, 4]
    for name in ("critic_loss", "wasserstein", "penalty", "generator_loss"):
        assert all(np.isfinite(record[name]) for record in records)
    assert all(record["critic_gradient_norm"] > 0 for record in records)
    assert "perceptual" not in records[0]  # mu is 0


def test_tensorboard_finds_losses_and_samples(finished):
    events = EventAccumulator(str(finished[0] / "left"), size_guidance={"tensors": 0})
    events.Reload()
    tags = events.Tags()["tensors"]
    for name in ("critic_loss", "wasserstein", "generator_gradient_norm", "images_per_second"):
        assert [event.step for event in events.Tensors(name)] == [1, 2, 3, 4]
    assert [event.step for event in events.Tensors("samples")] == [2, 4]
    assert "perceptual" not in tags


def test_config_records_settings_sources_and_versions(finished):
    run_dir, _ = finished
    config = json.loads((run_dir / "config.json").read_text())
    assert config["settings"]["lambda"] == 1.0
    assert config["settings"]["precision"] == "float32"
    assert sorted(config["data"]["classes"]["left"]["train"]) == sorted(painted_squares().hashes)
    assert config["versions"]["tensorflow"].startswith("2.")


def test_running_again_changes_nothing(finished):
    run_dir, _ = finished
    newest = run_dir / "left" / "checkpoints" / "000004.npz"
    before = newest.stat().st_mtime_ns
    fit(run_dir, name="ssgan")
    assert newest.stat().st_mtime_ns == before
    assert len(without_times(run_dir)) == 4


def test_resumed_run_equals_an_undisturbed_one(finished, tmp_path):
    undisturbed, _ = finished
    fit(tmp_path / "run", name="ssgan", iterations=3)
    fit(tmp_path / "run", name="ssgan")
    expected, resumed = saved_arrays(undisturbed), saved_arrays(tmp_path / "run")
    assert expected.keys() == resumed.keys()
    for name, array in expected.items():
        np.testing.assert_array_equal(array, resumed[name], err_msg=name)
    assert without_times(tmp_path / "run") == without_times(undisturbed)


def test_training_changes_every_weight(finished):
    run_dir, _ = finished
    first = saved_arrays(run_dir)
    other = np.load(run_dir / "left" / "checkpoints" / "000002.npz", allow_pickle=False)
    names = [name for name in first if name.startswith(("generator/", "critic/"))]
    names.remove("critic/score/bias")  # it cancels from Eq. 3
    assert len(names) > 20
    for name in names:
        assert not np.array_equal(first[name], other[name]), name


def test_sampling_is_a_function_of_the_seed(finished):
    run_dir, method = finished
    images = method.sample("left", 70, seed=3)
    assert images.shape == (70, 32, 32, 3)
    assert images.dtype == np.uint8
    np.testing.assert_array_equal(method.sample(0, 5, seed=3), images[:5])
    assert not np.array_equal(method.sample("left", 5, seed=4), images[:5])
    np.testing.assert_array_equal(load(run_dir).sample("left", 70, seed=3), images)
    last = load(run_dir, average=False).sample("left", 5, seed=3)
    assert not np.array_equal(last, images[:5])
    with pytest.raises(UserError, match="classes: left"):
        method.sample("right", 1)


def test_each_class_has_its_own_network(tmp_path):
    both = painted_squares(classes=("left", "right"))
    method = fit(tmp_path / "run", None, both, iterations=1)
    assert method.trained.class_names == ("left", "right")
    alone = fit(tmp_path / "alone", None, both.with_classes(["right"]), iterations=1)
    # The order of training does not matter, and neither do the other classes.
    np.testing.assert_array_equal(method.sample("right", 2), alone.sample("right", 2))
    assert not np.array_equal(method.sample("left", 2), method.sample("right", 2))


def test_average_follows_its_formula(tmp_path):
    fit(tmp_path / "run", {"ema": 0.15}, iterations=2, checkpoint_every=1)
    folder = tmp_path / "run" / "left" / "checkpoints"
    first, second = (np.load(folder / f"00000{step}.npz", allow_pickle=False) for step in (1, 2))
    name = "generator/deconv_0/kernel"
    average = name.replace("generator/", "average/", 1)
    expected = 0.15 * first[average] + 0.85 * second[name]  # 0.15 < (1 + 1) / (10 + 1)
    np.testing.assert_allclose(second[average], expected, rtol=1e-5, atol=1e-7)


def test_without_average_samples_come_from_the_generator(tmp_path):
    method = fit(tmp_path / "run", {"ema": 0.0}, iterations=1)
    assert not any(name.startswith("average/") for name in saved_arrays(tmp_path / "run"))
    assert method.sample("left", 2).shape == (2, 32, 32, 3)


@pytest.mark.parametrize(
    "settings",
    [
        {"precision": "mixed_bfloat16", "image_size": 64, "pyramid": False, "noise": "poisson"},
        {"mu": 0.01, "vgg_weights": "random", "flip": True},
    ],
    ids=str,
)
def test_every_kind_of_setting_trains(tmp_path, settings, caplog):
    size = settings.get("image_size", 32)
    fit(tmp_path / "run", settings, painted_squares(size=size), "ssgan", iterations=2)
    last = read_metrics(tmp_path / "run" / "left" / "metrics.jsonl")[-1]
    assert all(np.isfinite(value) for value in last.values())
    if "mu" in settings:
        assert last["perceptual"] > 0
        recorded = json.loads((tmp_path / "run" / "config.json").read_text())["settings"]
        assert "RANDOM" in recorded["vgg_weights"]
        assert "RANDOM WEIGHTS" in caplog.text
    arrays = saved_arrays(tmp_path / "run")
    assert all(array.dtype != np.float16 for array in arrays.values())


def test_float16_is_refused_before_anything_is_written(tmp_path):
    with pytest.raises(UserError, match=r"mixed_float16 is not for GANs.*use mixed_bfloat16"):
        fit(tmp_path / "run", {"precision": "mixed_float16"})
    assert not (tmp_path / "run").exists()


@pytest.mark.long
def test_compiled_by_xla_it_computes_the_same(tmp_path, monkeypatch):
    """From the same draws: XLA's random numbers are others for the same seed."""

    def draw(self, number, tensors):
        latents = tf.constant(np.linspace(-2, 2, 4 * 8).reshape(4, 8), tf.float32)
        labels = tf.zeros(4, tf.int32)
        real = to_unit(tensors[0][:4]), labels
        return Batch(real, None, latents, labels, self.seed, tf.constant(0, tf.int64))

    monkeypatch.setattr(TrainingStep, "_draw", draw)
    for name, jit in (("plain", False), ("xla", True)):
        fit(tmp_path / name, {"lambda_": 0.0}, name="ssgan", iterations=1, jit=jit)
    (compiled,), (plain,) = (without_times(tmp_path / name) for name in ("xla", "plain"))
    del compiled["penalty"], plain["penalty"]  # of other points between the images
    assert compiled == pytest.approx(plain, rel=1e-3, abs=1e-4)
    with pytest.raises(UserError, match="--jit was True, is now False"):
        fit(tmp_path / "xla", {"lambda_": 0.0}, name="ssgan", iterations=2)


def test_stops_where_a_loss_is_not_finite(tmp_path):
    fit(tmp_path / "good", {"seed": 1}, iterations=2)
    with pytest.raises(UserError, match=r"not finite after iteration \d; .* iteration 0 is kept"):
        method = tiny_method("dcgan")
        object.__setattr__(method.settings, "learning_rate", 1e30)  # beyond what settings may be
        method.fit(painted_squares(), run_dir=tmp_path / "run", progress=False, **QUICK)
    assert not list((tmp_path / "run" / "left" / "checkpoints").glob("*.npz"))


def test_changed_settings_are_refused_by_name(finished):
    run_dir, _ = finished
    with pytest.raises(UserError, match=r"--lambda was 1.0, is now 2.0"):
        fit(run_dir, {"lambda_": 2.0}, name="ssgan")
    with pytest.raises(UserError, match="training images changed"):
        fit(run_dir, image_set=painted_squares(per_class=5), name="ssgan")


def test_overwrite_moves_the_former_run_aside(tmp_path, train):
    train(tmp_path / "run", iterations=1)
    train(tmp_path / "run", seed=1, iterations=1, overwrite=True)
    (old,) = [path for path in tmp_path.iterdir() if path.name.startswith("run.old-")]
    assert (old / "left" / "checkpoints" / "000001.npz").exists()
    assert json.loads((tmp_path / "run" / "config.json").read_text())["settings"]["seed"] == 1


@pytest.mark.parametrize(
    ("options", "message"),
    [
        ({"iterations": 0}, "--iterations is 0"),
        ({"strategy": "sharded"}, "--strategy is sharded; it must be one of"),
        ({"strategy": "mirrored", "jit": True}, "--jit works with --strategy none"),
        ({"speed": 3}, "fit has no option 'speed'"),
        ({"jobs": (1, 2), "overwrite": True}, "--overwrite would move aside what the other --jobs"),
        ({"jobs": (1, 2), "strategy": "multi_worker"}, "use one of the two"),
    ],
)
def test_impossible_options_are_refused(tmp_path, options, message):
    with pytest.raises(UserError, match=message):
        fit(tmp_path / "run", **options)
    assert not (tmp_path / "run").exists()


def test_processes_train_their_shares_into_one_run(tmp_path, caplog, train):
    images = painted_squares(classes=("left", "right"))
    quick = {"iterations": 1, "image_set": images}
    second = train(tmp_path / "run", jobs=(2, 2), **quick)
    run = RunDirectory(tmp_path / "run")
    assert run.networks() == list(second.trained.class_names) == ["right"]
    assert list(run.config()["data"]["classes"]) == ["left", "right"]  # the same for all processes
    assert train(tmp_path / "run", jobs=(3, 3), **quick).trained.class_names == ()
    assert "process 3 of 3 has nothing to train: networks in all: 2" in caplog.text
    assert run.networks() == ["right"]
    whole = train(tmp_path / "run", **quick)  # trains what is left
    assert run.networks() == list(whole.trained.class_names) == ["left", "right"]


def test_images_of_another_size_are_refused(tmp_path):
    with pytest.raises(UserError, match="64 pixels wide and --image_size is 32"):
        fit(tmp_path / "run", image_set=painted_squares(size=64))


def test_minutes_end_a_training_and_count_over_calls(tmp_path, monkeypatch, train):
    monkeypatch.setattr(Stopwatch, "lap", lambda watch: 30.0)  # an iteration takes half a minute
    train(tmp_path / "run", iterations=50, minutes=1.0)
    checkpoints = RunDirectory(tmp_path / "run").checkpoints("left")
    assert checkpoints.latest_step() == 2
    train(tmp_path / "run", iterations=50, minutes=1.5)
    assert checkpoints.latest_step() == 3
    assert checkpoints.latest()[2]["seconds"] == 90.0
    with pytest.raises(UserError, match=r"--minutes is 0; it must be more than 0"):
        train(tmp_path / "run", minutes=0)


def test_classes_of_one_network_cannot_be_added_later(tmp_path):
    method = tiny_method("acgan")
    images = painted_squares(classes=("left", "right"))
    run = RunDirectory(tmp_path / "run")
    config = make_config(method, images, None, Options())
    assert config["settings"]["classes"] == ["left", "right"]
    run.prepare(config)
    more = painted_squares(classes=("left", "middle", "right"))
    with pytest.raises(UserError, match=r"--classes was \['left', 'right'\], is now"):
        run.prepare(make_config(method, more, None, Options()))
    with pytest.raises(UserError, match="acgan learns to tell classes apart and there is one"):
        method.fit(painted_squares(), run_dir=tmp_path / "one", progress=False)

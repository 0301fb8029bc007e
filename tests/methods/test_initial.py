"""Trainings that begin with the networks of another run."""

import logging
import shutil

import numpy as np
import pytest

from ssgan_tf.errors import UserError
from ssgan_tf.layers.spectral import SpectralNormalization
from ssgan_tf.methods.contract import Job
from ssgan_tf.methods.gan.build import build
from ssgan_tf.methods.gan.initial import describe, fitting, lowest
from ssgan_tf.runs.provenance import learnt_from
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.training import fit, load, load_run
from ssgan_tf.training.fit import Options
from ssgan_tf.training.plan import describe_plan
from tests.training.tiny import GANS, painted_squares, saved_arrays, tiny_method

OPTIONS = {"progress": False, "sample_every": 100, "checkpoint_every": 2}


def train(folder, name="dcgan", classes=("left",), iterations=2, **settings):
    """Train a tiny method on painted squares."""
    images = painted_squares(classes=classes)
    settings = {"critic_steps": 1, "learning_rate": 0.01, "ema": 0.5} | settings
    fit(tiny_method(name, **settings), images, run_dir=folder, iterations=iterations, **OPTIONS)
    return folder


@pytest.fixture(scope="module")
def source(tmp_path_factory):
    """A run of DCGAN on one class."""
    return train(tmp_path_factory.mktemp("source") / "run")


def altered(source, folder, change, step=2):
    """Copy a run; `change` makes other arrays of those in its newest checkpoint."""
    run = RunDirectory(source if folder == source else shutil.copytree(source, folder))
    checkpoints = run.checkpoints("left")
    checkpoints.save(step, change(checkpoints.latest()[1]), {})
    return run.path


def doubled(arrays):
    return {name: 2 * array for name, array in arrays.items()}


def prepared(source, job="left", name="dcgan", **settings):
    """The `TrainingStep` of a phase that is about to train."""
    method = tiny_method(name, critic_steps=1, init=source, **settings)
    phase = next(method.phases(Job(job, painted_squares(classes=(job,)))))
    phase.step.compile = lambda: None  # it comes with the first iteration
    phase.prepare()
    return phase.step


def test_networks_begin_with_the_averaged_generator_and_the_critic(source):
    arrays, step = saved_arrays(source), prepared(source)
    some = "generator/project/kernel"
    assert np.any(arrays[some] != arrays[some.replace("generator", "average")])
    for network in (step.generator, step.average):
        for weight in network.trainable_variables:
            expected = arrays[f"average/{weight.path.partition('/')[2]}"]
            np.testing.assert_array_equal(weight, expected, err_msg=weight.path)
    for weight in step.critic.variables:
        np.testing.assert_array_equal(weight, arrays[f"critic/{weight.path.partition('/')[2]}"])


def test_without_an_average_they_begin_with_the_generator(tmp_path, source):
    def without_average(arrays):
        return {name: array for name, array in arrays.items() if not name.startswith("average")}

    source = altered(source, tmp_path / "run", without_average)
    step, arrays = prepared(source), saved_arrays(source)
    for network in (step.generator, step.average):
        for weight in network.variables:
            name = f"generator/{weight.path.partition('/')[2]}"
            np.testing.assert_array_equal(weight, arrays[name])


def test_what_fits_is_told_by_name_and_shape():
    networks = build(tiny_method("dcgan"))
    arrays = {
        "generator/project/kernel": np.ones((8, 512)),
        "average/project/kernel": np.zeros((8, 512)),
        "generator/norm_0/gamma": np.ones(32),
        "average/norm_0/gamma": np.ones(31),
        "critic/conv_0/kernel": np.ones((5, 5, 3, 4)),
        "critic/conv_1/kernel": np.ones((5, 5, 4, 9)),
        "generator/unknown": np.ones(3),
    }
    found, left = fitting(networks, arrays)
    assert set(found) == {"generator/project/kernel", "critic/conv_0/kernel"}
    assert not found["generator/project/kernel"].any()  # the average
    assert {"generator/norm_0/gamma", "critic/conv_1/kernel", "critic/score/bias"} <= set(left)
    assert describe([]) == "all of it fits"
    assert describe(["critic/a/kernel", "critic/a/bias", "critic/b/kernel"]) == (
        "does not fit and begins at random: critic/a, critic/b"
    )
    assert describe([f"critic/{place}/bias" for place in range(15)]).endswith(" and 3 more")


def test_other_classes_take_over_all_but_the_embeddings(tmp_path, caplog):
    source = train(tmp_path / "source", "reacgan", ("left", "right"))
    classes = ("left", "middle", "right")
    train(tmp_path / "run", "reacgan", classes, init=source, learning_rate=1e-9)
    (line,) = [record.getMessage() for record in caplog.records if record.levelno > logging.INFO]
    assert line.startswith(f"all_classes begins with all_classes of {source}, iteration 2; does")
    assert line.endswith(
        "random: generator/norm_0, generator/norm_1, generator/norm_2, critic/proxies"
    )
    before, after = (saved_arrays(run, "all_classes") for run in (source, tmp_path / "run"))
    kernels = [key for key in after if key.startswith(("generator", "critic")) and "kernel" in key]
    taken = [key for key in kernels if key != "critic/proxies/kernel"]
    assert len(taken) == len(kernels) - 1 == 4 + 5  # with the dense layer, score, embedding
    for key in taken:
        theirs = before[key.replace("generator", "average")]
        np.testing.assert_allclose(after[key], theirs, atol=1e-6, err_msg=key)
    assert set(load(tmp_path / "run").class_names) == set(classes)


def test_a_job_begins_with_its_namesake_or_the_first_or_the_one_named(tmp_path, source, caplog):
    other = altered(source, tmp_path / "other", doubled)
    source = shutil.copytree(source, tmp_path / "source")
    shutil.copytree(other / "left", source / "right")
    right = saved_arrays(source, "right")["critic/conv_0/kernel"]
    left = saved_arrays(source, "left")["critic/conv_0/kernel"]
    assert np.any(left != right)
    for path, job, expected in (
        (source, "right", right), (source, "left", left), (source, "other", left),
        (source / "right", "other", right), (source / "right", "left", right),
    ):  # fmt: skip
        with caplog.at_level(logging.INFO):
            step = prepared(path, job)
        np.testing.assert_array_equal(step.critic.convs[0].kernel, expected)
        assert f"{job} begins with {'left' if expected is left else 'right'} of" in caplog.text
        assert "all of it fits" in caplog.text
        caplog.clear()


@pytest.mark.parametrize("name", [name for name in GANS if not name.startswith("bagan")])
def test_the_lowest_layers_of_every_critic(name):
    method = tiny_method(name, init="runs/some", freeze=1)
    critic = build(method, 2).critic
    stages = critic.layers_by_stage()
    assert lowest(method, critic) == stages[0]
    assert len(stages) == 3  # 16×16, 8×8 and 4×4; or the first convolution and two of them
    weights = [id(variable) for stage in stages for layer in stage for variable in layer.variables]
    assert len(set(weights)) == len(weights)
    last = (
        "score classify embed proxies patches embedding to_class mix norm decode_whole decode_part "
        "last dense project vectors class_0 class_1"
    )
    for variable in critic.trainable_variables:
        if id(variable) not in weights:
            assert set(last.split()) & set(variable.path.split("/")), variable.path
    assert all(
        isinstance(layer, SpectralNormalization) or layer.trainable_variables
        for stage in stages for layer in stage
    )  # fmt: skip


def test_frozen_layers_stay_and_all_others_learn(source):
    step = prepared(source, freeze=2, learning_rate=0.01)
    before = {weight.path: np.array(weight) for weight in step.critic.variables}
    step.run_iterations(2)
    for weight in step.critic.variables:
        layer = weight.path.split("/")[1]
        kept = layer in ("conv_0", "conv_1", "norm_1") and "moving" not in weight.path
        assert np.array_equal(weight, before[weight.path]) == kept, weight.path
    assert len(step.critic_optimizer.variables) == 2 + 2 * len(step.critic.trainable_variables)


def test_a_stopped_training_goes_on_to_the_bit_when_its_source_is_gone(tmp_path, source):
    source = shutil.copytree(source, tmp_path / "source")
    settings = {"init": source, "freeze": 1}
    whole = saved_arrays(train(tmp_path / "whole", iterations=4, **settings))
    train(tmp_path / "run", **settings)
    recorded = RunDirectory(tmp_path / "run").config()
    assert recorded["settings"]["init"].startswith("sha256 ")
    assert recorded["settings"]["freeze"] == 1
    assert recorded["options"]["init"] == str(source)
    learnt = recorded["data"]["classes"]["left"]["train"]
    assert recorded["data"]["before"] == {"left": learnt} and len(learnt) == 6
    shutil.rmtree(source)
    found = saved_arrays(train(tmp_path / "run", iterations=4, **settings))
    assert found.keys() == whole.keys()
    for key, array in whole.items():
        np.testing.assert_array_equal(found[key], array, err_msg=key)
    resumed = RunDirectory(tmp_path / "run").config()
    for section in ("settings", "data"):
        assert resumed[section] == recorded[section]
    assert load_run(tmp_path / "run").provenance["data"]["before"] == {"left": learnt}
    with pytest.raises(UserError, match="is not a run directory") as caught:  # this class is new
        train(tmp_path / "run", classes=("new",), **(settings | {"init": tmp_path / "other"}))
    assert str(caught.value).startswith("--init: ")
    with pytest.raises(UserError, match="new has not begun to train and needs it"):
        train(tmp_path / "run", classes=("new",), **settings)


def test_images_behind_a_run_are_those_behind_its_source_too():
    data = {"classes": {"b": {"train": ["2", "1"], "test": ["3"]}}}
    assert learnt_from(data) == {"b": ["1", "2"]}
    data["before"] = {"a": ["4"], "b": ["2", "5"]}
    assert learnt_from(data) == {"a": ["4"], "b": ["1", "2", "5"]}


def test_a_run_keeps_to_what_it_began_with(tmp_path, source):
    run = train(tmp_path / "run", init=source)
    train(tmp_path / "run", init=shutil.copytree(source, tmp_path / "moved"))  # the same weights
    other = altered(source, tmp_path / "other", doubled)
    with pytest.raises(UserError, match=r"--init was sha256 \w+, is now sha256 \w+; use the old"):
        train(run, init=other)
    with pytest.raises(UserError, match=r"--init was sha256 \w+, is now not set"):
        train(run)
    with pytest.raises(UserError, match="--freeze was not set, is now 1"):
        train(run, init=source, freeze=1)
    with pytest.raises(UserError, match="--init was not set, is now sha256"):
        train(other, init=source)


def test_a_source_that_trains_on_meanwhile_is_refused(tmp_path, source):
    source = shutil.copytree(source, tmp_path / "source")
    method = tiny_method("dcgan", critic_steps=1, init=source)
    method.external_weights()  # what `fit` asks for before its first job
    altered(source, source, doubled, step=4)
    phase = next(method.phases(Job("left", painted_squares())))
    with pytest.raises(UserError, match="has been trained on since this run began"):
        phase.prepare()


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"init": "nowhere"}, "nowhere is not a run directory (it has no config.json); name a"),
        ({"init": "empty"}, "empty holds no checkpoint yet; train it, or name another"),
        ({"init": "run/right"}, "right is not a run directory"),
        ({"image_size": 64}, "was trained on images of 32 pixels and --image_size is 64; use"),
        ({"base_channels": 64, "latent_dim": 4}, "no layer of"),
        ({"name": "reacgan", "classes": ("a", "b"), "base_channels": 64, "latent_dim": 4},
         "fits a network of reacgan with these settings"),
        ({"freeze": 4}, "--freeze is 4; the critic of dcgan has 3 layers that can be kept at 32"),
        ({"init": "random", "freeze": 1}, "--freeze is 1, and keeps layers of a critic that was"),
        ({"freeze": -1}, "--freeze is -1; it must be at least 0"),
    ],
)  # fmt: skip
def test_what_cannot_be_begun_with_is_one_line_and_nothing_is_written(
    tmp_path, source, settings, message
):
    shutil.copytree(source, tmp_path / "run")
    shutil.copytree(source, tmp_path / "empty", ignore=shutil.ignore_patterns("*.npz"))
    path = settings.get("init", "run")
    settings |= {"init": path if path == "random" else tmp_path / path}
    size, name = settings.get("image_size", 32), settings.pop("name", "dcgan")
    images = painted_squares(size=size, classes=settings.pop("classes", ("left",)))
    with pytest.raises(UserError) as caught:
        fit(tiny_method(name, **settings), images, run_dir=tmp_path / "new", iterations=1)
    assert message in str(caught.value) and "\n" not in str(caught.value)
    assert not (tmp_path / "new").exists()


def test_the_plan_says_what_a_training_begins_with(source):
    method = tiny_method("dcgan", init=source, freeze=2)
    text = describe_plan(method, painted_squares(classes=("left", "right")), Options())
    assert f"{source} (left from left, right from left); all of it fits; the 2 lowest" in text
    with pytest.raises(UserError, match="--freeze is 9"):
        describe_plan(tiny_method("dcgan", init=source, freeze=9), painted_squares(), Options())
    assert "begins with" not in describe_plan(tiny_method("dcgan"), painted_squares(), Options())

"""Diffusion as a method: both phases, stopped anywhere, and what is made of them."""

import shutil

import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf import methods
from ssgan_tf.errors import UserError
from ssgan_tf.generation.generated_set import write_generated_set
from ssgan_tf.methods.diffusion import network
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.training import fit, load_run
from ssgan_tf.training.trained import without_training
from tests.training.tiny import painted_squares, tiny_method

CLASSES = ("left", "right")
QUICK = {"steps": 2}
OPTIONS = {"progress": False, "iterations": 2, "checkpoint_every": 1, "sample_every": 100}


@pytest.fixture(scope="module", autouse=True)
def two_levels():
    """A smaller network, which is compiled sooner."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(network, "LEVELS", (1, 2))
        yield


def method(**changes):
    settings = {"unet_channels": 32, "ema": 0.5, "learning_rate": 1e-3}
    return tiny_method("diffusion", **settings | {"precision": "mixed_bfloat16"} | changes)


def images():
    return painted_squares(4, classes=CLASSES)


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    folder = tmp_path_factory.mktemp("diffusion") / "run"
    fit(method(), images(), run_dir=folder, **OPTIONS)
    return folder


@pytest.fixture(scope="module")
def guided(tmp_path_factory):
    folder = tmp_path_factory.mktemp("guided") / "run"
    fit(method(guide_iterations=2), images(), run_dir=folder, **OPTIONS)
    return folder


def arrays(folder, phase):
    return RunDirectory(folder).checkpoints("all_classes", phase).latest()[1]


def goes_on_to_the_bit(whole, stopped, phases, **changes):
    """Take away the first phase's last checkpoint, train again, and compare."""
    sorted((stopped / "all_classes" / phases[0] / "checkpoints").glob("*.npz"))[-1].unlink()
    assert RunDirectory(stopped).checkpoints("all_classes", phases[0]).latest_step() == 1
    fit(method(**changes), images(), run_dir=stopped, **OPTIONS)
    for name in phases:
        expected, found = arrays(whole, name), arrays(stopped, name)
        assert expected.keys() == found.keys()
        for key, array in expected.items():
            np.testing.assert_array_equal(found[key], array, err_msg=f"{name} {key}")


def test_stopped_it_goes_on_to_the_bit(run, tmp_path):
    shutil.copytree(run, tmp_path / "stopped")
    goes_on_to_the_bit(run, tmp_path / "stopped", [""])


@pytest.mark.long
def test_stopped_in_the_first_of_two_phases_it_goes_on_to_the_bit(guided, tmp_path):
    shutil.copytree(guided, tmp_path / "stopped")
    shutil.rmtree(tmp_path / "stopped" / "all_classes" / "checkpoints")  # not begun yet
    goes_on_to_the_bit(guided, tmp_path / "stopped", ["guide", ""], guide_iterations=2)


@pytest.mark.long
def test_a_classifier_that_sees_through_noise_guides(guided):
    made = {
        scale: load_run(guided, sampling=QUICK | {"classifier_guidance": scale}).sampler
        for scale in (0.0, 50.0)
    }
    assert (made[0.0].sample("left", 2) != made[50.0].sample("left", 2)).any()


def test_images_depend_on_class_seed_and_number_only(run):
    sampler = load_run(run, sampling=QUICK).sampler
    many = sampler.sample("right", 18)
    assert many.shape == (18, 32, 32, 3)
    np.testing.assert_array_equal(sampler.sample("right", 3), many[:3])
    for other in (sampler.sample("left", 3), sampler.sample("right", 3, seed=1), many[3:6]):
        assert (other != many[:3]).any()
    walk = sampler.walk("left", stops=2, steps=2)
    assert walk.shape == (4, 32, 32, 3)


def test_choices_change_images_and_progress_is_told(run):
    made, told = {}, {}
    for choice in (
        {}, {"sampler": "ddim"}, {"sampler": "ddpm", "guidance": "3"},
    ):  # fmt: skip
        loaded = load_run(run, sampling=QUICK | choice)
        words = told[str(choice)] = []
        loaded.sampler.watch = words.append
        made[str(choice)] = loaded.sampler.sample("left", 2).tobytes()
        assert loaded.provenance["sampling"]["steps"] == 2
    assert len(set(made.values())) == len(made)
    assert told["{}"] == ["step 1 of 3", "step 2 of 3", "step 3 of 3"]
    assert told[str({"sampler": "ddim"})] == ["step 1 of 2", "step 2 of 2"]


def test_variations_keep_what_the_noise_leaves(run):
    sampler, real = load_run(run, sampling=QUICK).sampler, images().images[:2]
    noise = tf.random.stateless_normal(real.shape, (0, 1))
    near, far = (sampler.vary(real, [0, 0], sigma, noise) for sigma in (0.01, 20.0))
    distances = [np.abs(made - real.astype(float)).mean() for made in (near, far)]
    assert distances[0] < 5 < 20 < distances[1]


def test_variants_of_training_images_are_a_set_with_its_sources(run, tmp_path):
    sdedit = methods.create("sdedit", image_size=32)
    with pytest.raises(UserError, match="--diffusion is missing; name the run directory"):
        without_training(sdedit, images())
    sdedit.choose_sampling(diffusion=str(run), sigma=0.01, steps=2)
    tested = images().select([7])
    trained = without_training(sdedit, images().select(range(7)), tested)
    manifest = write_generated_set(trained, tmp_path / "set", 5, progress=False)
    assert manifest["classes"]["right"]["sources"] == [*images().hashes[4:7], *images().hashes[4:6]]
    assert images().hashes[7] in manifest["data"]["before"]["right"]  # the leak is known
    made = trained.sampler.sample("right", 5)
    np.testing.assert_array_equal(made[:2], trained.sampler.sample("right", 2))
    assert np.abs(made[3] - images().images[4].astype(float)).mean() < 5
    assert (made[0] != made[3]).any()  # of one photograph, with other noise


@pytest.mark.parametrize(
    ("size", "classes", "words"),
    [
        (64, CLASSES, "makes images of 32 pixels; add --image_size 32"),
        (32, ("left", "up"), "not trained on the class 'up', but on left, right; choose --classes"),
    ],
)
def test_a_diffusion_that_does_not_fit_is_one_line(run, size, classes, words):
    sdedit = methods.create("sdedit", image_size=size)
    sdedit.choose_sampling(diffusion=str(run))
    with pytest.raises(UserError, match=words):
        without_training(sdedit, painted_squares(2, size=size, classes=classes))


def test_labels_are_learnt_apart_from_no_label_and_noise_levels_from_each_other(run):
    sampler = load_run(run, sampling=QUICK).sampler
    x = tf.random.stateless_normal((2, 32, 32, 3), (0, 1))
    answers = [
        sampler._network(x, tf.fill((2,), noise), tf.constant([label] * 2), None).numpy()
        for noise, label in ((0.1, 0), (0.1, 1), (0.1, 2), (0.1001, 0))
    ]
    for other in answers[1:]:
        assert (answers[0] != other).any()  # in bfloat16, 0.1001 would be 0.1


def test_the_network_has_the_size_that_docs_say(monkeypatch):
    monkeypatch.setattr(network, "LEVELS", (1, 2, 3))
    cost = methods.create("diffusion").cost(5)
    assert cost.parameters == {"denoiser": 8_379_276, "together": 8_379_276}
    assert cost.flops == {"denoiser": 2_935_176_704, "batch": 93_925_654_528, "batch_size": 32}


@pytest.mark.parametrize(("channels", "heads"), [(96, 1), (192, 3), (480, 6)])
def test_heads_share_the_channels_evenly(channels, heads):
    """With --unet_channels 160 there are 480, which seven heads of 64 and more cannot share."""
    layer = network.Attention()
    maps = tf.random.stateless_normal((1, 2, 2, channels), (0, 1))
    np.testing.assert_allclose(layer(maps), maps * 0.5**0.5, rtol=1e-6)  # it begins with zeros
    assert layer.heads == heads


def test_it_begins_with_an_answer_of_nothing():
    """Zero weights at the end: D(x) begins as c_skip x."""
    unet = network.new_denoiser(method().settings, 2)
    x = tf.ones((1, 32, 32, 3))
    assert not unet(x, tf.zeros((1,)), tf.zeros((1,), tf.int32)).numpy().any()


@pytest.mark.parametrize(
    ("settings", "words"),
    [
        ({"image_size": 48}, "--image_size is 48; it must be a multiple of 32"),
        ({"unet_channels": 40}, "--unet_channels is 40; it must be a multiple of 32"),
        ({"dropout": 1.0}, "--dropout is 1.0; it must be at least 0 and less than 1"),
        ({"precision": "mixed_float16"}, "--precision is mixed_float16; it must be one of"),
    ],
)
def test_impossible_settings_are_one_line(settings, words):
    with pytest.raises(UserError, match=words):
        methods.create("diffusion", **settings)


@pytest.mark.parametrize(
    ("choice", "words"),
    [
        ({"sampler": "euler"}, "--sampler is euler; it must be one of heun, ddim, ddpm"),
        ({"steps": 1}, "--steps is 1; it must be 2 to 1000"),
        ({"guidance": "map"}, "--guidance is map; it must be a number"),
        ({"guidance": -1.0}, "--guidance is -1.0; it must be 0 to 100"),
    ],
)
def test_impossible_choices_are_one_line(choice, words):
    with pytest.raises(UserError, match=words):
        methods.create("diffusion").choose_sampling(**choice)


def test_guidance_by_a_classifier_needs_one():
    guided = methods.create("diffusion")
    guided.choose_sampling(classifier_guidance=1.0)
    with pytest.raises(UserError, match="this run has none; train with --guide_iterations"):
        guided.sampler({}, None)

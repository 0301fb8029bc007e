"""Augmentation of what the critic sees, and penalties, in the training of any GAN."""

import shutil

import numpy as np

from ssgan_tf.runs.metrics_log import read_metrics
from ssgan_tf.training import fit
from tests.training.tiny import make_step, painted_squares, saved_arrays, tiny_method

EVERYTHING = {"augment_critic": "ada", "penalty": "lecam,r1", "learning_rate": 1e-3}


def test_a_training_with_everything_resumes_to_the_bit(tmp_path):
    name, images = "acgan", painted_squares(classes=("left", "right"))
    options = {"checkpoint_every": 10, "sample_every": 20, "log_every": 10, "progress": False}

    def train(folder, iterations):
        method = tiny_method(name, **EVERYTHING)
        fit(method, images, run_dir=tmp_path / folder, iterations=iterations, **options)
        (network,) = method.jobs(images.class_names)
        return saved_arrays(tmp_path / folder, network), network

    expected, network = train("whole", 20)
    shutil.copytree(tmp_path / "whole", tmp_path / "stopped")
    (tmp_path / "stopped" / network / "checkpoints" / "000020.npz").unlink()
    found, _ = train("stopped", 20)
    assert found.keys() == expected.keys()
    for key, array in expected.items():
        np.testing.assert_array_equal(found[key], array, err_msg=key)
    assert {"augment/probability", "augment/signs", "penalty/lecam/real"} <= set(found)
    assert found["augment/batches"] == 20  # critic updates
    assert found["penalty/lecam/real"] != 0
    records = read_metrics(tmp_path / "whole" / network / "metrics.jsonl")
    for record in records:
        assert record["lecam"] > 0
        assert 0 <= record["augment_probability"] <= 1
    assert any(record["r1"] > 0 for record in records)


def test_real_and_generated_images_and_those_for_the_generator_draw_numbers_of_their_own():
    method = tiny_method("dcgan", augment_critic="diffaugment")
    step = make_step(method, "left", painted_squares())
    seen = []
    step.augment = lambda images, uniforms: seen.append(uniforms.numpy()) or images
    step.augment.draws = 7
    batch = step._draw(0, step.images.tensors)
    for side in range(4):
        step._seen(batch.real[0], batch.seed, side)
    assert len(np.unique(np.concatenate(seen).round(6))) == 4 * 4 * 7


def test_each_component_changes_what_the_critic_learns():
    def arrays_after_an_iteration(**settings):
        step = make_step(tiny_method("dcgan", **settings), "left", painted_squares())
        step.run_iterations(1)
        return {weight.path: np.array(weight) for weight in step.critic.trainable_variables}

    plain, again = arrays_after_an_iteration(), arrays_after_an_iteration()
    for path, weight in plain.items():
        np.testing.assert_array_equal(again[path], weight)
    for settings in ({"augment_critic": "diffaugment"}, {"penalty": "lecam"}):
        other = arrays_after_an_iteration(**settings)
        assert any(np.any(other[path] != weight) for path, weight in plain.items()), settings


def test_r1_has_its_turn_every_sixteenth_update():
    method = tiny_method("dcgan", penalty="r1", critic_steps=2)
    step = make_step(method, "left", painted_squares())
    reported = [step.run_iterations(1)["r1"] > 0 for _ in range(17)]
    # The 16th update is the second one of the 8th iteration.
    assert [place for place, one in enumerate(reported, 1) if one] == [8, 16]

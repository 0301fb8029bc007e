import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from benchmarks import train_step
from ssgan_tf.data import ImageSet
from ssgan_tf.methods import create

SCRIPT = Path(train_step.__file__)
TINY = {
    "image_size": 32, "base_channels": 32, "batch_size": 4, "critic_steps": 2,
    "vgg_weights": "random",
}  # fmt: skip


def noise_images(count=6, size=32):
    return np.random.default_rng(0).integers(0, 256, (count, size, size, 3), np.uint8)


def image_set(images):
    names = tuple(map(str, range(len(images))))
    return ImageSet(images, np.zeros(len(images), np.int32), ("a",), names, names, "noise")


def kernels(network):
    """What has a gradient for certain; a bias before a normalisation has none but noise."""
    return [weight.numpy() for weight in network.weights if weight.path.endswith("kernel")]


@pytest.fixture(scope="module")
def finished(tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark")
    for number, pixels in enumerate(noise_images(12)):
        path = folder / "images" / "ab"[number % 2] / f"{number}.png"
        path.parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(pixels).save(path)
    flags = TINY | {"dataset": folder / "images", "rounds": 3, "iterations": 1}
    flags |= {"matmul_size": 64, "json": folder / "result.json"}
    run = subprocess.run(
        [sys.executable, SCRIPT, *(f"--{name}={value}" for name, value in flags.items())],
        env=os.environ | {"SSGAN_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return json.loads((folder / "result.json").read_text()), run.stdout


@pytest.mark.long
def test_json_says_what_was_measured_and_where(finished):
    result, _ = finished
    assert result["settings"]["base_channels"] == 32
    assert result["settings"]["batch_size"] == 4
    assert result["iterations_a_round"] == 1
    assert result["images"] == 6
    assert list(result)[:4] == ["date", "machine", "versions", "git_commit"]


@pytest.mark.long
def test_figures_follow_from_each_other(finished):
    result, _ = finished
    rows = result["contenders"]
    assert list(rows) == ["plain", "ours", "ours_float32"]
    for row in rows.values():
        assert len(row["seconds_of_rounds"]) == 3
        assert row["seconds_per_iteration"] == statistics.median(row["seconds_of_rounds"]) > 0
    assert result["ratio"] == pytest.approx(
        rows["plain"]["seconds_per_iteration"] / rows["ours"]["seconds_per_iteration"]
    )
    for name in ("ours", "ours_float32"):
        rate = result["iteration_gflop"] / rows[name]["seconds_per_iteration"]
        compute_type = "bfloat16" if "bfloat16" in rows[name]["precision"] else "float32"
        assert rows[name]["gflops_per_second"] == pytest.approx(rate)
        assert rows[name]["share_of_limit"] == pytest.approx(
            rate / result["matmul_gflops"][compute_type]
        )
    assert rows["plain"]["precision"] == rows["ours_float32"]["precision"] == "float32"


@pytest.mark.long
def test_memory_and_start_are_measured_in_processes_of_their_own(finished):
    result, _ = finished
    for name in ("plain", "ours"):
        assert 200 < result["contenders"][name]["peak_memory_mib"] < 8000
    assert 1 < result["seconds_to_first_iteration"] < 600


@pytest.mark.long
def test_table_and_progress_are_printed(finished):
    result, printed = finished
    assert "round 3 of 3" in printed
    assert f"plain / ours: {result['ratio']:.2f}" in printed
    for name, row in result["contenders"].items():
        (line,) = [line for line in printed.splitlines() if line.startswith(f"{name:13} ")]
        assert f"{row['seconds_per_iteration']:.3f}" in line


@pytest.mark.long
def test_plain_iteration_computes_what_ours_does():
    method, images = create("ssgan", **TINY), image_set(noise_images())
    ours = train_step.make_contender("ours_float32", method, images).step
    plain = train_step.make_contender("plain", method, images)
    for network in ("generator", "critic"):
        getattr(plain, network).set_weights(getattr(ours, network).get_weights())
    before = kernels(plain.generator)

    for number in range(method.settings.critic_steps):
        # What ours is about to draw in its first iteration.
        batch = ours._draw(number, ours.images.tensors)
        real_images, _ = batch.real
        shape = (method.settings.batch_size, 1, 1, 1)
        mix = tf.random.stateless_uniform(shape, batch.seed, alg="philox")
        losses = plain.critic_step(real_images, batch.latents, mix)
    losses |= plain.generator_step(real_images, batch.latents)

    expected = ours.run_iterations(1)
    assert sorted(losses) == [
        "critic_loss", "generator_loss", "penalty", "perceptual", "wasserstein",
    ]  # fmt: skip
    for name, loss in losses.items():
        np.testing.assert_allclose(loss, expected[name], rtol=1e-4, atol=1e-5, err_msg=name)
    # Adam's first steps are as long as its learning rate, whatever the gradient.
    step = method.settings.learning_rate
    for start, one, other in zip(
        before, kernels(plain.generator), kernels(ours.generator), strict=True
    ):
        assert np.abs(one - start).mean() > 0.5 * step
        assert np.abs(one - other).mean() < 0.05 * step


def test_plain_input_is_in_the_range_of_the_networks():
    images = np.stack([np.zeros((32, 32, 3), np.uint8), np.full((32, 32, 3), 255, np.uint8)])
    plain = train_step.make_contender("plain", create("ssgan", **TINY), image_set(images))
    batch = next(plain.batches).numpy()
    assert batch.shape == (4, 32, 32, 3)
    assert set(np.unique(batch)) == {-1.0, 1.0}

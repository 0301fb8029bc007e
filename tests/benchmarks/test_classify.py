import json
import os
import statistics
import subprocess
import sys
from pathlib import Path

import pytest

from benchmarks import classify
from ssgan_tf import plots
from ssgan_tf.classify.network import build_network
from ssgan_tf.classify.training import ClassifierSettings
from ssgan_tf.metrics.complexity import layer_costs
from tests.training.tiny import painted_squares

SCRIPT = Path(classify.__file__)
IMAGES = painted_squares(per_class=6, size=16, classes=("left", "right"))


@pytest.fixture(scope="module")
def finished(preset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("benchmark")
    for path, image in zip(IMAGES.paths, IMAGES.images, strict=True):
        target = (folder / "images" / path).with_suffix(".png")
        target.parent.mkdir(parents=True, exist_ok=True)
        plots.write_png(target, image)
    flags = {"dataset": folder / "images", "image_size": 16, "batch_size": 4, "weights": preset}
    flags |= {"rounds": 3, "steps": 2, "matmul_size": 64, "json": folder / "result.json"}
    run = subprocess.run(
        [sys.executable, SCRIPT, *(f"--{name}={value}" for name, value in flags.items())],
        env=os.environ | {"SSGAN_CACHE": str(folder / "cache")},
        capture_output=True,
        text=True,
    )
    assert run.returncode == 0, run.stderr
    return json.loads((folder / "result.json").read_text()), run.stdout


def test_json_says_what_was_measured(finished, preset):
    result, _ = finished
    assert result["settings"]["weights"] == preset
    assert result["settings"]["batch_size"] == 4
    assert (result["images"], result["classes"], result["steps_a_round"]) == (12, 2, 2)
    assert result["image_gflop"] == classify.training_flops(build_network(preset, 16, 2)) / 1e9


def test_figures_follow_from_each_other(finished):
    result, _ = finished
    rows = result["contenders"]
    assert list(rows) == ["plain", "ours", "ours_float32"]
    for row in rows.values():
        assert len(row["seconds_of_rounds"]) == 3
        pace = 4 / statistics.median(row["seconds_of_rounds"])
        assert row["images_per_second"] == pytest.approx(pace)
        rate = pace * result["image_gflop"]
        assert row["gflops_per_second"] == pytest.approx(rate)
        compute_type = "bfloat16" if "bfloat16" in row["precision"] else "float32"
        limit = result["matmul_gflops"][compute_type]
        assert row["share_of_limit"] == pytest.approx(rate / limit)
    assert rows["plain"]["precision"] == rows["ours_float32"]["precision"] == "float32"
    assert result["ratio"] == pytest.approx(
        rows["ours"]["images_per_second"] / rows["plain"]["images_per_second"]
    )


def test_table_and_progress_are_printed(finished):
    result, printed = finished
    assert "round 3 of 3: seconds per step: plain" in printed
    assert f"ours / plain: {result['ratio']:.2f}" in printed
    lines = [line.split()[:3] for line in printed.splitlines()]
    for name, row in result["contenders"].items():
        assert [name, row["precision"], f"{row['images_per_second']:,.1f}"] in lines


def test_operations_are_those_of_resnet_18():
    network = build_network("scratch", 224, 1000)
    multiply_adds = sum(cost.multiply_adds for cost in layer_costs(network))
    # PyTorch gives 1.814 G for ResNet-18, https://docs.pytorch.org/vision/stable/models.html
    assert round(multiply_adds / 1e9, 3) == 1.814
    first = 7 * 7 * 3 * 64 * 112 * 112
    assert classify.training_flops(network) == 2 * (3 * multiply_adds - first)


def test_plain_training_computes_what_ours_does(preset):
    # Batches of all images, so that their order does not matter.
    settings = ClassifierSettings(weights=preset, batch_size=len(IMAGES), learning_rate=1e-3)
    ours, plain = (
        classify.make_contender(name, IMAGES, settings, steps=4)
        for name in ("ours_float32", "plain")
    )
    plain.network.set_weights(ours.network.get_weights())
    for _ in range(3):
        expected, learnt = ours.run(1), plain.run(1)
        assert learnt == pytest.approx(expected, rel=1e-3)
    assert expected["loss"] < 0.5  # so that it is a training whose losses agree


def test_only_ours_computes_as_the_machine_would_have_it(preset, monkeypatch):
    monkeypatch.setattr(
        "ssgan_tf.classify.training.resolve_precision",
        lambda precision: "mixed_bfloat16" if precision == "auto" else precision,
    )
    for name, expected in (("plain", "float32"), ("ours", "bfloat16"), ("ours_float32", "float32")):
        contender = classify.make_contender(
            name, IMAGES, ClassifierSettings(weights=preset), steps=1
        )
        assert contender.network.get_layer(index=2).compute_dtype == expected  # the backbone

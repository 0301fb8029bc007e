"""The scripts as a user calls them, from another folder."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from ssgan_tf.folder_lock import FolderLock
from tests.evaluation.folders import write_set
from tests.metrics.frozen import tiny_graph

ROOT = Path(__file__).resolve().parents[1]
TINY = [
    "--image_size=32", "--base_channels=32", "--latent_dim=8", "--batch_size=4", "--critic_steps=1",
    "--mu=0",
]  # fmt: skip


def call(script, *arguments, folder, **environment):
    return subprocess.run(
        [sys.executable, str(ROOT / script), *arguments],
        cwd=folder,
        env={**os.environ, "SSGAN_CACHE": str(folder / "cache"), **environment},
        capture_output=True,
        text=True,
        timeout=300,
    )


def test_train_generate_evaluate_classify_and_filter(tmp_path, preset, loaded):
    trained = call(
        "train.py", "--dataset=demo", "--classes=roses,tulips", "--train_per_class=6",
        "--iterations=2", *TINY, folder=tmp_path,
    )  # fmt: skip
    assert trained.returncode == 0, trained.stderr
    assert "roses" in trained.stdout
    assert "2/2" in trained.stderr  # the progress bar
    assert "oneDNN" not in trained.stderr
    run_dir = tmp_path / "runs" / "demo" / "ssgan"
    config = json.loads((run_dir / "config.json").read_text())
    assert len(config["data"]["classes"]["roses"]["train"]) == 6
    assert len(config["data"]["classes"]["roses"]["test"]) == 40

    # What follows is called as the scripts call it, in processes that have TensorFlow loaded.
    def command(name, *arguments):
        return loaded.run(name, *arguments, folder=tmp_path)

    # The command that it tells the user to go on with works.
    generated = command(
        "generate", "--run=runs/demo/ssgan", "--per_class=2", "--out=augmented/demo",
    )  # fmt: skip
    assert generated.code == 0, generated.stderr
    assert len(list((tmp_path / "augmented" / "demo" / "roses").glob("*.png"))) == 2
    (tmp_path / "graph.pb").write_bytes(tiny_graph())
    real = ["--dataset=demo", "--inception=graph.pb"]
    for images in (["--generated=augmented/demo"], ["--run=runs/demo/ssgan", "--per_class=2"]):
        evaluated = command("evaluate", *images, *real, "--out=results/demo")
        assert evaluated.code == 0, evaluated.stderr
        for words in ("all together", "FID to the training images is", "Generative augmentation"):
            assert words in evaluated.stdout
        metrics = json.loads((tmp_path / "results" / "demo" / "metrics.json").read_text())
        # The split is that of the training, which is on 6 images of each class.
        assert metrics["inputs"]["split_from"] == "manifest"
        assert metrics["overall"]["images"] == {"generated": 4, "training": 12, "held_out": 80}
        assert metrics["cost"]["method"] == "ssgan"
        assert "curves" in metrics["pictures"]
    assert (tmp_path / "results" / "demo" / "generated" / "roses" / "000001.png").exists()

    classified = command(
        "classify", "--dataset=demo", "--classes=roses,tulips", "--augment=ssgan=augmented/demo",
        "--augment=crop", "--per_class=2", "--seeds=1", "--epochs=1", f"--weights={preset}",
        "--real_per_class=5",
    )  # fmt: skip
    assert classified.code == 0, classified.stderr
    # The generators were trained on 6 images of each class, and the classifiers on 5 of these.
    more = "do not train on: 2 (roses 1, tulips 1)"
    for words in ("accuracy, + 2", "one seed is no evidence", more):
        assert words in classified.stdout
    out = tmp_path / "results" / "demo-classify"
    results = json.loads((out / "results.json").read_text())
    assert results["conditions"]["ssgan"]["finding"] == "clean"
    assert [row["condition"] for row in results["rows"]] == ["original", "ssgan", "crop"]
    assert (out / "report.html").stat().st_size > 100_000  # with its pictures

    filtered = command(
        "generate", "--run=runs/demo/ssgan", "--per_class=2", "--out=augmented/filtered",
        f"--filter={out / 'runs' / 'original' / 'seed-0'}", "--threshold=0.01",
    )  # fmt: skip
    assert filtered.code == 0, filtered.stderr
    assert "the filter accepted" in filtered.stdout
    assert (tmp_path / "augmented" / "filtered" / "filter.png").exists()


def test_a_run_is_not_written_into_its_data_set(tmp_path):
    photos = write_set(tmp_path / "photos", count=6)
    command = ["train.py", "--dataset=.", "--iterations=1", *TINY]
    for more in ([], ["--run_dir=blue/run"]):
        refused = call(*command, *more, folder=photos, SSGAN_CACHE=str(tmp_path / "cache"))
        assert refused.returncode == 2, refused.stderr
        assert "--run_dir " in refused.stderr and "lies in ." in refused.stderr
    assert sorted(path.name for path in photos.iterdir()) == ["blue", "red"]
    assert len(list((photos / "blue").iterdir())) == 6


def test_two_processes_do_not_evaluate_into_one_folder(tmp_path):
    with FolderLock(tmp_path / "out", "--out"):
        second = call(
            "evaluate.py", "--generated=x", "--dataset=demo", "--out=out", folder=tmp_path
        )
    assert second.returncode == 2, second.stderr
    assert "out is in use by process" in second.stderr


def test_help_is_no_error(tmp_path):
    result = call("generate.py", "--help", folder=tmp_path)
    assert result.returncode == 0
    assert "--per_class" in result.stdout


def test_dry_run_prints_the_plan_and_writes_nothing(tmp_path):
    keras_home = str(tmp_path / "keras")
    planned = call(
        "train.py", "--dataset=demo", "--train_per_class=200,roses=20", "--dry_run",
        folder=tmp_path, KERAS_HOME=keras_home,
    )  # fmt: skip
    assert planned.returncode == 0, planned.stderr
    for words in (
        "24.62 M together",
        "FLOPs an iteration",
        "memory",
        "160 to train on",
        "imagenet",
    ):
        assert words in planned.stdout
    assert "roses          20 to train on" in planned.stdout
    assert not (tmp_path / "runs").exists()
    assert not (tmp_path / "keras" / "models").exists()  # a plan downloads no weights


@pytest.mark.parametrize(
    ("script", "arguments", "message"),
    [
        ("train.py", ["--dataset=flowwer"], "unknown data set 'flowwer', did you mean flower?"),
        ("generate.py", ["--run=x", "--out=x", f"--seed={'9' * 20}"], "at most 2147483647"),
        ("classify.py", ["--seeds=10000000", "--dry_run"], "--seeds is 10000000; it must be"),
        ("classify.py", ["--seed=-1"], "--seed is -1; it must be at least 0"),
        ("classify.py", ["--per_class=1000000000"], "it must be at least 1 and at most 100000"),
        ("evaluate.py", ["--generated=x", "--dataset=demo", "--image_size=0"], "--image_size is 0"),
        ("evaluate.py", ["--generated=x", "--dataset=demo", "--seed=4294967296"], "--seed is 4294"),
        ("train.py", ["--lambda=-1"], "--lambda is -1.0; it must be 0 or more"),
        (
            "train.py",
            ["--image_size=48"],
            "--image_size is 48; it must be one of 32, 64, 128 or 256",
        ),
        ("train.py", ["--method=vae"], "unknown method 'vae'"),
        ("train.py", ["--method=dcgan", "--mu=0.1"], "dcgan has no setting 'mu'"),
        ("train.py", ["--colour=red"], "Unknown command line flag 'colour'"),
        ("train.py", ["--mu=much"], "--mu"),
        (
            "train.py",
            ["--dataset=demo", "--train_per_class=400,roses=1"],
            "--train_per_class roses=1: give a class and how many of its real images to keep",
        ),
        ("train.py", ["--features=pool"], "--features needs --evaluate_every"),
        (
            "train.py",
            ["--dataset=demo", "--evaluate_every=5", "--inception=none.pb"],
            "--inception none.pb cannot be read",
        ),
        ("train.py", ["flower"], "unexpected argument 'flower'"),
        ("train.py", ["--dataset=demo", "--vgg_weights=none.h5"], "no file 'none.h5'"),
        ("generate.py", ["--out=x"], "--run is missing; it is the run directory"),
        ("generate.py", ["--run=x"], "--out is missing; it is the folder to write"),
        ("generate.py", ["--run=nowhere", "--out=x"], "is not a run directory"),
        ("generate.py", ["--run=x", "--out=x", "--threshold=0.5"], "--threshold needs --filter"),
        (
            "generate.py",
            ["--run=x", "--out=x", "--filter=y", "--filter_rule=paper"],
            "--filter_rule compares rounds; it needs --filter_rounds 2 or more",
        ),
        ("classify.py", ["--augment=cropp"], "'cropp' is no known augmentation, did you mean crop"),
        ("evaluate.py", ["--dataset=demo"], "either --generated FOLDER or --run RUN"),
        ("evaluate.py", ["--generated=x"], "either --dataset NAME or --real FOLDER"),
        (
            "evaluate.py",
            ["--generated=x", "--dataset=demo", "--features=pool3"],
            "--features is pool3; it must be one of pool_3",
        ),
        ("compare.py", ["--iterations=1", "--minutes=2"], "give one of them"),
        ("compare.py", ["--methods=sgan"], "'sgan' is unknown, did you mean ssgan?"),
        ("compare.py", ["--jobs=5/4"], "--jobs is '5/4'; write 1/4"),
    ],
    ids=str,
)
def test_bad_input_is_one_line_and_exit_code_2(
    tmp_path, tmp_path_factory, loaded, script, arguments, message
):
    (tmp_path / "here").mkdir()
    cache = {"SSGAN_CACHE": str(tmp_path_factory.getbasetemp() / "cache")}
    result = loaded.run(script.removesuffix(".py"), *arguments, folder=tmp_path / "here", **cache)
    assert result.code == 2, result.stderr
    (line,) = result.stderr.strip().splitlines()
    assert line.startswith(script)
    assert message in line
    assert not list((tmp_path / "here").iterdir())

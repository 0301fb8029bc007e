"""The methods of docs/extending.md, from outside the package, through all that methods do."""

import subprocess
import sys

import numpy as np
import pytest

from ssgan_tf import methods
from ssgan_tf.data import load_dataset
from ssgan_tf.errors import UserError
from ssgan_tf.evaluation.cost import cost
from ssgan_tf.generation.generated_set import write_generated_set
from ssgan_tf.methods.contract import Method
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.training import fit, load, load_run, loop
from ssgan_tf.training.fit import Options
from ssgan_tf.training.plan import describe_plan
from ssgan_tf.training.trained import without_training
from tests import strangers
from tests.strangers import CODE, ROOT
from tests.training.tiny import painted_squares


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    strangers.register(monkeypatch)


def squares():
    return painted_squares(12, classes=("left", "right"))


def arrays(run_dir, job, phase):
    return RunDirectory(run_dir).checkpoints(job, phase).load()[1]


def test_phases_are_trained_in_their_order_and_resumed_to_the_bit(tmp_path, monkeypatch):
    images = squares()
    sampler = fit(
        methods.create("pixel-gaussian", image_size=32), images, run_dir=tmp_path / "whole",
        progress=False, checkpoint_every=5,
    )  # fmt: skip
    mean = arrays(tmp_path / "whole", "left", "mean")["total"] / 12
    cells = images.of_class("left").images.reshape(12, 8, 4, 8, 4, 3).mean((2, 4))
    np.testing.assert_allclose(mean, cells.reshape(12, -1).mean(0))
    covariance = arrays(tmp_path / "whole", "left", "covariance")["total"] / 12
    np.testing.assert_allclose(covariance, np.cov(cells.reshape(12, -1).T, bias=True), atol=1e-9)

    calls = []

    def dies(metadata, *_):
        calls.append(metadata)
        if len(calls) == 7:  # in the second phase of the first class
            raise KeyboardInterrupt

    monkeypatch.setattr(loop, "_check_finite", dies)
    options = {"progress": False, "checkpoint_every": 5, "run_dir": tmp_path / "killed"}
    with pytest.raises(KeyboardInterrupt):
        fit(methods.create("pixel-gaussian", image_size=32), images, **options)
    assert RunDirectory(tmp_path / "killed").checkpoints("left", "mean").latest_step() == 12
    assert RunDirectory(tmp_path / "killed").checkpoints("left", "covariance").latest_step() != 12
    with pytest.raises(UserError, match="no checkpoint yet"):
        load(tmp_path / "killed")
    resumed = fit(methods.create("pixel-gaussian", image_size=32), images, **options)
    for job in ("left", "right"):
        for phase in ("mean", "covariance"):
            expected = arrays(tmp_path / "whole", job, phase)
            for name, array in arrays(tmp_path / "killed", job, phase).items():
                np.testing.assert_array_equal(array, expected[name])
        np.testing.assert_array_equal(resumed.sample(job, 3), sampler.sample(job, 3))
        np.testing.assert_array_equal(load(tmp_path / "killed").sample(job, 3, seed=2),
                                      sampler.sample(job, 3, seed=2))  # fmt: skip
    assert load_run(tmp_path / "killed").iterations == {"left": 12, "right": 12}


@pytest.mark.parametrize("name", ["pixel-gaussian", "mirrored"])
def test_sets_of_strangers_are_written_and_judged_without_their_code(name, tmp_path, monkeypatch):
    from PIL import Image

    for image, path in zip(squares().images, squares().paths, strict=True):
        (tmp_path / "photos" / path).parent.mkdir(parents=True, exist_ok=True)
        Image.fromarray(image).save(tmp_path / "photos" / path)
    images = load_dataset(tmp_path / "photos", 32, progress=False, notices=False)
    method = methods.create(name, image_size=32)
    assert name in describe_plan(method, images, Options())
    method.fit(images, run_dir=tmp_path / "run", progress=False, source=(tmp_path / "photos", None))
    manifest = write_generated_set(tmp_path / "run", tmp_path / "set", 20, progress=False)
    assert manifest["method"] == name
    assert manifest["weights"] == "last"
    assert {entry["count"] for entry in manifest["classes"].values()} == {20}
    made = load_dataset(tmp_path / "set", 32, progress=False, notices=False)
    assert made.counts() == {"left": 20, "right": 20}
    np.testing.assert_array_equal(
        np.sort(made.of_class("left").images.reshape(20, -1).mean(1)),
        np.sort(method.sample("left", 20).reshape(20, -1).mean(1)),
    )
    chosen = {"sampling": {"upside_down": True}, "progress": False}
    if name == "mirrored":
        assert manifest["sampling"] == {"upside_down": False}
        turned = write_generated_set(tmp_path / "run", tmp_path / "turned", 20, **chosen)
        assert turned["sampling"] == {"upside_down": True}
        upside_down = load_dataset(tmp_path / "turned", 32, progress=False, notices=False)
        np.testing.assert_array_equal(upside_down.images, made.images[:, ::-1])
    else:
        assert "sampling" not in manifest
        with pytest.raises(UserError, match="no setting 'upside_down'; of its images you choose n"):
            write_generated_set(tmp_path / "run", tmp_path / "turned", 20, **chosen)
    with pytest.raises(UserError, match="no latents to walk"):
        write_generated_set(tmp_path / "run", tmp_path / "walk", 2, walk=True, progress=False)
    monkeypatch.setattr(methods.METHODS, "_classes", {})
    assert cost(manifest) is None  # an unknown method is no error
    with pytest.raises(UserError, match=f"unknown method '{name}', which no package here brings"):
        load(tmp_path / "run")


def test_mirrored_images_are_those_that_were_trained_on(tmp_path):
    images = squares()
    sampler = fit(
        methods.create("mirrored", image_size=32), images.select(range(4, 24)), progress=False,
        run_dir=tmp_path / "run",
    )  # fmt: skip
    made = {image.tobytes() for image in sampler.sample("left", 30)}
    assert made == {image[:, ::-1].tobytes() for image in images.images[4:12]}


def test_a_method_that_trains_nothing_needs_no_run(tmp_path):
    images = squares()
    left, held_out = images.select([*range(4, 12), *range(16, 24)]), images.select([0, 1, 12, 13])
    method = methods.create("mirrored", image_size=32)
    method.choose_sampling(upside_down=True)
    assert "mirrored" in methods.untrained() and "pixel-gaussian" not in methods.untrained()
    run = without_training(method, left, held_out, (tmp_path, None))
    manifest = write_generated_set(run, tmp_path / "set", 8, progress=False)
    assert (manifest["method"], manifest["run"], manifest["complete"]) == ("mirrored", None, True)
    assert manifest["sampling"] == {"upside_down": True}
    sides = manifest["data"]["classes"]["left"]
    assert sorted(sides["train"]) == sorted(images.hashes[4:12])
    assert sorted(sides["test"]) == sorted(images.hashes[:2])
    assert not list((tmp_path / "set").glob("*.jsonl"))  # nothing is known of single images
    made = load_dataset(tmp_path / "set", 32, progress=False, notices=False)
    assert {image.tobytes() for image in made.of_class("left").images} == {
        image[::-1, ::-1].tobytes() for image in images.images[4:12]
    }
    with pytest.raises(UserError, match="--method pixel-gaussian has to be trained first"):
        without_training(methods.create("pixel-gaussian", image_size=32), left)


def test_a_name_is_taken_once_and_bad_entry_points_are_one_line(monkeypatch):
    class Another(Method):
        name, label = "ssgan", "SSGAN"

    with pytest.raises(UserError, match="there is a method 'ssgan' already"):
        methods.register(Another)

    class Point:
        name, value = "broken", "package:missing"

        @staticmethod
        def load():
            raise ModuleNotFoundError("no module package")

    with pytest.raises(UserError, match="'broken' of an installed package cannot be loaded"):
        methods._load(Point)
    Point.load = staticmethod(lambda: int)
    with pytest.raises(UserError, match="is no ssgan_tf Method of that name"):
        methods._load(Point)


def test_commands_find_methods_of_installed_packages(tmp_path):
    """A package as pip installs it: a module, and a folder with its entry points."""
    (tmp_path / "strangers.py").write_text(CODE)
    package = tmp_path / "strangers-1.0.dist-info"
    package.mkdir()
    (package / "METADATA").write_text("Metadata-Version: 2.1\nName: strangers\nVersion: 1.0\n")
    (package / "entry_points.txt").write_text(
        "[ssgan_tf.methods]\npixel-gaussian = strangers:PixelGaussian\n"
        "mirrored = strangers:Mirrored\n"
    )
    script = (
        "import sys; sys.path.insert(0, sys.argv.pop(1)); sys.argv[0] = 'train.py'\n"
        "from ssgan_tf.commands import train; train.run()"
    )
    done = subprocess.run(
        [sys.executable, "-c", script, str(tmp_path), "--method=pixel-gaussian", "--dataset=demo",
         "--classes=daisy", "--image_size=32", f"--run_dir={tmp_path / 'run'}"],
        capture_output=True, text=True, cwd=ROOT,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    assert (tmp_path / "run" / "daisy" / "covariance" / "checkpoints").is_dir()

"""SinGAN from images to images: packs, resuming, samples with their sources."""

import os
import shutil
import signal

import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.commands.train import flags, settings_of
from ssgan_tf.data import load_dataset
from ssgan_tf.device.batches import to_unit
from ssgan_tf.errors import UserError
from ssgan_tf.generation.generated_set import write_generated_set
from ssgan_tf.methods import create
from ssgan_tf.methods.contract import Job
from ssgan_tf.methods.singan.levels import reconstruct
from ssgan_tf.methods.singan.phases import ScalePhase
from ssgan_tf.runs.interruption import Interrupted
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.training import fit, load_run, loop
from ssgan_tf.training.fit import Options
from ssgan_tf.training.plan import describe_plan
from tests.training.tiny import painted_squares

TINY = {
    "image_size": 14, "min_size": 10, "extra_scales": -2, "layers": 3, "channels": 4,
    "iterations": 6, "pack": 2, "precision": "float32",
}  # fmt: skip
PHASES = [f"pack-{pack:02d}-scale-{scale}" for pack in range(2) for scale in range(2)]
OPTIONS = {"progress": False, "checkpoint_every": 3, "log_every": 3, "sample_every": 6}


def squares(per_class=3):
    """Fourteen pixels out of the middle of painted squares."""
    images = painted_squares(per_class)
    object.__setattr__(images, "images", np.ascontiguousarray(images.images[:, 6:20, :14]))
    return images


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    path = tmp_path_factory.mktemp("singan") / "run"
    fit(create("singan", **TINY), squares(), run_dir=path, **OPTIONS)
    return path


def arrays(run, phase):
    return RunDirectory(run).checkpoints("left", phase).load()[1]


def test_samples_name_their_sources(run, tmp_path):
    loaded = load_run(run)
    sampler = loaded.sampler
    assert loaded.iterations == {"left": 3}
    np.testing.assert_array_equal(sampler.sample("left", 7), sampler.sample("left", 20)[:7])
    assert sampler.sample("left", 4).shape == (4, 14, 14, 3)
    assert not np.array_equal(sampler.sample("left", 4), sampler.sample("left", 4, seed=1))
    manifest = write_generated_set(run, tmp_path / "set", 7, progress=False)
    sources = manifest["classes"]["left"]["sources"]
    assert sources == [*squares().hashes] * 2 + [squares().hashes[0]]
    assert (run / "left" / "samples" / "000003.png").exists()
    with pytest.raises(UserError, match="of its images you choose start_scale"):
        load_run(run, sampling={"guidance": 1})


def test_images_are_of_their_model(run):
    """Image k is made by model k mod 3: from the last scale on little is left to chance."""
    sampler = load_run(run, sampling={"start_scale": 1}).sampler
    made = sampler.sample("left", 6).astype(float)
    rebuilt = sampler.reconstructions("left").astype(float)
    distances = np.abs(made[:, None] - rebuilt[None]).mean((2, 3, 4))
    assert distances.argmin(1).tolist() == [0, 1, 2, 0, 1, 2]


def test_beyond_the_last_scale_there_is_the_reconstruction(run):
    sampler = load_run(run, sampling={"start_scale": 2}).sampler
    rebuilt = sampler.reconstructions("left")
    np.testing.assert_array_equal(sampler.sample("left", 6), np.concatenate([rebuilt, rebuilt]))
    assert not np.array_equal(load_run(run).sampler.sample("left", 3), rebuilt)


def test_amplitudes_are_a_tenth_of_the_error(run):
    sampler = load_run(run).sampler
    (levels,) = sampler.models["left"].blocks
    real = to_unit(squares().images).numpy()
    enlarged = levels[1].enlarge(reconstruct(levels[:1])).numpy().reshape(14, 14, 3, 3)
    errors = np.sqrt(((enlarged.transpose(2, 0, 1, 3) - real) ** 2).mean((1, 2, 3)))
    np.testing.assert_allclose(levels[1].amplitude, 0.1 * errors, rtol=1e-6)
    np.testing.assert_array_equal(levels[0].amplitude, 1)


def test_walks_begin_with_reconstructions_and_images_are_injected(run):
    sampler = load_run(run).sampler
    frames = sampler.walk("left", seed=3)
    rebuilt = sampler.reconstructions("left").astype(int)
    assert frames.shape[0] >= 90 and frames.shape[1:] == (14, 14, 3)
    each = len(frames) // 3
    for place in range(3):
        assert np.abs(frames[place * each].astype(int) - rebuilt[place]).max() <= 1
    image = squares().images[1]
    made = sampler.inject("left", image, 1, source=1)
    np.testing.assert_array_equal(
        made, sampler.inject("left", image, 1, source=squares().hashes[1])
    )
    half = np.zeros((14, 14))
    half[7:] = 1
    masked = sampler.inject("left", image, 1, mask=half, source=1)
    np.testing.assert_array_equal(masked[:7], image[:7])
    np.testing.assert_array_equal(masked[7:], made[7:])
    # The coarse image decides: another one gives another result.
    other = sampler.inject("left", 255 - image, 1, source=1)
    assert np.abs(other.astype(int) - made).mean() > 20
    for arguments, words in (
        ((image, 0), "from 1 to 1"), ((image[:3], 1), "uint8"), ((image, 1, None, 7), "0 to 2"),
    ):  # fmt: skip
        with pytest.raises(UserError, match=words):
            sampler.inject("left", *arguments)


def test_a_stopped_pack_goes_on_to_the_bit(run, tmp_path, monkeypatch):
    """SIGTERM in the second pack's last scale; finished packs stay as they were."""
    stopped = tmp_path / "run"
    shutil.copytree(run, stopped)
    shutil.rmtree(stopped / "left" / PHASES[-1])
    for folder in ("checkpoints", "samples"):
        shutil.rmtree(stopped / "left" / folder)
    before = {
        path: path.stat().st_mtime_ns
        for phase in PHASES[:-1]
        for path in (stopped / "left" / phase / "checkpoints").iterdir()
    }
    calls, check = [], loop._check_finite

    def stop(*arguments):
        calls.append(arguments)
        if len(calls) == 2:
            os.kill(os.getpid(), signal.SIGTERM)
        return check(*arguments)

    with monkeypatch.context() as patch, pytest.raises(Interrupted):
        patch.setattr(loop, "_check_finite", stop)
        fit(create("singan", **TINY), squares(), run_dir=stopped, **OPTIONS)
    assert 0 < RunDirectory(stopped).checkpoints("left", PHASES[-1]).latest_step() < 6
    fit(create("singan", **TINY), squares(), run_dir=stopped, **OPTIONS)
    for phase in (*PHASES, ""):
        expected, found = arrays(run, phase), arrays(stopped, phase)
        assert found.keys() == expected.keys()
        for name, array in expected.items():
            np.testing.assert_array_equal(found[name], array, err_msg=f"{phase} {name}")
    assert before == {path: path.stat().st_mtime_ns for path in before}
    with pytest.raises(UserError, match="--pack was 2, is now 3"):
        fit(create("singan", **TINY | {"pack": 3}), squares(), run_dir=stopped, **OPTIONS)


def test_a_pack_that_failed_is_left_out(run, monkeypatch):
    """Its further scales are not trained, and its images have no samples."""
    method, images = create("singan", **TINY), squares()
    phases, names = method.phases(Job("left", images)), []
    for phase in phases:
        names.append(phase.name)
        if phase.name == PHASES[0]:
            phase.failed.assign([True, False])
        if phase.name == PHASES[2]:
            phase.failed.assign([True])
    assert names == [*PHASES[:3], ""]
    sampler = phase.sampler()
    assert sampler.sources("left", 2) == [images.hashes[1]] * 2
    assert sampler.sample("left", 2).shape == (2, 14, 14, 3)


def test_twenty_images_are_the_beginning_of_forty():
    images = squares(6)
    images = images.select([0, 0, 1, 2, 3, 4, 5])
    some, more = (
        create("singan", **TINY, images_per_class=count).modelled(images).hashes
        for count in (3, "all")
    )
    assert more[:3] == some and len(more) == 6


def test_iterations_are_of_each_scale():
    flags.values(["train.py", "--method=singan", "--iterations=7", "--pack=4"])
    assert settings_of(flags.values) == {"iterations": 7, "pack": "4"}
    flags.values(["train.py", "--method=ssgan", "--iterations=7"])
    assert "iterations" not in settings_of(flags.values)
    flags.values.unparse_flags()


def test_plans_say_models_scales_and_hours():
    words = describe_plan(create("singan", **TINY), squares(), Options())
    assert "left 3; 2 at a time" in words
    assert "10 px, 14 px; 6 iterations each" in words
    assert "hours" in words
    assert "to train: left" in words and "20000 iterations" not in words


def test_sources_are_rebuilt_and_only_from_fixed_noise():
    """After 200 iterations the error is well below the contrast; with other noise it is not."""
    images = load_dataset("demo", 26, classes=["roses"], progress=False, notices=False)
    images = images.select([0, 1])
    method = create(
        "singan", image_size=26, iterations=200, precision="float32", channels=16,
    )  # fmt: skip
    scale = method.scales[0]
    phase = ScalePhase(method.settings, 0, scale, images.images, images.paths, [], (0, 0))
    phase.run(200)
    real = phase.real.numpy().reshape(26, 26, 2, 3)
    rebuilt = reconstruct([phase.level]).numpy().reshape(26, 26, 2, 3)
    error = np.sqrt(((rebuilt - real) ** 2).mean((0, 1, 3)))
    other = phase.level.generate(
        phase.level.draw_noise(1, (7, 8)), tf.zeros_like(phase.real)
    ).numpy().reshape(26, 26, 2, 3)  # fmt: skip
    contrast = real.std((0, 1, 3))
    assert (error < 0.6 * contrast).all()
    assert (np.sqrt(((other - real) ** 2).mean((0, 1, 3))) > error).all()

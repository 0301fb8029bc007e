import numpy as np
import pytest
import tensorflow as tf
from PIL import Image

from ssgan_tf.errors import UserError
from ssgan_tf.files import disk_errors
from ssgan_tf.methods.contract import Phase
from ssgan_tf.runs.metrics_log import read_metrics
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.training.reporting import Progress, Report


def test_a_log_line_is_the_mean_since_the_last_one(tmp_path):
    report = Report(RunDirectory(tmp_path), "rust")
    report.add({"loss": 1.0}, 1)
    kept = report.window
    report.add({"loss": 4.0}, 2)
    report.log(3, 10.0)
    assert read_metrics(report.metrics_path) == [
        {"step": 3, "loss": 3.0, "images_per_second": 10.0}
    ]
    # One that begins with the window of a checkpoint goes on as if it had never stopped.
    resumed = Report(RunDirectory(tmp_path), "rust", step=1, window=kept)
    assert read_metrics(report.metrics_path) == []
    resumed.add({"loss": 4.0}, 2)
    resumed.log(3, 10.0)
    assert read_metrics(report.metrics_path)[0]["loss"] == 3.0


def test_samples_beyond_the_checkpoint_are_dropped(tmp_path):
    folder = RunDirectory(tmp_path).sample_directory("rust")
    folder.mkdir(parents=True)
    for name in ("000005.png", "000010.png", "notes.png"):
        (folder / name).write_bytes(b"")
    Report(RunDirectory(tmp_path), "rust", step=5)
    assert sorted(path.name for path in folder.iterdir()) == ["000005.png", "notes.png"]


def test_a_damaged_or_foreign_picture_does_not_end_a_training(tmp_path, caplog):
    report = Report(RunDirectory(tmp_path), "rust")
    for step in (1, 2, 3):
        report.show(step, np.full((4, 8, 8, 3), 80 * step, np.uint8))
    (report.samples / "000002.png").write_bytes((report.samples / "000001.png").read_bytes()[:40])
    (report.samples / "000004.png").write_bytes(b"")
    Image.new("L", (5, 7)).save(report.samples / "000005.png")
    Image.new("RGB", (50, 70)).save(report.samples / "2024-holiday.png")
    report.close()
    with Image.open(report.directory / "progress.gif") as film:
        assert film.n_frames == 2
    assert "000002.png is left out" in caplog.text and "000004.png is left out" in caplog.text


def test_what_failed_first_is_what_is_said(tmp_path, monkeypatch, caplog):
    def refuse(self):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Report, "close", refuse)
    with pytest.raises(KeyError, match="first"), Report(RunDirectory(tmp_path), "rust"):
        raise KeyError("first")
    assert "No space left" in caplog.text
    with pytest.raises(OSError, match="No space left"), Report(RunDirectory(tmp_path), "rust"):
        pass


def test_a_full_disk_under_tensorboard_is_an_error_of_the_user(tmp_path, monkeypatch):
    report = Report(RunDirectory(tmp_path), "rust")
    report.add({"loss": 1.0}, 1)

    def refuse(*arguments, **named):
        raise tf.errors.ResourceExhaustedError(None, None, "No space left on device")

    monkeypatch.setattr(tf.summary, "scalar", refuse)
    with pytest.raises(UserError, match="free some space"), disk_errors("training"):
        report.log(1, 10.0)


class Eight(Phase):
    images_per_iteration = 8

    def variables(self):
        return {}

    def run(self, count):
        return {"entropy": 0.5}


def test_progress_of_a_phase_of_its_own_names_it_and_its_figures(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    progress, phase = Progress(jobs=2, left=15), Eight()
    phase.name, phase.iterations = "denoiser", 20
    progress.start("rust", 1, phase, iterations=20, done=5)
    progress.update(5, 10.0, phase.run(5))
    progress.stop()
    shown = capsys.readouterr().err
    assert "rust, denoiser (1/2)" in shown and "entropy 0.5" in shown and "10/20" in shown
    assert "all" not in shown  # the user's iterations, which are counted for all jobs
    assert progress.left == 15


def test_a_job_that_is_trained_is_said_to_be_and_how_it_goes_on_if_it_can(capsys):
    progress = Progress(jobs=2, left=0)
    progress.skip("rust", 1, 70)
    assert "rust (1/2) has 70 iterations already; raise --iterations" in capsys.readouterr().err
    progress.skip("rust", 1, 70, counted=False)  # the number is the method's
    assert capsys.readouterr().err == "rust (1/2) is trained already\n"


def test_progress_counts_what_is_left_of_all_classes(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")  # a narrow terminal cuts the line
    progress = Progress(jobs=2, left=15)
    progress.start("rust", 1, Eight(), iterations=10, done=5)
    progress.update(5, 10.0, {"critic_loss": 1.0, "generator_loss": 2.0, "wasserstein": 3.0})
    progress.stop()
    assert progress.images_per_second == pytest.approx(4.0)
    shown = capsys.readouterr().err
    assert "rust (1/2)" in shown
    assert "10/10" in shown
    assert "all 00:20" in shown  # ten iterations of the other class, two seconds each


def test_progress_of_a_limited_time_counts_what_fits_into_it(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    progress = Progress(jobs=1, left=1000)
    progress.start("rust", 1, Eight(), iterations=1000, done=0)
    losses = {"critic_loss": 1.0, "generator_loss": 2.0, "class_loss": 0.5}
    progress.update(5, 10.0, losses, seconds_left=30.0)  # two seconds each: fifteen more
    progress.stop()
    shown = capsys.readouterr().err
    assert "5/20" in shown and "C 0.5" in shown
    assert "all" not in shown


def test_progress_says_that_it_scores_and_then_the_scores(capsys, monkeypatch):
    monkeypatch.setenv("COLUMNS", "140")
    progress = Progress(jobs=1, left=10)
    progress.start("rust", 1, Eight(), 10, done=5)
    progress.scored("FID", None, 30.0)  # of an earlier call
    assert "best FID 30," in capsys.readouterr().err.replace("]", ",")
    progress.update(1, 2.0, {"critic_loss": 1.0})
    progress.scoring("FID", 0, 400)
    assert "measuring FID: 0 of 400 images" in capsys.readouterr().err
    progress.scored("FID", 31.25, 30.0)
    assert "D 1, FID 31.25, best 30, 4 img/s" in capsys.readouterr().err
    progress.update(1, 2.0, {"critic_loss": 1.0})
    progress.stop()
    assert "7/10" in (shown := capsys.readouterr().err) and "FID 31.25, best 30" in shown
    progress.start("scorch", 1, Eight(), 10, done=0)  # another job has no score yet
    progress.update(1, 2.0, {"critic_loss": 1.0})
    progress.stop()
    assert "FID" not in capsys.readouterr().err
    silent = Progress(jobs=1, left=10, enabled=False)
    silent.start("rust", 1, Eight(), 10, done=5)
    silent.scoring("FID", 0, 400)
    silent.scored("FID", 31.25, 30.0)
    assert capsys.readouterr().err == ""

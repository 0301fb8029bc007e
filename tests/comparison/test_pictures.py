import itertools

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.text import Text
from PIL import Image

from ssgan_tf import plots
from ssgan_tf.comparison.pictures import (
    mean_records,
    nyquist_shares,
    read_images,
    sample_rows,
    setting_runs,
    write_pictures,
)
from ssgan_tf.comparison.results import REAL


@pytest.fixture
def study(invented, tmp_path):
    fids = {"ssgan": 9.0, "wgan": 10.0, "ssgan-no-pc": 11.0, "ssgan-mu-0.1": 12.0}
    results = invented.study(fids, [1, 2, 7])
    for name in fids:
        pattern = 20 if name == "ssgan-no-pc" else 2
        invented.images(tmp_path / f"members/{name}/generated", pattern)
        for place, network in enumerate(("daisy", "roses")):
            folder = tmp_path / f"members/{name}/run" / network
            invented.log(folder, [1.0 + place, 3.0 + place, 5.0])
    return tmp_path, results


def test_pictures_are_named_by_what_they_show(study):
    out, results = study
    written = write_pictures(out, results)
    assert written == {
        "samples/methods": "samples-methods.png", "samples/ablations": "samples-ablations.png",
        "samples/settings": "samples-settings.png", "fid": "fid.png",
        "complexity": "complexity.png", "curves/mu": "curves-mu.png", "losses": "losses.png",
        "checkerboard": "checkerboard.png", "spectra": "spectra.png",
    }  # fmt: skip
    for name in written.values():
        with Image.open(out / name) as read:
            assert read.format == "PNG"


def test_of_nothing_there_are_no_pictures(invented, tmp_path):
    results = invented.study({"ssgan": None, "ssgan-no-pc": None, "ssgan-mu-0.1": None}, [1, 7])
    assert write_pictures(tmp_path, results) == {}
    assert nyquist_shares(tmp_path, results) == {}


def test_rows_show_the_same_number_of_each_class(study, invented):
    out, results = study
    rows = sample_rows(out, results, ["ssgan", "wgan", "dcgan"])
    assert {label: len(images) for label, images in rows.items()} == {"SSGAN": 10, "WGAN": 10}
    (out / "members/wgan/generated/roses/000000.png").unlink()
    (out / "members/wgan/generated/roses/000003.png").write_bytes(b"half a file")
    rows = sample_rows(out, results, ["ssgan", "wgan"])
    assert {len(images) for images in rows.values()} == {8}
    np.testing.assert_array_equal(rows["SSGAN"][:4], rows["SSGAN"][4:])  # 4 a class, both alike
    invented.images(out / REAL, count=3)
    rows = sample_rows(out, results, ["ssgan", "wgan"])
    assert list(rows) == ["Real images", "SSGAN", "WGAN"]
    assert {len(images) for images in rows.values()} == {6}


def test_images_of_some_classes_only_are_none(invented, tmp_path):
    results = invented.study({"ssgan": 9.0}, [])
    invented.images(tmp_path / "members/ssgan/generated", classes=("daisy",))
    assert read_images(tmp_path, results, 4) == {}
    assert sample_rows(tmp_path, results, ["ssgan"]) == {}


def test_a_study_of_one_class(invented, tmp_path):
    results = invented.study({"ssgan": 9.0}, [])
    results["dataset"]["classes"] = ["daisy"]
    invented.images(tmp_path / "members/ssgan/generated", classes=("daisy",))
    assert len(sample_rows(tmp_path, results, ["ssgan"])["SSGAN"]) == 6


def test_the_checkerboard_is_measured(study):
    shares = nyquist_shares(*study)
    # The gradient jumps at the border, which is the rest of both shares.
    assert shares["ssgan-no-pc"] > 5 * shares["ssgan"]
    assert REAL not in shares


def test_records_are_means_over_networks_where_all_have_them():
    logs = [
        [{"step": 1, "critic_loss": 1.0}, {"step": 2, "critic_loss": 5.0, "wasserstein": 1.0}],
        [{"step": 2, "critic_loss": 7.0, "wasserstein": None}, {"step": 3, "critic_loss": 9.0}],
    ]
    assert mean_records(logs) == [{"step": 2, "critic_loss": 6.0}]
    assert mean_records([]) == []


def test_settings_are_told_apart_by_their_values(study):
    runs = setting_runs(*study, "mu")
    assert list(runs) == ["μ = 0.01", "μ = 0.1"]  # without PL, where μ is 0, is no setting
    assert [record["critic_loss"] for record in runs["μ = 0.1"]] == [1.5, 3.5, 5.0]
    assert setting_runs(*study, "lambda_") == {}


def test_labels_of_points_do_not_overlap(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "ssgan_tf.plots.comparison.save_figure", lambda _, figure: drawn.append(figure)
    )
    labels = [f"SSGAN without {name}" for name in ("PL", "PC", "PL & PC", "any")]
    cost = {"parameters": [20.0, 20.0, 20.1, 24.0]}
    plots.write_complexity("a.png", labels, cost, [9, 9.01, 9, 9.02], "FID")
    (figure,) = drawn
    renderer = FigureCanvasAgg(figure).get_renderer()
    axis = figure.axes[0]
    boxes = [Text.get_window_extent(text, renderer) for text in axis.texts]
    assert [text.get_text() for text in axis.texts] == labels
    for box, other in itertools.combinations(boxes, 2):
        assert not box.overlaps(other)
    frame = axis.get_window_extent(renderer)
    assert all(frame.x0 < box.x0 and box.x1 < frame.x1 for box in boxes)


def test_a_training_that_runs_away_does_not_flatten_the_others(monkeypatch):
    drawn = []
    monkeypatch.setattr(
        "ssgan_tf.plots.comparison.save_figure", lambda _, figure: drawn.append(figure)
    )
    tame = [{"step": step, "critic_loss": 1.0, "generator_loss": 1.0} for step in (1, 2, 3)]
    wild = [{"step": step, "critic_loss": 1e4**step, "generator_loss": 2.0} for step in (1, 2, 3)]
    plots.write_settings("a.png", {"a": tame, "b": tame, "c": wild})
    assert [axis.get_yscale() for axis in drawn[0].axes] == ["symlog", "linear"]
    with pytest.raises(ValueError, match="nothing to plot"):
        plots.write_losses("a.png", {"a": [{"step": 1}]})

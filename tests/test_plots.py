import io

import numpy as np
import pytest
from PIL import Image

from ssgan_tf.plots import image_grid, write_curves, write_gif, write_png


def squares(count, size=4):
    """Images of one grey each: 0, 10, 20, ..."""
    greys = 10 * np.arange(count, dtype=np.uint8)
    return np.broadcast_to(greys[:, None, None, None], (count, size, size, 3))


def test_grid_layout():
    grid = image_grid(squares(5), columns=3, gap=2)
    assert grid.dtype == np.uint8
    assert grid.shape == (4 + 2 + 4, 4 + 2 + 4 + 2 + 4, 3)
    for place in range(5):
        top, left = 6 * (place // 3), 6 * (place % 3)
        assert np.all(grid[top : top + 4, left : left + 4] == 10 * place)
    assert np.all(grid[4:6] == 255)  # between the rows
    assert np.all(grid[:, [4, 5, 10, 11]] == 255)  # between the columns
    assert np.all(grid[6:, 12:] == 255)  # where a sixth would be


@pytest.mark.parametrize(
    ("count", "columns", "shape"),
    [(1, None, (4, 4)), (5, None, (9, 14)), (9, None, (14, 14)), (2, 8, (4, 9)), (3, 1, (14, 4))],
)
def test_grid_sizes(count, columns, shape):
    assert image_grid(squares(count), columns, gap=1).shape == (*shape, 3)


def test_grid_without_gap():
    grid = image_grid(squares(4), gap=0)
    np.testing.assert_array_equal(grid[::4, ::4, 0], [[0, 10], [20, 30]])
    assert grid.shape == (8, 8, 3)


def test_png_round_trip(tmp_path):
    image = np.random.default_rng(0).integers(0, 256, (5, 7, 3), np.uint8)
    write_png(tmp_path / "a.png", image)
    with Image.open(tmp_path / "a.png") as read:
        assert read.format == "PNG"
        np.testing.assert_array_equal(np.asarray(read), image)


@pytest.mark.parametrize("to_file", [True, False])
def test_gif_repeats_and_has_the_frames(tmp_path, to_file):
    frames = list(squares(6, size=8))
    target = tmp_path / "a.gif" if to_file else io.BytesIO()
    write_gif(target, frames, seconds_per_frame=0.2)
    with Image.open(target) as read:
        assert read.format == "GIF"
        assert read.n_frames == 6
        assert read.info["loop"] == 0  # for ever
        for number in range(6):
            read.seek(number)
            assert read.info["duration"] == 200
            shown = np.asarray(read.convert("RGB"), int)
            assert shown.shape == (8, 8, 3)
            assert np.abs(shown - 10 * number).max() <= 4  # of a palette's colours


def records(scale, perceptual=True):
    made = []
    for step in range(10, 210, 10):
        record = {"step": step, "wasserstein": scale * step**0.5, "penalty": 1 / step}
        record |= {"generator_loss": -scale * step, "images_per_second": 3.0}
        made.append(record | ({"perceptual": 120.0 - step / 10} if perceptual else {}))
    return made


def test_curves_are_a_png_with_a_panel_a_loss(tmp_path):
    write_curves(tmp_path / "four.png", {"daisy": records(1), "roses": records(2, False)})
    write_curves(tmp_path / "three.png", {"roses": records(2, False)})
    sizes = []
    for name in ("four.png", "three.png"):
        with Image.open(tmp_path / name) as read:
            assert read.format == "PNG"
            sizes.append(read.size)
            colours = len(np.unique(np.asarray(read.convert("RGB")).reshape(-1, 3), axis=0))
            assert colours > 50  # lines and letters are there
    assert sizes[0][0] == pytest.approx(sizes[1][0] * 4 / 3, abs=3)
    assert sizes[0][1] == sizes[1][1]


def test_curves_to_an_open_file():
    file = io.BytesIO()
    write_curves(file, {"daisy": records(1)})
    assert file.getvalue().startswith(b"\x89PNG")

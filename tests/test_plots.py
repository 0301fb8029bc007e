import io
import itertools
import warnings

import numpy as np
import pytest
from PIL import Image

from ssgan_tf.plots import (
    charts,
    image_grid,
    labelled_rows,
    neighbour_sheet,
    write_curves,
    write_distances,
    write_embedding,
    write_gif,
    write_means,
    write_png,
    write_training,
)
from ssgan_tf.plots.charts import PALETTE, class_colours
from ssgan_tf.plots.classification import KINDS


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


def test_curves_are_a_png_with_a_panel_a_loss_two_a_row(tmp_path):
    write_curves(tmp_path / "four.png", {"daisy": records(1), "roses": records(2, False)})
    write_curves(tmp_path / "three.png", {"roses": records(2, False)})
    sizes, last_panels = [], []
    for name in ("four.png", "three.png"):
        with Image.open(tmp_path / name) as read:
            assert read.format == "PNG"
            sizes.append(read.size)
            colours = len(np.unique(np.asarray(read.convert("RGB")).reshape(-1, 3), axis=0))
            assert colours > 50  # lines and letters are there
            width, height = read.size
            corner = read.convert("L").crop((width * 6 // 10, height * 6 // 10, width, height))
            last_panels.append(np.asarray(corner).min())
    assert sizes[0] == pytest.approx(sizes[1], abs=3)
    assert last_panels[0] < 255
    assert last_panels[1] == 255


def test_scores_have_panels_after_the_losses(monkeypatch):
    figures = []
    monkeypatch.setattr(charts, "save_figure", lambda path, figure: figures.append(figure))
    scored = [*records(1), {"step": 7, "FID-768": 3.0}]
    write_curves(None, {"daisy": scored})
    write_curves(None, {"strange": [{"step": 1, "loss": 1.0, "FID": 2.0}]})
    titles = [[axis.get_title() for axis in figure.axes] for figure in figures]
    assert titles[0][-1] == "FID-768 to the training images"
    assert len(titles[0]) > 3
    assert titles[1] == ["loss", "FID to the training images"]
    (line,) = figures[0].axes[-1].lines
    assert line.get_marker() == "."  # one score is seen, too
    assert (list(line.get_xdata()), list(line.get_ydata())) == ([7], [3.0])


def test_curves_take_names_as_they_are(tmp_path):
    names = (r"$\foo$", "雛菊", "$5 and $10")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        write_curves(tmp_path / "odd.png", {name: records(1) for name in names})


def test_curves_to_an_open_file():
    file = io.BytesIO()
    write_curves(file, {"daisy": records(1)})
    assert file.getvalue().startswith(b"\x89PNG")


def pixels(file):
    with Image.open(file) as read:
        assert read.format == "PNG"
        return np.asarray(read.convert("RGB"))


def count_colour(picture, colour):
    """Pixels of a colour, given as "#rrggbb"."""
    wanted = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return int((picture == wanted).all(axis=2).sum())


def embedding(labels, generated, names=("daisy", "roses", "tulips"), **options):
    file = io.BytesIO()
    points = np.random.default_rng(0).normal(size=(len(labels), 2))
    write_embedding(file, points, labels, generated, names, **options)
    return pixels(file)


def test_embedding_has_a_colour_a_class_and_a_marker_a_kind():
    labels = np.repeat([0, 2], 20)
    real = embedding(labels, np.zeros(40, bool))
    made = embedding(labels, np.ones(40, bool))
    for picture in (real, made):
        assert count_colour(picture, PALETTE[0]) > 100
        assert count_colour(picture, PALETTE[1]) == 0  # no roses: not even in the legend
        assert count_colour(picture, PALETTE[2]) > 100
    # Filled triangles hold more of their colour than hollow circles; each legend has a square.
    square = count_colour(embedding([1], [False]), PALETTE[1])
    circles, triangles = (count_colour(picture, PALETTE[0]) - square for picture in (real, made))
    assert triangles > 1.5 * circles


def test_embedding_grows_with_long_names_and_takes_any():
    labels, generated = np.arange(20) % 3, np.arange(20) % 2 == 1
    short = embedding(labels, generated)
    long = embedding(labels, generated, ["$a^$", "a rather long name, and $x_{$ in it", "c"])
    assert long.shape[1] > short.shape[1] + 100
    assert long.shape[0] == short.shape[0]
    assert embedding(labels, generated, title="$%$").shape[0] > short.shape[0]
    many = embedding(np.arange(60), np.zeros(60, bool), [f"class {i}" for i in range(60)])
    assert many.shape[0] < short.shape[0] + 40  # the legend goes into columns


def test_colours_of_many_classes_differ():
    colours = class_colours(24)
    assert colours.shape == (24, 3)
    apart = np.abs(colours[:, None] - colours).sum(axis=2) + 9 * np.eye(24)
    assert apart.min() > 0.1
    assert class_colours(40).shape == (40, 3)


@pytest.mark.parametrize("to_file", [True, False])
def test_distances_show_both_kinds(tmp_path, to_file):
    generator = np.random.default_rng(0)
    file = tmp_path / "a.png" if to_file else io.BytesIO()
    write_distances(
        file, generator.normal(3, 0.5, 90), generator.normal(9, 1, 50), "held-out", title="$x$"
    )
    picture = pixels(file)
    columns = []
    for colour in PALETTE[:2]:
        wanted = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
        rows, found = np.nonzero((picture == wanted).all(axis=2))
        columns.append(np.median(found[rows < picture.shape[0] * 0.7]))  # above the legend
    reference, generated = columns
    assert generated < 0.45 * picture.shape[1] < 0.6 * picture.shape[1] < reference


def test_distances_of_nothing_but_copies():
    file = io.BytesIO()
    write_distances(file, np.zeros(3), np.zeros(4), "held-out")
    assert pixels(file).shape[2] == 3


def places(picture, colour):
    """Rows and columns of the pixels of a colour."""
    wanted = [int(colour[start : start + 2], 16) for start in (1, 3, 5)]
    return np.nonzero((picture == wanted).all(axis=2))


def means(**options):
    file = io.BytesIO()
    labels = ["original", "$crop$", "a name that is rather too long for a single line"]
    write_means(file, labels, [0.7, 0.8, 0.9], [0.05, None, 0.02], **options)
    return pixels(file)


def test_means_lie_from_left_to_right_and_top_to_bottom():
    kinds = ["original", "classical", "generated"]
    picture = means(kinds=kinds, baseline=0.7)
    above_legend = picture[: int(0.75 * len(picture))]
    middles = [np.median(places(above_legend, KINDS[kind]), axis=1) for kind in kinds]
    for earlier, later in itertools.pairwise(middles):
        assert np.all(earlier < later)
    lefts = [left for _, left in middles]
    assert lefts[2] - lefts[1] == pytest.approx(lefts[1] - lefts[0], abs=3)


def test_leaked_means_are_hollow_and_single_values_and_groups_are_shown():
    kinds = ["original", "classical", "generated"]
    filled, hollow = means(kinds=kinds), means(kinds=[*kinds[:2], "LEAKED"])
    assert count_colour(filled, KINDS["generated"]) > count_colour(hollow, KINDS["LEAKED"]) + 60
    # Beyond the intervals, single values widen the axis.
    points = means(kinds=kinds, points=[[0.7], [0.2, 0.8], [0.9]])
    left = [np.median(places(picture[:100], KINDS["original"])[1]) for picture in (filled, points)]
    assert left[1] > left[0] + 100
    grouped = means(kinds=kinds, groups=["none", "400", "400"])
    assert len(grouped) == pytest.approx(len(filled) + 2 * 0.3 * 110, abs=3)


def training_runs(*seeds):
    steps = range(10, 110, 10)
    return [
        [
            {"step": step, "loss": 1 + seed, "accuracy": 0.5}
            | ({"test_accuracy": 0.4} if step % 50 == 0 else {})
            for step in steps
        ]
        for seed in seeds
    ]


def test_training_has_a_panel_a_measure_and_the_mean_over_seeds():
    file = io.BytesIO()
    # Losses 1 and 3 have their mean at 2; then 3 alone; then 3 and 5 at 4.
    runs = {"$a": training_runs(0, 2), "雛菊": training_runs(2), "_c": training_runs(2, 4)}
    write_training(file, runs)
    picture = pixels(file)
    first = picture[: len(picture) // 4]
    low, middle, high = (np.median(places(first, colour)[0]) for colour in PALETTE[:3])
    assert low > middle + 10
    assert low - middle == pytest.approx(middle - high, abs=2)
    one_panel = io.BytesIO()
    losses = [[{"step": step, "loss": 1 / step} for step in (1, 2)]]
    write_training(one_panel, dict.fromkeys(runs, losses))
    assert len(pixels(one_panel)) == pytest.approx(len(picture) - 2 * 2.4 * 110, abs=3)


def test_a_mean_over_seeds_ends_with_the_shortest():
    file = io.BytesIO()
    long, short = training_runs(0)[0], training_runs(0)[0][:5]
    write_training(file, {"a": [long, short], "b": [[{"step": 100, "loss": 0.5}]]})
    picture = pixels(file)
    columns = places(picture[: len(picture) // 4], PALETTE[0])[1]
    assert columns.max() < 0.6 * picture.shape[1]


def test_training_of_nothing_is_refused():
    with pytest.raises(ValueError, match="nothing to plot"):
        write_training(io.BytesIO(), {"a": [[{"step": 1}]]})


def test_neighbour_sheet_layout():
    generated, training = squares(3, size=96), squares(20, size=96)
    places = np.array([[5, 6, 7], [8, 9, 10], [11, 12, 13]])
    sheet = neighbour_sheet(generated, training, places, rows=2, gap=4)
    group = 96 + 20 + 3 * 96 + 2 * 4
    assert sheet.shape == (96 + 4 + 96, group + 48 + group, 3)
    for row, left, shown in [(0, 0, 0), (1, 0, 1), (0, group + 48, 2)]:
        line = sheet[100 * row : 100 * row + 96, left : left + group]
        assert np.all(line[:, :96] == 10 * shown)
        assert np.all(line[:, 96:116] == 255)
        for number, place in enumerate(places[shown]):
            assert np.all(line[:, 116 + 100 * number : 212 + 100 * number] == 10 * place)
    assert np.all(sheet[96:100] == 255) and np.all(sheet[:, group : group + 48] == 255)
    assert np.all(sheet[100:, group:] == 255)  # where a fourth would be


def test_small_images_are_enlarged_by_a_whole_number():
    image = np.random.default_rng(0).integers(0, 256, (1, 40, 40, 3), np.uint8)
    sheet = neighbour_sheet(image, image, np.array([[0]]))
    assert sheet.shape == (120, 120 + 20 + 120, 3)
    np.testing.assert_array_equal(sheet[1::3, 1:120:3], image[0])
    np.testing.assert_array_equal(sheet[2::3, 140::3], image[0])


def test_labelled_rows():
    rows = {"a": squares(3, size=96), "a much longer label, generated": squares(2, size=96)}
    sheet = labelled_rows(rows, gap=2)
    left = sheet.shape[1] - (3 * 96 + 2 * 2)
    assert sheet.shape[0] == 96 + 2 + 96
    for top, count in ((0, 3), (98, 2)):
        margin = sheet[top : top + 96, :left]
        assert margin.min() < 100  # letters
        assert np.all(margin[:10] == 255) and np.all(margin[-10:] == 255)  # in the middle
        assert np.all(margin[:, -4:] == 255)  # not cut off by the images
        for number in range(count):
            start = left + 98 * number
            assert np.all(sheet[top : top + 96, start : start + 96] == 10 * number)
    assert np.all(sheet[98:, -96:] == 255)
    assert labelled_rows({"a": squares(3, size=96)}).shape[1] < sheet.shape[1]

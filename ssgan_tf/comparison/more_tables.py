"""Tables of a study beyond the paper's: all measures, the order, the checkerboard, budgets."""

from ssgan_tf.comparison.columns import (
    bold_means,
    names_of,
    table_of,
    training_columns,
    with_intervals,
)
from ssgan_tf.comparison.images import REAL
from ssgan_tf.comparison.ranks import ALL_ORDERS, DRAWN_ORDERS, rankings
from ssgan_tf.comparison.scores import (
    every_training,
    fid_name,
    floor,
    label,
    means,
    state,
    trained_again,
    trainings,
)
from ssgan_tf.report import Cell, Table

STAGES = ("train", "generate", "evaluate", "classify")


def measures_table(results):
    """Return every measure of every member, and below them what real images get."""
    names, suffix = list(results["members"]), results["evaluation"]["suffix"]
    kid_note = None
    kid = bold_means(means(results, "KID", "mean"), min, 2, scale=1000)
    if not trained_again(results):
        kid_note = "± is the standard deviation over random subsets"
        spread = means(results, "KID", "std")
        kid = with_intervals(kid, {name: 1000 * value.mean for name, value in spread.items()})
    similar = {name: Cell(mean.mean, 3, mean.half_width)
               for name, mean in means(results, "SSIM", "generated", "mean").items()}  # fmt: skip
    columns = [
        (Cell("Model"), names_of(results, names)),
        *training_columns(results, names),
        (Cell(fid_name(results), note="to the training images; lower is better"),
         bold_means(means(results, "FID", "training"), min, 2)),
        (Cell("to held out", note="to real images that were not learnt from; of fewer images, and "
              "higher for that alone"),
         bold_means(means(results, "FID", "held_out"), min, 2)),
        (Cell(f"KID{suffix} ×1000", note=kid_note), kid),
        *((Cell(measure + suffix), bold_means(means(results, measure), max, 3))
          for measure in ("precision", "recall", "density", "coverage")),
        (Cell("SSIM", note="mean over random pairs of images; much higher than that of real "
              "images: too little variety"), similar),
        (Cell("copies", note="whether generated images lie too near to training images"),
         {name: copies(results, name) for name in names}),
    ]  # fmt: skip
    if floor(results) is not None:
        _add_real_images(results, columns)
        names.append(REAL)
    return table_of(names, columns, "All measures of all members")


def copies(results, name):
    """Return the findings on copies among the images of all trainings of a member, or None."""
    found = (
        (training["metrics"] or {}).get("overall", {}).get("memorisation", {}).get("finding")
        for training in trainings(results, name)
    )
    return ", ".join(dict.fromkeys(filter(None, found))) or None


def order_table(results):
    """Return how our order compares with the paper's, a row for each column of its tables."""
    rows = [
        [
            f"{ranking.table}: {ranking.measure}",
            len(ranking.papers),
            label(results, ranking.papers[0]),
            ", ".join(label(results, name) for name in ranking.firsts),
            f"{len(ranking.reversed)} of {ranking.pairs}",
            Cell(ranking.correlation, 2),
            Cell(ranking.chance and ranking.chance.p, 3),
        ]
        for ranking in rankings(results)
    ]
    columns = [
        "Table and column", "rows", "paper's first", "first here",
        Cell("pairs reversed", note="of all pairs of rows, those that stand the other way round "
             "here"),
        Cell("Spearman", note="rank correlation with the paper: 1 for its order, -1 for the "
             "opposite one, about 0 for none; not of two rows"),
        Cell("p", note="share of all possible orders that agree with the paper's at least as well "
             f"(of {DRAWN_ORDERS:,} random ones for more than {ALL_ORDERS} rows)"),
    ]  # fmt: skip
    note = (
        "Each member was trained once, and near figures may well change places in another training."
    )
    if trained_again(results):
        note = "By means over trainings; near ones may well change places with further trainings."
    return Table(columns, rows, "Our order and the paper's", note)


def checkerboard_table(results, shares):
    """Return the Nyquist share of each member's images in per cent.

    Args:
        results: what `results.json` holds.
        shares: what `nyquist_shares` returns.
    """
    values = {name: Cell(100 * share, 3, muted=name == REAL) for name, share in shares.items()}
    names = {REAL: Cell("Real images", muted=True)}
    names |= {name: Cell(label(results, name)) for name in results["members"]}
    heading = Cell("Nyquist share, %", note="of the energy of the images, means aside")
    columns = [(Cell("Model"), names), (heading, values)]
    return table_of(
        [name for name in names if name in shares], columns, "Energy at the highest frequency"
    )


def budget_table(results):
    """Return state, iterations and time of each training of each member."""
    found = every_training(results)
    updates = {name: sum(training["iterations"].values()) for name, training in found.items()}
    trained = {name: training["seconds"].get("train") for name, training in found.items()}

    def minutes(stage):
        seconds = {name: training["seconds"].get(stage) for name, training in found.items()}
        return {name: Cell(value / 60, 1) for name, value in seconds.items() if value is not None}

    columns = [
        (Cell("Model"), {name: Cell(name) for name in found}),
        (Cell("state"), {name: Cell(state(training), note=training["failure"])
                         for name, training in found.items()}),
        (Cell("networks", note="one for each class; a single one where the method is conditional"),
         {name: len(training["iterations"]) or None for name, training in found.items()}),
        (Cell("iterations", note="generator updates, of all networks together"),
         {name: count or None for name, count in updates.items()}),
        *((Cell(f"{stage}, min"), minutes(stage)) for stage in STAGES),
        (Cell("seconds an iteration", note="of training; batches and critic steps differ between "
              "methods, and whatever else the machine was doing counts too"),
         {name: Cell(trained[name] / count, 2) for name, count in updates.items()
          if count and trained[name]}),
    ]  # fmt: skip
    return table_of(found, columns, "Budgets")


def _add_real_images(results, columns):
    """Put what real images get into the columns of `measures_table`."""
    similar = next(iter(means(results, "SSIM", "training", "mean").values()))
    note = "FID between two halves of the training images, each of half as many"
    values = {
        "Model": Cell("Real images", muted=True, note=note),
        fid_name(results): Cell(floor(results), 2, muted=True),
        "SSIM": Cell(similar.mean, 3, muted=True),
    }
    for heading, cells in columns:
        cells[REAL] = values.get(heading.value)

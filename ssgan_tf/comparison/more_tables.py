"""Tables of a study beyond the paper's: all measures, the order, the checkerboard, budgets."""

from ssgan_tf.comparison.columns import bold, names_of, table_of, with_intervals
from ssgan_tf.comparison.images import REAL
from ssgan_tf.comparison.ranks import rankings
from ssgan_tf.comparison.scores import fid_name, fids, floor, label, overall, state
from ssgan_tf.report import Cell, Table

STAGES = ("train", "generate", "evaluate", "classify")


def measures_table(results):
    """Return every measure of every member, and below them what real images get."""
    names, suffix = list(results["members"]), results["evaluation"]["suffix"]

    def of(measure, key=None):
        """Return a measure, or what it has under a key, of each member that has it."""
        found = {name: overall(results, name, measure) for name in names}
        values = {name: value[key] if key and value else value for name, value in found.items()}
        return {name: value for name, value in values.items() if value is not None}

    kid, spread = (
        {name: 1000 * value for name, value in of("KID", key).items()} for key in ("mean", "std")
    )
    similar = {name: Cell(pair["mean"], 3) for name, pair in of("SSIM", "generated").items()}
    columns = [
        (Cell("Model"), names_of(results, names)),
        (Cell(fid_name(results), note="to the training images; lower is better"),
         bold(fids(results), min, 2)),
        (Cell("to held out", note="to real images that were not learnt from; of fewer images, and "
              "higher for that alone"), bold(of("FID", "held_out"), min, 2)),
        (Cell(f"KID{suffix} ×1000", note="± is the standard deviation over random subsets"),
         with_intervals(bold(kid, min, 2), spread)),
        *((Cell(measure + suffix), bold(of(measure), max, 3))
          for measure in ("precision", "recall", "density", "coverage")),
        (Cell("SSIM", note="mean over random pairs of images; much higher than that of real "
              "images: too little variety"), similar),
        (Cell("copies", note="whether generated images lie too near to training images"),
         of("memorisation", "finding")),
    ]  # fmt: skip
    if floor(results) is not None:
        _add_real_images(results, columns)
        names.append(REAL)
    return table_of(names, columns, "All measures of all members")


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
        ]
        for ranking in rankings(results)
    ]
    columns = [
        "Table and column", "rows", "paper's first", "first here",
        Cell("pairs reversed", note="of all pairs of rows, those that stand the other way round "
             "here"),
        Cell("Spearman", note="rank correlation with the paper: 1 for its order, -1 for the "
             "opposite one, about 0 for none; not of two rows"),
    ]  # fmt: skip
    note = (
        "By the figures alone: each network was trained once, and near ones may well change "
        "places in another training."
    )
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
    """Return state, iterations and time of each member."""
    members = results["members"]
    updates = {name: sum(member["iterations"].values()) for name, member in members.items()}
    trained = {name: member["seconds"].get("train") for name, member in members.items()}

    def minutes(stage):
        seconds = {name: member["seconds"].get(stage) for name, member in members.items()}
        return {name: Cell(value / 60, 1) for name, value in seconds.items() if value is not None}

    columns = [
        (Cell("Model"), {name: Cell(member["label"]) for name, member in members.items()}),
        (Cell("state"), {name: Cell(state(member), note=member["failure"])
                         for name, member in members.items()}),
        (Cell("networks", note="one for each class; a single one where the method is conditional"),
         {name: len(member["iterations"]) or None for name, member in members.items()}),
        (Cell("iterations", note="generator updates, of all networks together"),
         {name: count or None for name, count in updates.items()}),
        *((Cell(f"{stage}, min"), minutes(stage)) for stage in STAGES),
        (Cell("seconds an iteration", note="of training; batches and critic steps differ between "
              "methods, and whatever else the machine was doing counts too"),
         {name: Cell(trained[name] / count, 2) for name, count in updates.items()
          if count and trained[name]}),
    ]  # fmt: skip
    return table_of(members, columns, "Budgets")


def _add_real_images(results, columns):
    """Put what real images get into the columns of `measures_table`."""
    similar = next(filter(None, (overall(results, name, "SSIM") for name in results["members"])))
    note = "FID between two halves of the training images, each of half as many"
    values = {
        "Model": Cell("Real images", muted=True, note=note),
        fid_name(results): Cell(floor(results), 2, muted=True),
        "SSIM": Cell(similar["training"]["mean"], 3, muted=True),
    }
    for heading, cells in columns:
        cells[REAL] = values.get(heading.value)

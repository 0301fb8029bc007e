"""The tables of an evaluation, for the terminal and the page alike."""

from ssgan_tf.published import TABLE_2
from ssgan_tf.report import Cell, Table

EVERYTHING = "all together"


def groups(metrics):
    """Return `(name, scores)` of each class and, where there are several, of all together."""
    named = list(metrics["classes"].items())
    return named if len(named) == 1 else [*named, (EVERYTHING, metrics["overall"])]


def distance_table(metrics):
    """Return FID and KID of each class, with the counts that belong to every FID."""
    name = _namer(metrics)
    columns = [
        "", "generated", "training", "held out",
        Cell(name("FID"), 2, note="between the generated and the training images; lower is better"),
        Cell("to held out", 2, note="the same distance, to real images that were not trained on; "
             "of fewer images, and higher for that alone"),
        Cell("floor", 2, note="between two halves of the training images: what a perfect "
             "generator of half as many images would about get"),
        Cell(f"{name('KID')} ×1000", 2, note="unbiased, so it may be below 0; ± is the standard "
             "deviation over random subsets"),
    ]  # fmt: skip
    rows = []
    for group, scores in groups(metrics):
        fid, kid = scores[name("FID")], scores[name("KID")]
        rows.append(
            [
                group,
                *(scores["images"][side] for side in ("generated", "training", "held_out")),
                *(fid[side] for side in ("training", "held_out", "floor")),
                Cell(1000 * kid["mean"], 2, interval=1000 * kid["std"]) if kid else None,
            ]
        )
    return Table(columns, rows, caption="Distance from the real images")


def quality_table(metrics):
    """Return fidelity and variety of each class: precision to coverage, SSIM, Inception Score."""
    name = _namer(metrics)
    measures = ("precision", "recall", "density", "coverage")
    columns = [
        "",
        *(Cell(name(measure), 3) for measure in measures),
        Cell("SSIM", 3, note="mean over random pairs of generated images; lower is more varied"),
        Cell("SSIM real", 3, note="the same of the training images, which is what to aim for"),
        Cell("IS", 2, note=_inception_note(metrics)),
        Cell("IS real", 2),
    ]
    rows = [
        [
            group,
            *(scores[name(measure)] for measure in measures),
            *(scores["SSIM"][side]["mean"] for side in ("generated", "training")),
            *(_score(scores["IS"][side]) for side in ("generated", "training")),
        ]
        for group, scores in groups(metrics)
    ]
    return Table(columns, rows, caption="Fidelity and variety")


def memorisation_table(metrics):
    """Return how near the generated images lie to the training images."""
    columns = [
        "",
        Cell("median distance", 2),
        Cell("of real images", 2, note="of real images that were not trained on, to the nearest "
             "one that was; without held-out images, of each training image to the others"),
        Cell("z", 1, note="Mann-Whitney; below -5 the generated images lie nearer to the training "
             "images than fresh photographs do"),
        Cell("very near %", 1, note="of the generated images, nearer than 99 % of those real "
             "images; 1 % is what chance gives"),
        "finding",
    ]  # fmt: skip
    rows = []
    for group, scores in groups(metrics):
        found = scores["memorisation"]
        rows.append(
            [
                group,
                found["median"],
                found["reference_median"],
                found["z"],
                100 * found["share_near"],
                found["finding"],
            ]
        )
    return Table(columns, rows, caption="Distance to the nearest training image")


def cost_table(metrics):
    """Return parameters and operations beside SSGAN's Table 2."""
    columns = [
        "",
        Cell("parameters, M", 2, note="Eq. 9, generator and critic"),
        Cell("FLOPs, G", 1, note="Eq. 10; the paper does not say of what, ours are of one batch "
             "through generator and critic"),
    ]  # fmt: skip
    own = metrics["cost"]
    batch = f"this {own['method']}, batch of {own['flops']['batch_size']}"
    rows = [[batch, own["parameters"]["together"] / 1e6, own["flops"]["batch"] / 1e9]]
    rows += [
        [
            Cell(f"{method}, published", muted=True),
            Cell(row.parameters / 1e6, 0, muted=True),
            Cell(row.flops / 1e9, 0, muted=True),
        ]
        for method, row in TABLE_2.items()
    ]
    return Table(columns, rows, caption="Cost of the networks")


def _namer(metrics):
    suffix = metrics["features"]["suffix"]
    return lambda measure: measure + suffix


def _score(score):
    return Cell(score["mean"], 2, interval=score["std"]) if score else None


def _inception_note(metrics):
    if not metrics["features"]["logits"]:
        return "not measured: the network file ends before the logits"
    return "mean ± standard deviation over ten parts; a part cannot score more than its images"

"""The tables of a study of GM-augCls: what was measured, and, paler, what the paper reports."""

from ssgan_tf.augcls import paper
from ssgan_tf.augcls.results import BALANCED_LOSS, COMPARED, FILTERED, ORIGINAL, UNFILTERED, gain_of
from ssgan_tf.metrics.advice import TABLE_5, predicted_improvement
from ssgan_tf.report import Cell, Table

LABELS = {
    ORIGINAL: "original",
    UNFILTERED: "unfiltered (cGAN-aug)",
    FILTERED: "filtered (cGAN-augCls)",
    BALANCED_LOSS: "class-balanced loss",
}
UNADJUSTED = (
    "± half the 95 % interval over seeds and test images, one comparison at a time; the findings "
    "below are corrected for their number. One generator and one filter stand behind all seeds: "
    "the interval does not cover another training of these."
)


def outcome_table(results):
    """Return the accuracy of each condition, as Table 3 has it, with its gain over original."""
    rows = []
    for row in results["classifiers"]["rows"]:
        found, mean = gain_of(results, row["condition"]), row["mean"]["accuracy"]
        half_width = mean["half_width"] and 100 * mean["half_width"]
        cells = [Cell(None), Cell(None)]
        if found:
            cells = [_mean_cell(found["points"], 1), _mean_cell(found["relative_percent"], 1)]
        recall = 100 * row["mean"]["recall"]["mean"]
        rows.append([
            LABELS.get(row["condition"], row["condition"]), sum(row["added"].values()),
            Cell(100 * mean["mean"], 2, half_width), Cell(recall, 2), *cells,
        ])  # fmt: skip
    relative = Cell("relative gain, %", note="of the accuracy of original, as in Table 5")
    columns = [
        "", "images added", "accuracy, %", "balanced accuracy, %", "gain, points", relative,
    ]  # fmt: skip
    return Table(columns, rows, "What was measured", UNADJUSTED)


def comparison_table(results):
    """Return the gains of each pair of conditions."""
    rows = [
        [f"{LABELS[one]} against {LABELS[other]}", _mean_cell(found["points"], 1),
         _mean_cell(found["relative_percent"], 1)]
        for one, other in COMPARED if (found := gain_of(results, one, other))
    ]  # fmt: skip
    return Table(["", "points", "relative, %"], rows, "Gains", UNADJUSTED)


def prediction_table(results):
    """Return the measured gain beside the one that Eq. 4 predicts, and the paper's sets beside."""
    prediction, found = results["prediction"], gain_of(results)
    measured = _mean_cell(found["relative_percent"], 1) if found else Cell(None)
    name = results["classifiers"]["data"]["name"]
    off = prediction["leave_one_out_error_points"]
    rows = [[
        f"{name}, here", Cell(prediction["merge_cls"], 4), Cell(prediction["sup_sub_cls"], 4),
        Cell(prediction["predicted_improvement_percent"], 1), measured,
    ]]  # fmt: skip
    for name, seen in TABLE_5.items():
        by_equation = predicted_improvement(seen.sup_sub_cls)
        rows.append([
            f"{name}, the paper's", *(Cell(value, digits, muted=True) for value, digits in (
                (seen.merge_cls, 4), (seen.sup_sub_cls, 4), (by_equation, 1),
                (seen.improvement, 2))),
        ])  # fmt: skip
    columns = ["", "SSIM-mergeCls", "SSIM-supSubCls", "Eq. 4, %", "measured, %"]
    note = (
        f"Eq. 4 misses a set that it was not fitted to by {off:.0f} points on average. The paper's "
        "own sets are those that it was fitted to."
    )
    return Table(columns, rows, "Predicted and measured relative gain", note)


def rounds_table(results):
    """Return what each round of filtering did."""
    rows = []
    for number, entry in enumerate(results["filter"]["rounds"], 1):
        discordant, rates = entry.get("discordant"), entry["acceptance_rate"] or {}
        accuracy = entry["validation_accuracy"]
        known = [rate for rate in rates.values() if rate is not None]
        rows.append([
            str(number), Cell(accuracy and 100 * accuracy, 2),
            Cell(discordant and discordant["gained"]), Cell(discordant and discordant["lost"]),
            Cell(entry.get("p"), 3), "yes" if entry["kept"] else "no",
            Cell(100 * sum(known) / len(known) if known else None, 1), entry.get("classifier", ""),
        ])  # fmt: skip
    columns = [
        "round", Cell("validation accuracy, %", note="mean recall of the classes"), "newly right",
        "newly wrong", Cell("p", note="McNemar's exact test, one-sided"), "kept",
        Cell("accepted, %", note="of the candidates; mean of the classes"), "classifier",
    ]  # fmt: skip
    return Table(columns, rows, "Rounds of filtering")


def similarity_table(results):
    """Return the mean SSIM of pairs within each super-class, Eq. 2."""
    rows = [
        [name, Cell(found["mean"], 4), Cell(found["standard_error"], 4), found["pairs"]]
        for name, found in results["similarity"]["super_classes"].items()
    ]
    note = "The largest is SSIM-supSubCls (Eq. 3). The error is that of drawing the pairs."
    columns = ["super-class", "mean SSIM", "standard error", "pairs"]
    return Table(columns, rows, "Similarity within super-classes, at 128 pixels", note)


def paper_tables():
    """Return the paper's Tables 1 to 6, marked as the paper's, with how far to trust Table 3."""
    return [_sets(), _accuracies(), _trust(), _similarities(), _fits()]


def _sets():
    rows = [
        [name, *_quoted(one.super_classes, one.classes, one.fid, one.fid_diffusion, one.images)]
        for name, one in paper.SETS.items()
    ]
    columns = ["", "super-classes", "classes", "FID of StyleGAN2", "FID of guided diffusion",
               Cell("validation images", note="not in these tables: from the set's description, "
                    "for flowers from the accuracies")]  # fmt: skip
    return Table(columns, rows, "The paper's Tables 1 and 2: data sets and generators")


def _accuracies():
    rows = [
        [name, *_quoted(one.original, one.original_mae, one.unfiltered, one.unfiltered_mae,
                        one.filtered, one.filtered_mae, one.filtered_diffusion,
                        paper.TABLE_4.get(name))]
        for name, one in paper.TABLE_3.items()
    ]  # fmt: skip
    columns = ["", "original", "original, MAE", "unfiltered", "unfiltered, MAE", "filtered",
               "filtered, MAE", "filtered, diffusion", "class-balanced loss"]  # fmt: skip
    note = (
        "ResNet-18, or MAE ViT-H where it says so; generated by a transitional cGAN, or guided "
        "diffusion. One training each, its best epoch on the validation images themselves."
    )
    return Table(columns, rows, "The paper's Tables 3 and 4: accuracy, %", note)


def _trust():
    rows = []
    for name, one in paper.TABLE_3.items():
        points, half_width = paper.gain_interval(name)
        rows.append([
            name, Cell(points, 2, half_width, muted=True),
            Cell(one.filtered - one.unfiltered, 2, muted=True),
            Cell(paper.SETS[name].images, muted=True),
        ])  # fmt: skip
    note = (
        "Computed here from Table 3: the interval covers the choice of validation images alone, as "
        "of two independent samples; neither another training nor the choice of the best epoch."
    )
    columns = ["", "filtered against original, points", "filtered against unfiltered, points",
               "validation images"]  # fmt: skip
    return Table(columns, rows, "How far to trust Table 3", note)


def _similarities():
    rows = [
        [name, *_quoted(one.merge_cls, one.sup_sub_cls, one.improvement),
         Cell("yes" if one.works else "no", muted=True)]
        for name, one in TABLE_5.items()
    ]  # fmt: skip
    columns = ["", "SSIM-mergeCls", "SSIM-supSubCls", "relative gain, %", "works"]
    return Table(columns, rows, "The paper's Table 5: similarity and gain")


def _fits():
    rows = [[name, *_quoted(*fit)] for name, fit in paper.TABLE_6.items()]
    note = (
        "By the figures of Table 5, Eq. 4 as printed has an R² of 0.828 and misses by 7.4 points "
        "on average, 12.7 for a set left out of the fit; 4.7882 is the median of its errors."
    )
    columns = ["", "R²", "mean absolute error, points"]
    return Table(columns, rows, "The paper's Table 6: fit of Eq. 4", note)


def _quoted(*values):
    """Return cells with as many digits as the paper prints."""
    digits = [len(str(one).partition(".")[2]) if isinstance(one, float) else None for one in values]
    return [Cell(one, count, muted=True) for one, count in zip(values, digits, strict=True)]


def _mean_cell(mean, digits):
    return Cell(mean["mean"], digits, mean["half_width"])

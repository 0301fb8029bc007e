"""Is generative augmentation likely to pay for a data set? A prediction before any training.

Guo et al., "Structural Similarity: When to Use Deep Generative Models on Imbalanced Image Dataset
Augmentation": on eight data sets, the more alike the images of a super-class (SSIM-supSubCls, see
`ssim.py`), the less a classifier gained from generated images.
"""

from typing import NamedTuple


class Experience(NamedTuple):
    """What Table 5 reports of one data set."""

    merge_cls: float  # SSIM-mergeCls
    sup_sub_cls: float  # SSIM-supSubCls
    improvement: float  # of ResNet-18's accuracy, relative, per cent
    works: bool


TABLE_5 = {
    "UTKFace": Experience(0.3649, 0.3834, 2.41, False),
    "Birds": Experience(0.1698, 0.3742, 4.57, False),
    "Insects": Experience(0.1373, 0.3115, 0.77, False),
    "scene": Experience(0.1462, 0.2625, 0.59, False),
    "flowers": Experience(0.1319, 0.1652, 24.73, True),
    "Fungi": Experience(0.0617, 0.0880, 50.00, True),
    "Reptiles": Experience(0.0645, 0.0793, 45.44, True),
    "Amphibians": Experience(0.0725, 0.0792, 83.35, True),
}
WORKED = [seen for seen in TABLE_5.values() if seen.works]
FAILED = [seen for seen in TABLE_5.values() if not seen.works]
MERGE_THRESHOLD = max(seen.merge_cls for seen in WORKED)
SUP_SUB_THRESHOLD = max(seen.sup_sub_cls for seen in WORKED)
# No data set lies between this and the threshold.
SUP_SUB_FAILED_FROM = min(seen.sup_sub_cls for seen in FAILED)
FIT_RANGE = (
    min(seen.sup_sub_cls for seen in TABLE_5.values()),
    max(seen.sup_sub_cls for seen in TABLE_5.values()),
)


def predicted_improvement(similarity):
    """Return the relative improvement of accuracy in per cent that Eq. 4 predicts.

    This is the equation as printed. Its base seems rounded: the least-squares fit to Table 5 has
    0.9373 and the R^2 of Table 6, 0.8749, where 0.94 has 0.8282.

    Args:
        similarity: SSIM-supSubCls.
    """
    return 0.94 ** (202.74 * similarity - 79.92)


#: Eq. 4 as printed misses the improvements of Table 5 by this on average, in points; Amphibians
#: alone is missed by 31. The 4.7882 of Table 6 is the median of these errors, not their mean.
FIT_ERROR = sum(
    abs(predicted_improvement(seen.sup_sub_cls) - seen.improvement) for seen in TABLE_5.values()
) / len(TABLE_5)


def advise(sup_sub_cls, merge_cls):
    """Return what the paper's experience says about a data set, as a dict for JSON.

    Args:
        sup_sub_cls: SSIM-supSubCls of the training images at 128 x 128 pixels. Smaller images
            have lower values (see `ssim.py`) and would be promised too much.
        merge_cls: SSIM-mergeCls of the same images.

    Returns:
        a dict with the prediction (per cent), the thresholds and on which side of them the data
        lies, the limits of the fit, and all of it in one `sentence`.
    """
    prediction = predicted_improvement(sup_sub_cls)
    inside_fit = FIT_RANGE[0] <= sup_sub_cls <= FIT_RANGE[1]
    # The threshold's own data set, flowers, counts among those that worked.
    sup_sub_works = sup_sub_cls <= SUP_SUB_THRESHOLD
    merge_works = merge_cls <= MERGE_THRESHOLD
    if sup_sub_cls >= SUP_SUB_FAILED_FROM:
        outlook = "is unlikely to pay"
    elif sup_sub_works and merge_works:
        outlook = "is likely to pay"
    else:
        outlook = "may or may not pay"
    outside = "" if inside_fit else f" (outside the fit's {FIT_RANGE[0]} to {FIT_RANGE[1]})"
    return {
        "sup_sub_cls": sup_sub_cls,
        "merge_cls": merge_cls,
        "predicted_improvement_percent": prediction,
        "thresholds": {"sup_sub_cls": SUP_SUB_THRESHOLD, "merge_cls": MERGE_THRESHOLD},
        "works": {"sup_sub_cls": sup_sub_works, "merge_cls": merge_works},
        "inside_fit": inside_fit,
        "fit": {
            "range": list(FIT_RANGE),
            "data_sets": len(TABLE_5),
            "image_size": 128,
            "r_squared": 0.8749,  # Table 6, as the next one
            "median_absolute_error_points": 4.7882,
            "mean_absolute_error_points": FIT_ERROR,
            "generator": "class-conditional StyleGAN2",
            "training_sets": "imbalanced",
            "classifier": "ResNet-18",
        },
        "sentence": (
            f"Generative augmentation {outlook} for this data: SSIM-supSubCls "
            f"{sup_sub_cls:.4f}{outside} predicts about {prediction:.0f} % better accuracy "
            f"(relative) - a prediction from eight other data sets, not a measurement, "
            f"and {FIT_ERROR:.0f} points off on average even on those."
        ),
    }

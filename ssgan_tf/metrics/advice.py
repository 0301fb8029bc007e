"""Is generative augmentation likely to pay for a data set? A prediction before any training.

Guo et al., "Structural Similarity: When to Use Deep Generative Models on Imbalanced Image Dataset
Augmentation": on eight data sets, the more alike the images of a super-class (SSIM-supSubCls, see
`ssim.py`), the less a classifier gained from generated images.

Their training sets were imbalanced. A class-conditional StyleGAN2 filled up the small classes, and
a classifier chose among its images; they say nothing of other uses. Nor does Eq. 4 know what is
possible: it promises more than is left to gain where a classifier is good already.
"""

from typing import NamedTuple

import numpy as np
from scipy.optimize import curve_fit


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


def leave_one_out_errors():
    """Return by how many points the form of Eq. 4 misses each data set of Table 5 unseen.

    The curve base^(a x + b) has two free numbers: it is exp(p - q x). Both are fitted by least
    squares to seven data sets, and the eighth is predicted.

    Returns:
        float64 `(8,)`, prediction minus what was measured, in the order of `TABLE_5`.
    """
    similarity, improvement = np.array(
        [(seen.sup_sub_cls, seen.improvement) for seen in TABLE_5.values()]
    ).T

    def curve(similarity, p, q):
        return np.exp(p - q * similarity)

    errors = np.empty(len(TABLE_5))
    for left_out in range(len(TABLE_5)):
        others = np.arange(len(TABLE_5)) != left_out
        # From Eq. 4 as printed: p = -79.92 log 0.94 = 4.9, q = -202.74 log 0.94 = 12.5.
        fitted, _ = curve_fit(curve, similarity[others], improvement[others], p0=(4.9, 12.5))
        errors[left_out] = curve(similarity[left_out], *fitted) - improvement[left_out]
    return errors


#: Points by which a data set is missed on average that the curve was not fitted to.
LEAVE_ONE_OUT_ERROR = float(np.abs(leave_one_out_errors()).mean())
#: Eq. 4 as printed misses those it was fitted to by this, in points; Amphibians alone by 31. The
#: 4.7882 of Table 6 is the median of these errors, not their mean.
FIT_ERROR = sum(
    abs(predicted_improvement(seen.sup_sub_cls) - seen.improvement) for seen in TABLE_5.values()
) / len(TABLE_5)


def largest_improvement(baseline):
    """Return the relative improvement, in per cent, that leads from an accuracy to 1.

    Args:
        baseline: the accuracy, in (0, 1].

    Raises:
        ValueError: it is not.
    """
    if not 0 < baseline <= 1:
        raise ValueError(f"baseline must be an accuracy above 0, up to 1, not {baseline}")
    return 100 * (1 / baseline - 1)


def advise(sup_sub_cls, merge_cls, baseline=None):
    """Return what the paper's experience says about a data set, as a dict for JSON.

    Args:
        sup_sub_cls: SSIM-supSubCls of the training images at 128 x 128 pixels. Smaller images
            have lower values (see `ssim.py`) and would be promised too much.
        merge_cls: SSIM-mergeCls of the same images.
        baseline: accuracy of a classifier that was trained on the real images alone, in (0, 1], if
            it is known; then no more is predicted than is left to gain.

    Returns:
        a dict with the prediction (per cent), the thresholds and on which side of them the data
        lies, the limits of the fit, and all of it in a `sentence` or two.

    Raises:
        ValueError: the baseline is no such accuracy.
    """
    by_equation = predicted_improvement(sup_sub_cls)
    largest = None if baseline is None else largest_improvement(baseline)
    prediction = by_equation if largest is None else min(by_equation, largest)
    inside_fit = FIT_RANGE[0] <= sup_sub_cls <= FIT_RANGE[1]
    # The threshold's own data set, flowers, counts among those that worked.
    sup_sub_works = sup_sub_cls <= SUP_SUB_THRESHOLD
    merge_works = merge_cls <= MERGE_THRESHOLD
    if largest == 0:
        outlook = "cannot pay"
    elif sup_sub_cls >= SUP_SUB_FAILED_FROM:
        outlook = "is unlikely to pay"
    elif sup_sub_works and merge_works:
        outlook = "is likely to pay"
    else:
        outlook = "may or may not pay"
    outside = "" if inside_fit else f" (outside the fit's {FIT_RANGE[0]} to {FIT_RANGE[1]})"
    if largest is None:
        possible = "; what is left to gain may be less, see --baseline"
    elif by_equation > largest:
        possible = (
            f"; Eq. 4 says {by_equation:.0f} %, but from an accuracy of {baseline:.3f} no more "
            "is possible"
        )
    else:
        possible = ""
    return {
        "sup_sub_cls": sup_sub_cls,
        "merge_cls": merge_cls,
        "predicted_improvement_percent": prediction,
        "equation_4_percent": by_equation,
        "baseline_accuracy": baseline,
        "largest_improvement_percent": largest,
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
            "leave_one_out_error_points": LEAVE_ONE_OUT_ERROR,
            "generator": "class-conditional StyleGAN2",
            "filter": "a classifier",
            "training_sets": "imbalanced",
            "classifier": "ResNet-18",
        },
        "sentence": (
            f"Generative augmentation {outlook} for this data: SSIM-supSubCls "
            f"{sup_sub_cls:.4f}{outside} predicts about {prediction:.0f} % better accuracy "
            f"(relative{possible}) - a prediction from eight other data sets, not a measurement, "
            f"and {LEAVE_ONE_OUT_ERROR:.0f} points off on average for a set that was left out of "
            "the fit. Those sets were imbalanced; a class-conditional StyleGAN2 filled up their "
            "small classes, and a classifier chose among its images. Nothing is known of "
            "balanced classes, or without such a choice."
        ),
    }

"""What a study of GM-augCls found: `results.json`, and the findings in words."""

from ssgan_tf.augcls.gains import gain, recognised
from ssgan_tf.augcls.generator import FOLDER
from ssgan_tf.metrics.advice import LEAVE_ONE_OUT_ERROR, advise
from ssgan_tf.metrics.ssim import merged_similarity, super_class_similarity
from ssgan_tf.runs.provenance import origin
from ssgan_tf.statistics.findings import LEAKED

SCHEMA = 1
LEAK = "LEAKED, and no evidence: "
ORIGINAL, FILTERED, UNFILTERED, BALANCED_LOSS = (
    "original", "filtered", "unfiltered", "balanced-loss",
)  # fmt: skip
#: Conditions and what they are compared with.
COMPARED = (
    (FILTERED, ORIGINAL), (UNFILTERED, ORIGINAL), (BALANCED_LOSS, ORIGINAL),
    (FILTERED, UNFILTERED), (FILTERED, BALANCED_LOSS),
)  # fmt: skip


def make_results(pipeline, study, classified, manifest):
    """Return the contents of `results.json`.

    Args:
        pipeline: the `Pipeline`.
        study: the `Study` of its classifiers, which has run.
        classified: the `results.json` of that.
        manifest: that of the filtered set.
    """
    right = recognised(study.members, study.out)
    gains = [
        {"condition": one, "compared_with": other, **found}
        for one, other in COMPARED
        if (found := gain(right.get(one, {}), right.get(other, {})))
    ]
    similarity = _similarity(pipeline)
    accuracy = next(
        row["mean"]["accuracy"]["mean"] for row in classified["rows"]
        if row["condition"] == ORIGINAL
    )  # fmt: skip
    advice = advise(
        similarity["sup_sub_cls"], similarity["merge_cls"], accuracy if accuracy > 0 else None
    )
    generator = pipeline.generator
    results = {
        "schema": SCHEMA,
        **origin(),
        "settings": pipeline.config_settings,
        "generator": {
            "method": generator.method.name,
            "label": generator.method.label,
            "run": str(generator.run) if generator.budget is None else FOLDER,
            "trained_here": generator.budget is not None,
            "iterations": {
                name: entry["checkpoint_step"] for name, entry in manifest["classes"].items()
            },
            "notes": generator.notes(pipeline.images.class_names),
        },
        "added": {name: entry["count"] for name, entry in manifest["classes"].items()},
        "lacking": dict(pipeline.wanted),
        "filter": {
            "threshold": manifest["filter"]["threshold"],
            "limit": manifest["filter"]["limit"],
            "classifier": manifest["filter"]["classifier"],
            "rounds": manifest["filter"]["rounds"],
            "rule": manifest["filter"].get("rule"),
            "held_out": manifest["filter"].get("held_out"),
        },
        "similarity": similarity,
        "prediction": advice | {"leave_one_out_error_points": LEAVE_ONE_OUT_ERROR},
        "gains": gains,
        "classifiers": classified,
        "warnings": list(_warnings(pipeline, classified, manifest)),
    }
    return results | {"sentences": sentences(results)}


def gain_of(results, condition=FILTERED, compared_with=ORIGINAL):
    """Return one of the `gains` of `results.json`, or None."""
    for found in results["gains"]:
        if (found["condition"], found["compared_with"]) == (condition, compared_with):
            return found
    return None


def is_leaked(results, condition):
    """Return whether a condition's generator or filter has seen test images."""
    known = results["classifiers"]["conditions"].get(condition)
    return known is not None and known["finding"] == LEAKED


def sentences(results):
    """Return what came out, a list of sentences: measured gains, then the predicted one."""
    said = []
    for found in results["gains"]:
        points, relative = found["points"], found["relative_percent"]
        words = f"{found['condition']} against {found['compared_with']}: {_shown(points)} points"
        if relative["mean"] is not None:
            words += f" of accuracy, relatively {_shown(relative)} %"
        leak = is_leaked(results, found["condition"]) or is_leaked(results, found["compared_with"])
        said.append(f"{LEAK if leak else ''}{words}{_reading(points)}.")
    prediction, measured = results["prediction"], gain_of(results)
    said.append(
        f"Eq. 4 of GM-augCls predicts {prediction['predicted_improvement_percent']:.1f} % from an "
        f"SSIM-supSubCls of {prediction['sup_sub_cls']:.4f}"
        + (_beside(prediction["predicted_improvement_percent"], measured["relative_percent"])
           if measured else "")
        + "."
    )  # fmt: skip
    return said


def _shown(mean):
    half_width = mean["half_width"]
    return f"{mean['mean']:+z.1f}" + ("" if half_width is None else f" ± {half_width:.1f}")


def _reading(points):
    if points["half_width"] is None:
        return " (one seed: no interval)"
    return "" if abs(points["mean"]) > points["half_width"] else " (the interval holds 0)"


def _beside(predicted, measured):
    if measured["half_width"] is None or measured["mean"] is None:
        return ""
    inside = abs(predicted - measured["mean"]) <= measured["half_width"]
    return f", which the interval of the measured gain {'holds' if inside else 'does not hold'}"


def _similarity(pipeline):
    """Return SSIM-mergeCls and SSIM-supSubCls (Eq. 2 and 3) of the imbalanced training images."""
    images = pipeline.for_similarity
    merged = merged_similarity(images.images, pipeline.protocol.seed)
    grouped = super_class_similarity(
        images.images, images.labels, pipeline.groups, pipeline.protocol.seed
    )
    return {
        "merge_cls": merged.mean,
        "merge_cls_standard_error": merged.standard_error,
        "sup_sub_cls": grouped.maximum,
        "super_class": grouped.name,
        "super_classes": {name: one._asdict() for name, one in grouped.super_classes.items()},
        "image_size": images.image_size,
    }


def _warnings(pipeline, classified, manifest):
    yield from classified["warnings"]
    yield from pipeline.generator.notes(pipeline.images.class_names)
    short = {
        name: pipeline.wanted[name] - entry["count"]
        for name, entry in manifest["classes"].items()
        if entry["count"] < pipeline.wanted[name]
    }
    if short:
        listed = ", ".join(f"{count} of {name}" for name, count in short.items())
        yield (
            f"the filter found too few images: {listed} are lacking, so the classes are not "
            "balanced; the unfiltered set adds as few"
        )
    held_out = manifest["filter"].get("held_out")
    if held_out and held_out["trained_on_by_generator"]:
        yield (
            f"the generator was trained on {held_out['trained_on_by_generator']} of the "
            f"{held_out['images']} validation images, which favours filters trained on its images"
        )
    for name, condition in classified["conditions"].items():
        if condition["finding"] == LEAKED:
            yield f"{name} is LEAKED: {' '.join(condition['notes'])}"

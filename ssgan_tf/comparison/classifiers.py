"""The classifiers of a study: one comparison for each member, and one of all members together."""

import dataclasses
import shutil

from ssgan_tf.classify.conditions import (
    ORIGINAL,
    Condition,
    added_images,
    counts_to_add,
    parse_condition,
    parse_sizes,
)
from ssgan_tf.classify.generated import load_generated
from ssgan_tf.classify.member import CURVES, RESULT
from ssgan_tf.classify.member import Member as Training
from ssgan_tf.classify.records import make_config
from ssgan_tf.classify.study import RESULTS, Study
from ssgan_tf.classify.training import ClassifierSettings
from ssgan_tf.json_files import find_json
from ssgan_tf.runs.run_directory import RunDirectory

#: What the paper calls random clipping; and what anyone would do first, so the one to beat.
CLIPPING, BASELINE = "crop", "flip-crop"
CLASSICAL = (CLIPPING, BASELINE)
JOINT = "classification"  # folder of the comparison of all members


def real_images(comparison):
    """Return how many real images of each class all classifiers learn from, a dict."""
    most = comparison.protocol.real_per_class
    return {name: min(count, most) for name, count in comparison.parts.train.counts().items()}


def make_study(comparison, out, augment):
    """Return the `Study` of some conditions under the protocol that all members share.

    Args:
        comparison: the `Comparison`.
        out: its folder.
        augment: the conditions beside `original`, as for `classify.py --augment`.
    """
    options = comparison.options
    return Study(
        comparison.dataset,
        out,
        augment=augment,
        per_class=options.classifier_sizes,
        seeds=options.classifier_seeds,
        protocol=comparison.protocol,
        settings=ClassifierSettings(
            weights=options.classifier_weights, epochs=options.classifier_epochs
        ),
        datasets_dir=comparison.datasets_dir,
        classes=comparison.classes,
        image_size=comparison.image_size,
        cache_dir=comparison.cache_dir,
        progress=comparison.progress,
    )


def trainings_with(name, options):
    """Return the trainings that add images of one kind, a list of `ssgan_tf.classify` members."""
    return [
        Training(Condition(name, (name,)), size, seed)
        for size in parse_sizes(options.classifier_sizes)
        for seed in range(options.classifier_seeds)
    ]


def baseline_trainings(options):
    """Return the trainings without generated images: with real ones alone, and `CLASSICAL`."""
    without_sets = [
        Training(condition, None, seed)
        for condition in (Condition(ORIGINAL), parse_condition(BASELINE))
        for seed in range(options.classifier_seeds)
    ]
    return without_sets + trainings_with(CLIPPING, options)


def are_of(comparison, work):
    """Return whether a member's finished trainings all added the images that it has now.

    Args:
        comparison: the `Comparison`.
        work: the `Work` of the member.
    """
    folders = {work.member.condition: work.generated}
    generated = load_generated(
        folders, comparison.image_size, comparison.images.class_names, comparison.cache_dir,
        progress=False,
    )  # fmt: skip
    real, real_counts = comparison.parts.train, real_images(comparison)
    for training in work.trainings():
        condition = dataclasses.replace(training.condition, folders=folders)
        counts = counts_to_add(training.size, real_counts)
        added = added_images(condition, counts, real, generated, training.seed)
        result = training.result(work.classification)
        if result and result["fingerprint"] != added.fingerprint():
            return False
    return True


def prepare_joint(comparison):
    """Make sure that the classifiers of this call may be compared with earlier ones.

    Rather now than after hours of training; the weights are fetched as well.

    Raises:
        UserError: earlier classifiers were trained otherwise.
    """
    study = make_study(comparison, comparison.out / JOINT, list(CLASSICAL))
    RunDirectory(study.out, "--out").prepare(make_config(study))


def take_over(study, sources):
    """Copy what other comparisons of equal settings have finished of a study's trainings.

    All comparisons of a `Comparison` are of equal settings; see `prepare_joint`. A result in the
    study's folder that is of other images than it would add now is replaced, or removed.

    Args:
        study: the `Study`, whose folder is made ready.
        sources: folders of the other comparisons.
    """
    RunDirectory(study.out, "--out").prepare(make_config(study))
    for training in study.members:
        images = study.generated_part(training).fingerprint()
        results = ((source, training.result(source)) for source in (study.out, *sources))
        fit = (source for source, result in results if result and result["fingerprint"] == images)
        source, target = next(fit, None), training.folder(study.out)
        if source == study.out:
            continue
        (target / RESULT).unlink(missing_ok=True)
        if source is None:
            continue
        target.mkdir(parents=True, exist_ok=True)
        for name in (CURVES, RESULT):  # the result last, since it marks the training as finished
            if (training.folder(source) / name).exists():
                shutil.copy2(training.folder(source) / name, target / name)


def gather(comparison, works):
    """Write the comparison of all members whose classifiers are finished.

    Args:
        comparison: the `Comparison`.
        works: the `Work`s of its members, of which the unfinished ones are left out.

    Returns:
        its `results.json`, a dict; None where the baselines or all members are unfinished.
    """
    baselines = comparison.baselines
    finished = [work for work in works if "classify" in work.stages and not work.pending()]
    if baselines.pending() or not finished:
        return read_joint(comparison.out)
    study = make_study(
        comparison,
        comparison.out / JOINT,
        [*CLASSICAL, *(f"{work.member.condition}={work.generated}" for work in finished)],
    )
    take_over(study, [work.classification for work in (baselines, *finished)])
    return study.run()


def read_joint(out):
    """Return the `results.json` of the comparison of all members, or None where there is none."""
    return find_json(out / JOINT / RESULTS, {"rows": list, "conditions": dict})

"""The classifiers of a comparison: the trainings of one `Study`, whoever trains them."""

from ssgan_tf.classify.conditions import (
    ORIGINAL,
    Condition,
    added_images,
    counts_to_add,
    parse_condition,
    parse_sizes,
)
from ssgan_tf.classify.generated import load_generated
from ssgan_tf.classify.member import RESULT, Member
from ssgan_tf.classify.records import make_config
from ssgan_tf.classify.study import RESULTS, Study
from ssgan_tf.classify.training import ClassifierSettings
from ssgan_tf.json_files import find_json
from ssgan_tf.runs.run_directory import RunDirectory
from ssgan_tf.statistics.findings import BASELINE

FOLDER = "classification"
#: Real images alone; what the paper calls random clipping; and what generated images have to beat.
BASELINES = (Condition(ORIGINAL), parse_condition("crop"), parse_condition(BASELINE))


def condition_with(name, folder):
    """Return the `Condition` that adds the images of a folder."""
    return Condition(name, (name,), folders={name: folder})


def members_of(terms, *conditions):
    """Return the `Member`s of the study for some `Condition`s: at each size, with each seed."""
    return [
        Member(condition, size, seed)
        for condition in conditions
        for size in (parse_sizes(terms.classifier_sizes) if condition.parts else [None])
        for seed in range(terms.classifier_seeds)
    ]


def make_study(comparison, conditions):
    """Return the `Study` of some `Condition`s, in the folder and under the protocol of all."""
    terms = comparison.terms
    return Study(
        out=comparison.out / FOLDER,
        augment=[condition.spec for condition in conditions],
        per_class=terms.classifier_sizes,
        seeds=terms.classifier_seeds,
        protocol=comparison.protocol,
        settings=ClassifierSettings(
            weights=terms.classifier_weights, epochs=terms.classifier_epochs
        ),
        **comparison.data,
    )


def prepare(comparison):
    """Make sure that classifiers of this call may be compared with earlier ones; fetch weights.

    Earlier versions had a folder of classifiers for each contestant. What was trained there and
    lies nowhere else is moved to the folder of all.

    Raises:
        UserError: earlier classifiers were trained otherwise.
    """
    study = make_study(comparison, BASELINES)
    RunDirectory(study.out, "--out").prepare(make_config(study))
    for earlier in comparison.out.glob(f"members/*/{FOLDER}/runs/*/seed-*"):
        place = study.out / "runs" / earlier.parent.name / earlier.name
        if (earlier / RESULT).exists() and not place.exists():
            place.parent.mkdir(parents=True, exist_ok=True)
            earlier.rename(place)


def train(comparison, members):
    """Train those of some `Member`s that are `unfinished`.

    Raises:
        UserError: the images do not suffice, or another process is at one of them.
        Interrupted: a signal; what has finished is kept.
    """
    pending = unfinished(comparison, members)
    study = make_study(comparison, dict.fromkeys(member.condition for member in pending))
    for member in pending:
        (member.folder(study.out) / RESULT).unlink(missing_ok=True)  # of other images
    study.train(pending)


def unfinished(comparison, members):
    """Return those `Member`s that were not trained yet, or on other images than there are now.

    Classical sets follow from the training images and the seed, so those are always current.
    """
    results = {member: member.result(comparison.out / FOLDER) for member in members}
    trained = [member for member in members if results[member] and member.condition.folders]
    folders = {name: folder for one in trained for name, folder in one.condition.folders.items()}
    generated = load_generated(
        folders, comparison.image_size, comparison.images.class_names,
        comparison.data["cache_dir"], progress=False,
    )  # fmt: skip
    real, counts = comparison.parts.train, real_images(comparison)
    for member in trained:
        wanted = counts_to_add(member.size, counts)
        added = added_images(member.condition, wanted, real, generated, member.seed)
        if results[member]["fingerprint"] != added.fingerprint():
            results[member] = None
    return [member for member in members if results[member] is None]


def gather(comparison, conditions):
    """Write the report of the baselines and of some `Condition`s, whose members are trained."""
    make_study(comparison, [*BASELINES, *conditions]).run()


def real_images(comparison):
    """Return how many real images of each class all classifiers train on, a dict."""
    most = comparison.protocol.real_per_class
    return {name: min(count, most) for name, count in comparison.parts.train.counts().items()}


def read_results(out):
    """Return the `results.json` of the study, or None where there is none."""
    return find_json(out / FOLDER / RESULTS, {"rows": list, "conditions": dict})

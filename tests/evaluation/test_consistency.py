"""Class consistency on painted images, with a tiny classifier."""

import html
import json
import shutil
from types import SimpleNamespace

import keras
import pytest

from ssgan_tf.classify.classifier import Classifier
from ssgan_tf.commands.evaluate import consistency_settings
from ssgan_tf.errors import UserError
from ssgan_tf.evaluation import consistency, evaluate, judges
from ssgan_tf.evaluation.consistency import (
    consistency_warnings,
    measure_consistency,
    require_consistency,
)
from ssgan_tf.evaluation.consistency_page import consistency_section, consistency_table, sentences
from ssgan_tf.evaluation.inputs import load_inputs
from ssgan_tf.evaluation.judges import ConsistencySettings, load_classifiers, require_fit
from ssgan_tf.report.page import Ids
from tests.evaluation.folders import write_manifest, write_set
from tests.metrics.frozen import tiny_graph

LEARNT, HELD_OUT = range(16), range(16, 24)
SCORE = "classification_accuracy_score"


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("consistency")
    write_set(folder / "real", count=24)
    return folder


def mean_colour(weights, image_size, classes, *_):
    """A network that looks at the mean colour alone, so that it learns in a moment."""
    images = keras.Input((image_size, image_size, 3))
    colours = keras.layers.GlobalAveragePooling2D()(keras.layers.Rescaling(1 / 16, -8)(images))
    logits = keras.layers.Dense(classes, kernel_initializer="zeros", dtype="float32")(colours)
    return keras.Model(images, logits)


@pytest.fixture(autouse=True, scope="module")
def tiny():
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("ssgan_tf.classify.training.build_network", mean_colour)
        yield


SETTINGS = ConsistencySettings(
    classifier_weights="scratch", classifier_epochs=10, classifier_seeds=2
)


def inputs_of(place, made, **changes):
    options = {"cache_dir": place / "cache", "progress": False}
    manifest = changes.pop("manifest", {})
    real = load_inputs(made, real=place / "real", **options).real
    write_manifest(made, real, LEARNT, HELD_OUT, **manifest)
    return load_inputs(made, dataset=place / "real", **options | changes)


def copies(place, made, names=("blue", "red"), count=16):
    """The training images again, perhaps under other names."""
    for own, name in zip(("blue", "red"), names, strict=True):
        (made / name).mkdir(parents=True)
        for path in sorted((place / "real" / own).iterdir())[:count]:
            shutil.copy(path, made / name)
    return made


def measure(place, made, settings, folder, **changes):
    return measure_consistency(
        inputs_of(place, made, **changes), settings, folder, source=(place / "real", None),
        path=made, progress=False,
    )  # fmt: skip


@pytest.fixture(scope="module")
def perfect(place):
    """The figures of a set of copies, and the folder of their classifiers."""
    made = copies(place, place / "perfect")
    return measure(place, made, SETTINGS, place / "trained"), place / "trained"


def test_a_perfect_set_is_recognised_and_teaches_like_real_images(perfect):
    found, folder = perfect
    for part, side in (("recognised", "held_out"), (SCORE, "real"), (SCORE, "generated")):
        scores = found[part][side]
        assert scores["images"] == 16
        assert scores["confusion"] == [[16, 0], [0, 16]]  # of two classifiers, 8 of each class
    assert found["recognised"]["generated"]["confusion"] == [[32, 0], [0, 32]]
    assert found["recognised"]["difference"]["balanced_accuracy"]["mean"] == 0
    assert found["finding"] == "clean"
    assert found[SCORE]["trained_on"] == {"blue": 16, "red": 16}
    # The classifiers of all real images are those of as many.
    assert {path.name for path in folder.iterdir()} == {"real", "generated"}


def test_swapped_labels_swap_the_confusion_matrix(place, perfect, tmp_path):
    made = copies(place, tmp_path / "made", names=("red", "blue"))
    shutil.copytree(perfect[1] / "real", tmp_path / "trained" / "real")
    found = measure(place, made, SETTINGS, tmp_path / "trained")
    assert found["recognised"]["generated"]["confusion"] == [[0, 32], [32, 0]]
    assert found["recognised"]["held_out"]["confusion"] == [[16, 0], [0, 16]]
    assert found[SCORE]["generated"]["confusion"] == [[0, 16], [16, 0]]
    assert found[SCORE]["difference"]["classes"]["red"]["mean"] == -1


def test_finished_classifiers_are_not_trained_again(place, perfect, monkeypatch):
    def never(*_):
        raise AssertionError("trained again")

    monkeypatch.setattr(judges, "ClassifierTraining", never)
    again = measure(place, place / "perfect", SETTINGS, perfect[1])
    assert again == perfect[0]
    with pytest.raises(AssertionError, match="trained again"):
        more = ConsistencySettings(classifier_epochs=11, classifier_seeds=1,
                                   classifier_weights=SETTINGS.classifier_weights)  # fmt: skip
        measure(place, place / "perfect", more, perfect[1])


def test_other_images_are_learnt_anew(place, perfect, tmp_path):
    made = copies(place, tmp_path / "made", count=12)
    trained = shutil.copytree(perfect[1], tmp_path / "trained")
    before = (trained / "real" / "seed-0" / "classifier.json").read_text()
    found = measure(place, made, SETTINGS, trained)
    assert found[SCORE]["trained_on"] == {"blue": 12, "red": 12}
    assert found["recognised"]["trained_on"] == {"blue": 16, "red": 16}
    assert (trained / "real" / "seed-0" / "classifier.json").read_text() == before
    few = Classifier.load(trained / "as-many-real" / "seed-1").record
    assert {name: len(hashes) for name, hashes in few["learnt_from"].items()} == {
        "blue": 12, "red": 12,
    }  # fmt: skip
    # As many gradient steps on either side.
    assert few["steps"] == Classifier.load(trained / "generated" / "seed-1").record["steps"]


def test_after_a_stop_it_goes_on_with_the_next_classifier(place, perfect, tmp_path, monkeypatch):
    train, trained = judges.Judge.train, []

    def interrupted(judge, between):
        if len(trained) == 3:
            raise KeyboardInterrupt
        trained.append(judge.folder)
        return train(judge, between)

    monkeypatch.setattr(judges.Judge, "train", interrupted)
    with pytest.raises(KeyboardInterrupt):
        measure(place, place / "perfect", SETTINGS, tmp_path)
    assert len(trained) == 3
    trained.clear()
    found = measure(place, place / "perfect", SETTINGS, tmp_path)
    assert len(trained) == 1
    assert found[SCORE] == perfect[0][SCORE]


def test_given_classifiers_judge_without_training(place, perfect, monkeypatch):
    monkeypatch.setattr(judges, "ClassifierTraining", None)
    for folder, number in (("real", 2), ("real/seed-1", 1)):
        only = ConsistencySettings(classifier=str(perfect[1] / folder), train=False)
        found = measure(place, place / "perfect", only, place / "nothing")
        assert len(found["recognised"]["classifiers"]) == number
        assert found[SCORE] is None
        assert found["recognised"]["generated"]["balanced_accuracy"]["mean"] == 1
        assert "CAS" not in consistency_table({"consistency": found}).text()
        assert len(sentences(found)) == 1
    assert not (place / "nothing").exists()


def test_a_given_classifier_serves_both_questions_and_lends_its_settings(place, perfect, tmp_path):
    shutil.copytree(perfect[1] / "generated", tmp_path / "generated")
    given = ConsistencySettings(classifier=str(perfect[1] / "real"), classifier_seeds=2)
    found = measure(place, place / "perfect", given, tmp_path)
    assert found[SCORE] == perfect[0][SCORE]
    assert [path.name for path in tmp_path.iterdir()] == ["generated"]


class Known(Classifier):
    """A classifier that answers with the first class of its own order for dark images."""

    def __init__(self, **changes):
        self.record = {
            "class_names": ["red", "blue"], "image_size": 16, "kind": "original",
            "learnt_from": {"blue": [], "red": []},
        } | changes  # fmt: skip
        self.class_names, self.image_size = self.record["class_names"], self.record["image_size"]

    def probabilities(self, images):
        return images.mean(axis=(1, 2))[:, [0, 2]]


def test_the_order_of_its_classes_may_be_another(place, perfect):
    inputs = inputs_of(place, place / "perfect")
    seen = judges.ask(Known(), {"made": inputs.generated})["made"]
    assert (seen == inputs.generated.labels).all()


def test_what_cannot_judge_is_refused(place, perfect):
    inputs = inputs_of(place, place / "perfect")
    held_out = inputs.real.select(inputs.held_out)
    require_fit("f", Known(), held_out)
    for changes, words in (
        ({"image_size": 32}, "takes images of 32 pixels, and these have 16"),
        ({"class_names": ["red", "green"]}, "tells green, red apart, and these .* blue, red"),
        ({"kind": "generated"}, "was trained on generated images"),
        ({"kind": "accepted"}, "was trained on generated images"),
        ({"learnt_from": {"red": held_out.hashes[:3]}}, "trained on 3 of the 16 held-out images"),
    ):
        with pytest.raises(UserError, match=words):
            require_fit("f", Known(**changes), held_out)
    with pytest.raises(UserError, match="holds no classifier"):
        load_classifiers(place / "perfect")


def test_one_class_or_no_held_out_images_are_refused(place, perfect):
    whole = load_inputs(place / "perfect", real=place / "real", cache_dir=place / "cache",
                        progress=False)  # fmt: skip
    with pytest.raises(UserError, match="none are held out of blue, red; name the real images"):
        require_consistency(whole, SETTINGS)
    with pytest.raises(UserError, match="needs two or more classes"):
        require_consistency(inputs_of(place, place / "perfect", classes=["red"]), SETTINGS)


def test_leaks_and_choices_are_said(place, perfect, tmp_path):
    made = copies(place, tmp_path / "made")
    source = sorted((place / "real" / "red").iterdir())[20]  # held out
    shutil.copy(source, made / "red" / "another.png")
    filtered = {"filter": {"classifier": "c", "learnt_from": {"red": ["00"]}}}
    only = ConsistencySettings(classifier=str(perfect[1] / "real"), train=False)
    found = measure(place, made, only, tmp_path, manifest=filtered)
    assert found["finding"] == "LEAKED"
    warnings = " ".join(consistency_warnings(found))
    assert "There are test images among those of the set: 1." in warnings
    assert consistency.CHOSEN in warnings
    assert consistency_warnings(perfect[0]) == consistency_warnings(None) == []


def test_the_report_has_sentences_shares_and_matrices(perfect):
    metrics = {"consistency": perfect[0]}
    first, second = sentences(perfect[0])
    assert "recognise 100.0 % of the generated images, and 100.0 % of held-out real" in first
    assert "(the classification accuracy score); trained on as many real ones, 100.0 % " in second
    text = consistency_table(metrics).text()
    assert "CAS %" in text and "all together" in text
    assert "2 classifiers, ± half the 95 % interval of training and the choice" in text
    page = consistency_section(metrics).html(Ids(), "c")
    assert page.count("<table") == 5
    assert "generated for" in page and "Ravuri and Vinyals 2019" in page


def test_an_evaluation_has_it_in_its_figures_and_its_report(place, perfect, tmp_path):
    (tmp_path / "graph.pb").write_bytes(tiny_graph())
    out = tmp_path / "out"
    shutil.copytree(perfect[1], out / "consistency")  # what a stopped evaluation leaves
    inputs_of(place, place / "perfect")
    metrics = evaluate(
        place / "perfect", out, dataset=place / "real", inception=tmp_path / "graph.pb",
        consistency=SETTINGS, cache_dir=place / "cache", progress=False,
    )  # fmt: skip
    assert metrics["consistency"][SCORE] == perfect[0][SCORE]
    assert json.loads((out / "metrics.json").read_text()) == metrics
    assert metrics["seconds"]["class consistency"] > 0
    page = (out / "report.html").read_text()
    assert sentences(metrics["consistency"])[1] in html.unescape(page)


def test_it_is_refused_before_anything_is_measured(place, tmp_path):
    with pytest.raises(UserError, match="none are held out"):
        evaluate(
            place / "perfect", tmp_path / "out", real=place / "real", inception="nowhere",
            consistency=SETTINGS, cache_dir=place / "cache", progress=False,
        )  # fmt: skip
    assert not (tmp_path / "out").exists()


def test_the_flags_of_evaluate():
    def settings(**given):
        names = ("classifier", "classifier_weights", "classifier_epochs", "classifier_seeds")
        values = dict.fromkeys(names) | {"consistency": False} | given
        return consistency_settings(SimpleNamespace(**values))

    assert settings() is None
    assert settings(consistency=True) == ConsistencySettings()
    assert settings(classifier="f") == ConsistencySettings(classifier="f", train=False)
    assert settings(classifier="f", consistency=True, classifier_epochs=3) == ConsistencySettings(
        classifier="f", classifier_epochs=3
    )
    for given in ({"classifier_seeds": 2}, {"classifier": "f", "classifier_epochs": 2}):
        with pytest.raises(UserError, match=r"--classifier_\w+ needs --consistency, which trains"):
            settings(**given)

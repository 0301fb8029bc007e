import json
import shutil

import keras
import numpy as np
import pytest
import tensorflow as tf

from ssgan_tf.classify.classifier import Classifier
from ssgan_tf.classify.network import build_network, load_backbone
from ssgan_tf.classify.training import ClassifierSettings, ClassifierTraining, predictor
from ssgan_tf.errors import UserError
from tests.training.tiny import painted_squares

RECORD = {
    "condition": "original", "seed": 0, "settings": {}, "learnt_from": {}, "held_out": {},
    "dataset": {"source": "demo", "datasets_dir": "datasets"},
}  # fmt: skip
IMAGES = painted_squares(per_class=12, size=16, classes=("left", "right"))


def small(preset, **changes):
    return ClassifierSettings(
        **{"weights": preset, "batch_size": 8, "precision": "float32"} | changes
    )


def test_resnet_18_has_its_published_size():
    network = build_network("scratch", 64, 5)
    # PyTorch's ResNet-18 has 11,689,512 parameters, 513,000 of them in its last layer.
    trained = sum(int(tf.size(weight)) for weight in network.trainable_variables)
    assert trained == 11_689_512 - 513_000 + 512 * 5 + 5
    assert network(np.zeros((2, 64, 64, 3), np.float32)).shape == (2, 5)


def test_images_are_normalised_as_the_presets_expect(preset):
    network = build_network(preset, 16, 2)
    rescale = next(layer for layer in network.layers if isinstance(layer, keras.layers.Rescaling))
    red = rescale(np.full((1, 1, 1, 3), 255.0))[0, 0, 0]
    np.testing.assert_allclose(red, [2.2489, 2.4286, 2.64], atol=1e-3)  # (1 - mean) / std


def test_a_preset_keeps_its_weights_and_gets_a_new_last_layer(preset):
    first, second = (build_network(preset, 16, 3) for _ in range(2))
    kernels = [network.get_layer(index=2).get_weights()[0] for network in (first, second)]
    np.testing.assert_array_equal(*kernels)
    assert np.any(first.get_weights()[-2] != second.get_weights()[-2])


@pytest.mark.parametrize("weights", ["nowhere", ""])
def test_a_folder_without_a_preset_is_refused(weights, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    with pytest.raises(UserError, match="is no preset; use imagenet, --weights scratch"):
        load_backbone(weights, 16)


def test_a_damaged_preset_is_refused(tmp_path):
    (tmp_path / "config.json").write_text("{")
    with pytest.raises(UserError, match="cannot be read"):
        load_backbone(str(tmp_path), 16)


def test_imagenet_without_a_connection_says_what_else_there_is(monkeypatch):
    import keras_hub

    def fail(*arguments, **options):
        raise ConnectionError("no route\nand more")

    monkeypatch.setattr(keras_hub.models.Backbone, "from_preset", fail)
    with pytest.raises(UserError, match=r"downloaded \(no route\); check .* --weights scratch"):
        load_backbone("imagenet", 64)


def test_learns_and_equal_seeds_learn_alike(preset):
    runs = []
    for seed in (0, 0, 1):
        learning = ClassifierTraining(IMAGES, small(preset, learning_rate=1e-3), seed, steps=20)
        figures = [learning.run(5), learning.run(15)]
        runs.append((figures, predictor(learning.network)(IMAGES.images)))
    assert runs[0][0][1]["loss"] < runs[0][0][0]["loss"]
    assert np.mean(runs[0][1].argmax(1) == IMAGES.labels) > 0.9
    np.testing.assert_allclose(runs[0][1], runs[1][1], rtol=1e-3, atol=1e-3)
    assert np.abs(runs[0][1] - runs[2][1]).max() > 0.01


def test_every_image_is_learnt_from_once_an_epoch_and_nothing_is_changed(preset):
    learning = ClassifierTraining(IMAGES, small(preset), seed=0, steps=3)
    seen = []
    learning.policies = [lambda batch, training: seen.append(batch["images"]) or batch]
    for _ in range(3):
        learning._update()
        learning.step.assign_add(1)
    seen = np.concatenate(seen).astype(np.uint8)
    assert sorted(image.tobytes() for image in seen) == sorted(
        image.tobytes() for image in IMAGES.images
    )


@pytest.mark.parametrize(
    "policy", ["flip-crop", "geometric-online", "mixup-online", "cutmix", "randaugment"]
)
def test_policies_run_in_the_compiled_step(preset, policy):
    learning = ClassifierTraining(IMAGES, small(preset), 0, steps=2, policies=(policy,))
    assert np.isfinite(learning.run(2)["loss"])


def test_the_learning_rate_falls_to_zero(preset):
    learning = ClassifierTraining(IMAGES, small(preset), 0, steps=4)
    assert float(learning.optimizer.learning_rate) == pytest.approx(1e-4)
    learning.run(4)
    assert float(learning.optimizer.learning_rate) == pytest.approx(0, abs=1e-9)


def test_all_steps_are_taken_in_turns(preset):
    learning = ClassifierTraining(IMAGES, small(preset), 0, steps=5)
    turns = [(count, set(figures)) for count, figures in learning.in_turns(turns=3)]
    assert [count for count, _ in turns] == [2, 2, 1]
    assert turns[0][1] == {"loss", "accuracy", "images_per_second"}
    assert int(learning.step) == 5


def test_a_training_that_diverges_is_no_result(preset):
    settings = small(preset)
    object.__setattr__(settings, "learning_rate", 1e30)  # far beyond what settings may be
    learning = ClassifierTraining(IMAGES, settings, 0, steps=6)
    with pytest.raises(UserError, match=r"not finite after \d steps; try a smaller --learning_r"):
        list(learning.in_turns())


def test_equal_steps_or_equal_epochs():
    steps = ClassifierSettings(epochs=3, batch_size=8)
    epochs = ClassifierSettings(epochs=3, batch_size=8, budget="epochs")
    assert steps.steps(original=20, own=20) == steps.steps(original=20, own=100) == 9
    assert epochs.steps(original=20, own=20) == 9
    assert epochs.steps(original=20, own=100) == 39


def test_the_learning_rate_depends_on_the_weights():
    assert ClassifierSettings(weights="scratch").rate == 3e-3
    assert ClassifierSettings().rate == 1e-4
    assert ClassifierSettings(learning_rate=0.5).rate == 0.5


def test_records_of_settings_are_as_before_there_were_more():
    """Else classifiers of earlier versions would be trained again."""
    before = {"weights", "epochs", "budget", "batch_size", "learning_rate", "precision"}
    assert set(ClassifierSettings().recorded()) == before
    settings = ClassifierSettings(network="vgg19", probe=True, added_share=0.5)
    assert set(settings.recorded()) == before | {"network", "probe", "added_share"}
    assert ClassifierSettings(**settings.recorded()) == settings


@pytest.mark.parametrize(
    "changes",
    [{"epochs": 0}, {"batch_size": 0}, {"learning_rate": 0.0}, {"budget": "x"}, {"precision": "x"}],
)
def test_impossible_settings_are_refused(changes):
    with pytest.raises(UserError, match=f"--{next(iter(changes))}"):
        ClassifierSettings(**changes)


def test_a_saved_classifier_says_the_same(preset, tmp_path):
    learning = ClassifierTraining(IMAGES, small(preset), seed=0, steps=2)
    learning.run(2)
    record = RECORD | {"class_names": ["left", "right"], "image_size": 16}
    before = Classifier(learning.network, record)
    before.save(tmp_path)
    after = Classifier.load(tmp_path)
    assert after.class_names == ("left", "right") and after.record == record
    probabilities = after.probabilities(IMAGES.images)
    np.testing.assert_allclose(probabilities, before.probabilities(IMAGES.images), atol=1e-6)
    np.testing.assert_allclose(probabilities.sum(axis=1), 1, atol=1e-6)
    assert sorted(path.name for path in tmp_path.iterdir()) == [
        "classifier.json", "classifier.keras",
    ]  # fmt: skip


def test_images_held_out_were_once_called_spared(preset, tmp_path):
    record = RECORD | {"class_names": ["left", "right"], "image_size": 16}
    network = ClassifierTraining(IMAGES, small(preset), seed=0, steps=2).network
    earlier = {key: value for key, value in record.items() if key != "held_out"}
    Classifier(network, earlier | {"spared": {"left": ["a"]}}).save(tmp_path)
    assert Classifier.load(tmp_path).record == record | {"held_out": {"left": ["a"]}}


def test_a_missing_or_damaged_classifier_is_refused(tmp_path):
    with pytest.raises(UserError, match="holds no classifier"):
        Classifier.load(tmp_path)
    for record in ("[]", '{"class_names": ["a"], "image_size": 16}'):
        (tmp_path / "classifier.json").write_text(record)
        with pytest.raises(UserError, match="damaged"):
            Classifier.load(tmp_path)
    record = RECORD | {"class_names": ["a"], "image_size": 16}
    (tmp_path / "classifier.json").write_text(json.dumps(record))
    (tmp_path / "classifier.keras").write_bytes(b"no archive")
    with pytest.raises(UserError, match="damaged"):
        Classifier.load(tmp_path)


@pytest.fixture(scope="module")
def saved(preset, tmp_path_factory):
    """The folder of a classifier."""
    folder = tmp_path_factory.mktemp("saved")
    learning = ClassifierTraining(IMAGES, small(preset), seed=0, steps=1)
    record = RECORD | {"class_names": ["left", "right"], "image_size": 16}
    Classifier(learning.network, record).save(folder)
    return folder


def test_a_classifier_with_flipped_bits_is_one_line_or_loads(saved, tmp_path):
    shutil.copytree(saved, tmp_path, dirs_exist_ok=True)
    path = tmp_path / "classifier.keras"
    whole = path.read_bytes()
    outcomes = []
    for place in np.linspace(0, len(whole) - 1, 12).astype(int):
        flipped = bytearray(whole)
        flipped[place] ^= 16
        path.write_bytes(bytes(flipped))
        try:
            Classifier.load(tmp_path)
            outcomes.append("loads")
        except UserError as error:
            outcomes.append("refused")
            assert "damaged" in str(error) and "\n" not in str(error)
    assert "refused" in outcomes


@pytest.mark.parametrize(
    "changes",
    [
        {"class_names": "left"}, {"image_size": 10**10}, {"image_size": None}, {"settings": 5},
        {"class_names": ["one"]}, {"learnt_from": {"left": 3}}, {"spared": []}, {"dataset": "demo"},
    ],
    ids=str,
)  # fmt: skip
def test_an_edited_record_is_one_line(saved, tmp_path, changes):
    shutil.copytree(saved, tmp_path / "edited")
    record = json.loads((saved / "classifier.json").read_text())
    (tmp_path / "edited" / "classifier.json").write_text(json.dumps(record | changes))
    with pytest.raises(UserError, match="the classifier in it is damaged"):
        Classifier.load(tmp_path / "edited")

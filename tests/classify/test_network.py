"""The networks of classifiers beside ResNet-18, and the last layer trained alone."""

import keras
import numpy as np
import pytest

from ssgan_tf.classify.classifier import Classifier
from ssgan_tf.classify.network import build_network, load_backbone
from ssgan_tf.classify.training import ClassifierSettings, ClassifierTraining
from ssgan_tf.errors import UserError
from tests.training.tiny import painted_squares

IMAGES = painted_squares(per_class=12, size=32, classes=("left", "right"))
RECORD = {
    "class_names": ["left", "right"], "image_size": 32, "condition": "original", "seed": 0,
    "settings": {}, "learnt_from": {}, "held_out": {},
    "dataset": {"source": "demo", "datasets_dir": "datasets"},
}  # fmt: skip


@pytest.fixture(scope="module")
def vgg_file(tmp_path_factory):
    """A file of weights as `keras.applications` writes them."""
    path = tmp_path_factory.mktemp("vgg") / "vgg19_notop.weights.h5"
    keras.utils.set_random_seed(1)
    vgg = keras.applications.VGG19(include_top=False, weights=None, input_shape=(32, 32, 3))
    vgg.save_weights(path)
    return path


def test_vgg19_is_that_of_keras_applications_with_its_own_input(vgg_file):
    network = build_network(str(vgg_file), 32, 2, "vgg19")
    vgg = keras.applications.VGG19(include_top=False, weights=None, input_shape=(32, 32, 3))
    vgg.load_weights(vgg_file)
    pixels = IMAGES.images[:3].astype(np.float32)
    maps = vgg(keras.applications.vgg19.preprocess_input(pixels.copy()))
    dense = network.get_layer("logits")
    expected = np.mean(maps, axis=(1, 2)) @ dense.kernel.numpy() + dense.bias.numpy()
    np.testing.assert_allclose(network(pixels), expected, rtol=1e-4, atol=1e-5)
    assert len(network.trainable_variables) == 2 * 16 + 2


def test_a_probe_trains_the_last_layer_alone(vgg_file):
    settings = ClassifierSettings(
        network="vgg19", weights=str(vgg_file), probe=True, batch_size=8, precision="float32",
        learning_rate=0.05,
    )  # fmt: skip
    learning = ClassifierTraining(IMAGES, settings, 0, steps=30)
    before = learning.network.get_weights()
    losses = [learning.run(15)["loss"] for _ in range(2)]
    after = learning.network.get_weights()
    changed = [not np.array_equal(*pair) for pair in zip(before, after, strict=True)]
    assert changed == [False] * 32 + [True] * 2
    assert losses[1] < losses[0]


def test_a_probe_on_resnet_keeps_its_statistics(preset):
    settings = ClassifierSettings(weights=preset, probe=True, batch_size=8, precision="float32")
    learning = ClassifierTraining(IMAGES, settings, 0, steps=3)
    before = [np.array(weight) for weight in learning.network.weights]
    learning.run(3)
    for old, weight in zip(before, learning.network.weights, strict=True):
        assert np.array_equal(old, weight) == (not weight.path.startswith("logits")), weight.path


def test_a_saved_vgg19_says_the_same(vgg_file, tmp_path):
    network = build_network(str(vgg_file), 32, 2, "vgg19")
    before = Classifier(network, RECORD)
    before.save(tmp_path)
    np.testing.assert_allclose(
        Classifier.load(tmp_path).probabilities(IMAGES.images[:4]),
        before.probabilities(IMAGES.images[:4]), atol=1e-6,
    )  # fmt: skip


def test_what_vgg19_cannot_be_is_one_line(tmp_path):
    with pytest.raises(UserError, match=r"--weights: no file 'none.h5'; .*--weights scratch"):
        build_network("none.h5", 32, 2, "vgg19")
    with pytest.raises(UserError, match="--network vgg19 takes images of 32 pixels or more"):
        build_network("scratch", 16, 2, "vgg19")
    (tmp_path / "damaged.h5").write_bytes(b"no weights")
    with pytest.raises(UserError, match=r"--weights: .* does not hold the weights of VGG-19"):
        build_network(str(tmp_path / "damaged.h5"), 32, 2, "vgg19")
    with pytest.raises(UserError, match="--network is 'vgg16'; choose one of resnet18, resnet50,"):
        ClassifierSettings(network="vgg16")


def test_the_last_layer_alone_learns_at_the_rate_of_new_weights():
    assert ClassifierSettings(probe=True).rate == 3e-3
    assert ClassifierSettings(network="vgg19").rate == 1e-4


def hub_preset(tmp_path_factory, backbone):
    folder = tmp_path_factory.mktemp("preset")
    backbone.save_to_preset(str(folder))
    return str(folder)


@pytest.fixture(scope="module")
def vit(tmp_path_factory):
    """A tiny ViT for images of 48 pixels, as a preset."""
    import keras_hub

    keras.utils.set_random_seed(0)
    backbone = keras_hub.models.ViTBackbone(
        image_shape=(48, 48, 3), patch_size=16, num_layers=1, num_heads=2, hidden_dim=8, mlp_dim=8
    )
    return hub_preset(tmp_path_factory, backbone)


@pytest.fixture(scope="module")
def dinov2(tmp_path_factory):
    """A tiny DINOv2 whose positions were learnt at 56 pixels, as a preset."""
    import keras_hub

    keras.utils.set_random_seed(0)
    backbone = keras_hub.models.DINOV2Backbone(
        patch_size=14, num_layers=1, hidden_dim=8, num_heads=2, intermediate_dim=8,
        image_shape=(56, 56, 3), position_embedding_shape=(56, 56, 3), num_register_tokens=2,
    )  # fmt: skip
    return hub_preset(tmp_path_factory, backbone)


def by_hand(preset, size, pixels, mean, std):
    """The class token that KerasHub's own backbone makes of images, scaled and normalised."""
    import keras_hub

    shape = {} if size == 48 else {"image_shape": (size, size, 3)}
    backbone = keras_hub.models.Backbone.from_preset(preset, **shape)
    scaled = keras.ops.image.resize(pixels, (size, size), "bicubic")
    return backbone((scaled / 255 - np.array(mean)) / np.array(std))[:, 0]


IMAGENET = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)


@pytest.mark.parametrize(
    ("network", "size", "norm"),
    [("vit_base", 48, ((0.5,) * 3, (0.5,) * 3)), ("dinov2", 224, IMAGENET)],
)
def test_transformers_read_the_class_token_of_images_scaled_and_normalised(
    network, size, norm, vit, dinov2, tmp_path
):
    preset = {"vit_base": vit, "dinov2": dinov2}[network]
    built = build_network(preset, 32, 2, network, probe=True)
    pixels = IMAGES.images[:3].astype(np.float32)
    dense = built.get_layer("logits")
    token = by_hand(preset, size, pixels, *norm)
    expected = np.asarray(token) @ dense.kernel.numpy() + dense.bias.numpy()
    np.testing.assert_allclose(built(pixels), expected, rtol=1e-3, atol=1e-4)
    assert len(built.trainable_variables) == 2  # the probe's
    before = Classifier(built, RECORD)
    before.save(tmp_path)
    np.testing.assert_allclose(
        Classifier.load(tmp_path).probabilities(IMAGES.images[:3]),
        before.probabilities(IMAGES.images[:3]), atol=1e-5,
    )  # fmt: skip


def test_a_transformer_learns(vit):
    settings = ClassifierSettings(
        network="vit_base", weights=vit, batch_size=8, precision="float32", learning_rate=0.02,
        rate_schedule="constant",
    )  # fmt: skip
    learning = ClassifierTraining(IMAGES, settings, 0, steps=20)
    losses = [learning.run(10)["loss"] for _ in range(2)]
    assert losses[1] < 0.7 * losses[0]
    assert float(learning.optimizer.learning_rate) == pytest.approx(0.02)  # it stays


def test_resnet_50_has_the_size_of_its_preset():
    trained = load_backbone("scratch", 64, "resnet50").count_params()
    assert trained == 23_561_152


def test_weights_of_another_family_are_one_line(vit, dinov2, preset):
    for network, weights, words in (
        ("vit_base", dinov2, "is no ViTBackbone with a class token, which --network vit_base"),
        ("dinov2", vit, "is no DINOV2Backbone with a class token"),
        ("resnet18", vit, "makes no feature maps; use imagenet, --weights scratch"),
        ("vit_base", preset, "is no ViTBackbone"),
        ("vit_base", "imagenet", r"'imagenet' is no preset; .* such as --weights vit_base_patch16"),
        ("dinov2", "scratch", r"'scratch' is no preset; .* such as --weights dinov2_small"),
        ("vgg19", "random", "--weights random is not for classifiers; use --weights scratch"),
    ):
        with pytest.raises(UserError, match=words) as caught:
            load_backbone(weights, 32, network)
        assert "\n" not in str(caught.value)


def test_nothing_is_downloaded_but_a_preset_that_is_named(monkeypatch):
    import keras_hub

    asked = []

    def fail(preset, **options):
        asked.append(preset)
        raise ConnectionError("no route")

    monkeypatch.setattr(keras_hub.models.Backbone, "from_preset", fail)
    for network, weights in (("vit_base", "imagenet"), ("dinov2", "scratch"), ("vit_base", "x")):
        with pytest.raises(UserError, match="is no preset"):
            load_backbone(weights, 32, network)
    assert asked == []
    with pytest.raises(UserError, match=r"dinov2_small cannot be downloaded \(no route\); check"):
        load_backbone("dinov2_small", 32, "dinov2")
    assert asked == ["dinov2_small"]


def test_a_schedule_of_the_rate_is_not_one_of_the_images():
    with pytest.raises(UserError, match="the learning rate has --rate_schedule constant"):
        ClassifierSettings(schedule="constant")
    with pytest.raises(UserError, match="--rate_schedule is 'x'; choose one of cosine, constant"):
        ClassifierSettings(rate_schedule="x")

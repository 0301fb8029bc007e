"""The classifier's networks: those of KerasHub, or VGG-19, and a linear layer on what they make."""

from pathlib import Path
from typing import NamedTuple

import keras
from keras import layers

from ssgan_tf.errors import UserError, first_line
from ssgan_tf.json_files import find_json
from ssgan_tf.perceptual import vgg19

#: Mean and standard deviation of channels for values in [0, 1], as weights expect: ImageNet's, and
#: those of the ViTs of Dosovitskiy et al.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)
HALF = (0.5, 0.5, 0.5)


class Hub(NamedTuple):
    """A network of KerasHub."""

    backbone: str  # the class whose presets it has
    mean: tuple[float, ...] = MEAN
    std: tuple[float, ...] = STD
    tokens: bool = False  # makes tokens, the class token first, and not feature maps
    imagenet: str | None = None  # the preset that "imagenet" stands for
    blocks: tuple[int, ...] = ()  # of each stage, where it can begin from scratch
    block_type: str = ""
    channels: tuple[int, ...] = (64, 128, 256, 512)


RESNET_18, VGG_19 = "resnet18", "vgg19"
HUB = {
    RESNET_18: Hub(  # He et al. 2016, as the next one
        "ResNetBackbone", imagenet="resnet_18_imagenet", blocks=(2, 2, 2, 2),
        block_type="basic_block",
    ),
    "resnet50": Hub(
        "ResNetBackbone", imagenet="resnet_50_imagenet", blocks=(3, 4, 6, 3),
        block_type="bottleneck_block",
    ),
    "vit_base": Hub("ViTBackbone", HALF, HALF, tokens=True),  # Dosovitskiy et al. 2021
    "dinov2": Hub("DINOV2Backbone", tokens=True),  # Oquab et al. 2024
}  # fmt: skip
NETWORKS = (*HUB, VGG_19)
EXAMPLES = {"vit_base": "vit_base_patch16_224_imagenet21k", "dinov2": "dinov2_small"}
#: Pixels that images are enlarged to for DINOv2, whose patches would be few otherwise.
LEAST_PIXELS = 224


@keras.saving.register_keras_serializable("ssgan_tf")
class VGGInput(layers.Layer):
    """Images from RGB in [0, 255] to what VGG's weights expect: BGR, less ImageNet's means."""

    def call(self, images):
        """Return the images for VGG."""
        return keras.applications.vgg19.preprocess_input(images)


def build_network(weights, image_size, class_count, network=RESNET_18, probe=False):
    """Return a network from images to logits, in the dtype policy that holds.

    Feature maps are averaged over positions; of tokens the class token is taken. Where a backbone
    takes another size, images are scaled to it first, bicubically.

    Args:
        weights: see `load_backbone`.
        image_size: height and width of the images in pixels.
        class_count: the number of classes.
        network: one of `NETWORKS`.
        probe: nothing but the last layer can be trained.

    Returns:
        a `keras.Model` from float images `(batch, image_size, image_size, 3)` in [0, 255] to
        float32 logits `(batch, class_count)`; the last layer is always new.

    Raises:
        UserError: as `load_backbone`.
    """
    backbone = load_backbone(weights, image_size, network)
    backbone.trainable = not probe
    images = keras.Input((image_size, image_size, 3), name="images")
    pixels, size = images, backbone.input_shape[1]
    if size not in (None, image_size):
        pixels = layers.Resizing(size, size, "bicubic", dtype="float32")(pixels)
    pixels = _input_layer(network)(pixels)
    made = backbone({"images": pixels} if isinstance(backbone.input, dict) else pixels)
    features = made[:, 0] if len(made.shape) == 3 else layers.GlobalAveragePooling2D()(made)
    logits = layers.Dense(class_count, dtype="float32", name="logits")(features)
    return keras.Model(images, logits, name="classifier")


def _input_layer(network):
    if network == VGG_19:
        return VGGInput(dtype="float32")
    mean, std = HUB[network].mean, HUB[network].std
    scale, offset = [1 / (255 * s) for s in std], [-m / s for m, s in zip(mean, std, strict=True)]
    return layers.Rescaling(scale, offset, dtype="float32")


def load_backbone(weights, image_size, network=RESNET_18):
    """Return a network from normalised images to features, in the dtype policy that holds.

    ResNets are those of He et al. (2016), VGG-19 configuration E of Simonyan and Zisserman (2015)
    to its last pooling; these make feature maps of images of any size. Vision transformers make
    `(batch, tokens, width)`. Those of Dosovitskiy et al. have position embeddings for one size of
    images, that of the preset; DINOv2 interpolates its own, and gets images of 224 pixels, or of
    the next multiple of its patches where they are larger.

    Args:
        weights: "imagenet" (downloaded once; a ResNet or VGG-19), "scratch" (random; these too),
            the folder of a preset that KerasHub's `Backbone.save_to_preset` wrote, or the name of
            one of KerasHub's presets, which is downloaded. For `resnet18` and `resnet50`
            the folder may be of any network with feature maps, for the transformers of any size.
            For VGG-19 an .h5 file of `keras.applications`, without its top.
        image_size: height and width of the images in pixels; 32 or more for VGG-19.
        network: one of `NETWORKS`.

    Raises:
        UserError: the weights cannot be loaded, or are of another kind.
    """
    if network in HUB:
        return _of_hub(weights, image_size, network)
    if image_size < 32:
        raise UserError(f"--network vgg19 takes images of 32 pixels or more, not {image_size}")
    if weights == "random":
        raise UserError(
            "--weights random is not for classifiers; use --weights scratch, for those that a "
            "training begins with"
        )
    try:
        return vgg19((image_size, image_size, 3), None if weights == "scratch" else weights)
    except UserError as error:
        words = str(error).replace("--vgg_weights random", "--weights scratch")
        raise UserError(words.replace("--vgg_weights", "--weights")) from error


def _of_hub(weights, image_size, network):
    """Return a backbone of KerasHub, which takes a second or two to import."""
    import keras_hub

    hub, shape = HUB[network], (image_size, image_size, 3)
    if weights == "scratch" and hub.blocks:
        return keras_hub.models.ResNetBackbone(
            input_conv_filters=[64],
            input_conv_kernel_sizes=[7],
            stackwise_num_filters=list(hub.channels),
            stackwise_num_blocks=list(hub.blocks),
            stackwise_num_strides=[1, 2, 2, 2],
            block_type=hub.block_type,
            image_shape=shape,
        )
    kind, folder = getattr(keras_hub.models, hub.backbone), Path(weights).expanduser()
    preset = hub.imagenet if weights == "imagenet" else weights
    named = kind.presets if hub.tokens else {hub.imagenet}
    if preset not in named:
        if preset is None or not (folder / "config.json").is_file():
            raise UserError(f"--weights: {weights!r} is no preset; use {_choices(network)}")
        preset, found = str(folder), find_json(folder / "config.json", {"class_name": str})
        if not hub.tokens and found and found["class_name"] in _with_tokens():
            raise UserError(_no_maps(weights, network))
    dtype = keras.config.dtype_policy()
    try:
        sizes = _sizes(keras_hub, preset, hub, shape)
        backbone = keras_hub.models.Backbone.from_preset(preset, dtype=dtype, **sizes)
    # Kaggle's errors and those of a lost connection are OSErrors, those of damaged files any.
    except (OSError, ValueError, KeyError, TypeError) as error:
        if preset in named:
            what = "ResNet-18's ImageNet weights" if preset == "resnet_18_imagenet" else preset
            message = f"{what} cannot be downloaded ({first_line(error)}); check the connection, or"
        else:
            message = f"--weights: {weights!r} cannot be read ({first_line(error)});"
        raise UserError(f"{message} use {_choices(network)}") from error
    if hub.tokens and not (isinstance(backbone, kind) and _has_class_token(backbone)):
        raise UserError(
            f"--weights: {weights!r} is no {hub.backbone} with a class token, which --network "
            f"{network} takes; use {_choices(network)}"
        )
    if not hub.tokens and len(backbone.output_shape) != 4:
        raise UserError(_no_maps(weights, network))
    return backbone


def _sizes(keras_hub, preset, hub, shape):
    """Return the image shape that a preset is to be built for, as an argument for it, or none."""
    if not hub.tokens:
        return {"image_shape": shape}
    if hub.backbone == "ViTBackbone":
        return {}  # its position embeddings are for the preset's size alone
    backbone = keras_hub.models.Backbone.from_preset(preset, load_weights=False)
    if not isinstance(backbone, keras_hub.models.DINOV2Backbone):
        return {}
    size = -(-max(shape[0], LEAST_PIXELS) // backbone.patch_size) * backbone.patch_size
    return {"image_shape": (size, size, 3)}


def _with_tokens():
    return {hub.backbone for hub in HUB.values() if hub.tokens}


def _no_maps(weights, network):
    return f"--weights: {weights!r} makes no feature maps; use {_choices(network)}"


def _has_class_token(backbone):
    return len(backbone.output_shape) == 3 and getattr(backbone, "use_class_token", True)


def _choices(network):
    hub = HUB[network]
    if hub.tokens:
        return (
            "the folder of a KerasHub preset, or the name of one to download, such as "
            f"--weights {EXAMPLES[network]}"
        )
    return "imagenet, --weights scratch, or the folder of a KerasHub preset"

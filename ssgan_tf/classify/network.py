"""The classifier's networks: ResNet-18 from KerasHub, or VGG-19, and a linear layer."""

from pathlib import Path

import keras
from keras import layers

from ssgan_tf.errors import UserError, first_line
from ssgan_tf.perceptual import vgg19

RESNET_18, VGG_19 = NETWORKS = ("resnet18", "vgg19")
PRESET = "resnet_18_imagenet"

#: Mean and standard deviation of ImageNet's channels for values in [0, 1], as the weights expect.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

OTHER_CHOICES = "--weights scratch, or the folder of a KerasHub preset"


@keras.saving.register_keras_serializable("ssgan_tf")
class VGGInput(layers.Layer):
    """Images from RGB in [0, 255] to what VGG's weights expect: BGR, less ImageNet's means."""

    def call(self, images):
        """Return the images for VGG."""
        return keras.applications.vgg19.preprocess_input(images)


def build_network(weights, image_size, class_count, network=RESNET_18, probe=False):
    """Return a network from images to logits, in the dtype policy that holds.

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
    maps = backbone(_input_layer(network)(images))
    features = layers.GlobalAveragePooling2D()(maps)
    logits = layers.Dense(class_count, dtype="float32", name="logits")(features)
    return keras.Model(images, logits, name="classifier")


def _input_layer(network):
    if network == VGG_19:
        return VGGInput(dtype="float32")
    scale, offset = [1 / (255 * s) for s in STD], [-m / s for m, s in zip(MEAN, STD, strict=True)]
    return layers.Rescaling(scale, offset, dtype="float32")


def load_backbone(weights, image_size, network=RESNET_18):
    """Return a network from normalised images to feature maps, in the dtype policy that holds.

    ResNet-18 is that of He et al. (2016), VGG-19 configuration E of Simonyan and Zisserman (2015),
    to its last pooling.

    Args:
        weights: "imagenet" (downloaded once), "scratch" (random), or what is on disk: for ResNet-18
            the folder of a preset that KerasHub's `Backbone.save_to_preset` wrote, of any network
            with feature maps; for VGG-19 an .h5 file of `keras.applications`, without its top.
        image_size: height and width of the images in pixels; 32 or more for VGG-19.
        network: one of `NETWORKS`.

    Raises:
        UserError: the weights cannot be loaded, or are of another kind.
    """
    shape = (image_size, image_size, 3)
    if network == RESNET_18:
        return _resnet_18(weights, shape)
    if image_size < 32:
        raise UserError(f"--network vgg19 takes images of 32 pixels or more, not {image_size}")
    try:
        return vgg19(shape, None if weights == "scratch" else weights)
    except UserError as error:
        words = str(error).replace("--vgg_weights random", "--weights scratch")
        raise UserError(words.replace("--vgg_weights", "--weights")) from error


def _resnet_18(weights, shape):
    # KerasHub takes a second or two to import, and only this network needs it.
    import keras_hub

    if weights == "scratch":
        return keras_hub.models.ResNetBackbone(
            input_conv_filters=[64],
            input_conv_kernel_sizes=[7],
            stackwise_num_filters=[64, 128, 256, 512],
            stackwise_num_blocks=[2, 2, 2, 2],
            stackwise_num_strides=[1, 2, 2, 2],
            block_type="basic_block",
            image_shape=shape,
        )
    folder = Path(weights).expanduser()
    if weights != "imagenet" and not (folder / "config.json").is_file():
        raise UserError(f"--weights: {weights!r} is no preset; use imagenet, {OTHER_CHOICES}")
    preset = PRESET if weights == "imagenet" else str(folder)
    dtype = keras.config.dtype_policy()
    try:
        backbone = keras_hub.models.Backbone.from_preset(preset, image_shape=shape, dtype=dtype)
    # Kaggle's errors and those of a lost connection are OSErrors, those of damaged files any.
    except (OSError, ValueError, KeyError, TypeError) as error:
        message = f"--weights: {weights!r} cannot be read ({first_line(error)}); use imagenet,"
        if weights == "imagenet":
            message = f"ResNet-18's ImageNet weights cannot be downloaded ({first_line(error)}); "
            message += "check the connection, or use"
        raise UserError(f"{message} {OTHER_CHOICES}") from error
    if len(backbone.output_shape) != 4:
        raise UserError(f"--weights: {weights!r} makes no feature maps; use {OTHER_CHOICES}")
    return backbone

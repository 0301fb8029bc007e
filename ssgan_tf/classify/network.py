"""The classifier's network: ResNet-18 (He et al. 2016) from KerasHub and a linear layer."""

from pathlib import Path

import keras
from keras import layers

from ssgan_tf.errors import UserError, first_line

PRESET = "resnet_18_imagenet"

#: Mean and standard deviation of ImageNet's channels for values in [0, 1], as the weights expect.
MEAN, STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

OTHER_CHOICES = "--weights scratch, or the folder of a KerasHub preset"


def build_network(weights, image_size, class_count):
    """Return a network from images to logits, in the dtype policy that holds.

    Args:
        weights: see `load_backbone`.
        image_size: height and width of the images in pixels.
        class_count: the number of classes.

    Returns:
        a `keras.Model` from float images `(batch, image_size, image_size, 3)` in [0, 255] to
        float32 logits `(batch, class_count)`; the last layer is always new.

    Raises:
        UserError: as `load_backbone`.
    """
    backbone = load_backbone(weights, image_size)
    scale, offset = [1 / (255 * s) for s in STD], [-m / s for m, s in zip(MEAN, STD, strict=True)]
    images = keras.Input((image_size, image_size, 3), name="images")
    maps = backbone(layers.Rescaling(scale, offset, dtype="float32")(images))
    features = layers.GlobalAveragePooling2D()(maps)
    logits = layers.Dense(class_count, dtype="float32", name="logits")(features)
    return keras.Model(images, logits, name="classifier")


def load_backbone(weights, image_size):
    """Return a network from normalised images to feature maps, in the dtype policy that holds.

    Args:
        weights: "imagenet" (KerasHub's preset, downloaded once), "scratch" (random), or the folder
            of a preset that `Backbone.save_to_preset` wrote, of any network with feature maps.
        image_size: height and width of the images in pixels.

    Raises:
        UserError: the preset cannot be loaded, or is of another kind.
    """
    # KerasHub takes a second or two to import, and only classifiers need it.
    import keras_hub

    shape = (image_size, image_size, 3)
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

"""The perceptual network and its loss (SSGAN, section 3.3 and Eq. 1).

φ is VGG-19 up to the last of its 16 convolutions, `block5_conv4`, with its weights fixed.
"""

import hashlib
import warnings
from pathlib import Path

import keras
import numpy as np
from keras import ops

from ssgan_tf.errors import UserError, first_line

FEATURES = "block5_conv4"
OTHER_CHOICES = "--vgg_weights PATH (a VGG-19 .h5 file without its top) or --vgg_weights random"
# Makes random features differ about as much between photographs as the trained ones do.
RANDOM_GAIN = 0.38


def perceptual_network(image_size, weights="imagenet"):
    """Return φ: images `(batch, size, size, 3)` in [-1, 1] -> feature maps, float32.

    The feature maps are `(batch, size // 16, size // 16, 512)`. The network is frozen and computes
    in the type of Keras's dtype policy; VGG's own preprocessing is part of it.

    Args:
        image_size: height and width, 32 or more.
        weights: "imagenet" (downloaded once by Keras), a path to a weights file, or "random"
            (fixed from one build to the next; a stand-in for trying things out).

    Raises:
        UserError: the weights cannot be downloaded, found or read.
    """
    return _frozen(image_size, weights, [FEATURES], "float32")


def feature_levels(image_size, weights, names):
    """Return several layers of VGG-19: images as of `perceptual_network` -> a list of maps.

    As that network it is frozen and raises, but the maps are of the type that it computes in.

    Args:
        image_size: height and width, 32 or more.
        weights: see `perceptual_network`.
        names: of the layers.
    """
    return _frozen(image_size, weights, list(names), None)


def _frozen(image_size, weights, names, dtype):
    """Return the network of some layers of VGG-19, one map or a list, in `dtype` or as computed."""
    vgg = vgg19((image_size, image_size, 3), weights)
    images = keras.Input((image_size, image_size, 3), dtype="float32")
    pixels = keras.layers.Rescaling(127.5, offset=127.5, dtype="float32")(images)
    pixels = keras.layers.Lambda(
        keras.applications.vgg19.preprocess_input, dtype="float32", name="preprocess"
    )(pixels)
    outputs = [vgg.get_layer(name).output for name in names]
    features = keras.Model(vgg.input, outputs if len(names) > 1 else outputs[0])(pixels)
    if dtype:
        features = keras.layers.Activation("linear", dtype=dtype)(features)
    network = keras.Model(images, features, name="perceptual")
    network.trainable = False
    return network


def vgg19(input_shape, weights):
    """Return VGG-19 without its top, of `keras.applications`; it can be trained.

    Args:
        input_shape: `(height, width, 3)`, 32 or more.
        weights: see `perceptual_network`; None for those that Keras begins a training with.

    Raises:
        UserError: as `perceptual_network`.
    """

    def build(weights):
        return keras.applications.VGG19(include_top=False, weights=weights, input_shape=input_shape)

    if weights is None:
        return build(None)
    if weights == "random":
        return _randomise(build(None))
    if weights == "imagenet":
        try:
            return build("imagenet")
        except Exception as error:  # Keras raises a bare Exception where a download fails
            raise UserError(
                f"the VGG-19 weights could not be downloaded ({first_line(error)}); "
                f"check the connection, or use {OTHER_CHOICES}"
            ) from error
    require_found(weights)
    try:
        with warnings.catch_warnings():  # of each layer; the error says it once
            warnings.simplefilter("ignore")
            return build(str(weights))
    except (ValueError, OSError, KeyError) as error:
        raise UserError(
            f"--vgg_weights: {weights!r} does not hold the weights of VGG-19 without its top "
            f"({first_line(error)}); use imagenet or {OTHER_CHOICES}"
        ) from error


def require_found(weights):
    """Refuse `weights` of `perceptual_network` that name a file which is not there.

    Raises:
        UserError: there is no such file.
    """
    if weights not in ("imagenet", "random") and not Path(weights).is_file():
        raise UserError(f"--vgg_weights: no file {weights!r}; use imagenet or {OTHER_CHOICES}")


def _randomise(vgg):
    for number, layer in enumerate(layer for layer in vgg.layers if layer.weights):
        gain = RANDOM_GAIN if number == 0 else 1.0
        kernel = keras.initializers.HeNormal(seed=number)(layer.kernel.shape)
        layer.set_weights([np.asarray(kernel) * gain, np.zeros(layer.bias.shape)])
    return vgg


def weights_fingerprint(network):
    """Return a short SHA-256 of a network's weights, which tells one set from another."""
    digest = hashlib.sha256()
    for array in network.get_weights():
        digest.update(np.ascontiguousarray(array).data)
    return digest.hexdigest()[:16]


def perceptual_loss(real_features, fake_features):
    """Return L_P (SSGAN, Eq. 1), a scalar, averaged over the batch.

    The mean runs over positions and channels; summing the channels instead would be 512 times as
    much and drown the critic's share of Eq. 2.

    Args:
        real_features: φ(x), `(batch, height, width, channels)`.
        fake_features: φ(x̃), of the same shape.
    """
    return ops.mean(ops.square(real_features - fake_features))

"""Augmentation at training time, anew in every batch, as Keras layers.

A layer takes and returns `{"images": float32 (batch, height, width, 3) in [0, 255], "labels":
float32 one-hot (batch, classes)}`, in `tf.data` or in a compiled training step. Its seed decides
the whole sequence of its batches; make the layer outside of the `tf.function`.

Some also return `"weights"`, float32 `(batch,)`, by which the losses of the images are multiplied.
"""

#: Both parameters of the Beta distribution: the Mixup paper's value for ImageNet, Keras's default.
MIXUP_ALPHA = 0.2
#: Of the class-balanced loss (Cui et al. 2019): their value for data sets of some 10,000 images.
BETA = 0.999


def mixup(seed=0, **_):
    """Return a layer that blends each image with another of the batch, and their labels likewise.

    Zhang et al. 2018, with a weight for each image.
    """
    import keras

    # float32 whatever the policy: Keras 3.15 fails on labels in mixed precision,
    # and eight bits are too few for [0, 255].
    return keras.layers.MixUp(alpha=MIXUP_ALPHA, seed=seed, dtype="float32")


def cutmix(seed=0, **_):
    """Return a layer that pastes boxes of other images into half of a batch, see `CutMix`."""
    from ssgan_tf.augment.cutmix import CutMix

    return CutMix(seed=seed)


def randaugment(seed=0, **_):
    """Return a layer that changes each image twice, labels not at all, see `RandAugment`."""
    from ssgan_tf.augment.randaugment import RandAugment

    return RandAugment(seed=seed)


def flip_crop(seed=0, **_):
    """Return a layer that enlarges a window of each image and mirrors half of them.

    See `FlipCrop`; labels stay.
    """
    from ssgan_tf.augment.framing import FlipCrop

    return FlipCrop(seed=seed)


def geometric_online(seed=0, **_):
    """Return a layer that moves each image by a random affine map, see `framing.Geometric`."""
    from ssgan_tf.augment.framing import Geometric

    return Geometric(seed=seed)


def balanced_loss(seed=0, counts=None, balanced_beta=BETA, **_):
    """Return a layer that weights images by the rarity of their class, see `BalancedLoss`."""
    from ssgan_tf.augment.balanced import BalancedLoss

    return BalancedLoss(counts, balanced_beta)


#: Each returns a layer: `(seed, **training) -> keras.layers.Layer`. What is named of the training
#: is `counts`, its images of each class in the order of the labels, and `balanced_beta`; without
#: these the layer changes what it can. Keras is imported then, not before.
POLICIES = {
    "flip-crop": flip_crop,
    "geometric-online": geometric_online,
    "mixup-online": mixup,
    "cutmix": cutmix,
    "randaugment": randaugment,
    "balanced-loss": balanced_loss,
}

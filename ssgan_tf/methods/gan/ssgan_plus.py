"""SSGAN+: SSGAN with what other papers found to help a critic that sees few images.

The networks and losses are SSGAN's. Beside them stand DiffAugment (Zhao et al. 2020), LeCam's
penalty (Tseng et al. 2021) and mirror images, each of which `train.py` can switch off.
"""

import dataclasses

from ssgan_tf.methods.gan.ssgan import SSGAN


class SSGANPlus(SSGAN):
    """SSGAN with DiffAugment, LeCam's penalty and mirror images."""

    name = "ssgan-plus"
    label = "SSGAN+"
    defaults = dataclasses.replace(
        SSGAN.defaults, augment_critic="diffaugment", penalty="lecam", flip=True
    )

"""The settings of diffusion: of its training, and of making images."""

import dataclasses

from ssgan_tf.methods.diffusion.network import SIDE
from ssgan_tf.methods.diffusion.solvers import SOLVERS
from ssgan_tf.methods.settings import Sampling as CommonSampling
from ssgan_tf.methods.settings import Settings as CommonSettings
from ssgan_tf.methods.settings import setting

PRECISIONS = ("auto", "float32", "mixed_bfloat16")


@dataclasses.dataclass(frozen=True)
class Settings(CommonSettings):
    """What decides the training of the denoiser, and of a classifier that sees through noise."""

    batch_size: int = setting(32, "Images a step.")
    learning_rate: float = setting(2e-4, "Learning rate of Adam.")
    ema: float = setting(0.999, "Decay of the weights' moving average; 0 keeps none.")
    precision: str = setting("auto", "auto, float32 or mixed_bfloat16.")
    unet_channels: int = setting(
        64, "diffusion: feature maps of the finest level, a multiple of 32; the others have 2 and "
        "3 times as many.",
    )  # fmt: skip
    unet_blocks: int = setting(1, "diffusion: residual blocks of each level.")
    # With it trainings differ in the last bits more often; see docs/diffusion.md.
    dropout: float = setting(0.0, "diffusion: dropout inside the blocks.")
    label_dropout: float = setting(
        0.1, "diffusion: share of training images whose class the network is not told."
    )
    augment_probability: float = setting(
        0.15, "diffusion: share of training images that are mirrored, turned, moved or scaled, "
        "each; the network is told.",
    )  # fmt: skip
    guide_iterations: int = setting(
        0, "diffusion: of a classifier for generate.py --classifier_guidance; 0 trains none."
    )

    def __post_init__(self):
        super().__post_init__()
        for name in ("image_size", "unet_channels"):
            self.require(name, getattr(self, name) % SIDE == 0, f"a multiple of {SIDE}")
        self.require("precision", self.precision in PRECISIONS, "one of " + ", ".join(PRECISIONS))


@dataclasses.dataclass(frozen=True)
class Sampling(CommonSampling):
    """How noise becomes an image."""

    sampler: str = setting("heun", f"diffusion: one of {', '.join(SOLVERS)}.")
    steps: int = setting(
        18, "Noise levels from noise to image; heun asks the network twice at each."
    )
    guidance: str | float = setting(
        1.0, "diffusion: classifier-free guidance w in D_u + w (D_c − D_u); 1 is none, more is "
        "clearer and less varied.",
    )  # fmt: skip
    classifier_guidance: float = setting(
        0.0, "diffusion: scale of the gradient of the classifier of --guide_iterations."
    )

    def __post_init__(self):
        try:
            object.__setattr__(self, "guidance", float(self.guidance))
        except ValueError:
            self.require("guidance", False, "a number")
        super().__post_init__()
        self.require("sampler", self.sampler in SOLVERS, "one of " + ", ".join(SOLVERS))
        self.require("steps", 2 <= self.steps <= 1000, "2 to 1000")
        self.require("guidance", 0 <= self.guidance <= 100, "0 to 100")

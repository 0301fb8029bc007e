"""The settings that every GAN has."""

import dataclasses
import os

from ssgan_tf.errors import UserError
from ssgan_tf.layers.backbone import fewest_channels, stages
from ssgan_tf.methods.gan import critic_augment, penalties
from ssgan_tf.methods.gan.initial import RANDOM
from ssgan_tf.methods.settings import Settings as CommonSettings
from ssgan_tf.methods.settings import setting

NOISES = ("normal", "poisson", "uniform", "normal+uniform")
PRECISIONS = ("auto", "float32", "mixed_bfloat16", "mixed_float16")

#: Settings that came later, each with the value that leaves a training as it was before.
LATER = {
    "augment_critic": "none", "penalty": "none", "init": RANDOM, "freeze": 0, "conditional": True,
    "ema_images": 0,
}  # fmt: skip


@dataclasses.dataclass(frozen=True)
class Settings(CommonSettings):
    """The settings of every GAN; those that have more are a subclass in the method's file."""

    image_size: int = setting(64, "Height and width in pixels: 32, 64, 128 or 256.")
    latent_dim: int = setting(128, "Length of the noise vector.")  # as WGAN-GP; SSGAN names none
    # The default meets SSGAN's Table 2.
    base_channels: int = setting(1024, "Feature maps of the generator at 4×4; a multiple of 32.")
    learning_rate: float = setting(
        1e-4, "Learning rate of both optimisers (sagan: the critic's is 4 times this)."
    )
    batch_size: int = setting(64, "Images a step, over all devices together.")
    critic_steps: int = setting(5, "Critic updates per generator update.")  # as in WGAN-GP
    noise: str = setting(
        "normal", f"Distribution of the noise: {', '.join(NOISES[:-1])} or {NOISES[-1]}."
    )
    ema: float = setting(0.999, "Decay of the generator's moving average; 0 keeps none.")
    ema_images: int = setting(0, "Half-life of that average in images, at most; 0: as --ema says.")
    augment_critic: str = setting(
        "none", "What every image goes through before the critic: none, diffaugment or ada."
    )
    penalty: str = setting("none", "Beside a method's own: none, or some of lecam,r1,path_length.")
    flip: bool = setting(False, "Train on horizontal mirror images as well.")
    init: str = setting(
        RANDOM, "What the networks begin with: random weights, or a run's, by its folder."
    )
    freeze: int = setting(0, "With --init: so many of the lowest critic layers are not trained.")
    precision: str = setting("auto", "auto, float32 or mixed_bfloat16.")

    def __post_init__(self):
        object.__setattr__(self, "init", os.fspath(self.init))
        stages(self.image_size)  # an impossible size is an error now, not after loading
        super().__post_init__()
        for name, choices in (
            ("noise", NOISES),
            ("precision", PRECISIONS),
            ("augment_critic", (critic_augment.NONE, *critic_augment.AUGMENTS)),
        ):
            self.require(name, getattr(self, name) in choices, "one of " + ", ".join(choices))
        self.require("base_channels", self.base_channels % 32 == 0, "a multiple of 32")
        fewest = fewest_channels(self.image_size)
        self.require(
            "base_channels", self.base_channels >= fewest,
            f"at least {fewest} for images of {self.image_size} pixels",
        )  # fmt: skip
        penalties.parse(self.penalty)
        if self.freeze and self.init == RANDOM:
            raise UserError(
                f"--freeze is {self.freeze}, and keeps layers of a critic that was trained before; "
                "name its run with --init"
            )

"""The settings of SinGAN, and what may be chosen when its images are made."""

import dataclasses

from ssgan_tf.methods.settings import Sampling as CommonSampling
from ssgan_tf.methods.settings import Settings as CommonSettings
from ssgan_tf.methods.settings import setting

AUTO, ALL = "auto", "all"
SCHEDULES = SHARED, SEPARATE = "shared", "separate"
NORMS = BATCH, NONE = "batch", "none"
SIZES = GEOMETRIC, LOG = "geometric", "log"
PRECISIONS = ("auto", "float32", "mixed_bfloat16")
STEPS = 3  # of each network an iteration


@dataclasses.dataclass(frozen=True)
class Settings(CommonSettings):
    """The settings of `singan`; unless a comment says otherwise the original's defaults."""

    image_size: int = setting(64, "Height and width in pixels: --min_size or more.")
    iterations: int = setting(2000, "Of each scale.")
    layers: int = setting(5, "singan: convolutions of each network.")
    extra_scales: int = setting(0, "singan: scales beyond those of the formula; or fewer: -1.")
    min_size: int = setting(25, "singan: pixels of the coarsest scale.")
    scale_factor: float = setting(0.75, "singan: from a scale to the next coarser one, about.")
    sizes: str = setting(GEOMETRIC, f"singan: how the scales' sizes grow, {' or '.join(SIZES)}.")
    alpha: float = setting(10.0, "singan: weight of the reconstruction.")
    noise_amplitude: float = setting(0.1, "singan: of the noise, times the reconstruction's error.")
    channels: int = setting(32, "singan: of the networks at the four coarsest scales.")
    max_channels: int = setting(128, "singan: at most; they double every four scales.")
    schedule: str = setting(  # the original's is "separate"
        SHARED,
        "singan: shared (one generated image and one generator gradient an iteration, faster) or "
        "separate, as the paper.",
    )
    norm: str = setting(BATCH, f"singan: normalisation, {' or '.join(NORMS)}.")
    learning_rate: float = setting(5e-4, "Of both optimisers, a tenth of it after 80 %.")
    images_per_class: str = setting("20", "singan: images of each class to model, or all.")
    pack: str = setting(
        AUTO, "singan: models trained together as one network; auto: 8, on a GPU 64."
    )
    precision: str = setting("auto", "auto, float32 or mixed_bfloat16.")

    def __post_init__(self):
        for name, word in (("images_per_class", ALL), ("pack", AUTO)):
            text = str(getattr(self, name))
            object.__setattr__(self, name, text)
            good = text == word or (text.isdecimal() and 1 <= int(text) <= 10_000)
            self.require(name, good, f"a number from 1 to 10000, or {word}")
        super().__post_init__()
        for name, choices in (
            ("sizes", SIZES), ("schedule", SCHEDULES), ("norm", NORMS), ("precision", PRECISIONS),
        ):  # fmt: skip
            self.require(name, getattr(self, name) in choices, "one of " + ", ".join(choices))
        self.require("min_size", self.min_size > 2 * self.layers, "more than twice --layers")
        self.require("image_size", self.image_size >= self.min_size, "at least --min_size")

    @property
    def limit(self):
        """The number of images of a class that are modelled at most, or None."""
        return None if self.images_per_class == ALL else int(self.images_per_class)


@dataclasses.dataclass(frozen=True)
class Sampling(CommonSampling):
    """What may be chosen when images are made."""

    start_scale: int = setting(
        0, "singan: coarsest scale with random noise; those below it reconstruct the source."
    )

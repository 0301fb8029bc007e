"""SSGAN: WGAN-GP with pyramid connections and a VGG-19 perceptual loss.

C. Ma, J. Mi, W. Gao, S. Tao: "SSGAN: A Semantic Similarity-Based GAN for Small-Sample Image
Augmentation" (2024). Section 3.1 describes the networks, 3.2 the pyramid connections, 3.3 the
losses. `docs/paper.md` lists what the paper leaves open and what was chosen here.
"""

import dataclasses

from ssgan_tf.layers import backbone
from ssgan_tf.layers.backbone import batch_normalization, layer_normalization
from ssgan_tf.layers.pyramid import PyramidDown, PyramidUp
from ssgan_tf.methods.gan import wgan_gp
from ssgan_tf.methods.settings import setting
from ssgan_tf.perceptual import perceptual_loss, perceptual_network

GENERATOR_NORMS = ("batch", "layer")


@dataclasses.dataclass(frozen=True)
class Settings(wgan_gp.Settings):
    """WGAN-GP's, and those of what SSGAN adds."""

    pyramid: bool = setting(
        True, "Pyramid connections; --nopyramid is the ablation 'without PC'."
    )  # section 3.2
    generator_norm: str = setting("batch", "Normalisation in the generator: batch or layer.")
    lambda_: float = setting(1.0, "Weight of the gradient penalty (Eq. 3).")
    mu: float = setting(
        0.01, "Weight of the perceptual loss (Eq. 2); 0 is the ablation 'without PL'."
    )
    vgg_weights: str = setting(
        "imagenet", "imagenet (downloaded once), a file, or random (only to try things out)."
    )

    def __post_init__(self):
        super().__post_init__()
        self.require(
            "generator_norm", self.generator_norm in GENERATOR_NORMS,
            "one of " + ", ".join(GENERATOR_NORMS),
        )  # fmt: skip


class Generator(backbone.Generator):
    """The backbone with two pyramid connections.

    At 64 they lead from 4×4 to 16×16 and from 16×16 to the image.

    Args:
        image_size: 32, 64, 128 or 256.
        base_channels: channels at 4×4, 1024 in the paper's order of size.
        pyramid: False is the ablation "without PC".
        norm: "batch" or "layer".
    """

    def __init__(self, image_size=64, base_channels=1024, pyramid=True, norm="batch"):
        normalization = layer_normalization if norm == "layer" else batch_normalization
        super().__init__(image_size, base_channels, norm=normalization)
        count = len(self.deconvs)
        self.pyramids = {
            end: PyramidUp(
                base_channels // 4,
                self.channels[end],
                use_bias=self.biased[end],
                name=f"pyramid_{end}",
            )
            for end in (max(count - 3, 1), count - 1)
            if pyramid
        }

    def connect(self, stage, x, maps):
        """Return `x`, with the map two levels below added where a connection ends."""
        return x + self.pyramids[stage](maps[stage - 1]) if stage in self.pyramids else x


class Critic(backbone.Critic):
    """The backbone with layer normalisation, ReLU and two pyramid connections.

    At 64 they lead from the image to 16×16 and from 16×16 to 4×4, the mirror image of the
    generator's.

    Args:
        image_size: 32, 64, 128 or 256.
        base_channels: channels of the generator at 4×4; the critic ends with half as many.
        pyramid: False is the ablation "without PC".
    """

    def __init__(self, image_size=64, base_channels=1024, pyramid=True):
        super().__init__(image_size, base_channels, norm=layer_normalization, slope=0.0)
        count = len(self.convs)
        self.pyramids = {
            end: PyramidDown(self.channels[end], name=f"pyramid_{end}")
            for end in (1, min(3, count - 1))
            if pyramid
        }

    def connect(self, stage, x, maps):
        """Return `x`, with the map two levels above added where a connection ends."""
        return x + self.pyramids[stage](maps[stage - 1]) if stage in self.pyramids else x

    def layers_by_stage(self):
        """Return the backbone's, with the connections where they end."""
        stages = super().layers_by_stage()
        for end, pyramid in self.pyramids.items():
            stages[end].append(pyramid)
        return stages


class SSGAN(wgan_gp.WGANGP):
    """WGAN-GP's losses, plus the perceptual loss in the generator's (SSGAN, Eq. 1-3)."""

    name = "ssgan"
    label = "SSGAN"
    defaults = Settings()
    external = ("vgg_weights",)
    betas = (0.5, 0.9)  # the paper names none

    @property
    def loss_names(self):
        """WGAN-GP's, and L_P where it is used."""
        return super().loss_names + ("perceptual",) * (self.settings.mu != 0)

    def build_generator(self, classes=1):
        """Return a new generator (SSGAN, section 3.1)."""
        return Generator(*self.size, self.settings.pyramid, self.settings.generator_norm)

    def build_critic(self, classes=1):
        """Return a new critic (SSGAN, section 3.1)."""
        return Critic(*self.size, self.settings.pyramid)

    def build_perceptual(self, weights=None):
        """Return the frozen VGG-19 features, or None where `mu` is 0 ("without PL")."""
        if self.settings.mu == 0:
            return None
        weights = weights or self.settings.vgg_weights
        return perceptual_network(self.settings.image_size, weights)

    def generator_losses(self, fake, real_features=None, fake_features=None):
        """Return Eq. 2's loss, and L_P (Eq. 1) beside it."""
        losses = super().generator_losses(fake)
        if fake_features is not None:
            losses["perceptual"] = perceptual_loss(real_features, fake_features)
            losses["generator_loss"] += self.settings.mu * losses["perceptual"]
        return losses

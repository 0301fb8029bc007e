"""What users choose of SGID, a flag of `generate.py` each."""

import dataclasses

from ssgan_tf.errors import UserError
from ssgan_tf.methods.settings import Sampling, Settings, setting
from ssgan_tf.methods.sgid.prompts import require_template

NONE = "none"  # of --captioner
MAP = "map"  # of --guidance
NOISE = 0.3  # the replication's rate
PRECISIONS = ("auto", "float32", "bfloat16", "float16")


@dataclasses.dataclass(frozen=True)
class SGIDSettings(Settings):
    """The size of the images; a classifier on ViT takes 224 pixels."""

    image_size: int = setting(224, "Height and width in pixels.")


@dataclasses.dataclass(frozen=True)
class SGIDSampling(Sampling):
    """Models, prompts, noise and choice among candidates.

    Attributes:
        noise: share of Stable Diffusion 1.5's steps, in (0, 1]; None where `strength` is given, or
            for 0.3.
        strength: share of the steps of the model itself, in (0, 1], or None.
    """

    captioner: str = setting(
        "blip2_opt_2.7b", "sgid: BLIP-2 preset or its folder, or none for prompts without captions."
    )
    captions: str | None = setting(
        None, "sgid: JSON lines with path (or sha256) and caption of each image, in place of a "
        "captioner.",
    )  # fmt: skip
    caption_count: int = setting(10, "sgid: captions by nucleus sampling, and as many by beams.")
    clip: str = setting("clip_vit_base_patch32", "sgid: CLIP preset or its folder.")
    diffusion: str = setting(
        "stable_diffusion_3_medium", "sgid: Stable Diffusion 3 preset or its folder."
    )
    noise: str | float | None = setting(
        None, f"sgid: noise in Stable Diffusion 1.5's rate. Default: {NOISE}."
    )
    strength: float | None = setting(
        None, "sgid: instead of --noise, the share of --steps that are run."
    )
    steps: int = setting(50, "Steps of the whole schedule.")
    guidance: str = setting(MAP, "map (of SGID: from the caption's similarity), or a number.")
    label_weight: float = setting(1.5, "sgid: weight of the class words in the prompt.")
    caption_weight: float = setting(0.9, "sgid: weight of the caption in the prompt.")
    negative_prompt: str = setting("", "sgid: what images should not show.")
    prompt: str = setting(
        "{caption}. A picture of {label}", "sgid: the prompt, with {caption} and {label}."
    )
    names: str | None = setting(
        None, "sgid: class words where the folder's name will not do: roses=rose,n01440764=tench."
    )
    candidates: int = setting(1, "sgid: variants made for each image, of which the closest stays.")
    min_similarity: float | None = setting(
        None, "sgid: least cosine of a variant with its source; others are left out."
    )
    similarity_limit: int = setting(
        20, "sgid: with --min_similarity, at most so many variants for each wanted image."
    )
    choices: str | None = setting(
        None, 'sgid: JSON file of candidates chosen by hand, {"roses/000003": 2, ...}.'
    )
    resolution: int = setting(512, "sgid: pixels at which the diffusion model works.")
    batch_size: int = setting(4, "Images made at a time.")
    precision: str = setting("auto", f"sgid: of the models, one of {', '.join(PRECISIONS)}.")

    def __post_init__(self):
        # A text at first, and without a bound: trainings have a --noise that is no number.
        if self.noise is not None:
            try:
                object.__setattr__(self, "noise", float(self.noise))
            except ValueError:
                self.require("noise", False, "a number, more than 0 and at most 1")
        super().__post_init__()
        if self.noise is not None and self.strength is not None:
            raise UserError(
                "--noise and --strength both say where the diffusion begins; leave one of them out"
            )
        possible = self.noise is None or 0 < self.noise <= 1
        self.require("noise", possible, "more than 0 and at most 1")
        self.require("precision", self.precision in PRECISIONS, f"one of {', '.join(PRECISIONS)}")
        self.require("resolution", self.resolution % 16 == 0, "a multiple of 16")
        if self.min_similarity is None and self.similarity_limit != 20:
            raise UserError("--similarity_limit belongs to --min_similarity; leave it out")
        fixed_guidance(self.guidance)
        require_template(self.prompt)
        class_words(self.names, ())

    @property
    def rate(self):
        """The noise in Stable Diffusion 1.5's rate, or None where `strength` holds."""
        return NOISE if self.noise is None and self.strength is None else self.noise


def fixed_guidance(text):
    """Return the guidance scale of `--guidance NUMBER`; None for `map`.

    Raises:
        UserError: it is neither.
    """
    if text == MAP:
        return None
    try:
        scale = float(text)
    except ValueError:
        scale = 0.0
    if not 1 <= scale <= 100:
        raise UserError(f"--guidance is {text}; it must be {MAP}, or a number from 1 to 100")
    return scale


def class_words(names, class_names):
    """Return the words of each class: the folder's name, `_` as a space, or what `names` says.

    Args:
        names: `"roses=rose,n01440764=tench"`, or None.
        class_names: of the data set.

    Raises:
        UserError: an entry is of another form, or names a class twice.
    """
    words, given = {name: name.replace("_", " ").strip() for name in class_names}, {}
    for entry in filter(None, (names or "").split(",")):
        name, sign, text = entry.partition("=")
        if not sign or not name.strip() or not text.strip() or name.strip() in given:
            raise UserError(
                f"--names {entry}: give each class once with its words, such as roses=rose"
            )
        given[name.strip()] = text.strip()
    if class_names and (unknown := [name for name in given if name not in words]):
        raise UserError(
            f"--names: there is no class {unknown[0]!r}; classes: {', '.join(class_names)}"
        )
    return words | given

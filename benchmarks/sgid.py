"""Make one variant of one image with Stable Diffusion 3 at full size: memory, seconds, a picture.

python benchmarks/sgid.py                                          random weights, 8 GB
python benchmarks/sgid.py --diffusion stable_diffusion_3_medium    the real ones
"""

import os
import sys
import time
from functools import partial
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ssgan_tf import command_line  # first, because it keeps TensorFlow's start quiet

# isort: split
import numpy as np

from benchmarks.figures import require_folder, say, write_figures
from benchmarks.machine import seconds_of
from ssgan_tf import plots
from ssgan_tf.data import load_dataset
from ssgan_tf.files import write_atomically
from ssgan_tf.methods.sgid.img2img import ImageToImage, working_memory
from ssgan_tf.methods.sgid.presets import GIB, Preset, dtype_of
from ssgan_tf.methods.sgid.prompts import fragments
from ssgan_tf.methods.sgid.settings import SGIDSampling
from ssgan_tf.methods.sgid.sources import Sources

#: Of Stable Diffusion 3 medium; `TINY` only shows that the script runs.
FULL = {
    "width": 1536, "layers": 24, "heads": 24, "encoder": [128, 256, 512, 512], "blocks": [2, 3],
    "clip_l": (49408, 768, 768, 12, 12, 3072, "quick_gelu", -2),
    "clip_g": (49408, 1280, 1280, 32, 20, 5120, "gelu", -2),
}  # fmt: skip
TINY = {
    "width": 32, "layers": 2, "heads": 2, "encoder": [32] * 4, "blocks": [1, 1],
    "clip_l": (49408, 64, 64, 2, 2, 128, "quick_gelu", -2),
    "clip_g": (49408, 64, 64, 2, 2, 128, "gelu", -2),
}  # fmt: skip
PARAMETERS = 2_987_080_931  # published of the full size

flags = command_line.Flags()
flags.define_data()
flags.DEFINE_string("diffusion", None, "Preset or folder. Default: random weights.")
flags.DEFINE_boolean("tiny", False, "Random weights of a tiny network, to see that it runs.")
flags.DEFINE_integer("resolution", 512, "Pixels.")
flags.DEFINE_string("precision", "bfloat16", "Of the model.")
flags.DEFINE_string("json", str(Path(__file__).with_suffix(".json")), "Where figures go.")


class Random(Preset):
    """Random weights in the place of a preset."""

    def __init__(self, sizes, working):
        super().__init__("diffusion", "random", working)
        self.sizes = sizes

    def parameters(self):
        """Return how many parameters the full size has; None of the tiny one."""
        return PARAMETERS if self.sizes is FULL else None

    def load(self, cls, dtype, image_shape):
        """Return the task with random weights."""
        import keras_hub
        from keras_hub.src.models.vae.vae_backbone import VAEBackbone

        self.require_memory(dtype)
        models, sizes = keras_hub.models, self.sizes
        encoding, decoding = ([count] * 4 for count in sizes["blocks"])
        parts = {
            "vae": VAEBackbone(
                sizes["encoder"], encoding, sizes["encoder"][::-1], decoding, dtype=dtype
            )
        }
        for name in ("clip_l", "clip_g"):
            parts[name] = models.CLIPTextEncoder(*sizes[name], dtype=dtype, name=name)
        backbone = models.StableDiffusion3Backbone(
            2, sizes["width"], sizes["layers"], sizes["heads"], 192, None, None, **parts,
            image_shape=image_shape, dtype=dtype,
        )  # fmt: skip
        preprocessor = models.StableDiffusion3TextToImagePreprocessor(_words(True), _words(False))
        return getattr(models, cls)(backbone, preprocessor)


def _words(end):
    """Return a preprocessor of single letters, with as many tokens as CLIP's."""
    import keras_hub

    letters = list("abcdefghijklmnopqrstuvwxyz.")
    tokens = letters + [letter + "</w>" for letter in letters] + ["th"]
    tokens += [f"token{number}" for number in range(49406 - len(tokens))]
    tokens += ["<|startoftext|>", "<|endoftext|>"]
    vocabulary = {token: number for number, token in enumerate(tokens)}
    tokenizer = keras_hub.models.CLIPTokenizer(vocabulary, ["t h"], pad_with_end_token=end)
    return keras_hub.models.CLIPPreprocessor(tokenizer)


def main(values):
    """Load or make the model, make a variant twice, and write what it took."""
    require_folder(values.json)
    chosen, working = SGIDSampling(), working_memory(values.resolution, 1)
    preset = Random(TINY if values.tiny else FULL, working)
    if values.diffusion:
        preset = Preset("diffusion", values.diffusion, working)
    images = load_dataset(
        values.dataset, 224, datasets_dir=values.datasets_dir, classes=values.classes
    )
    sources = Sources(images, 0)
    source = sources.of[images.class_names[0]][0]
    image = sources.image(source, values.resolution)[None]
    start = time.perf_counter()
    model = ImageToImage(
        preset, dtype_of(values.precision), values.resolution, chosen.steps, chosen.rate
    )
    loaded = time.perf_counter() - start
    parameters = model.task.backbone.count_params()
    say(f"{parameters:,} parameters after {loaded:.0f} s")
    prompt = model.tokens(fragments("{caption}. A picture of {label}", "a flower", "flower"))
    made = []
    first = seconds_of(lambda: made.append(model(image, [prompt], [1.25], [0])))
    say(f"first variant after {first:.1f} s")
    second = seconds_of(lambda: made.append(model(image, [prompt], [1.25], [0])))
    figures = {
        "preset": preset.name,
        "parameters": parameters,
        "resolution": values.resolution,
        "precision": values.precision,
        "steps_run": model.start.run,
        "seconds": {"load": loaded, "first_variant": first, "next_variant": second},
        "equal": bool(np.array_equal(*made)),
        "peak_gib": _peak() / GIB,
    }
    write_figures(values.json, figures)
    sheet = plots.image_grid(np.concatenate([image, made[0]]), 2)
    picture = Path(values.json).with_suffix(".png")
    write_atomically(picture, partial(plots.write_png, image=sheet))
    say(
        f"{second:.1f} s a variant, {second / model.start.run:.1f} s a step, peak "
        f"{figures['peak_gib']:.1f} GiB; equal: {figures['equal']}; look at {picture}"
    )
    return 0


def _peak():
    """Return the largest bytes of memory so far: of the GPU, or of this process."""
    import tensorflow as tf

    if tf.config.list_physical_devices("GPU"):
        return tf.config.experimental.get_memory_info("GPU:0")["peak"]
    if os.name == "nt":
        return float("nan")
    import resource

    return 1024 * resource.getrusage(resource.RUSAGE_SELF).ru_maxrss


if __name__ == "__main__":
    command_line.run(main, flags)

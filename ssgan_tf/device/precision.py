"""Which type the layers compute in."""

import contextlib
import platform
from pathlib import Path

import keras
import tensorflow as tf

from ssgan_tf.errors import UserError


def resolve_precision(precision):
    """Return `precision`, with "auto" replaced by what suits this machine.

    "auto" is mixed_bfloat16 on GPUs of compute capability 8 (Ampere) or later and on processors
    with bfloat16 instructions, and float32 anywhere else.
    """
    if precision != "auto":
        return precision
    gpus = tf.config.list_physical_devices("GPU")
    if gpus:
        details = [tf.config.experimental.get_device_details(gpu) for gpu in gpus]
        modern = all(detail.get("compute_capability", (0, 0)) >= (8, 0) for detail in details)
    else:
        modern = _processor_has_bfloat16()
    return "mixed_bfloat16" if modern else "float32"


def resolve_for_gan(precision):
    """Return `resolve_precision(precision)`, for a training of a GAN.

    Raises:
        UserError: it is mixed_float16. Its small gradients vanish unless losses are scaled, and
            scaled critics overflow where a penalty squares their gradients.
    """
    precision = resolve_precision(precision)
    if precision == "mixed_float16":
        raise UserError(
            "--precision mixed_float16 is not for GANs: their small gradients would vanish; use "
            "mixed_bfloat16, or float32 on a device without bfloat16 (auto chooses)"
        )
    return precision


def _processor_has_bfloat16():
    if platform.system() != "Linux":
        return False
    words = Path("/proc/cpuinfo").read_text(errors="replace").split()
    return not {"avx512_bf16", "amx_bf16"}.isdisjoint(words)


@contextlib.contextmanager
def dtype_policy(name):
    """Build layers under a Keras dtype policy, and put the former one back."""
    former = keras.config.dtype_policy()
    keras.config.set_dtype_policy(name)
    try:
        yield
    finally:
        keras.config.set_dtype_policy(former)

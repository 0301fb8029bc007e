"""Training: the compiled step, the loop, checkpoints and the run directory."""

from ssgan_tf.training.fit import Interrupted, Options, fit

__all__ = ["Interrupted", "Options", "fit"]

"""Training of any method: the loop, its records, the run directory's configuration."""

from ssgan_tf.runs.interruption import Interrupted
from ssgan_tf.training.fit import Options, fit
from ssgan_tf.training.trained import load, load_run

__all__ = ["Interrupted", "Options", "fit", "load", "load_run"]

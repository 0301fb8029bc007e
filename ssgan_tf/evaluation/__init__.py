"""How good generated images are: from two folders to figures, pictures and a report."""

from ssgan_tf.evaluation.inputs import Inputs, load_inputs
from ssgan_tf.evaluation.measure import measure
from ssgan_tf.evaluation.results import evaluate

__all__ = ["Inputs", "evaluate", "load_inputs", "measure"]

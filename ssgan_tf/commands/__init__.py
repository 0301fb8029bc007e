"""The commands: `ssgan-train` and `python train.py` are `ssgan_tf.commands.train`, and so on."""

import functools
import importlib

from ssgan_tf import stopping


def _run(name):
    """Run the command of that name; signals are heard before the imports that take seconds."""
    stopping.listen()
    importlib.import_module(f"ssgan_tf.commands.{name}").run()


train_command = functools.partial(_run, "train")
generate_command = functools.partial(_run, "generate")
evaluate_command = functools.partial(_run, "evaluate")
classify_command = functools.partial(_run, "classify")
compare_command = functools.partial(_run, "compare")
imbalance_command = functools.partial(_run, "imbalance")
augcls_command = functools.partial(_run, "augcls")

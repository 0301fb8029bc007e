"""Train a tiny SSGAN on painted squares in a process of its own: `fit_in_process.py '{json}'`.

The JSON holds `devices` (virtual CPUs), `settings` and `options`. With `weights` (a file) it also
writes there what every replica holds in the end.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
sys.path.insert(0, str(Path(__file__).resolve().parent))

import tensorflow as tf
from tiny import painted_squares, tiny_method

from ssgan_tf.training import Interrupted, fit
from ssgan_tf.training.step import TrainingStep

arguments = json.loads(sys.argv[1])
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * arguments.get("devices", 1)
)
if "weights" in arguments:
    steps = []
    original = TrainingStep.__init__

    def remember(self, *positional, **named):
        original(self, *positional, **named)
        steps.append(self)

    TrainingStep.__init__ = remember

method = tiny_method(**arguments.get("settings", {}))
try:
    fit(method, painted_squares(), **arguments["options"])
except Interrupted as stop:
    sys.exit(stop.exit_code)

if "weights" in arguments:
    import numpy as np

    (step,) = steps
    held = {}
    for network in (step.generator, step.critic, step.average):
        for variable in network.variables:
            values = step.strategy.experimental_local_results(variable.value)
            for replica, value in enumerate(values):
                held[f"{network is step.average} {variable.path} {replica}"] = value.numpy()
    np.savez(arguments["weights"], **held)

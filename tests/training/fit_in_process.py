"""Train tiny methods on painted squares in a process of its own: `fit_in_process.py '{json}'`.

The JSON holds `devices` (virtual CPUs), `methods` (names, by default ssgan), `settings` and
`options`. With `weights` (a file) it also writes there what every replica holds in the end.
"""

import json
import sys
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import tensorflow as tf

from ssgan_tf.methods.gan.step import TrainingStep
from ssgan_tf.runs.interruption import Interrupted
from ssgan_tf.training import fit
from tests.training.tiny import painted_squares, tiny_method

arguments = json.loads(sys.argv[1])
cpu = tf.config.list_physical_devices("CPU")[0]
tf.config.set_logical_device_configuration(
    cpu, [tf.config.LogicalDeviceConfiguration()] * arguments.get("devices", 1)
)
steps = []
if "weights" in arguments:
    original = TrainingStep.__init__

    def remember(self, *positional, **named):
        original(self, *positional, **named)
        steps.append(self)

    TrainingStep.__init__ = remember

names = arguments.get("methods", ["ssgan"])
for name in names:
    method = tiny_method(name, **arguments.get("settings", {}))
    images = painted_squares(classes=("left", "right") if method.conditional else ("left",))
    options = dict(arguments["options"])
    if len(names) > 1:
        options["run_dir"] = str(Path(options["run_dir"]) / name)
    try:
        fit(method, images, **options)
    except Interrupted as stop:
        sys.exit(stop.exit_code)

if "weights" in arguments:
    held = {}
    for name, step in zip(names, steps, strict=True):
        for network in (step.generator, step.critic, step.average):
            for variable in network.variables:
                values = step.strategy.experimental_local_results(variable.value)
                for replica, value in enumerate(values):
                    key = f"{name} {network is step.average} {variable.path} {replica}"
                    held[key] = value.numpy()
    np.savez(arguments["weights"], **held)

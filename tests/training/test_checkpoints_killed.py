import signal
import subprocess
import sys
from pathlib import Path

import pytest

WITHOUT_TENSORFLOW = Path(__file__).with_name("without_tensorflow.py")
KILLED_WRITER = """
import os, random, signal, sys, time
import numpy as np
from ssgan_tf.runs.checkpoints import Checkpoints

def arrays_of(step):
    return {f"part{n}/kernel": np.full((64, 1024), step, np.float32) for n in range(8)}

def write(checkpoints, step, reports):
    while True:
        step += 1
        checkpoints.save(step, arrays_of(step), {"step": step})
        os.write(reports, step.to_bytes(4, "little"))

folder, draw, known = sys.argv[1], random.Random(1), 0
for _ in range(20):
    reading, writing = os.pipe()
    child = os.fork()
    if not child:
        write(Checkpoints(folder), known, writing)
    os.close(writing)
    saved = int.from_bytes(os.read(reading, 4), "little")
    time.sleep(draw.uniform(0, 0.06))
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    for number in iter(lambda: os.read(reading, 4), b""):
        saved = int.from_bytes(number, "little")
    os.close(reading)
    reader = Checkpoints(folder)
    # Nothing incomplete ever bears a checkpoint's name.
    steps = [int(name[:6]) for name in os.listdir(folder) if name.endswith(".npz")]
    assert len(steps) >= min(2, saved) and all(reader.load(step) for step in steps), steps
    step, arrays, metadata = reader.latest()
    assert saved <= step <= saved + 1 and metadata == {"step": step}, (saved, step)
    assert arrays.keys() == arrays_of(0).keys()
    assert all((array == step).all() for array in arrays.values())
    known = step
left = [name for name in os.listdir(folder) if name.startswith(".")]
Checkpoints(folder).save(known + 1, arrays_of(known + 1), {})
assert len(os.listdir(folder)) == 2, os.listdir(folder)
print("intact", "leftover seen" if left else "")
"""


@pytest.mark.skipif(not hasattr(signal, "SIGKILL"), reason="needs kill -9")
def test_kill_9_while_saving_loses_nothing_that_was_saved(tmp_path):
    result = subprocess.run(
        [sys.executable, WITHOUT_TENSORFLOW, KILLED_WRITER, tmp_path],
        capture_output=True,
        text=True,
        timeout=120,
    )
    assert result.stdout.startswith("intact"), result.stderr

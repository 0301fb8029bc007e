"""A machine of `--strategy multi_worker` that is gone ends the others, which say which one it is.

TensorFlow's coordination service misses the heartbeat of a process that has died, or hears its
socket close, within seconds, and then ends every wait for it with an error. It waits an hour for
machines that have not come yet.
"""

import contextlib
import json
import logging
import os
import re
import socket
import sys
import threading
from pathlib import Path

import tensorflow as tf

from ssgan_tf.errors import UserError

PATIENCE = 600.0  # seconds to wait for machines that have not begun
KNOCK = 5.0  # seconds that a machine may take to answer
GO_ON = "run the same command on all machines again, which goes on from the last checkpoint"

_GONE = (
    tf.errors.UnavailableError,
    tf.errors.AbortedError,
    tf.errors.CancelledError,
    tf.errors.DeadlineExceededError,
)
_TASK = re.compile(r"/job:(\w+)/(?:replica:\d+/)?task:(\d+)")
_log = logging.getLogger(__name__)


@contextlib.contextmanager
def named(environment=os.environ):
    """Turn what TensorFlow raises where a machine is gone into one line.

    Args:
        environment: dict with TF_CONFIG.

    Raises:
        UserError: a machine is gone; the line says which one, where TensorFlow does.
    """
    try:
        yield
    except _GONE as error:
        others = _others(environment)
        lost = [
            _described(task, others)
            for task in dict.fromkeys(_TASK.findall(str(error)))
            if task in others
        ]
        words = " and ".join(lost) or "one of the other machines"
        raise UserError(f"{words} no longer answers, so this one stops; {GO_ON}") from error


@contextlib.contextmanager
def awaited(environment=os.environ, patience=PATIENCE, leave=os._exit):
    """End the process where other machines have not begun, while the block waits for them.

    The block is a call of TensorFlow that cannot be interrupted, so the process leaves with exit
    code 2. Machines that can be reached are waited for on.

    Args:
        environment: dict with TF_CONFIG.
        patience: seconds to wait for them.
        leave: what ends the process, given the exit code.
    """
    all_here = threading.Event()

    def watch():
        while not all_here.wait(patience):
            others = _others(environment)
            absent = [_described(task, others) for task in others if not _answers(others[task])]
            if absent and not all_here.is_set():
                line = (
                    f"waited {patience / 60:.0f} minutes for {' and '.join(absent)}; {GO_ON}"
                    " if there is one"
                )
                print(f"{Path(sys.argv[0]).name}: {line}", file=sys.stderr, flush=True)
                leave(2)
                return
            _log.warning("all machines can be reached; waiting for them to begin")

    watcher = threading.Thread(target=watch, daemon=True)
    watcher.start()
    try:
        yield
    finally:
        all_here.set()
        watcher.join()


def _others(environment):
    """Return the addresses of the other machines, a dict from their job and number, as texts."""
    config = json.loads(environment["TF_CONFIG"])
    own = config["task"]["type"], str(config["task"]["index"])
    return {
        (job, str(number)): address
        for job, addresses in config["cluster"].items()
        for number, address in enumerate(addresses)
        if (job, str(number)) != own
    }


def _described(task, others):
    return f"{task[0]} {task[1]} ({others[task]})"


def _answers(address):
    host, _, port = address.rpartition(":")
    try:
        socket.create_connection((host.strip("[]"), int(port)), timeout=KNOCK).close()
    except (OSError, ValueError):
        return False
    return True

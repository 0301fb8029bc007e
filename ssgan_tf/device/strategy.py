"""One device, all local ones, or several machines."""

import functools
import json
import os
from typing import NamedTuple

import tensorflow as tf

from ssgan_tf.device import lost_worker
from ssgan_tf.errors import UserError

STRATEGIES = ("none", "mirrored", "multi_worker")


class Workers(NamedTuple):
    """A distribution strategy and this process's place in it."""

    strategy: tf.distribute.Strategy
    count: int = 1  # processes
    chief: bool = True  # the one that writes

    def any(self, flag):
        """Return whether `flag` is true on at least one worker; all must call it together."""
        if self.count == 1:
            return bool(flag)
        flags = self.strategy.experimental_distribute_values_from_function(
            lambda _: tf.constant(float(bool(flag)))
        )
        total = self.strategy.reduce(tf.distribute.ReduceOp.SUM, flags, axis=None)
        return float(total) > 0


def make_workers(name, batch_size):
    """Return the `Workers` of a `--strategy`.

    Args:
        name: "none", one device; "mirrored", every local GPU, or every logical CPU where there is
            no GPU; "multi_worker", the machines that the environment variable TF_CONFIG lists.
        batch_size: images a step, which the replicas share.

    Raises:
        UserError: no such strategy, TF_CONFIG is missing or wrong, or the batch cannot be shared.
    """
    if name == "none":
        workers = Workers(tf.distribute.get_strategy())
    elif name == "mirrored":
        workers = Workers(_mirrored())
    elif name == "multi_worker":
        workers = _multi_worker()
    else:
        raise UserError(f"--strategy is {name}; it must be one of {', '.join(STRATEGIES)}")
    replicas = workers.strategy.num_replicas_in_sync
    if batch_size == 1 < replicas:
        raise UserError(
            f"--strategy {name} shares each step among {replicas} devices, and steps here are of "
            "one image; use --strategy none"
        )
    if batch_size % replicas:
        raise UserError(
            f"--batch_size is {batch_size}, which {replicas} devices cannot share evenly; "
            f"use a multiple of {replicas}"
        )
    return workers


@functools.cache  # two of them in a process would give their messages the same numbers
def _mirrored():
    devices = tf.config.list_logical_devices("GPU") or tf.config.list_logical_devices("CPU")
    return tf.distribute.MirroredStrategy([device.name for device in devices])


def _multi_worker():
    try:
        cluster = json.loads(os.environ.get("TF_CONFIG", ""))
        task = cluster["task"]
        machines = cluster["cluster"]["worker"]
        chief = task["type"] == "chief" or (task["type"] == "worker" and int(task["index"]) == 0)
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(
            "--strategy multi_worker needs the environment variable TF_CONFIG, for example "
            '{"cluster": {"worker": ["host1:2222", "host2:2222"]}, '
            '"task": {"type": "worker", "index": 0}}'
        ) from error
    if "chief" in cluster["cluster"]:
        machines = [*cluster["cluster"]["chief"], *machines]
        chief = task["type"] == "chief"
    try:
        with lost_worker.awaited():
            strategy = tf.distribute.MultiWorkerMirroredStrategy()
    except RuntimeError as error:
        raise UserError(
            "--strategy multi_worker must be set up before TensorFlow does anything else; "
            "start a new Python process"
        ) from error
    return Workers(strategy, count=len(machines), chief=chief)

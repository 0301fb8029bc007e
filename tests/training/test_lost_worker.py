import json
import socket
import threading

import pytest
import tensorflow as tf

from ssgan_tf.device.lost_worker import awaited, named
from ssgan_tf.errors import UserError


def environment(*addresses, index=0):
    cluster = {"worker": list(addresses)}
    return {
        "TF_CONFIG": json.dumps({"cluster": cluster, "task": {"type": "worker", "index": index}})
    }


# What TensorFlow 2.21 raised where the second worker, and where the first one, had been killed.
SECOND_IS_GONE = (
    "Collective ops is aborted by: Error reported from /job:worker/task:1: The following tasks are "
    "unhealthy (stopped sending heartbeats):\n/job:worker/replica:0/task:1\nThe tasks have crashed."
)
FIRST_IS_GONE = (
    "{{function_node __wrapped__CollectiveReduceV2_device_/job:worker/replica:0/task:1/device:"
    "CPU:0}} Collective ops is aborted by: Socket closed\nAdditional GRPC error information from "
    "remote target /job:worker/replica:0/task:0 while calling /tensorflow.WorkerService/RecvBuf:"
)


@pytest.mark.parametrize(
    ("index", "message", "words"),
    [
        (0, SECOND_IS_GONE, r"^worker 1 \(two:2\) no longer answers"),
        (1, FIRST_IS_GONE, r"^worker 0 \(one:1\) no longer answers"),
        (0, "Socket closed", "^one of the other machines no longer answers"),
    ],
)
def test_the_line_says_which_machine_is_gone_and_how_to_go_on(index, message, words):
    with (
        pytest.raises(UserError, match=words) as caught,
        named(environment("one:1", "two:2", index=index)),
    ):
        raise tf.errors.UnavailableError(None, None, message)
    line = str(caught.value)
    assert "run the same command on all machines again" in line and "\n" not in line


def test_other_errors_pass():
    with pytest.raises(tf.errors.InvalidArgumentError), named(environment("one:1", "two:2")):
        raise tf.errors.InvalidArgumentError(None, None, SECOND_IS_GONE)


def test_a_machine_that_does_not_begin_is_named(capsys):
    with socket.socket() as taken, socket.create_server(("127.0.0.1", 0)) as there:
        taken.bind(("127.0.0.1", 0))  # so that nobody listens there
        absent, present = (
            f"127.0.0.1:{place.getsockname()[1]}" for place in (taken, there)
        )  # fmt: skip
        left, codes = threading.Event(), []

        def leave(code):
            codes.append(code)
            left.set()

        with awaited(environment("one:1", absent, present), patience=0.01, leave=leave):
            assert left.wait(60)
    assert codes == [2]
    (line,) = capsys.readouterr().err.splitlines()
    assert f"worker 1 ({absent})" in line and present not in line


def test_machines_that_begin_in_time_end_the_wait():
    before = threading.active_count()
    with awaited(environment("one:1", "two:2"), patience=3600):
        pass
    assert threading.active_count() == before

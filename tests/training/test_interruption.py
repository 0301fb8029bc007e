import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest

from ssgan_tf.runs.interruption import Interruption

WITHOUT_TENSORFLOW = Path(__file__).with_name("without_tensorflow.py")
MESSAGE = "Finishing the current step, then saving; press Ctrl-C again to stop at once."

pytestmark = pytest.mark.skipif(os.name == "nt", reason="sends POSIX signals")

# PBKDF2 runs in C without the interpreter's lock and, unlike a sleep, no signal ends it: what a
# long call of TensorFlow is to the main thread.
BLOCKED = """
import hashlib, sys, time
from ssgan_tf.runs.interruption import Interruption

def block(rounds):
    hashlib.pbkdf2_hmac("sha256", b"x", b"y", rounds)

start = time.perf_counter()
block(200_000)
second = int(200_000 / (time.perf_counter() - start))
with Interruption() as interruption:
    print("blocked", flush=True)
    block(int(second * float(sys.argv[1])))
    print("requested", interruption.requested, flush=True)
sys.exit(interruption.exit_code)
"""


@pytest.fixture
def start():
    """Starts a process that blocks for about so many seconds; it never outlives its test."""
    processes = []

    def start(seconds):
        process = subprocess.Popen(
            [sys.executable, WITHOUT_TENSORFLOW, BLOCKED, str(seconds)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            text=True,
        )
        processes.append(process)
        assert process.stdout.readline() == "blocked\n", process.stderr.read()
        return process

    yield start
    for process in processes:
        process.kill()
        process.communicate()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_one_signal_lets_the_call_finish(start, number):
    process = start(1)
    process.send_signal(number)
    output, errors = process.communicate(timeout=60)
    assert output == f"requested {int(number)}\n"
    assert errors.strip() == MESSAGE
    assert process.returncode == 128 + number


def test_a_second_ctrl_c_stops_a_blocked_process_at_once(start):
    process = start(60)
    process.send_signal(signal.SIGINT)
    assert process.stderr.readline() == "\n"
    assert process.stderr.readline() == MESSAGE + "\n"
    assert process.poll() is None
    begin = time.monotonic()
    process.send_signal(signal.SIGINT)
    assert process.wait(timeout=30) == 130
    assert time.monotonic() - begin < 5
    assert process.stdout.read() == "" and process.stderr.read() == ""


def test_repeated_sigterm_still_finishes(start):
    process = start(1)
    for _ in range(3):
        process.send_signal(signal.SIGTERM)
        time.sleep(0.05)
    output, errors = process.communicate(timeout=60)
    assert output == "requested 15\n"
    assert errors.count(MESSAGE) == 1
    assert process.returncode == 143


def test_the_request_is_seen_by_the_very_next_line():
    with Interruption() as interruption:
        assert interruption.requested is None and interruption.exit_code == 0
        os.kill(os.getpid(), signal.SIGINT)
        assert interruption.requested == signal.SIGINT
        assert interruption.exit_code == 130


def test_earlier_handlers_and_descriptor_come_back():
    seen = []
    before = signal.signal(signal.SIGTERM, lambda number, frame: seen.append(number))
    reading, writing = os.pipe()
    os.set_blocking(writing, False)
    earlier = signal.set_wakeup_fd(writing)
    try:
        threads = set(threading.enumerate())
        with pytest.raises(KeyError), Interruption():
            raise KeyError
        assert set(threading.enumerate()) <= threads
        os.kill(os.getpid(), signal.SIGTERM)
        assert seen == [signal.SIGTERM]
        assert os.read(reading, 10) == bytes([signal.SIGTERM])
        assert signal.getsignal(signal.SIGINT) is signal.default_int_handler
    finally:
        assert signal.set_wakeup_fd(earlier) == writing
        signal.signal(signal.SIGTERM, before)
        os.close(reading)
        os.close(writing)


def test_an_object_can_be_used_again():
    interruption = Interruption()
    for _ in range(2):
        with interruption:
            assert interruption.requested is None
            os.kill(os.getpid(), signal.SIGTERM)
            assert interruption.requested == signal.SIGTERM


def test_other_signals_pass():
    seen = []
    before = signal.signal(signal.SIGUSR1, lambda number, frame: seen.append(number))
    try:
        with Interruption() as interruption:
            os.kill(os.getpid(), signal.SIGUSR1)
            assert seen == [signal.SIGUSR1] and interruption.requested is None
    finally:
        signal.signal(signal.SIGUSR1, before)


def test_outside_the_main_thread_it_does_nothing():
    handler, outcome = signal.getsignal(signal.SIGINT), []

    def use():
        with Interruption() as interruption:
            outcome.append((signal.getsignal(signal.SIGINT), interruption.requested))

    thread = threading.Thread(target=use)
    thread.start()
    thread.join()
    assert outcome == [(handler, None)]

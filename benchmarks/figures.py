"""Figures of a benchmark: measured in turns, and written with what they depend on."""

import datetime
from pathlib import Path

from benchmarks.machine import MATMUL_TYPES, machine, matmul_flops_per_second, seconds_of
from ssgan_tf.errors import UserError
from ssgan_tf.files import disk_errors, write_json
from ssgan_tf.runs.provenance import git_commit, versions


def say(words):
    """Print progress at once."""
    print(words, flush=True)


def require_folder(path):
    """Refuse a path for the figures whose folder is missing, before anything is measured.

    Raises:
        UserError: there is no such folder.
    """
    if not Path(path).parent.is_dir():
        raise UserError(f"--json: no folder {Path(path).parent}; make it or choose another")


def define_turns(flags, script):
    """Define the flags behind `take_turns` and `write_figures`: rounds, matmul_size and json.

    Args:
        flags: the benchmark's `Flags`.
        script: its path; the figures go beside it.
    """
    flags.DEFINE_integer("rounds", 5, "Turns of each contender.", lower_bound=1)
    flags.DEFINE_multi_integer("matmul_size", [2048, 4096], "Sizes of matrices.", lower_bound=1)
    flags.DEFINE_string("json", str(Path(script).with_suffix(".json")), "Where figures go.")


def in_gflops(limits):
    """Return limits of `take_turns` in GFLOP/s, for JSON."""
    return {name: rate / 1e9 for name, rate in limits.items()}


def limits_in_words(result):
    """Return the limits among the figures of a benchmark: "490 in float32, 901 in bfloat16"."""
    return ", ".join(f"{rate:.0f} in {name}" for name, rate in result["matmul_gflops"].items())


def take_turns(contenders, rounds, count, matmul_sizes, unit):
    """Let the contenders and the matrix products take turns, so that noise meets all alike.

    Args:
        contenders: name -> function that does a given number of units of work.
        rounds: turns of each contender.
        count: units of work in a turn.
        matmul_sizes: heights and widths of the matrices.
        unit: what a unit of work is called.

    Returns:
        name -> seconds per unit, one number a round; and type -> the highest rate of
        multiplying matrices, in operations a second.
    """
    for name, contender in contenders.items():
        say(f"compiling {name}")
        contender(1)
    seconds = {name: [] for name in contenders}
    limits = dict.fromkeys(MATMUL_TYPES, 0.0)
    for number in range(1, rounds + 1):
        for name, contender in contenders.items():
            taken = seconds_of(lambda contender=contender: contender(count))
            seconds[name].append(taken / count)
        for dtype in MATMUL_TYPES:
            rates = [matmul_flops_per_second(dtype, size) for size in matmul_sizes]
            limits[dtype] = max(limits[dtype], *rates)
        paces = ", ".join(f"{name} {seconds[name][-1]:.3g}" for name in contenders)
        say(f"round {number} of {rounds}: seconds per {unit}: {paces}")
    return seconds, limits


def write_figures(path, figures):
    """Write figures as JSON, after the date, the machine, the versions and the commit."""
    circumstances = {
        "date": datetime.datetime.now(datetime.UTC).isoformat(timespec="seconds"),
        "machine": machine(),
        "versions": versions(),
        "git_commit": git_commit(),
    }
    with disk_errors("cannot write the figures"):
        write_json(path, circumstances | figures)

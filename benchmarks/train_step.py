"""Measure an iteration of training: ours, a plain one, and the limit of the machine.

python benchmarks/train_step.py
"""

import resource
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path

sys.path.insert(0, str(Path(__file__).resolve().parents[1]))

from ssgan_tf import command_line  # first, because it keeps TensorFlow's start quiet

# isort: split
import keras

from benchmarks.figures import (
    define_turns,
    in_gflops,
    limits_in_words,
    require_folder,
    say,
    take_turns,
    write_figures,
)
from benchmarks.plain_step import PlainStep
from ssgan_tf.data import load_dataset
from ssgan_tf.device.precision import dtype_policy, resolve_precision
from ssgan_tf.methods import create, setting_fields
from ssgan_tf.methods.contract import Job

TRAIN = Path(__file__).resolve().parents[1] / "train.py"
SETTINGS = ("image_size", "base_channels", "batch_size", "critic_steps", "vgg_weights")
CONTENDERS = {  # name -> precision
    "plain": "float32",
    "ours": "auto",
    "ours_float32": "float32",
}


def make_contender(name, method, images):
    """Return something with `run(count)`, by its name in `CONTENDERS`."""
    with dtype_policy(resolve_precision(CONTENDERS[name])):
        if name == "plain":
            return PlainStep(method, images.images)
        method = create("ssgan", **vars(method.settings) | {"precision": CONTENDERS[name]})
        return next(method.phases(Job(name, images)))


def peak_memory(name):
    """Return the peak memory in MiB of a process that does nothing but run one contender."""
    with tempfile.TemporaryDirectory() as folder:
        answer = Path(folder) / "peak"
        script = [sys.executable, *sys.argv, f"--only={name}", f"--json={answer}"]
        process = subprocess.run(script)
        if process.returncode:
            sys.exit(process.returncode)  # it has said why
        return float(answer.read_text())


def report_own_peak(path):
    """Write the peak memory of this process, in MiB, to a file for `peak_memory`."""
    units_per_mib = 2**20 if sys.platform == "darwin" else 2**10
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    Path(path).write_text(str(peak / units_per_mib))


def seconds_to_first_iteration(method, dataset):
    """Return the seconds from the start of `train.py` to its first line of metrics."""
    with tempfile.TemporaryDirectory() as folder:
        run_dir, output = Path(folder) / "run", Path(folder) / "output"
        settings = [f"--{name}={value}" for name, value in method.as_flags().items()]
        script = [sys.executable, str(TRAIN), "--iterations=1", *settings]
        start = time.perf_counter()
        with output.open("w") as file:
            process = subprocess.Popen(
                [*script, f"--dataset={dataset}", f"--run_dir={run_dir}"], stdout=file, stderr=file
            )
        try:
            while True:
                ended = process.poll() is not None
                if any(path.stat().st_size for path in run_dir.glob("*/metrics.jsonl")):
                    return time.perf_counter() - start
                if ended:
                    raise RuntimeError(f"train.py did not train:\n{output.read_text()}")
                time.sleep(0.05)
        finally:
            process.kill()  # what it writes is thrown away
            process.wait()


def summarise(contenders, seconds, limits, peaks):
    """Return the figures of each contender, a dict by name."""
    rows = {}
    for name, contender in contenders.items():
        precision = resolve_precision(CONTENDERS[name])
        median = statistics.median(seconds[name])
        rows[name] = {
            "precision": precision,
            "seconds_per_iteration": median,
            "seconds_of_rounds": seconds[name],
            "peak_memory_mib": peaks.get(name),
        }
        if name != "plain":
            rate = contender.flops() / median
            limit = limits[keras.DTypePolicy(precision).compute_dtype]
            rows[name] |= {"gflops_per_second": rate / 1e9, "share_of_limit": rate / limit}
    return rows


def describe(result):
    """Return the lines of the printed table."""
    rows = [("", "precision", "s/iteration", "GFLOP/s", "of limit", "peak")]
    for name, row in result["contenders"].items():
        cells = [
            words.format(row[key]) if row.get(key) else "-"
            for key, words in (
                ("precision", "{}"),
                ("seconds_per_iteration", "{:.3f}"),
                ("gflops_per_second", "{:.0f}"),
                ("share_of_limit", "{:.0%}"),
                ("peak_memory_mib", "{:.0f} MiB"),
            )
        ]
        rows.append((name, *cells))
    return "\n".join([
        *("{:13} {:15} {:>11} {:>8} {:>8} {:>9}".format(*row) for row in rows),
        f"plain / ours: {result['ratio']:.2f}",
        f"an iteration of ours: {result['iteration_gflop']:.0f} GFLOP",
        f"limit of matrix products, GFLOP/s: {limits_in_words(result)}",
        f"train.py, from command to first iteration: {result['seconds_to_first_iteration']:.1f} s",
    ])  # fmt: skip


flags = command_line.Flags()
flags.define_settings({name: setting_fields()[name] for name in SETTINGS})
flags.DEFINE_string("dataset", "demo", "Name or path of the images; their first class is used.")
define_turns(flags, __file__)
flags.DEFINE_integer("iterations", 2, "Iterations in a turn.", lower_bound=1)
flags.DEFINE_enum("only", None, CONTENDERS, "Write this contender's peak memory to --json.")


def main(values):
    """Measure, print a table, write the JSON."""
    require_folder(values.json)
    method = create("ssgan", **{"vgg_weights": "random", **command_line.given(SETTINGS, values)})
    image_set = load_dataset(values.dataset, method.settings.image_size)  # warms its cache too
    images = image_set.with_classes(image_set.class_names[:1])
    if values.only:
        make_contender(values.only, method, images).run(values.iterations)
        report_own_peak(values.json)
        return 0
    say("measuring the peak memory of plain and of ours")
    # While this process is small: on Linux one begins with the peak of the one that started it.
    peaks = {name: peak_memory(name) for name in ("plain", "ours")}
    say("measuring how long train.py takes to its first iteration")
    first = seconds_to_first_iteration(method, values.dataset)
    contenders = {name: make_contender(name, method, images) for name in CONTENDERS}
    seconds, limits = take_turns(
        {name: contender.run for name, contender in contenders.items()},
        values.rounds, values.iterations, values.matmul_size, "iteration",
    )  # fmt: skip
    rows = summarise(contenders, seconds, limits, peaks)
    result = {
        "settings": method.as_flags(),
        "iterations_a_round": values.iterations,
        "images": len(images),
        "contenders": rows,
        "ratio": rows["plain"]["seconds_per_iteration"] / rows["ours"]["seconds_per_iteration"],
        "iteration_gflop": contenders["ours"].flops() / 1e9,
        "matmul_gflops": in_gflops(limits),
        "seconds_to_first_iteration": first,
    }
    print(describe(result))
    write_figures(values.json, result)
    return 0


if __name__ == "__main__":
    command_line.run(main, flags)

"""Work that several processes share: which of them this one is, and which part is its own."""

import os
import re

from ssgan_tf.errors import UserError

COUNT = "SSGAN_JOBS"  # how many processes there are, where the cluster does not say


def parse_jobs(text, environment=os.environ):
    """Return `--jobs` as (i, n): this process is the i-th of n, the first being 1.

    With "auto" the cluster says so: Slurm numbers the tasks of a job array, and Kubernetes the pods
    of an indexed Job. Kubernetes does not tell a pod how many there are, so `SSGAN_JOBS` must.

    Args:
        text: "2/4" or "auto".
        environment: dict of environment variables.

    Raises:
        UserError: it is of neither form, or the environment does not say or says what cannot be.
    """
    if text == "auto":
        return _from_cluster(environment)
    match = re.fullmatch(r"(\d{1,9})/(\d{1,9})", text)
    i, n = (int(number) for number in match.groups()) if match else (0, 0)
    if not 1 <= i <= n:
        raise UserError(
            f"--jobs is {text!r}; write 1/4 for the first of four processes, or auto on a cluster"
        )
    return i, n


def share(items, jobs):
    """Return a process's part of a sequence, every n-th from its own; empty if there are too few.

    Args:
        items: whatever is shared out, in an order that is the same for all.
        jobs: (i, n), as `parse_jobs` returns it.
    """
    i, n = jobs
    return list(items)[i - 1 :: n]


def _from_cluster(environment):
    if "SLURM_ARRAY_TASK_ID" in environment:
        first = _number(environment, "SLURM_ARRAY_TASK_MIN")
        step = _number(environment, "SLURM_ARRAY_TASK_STEP", "1")
        place, rest = divmod(_number(environment, "SLURM_ARRAY_TASK_ID") - first, step or 1)
        count = _number(environment, "SLURM_ARRAY_TASK_COUNT")
        if rest or not 0 <= place < count:
            raise UserError(
                "--jobs auto needs a job array without gaps, such as --array=0-3; give each task "
                "its --jobs i/n instead"
            )
    elif "JOB_COMPLETION_INDEX" in environment:
        place = _number(environment, "JOB_COMPLETION_INDEX")
        count = _number(environment, COUNT)
        if not place < count:
            raise UserError(
                f"{COUNT} is {count} and JOB_COMPLETION_INDEX {place}; set {COUNT} to the Job's "
                "number of completions"
            )
    else:
        raise UserError(
            "--jobs auto finds neither SLURM_ARRAY_TASK_ID nor JOB_COMPLETION_INDEX, which Slurm's "
            "job arrays and Kubernetes' indexed Jobs set; write 1/4 for the first of four processes"
        )
    return place + 1, count


def _number(environment, name, default=None):
    text = environment.get(name, default)
    if text is None:
        raise UserError(f"--jobs auto needs the environment variable {name}")
    if not re.fullmatch(r"\d{1,9}", text):
        raise UserError(f"--jobs auto: the environment variable {name} is {text!r}, not a number")
    return int(text)

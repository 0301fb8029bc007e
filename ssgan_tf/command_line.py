"""What every entry script shares: flags made from dataclasses, exit codes, quiet start."""

import contextlib
import dataclasses
import importlib
import logging
import os
import re
import shlex
import sys
import tempfile
import typing
from pathlib import Path

from absl import app, flags
from absl import logging as absl_logging

from ssgan_tf import stopping
from ssgan_tf.bounds import require
from ssgan_tf.errors import UserError

# Said by TensorFlow whenever it starts; neither a problem nor news.
CHATTER = (
    "All log messages before absl::InitializeLog()",
    "port.cc",
    "cudart_stub.cc",
    "cpu_feature_guard.cc",
    "To enable the following instructions",
    "failed call to cuInit",
    "computation_placer already registered",
)


@contextlib.contextmanager
def _without_chatter():
    """Hold back standard error, native code's too, and pass on all of it but the chatter."""
    sys.stderr.flush()
    own = os.dup(2)
    with tempfile.TemporaryFile() as held:
        os.dup2(held.fileno(), 2)
        try:
            yield
        finally:
            sys.stderr.flush()
            os.dup2(own, 2)
            os.close(own)
            held.seek(0)
            for line in held.read().decode(errors="replace").splitlines():
                if not any(words in line for words in CHATTER):
                    print(line, file=sys.stderr)


os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "1")  # warnings and worse
with _without_chatter():
    _tensorflow = importlib.import_module("tensorflow")
    _tensorflow.config.list_physical_devices()


def run(main):
    """Run `main(flags)` as a script and leave with the contract's exit codes.

    0 done; 1 a bug, with its traceback; 2 the user's input is wrong, one line on standard error;
    128 + signal where a signal stopped the work, after what can be saved was.
    """

    def call(arguments):
        if len(arguments) > 1:
            raise UserError(f"unexpected argument {arguments[1]!r}; flags begin with --")
        for name, value in flags.FLAGS.flag_values_dict().items():
            if not isinstance(value, str):  # such as --per_class, whose reader knows what it means
                require(name, value)
        return main(flags.FLAGS)

    def guarded(arguments):
        try:
            with stopping.unwinding():
                return call(arguments)
        except stopping.StoppedBySignal as stop:
            return stopping.say(stop.number)
        except UserError as error:
            return _refused(error)
        except (MemoryError, _tensorflow.errors.ResourceExhaustedError) as error:
            reason = (str(error).strip().splitlines() or ["no more to be had"])[0][:200]
            return _refused(
                f"the memory does not suffice ({reason}); lower --batch_size, --image_size or "
                "--base_channels"
            )

    plain = logging.Formatter("%(levelname)s: %(message)s")
    absl_logging.get_absl_handler().setFormatter(plain)
    app.run(guarded, flags_parser=_parse)


def _refused(line):
    """Print a line on standard error; return the exit code of what the user can mend."""
    print(f"{Path(sys.argv[0]).name}: {line}", file=sys.stderr)
    return 2


def _parse(arguments):
    try:
        return flags.FLAGS(arguments)
    except SystemExit:  # absl has printed the help that was asked for, and would leave with 1
        sys.exit(0)
    except flags.Error as error:
        message = " ".join(str(error).replace("FATAL Flags parsing error:", "").split())
        script = Path(arguments[0]).name
        print(f"{script}: {message}; see {script} --help", file=sys.stderr)
        sys.exit(2)


def define_from(defaults, helps):
    """Define a flag for each field of a dataclass that `helps` describes.

    A flag that the user does not give is None, so that another method's own default can hold.

    Args:
        defaults: an instance, whose values the help texts name.
        helps: dict from field name to help text.
    """
    kinds = {bool: flags.DEFINE_boolean, int: flags.DEFINE_integer, float: flags.DEFINE_float}
    for field in dataclasses.fields(defaults):
        if field.name in helps:
            value = getattr(defaults, field.name)
            words = helps[field.name] + ("" if value is None else f" Default: {value}.")
            types = typing.get_args(field.type) or [field.type]  # int | None is two
            define = kinds.get(types[0], flags.DEFINE_string)
            # Listed by --help as the script's own.
            define(field.name.rstrip("_"), None, words, module_name=sys.argv[0])


def again():
    """Return the command that goes on where this one ended: without `--overwrite`."""
    kept = [argument for argument in sys.argv if not re.fullmatch("--?overwrite(=.*)?", argument)]
    return f"python {shlex.join(kept)}"


def given(dataclass, values):
    """Return the fields of a dataclass that the user gave flags for, as keyword arguments."""
    names = [field.name for field in dataclasses.fields(dataclass)]
    pairs = {name: getattr(values, name.rstrip("_"), None) for name in names}
    return {name: value for name, value in pairs.items() if value is not None}

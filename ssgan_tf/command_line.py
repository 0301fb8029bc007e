"""What the commands share: flags of their own, exit codes, quiet start, how they were called."""

import contextlib
import dataclasses
import functools
import importlib
import logging
import os
import re
import shlex
import shutil
import sys
import tempfile
import typing
from pathlib import Path

from absl import app, flags
from absl import logging as absl_logging

from ssgan_tf import stopping, terminal
from ssgan_tf.bounds import require
from ssgan_tf.data.registry import cropped_name
from ssgan_tf.errors import UserError
from ssgan_tf.files import disk_errors
from ssgan_tf.terminal import printable

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

BROKEN_PIPE = 128 + 13  # as of a process that SIGPIPE ended

COMMANDS = ("train", "generate", "evaluate", "classify", "compare", "imbalance", "augcls")


class Flags:
    """The flags of one command, so that several commands can be imported in one process.

    `DEFINE_string` and its like are those of `absl.flags`.
    """

    def __init__(self):
        self.values = flags.FlagValues()

    def __getattr__(self, name):
        return functools.partial(getattr(flags, name), flag_values=self.values)

    def define_data(
        self, dataset="demo", help="Name of a data set, or a folder with a folder per class."
    ):
        """Define the flags of `define_source` and `--classes`."""
        self.define_source(dataset, help)
        self.DEFINE_list("classes", None, "Only these classes, separated by commas.")

    def define_source(
        self, dataset="demo", help="Name of a data set, or a folder with a folder per class."
    ):
        """Define `--dataset`, with this default and help, `--datasets_dir` and `--roi`."""
        self.DEFINE_string("dataset", dataset, help)
        self.DEFINE_string("datasets_dir", None, "Folder of named data sets. Default: datasets/.")
        self.DEFINE_boolean("roi", False, "Crop traffic signs (gtsrb, gtsrb-full) to their boxes.")

    def define_from(self, defaults, helps):
        """Define a flag for each field of a dataclass that `helps` describes.

        A flag that the user does not give is None, so that another method's own default can hold.

        Args:
            defaults: an instance, whose values the help texts name.
            helps: dict from field name to help text.
        """
        for field in dataclasses.fields(defaults):
            if field.name in helps:
                self._define(field, getattr(defaults, field.name), helps[field.name])

    def define_settings(self, fields, **helps):
        """Define a flag for each setting of the methods.

        Args:
            fields: dict from name to dataclass field and default value, as
                `ssgan_tf.methods.setting_fields` returns it; the field's metadata has the help.
            **helps: texts in place of those.
        """
        for name, (field, value) in fields.items():
            self._define(field, value, helps.get(name, field.metadata["help"]))

    def _define(self, field, value, words):
        kinds = {bool: self.DEFINE_boolean, int: self.DEFINE_integer, float: self.DEFINE_float}
        types = typing.get_args(field.type) or [field.type]  # int | None is two
        words += "" if value is None else f" Default: {value}."
        kinds.get(types[0], self.DEFINE_string)(field.name.rstrip("_"), None, words)

    def offer(self):
        """Make these the flags that the process parses and that `--help` lists as its own."""
        flags.FLAGS.append_flag_values(self.values)
        for name in self.values:
            self.values[name].help = as_called(self.values[name].help)
            flags.FLAGS.register_flag_by_module(sys.argv[0], self.values[name])


def run(main, own):
    """Run `main(flags)` as a command and leave with the contract's exit codes.

    0 done; 1 a bug, with its traceback; 2 the user's input is wrong, one line on standard error;
    128 + signal where a signal stopped the work, after what can be saved was.

    Args:
        main: takes the values of the flags and returns the exit code; `--help` begins with what
            its module says of itself.
        own: the command's `Flags`.
    """
    own.offer()
    sys.modules["__main__"].__doc__ = as_called(sys.modules[main.__module__].__doc__ or "")

    def call(arguments):
        if len(arguments) > 1:
            raise UserError(f"unexpected argument {arguments[1]!r}; flags begin with --")
        for name, value in flags.FLAGS.flag_values_dict().items():
            if type(value) in (int, float):  # texts and lists have readers of their own
                require(name, value)
        if "roi" in flags.FLAGS and flags.FLAGS.roi:
            flags.FLAGS["dataset"].value = cropped_name(flags.FLAGS.dataset)
        return main(flags.FLAGS)

    def guarded(arguments):
        try:
            # Most of what a disk can refuse is said where it happens; this is for the rest.
            with stopping.unwinding(), terminal.output(), disk_errors("cannot go on"):
                return call(arguments)
        except terminal.OutputLost as lost:
            return _unread(lost.__cause__)
        except stopping.StoppedBySignal as stop:
            return stopping.say(stop.number)
        except UserError as error:
            return _refused(as_called(str(error)))
        except (MemoryError, _tensorflow.errors.ResourceExhaustedError) as error:
            reason = (str(error).strip().splitlines() or ["no more to be had"])[0][:200]
            return _refused(
                f"the memory does not suffice ({reason}); lower --batch_size, --image_size or "
                "--base_channels"
            )

    plain = logging.Formatter("%(levelname)s: %(message)s")
    absl_logging.get_absl_handler().setFormatter(plain)
    app.run(guarded, flags_parser=_parse)


def _unread(error):
    """Return the exit code where standard output takes no more; say so unless a reader has left."""
    if isinstance(error, BrokenPipeError):
        return BROKEN_PIPE
    return _refused(f"standard output takes no more ({error.strerror})")


def _refused(line):
    """Print a line on standard error; return the exit code of what the user can mend."""
    with contextlib.suppress(BrokenPipeError):
        print(printable(f"{Path(sys.argv[0]).name}: {line}"), file=sys.stderr)
    return 2


def _parse(arguments):
    try:
        with terminal.output():
            try:
                return flags.FLAGS(arguments)
            except SystemExit:  # absl has printed the help that was asked for, and leaves with 1
                pass
        sys.exit(0)
    except terminal.OutputLost as lost:
        sys.exit(_unread(lost.__cause__))
    except OSError as error:  # while the help is printed
        sys.exit(_unread(error))
    except flags.Error as error:
        message = " ".join(str(error).replace("FATAL Flags parsing error:", "").split())
        script = Path(arguments[0]).name
        print(f"{script}: {message}; see {script} --help", file=sys.stderr)
        sys.exit(2)


def again():
    """Return the command that goes on where this one ended: without `--overwrite`."""
    kept = [argument for argument in sys.argv if not re.fullmatch("--?overwrite(=.*)?", argument)]
    if Path(kept[0]).suffix == ".py":
        return f"python {shlex.join(kept)}"
    return " ".join([_called(Path(kept[0])), *map(shlex.quote, kept[1:])])


def say_stopped(stop, kept):
    """Say that a signal stopped the work, and how to go on; return the exit code.

    Args:
        stop: the `Interrupted`.
        kept: what is kept, as a clause.
    """
    print(f"Stopped; {kept}. Go on with: {again()}", file=sys.stderr)
    return stop.exit_code


def as_called(text):
    """Return a text that names the commands in the way in which this process was called.

    `python generate.py` in it stands for the script beside the one that runs. Where an installed
    command runs, `ssgan-generate` takes the place of `python generate.py` and of `generate.py`.
    """
    own = Path(sys.argv[0])
    names = "|".join(COMMANDS)
    if re.fullmatch(rf"({names})\.py", own.name):
        return re.sub(
            rf"\bpython (({names})\.py)\b",
            lambda match: f"python {shlex.quote(str(own.with_name(match[1])))}",
            text,
        )
    if re.fullmatch(f"ssgan-({names})", own.stem):
        text = re.sub(
            rf"\bpython ({names})\.py\b",
            lambda match: _called(own.with_name(f"ssgan-{match[1]}")),
            text,
        )
        return re.sub(rf"(?<![\w/.\\-])({names})\.py\b", r"ssgan-\1", text)
    return text


def _called(command):
    """Return an installed command by its name alone where the shell finds it by that."""
    found = shutil.which(command.name)
    if found is not None and Path(found).parent == command.parent:
        return command.name
    return shlex.quote(str(command))


def given(names, values):
    """Return those of the names that the user gave flags for, as keyword arguments.

    Args:
        names: of fields, or a dataclass, for those of all its fields.
        values: of the flags.
    """
    if isinstance(names, type):
        names = [field.name for field in dataclasses.fields(names)]
    pairs = {name: getattr(values, name.rstrip("_"), None) for name in names}
    return {name: value for name, value in pairs.items() if value is not None}

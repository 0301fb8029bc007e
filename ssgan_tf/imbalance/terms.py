"""The terms on which all conditions are compared: budgets, settings of methods, repetitions."""

import dataclasses
import functools
from dataclasses import dataclass

from ssgan_tf.bounds import MOST_ITERATIONS, require
from ssgan_tf.errors import UserError
from ssgan_tf.methods import METHODS, create
from ssgan_tf.methods.settings import value_of


@dataclass(frozen=True)
class Terms:
    """What every cell of the study shares; the texts are those of flags.

    Without `iterations` and `minutes` a method has the budget that `train.py` gives it. One whose
    number of iterations is a setting of its own takes them all: `minutes` for all methods are not
    for it, and such for itself are refused.
    """

    seeds: int = 3  # trainings of each classifier
    generators: int = 1  # trainings of each generator, which the seeds of classifiers share
    seed: int = 0  # of the split, and of the first training of each generator
    test_per_class: int | None = None  # as `Protocol`
    real_per_class: int = 400  # as `Protocol`
    iterations: tuple[str, ...] = ()  # of each generator: ("2000", "singan=500")
    minutes: tuple[str, ...] = ()  # of training of each generator, likewise
    setting: tuple[str, ...] = ()  # ("batch_size=16", "singan.schedule=shared")

    def __post_init__(self):
        for name in ("seeds", "generators", "seed", "test_per_class", "real_per_class"):
            require(name, getattr(self, name))
        if self.generators > self.seeds:
            raise UserError(
                f"--generators is {self.generators} and --seeds is {self.seeds}: each training of "
                "a generator needs a classifier; raise --seeds or lower --generators"
            )
        for flag, kind in (("iterations", int), ("minutes", float)):
            _numbers(flag, getattr(self, flag), kind)
        _assignments(self.setting)

    def budget(self, method):
        """Return the arguments of `fit` that limit the training of a method, a dict."""
        iterations, minutes = (
            (found := _numbers(flag, getattr(self, flag), kind)).get(method, found.get(None))
            for flag, kind in (("iterations", int), ("minutes", float))
        )
        if minutes is not None and not _takes_all(method):
            return {"minutes": minutes, "iterations": iterations or MOST_ITERATIONS}
        return {} if iterations is None else {"iterations": iterations}

    def method(self, name, image_size, number=0):
        """Return an untrained method.

        Args:
            name: of the method.
            image_size: in pixels.
            number: of the training, from 0; each has a seed of its own.

        Raises:
            UserError: a setting has an impossible value.
        """
        fields = {field.name: field for field in dataclasses.fields(METHODS[name].defaults)}
        changes = {
            field: _value(fields[field], text)
            for owner, field, text in _assignments(self.setting)
            if owner in (None, name) and field in fields
        }
        if _takes_all(name):
            changes = self.budget(name) | changes
        return create(name, **changes | {"image_size": image_size, "seed": self.seed + number})

    def require_known(self, methods):
        """Refuse settings and budgets that none of some methods has.

        Raises:
            UserError: there is one.
        """
        for owner, field, _ in _assignments(self.setting):
            owners = [owner] if owner else methods
            if owner and owner not in methods:
                raise UserError(
                    f"--setting names {owner}, which is none of the conditions' methods "
                    f"({', '.join(methods) or 'there are none'})"
                )
            known = {
                one.name for name in owners for one in dataclasses.fields(METHODS[name].defaults)
            }
            if field not in known - {"image_size", "seed"}:
                raise UserError(
                    f"--setting {field.rstrip('_')}: {', '.join(owners) or 'no method'} has no "
                    "such setting (--image_size and --seed are flags of their own)"
                )
        for flag, kind in (("iterations", int), ("minutes", float)):
            for name in _numbers(flag, getattr(self, flag), kind):
                if name is not None and name not in methods:
                    raise UserError(
                        f"--{flag} names {name}, which is none of the conditions' methods "
                        f"({', '.join(methods) or 'there are none'})"
                    )
                if name is not None and flag == "minutes" and _takes_all(name):
                    raise UserError(
                        f"--minutes {name}=: {name} takes all its iterations; give fewer of these "
                        f"with --iterations {name}=500"
                    )


def _takes_all(method):
    """Whether a method's number of iterations is a setting, so that no time limits it."""
    return hasattr(METHODS[method].defaults, "iterations")


@functools.cache
def _numbers(flag, texts, kind):
    """Return what a flag such as `2000,singan=500` says: dict from method, or None, to number."""
    found = {}
    for text in texts:
        name, given, digits = text.rpartition("=")
        try:
            number = kind(digits)
        except ValueError:
            raise UserError(
                f"--{flag} {text}: give a number for all methods, or one for a method, such as "
                f"{next(iter(METHODS))}=20"
            ) from None
        require(flag, number)
        name = name if given else None
        if name in found:
            raise UserError(f"--{flag} has two numbers for {name or 'all methods'}; give one")
        found[name] = number
    return found


@functools.cache
def _assignments(texts):
    """Return what `--setting` says: tuples of a method's name or None, a field and a text."""
    found = []
    for text in texts:
        place, given, value = text.partition("=")
        owner, dot, name = place.rpartition(".")
        if not given or not name or (dot and not owner):
            raise UserError(
                f"--setting {text}: give NAME=VALUE for all methods that have it, or "
                "METHOD.NAME=VALUE"
            )
        field = {"lambda": "lambda_"}.get(name, name)
        found.append((owner or None, field, value))
    return found


def _value(field, text):
    try:
        return value_of(field, text)
    except ValueError as expected:
        raise UserError(
            f"--setting {field.name.rstrip('_')}={text}: it must be {expected}"
        ) from None

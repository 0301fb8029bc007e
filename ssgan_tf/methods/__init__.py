"""The methods that make images, by name: those here, and those that other packages bring."""

import dataclasses
import importlib
import importlib.metadata
from collections.abc import Mapping

from ssgan_tf.errors import UserError
from ssgan_tf.methods.contract import Method, Sampler
from ssgan_tf.methods.settings import Settings

#: The entry points by which an installed package brings methods of its own.
GROUP = "ssgan_tf.methods"

_OWN = {
    "ssgan": "ssgan_tf.methods.gan.ssgan:SSGAN",
    "wgan-gp": "ssgan_tf.methods.gan.wgan_gp:WGANGP",
    "wgan": "ssgan_tf.methods.gan.wgan:WGAN",
    "dcgan": "ssgan_tf.methods.gan.dcgan:DCGAN",
    "sagan": "ssgan_tf.methods.gan.sagan:SAGAN",
    "acgan": "ssgan_tf.methods.gan.acgan:ACGAN",
    "reacgan": "ssgan_tf.methods.gan.reacgan:ReACGAN",
    "ssgan-plus": "ssgan_tf.methods.gan.ssgan_plus:SSGANPlus",
    "fastgan": "ssgan_tf.methods.gan.fastgan:FastGAN",
    "projected": "ssgan_tf.methods.gan.projected:Projected",
    "stylegan2": "ssgan_tf.methods.gan.stylegan2:StyleGAN2",
    "transitional": "ssgan_tf.methods.gan.transitional:Transitional",
    "bagan": "ssgan_tf.methods.gan.bagan:BAGAN",
    "bagan-gp": "ssgan_tf.methods.gan.bagan_gp:BAGANGP",
    "singan": "ssgan_tf.methods.singan.method:SinGAN",
    "diffusion": "ssgan_tf.methods.diffusion.diffusion:Diffusion",
    "sgid": "ssgan_tf.methods.sgid.sampler:SGID",
    "sdedit": "ssgan_tf.methods.diffusion.sdedit:SDEdit",
}


class _Registry(Mapping):
    """From names to classes of methods, imported when they are asked for."""

    def __init__(self):
        brought = importlib.metadata.entry_points(group=GROUP)
        self._found = {point.name: point for point in brought if point.name not in _OWN}
        self._classes = {}

    def add(self, method):
        """Take in a class."""
        self._classes[method.name] = method

    def __getitem__(self, name):
        if name not in self._classes:
            if name in _OWN:
                module, _, cls = _OWN[name].partition(":")
                self._classes[name] = getattr(importlib.import_module(module), cls)
            else:
                self._classes[name] = _load(self._found[name])
        return self._classes[name]

    def __iter__(self):
        return iter(dict.fromkeys((*_OWN, *self._found, *self._classes)))

    def __len__(self):
        return len(list(iter(self)))


def _load(point):
    try:
        found = point.load()
    except Exception as error:  # anything may go wrong in somebody else's package
        raise UserError(
            f"the method {point.name!r} of an installed package cannot be loaded "
            f"({type(error).__name__}: {error}); mend or uninstall {point.value}"
        ) from error
    if not (isinstance(found, type) and issubclass(found, Method)) or found.name != point.name:
        raise UserError(
            f"{point.value} is to be the method {point.name!r} but is no ssgan_tf Method of that "
            "name; mend or uninstall the package"
        )
    return found


METHODS = _Registry()


def register(method):
    """Add a method to `METHODS`, for this process; can decorate its class.

    Installed packages do without: they name their methods as entry points of `ssgan_tf.methods`.

    Args:
        method: a subclass of `Method` with a name of its own.

    Returns:
        the class.

    Raises:
        UserError: another class has that name.
    """
    former = METHODS.get(method.name)
    if former is not None and former is not method:
        raise UserError(f"there is a method {method.name!r} already; choose another name")
    METHODS.add(method)
    return method


def create(name, **changes):
    """Return an untrained method by its name.

    Args:
        name: a key of `METHODS`.
        **changes: settings that differ from the method's defaults, by the names of its fields.

    Raises:
        UserError: no such method, no such setting, or an impossible value.
    """
    if name not in METHODS:
        raise UserError(f"unknown method {name!r}; choose one of {', '.join(METHODS)}")
    return METHODS[name](**changes)


def recreate(flags):
    """Return the untrained method that recorded settings describe.

    Args:
        flags: dict keyed by the flags of `train.py`, with the method's name as `method`: the
            section "settings" of a run's `config.json`. Other keys are passed over.
    """
    name = flags.get("method")
    if not isinstance(name, str):
        raise UserError("the settings that were recorded name no method; train again")
    if name not in METHODS:
        raise UserError(
            f"unknown method {name!r}, which no package here brings; install the one that does, or "
            f"choose one of {', '.join(METHODS)}"
        )
    fields = {
        field.name: field.name.rstrip("_") for field in dataclasses.fields(METHODS[name].defaults)
    }
    return create(name, **{field: flags[flag] for field, flag in fields.items() if flag in flags})


def setting_fields():
    """Return the settings of all methods, a dict from name to dataclass field and default value.

    Where methods share a setting, they are those of the first method that has it.
    """
    return _fields(METHODS[name].defaults for name in METHODS)


def untrained():
    """Return the names of the methods that train nothing."""
    return [name for name in METHODS if METHODS[name].last_phase is None]


def untrained_fields():
    """Return the settings of methods that train nothing, but the seed; see `setting_fields`."""
    found = _fields(METHODS[name].defaults for name in untrained())
    return {name: field for name, field in found.items() if name != "seed"}


def sampling_fields():
    """Return what may be chosen when images are made, of all methods; see `setting_fields`."""
    return _fields(METHODS[name].sampling_defaults for name in METHODS)


def _fields(instances):
    found = {}
    for defaults in instances:
        for field in dataclasses.fields(defaults):
            found.setdefault(field.name, (field, getattr(defaults, field.name)))
    return found


__all__ = [
    "METHODS",
    "Method",
    "Sampler",
    "Settings",
    "create",
    "recreate",
    "register",
    "sampling_fields",
    "setting_fields",
    "untrained",
    "untrained_fields",
]

"""What can be compared: methods, and variants of them, under the names that the user gives."""

import dataclasses
import difflib
import re
from dataclasses import dataclass, field

from ssgan_tf.errors import UserError
from ssgan_tf.methods import METHODS, create
from ssgan_tf.published import CLASSIFICATION, FIGURES, QUALITY

#: What stands after a method's name: the settings that it changes, and how the label goes on.
VARIANTS = {
    "no-pl": ({"mu": 0.0}, " without PL"),
    "no-pc": ({"pyramid": False}, " without PC"),
    "no-pl-pc": ({"mu": 0.0, "pyramid": False}, " without PL & PC"),
    "no-augment": ({"augment_critic": "none"}, " without augmentation"),
    "no-penalty": ({"penalty": "none"}, " without penalty"),
    "no-flip": ({"flip": False}, " without flips"),
    "poisson": ({"noise": "poisson"}, ", Poisson noise"),
    "uniform": ({"noise": "uniform"}, ", uniform noise"),
    "normal+uniform": ({"noise": "normal+uniform"}, ", normal + uniform noise"),
}
NUMBERS = {
    "mu": ("mu", "μ ="),
    "lambda": ("lambda_", "λ ="),
    "lr": ("learning_rate", "learning rate"),
}

#: The contestants of each table of the SSGAN paper, in its order.
TABLES = {
    number: tuple(name for name in table if name.startswith(tuple(METHODS)))
    for number, table in sorted((QUALITY | CLASSIFICATION).items())
}
#: What the paper shows of its Flower data in one table, of its Animal data in another.
_OF_ANIMALS = {2: 4, 3: 5}
#: Every contestant of a table or figure: the methods, the ablations, then the settings.
KNOWN = tuple(dict.fromkeys(sum([TABLES[2], *TABLES.values(), *FIGURES.values()], ())))


@dataclass(frozen=True)
class Contestant:
    """One of the trained things that a `Comparison` compares; files and pages call it a member.

    A further training is one too; it has a folder and a condition of its own.
    """

    name: str  # what the user calls it, and its folder: "ssgan-mu-0.1"
    method: str  # a key of `ssgan_tf.methods.METHODS`
    changes: dict = field(default_factory=dict, hash=False)  # from its defaults, as in `Settings`
    label: str = ""  # as the paper calls it: "SSGAN, μ = 0.1"
    seed: int | None = None  # of a further training; the first one has the comparison's own

    @property
    def of(self):
        """The name without the seed of a further training."""
        return self.name if self.seed is None else self.name.removesuffix(f"-seed-{self.seed}")

    @property
    def condition(self):
        """What the study of classifiers calls it."""
        return condition_of(self.name)

    def again(self, seed):
        """Return a further training: weights, batches and noise have this seed."""
        return dataclasses.replace(
            self, name=training_name(self.name, seed), label=f"{self.label}, seed {seed}", seed=seed
        )


def training_name(name, seed):
    """Return what a further training is called, and its folder."""
    return f"{name}-seed-{seed}"


def condition_of(name):
    """Return what the study of classifiers calls a contestant; there `+` joins conditions."""
    return name.replace("+", "-")


def parse_contestant(name):
    """Return the `Contestant` of a name.

    A name is that of a method, or a method's and a variant's: a key of `VARIANTS`, or one of
    `NUMBERS` with its value, as in "ssgan-mu-0.3". Different ways to write the same settings give
    the same contestant; a variant that changes nothing is the method itself.

    Raises:
        UserError: there is no such method or variant, or that method cannot have it.
    """
    for key in sorted(METHODS, key=len, reverse=True):  # wgan-gp is no variant of wgan
        method = METHODS[key]
        if name == key:
            return Contestant(name, key, {}, method.label)
        start, _, text = name.partition(f"{key}-")
        if not start and (found := _parse_variant(text)):
            variant, changes, words = found
            try:
                create(key, **changes)
            except UserError as error:
                raise UserError(f"--methods: {name!r} is impossible: {error}") from None
            if all(getattr(method.defaults, field) == value for field, value in changes.items()):
                return parse_contestant(key)
            return Contestant(f"{key}-{variant}", key, changes, method.label + words)
    close = difflib.get_close_matches(name, dict.fromkeys([*METHODS, *KNOWN]), n=1)
    raise UserError(
        f"--methods: {name!r} is unknown{f', did you mean {close[0]}?' if close else ''}; there "
        f"are {', '.join(METHODS)}, and variants such as ssgan-no-pl, ssgan-poisson or ssgan-mu-0.1"
    )


def parse_training(name):
    """Return the `Contestant` of the name of a folder, where further trainings have a seed.

    Raises:
        UserError: as `parse_contestant`.
    """
    if match := re.fullmatch(r"(.+)-seed-(\d+)", name):
        return parse_contestant(match[1]).again(int(match[2]))
    return parse_contestant(name)


def _parse_variant(text):
    """Return a variant's name, the settings that it changes and its words, or None."""
    if text in VARIANTS:
        return text, *VARIANTS[text]
    kind, _, number = text.partition("-")
    try:
        value = float(number)
    except ValueError:
        return None
    if kind not in NUMBERS:
        return None
    setting, words = NUMBERS[kind]
    for name, (changes, label) in VARIANTS.items():
        if changes == {setting: value}:  # μ = 0 is "without PL"
            return name, changes, label
    shortest = f"{value:g}" if float(f"{value:g}") == value else repr(value)
    shortest = shortest.replace("e+", "e")  # + joins the conditions of classifiers
    return f"{kind}-{shortest}", {setting: value}, f", {words} {shortest}"


def choose(methods=(), tables=(), figures=()):
    """Return the `Contestant`s that are named, then those of tables and figures, without repeats.

    Where nothing is asked for, the methods of Table 2 and the ablations of Table 1.

    Raises:
        UserError: an unknown name, table or figure.
    """
    names = list(methods)
    for flag, numbers, known in (("tables", tables, TABLES), ("figures", figures, FIGURES)):
        for number in numbers:
            if number not in known:
                raise UserError(
                    f"--{flag}: there is no {number}; choose of {', '.join(map(str, known))}"
                )
            names += known[number]
    contestants = [parse_contestant(name) for name in names or (*TABLES[2], *TABLES[1])]
    return list({one.name: one for one in contestants}.values())


def shown(names, dataset, classified, tables=()):
    """Return the numbers of the paper's tables that have two contestants or more, sorted.

    Tables that were asked for are there in any case. Those of classifiers are only shown where some
    are trained; the data set's name decides between the paper's Flower and Animal tables.
    """
    animal = dataset == "animal" or not {4, 5}.isdisjoint(tables)
    hidden = {*(_OF_ANIMALS if animal else _OF_ANIMALS.values())}
    hidden |= set() if classified else set(CLASSIFICATION)
    found = {number for number, row in TABLES.items() if len(set(row) & set(names)) > 1}
    return sorted((found - hidden) | set(tables))


def in_order(contestants):
    """Return contestants sorted: methods, ablations, the paper's settings, then others by name.

    Further trainings follow the first one.
    """

    def place(one):
        known = KNOWN.index(one.of) if one.of in KNOWN else len(KNOWN)
        return known, one.of, -1 if one.seed is None else one.seed

    return sorted(contestants, key=place)

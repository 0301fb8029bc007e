"""What can be compared: methods, and variants of them, under the names that the user gives."""

import dataclasses
import difflib
import re
from dataclasses import dataclass, field

from ssgan_tf.errors import UserError
from ssgan_tf.methods import METHODS, create

#: What papers call the methods; another one is called by its name in capitals.
LABELS = {
    "ssgan": "SSGAN", "dcgan": "DCGAN", "wgan": "WGAN", "sagan": "SAGAN", "wgan-gp": "WGAN-GP",
    "acgan": "ACGAN", "reacgan": "ReACGAN", "projected": "Projected GAN",
}  # fmt: skip

#: What stands after a method's name: the settings that it changes, and how the label goes on.
VARIANTS = {
    "no-pl": ({"mu": 0.0}, " without PL"),
    "no-pc": ({"pyramid": False}, " without PC"),
    "no-pl-pc": ({"mu": 0.0, "pyramid": False}, " without PL & PC"),
    "poisson": ({"noise": "poisson"}, ", Poisson noise"),
    "uniform": ({"noise": "uniform"}, ", uniform noise"),
    "normal+uniform": ({"noise": "normal+uniform"}, ", normal + uniform noise"),
}
NUMBERS = {
    "mu": ("mu", "μ ="),
    "lambda": ("lambda_", "λ ="),
    "lr": ("learning_rate", "learning rate"),
}

_ABLATIONS = ("ssgan", "ssgan-no-pl", "ssgan-no-pc", "ssgan-no-pl-pc")
_SEVEN = ("ssgan", "dcgan", "wgan", "sagan", "wgan-gp", "acgan", "reacgan")
_FIVE = ("ssgan", "dcgan", "wgan", "sagan", "wgan-gp")

#: The members of each table of the SSGAN paper, in its order; 4 and 5 are of its "Animal" data.
TABLES = {
    1: _ABLATIONS,
    2: _SEVEN,
    3: ("acgan", "dcgan", "wgan-gp", "reacgan", "sagan", "wgan", *_ABLATIONS),
    4: _FIVE,
    5: ("dcgan", "wgan-gp", "sagan", "wgan", "ssgan"),
    6: ("ssgan", "ssgan-poisson", "ssgan-uniform", "ssgan-normal+uniform"),
    7: ("ssgan", "ssgan-mu-0.1", "ssgan-mu-1", "ssgan-lambda-5", "ssgan-lambda-10"),
}
#: The tables of how well classifiers do.
CLASSIFIED = (3, 5)
#: What the paper shows of its Flower data in one table, of its Animal data in another.
_OF_ANIMALS = {2: 4, 3: 5}

#: The members of each figure that shows results: 3-5 training curves over settings, 6 the
#: checkerboard, 7 and 9 t-SNE, 8 and 10 samples (10 of the "Animal" data).
FIGURES = {
    3: ("ssgan-lr-0.001", "ssgan", "ssgan-lr-1e-05"),
    4: ("ssgan-mu-1", "ssgan-mu-0.1", "ssgan"),
    5: ("ssgan", "ssgan-lambda-5", "ssgan-lambda-10", "ssgan-lambda-15"),
    6: ("ssgan-no-pc", "ssgan"),
    7: _ABLATIONS,
    8: _SEVEN,
    9: _SEVEN,
    10: _FIVE,
}

#: Every member of a table or figure: the methods, the ablations, then the settings.
KNOWN = tuple(dict.fromkeys(sum([_SEVEN, *TABLES.values(), *FIGURES.values()], ())))


@dataclass(frozen=True)
class Member:
    """One of the things that a study compares.

    Attributes:
        name: what the user calls it, and the name of its folder: "ssgan-mu-0.1".
        method: a key of `ssgan_tf.methods.METHODS`.
        changes: settings that differ from the method's defaults, by the names in `Settings`.
        label: as the paper calls it: "SSGAN, μ = 0.1".
        seed: of a further training of the member; None for the first one, by the study's own seed.
    """

    name: str
    method: str
    changes: dict = field(default_factory=dict, hash=False)
    label: str = ""
    seed: int | None = None

    @property
    def of(self):
        """The name of the member that this is a training of: its own, without a seed."""
        return (
            self.name if self.seed is None else self.name.removesuffix(training_name("", self.seed))
        )

    def again(self, seed):
        """Return a further training of this member, which has a folder and a condition of its own.

        Args:
            seed: of its weights, batches and noise.
        """
        return dataclasses.replace(
            self, name=training_name(self.name, seed), label=f"{self.label}, seed {seed}", seed=seed
        )

    @property
    def condition(self):
        """What the comparison of classifiers calls it, where `+` joins conditions."""
        return condition_of(self.name)


def training_name(name, seed):
    """Return what a further training of a member is called, and its folder."""
    return f"{name}-seed-{seed}"


def condition_of(name):
    """Return what the comparison of classifiers calls a member, by its name."""
    return name.replace("+", "-")


def parse_member(name):
    """Return the `Member` of a name.

    A name is that of a method, or a method's and a variant's: a key of `VARIANTS`, or one of
    `NUMBERS` with its value, as in "ssgan-mu-0.3". Different ways to write the same settings give
    the same member; a variant that changes nothing is the method itself.

    Raises:
        UserError: there is no such method or variant, or that method cannot have it.
    """
    for method in sorted(METHODS, key=len, reverse=True):  # wgan-gp is no variant of wgan
        if name == method:
            return Member(name, method, {}, _label(method))
        start, _, variant = name.partition(f"{method}-")
        if not start and (found := _parse_variant(variant)):
            variant, changes, words = found
            try:
                create(method, **changes)
            except UserError as error:
                raise UserError(f"--methods: {name!r} is impossible: {error}") from None
            defaults = METHODS[method].defaults
            if all(getattr(defaults, key) == value for key, value in changes.items()):
                return parse_member(method)
            return Member(f"{method}-{variant}", method, changes, _label(method) + words)
    known = dict.fromkeys([*METHODS, *KNOWN])
    close = difflib.get_close_matches(name, known, n=1)
    raise UserError(
        f"--methods: {name!r} is unknown{f', did you mean {close[0]}?' if close else ''}; there "
        f"are {', '.join(METHODS)}, and variants such as ssgan-no-pl, ssgan-poisson or ssgan-mu-0.1"
    )


def parse_training(name):
    """Return the `Member` of the name of a folder of a study, where further trainings have a seed.

    Raises:
        UserError: as `parse_member`.
    """
    if match := re.fullmatch(r"(.+)-seed-(\d+)", name):
        return parse_member(match[1]).again(int(match[2]))
    return parse_member(name)


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
    text = _shortest(value)
    return f"{kind}-{text}", {setting: value}, f", {words} {text}"


def _shortest(value):
    """Return the shortest text of a number that tells it from all others."""
    text = f"{value:g}" if float(f"{value:g}") == value else repr(value)
    return text.replace("e+", "e")  # + joins the conditions of classifiers


def _label(method):
    return LABELS.get(method, method.upper())


def choose(methods=(), tables=(), figures=()):
    """Return the `Member`s that names, tables and figures ask for, without repeats.

    Args:
        methods: names for `parse_member`.
        tables: numbers of the paper's tables.
        figures: numbers of its figures.

    Returns:
        a list: those named, then those of the tables, then those of the figures; where nothing is
        asked for, the seven methods and the three ablations.

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
    members = [parse_member(name) for name in names or (*_SEVEN, *_ABLATIONS)]
    return list({member.name: member for member in members}.values())


def shown(names, dataset, classified, tables=()):
    """Return the tables that a study has something for.

    Args:
        names: of its members.
        dataset: the data set's name, which decides between the paper's Flower and Animal tables.
        classified: whether classifiers are trained.
        tables: numbers that were asked for, and are there in any case.

    Returns:
        a sorted list of numbers; of what was not asked for, those with two members or more.
    """
    animal = dataset == "animal" or bool({4, 5} & set(tables))
    hidden = {*(_OF_ANIMALS if animal else _OF_ANIMALS.values())}
    hidden |= set() if classified else set(CLASSIFIED)
    with_members = {
        number
        for number, members in TABLES.items()
        if number not in hidden and len(set(members) & set(names)) > 1
    }
    return sorted(with_members | set(tables))


def in_order(members):
    """Return members sorted: methods, ablations, the paper's settings, then all others by name.

    Further trainings follow the first one of their member.
    """

    def place(member):
        seed = -1 if member.seed is None else member.seed
        if member.of in KNOWN:
            return 0, KNOWN.index(member.of), "", seed
        return 1, 0, member.of, seed

    return sorted(members, key=place)

import pytest

from ssgan_tf.comparison.contestants import (
    FIGURES,
    TABLES,
    Contestant,
    choose,
    in_order,
    parse_contestant,
    parse_training,
    shown,
)
from ssgan_tf.errors import UserError


@pytest.mark.parametrize(
    ("name", "changes", "label"),
    [
        ("ssgan", {}, "SSGAN"),
        ("wgan-gp", {}, "WGAN-GP"),
        ("ssgan-no-pl", {"mu": 0.0}, "SSGAN without PL"),
        ("ssgan-no-pl-pc", {"mu": 0.0, "pyramid": False}, "SSGAN without PL & PC"),
        ("ssgan-normal+uniform", {"noise": "normal+uniform"}, "SSGAN, normal + uniform noise"),
        ("ssgan-mu-0.1", {"mu": 0.1}, "SSGAN, μ = 0.1"),
        ("ssgan-lambda-15", {"lambda_": 15.0}, "SSGAN, λ = 15"),
        ("ssgan-lr-1e-05", {"learning_rate": 1e-5}, "SSGAN, learning rate 1e-05"),
        ("wgan-gp-lambda-2", {"lambda_": 2.0}, "WGAN-GP, λ = 2"),
        ("dcgan-poisson", {"noise": "poisson"}, "DCGAN, Poisson noise"),
        ("ssgan-plus", {}, "SSGAN+"),
        ("ssgan-plus-no-augment", {"augment_critic": "none"}, "SSGAN+ without augmentation"),
        ("ssgan-plus-no-penalty", {"penalty": "none"}, "SSGAN+ without penalty"),
        ("ssgan-plus-no-flip", {"flip": False}, "SSGAN+ without flips"),
        ("ssgan-plus-no-pl", {"mu": 0.0}, "SSGAN+ without PL"),
        ("ssgan-plus-mu-0.1", {"mu": 0.1}, "SSGAN+, μ = 0.1"),
    ],
)
def test_a_name_says_which_settings_change(name, changes, label):
    member = parse_contestant(name)
    assert (member.name, member.changes, member.label) == (name, changes, label)
    assert name.startswith(member.method)


def test_different_ways_to_write_the_same_settings_give_one_member():
    assert parse_contestant("ssgan-mu-0.10") == parse_contestant("ssgan-mu-0.1")
    assert parse_contestant("ssgan-lr-0.00001").name == "ssgan-lr-1e-05"
    assert parse_contestant("ssgan-mu-0").name == "ssgan-no-pl"
    assert parse_contestant("ssgan-mu-0.01") == parse_contestant("ssgan")  # its default
    assert parse_contestant("ssgan-no-flip") == parse_contestant("ssgan")  # it has none
    assert [member.name for member in choose(["ssgan", "ssgan-lambda-1"])] == ["ssgan"]


def test_near_numbers_are_different_members():
    assert parse_contestant("ssgan-mu-0.1234567").name == "ssgan-mu-0.1234567"
    conditions = [parse_contestant(f"ssgan-lambda-1e{power}").condition for power in ("+06", "-06")]
    assert conditions == ["ssgan-lambda-1e06", "ssgan-lambda-1e-06"]
    assert parse_contestant("ssgan-lambda-1e06").name == "ssgan-lambda-1e06"


@pytest.mark.parametrize(
    "name",
    ["ssgan-mu-nan", "ssgan-lambda-inf", "ssgan-mu--1", "ssgan-lr-0", "wgan-lambda-10",
     "dcgan-no-pl", "wgan-no-pc"],
)  # fmt: skip
def test_a_variant_that_the_method_cannot_have_is_refused(name):
    with pytest.raises(UserError, match=f"--methods: '{name}' is impossible: .*(has no|must be)"):
        parse_contestant(name)


@pytest.mark.parametrize("name", ["sgan", "ssgan-no-lp", "ssgan-mu-much", "ssganpoisson", "ssgan-"])
def test_an_unknown_name_gets_a_suggestion(name):
    with pytest.raises(UserError, match="did you mean ssgan"):
        parse_contestant(name)


def test_the_names_of_tables_and_figures_can_all_be_parsed():
    for names in (*TABLES.values(), *FIGURES.values()):
        for name in names:
            assert parse_contestant(name).name == name


def test_members_are_chosen_by_name_table_and_figure_without_repeats():
    names = [member.name for member in choose(["ssgan-mu-0.3"], [1, 6], [3])]
    assert names == [
        "ssgan-mu-0.3", "ssgan", "ssgan-no-pl", "ssgan-no-pc", "ssgan-no-pl-pc", "ssgan-poisson",
        "ssgan-uniform", "ssgan-normal+uniform", "ssgan-lr-0.001", "ssgan-lr-1e-05",
    ]  # fmt: skip
    for asked in ({"tables": [8]}, {"figures": [1]}):
        with pytest.raises(UserError, match="there is no"):
            choose(**asked)


def test_nothing_asked_for_is_the_paper_seven_methods_and_three_ablations():
    assert [member.name for member in choose()] == [
        "ssgan", "dcgan", "wgan", "sagan", "wgan-gp", "acgan", "reacgan", "ssgan-no-pl",
        "ssgan-no-pc", "ssgan-no-pl-pc",
    ]  # fmt: skip


def test_a_name_with_a_plus_is_one_condition_of_the_classifiers():
    assert parse_contestant("ssgan-normal+uniform").condition == "ssgan-normal-uniform"


def test_tables_are_shown_that_have_two_members():
    assert shown(["ssgan", "ssgan-no-pc", "dcgan"], "flower", classified=True) == [1, 2, 3]
    assert shown(["ssgan", "dcgan"], "flower", classified=False) == [2]
    assert shown(["ssgan", "dcgan"], "animal", classified=True) == [4, 5]
    assert shown(["ssgan"], "flower", False, tables=[6]) == [6]


def test_further_trainings_have_names_of_their_own():
    member = parse_contestant("ssgan-normal+uniform")
    further = member.again(7)
    assert (further.name, further.seed) == ("ssgan-normal+uniform-seed-7", 7)
    assert further.label == "SSGAN, normal + uniform noise, seed 7"
    assert further.condition == "ssgan-normal-uniform-seed-7"
    assert (further.of, member.of) == (member.name, member.name)
    assert parse_training(further.name) == further
    assert parse_training("wgan") == parse_contestant("wgan")
    with pytest.raises(UserError, match="unknown"):
        parse_contestant("ssgan-seed-1")  # that is what --seeds is for
    ssgan, wgan = parse_contestant("ssgan"), parse_contestant("wgan")
    ordered = in_order([wgan.again(1), ssgan.again(10), ssgan.again(2), wgan, ssgan])
    assert [one.name for one in ordered] == [
        "ssgan", "ssgan-seed-2", "ssgan-seed-10", "wgan", "wgan-seed-1",
    ]  # fmt: skip


def test_members_are_put_in_the_order_of_the_paper():
    names = ("ssgan-zz", "ssgan-mu-1", "ssgan-no-pc", "wgan", "ssgan-aa", "ssgan")
    ordered = [member.name for member in in_order(Contestant(name, "ssgan") for name in names)]
    assert ordered == ["ssgan", "wgan", "ssgan-no-pc", "ssgan-mu-1", "ssgan-aa", "ssgan-zz"]

import pytest

from ssgan_tf.data.balance import counts_to_generate, parse_per_class
from ssgan_tf.errors import UserError


def test_balance_fills_up_to_the_largest_class():
    assert counts_to_generate("balance", {"a": 3, "b": 10}) == {"a": 7, "b": 0}
    assert counts_to_generate(4, {"a": 3, "b": 10}) == {"a": 4, "b": 4}


def test_restore_fills_up_to_what_a_class_had():
    former = {"a": 8, "b": 10}
    assert counts_to_generate("restore", {"a": 3, "b": 10}, former) == {"a": 5, "b": 0}


@pytest.mark.parametrize("text", ["0", "-1", "many", "1.5", ""])
def test_impossible_numbers_are_refused(text):
    with pytest.raises(UserError, match="a number from 1, or balance"):
        parse_per_class(text)


def test_numbers_and_balance():
    assert parse_per_class("12") == 12
    assert parse_per_class(" balance ") == "balance"

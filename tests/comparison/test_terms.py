import pytest

from ssgan_tf.comparison.terms import Terms
from ssgan_tf.errors import UserError


def test_one_budget_at_most_and_twenty_thousand_iterations_without():
    assert Terms().iterations == 20_000
    assert Terms(minutes=3.0).iterations is None
    assert Terms(minutes=3.0).budget == "3 minutes of training"
    with pytest.raises(UserError, match="give one of them"):
        Terms(iterations=2, minutes=3.0)


@pytest.mark.parametrize(
    "wrong",
    [
        {"iterations": 0}, {"minutes": 0.0}, {"seeds": 0}, {"classifier_seeds": 0},
        {"features": "pool3"}, {"strategy": "mirror"}, {"log_every": 0}, {"checkpoint_every": 0},
        {"test_per_class": 0}, {"train_per_class": 1},
    ],
)  # fmt: skip
def test_an_impossible_option_is_refused(wrong):
    with pytest.raises(UserError, match=f"--{next(iter(wrong))} is"):
        Terms(**wrong)
    with pytest.raises(UserError, match="--jobs"):
        Terms(strategy="multi_worker")


def test_only_the_options_of_training_that_were_given_are_passed_on():
    assert Terms(log_every=3).of_training() == {"log_every": 3}


def test_classifiers_cannot_want_more_images_than_are_made():
    Terms(per_class=400, classifier_sizes="200,balance,400").require_enough_images()
    with pytest.raises(UserError, match="wants 400 images of each class, and --per_cl"):
        Terms(per_class=300).require_enough_images()

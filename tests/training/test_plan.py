import keras
import numpy as np
from keras import layers

from ssgan_tf.data import split
from ssgan_tf.methods import create
from ssgan_tf.methods.gan.plan import iteration_flops
from ssgan_tf.training import Options
from ssgan_tf.training.plan import describe_data, describe_plan
from tests.training.tiny import painted_squares, tiny_method


def dense(inputs, outputs):
    return keras.Sequential([keras.Input((inputs,)), layers.Dense(outputs)])


def test_operations_of_an_iteration_by_hand():
    method = create("wgan-gp", batch_size=10, critic_steps=3)
    g, d, phi = dense(2, 3), dense(5, 1), dense(4, 4)  # 12, 10 and 32 operations forward
    with_phi = 10 * (3 * (12 + 12 * 10) + 2 * 12 + 2 * 10 + 2 * 32)
    assert iteration_flops(method, g, d, phi) == with_phi
    assert iteration_flops(method, g, d) == with_phi - 10 * 2 * 32
    without_penalty = create("wgan", batch_size=10, critic_steps=3)
    assert with_phi - iteration_flops(without_penalty, g, d, phi) == 10 * 3 * 6 * 10
    once = create("wgan-gp", batch_size=10, critic_steps=1)
    assert with_phi - iteration_flops(once, g, d, phi) == 10 * 2 * (12 + 12 * 10)


def test_the_plan_says_what_training_will_take():
    images = painted_squares(per_class=10, classes=("left", "right"))
    method = tiny_method(mu=0.01, vgg_weights="random")
    plan = describe_plan(method, images, Options(iterations=70, run_dir="there"))
    for words in ("70 iterations for each of 2 networks", "RANDOM", "float32", "memory", "there"):
        assert words in plan
    parts = split(images, test_per_class=3)
    assert "  left       7 to train on,    3 held out" in describe_data(parts)
    assert np.array_equal(parts.train.labels, sorted(parts.train.labels))

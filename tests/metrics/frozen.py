"""A tiny frozen graph with the tensor names of the Inception network of 2015-12-05."""

import numpy as np
import tensorflow as tf

SIZE = 9  # pixels that the graph resizes to
DEPTH = 6  # of pool_3
CLASSES = 5


def tiny_graph(upto="softmax"):
    """Return the bytes of a frozen graph, made for one image at a time as the official one is.

    Its layers are 1×1, so the features of an image of one colour can be worked out by hand.

    Args:
        upto: leave out what comes after this node.
    """
    generator = np.random.default_rng(0)
    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.float32, (1, None, None, 3), name="ExpandDims")
        resized = tf.compat.v1.image.resize_bilinear(images, (SIZE, SIZE), name="ResizeBilinear")
        scaled = tf.multiply(tf.subtract(resized, 128.0, name="Sub"), 1 / 128, name="Mul")
        conv = tf.nn.relu(tf.nn.conv2d(scaled, FIRST[None, None], 1, "VALID"), name="conv_2")
        pool = tf.nn.max_pool2d(conv, 2, 1, "VALID", name="pool")
        pool_1 = tf.nn.avg_pool2d(pool, 2, 1, "VALID", name="pool_1")
        mixed_7 = tf.concat([pool_1, 2 * pool_1[..., :1]], 3, name="mixed_7/join")
        mixed_8 = tf.concat([mixed_7, -mixed_7[..., :1]], 3, name="mixed_8/join")
        size = SIZE - 2
        pool_3 = tf.nn.avg_pool2d(
            tf.concat([mixed_8, mixed_8[..., :1]], 3), size, 1, "VALID", name="pool_3"
        )
        flat = tf.reshape(pool_3, (1, DEPTH), name="pool_3/_reshape")
        weights = tf.constant(
            generator.normal(size=(DEPTH, CLASSES)).astype("f"), name="softmax/weights"
        )
        logits = tf.matmul(flat, weights, name="softmax/logits/MatMul")
        biased = tf.nn.bias_add(logits, np.full(CLASSES, 7, "f"), name="softmax/logits")
        tf.nn.softmax(biased, name="softmax")
    definition = graph.as_graph_def()
    return tf.compat.v1.graph_util.extract_sub_graph(definition, [upto]).SerializeToString(
        deterministic=True
    )


#: Three colours to three feature maps.
FIRST = np.array([[1, 0, -1], [-1, 2, 0], [0.5, -3, 1]], np.float32)


def features_of_colour(colour):
    """Return pool_3 of an image of one colour `(red, green, blue)`, by hand."""
    first = np.maximum((np.array(colour) - 128) / 128 @ FIRST, 0)
    mixed_7 = np.append(first, 2 * first[0])
    return np.concatenate([mixed_7, [-first[0]], [first[0]]])


def softmax_weights():
    """Return the matrix that makes logits of pool_3."""
    return np.random.default_rng(0).normal(size=(DEPTH, CLASSES)).astype("f")

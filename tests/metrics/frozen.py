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
        conv = tf.nn.conv2d(scaled, FIRST[None, None], 1, "VALID", name="conv_2/Conv2D")
        conv = tf.nn.relu(conv, name="conv_2")
        pool = tf.nn.max_pool2d(conv, 2, 1, "VALID", name="pool")
        pool_1 = tf.nn.avg_pool2d(pool, 2, 1, "VALID", name="pool_1")
        mixed_7 = tf.concat([pool_1, _first_map(pool_1, 2)], 3, name="mixed_7/join")
        mixed_8 = tf.concat([mixed_7, _first_map(mixed_7, -1)], 3, name="mixed_8/join")
        size = SIZE - 2
        pool_3 = tf.nn.avg_pool2d(
            tf.concat([mixed_8, _first_map(mixed_8, 1)], 3), size, 1, "VALID", name="pool_3"
        )
        flat = tf.reshape(pool_3, (1, DEPTH), name="pool_3/_reshape")
        weights = tf.constant(
            generator.normal(size=(DEPTH, CLASSES)).astype("f"), name="softmax/weights"
        )
        logits = tf.matmul(flat, weights, name="softmax/logits/MatMul")
        biased = tf.nn.bias_add(logits, np.full(CLASSES, 7, "f"), name="softmax/logits")
        tf.nn.softmax(biased, name="softmax")
    definition = graph.as_graph_def()
    _normalise(definition)
    definition.versions.producer = 8  # of 2015: newer ones refuse that normalisation
    return tf.compat.v1.graph_util.extract_sub_graph(definition, [upto]).SerializeToString(
        deterministic=True
    )


def _first_map(maps, factor):
    """Return the first feature map times a factor, by an operation that the official graph has."""
    kernel = np.zeros((1, 1, maps.shape[-1], 1), np.float32)
    kernel[0, 0, 0] = factor
    return tf.nn.conv2d(maps, kernel, 1, "VALID")


def _normalise(definition):
    """Put the official graph's kind of normalisation before the convolution."""
    inputs = []
    for name, value in NORMALISATION.items():
        node = definition.node.add(name=f"conv_2/batchnorm/{name}", op="Const")
        node.attr["dtype"].type = tf.float32.as_datatype_enum
        node.attr["value"].tensor.CopyFrom(tf.make_tensor_proto(np.full(3, value, np.float32)))
        inputs.append(node.name)
    node = definition.node.add(name="conv_2/batchnorm", op="BatchNormWithGlobalNormalization")
    node.input.extend(["Mul", *inputs])
    node.attr["T"].type = tf.float32.as_datatype_enum
    node.attr["variance_epsilon"].f = 0.001
    node.attr["scale_after_normalization"].b = True
    (convolution,) = (node for node in definition.node if node.name == "conv_2/Conv2D")
    convolution.input[0] = node.name


def normalised(colour):
    """Return what reaches the first convolution of values in [0, 255]."""
    mean, variance, beta, gamma = NORMALISATION.values()
    scaled = (np.asarray(colour) - 128) / 128
    return (scaled - mean) / np.sqrt(variance + 0.001) * gamma + beta


NORMALISATION = {"mean": 0.1, "variance": 0.5, "beta": 0.05, "gamma": 0.9}

#: Three colours to three feature maps.
FIRST = np.array([[1, 0, -1], [-1, 2, 0], [0.5, -3, 1]], np.float32)


def features_of_colour(colour):
    """Return pool_3 of an image of one colour `(red, green, blue)`, by hand."""
    first = np.maximum(normalised(colour) @ FIRST, 0)
    mixed_7 = np.append(first, 2 * first[0])
    return np.concatenate([mixed_7, [-first[0]], [first[0]]])


def softmax_weights():
    """Return the matrix that makes logits of pool_3."""
    return np.random.default_rng(0).normal(size=(DEPTH, CLASSES)).astype("f")

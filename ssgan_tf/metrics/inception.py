"""FID's own Inception network, the frozen graph of 2015-12-05: from images to features.

References: TTUR's `fid.py` (Heusel et al., 2017) for the features, improved-gan's
`inception_score/model.py` (Salimans et al., 2016) for the logits. Images go in as 0-255 RGB of any
size; the graph resizes them to 299×299 itself, in TensorFlow 1's way, and normalises them itself.
"""

import hashlib
import math

import tensorflow as tf
from google.protobuf.message import DecodeError

from ssgan_tf.errors import UserError, first_line

INPUT = "ExpandDims:0"
LOGITS = "softmax/logits/MatMul"

#: What can be asked for, and the tensor whose mean over positions it is.
FEATURES = {
    "pool_3": "pool_3:0",  # 2048, FID
    "mixed_8": "mixed_8/join:0",  # 1280
    "mixed_7": "mixed_7/join:0",  # 768
    "pool_1": "pool_1:0",  # 192
    "pool": "pool:0",  # 64
}


#: What the official graph is made of, and the parts of it that others have made: plain
#: arithmetic. Graphs can hold more, such as operations that write files, and none of that is run.
OPERATIONS = frozenset({
    "Add", "AddV2", "AvgPool", "BatchNormWithGlobalNormalization", "BiasAdd", "Cast",
    "CheckNumerics", "Concat", "ConcatV2", "Const", "Conv2D", "DecodeJpeg", "ExpandDims",
    "Identity", "MatMul", "MaxPool", "Mul", "Placeholder", "Relu", "Reshape", "ResizeBilinear",
    "Softmax", "Squeeze", "Sub",
})  # fmt: skip
MOST_VALUES = 2**26  # of all constants together; the official graph has 24 million


def _require_harmless(definition, source):
    """Refuse a graph that could do anything but compute features.

    Raises:
        UserError: it has other operations, functions, or constants that would fill the memory.
    """
    foreign = {node.op for node in definition.node} - OPERATIONS
    if definition.library.function:
        foreign.add("functions of its own")
    if foreign:
        raise UserError(
            f"{source} is not the Inception graph of 2015-12-05, nor the beginning of it: it has "
            f"{', '.join(sorted(foreign)[:5])}, which that network has not, so nothing of it is run"
        )
    values = 0
    for node in definition.node:
        shape = node.attr["value"].tensor.tensor_shape if node.op == "Const" else None
        values += math.prod(max(side.size, 0) for side in shape.dim) if shape else 0
    if values > MOST_VALUES:
        raise UserError(
            f"{source} is not the Inception graph of 2015-12-05: its constants would have "
            f"{values:.2g} values, and those of that network have 24 million"
        )


def require_known(features):
    """Refuse what is no key of `FEATURES`.

    Raises:
        UserError: it is none.
    """
    if features not in FEATURES:
        raise UserError(f"--features is {features}; it must be one of {', '.join(FEATURES)}")


class Inception:
    """A frozen graph, ready to turn images into features.

    Args:
        graph: the bytes of a frozen `GraphDef` with the official tensor names, or a part of it.
        features: a key of `FEATURES`.
        source: what error messages call the graph.

    Attributes:
        features: as given.
        dimension: length of a feature vector.
        digest: SHA-256 (hex) of the graph.
        classes: length of the logits; 0 where the graph ends before them.

    Raises:
        UserError: no such graph, or it lacks the tensor that is asked for.
    """

    def __init__(self, graph, features="pool_3", source="the graph"):
        require_known(features)
        definition = tf.compat.v1.GraphDef()
        try:
            definition.ParseFromString(graph)
        except DecodeError:
            raise UserError(f"{source} is no frozen TensorFlow graph (.pb)") from None
        _require_harmless(definition, source)
        self._require(definition, features, source)
        self.features = features
        self.digest = hashlib.sha256(graph).hexdigest()
        try:
            self._session, self._images, self._outputs = _session(definition, FEATURES[features])
        except (ValueError, TypeError, KeyError, tf.errors.OpError) as error:
            raise UserError(
                f"{source} is damaged or no Inception graph ({first_line(error)})"
            ) from error
        self.dimension = self._outputs["features"].shape[-1]
        self.classes = self._outputs["logits"].shape[-1] if "logits" in self._outputs else 0

    @staticmethod
    def _require(definition, features, source):
        names = {node.name for node in definition.node}
        there = [key for key, tensor in FEATURES.items() if tensor.split(":")[0] in names]
        if "ExpandDims" not in names or not there:
            raise UserError(
                f"{source} is not the Inception graph of 2015-12-05, nor the beginning of it: it "
                "lacks its tensor names; --inception auto downloads it"
            )
        if features not in there:
            raise UserError(
                f"{source} has no tensor {FEATURES[features]}; of the features it has "
                f"--features {', '.join(there)}"
            )

    def __call__(self, images):
        """Return what the network makes of a batch.

        Args:
            images: uint8 `(batch, height, width, 3)`, RGB in [0, 255].

        Returns:
            dict of float32 arrays: `features` `(batch, dimension)` and, where the graph reaches
            so far, `logits` `(batch, classes)`, without a bias.
        """
        if images.dtype != "uint8":
            raise ValueError(f"images: uint8 in [0, 255], not {images.dtype}")
        return self._session.run(self._outputs, {self._images: images})

    def name(self, measure):
        """Return a measure's name with these features: `FID` with pool_3, else `FID-768` and so.

        Only the 2048 features of pool_3 give figures that may be compared with published ones.
        """
        return measure if self.features == "pool_3" else f"{measure}-{self.dimension}"


def _session(definition, tensor):
    """Return a session with the graph, the tensor that takes images, and those to fetch by name.

    It is a session of TensorFlow 1, because only there the graph runs as it was published: its
    `BatchNormWithGlobalNormalization` is refused in graphs of a later version, such as functions.
    """
    weights = next(
        (
            node.input[1].split(":")[0]
            for node in definition.node
            if node.name == LOGITS and len(node.input) == 2
        ),
        None,
    )
    wanted = [tensor] if weights is None else [tensor, FEATURES["pool_3"], f"{weights}:0"]
    with tf.Graph().as_default() as graph:
        images = tf.compat.v1.placeholder(tf.uint8, (None, None, None, 3))
        # What led to this tensor in the graph (decoding one JPEG) is replaced and never runs.
        inputs = {INPUT: tf.cast(images, tf.float32)}
        maps, *rest = tf.graph_util.import_graph_def(definition, inputs, wanted, name="")
        outputs = {"features": tf.reduce_mean(maps, axis=(1, 2))}
        if rest:
            # The graph's own logits are made for one image and add a bias; the Inception Score's
            # reference takes the plain product.
            pooled, matrix = rest
            outputs["logits"] = tf.matmul(tf.squeeze(pooled, (1, 2)), matrix)
    return tf.compat.v1.Session(graph=graph), images, outputs

import numpy as np

from benchmarks import evaluate
from ssgan_tf.metrics.inception import Inception
from tests.metrics.frozen import tiny_graph
from tests.training.tiny import painted_squares


def test_a_whole_evaluation_is_timed_with_an_empty_cache(tmp_path):
    (tmp_path / "graph.pb").write_bytes(tiny_graph())
    images = painted_squares(per_class=20, classes=("left", "right"))
    whole, account = evaluate.seconds_of_evaluation(images, 16, tmp_path / "graph.pb", "pool_3")
    assert account["features"] > 0
    assert sum(account.values()) < whole


def test_the_bare_network_sees_every_image_once():
    seen = []

    class Network(Inception):
        def __call__(self, images):
            seen.append(len(images))
            return super().__call__(images)

    evaluate.seconds_of_network(Network(tiny_graph()), np.zeros((70, 8, 8, 3), np.uint8))
    assert seen == [32, 32, 6]


def test_the_table_shows_seconds_and_their_share(capsys):
    seconds = evaluate.seconds_of_measures(20, 6, 16)
    assert set(seconds) > {"FID", "KID", "memorisation"}
    assert "20 images: KID" in capsys.readouterr().out
    result = {
        "measures": {"20": {"FID": 0.5}, "40": {"FID": 4.0}},
        "seconds_of_features": {"20": 10.0, "40": 20.0},
    }
    *_, row = evaluate.measures_table(result).text().splitlines()
    assert row.split() == ["FID", "0.50", "5.0", "4.00", "20.0"]

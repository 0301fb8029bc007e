from types import SimpleNamespace

from ssgan_tf.evaluation.pictures import _curves
from ssgan_tf.runs.metrics_log import MetricsLog


def inputs_of(run, method, class_names, **settings):
    manifest = {"run": str(run), "settings": {"method": method, **settings}}
    return SimpleNamespace(manifest=manifest, real=SimpleNamespace(class_names=class_names))


def test_curves_are_those_of_the_networks_behind_the_classes(tmp_path):
    for name in ("a", "b", "all_classes"):
        (tmp_path / name).mkdir()
        MetricsLog(tmp_path / name / "metrics.jsonl").write(10, critic_loss=1.0)
    assert list(_curves(inputs_of(tmp_path, "dcgan", ("b",)))) == ["b"]
    # One class of a network that has learnt two.
    assert list(_curves(inputs_of(tmp_path, "acgan", ("b",), classes=["a", "b"]))) == [
        "all_classes"
    ]
    assert _curves(inputs_of(tmp_path / "gone", "dcgan", ("b",))) == {}

from types import SimpleNamespace

import pytest

from ssgan_tf.device import strategy
from ssgan_tf.device.strategy import make_workers
from ssgan_tf.errors import UserError


def test_one_device():
    workers = make_workers("none", 7)
    assert (workers.count, workers.chief) == (1, True)
    assert workers.strategy.num_replicas_in_sync == 1
    assert workers.any(True) is True
    assert workers.any(None) is False


@pytest.mark.parametrize("config", [None, "{", '{"cluster": {}}', "[]"])
def test_several_machines_need_tf_config(monkeypatch, config):
    monkeypatch.delenv("TF_CONFIG", raising=False)
    if config:
        monkeypatch.setenv("TF_CONFIG", config)
    with pytest.raises(UserError, match="TF_CONFIG, for example"):
        make_workers("multi_worker", 8)


def test_steps_of_one_image_cannot_be_shared(monkeypatch):
    shared = SimpleNamespace(num_replicas_in_sync=2)
    monkeypatch.setattr(strategy, "_mirrored", lambda: shared)
    with pytest.raises(UserError, match="steps here are of one image; use --strategy none"):
        make_workers("mirrored", 1)
    with pytest.raises(UserError, match="--batch_size is 3, which 2 devices cannot share"):
        make_workers("mirrored", 3)
    assert make_workers("mirrored", 4).strategy is shared


def test_unknown_strategy():
    with pytest.raises(UserError, match="--strategy is tpu; it must be one of none, mirrored"):
        make_workers("tpu", 8)

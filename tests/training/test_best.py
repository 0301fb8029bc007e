import numpy as np
import pytest

from ssgan_tf.errors import UserError
from ssgan_tf.runs.checkpoints import Checkpoints
from ssgan_tf.runs.run_directory import RunDirectory

BY = {"measure": "FID"}


def save(best, step, value):
    best.save(step, {"weight": np.full(3, step)}, {"seconds": 1.0}, value, BY)


def files(best):
    return sorted(path.name for path in best.directory.iterdir())


@pytest.fixture
def best(tmp_path):
    return RunDirectory(tmp_path / "run").best("rust")


def test_one_file_is_kept_with_its_score(best):
    assert best.find() is None
    with pytest.raises(UserError, match=r"no best checkpoint; train\.py --evaluate_every"):
        best.load()
    assert not best.directory.exists()
    save(best, 10, 5.0)
    save(best, 30, 4.0)
    assert files(best) == ["000030.npz"]
    assert best.find() == (30, 4.0, BY)
    step, arrays, metadata = best.load()
    assert step == 30 and arrays["weight"].tolist() == [30, 30, 30]
    assert metadata == {"seconds": 1.0, "score": {"value": 4.0, "by": BY}}
    assert best.load(lambda name: False)[1] == {}
    # A resumed training is at an earlier iteration than the best one of before.
    save(best, 20, 3.0)
    assert files(best) == ["000020.npz"]
    assert RunDirectory(best.directory.parents[1]).best("rust", "").find().step == 20


def test_of_two_that_a_kill_has_left_the_better_one_counts(best, monkeypatch):
    save(best, 10, 5.0)
    with monkeypatch.context() as patch:
        patch.setattr(Checkpoints, "delete_others", lambda *_: None)
        save(best, 5, 4.0)
    assert files(best) == ["000005.npz", "000010.npz"]
    assert best.find().step == best.load()[0] == 5


def test_a_new_best_is_complete_before_the_former_goes(best, monkeypatch):
    save(best, 10, 5.0)

    def refuse(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr("ssgan_tf.runs.checkpoints.write_atomically", refuse)
    with pytest.raises(UserError, match="cannot save the checkpoint"):
        save(best, 20, 4.0)
    assert best.find() == (10, 5.0, BY)


def test_damaged_files_and_those_without_a_score_do_not_count(best, caplog):
    save(best, 10, 5.0)
    data = (best.directory / "000010.npz").read_bytes()
    (best.directory / "000010.npz").write_bytes(data[: len(data) // 2])
    assert best.find() is None
    assert "000010.npz is damaged or half-written" in caplog.text
    Checkpoints(best.directory).save(20, {"weight": np.zeros(3)}, {})
    assert best.find() is None
    save(best, 5, 6.0)
    assert files(best) == ["000005.npz"]

import contextlib
import copy
import json
import os
import signal
import socket
import subprocess
import sys
import threading
from pathlib import Path

import filelock
import numpy as np
import pytest

from ssgan_tf.errors import UserError
from ssgan_tf.runs.run_directory import RunDirectory

WITHOUT_TENSORFLOW = Path(__file__).with_name("without_tensorflow.py")
CONFIG = {
    "settings": {"mu": 0.01, "lambda": 1.0, "noise": "normal", "flip": True, "widths": [64, 128]},
    "options": {"iterations": 100, "log_every": 10},
    "data": {
        "name": "flower",
        "fingerprint": "f1",
        "classes": {"roses": {"train": ["a", "b", "c"], "test": ["d"]}},
    },
    "versions": {"tensorflow": "2.21"},
    "git_commit": "abc",
}


def changed(**sections):
    config = copy.deepcopy(CONFIG)
    for section, values in sections.items():
        config[section] = {**config[section], **values}
    return config


def with_classes(**classes):
    return changed(data={"classes": classes})


def refusal(run, config, **options):
    with pytest.raises(UserError) as caught:
        run.prepare(config, **options)
    assert "\n" not in str(caught.value)
    return str(caught.value)


def tree(folder):
    return {
        str(path.relative_to(folder)): path.read_bytes() if path.is_file() else None
        for path in Path(folder).rglob("*")
        if path.name != ".lock"
    }


@pytest.fixture
def run(tmp_path):
    run = RunDirectory(tmp_path / "runs" / "ssgan")
    assert run.prepare(CONFIG) is None
    run.checkpoints("roses").save(5, {"a": np.ones(2)}, {})
    return run


def test_classes_of_another_data_set_do_not_join_a_run(run):
    other = {"name": "pets", "classes": {"cats": {"train": ["x"], "test": ["y"]}}}
    assert "--dataset was flower, is now pets" in refusal(run, changed(data=other))
    run.prepare(changed(data={"name": "renamed"}))  # the same images of the same classes
    run.prepare(changed(data={"name": "renamed", "classes": other["classes"]}))


def test_config_comes_back(run):
    assert run.config() == CONFIG
    assert json.loads((run.path / "config.json").read_text()) == CONFIG


def test_the_same_command_goes_on(run):
    before = tree(run.path)
    assert run.prepare(json.loads(json.dumps(CONFIG))) is None
    assert tree(run.path) == before


def test_tuples_and_equal_numbers_are_no_difference(run):
    run.prepare(changed(settings={"widths": (64, 128), "lambda": 1}))


def test_options_may_change_and_are_recorded(run):
    config = changed(options={"iterations": 50}, versions={"tensorflow": "2.22"})
    config["git_commit"] = "def"
    run.prepare(config)
    assert run.config() == config


def test_every_difference_is_named_and_nothing_written(run):
    before = tree(run.path)
    config = changed(settings={"mu": 0.1, "noise": "uniform", "flip": False, "ema": 0.99})
    del config["settings"]["widths"]
    line = refusal(run, config)
    for difference in (
        "--mu was 0.01, is now 0.1",
        "--noise was normal, is now uniform",
        "--flip was True, is now False",
        "--ema was not set, is now 0.99",
        "--widths was [64, 128], is now not set",
    ):
        assert difference in line
    assert "--lambda" not in line
    for way_out in ("use the old settings", "another --run_dir", "--overwrite", "not deleted"):
        assert way_out in line
    assert tree(run.path) == before


def test_changed_images_are_counted(run):
    line = refusal(
        run, with_classes(roses={"train": ["a", "b", "x", "y", "z"], "test": ["d", "d"]})
    )
    assert "class roses: the training images changed (3 added, 1 removed)" in line
    assert "class roses: the test images changed (1 added, 0 removed)" in line


def test_the_order_of_images_is_no_change(run):
    run.prepare(with_classes(roses={"train": ["c", "a", "b"], "test": ["d"]}))


def test_classes_are_added_and_kept(run):
    tulips = {"train": ["t"], "test": []}
    run.prepare(with_classes(tulips=tulips))
    assert run.config()["data"]["classes"] == {
        "roses": CONFIG["data"]["classes"]["roses"],
        "tulips": tulips,
    }
    assert "class roses" in refusal(run, with_classes(roses={"train": [], "test": []}))


@pytest.mark.parametrize(
    "content",
    [
        "",
        '{"settings": {',
        "[]",
        '{"settings": {}}',
        "\x00" * 50,
        "[" * 100_000,
        '{"settings": {}, "data": ' + '{"a":' * 60 + "1" + "}" * 61,
        '{"settings": {}, "data": {"classes": {"roses": 3}}}',
        '{"settings": {}, "data": {"classes": {"roses": {"train": [[1]]}}}}',
        '{"settings": {}, "data": {"classes": {"../roses": {}}}}',
    ],
)
def test_a_damaged_config_is_never_overwritten(run, content):
    (run.path / "config.json").write_text(content)
    before = tree(run.path)
    assert "config.json is damaged" in refusal(run, CONFIG)
    assert tree(run.path) == before
    with pytest.raises(UserError, match="damaged"):
        run.config()


def test_a_run_with_a_damaged_config_can_be_moved_aside(run):
    (run.path / "config.json").write_text("{")
    moved = run.prepare(CONFIG, overwrite=True)
    assert (moved / "config.json").read_text() == "{"
    assert (moved / "roses" / "checkpoints" / "000005.npz").is_file()
    assert run.config() == CONFIG


@pytest.mark.parametrize("overwrite", [False, True])
@pytest.mark.parametrize("name", ["thesis.tex", "config.json"])
def test_a_folder_that_is_no_run_is_left_alone(tmp_path, name, overwrite):
    (tmp_path / "mine").mkdir()
    (tmp_path / "mine" / name).write_text('{"model": "of someone else"}')
    run = RunDirectory(tmp_path / "mine")
    assert "choose another --run_dir" in refusal(run, CONFIG, overwrite=overwrite)
    assert sorted(tree(tmp_path)) == ["mine", f"mine/{name}"]


def test_no_lock_file_is_put_into_a_folder_that_is_no_run(tmp_path):
    (tmp_path / "thesis.tex").write_text("")
    with pytest.raises(UserError, match=r"'thesis\.tex'"), RunDirectory(tmp_path).lock():
        pass
    assert [entry.name for entry in tmp_path.iterdir()] == ["thesis.tex"]


def test_an_empty_folder_will_do_even_if_a_start_was_killed_in_it(tmp_path):
    for name in (".lock", ".lock.json", ".0123.ssgan-tmp", ".DS_Store"):
        (tmp_path / name).write_text("")
    run = RunDirectory(tmp_path)
    run.prepare(CONFIG)
    assert run.config() == CONFIG
    assert not (tmp_path / ".0123.ssgan-tmp").exists()


def test_overwrite_moves_the_old_run_aside(run, caplog):
    old = {name: data for name, data in tree(run.path).items() if name != ".lock.json"}
    config = changed(settings={"mu": 5})
    with run.lock():
        moved = run.prepare(config, overwrite=True)
        assert moved.parent == run.path.parent
        assert moved.name.startswith("ssgan.old-2")
        assert str(moved) in caplog.text
        assert tree(moved) == old
        assert run.config() == config
        assert run.networks() == []
        with pytest.raises(UserError, match="in use"), RunDirectory(run.path).lock():
            pass
    with RunDirectory(run.path).lock():
        pass


def test_overwrite_finds_a_free_name(run):
    moved = {run.prepare(CONFIG, overwrite=True) for _ in range(3)}
    assert len(moved) == 3 and all(path.is_dir() for path in moved)


def test_overwrite_of_nothing_begins_a_run(tmp_path):
    run = RunDirectory(tmp_path / "new")
    assert run.prepare(CONFIG, overwrite=True) is None
    assert run.config() == CONFIG


def test_overwrite_leaves_a_link_in_place(run, tmp_path):
    link = tmp_path / "link"
    link.symlink_to(run.path)
    moved = RunDirectory(link).prepare(CONFIG, overwrite=True)
    assert link.is_symlink() and moved.parent == run.path.parent
    assert RunDirectory(link).networks() == [] and RunDirectory(moved).networks() == ["roses"]


def test_a_failed_move_changes_nothing(run, monkeypatch):
    before = tree(run.path)

    def refuse(self, target):
        raise OSError(16, "Device or resource busy")

    monkeypatch.setattr(Path, "rename", refuse)
    assert "cannot be moved aside (Device" in refusal(run, CONFIG, overwrite=True)
    assert tree(run.path) == before


def test_a_path_that_is_no_run_is_named(tmp_path):
    for path in (tmp_path, tmp_path / "none"):
        with pytest.raises(UserError, match="is not a run directory"):
            RunDirectory(path).config()
    assert RunDirectory(tmp_path / "none").networks() == []
    (tmp_path / "file").write_text("")
    with pytest.raises(UserError, match="Not a directory"):
        RunDirectory(tmp_path / "file").config()
    with pytest.raises(UserError, match="move what is in the way"):
        RunDirectory(tmp_path / "file").prepare(CONFIG)


def test_places_of_a_class(run):
    for name in ("wild roses", "Łąka 猫", ".hidden"):
        assert run.network_directory(name) == run.path / name
        assert run.checkpoints(name).directory == run.path / name / "checkpoints"
        assert run.sample_directory(name) == run.path / name / "samples"
        assert run.metrics_path(name) == run.path / name / "metrics.jsonl"
    for name in ("", ".", "..", "a/b", "../x", "a\0b"):
        with pytest.raises(UserError, match="name of a class"):
            run.network_directory(name)


def test_classes_are_those_with_a_valid_checkpoint(run):
    run.checkpoints("Łąka 猫").save(1, {"a": np.ones(2)}, {})
    run.checkpoint_directory("begun").mkdir(parents=True)
    run.checkpoint_directory("damaged").mkdir(parents=True)
    (run.checkpoint_directory("damaged") / "000001.npz").write_bytes(b"half")
    assert run.networks() == ["roses", "Łąka 猫"]


def test_a_full_disk_keeps_the_old_config(run):
    resource = pytest.importorskip("resource")
    earlier = resource.getrlimit(resource.RLIMIT_FSIZE)
    with run.lock():
        resource.setrlimit(resource.RLIMIT_FSIZE, (100, earlier[1]))
        try:
            line = refusal(run, changed(options={"iterations": 7}))
        finally:
            resource.setrlimit(resource.RLIMIT_FSIZE, earlier)
    assert "config.json: File too large; " in line and "nothing that was saved is lost" in line
    assert run.config() == CONFIG
    assert not list(run.path.glob("*.ssgan-tmp"))


HOLDER = """
import sys
from ssgan_tf.runs.run_directory import RunDirectory
with RunDirectory(sys.argv[1]).lock():
    print("locked", flush=True)
    sys.stdin.read()
"""
TRAINER = """
import json, sys
from ssgan_tf.runs.run_directory import RunDirectory
with RunDirectory(sys.argv[1]).begun(json.loads(sys.argv[2]), ["tulips"]):
    print("locked", flush=True)
    sys.stdin.read()
"""


@contextlib.contextmanager
def holding_process(path, script=HOLDER, argument="two\nlines"):
    process = subprocess.Popen(
        [sys.executable, WITHOUT_TENSORFLOW, script, path, argument],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout.readline() == "locked\n"
        yield process
    finally:
        process.kill()
        process.communicate()


def test_a_second_process_is_told_who_holds_the_run(run):
    with holding_process(run.path) as process:
        before = tree(run.path)
        line = refusal(run, CONFIG)
        assert f"{run.path} is in use by process {process.pid} on {socket.gethostname()}" in line
        assert str(run.path) in line.split("since", 1)[1]
        assert "another --run_dir" in line
        assert "in use" in refusal(run, CONFIG, overwrite=True)
        assert tree(run.path) == before
        process.communicate()
        assert process.returncode == 0
    assert not (run.path / ".lock.json").exists()
    run.prepare(CONFIG)


def test_the_lock_of_a_killed_process_is_taken_over(run, caplog):
    with holding_process(run.path) as process:
        process.send_signal(signal.SIGKILL)
        process.wait()
        assert (run.path / ".lock.json").exists()
        with run.lock():
            assert f"process {process.pid} " in caplog.text and "taking over" in caplog.text
            assert json.loads((run.path / ".lock.json").read_text())["pid"] == os.getpid()
    assert not (run.path / ".lock.json").exists()


def test_the_same_process_cannot_enter_twice(run):
    with run.lock():
        for other in (RunDirectory(run.path), run):
            line = f"in use by process {os.getpid()} "
            with pytest.raises(UserError, match=line), other.lock():
                pass
        run.prepare(CONFIG)
    with RunDirectory(run.path).lock():
        pass


def test_the_lock_is_waited_for_whoever_holds_it(run):
    other = filelock.FileLock(run.path / ".lock", thread_local=False)  # and has not yet said so
    other.acquire()
    threading.Timer(0.3, other.release).start()
    with run.lock(timeout=30):
        pass
    with other, pytest.raises(UserError, match="in use by another process"):
        run.lock(timeout=0.1).__enter__()


def test_a_check_refuses_as_preparing_does_and_writes_nothing(run, tmp_path):
    before = tree(run.path)
    run.check(CONFIG)
    other = {**CONFIG, "settings": {**CONFIG["settings"], "mu": 7}}
    with pytest.raises(UserError, match=r"--mu was .*, is now 7"):
        run.check(other)
    assert tree(run.path) == before
    RunDirectory(tmp_path / "new").check(CONFIG)
    assert not (tmp_path / "new").exists()


def test_an_error_inside_releases_the_lock(run):
    with pytest.raises(KeyError), run.lock():
        raise KeyError
    with run.lock():
        pass


def test_a_damaged_holder_file_does_not_matter(run):
    (run.path / ".lock.json").write_text("{")
    with run.lock():
        (run.path / ".lock.json").write_text("[")
        line, other = "in use by another process", RunDirectory(run.path)
        with pytest.raises(UserError, match=line), other.lock():
            pass


def trained(**options):
    both = {"roses": CONFIG["data"]["classes"]["roses"], "tulips": {"train": ["t"], "test": []}}
    return changed(data={"classes": both}, options={"iterations": 100, **options})


def test_processes_train_different_networks_of_one_run(run):
    with holding_process(run.path, TRAINER, json.dumps(trained())):
        with run.begun(trained(), ["roses", "lilies"]):
            assert list(run.config()["data"]["classes"]) == ["roses", "tulips"]
        with run.begun(trained(), ["roses"]):  # the lock was given back
            pass


def test_a_network_that_another_process_trains_is_refused(run, caplog):
    with holding_process(run.path, TRAINER, json.dumps(trained())) as process:
        before = tree(run.path)
        networks = ["roses", "tulips"]
        for overwrite in (False, True):
            with (
                pytest.raises(UserError, match=f"tulips is in use by process {process.pid} "),
                run.begun(trained(iterations=7), networks, overwrite),
            ):
                pass
        assert tree(run.path) == before
        # Nor may the whole be moved away under it.
        assert f"tulips is in use by process {process.pid} " in refusal(run, CONFIG, overwrite=True)
        with pytest.raises(UserError, match="tulips is in use"), run.begun(CONFIG, ["roses"], True):
            pass
        assert tree(run.path) == before
        process.kill()
        process.wait()
        with run.begun(trained(iterations=7), networks):
            assert f"process {process.pid} " in caplog.text and "taking over" in caplog.text
            assert run.config()["options"]["iterations"] == 7
        moved = run.prepare(CONFIG, overwrite=True)
        assert (moved / "tulips").is_dir()


def test_those_who_begin_at_the_same_time_wait_for_each_other(run):
    begun = threading.Event()

    def begin():
        with run.begun(CONFIG, ["roses"]):
            begun.set()

    thread = threading.Thread(target=begin)
    with RunDirectory(run.path).lock():
        thread.start()
        assert not begun.wait(0.2)
    thread.join()
    assert begun.is_set()

"""imbalance.py as a user calls it, on painted flowers."""

COMMAND = (
    "--dataset=demo", "--classes=roses", "--keep=4", "--conditions=geometric,dcgan",
    "--image_size=32", "--seeds=1", "--epochs=1", "--real_per_class=8", "--test_per_class=6",
    "--iterations=1", "--setting=base_channels=32", "--setting=dcgan.latent_dim=8",
    "--setting=batch_size=4", "--out=out",
)  # fmt: skip


def test_it_ends_with_tables_and_a_second_call_trains_nothing(loaded, tmp_path, preset):
    planned = loaded.run("imbalance", *COMMAND, "--dry_run", folder=tmp_path)
    assert planned.code == 0, planned.stderr
    assert "roses: 4 of 8 kept, 6 to test on" in planned.stdout
    assert not (tmp_path / "out").exists()
    command = (*COMMAND, f"--weights={preset}")
    first = loaded.run("imbalance", *command, folder=tmp_path)
    assert first.code == 0, first.stderr
    for words in ("Recall of the class that was cut down", "SSIM of pairs", "Balanced accuracy",
                  "dcgan", "generators: 1, 1 of them to train; classifiers to train: 4",
                  "report.html"):  # fmt: skip
        assert words in first.stdout
    report = (tmp_path / "out" / "report.html").read_text()
    assert "roses, 4 kept" in report and "How to read this" in report
    times = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").rglob("result.json")}
    assert len(times) == 4
    second = loaded.run("imbalance", *command, folder=tmp_path)
    assert second.code == 0, second.stderr
    assert "0 of them to train; classifiers to train: 0" in second.stdout
    assert "training" not in second.stderr
    assert times == {path: path.stat().st_mtime_ns for path in times}
    tables = [text.partition("Recall of")[2].partition("\nDone.")[0] for text in
              (first.stdout, second.stdout)]  # fmt: skip
    assert tables[0] == tables[1]

import pytest

from ssgan_tf.comparison.wording import against_baseline, points

ROWS = [
    ("original", None, [70, 72, 74]), ("crop", "400", [75, 77, 79]),
    ("flip-crop", None, [80, 82, 84]), ("ssgan", "400", [93, 95, 98]),
    ("wgan", "400", [81, 80, 86]), ("dcgan", "400", [60, 62, 64]),
]  # fmt: skip


@pytest.fixture
def study(invented):
    names = dict.fromkeys(["ssgan", "dcgan", "wgan"], 10.0)
    return invented.study(names, [3], classifiers=invented.classifiers(ROWS))


def test_members_are_compared_with_flips_and_crops_as_the_classifiers_study_finds(study):
    found = {one.name: one for one in study.against_baseline()}
    assert set(found) == {"ssgan", "dcgan", "wgan"}
    assert found["ssgan"].mean == pytest.approx((0.13 + 0.13 + 0.14) / 3)
    rows = {row["condition"]: row["to_baseline"] for row in study["classifiers"]["rows"]}
    for name, one in found.items():
        assert (one.mean, one.half_width, one.p) == tuple(
            rows[name][key] for key in ("mean", "half_width", "adjusted_p")
        )
    assert [found[name].finding for name in ("ssgan", "dcgan", "wgan")] == [
        "better", "worse", "no evidence",
    ]  # fmt: skip
    (words,) = against_baseline(study)
    assert words.startswith("Against flip-crop (flips and crops, anew each batch; accuracy 0.8200)")
    assert f"better: SSGAN ({points(found['ssgan'])}); worse: DCGAN (-20.0 ± " in words
    assert "; no evidence: WGAN (+0.3 ± " in words


@pytest.mark.parametrize(
    ("again", "finding"), [([93, 94, 99], "better"), ([82, 84, 86], "no evidence")]
)
def test_several_trainings_have_to_agree(study, invented, again, finding):
    study["classifiers"] = invented.classifiers([*ROWS, ("ssgan-seed-1", "400", again)])
    invented.again(study, "ssgan", 10.0)
    found = {one.name: one for one in study.against_baseline()}["ssgan"]
    rows = {row["condition"]: row["to_baseline"] for row in study["classifiers"]["rows"]}
    both = [rows["ssgan"], rows["ssgan-seed-1"]]
    assert found.trainings == 2
    assert found.mean == pytest.approx((both[0]["mean"] + both[1]["mean"]) / 2)
    assert found.p == max(one["adjusted_p"] for one in both)
    assert (found.finding, found.half_width) == (finding, None)


def test_one_seed_is_no_evidence(study, invented):
    study["classifiers"] = invented.classifiers([(*row[:2], row[2][:1]) for row in ROWS])
    found = study.against_baseline()
    assert {one.finding for one in found} == {"no evidence"}
    assert {one.p for one in found} == {None}
    assert points(found[0]) == "+13.0"


def test_without_the_baseline_or_of_leaked_members_nothing_is_said(study, invented):
    study["classifiers"] = invented.classifiers([row for row in ROWS if row[0] != "flip-crop"])
    assert study.against_baseline() == against_baseline(study) == []
    study["classifiers"] = invented.classifiers(ROWS, {"ssgan": "LEAKED"})
    assert {one.name for one in study.against_baseline()} == {"dcgan", "wgan"}
    study["classifiers"] = None
    assert against_baseline(study) == []

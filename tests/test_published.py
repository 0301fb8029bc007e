"""The figures of the SSGAN paper, as its text prints them."""

from ssgan_tf.comparison.contestants import TABLES
from ssgan_tf.published import CLASSIFICATION, QUALITY

PRINTED = """
1 ssgan 108.4 22.688
1 ssgan-no-pl 119.4 21.101
1 ssgan-no-pc 127.7 20.989
1 ssgan-no-pl-pc 132.7 20.515
2 ssgan 108.4 22.688 25M 305G
2 dcgan 145.1 19.327 36M 998G
2 wgan 131.4 20.375 28M 250G
2 sagan 153.2 17.432 59M 714G
2 wgan-gp 127 21.3 28M 395G
2 acgan 141.4 18.5 63M 408G
2 reacgan 130 19.1 76M 428G
4 ssgan 227.3 26.4
4 dcgan 268.0 17.6
4 wgan 243.0 22.4
4 sagan 257.1 21.2
4 wgan-gp 233.9 23.2
6 ssgan 108.4 22.688
6 ssgan-poisson 109.624 22.034
6 ssgan-uniform 110.558 22.010
6 ssgan-normal+uniform 110.021 22.257
7 ssgan 108.4 22.688
7 ssgan-mu-0.1 110.524 22.153
7 ssgan-mu-1 111.357 21.032
7 ssgan-lambda-5 115.981 20.477
7 ssgan-lambda-10 117.066 20.109
"""
PRINTED_OF_CLASSIFIERS = """
3 original 0.7296 0.75 0.7296 0.75
3 acgan 0.7956 0.8002 0.7768 0.7838
3 dcgan 0.771 0.765 0.769 0.778
3 wgan-gp 0.788 0.772 0.795 0.803
3 reacgan 0.7984 0.8028 0.7756 0.7766
3 sagan 0.78388 0.7853 0.78564 0.78616
3 wgan 0.7856 0.791 0.7992 0.8016
3 ssgan 0.813 0.817 0.819 0.825
3 ssgan-no-pl 0.806 0.801 0.807 0.812
3 ssgan-no-pc 0.794 0.8 0.793 0.807
3 ssgan-no-pl-pc 0.781 0.792 0.788 0.798
5 original 0.9087 0.898 0.9087 0.898
5 crop 0.9227 0.923 0.9333 0.935
5 dcgan 0.9466 0.95 0.9467 0.946
5 wgan-gp 0.9573 0.953 0.9627 0.964
5 sagan 0.9493 0.947 0.9547 0.954
5 wgan 0.9493 0.9468 0.952 0.951
5 ssgan 0.962 0.960 0.968 0.971
"""


def number(text):
    return float(text.replace("M", "e6").replace("G", "e9"))


def rows(printed):
    for line in printed.split("\n")[1:-1]:
        table, name, *figures = line.split()
        yield int(table), name, [number(figure) for figure in figures]


def test_quality_is_as_printed():
    found = [
        (table, name, [figure for figure in row if figure is not None])
        for table, of_table in QUALITY.items()
        for name, row in of_table.items()
    ]
    assert found == list(rows(PRINTED))


def test_classification_is_as_printed():
    found = [
        (table, name, [figure for size in ("200", "400") for figure in row[size]])
        for table, of_table in CLASSIFICATION.items()
        for name, row in of_table.items()
    ]
    assert found == list(rows(PRINTED_OF_CLASSIFIERS))


def test_the_papers_own_sums():
    """What its text says of the figures (sections 5.1.2, 5.2.3 and 5.3.2)."""
    flower, animal = QUALITY[2], QUALITY[4]
    others = [row.fid for name, row in flower.items() if name != "ssgan"]
    assert round(min(others) - flower["ssgan"].fid, 1) == 18.6
    assert round(QUALITY[1]["ssgan-no-pl-pc"].fid - QUALITY[1]["ssgan"].fid, 1) == 24.3
    assert round(animal["wgan-gp"].fid - animal["ssgan"].fid, 1) == 6.6


def test_tables_have_the_members_of_the_study():
    for table, members in TABLES.items():
        published = QUALITY.get(table) or CLASSIFICATION[table]
        assert set(members) == set(published) - {"original", "crop"}, table

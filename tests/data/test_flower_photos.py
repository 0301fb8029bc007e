"""The real photographs of the flower set, as far as they are on this machine."""

from ssgan_tf.data import load_dataset, split


def test_all_photographs_load_and_split(real_datasets):
    photos = load_dataset("flower", 32, datasets_dir=real_datasets, progress=False)
    assert photos.counts() == {
        "daisy": 633,
        "dandelion": 898,
        "roses": 641,
        "sunflowers": 699,
        "tulips": 799,
    }
    assert photos.skipped == ()
    assert photos.images.std(axis=(1, 2, 3)).min() > 5  # none came out blank
    assert len(photos.contradictory) == 1  # one photograph is filed under roses and tulips

    result = split(photos)
    assert set(result.test.counts().values()) == {100}
    assert not set(result.train.hashes) & set(result.test.hashes)
    assert len(result.train) + len(result.test) == 3670

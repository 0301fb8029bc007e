import pytest

from tests.loaded import Loaded


@pytest.fixture(scope="session")
def loaded():
    """The `Loaded` process, for commands; it costs as much as one of them."""
    process = Loaded()
    yield process
    process.close()


@pytest.fixture(scope="session")
def preset(tmp_path_factory):
    """The folder of a KerasHub preset: a residual network small enough for tests."""
    import keras
    import keras_hub

    keras.utils.set_random_seed(0)
    backbone = keras_hub.models.ResNetBackbone(
        input_conv_filters=[64],
        input_conv_kernel_sizes=[3],
        stackwise_num_filters=[64],
        stackwise_num_blocks=[1],
        stackwise_num_strides=[1],
        block_type="basic_block",
    )
    folder = tmp_path_factory.mktemp("preset")
    backbone.save_to_preset(str(folder))
    return str(folder)

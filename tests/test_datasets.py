"""The data sets: their numbers, their origin, and what is not taken for them."""

import gzip
import hashlib
import io
import os
import subprocess
import sys
import tarfile
from pathlib import Path

import numpy as np
import pytest
from local_server import NOBODY, Server

from lrcourse import datasets, fit
from lrcourse.__main__ import main
from lrcourse.datasets import (
    CATALOGUE,
    breast_cancer,
    cats_dogs,
    cifar10,
    digits,
    downloads,
    ionosphere,
    mnist,
)
from lrcourse.datasets.downloads import DataUnavailable, File, Mirror
from lrcourse.datasets.formats import to_idx
from lrcourse.datasets.published import CIFAR10, IONOSPHERE, MNIST
from lrcourse.datasets.splits import published_split, standardized, stratified_split, tail_split
from lrcourse.models import LogisticRegression
from lrcourse.optimizers import SGD

REAL = os.environ.get("LRCOURSE_DATA", "")
real_data = pytest.mark.skipif(
    not REAL, reason="needs the real data: set LRCOURSE_DATA to the folder they are in"
)


@pytest.fixture(autouse=True)
def cache(tmp_path, monkeypatch):
    folder = tmp_path / "cache"
    monkeypatch.setattr(downloads, "cache_folder", lambda: folder)
    monkeypatch.setattr("lrcourse.__main__.cache_folder", lambda: folder)
    monkeypatch.delenv("LRCOURSE_DATA", raising=False)
    monkeypatch.setenv("NO_PROXY", "*")
    return folder


@pytest.fixture
def local(tmp_path, monkeypatch):
    """An empty local folder, and mirrors that are all down."""
    folder = tmp_path / "local"
    folder.mkdir()
    monkeypatch.setenv("LRCOURSE_DATA", str(folder))
    for name in ("IONOSPHERE", "CIFAR10"):
        monkeypatch.setattr(datasets, name, down(getattr(datasets, name)))
    monkeypatch.setattr(datasets, "MNIST", tuple(map(down, MNIST)))
    entries = {
        name: entry._replace(files=tuple(map(down, entry.files)))
        for name, entry in CATALOGUE.items()
    }
    monkeypatch.setattr("lrcourse.__main__.CATALOGUE", entries)
    return folder


@pytest.fixture
def real(monkeypatch):
    monkeypatch.setenv("LRCOURSE_DATA", REAL)
    return Path(REAL)


def down(file):
    return file._replace(mirrors=tuple(mirror._replace(url=NOBODY) for mirror in file.mirrors))


def in_cache(cache, name, content):
    """Put a file into the cache; return it as published."""
    cache.mkdir(exist_ok=True)
    (cache / name).write_bytes(content)
    checksum = f"sha256:{hashlib.sha256(content).hexdigest()}"
    return File(name, (Mirror(NOBODY, checksum, len(content)),))


def test_every_file_has_a_checksum_a_length_and_mirrors_on_two_hosts():
    for file in (IONOSPHERE, *MNIST, CIFAR10):
        assert len({mirror.url.split("/")[2] for mirror in file.mirrors}) >= 2
        for mirror in file.mirrors:
            assert mirror.url.startswith("https://")
            algorithm, digest = mirror.checksum.split(":")
            assert len(bytes.fromhex(digest)) == hashlib.new(algorithm).digest_size
            assert mirror.size > 1000


def test_digits_and_breast_cancer_need_no_network():
    for dataset, shape in ((digits(), (1797, 64)), (breast_cancer(), (569, 30))):
        assert dataset.x.shape == shape and dataset.y.shape == shape[:1]
        assert dataset.source.startswith("scikit-learn ")
    assert (digits().x.min(), digits().x.max(), digits().x.dtype) == (0, 1, np.float32)
    assert np.bincount(digits().y).min() > 170
    assert breast_cancer().y.sum() == 357


def test_without_scikit_learn_its_data_sets_say_so(monkeypatch):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    with pytest.raises(DataUnavailable, match="digits comes with scikit-learn.* pip install"):
        digits()


def test_what_is_loaded_can_be_trained_on():
    data = standardized(stratified_split(breast_cancer(), 0.3, seed=0))
    history = fit(LogisticRegression(30), SGD([0.01, 0.1]), data, epochs=5, batch_size=10)
    assert (history.validation_accuracy[-1] > 0.93).all()


def test_equal_checksums_are_equal_numbers(monkeypatch, cache):
    rows = b"1,0,0.5,g\n0,1,-0.5,b\n"
    sums = []
    for content in (rows, rows.strip(), rows.replace(b"\n", b"\r\n"), rows.replace(b"5", b"6")):
        monkeypatch.setattr(datasets, "IONOSPHERE", in_cache(cache, "rows.csv", content))
        sums.append(ionosphere().checksum)
    assert sums[0] == sums[1] == sums[2] != sums[3]
    assert sums[0].startswith("sha256:") and len(sums[0]) == 71


def test_the_rows_of_ionosphere_are_read_as_written(monkeypatch, cache):
    monkeypatch.setattr(
        datasets, "IONOSPHERE", in_cache(cache, "rows.csv", b"1,0,0.99539,g\n0,1,-.5,b\n")
    )
    dataset = ionosphere()
    assert dataset.x.tolist() == [[1, 0, 0.99539], [0, 1, -0.5]]
    assert dataset.y.tolist() == [1, 0]


def test_the_files_of_mnist_are_read_as_published(monkeypatch, cache):
    generator = np.random.default_rng(0)
    arrays = [
        generator.integers(0, 256, shape, dtype=np.uint8)
        for shape in ((6, 28, 28), (6,), (3, 28, 28), (3,))
    ]
    files = tuple(
        in_cache(cache, file.name, gzip.compress(to_idx(array)))
        for file, array in zip(MNIST, arrays, strict=True)
    )
    monkeypatch.setattr(datasets, "MNIST", files)
    dataset = mnist()
    assert dataset.x.dtype == np.float32 and dataset.x.shape == (9, 784)
    assert np.array_equal(np.rint(dataset.x[:6] * 255), arrays[0].reshape(6, 784))
    assert dataset.y.tolist() == [*arrays[1], *arrays[3]]
    data = published_split(dataset)
    assert len(data.y_train) == 6 and data.y_validation.tolist() == arrays[3].tolist()


def cifar_archive(labels):
    """Return an archive of five batches and a test batch, and the pictures in it."""
    generator = np.random.default_rng(0)
    records = generator.integers(0, 256, (len(labels), 3073), dtype=np.uint8)
    records[:, 0] = labels
    names = [f"data_batch_{n}.bin" for n in range(1, 6)] + ["test_batch.bin"]
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w:gz") as archive:
        for name, batch in zip(names, np.split(records, 6), strict=True):
            member = tarfile.TarInfo(f"cifar-10-batches-bin/{name}")
            member.size = batch.nbytes
            archive.addfile(member, io.BytesIO(batch.tobytes()))
    return buffer.getvalue(), records[:, 1:].reshape(-1, 3, 32, 32)


def test_the_binary_edition_of_cifar10_is_read_as_published(monkeypatch, cache):
    labels = np.array([3, 5, 0, 9, 5, 3, 3, 1, 2, 5, 5, 3])
    content, pictures = cifar_archive(labels)
    monkeypatch.setattr(datasets, "CIFAR10", in_cache(cache, "cifar-10-binary.tar.gz", content))
    everything = cifar10()
    assert everything.x.shape == (12, 32, 32, 3) and everything.y.tolist() == labels.tolist()
    # Red, green and blue of a pixel are side by side here, and in planes in the file.
    assert np.rint(everything.x[4, 10, 20] * 255).tolist() == pictures[4, :, 10, 20].tolist()
    assert everything.test_rows == 2

    animals = cats_dogs()
    chosen = np.isin(labels, (3, 5))
    assert np.array_equal(animals.x, everything.x[chosen])
    assert animals.y.tolist() == (labels[chosen] == 5).tolist()
    assert animals.test_rows == 2
    assert "JPEG" not in animals.source and "JPEG" not in everything.source


def test_no_pickle_is_read(local, tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    content = dict.fromkeys(["x_train", "y_train", "x_test", "y_test"], np.array([Trap()]))
    for path, load in (("mnist.npz", mnist), ("cifar10_cats_dogs.npz", cats_dogs)):
        np.savez(local / path, **content)
        with pytest.raises(DataUnavailable, match="allow_pickle=False"):
            load()
        (local / path).write_bytes(b"\x80\x04K\x01.")  # a pickle of the number 1
        with pytest.raises(DataUnavailable, match="cannot be used"):
            load()
    assert not (tmp_path / "sprung").exists()


def shaped(shapes, **others):
    return {name: np.zeros(shape, np.uint8) for name, shape in shapes.items()} | others


def cut(content):
    return content[: len(content) * 2 // 3]


def flipped(content):
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 1]) + content[middle + 1 :]


@pytest.mark.parametrize(
    ("name", "arrays", "damage", "said"),
    [
        ("mnist.npz", {}, None, "x_train is not that of MNIST"),
        ("mnist.npz", {}, cut, "zip"),
        ("mnist.npz", {}, flipped, "."),
        ("mnist.npz", {}, lambda _: b"", "No data left"),
        ("mnist.npz", {}, lambda _: b"<html>", "pickle"),
        ("mnist.npz", {"y_test": np.zeros(3, np.uint8)}, None, r"y_test must be uint8 \(10000,\)"),
        ("mnist.npz", {"y_test": np.zeros(10_000)}, None, r"got float64 \(10000,\)"),
        ("cifar10_cats_dogs.npz", {}, None, "y_train must be as many 0 as 1"),
        ("cifar10_cats_dogs.npz", {"x_test": np.zeros(1, np.uint8)}, None, "x_test must be"),
    ],
)
def test_a_damaged_file_in_the_local_folder_is_said(local, name, arrays, damage, said):
    shapes = {"mnist.npz": datasets._MNIST_SHAPES}.get(name, datasets._CATS_DOGS_SHAPES)
    np.savez_compressed(local / name, **shaped(shapes, **arrays))
    if damage:
        (local / name).write_bytes(damage((local / name).read_bytes()))
    with pytest.raises(DataUnavailable, match=said) as raised:
        {"mnist.npz": mnist}.get(name, cats_dogs)()
    assert str(local / name) in str(raised.value) and "\n" not in str(raised.value)
    assert "cannot be used" in str(raised.value) and "Remove it" in str(raised.value)


def test_an_npz_without_an_array_is_said(local):
    np.savez(local / "mnist.npz", x_train=np.zeros(1))
    with pytest.raises(DataUnavailable, match="mnist.npz cannot be used: .*y_train|x_test|y_test"):
        mnist()


def test_a_truncated_ionosphere_in_the_local_folder_is_said(local):
    (local / "ionosphere.csv").write_text("1,0,0.5,g\n" * 351)
    with pytest.raises(DataUnavailable, match="not ionosphere.csv as it was published"):
        ionosphere()


@real_data
def test_what_uci_sends_is_what_the_local_folder_has(real, monkeypatch, cache):
    local = ionosphere()
    uci = (real / "ionosphere.csv").read_bytes().rstrip(b"\n") + b"\n"
    assert "sha256:" + hashlib.sha256(uci).hexdigest() == IONOSPHERE.mirrors[0].checksum
    server = Server(uci)
    try:
        mirror = IONOSPHERE.mirrors[0]._replace(url=server.address + "/drip")
        monkeypatch.setattr(datasets, "IONOSPHERE", File("ionosphere.csv", (mirror,)))
        monkeypatch.delenv("LRCOURSE_DATA")
        downloaded = ionosphere()
    finally:
        server.close()
    assert (cache / "ionosphere.csv").read_bytes() == uci
    assert np.array_equal(downloaded.x, local.x) and np.array_equal(downloaded.y, local.y)
    assert downloaded[2:] == local[2:]


@real_data
def test_the_last_third_of_ionosphere_is_nearly_all_good(real):
    dataset = ionosphere()
    assert dataset.x.shape == (351, 34) and np.abs(dataset.x).max() == 1
    data = tail_split(dataset, 0.33)
    assert (len(data.y_train), len(data.y_validation)) == (235, 116)
    assert data.y_validation.sum() == 107
    assert data.y_train.mean() == pytest.approx(0.5, abs=0.01)


@real_data
def test_the_local_mnist_is_the_published_one(real):
    dataset = mnist()
    assert dataset.x.shape == (70_000, 784) and dataset.x.dtype == np.float32
    assert (dataset.x.min(), dataset.x.max()) == (0, 1)
    assert dataset.y[:5].tolist() == [5, 0, 4, 1, 9]
    assert np.bincount(dataset.y[-10_000:]).tolist() == [
        980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009,
    ]  # fmt: skip
    assert dataset.test_rows == 10_000 and "JPEG" not in dataset.source


@real_data
def test_cats_and_dogs_from_jpeg_copies_say_so(real):
    dataset = cats_dogs()
    assert dataset.x.shape == (12_000, 32, 32, 3) and dataset.x.dtype == np.float32
    data = published_split(dataset)
    assert (data.y_train.sum(), data.y_validation.sum()) == (5_000, 1_000)
    assert data.y_train[:5_000].sum() == 0  # grouped by class: to be shuffled
    assert "JPEG" in dataset.source and "not the published pixels" in dataset.source


def lines(capsys):
    out, err = capsys.readouterr()
    assert err == ""
    table, _, folders = out.partition("\n\n")
    return {line.split()[0]: line for line in table.splitlines()[2:]}, folders


def test_the_command_lists_what_is_where(local, cache, capsys):
    np.savez(local / "mnist.npz", x=0)
    assert main(["data"]) == 0
    listed, folders = lines(capsys)
    assert list(listed) == list(CATALOGUE)
    assert listed["mnist"].endswith("11.6 MB     CC BY-SA 3.0  local folder (mnist.npz)")
    assert listed["ionosphere"].endswith("CC BY 4.0     not here")
    assert listed["cifar10"].split()[1:3] == ["170.1", "MB"]
    assert listed["digits"].endswith("comes with scikit-learn")
    assert str(local) in folders and str(cache) in folders


def test_half_a_file_is_not_listed(local, cache, capsys):
    cache.mkdir()
    (cache / "ionosphere.csv").write_bytes(b"1,0")
    assert main(["data", "ionosphere"]) == 0
    assert lines(capsys)[0]["ionosphere"].endswith("not here")


def test_the_command_fetches_what_is_named(local, cache, capsys, monkeypatch):
    server = Server(b"1,0,0.5,g\n" * 1000)
    try:
        file = server.file("/404", "/good", name="ionosphere.csv")
        entries = {"ionosphere": CATALOGUE["ionosphere"]._replace(files=(file,))}
        monkeypatch.setattr("lrcourse.__main__.CATALOGUE", CATALOGUE | entries)
        assert main(["data", "fetch", "ionosphere", "digits"]) == 0
        assert main(["data", "fetch", "ionosphere"]) == 0
    finally:
        server.close()
    assert len(server.requests) == 2
    assert lines(capsys)[0]["ionosphere"].endswith("cache")


@pytest.mark.parametrize(
    ("arguments", "code", "said"),
    [
        (
            ["iris"],
            2,
            "NAME must be one of ionosphere, mnist, cifar10, cats_dogs, digits, ",
        ),
        (["fetch", "iris"], 2, "got 'iris'"),
        (["fetch"], 1, "cannot get ionosphere.csv: 127.0.0.1:9: Connection refused"),
        (["fetch", "mnist"], 1, "as train-images-idx3-ubyte.gz in a folder and set the env"),
    ],
)
def test_what_cannot_be_fetched_gets_one_line(local, capsys, arguments, code, said):
    assert main(["data", *arguments]) == code
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith("lrcourse data: ") and said in err


def test_a_local_folder_that_is_not_there_gets_one_line(monkeypatch, capsys):
    monkeypatch.setenv("LRCOURSE_DATA", "nowhere")
    assert main(["data"]) == 1
    said = "LRCOURSE_DATA must name a folder, got 'nowhere', which is not there"
    assert capsys.readouterr() == ("", f"lrcourse data: {said}\n")


def test_data_are_loaded_without_what_downloads_them():
    heavy = ["pooch", "requests", "sklearn", "tqdm"]
    program = (
        "import sys, lrcourse.datasets, lrcourse.datasets.splits;"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    assert subprocess.check_output([sys.executable, "-c", program], text=True) == "[]\n"

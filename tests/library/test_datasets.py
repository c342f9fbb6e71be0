"""The data sets: their numbers, their origin, and what is not taken for them."""

import contextlib
import gzip
import hashlib
import io
import os
import sys
import tarfile
import zipfile
from importlib.util import find_spec
from pathlib import Path

import numpy as np
import pytest
from local_server import NOBODY, Server

from lrcourse.__main__ import main
from lrcourse.book import records
from lrcourse.datasets import (
    CATALOGUE,
    breast_cancer,
    cats_dogs,
    cifar10,
    digits,
    ionosphere,
    mnist,
    published_split,
    tail_split,
)
from lrcourse.datasets.downloads import FILES, DataUnavailable, File, Mirror
from lrcourse.datasets.formats import from_npz

SHIPPED = Path(find_spec("sklearn").origin).parent / "datasets" / "data"


pytestmark = pytest.mark.usefixtures("cache")


@pytest.fixture
def local(cache, tmp_path, monkeypatch):
    """An empty local folder, and mirrors that are all down."""
    folder = tmp_path / "local"
    folder.mkdir()
    monkeypatch.setenv("LRCOURSE_DATA", str(folder))
    for entry in CATALOGUE.values():
        monkeypatch.setattr(entry, "files", [down(file) for file in entry.files])
    return folder


def down(file):
    return file._replace(mirrors=tuple(mirror._replace(url=NOBODY) for mirror in file.mirrors))


@pytest.fixture
def published(cache, monkeypatch):
    """A function that puts files into the cache as those that were published for a data set."""

    def publish(name, contents, kind="files"):
        cache.mkdir(exist_ok=True)
        files = []
        for file, content in contents.items():
            (cache / file).write_bytes(content)
            sha256 = hashlib.sha256(content).hexdigest()
            files.append(File(file, (Mirror(NOBODY, sha256, len(content)),)))
        monkeypatch.setattr(CATALOGUE[name], kind, files)

    return publish


def recorded(name, size):
    return records.load(name, size).data["checksum"]


def test_every_file_has_a_checksum_a_length_and_most_of_them_mirrors_on_two_hosts():
    for name, file in FILES.items():
        urls = [mirror.url for mirror in file.mirrors if mirror.url]
        assert all(url.startswith("https://") for url in urls)
        if name.startswith(("ionosphere", "t10k", "train", "cifar-10")):
            assert len({url.split("/")[2] for url in urls}) >= 2
        for mirror in file.mirrors:
            assert len(bytes.fromhex(mirror.sha256)) == 32 and mirror.size > 1000


@pytest.mark.parametrize(
    ("load", "shape", "largest"), [(digits, (1797, 64), 16), (breast_cancer, (569, 30), 1)]
)
def test_the_numbers_are_those_that_scikit_learn_loads(load, shape, largest):
    from sklearn import datasets

    x, y = getattr(datasets, f"load_{load.__name__}")(return_X_y=True)
    dataset = load()
    assert dataset.x.shape == shape and np.array_equal(dataset.y, y)
    assert np.array_equal(dataset.x * largest, x)
    assert dataset.source.endswith("from scikit-learn")


@pytest.mark.parametrize("place", ["local folder", "cache"])
def test_a_file_of_scikit_learn_serves_without_it(local, cache, monkeypatch, capsys, place):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    folder = local if place == "local folder" else cache
    folder.mkdir(exist_ok=True)
    for name in ("digits.csv.gz", "breast_cancer.csv"):
        (folder / name).write_bytes((SHIPPED / name).read_bytes())
    assert digits().checksum == recorded("edge", "full")
    assert breast_cancer().checksum == recorded("ionosphere", "quick")
    assert main(["data", "digits"]) == 0
    assert lines(capsys)[0]["digits"].endswith(place)


def test_the_line_ends_of_scikit_learn_for_windows_are_right_too(local):
    unix = (SHIPPED / "breast_cancer.csv").read_bytes().replace(b"\r\n", b"\n")
    sums = set()
    for content in (unix, unix.replace(b"\n", b"\r\n")):
        (local / "breast_cancer.csv").write_bytes(content)
        sums.add(breast_cancer().checksum)
    assert sums == {recorded("ionosphere", "quick")}


@pytest.mark.parametrize("name", ["digits", "breast_cancer"])
def test_without_scikit_learn_and_without_a_file_both_remedies_are_said(local, monkeypatch, name):
    monkeypatch.setitem(sys.modules, "sklearn", None)
    monkeypatch.setattr(
        CATALOGUE[name], "files", [FILES[each.name] for each in CATALOGUE[name].files]
    )
    monkeypatch.setitem(sys.modules, "pooch", None)
    with pytest.raises(DataUnavailable) as raised:
        CATALOGUE[name].load()
    said = str(raised.value)
    assert "scikit-learn has it: pip install 'lrcourse[data]'" in said
    assert f"as {CATALOGUE[name].files[0].name} in a folder and set" in said
    assert CATALOGUE[name].place == "not here"


def test_ionosphere_is_read_as_written_and_equal_checksums_are_equal_numbers(published):
    rows, sums = b"1,0,0.99539,g\n0,1,-.5,b\n", []
    for content in (rows, rows.strip(), rows.replace(b"\n", b"\r\n"), rows.replace(b"5", b"6")):
        published("ionosphere", {"ionosphere.csv": content})
        dataset = ionosphere()
        sums.append(dataset.checksum)
        if content != rows.replace(b"5", b"6"):
            assert dataset.x.tolist() == [[1, 0, 0.99539], [0, 1, -0.5]]
            assert dataset.y.tolist() == [1, 0]
    assert sums[0] == sums[1] == sums[2] != sums[3]
    assert sums[0].startswith("sha256:") and len(sums[0]) == 71


def idx(array):
    lengths = b"".join(length.to_bytes(4, "big") for length in array.shape)
    return gzip.compress(bytes([0, 0, 8, array.ndim]) + lengths + array.tobytes())


def npz(**arrays):
    buffer = io.BytesIO()
    np.savez_compressed(buffer, **arrays)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["files", "instead"])
def test_mnist_is_read_as_published_from_its_four_files_and_from_one(published, kind):
    generator = np.random.default_rng(0)
    shapes = {"x_train": (6, 28, 28), "y_train": (6,), "x_test": (3, 28, 28), "y_test": (3,)}
    arrays = {name: generator.integers(0, 256, shape, np.uint8) for name, shape in shapes.items()}
    published("mnist", {"mnist.npz": npz(**arrays)}, "instead")
    if kind == "files":
        four = (file.name for file in CATALOGUE["mnist"].files)
        published("mnist", dict(zip(four, map(idx, arrays.values()), strict=True)))
        published("mnist", {}, "instead")
    dataset = mnist()
    assert dataset.x.dtype == np.float32 and dataset.x.shape == (9, 784)
    assert np.array_equal(np.rint(dataset.x[:6] * 255), arrays["x_train"].reshape(6, 784))
    assert dataset.y.tolist() == [*arrays["y_train"], *arrays["y_test"]]
    data = published_split(dataset)
    assert len(data.y_train) == 6 and data.y_validation.tolist() == arrays["y_test"].tolist()


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


def test_the_binary_edition_of_cifar10_is_read_as_published(published):
    labels = np.array([3, 5, 0, 9, 5, 3, 3, 1, 2, 5, 5, 3])
    content, pictures = cifar_archive(labels)
    for name in ("cifar10", "cats_dogs"):
        published(name, {"cifar-10-binary.tar.gz": content})
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


def test_no_pickle_is_read(tmp_path):
    class Trap:
        def __reduce__(self):
            return Path.touch, (tmp_path / "sprung",)

    trap = npz(**dict.fromkeys(["x_train", "y_train", "x_test", "y_test"], np.array([Trap()])))
    (tmp_path / "mnist.npz").write_bytes(trap)
    with pytest.raises(ValueError, match="allow_pickle=False"):
        from_npz(tmp_path / "mnist.npz")
    assert not (tmp_path / "sprung").exists()


def npy(header):
    text = header.encode("latin1")
    return b"\x93NUMPY\x01\x00" + len(text).to_bytes(2, "little") + text


def zipped(content, flags=b"\0"):
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w", zipfile.ZIP_DEFLATED) as archive:
        for name in ("x_train", "y_train", "x_test", "y_test"):
            archive.writestr(f"{name}.npy", content)
    # The flags of a member, in the archive's directory and before the member itself.
    return (
        buffer.getvalue()
        .replace(b"PK\x01\x02\x14\x03\x14\0\0", b"PK\x01\x02\x14\x03\x14\0" + flags)
        .replace(b"PK\x03\x04\x14\0\0", b"PK\x03\x04\x14\0" + flags)
    )


SHAPE = "{'descr': '|u1', 'fortran_order': False, 'shape': %s}"
HOSTILE = {
    "empty": b"",
    "binary": bytes(range(256)) * 9,
    "web page": b"<html>Please log in</html>",
    "pickle": b"\x80\x04K\x01.",
    "nested header": zipped(npy("(" * 9_000)),
    "nested shape": zipped(npy(SHAPE % ("[" * 500 + "]" * 500))),
    "overlong header": zipped(npy(SHAPE % "(1,)" + " " * 60_000)),
    "huge shape": zipped(npy(SHAPE % "(10**6, 10**6)".replace("10**6", "1000000"))),
    "encrypted": zipped(npy(SHAPE % "(1,)"), b"\x01"),
    "zip bomb": zipped(npy(SHAPE % "(60000, 28, 28)") + bytes(50_000_000)),
    "gzip bomb": gzip.compress(bytes(50_000_000)),
    "one array": npz(x_train=np.zeros(1)),
}


def damaged(content):
    """Yield what becomes of a file: cut off, with more behind it, with a bit flipped."""
    generator = np.random.default_rng(0)
    yield content + b"\n"
    for _ in range(5):
        yield content[: generator.integers(len(content))]
    for _ in range(15):
        changed = bytearray(content)
        changed[generator.integers(len(content))] ^= 1 << generator.integers(8)
        yield bytes(changed)


@pytest.mark.parametrize("file", FILES)
def test_whatever_is_in_a_damaged_file_is_refused_in_one_line_that_names_it(local, file):
    whole = SHIPPED / file
    contents = [*HOSTILE.values(), *damaged(HOSTILE["one array"])]
    if whole.exists():
        contents += damaged(whole.read_bytes())
    entries = CATALOGUE.values()
    names = [[each.name for each in (*entry.instead, *entry.files)] for entry in entries]
    load, *_ = [entry.load for entry, known in zip(entries, names, strict=True) if file in known]
    for content in contents:
        (local / file).write_bytes(content)
        with pytest.raises(DataUnavailable) as raised:
            load()
        said = f"{local / file} cannot be used: its checksum is not that of {file} as it was"
        assert str(raised.value).startswith(said) and "\n" not in str(raised.value)


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may read all")
def test_a_file_that_may_not_be_read_is_said(local):
    (local / "ionosphere.csv").touch(0o000)
    with pytest.raises(DataUnavailable, match=r"ionosphere.csv cannot be used: Permission denied"):
        ionosphere()


def test_what_uci_sends_is_what_the_local_folder_has(real, monkeypatch, cache):
    local = ionosphere()
    uci = (real / "ionosphere.csv").read_bytes().rstrip(b"\n") + b"\n"
    mirror = FILES["ionosphere.csv"].mirrors[0]
    assert hashlib.sha256(uci).hexdigest() == mirror.sha256
    with contextlib.closing(Server(uci)) as server:
        files = [File("ionosphere.csv", (mirror._replace(url=server.address + "/drip"),))]
        monkeypatch.setattr(CATALOGUE["ionosphere"], "files", files)
        monkeypatch.delenv("LRCOURSE_DATA")
        downloaded = ionosphere()
    assert (cache / "ionosphere.csv").read_bytes() == uci
    assert np.array_equal(downloaded.x, local.x) and np.array_equal(downloaded.y, local.y)
    assert downloaded[2:] == local[2:]


def test_the_last_third_of_ionosphere_is_nearly_all_good(real):
    dataset = ionosphere()
    assert dataset.checksum == recorded("ionosphere", "full")
    assert dataset.x.shape == (351, 34) and np.abs(dataset.x).max() == 1
    data = tail_split(dataset, 0.33)
    assert (len(data.y_train), len(data.y_validation)) == (235, 116)
    assert data.y_validation.sum() == 107
    assert data.y_train.mean() == pytest.approx(0.5, abs=0.01)


def test_the_local_mnist_is_the_published_one(real):
    dataset = mnist()
    assert dataset.checksum == recorded("factors", "full")
    assert dataset.x.shape == (70_000, 784) and dataset.x.dtype == np.float32
    assert (dataset.x.min(), dataset.x.max()) == (0, 1)
    assert dataset.y[:5].tolist() == [5, 0, 4, 1, 9]
    counts = [980, 1135, 1032, 1010, 982, 892, 958, 1028, 974, 1009]
    assert np.bincount(dataset.y[-10_000:]).tolist() == counts
    assert dataset.test_rows == 10_000 and "JPEG" not in dataset.source


def test_cats_and_dogs_from_jpeg_copies_say_so(real):
    dataset = cats_dogs()
    assert dataset.checksum == recorded("images", "full")
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
    (local / "mnist.npz").write_bytes(b"cut off")
    cache.mkdir()
    (cache / "ionosphere.csv").write_bytes(b"1,0")  # half a file
    assert main(["data"]) == 0
    listed, folders = lines(capsys)
    assert list(listed) == list(CATALOGUE)
    assert listed["mnist"].endswith("11.6 MB     CC BY-SA 3.0  not usable")
    assert listed["ionosphere"].endswith("CC BY 4.0     not here")
    assert listed["cifar10"].split()[1:3] == ["170.1", "MB"]
    assert listed["digits"].endswith("CC BY 4.0     scikit-learn")
    assert str(local) in folders and str(cache) in folders


def test_the_command_fetches_what_is_named(local, capsys, monkeypatch):
    with contextlib.closing(Server(b"1,0,0.5,g\n" * 1000)) as server:
        file = server.file("/404", "/good", name="ionosphere.csv")
        monkeypatch.setattr(CATALOGUE["ionosphere"], "files", [file])
        assert main(["data", "fetch", "ionosphere", "digits"]) == 0
        assert main(["data", "fetch", "ionosphere"]) == 0
    assert len(server.requests) == 2
    assert lines(capsys)[0]["ionosphere"].endswith("cache")


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        ([], "cannot get ionosphere.csv: 127.0.0.1:9: Connection refused"),
        (["mnist"], "as train-images-idx3-ubyte.gz in a folder and set the env"),
    ],
)
def test_what_cannot_be_fetched_gets_one_line(local, capsys, arguments, said):
    assert main(["data", "fetch", *arguments]) == 1
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1
    assert err.startswith("lrcourse data: ") and said in err

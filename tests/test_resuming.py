"""A training that was interrupted ends as if it had not been."""

import signal
import subprocess
import sys
import time

import numpy as np
import pytest

from lrcourse import fit, storage, training
from lrcourse.datasets import Data
from lrcourse.models import ConvolutionalNetwork, LogisticRegression, MultilayerPerceptron
from lrcourse.optimizers import SGD, Adam
from lrcourse.schedules import cosine

RESULTS = (
    "updates", "train_loss", "train_accuracy", "validation_loss", "validation_accuracy",
    "best_update", "diverged_at", "applied_rate", "learning_rates",
)  # fmt: skip


@pytest.fixture(scope="module")
def data():
    generator = np.random.default_rng(0)
    x = generator.random((120, 6)).astype(np.float32)
    return Data(x[:80], (x[:80, 0] > 0.5) * 1.0, x[80:], (x[80:, 0] > 0.5) * 1.0)


def same(one, other):
    for name in RESULTS:
        assert np.array_equal(getattr(one, name), getattr(other, name), equal_nan=True), name
    for name in ("parameters", "best_parameters", "path"):
        pairs = zip(getattr(one, name) or [], getattr(other, name) or [], strict=True)
        assert all(np.array_equal(a, b, equal_nan=True) for a, b in pairs), name


class Stop(Exception):
    pass


@pytest.mark.parametrize(
    "optimizer",
    [SGD([0.1, 1e30]), SGD(cosine(0.5, 30), momentum=0.9), Adam([0.01, 0.1])],
)
@pytest.mark.parametrize("keep_path", [False, True])
def test_a_training_resumed_after_any_epoch_equals_one_never_interrupted(
    optimizer, keep_path, data, tmp_path, monkeypatch
):
    model = MultilayerPerceptron([6, 5, 1], dropout=0.2)
    settings = {"epochs": 5, "batch_size": 30, "evaluate_every": 2, "keep_path": keep_path}
    whole = fit(model, optimizer, data, **settings)
    path = tmp_path / "training.npz"
    monkeypatch.setattr(training.time, "monotonic", iter(range(0, 10**6, 10)).__next__)
    write = storage.save
    for _ in range(4):  # each gets one epoch further

        def stop_after(*arguments):
            write(*arguments)
            raise Stop

        monkeypatch.setattr(storage, "save", stop_after)
        with pytest.raises(Stop):
            fit(model, optimizer, data, checkpoint=path, **settings)
    monkeypatch.setattr(storage, "save", write)
    same(fit(model, optimizer, data, checkpoint=path, **settings), whole)
    same(fit(model, optimizer, data, checkpoint=path, **settings), whole)  # all from the file


def test_a_checkpoint_of_another_training_is_refused(data, tmp_path):
    path = tmp_path / "training.npz"
    settings = {"epochs": 1, "batch_size": 40, "checkpoint": path}
    fit(LogisticRegression(6), SGD(0.1), data, **settings)
    for model, optimizer, changed in (
        (LogisticRegression(6), SGD(0.2), {}),
        (LogisticRegression(6), SGD(0.1), {"epochs": 2}),
        (LogisticRegression(6), SGD(0.1), {"seed": 1}),
        (MultilayerPerceptron([6, 1]), SGD(0.1), {}),
    ):
        with pytest.raises(ValueError, match="checkpoint .* was made with other settings"):
            fit(model, optimizer, data, **settings | changed)


@pytest.mark.parametrize("content", [b"", b"text", b"PK\x03\x04 cut off"])
def test_a_damaged_checkpoint_is_named(content, data, tmp_path):
    path = tmp_path / "training.npz"
    path.write_bytes(content)
    with pytest.raises(ValueError, match="not a file of saved work, or is damaged"):
        fit(LogisticRegression(6), SGD(0.1), data, epochs=1, batch_size=40, checkpoint=path)


def test_a_pickle_is_never_loaded(tmp_path):
    path = tmp_path / "training.npz"
    np.savez(path, content=np.array([{}], object))
    with pytest.raises(ValueError, match="not a file of saved work"):
        storage.load(path)


def test_what_is_saved_comes_back(tmp_path):
    tree = {
        "none": None, "numbers": [1, 2.5, np.int64(3)], "big": 2**127, "nan": float("nan"),
        "nested": {"array": np.arange(3), "list": [np.ones(2, np.float32), {"text": "学习率"}]},
    }  # fmt: skip
    storage.save(tmp_path / "tree.npz", tree)
    again = storage.load(tmp_path / "tree.npz")
    assert again["big"] == 2**127 and again["numbers"] == [1, 2.5, 3] and np.isnan(again["nan"])
    assert again["nested"]["array"].tolist() == [0, 1, 2]
    assert again["nested"]["list"][0].dtype == np.float32
    assert again["nested"]["list"][1] == {"text": "学习率"}


def test_a_write_that_fails_leaves_the_old_file_and_no_other(tmp_path, monkeypatch):
    path = tmp_path / "tree.npz"
    storage.save(path, {"a": 1})

    def full(*_, **__):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(np, "savez", full)
    with pytest.raises(OSError, match="No space left"):
        storage.save(path, {"a": 2})
    assert storage.load(path) == {"a": 1}
    assert [file.name for file in tmp_path.iterdir()] == ["tree.npz"]


def test_ctrl_c_leaves_a_file_to_go_on_from(tmp_path):
    program = (
        "from lrcourse import fit; from lrcourse.datasets import school_district as data\n"
        "from lrcourse.models import LogisticRegression as L; from lrcourse.optimizers import SGD\n"
        "import sys; fit(L(2), SGD(0.1), data(), epochs=100_000, batch_size=10,"
        " checkpoint=sys.argv[1])"
    )
    path = tmp_path / "training.npz"
    process = subprocess.Popen([sys.executable, "-c", program, path], stderr=subprocess.PIPE)
    for _ in range(300):
        time.sleep(0.1)
        if path.exists():
            break
    process.send_signal(signal.SIGINT)
    assert b"KeyboardInterrupt" in process.communicate(timeout=60)[1]
    assert storage.load(path)["update"] % 160 == 0
    assert [file.name for file in tmp_path.iterdir()] == ["training.npz"]


def test_the_optimizer_given_stays_as_it_is(data):
    optimizer = Adam(0.01)
    first = fit(LogisticRegression(6), optimizer, data, epochs=2, batch_size=40)
    same(fit(LogisticRegression(6), optimizer, data, epochs=2, batch_size=40), first)


def test_the_rate_of_every_checkpoint_is_recorded(data):
    schedule = cosine(0.5, 8)
    history = fit(LogisticRegression(6), SGD(schedule), data, epochs=4, batch_size=40)
    assert history.updates.tolist() == [0, 2, 4, 6, 8]
    assert np.array_equal(history.applied_rate[:, 0], schedule(history.updates))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_autoencoder_has_its_inputs_as_targets(dtype, monkeypatch):
    x = np.random.default_rng(0).random((50, 8)).astype(dtype)
    data = Data(x[:40], x[:40], x[40:], x[40:])
    history = fit(MultilayerPerceptron([8, 3, 8]), Adam([0.1, 0.01]), data, epochs=9, batch_size=7)
    assert history.train_loss[-1, 0] < history.train_loss[0, 0]
    assert history.parameters[0].dtype == dtype
    copied = Data(x[:40], x[:40].copy(), x[40:], x[40:].copy())
    same(
        fit(MultilayerPerceptron([8, 3, 8]), Adam([0.1, 0.01]), copied, epochs=9, batch_size=7),
        history,
    )


def test_a_small_memory_changes_a_loss_by_rounding_alone(data, monkeypatch):
    model = MultilayerPerceptron([6, 5, 1])
    whole = fit(model, Adam([0.1, 0.01, 0.03]), data, epochs=3, batch_size=7)
    monkeypatch.setattr(training, "AT_ONCE", 40)
    pieces = fit(model, Adam([0.1, 0.01, 0.03]), data, epochs=3, batch_size=7)
    for name in ("parameters", "best_update"):
        assert all(map(np.array_equal, getattr(whole, name), getattr(pieces, name)))
    assert pieces.train_loss == pytest.approx(whole.train_loss, rel=1e-6)
    assert pieces.validation_accuracy == pytest.approx(whole.validation_accuracy)
    alone = fit(model, Adam(0.01), data, epochs=3, batch_size=7)
    assert np.array_equal(alone.train_loss[:, 0], pieces.train_loss[:, 1])


@pytest.mark.parametrize("optimizer", [SGD, Adam])
def test_a_rate_learns_the_same_in_any_company_whatever_the_model(optimizer):
    generator = np.random.default_rng(0)
    images = generator.random((40, 1, 8, 8)).astype(np.float32)
    data = Data(images[:30], np.arange(30) % 2, images[30:], np.arange(10) % 2)
    model = ConvolutionalNetwork((1, 8, 8))
    rates = [0.001, 0.01, 0.1]
    together = fit(model, optimizer(rates), data, epochs=2, batch_size=8)
    for run, rate in enumerate(rates):
        alone = fit(model, optimizer(rate), data, epochs=2, batch_size=8)
        assert np.array_equal(alone.train_loss[:, 0], together.train_loss[:, run])
        for one, several in zip(alone.parameters, together.parameters, strict=True):
            assert np.array_equal(one[0], several[run])


def test_multipliers_give_every_parameter_its_own_rate(data):
    model = MultilayerPerceptron([6, 5, 1])
    frozen = fit(model, SGD(0.1, multipliers=[0, 0, 1, 1]), data, epochs=2, batch_size=7)
    initial = model.initialize(1, 0, np.float32)
    assert np.array_equal(frozen.parameters[0], initial[0])
    assert not np.array_equal(frozen.parameters[2], initial[2])

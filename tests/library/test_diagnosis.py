"""What the diagnosis reads, says and refuses."""

import json
import time

import numpy as np
import pytest

from lrcourse import use_language
from lrcourse.__main__ import main
from lrcourse.diagnosis import FAULTS, Diagnosis, Record, diagnose, parse, read
from lrcourse.language import labels
from lrcourse.schedules import cosine, linear, warmup

FALLING = 2.0 ** -np.arange(40.0)
NOISY = FALLING + 0.3 * np.random.default_rng(0).normal(size=40)
KERAS = {"loss": FALLING.tolist(), "val_loss": (FALLING + 0.1).tolist(), "lr": [0.1] * 40}


@pytest.mark.parametrize(
    ("fault", "record"),
    [
        ("none", Record(FALLING)),
        ("diverged", Record([*FALLING[:20], np.nan, *FALLING[20:]])),
        ("diverged", Record([*FALLING[:20], np.inf])),
        ("diverged", Record(2.0 ** np.arange(40.0))),
        ("rate too high", Record(NOISY)),
        ("rate too low", Record(1 - np.arange(40) / 100)),
        ("never fell", Record(np.ones(40))),
        ("overfitting", Record(FALLING, (np.arange(40) - 10.0) ** 2)),
        ("ended early", Record(FALLING, (), linear(0.1, 20)(range(40)))),
        ("decay too fast", Record(FALLING, (), 0.1 * 0.5 ** np.arange(0, 400, 10.0))),
        ("hardly moves", Record(FALLING, (), cosine(0.1, 400)(range(40)))),
        ("hardly moves", Record(FALLING, (), warmup(cosine(0.1, 400), 100)(range(40)))),
        ("restarted", Record(FALLING, (), cosine(0.1, 40)([*range(20), *range(20)]))),
        ("plateau always", Record(FALLING, (), 0.1 * 0.5 ** (np.arange(40) // 4))),
        ("none", Record(FALLING, (), cosine(0.1, 40)(range(40)))),
        ("none", Record(FALLING, (), warmup(linear(0.1, 35), 5)(range(40)))),
    ],
)
def test_a_plain_record_shows_its_fault(fault, record):
    found = diagnose(record)
    assert found.fault == fault
    assert found.sure >= 0.6


def test_what_else_is_odd_is_noted():
    rates = warmup(cosine(0.1, 35), 5)(range(40))
    assert "The first rate is 0" in diagnose(Record(FALLING, (), rates)).notes[0]
    early = np.where(np.arange(40) < 29, 0.1, 0.01)
    assert "drops at 29, one before a round number" in diagnose(Record(FALLING, (), early)).notes[0]
    norms = 10.0 ** np.linspace(0, 3, 40)
    notes = diagnose(Record(FALLING, gradient_norms=norms)).notes
    assert notes[0].startswith("The norm of the gradient grew")
    never = diagnose(Record(FALLING, (), np.full(40, 0.1))).notes
    assert "a plateau rule, if there is one, did not fire" in never[0]


def lightning():
    rows = [
        [f"{0.1:g},{epoch},,{epoch * 10 + 9},,{loss}", f",{epoch},{loss + 0.1},{epoch * 10 + 9},,"]
        for epoch, loss in enumerate(FALLING)
    ]
    lines = [line for pair in rows for line in pair]
    return "\n".join(["lr-SGD,epoch,val_loss,step,train_loss_step,train_loss_epoch", *lines])


def transformers():
    steps = [
        {"loss": loss, "learning_rate": 0.1, "grad_norm": 1.0, "epoch": i / 4, "step": 10 * i}
        for i, loss in enumerate(FALLING)
    ]
    evaluations = [{"eval_loss": loss + 0.1, "step": 10 * i} for i, loss in enumerate(FALLING)]
    return json.dumps({"best_metric": None, "log_history": [*steps, *evaluations]})


FORMATS = {
    "csv": "epoch,loss,val_loss,lr\n"
    + "".join(f"{e},{loss},{loss + 0.1},0.1\n" for e, loss in enumerate(FALLING)),
    "semicolons": "epoch;train_loss;val_loss;learning_rate\r\n"
    + "".join(f"{e};{loss};{loss + 0.1};0.1\r\n" for e, loss in enumerate(FALLING)),
    "keras": json.dumps(KERAS),
    "keras in a dict": json.dumps({"history": KERAS}),
    "lightning": lightning(),
    "transformers": transformers(),
    "json lines": "\n".join(
        json.dumps({"loss": loss, "val_loss": loss + 0.1, "lr": 0.1}) for loss in FALLING
    ),
    "log": "\n".join(
        f"[2024-01-01 10:00:00] Epoch {e}/40: train loss: {loss:.3e}, val loss: {loss + 0.1:.6f} "
        "lr 1e-1"
        for e, loss in enumerate(FALLING)
    ),
    "log of words": "\n".join(
        f"epoch {e} loss {loss:.3e} val_loss {loss + 0.1:.6f} lr=0.1"
        for e, loss in enumerate(FALLING)
    ),
}


@pytest.mark.parametrize("name", FORMATS)
def test_a_format_that_people_have_is_read(name, tmp_path):
    path = tmp_path / name
    path.write_text(FORMATS[name], "utf-8")
    record = read(path)
    assert record.losses == pytest.approx(FALLING, rel=1e-3)
    assert record.validation_losses == pytest.approx(FALLING + 0.1, rel=1e-5)
    assert record.learning_rates.tolist() == [0.1] * 40


def test_tensorboards_download_is_read():
    text = "Wall time,Step,Value\n" + "".join(f"1.6e9,{i},{v}\n" for i, v in enumerate(FALLING))
    assert parse(text).losses.tolist() == FALLING.tolist()


def test_a_byte_order_mark_and_nan_are_read(tmp_path):
    path = tmp_path / "log"
    path.write_bytes("loss,lr\n1,nan\nNaN,1\ninf,2\n".encode("utf-16"))
    assert np.array_equal(read(path).losses, [1, np.nan, np.inf], equal_nan=True)


HOSTILE = {
    "empty": b"",
    "blank": b" \n\n ",
    "binary": bytes(range(256)) * 100,
    "no loss": b"a,b\n1,2\n",
    "prose": "今天天气很好。\n".encode() * 100,
    "half of a json": b'{"loss": [1, 2,',
    "nested": b"[" * 100_000,
    "one loss": b"loss,lr\n1,2\n",
    "long line": b"loss," + b"x" * 2_000_000,
    "long number": b'{"loss": [' + b"9" * 10_000 + b"]}",
    "words for losses": b'{"loss": ["a", null, {}]}',
    "an unclosed quote": b'loss,lr\n"' + b"1,2\n" * 50_000,
    "brackets": b"{" * 1000,
    "equal signs": b"loss" + b"=" * 1_000_000,
    "spaces": b"lr" + b" " * 1_000_000 + b"x",
}


@pytest.mark.parametrize("name", HOSTILE)
def test_a_file_that_cannot_be_diagnosed_gets_one_line(name, tmp_path, capsys):
    path = tmp_path / "file"
    path.write_bytes(HOSTILE[name])
    began = time.process_time()
    assert main(["diagnose", str(path)]) == 2
    assert time.process_time() - began < 10
    out, err = capsys.readouterr()
    assert out == "" and err.count("\n") == 1 and err.startswith("lrcourse diagnose: ")


@pytest.mark.parametrize("name", ["missing", ".", "/dev/zero", "/dev/stdin"])
def test_what_is_no_file_gets_one_line(name, tmp_path, capsys):
    path = name if name.startswith("/") else str(tmp_path / name)
    assert main(["diagnose", path]) == 2
    assert capsys.readouterr().err.startswith("lrcourse diagnose: FILE must be a file")


@pytest.mark.parametrize("form", ["csv", "log"])
def test_a_million_lines_take_seconds(form, tmp_path, capsys):
    path, falling = tmp_path / "long", np.exp(-np.arange(1_000_000) / 1e5) + 0.1
    line = "{0},{1:.6f},0.1\n" if form == "csv" else "step {0} loss {1:.6f} lr 0.1\n"
    head = "step,loss,lr\n" if form == "csv" else ""
    path.write_text(head + "".join(map(line.format, range(1_000_000), falling)), "utf-8")
    began = time.process_time()
    assert main(["diagnose", str(path)]) == 0
    assert time.process_time() - began < 10
    assert "healthy" in capsys.readouterr().out


def test_the_command_prints_a_paragraph_or_json(tmp_path, capsys):
    path = tmp_path / "history.json"
    path.write_text(json.dumps(KERAS), "utf-8")
    assert main(["diagnose", str(path)]) == 0
    text = capsys.readouterr().out
    assert text.startswith("This looks like a healthy training") and text.count("\n") == 1
    assert main(["diagnose", str(path), "--format", "json"]) == 0
    found = json.loads(capsys.readouterr().out)
    assert found["fault"] == "none" and found["text"] == text.strip()


def test_every_sentence_has_its_chinese():
    assert {text for texts in FAULTS.values() for text in texts} <= set(labels())
    assert set(FAULTS) | {"unclear"} <= set(labels())
    try:
        use_language("zh")
        assert "学习率" in str(diagnose(Record(NOISY)))
        unclear = Diagnosis("unclear", 0.0, [], ["none", "rate too low"])
        assert not any(map(str.isascii, str(unclear).split("，")))
        rates = warmup(cosine(0.1, 35), 5)(range(40))
        assert diagnose(Record(FALLING, (), rates)).notes[0].startswith("第一个学习率是 0")
    finally:
        use_language("en")


@pytest.mark.parametrize(
    ("record", "error", "message"),
    [
        (None, TypeError, "record must be a Record, got None"),
        ({"loss": [1]}, ValueError, "record must have losses, and at most"),
        ({"losses": [1, 2]}, ValueError, "record must have at least 8 losses, got 2"),
        ({"losses": ["a"] * 9}, TypeError, "losses must be an array of numbers"),
        ({"losses": [[1] * 9]}, ValueError, "losses must have 1 axes"),
    ],
)
def test_what_is_no_record_is_named(record, error, message):
    with pytest.raises(error, match=message):
        diagnose(record)

"""rollcast fit and predict, from outside: what was learned survives the file."""

import csv
import io
import json
import math
import os
import pathlib
import struct
import subprocess
import xml.etree.ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROLLCAST = ROOT / os.environ.get("BUILD", "build") / "rollcast"
AIRLINE = ROOT / "tests/data/airline-passengers.csv"
QUICK = ("--hidden", 8, "--epochs", 10)


def run(verb, *arguments, status=0):
    done = subprocess.run([ROLLCAST, verb, *map(str, arguments)], capture_output=True, text=True,
                          timeout=60)
    assert done.returncode == status, done.stderr
    return done.stdout if status == 0 else done.stderr


def predict(*arguments):
    rows = list(csv.DictReader(io.StringIO(run("predict", *arguments))))
    return [row["time"] for row in rows], [float(row["forecast"]) for row in rows]


@pytest.fixture
def model(tmp_path):
    file = tmp_path / "airline.safetensors"
    run("fit", AIRLINE, "--out", file, "--horizon", 3, *QUICK)
    return file


def test_what_was_learned_is_in_the_file(tmp_path):
    sine, model = tmp_path / "sine.csv", tmp_path / "sine.safetensors"
    value = lambda i: 100 + 10 * math.sin(i / 3)
    sine.write_text("time,v\n" + "".join(f"{1700000000 + 60 * i},{value(i)}\n" for i in range(300)))
    for cell in ("lstm", "gru", "rnn"):
        said = run("fit", sine, "--out", model, "--cell", cell, "--horizon", 4, "--hidden", 16,
                   "--epochs", 120, "--rate", 0.01, "--activation", "tanh")
        assert "trained on 287 windows" in said
        times, forecast = predict(model, sine)
        assert times[0] == "2023-11-15T03:13:20Z"
        for i in range(4):
            assert forecast[i] == pytest.approx(value(300 + i), abs=2), cell


def test_the_same_seed_writes_the_same_bytes(tmp_path, model):
    again, other = tmp_path / "again", tmp_path / "other"
    run("fit", AIRLINE, "--out", again, "--horizon", 3, *QUICK)
    run("fit", AIRLINE, "--out", other, "--horizon", 3, *QUICK, "--seed", 2)
    assert model.read_bytes() == again.read_bytes()
    assert model.read_bytes() != other.read_bytes()


def test_the_file_is_safetensors(model):
    data = model.read_bytes()
    size, = struct.unpack_from("<Q", data)
    header = json.loads(data[8:8 + size])
    assert all(isinstance(value, str) for value in header.pop("__metadata__").values())
    assert header["weight_hh_l0"]["shape"] == [4 * 8, 8], "PyTorch's names and shapes"
    end = max(tensor["data_offsets"][1] for tensor in header.values())
    assert end == len(data) - 8 - size


def test_months_go_on_behind_the_end(model):
    times, forecast = predict(model, AIRLINE)
    assert times == ["1961-01", "1961-02", "1961-03"]
    assert all(math.isfinite(value) for value in forecast)
    result = json.loads(run("predict", model, AIRLINE, "--json"))
    assert result["times"] == times and result["forecast"] == pytest.approx(forecast)
    assert (result["series"], result["step"], result["origin"]) == ("Passengers", "month", "1960-12")


def test_beyond_its_horizon_it_forecasts_from_forecasts(tmp_path, model):
    times, forecast = predict(model, AIRLINE, "--horizon", 7)
    assert len(times) == 7 and times[-1] == "1961-07"
    first = predict(model, AIRLINE)[1]
    assert forecast[:3] == first
    longer = tmp_path / "longer.csv"
    longer.write_text(AIRLINE.read_text().rstrip() + "\n" + "".join(
        f"1961-0{i + 1},{value!r}\n" for i, value in enumerate(first)))
    assert forecast[3:6] == pytest.approx(predict(model, longer)[1], rel=1e-5)
    assert predict(model, AIRLINE, "--horizon", 2)[1] == first[:2]


def test_a_file_of_another_step_is_refused(tmp_path, model):
    days = tmp_path / "days.csv"
    days.write_text("d,v\n" + "".join(f"2024-01-{i + 1:02},{i}\n" for i in range(31)))
    said = run("predict", model, days, status=1)
    assert "its step is day, the model was trained on steps of month" in said


def test_a_file_that_is_too_short_is_refused(tmp_path, model):
    short = tmp_path / "short.csv"
    short.write_text("\n".join(AIRLINE.read_text().splitlines()[:9]))
    assert "the model reads 10 values, there are 8" in run("predict", model, short, status=1)
    assert "too few for windows" in run("fit", short, "--out", tmp_path / "x", status=1)


def test_the_plot_shows_the_series_and_its_forecast(tmp_path, model):
    svg = tmp_path / "a.svg"
    run("predict", model, AIRLINE, "--plot", svg)
    texts = " ".join(xml.etree.ElementTree.parse(svg).getroot().itertext())
    assert "Passengers: forecast of 3 steps (month)" in texts and "lstm" in texts


def test_damaged_models_are_refused(tmp_path, model):
    good, bad = model.read_bytes(), tmp_path / "bad"
    size, = struct.unpack_from("<Q", good)
    nan = struct.pack("<f", math.nan)
    damaged = [b"", b"x", good[:7], good[:8 + size // 2], good[:-1], good[:-4] + nan, good + b"x",
               struct.pack("<Q", 1 << 60) + good[8:], struct.pack("<Q", 2) + b"{}",
               good.replace(b'"hidden":"8"', b'"hidden":"9"'),
               good.replace(b'"lookback":"10"', b'"lookback":"-1"'),
               good.replace(b'"lookback":"10"', b'"lookbacK":"10"')]
    for data in damaged:
        if data == good:
            continue
        bad.write_bytes(data)
        assert str(bad) in run("predict", bad, AIRLINE, status=1)
    for at in range(0, 8 + size, 3):
        bad.write_bytes(good[:at] + bytes([good[at] ^ 0x15]) + good[at + 1:])
        done = subprocess.run([ROLLCAST, "predict", bad, AIRLINE], capture_output=True, timeout=60)
        assert done.returncode in (0, 1)


def test_says_when_a_training_diverges(tmp_path):
    out = tmp_path / "x"
    said = run("fit", AIRLINE, "--out", out, "--optimizer", "sgd", "--rate", 100, "--scale", "none",
               "--cell", "rnn", *QUICK, status=1)
    assert "diverged" in said and not out.exists()


@pytest.mark.parametrize("verb, arguments, status, said", [
    ("fit", ["a.csv"], 2, "--out is needed"),
    ("fit", ["--out", "x"], 2, "one file is needed"),
    ("fit", ["none.csv", "--out", "x"], 1, "none.csv: No such file"),
    ("predict", ["model"], 2, "a model and a file are needed"),
    ("predict", ["none", "b.csv"], 1, "none: No such file"),
    ("predict", ["a", "b.csv", "--plot", "x.jpg"], 2, "neither in .svg nor in .png"),
])
def test_refuses_wrong_usage(verb, arguments, status, said):
    assert said in run(verb, *arguments, status=status)


def test_a_model_that_cannot_be_written_leaves_nothing(tmp_path):
    said = run("fit", AIRLINE, "--out", tmp_path / "no" / "x", *QUICK, status=1)
    assert "No such file or directory" in said

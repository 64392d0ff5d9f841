"""rollcast backtest, from outside: files in, a table and forecasts out."""

import csv
import json
import math
import os
import pathlib
import random
import shutil
import subprocess
from xml.etree import ElementTree

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROLLCAST = ROOT / os.environ.get("BUILD", "build") / "rollcast"
BEGIN, STEP = 1700000000, 60

SETTINGS = """
models: {default: {hidden: 4, lookback: 12, steps: {first: 20, refit: 10}}}
streams: [{match: '*', window: 200, horizon: 4, season: 24, retrain: {every: 100}}]
"""


def series(seed, count=260):
    noise = random.Random(seed)
    return [10 + 3 * math.sin(i * math.pi / 12) + noise.gauss(0, 0.3) for i in range(count)]


@pytest.fixture
def place(tmp_path):
    (tmp_path / "settings.yaml").write_text(SETTINGS)
    for seed, name in enumerate(["one", "two", "three"]):
        rows = "".join(f"{BEGIN + i * STEP},{v:.6f}\n" for i, v in enumerate(series(seed)))
        (tmp_path / f"{name}.csv").write_text("ts,value\n" + rows)
    return tmp_path


def backtest(place, *arguments, files=("one.csv", "two.csv", "three.csv"), status=0):
    done = subprocess.run([ROLLCAST, "backtest", "--config", "settings.yaml", *arguments, *files],
                          cwd=place, capture_output=True, text=True, timeout=120)
    assert done.returncode == status, done.stderr
    return done


def read(path):
    with open(path, newline="") as file:
        return list(csv.DictReader(file))


def test_forecasts_are_the_same_for_any_number_of_threads(place):
    backtest(place, "--threads", "1", "--out", "a.csv")
    backtest(place, "--threads", "3", "--out", "b.csv")
    assert (place / "a.csv").read_bytes() == (place / "b.csv").read_bytes()


GROUPS = SETTINGS.replace("hidden: 4", "scope: group, hidden: 4").replace(
    "streams: [{match: '*'", "streams: [{match: 't*', horizon: 4, season: 24, window: 200}, {match: '*'")


def test_groups_are_the_same_for_any_number_of_threads(place):
    (place / "settings.yaml").write_text(GROUPS)
    backtest(place, "--threads", "1", "--out", "a.csv")
    backtest(place, "--threads", "3", "--out", "b.csv")
    assert (place / "a.csv").read_bytes() == (place / "b.csv").read_bytes()


@pytest.mark.parametrize("settings, learned", [(SETTINGS, False), (GROUPS, True)], ids=["alone", "group"])
def test_a_stream_that_begins_late_has_what_its_group_has_learned(place, settings, learned):
    """Its first forecast of a full lookback is the network's, if there is one by then."""
    (place / "settings.yaml").write_text(settings)
    first = BEGIN + 200 * STEP
    (place / "late.csv").write_text("ts,value\n" + "".join(
        f"{first + i * STEP},{v:.6f}\n" for i, v in enumerate(series(7, 14))))
    backtest(place, "--expert", "lstm", "--start", "10", "--out", "f.csv", files=["one.csv", "late.csv"])
    means = {int(float(row["origin_ts"]) - first) // STEP: float(row["mean"])
             for row in read(place / "f.csv") if "late" in row["stream"] and row["step_ahead"] == "4"}
    last = series(7, 14)
    assert means[10] == pytest.approx(last[10], abs=1e-5)
    assert (means[11] != pytest.approx(last[11], abs=1e-5)) == learned


def test_origins_begin_at_start_and_go_on_by_stride(place):
    backtest(place, "--start", "100", "--stride", "10", "--out", "f.csv", files=["one.csv"])
    rows = read(place / "f.csv")
    origins = sorted({int(float(row["origin_ts"])) for row in rows})
    assert origins == [BEGIN + i * STEP for i in range(100, 260, 10)]
    assert {row["stream"].strip('"') for row in rows} == {"one"}
    assert [int(row["step_ahead"]) for row in rows[:4]] == [1, 2, 3, 4]
    for row in rows:
        assert float(row["lower"]) <= float(row["mean"]) <= float(row["upper"])
        assert float(row["q0.1"]) <= float(row["q0.5"]) <= float(row["q0.9"])


def test_measures_are_those_of_the_forecasts(place):
    out = backtest(place, "--start", "100", "--stride", "10", "--out", "f.csv", "--json",
                   files=["one.csv"]).stdout
    measured = json.loads(out)["streams"][0]
    values = series(0)
    errors, naive, seasonal, inside = [], [], [], []
    for row in read(place / "f.csv"):
        origin = (int(float(row["origin_ts"])) - BEGIN) // STEP
        if origin + 4 >= len(values):
            continue
        actual = values[origin + int(row["step_ahead"])]
        errors.append(abs(actual - float(row["mean"])))
        naive.append(abs(actual - values[origin]))
        seasonal.append(abs(actual - values[origin + int(row["step_ahead"]) - 24]))
        inside.append(float(row["lower"]) <= actual <= float(row["upper"]))
    changes = [abs(b - a) for a, b in zip(values[:101], values[1:101])]
    assert measured["mae"] == pytest.approx(sum(errors) / len(errors), rel=1e-4)
    assert measured["mase"] == pytest.approx(
        sum(errors) / len(errors) / (sum(changes) / len(changes)), rel=1e-4)
    assert measured["coverage"]["0.95"] == pytest.approx(sum(inside) / len(inside))
    assert sum(measured["experts"].values()) == pytest.approx(1)
    assert measured["rbest"] == pytest.approx(sum(errors) / min(sum(naive), sum(seasonal)),
                                              rel=1e-4)


def test_a_missing_origin_forecasts_what_the_one_before_did(place):
    lines = (place / "one.csv").read_text().splitlines()
    del lines[1 + 150]
    (place / "gap.csv").write_text("\n".join(lines) + "\n")
    backtest(place, "--start", "149", "--stride", "1", "--out", "f.csv", files=["gap.csv"])
    means = {(int(float(row["origin_ts"])), int(row["step_ahead"])): row["mean"]
             for row in read(place / "f.csv")}
    before, missing = BEGIN + 149 * STEP, BEGIN + 150 * STEP
    assert means[missing, 1] == means[before, 2]
    assert means[missing, 4] == means[before, 4]


def test_one_expert_alone_and_the_others_without_it(place):
    alone = json.loads(backtest(place, "--start", "100", "--expert", "seasonal_naive", "--json",
                                files=["one.csv"]).stdout)
    assert alone["streams"][0]["experts"] == {"seasonal_naive": pytest.approx(1)}
    without = json.loads(backtest(place, "--start", "100", "--without", "lstm,regression", "--json",
                                  files=["one.csv"]).stdout)
    assert not {"lstm", "regression"} & set(without["streams"][0]["experts"])


@pytest.mark.skipif(not shutil.which("gnuplot"), reason="there is no gnuplot")
def test_a_plot_per_stream_shows_what_came_and_what_was_forecast(place):
    (place / "one.csv").rename(place / "o'n e.csv")
    backtest(place, "--start", "100", "--plot", "plots", files=["o'n e.csv", "two.csv"])
    plots = sorted((place / "plots").iterdir())
    assert [plot.name for plot in plots] == ["o'n e.svg", "two.svg"]
    for plot in plots:
        texts = [text.text for text in ElementTree.parse(plot).iter("{http://www.w3.org/2000/svg}text")]
        everything = "".join(map(str, texts)) + plot.read_text()
        for word in (plot.stem, "forecast", "actual", "interval"):
            assert word in everything, word


def test_a_directory_for_plots_that_cannot_be_made_is_said(place):
    done = backtest(place, "--plot", "one.csv/plots", status=1)
    assert "one.csv/plots: Not a directory" in done.stderr


def test_settings_of_the_daemon_serve_with_their_sockets(place):
    backtest(place, "--out", "a.csv")
    (place / "settings.yaml").write_text(
        "inputs: [{name: a, connect: ipc://a}]\noutputs: [{name: b, bind: ipc://b}]\n" + SETTINGS)
    backtest(place, "--out", "b.csv")
    assert (place / "a.csv").read_bytes() == (place / "b.csv").read_bytes()


def test_an_unknown_expert_is_refused_with_those_there_are(place):
    done = backtest(place, "--expert", "oracle", status=1)
    assert "oracle" in done.stderr and "seasonal_naive" in done.stderr


def test_the_table_has_a_line_per_stream_and_one_for_all(place):
    lines = backtest(place, "--start", "100").stdout.splitlines()
    assert [line.split()[0] for line in lines] == ["stream", "one", "two", "three", "all"]


def test_no_file_is_wrong_usage(place):
    backtest(place, files=[], status=2)


LAG, COUNT = 3, 700
CHANNELS = """
models: {default: {hidden: 8, lookback: 12, optimizer: {rate: 0.01}, steps: {first: 400, refit: 200}}}
streams:
  - {match: 'load', window: 300, horizon: 3, season: none, retrain: {every: 100}, inputs_from: [requests]}
  - {match: '*', window: 300, horizon: 3, season: none, retrain: {every: 100}}
"""


@pytest.fixture
def followers(tmp_path):
    """Requests, and a load that follows them LAG steps later, twice under two names."""
    draw, level, requests = random.Random(7), 100.0, []
    for _ in range(COUNT):
        level += 0.1 * (100 - level) + 5 * draw.gauss(0, 1)
        requests.append(level)
    load = [2 * requests[max(0, i - LAG)] + draw.gauss(0, 1) for i in range(COUNT)]
    (tmp_path / "settings.yaml").write_text(CHANNELS)
    for name, values in [("requests", requests), ("load", load), ("alone", load)]:
        rows = "".join(f"{BEGIN + i * STEP},{v:.6f}\n" for i, v in enumerate(values))
        (tmp_path / f"{name}.csv").write_text("ts,value\n" + rows)
    return tmp_path


def errors(place, *files, threads="1"):
    table = json.loads(backtest(place, "--start", "400", "--json", "--out", "out.csv", "--threads",
                                threads, files=files).stdout)
    return {row["stream"]: row["mae"] for row in table["streams"]}


def test_a_stream_reads_the_streams_of_other_files(followers):
    files = ("alone.csv", "requests.csv", "load.csv")
    mean = errors(followers, *files)
    print(mean)
    assert mean["load"] < 0.5 * mean["alone"]
    first = (followers / "out.csv").read_bytes()
    assert errors(followers, *files, threads="3") == mean
    assert (followers / "out.csv").read_bytes() == first


def test_a_file_that_is_missing_is_only_missed(followers):
    mean = errors(followers, "alone.csv", "load.csv")
    assert mean["load"] < 1.2 * mean["alone"]


def test_what_is_read_from_others_is_never_later(followers):
    """The requests of the last hundred steps become others: no forecast from before them changes."""
    def until(step):
        return [row for row in read(followers / "out.csv")
                if row["stream"] == "load" and float(row["origin_ts"]) < BEGIN + step * STEP]

    files = ("alone.csv", "requests.csv", "load.csv")
    errors(followers, *files)
    before, whole = until(COUNT - 100), until(COUNT)
    lines = (followers / "requests.csv").read_text().splitlines()
    lines[-100:] = [f"{line.split(',')[0]},{i % 7}" for i, line in enumerate(lines[-100:])]
    (followers / "requests.csv").write_text("\n".join(lines) + "\n")
    errors(followers, *files)
    assert len(before) > 500 and until(COUNT - 100) == before
    assert until(COUNT) != whole

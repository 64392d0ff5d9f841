"""A daemon that trains in its shards, and rollcast backtest: the same samples give the same forecasts."""

import csv
import json
import math
import random
import subprocess

import pytest

from rollcast import BUILD, EPOCH

STEPS = 260
HORIZON = 4
STREAM = {"match": "*", "step": "1s", "window": 150, "horizon": HORIZON, "season": [12],
          "retrain": {"every": 40}, "intervals": [0.5, 0.8, 0.95]}
MODEL = {"hidden": 4, "lookback": 12, "batch": 16, "steps": {"first": 30, "refit": 15}}


def made(seed):
    """(time, value) as they come: uneven times, a hole, a step of the level, two steps that are late."""
    dice = random.Random(seed)
    samples = []
    for i in range(STEPS):
        if 90 <= i < 93 or (130 <= i < 160 and seed == 1):
            continue
        value = 20 + 5 * math.sin(2 * math.pi * i / 12) + dice.gauss(0, 1) + (30 if i > 200 else 0)
        samples.append((EPOCH + i, value))
        if dice.random() < 0.3:
            samples.append((EPOCH + i + 0.5, value + 0.5))
    for i in (50, 120):
        samples[i], samples[i + 2] = samples[i + 2], samples[i]
    return samples


def backtest(directory, series, settings):
    """Origin times and what is forecast there, by stream: rows of quantiles, the median in the middle."""
    (directory / "backtest.yaml").write_text(json.dumps(settings))
    for name, samples in series.items():
        with open(directory / f"{name}.csv", "w", newline="") as file:
            csv.writer(file).writerows([("ts", "value"), *((repr(t), repr(v)) for t, v in samples)])
    subprocess.run([BUILD / "rollcast", "backtest", "--config", "backtest.yaml", "--out", "out.csv",
                    *(f"{name}.csv" for name in series)], cwd=directory, check=True, timeout=300,
                   stdout=subprocess.DEVNULL)
    found = {}
    with open(directory / "out.csv", newline="") as file:
        for row in csv.DictReader(file):
            levels = [float(row[key]) for key in row if key.startswith("q")]
            found.setdefault((row["stream"], float(row["origin_ts"])), []).append(
                (float(row["mean"]), *levels))
    return found


def live(world, series, settings, batch):
    """What the daemon says, which is sent all samples in the order of time, some at a time."""
    daemon, samples, forecasts = world.push_pull(stream=settings["streams"][0],
                                                 model=settings["models"]["default"],
                                                 threads={"train": 0, "shards": 1})
    # As a backtest plays them: always the stream whose next sample is the earliest.
    left = {name: list(reversed(rows)) for name, rows in series.items()}
    messages = []
    while any(left.values()):
        name = min((name for name in left if left[name]), key=lambda name: left[name][-1][0])
        t, v = left[name].pop()
        messages.append({"name": name, "time": t, "value": v})
    for i in range(0, len(messages), batch):
        samples.send(messages[i:i + batch])
    got = {}
    last = {name: EPOCH + STEPS - 2 for name in series}

    def done(forecast):
        got[forecast["name"], float(forecast["time"])] = forecast
        return all((name, float(t)) in got for name, t in last.items())

    forecasts.receive_until(done)
    return daemon, got


def rows_of(forecast):
    """As backtest has them; doubles as they came."""
    levels = sorted(forecast["quantiles"], key=float)
    return [(forecast["mean"][h], *(forecast["quantiles"][level][h] for level in levels))
            for h in range(HORIZON)]


@pytest.mark.parametrize("scope", ["stream", "group"])
def test_a_backtest_forecasts_what_the_daemon_does(world, scope):
    """Bit for bit, through trainings, a hole, a jump and late samples; groups too, with one shard."""
    series = {name: made(seed) for seed, name in enumerate(["one", "two", "three"])}
    settings = {"streams": [STREAM], "models": {"default": {**MODEL, "scope": scope}}}
    expected = backtest(world.directory, series, settings)
    daemon, got = live(world, series, settings, batch=7)

    assert len(got) > 3 * (STEPS - 40)
    for key, forecast in got.items():
        assert rows_of(forecast) == expected[key], key
    assert sum("lstm" in f["weights"] for f in got.values()) > len(got) / 4
    assert daemon.stop() == 0
    assert daemon.counters()['trainings_total{result="adopted"}'] > 3 * 4

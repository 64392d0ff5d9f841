"""Streams that learn together: `scope: group`, from outside."""

import math
import time

import pytest

from rollcast import EPOCH

STREAMS = 50
LOOKBACK = 24
HORIZON = 6
PATIENCE_S = 60


def value(k, i):
    """A sine for each stream, of its own level, size and phase."""
    return 100 * k + (1 + k % 7) * math.sin(2 * math.pi * (i + 1.7 * k) / 12)


def start(world, **more):
    return world.push_pull(
        stream={"window": 400, "horizon": HORIZON, "season": "none", "retrain": {"every": 50}},
        model={"scope": "group", "hidden": 8, "lookback": LOOKBACK, "batch": 32,
               "steps": {"first": 300, "refit": 60}}, **more)


def feed(samples, streams, first, end):
    """Steps first..end of all streams, time by time as they would come."""
    for i in range(first, end):
        samples.send([{"name": f"s{k}", "time": EPOCH + i, "value": value(k, i)} for k in streams])


def share_of_network(forecast):
    return forecast["weights"].get("lstm", 0)


@pytest.mark.parametrize("threads", [{"train": 0, "shards": 1}, {"train": 0, "shards": 3},
                                     {"train": 2, "shards": 2}], ids=str)
def test_a_new_stream_has_what_others_have_learned(world, threads):
    daemon, samples, forecasts = start(world, threads=threads)
    # Trainers take their time, and then streams have to see how the network does: so a little more
    # each round, then a stream that nobody has seen, up to its first full lookback.
    latest = {}

    def note(forecast):
        latest[forecast["name"]] = forecast["time"]

    end = time.monotonic() + PATIENCE_S
    attempt = -1
    while time.monotonic() < end:
        attempt += 1
        steps = 20 * (attempt + 1)
        feed(samples, range(STREAMS), steps - 20, steps)
        forecasts.receive_until(lambda f: note(f) or all(
            latest.get(f"s{k}", 0) >= EPOCH + steps - 2 for k in range(STREAMS)))
        samples.send_values(f"new{attempt}", [value(STREAMS, i) for i in range(LOOKBACK + 1)])
        got = forecasts.receive_until(
            lambda f: f["name"] == f"new{attempt}" and f["time"] >= EPOCH + LOOKBACK - 1)
        for forecast in got:
            note(forecast)
        early, first = [f for f in got if f["name"] == f"new{attempt}"][-2:]
        assert share_of_network(early) == 0
        if share_of_network(first) > 0.5:
            break
        time.sleep(0.02 * attempt)
    assert share_of_network(first) > 0.5, f"after {steps} steps"
    truth = [value(STREAMS, LOOKBACK + h) for h in range(HORIZON)]
    error = sum(abs(a - b) for a, b in zip(first["mean"], truth))
    naive = sum(abs(first["last"] - b) for b in truth)
    print(f"after {steps} steps: error {error:.3f}, naive {naive:.3f}")
    assert error < 0.5 * naive
    assert first["trained"] > EPOCH
    assert daemon.stop() == 0
    counters = daemon.counters()
    assert counters['group_trainings_total{result="adopted"}'] > 0
    assert 'group_trainings_total{result="failed"}' not in counters


def test_the_same_samples_give_the_same_forecasts(world):
    """With one shard that trains by itself: then the order of everything is that of the samples."""
    runs = []
    for _ in range(2):
        _, samples, forecasts = start(world, threads={"train": 0, "shards": 1})
        feed(samples, range(10), 0, 120)
        seen = []
        forecasts.receive_until(lambda f: seen.append(f) or len(seen) >= 10 * 119)
        runs.append({(f["name"], f["time"]): (f["mean"], f["weights"]) for f in seen})
    assert runs[0] == runs[1]
    assert any("lstm" in weights for _, weights in runs[0].values())


def test_a_group_goes_on_after_a_restart_with_what_it_had_learned(world, tmp_path):
    """Its streams come back with their windows, and its network with its weights, for new streams too."""
    share = {"threads": {"train": 0, "shards": 1}, "state": {"path": str(tmp_path / "state")}}
    daemon, samples, forecasts = start(world, **share)
    feed(samples, range(STREAMS), 0, 100)
    latest = {}
    forecasts.receive_until(lambda f: latest.update({f["name"]: f}) or (
        len(latest) == STREAMS and all(f["time"] >= EPOCH + 98 for f in latest.values())))
    assert daemon.stop() == 0
    assert daemon.counters()['group_trainings_total{result="adopted"}'] > 0

    daemon, samples, forecasts = start(world, **share)
    samples.send_values("new", [value(STREAMS, i) for i in range(LOOKBACK + 1)])
    got = forecasts.receive_until(lambda f: f["name"] == "new" and f["time"] >= EPOCH + LOOKBACK - 1)
    early, first = [f for f in got if f["name"] == "new"][-2:]
    assert share_of_network(early) == 0
    assert share_of_network(first) > 0.3
    assert EPOCH < first["trained"] <= EPOCH + 100
    feed(samples, [7], 100, 103)
    old = forecasts.receive_until(lambda f: f["name"] == "s7" and f["time"] >= EPOCH + 101)[-1]
    truth = [value(7, 102 + h) for h in range(HORIZON)]
    assert sum(abs(a - b) for a, b in zip(old["mean"], truth)) < 0.5 * sum(abs(old["last"] - b) for b in truth)
    assert old["samples"] > 100
    assert daemon.stop() == 0
    assert 'group_trainings_total{result="adopted"}' not in daemon.counters()


def test_a_group_of_other_settings_learns_anew(world, tmp_path):
    for hidden in (8, 6):
        daemon, samples, forecasts = world.push_pull(
            stream={"window": 400, "horizon": HORIZON, "season": "none", "retrain": {"every": 50}},
            model={"scope": "group", "hidden": hidden, "lookback": LOOKBACK, "batch": 32,
                   "steps": {"first": 100, "refit": 60}},
            threads={"train": 0, "shards": 1}, state={"path": str(tmp_path / "state")})
        first = 0 if hidden == 8 else 60
        feed(samples, range(10), first, first + 60)
        forecasts.receive_until(lambda f: f["name"] == "s9" and f["time"] >= EPOCH + first + 58)
        assert daemon.stop() == 0
        assert daemon.counters()['group_trainings_total{result="adopted"}'] > 0
    assert "learns anew: it was saved with other settings" in daemon.log()

"""Networks that read other streams: `inputs_from`, from outside."""

import json
import random
import signal
import time

import pytest

from rollcast import EPOCH, WAIT_S

LAG = 4
HOST = {"host": "a"}
STEPS = 900
WARM = 600


def make_world(seed):
    """Requests wander; the load is what they were LAG steps ago, and some noise of its own."""
    draw = random.Random(seed)
    requests, load = [], []
    level = 100.0
    for _ in range(STEPS):
        level += 0.1 * (100 - level) + 5 * draw.gauss(0, 1)
        requests.append(level)
        load.append(2 * requests[max(0, len(requests) - 1 - LAG)] + draw.gauss(0, 1))
    return requests, load


def start(world, **more):
    rule = {"step": "1s", "horizon": LAG, "window": 400, "season": "none", "retrain": {"every": 100}}
    return world.push_pull(
        streams=[{"match": "load", **rule, "inputs_from": ["requests"]}, {"match": "*", **rule}],
        model={"hidden": 8, "lookback": 12, "batch": 32, "optimizer": {"rate": 0.01},
               "steps": {"first": 400, "refit": 200}}, **more)


def play(samples, forecasts, columns, first, end):
    """Steps first..end one after the other, as in life, each in the order of the columns; the means by
    stream and origin."""
    means = {}

    def note(forecast):
        means[forecast["name"], forecast["time"] - EPOCH] = forecast["mean"]

    for i in range(first, end):
        for name, values in columns.items():
            samples.send({"name": name, "tags": HOST, "time": EPOCH + i, "value": values[i]})
            if i >= first + 8:  # regular by now: each sample closes its step
                forecasts.receive_until(lambda f: note(f) or (name, i) in means)
    for forecast in forecasts.drain(1):
        note(forecast)
    return means


def error(means, name, truth, first, end):
    points = [abs(means[name, origin][h] - truth[origin + 1 + h])
              for origin in range(first, end - LAG) for h in range(LAG) if (name, origin) in means]
    assert len(points) > LAG * (end - first) / 2
    return sum(points) / len(points)


@pytest.mark.parametrize("threads", [{"train": 0, "shards": 1}, {"train": 0, "shards": 2}], ids=str)
def test_a_load_that_follows_requests_is_forecast_better_with_them(world, threads):
    _, samples, forecasts = start(world, threads=threads)
    requests, load = make_world(1)
    columns = {"requests": requests, "load": load, "alone": load}
    means = play(samples, forecasts, columns, 0, STEPS)
    alone, together = (error(means, name, load, WARM, STEPS) for name in ("alone", "load"))
    print(f"mean error {alone:.2f} alone, {together:.2f} with requests")
    assert together < 0.6 * alone


def test_forecasts_go_on_without_the_stream_that_is_read(world):
    daemon, samples, forecasts = start(world, threads={"train": 0})
    _, load = make_world(2)
    means = play(samples, forecasts, {"load": load}, 0, 300)
    assert len(means) >= 299
    assert daemon.stop() == 0
    assert daemon.counters().get("forecasts_failed_total", 0) == 0


def test_what_was_read_is_kept_for_a_restart(world, tmp_path):
    more = {"threads": {"train": 0, "shards": 2}, "state": {"path": str(tmp_path / "state")}}
    requests, load = make_world(3)
    columns = {"requests": requests, "load": load, "alone": load}
    daemon, samples, forecasts = start(world, **more)
    play(samples, forecasts, columns, 0, WARM)
    assert daemon.stop() == 0
    daemon, samples, forecasts = start(world, **more)
    assert "read back" not in daemon.log()
    means = play(samples, forecasts, columns, WARM, STEPS)
    assert min(origin for name, origin in means if name == "load") <= WARM + 1
    # The first hundred steps are before any new training.
    alone, together = (error(means, name, load, WARM, WARM + 90) for name in ("alone", "load"))
    print(f"mean error {alone:.2f} alone, {together:.2f} with requests")
    assert together < 0.7 * alone


def test_a_reload_can_let_a_stream_read_another_one(world):
    rule = {"step": "1s", "horizon": LAG, "window": 400, "season": "none"}
    more = {"streams": [{"match": "*", **rule}], "threads": {"train": 0}}
    daemon, samples, forecasts = world.push_pull(model={"lookback": 12}, **more)
    requests, load = make_world(4)
    columns = {"requests": requests, "load": load}
    play(samples, forecasts, columns, 0, 120)
    plan = json.loads(daemon.file.read_text())
    for start_at, names in [(120, ["requests"]), (180, ["requests", "sessions"]), (240, [])]:
        plan["streams"] = [{"match": "load", **rule, "inputs_from": names}, {"match": "*", **rule}]
        daemon.file.write_text(json.dumps(plan))
        done = daemon.log().count("reload: done")
        daemon.process.send_signal(signal.SIGHUP)
        end = time.monotonic() + WAIT_S
        while daemon.log().count("reload: done") == done:
            assert time.monotonic() < end, daemon.log()
            time.sleep(0.01)
        means = play(samples, forecasts, columns, start_at, start_at + 60)
        assert ("load", start_at + 59) in means
    assert daemon.stop() == 0

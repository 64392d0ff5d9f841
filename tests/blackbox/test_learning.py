"""What the networks learn, seen from outside: forecasts over sockets against what then happened."""

import math
import random
import time

import pytest

from rollcast import EPOCH


def sine(i, _dice):
    return 50 + 20 * math.sin(2 * math.pi * i / 24)


def noisy_sine(i, dice):
    return sine(i, dice) + dice.gauss(0, 1)


def working_day(i, dice):
    """A day of 48 steps: idle nights, busy from 9 to 5 with a dip at noon."""
    hour = i % 48 / 2
    busy = 9 <= hour < 17
    return 10 + 60 * busy - 25 * (busy and 12 <= hour < 13) + dice.gauss(0, 1)


def follow(world, pattern, steps, horizon, **more):
    """Feeds `steps` values, a few at a time. Returns the values and the forecasts, by origin."""
    dice = random.Random(7)
    values = [pattern(i, dice) for i in range(steps)]
    _, samples, forecasts = world.push_pull(
        stream={"window": 800, "horizon": horizon, "retrain": {"every": 100}, **more},
        model={"hidden": 16, "lookback": 48, "batch": 32, "steps": {"first": 300, "refit": 120}},
        threads={"train": 0})
    got = {}
    for start in range(0, steps, 50):
        samples.send_values("s", values[start:start + 50], start=EPOCH + start)
        last = EPOCH + start + 50 - 2  # the newest step may still be open
        got.update({f["time"] - EPOCH: f for f in forecasts.receive_until(lambda f: f["time"] >= last)})
    return values, got


def errors(values, forecasts, origins, forecast_of):
    """The mean absolute error over all origins whose horizon has happened."""
    sums, count = 0.0, 0
    for origin in origins:
        mean = forecast_of(forecasts[origin], origin)
        truth = values[origin + 1:origin + 1 + len(mean)]
        if len(truth) == len(mean):
            sums += sum(abs(a - b) for a, b in zip(mean, truth))
            count += len(mean)
    return sums / count


@pytest.mark.parametrize("pattern, better_by", [(sine, 0.1), (noisy_sine, 0.2), (working_day, 0.3)],
                         ids=lambda value: getattr(value, "__name__", ""))
def test_a_pattern_is_learned(world, pattern, better_by):
    values, got = follow(world, pattern, 1200, 12, season="none")
    late = [origin for origin in got if origin > 800]
    published = errors(values, got, late, lambda f, _: f["mean"])
    naive = errors(values, got, late, lambda f, _: [f["last"]] * 12)
    print(f"published {published:.3f}, naive {naive:.3f}")
    assert published < better_by * naive
    # Each forecast knows how good it is, and its intervals hold what they promise.
    assert all(got[origin]["skill"] > 1 - 1.5 * better_by for origin in late[-50:])
    inside = total = 0
    for origin in late:
        for i, (low, high) in enumerate(zip(got[origin]["quantiles"]["0.1"], got[origin]["quantiles"]["0.9"])):
            if origin + 1 + i < len(values):
                inside += low <= values[origin + 1 + i] <= high
                total += 1
    assert 0.7 < inside / total


def test_the_network_learns_what_no_linear_method_can(world):
    """Each value of the logistic map follows from the last one by a parabola, and looks like noise."""
    values = [0.3]
    while len(values) < 1500:
        values.append(3.9 * values[-1] * (1 - values[-1]))
    feed = iter(values)
    _, got = follow(world, lambda *_: next(feed), len(values), 1, season="none")
    late = [origin for origin in got if origin > 1000]
    published = errors(values, got, late, lambda f, _: f["mean"])
    center = sum(values) / len(values)
    constant = errors(values, got, late, lambda f, _: [center])
    shares = [got[origin]["weights"].get("lstm", 0) for origin in late]
    print(f"published {published:.4f}, a constant {constant:.4f}, share {sum(shares) / len(shares):.2f}")
    assert published < 0.4 * constant
    assert sum(shares) / len(shares) > 0.8


def test_until_trained_simple_experts_forecast(world):
    values, got = follow(world, noisy_sine, 600, 6)
    assert got[20]["trained"] is None and "lstm" not in got[20]["weights"]
    assert "naive" in got[5]["weights"]
    trained = [origin for origin in got if got[origin]["trained"] is not None]
    assert trained and all(got[origin]["trained"] <= EPOCH + origin for origin in trained)
    assert sorted(trained) == [origin for origin in sorted(got) if origin >= trained[0]]


@pytest.mark.parametrize("cell", ["lstm", "gru", "rnn"])
def test_forecasts_call_the_network_by_its_cell(world, cell):
    _, samples, forecasts = world.push_pull(stream={"window": 300}, model={"cell": cell},
                                            threads={"train": 0})
    samples.send_values("s", [sine(i, None) for i in range(500)])
    got = forecasts.receive_until(lambda f: f["time"] >= EPOCH + 498)
    assert any(cell in f["weights"] for f in got)


def test_the_same_samples_give_the_same_forecasts(world):
    runs = [follow(world, noisy_sine, 500, 6)[1] for _ in range(2)]
    assert runs[0] == runs[1] and len(runs[0]) > 490


def test_training_that_diverges_is_survived(world):
    """A rate of 1 without clipping, on values that jump by powers of ten."""
    dice = random.Random(3)
    daemon, samples, forecasts = world.push_pull(
        stream={"window": 200, "retrain": {"every": 20}}, threads={"train": 0},
        model={"cell": "rnn", "activation": "relu", "layers": 3, "loss": "mse", "clip_norm": 0,
               "optimizer": {"kind": "sgd", "rate": 1, "momentum": 0.999},
               "steps": {"first": 300, "refit": 300}})
    samples.send_values("s", [dice.gauss(0, 1) * 10 ** dice.uniform(-3, 3) for _ in range(500)])
    got = forecasts.receive_until(lambda f: f["time"] >= EPOCH + 498, 60)
    assert all(math.isfinite(value) for f in got for value in f["mean"])
    assert all(math.isfinite(value) for f in got for row in f["quantiles"].values() for value in row)
    assert daemon.stop() == 0
    assert daemon.counters()['trainings_total{result="diverged"}'] > 0
    assert "diverged, the old weights stay" in daemon.log()


@pytest.mark.parametrize("scope", ["stream", "group"])
def test_a_training_of_many_minutes_does_not_hold_up_the_stop(world, scope):
    daemon, samples, forecasts = world.push_pull(
        stream={"window": 1000, "retrain": {"every": 100}},
        model={"scope": scope, "hidden": 128, "layers": 2, "lookback": 96, "batch": 256,
               "steps": {"first": 100000, "refit": 100000}})
    for name in ("a", "b"):
        samples.send_values(name, [sine(i, None) for i in range(900)])
    forecasts.receive_until(lambda f: f["time"] >= EPOCH + 898)
    time.sleep(1)  # in which it has begun
    assert daemon.stop() == 0
    assert 'trainings_total{result="diverged"}' not in daemon.counters()
    assert 'group_trainings_total{result="failed"}' not in daemon.counters()


def test_drift_is_counted(world):
    """Errors that have grown eightfold, and stay."""
    dice = random.Random(1)
    daemon, samples, forecasts = world.push_pull(threads={"train": 0, "shards": 1})
    values = [50 + dice.gauss(0, 1 if i < 300 else 8) for i in range(450)]
    samples.send_values("calm", [50 + dice.gauss(0, 1) for _ in range(450)])
    samples.send_values("wild", values)
    forecasts.receive_until(lambda f: f["name"] == "wild" and f["time"] >= EPOCH + 448)
    assert daemon.stop() == 0
    assert 1 <= daemon.counters()["drifts_total"] <= 3

"""What becomes of samples before they are forecast: counters, limits, thresholds."""

import json
import math
import signal
import time
import urllib.request

import msgpack
import pytest
import zmq

from rollcast import EPOCH, SANITIZED, WAIT_S, free_endpoint, settings


def test_a_counter_is_forecast_as_its_rate(world):
    _, samples, forecasts = world.push_pull(stream={"step": "10s", "aggregate": "rate"})
    counter, values = 2**32 - 5000, []
    for i in range(30):
        counter = 0 if i == 20 else (counter + 500) % 2**32  # overflows, and is reset once
        values.append(counter)
    samples.send_values("bytes_total", values, step=10)
    got = forecasts.receive_until(lambda f: f["time"] == EPOCH + 280)
    assert [f["time"] - EPOCH for f in got] == list(range(10, 290, 10))
    assert {f["last"] for f in got if f["time"] != EPOCH + 200} == {50.0}
    assert [f["last"] for f in got if f["time"] == EPOCH + 200] == [0.0]


QUIET = {"retrain": {"every": 100000}}


def resident_bytes(daemon):
    status = open(f"/proc/{daemon.process.pid}/status").read()
    return int(status.split("VmRSS:")[1].split()[0]) * 1024


def test_streams_without_samples_are_forgotten_after_the_ttl_and_may_come_back(world):
    daemon, samples, forecasts = world.push_pull(
        limits={"ttl": "1s", "streams": 2}, stream={"step": "10ms", **QUIET})
    for name in ("a", "b", "refused"):
        samples.send_values(name, range(20), step=0.01)
    forecasts.drain(1)
    time.sleep(1.5)
    for name in ("c", "a"):
        samples.send_values(name, range(5), step=0.01)
    got = {f.stream: f["samples"] for f in forecasts.drain(1)}
    assert got == {"c": 5, "a": 5}
    assert daemon.stop() == 0
    counters = daemon.counters()
    assert counters['streams_forgotten_total{reason="ttl"}'] >= 2
    assert counters['samples_total{result="over_limit"}'] == 20


def test_no_stream_is_forgotten_between_two_of_its_samples_however_far_apart(world):
    daemon, samples, forecasts = world.push_pull(
        limits={"ttl": "1s"}, stream={"step": "1h", **QUIET})
    samples.send_values("s", range(3), step=3600)
    assert forecasts.receive()
    time.sleep(2)
    samples.send_values("s", [3], start=EPOCH + 3 * 3600)
    assert forecasts.receive_until(lambda f: f["samples"] == 4)
    assert daemon.stop() == 0
    assert 'streams_forgotten_total{reason="ttl"}' not in daemon.counters()


def test_a_stream_may_be_forgotten_while_it_is_being_trained(world):
    """Streams come, are sent to train and fall silent, all the time."""
    daemon, samples, forecasts = world.push_pull(
        limits={"ttl": "1s"}, stream={"step": "10ms", "window": 300, "retrain": {"every": 40}},
        model={"hidden": 32, "lookback": 48, "steps": {"first": 1500, "refit": 1500}})
    end = time.monotonic() + 6
    generation = 0
    while time.monotonic() < end:
        for i in range(10):
            samples.send_values(f"s{generation}_{i}", [j % 7 for j in range(300)], step=0.01)
        generation += 1
        forecasts.drain(0.3)
    samples.send_values("last", range(10), step=0.01)
    assert any(f["name"] == "last" for f in forecasts.drain(2))
    assert daemon.stop() == 0
    counters = daemon.counters()
    assert counters['streams_forgotten_total{reason="ttl"}'] > 20
    assert counters.get("streams", 0) < 10 * generation


def test_a_million_names_in_a_minute_leave_known_streams_and_memory_alone(world):
    limit = 48 << 20
    daemon, samples, forecasts = world.push_pull(
        limits={"memory": "48MiB"}, stream={"step": "1s", **QUIET})
    known = [f"known{i}" for i in range(20)]
    for name in known:
        samples.send_values(name, [i % 7 for i in range(100)])
    assert {f.stream for f in forecasts.drain(1)} == set(known)
    before, packer, peak = resident_bytes(daemon), msgpack.Packer(), 0
    last, started, step, sent = {}, time.monotonic(), 100, 0
    while sent < 1_000_000:
        batch = [{"name": "s", "tags": {"request": f"{sent + i:032x}"}, "time": EPOCH + step + i % 3,
                  "value": i} for i in range(1000)]
        samples.send_raw(packer.pack(batch))
        sent += 1000
        if sent % 20_000 == 0:
            for name in known:
                samples.send_values(name, [step % 7], start=EPOCH + step)
            step += 1
            peak = max(peak, resident_bytes(daemon))
            while forecast := forecasts.receive(0):
                last[forecast.stream] = forecast["time"]
    for forecast in forecasts.drain(2):
        last[forecast.stream] = forecast["time"]
    peak = max(peak, resident_bytes(daemon))
    print(f"{time.monotonic() - started:.1f} s, {before >> 20} MiB before, {peak >> 20} MiB at most")
    # The step still open is closed by silence; the one before it surely is forecast.
    assert all(last[name] >= EPOCH + step - 2 for name in known)
    assert SANITIZED or peak - before < limit + (32 << 20), "beyond the limit and what ZeroMQ holds in queues"
    assert time.monotonic() - started < 60
    assert daemon.stop() == 0
    counters = daemon.counters()
    assert counters["streams_bytes"] <= limit
    assert counters['samples_total{result="over_memory"}'] > 900_000
    assert daemon.log().count("limits.memory") <= 2, "one line a minute for each shard"


def test_a_million_names_that_match_no_rule_take_no_memory(world):
    ours, theirs = free_endpoint(), free_endpoint()
    daemon = world.daemon({**settings([{"type": "pull", "bind": [ours]}],
                                      [{"type": "push", "connect": [theirs]}]),
                           "streams": [{"match": "known*", "step": "1s"}]})
    samples, forecasts = world.client(zmq.PUSH, connect=ours), world.client(zmq.PULL, bind=theirs)
    samples.send_values("known", range(20))
    forecasts.drain(1)
    before, packer = resident_bytes(daemon), msgpack.Packer()
    for start in range(0, 1_000_000, 1000):
        samples.send_raw(packer.pack([{"name": f"other{start + i}", "time": EPOCH, "value": 1}
                                      for i in range(1000)]))
    samples.send_values("known", range(20, 30), start=EPOCH + 20)
    assert forecasts.receive_until(lambda f: f["time"] == EPOCH + 28)
    daemon.wait_for_log("match no rule")
    assert SANITIZED or resident_bytes(daemon) - before < 32 << 20
    assert daemon.stop() == 0
    assert daemon.counters()['samples_total{result="unmatched"}'] == 1_000_000
    lines = [line for line in daemon.log().splitlines() if "match no rule" in line]
    assert 1 <= len(lines) <= 2 and "other" in lines[0]


def test_a_forgotten_stream_does_not_come_back_with_a_restart_and_a_new_one_of_its_name_does(world):
    ours, theirs = free_endpoint(), free_endpoint()
    plan = settings([{"type": "pull", "bind": [ours]}], [{"type": "push", "connect": [theirs]}],
                    limits={"ttl": "1s"}, stream={"step": "10ms", **QUIET},
                    state={"path": str(world.directory / "kept"), "checkpoint": "1s",
                           "journal": "100ms"})
    samples, forecasts = world.client(zmq.PUSH, connect=ours), world.client(zmq.PULL, bind=theirs)
    daemon = world.daemon(plan)
    for name in ("gone", "again"):
        samples.send_values(name, range(20), step=0.01)
    forecasts.drain(2.5)  # kept, and then forgotten
    samples.send_values("again", range(7), start=EPOCH + 100, step=0.01)
    forecasts.receive_until(lambda f: f["samples"] == 7 or f["time"] >= EPOCH + 100.05)
    assert daemon.stop() == 0
    assert daemon.counters()['streams_forgotten_total{reason="ttl"}'] == 2
    again = world.daemon(plan)
    samples.send_values("gone", range(5), start=EPOCH + 200, step=0.01)
    samples.send_values("again", range(7, 9), start=EPOCH + 100.07, step=0.01)
    last = {f.stream: f["samples"] for f in forecasts.drain(1)}
    assert last == {"gone": 5, "again": 9}
    assert again.stop() == 0


def test_a_sub_input_drops_and_counts_what_is_over_its_rate(world):
    ours, theirs = free_endpoint(), free_endpoint()
    daemon = world.daemon(settings([{"type": "sub", "bind": [ours], "rate_limit": 100}],
                                   [{"type": "push", "connect": [theirs]}], stream=QUIET))
    samples, forecasts = world.client(zmq.PUB, connect=ours), world.client(zmq.PULL, bind=theirs)
    end = time.monotonic() + WAIT_S
    while not forecasts.receive(0.02) and time.monotonic() < end:
        samples.send_values("hello", range(3))
    samples.send_values("s", range(1000))
    for i in range(300):
        samples.send({"name": "s", "time": EPOCH + 1000 + i, "value": i})
        time.sleep(0.002)
    forecasts.drain(1)
    assert daemon.stop() == 0
    counters = daemon.counters()
    taken = counters["samples_decoded_total"] - counters["samples_over_rate_total"]
    assert counters["samples_over_rate_total"] > 900
    assert 60 <= taken <= 400


def test_a_pull_input_lets_its_senders_wait_and_loses_nothing(world):
    ours, theirs = free_endpoint(), free_endpoint()
    daemon = world.daemon(settings([{"type": "pull", "bind": [ours], "rate_limit": 200}],
                                   [{"type": "push", "connect": [theirs]}], stream=QUIET))
    samples, forecasts = world.client(zmq.PUSH, connect=ours), world.client(zmq.PULL, bind=theirs)
    started = time.monotonic()
    for i in range(800):
        samples.send({"name": "s", "time": EPOCH + i, "value": i})
    forecasts.receive_until(lambda f: f["samples"] == 800)
    assert 2.5 < time.monotonic() - started < 10  # 200 at once, then 200 a second
    assert daemon.stop() == 0
    assert daemon.counters()['samples_total{result="accepted"}'] == 800


def test_a_sender_that_goes_while_its_samples_wait_does_no_harm(world):
    """Longer than any peer is silent before somebody looks whether it is still there."""
    ours, theirs = free_endpoint(), free_endpoint()
    daemon = world.daemon(settings(
        [{"type": "pull", "bind": [ours], "rate_limit": 5, "high_water_mark": 10}],
        [{"type": "push", "connect": [theirs]}], stream=QUIET))
    samples, forecasts = world.client(zmq.PUSH, connect=ours), world.client(zmq.PULL, bind=theirs)
    stuck = world.client(zmq.PUSH, connect=ours, high_water_mark=10)
    stuck.socket.setsockopt(zmq.SNDTIMEO, 1000)
    with pytest.raises(zmq.Again):
        for i in range(10_000_000):
            stuck.send({"name": "s", "time": EPOCH + i, "value": i})
    stuck.close()
    time.sleep(22)
    assert daemon.is_running()
    forecasts.drain(0.1)
    samples.send_values("other", range(10))
    assert forecasts.receive_until(lambda f: f["name"] == "other", 60)
    assert daemon.stop() == 0


def test_forecasts_say_how_near_a_threshold_is(world):
    _, samples, forecasts = world.push_pull(
        stream=QUIET, thresholds=[{"name": "high", "match": "s*", "above": 100},
                                  {"name": "low", "match": "s", "below": -1000}])
    samples.send_values("s", [i % 7 for i in range(60)] + [200])
    samples.send_values("other", range(10))
    got = forecasts.drain(3)
    assert all("thresholds" not in f for f in got if f["name"] == "other")
    own = [f["thresholds"] for f in got if f["name"] == "s"]
    assert all(set(thresholds) == {"high", "low"} for thresholds in own)
    assert own[-1]["high"] == {"limit": 100, "probability": 1, "seconds": 0, "raised": True}
    assert own[40]["high"]["probability"] < 0.01 and own[40]["high"]["raised"] is False
    assert own[40]["low"]["probability"] < 0.01
    for thresholds in own:
        for threshold in thresholds.values():
            assert 0 <= threshold["probability"] <= 1
            assert threshold["seconds"] is None or 0 <= threshold["seconds"] <= 4


def test_a_rising_stream_raises_its_alert_before_the_limit_and_clears_it_once(world):
    ours, theirs, snapshots = free_endpoint(), free_endpoint(), free_endpoint()
    daemon = world.daemon(settings(
        [{"type": "pull", "bind": [ours]}],
        [{"type": "push", "connect": [theirs], "content": "alerts"},
         {"bind": [snapshots], "content": "alerts", "prefix": "alert/"}],
        stream={"horizon": 10, **QUIET},
        thresholds=[{"name": "full", "match": "disk_used", "above": "disk_size",
                     "raise": 0.3}]))
    samples, alerts = world.client(zmq.PUSH, connect=ours), world.client(zmq.PULL, bind=theirs)
    for host, size in (("a", 300), ("b", 100000)):
        samples.send_values("disk_size", [size] * 10, tags={"host": host})
    time.sleep(0.5)  # the limit may belong to another shard
    rise, fall = [float(i) for i in range(297)], [10.0] * 60
    for host in ("a", "b"):
        samples.send_values("disk_used", rise, tags={"host": host})
    raised = alerts.receive()
    assert (raised["name"], raised["tags"], raised["threshold"]) == ("disk_used", {"host": "a"}, "full")
    assert (raised["state"], raised["limit"], raised["snapshot"]) == ("raised", 300, False)
    assert raised["last"] < 300 and raised["probability"] >= 0.3
    assert 0 < raised["seconds"] <= 10
    assert alerts.receive(1) is None, "once only, and not for the other host"
    late = world.client(zmq.SUB, connect=snapshots).subscribe(b"alert/disk")
    standing = late.receive()
    assert standing["snapshot"] is True and standing["state"] == "raised"
    assert standing.topic == 'alert/disk_used{host="a"}'
    samples.send_values("disk_used", fall, start=EPOCH + 297, tags={"host": "a"})
    cleared = alerts.receive()
    assert cleared["state"] == "cleared" and cleared["probability"] <= 0.2
    assert alerts.receive(1) is None
    assert daemon.stop() == 0


def alerting(world, **more):
    """Settings with an alert on what is above 100, sent to a PULL socket and published; and the sockets."""
    ours, theirs, snapshots = free_endpoint(), free_endpoint(), free_endpoint()
    plan = settings([{"type": "pull", "bind": [ours]}],
                    [{"type": "push", "connect": [theirs], "content": "alerts"},
                     {"bind": [snapshots], "content": "alerts"}],
                    thresholds=[{"name": "high", "above": 100, "raise": 0.9, "clear": 0.3}], **more)
    return (plan, world.client(zmq.PUSH, connect=ours), world.client(zmq.PULL, bind=theirs),
            snapshots)


def test_the_alert_of_a_stream_that_is_forgotten_is_cleared(world):
    plan, samples, alerts, snapshots = alerting(world, limits={"ttl": "1s"},
                                                stream={"step": "10ms", **QUIET})
    daemon = world.daemon(plan)
    samples.send_values("gone", [200] * 20, step=0.01)
    samples.send_values("low", [1] * 20, step=0.01)
    raised, cleared = alerts.receive(), alerts.receive()
    assert (raised["name"], raised["state"], raised["probability"]) == ("gone", "raised", 1)
    assert (cleared["name"], cleared["state"], cleared["probability"]) == ("gone", "cleared", 0)
    assert cleared["threshold"] == "high" and cleared["limit"] == 100 and cleared["seconds"] is None
    assert alerts.receive(0.5) is None
    assert world.client(zmq.SUB, connect=snapshots).subscribe().receive(1) is None
    assert daemon.stop() == 0
    assert daemon.counters()['streams_forgotten_total{reason="ttl"}'] == 2


def test_alerts_that_stand_are_told_to_new_subscribers_and_after_a_restart_not_raised_again(world):
    plan, samples, alerts, snapshots = alerting(
        world, stream=QUIET, state={"path": str(world.directory / "kept")})
    daemon = world.daemon(plan)
    samples.send_values("s", [200] * 20)
    samples.send_values("low", [1] * 20)
    assert alerts.receive()["state"] == "raised"
    assert alerts.receive(1) is None
    late = world.client(zmq.SUB, connect=snapshots).subscribe()
    (standing,) = late.drain(1)
    assert (standing["name"], standing["state"], standing["snapshot"]) == ("s", "raised", True)
    assert standing.sequence == 0
    assert daemon.stop() == 0
    daemon = world.daemon(plan)
    samples.send_values("s", [200] * 20, start=EPOCH + 20)
    assert alerts.receive(1) is None, "it stands already"
    samples.send_values("s", [1] * 100, start=EPOCH + 40)
    assert alerts.receive()["state"] == "cleared"
    assert alerts.receive(0.5) is None
    assert daemon.stop() == 0


def test_alerts_go_up_and_down_with_a_value_and_never_twice_in_the_same_direction(world):
    plan, samples, alerts, _ = alerting(world, stream={"horizon": 1, **QUIET})
    world.daemon(plan)
    values = [i % 20 if i // 50 % 2 else 200 for i in range(1000)]
    samples.send_values("s", values)
    samples.send_values("other", [i % 7 for i in range(1000)])
    states = [alert["state"] for alert in alerts.drain(2)]
    assert len(states) >= 20
    assert states == ["raised", "cleared"] * (len(states) // 2)


def test_a_limit_is_the_newest_value_of_a_stream_and_stays_when_that_falls_silent(world):
    plan, samples, alerts, _ = alerting(world, stream=QUIET)
    plan["thresholds"] = [{"name": "full", "match": "used", "above": "size", "raise": 0.9, "clear": 0.3}]
    world.daemon(plan)
    for time_, size in ((EPOCH, 300), (EPOCH + 1, 100)):
        samples.send({"name": "size", "time": time_, "value": size})
    time.sleep(0.5)  # the limit may belong to another shard
    samples.send_values("used", [1] * 30 + [150] * 5)
    raised = alerts.receive()
    assert (raised["state"], raised["limit"]) == ("raised", 100)
    time.sleep(1)  # nothing comes of the limit
    samples.send_values("used", [1] * 100, start=EPOCH + 35)
    cleared = alerts.receive()
    assert (cleared["state"], cleared["limit"]) == ("cleared", 100)


def test_other_thresholds_end_and_begin_alerts_and_answers_know_them(world):
    plan, samples, alerts, _ = alerting(world, stream=QUIET)
    address = free_endpoint().removeprefix("tcp://")
    plan["http"] = {"listen": address}
    plan["thresholds"].append({"name": "stays", "above": 150, "raise": 0.9, "clear": 0.3})
    daemon = world.daemon(plan)

    def asked():
        with urllib.request.urlopen(f"http://{address}/api/forecast?stream=s", timeout=WAIT_S) as answer:
            return json.load(answer)["forecast"]["thresholds"]

    samples.send_values("s", [200] * 20)
    assert {alerts.receive()["threshold"] for _ in range(2)} == {"high", "stays"}
    assert set(asked()) == {"high", "stays"}
    for name in ("higher", "highest"):
        plan["thresholds"] = [{"name": "new" * 20, "above": 1e6}, {"name": name, "above": 180},
                              plan["thresholds"][-1]]
        daemon.file.write_text(json.dumps(plan))
        reloads = daemon.log().count("reload: done")
        daemon.process.send_signal(signal.SIGHUP)
        cleared = alerts.receive()
        assert cleared["state"] == "cleared" and cleared["threshold"] != "stays"
        end = time.monotonic() + WAIT_S
        while daemon.log().count("reload: done") == reloads and time.monotonic() < end:
            asked()
        assert set(asked()) == {"new" * 20, name, "stays"}
        assert asked()["stays"]["raised"] is True
        samples.send_values("s", [200] * 5, start=EPOCH + 20 + 5 * len(name))
        raised = alerts.receive()
        assert (raised["threshold"], raised["state"]) == (name, "raised")
    assert alerts.receive(0.5) is None
    assert daemon.stop() == 0


def test_a_stream_whose_rate_changes_is_forecast_in_its_new_step_with_the_window_it_had(world):
    daemon, samples, forecasts = world.push_pull(stream={"step": "auto", "window": 400})
    at, wave = EPOCH, lambda at: math.sin(at / 300)
    for step, count in [(10, 200), (5, 100), (20, 100)]:
        for _ in range(count):
            samples.send({"name": "s", "time": at, "value": wave(at)})
            at += step
        got = forecasts.receive_until(lambda f: f["time"] == at - step and f["step"] == step)
        assert sum(f["step"] == step for f in got) > 25
    assert daemon.stop() == 0
    # A second sample in a step that was closed with its first one is late; then it is closed later.
    assert daemon.counters()['samples_total{result="accepted"}'] >= 398


@pytest.mark.parametrize("unit,factor", [("s", 1), ("ms", 1e3), ("us", 1e6), ("ns", 1e9)])
def test_a_clock_that_jumps_spoils_no_other_stream_and_its_own_recovers(world, unit, factor):
    """An hour back and forth, as with daylight saving time, and a year ahead, for one sample or for many."""
    samples, theirs = free_endpoint(), free_endpoint()
    daemon = world.daemon(settings([{"type": "pull", "bind": [samples], "time_unit": unit}],
                                   [{"type": "push", "connect": [theirs]}],
                                   stream={"step": "1m", "horizon": 2, **QUIET}))
    samples, forecasts = world.client(zmq.PUSH, connect=samples), world.client(zmq.PULL, bind=theirs)
    hour, year, last = 3600, 366 * 86400, {}
    begin = EPOCH - EPOCH % 60

    def send(name, at, value=1.0):
        samples.send({"name": name, "time": int(at * factor), "value": value})

    def minutes(first, end, shift, every_other=0):
        for i in range(first, end):
            send("good", begin + 60 * i)
            send("bad", begin + 60 * i + shift)
            if every_other:
                send("bad", begin + 60 * i + every_other)

    minutes(0, 100, 0)
    minutes(100, 200, -hour)
    minutes(200, 300, 0)
    minutes(300, 400, 0, every_other=year)  # one of two senders: never believed
    minutes(400, 500, year)                 # for good
    minutes(500, 600, 0)                    # and put right
    for forecast in forecasts.drain(1):
        last.setdefault(forecast["name"], []).append((forecast["time"] - begin) // 60)
    assert last["good"] == list(range(len(last["good"]))) and last["good"][-1] >= 598
    bad = last["bad"]
    assert bad[-1] >= 598, "it has recovered"
    assert set(range(101, 120)) < set(bad) and set(range(320, 399)) < set(bad)
    assert any(minute > year // 60 for minute in bad)
    assert set(range(520, 599)) < set(bad)
    assert daemon.stop() == 0
    assert daemon.counters()['samples_total{result="off_time"}'] >= 100

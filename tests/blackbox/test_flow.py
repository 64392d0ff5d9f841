"""From sockets to sockets: nothing is lost that need not be, and what stops does not stop others."""

import json
import signal
import socket
import threading
import time

import msgpack
import pytest
import zmq

from rollcast import EPOCH, WAIT_S, free_endpoint, settings


def feed_until_forecast(samples, forecasts, name="s", step=1):
    """A sample per round until a forecast comes: subscriptions take a moment to arrive."""
    end = time.monotonic() + WAIT_S
    for i in range(10**6):
        assert time.monotonic() < end, "no forecast came"
        samples.send({"name": name, "time": EPOCH + i * step, "value": i % 7})
        forecast = forecasts.receive(0.02)
        if forecast:
            return forecast


def test_every_field_of_a_forecast_is_there(world):
    _, samples, forecasts = world.push_pull()
    samples.send_values("s", [float(i) for i in range(20)], tags={"b": "2", "a": "1"})
    forecast = forecasts.receive_until(lambda f: f["time"] == EPOCH + 18)[-1]
    assert forecast.topic == 's{a="1",b="2"}' == forecast.stream
    assert forecast["tags"] == {"a": "1", "b": "2"}
    assert (forecast["step"], forecast["last"], forecast["samples"]) == (1, 18.0, 19)
    assert len(forecast["mean"]) == 4
    levels = sorted(forecast["quantiles"], key=float)
    assert levels == ["0.025", "0.1", "0.5", "0.9", "0.975"] or levels == ["0.025", "0.1", "0.9", "0.975"]
    for i in range(4):
        column = [forecast["quantiles"][level][i] for level in levels]
        assert column == sorted(column), "quantiles cross"
    assert abs(sum(forecast["weights"].values()) - 1) < 1e-6
    assert forecast["expert"] in forecast["weights"]
    assert set(forecast["coverage"]) == {"0.8", "0.95"}
    assert forecast["trained"] is None and forecast["snapshot"] is False


@pytest.mark.parametrize("input_binds", [True, False], ids=["input-binds", "input-connects"])
@pytest.mark.parametrize("type_", ["pull", "sub"])
def test_samples_come_in_by(world, type_, input_binds):
    ours, theirs = free_endpoint(), free_endpoint()
    how = "bind" if input_binds else "connect"
    client = {"pull": zmq.PUSH, "sub": zmq.PUB}[type_]
    samples = world.client(client, **{"connect" if input_binds else "bind": ours})
    world.daemon(settings([{"type": type_, how: [ours]}], [{"type": "push", "connect": [theirs]}]))
    forecasts = world.client(zmq.PULL, bind=theirs)
    assert feed_until_forecast(samples, forecasts)["name"] == "s"


@pytest.mark.parametrize("type_, how", [("xpub", "bind"), ("xpub", "connect"), ("pub", "bind"),
                                        ("pub", "connect"), ("push", "bind"), ("push", "connect")])
def test_forecasts_leave_by(world, type_, how):
    ours, theirs = free_endpoint(), free_endpoint()
    kind = zmq.PULL if type_ == "push" else zmq.SUB
    forecasts = world.client(kind, **{"connect" if how == "bind" else "bind": theirs})
    if kind == zmq.SUB:
        forecasts.subscribe()
    world.daemon(settings([{"type": "pull", "bind": [ours]}], [{"type": type_, how: [theirs]}]))
    samples = world.client(zmq.PUSH, connect=ours)
    assert feed_until_forecast(samples, forecasts)["name"] == "s"


def test_several_inputs_with_several_endpoints_feed_one_stream(world):
    endpoints = [free_endpoint() for _ in range(4)]
    out = free_endpoint()
    world.daemon(settings([{"type": "pull", "bind": endpoints[:2]},
                           {"type": "pull", "bind": endpoints[2:]}],
                          [{"type": "push", "connect": [out]}]))
    forecasts = world.client(zmq.PULL, bind=out)
    clients = [world.client(zmq.PUSH, connect=endpoint) for endpoint in endpoints]
    for i in range(20):
        clients[i % 4].send({"name": "s", "time": EPOCH + i, "value": i})
        if i:
            forecasts.receive_until(lambda f: f["samples"] == i + 1)


def test_a_subscriber_gets_the_topics_it_asked_for(world):
    ours, theirs = free_endpoint(), free_endpoint()
    world.daemon(settings([{"type": "sub", "bind": [ours], "topics": ["keep"]}],
                          [{"bind": [theirs], "prefix": "forecast/"}]))
    samples = world.client(zmq.PUB, connect=ours)
    wanted = world.client(zmq.SUB, connect=theirs).subscribe(b"forecast/a")
    end = time.monotonic() + WAIT_S
    got, i = [], 0
    while len(got) < 5 and time.monotonic() < end:
        for name in ("a", "b"):
            samples.send_raw(b"keep." + name.encode(),
                             msgpack.packb({"name": name, "time": EPOCH + i, "value": i}))
        samples.send_raw(b"drop.a", msgpack.packb({"name": "a_dropped", "time": EPOCH + i, "value": i}))
        forecast = wanted.receive(0.02)
        got += [forecast] if forecast else []
        i += 1
    assert [f.topic for f in got] == ["forecast/a"] * 5


def test_outputs_select_and_prefix_each_for_itself_and_count_their_messages(world):
    ours, cpu, rest = free_endpoint(), free_endpoint(), free_endpoint()
    world.daemon(settings([{"type": "pull", "bind": [ours]}],
                          [{"type": "push", "connect": [cpu], "match": 'cpu_*{host=~"web.*"}',
                            "prefix": "cpu/"},
                           {"type": "push", "connect": [rest], "match": '*{host!="web1"}'}]))
    samples = world.client(zmq.PUSH, connect=ours)
    outputs = [world.client(zmq.PULL, bind=cpu), world.client(zmq.PULL, bind=rest)]
    for name, host in (("cpu_user", "web1"), ("cpu_user", "db1"), ("memory", "web1"), ("memory", "db1")):
        samples.send_values(name, range(50), tags={"host": host})
    first = outputs[0].receive_until(lambda f: f["time"] == EPOCH + 48) + outputs[0].drain()
    second = outputs[1].receive_until(lambda f: f["name"] == "memory" and f["time"] == EPOCH + 48)
    second += outputs[1].drain()
    assert {f.topic for f in first} == {'cpu/cpu_user{host="web1"}'}
    assert {f.topic for f in second} == {'cpu_user{host="db1"}', 'memory{host="db1"}'}
    for output in (first, second):
        assert [f.sequence for f in output] == list(range(1, len(output) + 1))


def test_outputs_have_formats_and_rates_of_their_own(world):
    ours, every, json_, lines = [free_endpoint() for _ in range(4)]
    world.daemon(settings([{"type": "pull", "bind": [ours]}],
                          [{"type": "push", "connect": [every]},
                           {"type": "push", "connect": [json_], "format": "json", "every": "10s"},
                           {"type": "push", "connect": [lines], "format": "influx", "every": "25s",
                            "match": "memory"}], stream={"retrain": {"every": 100000}}))
    samples = world.client(zmq.PUSH, connect=ours)
    outputs = [world.client(zmq.PULL, bind=endpoint).socket for endpoint in (every, json_, lines)]
    begin = EPOCH - EPOCH % 50
    for name in ("cpu", "memory"):
        samples.send_values(name, range(100), start=begin)

    def drain(socket):
        payloads = []
        while socket.poll(1000):
            payloads.append(socket.recv_multipart()[1])
        return payloads

    whole, thinned, text = [drain(socket) for socket in outputs]
    whole = [msgpack.unpackb(payload) for payload in whole]
    thinned = [json.loads(payload) for payload in thinned]
    assert {f["name"] for f in whole} == {f["name"] for f in thinned} == {"cpu", "memory"}
    assert len(whole) >= 2 * 99
    for name in ("cpu", "memory"):
        times = [f["time"] - begin for f in thinned if f["name"] == name]
        assert times == list(range(0, 100, 10))
    by_origin = {(f["name"], f["time"]): f["mean"] for f in whole}
    for forecast in thinned:
        assert forecast["mean"] == pytest.approx(by_origin[forecast["name"], forecast["time"]], rel=1e-9)
    assert len(text) == 4
    assert all(line.startswith(b"memory_forecast") for payload in text for line in payload.splitlines())


def test_rules_are_tried_in_file_order_and_a_stream_without_one_is_not_forecast(world):
    ours, theirs = free_endpoint(), free_endpoint()
    daemon = world.daemon({
        **settings([{"type": "pull", "bind": [ours]}], [{"type": "push", "connect": [theirs]}]),
        "streams": [{"match": "a_one", "step": "1s", "horizon": 2},
                    {"match": "a_*", "step": "2s", "horizon": 3}]})
    samples = world.client(zmq.PUSH, connect=ours)
    forecasts = world.client(zmq.PULL, bind=theirs)
    for name in ("b", "a_one", "a_two"):
        samples.send_values(name, range(20))
    shapes = {f["name"]: (f["step"], len(f["mean"])) for f in forecasts.receive_until(
        lambda f: f["name"] == "a_two") + forecasts.drain()}
    assert shapes == {"a_one": (1, 2), "a_two": (2, 3)}
    assert daemon.stop() == 0
    assert daemon.counters()['samples_total{result="unmatched"}'] == 20


def test_streams_beyond_the_limit_are_refused_and_counted(world):
    daemon, samples, forecasts = world.push_pull(limits={"streams": 3})
    for i in range(5):
        samples.send_values(f"s{i}", range(10))
    forecasts.drain()
    assert daemon.stop() == 0
    counters = daemon.counters()
    assert counters["streams"] == 3
    assert counters['samples_total{result="over_limit"}'] == 20


def test_a_burst_of_100000_samples_is_accepted_to_the_last(world):
    daemon, samples, forecasts = world.push_pull(stream={"retrain": {"every": 100000}})
    packer = msgpack.Packer()
    for i in range(100_000):
        samples.send_raw(packer.pack({"name": f"s{i % 10}", "time": EPOCH + i // 10, "value": i % 50}))
    last = {f.stream: f["samples"] for f in
            forecasts.receive_until(lambda f: f["samples"] == 10_000, 60) + forecasts.drain(3)}
    assert last == {f"s{i}": 10_000 for i in range(10)}
    assert daemon.stop() == 0
    assert daemon.counters()['samples_total{result="accepted"}'] == 100_000


def test_a_stop_in_the_middle_still_forecasts_what_had_arrived(world):
    daemon, samples, forecasts = world.push_pull()
    samples.send_values("warm", range(10))
    forecasts.receive_until(lambda f: f["samples"] == 10)
    for i in range(50):
        samples.send_values(f"s{i}", range(100))
    time.sleep(0.2)  # on loopback, that is ages: they lie in the daemon's socket or beyond
    started = time.monotonic()
    daemon.process.send_signal(signal.SIGTERM)
    got = forecasts.drain(2)
    assert daemon.stop() == 0
    assert time.monotonic() - started < 15
    assert daemon.counters()['samples_total{result="accepted"}'] == 5010
    assert {f.stream for f in got} >= {f"s{i}" for i in range(50)}
    # Each stream's step that was still open has 100 samples, too; the one before it is surely forecast.
    newest = {f.stream: f["time"] for f in got}
    assert all(newest[f"s{i}"] >= EPOCH + 98 for i in range(50))


def test_a_sender_that_never_pauses_does_not_keep_it_from_stopping(world):
    out = free_endpoint()
    ours = free_endpoint()
    daemon = world.daemon(settings([{"type": "pull", "bind": [ours], "high_water_mark": 100}],
                                   [{"type": "pub", "bind": [out]}]))
    samples = world.client(zmq.PUSH, connect=ours, high_water_mark=10)
    stop = threading.Event()

    def send():
        start = EPOCH
        while not stop.is_set():  # each sample closes a step: the daemon cannot keep up
            message = {"name": "s", "times": list(range(start, start + 5000)), "values": [0.5] * 5000}
            if samples.socket.poll(100, zmq.POLLOUT):
                samples.send(message)
            start += 5000

    sender = threading.Thread(target=send)
    sender.start()
    try:
        time.sleep(1)
        assert daemon.stop() == 0
        assert "those not taken yet are lost" in daemon.log()
    finally:
        stop.set()
        sender.join()


def test_a_silent_stream_gets_its_last_step_closed_by_the_wall_clock(world):
    _, samples, forecasts = world.push_pull()
    samples.send_values("s", range(10))
    assert forecasts.receive_until(lambda f: f["time"] == EPOCH + 9)[-1]["last"] == 9


def test_a_publisher_that_died_comes_back(world):
    ours, theirs = free_endpoint(), free_endpoint()
    world.daemon(settings([{"type": "sub", "connect": [ours]}], [{"type": "push", "connect": [theirs]}]))
    forecasts = world.client(zmq.PULL, bind=theirs)
    first = world.client(zmq.PUB, bind=ours)
    before = feed_until_forecast(first, forecasts)
    first.close()
    forecasts.drain()
    second = world.client(zmq.PUB, bind=ours)
    end = time.monotonic() + WAIT_S
    got, i = None, 0
    while not got and time.monotonic() < end:
        second.send({"name": "s", "time": EPOCH + 5000 + i, "value": i})
        got = forecasts.receive(0.02)
        i += 1
    assert got and got["samples"] > before["samples"]


def test_a_dead_subscriber_and_a_slow_one_do_not_stop_the_others(world):
    ours, theirs = free_endpoint(), free_endpoint()
    daemon = world.daemon(settings([{"type": "pull", "bind": [ours]}],
                                   [{"bind": [theirs], "high_water_mark": 100}],
                                   stream={"horizon": 64, "retrain": {"every": 100000}}))
    samples = world.client(zmq.PUSH, connect=ours)
    slow = world.client(zmq.SUB, connect=theirs, high_water_mark=1, buffer_bytes=4096).subscribe()
    dead = world.client(zmq.SUB, connect=theirs).subscribe()
    quick = world.client(zmq.SUB, connect=theirs).subscribe()
    feed_until_forecast(samples, quick)
    dead.close()
    start, rounds, burst = EPOCH + 10_000, 100, 50
    got = []
    for i in range(rounds):
        samples.send_values("s", range(burst), start=start + i * burst)
        got += quick.receive_until(lambda f: f["time"] == start + (i + 1) * burst - 2)
    assert len([f for f in got if f["time"] >= start]) >= rounds * burst - 1
    # `slow` reads only now: most of it is gone, and nobody waited for it.
    assert len(slow.drain()) < len(got)
    assert daemon.stop() == 0
    assert daemon.counters()["outputs_behind_total"] > 0


def test_a_peer_that_cancels_what_it_never_subscribed_to_silences_nobody(world):
    ours, theirs = free_endpoint(), free_endpoint()
    world.daemon(settings([{"type": "pull", "bind": [ours]}], [{"type": "xpub", "bind": [theirs]}]))
    samples = world.client(zmq.PUSH, connect=ours)
    forecasts = world.client(zmq.SUB, connect=theirs).subscribe()
    feed_until_forecast(samples, forecasts)
    # ZMTP 3.0 by hand: ZeroMQ's own sockets do not send such a thing.
    ready = b"\x05READY\x0bSocket-Type\0\0\0\x03SUB"
    with socket.create_connection(("127.0.0.1", int(theirs.rsplit(":", 1)[1]))) as peer:
        peer.sendall(b"\xff" + bytes(8) + b"\x7f\x03\0" + b"NULL".ljust(20, b"\0") + bytes(32))
        peer.sendall(b"\x04" + bytes([len(ready)]) + ready)
        peer.sendall(b"\0\x06\0never")  # a cancellation
        peer.sendall(b"\x01\x01x" + b"\0\x01\0")  # and one as a second frame
        time.sleep(0.3)
        feed_until_forecast(samples, forecasts, "other")


def test_a_push_output_without_a_worker_costs_only_its_messages(world):
    ours, nobody, theirs = free_endpoint(), free_endpoint(), free_endpoint()
    daemon = world.daemon(settings([{"type": "pull", "bind": [ours]}],
                                   [{"type": "push", "bind": [nobody], "high_water_mark": 1},
                                    {"type": "push", "connect": [theirs]}]))
    samples = world.client(zmq.PUSH, connect=ours)
    forecasts = world.client(zmq.PULL, bind=theirs)
    samples.send_values("s", range(100))
    assert forecasts.receive_until(lambda f: f["time"] == EPOCH + 98)
    assert daemon.stop() == 0
    assert daemon.counters()["outputs_behind_total"] >= 98

"""Payloads as clients send them: every shape and number counts, and garbage costs nothing else."""

import random
import struct
import time

import msgpack
import pytest
import zmq

from rollcast import EPOCH, free_endpoint, settings

N = 20


def one(i):
    return {"name": "s", "tags": {"host": "a"}, "time": EPOCH + i, "value": i / 2}


def timestamp(i):
    return msgpack.Timestamp(EPOCH + i, 0)


SHAPES = {
    "single maps": [one(i) for i in range(N)],
    "timestamp instead of time": [
        {"timestamp" if key == "time" else key: value for key, value in one(i).items()}
        for i in range(N)],
    "timestamp extension": [one(i) | {"time": timestamp(i)} for i in range(N)],
    "timestamp extension with nanoseconds": [
        one(i) | {"time": msgpack.Timestamp(EPOCH + i, 999_999_999)} for i in range(N)],
    "float times": [one(i) | {"time": EPOCH + i + 0.25} for i in range(N)],
    "a Telegraf field": [{"name": "s", "tags": {"host": "a"}, "time": EPOCH + i,
                          "fields": {"value": i / 2}} for i in range(N)],
    "array batches": [[one(i) for i in range(start, start + 5)] for start in range(0, N, 5)],
    "one column batch": [{"name": "s", "tags": {"host": "a"}, "times": [EPOCH + i for i in range(N)],
                          "values": [i / 2 for i in range(N)]}],
    "columns with timestamps": [{"name": "s", "tags": {"host": "a"},
                                 "times": [timestamp(i) for i in range(N)],
                                 "values": [i / 2 for i in range(N)]}],
    "an array of all shapes": [[one(0), {"name": "s", "tags": {"host": "a"},
                                         "times": [EPOCH + 1, EPOCH + 2], "values": [0.5, 1.0]},
                                {"name": "s", "tags": {"host": "a"}, "time": EPOCH + 3,
                                 "fields": {"value": 1.5}}] + [one(i) for i in range(4, N)]],
    "keys in another order, and unknown ones": [
        {"unit": "ms", "value": i / 2, "extra": {"deep": [1, {"er": None}]}, "tags": {"host": "a"},
         "time": EPOCH + i, "name": "s"} for i in range(N)],
    "empty tags left out": [one(i) | {"tags": {"host": "a", "rack": ""}} for i in range(N)],
}


@pytest.mark.parametrize("messages", SHAPES.values(), ids=SHAPES)
def test_shape(world, messages):
    _, samples, forecasts = world.push_pull()
    for message in messages:
        samples.send(message)
    forecast = forecasts.receive_until(lambda f: f["time"] == EPOCH + N - 2)[-1]
    assert (forecast.stream, forecast["last"], forecast["samples"]) == ('s{host="a"}', (N - 2) / 2, N - 1)


def test_telegraf_fields_are_streams_and_text_among_them_is_passed_over(world):
    _, samples, forecasts = world.push_pull()
    for i in range(N):
        samples.send({"name": "cpu", "tags": {"cpu": "0"}, "time": EPOCH + i,
                      "fields": {"user": i, "system": i / 4, "busy": True, "state": "ok"}})
    got = {f.stream: f["last"] for f in forecasts.receive_until(
        lambda f: f["time"] == EPOCH + N - 2 and f["name"] == "cpu_busy") + forecasts.drain(1)
        if f["time"] == EPOCH + N - 2}
    assert got == {'cpu_user{cpu="0"}': N - 2, 'cpu_system{cpu="0"}': (N - 2) / 4, 'cpu_busy{cpu="0"}': 1}


@pytest.mark.parametrize("packed", [struct.pack(">Bb", 0xd0, 7), b"\x07", b"\xcc\x07", b"\xcd\0\x07",
                                    b"\xce\0\0\0\x07", b"\xcf" + struct.pack(">Q", 7),
                                    b"\xd1\0\x07", b"\xd2\0\0\0\x07", b"\xd3" + struct.pack(">q", 7),
                                    b"\xca" + struct.pack(">f", 7), b"\xcb" + struct.pack(">d", 7)],
                         ids=["int8", "fixint", "uint8", "uint16", "uint32", "uint64", "int16", "int32",
                              "int64", "float32", "float64"])
def test_number_of_any_width(world, packed):
    _, samples, forecasts = world.push_pull()
    for i in range(3):
        samples.send_raw(b"\x83" + msgpack.packb("name") + msgpack.packb("s") + msgpack.packb("time") +
                         msgpack.packb(EPOCH + i) + msgpack.packb("value") + packed)
    assert forecasts.receive_until(lambda f: f["samples"] == 3)[-1]["last"] == 7


@pytest.mark.parametrize("frames", [lambda p: (p,), lambda p: (b"topic", p), lambda p: (b"", p),
                                    lambda p: (b"topic", p, struct.pack("<Q", 9))],
                         ids=["payload", "topic", "empty-topic", "sequence"])
def test_frames(world, frames):
    _, samples, forecasts = world.push_pull()
    for i in range(3):
        samples.send_raw(*frames(msgpack.packb(one(i))))
    assert forecasts.receive_until(lambda f: f["samples"] == 3)[-1]["name"] == "s"


@pytest.mark.parametrize("unit, factor", [("s", 1), ("ms", 10**3), ("us", 10**6), ("ns", 10**9)])
def test_time_in_units_of(world, unit, factor):
    ours, theirs = free_endpoint(), free_endpoint()
    world.daemon(settings([{"type": "pull", "bind": [ours], "time_unit": unit}],
                          [{"type": "push", "connect": [theirs]}]))
    samples, forecasts = world.client(zmq.PUSH, connect=ours), world.client(zmq.PULL, bind=theirs)
    for i in range(N):
        samples.send(one(i) | {"time": (EPOCH + i) * factor})
    assert forecasts.receive_until(lambda f: f["time"] == EPOCH + N - 2)


def test_without_time_the_arrival_counts(world):
    _, samples, forecasts = world.push_pull(stream={"step": "100ms"})
    before = time.time()
    for _ in range(5):
        samples.send({"name": "s", "value": 1})
        time.sleep(0.1)
    forecast = forecasts.receive()
    assert before - 1 <= forecast["time"] <= time.time()


def test_out_of_order_samples_count_within_the_lateness(world):
    daemon, samples, forecasts = world.push_pull(stream={"lateness": "5s"})
    for i in [0, 2, 1, 4, 3, 5, 20, 6, 30]:
        samples.send({"name": "s", "time": EPOCH + i, "value": i})
    forecasts.receive_until(lambda f: f["time"] >= EPOCH + 20)
    assert daemon.stop() == 0
    counters = daemon.counters()
    assert counters['samples_total{result="accepted"}'] == 8
    assert counters['samples_total{result="late"}'] == 1


def garbage(seed):
    """Bytes of every kind of wrong, the same for each seed."""
    dice = random.Random(seed)
    good = msgpack.packb([one(i) for i in range(4)])
    for _ in range(300):
        yield dice.randbytes(dice.randrange(200))
        yield good[:dice.randrange(len(good))]
        broken = bytearray(good)
        broken[dice.randrange(len(broken))] = dice.randrange(256)
        yield bytes(broken).replace(b"s\xa4", b"g\xa4")
    yield b""
    yield b"\xdd\xff\xff\xff\xff\x01"          # an array of four thousand million elements
    yield b"\xdf\xff\xff\xff\xff\xa1a"         # a map as large
    yield b"\xdb\xff\xff\xff\xffabc"           # a text as long
    yield b"\x91" * 100_000                    # deep
    yield b"\x81\xa1a" * 100_000
    yield msgpack.packb({"name": "g", "time": EPOCH, "value": float("nan")})
    yield msgpack.packb({"name": "g", "time": EPOCH, "value": float("inf")})
    yield msgpack.packb({"name": "g", "time": float("nan"), "value": 1})
    yield msgpack.packb({"name": "g", "time": 1e300, "value": 1})
    yield msgpack.packb({"name": "", "time": EPOCH, "value": 1})
    yield msgpack.packb({"name": "x" * 5000, "time": EPOCH, "value": 1})
    yield msgpack.packb({"name": b"\xff\xfe", "time": EPOCH, "value": 1})
    yield msgpack.packb({"name": "g", "times": [EPOCH], "values": [1, 2]})


@pytest.mark.parametrize("seed", range(3))
def test_garbage_is_survived_and_good_streams_go_on(world, seed):
    daemon, samples, forecasts = world.push_pull()
    for i, bytes_ in enumerate(garbage(seed)):
        samples.send_raw(bytes_)
        samples.send({"name": "good", "time": EPOCH + i, "value": i})
    last = i
    forecasts.receive_until(lambda f: f["name"] == "good" and f["time"] == EPOCH + last - 1)
    assert daemon.is_running() and daemon.stop() == 0
    counters = daemon.counters()
    for reason in ("truncated", "malformed", "shape", "name", "time", "value"):
        assert counters[f'refusals_total{{reason="{reason}"}}'] > 0
    assert daemon.log().count("refused") == 1, "one line a minute, however much garbage comes"


def test_a_message_with_four_frames_is_refused_and_the_next_one_taken(world):
    daemon, samples, forecasts = world.push_pull()
    for i in range(10):
        samples.send_raw(b"a", msgpack.packb(one(i) | {"name": "bad"}), b"c", b"d")
        samples.send(one(i))
    assert {f["name"] for f in forecasts.receive_until(lambda f: f["samples"] == 10)} == {"s"}
    assert daemon.stop() == 0
    assert daemon.counters()['messages_refused_total{reason="frames"}'] == 10


def test_a_peer_with_a_message_too_large_is_dropped_and_others_go_on(world):
    ours, theirs = free_endpoint(), free_endpoint()
    world.daemon(settings([{"type": "pull", "bind": [ours], "message_max": "64KiB"}],
                          [{"type": "push", "connect": [theirs]}]))
    large, good = world.client(zmq.PUSH, connect=ours), world.client(zmq.PUSH, connect=ours)
    forecasts = world.client(zmq.PULL, bind=theirs)
    large.send_raw(bytes(1_000_000))
    good.send_values("s", range(N))
    assert {f["name"] for f in forecasts.receive_until(lambda f: f["time"] == EPOCH + N - 2)} == {"s"}

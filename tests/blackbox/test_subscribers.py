"""What subscribers get: first a snapshot of what is known, then as many forecasts as they want."""

import signal
import time

import pytest
import zmq

from rollcast import EPOCH, WAIT_S, free_endpoint, settings

QUIET = {"retrain": {"every": 100000}}


def publisher(world, outputs=({},), **more):
    """A daemon with XPUB outputs: it, its samples' socket, and the outputs' endpoints."""
    ours, theirs = free_endpoint(), [free_endpoint() for _ in outputs]
    daemon = world.daemon(settings([{"type": "pull", "bind": [ours]}],
                                   [{"bind": [bind], **one} for bind, one in zip(theirs, outputs)],
                                   **{"stream": QUIET, **more}))
    return daemon, world.client(zmq.PUSH, connect=ours), theirs


def feed(world, samples, endpoint, names, steps=10, topic=b""):
    """`steps` values for each stream; returns when a subscriber has seen the last forecast of each."""
    watch = world.client(zmq.SUB, connect=endpoint).subscribe(topic)
    for name in names:
        samples.send_values(name, range(steps))
    seen = set()
    while len(seen) < len(names):
        forecast = watch.receive()
        assert forecast, f"{len(seen)} of {len(names)} streams have come to their last step"
        if forecast["time"] == EPOCH + steps - 1:  # closed by silence: nothing comes after it
            seen.add(forecast.stream)
    watch.close()


def test_a_new_subscriber_gets_the_last_forecast_of_every_matching_stream(world):
    _, samples, (out,) = publisher(world, [{"prefix": "f/"}])
    feed(world, samples, out, ["a1", "a2", "b"])
    late = world.client(zmq.SUB, connect=out).subscribe(b"f/a")
    got = [late.receive(), late.receive()]
    assert sorted(f.topic for f in got) == ["f/a1", "f/a2"]
    for forecast in got:
        assert forecast["snapshot"] is True and forecast.sequence == 0
        assert (forecast["time"], forecast["last"], forecast["samples"]) == (EPOCH + 9, 9, 10)
        assert len(forecast["mean"]) == 4
    assert late.drain() == []
    samples.send_values("a1", range(10, 13), start=EPOCH + 10)
    live = late.receive_until(lambda f: f["time"] == EPOCH + 12)
    assert not any(f["snapshot"] for f in live)
    assert [f.sequence for f in live] == list(range(live[0].sequence, live[0].sequence + len(live)))


def test_a_second_subscriber_to_a_known_topic_gets_a_snapshot_too(world):
    _, samples, (out,) = publisher(world)
    feed(world, samples, out, ["s"])
    first = world.client(zmq.SUB, connect=out).subscribe(b"s")
    assert first.receive()["snapshot"] is True
    second = world.client(zmq.SUB, connect=out).subscribe(b"s")
    assert second.receive()["snapshot"] is True


def test_a_snapshot_goes_to_the_output_that_was_subscribed_to_and_through_its_selector(world):
    _, samples, (chosen, other) = publisher(world, [{"match": "a*"}, {}])
    feed(world, samples, other, ["a", "b"])
    bystander = world.client(zmq.SUB, connect=other).subscribe()
    assert {f.stream for f in bystander.drain()} == {"a", "b"}
    late = world.client(zmq.SUB, connect=chosen).subscribe()
    assert [f.stream for f in late.drain()] == ["a"]
    assert bystander.drain() == []


def test_without_any_forecast_there_is_no_snapshot(world):
    _, samples, (out,) = publisher(world)
    samples.send_values("s", [1.0])
    client = world.client(zmq.SUB, connect=out).subscribe()
    first = client.receive(5)
    assert first is None or first["time"] == EPOCH  # the one step, closed by silence


def test_thousands_of_subscriptions_get_a_snapshot_each(world):
    _, samples, (out,) = publisher(world)
    names = [f"s{i:05}" for i in range(5000)]
    feed(world, samples, out, names, steps=3)
    late = world.client(zmq.SUB, connect=out)
    for name in names[:4000]:
        late.subscribe(name.encode())
    got = {}
    end = time.monotonic() + WAIT_S
    while len(got) < 4000 and time.monotonic() < end:
        forecast = late.receive(1)
        if forecast:
            assert forecast["snapshot"] is True
            got.setdefault(forecast.stream, forecast)
    assert set(got) == set(names[:4000])


def test_a_snapshot_is_sent_as_fast_as_the_subscriber_takes_it(world):
    """Far more streams than the high-water mark has messages, and live forecasts between: none is lost."""
    _, samples, (out,) = publisher(world, [{"high_water_mark": 200}])
    names = [f"s{i:05}" for i in range(8000)]
    watch = world.client(zmq.SUB, connect=out).subscribe()
    for name in [*names, "end"]:
        samples.send_values(name, range(3))
    assert watch.receive()
    watch.drain(3)  # silent streams have their last step closed, too
    watch.close()
    slow = world.client(zmq.SUB, connect=out, high_water_mark=10, buffer_bytes=65536).subscribe()
    got, live, step = set(), 0, 3
    end = time.monotonic() + WAIT_S
    while not got.issuperset(names) and time.monotonic() < end:
        forecast = slow.receive(1)
        if forecast and forecast["snapshot"]:
            got.add(forecast.stream)
        elif forecast:
            live += 1
        if len(got) % 400 == 0:
            samples.send_values("end", [step], start=EPOCH + step)
            step += 1
            time.sleep(0.02)
    assert got.issuperset(names), f"{len(got)} came"
    assert live > 0


def test_a_subscriber_that_takes_nothing_keeps_no_snapshot_from_others(world):
    daemon, samples, (out,) = publisher(world, [{"high_water_mark": 50}])
    names = [f"s{i:05}" for i in range(3000)]
    quick = world.client(zmq.SUB, connect=out, buffer_bytes=1 << 20)
    for name in names:
        samples.send_values(name, range(3))
    time.sleep(2)
    stuck = world.client(zmq.SUB, connect=out, high_water_mark=1, buffer_bytes=4096).subscribe()
    time.sleep(0.3)
    quick.subscribe()
    got = {f.stream for f in quick.drain(6)}
    # It is given three seconds, and then loses what it does not take; so may others at that moment.
    assert len(got) > 100
    samples.send_values("s00000", range(3, 6), start=EPOCH + 3)
    assert quick.receive_until(lambda f: f["time"] == EPOCH + 5)
    stuck.close()
    assert daemon.is_running()


def test_a_subscriber_that_comes_and_goes_does_not_flood_the_others(world):
    daemon, samples, (out,) = publisher(world)
    feed(world, samples, out, ["s"])
    bystander = world.client(zmq.SUB, connect=out).subscribe()
    assert bystander.receive()["snapshot"] is True
    flapping = world.client(zmq.SUB, connect=out)
    started, count = time.monotonic(), 0
    while time.monotonic() < started + 3:
        for _ in range(100):
            flapping.subscribe()
            flapping.socket.setsockopt(zmq.UNSUBSCRIBE, b"")
        time.sleep(0.01)  # 10,000 subscriptions a second
        count += len(bystander.drain(0))
    count += len(bystander.drain())
    assert 2 <= count <= 4 * (time.monotonic() - started) + 3
    samples.send_values("s", range(10, 13), start=EPOCH + 10)
    assert bystander.receive_until(lambda f: f["time"] == EPOCH + 12)
    flapping.subscribe()
    assert flapping.receive_until(lambda f: f["snapshot"] and f["time"] == EPOCH + 12)
    assert daemon.is_running()


def test_subscribers_may_go_in_the_midst_of_a_snapshot_and_of_a_reload(world):
    daemon, samples, (out,) = publisher(world, [{"high_water_mark": 20}])
    names = [f"s{i:04}" for i in range(500)]
    feed(world, samples, out, names[:1])
    step, end = 10, time.monotonic() + 6
    while time.monotonic() < end:
        for name in names:
            samples.send_values(name, range(3), start=EPOCH + step)
        step += 3
        daemon.process.send_signal(signal.SIGHUP)
        for _ in range(10):
            client = world.client(zmq.SUB, connect=out, high_water_mark=1, buffer_bytes=4096).subscribe()
            client.receive(0.02)
            client.close()
    assert daemon.is_running()
    last = world.client(zmq.SUB, connect=out).subscribe(b"s0000")
    assert last.receive()["name"] == "s0000"


@pytest.mark.parametrize("every, expected", [("0s", list(range(40))), ("10s", [0, 10, 20, 30]),
                                             ("1500ms", None)])
def test_every_thins_the_forecasts_of_each_stream(world, every, expected):
    ours, theirs = free_endpoint(), free_endpoint()
    world.daemon(settings([{"type": "pull", "bind": [ours]}],
                          [{"type": "push", "connect": [theirs], "every": every}], stream=QUIET))
    samples, forecasts = world.client(zmq.PUSH, connect=ours), world.client(zmq.PULL, bind=theirs)
    for name in ("a", "b"):
        samples.send_values(name, range(40))
    got = forecasts.drain(4)
    for name in ("a", "b"):
        times = [f["time"] - EPOCH for f in got if f["name"] == name]
        if expected is None:
            starts = {}
            for second in range(40):
                starts.setdefault((EPOCH + second) * 10 // 15, second)
            expected = list(starts.values())
        assert times == expected
    assert [f.sequence for f in got] == list(range(1, len(got) + 1))


def test_every_counts_gaps_as_time_that_has_passed(world):
    ours, theirs = free_endpoint(), free_endpoint()
    world.daemon(settings([{"type": "pull", "bind": [ours]}],
                          [{"type": "push", "connect": [theirs], "every": "10s"}], stream=QUIET))
    samples, forecasts = world.client(zmq.PUSH, connect=ours), world.client(zmq.PULL, bind=theirs)
    seconds = [0, 1, 2, 3, 13, 14, 15, 27, 28, 29, 30, 31]  # a gap over each tenth but the last
    samples.send({"name": "s", "times": [EPOCH + i for i in seconds], "values": seconds})
    assert [f["time"] - EPOCH for f in forecasts.drain(4)] == [0, 13, 27, 30]

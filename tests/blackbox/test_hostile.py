"""Clients that mean harm, over real sockets: the daemon survives, and good streams go on being forecast.

HOSTILE=10000000 sends so many malformed messages instead of a few hundred thousand, and prints what came of it.
"""

import json
import os
import random
import re
import socket
import struct
import subprocess
import time
import urllib.parse
import urllib.request

import msgpack
import pytest
import zmq

from rollcast import BUILD, EPOCH, WAIT_S, free_endpoint, settings

MESSAGES = int(os.environ.get("HOSTILE", 300_000))
SLACK_MIB = 512 if "asan" in BUILD.name or "tsan" in BUILD.name else 96  # sanitizers keep what is freed
GOOD = ["good_0", "good_1", "good_2"]
CONTROL = re.compile(rb"[\x00-\x09\x0b-\x1f\x7f]|\xc2[\x80-\x9f]")


def rss_mib(daemon):
    with open(f"/proc/{daemon.process.pid}/status", encoding="ascii") as status:
        return int(re.search(r"VmRSS:\s+(\d+)", status.read())[1]) / 1024


# ---- malformed messages ----

def good(i):
    return {"name": f"stranger_{i % 500}", "tags": {"host": "a"}, "time": EPOCH + i, "value": i / 2}


def flipped(dice, payload):
    payload = bytearray(payload)
    for _ in range(dice.randint(1, 4)):
        payload[dice.randrange(len(payload))] ^= 1 << dice.randrange(8)
    return bytes(payload)


def cut(dice, payload):
    return payload[:dice.randrange(len(payload))]


BAD_NAMES = [b"", b"a\x00b", b"\x1b[2J\x1b]0;owned\x07", b"\xc2\x9b2J", b"a\xff\xfe", b"\xed\xa0\x80", b"x" * 65536,
             b"a\r\nlevel=error forged", b"a{", b'"}']


def named(name):
    return b"\x83\xa4name" + b"\xc6" + struct.pack(">I", len(name)) + name + b"\xa4time\x01\xa5value\x02"


MSGPACK = {
    "random bytes": lambda dice, i: dice.randbytes(dice.randint(0, 60)),
    "cut short": lambda dice, i: cut(dice, msgpack.packb(good(i))),
    "flipped bits": lambda dice, i: flipped(dice, msgpack.packb(good(i))),
    "promises": lambda dice, i: dice.choice(
        [b"\xdd\xff\xff\xff\xff", b"\xdf\x7f\xff\xff\xff\xa1x", b"\xdb\xff\xff\xff\xffx", b"\xc6\x40\0\0\0x",
         b"\x82\xa4name\xa1x\xa5times\xdd\xff\xff\xff\xf0\x01"]),
    "deep": lambda dice, i: b"\x91" * dice.choice([100, 10_000]) + b"\xc0",
    "deep maps": lambda dice, i: b"\x84\xa1x" + b"\x81\xa1y" * 1000 + b"\xc0",
    "names": lambda dice, i: named(dice.choice(BAD_NAMES)),
    "no numbers": lambda dice, i: msgpack.packb(
        good(i) | {"value": dice.choice(["1", None, [1], {}, float("nan"), float("inf"), b"\x01"])}),
    "no times": lambda dice, i: msgpack.packb(
        good(i) | {"time": dice.choice(["now", [], 2 ** 63, -2 ** 63, 1e300, float("nan"), True])}),
    "no shape": lambda dice, i: msgpack.packb(dice.choice(
        [None, 7, "text", [], {}, [[]], {"name": 1}, {"name": "x"}, {"value": 1}, {1: 2}, {"name": "x", "times": [1]},
         {"name": "x", "times": [1, 2], "values": [1]}, {"name": "x", "fields": 3}, {"name": "x", "tags": [1], "value": 1}])),
    "tags": lambda dice, i: msgpack.packb(
        good(i) | {"tags": dice.choice([{"": "x"}, {"a=": "x"}, {"a": 1}, {"a": ["x"]}, {str(n): "x" for n in range(40)}])}),
    "extensions": lambda dice, i: dice.choice(
        [b"\xc9\xff\xff\xff\xff\x01", b"\xd6\xff\xff\xff\xff\xff", b"\xc7\x00\xff", b"\xc1", b"\xd8\xff" + b"\xff" * 16]),
    "twice": lambda dice, i: b"\x84\xa4name\xa1x\xa4name\xa1y\xa4time\x01\xa5value\x02",
}
JSON = {
    "random bytes": lambda dice, i: dice.randbytes(dice.randint(0, 60)),
    "cut short": lambda dice, i: cut(dice, json.dumps(good(i)).encode()),
    "deep": lambda dice, i: dice.choice([b"[", b'{"a":']) * dice.choice([40, 10_000]),
    "exponents": lambda dice, i: b'{"name":"x","time":1,"value":%b}' % dice.choice(
        [b"1e999999999", b"-1e400", b"1e", b"0x10", b"1e-", b"9" * 5000 + b"e999", b"--1", b".5", b"NaN", b"Infinity"]),
    "names": lambda dice, i: b'{"name":"%b","time":1,"value":1}' % dice.choice(
        BAD_NAMES + [b"\\u0000", b"\\u001b[2J", b"\\ud800", b"\\u009b", b"\\x"]),
    "escapes": lambda dice, i: b'{"na\\u006de":"x","time":"\\u00',
}
INFLUX = {
    "random bytes": lambda dice, i: dice.randbytes(dice.randint(0, 60)),
    "words": lambda dice, i: b"word " * dice.randint(1, 20),
    "broken": lambda dice, i: dice.choice(
        [b"m value=", b"m,=a value=1", b"m,a= value=1", b"m value=1 1x", b'm s="open', b"m value=1e999 1", b",a=b v=1",
         b"m\\", b"m,a=b\\", b"m v=1i2 1", b"=\n=\n=\n", b"m value=nan 1", b"m value=1 99999999999999999999"]),
    "names": lambda dice, i: dice.choice(BAD_NAMES) + b" value=1 1",
    "long": lambda dice, i: b"m," + b",".join(b"t%d=x" % n for n in range(100)) + b" value=1",
}
FORMATS = {"msgpack": MSGPACK, "json": JSON, "influx": INFLUX}
POOL = 3000


def malformed(kinds):
    """A pool of messages, some of each kind, in an order that every run repeats."""
    dice = random.Random(7)
    kinds = list(kinds.values())
    return [kinds[i % len(kinds)](dice, i) for i in range(POOL)]


class House:
    """A daemon with an input per format, whose output knows good streams only; and their sender."""

    def __init__(self, world, **more):
        self.inputs = {name: free_endpoint() for name in FORMATS}
        forecasts = free_endpoint()
        more = {"limits": {"streams": 200}, "stream": {"retrain": {"every": 100_000}}, **more}
        self.daemon = world.daemon(settings(
            [{"type": "pull", "bind": [bind], "format": name} for name, bind in self.inputs.items()],
            [{"type": "push", "connect": [forecasts], "match": "good_*"}], **more))
        self.forecasts = world.client(zmq.PULL, bind=forecasts)
        self.samples = world.client(zmq.PUSH, connect=self.inputs["msgpack"])
        self.steps = 0
        self.go_on(10)

    def endpoint(self):
        host, port = self.inputs["msgpack"].removeprefix("tcp://").split(":")
        return host, int(port)

    def go_on(self, steps=3):
        """Every good stream takes some steps more, and each is forecast."""
        wanted = {(name, EPOCH + self.steps + i) for name in GOOD for i in range(steps)}
        for _ in range(steps):
            for name in GOOD:
                self.samples.send({"name": name, "time": EPOCH + self.steps, "value": self.steps % 7})
            self.steps += 1
        end = time.monotonic() + WAIT_S
        while wanted:
            forecast = self.forecasts.receive(max(0.0, end - time.monotonic()))
            assert forecast, f"not forecast within {WAIT_S} s: {sorted(wanted)}"
            wanted.discard((forecast["name"], forecast["time"]))


def test_malformed_messages_cost_nothing_but_their_counts(world):
    house = House(world)
    pools = {name: malformed(kinds) for name, kinds in FORMATS.items()}
    senders = {name: world.client(zmq.PUSH, connect=bind, high_water_mark=1000)
               for name, bind in house.inputs.items()}
    sent, before, started = 0, None, time.monotonic()
    while sent < MESSAGES:
        for name, sender in senders.items():
            for payload in pools[name]:
                sender.socket.send(payload)
        sent += POOL * len(senders)
        if sent % (POOL * len(senders) * 10) == 0 or before is None:
            house.go_on(1)
            before = before or rss_mib(house.daemon)  # with all streams there are
    house.go_on()
    after, seconds = rss_mib(house.daemon), time.monotonic() - started
    print(f"{sent} malformed messages in {seconds:.0f} s, {house.steps} steps of good streams between them, "
          f"RSS {before:.1f} MiB after the first {POOL * len(senders)} and {after:.1f} MiB at the end")
    assert after < before + SLACK_MIB
    assert house.daemon.stop() == 0
    counters, log = house.daemon.counters(), house.daemon.log()
    assert counters["messages_received_total"] >= sent + 3 * 10
    for reason in ("truncated", "malformed", "shape", "name", "time", "value"):
        assert any(reason in name and value > 100 for name, value in counters.items()), (reason, counters)
    assert len(log.splitlines()) < 30 + seconds / 10, "a line for every bad message"
    assert not CONTROL.search(house.daemon.log_file.read_bytes())


def test_messages_of_ten_thousand_frames_are_one_refusal_each(world):
    house = House(world)
    hostile = world.client(zmq.PUSH, connect=house.inputs["msgpack"])
    for _ in range(20):
        hostile.send_raw(*[b"x"] * 10_000)
    hostile.send_raw(*[b""] * 4)
    before = rss_mib(house.daemon)
    house.go_on()
    assert rss_mib(house.daemon) < before + SLACK_MIB
    end = time.monotonic() + WAIT_S
    while "more than three frames" not in house.daemon.log():
        assert time.monotonic() < end
        time.sleep(0.05)
    assert house.daemon.stop() == 0
    assert house.daemon.counters()["messages_received_total"] == house.steps * len(GOOD) + 21


# ---- ZMTP by hand ----

GREETING = b"\xff" + bytes(8) + b"\x7f\x03\x00" + b"NULL".ljust(20, b"\0") + b"\0" + bytes(31)


def command(body):
    return struct.pack(">BB", 4, len(body)) + body


def ready(kind):
    return command(b"\x05READY\x0bSocket-Type" + struct.pack(">I", len(kind)) + kind)


def long_frame(size, flags=2):
    return struct.pack(">BQ", flags, size)


class Peer(socket.socket):
    """A TCP connection that speaks as it likes."""

    def __init__(self, address, greet=None):
        super().__init__()
        self.settimeout(WAIT_S)
        self.connect(address)
        if greet:
            self.sendall(GREETING + ready(greet))

    def is_shut(self):
        """Whether the other side ends the connection."""
        try:
            while self.recv(65536):
                pass
        except TimeoutError:
            return False
        except OSError:
            pass
        return True


def test_a_message_announced_as_a_gigabyte_ends_the_connection(world):
    house = House(world)
    before = rss_mib(house.daemon)
    for size in [1 << 30, (1 << 63) - 1, (1 << 64) - 1, (16 << 20) + 1]:
        for _ in range(5):
            with Peer(house.endpoint(), b"PUSH") as peer:
                peer.sendall(long_frame(size) + b"x" * 1000)
                assert peer.is_shut(), f"{size} bytes were not refused"
    house.go_on()
    assert rss_mib(house.daemon) < before + SLACK_MIB


def test_the_largest_messages_that_are_announced_and_never_come_take_no_memory(world):
    house = House(world)
    before = rss_mib(house.daemon)
    peers = [Peer(house.endpoint(), b"PUSH") for _ in range(50)]
    for peer in peers:
        peer.sendall(long_frame(16 << 20) + b"x" * 1000)
    house.go_on()
    assert rss_mib(house.daemon) < before + SLACK_MIB
    for peer in peers:
        peer.close()
    house.go_on()


HANDSHAKES = {
    "HTTP": b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}",
    "TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + bytes(500),
    "a greeting cut short": GREETING[:30],
    "a greeting of another time": b"\x01\x00" + b"\x05hello" * 10,
    "another mechanism": GREETING.replace(b"NULL", b"NUKE"),
    "curve where there is none": GREETING.replace(b"NULL\0", b"CURVE") + command(b"\x05HELLO" + bytes(194)),
    "no command": GREETING + b"\x00\x05hello",
    "a command without an end": GREETING + b"\x06" + struct.pack(">Q", 1 << 40) + b"x" * 5000,
    "metadata that lie": GREETING + command(b"\x05READY\xffSocket-Type\xff\xff\xff\xffPUSH"),
    "no socket type": GREETING + command(b"\x05READY"),
    "a socket that fits not": GREETING + ready(b"REQ"),
    "flags that mean nothing": GREETING + ready(b"PUSH") + b"\xf8\x01x" * 100,
    "commands among messages": GREETING + ready(b"PUSH") + command(b"\x04PING" + bytes(200)) * 10,
    "a subscription to a sink": GREETING + ready(b"PUSH") + command(b"\x09SUBSCRIBEx") + b"\x00\x02\x01x",
}


@pytest.mark.parametrize("speech", HANDSHAKES.values(), ids=HANDSHAKES)
def test_what_is_no_handshake_disturbs_nobody(world, speech):
    house = House(world)
    for half_way in (False, True):
        for _ in range(10):
            with Peer(house.endpoint()) as peer:
                try:
                    peer.sendall(speech)
                    if half_way:
                        peer.shutdown(socket.SHUT_WR)
                        peer.settimeout(0.05)
                        peer.is_shut()
                except OSError:  # refused already
                    pass
    house.go_on()


def test_random_bytes_after_a_handshake_disturb_nobody(world):
    house = House(world)
    dice = random.Random(3)
    for _ in range(300):
        with Peer(house.endpoint(), b"PUSH") as peer:
            try:
                peer.sendall(dice.randbytes(dice.randint(1, 300)))
            except OSError:
                pass
    house.go_on()


def test_a_thousand_connections_that_never_speak(world):
    house = House(world)
    before = rss_mib(house.daemon)
    silent = [Peer(house.endpoint(), dice) for dice in [None, b"PUSH"] * 500]
    house.go_on()
    late = world.client(zmq.PUSH, connect=house.inputs["msgpack"])
    late.send_values("good_late", [1, 2, 3, 4])
    assert house.forecasts.receive_until(lambda f: f["name"] == "good_late")
    assert rss_mib(house.daemon) < before + SLACK_MIB
    for peer in silent:
        peer.close()
    house.go_on()


def test_subscribers_that_never_read_cost_a_bounded_amount(world):
    out = free_endpoint()
    host, port = out.removeprefix("tcp://").split(":")
    ours = free_endpoint()
    daemon = world.daemon(settings([{"type": "pull", "bind": [ours]}], [{"bind": [out], "high_water_mark": 100}],
                                   stream={"retrain": {"every": 100_000}}))
    samples = world.client(zmq.PUSH, connect=ours)
    reader = world.client(zmq.SUB, connect=out).subscribe(b"s")
    samples.send_values("s", range(10))
    reader.receive_until(lambda f: f["time"] >= EPOCH + 8)
    before = rss_mib(daemon)
    deaf = [Peer((host, int(port)), b"SUB") for _ in range(30)]
    for peer in deaf:
        peer.sendall(b"\x00\x01\x01" * 3)  # everything, three times
    steps = 3000
    for start in range(10, steps, 100):
        samples.send_values("s", [i % 9 for i in range(100)], start=EPOCH + start)
        reader.receive_until(lambda f, end=start + 98: f["time"] >= EPOCH + end)
    # Per subscriber: 100 messages of half a kilobyte, and what the sockets' buffers hold.
    assert rss_mib(daemon) < before + SLACK_MIB
    for peer in deaf:
        peer.close()


# ---- what is shown ----

EVIL = ["\"><script>alert(1)</script>", "'; DROP TABLE x; --", "a\nb", "\\", "${HOME}", "%s%n%x", "\u202e\u2066", "</textarea>",
        "\u00a0\ufeff\u2028"]
LINE = re.compile(r'(# (HELP|TYPE) [a-z_]+ .*|[a-z_]+(\{([a-zA-Z_]\w*="([^"\\\n]|\\["\\n])*",?)*\})? \S+)')


def test_names_that_are_allowed_stay_text_wherever_they_are_shown(world):
    ours, out, address = free_endpoint(), free_endpoint(), free_endpoint().removeprefix("tcp://")
    daemon = world.daemon(settings(
        [{"type": "pull", "bind": [ours]}], [{"bind": [out]}], http={"listen": address, "forecasts": "*"},
        stream={"retrain": {"every": 100_000}}))
    samples = world.client(zmq.PUSH, connect=ours)
    reader = world.client(zmq.SUB, connect=out).subscribe()
    seen = set()
    for i, evil in enumerate(EVIL):
        samples.send_values(f"evil_{i}", range(10), tags={"a": evil})
    while len(seen) < len(EVIL):
        seen.add(reader.receive()["name"])

    def get(path):
        with urllib.request.urlopen(f"http://{address}{path}", timeout=WAIT_S) as answer:
            return answer.read().decode()

    metrics = get("/metrics")
    for line in metrics.rstrip("\n").split("\n"):  # as Prometheus does
        assert LINE.fullmatch(line), line
    assert metrics.count("rollcast_stream_value{") == len(EVIL)
    for stream in json.loads(get("/api/streams"))["streams"]:
        answer = json.loads(get("/api/forecast?" + urllib.parse.urlencode({"stream": stream["stream"]})))
        assert answer["forecast"]["tags"]["a"] in EVIL
    for verb in (["watch", "--connect", out, "--once"], ["streams", "--http", address], ["status", "--http", address]):
        shown = subprocess.run([BUILD / "rollcast", *verb], capture_output=True, timeout=WAIT_S, check=False)
        assert shown.returncode == 0, shown.stderr
        assert not CONTROL.search(shown.stdout + shown.stderr), shown.stdout
    assert daemon.stop() == 0
    assert not CONTROL.search(daemon.log_file.read_bytes())

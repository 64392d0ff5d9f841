"""rollcast host, from outside: a subscriber or puller on loopback takes what it publishes."""

import os
import pathlib
import signal
import subprocess
import time

import msgpack
import pytest
import zmq

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROLLCAST = ROOT / os.environ.get("BUILD", "build") / "rollcast"
WAIT_S = 20


@pytest.fixture
def context():
    context = zmq.Context()
    yield context
    context.destroy(linger=0)


def puller(context):
    socket = context.socket(zmq.PULL)
    socket.setsockopt(zmq.RCVTIMEO, WAIT_S * 1000)
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    return socket, f"tcp://127.0.0.1:{port}"


def run(*arguments):
    return subprocess.run([ROLLCAST, "host", *arguments], capture_output=True, text=True, timeout=WAIT_S)


def take(socket):
    """What came, until nothing comes for a moment."""
    messages = []
    while socket.poll(500):
        messages.append(socket.recv_multipart())
    return messages


def decode(messages):
    return [msgpack.unpackb(message[-1], timestamp=1) for message in messages]


def proc(directory, **files):
    for name, text in files.items():
        (directory / name).write_text(text)
    return str(directory)


def test_this_machine_is_published_with_aligned_times(context):
    socket, endpoint = puller(context)
    ended = run("--connect", endpoint, "--count", "3", "--every", "200ms", "--host-label", "a b\"c")
    assert ended.returncode == 0, ended.stderr
    samples = decode(take(socket))
    names = {sample["name"] for sample in samples}
    assert {"host_cpu_percent", "host_load1", "host_memory_available_bytes"} <= names
    assert all(sample["tags"]["host"] == "a b\"c" for sample in samples)
    times = sorted({round(sample["time"] * 1000) for sample in samples})
    assert len(times) == 3
    assert all(time_ms % 200 == 0 for time_ms in times)
    assert abs(times[-1] / 1000 - time.time()) < WAIT_S
    for time_ms in times[1:]:
        modes = [sample["value"] for sample in samples
                 if sample["name"] == "host_cpu_percent" and round(sample["time"] * 1000) == time_ms]
        assert not modes or sum(modes) == pytest.approx(100)
    assert f"{len(samples)} samples sent, 0 dropped" in ended.stderr


def test_payload_is_the_only_frame_of_push(context):
    socket, endpoint = puller(context)
    assert run("--connect", endpoint, "--count", "1").returncode == 0
    assert {len(message) for message in take(socket)} == {1}


def test_topic_of_pub_is_the_stream(context):
    socket = context.socket(zmq.SUB)
    socket.setsockopt(zmq.SUBSCRIBE, b"host_load1")
    port = socket.bind_to_random_port("tcp://127.0.0.1")
    host = subprocess.Popen([ROLLCAST, "host", "--connect", f"tcp://127.0.0.1:{port}", "--pub",
                             "--every", "100ms", "--count", "50", "--host-label", "a"])
    try:
        # A subscription is sent when the subscriber's thread looks at its socket.
        assert socket.poll(WAIT_S * 1000)
        messages = [socket.recv_multipart() for _ in range(4)]
    finally:
        host.terminate()
        host.wait(timeout=WAIT_S)
    assert {message[0] for message in messages} == {b'host_load1{host="a"}', b'host_load15{host="a"}'}
    assert {sample["name"] for sample in decode(messages)} == {"host_load1", "host_load15"}


def test_files_that_are_missing_are_named_once_and_left_out(context, tmp_path):
    directory = proc(tmp_path, loadavg="0.5 1 2 1/93 11329\n")
    socket, endpoint = puller(context)
    ended = run("--proc", directory, "--connect", endpoint, "--count", "3", "--every", "20ms")
    assert ended.returncode == 0
    assert ended.stderr.count("left out") == 1
    for file in ("stat", "meminfo", "diskstats", "net/dev"):
        assert f"{directory}/{file}" in ended.stderr
    assert [sample["value"] for sample in decode(take(socket))] == [0.5, 1, 2] * 3


def test_nothing_to_read_is_a_failure(tmp_path):
    ended = run("--proc", str(tmp_path), "--connect", "tcp://127.0.0.1:9", "--count", "1")
    assert ended.returncode == 1
    assert "nothing to read" in ended.stderr


def test_nobody_listens_and_it_neither_blocks_nor_keeps_all(context, tmp_path):
    directory = proc(tmp_path, loadavg="1 2 3\n")
    socket, endpoint = puller(context)
    socket.close(linger=0)
    begin = time.monotonic()
    ended = run("--proc", directory, "--connect", endpoint, "--count", "5", "--every", "20ms",
                "--high-water-mark", "4")
    assert ended.returncode == 0
    assert time.monotonic() - begin < 5
    assert ended.stderr.count("waiting for a peer") == 1
    assert "4 samples sent, 11 dropped" in ended.stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it_within_its_period(context, number):
    socket, endpoint = puller(context)
    host = subprocess.Popen([ROLLCAST, "host", "--connect", endpoint, "--every", "100ms"],
                            stderr=subprocess.PIPE, text=True)
    try:
        socket.recv_multipart()
        host.send_signal(number)
        _, stderr = host.communicate(timeout=5)
    finally:
        host.kill()
        host.wait()
    assert host.returncode == 0
    assert "samples sent" in stderr


@pytest.mark.parametrize("arguments, said", [
    (["--every", "1ms"], "less than 10ms"),
    (["--every", "soon"], "--every"),
    (["--count", "0"], "--count"),
    (["--connect", "tcp://127.0.0.1:1", "--bind", "tcp://127.0.0.1:2"], "one of them"),
    (["--push", "--pub"], "one of them"),
    (["--conect", "tcp://127.0.0.1:1"], 'did you mean "--connect"'),
    (["now"], 'unexpected argument "now"'),
])
def test_wrong_usage_says_what_is_wrong(arguments, said):
    ended = run(*arguments)
    assert ended.returncode == 2
    assert said in ended.stderr
    assert "rollcast host --help" in ended.stderr


def test_endpoint_that_cannot_be_is_refused():
    ended = run("--connect", "nowhere")
    assert ended.returncode == 1
    assert "connect to nowhere" in ended.stderr


def test_port_that_is_busy_is_named(context):
    _, endpoint = puller(context)
    ended = run("--bind", endpoint, "--count", "1")
    assert ended.returncode == 1
    assert f"bind {endpoint}: Address already in use" in ended.stderr

"""rollcast watch, from outside: a publisher on loopback in the daemon's place."""

import fcntl
import json
import os
import pathlib
import pty
import re
import select
import signal
import struct
import subprocess
import termios
import time

import msgpack
import pytest
import zmq

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROLLCAST = ROOT / os.environ.get("BUILD", "build") / "rollcast"
WAIT_S = 20


def forecast(name="cpu", **changed):
    message = {
        "name": name, "tags": {"host": "a"}, "time": 1700000000, "step": 1, "last": 50.0,
        "mean": [50.0, 60.0, 70.0, 80.0],
        "quantiles": {"0.025": [40.0, 45.0, 50.0, 55.0], "0.5": [50.0, 60.0, 70.0, 80.0],
                      "0.975": [60.0, 75.0, 90.0, 105.0]},
        "expert": "lstm", "weights": {"lstm": 0.75, "naive": 0.25}, "skill": 0.123,
        "coverage": {"0.95": 0.941}, "trained": 1699999990, "samples": 300, "snapshot": False,
    }
    message.update(changed)
    return message


class Publisher:
    """An XPUB as the daemon has it: topic, payload, sequence."""

    def __init__(self):
        self.context = zmq.Context()
        self.socket = self.context.socket(zmq.XPUB)
        port = self.socket.bind_to_random_port("tcp://127.0.0.1")
        self.endpoint = f"tcp://127.0.0.1:{port}"
        self.sequence = 0

    def wait_for_subscriber(self):
        assert self.socket.poll(WAIT_S * 1000), "nobody subscribed"
        return self.socket.recv()

    def send(self, message, sequence=None):
        if sequence is None:
            self.sequence += 1
            sequence = self.sequence
        tags = ",".join(f'{key}="{value}"' for key, value in sorted(message["tags"].items()))
        topic = message["name"] + ("{" + tags + "}" if tags else "")
        self.socket.send_multipart([topic.encode(), msgpack.packb(message), struct.pack("<Q", sequence)])

    def send_bytes(self, *frames):
        self.socket.send_multipart(frames)

    def close(self):
        self.context.destroy(linger=0)


@pytest.fixture
def publisher():
    publisher = Publisher()
    yield publisher
    publisher.close()


class Watch:
    """A watch whose output is a pipe; as a context manager it does not outlive the test."""

    def __init__(self, publisher, *arguments):
        self.process = subprocess.Popen(
            [ROLLCAST, "watch", "--connect", publisher.endpoint, *arguments],
            stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()

    def end(self):
        stdout, stderr = self.process.communicate(timeout=WAIT_S)
        return self.process.returncode, stdout.splitlines(), stderr


def test_json_has_every_field_of_the_message(publisher):
    message = forecast(last=0.1 + 0.2, skill=None, coverage={"0.95": None})
    with Watch(publisher, "--json", "--count", "2") as watch:
        publisher.wait_for_subscriber()
        publisher.send(message)
        publisher.send(forecast("quote", tags={"path": 'a"b\\c\nd'}, trained=None, time=1.25, snapshot=True), 0)
        status, lines, stderr = watch.end()
    assert (status, stderr) == (0, "")
    first, second = map(json.loads, lines)
    for key, value in message.items():
        assert first[key] == value, key
    assert first["stream"] == 'cpu{host="a"}'
    assert first["sequence"] == 1
    assert second["tags"] == {"path": 'a"b\\c\nd'}
    assert second["time"] == 1.25
    assert second["trained"] is None and second["sequence"] is None and second["snapshot"] is True


def test_line_says_it_for_people(publisher):
    with Watch(publisher, "--count", "2") as watch:
        publisher.wait_for_subscriber()
        publisher.send(forecast("mem_bytes", last=3.0 * 2**30, skill=None))
        publisher.send(forecast())
        status, lines, stderr = watch.end()
    assert status == 0
    assert lines[0].startswith('mem_bytes{host="a"}  last 3.000Gi  ')
    assert "skill -  " in lines[0]
    assert lines[1] == ('cpu{host="a"}  last 50  ▁▃▆█  end 55 .. 105  by lstm 75%  skill 12.3%'
                        '  covered 94.1/95')
    assert "2 streams  2 forecasts  0 lost  networks lead 2, share 2" in stderr


def test_match_shows_only_what_it_selects_and_the_rest_is_not_lost(publisher):
    with Watch(publisher, "--match", 'cpu*{host=~"b.*"}', "--count", "2") as watch:
        publisher.wait_for_subscriber()
        publisher.send(forecast("cpu", tags={"host": "a"}))
        publisher.send(forecast("cpu", tags={"host": "b1"}))
        publisher.send(forecast("mem", tags={"host": "b1"}))
        publisher.send(forecast("cpu", tags={"host": "b2"}))
        status, lines, stderr = watch.end()
    assert status == 0
    assert [line.split()[0] for line in lines] == ['cpu{host="b1"}', 'cpu{host="b2"}']
    assert " 0 lost " in stderr


def test_topic_is_subscribed_to_and_losses_are_not_guessed(publisher):
    with Watch(publisher, "--topic", "mem", "--count", "1") as watch:
        assert publisher.wait_for_subscriber() == b"\x01mem"
        publisher.send(forecast("cpu"))
        publisher.send(forecast("mem"))
        status, lines, stderr = watch.end()
    assert (status, len(lines)) == (0, 1)
    assert "lost" not in stderr


def test_numbers_missing_in_the_sequence_are_lost(publisher):
    with Watch(publisher, "--count", "5") as watch:
        publisher.wait_for_subscriber()
        publisher.send(forecast(snapshot=True), 0)
        # 12 to 14 are missing; then the publisher starts again.
        for sequence in (10, 11, 15, 1):
            publisher.send(forecast(), sequence)
        status, _, stderr = watch.end()
    assert status == 0
    assert " 3 lost " in stderr


def test_what_is_no_forecast_is_counted_and_nothing_else(publisher):
    with Watch(publisher, "--count", "2") as watch:
        publisher.wait_for_subscriber()
        publisher.send_bytes(b"cpu", b"\xc1", struct.pack("<Q", 1))
        publisher.send_bytes(b"")
        publisher.send_bytes(b"cpu", b"\x91" * 1000)
        publisher.send_bytes(b"cpu", msgpack.packb({"name": "cpu"}), b"short")
        # Frames beyond the third, and a payload alone, are read as far as they are known.
        publisher.send_bytes(b"cpu", msgpack.packb(forecast()), struct.pack("<Q", 2), b"more", b"yet")
        publisher.send_bytes(msgpack.packb(forecast()))
        status, lines, stderr = watch.end()
    assert (status, len(lines)) == (0, 2)
    assert "4 messages were not forecasts" in stderr


def test_once_shows_each_stream_once_and_ends(publisher):
    begin = time.monotonic()
    with Watch(publisher, "--once", "--json") as watch:
        publisher.wait_for_subscriber()
        for name in ("b", "a", "b", "c", "a"):
            publisher.send(forecast(name, snapshot=True), 0)
        status, lines, stderr = watch.end()
    assert (status, stderr) == (0, "")
    assert [json.loads(line)["name"] for line in lines] == ["b", "a", "c"]
    assert time.monotonic() - begin < 8


def test_every_limits_the_lines_of_each_stream(publisher):
    with Watch(publisher, "--every", "1h", "--count", "6") as watch:
        publisher.wait_for_subscriber()
        for _ in range(3):
            publisher.send(forecast("a"))
            publisher.send(forecast("b"))
        status, lines, stderr = watch.end()
    assert (status, len(lines)) == (0, 2)
    assert "6 forecasts" in stderr


def test_no_forecast_within_the_time_is_a_failure(publisher):
    with Watch(publisher, "--seconds", "300ms") as watch:
        status, lines, stderr = watch.end()
    assert (status, lines) == (1, [])
    assert f"no forecast came from {publisher.endpoint}" in stderr


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_signals_end_it(publisher, number):
    with Watch(publisher) as watch:
        publisher.wait_for_subscriber()
        watch.process.send_signal(number)
        status, _, stderr = watch.end()
    assert status == 0
    assert "0 streams" in stderr


def test_reader_that_goes_away_ends_it_quietly_even_when_nothing_comes(publisher):
    with Watch(publisher) as watch:
        publisher.wait_for_subscriber()
        watch.process.stdout.close()
        assert watch.process.wait(timeout=WAIT_S) == 0
        assert watch.process.stderr.read() == ""


@pytest.mark.parametrize("arguments, said", [
    (["--match", "cpu{"], "--match"),
    (["--count", "x"], "--count"),
    (["--seconds", "-1"], "--seconds"),
    (["--jsn"], 'did you mean "--json"'),
    (["cpu"], 'unexpected argument "cpu"'),
])
def test_wrong_usage_says_what_is_wrong(publisher, arguments, said):
    with Watch(publisher, *arguments) as watch:
        status, _, stderr = watch.end()
    assert status == 2
    assert said in stderr
    assert "rollcast watch --help" in stderr


# ---- in a terminal ----

class Terminal:
    """A watch in a pseudo-terminal, and a small model of what stands on its screen."""

    def __init__(self, publisher, rows, columns, environment=None):
        try:
            self.master, slave = pty.openpty()
        except OSError as trouble:
            pytest.skip(f"no pseudo-terminals here: {trouble}")
        self.resize(rows, columns)
        names = {"PATH": os.environ["PATH"], "TERM": "xterm", **(environment or {})}
        self.process = subprocess.Popen([ROLLCAST, "watch", "--connect", publisher.endpoint],
                                        stdin=slave, stdout=slave, stderr=slave, env=names)
        os.close(slave)
        self.bytes = b""

    def resize(self, rows, columns):
        self.columns = columns
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.master)

    def screen(self):
        lines, row, column = [""], 0, 0
        for escape, character in re.findall(r"\x1b\[([?\d;]*[A-Za-z])|(.)", self.bytes.decode(), re.S):
            if escape.endswith("A"):
                row -= int(escape[:-1])
                assert row >= 0
            elif escape == "K":
                lines[row] = lines[row][:column]
            elif escape == "J":
                lines = lines[:row] + [lines[row][:column]]
            elif escape == "H":
                row = column = 0
            elif escape == "2J":
                lines, row, column = [""], 0, 0
            elif character == "\r":
                column = 0
            elif character == "\n":
                row += 1
                if row == len(lines):
                    lines.append("")
            elif character:
                lines[row] = lines[row][:column].ljust(column) + character + lines[row][column + 1:]
                column += 1
        return lines

    def wait_for(self, wanted):
        """Reads until `wanted` is true of the lines on the screen, and returns them."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            if select.select([self.master], [], [], 0.1)[0]:
                self.bytes += os.read(self.master, 65536)
            lines = self.screen()
            if wanted(lines):
                return lines
        raise AssertionError("\n".join(self.screen()))


def test_table_is_redrawn_in_place(publisher):
    with Terminal(publisher, 24, 140) as terminal:
        assert "waiting for forecasts" in terminal.wait_for(lambda lines: lines[0])[0]
        publisher.wait_for_subscriber()
        publisher.send(forecast("b"))
        publisher.send(forecast("a", expert="naive", weights={"naive": 1.0}, skill=-0.05))
        terminal.wait_for(lambda lines: any(line.startswith("b") for line in lines))
        publisher.send(forecast("b", time=1700000001, last=77.0))
        lines = terminal.wait_for(lambda lines: len(lines) > 3 and " 77 " in lines[3])
        assert lines[0].startswith("2 streams")
        assert "networks lead 1, share 1" in lines[0]
        assert lines[1].split()[:2] == ["STREAM", "LAST"]
        assert lines[2].startswith('a{host="a"}') and "-5.0%" in lines[2] and "naive 100%" in lines[2]
        assert "55 .. 105" in lines[3] and "lstm 75%" in lines[3] and "94.1/95" in lines[3]
        assert lines[4:] in ([], [""])
        terminal.process.send_signal(signal.SIGINT)
        assert terminal.process.wait(timeout=WAIT_S) == 0
        terminal.wait_for(lambda lines: terminal.bytes.endswith(b"\x1b[?25h"))


def test_narrow_and_low_terminals_show_what_fits(publisher):
    with Terminal(publisher, 8, 60) as terminal:
        publisher.wait_for_subscriber()
        for i in range(20):
            publisher.send(forecast(f"a_rather_long_name_of_a_stream_number_{i:02}"))
        lines = terminal.wait_for(lambda lines: any("more" in line for line in lines))
        assert len([line for line in lines if line]) <= 7
        assert all(len(line) <= 60 for line in lines), lines
        assert '…ost="a"}' in lines[2]
        assert "LAST" in lines[1] and "SKILL" not in lines[1]
        terminal.resize(30, 160)
        # The kernel tells only those whose controlling terminal it is.
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.wait_for(lambda lines: "SKILL" in "".join(lines[:2])
                          and len([line for line in lines if line]) == 22)


def test_no_color_is_respected(publisher):
    for environment, coloured in (({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)):
        with Terminal(publisher, 24, 140, environment) as terminal:
            publisher.wait_for_subscriber()
            publisher.send(forecast("a"))
            terminal.wait_for(lambda lines: any("lstm" in line for line in lines))
            assert (b"\x1b[36m" in terminal.bytes) == coloured
        publisher.wait_for_subscriber()


def test_dumb_terminal_gets_lines(publisher):
    with Terminal(publisher, 24, 140, {"TERM": "dumb"}) as terminal:
        publisher.wait_for_subscriber()
        publisher.send(forecast("a"))
        terminal.wait_for(lambda lines: "last 50" in lines[0])
        assert b"\x1b" not in terminal.bytes

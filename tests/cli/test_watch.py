"""rollcast watch, from outside: a publisher on loopback in the daemon's place."""

import fcntl
import json
import os
import pathlib
import pty
import select
import signal
import struct
import subprocess
import termios
import time

import msgpack
import pyte
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

# As xterm sends them to a program that has asked for its keypad.
DOWN, PAGE_DOWN, ENTER, ESCAPE, BACKSPACE = "\x1bOB", "\x1b[6~", "\r", "\x1b", "\x7f"


class Screen(pyte.Screen):
    """With three things that xterm can do and pyte leaves out."""

    last = " "

    def draw(self, data):
        self.last = data[-1]
        super().draw(data)

    def repeat(self, count=1):
        self.draw(self.last * count)

    def scroll_up(self, count=1):
        bottom = self.margins.bottom if self.margins else self.lines - 1
        row, self.cursor.y = self.cursor.y, bottom
        for _ in range(count):
            self.index()
        self.cursor.y = row

    def scroll_down(self, count=1):
        top = self.margins.top if self.margins else 0
        row, self.cursor.y = self.cursor.y, top
        for _ in range(count):
            self.reverse_index()
        self.cursor.y = row


class Stream(pyte.ByteStream):
    csi = {**pyte.ByteStream.csi, "b": "repeat", "S": "scroll_up", "T": "scroll_down"}
    events = pyte.ByteStream.events | {"repeat", "scroll_up", "scroll_down"}


class Terminal:
    """A watch in a pseudo-terminal, and a model of what stands on its screen."""

    def __init__(self, publisher, rows, columns, environment=None, arguments=()):
        try:
            self.master, self.slave = pty.openpty()
        except OSError as trouble:
            pytest.skip(f"no pseudo-terminals here: {trouble}")
        self.model = Screen(columns, rows)
        self.stream = Stream(self.model)
        self.resize(rows, columns)
        self.modes = termios.tcgetattr(self.slave)
        names = {"PATH": os.environ["PATH"], "TERM": "xterm", **(environment or {})}
        self.process = subprocess.Popen(
            [ROLLCAST, "watch", "--connect", publisher.endpoint, *arguments],
            stdin=self.slave, stdout=self.slave, stderr=self.slave, env=names)
        self.bytes = b""

    def resize(self, rows, columns):
        fcntl.ioctl(self.master, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))
        self.model.resize(rows, columns)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        os.close(self.slave)
        os.close(self.master)

    def press(self, *keys):
        for key in keys:
            os.write(self.master, key.encode())

    def lines(self):
        return [line.rstrip() for line in self.model.display]

    def read(self):
        """What is there within a moment; whether there was anything."""
        if not select.select([self.master], [], [], 0.1)[0]:
            return False
        some = os.read(self.master, 65536)
        self.bytes += some
        self.stream.feed(some)
        return True

    def wait_for(self, wanted):
        """Reads until `wanted` is true of the lines on a screen that is complete, and returns them."""
        end = time.monotonic() + WAIT_S
        while time.monotonic() < end:
            if not self.read() and wanted(self.lines()):
                return self.lines()
        raise AssertionError("\n".join(self.lines()))

    def streams(self):
        """The names in the table, from the top down."""
        return [line.split()[0] for line in self.lines()[2:-1] if line]

    def wait_for_streams(self, *names):
        return self.wait_for(lambda _: self.streams() == list(names))

    def chosen(self):
        """The row that stands out."""
        return next((self.lines()[row] for row in range(2, self.model.lines - 1)
                     if self.model.buffer[row][0].reverse), "")

    def end(self, status=0):
        """Waits for the end; the terminal has to be as it was before."""
        end = time.monotonic() + WAIT_S
        while self.process.poll() is None and time.monotonic() < end:
            self.read()
        assert self.process.wait(timeout=1) == status
        while select.select([self.master], [], [], 0.2)[0]:
            self.read()
        assert b"\x1b[?1049h" in self.bytes, "the alternate screen was not taken"
        assert self.bytes.rfind(b"\x1b[?1049l") > self.bytes.rfind(b"\x1b[?1049h")
        assert self.bytes.rfind(b"\x1b[?25h") > self.bytes.rfind(b"\x1b[?25l")
        assert termios.tcgetattr(self.slave) == self.modes


@pytest.fixture
def terminal(publisher):
    with Terminal(publisher, 24, 140) as terminal:
        publisher.wait_for_subscriber()
        yield terminal


def test_table_is_redrawn_in_place(publisher):
    with Terminal(publisher, 24, 140) as terminal:
        terminal.wait_for(lambda lines: "waiting for forecasts" in lines[0])
        publisher.wait_for_subscriber()
        publisher.send(forecast("b"))
        publisher.send(forecast("a", expert="naive", weights={"naive": 1.0}, skill=-0.05))
        terminal.wait_for_streams('a{host="a"}', 'b{host="a"}')
        publisher.send(forecast("b", time=1700000001, last=77.0))
        lines = terminal.wait_for(lambda lines: " 77 " in lines[3])
        assert lines[0].startswith("2 streams")
        assert "networks lead 1, share 1" in lines[0]
        assert lines[1].split()[:2] == ["STREAM", "LAST"]
        assert "-5.0%" in lines[2] and "naive 100%" in lines[2]
        assert "55 .. 105" in lines[3] and "lstm 75%" in lines[3] and "94.1/95" in lines[3]
        terminal.press("q")
        terminal.end()


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT])
def test_the_terminal_is_restored_after_signals(publisher, terminal, number):
    publisher.send(forecast())
    terminal.wait_for_streams('cpu{host="a"}')
    terminal.process.send_signal(number)
    terminal.end()


def test_the_terminal_is_restored_when_it_ends_by_itself(publisher):
    with Terminal(publisher, 24, 140, arguments=["--seconds", "1"]) as terminal:
        terminal.end(status=1)
        assert b"no forecast came from" in terminal.bytes


def test_streams_are_sorted_by_any_key(publisher, terminal):
    for name, skill, covered, probability, time_ in (
            ("a", 0.1, 0.90, None, 1700000003), ("b", 0.3, 0.99, 0.2, 1700000001),
            ("c", None, None, 0.7, 1700000002), ("d", 0.2, 0.95, 0.01, 1700000004)):
        thresholds = {} if probability is None else {
            "thresholds": {"full": {"limit": 90, "probability": probability, "seconds": 60, "raised": False}}}
        publisher.send(forecast(name, tags={}, skill=skill, coverage={"0.95": covered}, time=time_, **thresholds))
    terminal.wait_for_streams("a", "b", "c", "d")
    for key, names in (("s", "bdac"), ("s", "cbda"), ("s", "bdac"), ("s", "dacb"), ("s", "abcd"), ("r", "dcba"),
                       ("S", "bcad"), ("r", "dacb")):
        terminal.press(key)
        terminal.wait_for_streams(*names)
    assert "by time" in terminal.lines()[-1]


def test_streams_are_filtered_by_a_part_or_a_selector(publisher, terminal):
    for name, host in (("cpu", "web1"), ("cpu", "db1"), ("mem", "web1")):
        publisher.send(forecast(name, tags={"host": host}))
    everything = ('cpu{host="db1"}', 'cpu{host="web1"}', 'mem{host="web1"}')
    terminal.wait_for_streams(*everything)
    terminal.press("/", "W", "E", "b")
    terminal.wait_for_streams(*everything[1:])
    assert terminal.lines()[-1].startswith("/WEb") and "2 of 3" in terminal.lines()[-1]
    terminal.press(*(BACKSPACE * 3), *'cpu{host=~"web.*"}')
    terminal.wait_for_streams(everything[1])
    terminal.press(ENTER)
    terminal.wait_for(lambda lines: '/cpu{host=~"web.*"}' in lines[-1] and "sort" in lines[-1])
    publisher.send(forecast("cpu", tags={"host": "web2"}))
    terminal.wait_for_streams(everything[1], 'cpu{host="web2"}')
    terminal.press("/", "x", ESCAPE)
    terminal.wait_for_streams(everything[1], 'cpu{host="web2"}')
    terminal.press(ESCAPE)
    terminal.wait_for(lambda _: len(terminal.streams()) == 4)
    # q is a letter while a filter is typed.
    terminal.press("/", "q")
    terminal.wait_for(lambda lines: lines[-1].startswith("/q") and "0 of 4" in lines[-1])
    terminal.press(ENTER, "q")
    terminal.end()


def test_more_streams_than_rows_are_scrolled_through(publisher):
    with Terminal(publisher, 10, 100) as terminal:
        publisher.wait_for_subscriber()
        for i in range(40):
            publisher.send(forecast(f"s{i:02}", tags={}))
        terminal.wait_for_streams(*(f"s{i:02}" for i in range(7)))
        assert terminal.chosen().startswith("s00")
        terminal.press(*([DOWN] * 8))
        terminal.wait_for(lambda _: terminal.chosen().startswith("s08"))
        assert terminal.streams()[-1] == "s08"
        terminal.press(PAGE_DOWN, "G")
        terminal.wait_for_streams(*(f"s{i:02}" for i in range(33, 40)))
        assert terminal.chosen().startswith("s39") and "40 of 40" in terminal.lines()[-1]
        terminal.press("k")
        terminal.wait_for(lambda _: terminal.chosen().startswith("s38"))
        # The chosen one stays chosen when others come before it.
        publisher.send(forecast("a", tags={}))
        terminal.wait_for(lambda lines: "40 of 41" in lines[-1])
        assert terminal.chosen().startswith("s38")


def test_a_stream_is_shown_alone_with_its_fan(publisher, terminal):
    for i in range(30):
        publisher.send(forecast("load", time=1700000000 + i, last=40.0 + i % 10, thresholds={
            "hot": {"limit": 100, "probability": 0.31, "seconds": 180, "raised": False}}))
    publisher.send(forecast("other"), sequence=35)
    terminal.wait_for(lambda lines: "2 streams" in lines[0] and "4 lost in 1 gap" in lines[0])
    terminal.press(ENTER)
    lines = terminal.wait_for(lambda lines: lines[0].startswith('load{host="a"}'))
    text = "\n".join(lines)
    assert "49 at " in lines[0] and "step 1s" in lines[0]
    braille = [line for line in lines if any("\u2800" < character < "\u2900" for character in line)]
    assert len(braille) >= 8, text
    # Values at the left, times below, the limit by its name.
    assert any(line.lstrip().startswith("100 ┤") for line in lines), text
    assert any(line.lstrip().startswith("60 ┤") for line in lines), text
    assert sum(part.count(":") == 2 for line in lines[1:] for part in line.split()) >= 2, text
    assert "hot 100" in text
    assert "skill 12.3%" in text and "94.1% in the 95% interval" in text and "300 samples" in text
    assert "hot 100: breach 31.0% in about 3m" in text
    assert "lstm 75% ▇▇▇▇▇▇▇▇" in text and "naive 25%" in text
    terminal.press(DOWN)
    terminal.wait_for(lambda lines: lines[0].startswith('other{host="a"}'))
    terminal.press("q")
    terminal.wait_for(lambda lines: lines[0].startswith("2 streams"))
    assert terminal.chosen().startswith("other")
    terminal.press("?")
    terminal.wait_for(lambda lines: lines[0] == "Keys")
    terminal.press("x", "q")
    terminal.end()


def test_narrow_and_low_terminals_show_what_fits(publisher):
    with Terminal(publisher, 8, 60) as terminal:
        publisher.wait_for_subscriber()
        for i in range(20):
            publisher.send(forecast(f"a_rather_long_name_of_a_stream_number_{i:02}"))
        lines = terminal.wait_for(lambda lines: "1 of 20" in lines[-1])
        assert '…ost="a"}' in lines[2]
        assert "LAST" in lines[1] and "SKILL" not in lines[1]
        for rows, columns in ((1, 1), (2, 10), (3, 200), (30, 160)):
            terminal.resize(rows, columns)
            # The kernel tells only those whose controlling terminal it is.
            terminal.process.send_signal(signal.SIGWINCH)
            terminal.press(ENTER, "?", "?", "q")
            terminal.wait_for(lambda lines: terminal.process.poll() is None)
        terminal.wait_for(lambda lines: "SKILL" in lines[1] and len(terminal.streams()) == 20)
        terminal.press(ENTER)
        terminal.wait_for(lambda lines: "experts" in "\n".join(lines))
        terminal.resize(12, 50)
        terminal.process.send_signal(signal.SIGWINCH)
        terminal.wait_for(lambda lines: "q back" in lines[-1] and lines[0].startswith("a_rather"))


def test_no_color_is_respected(publisher):
    for environment, coloured in (({"NO_COLOR": "1"}, False), ({"NO_COLOR": ""}, True)):
        with Terminal(publisher, 24, 140, {"TERM": "xterm-256color", **environment}) as terminal:
            publisher.wait_for_subscriber()
            publisher.send(forecast("a"))
            lines = terminal.wait_for(lambda lines: any("lstm" in line for line in lines))
            column = lines[2].index("lstm")
            assert (terminal.model.buffer[2][column].fg == "cyan") == coloured
            assert (b"\x1b[36m" in terminal.bytes) == coloured
        publisher.wait_for_subscriber()


@pytest.mark.parametrize("kind", ["dumb", "no-such-terminal"])
def test_a_terminal_that_cannot_do_it_gets_lines(publisher, kind):
    with Terminal(publisher, 24, 140, {"TERM": kind}) as terminal:
        publisher.wait_for_subscriber()
        publisher.send(forecast("a"))
        terminal.wait_for(lambda lines: any("last 50" in line for line in lines))
        assert b"\x1b" not in terminal.bytes


def test_once_in_a_terminal_leaves_the_table_behind(publisher):
    with Terminal(publisher, 24, 140, {"NO_COLOR": "1"}, ["--once"]) as terminal:
        publisher.wait_for_subscriber()
        publisher.send(forecast("b", snapshot=True), 0)
        publisher.send(forecast("a", snapshot=True), 0)
        lines = terminal.wait_for(lambda lines: any(line.startswith("b{") for line in lines))
        assert lines[0].startswith("2 streams") and lines[2].startswith("a{")
        assert b"\x1b" not in terminal.bytes and terminal.process.wait(timeout=WAIT_S) == 0

"""rollcast status, streams and forecast: a running daemon asked over HTTP."""

import json
import os
import socket
import subprocess
import threading
import xml.etree.ElementTree as ElementTree

import pytest

from rollcast import BUILD, EPOCH, free_endpoint
from test_http import STEP, Server

ROLLCAST = BUILD / "rollcast"


def rollcast(*arguments, status=0):
    done = subprocess.run([ROLLCAST, *map(str, arguments)], capture_output=True, text=True, timeout=30,
                          env={**os.environ, "TZ": "UTC"})
    assert done.returncode == status, done.stdout + done.stderr
    assert (done.stderr == "") == (status == 0)
    return done.stdout if status == 0 else done.stderr


@pytest.fixture
def server(world):
    server = Server(world)
    server.send("load", [float(i % 7) for i in range(60)], tags={"host": "a"})
    server.send("used_bytes", [4096.0 * 1024 * (i % 5) for i in range(40)])
    return server


def test_status_tells_health_and_counts(server):
    said = rollcast("status", "--http", server.address)
    assert said.startswith("rollcastd ") and "healthy" in said.splitlines()[0]
    lines = dict(line.split(maxsplit=1) for line in said.splitlines()[1:])
    assert lines["streams"] == "2" and lines['samples_total{result="accepted"}'] == "100"
    assert lines["input"] == "in0" and lines["samples_decoded_total"] == "100"
    found = json.loads(rollcast("status", "--json", "--http", server.address))
    assert found["counts"]["streams"] == 2 and found["ready"]


def test_streams_are_a_table_or_json(server):
    header, load, used = rollcast("streams", "--http", server.address).splitlines()
    assert header.split()[:2] == ["STREAM", "LAST"]
    assert load.split()[:2] == ['load{host="a"}', "3"]
    assert used.split()[:2] == ["used_bytes", "16.00Mi"]
    by_samples = rollcast("streams", "--http", server.address, "--sort", "samples", "--reverse", "--limit", 1)
    assert by_samples.splitlines()[1].startswith("used_bytes")
    assert "1 of 2 streams" in by_samples
    found = json.loads(rollcast("streams", "--http", server.address, "--match", '*{host="a"}', "--json"))
    assert [item["stream"] for item in found["streams"]] == ['load{host="a"}']
    assert "used" not in rollcast("streams", "--http", server.address, "--search", "HOST=")


def test_a_forecast_is_a_line_per_step(server):
    lines = rollcast("forecast", 'load{host="a"}', "--http", server.address).splitlines()
    assert lines[0].startswith('load{host="a"}: last 3 at 2023-11-14 22:23:10')
    table = lines[lines.index("") + 1:]
    assert table[0].split() == ["time", "q0.025", "q0.1", "q0.5", "q0.9", "q0.975"]
    assert len(table) == 1 + 4 and table[1].startswith("2023-11-14 22:23:20 ")
    found = json.loads(rollcast("forecast", 'load{host="a"}', "--json", "--history", 3, "--http", server.address))
    assert found["history"] == {"values": [float(i % 7) for i in range(57, 60)], "until": EPOCH + 59 * STEP}


def test_a_forecast_is_drawn(server, tmp_path):
    for name in ("a.svg", "a.png"):
        rollcast("forecast", 'load{host="a"}', "--plot", tmp_path / name, "--http", server.address)
    assert (tmp_path / "a.png").read_bytes().startswith(b"\x89PNG")
    drawn = ElementTree.parse(tmp_path / "a.svg").getroot()
    assert drawn.tag.endswith("svg") and "forecast" in (tmp_path / "a.svg").read_text()
    rollcast("forecast", "used_bytes", "--history", 0, "--plot", tmp_path / "b.svg", "--http", server.address)


def test_a_forecast_is_drawn_in_characters(server):
    for arguments in (["--plot", 'load{host="a"}'], ['load{host="a"}', "--plot"], ['load{host="a"}', "--plot", "-"]):
        lines = rollcast("forecast", *arguments, "--http", server.address).splitlines()
        assert lines[0].startswith('load{host="a"}') and "3 at 2023-11-14 22:23:10  step 10s" in lines[0]
        braille = [line for line in lines if any("\u2800" < character < "\u2900" for character in line)]
        assert len(braille) > 10 and any(" ┤" in line for line in lines)
        assert any("22:20" in line for line in lines) and any(line.startswith("experts") for line in lines)
        assert "\x1b" not in "".join(lines)
    assert "3" in rollcast("forecast", "used_bytes", "--plot", "--history", 0, "--http", server.address)


def test_breaches_are_told_and_sorted_by(world):
    server = Server(world, thresholds=[{"name": "full", "match": "b*", "above": 10},
                                       {"name": "over", "match": "c", "above": 3}])
    for name, factor in (("a", 1), ("b", 1), ("c", 1)):
        server.send(name, [factor * float(i % 7) for i in range(60)])
    lines = rollcast("streams", "--sort", "breach", "--http", server.address).splitlines()
    assert [line.split()[0] for line in lines[1:]] == ["c", "b", "a"]
    assert "BREACH" in lines[0] and "%! " in lines[1] and "!" not in lines[2] + lines[3]
    found = json.loads(rollcast("streams", "--json", "--sort", "breach", "--http", server.address))["streams"]
    assert found[0]["raised"] and found[0]["breach"] > found[1]["breach"] >= 0 and found[2]["breach"] is None
    assert "over 3: breach" in rollcast("forecast", "c", "--plot", "--http", server.address)
    answer = json.loads(rollcast("forecast", "c", "--json", "--http", server.address))
    assert answer["forecast"]["thresholds"]["over"]["raised"]


def test_what_is_not_there_is_told(server, tmp_path):
    said = rollcast("forecast", "none", "--http", server.address, status=1)
    assert "there is no forecast of that stream" in said
    assert "no selector" in rollcast("streams", "--match", "a{", "--http", server.address, status=1)
    assert "which stream?" in rollcast("forecast", status=2)
    assert "neither .svg nor .png" in rollcast("forecast", "a", "--plot", "a.gif", status=2)
    nobody = free_endpoint().removeprefix("tcp://")
    for verb in (["status"], ["streams"], ["forecast", "a"]):
        assert "Connection refused" in rollcast(*verb, "--http", nobody, status=1)
    assert rollcast("status", "--http", "nonsense", status=1).startswith("rollcast status: nonsense: ")


@pytest.mark.parametrize("answer", [b"", b"nonsense", b"HTTP/1.0 200 OK\r\n\r\n<html>", b"HTTP/1.0 200 OK\r\n\r\n{",
                                    b"HTTP/1.0 200 OK\r\n\r\n{\"a\": 1} x"])
def test_answers_of_another_server_are_not_believed(answer):
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()

        def serve():
            client, _ = other.accept()
            client.recv(4096)
            client.sendall(answer)
            client.close()

        thread = threading.Thread(target=serve, daemon=True)
        thread.start()
        said = rollcast("status", "--http", f"127.0.0.1:{other.getsockname()[1]}", status=1)
        thread.join(10)
    assert "no answer of rollcastd" in said

"""Completion in a bash that somebody types into: what a line becomes when Tab is pressed."""

import os
import pty
import re
import select
import subprocess
import time

import pytest
import zmq

from rollcast import BUILD, ROOT, Client, Daemon, free_endpoint

LIMIT_S = 30


class Bash:
    """At a terminal of its own, with the completion and the programs that were built."""

    def __init__(self, directory):
        control, terminal = pty.openpty()
        environment = {"PATH": f"{BUILD}:/usr/bin:/bin", "HOME": str(directory), "TERM": "dumb", "PS1": "ready$ ",
                       "LC_ALL": "C.UTF-8", "INPUTRC": "/dev/null", "COLUMNS": "1000"}
        self.process = subprocess.Popen(["bash", "--norc", "--noprofile", "-i"], stdin=terminal, stdout=terminal,
                                        stderr=terminal, cwd=directory, env=environment, start_new_session=True)
        os.close(terminal)
        self.control = control
        self.ask(f"stty cols 1000; bind 'set enable-bracketed-paste off'; . {ROOT}/completions/rollcast")

    def ask(self, line):
        """Types the line and an end, and returns what is shown up to the next prompt."""
        os.write(self.control, line.encode() + b"; printf 'en''d\\n'\r")
        shown = b""
        limit = time.monotonic() + LIMIT_S
        while not re.search(rb"(?m)^end\r?$", shown):
            assert time.monotonic() < limit, shown
            if select.select([self.control], [], [], 0.2)[0]:
                shown += os.read(self.control, 65536)
        return shown.decode()

    def words(self, line):
        """The words of which the line consists after Tab."""
        shown = self.ask(f"{line}\t\x01printf '<%s>\\n' \x05")
        return re.findall(r"(?m)^<(.*)>\r?$", shown)

    def offers(self, line):
        """All that fits when Tab is pressed twice."""
        breaks = r"""([\s"'><=;|&(:])"""
        words = [piece for piece in re.split(breaks, line) if piece.strip()] + [""] * line.endswith(" ")
        script = f". {ROOT}/completions/rollcast; COMP_WORDS=(\"$@\"); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); " \
                 f"COMP_LINE=$LINE COMP_POINT=${{#LINE}}; _{words[0]}; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        return set(subprocess.run(["bash", "-c", script, "bash", *words], check=True, capture_output=True, text=True,
                                  env={"PATH": f"{BUILD}:/usr/bin:/bin", "LINE": line},
                                  timeout=LIMIT_S).stdout.split("\n")) - {""}

    def close(self):
        os.close(self.control)
        self.process.kill()
        self.process.wait()


@pytest.fixture
def bash(tmp_path):
    shell = Bash(tmp_path)
    yield shell
    shell.close()


def options_of(*command):
    said = subprocess.run([BUILD / command[0], *command[1:], "--help"], check=True, capture_output=True, text=True,
                          timeout=LIMIT_S).stdout
    return set(re.findall(r"(?m)^ +(?:-\w, )?(--[a-z-]+)", said)) | {"--help"}


def verbs():
    said = subprocess.run([BUILD / "rollcast", "--help"], check=True, capture_output=True, text=True,
                          timeout=LIMIT_S).stdout
    return set(re.findall(r"(?m)^  ([a-z]+) ", said))


def test_verbs_are_offered(bash):
    assert verbs() <= bash.offers("rollcast ") and "watch" in verbs()
    assert bash.words("rollcast wat") == ["rollcast", "watch"]
    assert bash.words("rollcast help backt") == ["rollcast", "help", "backtest"]


@pytest.mark.parametrize("verb", sorted(verbs() - {"help"}))
def test_every_option_of_every_verb_is_offered(bash, verb):
    assert bash.offers(f"rollcast {verb} --") == options_of("rollcast", verb)


def test_options_of_the_daemon_are_offered(bash):
    assert bash.offers("rollcastd --") == options_of("rollcastd")
    assert bash.words("rollcastd --ch") == ["rollcastd", "--check-config"]


def test_files_are_offered_where_files_are_asked_for(bash, tmp_path):
    (tmp_path / "my series.csv").touch()
    (tmp_path / "rollcast.yaml").touch()
    assert bash.words("rollcast compare my") == ["rollcast", "compare", "my series.csv"]
    assert bash.words("rollcastd --config roll") == ["rollcastd", "--config", "rollcast.yaml"]
    assert bash.words("rollcast forecast --plot roll") == ["rollcast", "forecast", "--plot", "rollcast.yaml"]
    assert bash.words("rollcast host --every roll") == ["rollcast", "host", "--every", "roll"]


def test_verbs_of_the_state_are_offered(bash):
    assert bash.offers("rollcast state ") == {"list", "verify", "show", "export", "delete"}


def test_streams_of_a_running_daemon_are_offered_ready_for_the_shell(bash, tmp_path):
    samples, web = free_endpoint(), free_endpoint().removeprefix("tcp://")
    daemon = Daemon(tmp_path / "daemon", {
        "inputs": [{"name": "in", "type": "pull", "bind": samples}],
        "outputs": [{"name": "out", "bind": free_endpoint()}], "http": {"listen": web}, "state": {"path": "none"},
        "streams": [{"match": "*", "step": "1s"}]})
    names = ["queue_length", 'cpu_usage{cpu="0",host="a b"}', 'cpu_usage{cpu="1",host="a\\\\b"}']
    client = Client(zmq.PUSH, connect=samples)
    try:
        client.send_values("queue_length", [1, 2, 3])
        client.send_values("cpu_usage", [1, 2, 3], tags={"cpu": "0", "host": "a b"})
        client.send_values("cpu_usage", [1, 2, 3], tags={"cpu": "1", "host": "a\\b"})
        limit = time.monotonic() + LIMIT_S
        while len(bash.offers(f"rollcast forecast --http {web} ")) < 3:
            assert time.monotonic() < limit
            time.sleep(0.1)
        line = ["rollcast", "forecast", "--http", web]
        assert bash.words(f"rollcast forecast --http {web} que") == [*line, names[0]]
        assert bash.words(f"rollcast forecast --http {web} cpu_usage\\{{cpu=\\\"0") == [*line, names[1]]
        assert bash.words(f"rollcast forecast --http {web} cpu_usage\\{{cpu=\\\"1") == [*line, names[2]]
    finally:
        client.close()
        daemon.stop()

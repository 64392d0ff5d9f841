"""rollcastd's command line: what it prints, and its exit status 0, 1, 2 or 78."""

import json
import pathlib
import signal
import socket
import subprocess
import time

import pytest
import zmq

from rollcast import ROLLCASTD, ROOT, START_S, STOP_S, free_endpoint, run_rollcastd, settings

MINIMAL = ROOT / "config/minimal.yaml"


def test_version_is_one_line():
    done = run_rollcastd("--version")
    assert done.returncode == 0 and done.stderr == ""
    program, version = done.stdout.rstrip("\n").split(" ")
    assert program == "rollcastd" and version[0].isdigit()


def test_help_names_every_option_and_status():
    done = run_rollcastd("--help")
    assert done.returncode == 0 and done.stderr == ""
    for word in ("--config", "--check-config", "--print-config", "--version", "SIGTERM", "78"):
        assert word in done.stdout


@pytest.mark.parametrize("arguments", [["--version"], ["--help"],
                                       ["--config", MINIMAL, "--print-config"]])
def test_what_cannot_be_printed_is_status_1(arguments):
    with open("/dev/full", "w") as full:
        assert subprocess.run([ROLLCASTD, *arguments], stdout=full).returncode == 1


@pytest.mark.parametrize("arguments", [[], ["--config"], ["--no-such-option"], ["--check-config"],
                                       ["--config", MINIMAL, "extra"]])
def test_wrong_usage_is_status_2_and_points_to_help(arguments):
    done = run_rollcastd(*arguments)
    assert done.returncode == 2 and done.stdout == ""
    assert "rollcastd --help" in done.stderr


@pytest.mark.parametrize("file", sorted((ROOT / "config").glob("*.yaml")), ids=lambda file: file.name)
def test_the_files_in_config_are_good(file):
    done = run_rollcastd("--config", file, "--check-config")
    assert (done.returncode, done.stdout, done.stderr) == (0, "", "")


def test_every_problem_is_named_in_one_run(tmp_path):
    file = tmp_path / "wrong.yaml"
    file.write_text("inputs:\n"
                    "  - {name: a, connect: tcp://127.0.0.1:1}\n"
                    "outputs:\n"
                    "  - {name: b, bind: tcp://127.0.0.1:2, formta: msgpack}\n"
                    "streams:\n"
                    "  - {match: '*', horizon: 0}\n")
    for arguments in (["--check-config"], []):
        done = run_rollcastd("--config", file, *arguments)
        assert done.returncode == 78
        assert f'{file}:4:40: outputs[0].formta: unknown key; did you mean "format"?' in done.stderr
        assert f"{file}:6:27: streams[0].horizon:" in done.stderr
        assert "2 problems" in done.stderr


def test_a_missing_file_is_named(tmp_path):
    done = run_rollcastd("--config", tmp_path / "nowhere.yaml", "--check-config")
    assert done.returncode == 78
    assert "nowhere.yaml" in done.stderr and "No such file" in done.stderr


def test_printed_settings_are_settings_and_print_the_same(tmp_path):
    first = run_rollcastd("--config", MINIMAL, "--print-config")
    assert first.returncode == 0 and "high_water_mark" in first.stdout
    copy = tmp_path / "printed.yaml"
    copy.write_text(first.stdout)
    second = run_rollcastd("--config", copy, "--print-config")
    assert (second.returncode, second.stdout, second.stderr) == (0, first.stdout, "")


def test_files_of_a_directory_are_merged(tmp_path):
    one = settings([{"type": "pull", "bind": [free_endpoint()]}], [{"bind": [free_endpoint()]}])
    for section, value in one.items():
        (tmp_path / f"{section}.yaml").write_text(json.dumps({section: value}))
    done = run_rollcastd("--config", tmp_path, "--print-config")
    assert done.returncode == 0
    assert all(f"{section}:" in done.stdout for section in one)


def test_a_port_in_use_is_named_and_ends_the_start(tmp_path):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        endpoint = f"tcp://127.0.0.1:{taken.getsockname()[1]}"
        file = tmp_path / "rollcast.yaml"
        file.write_text(json.dumps(settings([{"type": "pull", "bind": [endpoint]}],
                                            [{"bind": [free_endpoint()]}])))
        done = run_rollcastd("--config", file)
    assert done.returncode == 1
    assert f"inputs.in0: cannot bind {endpoint}: Address already in use" in done.stderr


def test_an_ipc_path_of_a_running_daemon_is_not_taken_over(world, tmp_path):
    endpoint = f"ipc://{tmp_path}/in"
    one = settings([{"type": "pull", "bind": [endpoint]}], [{"bind": [free_endpoint()]}])
    first = world.daemon(one)
    two = settings([{"type": "pull", "bind": [endpoint]}], [{"bind": [free_endpoint()]}])
    file = tmp_path / "second.yaml"
    file.write_text(json.dumps(two))
    done = run_rollcastd("--config", file)
    assert done.returncode == 1 and "Address already in use" in done.stderr
    assert first.is_running()


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_signals_stop_with_status_0_and_the_counts(world, how):
    daemon, samples, forecasts = world.push_pull()
    samples.send_values("s", range(10))
    forecasts.receive()
    assert daemon.stop(how) == 0
    assert daemon.counters()['samples_total{result="accepted"}'] == 10


def test_sighup_does_not_end_it(world):
    daemon, samples, forecasts = world.push_pull()
    daemon.process.send_signal(signal.SIGHUP)
    daemon.wait_for_log("reload: done")
    samples.send_values("s", range(10))
    assert forecasts.receive()


def test_a_log_that_nobody_reads_any_more_does_not_end_it(tmp_path):
    endpoints = free_endpoint(), free_endpoint()
    file = tmp_path / "rollcast.yaml"
    file.write_text(json.dumps(settings([{"type": "pull", "bind": [endpoints[0]]}],
                                        [{"type": "push", "connect": [endpoints[1]]}])))
    process = subprocess.Popen([ROLLCASTD, "--config", file], stderr=subprocess.PIPE)
    try:
        assert any(b"ready:" in line for line in process.stderr)
        process.stderr.close()
        for _ in range(2):
            process.send_signal(signal.SIGHUP)  # writes a line
            time.sleep(0.2)
        assert process.poll() is None
        process.terminate()
        assert process.wait(STOP_S) == 0
    finally:
        process.kill()
        process.wait()


def test_closed_standard_files_are_no_sockets(tmp_path):
    samples, forecasts = free_endpoint(), free_endpoint()
    file = tmp_path / "rollcast.yaml"
    file.write_text(json.dumps(settings([{"type": "pull", "bind": [samples]}],
                                        [{"type": "push", "connect": [forecasts]}])))
    process = subprocess.Popen(["sh", "-c", 'exec "$0" --config "$1" <&- >&- 2>&-', ROLLCASTD, file])
    try:
        end = time.monotonic() + START_S
        port = int(samples.rsplit(":", 1)[1])
        while True:
            with socket.socket() as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            assert time.monotonic() < end and process.poll() is None
            time.sleep(0.05)
        time.sleep(0.2)
        for fd in range(3):
            assert (pathlib.Path(f"/proc/{process.pid}/fd/{fd}").readlink()) == pathlib.Path("/dev/null")
        process.terminate()
        assert process.wait(STOP_S) == 0
    finally:
        process.kill()
        process.wait()

"""Faults of the disk under a running daemon, and of the files it finds: it goes on and says what it lost.

Each fault is a real one: bits are flipped in the file that LMDB wrote, file systems are full, of a few
hundred kilobytes, or mounted read-only (as root; skipped otherwise).
"""

import os
import pathlib
import random
import shutil
import signal
import subprocess
import sys
import time

import pytest
import zmq

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "blackbox"))

from rollcast import BUILD, EPOCH, Client, Daemon, free_endpoint, run_rollcastd, settings  # noqa: E402

AS_ROOT = pytest.mark.skipif(os.geteuid() != 0, reason="mounts need root")


class Site:
    """One place of state, and the daemons that come and go on it."""

    def __init__(self, directory):
        self.directory = directory
        self.state = directory / "state"
        self.samples, self.forecasts = free_endpoint(), free_endpoint()
        self.sender = Client(zmq.PUSH, connect=self.samples)
        self.receiver = Client(zmq.PULL, bind=self.forecasts)
        self.daemons = []

    def settings(self, state=None, **more):
        return settings([{"type": "pull", "bind": [self.samples]}],
                        [{"type": "push", "connect": [self.forecasts]}],
                        state={"path": str(self.state), "checkpoint": "300ms", "journal": "100ms",
                               **(state or {})}, **more)

    def start(self, state=None, **more):
        daemon = Daemon(self.directory / f"daemon{len(self.daemons)}", self.settings(state, **more))
        self.daemons.append(daemon)
        return daemon

    def kill(self, daemon):
        daemon.process.kill()
        daemon.process.wait()
        self.receiver.drain(0.2)

    def send(self, streams, start, count):
        for name in streams:
            self.sender.send_values(name, [i % 7 for i in range(start, start + count)],
                                    start=EPOCH + start)

    def samples_of(self, streams, at):
        """Two samples more for each stream: how many its newest forecast has seen, by stream."""
        for name in streams:
            self.sender.send_values(name, [0, 1], start=EPOCH + at)
        seen = {}
        while set(seen) != set(streams):
            forecast = self.receiver.receive(10)
            assert forecast, f"forecasts of {set(streams) - set(seen)} are missing"
            if forecast["time"] == EPOCH + at + 1:
                seen[forecast.stream] = forecast["samples"]
        self.receiver.drain(0.2)
        return seen

    def finish(self):
        for daemon in self.daemons:
            if daemon.is_running():
                daemon.process.kill()
                daemon.process.wait()
            print(f"---- {daemon.log_file}\n{daemon.log()}")
        self.sender.close()
        self.receiver.close()


@pytest.fixture
def site(tmp_path):
    site = Site(tmp_path)
    yield site
    site.finish()


STREAMS = [f"s{i}" for i in range(12)]


def fill(site, **more):
    """A state with all streams in records, of a daemon that stopped."""
    daemon = site.start(**more)
    site.send(STREAMS, 0, 80)
    assert site.receiver.receive_until(lambda f: f["samples"] == 80 and f.stream == STREAMS[-1])
    assert daemon.stop() == 0
    site.receiver.drain(0.2)
    assert daemon.counters()['state_records_total{result="saved"}'] >= len(STREAMS)


def wait_for(condition, limit_s=10):
    end = time.monotonic() + limit_s
    while not condition():
        assert time.monotonic() < end, "it did not come to pass"
        time.sleep(0.02)


# ---- what is kept ----


def test_a_stop_and_a_start_go_on_where_it_was(site):
    fill(site)
    daemon = site.start()
    assert f"{len(STREAMS)} streams restored" in daemon.log()
    assert set(site.samples_of(STREAMS, 80).values()) == {82}


def test_a_kill_loses_no_more_than_the_journal_allows(site):
    daemon = site.start(state={"checkpoint": "1h"})
    site.send(STREAMS, 0, 80)
    assert site.receiver.receive_until(lambda f: f["samples"] == 80 and f.stream == STREAMS[-1])
    time.sleep(0.2)
    site.kill(daemon)
    daemon = site.start()
    assert f"and {80 * len(STREAMS)} samples from the journal" in daemon.log()
    assert set(site.samples_of(STREAMS, 80).values()) == {82}


def test_another_number_of_shards_takes_over_what_was_kept(site):
    daemon = site.start(state={"checkpoint": "1h"}, threads={"shards": 3, "train": 1})
    site.send(STREAMS, 0, 80)
    time.sleep(0.5)
    site.kill(daemon)
    site.start(threads={"shards": 2, "train": 1})
    assert set(site.samples_of(STREAMS, 80).values()) == {82}


def test_changed_settings_keep_the_window(site):
    fill(site)
    daemon = site.start(model={"hidden": 5, "lookback": 20}, stream={"horizon": 6})
    assert f"{len(STREAMS)} of them in part" in daemon.log()
    assert set(site.samples_of(STREAMS, 80).values()) == {82}


def test_none_keeps_nothing(site):
    daemon = site.start(state={"path": "none"})
    site.send(STREAMS, 0, 80)
    assert site.receiver.receive_until(lambda f: f["samples"] == 80)
    assert daemon.stop() == 0
    assert not site.state.exists()


def test_what_systemd_names_is_where_auto_keeps_it(site, monkeypatch):
    monkeypatch.setenv("STATE_DIRECTORY", str(site.directory / "given"))
    daemon = site.start(state={"path": "auto"})
    site.send(STREAMS, 0, 30)
    assert daemon.stop() == 0
    assert (site.directory / "given/data.mdb").exists()


# ---- who may write ----


def test_a_second_daemon_on_the_same_state_is_refused(site):
    first = site.start()
    second = site.settings()
    second["inputs"][0]["bind"] = [free_endpoint()]
    file = site.directory / "second.yaml"
    file.write_text(__import__("json").dumps(second))
    done = run_rollcastd("--config", file)
    assert done.returncode == 1
    assert f"{site.state} is in use by the daemon with process id {first.process.pid}" in done.stderr
    assert first.is_running()


# ---- files that are not as they were ----


def test_a_record_with_a_flipped_bit_is_set_aside_and_the_others_are_not(site):
    fill(site, state={"checkpoint": "60s"})  # written once, at the stop: no page of the file has an older one
    data = site.state / "data.mdb"
    content = bytearray(data.read_bytes())
    place = content.find(b"s7\0tsrR")  # the end of an envelope's name, and the record after it
    place = content.find(b"s7\0Rrst") if place < 0 else place
    assert place > 0 and content.count(content[place:place + 7]) == 1
    content[place + 2000] ^= 1
    data.write_bytes(content)
    daemon = site.start()
    assert "the record s7 is set aside: it is damaged" in daemon.log()
    assert f"{len(STREAMS) - 1} streams restored" in daemon.log()
    seen = site.samples_of(STREAMS, 80)
    assert seen.pop("s7") == 2 and set(seen.values()) == {82}
    assert daemon.stop() == 0
    assert daemon.counters()['state_records_total{result="set_aside"}'] == 1
    again = site.start()
    assert "set aside" not in again.log() and f"{len(STREAMS)} streams restored" in again.log()


def test_a_truncated_file_gives_what_it_still_has_and_is_set_aside(site):
    fill(site)
    data = site.state / "data.mdb"
    os.truncate(data, data.stat().st_size * 2 // 3)
    daemon = site.start()
    wait_for(lambda: "is damaged, or none of ours; it is now" in daemon.log())
    site.samples_of(STREAMS, 80)
    assert daemon.stop() == 0
    assert len(list(site.state.glob("data.mdb.aside.*"))) == 1
    again = site.start()
    assert f"{len(STREAMS)} streams restored" in again.log()


@pytest.mark.parametrize("content", [b"", b"not ours\n" * 1000, b"\0" * 65536], ids=["empty", "text", "zeros"])
def test_a_foreign_file_is_set_aside(site, content):
    site.state.mkdir()
    (site.state / "data.mdb").write_bytes(content)
    daemon = site.start()
    site.send(STREAMS, 0, 80)
    assert set(site.samples_of(STREAMS, 80).values()) == {82}
    assert daemon.stop() == 0
    assert f"{len(STREAMS)} streams restored" in site.start().log()
    if content:
        aside = list(site.state.glob("data.mdb.aside.*"))
        assert len(aside) == 1 and aside[0].read_bytes() == content


def flip(data, rng):
    content = bytearray(data.read_bytes())
    for _ in range(rng.choice((1, 1, 4, 40))):
        # Half of them in the heads of pages, where LMDB's tree is.
        place = rng.randrange(len(content))
        if rng.random() < 0.5:
            place = place // 4096 * 4096 + rng.randrange(64)
        content[place] ^= 1 << rng.randrange(8)
    data.write_bytes(content)


def test_no_flipped_bit_anywhere_stops_the_daemon(site):
    """The start, a sample for each stream, and the stop, over and over from the same damaged file."""
    fill(site)
    sound = site.directory / "sound"
    shutil.copytree(site.state, sound)
    rng = random.Random(os.environ.get("SEED", "1"))
    for _ in range(int(os.environ.get("FLIPS", "12"))):
        shutil.rmtree(site.state)
        shutil.copytree(sound, site.state)
        flip(site.state / "data.mdb", rng)
        daemon = site.start()
        site.samples_of(STREAMS, 80)
        time.sleep(0.5)
        assert daemon.stop() == 0, daemon.log()


# ---- disks ----


class Mount:
    def __init__(self, where, options):
        self.where = where
        where.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", options, "tmpfs", where],
                                 capture_output=True, text=True, check=False)
        if mounted.returncode != 0:  # in a container, root may lack the right
            pytest.skip(f"nothing can be mounted here: {mounted.stderr.strip()}")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        subprocess.run(["umount", "-l", self.where], check=True)

    def remount(self, options):
        subprocess.run(["mount", "-o", f"remount,{options}", self.where], check=True)


@AS_ROOT
def test_a_full_disk_costs_only_what_is_not_saved_and_is_got_over(site):
    with Mount(site.state, "size=400k") as disk:
        daemon = site.start()
        site.send(STREAMS, 0, 80)
        daemon.wait_for_log("No space left on device")
        site.samples_of(STREAMS, 80)
        disk.remount("size=20m")
        daemon.wait_for_log("again")
        site.samples_of(STREAMS, 82)
        time.sleep(1)
        site.kill(daemon)
        daemon = site.start()
        assert f"{len(STREAMS)} streams restored" in daemon.log()
        assert set(site.samples_of(STREAMS, 84).values()) == {86}
        assert daemon.stop() == 0


@AS_ROOT
def test_a_read_only_directory_is_read_and_said_to_be_so(site):
    with Mount(site.state, "size=20m") as disk:
        fill(site)
        disk.remount("ro")
        daemon = site.start()
        assert f"nothing is saved in {site.state} for now: Read-only file system" in daemon.log()
        assert f"{len(STREAMS)} streams restored" in daemon.log()
        assert set(site.samples_of(STREAMS, 80).values()) == {82}
        daemon.wait_for_log("cannot save in")
        assert daemon.stop() == 0
        assert daemon.counters()['state_journal_samples_total{result="lost"}'] == 2 * len(STREAMS)


def test_a_size_that_is_used_up_is_said_and_forecasts_go_on(site):
    daemon = site.start(state={"size": "1MiB"})
    more = [f"m{i}" for i in range(60)]
    site.send(more, 0, 80)
    daemon.wait_for_log("state.size is used up")
    site.samples_of(more, 80)
    assert daemon.stop() == 0
    again = site.start(state={"size": "64MiB"})
    assert "streams restored" in again.log()


# ---- rollcast state ----


def rollcast_state(site, *arguments):
    return subprocess.run([BUILD / "rollcast", "state", *arguments, "--path", site.state],
                          capture_output=True, text=True, timeout=20)


@pytest.mark.parametrize("running", [False, True], ids=["stopped", "running"])
def test_the_tool_lists_shows_exports_and_verifies(site, running):
    fill(site)
    if running:
        site.start()
    listed = rollcast_state(site, "list")
    assert listed.returncode == 0
    assert sorted(line.split()[-1] for line in listed.stdout.splitlines()[1:]) == sorted(STREAMS)
    shown = rollcast_state(site, "show", "s3")
    assert "samples  80" in shown.stdout and "window   80 steps, 80 of them measured" in shown.stdout
    exported = rollcast_state(site, "export", "s3").stdout.splitlines()
    assert exported[0] == "time,value" and exported[1] == "2023-11-14T22:13:20Z,0"
    assert [float(line.split(",")[1]) for line in exported[1:]] == [i % 7 for i in range(80)]
    verified = rollcast_state(site, "verify")
    assert verified.returncode == 0 and f"{len(STREAMS)} records" in verified.stdout
    assert rollcast_state(site, "show", "nobody").returncode == 1


def test_the_tool_forgets_a_stream(site):
    daemon = site.start(state={"checkpoint": "1h"})
    site.send(STREAMS, 0, 80)
    time.sleep(0.5)
    site.kill(daemon)  # all is in the journal
    assert rollcast_state(site, "delete", "s3").returncode == 1  # no record, but its samples go
    site.start()
    seen = site.samples_of(STREAMS, 80)
    assert seen.pop("s3") == 2 and set(seen.values()) == {82}


def test_the_tool_says_what_is_damaged(site):
    fill(site)
    data = site.state / "data.mdb"
    content = bytearray(data.read_bytes())
    content[content.find(b"s7\0Rrst") + 2000] ^= 1
    data.write_bytes(content)
    verified = rollcast_state(site, "verify")
    assert verified.returncode == 1 and "s7: damaged" in verified.stderr
    data.write_bytes(b"nothing of the kind")
    assert rollcast_state(site, "verify").returncode == 1
    data.unlink()
    assert "no state is kept there" in rollcast_state(site, "list").stderr


@pytest.mark.parametrize("name", [b"records", b"journal"])
def test_a_database_whose_name_is_damaged_is_missed(site, name):
    fill(site)
    data = site.state / "data.mdb"
    content = data.read_bytes()
    assert name in content
    data.write_bytes(content.replace(name, name[:-1] + b"z"))
    daemon = site.start()
    wait_for(lambda: "is damaged, or none of ours; it is now" in daemon.log())
    site.samples_of(STREAMS, 80)
    assert daemon.stop() == 0

"""rollcast tune, from outside: repeatable, blind to the test part, and it can be stopped."""

import json
import os
import pathlib
import signal
import subprocess
import time

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = ROOT / os.environ.get("BUILD", "build")
AIRLINE = ROOT / "tests/data/airline-passengers.csv"
QUICK = ("--trials", 9, "--epochs", 9, "--hidden", "2..8", "--lookback", "6..14", "--seeds", 2)
ENDLESS = ("--trials", 9999, "--epochs", 90, "--hidden", "2..8")


def start(*arguments):
    return subprocess.Popen([BUILD / "rollcast", "tune", *map(str, arguments)], text=True,
                            stdout=subprocess.PIPE, stderr=subprocess.PIPE)


def run(*arguments, status=0):
    process = start(*arguments)
    out, said = process.communicate(timeout=120)
    assert process.returncode == status, said
    return out if status == 0 else said


def tune(*arguments):
    result = json.loads(run(*arguments, "--json"))
    del result["seconds"]
    return result


def test_gives_the_same_with_any_number_of_threads_and_another_with_another_seed():
    one = tune(AIRLINE, *QUICK, "--threads", 1)
    assert one == tune(AIRLINE, *QUICK, "--threads", 3)
    assert one["trials"] != tune(AIRLINE, *QUICK, "--seed", 2)["trials"]


def test_halves_successively():
    trials = tune(AIRLINE, *QUICK)["trials"]
    assert sorted(trial["rungs"] for trial in trials) == [1] * 6 + [2] * 2 + [3]
    # Within a rung the better ones come first.
    for rung in (1, 2):
        errors = [trial["rmse"] for trial in trials if trial["rungs"] == rung]
        assert errors == sorted(errors)


def test_never_looks_at_the_test_part(tmp_path):
    """Wild values in the test part change what is reported of it, and nothing else."""
    lines = AIRLINE.read_text().splitlines()
    wild = tmp_path / "airline-passengers.csv"
    wild.write_text("\n".join(lines[:118] + [line.split(",")[0] + f",{i * 1000 % 7919}"
                                             for i, line in enumerate(lines[118:])]) + "\n")
    ours, theirs = tune(AIRLINE, *QUICK), tune(wild, *QUICK)
    assert ours["test_from"] == theirs["test_from"] == 117
    assert ours["trials"] == theirs["trials"]
    assert ours["best"]["validation"] == theirs["best"]["validation"]
    assert ours["best"]["test"] != theirs["best"]["test"]


def test_stays_within_what_is_allowed():
    result = tune(AIRLINE, *QUICK, "--cell", "rnn", "--optimizer", "sgd,rmsprop", "--rate",
                  "1e-3..1e-2", "--activation", "tanh")
    for trial in result["trials"]:
        if trial["number"] == 0:
            assert (trial["cell"], trial["hidden"], trial["lookback"]) == ("lstm", 50, 10)
            continue
        assert trial["cell"] == "rnn" and trial["optimizer"] in ("sgd", "rmsprop")
        assert 2 <= trial["hidden"] <= 8 and 6 <= trial["lookback"] <= 14
        assert 0.001 <= trial["rate"] <= 0.01 and trial["activation"] == "tanh"


def test_shortens_lookbacks_that_leave_nothing_to_learn_from():
    process = start(AIRLINE, *QUICK[:4], "--hidden", 4, "--lookback", "6..96", "--json")
    out, said = process.communicate(timeout=120)
    assert "lookbacks are tried up to 56 only" in said
    assert max(trial["lookback"] for trial in json.loads(out)["trials"]) <= 56


def test_prints_what_it_has_when_interrupted():
    process = start(AIRLINE, *ENDLESS)
    time.sleep(2)
    process.send_signal(signal.SIGINT)
    began = time.monotonic()
    out, said = process.communicate(timeout=30)
    assert process.returncode == 0, said
    assert time.monotonic() - began < 10
    assert "interrupted" in out and "models:" in out


def test_ends_with_its_budget():
    began = time.monotonic()
    out = run(AIRLINE, "--budget", "3s", "--epochs", 9, "--hidden", "2..8")
    assert time.monotonic() - began < 8
    assert "rank" in out and "models:" in out


def test_prints_models_as_the_daemon_reads_them(tmp_path):
    out = run(AIRLINE, *QUICK)
    block = out[out.index("models:"):]
    assert "  tuned:\n    cell: " in block
    if not (BUILD / "rollcastd").exists():
        pytest.skip("rollcastd is not built")
    config = tmp_path / "tuned.yaml"
    config.write_text(block + "inputs:\n  - {name: in, type: pull, bind: [tcp://127.0.0.1:5556]}\n"
                      "streams:\n  - {match: '*', model: tuned}\n"
                      "outputs:\n  - {name: out, type: xpub, bind: [tcp://127.0.0.1:5557]}\n")
    checked = subprocess.run([BUILD / "rollcastd", "--config", config, "--check-config"],
                             capture_output=True, text=True, timeout=30)
    assert checked.returncode == 0, checked.stderr


@pytest.mark.parametrize("arguments, said", [
    ([], "one file is needed"),
    (["a.csv", "--rate", "1..0.1"], "a range LOW..HIGH"),
    (["a.csv", "--cell", "lstm,lstm"], "some of lstm, gru, rnn"),
    (["a.csv", "--budget", "soon"], "a duration such as"),
])
def test_refuses_wrong_usage(arguments, said):
    assert said in run(*arguments, status=2)


def test_says_that_a_series_is_too_short(tmp_path):
    short = tmp_path / "short.csv"
    short.write_text("1\n" * 30)
    assert "30 values are too few" in run(short, status=1)

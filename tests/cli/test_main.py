"""rollcast itself: its verbs, its help, and what it says to a slip of the hand."""

import os
import pathlib
import subprocess

import pytest

ROOT = pathlib.Path(__file__).resolve().parents[2]
ROLLCAST = ROOT / os.environ.get("BUILD", "build") / "rollcast"


def run(*arguments, **options):
    return subprocess.run([ROLLCAST, *arguments], capture_output=True, text=True, timeout=20, **options)


def verbs():
    listed = run("--help").stdout.split("Verbs:\n")[1].split("\n\n")[0]
    return [line.split()[0] for line in listed.splitlines()]


def test_help_lists_the_verbs():
    assert {"host", "watch", "help"} <= set(verbs())


@pytest.mark.parametrize("verb", verbs())
def test_every_verb_explains_itself_either_way(verb):
    asked = run(verb, "--help")
    assert (asked.returncode, asked.stderr) == (0, "")
    assert asked.stdout.startswith("Usage: rollcast ")
    assert run("help", verb).stdout == asked.stdout


@pytest.mark.parametrize("arguments, said", [
    ([], "Usage: rollcast"),
    (["hosst"], 'unknown verb "hosst"; did you mean "host"?'),
    (["help", "hots"], 'unknown verb "hots"; did you mean "host"?'),
    (["--verison"], 'unknown option "--verison"; did you mean "--version"?'),
    (["xyzzy"], 'unknown verb "xyzzy"\n'),
])
def test_wrong_usage_is_status_2_on_stderr(arguments, said):
    ended = run(*arguments)
    assert (ended.returncode, ended.stdout) == (2, "")
    assert said in ended.stderr


def test_version_is_a_name_and_a_number():
    ended = run("--version")
    assert ended.returncode == 0
    name, number = ended.stdout.split()
    assert name == "rollcast" and all(part.isdigit() for part in number.split("."))


def test_output_that_cannot_be_written_is_a_failure():
    with open("/dev/full", "w") as full:
        ended = subprocess.run([ROLLCAST, "--help"], stdout=full, timeout=20)
    assert ended.returncode == 1

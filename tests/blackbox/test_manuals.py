"""Manual pages tell all that the programs tell of themselves, and all settings."""

import re
import subprocess

import pytest

from rollcast import BUILD, ROOT


def page(name):
    return (BUILD / "man" / name).read_text()


def said_by(*command):
    return subprocess.run([BUILD / command[0], *command[1:], "--help"], check=True, capture_output=True, text=True,
                          timeout=10).stdout


def options(text):
    return re.findall(r"(?m)^ +(?:-\w, )?--([a-z-]+)", text)


def verbs():
    return [verb for verb in re.findall(r"(?m)^  ([a-z]+) ", said_by("rollcast")) if verb != "help"]


@pytest.mark.parametrize("verb", verbs())
def test_the_page_of_the_tool_has_every_option_of_a_verb(verb):
    sections = dict(re.findall(r"(?ms)^\.Ss (\w+)$(.*?)(?=^\.S[sh])", page("rollcast.1")))
    assert re.findall(r"(?m)^\.It Fl \\-([a-z-]+)", sections[verb]) == options(said_by("rollcast", verb))


def test_the_page_of_the_daemon_has_every_option():
    assert re.findall(r"(?m)^\.It (?:Fl \w , )?Fl \\-([a-z-]+)", page("rollcastd.8")) == \
        options(said_by("rollcastd"))


def test_the_page_of_the_settings_has_every_key_in_its_section():
    reference = re.findall(r"(?m)^(?:## (\w+)|\| `([^`]+)`)", (ROOT / "docs/settings.md").read_text())
    assert re.findall(r"(?m)^\.(?:Ss (\w+)|It Cm (\S+))$", page("rollcast.yaml.5")) == reference

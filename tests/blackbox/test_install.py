"""make install puts everything in its place, what is there works, and make uninstall takes it away."""

import os
import pathlib
import re
import subprocess

import pytest

from rollcast import BUILD, ROOT

SETTINGS = pathlib.Path("etc/rollcast/rollcast.yaml")


def make(*arguments):
    subprocess.run(["make", "-s", f"BUILD={BUILD.relative_to(ROOT)}", *arguments], cwd=ROOT, check=True,
                   stdin=subprocess.DEVNULL, timeout=120)


def files(directory):
    return {str(path.relative_to(directory)) for path in directory.rglob("*") if path.is_file()}


@pytest.fixture
def installed(tmp_path):
    make("install", f"DESTDIR={tmp_path}", "PREFIX=/usr")
    return tmp_path


def test_everything_is_in_its_place_and_gone_afterwards(installed):
    headers = {f"usr/include/rollcast/{path.name}" for path in (ROOT / "include/rollcast").glob("*.h")}
    assert files(installed) == headers | {
        "usr/bin/rollcastd", "usr/bin/rollcast", "usr/lib/librollcast.a", "usr/lib/librollcast.so",
        "usr/lib/librollcast.so.1", "usr/lib/pkgconfig/rollcast.pc", "usr/lib/systemd/system/rollcastd.service",
        "usr/lib/systemd/system/rollcastd@.service", "usr/share/man/man1/rollcast.1",
        "usr/share/man/man5/rollcast.yaml.5", "usr/share/man/man8/rollcastd.8",
        "usr/share/bash-completion/completions/rollcast", "usr/share/bash-completion/completions/rollcastd",
        str(SETTINGS)}
    for unit, name, state in (("rollcastd", "rollcast", "rollcast"), ("rollcastd@", "%i", "rollcast@%i")):
        text = (installed / f"usr/lib/systemd/system/{unit}.service").read_text()
        assert f"ExecStart=/usr/bin/rollcastd --config /etc/rollcast/{name}.yaml\n" in text
        assert f"StateDirectory={state}\n" in text and not re.search("@[A-Z]+@", text)
    for program in ("rollcastd", "rollcast"):
        subprocess.run([installed / "usr/bin" / program, "--version"], check=True, timeout=10)
    make("uninstall", f"DESTDIR={installed}", "PREFIX=/usr")
    assert files(installed) == {str(SETTINGS)}


def test_settings_that_are_there_are_kept(tmp_path):
    file = tmp_path / SETTINGS
    file.parent.mkdir(parents=True)
    file.write_text("mine\n")
    make("install", f"DESTDIR={tmp_path}")
    assert file.read_text() == "mine\n"


def test_installed_settings_are_good(installed):
    subprocess.run([installed / "usr/bin/rollcastd", "--config", installed / SETTINGS.parent,
                    "--check-config"], check=True, timeout=10)


def test_the_shared_library_shows_what_the_headers_declare_and_nothing_else(installed):
    shown = subprocess.run(["nm", "-D", "--defined-only", installed / "usr/lib/librollcast.so.1"], check=True,
                           capture_output=True, text=True, timeout=10).stdout
    functions = {line.split()[2].split("@")[0] for line in shown.splitlines() if " T " in line}
    headers = "\n".join(path.read_text() for path in (installed / "usr/include/rollcast").glob("*.h"))
    code = re.sub(r"static inline.*?\n\}", "", re.sub(r"/\*.*?\*/", "", headers, flags=re.S), flags=re.S)
    assert functions == set(re.findall(r"\b(rollcast_\w+)\(", re.sub(r"\btypedef\b[^;]*;", "", code)))
    # What the sanitizers and the version itself add is no function of anybody's.
    others = {line.split()[2] for line in shown.splitlines() if " T " not in line}
    assert {name for name in others if "san" not in name and "ubsan" not in name} == {"ROLLCAST_1"}


@pytest.mark.parametrize("kind", ["shared", "static"])
def test_the_example_builds_against_the_installed_library_and_forecasts(installed, tmp_path, kind):
    environment = dict(os.environ, PKG_CONFIG_PATH=f"{installed}/usr/lib/pkgconfig")
    flags = subprocess.run(["pkg-config", "--cflags", "--libs",
                            f"--define-variable=prefix={installed}/usr",
                            f"--define-variable=libdir={installed}/usr/lib", "rollcast",
                            *(["openblas"] if kind == "static" else [])], env=environment,
                           check=True, capture_output=True, text=True, timeout=10).stdout
    if kind == "static":
        flags = flags.replace("-lrollcast", "-l:librollcast.a")
    program = tmp_path / "embed"
    subprocess.run(["cc", *os.environ.get("CFLAGS", "").split(), ROOT / "docs/examples/embed.c", *flags.split(),
                    *os.environ.get("LDFLAGS", "").split(), "-lm", "-o", program], check=True, timeout=60)
    environment["LD_LIBRARY_PATH"] = f"{installed}/usr/lib"
    done = subprocess.run([program], env=environment, check=True, capture_output=True, text=True, timeout=60)
    assert done.stdout.strip()
    needed = subprocess.run(["readelf", "-d", program], check=True, capture_output=True, text=True,
                            timeout=10).stdout
    assert ("[librollcast.so.1]" in needed) == (kind == "shared")

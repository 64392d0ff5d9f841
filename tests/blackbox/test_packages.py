"""What the Debian packages say agrees with the project: its version and what it needs to be built."""

import re
import subprocess

from rollcast import BUILD, ROOT

# What every Debian machine that builds packages has.
ESSENTIAL = {"gcc", "libc6-dev", "make"}


def test_packages_have_the_version_of_the_programs():
    changelog = (ROOT / "debian/changelog").read_text()
    for program in ("rollcastd", "rollcast"):
        said = subprocess.run([BUILD / program, "--version"], check=True, capture_output=True, text=True,
                              timeout=10).stdout
        assert said.split()[-1] == re.match(r"rollcast \(([^)]*)\)", changelog)[1]


def test_packages_are_built_from_what_the_programs_are_built_from():
    script = (ROOT / "deps.sh").read_text()
    wanted = {frozenset(word.split("|")) for word in re.search(r"^build='([^']*)'", script, re.M)[1].split()}
    control = (ROOT / "debian/control").read_text()
    field = re.search(r"^Build-Depends:(.*?)^\S", control, re.M | re.S)[1]
    stated = {frozenset(re.findall(r"[a-z0-9.+-]{2,}", re.sub(r"<[^>]*>|\([^)]*\)|:any", "", entry)))
              for entry in field.split(",") if "<!nocheck>" not in entry and "debhelper" not in entry}
    needed = {names for names in wanted if "none" not in names and not names & ESSENTIAL}
    assert stated - {frozenset()} == needed

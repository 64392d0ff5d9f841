"""Runs the tests and ends with one line: `N passed, N failed`, and `, N skipped` if there are any.

    BUILD=build python3 tests/run.py [unit] [blackbox]

Unit tests are the built programs tests/<room>/test_<file>, run from the project's root; each writes what
it found as XML, so that whatever else it prints cannot be mistaken for a result. Black-box tests are
tests/**/test_*.py, run by pytest. Exit status 0 only if something ran and nothing failed.
"""

import os
import pathlib
import signal
import subprocess
import sys
import tempfile
import time
import xml.etree.ElementTree as ElementTree

ROOT = pathlib.Path(__file__).resolve().parents[1]
BUILD = ROOT / os.environ.get("BUILD", "build")
UNIT_LIMIT_S = 240      # a program; those with sanitizers are slow
BLACKBOX_LIMIT_S = 1500  # all together


class Totals:
    def __init__(self):
        self.passed = self.failed = self.skipped = 0

    def add(self, files):
        """What XML files of the JUnit kind say, of cmocka or pytest. Returns the failures' texts."""
        texts = []
        for file in files:
            for case in ElementTree.parse(file).iter("testcase"):
                trouble = case.find("failure") if case.find("failure") is not None else case.find("error")
                if trouble is not None:
                    self.failed += 1
                    texts.append(f"{case.get('name')}: {(trouble.text or '').strip()}")
                elif case.find("skipped") is not None:
                    self.skipped += 1
                else:
                    self.passed += 1
        return texts

    def __str__(self):
        skipped = f", {self.skipped} skipped" if self.skipped else ""
        return f"{self.passed} passed, {self.failed} failed{skipped}"


def run_bounded(command, limit_s, **options):
    """Runs in an own process group, which is killed as a whole when the time is over."""
    with subprocess.Popen(command, cwd=ROOT, start_new_session=True, **options) as process:
        try:
            return process.wait(limit_s)
        except BaseException as trouble:
            os.killpg(process.pid, signal.SIGKILL)
            process.wait()
            if isinstance(trouble, subprocess.TimeoutExpired):
                return f"ended after {limit_s} s"
            raise


def run_unit(program, totals, directory):
    name = program.relative_to(BUILD / "tests")
    reports = directory / str(name).replace("/", "-")
    reports.mkdir()
    output = reports / "output"
    environment = dict(os.environ, CMOCKA_MESSAGE_OUTPUT="xml", CMOCKA_XML_FILE=f"{reports}/%g.xml")
    before = totals.failed
    started = time.monotonic()
    with open(output, "wb") as file:
        status = run_bounded([program], UNIT_LIMIT_S, stdin=subprocess.DEVNULL, stdout=file,
                             stderr=subprocess.STDOUT, env=environment)
    seconds = time.monotonic() - started
    found = sorted(reports.glob("*.xml"))
    try:
        texts = totals.add(found)
    except ElementTree.ParseError as error:
        texts = [f"its report does not read: {error}"]
        totals.failed += 1
    if totals.failed == before and (status != 0 or not found):
        totals.failed += 1
        texts.append(f"status {status}, {len(found)} reports")
    if totals.failed == before:
        print(f"ok      {name} ({seconds:.1f} s)", flush=True)
        return
    print(f"FAILED  {name} ({seconds:.1f} s)")
    for text in texts:
        print("    " + text.replace("\n", "\n    "))
    sys.stdout.flush()
    sys.stdout.buffer.write(output.read_bytes())
    sys.stdout.flush()


def run_units(totals, directory):
    sources = sorted((ROOT / "tests").glob("*/test_*.c"))
    for source in sources:
        run_unit(BUILD / source.relative_to(ROOT).with_suffix(""), totals, directory)


def run_blackbox(totals, directory):
    report = directory / "pytest.xml"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "--durations=5",
               f"--junitxml={report}", "tests"]
    status = run_bounded(command, BLACKBOX_LIMIT_S, stdin=subprocess.DEVNULL)
    before = totals.failed
    if report.exists():
        totals.add([report])
    if status != 0 and totals.failed == before:
        totals.failed += 1
        print(f"pytest: status {status}")


def main():
    parts = {"unit": run_units, "blackbox": run_blackbox}
    wanted = sys.argv[1:] or list(parts)
    totals = Totals()
    with tempfile.TemporaryDirectory(prefix="rollcast-tests-") as directory:
        for part in wanted:
            parts[part](totals, pathlib.Path(directory))
    print(totals)
    return 0 if totals.passed and not totals.failed else 1


if __name__ == "__main__":
    sys.exit(main())

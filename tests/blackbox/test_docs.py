"""docs/operating.md against the program: the warnings it explains, the alerts, the settings it names."""

import re

from rollcast import ROOT

GUIDE = (ROOT / "docs/operating.md").read_text()
WARNING = re.compile(r'log_line\(\s*LOG_WARNING,\s*((?:"(?:[^"\\]|\\.)*"\s*|PRI\w+\s*)+)')


def warnings():
    """What the daemon's sources warn of, with … for what is filled in."""
    found = set()
    for file in (ROOT / "daemon").glob("*/*.c"):
        for (parts,) in (match.groups() for match in WARNING.finditer(file.read_text())):
            text = "".join(string + ("lu" if macro else "") for string, macro in
                           re.findall(r'"((?:[^"\\]|\\.)*)"|(PRI\w+)', parts))
            # Only what stands before the parentheses that say how often, or how much.
            found.add(re.sub(r"%[-+ #0-9.*]*[hlzj]*[a-z]", "…", text).split(" (…")[0].split(" (counted")[0])
    return found


def explained():
    rows = re.findall(r"^\| `([^|]*)` \| [^|]*\|$", GUIDE.split("## What the log says")[1].split("\n## ")[0], re.M)
    return {row.split(" (…")[0] for row in rows}


def alike(text):
    """Several things in a row that are filled in are one."""
    return re.sub(r"…+", "…", text)


def test_every_warning_is_explained_and_no_other():
    said, told = {alike(text) for text in warnings()}, {alike(text) for text in explained()}
    assert len(said) > 10
    assert said - told == set(), "docs/operating.md does not explain these"
    assert told - said == set(), "docs/operating.md explains what nothing says"


def test_every_alert_of_the_rules_has_its_advice():
    alerts = set(re.findall(r"alert: (\w+)", (ROOT / "docs/prometheus-rules.yml").read_text()))
    assert alerts == set(re.findall(r"^\| `(Rollcast\w+)` \|", GUIDE, re.M))


def test_the_metrics_in_the_guide_exist():
    known = set(re.findall(r"^\| `(rollcast_\w+)` \|", (ROOT / "docs/metrics.md").read_text(), re.M))
    used = {name for name in re.findall(r"rollcast_[a-z_]+", GUIDE) if name != "rollcast_training"}
    assert used and used <= known


def test_links_between_the_docs_lead_somewhere():
    for page in [ROOT / "README.md", *(ROOT / "docs").glob("*.md")]:
        for target in re.findall(r"\]\(([^)#\s]+)[^)]*\)", page.read_text()):
            if "://" not in target:
                assert (page.parent / target).exists(), f"{page.name}: {target}"

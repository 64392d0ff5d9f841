"""docs/security.md, as a reader follows it: its files are written, its commands pasted."""

import os
import re
import subprocess
import sys

from rollcast import BUILD, ROOT, WAIT_S, free_endpoint

TEXT = (ROOT / "docs" / "security.md").read_text()


def blocks(kind, name):
    found = re.findall(rf"<!-- {kind}: {re.escape(name)} -->\n```\w+\n(.*?)```", TEXT, re.DOTALL)
    assert len(found) == 1, name
    return found[0]


def with_free_ports(text, ports):
    for port, free in ports.items():
        text = text.replace(f":{port}", f":{free}")
    return text


def test_the_steps_work_when_pasted(tmp_path):
    ports = {port: free_endpoint().rsplit(":", 1)[1] for port in ["5556", "5557", "9477"]}
    for name in ["rollcast.yaml", "send.py"]:
        text = with_free_ports(blocks("file", name), ports)
        if name == "rollcast.yaml":
            text += f"http: {{listen: 127.0.0.1:{ports['9477']}}}\n"
        (tmp_path / name).write_text(text)
    script = "set -e\n" + blocks("commands", "keys") + blocks("commands", "daemon") + """
daemon=$!
trap 'kill $daemon; wait $daemon' EXIT
for i in $(seq 100); do grep -q ready: log && break; sleep 0.1; done
""" + with_free_ports(blocks("commands", "clients"), ports) + f"{sys.executable} send.py\n"
    with open(tmp_path / "log", "w") as log:
        ended = subprocess.run(["bash", "-c", script], cwd=tmp_path, stdout=subprocess.PIPE, stderr=log,
                               text=True, timeout=2 * WAIT_S, check=False,
                               env={**os.environ, "PATH": f"{BUILD}:{os.environ['PATH']}"})
    log = (tmp_path / "log").read_text()
    assert ended.returncode == 0, ended.stdout + log
    assert "host_load1" in ended.stdout
    assert "refused" not in log

"""A headless Chromium, driven by its DevTools protocol: what a page shows, and what it complains of."""

import base64
import contextlib
import json
import pathlib
import shutil
import signal
import subprocess
import time

PROGRAM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
START_S = 30
ANSWER_S = 30


class Browser:
    def __init__(self, directory):
        import websocket  # Debian's python3-websocket

        self.directory = pathlib.Path(directory)
        command = [PROGRAM, "--headless", "--no-sandbox", "--disable-gpu", "--disable-background-networking",
                   "--no-first-run", "--remote-debugging-port=0", "--remote-allow-origins=*",
                   f"--user-data-dir={self.directory}", "about:blank"]
        with open(self.directory / "log", "wb") as log:
            self.process = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log)
        self.complaints, self.requests, self.number = [], [], 0
        try:
            self.socket = websocket.create_connection(self._page_address(), timeout=ANSWER_S)
            for domain in ("Page", "Runtime", "Log", "Network"):
                self.call(f"{domain}.enable")
        except BaseException:
            self.close()
            raise

    def _page_address(self):
        import urllib.request

        end = time.monotonic() + START_S
        port_file = self.directory / "DevToolsActivePort"
        while time.monotonic() < end:
            with contextlib.suppress(OSError, IndexError, ValueError):
                port = int(port_file.read_text().splitlines()[0])
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/json/list", timeout=5) as answer:
                    for target in json.load(answer):
                        if target["type"] == "page":
                            return target["webSocketDebuggerUrl"]
            time.sleep(0.1)
        raise AssertionError("the browser did not start:\n" + (self.directory / "log").read_text())

    def _take(self, message):
        """Keeps what the page complains of and asks for."""
        method, values = message.get("method"), message.get("params", {})
        if method == "Runtime.consoleAPICalled" and values["type"] in ("error", "warning", "assert"):
            self.complaints.append(str([a.get("value", a.get("description")) for a in values["args"]]))
        elif method == "Runtime.exceptionThrown":
            self.complaints.append(json.dumps(values["exceptionDetails"])[:800])
        elif method == "Log.entryAdded" and values["entry"]["level"] in ("error", "warning"):
            self.complaints.append(values["entry"]["text"] + " " + values["entry"].get("url", ""))
        elif method == "Network.requestWillBeSent":
            self.requests.append(values["request"]["url"])

    def call(self, method, **values):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": values}))
        while True:
            message = json.loads(self.socket.recv())
            if message.get("id") == self.number:
                assert "error" not in message, message
                return message["result"]
            self._take(message)

    def open(self, url):
        self.call("Page.navigate", url=url)

    def run(self, expression):
        result = self.call("Runtime.evaluate", expression=expression, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in result, result["exceptionDetails"]
        return result["result"].get("value")

    def wait_for(self, expression, limit_s=ANSWER_S):
        """What the expression gives once it is something."""
        end = time.monotonic() + limit_s
        while not (value := self.run(expression)):
            assert time.monotonic() < end, f"not within {limit_s} s: {expression}\n{self.complaints}"
            time.sleep(0.1)
        return value

    def look(self, width, height, dark=False, mobile=False):
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height,
                  deviceScaleFactor=1, mobile=mobile)
        self.call("Emulation.setEmulatedMedia",
                  features=[{"name": "prefers-color-scheme", "value": "dark" if dark else "light"}])

    def screenshot(self, file):
        pathlib.Path(file).write_bytes(base64.b64decode(self.call("Page.captureScreenshot")["data"]))

    def close(self):
        with contextlib.suppress(Exception):
            self.socket.close()
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(10)
        except subprocess.TimeoutExpired:
            self.process.kill()
            self.process.wait()

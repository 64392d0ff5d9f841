"""The page in a real browser: it shows what streams, follows it, and outlives the daemon."""

import tempfile
import time

import pytest
import zmq

import browser as browsers
from rollcast import free_endpoint, settings

pytest.importorskip("websocket", reason="python3-websocket is not installed")
pytestmark = pytest.mark.skipif(not browsers.PROGRAM, reason="no Chromium is installed")

ROWS = "[...document.querySelectorAll('#streams tr .name a')].map(a => a.title)"
HEALTH = "document.getElementById('health').textContent"


@pytest.fixture
def browser():
    with tempfile.TemporaryDirectory(ignore_cleanup_errors=True) as directory:
        browser = browsers.Browser(directory)
        yield browser
        browser.close()


class Feed:
    """A daemon with a page, fed from now on with three streams, a sample each in a quarter of a second."""

    def __init__(self, world):
        self.endpoints = free_endpoint(), free_endpoint()
        self.address = free_endpoint().removeprefix("tcp://")
        self.settings = settings([{"type": "pull", "bind": [self.endpoints[0]]}],
                                 [{"bind": [self.endpoints[1]]}],
                                 http={"listen": self.address},
                                 thresholds=[{"name": "full", "match": "load{host=\"b\"}", "above": 160}],
                                 stream={"step": "250ms", "horizon": 8})
        self.world = world
        self.start()
        self.samples = world.client(zmq.PUSH, connect=self.endpoints[0])
        self.sent = time.time() - 30
        self.feed()

    def start(self):
        self.daemon = self.world.daemon(self.settings)

    def feed(self):
        """All that is due by now."""
        while self.sent < time.time():
            phase = self.sent * 4 % 16
            for host, factor in (("a", 1), ("b", 10), ("<b>c", 100)):
                self.samples.send({"name": "load", "tags": {"host": host}, "time": self.sent,
                                   "value": factor * phase})
            self.sent += 0.25

    def wait_for(self, browser, expression, limit_s=30):
        end = time.monotonic() + limit_s
        while not (value := browser.run(expression)):
            assert time.monotonic() < end, f"not within {limit_s} s: {expression}\n{browser.complaints}"
            self.feed()
            time.sleep(0.1)
        return value


@pytest.fixture
def feed(world):
    return Feed(world)


def test_it_shows_streams_and_follows_them_without_a_complaint(feed, browser):
    browser.look(1300, 900)
    browser.open(f"http://{feed.address}/")
    rows = feed.wait_for(browser, f"{ROWS}.length === 3 && {ROWS}")
    assert rows == ['load{host="<b>c"}', 'load{host="a"}', 'load{host="b"}']
    assert feed.wait_for(browser, f"{HEALTH}.includes('healthy')")
    feed.wait_for(browser, "!!document.querySelector('#chart canvas, #chart svg')")
    feed.wait_for(browser, "document.querySelectorAll('#weights tr').length > 0")
    samples = "Number(document.querySelector('#measured').textContent.match(/samples\\s*(\\d+)/)[1])"
    before = feed.wait_for(browser, f"document.querySelector('#measured').textContent && {samples}")
    feed.wait_for(browser, f"{samples} > {before} + 3")
    assert browser.complaints == []
    assert all(url.startswith((f"http://{feed.address}/", "data:")) for url in browser.requests)


def test_streams_are_found_sorted_and_chosen(feed, browser):
    browser.open(f"http://{feed.address}/")
    feed.wait_for(browser, f"{ROWS}.length === 3")
    browser.run("const m = document.getElementById('match'); m.value = 'host=\"b';"
                "m.dispatchEvent(new Event('input'))")
    assert feed.wait_for(browser, f"{ROWS}.length === 1 && {ROWS}") == ['load{host="b"}']
    browser.run("m.value = 'load{'; m.dispatchEvent(new Event('input'))")
    feed.wait_for(browser, "!document.getElementById('trouble').hidden")
    browser.run("m.value = ''; m.dispatchEvent(new Event('input'))")
    feed.wait_for(browser, f"{ROWS}.length === 3 && document.getElementById('trouble').hidden")
    browser.run("document.querySelector('[data-sort=skill]').click()")
    feed.wait_for(browser, "document.querySelector('[data-sort=skill]').getAttribute('aria-pressed') === 'true'")
    browser.run("[...document.querySelectorAll('#streams tr')].find(r => r.textContent.includes('host=b')).click()")
    feed.wait_for(browser, "document.title.startsWith('load{host=\"b\"}')")
    assert "host" in browser.run("location.hash")


def test_thresholds_are_shown_and_sorted_by(feed, browser):
    browser.open(f"http://{feed.address}/")
    breach = "document.querySelector('#streams tr .breach').textContent"
    feed.wait_for(browser, f"{ROWS}.length === 3")
    browser.run("document.querySelector('[data-sort=breach]').click()")
    feed.wait_for(browser, f"{ROWS}[0] === 'load{{host=\"b\"}}' && {breach}.includes('%')")
    browser.run("location.hash = encodeURIComponent('load{host=\"b\"}')")
    feed.wait_for(browser, "document.querySelector('#measured').textContent.includes('full 160')")
    browser.call("Network.setBlockedURLs", urls=["*dygraph*"])
    browser.call("Page.reload")
    feed.wait_for(browser, "document.querySelectorAll('#chart svg path.limit').length === 1 &&"
                           "document.querySelector('#chart svg text.limit').textContent === 'full 160'")
    assert not [c for c in browser.complaints if "dygraph" not in c]


def test_it_fits_a_phone_in_the_dark(feed, browser):
    browser.look(390, 800, dark=True, mobile=True)
    browser.open(f"http://{feed.address}/")
    feed.wait_for(browser, f"{ROWS}.length === 3")
    assert browser.run("document.documentElement.scrollWidth") <= 390
    light, dark = (browser.look(390, 800, dark=dark) or
                   browser.run("getComputedStyle(document.body).backgroundColor") for dark in (False, True))
    assert light != dark


def test_it_outlives_a_restart_of_the_daemon(feed, browser):
    browser.open(f"http://{feed.address}/")
    feed.wait_for(browser, f"{ROWS}.length === 3 && {HEALTH}.includes('healthy')")
    assert feed.daemon.stop() == 0
    browser.wait_for(f"{HEALTH}.includes('not reachable')")
    feed.start()
    feed.wait_for(browser, f"{HEALTH}.includes('healthy') && {ROWS}.length === 3", 60)
    assert not [c for c in browser.complaints if "ERR_CONNECTION" not in c and "404" not in c]


def test_charts_are_drawn_without_the_library_too(feed, browser):
    browser.call("Network.setBlockedURLs", urls=["*dygraph*"])
    browser.open(f"http://{feed.address}/")
    feed.wait_for(browser, "document.querySelectorAll('#chart svg .mean, #chart svg .came').length === 2")

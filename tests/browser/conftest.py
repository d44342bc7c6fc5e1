"""The real server over a synthetic site, and visits with a real Chromium that watch what it does."""

from __future__ import annotations

import os
import socket
import subprocess
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

import pytest
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, Request, sync_playwright

from dashboards.launch import command, environment

ROOT = Path(__file__).resolve().parents[2]
START_SECONDS = 60
IDLE = "[data-testid=stApp][data-test-script-state=notRunning]"


@dataclass
class Visit:
    """A page with what went wrong on it: errors in the console, requests to other machines."""

    page: Page
    url: str
    errors: list[str] = field(default_factory=list)
    strangers: list[str] = field(default_factory=list)

    def go(self, path: str = "") -> Page:
        self.page.goto(f"{self.url}/{path}")
        self.settle()
        return self.page

    def settle(self) -> None:
        """Until the script has run and every chart is drawn."""
        self.page.wait_for_selector(IDLE)
        self.page.wait_for_selector("h1")
        self.page.wait_for_function(
            "() => [...document.querySelectorAll('[data-testid=stVegaLiteChart]')]"
            ".every(chart => chart.querySelector('svg.marks path'))"
        )

    def choose(self, label: str, name: str) -> None:
        box = self.page.get_by_role("combobox", name=label).first
        # A list that opens while the page still scrolls closes again.
        box.scroll_into_view_if_needed()
        self.page.wait_for_timeout(200)
        box.click()
        self.page.get_by_role("option", name=name, exact=True).click()
        self.page.wait_for_timeout(200)
        self.settle()

    def close(self) -> None:
        """Before its server ends, else the page complains of that."""
        self.page.close()
        assert self.errors == []
        assert self.strangers == []

    def on_console(self, message: ConsoleMessage) -> None:
        # Under /runs or /quality the page first looks for its server beneath that, and then where it is.
        looked_for = "/_stcore/" in urlsplit(message.location.get("url", "")).path.removeprefix("/_stcore/")
        if message.type == "error" and not looked_for:
            self.errors.append(message.text)

    def on_request(self, request: Request) -> None:
        address = urlsplit(request.url)
        if address.scheme not in ("data", "blob") and address.hostname != "127.0.0.1":
            self.strangers.append(request.url)


@contextmanager
def served(site: Path, log: Path) -> Iterator[str]:
    """Address of a server over a site, as `accord dashboard` starts it."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    url = f"http://127.0.0.1:{port}"
    with (
        log.open("wb") as output,
        subprocess.Popen(
            command(port), env=environment(site, os.environ), cwd=ROOT, stdout=output, stderr=output
        ) as server,
    ):
        try:
            wait_for(f"{url}/_stcore/health", server)
            yield url
        finally:
            server.terminate()


def wait_for(url: str, server: subprocess.Popen[bytes]) -> None:
    end = time.monotonic() + START_SECONDS
    while True:
        assert server.poll() is None, "the server ended by itself"
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except OSError:
            assert time.monotonic() < end, f"no answer in {START_SECONDS} seconds"
            time.sleep(0.1)


# Per module: an open Playwright keeps an event loop running, which other tests must not meet.
@pytest.fixture(scope="module")
def browser(chromium: Path) -> Iterator[Browser]:
    with sync_playwright() as playwright:
        arguments = ["--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage"]
        opened = playwright.chromium.launch(executable_path=chromium, args=arguments)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def contexts(browser: Browser) -> Mapping[str, BrowserContext]:
    """One for each colour scheme, so that Streamlit's own files are fetched once."""
    return {scheme: browser.new_context(color_scheme=scheme) for scheme in ("light", "dark")}


Open = Callable[..., Visit]


@pytest.fixture
def visit(contexts: Mapping[str, BrowserContext]) -> Iterator[Open]:
    """Opens a page at an address; at the end nothing may have gone wrong on any of them."""
    visits: list[Visit] = []

    def opened(url: str, width: int = 1280, scheme: str = "light") -> Visit:
        one = Visit(contexts[scheme].new_page(), url)
        one.page.set_viewport_size({"width": width, "height": 900})
        one.page.on("console", one.on_console)
        one.page.on("pageerror", lambda error: one.errors.append(str(error)))
        one.page.on("request", one.on_request)
        visits.append(one)
        return one

    yield opened
    for one in visits:
        one.close()

# SPDX-License-Identifier: MIT
"""Checks the reports and an atlas's gallery page in a headless Chromium, on phone and desktop, in light and dark, with and
without scripts.

    check_reports.py PROGRAM PHOTO [--screenshots FOLDER]

Makes the pages and serves them on the loopback address, so that requests of a page can be seen. Checks that the console has
no errors or messages, that a page makes only one request, that every picture is decoded, that nothing is wider than the
window, that the slider changes what is shown, that the colour schemes differ, and that the pictures are shown without scripts
and on paper. In the gallery, checks that the search finds the right pictures.
"""

import argparse
import base64
import functools
import http.server
import json
import subprocess
import sys
import tempfile
import threading
import time
import urllib.request
from pathlib import Path

from websocket import create_connection

PAGES = {
    "saliency": ["saliency", "PHOTO"],
    "fool": ["fool", "PHOTO", "--target", "tarantula"],
    "visualize": ["visualize", "--class", "gorilla", "--iterations", "20", "--show-every", "5"],
    "hostile": ["saliency", "PHOTO", "--labels", "hostile.txt"],
    # This word is wider than a phone's screen.
    "wide": ["visualize", "--class", "gorilla", "--iterations", "1", "--size", "32x640", "-o", "w" * 90 + ".png"],
}
ATLAS = ["atlas", "--classes", "72-77", "--seeds", "0-1", "--iterations", "5", "--size", "64", "-o", "atlas"]
HOSTILE = "<img src=x onerror=console.log(1)><script>console.log(2)</script>\" onload='console.log(3)' &amp; \u202e"
SIZES = {"phone": (390, 844), "desktop": (1280, 900)}


class Refused(Exception):
    """The browser refused a command, for example to measure an element that is not shown."""


class Browser:
    """A browser tab, controlled with the DevTools protocol."""

    def __init__(self, folder):
        self.process = subprocess.Popen(
            ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--remote-debugging-port=0",
             "--remote-allow-origins=*", f"--user-data-dir={folder}", "about:blank"], stderr=subprocess.DEVNULL)
        port = self.wait(lambda: (folder / "DevToolsActivePort").read_text().split()[0])
        tabs = self.wait(lambda: json.load(urllib.request.urlopen(f"http://127.0.0.1:{port}/json")))
        address = next(tab["webSocketDebuggerUrl"] for tab in tabs if tab["type"] == "page")
        self.socket = create_connection(address, timeout=60)
        self.number, self.events = 0, []
        for domain in ["Page", "Runtime", "Log", "Network"]:
            self.call(f"{domain}.enable")
        self.call("Network.setCacheDisabled", cacheDisabled=True)

    @staticmethod
    def wait(attempt):
        for _ in range(300):
            try:
                return attempt()
            except (OSError, IndexError, ValueError):
                time.sleep(0.1)
        raise SystemExit("error: chromium did not start")

    def receive(self):
        message = json.loads(self.socket.recv())
        if "method" in message:
            self.events.append(message)
        return message

    def call(self, method, **parameters):
        self.number += 1
        self.socket.send(json.dumps({"id": self.number, "method": method, "params": parameters}))
        while (message := self.receive()).get("id") != self.number:
            pass
        if "error" in message:
            raise Refused(f"{method}: {message['error']['message']}")
        return message["result"]

    def open(self, address):
        self.events = []
        self.call("Page.navigate", url=address)
        while not any(event["method"] == "Page.loadEventFired" for event in self.events):
            self.receive()

    def ask(self, expression):
        found = self.call("Runtime.evaluate", expression=f"JSON.stringify({expression})")
        if "exceptionDetails" in found:
            raise SystemExit(f"error: {expression}: {found['exceptionDetails']['text']}")
        return json.loads(found["result"]["value"])

    def look(self, size="desktop", scheme="light", scripts=True, media=""):
        self.width, height = SIZES[size]
        self.call(
            "Emulation.setDeviceMetricsOverride", width=self.width, height=height, deviceScaleFactor=1, mobile=size == "phone")
        self.call("Emulation.setEmulatedMedia", media=media, features=[{"name": "prefers-color-scheme", "value": scheme}])
        self.call("Emulation.setScriptExecutionDisabled", value=not scripts)

    def screenshot(self):
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        clip = {"x": 0, "y": 0, "width": size["width"], "height": size["height"], "scale": 1}
        return base64.b64decode(self.call("Page.captureScreenshot", captureBeyondViewport=True, clip=clip)["data"])

    def close(self):
        self.socket.close()
        self.process.terminate()
        self.process.wait()


class Checks:
    def __init__(self, browser, server, folder, screenshots):
        self.browser, self.server, self.screenshots = browser, server, screenshots
        self.count, self.failures = 0, []
        self.address = f"http://127.0.0.1:{server.server_address[1]}"

    def expect(self, holds, what):
        self.count += 1
        if not holds:
            self.failures.append(what)
            print(f"FAILED {what}", file=sys.stderr)

    def page(self, name):
        for size in SIZES:
            colours = []
            for scheme in ["light", "dark"]:
                self.browser.look(size, scheme)
                self.load(name, f"{name}, {size}, {scheme}")
                colours.append(self.browser.ask("getComputedStyle(document.documentElement).backgroundColor"))
                picture = self.browser.screenshot()
                if self.screenshots:
                    (self.screenshots / f"{name}-{size}-{scheme}.png").write_bytes(picture)
            self.expect(colours[0] != colours[1], f"{name}, {size}: dark differs from light: {colours}")
            self.sliders(f"{name}, {size}")
            self.without_scripts(name, size)
        self.on_paper(name)

    def load(self, name, what):
        """Opens a report and checks what must hold for every report."""
        self.open(name, what)
        asked = [event["params"]["request"]["url"] for event in self.browser.events if event["method"] == "Network.requestWillBeSent"]
        fetched = [address for address in asked if not address.startswith("data:")]
        self.expect(fetched == [f"{self.address}/{name}.html"], f"{what}: asks for {fetched}")
        self.expect(self.server.requests == [f"/{name}.html"], f"{what}: the server was asked for {self.server.requests}")
        pictures = self.browser.ask("[...document.images].map((i) => [i.complete && i.naturalWidth > 0, i.alt != ''])")
        self.expect(pictures and all(map(all, pictures)), f"{what}: pictures are decoded and have alternative texts: {pictures}")

    def open(self, name, what):
        """Opens a page and checks what must hold for every page."""
        self.server.requests.clear()
        self.browser.open(f"{self.address}/{name}.html")
        # innerWidth would not do: on a phone it grows with the page.
        width, window = self.browser.ask("document.documentElement.scrollWidth"), self.browser.width
        self.expect(width <= window, f"{what}: {width} pixels wide in a window of {window}")
        said = ["Log.entryAdded", "Runtime.consoleAPICalled", "Runtime.exceptionThrown"]
        messages = [event["params"] for event in self.browser.events if event["method"] in said]
        self.expect(not messages, f"{what}: the console says {messages}")

    def gallery(self):
        name, shown = "atlas/index", "[...document.querySelectorAll('figure')].filter((f) => f.offsetHeight > 0)"
        for size in SIZES:
            for scheme in ["light", "dark"]:
                what = f"atlas, {size}, {scheme}"
                self.browser.look(size, scheme)
                self.open(name, what)
                self.browser.ask("[...document.images].map((i) => { i.loading = 'eager'; })")
                loaded = "[...document.images].every((i) => i.complete && i.naturalWidth > 0)"
                for _ in range(50):
                    if self.browser.ask(loaded):
                        break
                    time.sleep(0.1)
                self.expect(self.browser.ask(loaded), f"{what}: every picture is loaded")
                fetched = {path for path in self.server.requests if not path.startswith("/atlas/")}
                self.expect(not fetched, f"{what}: asks for {fetched}")
                if self.screenshots:
                    (self.screenshots / f"atlas-{size}-{scheme}.png").write_bytes(self.browser.screenshot())
                for text, count in [("Tarantula", 2), ("spider", 8), ("75", 2), ("seed 1", 6), ("nothing", 0), ("", 12)]:
                    self.browser.ask(f"""[...document.querySelectorAll('input')].map((input) => {{
                        input.value = '{text}'; input.dispatchEvent(new Event('input')); }})""")
                    found = self.browser.ask(f"{shown}.length")
                    self.expect(found == count, f"{what}: the search for {text!r} leaves {count}, found {found}")
            self.browser.look(size, scripts=False)
            self.open(name, f"atlas, {size}, without scripts")
            visible = self.visible()
            self.expect(len(visible) == 12 and all(visible), f"atlas, {size}, without scripts: every picture is shown: {visible}")

    def sliders(self, what):
        """Moves the slider to both ends and checks what is shown."""
        seen = []
        for end in ["min", "max"]:
            self.browser.ask(f"""[...document.querySelectorAll('input')].map((input) => {{
                input.value = input.{end}; input.dispatchEvent(new Event('input')); }})""")
            seen.append(self.browser.ask("""{
                opacity: [...document.querySelectorAll('.stack > :last-child')].map((i) => +getComputedStyle(i).opacity),
                shown: [...document.querySelectorAll('#frames figure')].map((f) => f.getBoundingClientRect().height > 0),
                marked: [...document.querySelectorAll('circle')].filter((c) => c.getBoundingClientRect().width > 7)
                    .map((c) => c.dataset.iteration),
                words: [...document.querySelectorAll('output')].map((o) => o.value),
                sliders: [...document.querySelectorAll('label')].map((l) => l.getBoundingClientRect().height > 0)}"""))
        first, last = seen
        self.expect(all(first["sliders"]), f"{what}: the slider is shown")
        if first["opacity"]:
            self.expect(first["opacity"] == [0] and last["opacity"] == [1], f"{what}: the slider turns the map off and on: {seen}")
        if first["shown"]:
            count = len(first["shown"])
            self.expect(
                first["shown"] == [True] + [False] * (count - 1) and last["shown"] == [False] * (count - 1) + [True],
                f"{what}: the slider shows one picture at a time: {seen}")
            for step in seen:
                self.expect(step["marked"] == step["words"] * 2, f"{what}: the picture's dot is marked on both curves: {step}")
        self.expect(not first["words"] or first["words"] != last["words"], f"{what}: the text beside the slider changes: {seen}")

    def visible(self):
        """Returns for each picture whether it is visible."""
        nodes = self.browser.call("DOM.getDocument")["root"]["nodeId"]
        images = self.browser.call("DOM.querySelectorAll", nodeId=nodes, selector="img")["nodeIds"]
        return [self.height(image) > 10 for image in images]

    def height(self, node):
        try:
            return self.browser.call("DOM.getBoxModel", nodeId=node)["model"]["height"]
        except Refused:
            return 0

    def without_scripts(self, name, size):
        self.browser.look(size, scripts=False)
        self.load(name, f"{name}, {size}, without scripts")
        shown = self.visible()
        self.expect(shown and all(shown), f"{name}, {size}, without scripts: every picture is shown: {shown}")
        if self.screenshots:
            (self.screenshots / f"{name}-{size}-noscript.png").write_bytes(self.browser.screenshot())

    def on_paper(self, name):
        self.browser.look(scheme="dark", media="print")
        self.load(name, f"{name}, printed")
        shown = self.visible()
        self.expect(all(shown), f"{name}, printed: every picture is shown: {shown}")
        colour = self.browser.ask("getComputedStyle(document.documentElement).backgroundColor")
        self.expect(colour == "rgb(255, 255, 255)", f"{name}, printed from the dark scheme: the background must be white, found {colour}")
        if self.screenshots:
            data = self.browser.call("Page.printToPDF")["data"]
            (self.screenshots / f"{name}.pdf").write_bytes(base64.b64decode(data))


class Handler(http.server.SimpleHTTPRequestHandler):
    def log_message(self, *_):
        self.server.requests.append(self.path)


def make_pages(program, photo, folder):
    (folder / "hostile.txt").write_text("".join(f"{HOSTILE} {index}\n" for index in range(1000)))
    for name, words in PAGES.items():
        command = [str(program)] + [str(photo) if word == "PHOTO" else word for word in words]
        subprocess.run(command + ["--quiet", "--report", f"{name}.html"], cwd=folder, check=True, stdout=subprocess.DEVNULL)
    subprocess.run([str(program), *ATLAS, "--quiet"], cwd=folder, check=True, stdout=subprocess.DEVNULL)


def main():
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("program", type=Path)
    parser.add_argument("photo", type=Path)
    parser.add_argument("--screenshots", type=Path, help="a folder for screenshots and printed pages")
    arguments = parser.parse_args()
    if arguments.screenshots:
        arguments.screenshots.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory() as folder:
        folder = Path(folder)
        make_pages(arguments.program.resolve(), arguments.photo.resolve(), folder)
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Handler, directory=folder))
        server.requests = []
        threading.Thread(target=server.serve_forever, daemon=True).start()
        browser = Browser(folder)
        try:
            checks = Checks(browser, server, folder, arguments.screenshots)
            for name in PAGES:
                checks.page(name)
            checks.gallery()
        finally:
            browser.close()
        server.shutdown()
    if checks.failures:
        raise SystemExit(f"error: {len(checks.failures)} of {checks.count} checks failed")
    print(f"reports: {checks.count} checks of {len(PAGES) + 1} pages in Chromium passed")


if __name__ == "__main__":
    main()

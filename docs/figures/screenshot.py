"""Take the picture of the page for the docs: `python docs/figures/screenshot.py MODEL` (chromium, playwright)."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Page, sync_playwright

SMILES = "c1c(CCN)nc2ccccc2c1C=O"
KNOWN = {"receptor_binding": "yes", "enzyme_inhibition": "no"}
OUT = Path(__file__).parents[1] / "assets" / "page.png"


def choose(page: Page, task: str) -> None:
    """Choose a task of the list."""
    page.locator(f"[role=option][data-task='{task}']").click()


def main() -> None:
    """Serve a model of the tutorial, mark what is known, ask what to measure next, and take the picture."""
    command = [sys.executable, "-m", "weft", "serve", sys.argv[1], "--port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as server, sync_playwright() as playwright:
        try:
            assert server.stdout is not None
            address = server.stdout.readline().split()[-1]
            browser = playwright.chromium.launch(executable_path="/usr/bin/chromium", args=["--no-sandbox"])
            page = browser.new_page(viewport={"width": 1280, "height": 800})
            page.goto(f"{address}#/molecule/{quote(SMILES, safe='')}")
            for task, word in KNOWN.items():
                choose(page, task)
                page.get_by_role("group", name="What is known of it?").get_by_role(
                    "button", name=word, exact=True
                ).click()
                page.get_by_role("button", name=f"Forget {task}").wait_for()
            choose(page, "receptor_agonist")
            page.get_by_role("button", name="What to measure next?").click()
            page.locator(".gains li").first.wait_for()
            page.locator(".effects li").first.wait_for()
            page.mouse.move(0, 0)
            page.screenshot(path=OUT, animations="disabled")
        finally:
            server.terminate()


if __name__ == "__main__":
    main()

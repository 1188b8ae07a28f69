"""A real JupyterLab in a real browser, for tests."""

from __future__ import annotations

import json
import os
import re
import shutil
import subprocess
import sys
import time
import urllib.request
from contextlib import contextmanager
from pathlib import Path

import nbformat

REPOSITORY = Path(__file__).resolve().parent.parent
SLOW_MS = int(os.environ.get("FT_MAGICS_BROWSER_TIMEOUT_S", "180")) * 1000


@contextmanager
def lab_server(folder: Path, *, dark: bool = False):
    """JupyterLab on a folder, with a home of its own and this Python as its only kernel.

    Yields:
        The address of the server.
    """
    home = folder / ".home"
    spec = {
        "argv": [sys.executable, "-m", "ipykernel_launcher", "-f", "{connection_file}"],
        "display_name": "Python 3",
        "language": "python",
    }
    _write_json(home / "data" / "kernels" / "python3" / "kernel.json", spec)
    settings = home / "settings" / "@jupyterlab" / "apputils-extension"
    _write_json(settings / "notification.jupyterlab-settings", {"fetchNews": "false", "checkForUpdates": False})
    _write_json(settings / "themes.jupyterlab-settings", {"theme": "JupyterLab Dark" if dark else "JupyterLab Light"})
    environment = {
        **os.environ,
        "HOME": str(home),
        "JUPYTER_CONFIG_DIR": str(home / "config"),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(home / "settings"),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "workspaces"),
        "OMP_NUM_THREADS": "1",  # the browser needs a core too; threads that wait for one another would take it
    }
    command = [
        *(sys.executable, "-m", "jupyter", "lab", "--no-browser", "--ServerApp.ip=127.0.0.1", "--ServerApp.port=0"),
        *("--IdentityProvider.token=", "--ServerApp.password=", "--LabApp.news_url=", "--allow-root"),
        *("--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate", f"--ServerApp.root_dir={folder}"),
    ]
    with (folder / "lab.log").open("w") as log:
        process = subprocess.Popen(command, cwd=folder, env=environment, stdout=log, stderr=log)
        try:
            yield _wait_for(home / "runtime" / f"jpserver-{process.pid}.json", process, folder / "lab.log")
        finally:
            process.terminate()
            try:
                process.wait(20)
            except subprocess.TimeoutExpired:
                process.kill()


def _write_json(path: Path, record: object) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(json.dumps(record))


def _wait_for(record: Path, process: subprocess.Popen, log: Path) -> str:
    """The address of a server that answers. It chose its port itself: another server may begin at the same moment."""
    deadline = time.monotonic() + 120
    while time.monotonic() < deadline:
        assert process.poll() is None, log.read_text()
        try:
            address = json.loads(record.read_text())["url"].rstrip("/")
            urllib.request.urlopen(f"{address}/api/status", timeout=5).close()
        except (OSError, ValueError):  # not there, half written, or not answering yet
            time.sleep(0.5)
        else:
            return address
    raise TimeoutError(log.read_text())


@contextmanager
def browser_page(*, width: int = 1200, dark: bool = False, scale: float = 1):
    """A page of Debian's Chromium; `scale` is device pixels per pixel."""
    from playwright.sync_api import sync_playwright

    executable = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
    assert executable, "these tests need chromium: `apt-get install chromium`"
    arguments = [
        *("--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"),
        *("--disable-component-update", "--disable-sync"),
    ]
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=executable, args=arguments)
        page = browser.new_page(
            viewport={"width": width, "height": 1000},
            color_scheme="dark" if dark else "light",
            device_scale_factor=scale,
        )
        page.set_default_timeout(SLOW_MS)
        try:
            yield page
        finally:
            browser.close()


def write_notebook(path: Path, *cells: str) -> None:
    """A notebook with code cells, bound to the kernel of `lab_server`."""
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(text) for text in cells])
    notebook.metadata["kernelspec"] = {"name": "python3", "display_name": "Python 3", "language": "python"}
    nbformat.write(notebook, path)


def copy_quickstart(path: Path, *, epochs: int) -> None:
    """The quickstart with fewer epochs."""
    text = (REPOSITORY / "demo_notebooks" / "01_quickstart.ipynb").read_text(encoding="utf-8")
    short, changes = re.subn(r"epochs: \d+", f"epochs: {epochs}", text)
    assert changes == 1
    path.write_text(short, encoding="utf-8")


def shut_down_kernels(page, address: str) -> None:
    """End every kernel of the server, as a user does from Lab's list of kernels."""
    page.evaluate(
        """async address => {
            const token = document.cookie.match(/_xsrf=([^;]+)/)[1];
            const kernels = await (await fetch(`${address}/api/kernels`)).json();
            for (const {id} of kernels)
                await fetch(`${address}/api/kernels/${id}`, {method: 'DELETE', headers: {'X-XSRFToken': token}});
        }""",
        address,
    )


def open_notebook(page, address: str, name: str) -> None:
    """Open a notebook and wait until its kernel is idle."""
    page.goto(f"{address}/lab/tree/{name}?reset")
    page.wait_for_selector(".jp-Notebook .jp-CodeCell")
    page.wait_for_selector("#jp-main-statusbar >> text=| Idle")
    page.wait_for_timeout(1000)  # Lab says idle a moment before it takes cells
    if page.locator("#jp-left-stack").is_visible():
        page.keyboard.press("Control+b")  # the notebook gets the room of the file list


def code_cell(page, index: int):
    """A code cell, counted from 0."""
    return page.locator(".jp-Notebook .jp-CodeCell").nth(index)


def run_cell(page, index: int) -> None:
    """Run a cell by hand; does not wait for it."""
    code_cell(page, index).locator(".cm-content").click()
    page.keyboard.press("Shift+Enter")


def wait_for_cell(page, index: int) -> None:
    """Wait until a cell has run: its prompt shows a number."""
    page.wait_for_function(
        """index => {
            const cell = document.querySelectorAll('.jp-Notebook .jp-CodeCell')[index];
            return /\\[\\d+\\]/.test(cell.querySelector('.jp-InputPrompt').textContent);
        }""",
        arg=index,
    )


def save(page) -> None:
    """Save the notebook."""
    page.keyboard.press("Control+s")
    page.wait_for_timeout(1500)


def saved_html(page, path: Path, index: int) -> str:
    """Save the notebook, and read the HTML that a code cell has there, as soon as there is any."""
    wait_until = time.monotonic() + SLOW_MS / 1000
    while time.monotonic() < wait_until:
        save(page)  # what the widgets have become may come after a first one
        outputs = nbformat.read(path, as_version=4).cells[index].outputs
        if found := "".join(output.get("data", {}).get("text/html", "") for output in outputs):
            return found
    return ""


def read(part, *words: str) -> str:
    """Scroll to a part of the notebook, and read it once it says all the words: Lab moves cells while it
    draws them, and renders no text of a cell that is out of sight."""
    wait_until = time.monotonic() + SLOW_MS / 1000
    while True:
        part.scroll_into_view_if_needed()
        text = part.inner_text()
        missing = [word for word in words if word not in text]
        if text.strip() and not missing:
            return text
        assert time.monotonic() < wait_until, f"{missing} not in {text!r}"
        part.page.wait_for_timeout(200)

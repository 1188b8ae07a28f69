"""The wheel: built on a machine without Node, holding what it must and nothing else, and working where it is put."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
import sysconfig
import venv
import zipfile
from pathlib import Path

import pytest

from conftest import REPOSITORY

WIDGETS = ("predict_box", "report_view", "run_dashboard", "runs_list")
BUILT = {f"ft_widgets/static/{name}.{kind}" for name in WIDGETS for kind in ("css", "js")}


def tracked_files() -> list[str]:
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=REPOSITORY, check=True, capture_output=True, text=True)
    return [name for name in listed.stdout.split("\0") if name and (REPOSITORY / name).is_file()]


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel of a clean checkout, built with nothing on the PATH but a shell."""
    folder = tmp_path_factory.mktemp("wheel")
    checkout, programs = folder / "checkout", folder / "bin"
    for name in tracked_files():
        (checkout / name).parent.mkdir(parents=True, exist_ok=True)
        shutil.copy2(REPOSITORY / name, checkout / name)
    programs.mkdir()
    (programs / "sh").symlink_to(shutil.which("sh"))
    assert shutil.which("node", path=programs) is None
    # What only tests and linters of the front end need is no part of a build.
    quick = {"npm_config_omit": "dev", "npm_config_audit": "false", "PIP_NO_COMPILE": "1"}
    environment = {**os.environ, **quick, "PATH": str(programs)}
    built = subprocess.run(
        [sys.executable, "-m", "build", "--wheel", "--outdir", folder / "dist"],
        check=False,
        cwd=checkout,
        env=environment,
        capture_output=True,
        text=True,
    )
    assert built.returncode == 0, built.stdout[-4000:] + built.stderr[-4000:]
    (path,) = (folder / "dist").iterdir()
    return path


@pytest.fixture(scope="module")
def installed(wheel, tmp_path_factory):
    """A fresh environment with the wheel; its dependencies are borrowed from this one, its own packages are not."""
    folder = tmp_path_factory.mktemp("installed")
    venv.create(folder, with_pip=False)
    python = folder / "bin" / "python"
    install = [sys.executable, "-m", "pip", "--python", python, "install", "--quiet", "--no-deps", wheel]
    subprocess.run(install, check=True, cwd=folder)
    (site_packages,) = folder.glob("lib/python*/site-packages")
    # A path in a .pth file is searched after these packages, and the .pth files in it are not read: an editable
    # install of this checkout stays out of sight.
    (site_packages / "borrowed.pth").write_text(sysconfig.get_path("purelib") + "\n")
    return python


def run_installed(python: Path, code: str, folder: Path) -> str:
    environment = {key: value for key, value in os.environ.items() if key != "PYTHONPATH"}
    ran = subprocess.run([python, "-c", code], check=False, cwd=folder, env=environment, capture_output=True, text=True)
    assert ran.returncode == 0, ran.stderr
    return ran.stdout


def test_the_wheel_holds_the_packages_their_built_front_end_and_the_licence(wheel):
    with zipfile.ZipFile(wheel) as archive:
        names = set(archive.namelist())
        sizes = {item.filename: item.file_size for item in archive.infolist()}
    info = {name for name in names if name.split("/")[0].endswith(".dist-info")}
    sources = {name for name in tracked_files() if name.startswith("ft_magics/")}
    sources |= {name.removeprefix("widgets/") for name in tracked_files() if name.startswith("widgets/ft_widgets/")}
    notebooks = {f"ft_magics/{name}" for name in tracked_files() if name.endswith(".ipynb")}
    assert names - info == sources | BUILT | notebooks
    assert "ft_magics/demo_notebooks/01_quickstart.ipynb" in notebooks
    assert {"ft_magics/py.typed", "ft_widgets/py.typed", "ft_magics/demo/zh/train.conll"} < names
    assert {name.split("/", 1)[1] for name in info} == {"METADATA", "WHEEL", "RECORD", "licenses/LICENSE"}
    assert all(sizes[name] > 1_000 for name in BUILT), sizes
    assert sum(sizes[name] for name in BUILT) < 150_000, sizes  # they are sent for every widget


def test_the_installed_widgets_find_their_front_end(installed, tmp_path):
    code = """if True:
        import json, ft_widgets
        classes = ft_widgets.RunDashboard, ft_widgets.ReportView
        print(json.dumps([ft_widgets.__file__, *(str(item._esm) for item in classes), *(str(item._css) for item in classes)]))
    """
    where, *contents = json.loads(run_installed(installed, code, tmp_path))
    assert Path(where).is_relative_to(installed.parent.parent)
    assert "run-dashboard" in contents[0]
    assert "ft-report" in contents[1]
    assert all(".ft-root" in style for style in contents[2:])


def test_the_installed_extension_loads_and_finds_the_demo_corpus(installed, tmp_path):
    code = """if True:
        import ft_magics
        from IPython.core.interactiveshell import InteractiveShell
        from traitlets.config import Config
        config = Config()
        config.HistoryManager.enabled = False
        shell = InteractiveShell.instance(config=config)
        shell.run_line_magic("load_ext", "ft_magics")
        shell.run_cell_magic("finetune", "ner --dry-run", "task: ner\\nmodel: minilm\\ndata: {train: demo:zh/train.conll}")
        print(ft_magics.__file__)
    """
    printed = run_installed(installed, code, tmp_path)
    assert "steps over" in printed
    assert Path(printed.splitlines()[-1]).is_relative_to(installed.parent.parent)

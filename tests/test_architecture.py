"""The house's rules that a program can check: listed names, quiet imports, one way for data to flow."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
import subprocess
import sys
from pathlib import Path

import ft_magics
import pytest

import ft_widgets
from conftest import REPOSITORY

MODULES = sorted(
    name
    for package in (ft_magics, ft_widgets)
    for name in (
        package.__name__,
        *(found.name for found in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")),
    )
)
HEAVY = [
    "torch",
    "transformers",
    "peft",
    "datasets",
    "accelerate",
    "pandas",
    "numpy",
    "pydantic",
    "ruamel",
    "IPython",
    "ipywidgets",
    "anywidget",
]


def in_a_fresh_python(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout.strip()


def order(name: str) -> tuple[int, str]:
    """Constants, then classes, then functions, as ruff sorts them (RUF022)."""
    return (0 if name.isupper() else 1 if name[0].isupper() else 2), name


@pytest.mark.parametrize("name", MODULES)
def test_public_means_listed(name):
    module = importlib.import_module(name)
    own = {
        key
        for key, value in vars(module).items()
        if (inspect.isclass(value) or inspect.isfunction(value))
        and value.__module__ == name
        and key[0] != "_"
        and key.isidentifier()  # pydantic keeps a generic section that is filled in as `Generic[Filling]` there
    }
    if not own and not hasattr(module, "__all__"):
        return  # a package that only describes itself
    listed = list(module.__all__)
    assert listed == sorted(listed, key=order)
    assert len(set(listed)) == len(listed)
    assert all(hasattr(module, key) for key in listed)
    assert own <= set(listed)


def test_every_module_says_what_it_is_for():
    assert [name for name in MODULES if not importlib.import_module(name).__doc__] == []


def test_the_package_shows_its_public_names_and_no_others():
    assert dir(ft_magics) == sorted(ft_magics.__all__)
    with pytest.raises(AttributeError, match="no attribute 'nothing'"):
        ft_magics.nothing  # noqa: B018  # the access is what is tested


def test_importing_the_package_imports_nothing_heavy():
    assert in_a_fresh_python(f"import ft_magics, sys; print([name for name in {HEAVY} if name in sys.modules])") == "[]"


def test_importing_writes_no_environment_and_sets_up_no_logging():
    libraries = (
        "transformers.trainer, torch, pandas, safetensors.torch, IPython.display, ipywidgets, anywidget, seqeval.scheme"
    )
    code = (
        "import importlib, logging, os\n"
        f"import {libraries}\n"  # what these write is theirs
        "def state():\n"
        "    return dict(os.environ), logging.root.level, list(logging.root.handlers)\n"
        "before = state()\n"
        f"for name in {MODULES}: importlib.import_module(name)\n"
        "print([now == then for now, then in zip(state(), before)])"
    )
    assert in_a_fresh_python(code) == "[True, True, True]"


def test_benchmarks_and_recipes_import_what_is_there():
    missing = []
    for file in sorted([*(REPOSITORY / "benchmarks").glob("*.py"), *(REPOSITORY / "recipes").glob("*.py")]):
        for node in ast.walk(ast.parse(file.read_text(encoding="utf-8"))):
            if isinstance(node, ast.ImportFrom) and (node.module or "").startswith("ft_magics"):
                module = importlib.import_module(node.module)
                missing += [
                    f"{file.name}: {item.name}"
                    for item in node.names
                    if not hasattr(module, item.name) and f"{node.module}.{item.name}" not in MODULES
                ]
    assert missing == []


def test_the_layers_hold():
    tool = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run(
        [tool, "--no-cache", "--config", REPOSITORY / "pyproject.toml"], capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout

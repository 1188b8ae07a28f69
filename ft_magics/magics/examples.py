"""`%ft examples [NAME]`: the notebooks that come with ft_magics; with a name, a copy of one in this folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from ft_magics.display.examples_page import ExampleNotebook, examples_bundle, find_notebooks
from ft_magics.errors import DataError, did_you_mean
from ft_magics.magics.session import Session

__all__ = ["examples"]


def examples(session: Session, name: str | None = None) -> None:
    """List the notebooks, or put a copy of one here.

    Args:
        session: Of the shell.
        name: Of a notebook; None to list them.

    Raises:
        DataError: There is no such notebook, or it cannot be written here.
    """
    notebooks = find_notebooks()
    if not notebooks:
        raise DataError("no notebooks came with this installation; reinstall ft_magics, or look into its repository")
    if name is not None:
        target = _copied(name, notebooks)
        notebooks = [notebook for notebook in find_notebooks() if notebook.path.stem == target.stem]
    session.draw(examples_bundle(notebooks))


def _copied(name: str, notebooks: list[ExampleNotebook]) -> Path:
    """A notebook in this folder; one of its name that is there stays as it is."""
    names = {notebook.path.stem: notebook.path for notebook in notebooks}
    stem = name.removesuffix(".ipynb")
    if stem not in names:
        raise DataError(f"there is no notebook `{name:.80}`; there are {', '.join(names)}.{did_you_mean(stem, names)}")
    target = Path.cwd() / names[stem].name
    if not target.exists():
        try:
            shutil.copyfile(names[stem], target)
        except OSError as error:
            raise DataError(f"{target} cannot be written: {error.strerror}") from error
    return target

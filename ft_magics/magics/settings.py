"""`%ft settings`: what a cell may say, all of it, of a task, or one key."""

from __future__ import annotations

from collections.abc import Sequence

from IPython.core.error import UsageError

from ft_magics.config.keys import Key
from ft_magics.config.names import SETTLED_ARGUMENTS, TASK_SYNONYMS, our_name
from ft_magics.errors import did_you_mean
from ft_magics.magics.keys import task_keys
from ft_magics.magics.session import Session
from ft_magics.magics.settings_pages import general, key_bundle, list_bundle, of_task
from ft_magics.tasks.registry import task_names

__all__ = ["keys_called", "settings_bundle", "show_settings"]


def show_settings(session: Session, what: str = "") -> None:
    """Show the keys of a cell.

    Args:
        session: Of the shell.
        what: A task, a section such as `train`, a key such as `train.epochs` or `epochs`; empty for all.

    Raises:
        UsageError: It is none of these; the message has the nearest one.
    """
    session.draw(settings_bundle(what.strip(":")))


def settings_bundle(what: str) -> dict[str, str]:
    """The same as a page.

    Raises:
        UsageError: As above.
    """
    tasks = list(task_names())
    groups = [*general(), *(group for name in tasks for group in of_task(name))]
    if not what:
        return list_bundle(groups, "`%ft settings train.epochs` shows a key, `%ft settings ner` a task.")
    task = TASK_SYNONYMS.get(what.lower(), what)
    if task in tasks:
        return list_bundle(of_task(task), "What is the same for all tasks: `%ft settings`.")
    section = [group for group in groups if group.path and ".".join(group.path) == what]
    keys = keys_called(what)
    if section:
        return list_bundle(section)
    if keys:
        return key_bundle(keys)
    if what in SETTLED_ARGUMENTS:
        raise UsageError(f"`{what}` of Hugging Face is no key here: {SETTLED_ARGUMENTS[what]}")
    known = [*tasks, *(name for key in _all_keys() for name in (key.name, key.dotted))]
    raise UsageError(
        f"there is no task and no key `{what:.80}`.{did_you_mean(what, dict.fromkeys(known))} `%ft settings` lists all"
    )


def keys_called(name: str) -> list[Key]:
    """The keys of a name: dotted, by their last word, or by Hugging Face's name; the shortest paths only."""
    wanted = ".".join(our_name(name) or (name,))
    found = [key for key in _all_keys() if wanted in (key.dotted, key.name)]
    exact = [key for key in found if key.dotted == wanted]
    fewest = min((len(key.path) for key in found), default=0)
    return exact or [key for key in found if len(key.path) == fewest]


def _all_keys() -> Sequence[Key]:
    """The keys of all tasks; one that several tasks have in the same words is there once."""
    found: dict[tuple[object, ...], Key] = {}
    for task in task_names():
        for each in task_keys(task).values():
            for key in each:
                found.setdefault((key.path, key.takes, key.meaning), key)
    return list(found.values())

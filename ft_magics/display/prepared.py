"""What a run is about to do: the data check, and for `--dry-run` the plan and what the model will see."""

from __future__ import annotations

from IPython.display import display

from ft_magics.data.checks import DataCheck
from ft_magics.display.check_page import check_html, check_text
from ft_magics.display.dry_run_page import dry_run_html, dry_run_sections, dry_run_text
from ft_magics.display.host import Host
from ft_magics.training.prepare import Prepared

__all__ = ["show_check", "show_dry_run", "show_prepared"]


def show_prepared(prepared: Prepared, host: Host) -> None:
    """Show the data check of a run."""
    show_check(prepared.check, host)


def show_check(check: DataCheck, host: Host) -> None:
    """Show a data check."""
    _show(check_html(check), check_text(check), host)


def show_dry_run(name: str, prepared: Prepared, host: Host) -> None:
    """Show the data check, the plan, and what the model will see; time and memory are measured now.

    Args:
        name: That the run would have.
        prepared: Its model is of no use afterwards.
        host: What can be shown.
    """
    sections = dry_run_sections(prepared)
    html = check_html(prepared.check) + dry_run_html(name, prepared, sections)
    _show(html, f"{check_text(prepared.check)}\n{dry_run_text(name, prepared, sections)}", host)


def _show(html: str, text: str, host: Host) -> None:
    if host == "text":
        print(text)
    else:
        display({"text/html": html, "text/plain": text}, raw=True)

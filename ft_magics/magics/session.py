"""What the magics of one shell share: the last error, and what was just shown."""

from __future__ import annotations

import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from IPython.core.error import UsageError
from IPython.core.interactiveshell import InteractiveShell

from ft_magics.errors import FineTuneError, UnexpectedError

if TYPE_CHECKING:
    from ft_magics.config.schema import AnyConfig

__all__ = ["Session"]


class Session:
    """State of the extension in one shell.

    Args:
        shell: The shell that loaded the extension.

    Attributes:
        tried: Name → config of cells that were only tried, with `--dry-run`, since a run of that name began.
        dialogues: Folder of a run → what was said to it and by it below `%%predict`.
    """

    def __init__(self, shell: InteractiveShell) -> None:
        self.shell = shell
        self.last_error = ""
        self.tried: dict[str, AnyConfig] = {}
        self.dialogues: dict[str, Any] = {}
        self._shown: tuple[Any, int] | None = None

    @property
    def namespace(self) -> dict[str, Any]:
        """The user's names."""
        namespace: dict[str, Any] = self.shell.user_ns
        return namespace

    @contextmanager
    def plain_errors(self) -> Iterator[None]:
        """Errors without a traceback; the whole one is kept for `%ft debug`."""
        try:
            yield
        except UsageError:
            raise
        except FineTuneError as error:
            self._keep(error)
            raise
        except Exception as error:
            self._keep(error)
            raise UnexpectedError(
                f"{type(error).__name__}: {error}\nThis should have been a clearer message. `%ft debug` shows the "
                "whole traceback; nothing that was written is lost"
            ) from error

    def draw_run(self, run: Any) -> None:
        """Show a run with its evaluation."""
        from ft_magics.display.shown import bundle_of  # noqa: PLC0415  # %load_ext stays quick

        with self.plain_errors():
            bundle = bundle_of(run)
        self.draw(bundle)

    def draw(self, bundle: dict[str, Any]) -> None:
        """Show something in the way that this place can."""
        from IPython.display import display  # noqa: PLC0415  # %load_ext stays quick

        from ft_magics.display.host import find_host  # noqa: PLC0415  # the same

        if find_host(self.shell) == "text":
            print(bundle["text/plain"])
        else:
            display(bundle, raw=True)

    def draw_report(self, report: Any) -> None:
        """Show a report, unless the cell's magic has done so already."""
        from ft_magics.display.report_view import show_report  # noqa: PLC0415  # %load_ext stays quick

        if not self.just_shown(report):
            with self.plain_errors():
                show_report(report, self.shell)

    def _keep(self, error: BaseException) -> None:
        # As text: a traceback that is kept alive keeps its frames' tensors in memory.
        self.last_error = "".join(traceback.format_exception(error))

    def mark_shown(self, value: Any) -> None:
        """A magic has displayed this value in this cell."""
        self._shown = (value, self.shell.execution_count)

    def just_shown(self, value: Any) -> bool:
        """Whether the value is on the page already, so that Out[] need not repeat it."""
        return self._shown is not None and self._shown[0] is value and self._shown[1] == self.shell.execution_count

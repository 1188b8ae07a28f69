"""What a run is about to do: the data check, and for `--dry-run` the plan."""

from __future__ import annotations

from html import escape
from io import StringIO

from IPython.display import display
from ruamel.yaml import YAML

from ft_magics.display.check_page import check_html, check_text
from ft_magics.display.host import Host
from ft_magics.display.run_details import chosen_lines
from ft_magics.markup import details, element, heading
from ft_magics.training.memory_need import need_text
from ft_magics.training.prepare import Prepared

__all__ = ["show_prepared"]


def show_prepared(prepared: Prepared, host: Host, *, dry_run: bool = False) -> None:
    """Show the data check; on a dry run the steps, parameters, memory and the resolved config too."""
    plan, config = (_plan(prepared), _config(prepared)) if dry_run else ("", "")
    chosen = prepared.chosen if dry_run else ()
    text = "\n".join(filter(None, (check_text(prepared.check), plan, *chosen, config)))
    if host == "text":
        print(text)
        return
    html = check_html(prepared.check)
    if dry_run:
        html += heading("Dry run: nothing was trained", muted=plan) + chosen_lines(chosen)
        html += details("Resolved config", element("pre", escape(config)))
    display({"text/html": html, "text/plain": text}, raw=True)


def _plan(prepared: Prepared) -> str:
    trained, train = prepared.trained, prepared.train
    return (
        f"{prepared.total_steps} steps over {train.epochs:g} epochs · {prepared.trainable_parameters:,} of "
        f"{prepared.parameters:,} trainable parameters · {trained.device}, {trained.precision} · "
        f"{len(trained.task.head().labels)} labels · inputs of at most {trained.max_length_tokens} tokens · "
        f"{need_text(trained, prepared.features['train'], train.batch_size)}"
    )


def _config(prepared: Prepared) -> str:
    stream = StringIO()
    YAML(typ="safe", pure=True).dump(prepared.config.to_plain(), stream)
    return stream.getvalue()

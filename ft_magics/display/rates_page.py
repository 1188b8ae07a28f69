"""What `--find-rate` shows: the rate to take and why, a drawing, a row for each rate that was tried."""

from __future__ import annotations

from html import escape

from ft_magics.display.pages import Bundle
from ft_magics.display.rates_chart import rates_image
from ft_magics.display.run_figures import loss_text
from ft_magics.markup import MUTED, element, heading, measured, row, table, terminal_text
from ft_magics.studies.rates import RateSweep, Suggestion, TriedRate

__all__ = ["rates_bundle", "reason_for"]


def rates_bundle(sweep: RateSweep, *, now: float | None = None, left: int = 0) -> Bundle:
    """A sweep for `display(…, raw=True)`.

    Args:
        sweep: With the rates that were tried so far.
        now: The rate that is being tried; None when the sweep is over.
        left: How many are to be tried after it, as far as is known.
    """
    suggestion = sweep.suggestion()
    about = _about(sweep, now, left)
    reason = reason_for(sweep, suggestion) if suggestion is not None and now is None else ""
    head = _head(sweep, suggestion, now)
    rows = [_row(sweep, each, suggestion) for each in sweep.tried]
    heads = ["rate", f"dev {sweep.metric.label}", "dev loss", "training loss", ""]
    parts = [
        heading(f"Which learning rate for {sweep.of}?"),
        element("div", escape(head), style="font-size:30px;line-height:1.3;font-weight:600") if head else "",
        element("div", escape(reason), dir="auto") if reason else "",
        element("div", escape(about), style=MUTED),
        rates_image(sweep.tried, sweep.metric, suggestion.tried if suggestion else None),
        table(heads, [row(*cells) for cells in rows], names=(4,)) if rows else "",
    ]
    lines = [f"Which learning rate for {sweep.of}? {head}", *filter(None, (reason, about)), *_text_rows(heads, rows)]
    return {
        "text/html": element("div", *parts, style="font-size:13px;line-height:1.5"),
        "text/plain": terminal_text("\n".join(lines)),
    }


def _head(sweep: RateSweep, suggestion: Suggestion | None, now: float | None) -> str:
    if now is not None:
        return ""
    return f"{sweep.for_whole(suggestion.tried.rate):g}" if suggestion is not None else "no suggestion"


def reason_for(sweep: RateSweep, suggestion: Suggestion) -> str:
    """Why this rate, in a sentence or two."""
    best, metric = suggestion.tried, sweep.metric
    what = f"dev {metric.label}"
    value = measured(best.score, metric)
    others = [each for each in sweep.tried if each is not best and not each.fault]
    scores = {each.score for each in sweep.tried if not each.fault}
    if len(scores) == 1 and len(sweep.tried) > 1:
        text = (
            f"Every rate has the same {what}, {value}: {sweep.steps:,} steps are too few to tell them apart by it. "
            f"{best.rate:g} has the lowest dev loss, {loss_text(best.loss)}, which says less"
        )
        others = []
    elif suggestion.by_loss:
        text = f"{best.rate:g} has the lowest dev loss ({loss_text(best.loss)}) of those with the best {what}, {value}"
    elif suggestion.best is not None:
        top = suggestion.best
        text = (
            f"{top.rate:g} has the best {what}, {measured(top.score, metric)}, and {best.rate:g} is less than a "
            f"standard error below it, with {value}: of two that dev cannot tell apart the lower is the safer one"
        )
        others = []
    else:
        text = f"{best.rate:g} has the best {what}, {value}"
    beside = [f"{each.rate:g} has {measured(each.score, metric)}" for each in _neighbours(best, others)]
    text += f"; {', '.join(beside)}." if beside else "."
    if len(sweep.tried) > 1 and suggestion.at_end:
        text += f" It is the {suggestion.at_end} that was tried, so a better one may lie beyond."
    whole = sweep.for_whole(best.rate)
    if whole != best.rate:
        times = sweep.whole / sweep.steps
        text += f" A training of {times:.1f} times as many steps takes a lower one (by their fourth root): {whole:g}."
    if whole == sweep.fitted:
        text += " It is what the cell takes where it leaves the rate open."
    elif sweep.own is None:
        text += f" Left open, the cell takes {sweep.fitted:g}."
    return text


def _neighbours(best: TriedRate, others: list[TriedRate]) -> list[TriedRate]:
    below = [each for each in others if each.rate < best.rate]
    above = [each for each in others if each.rate > best.rate]
    return [*below[-1:], *above[:1]]


def _about(sweep: RateSweep, now: float | None, left: int) -> str:
    share = f"{100 * sweep.steps / max(1, sweep.whole):.0f} %"
    how = (
        f"Each for {sweep.steps:,} of {sweep.whole:,} steps ({share}) with a schedule of its own, from the same head, "
        "on the same batches; judged by dev, never by test. Nothing of it is kept."
    )
    if now is None:
        return how
    more = f", {left} more to come" if left else ""
    return f"Trying {now:g}{more}; the interrupt gives what there is so far. {how}"


def _row(sweep: RateSweep, each: TriedRate, suggestion: Suggestion | None) -> tuple[str, str, str, str, str]:
    said = each.fault
    if not said and suggestion is not None and each is suggestion.tried:
        said = "★ best" if suggestion.best is None else "★ chosen"
    elif not said and each.rate == sweep.fitted:
        said = "left open"
    elif not said and each.rate == sweep.own:
        said = "the cell's"
    return f"{each.rate:g}", measured(each.score, sweep.metric), loss_text(each.loss), loss_text(each.train_loss), said


def _text_rows(heads: list[str], rows: list[tuple[str, str, str, str, str]]) -> list[str]:
    if not rows:
        return []
    every = [tuple(heads), *rows]
    widths = [max(map(len, column)) for column in zip(*every, strict=True)]
    return ["  ".join(map(str.rjust, cells[:4], widths)) + f"  {cells[4]}".rstrip() for cells in every]

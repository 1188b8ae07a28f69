"""Findings on this place as HTML and text."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape

from ft_magics.display.doctor import Finding
from ft_magics.display.pages import Bundle
from ft_magics.markup import element, heading, terminal_line

__all__ = ["doctor_bundle"]

_OK, _ATTENTION = "✓ ok", "⚠ attention"
_GROUNDS = {_OK: "rgba(0,158,115,0.2)", _ATTENTION: "rgba(230,159,0,0.3)"}
_SIGN = "flex:none;min-width:6.5em;padding:0 6px;border-radius:3px;margin-right:8px;text-align:center"


def doctor_bundle(findings: Sequence[Finding]) -> Bundle:
    """A line each, for `display(…, raw=True)`."""
    odd = sum(bool(finding.advice) for finding in findings)
    said = "all is well" if not odd else "1 thing needs attention" if odd == 1 else f"{odd} things need attention"
    width = max(len(finding.name) for finding in findings)
    lines = [
        f"{_sign(finding):<{len(_ATTENTION)}}  {finding.name:<{width}}  {terminal_line(finding.text)}"
        + (f"\n{'':{len(_ATTENTION) + width + 4}}→ {terminal_line(finding.advice)}" if finding.advice else "")
        for finding in findings
    ]
    html = element(
        "div",
        heading("ft_magics in this place", muted=said),
        *map(_finding_html, findings),
        style="font-size:13px;line-height:1.7",
    )
    return {"text/html": html, "text/plain": "\n".join([*lines, said])}


def _sign(finding: Finding) -> str:
    return _ATTENTION if finding.advice else _OK


def _finding_html(finding: Finding) -> str:
    sign = _sign(finding)
    said = [element("strong", escape(finding.name)), f" {escape(finding.text)}"]
    said += [element("div", "→ ", escape(finding.advice))] if finding.advice else []
    return element(
        "div",
        element("span", sign, style=f"{_SIGN};background:{_GROUNDS[sign]}"),
        element("div", *said, style="overflow-wrap:anywhere"),
        style="display:flex;align-items:flex-start;margin:2px 0",
    )

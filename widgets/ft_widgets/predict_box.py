"""A box to type in that a model answers."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import anywidget
import traitlets

from ft_widgets.busy_kernel import let_through
from ft_widgets.static_files import STATIC

__all__ = ["PredictBox"]


class PredictBox(anywidget.AnyWidget):
    """Sends what is typed to a model, and shows its answers.

    Args:
        name: Of the model, for the heading.
        colors: Of the labels, such as `#0072B2`.
        answer: Takes the text that was typed, and gives a card per answer as plain data. It is called on whatever
            thread the kernel hands messages to.
    """

    _esm = STATIC / "predict_box.js"
    _css = STATIC / "predict_box.css"
    name = traitlets.Unicode().tag(sync=True)
    colors: traitlets.Dict[str, str] = traitlets.Dict().tag(sync=True)

    def __init__(self, *, name: str, colors: Mapping[str, str], answer: Callable[[str], list[dict[str, Any]]]) -> None:
        self._answer = answer
        super().__init__(name=name, colors=dict(colors))
        self.on_msg(self._serve)
        let_through(self.comm)

    def _serve(self, _: object, request: object, _buffers: object) -> None:
        """Answer one text; whatever goes wrong is said on the page and never raised here."""
        if not isinstance(request, dict) or "id" not in request:
            return
        try:
            cards = self._answer(str(request.get("text", "")))
            self.send({"kind": "answers", "cards": cards, "id": request["id"]})
        except Exception as error:  # noqa: BLE001  # typing must never print a traceback into a notebook
            self.send({"kind": "error", "id": request["id"], "text": str(error) or type(error).__name__})
        finally:
            let_through(self.comm)

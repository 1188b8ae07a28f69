"""A card → what is shown of it, worded and laid out once, for a live page and a saved one alike."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ft_magics.evaluation.joining import join_words
from ft_magics.evaluation.sentence_pieces import Sentence, marked_sentence, sentence_of
from ft_magics.markup import percent
from ft_magics.sections import Card

__all__ = ["Arrow", "ShownCard", "ShownScore", "ShownText", "Side", "shown_card", "shown_texts"]

_MOST_SCORES = 5
_ANSWER, NO_ANSWER = "answer", "(no answer)"
_MOST_AT_AN_END = 60  # characters of an entity beside an arrow; the text has all of it
_DIRECTION = re.compile(r"\s*\((e[12]), ?(e[12])\)$")


@dataclass(frozen=True, slots=True)
class Side:
    """Labels on one side, such as gold, or what a system predicted.

    Args:
        name: `gold`, `predicted`, or the system's.
        labels: None of them is a dash.
        right: Whether they are those of gold; None for gold itself, or where gold is not known.
    """

    name: str
    labels: Sequence[str]
    right: bool | None


@dataclass(frozen=True, slots=True)
class Arrow:
    """What leads from one entity to the other, by one side.

    Args:
        name: `gold`, `predicted`, or the system's.
        start: The entity that it leads from.
        label: The relation, as it is labelled.
        said: The same without its direction.
        end: The entity that it leads to.
        none: Whether it is the label of pairs without a relation: no arrow is drawn.
        right: Whether it is that of gold; None for gold itself, or where gold is not known.
    """

    name: str
    start: str
    label: str
    said: str
    end: str
    none: bool
    right: bool | None


@dataclass(frozen=True, slots=True)
class ShownScore:
    """How probable a label is: as a share for a bar, and as text."""

    label: str
    share: float
    text: str


@dataclass(frozen=True, slots=True)
class ShownText:
    """A text with a name before it; one without a name is what was to be labelled.

    Args:
        name: Such as `reference`.
        pieces: The text; every second piece is marked, from the second on.
    """

    name: str
    pieces: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class ShownCard:
    """One example, as it is shown: what became of it, where it stands, what it says, and why it is shown.

    Args:
        row: Where it stands, such as `test.csv, line 12`.
        key: The same for the same card, whatever the order.
        badge: What became of it, such as `boundary error`.
        sign: The same as a sign.
        right: Whether it is right, for the colour of its sign.
        about: More about it, its confidence included.
        question: What was asked; empty where nothing was.
        sentences: With marked spans; of several systems one each.
        texts: Below each other.
        sides: Labels.
        arrows: Relations between two entities of the text.
        scores: The most probable labels.
        note: Why it is shown.
        search: What a search looks through.
        cut: Whether words were left out, which a search would find all the same.
        facets: Name of a filter → the values that find this card.
        ranks: Name of a sort → its place in it, the least first; None for last.
    """

    row: str
    key: str
    badge: str
    sign: str
    right: bool | None
    about: Sequence[str]
    question: str
    sentences: Sequence[Sentence]
    texts: Sequence[ShownText]
    sides: Sequence[Side]
    arrows: Sequence[Arrow]
    scores: Sequence[ShownScore]
    note: str
    search: str
    cut: bool
    facets: Mapping[str, Sequence[str]]
    ranks: Mapping[str, float | None]


def shown_card(card: Card) -> ShownCard:
    """What is shown of a card; see `card_data.py` for what its data holds."""
    data = card.data
    sure = data.get("confidence")
    about = [*data.get("about", ()), *([f"confidence {percent(sure)} %"] if sure is not None else [])]
    texts = _texts(card)
    ranks = data.get("ranks", {})
    said = _said(card, texts)
    return ShownCard(
        row=card.row,
        key=" · ".join([card.row, str(data.get("badge", "")), *about, str(ranks.get("row", ""))]),
        badge=data.get("badge", ""),
        sign=data.get("sign", ""),
        right=data.get("right"),
        about=about,
        question=str(data.get("question", "")),
        sentences=_sentences_of(card),
        texts=texts,
        sides=_sides(data) if card.kind in ("labels", "answer") else (),
        arrows=_arrows(data) if card.kind == "relation" else (),
        scores=[
            ShownScore(label or NO_ANSWER, share, f"{percent(share)} %")
            for label, share in data.get("scores", ())[:_MOST_SCORES]
        ],
        note=data.get("note", ""),
        search=f"{said}\n{card.row}",
        cut=bool(data.get("before") or data.get("after")),
        facets=data.get("facets", {}),
        ranks=ranks,
    )


def _texts(card: Card) -> list[ShownText]:
    if card.kind == "texts":
        return shown_texts(card.data)
    if card.kind == "labels":
        return [ShownText("", [str(text)]) for text in (card.data.get("text", ""), card.data.get("pair", "")) if text]
    return []


def shown_texts(data: Mapping[str, Any]) -> list[ShownText]:
    """Named texts with what is marked in them; see `TextsData`."""
    texts, marks = data.get("texts", ()), data.get("marks", ())
    return [
        ShownText(str(name), _pieces(str(text), marks[at] if at < len(marks) else ()))
        for at, (name, text) in enumerate(texts)
    ]


def _said(card: Card, texts: Sequence[ShownText]) -> str:
    if card.kind == "spans":
        return join_words(card.data["words"], spaces=bool(card.data.get("spaces", True)))
    if card.kind == "answer":
        answers = [text for side in ("gold", "predicted") for text in card.data.get(side, ())]
        return "\n".join([card.data["question"], *(part["text"] for part in card.data.get("parts", ())), *answers])
    if card.kind == "relation":
        return str(card.data["text"])
    return "\n".join("".join(text.pieces) for text in texts)


def _sentences_of(card: Card) -> Sequence[Sentence]:
    """Sentences with marked spans."""
    found = {"spans": _sentences, "relation": _marked, "answer": _contexts}.get(card.kind)
    return () if found is None else found(card.data)


def _contexts(data: Mapping[str, Any]) -> list[Sentence]:
    """Stretches of a context with the answers in them; of several systems, gold alone is marked."""
    found = []
    for part in data.get("parts", ()):
        gold, predicted = ([(start, end, _ANSWER) for start, end in part[side]] for side in ("gold", "predicted"))
        predicted = [] if "versions" in data else predicted
        sides: tuple[tuple[Literal["gold", "predicted"], Any], ...] = (("gold", gold), ("predicted", predicted))
        own = [(side, span) for side, spans in sides for span in spans]
        found.append(
            sentence_of(
                list(part["text"]),
                spaces=False,
                gold=gold if "gold" in data else None,
                predicted=predicted,
                own=own,
                cut=(part["before"], part["after"]),
            )
        )
    return found


def _sides(data: Mapping[str, Any]) -> list[Side]:
    gold: Sequence[str] | None = data.get("gold")
    systems = [(version["name"], version["predicted"]) for version in data["versions"]] if "versions" in data else []
    if not systems and "predicted" in data:  # before anything is predicted there is gold alone
        systems = [("predicted", data["predicted"])]
    first = [] if gold is None else [Side("gold", list(map(str, gold)), None)]
    return [
        *first,
        *(
            Side(name, list(map(str, given)), None if gold is None else set(given) == set(gold))
            for name, given in systems
        ),
    ]


def _marked(data: Mapping[str, Any]) -> list[Sentence]:
    """The text with both entities marked, each with its name and type."""
    types = data.get("types") or ("", "")
    marks = [(*data[name], name, f"{name} {kind}".strip()) for name, kind in zip(("e1", "e2"), types, strict=True)]
    return [marked_sentence(data["text"], marks, cut=(bool(data.get("before")), bool(data.get("after"))))]


def _arrows(data: Mapping[str, Any]) -> list[Arrow]:
    first, second = (_at_an_end(data["text"][slice(*data[name])]) for name in ("e1", "e2"))

    def arrow(side: Side) -> Arrow:
        label = next(iter(side.labels), "")
        found = _DIRECTION.search(label)
        ends = (second, first) if found and found[1] == "e2" else (first, second)
        none = label in ("", data.get("none_label"))
        return Arrow(side.name, ends[0], label, _DIRECTION.sub("", label), ends[1], none, side.right)

    return [arrow(side) for side in _sides(data)]


def _at_an_end(text: str) -> str:
    plain = " ".join(text.split())
    return plain if len(plain) <= _MOST_AT_AN_END else f"{plain[: _MOST_AT_AN_END - 1]}…"


def _sentences(data: Mapping[str, Any]) -> list[Sentence]:
    gold = data.get("gold")
    versions = data.get("versions")
    systems = [("", data.get("predicted", ()))] if versions is None else [(v["name"], v["predicted"]) for v in versions]
    own = data.get("own", {}) if versions is None else _changed(gold or (), systems)
    if gold is None and versions is None:
        own = {"predicted": data.get("predicted", ())}  # an answer: all of it is what was asked for
    return [
        sentence_of(
            data["words"],
            spaces=bool(data.get("spaces", True)),
            gold=gold,
            predicted=predicted,
            own=[
                *(("gold", span) for span in own.get("gold", ())),
                *(("predicted", span) for span in own.get("predicted", ())),
            ],
            cut=(bool(data.get("before")), bool(data.get("after"))),
            name=name,
        )
        for name, predicted in systems
    ]


def _changed(gold: Sequence[Any], systems: Sequence[tuple[str, Sequence[Any]]]) -> dict[str, list[Any]]:
    """The spans that some systems predicted and others did not: they stand out."""
    sets = [{tuple(span) for span in predicted} for _, predicted in systems]
    some, all_of_them = set.union(*sets), set.intersection(*sets)
    odd = some - all_of_them
    return {"gold": [span for span in gold if tuple(span) in odd], "predicted": sorted(odd)}


def _pieces(text: str, marks: Sequence[Sequence[int]]) -> list[str]:
    """A text in pieces, every second of which is marked, from the second on.

    Args:
        text: The whole.
        marks: Start and end of what is marked, in order; what lies outside the text is left out.
    """
    pieces, at = [], 0
    for start, end in marks:
        low, high = max(start, at), min(end, len(text))
        if low < high:
            pieces += [text[at:low], text[low:high]]
            at = high
    return [*pieces, text[at:]]

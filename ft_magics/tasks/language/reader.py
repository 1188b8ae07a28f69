"""The `data:` section of raw text → documents per split, and what is odd about them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from pydantic import ValidationError

from ft_magics.config.splits import Fraction
from ft_magics.data.checks import DataCheck
from ft_magics.data.documents.document import Document, Documents
from ft_magics.data.documents.holding_out import hold_out, shared_lines
from ft_magics.data.documents.reading import HowToRead, read_documents
from ft_magics.data.examples import Corpus, Split
from ft_magics.errors import DataError, EncodingError, FaultsError, did_you_mean
from ft_magics.sections import Cell, Row, Table
from ft_magics.tasks.language.config import DocumentOptions, TextData

__all__ = ["check_documents", "read_more_text", "read_text"]

_FEW_CHARACTERS = 100_000  # about 20 pages: a model learns such a text by heart
_FEW_HELD_OUT = 5_000
_SHARED = 0.02  # of the held-out lines: from here on it is said
_REPEATED = 0.2


def read_text(data: TextData) -> Corpus[Document]:
    """Read every split.

    Raises:
        DataError: A split cannot be read, or nothing can be held out.
        FaultsError: Several cannot be read.
    """
    found: dict[str, tuple[str, Documents]] = {}
    drawn: dict[str, Fraction] = {}
    faults: list[DataError] = []
    for name in ("train", "dev", "test"):
        source = data.source(name)
        if isinstance(source, Fraction):
            drawn[name] = source
        elif source is not None:
            try:
                found[name] = str(source[0]), read_documents(source[0], _how(source[1]), split=name)
            except DataError as error:
                codec = error.codec if isinstance(error, EncodingError) else None
                faults.append(
                    type(error)(f"data.{name}: {error}{f'. That is `data.encoding: {codec}`' if codec else ''}")
                )
    if faults:
        raise faults[0] if len(faults) == 1 else FaultsError(faults)
    total = len(found["train"][1])
    for name, fraction in drawn.items():
        source_name, documents = found["train"]
        share = Fraction(fraction=min(fraction.fraction * total / len(documents), 0.999), seed=fraction.seed)
        kept, held = hold_out(documents, name, share, source_name)
        kept.notes = documents.notes
        found["train"] = source_name, kept
        found[name] = f"{fraction.fraction:g} of {source_name}", held
    splits: dict[str, Split[Document]] = {
        name: Split(name=name, source=source, examples=documents, notes=list(documents.notes))
        for name, (source, documents) in found.items()
    }
    return Corpus(train=splits["train"], dev=splits.get("dev"), test=splits.get("test"))


def read_more_text(source: Any, options: Mapping[str, Any]) -> Split[Document]:
    """More text, which a trained model is evaluated on.

    Args:
        source: As `train:` in a cell.
        options: How to read it, as in the `data:` section.

    Raises:
        DataError: It cannot be read, or there is no such option.
    """
    known = DocumentOptions.model_fields
    odd = next((name for name in options if name not in known), None)
    if odd is not None:
        raise DataError(f"there is no option `{odd:.60}` for raw text.{did_you_mean(odd, known)}")
    try:
        chosen = DocumentOptions.model_validate(dict(options))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        raise DataError(f"`{'.'.join(map(str, first['loc']))}`: {first['msg']}") from error
    documents = read_documents(source, _how(chosen), split="test")
    return Split(name="data", source=str(source), examples=documents, notes=list(documents.notes))


def _how(options: DocumentOptions) -> HowToRead:
    return HowToRead(
        format=options.format,
        text_column=options.text_column,
        separator=options.documents or "blank_line",
        encoding=options.encoding,
    )


def check_documents(corpus: Corpus[Any]) -> DataCheck:
    """Count documents and letters, and look for text that is too little, repeated, or both trained on and held out."""
    splits: dict[str, Any] = {split.name: split.examples for split in corpus.splits}
    counts = {name: _count(documents) for name, documents in splits.items()}
    rows = [
        Row(
            cells=[
                Cell(text=name),
                *(
                    Cell(text=f"{count:,}", value=count)
                    for count in (counts[name], documents.characters, documents.utf8_bytes)
                ),
            ]
        )
        for name, documents in splits.items()
    ]
    check = DataCheck(
        summary=", ".join(
            f"{name} {counts[name]:,} documents ({_size(documents.utf8_bytes)})" for name, documents in splits.items()
        ),
        tables=[Table(title="Text", columns=["split", "documents", "characters", "bytes"], rows=rows)],
        notes=[note for split in corpus.splits for note in split.notes],
    )
    check.notes += [
        f"{name}: long documents are taken in parts, {len(documents):,} in all"
        for name, documents in splits.items()
        if len(documents) > counts[name]
    ]
    check.warnings += _oddities(splits)
    return check


def _count(documents: Any) -> int:
    """How many documents there are; the parts of a long one are one."""
    import numpy as np  # noqa: PLC0415  # a cell is checked without it

    return len(np.unique(documents.origins()))


def _oddities(splits: Mapping[str, Any]) -> list[str]:
    import numpy as np  # noqa: PLC0415  # a cell is checked without it

    train = splits["train"]
    said = []
    if train.characters < _FEW_CHARACTERS:
        said.append(
            f"train: {train.characters:,} characters are little to pre-train on: a model learns them by heart. "
            "Watch dev, and see whether fine-tuning gains by it"
        )
    again = 1 - len(np.unique(train.hashes)) / len(train)
    if again > _REPEATED:
        said.append(f"train: {100 * again:.0f} % of the documents are repetitions of others, word for word")
    for name, documents in splits.items():
        if name == "train":
            continue
        if documents.characters < _FEW_HELD_OUT:
            said.append(f"{name}: {documents.characters:,} characters are few: its perplexity is rough")
        shared = max(shared_lines(train, documents), float(np.isin(documents.hashes, np.unique(train.hashes)).mean()))
        if shared >= _SHARED:
            said.append(
                f"{name}: {100 * shared:.0f} % of its lines are in train too, so its perplexity is better than on "
                "text that is new to the model"
            )
    return said


def _size(count: int) -> str:
    return f"{count / 1e6:.1f} MB" if count >= 1e6 else f"{count / 1e3:.1f} kB" if count >= 1e3 else f"{count} bytes"

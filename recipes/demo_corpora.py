"""Make the demo corpora of relations, questions, translations, summaries and service dialogues from their frames.

    python recipes/demo_corpora.py            # writes ft_magics/demo, the same bytes each time

Frames and names were written by hand for this project, in English and Chinese; all persons, companies and towns are
invented. Test has frames that train lacks, and names of its own. ft_magics/demo/README.md says what is in each file.
"""

from __future__ import annotations

import argparse
import csv
import json
import random
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from demo_frames import DIALOGUES, NAMES, PASSAGES, RELATIONS, STORIES

DEMO = Path(__file__).resolve().parent.parent / "ft_magics" / "demo"
SPLITS = ("train", "dev", "test")
SENTENCES = {"train": 300, "dev": 60, "test": 90}  # with two marked entities
PASSAGES_OF = {"train": 60, "dev": 12, "test": 20}
PAIRS = {"train": 400, "dev": 60, "test": 80}  # of sentences in both languages
STORIES_OF = {"train": 160, "dev": 30, "test": 50}
DIALOGUES_OF = {"train": 140, "dev": 24, "test": 40}

Names = dict[str, str]


def main() -> None:
    """Write every file."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, default=DEMO)
    out = parser.parse_args().out
    for language in ("en", "zh"):
        (out / language).mkdir(parents=True, exist_ok=True)
        for split in SPLITS:
            write_table(out / language / f"relations_{split}.csv", ("text", "label"), relations(language, split))
            write_json(out / language / f"questions_{split}.json", questions(language, split))
            write_table(out / language / f"summaries_{split}.csv", ("text", "title"), summaries(language, split))
            write_lines(out / language / f"dialogues_{split}.jsonl", dialogues(language, split))
    for split in SPLITS:
        write_table(out / "en" / f"translations_{split}.csv", ("en", "zh"), translations(split))


def names(split: str, draw: random.Random) -> dict[str, Names]:
    """One thing of each kind by its slot, with its name in each language; test has some of its own."""
    found: dict[str, Names] = {}
    for slot, of_kind in NAMES.items():
        kept = len(of_kind) * 2 // 3
        english, chinese = draw.choice(of_kind[:kept] if split != "test" else of_kind[kept // 2 :])
        found[slot] = {"en": english, "zh": chinese}
    while found["town2"] == found["town"]:
        found["town2"] = dict(zip(("en", "zh"), draw.choice(NAMES["town2"]), strict=True))
    year, years, count = draw.randint(1870, 2015), draw.randint(12, 40), draw.randint(3, 97)
    found["year"] = {"en": str(year), "zh": f"{year}年"}
    found["later"] = {"en": str(min(year + years, 2024)), "zh": f"{min(year + years, 2024)}年"}
    found["count"] = {"en": str(count), "zh": str(count)}
    found["many"] = {"en": f"{count},{draw.randint(100, 999)}", "zh": ""}
    found["many"]["zh"] = found["many"]["en"].replace(",", "")
    found["number"] = {"en": str(draw.randint(1000, 9999)), "zh": ""}
    found["number"]["zh"] = found["number"]["en"]
    return found


def filled(frame: str, slots: dict[str, Names], language: str) -> str:
    """A frame with its names."""
    return frame.format(**{slot: of[language] for slot, of in slots.items()})


def begun(text: str) -> str:
    """A sentence with a capital letter at its begin, behind a mark too."""
    at = len("<e1>") if text.startswith("<e") else 0
    return text[:at] + text[at : at + 1].upper() + text[at + 1 :]


def frames(of: list[Any], split: str) -> list[Any]:
    """The frames of a split: the last quarter is for test alone, which has half of the others too."""
    kept = len(of) * 3 // 4
    return of[:kept] if split != "test" else of[kept // 2 :]


def told_before(of: Callable[..., Iterator[tuple[str, str]]], split: str, *language: str) -> set[str]:
    """The texts of the splits before this one: no text is in two."""
    return {text for name in SPLITS[: SPLITS.index(split)] for text, _ in of(*language, name)}


def relations(language: str, split: str) -> Iterator[tuple[str, str]]:
    """Sentences with two marked entities, and the directed relation between them."""
    draw = random.Random(f"relations {language} {split}")  # no secrets
    seen, labels, made = told_before(relations, split, language), list(RELATIONS), 0
    while made < SENTENCES[split]:
        label = labels[made % len(labels)]
        frame = draw.choice(frames(RELATIONS[label], split))[language]
        slots = names(split, draw)
        first, second = sorted(("A", "B"), key=frame.index)  # A: the relation's first argument
        marks = {"A": "e1", "B": "e2"} if first == "A" else {"B": "e1", "A": "e2"}
        text = frame
        for argument in (first, second):
            text = text.replace(f"{argument}[", f"<{marks[argument]}>").replace(f"]{argument}", f"</{marks[argument]}>")
        text = begun(filled(text, slots, language))
        if text in seen:
            continue
        seen.add(text)
        made += 1
        directed = label if label == "none" else f"{label}({marks['A']},{marks['B']})"
        yield text, directed


def questions(language: str, split: str) -> dict[str, Any]:
    """Passages with questions, as SQuAD 2.0 has them; about one question in six has no answer."""
    draw, data = random.Random(f"questions {language} {split}"), []  # no secrets
    for at in range(PASSAGES_OF[split]):
        kind = list(PASSAGES)[at % len(PASSAGES)]
        facts = draw.sample(PASSAGES[kind]["facts"], k=len(PASSAGES[kind]["facts"]) - 1)
        facts.sort(key=PASSAGES[kind]["facts"].index)
        slots, context, asked = names(split, draw), "", []
        if PASSAGES[kind]["facts"][0] not in facts:
            facts.insert(0, PASSAGES[kind]["facts"][0])  # it says what the passage is about
        for fact in facts:
            before, _, rest = draw.choice(fact["said"])[language].partition("[")
            answer, _, after = rest.partition("]")
            begin = filled(before, slots, language)
            separator = " " if context and language == "en" else ""
            start = len(context) + len(separator) + len(begin)
            gold = filled(answer, slots, language)
            context += separator + begun(begin + gold + filled(after, slots, language))
            gold = context[start : start + len(gold)]
            asked.append((fact, {"text": gold, "answer_start": start}))
        qas = []
        for fact in PASSAGES[kind]["facts"]:
            answers = [answer for of, answer in asked if of is fact]
            question = filled(draw.choice(frames(fact["asked"], split))[language], slots, language)
            name = f"{language}-{split}-{at + 1}-{len(qas) + 1}"
            qas.append({"id": name, "question": question, "answers": answers, "is_impossible": not answers})
        data.append({"title": filled(PASSAGES[kind]["title"][language], slots, language), "paragraphs": []})
        data[-1]["paragraphs"].append({"context": context, "qas": qas})
    return {"version": "v2.0", "data": data}


def translations(split: str) -> Iterator[tuple[str, str]]:
    """The sentences of relations and passages in both languages."""
    draw = random.Random(f"translations {split}")  # no secrets
    seen, made = told_before(translations, split), 0
    bare = [
        {language: "".join(part for part in _unmarked(frame[language])) for language in ("en", "zh")}
        for of_label in RELATIONS.values()
        for frame in of_label
    ]
    bare += [
        {language: frame[language].replace("[", "").replace("]", "") for language in ("en", "zh")}
        for passage in PASSAGES.values()
        for fact in passage["facts"]
        for frame in fact["said"]
    ]
    draw_frames = random.Random("frames of translations")  # no secrets
    draw_frames.shuffle(bare)
    while made < PAIRS[split]:
        frame, slots = draw.choice(frames(bare, split)), names(split, draw)
        pair = begun(filled(frame["en"], slots, "en")), filled(frame["zh"], slots, "zh")
        if pair[0] not in seen:
            seen.add(pair[0])
            made += 1
            yield pair


def _unmarked(frame: str) -> Iterator[str]:
    for mark in ("A[", "]A", "B[", "]B"):
        frame = frame.replace(mark, "")
    yield frame


def summaries(language: str, split: str) -> Iterator[tuple[str, str]]:
    """Notices of a town's paper, and their titles."""
    draw = random.Random(f"summaries {language} {split}")  # no secrets
    seen, made = told_before(summaries, split, language), 0
    while made < STORIES_OF[split]:
        story, slots = draw.choice(frames(STORIES, split)), names(split, draw)
        told = [story["begin"], *draw.sample(story["more"], k=2)]
        sentences = [begun(filled(sentence[language], slots, language)) for sentence in told]
        text = (" " if language == "en" else "").join(sentences)
        if text not in seen:
            seen.add(text)
            made += 1
            yield text, begun(filled(story["title"][language], slots, language))


def dialogues(language: str, split: str) -> Iterator[dict[str, Any]]:
    """Talks with a town's service desk, which the user begins."""
    draw = random.Random(f"dialogues {language} {split}")  # no secrets
    for at in range(DIALOGUES_OF[split]):
        of_service = list(DIALOGUES)[at % len(DIALOGUES)]
        slots, turns = names(split, draw), []
        for role, choices in DIALOGUES[of_service]:
            chosen = draw.choice(frames(choices, split) if role == "user" else choices)[language]
            turns.append({"role": role, "content": begun(filled(chosen, slots, language))})
        yield {"id": f"{language}-{split}-{at + 1}", "service": of_service, "messages": turns}


def write_table(path: Path, header: tuple[str, ...], rows: Iterator[tuple[str, ...]]) -> None:
    """CSV."""
    with path.open("w", encoding="utf-8", newline="") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(header)
        writer.writerows(rows)


def write_json(path: Path, data: Any) -> None:
    """One object."""
    path.write_text(json.dumps(data, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def write_lines(path: Path, rows: Iterator[dict[str, Any]]) -> None:
    """An object a line."""
    path.write_text("".join(json.dumps(row, ensure_ascii=False) + "\n" for row in rows), encoding="utf-8")


if __name__ == "__main__":
    main()

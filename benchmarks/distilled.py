"""Whether `ft-tiny` gains for English from MiniLM: the mean states of texts are drawn to MiniLM's beside masked tokens.

    OMP_NUM_THREADS=1 python benchmarks/distilled.py --text ../shared/data/mlm_text_en_zh --weight 1 --out distilled
    OMP_NUM_THREADS=1 python benchmarks/distilled.py --text ../shared/data/mlm_text_en_zh --weight 0 --out undistilled
    python benchmarks/ft_tiny.py train --set en --models ./distilled ./undistilled --seeds 1 2 3 --work FOLDER_OF_BOTH

Both continue `ft-tiny` with the same batches, half of them English, for as many steps; with weight 0 nothing is asked
of the states. Their tokenizers differ, so what is taught is a vector for each text, through a linear map that is thrown
away (Reimers & Gurevych 2020, section 3, teach sentence vectors so).
"""

from __future__ import annotations

import argparse
import random
from pathlib import Path
from typing import Any

import torch
from ft_magics.models.sources import find_weights
from torch.nn.functional import cosine_similarity
from transformers import AutoModel, AutoModelForMaskedLM, AutoTokenizer, DataCollatorForLanguageModeling

ENGLISH = ("en_wikitext2_valid.txt", "en_pride_and_prejudice.txt", "en_news_from_nowhere.txt")
CHINESE = ("zh_wikipedia_gsdsimp_train.txt", "zh_laws.txt")
_LONGEST = 96


def main() -> None:
    """Teach, and write the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, required=True)
    parser.add_argument("--weight", type=float, default=1.0, help="of the difference between the states")
    parser.add_argument("--texts", type=int, default=4000, help="of each language")
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--rate", type=float, default=3e-4)
    parser.add_argument("--out", type=Path, required=True)
    arguments = parser.parse_args()
    torch.manual_seed(1)
    english = _pieces(arguments.text, ENGLISH, arguments.texts, 300)
    chinese = _pieces(arguments.text, CHINESE, arguments.texts, 80)
    source = find_weights("ft-tiny")
    tokenizer, student = AutoTokenizer.from_pretrained(source), AutoModelForMaskedLM.from_pretrained(source)
    taught = _states(english, find_weights("minilm")) if arguments.weight else torch.zeros(len(english), 1)
    bridge = torch.nn.Linear(student.config.hidden_size, taught.shape[1])
    masked = DataCollatorForLanguageModeling(tokenizer, mlm_probability=0.2)
    parameters = [*student.parameters(), *bridge.parameters()]
    optimizer = torch.optim.AdamW(parameters, lr=arguments.rate)
    schedule = torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, arguments.steps)
    draws = random.Random(1)
    for step in range(1, arguments.steps + 1):
        first, second = draws.sample(range(len(english)), 8), draws.sample(range(len(chinese)), 8)
        rows = [
            tokenizer(text, truncation=True, max_length=_LONGEST)
            for text in (*(english[at] for at in first), *(chinese[at] for at in second))
        ]
        batch = masked([dict(row) for row in rows])
        with torch.autocast("cpu", torch.bfloat16):
            found = student(**batch, output_hidden_states=True)
            far = 1 - cosine_similarity(bridge(_mean(found.hidden_states[-1], batch)[:8]), taught[first], dim=1).mean()
            loss = found.loss + arguments.weight * far
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        optimizer.zero_grad()
        schedule.step()
        if step % 100 == 0:
            print(f"step {step}: masked {found.loss.item():.3f}, 1 - cosine {far.item():.3f}", flush=True)
    student.save_pretrained(arguments.out)
    tokenizer.save_pretrained(arguments.out)


def _pieces(folder: Path, names: tuple[str, ...], count: int, size: int) -> list[str]:
    """Pieces of so many letters, drawn with a fixed seed."""
    text = "\n".join((folder / name).read_text(encoding="utf-8") for name in names)
    pieces = [" ".join(text[at : at + size].split()) for at in range(0, len(text), size)]
    return random.Random(7).sample(pieces, min(count, len(pieces)))


def _states(texts: list[str], folder: str) -> torch.Tensor:
    """The teacher's mean state of each text. (N, D)."""
    tokenizer, teacher = AutoTokenizer.from_pretrained(folder), AutoModel.from_pretrained(folder).eval()
    found = []
    with torch.no_grad(), torch.autocast("cpu", torch.bfloat16):
        for at in range(0, len(texts), 32):
            batch = tokenizer(
                texts[at : at + 32], padding=True, truncation=True, max_length=_LONGEST, return_tensors="pt"
            )
            found.append(_mean(teacher(**batch).last_hidden_state, batch).float())
    return torch.cat(found)


def _mean(states: torch.Tensor, batch: Any) -> torch.Tensor:
    """(B, T, D) → (B, D), without padding."""
    seen = batch["attention_mask"][:, :, None]
    return (states * seen).sum(dim=1) / seen.sum(dim=1)


if __name__ == "__main__":
    main()

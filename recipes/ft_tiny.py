"""Make `ft-tiny`, the small English and Chinese model that comes with the package, from raw text, by one cell.

    OMP_NUM_THREADS=1 python recipes/ft_tiny.py --text ../shared/data/mlm_text_en_zh --work ft_tiny_work
    python recipes/ft_tiny.py --text … --work … --set train.max_steps=200       # another setting, for a trial

The folder of text holds what TEXTS names; ft_magics/models/ft_tiny/README.md says where each comes from. A training
that was interrupted is resumed by the same line.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import re
import shutil
from pathlib import Path

import numpy as np
import torch
from ft_magics.models import embedded
from IPython.core.interactiveshell import InteractiveShell
from safetensors.torch import load_file, save
from scipy.sparse import coo_matrix, csr_matrix, hstack
from scipy.sparse.linalg import svds
from traitlets.config import Config
from transformers import AutoModelForMaskedLM, AutoTokenizer

# File: how often it is in the training text, and what separates its documents: "lines", where a line is one, or "file".
TEXTS = {
    "en_wikitext2_valid.txt": (1, "articles"),
    "en_pride_and_prejudice.txt": (1, "file"),
    "en_news_from_nowhere.txt": (1, "file"),
    "en_devils_dictionary.txt": (1, "file"),
    "zh_laws.txt": (1, "file"),
    "zh_wikipedia_gsdsimp_train.txt": (3, "lines"),
}
HELD_OUT = 40  # each so many-th piece of a text is of dev
PIECE = 4000  # characters of a long document, cut at line ends

START = """\
objective: mlm
model: {shape: bert, layers: 2, hidden_size: 256, heads: 4, intermediate_size: 1024, max_length_tokens: 256}
tokenizer: {type: wordpiece, vocab_size: 9000, character_coverage: 1}
data: {train: text/start.txt}
train: {max_steps: 1, max_length_tokens: 128, threads: 1, seed: 1}
"""
CELL = """\
objective: {mlm: {mask: 0.2}}
model: ./start
data: {train: text/train.txt, dev: text/dev.txt}
train:
  max_steps: 15000
  batch_size: 16
  learning_rate: 1e-3
  warmup: 0.05
  dropout: 0
  max_length_tokens: 128
  precision: bf16
  threads: 1
  early_stopping: false
  seed: 1
eval: {every: {steps: 1500}}
save: {every: {minutes: 4}}
"""
DROPOUT = 0.1  # of the model that is kept, for those who fine-tune it
WINDOW = 5  # words on either side that count as a word's neighbours


def write_text(source: Path, target: Path) -> None:
    """Clean the texts, and write those of train and of dev, an empty line between documents."""
    target.mkdir(parents=True, exist_ok=True)
    splits: dict[str, list[str]] = {"train": [], "dev": []}
    for name, (times, parted) in TEXTS.items():
        text = cleaned(name, (source / name).read_text(encoding="utf-8"))
        for at, piece in enumerate(pieces(text, parted)):
            held_out = at % HELD_OUT == HELD_OUT - 1
            splits["dev" if held_out else "train"].extend([piece] * (1 if held_out else times))
    for split, documents in splits.items():
        (target / f"{split}.txt").write_text("\n\n".join(documents) + "\n", encoding="utf-8")
    (target / "start.txt").write_text("\n\n".join([*splits["train"], gb2312()]) + "\n", encoding="utf-8")


def cleaned(name: str, text: str) -> str:
    """WikiText's signs for what its tokenizer parted and left out, and the books' signs for italics, are taken away."""
    if name.startswith("en_wikitext"):
        text = re.sub(r" @(.)@ ", r"\1", text)
        text = re.sub(r"^ (?:= )+(.*?)(?: =)+ *$", r"\1", text, flags=re.MULTILINE)
        return text.replace("<unk>", "…")
    return text.replace("_", "") if name.startswith("en_") else text


def pieces(text: str, parted: str) -> list[str]:
    """Documents, the long ones in pieces."""
    lines = [line.strip() for line in text.splitlines() if line.strip()]
    if parted == "lines":
        return lines
    found: list[list[str]] = [[]]
    length = 0
    for line in lines:
        if length + len(line) > PIECE and found[-1]:
            found.append([])
            length = 0
        found[-1].append(line)
        length += len(line)
    return ["\n".join(piece) for piece in found]


def gb2312() -> str:
    """The 3,755 most used characters of simplified Chinese (GB 2312, level 1): each is to have a token of its own."""
    rows = (bytes((row, cell)) for row in range(0xB0, 0xD8) for cell in range(0xA1, 0xFF))
    return "".join(code.decode("gb2312", errors="ignore") for code in rows)


def count_embeddings(folder: Path, text: Path, target: Path) -> None:
    """Give a model the embeddings that the counts of neighbours make, and its output the tokens' frequencies.

    A small model spends most of a short training on learning which tokens stand in the same places; counting says so in
    a minute. Left and right neighbours are counted apart; positive pointwise mutual information, its singular vectors.

    Args:
        folder: Of a model with random weights, and its tokenizer.
        text: That it will be trained on.
        target: The folder that the model is written to.

    Source: Levy & Goldberg 2014; Levy, Goldberg & Dagan 2015, sections 3.1 to 3.3, for the smoothing of contexts and
        the root of the singular values.
    """
    tokenizer = AutoTokenizer.from_pretrained(folder)
    model = AutoModelForMaskedLM.from_pretrained(folder, dtype=torch.float32)
    size, width = len(tokenizer), model.config.hidden_size
    documents = tokenizer(text.read_text(encoding="utf-8").split("\n\n"), add_special_tokens=False, verbose=False)
    gap = [size] * WINDOW
    tokens = np.array([token for ids in documents["input_ids"] for token in (*ids, *gap)])
    counts = sum(
        coo_matrix(
            (np.full(len(tokens) - by, (WINDOW + 1 - by) / WINDOW), (tokens[:-by], tokens[by:])), (size + 1, size + 1)
        ).tocsr()
        for by in range(1, WINDOW + 1)
    )[:size, :size]
    both = hstack([mutual_information(side) for side in (counts, counts.T.tocsr())]).astype(np.float32)
    vectors, values, _ = svds(both, k=width, random_state=0)
    found = vectors * np.sqrt(values)
    length = np.linalg.norm(found, axis=1)
    seen = length > 1e-8
    scaled = found[seen] / length[seen, None] * 1.5 * model.config.initializer_range * np.sqrt(width)
    frequency = np.bincount(tokens, minlength=size + 1)[:size] + 1
    with torch.no_grad():
        model.get_input_embeddings().weight[torch.tensor(seen)] = torch.tensor(scaled, dtype=torch.float32)
        model.cls.predictions.bias.copy_(torch.tensor(np.log(frequency / frequency.max())))
    model.save_pretrained(target)
    tokenizer.save_pretrained(target)


def mutual_information(counts: csr_matrix) -> csr_matrix:
    """Positive pointwise mutual information of tokens and contexts, the contexts' frequencies to the power of 0.75."""
    found = counts.tocoo()
    rows, columns = np.asarray(counts.sum(1)).ravel(), np.asarray(counts.sum(0)).ravel() ** 0.75
    expected = rows[found.row] * columns[found.col] / columns.sum()
    values = np.maximum(np.log(found.data / expected), 0)
    return csr_matrix((values, (found.row, found.col)), counts.shape)


def export(folder: Path, target: Path) -> None:
    """Write the model in half precision, and print the hash of each file for ft_magics/models/embedded.py."""
    target.mkdir(parents=True, exist_ok=True)
    tensors = {name: tensor.to(torch.float16) for name, tensor in load_file(folder / "model.safetensors").items()}
    (target / "model.safetensors").write_bytes(save(tensors, {"format": "pt"}))
    config = json.loads((folder / "config.json").read_text(encoding="utf-8"))
    config |= {"hidden_dropout_prob": DROPOUT, "attention_probs_dropout_prob": DROPOUT, "classifier_dropout": None}
    config |= {"dtype": "float32"}  # that it is computed in
    (target / "config.json").write_text(json.dumps(config, indent=2) + "\n", encoding="utf-8")
    for name in ("tokenizer.json", "tokenizer_config.json"):
        shutil.copyfile(folder / name, target / name)
    for name in embedded.FILES:
        print(f'    "{name}": "{hashlib.sha256((target / name).read_bytes()).hexdigest()}",')


def main() -> None:
    """Train, or resume, and write the model."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--text", type=Path, required=True, help="the folder of the texts")
    parser.add_argument("--work", type=Path, default=Path("ft_tiny_work"), help="where the runs are")
    parser.add_argument("--name", default="ft_tiny", help="of the run")
    parser.add_argument("--set", action="append", default=[], metavar="KEY=VALUE", help="another setting of the cell")
    parser.add_argument("--out", type=Path, help="where the model is written; without it nowhere")
    arguments = parser.parse_args()
    out = arguments.out and arguments.out.resolve()
    write_text(arguments.text, arguments.work / "text")
    os.chdir(arguments.work)
    config = Config()
    config.HistoryManager.enabled = False
    shell = InteractiveShell.instance(config=config)
    shell.run_line_magic("load_ext", "ft_magics")
    if not Path("start").exists():
        shell.run_cell_magic("pretrain", "ft_tiny_start", START)
        count_embeddings(Path("ft_runs/ft_tiny_start/model"), Path("text/train.txt"), Path("start"))
    line = [arguments.name, *(f"--set {each}" for each in arguments.set)]
    if (Path("ft_runs") / arguments.name).exists():
        line.append("--resume")
    shell.run_cell_magic("pretrain", " ".join(line), CELL)
    if out:
        export(Path("ft_runs") / arguments.name / "model", out)


if __name__ == "__main__":
    main()

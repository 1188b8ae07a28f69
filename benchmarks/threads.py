"""A training step in a thread of its own, after the main thread has computed, with and without giving its threads back.

Usage: `python benchmarks/threads.py`, on a machine that does nothing else. The cells of a notebook run in the main
thread, a training in another.
"""

import argparse
import statistics
import threading
import time

import torch
from ft_magics.models.omp_threads import give_back_threads
from transformers import BertConfig, BertForTokenClassification

ROWS, TOKENS, WORDS = 16, 20, 30_000


def main() -> None:
    """Print a line a way, with the median time of a step."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--steps", type=int, default=30)
    parser.add_argument("--rounds", type=int, default=3)
    arguments = parser.parse_args()
    config = BertConfig(hidden_size=384, num_hidden_layers=6, num_attention_heads=12, intermediate_size=1536)
    model = BertForTokenClassification(config)
    optimizer = torch.optim.AdamW(model.parameters(), fused=True)
    words, labels = torch.randint(0, WORDS, (ROWS, TOKENS)), torch.zeros(ROWS, TOKENS, dtype=torch.long)

    def steps(times: list[float]) -> None:
        for _ in range(arguments.steps):
            began = time.perf_counter()
            model(input_ids=words, labels=labels).loss.backward()
            optimizer.step()
            optimizer.zero_grad()
            times.append(time.perf_counter() - began)

    kept: list[float] = []
    given_back: list[float] = []
    for _ in range(arguments.rounds):
        for times, prepare in ((kept, lambda: None), (given_back, give_back_threads)):
            steps([])  # the main thread computes, and keeps its threads
            prepare()
            thread = threading.Thread(target=steps, args=(times,))
            thread.start()
            thread.join()
    print(f"{torch.get_num_threads()} threads, {ROWS} rows of {TOKENS} tokens")
    for name, times in (("kept", kept), ("given back", given_back)):
        print(f"{name}: {1000 * statistics.median(times):.0f} ms a step (median of {len(times)})")


if __name__ == "__main__":
    main()

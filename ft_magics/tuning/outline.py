"""What a model is made of: its layers, its linear maps, its head. Known before any weight is read."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from inspect import signature
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from torch import nn

__all__ = ["Outline", "is_norm", "listed", "outline_of", "short_names"]

_MOST_LISTED = 12
_PEFT_TASKS = {
    "ForCausalLM": "CAUSAL_LM",
    "ForQuestionAnswering": "QUESTION_ANS",
    "ForSequenceClassification": "SEQ_CLS",
    "ForTokenClassification": "TOKEN_CLS",
    "LMHeadModel": "CAUSAL_LM",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Outline:
    """The parts of a model with a head.

    Args:
        model_type: Such as `bert`.
        prefix: Of the backbone's parameters, with its point, such as `bert.`.
        layers: Module names of the backbone's layers, lowest first; one where all layers share their weights. Those of
            a decoder come after those of its encoder.
        layer_count: How many layers are computed.
        linears: Inputs and outputs of the backbone's linear maps, by module name.
        parameters: Elements by name, all of the model's.
        head: Names of the modules on top of the backbone that hold parameters, and are trained with whatever else is.
        pretrained_head: Names of those of a causal model that were pre-trained with it: few methods train them.
        whole_head: Names of the modules of the head all of whose parameters are its own: a language model's last map
            is its embeddings once more.
        width: Of the hidden states, D.
        embedding_width: Of a token's embedding, where it enters.
        heads: Of an attention.
        positions: The longest input, where the config has a limit.
        kind: The class of the model, such as `BertForTokenClassification`.
        takes_cache: Whether keys and values from elsewhere can be put before its own.
        takes_positions: Whether it can be told where each token stands.
        input_embeddings: How the names of the embeddings' parameters begin, as far as the model itself says.
        tied: Whether the last map of a language model is its embeddings once more.
        transposed: Whether its linear maps are GPT-2's, whose weights are (in, out).
        writes: Whether it is an encoder-decoder, all of which is the backbone.
        trainable: The parameters that training changes, once a method was applied.
    """

    model_type: str
    prefix: str
    layers: tuple[str, ...]
    layer_count: int
    linears: Mapping[str, tuple[int, int]]
    parameters: Mapping[str, int]
    head: tuple[str, ...]
    pretrained_head: tuple[str, ...]
    whole_head: tuple[str, ...]
    width: int
    embedding_width: int
    heads: int
    positions: int | None
    kind: str
    takes_cache: bool
    takes_positions: bool
    input_embeddings: tuple[str, ...]
    tied: bool
    transposed: bool = False
    writes: bool = False
    trainable: tuple[str, ...] = ()

    @property
    def shares_layers(self) -> bool:
        """Whether several layers are one set of weights, as in ALBERT."""
        return len(self.layers) < self.layer_count

    @property
    def peft_task(self) -> str | None:
        """What peft calls the task of a model that it puts virtual tokens before; None for one that it does not."""
        if self.writes:
            return "SEQ_2_SEQ_LM"
        return next((named for end, named in _PEFT_TASKS.items() if self.kind.endswith(end)), None)

    @property
    def biases(self) -> list[str]:
        """The backbone's bias terms."""
        return [name for name in self.parameters if self.in_backbone(name) and name.endswith("bias")]

    @property
    def head_begins(self) -> tuple[str, ...]:
        """How the names of the head's parameters begin."""
        return tuple(f"{name}." for name in self.head)

    @property
    def embeddings(self) -> tuple[str, ...]:
        """How the names of the embeddings' parameters begin, those that lie below all layers."""
        first = dict.fromkeys(
            name.removeprefix(self.prefix).partition(".")[0] for name in self.parameters if self.depth(name) == 0
        )
        return tuple(self.prefix + name for name in first)

    def in_backbone(self, parameter: str) -> bool:
        """Whether a parameter is of the backbone, be it one that a method added there."""
        return parameter.removeprefix("base_model.").startswith(self.prefix)

    def in_head(self, parameter: str) -> bool:
        """Whether a parameter is of the head that is trained with whatever else is."""
        return parameter.removeprefix("base_model.").partition(".")[0] in self.head

    def on_top(self, parameter: str) -> bool:
        """Whether a parameter is of the head, be it one that was pre-trained."""
        return parameter.removeprefix("base_model.").partition(".")[0] in (*self.head, *self.pretrained_head)

    def depth(self, parameter: str) -> int:
        """How high a parameter lies: 0 for the embeddings, n for the nth layer, above all layers for the rest."""
        inside = parameter.removeprefix("base_model.")
        for at, layer in enumerate(self.layers):
            if inside.startswith(f"{layer}."):
                return at + 1
        if inside.startswith(self.input_embeddings):
            return 0
        if self.writes and ("embed" in inside or "shared" in inside):
            return 0
        if "embedding" in inside.removeprefix(self.prefix).partition(".")[0] and inside.startswith(self.prefix):
            return 0
        return self.top

    @property
    def top(self) -> int:
        """The depth of the head, and of what lies between it and the layers."""
        return len(self.layers) + 1

    def named(self, targets: Iterable[str]) -> list[str]:
        """The linear maps whose names are these, or end in them."""
        wanted = tuple(targets)
        return [name for name in self.linears if any(name == one or name.endswith(f".{one}") for one in wanted)]

    def matching(self, *patterns: str) -> list[str]:
        """The linear maps within a layer whose names there fit one of some regular expressions."""
        fits = re.compile("|".join(f"(?:{pattern})" for pattern in patterns)).fullmatch
        inside = ((name, layer) for name in self.linears for layer in self.layers if name.startswith(f"{layer}."))
        return [name for name, layer in inside if fits(name.removeprefix(f"{layer}."))]


def outline_of(model: Any) -> Outline:
    """The outline of a transformers model with a head; it may be on the device `meta`."""
    writes = bool(getattr(model.config, "is_encoder_decoder", False))
    config: Any = model.config.encoder if model.config.model_type == "encoder-decoder" else model.config
    backbone, entry = model.base_model, model.get_input_embeddings()
    prefix = "" if writes else f"{model.base_model_prefix}."
    count = int(getattr(config, "num_hidden_layers", 0))
    layers = _both_layers(model) if writes else _layers(model, prefix, count)
    parameters = {name: parameter.numel() for name, parameter in model.named_parameters()}
    output = model.get_output_embeddings()
    tied = output is not None and output.weight is entry.weight
    pretrained = bool(getattr(model, "head_is_pretrained", False))
    head = dict.fromkeys(name.partition(".")[0] for name in parameters if not name.startswith(prefix))
    linears = {
        name: shape
        for name, module in model.named_modules()
        if name.startswith(prefix)
        and not (writes and module is output)
        and (shape := _linear_shape(module)) is not None
    }
    return Outline(
        model_type=str(model.config.model_type),
        prefix=prefix,
        layers=layers,
        layer_count=len(layers) if writes else int(getattr(config, "num_hidden_layers", len(layers))),
        linears=linears,
        parameters=parameters,
        head=() if pretrained else tuple(head),
        pretrained_head=tuple(head) if pretrained else (),
        whole_head=() if pretrained else tuple(_without(model, head, output) if tied else head),
        width=int(config.hidden_size),
        embedding_width=int(entry.embedding_dim),
        heads=int(config.num_attention_heads),
        positions=getattr(config, "max_position_embeddings", None),
        kind=type(model).__name__,
        takes_cache="past_key_values" in signature(backbone.forward).parameters,
        takes_positions="position_ids" in signature(backbone.forward).parameters,
        input_embeddings=tuple(_beside(model, entry)),
        tied=tied,
        writes=writes,
        transposed=any(hasattr(model.get_submodule(name), "nf") for name in linears),
    )


def _linear_shape(module: nn.Module) -> tuple[int, int] | None:
    """Inputs and outputs of a linear map, be it torch's or GPT-2's; None for another module."""
    from torch import nn  # noqa: PLC0415  # a cell is read without torch
    from transformers.pytorch_utils import Conv1D  # noqa: PLC0415  # the same

    if isinstance(module, nn.Linear):
        return module.in_features, module.out_features
    return (module.nx, module.nf) if isinstance(module, Conv1D) else None


def _beside(model: nn.Module, entry: nn.Module) -> Iterator[str]:
    """How the names of the input embeddings begin, and of the embeddings beside them, of positions mostly."""
    from torch import nn  # noqa: PLC0415  # a cell is read without torch

    name = next((name for name, module in model.named_modules() if module is entry), "")
    parent, _, last = name.rpartition(".")
    for child, module in model.get_submodule(parent).named_children():
        if child == last or isinstance(module, nn.Embedding):
            yield f"{parent}.{child}." if parent else f"{child}."


def _without(parent: nn.Module, names: Iterable[str], left_out: nn.Module) -> Iterator[str]:
    """The names of modules; one that contains the module to leave out is replaced by its other parts."""
    for name in names:
        module = parent.get_submodule(name)
        if module is left_out:
            continue
        if any(part is left_out for part in module.modules()):
            inside = [
                f"{name}.{part}"
                for part, child in module.named_children()
                if next(child.parameters(), None) is not None
            ]
            yield from _without(parent, inside, left_out)
        else:
            yield name


def _layers(model: nn.Module, prefix: str, count: int) -> tuple[str, ...]:
    """The first list of modules as long as the model is deep; where layers share weights, the members of all lists."""
    from torch import nn  # noqa: PLC0415  # a cell is read without torch

    lists = {
        name: len(module)
        for name, module in model.named_modules()
        if isinstance(module, nn.ModuleList) and name.startswith(prefix)
    }
    chosen = [name for name, length in lists.items() if length == count][:1]
    innermost = [name for name in lists if not any(other.startswith(f"{name}.") for other in lists)]
    return tuple(f"{name}.{at}" for name in chosen or innermost for at in range(lists[name]))


def _both_layers(model: nn.Module) -> tuple[str, ...]:
    """The members of the outermost lists of modules: those of the encoder, then those of the decoder."""
    from torch import nn  # noqa: PLC0415  # a cell is read without torch

    lists = {name: len(module) for name, module in model.named_modules() if isinstance(module, nn.ModuleList)}
    outer = [name for name in lists if not any(name.startswith(f"{other}.") for other in lists)]
    outer.sort(key=lambda name: "decoder" in name.split("."))
    return tuple(f"{name}.{at}" for name in outer for at in range(lists[name]))


def is_norm(module: nn.Module) -> bool:
    """Whether a module is a normalisation, such as LayerNorm or RMSNorm."""
    return "norm" in type(module).__name__.lower()


def short_names(outline: Outline) -> list[str]:
    """The names by which linear maps are targeted: each the last part of some, in the order of the model."""
    return list(dict.fromkeys(name.rpartition(".")[2] for name in outline.linears))


def listed(names: Sequence[str]) -> str:
    """Names as a sentence has them, the first dozen."""
    more = f" and {len(names) - _MOST_LISTED} more" if len(names) > _MOST_LISTED else ""
    return ", ".join(f"`{name}`" for name in names[:_MOST_LISTED]) + more

"""The modules of a spiking transformer: attention, crossings, and the whole (see `spiking_transformer`)."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import cast

import numpy as np
import torch
from jaxtyping import Float32
from torch import Tensor, nn

from emospike.networks.heads import Head
from emospike.networks.spiking_transformer import STRIDE, Batch, Counted, SpikingTransformer, Stream
from emospike.networks.torch.neurons import PLIF, step
from emospike.networks.torch.patches import Joined, PicturePatches, Receptors, TrackPatches, neurons


def built(what: SpikingTransformer, streams: Sequence[Stream], classes: int, seed: int) -> Network:
    """Return an untrained network."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return Network(what, streams, classes)


@dataclass
class Answer:
    """What the network says of a batch.

    Attributes
    ----------
    logits : shape (clips, classes), the sum over the senses that are there
    read : what each sense's head reads: the rates of all its tokens, scaled
    embedded : mean rates of each sense's tokens, shape (clips, dim)
    """

    logits: Tensor
    read: Mapping[str, Tensor]
    embedded: Mapping[str, Tensor]


class Perceptron(nn.Module):
    """Neurons, synapses, neurons, synapses: added to each token's potential."""

    def __init__(self, what: SpikingTransformer) -> None:
        super().__init__()
        hidden = what.widening * what.dim
        self.first, self.second = neurons(what), neurons(what)
        self.up, self.down = Joined(what.dim, hidden), Joined(hidden, what.dim, 0.5)

    def forward(self, x: Tensor) -> Tensor:
        """Return the change of the potential."""
        changed: Tensor = self.down(self.second(self.up(self.first(x))))
        return changed


class Attention(nn.Module):
    """Spike-driven attention: queries of one stream, keys and values of the same or of another; additions only.

        K * V counts where a key and a value spike together;
        spatial: within a step, summed over tokens, and neurons that spike at enough of it;
        temporal: summed over the clip's steps, and a threshold;
        out = W (Q * (spatial + temporal))

    Both gates are binary, so that they mask the queries' spikes. No product of two matrices of real numbers, and no
    softmax: the cost is linear in tokens and steps.

    Sources: Yao et al. 2023 (Spike-Driven Transformer, SDSA: keys mask values, columns are summed and mask queries);
    S-CMRL, arXiv 2502.12488 (a spatial and a temporal branch).
    """

    def __init__(self, what: SpikingTransformer) -> None:
        super().__init__()
        self.spiking = what.spiking
        self.own, self.other = neurons(what), neurons(what)
        self.query, self.key, self.value = (Joined(what.dim, what.dim) for _ in range(3))
        self.q, self.k, self.v, self.gate = (neurons(what) for _ in range(4))
        self.out = Joined(what.dim, what.dim, 0.5)
        self.scale = nn.Parameter(torch.tensor([2.0, 4.0]))

    def forward(self, x: Tensor, other: Tensor, valid: Tensor) -> Tensor:
        """Return the change of the potential of `x`, (steps, clips, tokens, dim); `valid` is (steps, clips, 1, 1)."""
        seen = self.own(x)
        heard = seen if other is x else self.other(other)
        queries = self.q(self.query(seen))
        both = self.k(self.key(heard)) * self.v(self.value(heard)) * valid
        self.met = both.detach()
        here = self.gate(both.sum(2, keepdim=True) * self.scale[0])
        ever = both.mean(2, keepdim=True).sum(0, keepdim=True) / valid.sum(0, keepdim=True).clamp(min=1)
        ever = self.scale[1] * ever
        always = step(ever - 0.5) if self.spiking else ever
        changed: Tensor = self.out(queries * (here + always))
        return changed


class Block(nn.Module):
    """Attention within a sense, then a perceptron; both are added to the potential that neurons read."""

    def __init__(self, what: SpikingTransformer) -> None:
        super().__init__()
        self.attention, self.perceptron = Attention(what), Perceptron(what)

    def forward(self, x: Tensor, valid: Tensor) -> Tensor:
        """Return the new potential."""
        x = x + self.attention(x, x, valid)
        changed: Tensor = x + self.perceptron(x)
        return changed


class Crossing(nn.Module):
    """Attention across senses, both ways, weighted by alpha; then each sense's perceptron."""

    def __init__(self, what: SpikingTransformer, senses: Sequence[str]) -> None:
        super().__init__()
        self.alpha = what.alpha
        pairs = [(to, of) for to in senses for of in senses if to != of]
        self.ways = nn.ModuleDict({f"{to}<{of}": Attention(what) for to, of in pairs})
        self.perceptrons = nn.ModuleDict({sense: Perceptron(what) for sense in senses})

    def forward(self, x: Mapping[str, Tensor], valid: Tensor, there: Mapping[str, Tensor]) -> dict[str, Tensor]:
        """Return the new potentials; what is not `there` (1 or 0 a clip) neither gives nor takes."""
        new = dict(x)
        for name, way in self.ways.items():
            to, of = name.split("<")
            if to in x and of in x:
                shared = (there[to] * there[of])[None, :, None, None]
                new[to] = new[to] + self.alpha * shared * way(x[to], x[of], valid * shared)
        return {sense: one + self.perceptrons[sense](one) for sense, one in new.items()}


def moments(valid: Tensor, count: int) -> Tensor:
    """Return the weight of each step in the mean over each of `count` equal stretches of a clip.

    >>> moments(torch.tensor([[1.0], [1.0], [1.0], [0.0]]), 2)[:, 0].tolist()
    [[0.5, 0.0], [0.5, 0.0], [0.0, 1.0], [0.0, 0.0]]
    """
    length = valid.sum(0).clamp(min=1)
    place = ((valid.cumsum(0) - 1) * count / length).long().clamp(0, count - 1)
    own = nn.functional.one_hot(place, count) * valid[:, :, None]
    return own / own.sum(0).clamp(min=1)


class Network(nn.Module):
    """The network itself: patches, blocks a sense, crossings, and a head a sense whose logits add up."""

    def __init__(self, what: SpikingTransformer, streams: Sequence[Stream], classes: int) -> None:
        super().__init__()
        self.what, self.streams = what, tuple(streams)
        self.senses = tuple(dict.fromkeys(stream.sense for stream in streams))
        patches = {"picture": PicturePatches, "tracks": TrackPatches}
        self.patches = nn.ModuleList(patches[stream.kind](what, stream) for stream in streams)
        tokens = {s: sum(one.tokens for one in streams if one.sense == s) for s in self.senses}
        self.width = {s: what.moments * count * what.dim + what.receptors for s, count in tokens.items()}
        channels = {s: sum(one.channels for one in streams if one.sense == s) for s in self.senses}
        listening = self.senses if what.receptors else ()
        self.receptors = nn.ModuleDict({s: Receptors(what, channels[s]) for s in listening})
        self.blocks = nn.ModuleDict({s: nn.ModuleList(Block(what) for _ in range(what.depth)) for s in self.senses})
        crossings = what.crossing if len(self.senses) > 1 else 0
        self.crossings = nn.ModuleList(Crossing(what, self.senses) for _ in range(crossings))
        self.last = nn.ModuleDict({s: neurons(what) for s in self.senses})
        self.scaled = nn.ModuleDict({s: nn.BatchNorm1d(self.width[s]) for s in self.senses})
        self.head = nn.ModuleDict({s: nn.Linear(self.width[s], classes) for s in self.senses})
        self.drop = nn.Dropout(what.dropout)

    def forward(
        self, arrays: Sequence[Tensor | None], valid: Tensor, there: Mapping[str, Tensor] | None = None
    ) -> Answer:
        """Return what it says of arrays (clips, grid, channels), one a stream, None for those of a sense that lacks.

        `valid` (clips, grid) is 1 where a clip has not ended; `there` says a sense which clips have it.
        """
        given = {s.sense for s, array in zip(self.streams, arrays, strict=True) if array is not None}
        mask = valid[:, ::STRIDE].T[:, :, None, None]
        there = there or {}
        has = {
            sense: there.get(sense, torch.ones(len(valid), device=valid.device))
            for sense in self.senses
            if sense in given
        }
        x = {sense: self._tokens(sense, arrays) for sense in has}
        x = {sense: self._deep(sense, one, mask) for sense, one in x.items()}
        for crossing in self.crossings:
            x = crossing(x, mask, has)
        when = moments(mask[:, :, 0, 0], self.what.moments)
        rates = {s: torch.einsum("tbnd,tbm->bmnd", self.last[s](one), when) for s, one in x.items()}
        read = {sense: self._read(sense, rate.flatten(1), arrays, valid) for sense, rate in rates.items()}
        scaled = {sense: self.scaled[sense](one) for sense, one in read.items()}
        logits = {s: self.head[s](self.drop(one)) * has[s][:, None] for s, one in scaled.items()}
        return Answer(
            torch.stack(list(logits.values())).sum(0), scaled, {s: one.mean((1, 2)) for s, one in rates.items()}
        )

    def _deep(self, sense: str, x: Tensor, mask: Tensor) -> Tensor:
        for block in cast(nn.ModuleList, self.blocks[sense]):
            x = block(x, mask)
        return x

    def _read(self, sense: str, rates: Tensor, arrays: Sequence[Tensor | None], valid: Tensor) -> Tensor:
        """Return what the head of a sense reads: rates of its tokens, and of its receptors."""
        if sense not in self.receptors:
            return rates
        pairs = zip(self.streams, arrays, strict=True)
        own = torch.cat([array for s, array in pairs if s.sense == sense and array is not None], 2)
        return torch.cat([rates, self.receptors[sense](own, valid)], 1)

    def _tokens(self, sense: str, arrays: Sequence[Tensor | None]) -> Tensor:
        parts = zip(self.patches, self.streams, arrays, strict=True)
        return torch.cat([p(array) for p, s, array in parts if s.sense == sense and array is not None], 2)

    def rate(self) -> Tensor:
        """Return the mean spike rate of all layers that learn, in the last pass, in the graph; 0 for the twin."""
        learning = [one for one in self.modules() if isinstance(one, PLIF) and one.leak.requires_grad]
        layers = [one.rate for one in learning if hasattr(one, "rate")]
        return torch.stack(layers).mean() if layers else torch.zeros(())

    # -- from numpy, to numpy ----------------------------------------------------------------------------------

    def given(self, batch: Batch) -> Answer:
        """Return what it says of a batch of numpy arrays."""
        place = next(self.parameters()).device
        arrays = [None if one is None else torch.from_numpy(one).to(place) for one in batch.arrays]
        there = {sense: torch.from_numpy(mask).to(place) for sense, mask in batch.there.items()}
        answer: Answer = self(arrays, torch.from_numpy(batch.valid).to(place), there)
        return answer

    @torch.no_grad()
    def scores(self, batch: Batch) -> Float32[np.ndarray, "clips classes"]:
        """Return the score of each class."""
        return self.eval().given(batch).logits.cpu().numpy()

    @torch.no_grad()
    def read(self, batch: Batch) -> dict[str, Float32[np.ndarray, "clips _"]]:
        """Return what each sense's head reads."""
        return {sense: one.cpu().numpy() for sense, one in self.eval().given(batch).read.items()}

    def heads(self) -> dict[str, Head]:
        """Return weights and bias of each sense's head."""
        pairs = ((sense, cast(nn.Linear, head)) for sense, head in self.head.items())
        return {sense: (one.weight.detach().numpy(), one.bias.detach().numpy()) for sense, one in pairs}

    def set_heads(self, heads: Mapping[str, Head]) -> None:
        """Replace the heads; they may have more classes than before."""
        for sense, (weights, bias) in heads.items():
            new = nn.Linear(weights.shape[1], len(weights))
            # Rows first in memory, as they are read back from a file: else sums round differently.
            new.weight.data, new.bias.data = (torch.from_numpy(np.array(one, order="C")) for one in (weights, bias))
            self.head[sense] = new

    def weights(self) -> dict[str, np.ndarray]:
        """Return all that was learnt."""
        return {name: one.cpu().numpy() for name, one in self.state_dict().items()}

    def restored(self, weights: Mapping[str, np.ndarray]) -> Network:
        """Take back what `weights` returned."""
        self.load_state_dict({name: torch.from_numpy(np.array(one)) for name, one in weights.items()})
        return self.eval()

    def counted(self, batch: Batch) -> Counted:
        """Return what one pass costs."""
        from emospike.networks.torch.transformer_training import counted

        return counted(self, batch)

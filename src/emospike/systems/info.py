"""What a system says of itself: its paper, its presets, its tables; imported before anything heavy is."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, fields
from typing import TYPE_CHECKING, Any

from emospike.registry import load_object
from emospike.validation import InputError, one_of, within

if TYPE_CHECKING:
    from emospike.datasets import Dataset, Fold
    from emospike.systems.paper import Reproduction

Preset = Callable[[str], Mapping[str, Any]]
"""From a modality to the parameters of the system's class."""
Sight = Callable[[Mapping[str, Any]], Mapping[str, Any]]
"""From the parameters of a preset to those with which it sees by other features."""


@dataclass(frozen=True)
class PublishedSplit:
    """How a paper split its recordings.

    Attributes
    ----------
    says : what the numbers then mean; begins with LEAKY where the split is
    splitter : ``"module:function"`` from all recordings and a seed to a fold, imported when it is asked for
    settings : further arguments of that function
    transductive : test recordings are there in training, and the system's `transduce` decides on them while it learns
    """

    says: str
    splitter: str
    settings: Mapping[str, Any] = field(default_factory=dict)
    transductive: bool = False

    def split(self, dataset: Dataset, seed: int) -> Fold:
        """Return the fold of a seed."""
        fold: Fold = load_object(self.splitter)(dataset, seed, **self.settings)
        return fold


HELD_OUT_SPEAKERS = PublishedSplit(
    "as in the eXCube2 paper: each seed holds out other speakers, and training classes are balanced by duplication "
    "after the split",
    "emospike.datasets:published_split",
)


@dataclass(frozen=True)
class SystemInfo:
    """One system: what it is, and where its parts are.

    Parts may be given as they are, or as ``"module:name"``; such a name is imported only when it is asked for.

    Attributes
    ----------
    name : by which it is asked for, and stored in model files
    model : its class, a `System`
    what : what it does, in one line
    presets : the parameters of each preset, from a modality; the default one first
    modalities : what it can perceive, the first by default
    sights : what else than in its presets the face can be seen by, under the name of the feature
    paper : which paper it follows
    claim : what that paper reports, and on which task
    split : how that paper split its recordings; None where that is not known
    reproductions : functions without arguments that return a `Reproduction`, by table or figure
    steps : classes of parameters that only this system has, by the names that model files have for them
    rank : where it stands in lists: small ones first, the same by name
    """

    name: str
    model: str | type[Any]
    what: str
    presets: str | Mapping[str, Preset]
    modalities: tuple[str, ...] = ("audio", "face", "both")
    sights: str | Mapping[str, Sight] = field(default_factory=dict)
    paper: str = ""
    claim: str = ""
    split: PublishedSplit | None = None
    reproductions: Mapping[str, str | Callable[[], Reproduction]] = field(default_factory=dict)
    steps: Mapping[str, str] = field(default_factory=dict)
    rank: int = 100

    def load(self) -> type[Any]:
        """Return the class."""
        kind: type[Any] = load_object(self.model)
        return kind

    def load_presets(self) -> Mapping[str, Preset]:
        """Return the parameters of each preset."""
        presets: Mapping[str, Preset] = load_object(self.presets)
        return presets

    def make(
        self, preset: str | None = None, seed: int = 0, modality: str | None = None, features: str | None = None
    ) -> Any:
        """Return the unfitted system of a preset, by default the first, for one of its modalities.

        `modality` and `seed` are given to a class that has such parameters. `features` names one of its `sights`.

        Raises
        ------
        InputError : unknown preset, modality or features, or features of the face where only sound is heard
        """
        within("seed", seed, 0, 2**32 - 1)
        if seed != int(seed):
            raise InputError(f"seed must be a whole number, got {seed}")
        presets, kind = self.load_presets(), self.load()
        parameters = presets[one_of("preset", next(iter(presets)) if preset is None else preset, presets)]
        modality = one_of(
            f"modality of {self.name}", self.modalities[0] if modality is None else modality, self.modalities
        )
        own = {part.name for part in fields(kind) if part.init}
        common = {name: value for name, value in (("modality", modality), ("seed", seed)) if name in own}
        see = dict if features is None else self._find_sight(features, modality)
        return kind(**common | dict(see(parameters(modality))))

    def _find_sight(self, features: str, modality: str) -> Sight:
        sights: Mapping[str, Sight] = load_object(self.sights)
        if not sights:
            raise InputError(f"{self.name} sees the face in its own way: leave the features out")
        found = sights[one_of(f"features of {self.name}", features, sights)]
        if modality not in ("face", "both"):
            raise InputError(f"{features} are seen, and modality is {modality!r}: use face or both")
        return found

    def is_of(self, kind: type[Any]) -> bool:
        """Tell whether a class is that of this system."""
        return self.model in (kind, f"{kind.__module__}:{kind.__name__}")

    @property
    def published_split(self) -> PublishedSplit:
        """How the paper evaluated it; held-out speakers where that is not known."""
        return self.split or HELD_OUT_SPEAKERS

    def load_reproduction(self, what: str) -> Reproduction:
        """Return how a table or figure of the paper is measured again; raise `InputError` if there is none such."""
        known = self.reproductions
        paper = self.name.replace("_", "-")
        made: Reproduction = load_object(known[one_of(f"reproduction of {paper}", what, known)])()
        return made

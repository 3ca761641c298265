"""The tables and Figure 3 of the cross-modal paper: sound alone, enhancement, and other ways to join the senses.

Mansouri-Benssassi and Ye 2019, "Speech Emotion Recognition With Early Visual Cross-modal Enhancement Using Spiking
Neural Networks", IJCNN.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from emospike.features import Feature
from emospike.features.action_units import ActionUnits
from emospike.features.contours import Contours
from emospike.features.mel import Mel
from emospike.features.mfcc import MFCC
from emospike.networks.competitive import CompetitiveLayer
from emospike.systems.cross_modal.presets import default
from emospike.systems.cross_modal.trials import Material, make_enhancement_trial, make_hearing_trial, make_joining_trial
from emospike.systems.paper import Claim, Reproduction
from emospike.systems.pathways import Pathway

SOURCE = "Mansouri-Benssassi and Ye 2019 (IJCNN)"
COLUMNS = ("vote", "linear")

PAPERS, OURS = "paper's constants", "our constants"

LAYERS = {PAPERS: CompetitiveLayer.published(), OURS: CompetitiveLayer.default()}

FEATURES: Mapping[str, tuple[Feature, str]] = {"MFCC": (MFCC(), "level"), "mel": (Mel(bands=128, fmin=0.0), "on-off")}
"""The paper's features of sound, and our code of each: a spectrum is learnt better as above and below its mean."""

NOTES = (
    "the paper votes: each neuron stands for the class that it fired most for; linear is ridge regression on the same "
    "counts, so that what the neurons know is told apart from the vote",
    "the paper's constants are those of its text: every neuron inhibits all others and thresholds decay in 5 ms",
)
FACE_NOTES = (
    "no film is at hand: the face is its contours drawn from tracked points (Laplacian of Gaussian, 100 x 100, mean of "
    "8), or its action units, of recordings that are happy or sad; the paper has films and all emotions",
)


def read_sound(feature: str, constants: str, features: int = 60, size: int = 10) -> tuple[Pathway, ...]:
    """Return the path of a feature of sound to a layer."""
    taken, code = FEATURES[feature]
    layer = replace(LAYERS[constants], features=features)
    return (Pathway(taken, layer, code if constants == OURS else "level", size=size, stride=size),)


def read_face(kind: str, constants: str) -> tuple[Pathway, ...]:
    """Return the path of the face to a layer: as contours, or as action units."""
    layer = replace(LAYERS[constants], features=20 if constants == OURS else 60)
    if kind == "contours":
        layer = replace(layer, norm=0.2) if constants == OURS else layer  # few pixels are dark
        return (Pathway(ActionUnits(), layer, pictures=Contours(most=8)),)
    return (Pathway(ActionUnits(), layer, steps=100, fill="stretch"),)


def table1() -> Reproduction:
    """Table I: MFCC against the mel spectrogram, sound alone; and what STDP adds."""
    material = Material()
    ours = {f"MFCC, {OURS}": read_sound("MFCC", OURS), f"MFCC, mel and semitones, {OURS}": default("audio")["pathways"]}
    trials = [make_hearing_trial(Claim(f"MFCC, {PAPERS}", {"vote": 0.803}), read_sound("MFCC", PAPERS), material)]
    for what, pathways in ours.items():
        born = f"{what}, untrained"
        trials.append(make_hearing_trial(Claim(what, against=(born,)), pathways, material))
        trials.append(make_hearing_trial(Claim(born), pathways, material, passes=0))
    trials.append(make_hearing_trial(Claim(f"mel, {PAPERS}", {"vote": 0.451}), read_sound("mel", PAPERS), material))
    trials.append(make_hearing_trial(Claim(f"mel, {OURS}"), read_sound("mel", OURS), material))
    return Reproduction(
        "Sound alone: MFCC against mel spectrogram", f"{SOURCE}, Table I", tuple(trials), COLUMNS, notes=NOTES
    )


VISIONS = (("action units", OURS), ("contours", OURS), ("contours", PAPERS))
"""What the face is, and by whose constants."""


def table3() -> Reproduction:
    """Table III: enhancement of MFCC and of the mel spectrogram."""
    material, trials = Material(), []
    paper = {"MFCC": {"vote": 0.836}, "mel": {"vote": 0.544}}
    for kind, constants in VISIONS:
        for feature in FEATURES:
            claim = Claim(f"{feature}, {kind}, {constants}", paper[feature] if constants == PAPERS else {})
            pathways = read_sound(feature, constants) + read_face(kind, constants)
            trials.append(make_enhancement_trial(pathways, {"enhancement": claim}, material))
    title = "Sound enhanced by the face: MFCC against mel spectrogram"
    notes = (*NOTES, *FACE_NOTES)
    return Reproduction(title, f"{SOURCE}, Table III", tuple(trials), COLUMNS, modality="both", notes=notes)


APART = {
    "sound": "sound alone",
    "face": "face alone",
    "concatenation": "concatenated counts",
    "joint": "joint group",
    "convergence": "convergence",
}
"""Ways to decide by layers that do not hear each other."""

CONTROLS = {"off": "enhancement, face off at test", "other": "enhancement, another clip's face at test"}


def table5() -> Reproduction:
    """Table V: enhancement against a joint group; and the controls that the paper leaves out."""
    material, trials = Material(), []
    for kind, constants in VISIONS:
        after = f"; {kind}, {constants}"
        paper = {"enhancement": {"vote": 0.836}, "joint": {"vote": 0.813}} if constants == PAPERS else {}
        pathways = read_sound("MFCC", constants) + read_face(kind, constants)
        apart = {name: Claim(what + after, paper.get(name, {})) for name, what in APART.items()}
        trials.append(make_joining_trial(pathways, apart, material))
        against = tuple(APART[name] + after for name in ("sound", "face", "concatenation"))
        claims = {"enhancement": Claim("enhancement" + after, paper.get("enhancement", {}), against=against)}
        claims |= {name: Claim(what + after) for name, what in CONTROLS.items()}
        trials.append(make_enhancement_trial(pathways, claims, material))
    title = "Enhancement against other ways to join sound and face"
    notes = (*NOTES, *FACE_NOTES, "the controls decide by the readout that was trained with faces")
    return Reproduction(title, f"{SOURCE}, Table V", tuple(trials), COLUMNS, modality="both", notes=notes)


SIZES, COUNTS = (10, 20, 40), (20, 60, 120)
"""Steps of a window, and features at each position."""


def figure3() -> Reproduction:
    """Figure 3: accuracy against the size of windows and the number of features, MFCC."""
    material, trials = Material(), []
    for size in SIZES:
        for count in COUNTS:
            paper = {"vote": 0.803} if (size, count) == (10, 60) else {}
            claim = Claim(f"windows of {size}, {count} features", paper, {"window": size, "features": count})
            trials.append(make_hearing_trial(claim, read_sound("MFCC", OURS, count, size), material))
    notes = (NOTES[0], "windows do not overlap; the paper draws this figure without numbers, but for Table I")
    return Reproduction(
        "Windows and features, sound alone", f"{SOURCE}, Figure 3", tuple(trials), COLUMNS, figure="grid", notes=notes
    )

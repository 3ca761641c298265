"""Fingerprints: hashes of what every system learns, and what the shipped models decide, to see that a change of the
code changes neither.

    python scripts/fingerprints.py --write before.json     of the code as it is
    python scripts/fingerprints.py before.json             compare with it; tells what differs, and exits with 1
    python scripts/fingerprints.py before.json --only excube2

Every preset of every system is trained on made-up voices and faces (see `made_up_speech`), and the first preset of each
on a slice of RAVDESS too where EMOSPIKE_DATA is set. Floating point sums differ between processors: compare on one.
"""

from __future__ import annotations

import argparse
import hashlib
import json
import os
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import made_up
import numpy as np
from made_up_speech import Speech, smallest, with_faces

from emospike import store
from emospike.clip import Clip
from emospike.datasets import finer_labels, load, relabel
from emospike.systems import SYSTEMS
from emospike.systems.base import System

Prints = dict[str, Any]

NEEDS_EEG = {("eavs_tf", "eeg")}
TRAINED, TESTED = ("02", "05"), ("03",)
"""Actors of RAVDESS; of each, the first recordings."""


def digest_of(system: System, clips: Sequence[Clip]) -> Prints:
    """Return a hash of the arrays that a system has learnt, whatever they are called, and what it decides."""
    arrays, _ = system.state()
    told = (f"{one.dtype}{one.shape}".encode() + np.ascontiguousarray(one).tobytes() for one in arrays.values())
    parts = sorted(hashlib.blake2b(one, digest_size=16).hexdigest() for one in told)
    whole = hashlib.blake2b("".join(parts).encode(), digest_size=16).hexdigest()
    return {
        "learnt": whole,
        "arrays": len(parts),
        "classes": list(system.labels_),
        "threshold": system.threshold_,
        "probabilities": system.predict_proba(clips).tolist(),
    }


def made_up_prints(only: str | None, folder: Path) -> Iterator[tuple[str, Prints]]:
    """Yield the fingerprint of every preset, trained on made-up voices and faces."""
    heard, unheard = Speech(["high", "low"], [0, 1, 2, 3], takes=3), Speech(["high", "low"], [4, 5], takes=2)
    train, test = with_faces(heard, folder), with_faces(unheard, folder)
    for name in SYSTEMS:
        if only and only != name:
            continue
        kind = SYSTEMS.load(name)
        presets = [(preset, None) for preset in kind.presets() if (name, preset) not in NEEDS_EEG]
        presets += [(kind.presets()[0], "both")] if "both" in kind.modalities() else []
        for preset, modality in presets:
            system = smallest(kind, preset, modality).fit(*train)
            yield f"{name} {preset} {modality or kind.modalities()[0]}", digest_of(system, test.clips)


def real_prints(only: str | None, ravdess: Path) -> Iterator[tuple[str, Prints]]:
    """Yield the fingerprint of the first preset of every system, trained on a slice of RAVDESS."""
    for name in SYSTEMS:
        if only and only != name:
            continue
        kind = SYSTEMS.load(name)
        modality = kind.modalities()[0]
        data = relabel(load(ravdess, video=modality != "audio"), "arousal")
        data = data if modality == "audio" else data.select_modality(modality)
        train, test = (slice_of(data, actors) for actors in (TRAINED, TESTED))
        system = smallest(kind, kind.presets()[0])
        system.fit(train.clips(), train.labels.tolist(), train.speakers.tolist(), None, finer_labels(train))
        yield f"{name} on RAVDESS, {modality}", digest_of(system, test.clips())


def slice_of(data: Any, actors: Sequence[str]) -> Any:
    """Return the first recordings of some actors, each class alike."""
    rows = [
        np.flatnonzero((data.speakers == actor) & (data.labels == label))[:6]
        for actor in actors
        for label in data.classes
    ]
    return data.subset(np.sort(np.concatenate(rows)))


def shipped_prints(only: str | None, folder: Path) -> Iterator[tuple[str, Prints]]:
    """Yield what every shipped model decides on made-up recordings."""
    clips = fixed_clips(folder)
    for name in store.list_shipped_models():
        if only and not name.startswith(only):
            continue
        model = store.load(name)
        decisions = [model.decide(clip) for clip in clips]
        yield (
            f"model {name}",
            {
                "classes": list(model.labels_),
                "threshold": model.threshold_,
                "probabilities": [list(one.probabilities.values()) for one in decisions],
                "reasons": [one.reason for one in decisions],
                "shares": [list(one.share.values()) for one in decisions],
            },
        )


def fixed_clips(folder: Path) -> list[Clip]:
    """Return made-up voices, each with a face."""
    clips = []
    for seed, (pitch, liveliness) in enumerate([(190.0, 0.8), (110.0, 0.2), (230.0, 0.5)]):
        sound, face = folder / f"voice-{seed}.wav", folder / f"voice-{seed}.csv"
        made_up.write(sound, made_up.voice(2.0 + seed, pitch, liveliness, seed))
        made_up.write_drawn_face(face, 2.0 + seed, seed, smile=liveliness * 2 - 1, talk=liveliness)
        clips.append(Clip(sound, face=face))
    return clips


def every_print(only: str | None = None) -> Prints:
    """Return all fingerprints by name, told on stderr as they come."""
    found: Prints = {}
    ravdess = Path(os.environ.get("EMOSPIKE_DATA", "")) / "ravdess"
    with TemporaryDirectory() as folder:
        parts = [shipped_prints(only, Path(folder)), made_up_prints(only, Path(folder))]
        parts += [real_prints(only, ravdess)] if os.environ.get("EMOSPIKE_DATA") and ravdess.is_dir() else []
        for part in parts:
            for name, one in part:
                print(name, one.get("learnt", ""), file=sys.stderr)
                found[name] = one
    return found


def differences(before: Prints, after: Prints) -> Iterator[str]:
    """Yield a line for each fingerprint that is not as before."""
    for name in after:
        if name not in before:
            yield f"{name}: not there before"
        else:
            changed = [key for key in before[name] if before[name][key] != after[name].get(key)]
            if changed:
                yield f"{name}: other {', '.join(changed)}"


def main() -> int:
    """Write fingerprints, or compare with those that were written."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n\n")[0])
    parser.add_argument("file", type=Path, help="fingerprints, as JSON")
    parser.add_argument("--write", action="store_true", help="write them; else compare with the file")
    parser.add_argument("--only", help="one system, and its models")
    given = parser.parse_args()
    found = every_print(given.only)
    if given.write:
        given.file.write_text(json.dumps(found, indent=1) + "\n", encoding="utf-8")
        return 0
    lines = list(differences(json.loads(given.file.read_text(encoding="utf-8")), found))
    print("\n".join(lines) or f"{len(found)} fingerprints are as before")
    return int(bool(lines))


if __name__ == "__main__":
    sys.exit(main())

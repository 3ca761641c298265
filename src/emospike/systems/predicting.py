"""What every trained system says of many recordings at once."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, final

import numpy as np
from jaxtyping import Shaped

from emospike.clip import Clip
from emospike.clip.batch import Recordings, as_clips, map_clips, try_clips
from emospike.progress import Progress
from emospike.readout.score_centring import centre_by_speaker
from emospike.systems.deciding import DecidingSystem
from emospike.systems.estimator import Estimator
from emospike.systems.evidence import Answer, Answers, Part, Verdicts
from emospike.systems.perception import MODALITIES
from emospike.systems.training import Given
from emospike.systems.windows import is_long, join_answers, represent_windows
from emospike.validation import InputError, as_labels


class PredictingSystem(DecidingSystem, Estimator):
    """A trained system as far as it decides on many recordings (see `emospike.systems.base.System`)."""

    def represent_clip(self, clip: Clip) -> dict[str, Any]:
        """Return what the readout of every modality that can decide on a clip reads of it."""
        seen = self._perceive_whole(clip)
        return {own: self.represent(seen, MODALITIES[own]) for own in self.deciders_of(seen)}

    def represent_parts(self, clip: Clip) -> list[Part]:
        """Return what the readouts read of a recording, or of each of its windows if it is longer than `LONGEST`."""
        if not is_long(clip):
            return [Part(self.represent_clip(clip))]
        return represent_windows(clip, self.represent_clip, MODALITIES[self.modality])

    @final
    def predict_proba(
        self,
        clips: Recordings,
        speakers: Given | None = None,
        progress: Progress | None = None,
        modality: str | None = None,
    ) -> Answers:
        """Return calibrated probabilities, columns in the order of `classes_`; of one modality alone if asked for.

        `speakers` are used by a system that normalises speakers, and only to tell whose clip is whose. A clip is
        decided by what it has; one that shows nothing to decide on raises its `InputError`.
        """
        self._check_modality(modality)
        system = self if modality is None or modality == self.modality else self.by(modality)
        clips = as_clips(clips)
        self._check_speakers(clips, speakers)
        parts = map_clips(lambda _, clip: system.represent_parts(clip), clips, "answers", progress, spread=True)
        found = dict(enumerate(parts))
        out = np.full((len(clips), len(self.labels_)), np.nan)
        for decider in reversed(system.deciders):
            for row, (answer, _) in system._read_recordings(decider, found, speakers).items():
                out[row] = answer
        return out

    @final
    def predict(self, clips: Recordings, speakers: Given | None = None) -> Shaped[np.ndarray, " clips"]:
        """Return the most probable label of each clip, of `classes_`."""
        found: Shaped[np.ndarray, " clips"] = self.classes_[self.predict_proba(clips, speakers).argmax(axis=1)]
        return found

    @final
    def predict_by_modality(
        self, clips: Recordings, speakers: Given | None = None, progress: Progress | None = None
    ) -> Verdicts:
        """Return what every modality that can decide says of clips."""
        clips = as_clips(clips)
        self._check_speakers(clips, speakers)
        found, reasons = try_clips(self.represent_parts, clips, "answers", progress, spread=True)
        out = {decider: np.full((len(clips), len(self.labels_)), np.nan) for decider in self.deciders}
        novelty = np.zeros(len(clips), np.float32)
        for decider, probabilities in reversed(out.items()):
            for row, (answer, distance) in self._read_recordings(decider, found, speakers).items():
                probabilities[row], novelty[row] = answer, distance
        return Verdicts(out, reasons, novelty)

    def _read_recordings(
        self, decider: str, found: Mapping[int, Sequence[Part]], speakers: Given | None
    ) -> dict[int, tuple[Answer, float]]:
        """Return by row what a readout says of the recordings that it can decide on, and how strange they are.

        Windows of a long recording decide together, as in `decide_windows`.
        """
        parts = [(row, part) for row, own in found.items() for part in own if decider in part.read]
        if not parts:
            return {}
        rows, read = np.array([row for row, _ in parts]), [part.read[decider] for _, part in parts]
        answers = self._read_out(decider, read, rows.tolist(), speakers)
        who = None if speakers is None else np.asarray(speakers)[rows]
        novelty = self.readouts_[decider].measure_novelty(read, who)
        spoken = np.array([part.spoken or "audio" not in MODALITIES[decider] for _, part in parts])
        return join_answers(rows, answers, spoken, novelty)

    def _read_out(
        self, decider: str, represented: Sequence[Any], rows: Sequence[int], speakers: Given | None
    ) -> Answers:
        """Return what a readout says of these clips together, so that speakers can be normalised."""
        who = None if speakers is None else np.asarray(speakers)[list(rows)]
        if decider not in self.centring_:
            return self.readouts_[decider].probabilities(represented, who)
        readout, one = self.readouts_[decider], np.zeros(len(rows), int)
        scores = readout.scores(represented, who)
        centred = centre_by_speaker(self.centring_[decider], scores, one if who is None else who, self.seed)
        return readout.calibration_.probabilities(centred)

    def _check_speakers(self, clips: Sequence[Clip], speakers: Given | None) -> None:
        if speakers is not None and len(as_labels("speakers", speakers)) != len(clips):
            raise InputError(f"one speaker a clip expected, got {len(speakers)} for {len(clips)} clips")

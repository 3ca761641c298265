"""What the presets promise of what is read."""

import numpy as np
import pytest

from emospike.systems.excube2.model import EXCube2
from emospike.systems.excube2.presets import VOICE


def test_how_contours_are_distributed_gets_its_share(small, speech):
    system = small(EXCube2, "default").fit(*speech)
    scaler = system.readouts_["audio"].scaler
    ((first, last, share),) = scaler.shares
    assert (last - first, share) == (4 * 12 * 10, VOICE.share)
    vectors = [
        system.represent(one, ("audio",))
        for clip in speech.clips
        for seen in [system.perceive(clip)]
        for one in (seen, *system.perceive_copies(seen))
    ]
    scaled = scaler.transform(scaler.take_root(np.stack(vectors)))
    own = np.flatnonzero(scaler.kept_) >= first
    assert np.square(scaled[:, own]).sum() / np.square(scaled).sum() == pytest.approx(VOICE.share, abs=0.005)

"""Made-up speech and faces that every system learns from (see `made_up_speech`)."""

from collections.abc import Callable

import pytest
from made_up_speech import Speech, smallest, utterance, with_face, with_faces

from emospike.clip import Clip


@pytest.fixture(scope="session")
def faced(tmp_path_factory) -> Callable:
    """Show the face of who speaks, in a table beside each clip."""
    folder = tmp_path_factory.mktemp("faces")
    return lambda heard: with_face(heard, folder) if isinstance(heard, Clip) else with_faces(heard, folder)


@pytest.fixture(scope="session")
def speech() -> Speech:
    """Twenty-four training clips of two classes and four speakers."""
    return Speech(["high", "low"], [0, 1, 2, 3], takes=3)


@pytest.fixture(scope="session")
def unheard() -> Speech:
    """Eight clips of two other speakers."""
    return Speech(["high", "low"], [4, 5], takes=2)


@pytest.fixture(scope="session")
def shrill() -> Speech:
    """Eight clips of a class that was not trained."""
    return Speech(["shrill"], [0, 1], takes=4)


@pytest.fixture(scope="session")
def short() -> Clip:
    """Three tenths of a second."""
    return utterance("high", 0, 0, seconds=0.3)


@pytest.fixture(scope="session")
def small() -> Callable:
    """Make the system of a preset, with the smallest cube that there is."""
    return smallest

"""A server that runs in a thread, and a shipped model as pages are shown it."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any

import made_up
import numpy as np
import pytest

uvicorn = pytest.importorskip("uvicorn")
pytest.importorskip("websockets")
pytest.importorskip("python_multipart")

from emospike import store  # noqa: E402
from emospike.cli.page import describe_model  # noqa: E402
from emospike.cli.serve import LONGEST_MESSAGE, listen, make_recogniser  # noqa: E402
from emospike.server.rest import make_app  # noqa: E402

TOKEN = "a-token"


@contextmanager
def running(make: Callable[[int], Any]) -> Iterator[int]:
    """Run the application that is made for a port, and give that port."""
    with listen(0) as place:
        port = place.getsockname()[1]
        server = uvicorn.Server(uvicorn.Config(make(port), log_level="error", ws_max_size=LONGEST_MESSAGE))
        thread = threading.Thread(target=server.run, kwargs={"sockets": [place]})
        thread.start()
        while not server.started:
            time.sleep(0.01)
        try:
            yield port
        finally:
            server.should_exit = True
            thread.join()


@pytest.fixture(scope="session")
def serve(system):
    """Serve pages with a token; gives the port."""
    recognise = make_recogniser({"m": system}, None)

    def serve(routes):
        return running(lambda port: make_app(recognise, {"m": {}}, port, pages=routes, token=TOKEN))

    return serve


@pytest.fixture(scope="session")
def system():
    return store.load("excube2-arousal")


@pytest.fixture(scope="session")
def shown(system):
    return describe_model(system, "excube2-arousal", None)


@pytest.fixture(scope="session")
def seeing():
    """A shipped model of sound and face, as pages are shown it."""
    system = store.load("excube2-both")
    return describe_model(system, "excube2-both", None, blind="")


@pytest.fixture(scope="session")
def talk():
    """Two utterances at 16 kHz, and what follows."""
    pause = np.zeros(16_000, np.float32)
    return np.concatenate([pause, made_up.voice(1.2, 120.0), pause, made_up.voice(2.8, 220.0, seed=1), pause])

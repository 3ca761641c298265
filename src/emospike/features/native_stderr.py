"""Keeping the chatter of native libraries off the user's terminal."""

from __future__ import annotations

import os
import re
import sys
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_one_at_a_time = threading.RLock()


@contextmanager
def silence_native_stderr(chatter: re.Pattern[bytes]) -> Iterator[None]:
    """Keep lines that begin with `chatter` out of stderr while the block runs; all others appear after it.

    The lines are written by native code past `sys.stderr`, so the process's own stderr is turned aside: keep the
    block short.
    """
    with _one_at_a_time, tempfile.TemporaryFile() as aside:
        try:
            stderr = os.dup(2)
        except OSError:  # there is none
            yield
            return
        if sys.stderr is not None:
            sys.stderr.flush()
        os.dup2(aside.fileno(), 2)
        try:
            yield
        finally:
            os.dup2(stderr, 2)
            os.close(stderr)
            aside.seek(0)
            for line in aside:
                if not chatter.match(line):
                    os.write(2, line)

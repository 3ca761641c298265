"""Files of NIR, the representation that neuromorphic tools share, and what emospike's graphs tell beside it.

Source: Pedersen et al. 2024, Neuromorphic intermediate representation, Nature Communications 15, 8122.
"""

from __future__ import annotations

import json
from io import BytesIO
from pathlib import Path
from typing import Any

from emospike.files import write_atomically
from emospike.optional import import_optional
from emospike.validation import InputError, positive

KEY = "emospike"
"""Where the graph's metadata tell what NIR has no words for, as JSON."""


def import_nir() -> Any:
    """Return nir; raise `InputError` where it is not installed."""
    return import_optional("nir", "NIR needs a package", "nir")


def read_facts(graph: Any) -> dict[str, Any]:
    """Return what the metadata of a graph tell; raise `InputError` for a graph that emospike did not write."""
    try:
        facts = json.loads(graph.metadata[KEY])
        positive("seconds of a step", facts["dt"])
        return dict(facts)
    except (KeyError, TypeError, ValueError, AttributeError, RecursionError):
        raise InputError("this graph is no network that emospike exported: its metadata do not say so") from None


def write_graph(path: Path, graph: Any) -> Path:
    """Write a graph to a file, whole or not at all; return the path."""
    data = BytesIO()
    import_nir().write(data, graph)
    return write_atomically(path, data.getvalue())


def read_graph(path: Path) -> Any:
    """Return the graph in a file; raise `InputError` for a file that holds none."""
    nir = import_nir()
    try:
        return nir.read(path)
    except Exception as error:  # whatever a crafted file makes of HDF5
        reason = next(iter(str(error).splitlines()), type(error).__name__)
        raise InputError(f"{path} cannot be read as NIR: {reason}") from None

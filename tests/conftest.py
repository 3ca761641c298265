"""Fixtures shared by all tests; array shapes are checked at run time while they run."""

import os
import sys
from pathlib import Path

import pytest
from jaxtyping import install_import_hook

if sys.version_info >= (3, 11):  # the jaxtyping that Python 3.10 gets cannot wrap what numba compiles
    install_import_hook("emospike", "beartype.beartype(conf=beartype.BeartypeConf(is_pep484_tower=True))")


@pytest.fixture(scope="session")
def data_dir() -> Path:
    """The folder of real recordings: `EMOSPIKE_DATA`, or `../shared/data` beside the checkout."""
    folder = Path(os.environ.get("EMOSPIKE_DATA", Path(__file__).parents[2] / "shared" / "data"))
    if not (folder / "ravdess").is_dir():
        pytest.skip(f"no recordings in {folder}: set EMOSPIKE_DATA")
    return folder


@pytest.fixture(scope="session")
def ravdess(data_dir: Path) -> Path:
    """The RAVDESS folder of the real recordings."""
    return data_dir / "ravdess"

"""Data sets made up for the tests: empty files under meaningful names, and tables without files."""

from collections.abc import Callable, Sequence
from pathlib import Path

import pytest

from emospike.datasets import Dataset, Recording


@pytest.fixture
def touch(tmp_path: Path) -> Callable[..., Path]:
    """Make empty files under `tmp_path` and return it."""

    def make(*names: str) -> Path:
        for name in names:
            (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / name).touch()
        return tmp_path

    return make


@pytest.fixture
def table() -> Callable[..., Dataset]:
    """Make a data set from (speaker, label) rows."""

    def make(rows: Sequence[tuple[str | None, str]], name: str = "manifest") -> Dataset:
        return Dataset(
            name,
            tuple(Recording(Path(f"{i}.wav"), label, speaker, f"{i}") for i, (speaker, label) in enumerate(rows)),
        )

    return make

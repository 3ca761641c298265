"""Examples in the documentation run in a folder of their own, which holds the recordings that they name."""

from pathlib import Path

import made_up
import pytest

# they run in an environment of their own, with brian2
collect_ignore_glob = ["benchmarks/brian2_*.py", "src/emospike/exchange/brian2_reservoir.py"]


@pytest.fixture(autouse=True)
def beside_the_recordings(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Move to a folder of made-up recordings while a page's examples run."""
    if request.node.path.suffix == ".md":
        monkeypatch.chdir(made_up.examples(tmp_path))

"""The documentation: its site builds and asks the network for nothing, and what it shows is what the code does."""

import importlib
import json
import re
import shutil
import subprocess
import sys
from collections import Counter
from pathlib import Path

import fill_docs
import make_pictures
import pytest

from emospike.cli import app
from emospike.datasets import DATASETS
from emospike.encoding import ENCODERS
from emospike.evaluation.splitting import PROTOCOLS
from emospike.features import FEATURES
from emospike.readout import CLASSIFIERS
from emospike.readout.classifiers import ESTIMATORS
from emospike.readout.state_vectors import KINDS
from emospike.systems import SYSTEMS

ROOT = Path(__file__).parents[1]


@pytest.fixture(scope="module")
def site(tmp_path_factory):
    folder = tmp_path_factory.mktemp("site")
    command = [sys.executable, "-m", "mkdocs", "build", "--strict", "--quiet", "--site-dir", folder]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return folder


def test_the_site_loads_nothing_from_elsewhere(site):
    pages = list(site.rglob("*.html"))
    assert len(pages) > 12
    loaded = [
        address
        for page in pages
        for address in re.findall(r"<(?:script|img|iframe|link rel=.?stylesheet.?)[^>]*(?:src|href)=.?(\S+?)[\"'\s>]",
                                  page.read_text(encoding="utf-8"))
    ]  # fmt: skip
    assert len(loaded) > len(pages)
    assert [address for address in loaded if address.startswith(("http", "//"))] == []


@pytest.mark.parametrize("page", fill_docs.PAGES, ids=lambda page: page.stem)
def test_outputs_and_tables_are_up_to_date(page):
    written = page.read_text(encoding="utf-8")
    made = fill_docs.filled(written, fill_docs.load_results())
    assert fill_docs.comparable(written) == fill_docs.comparable(made), "run make pages"


def test_every_name_is_in_the_reference():
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    named = set(re.findall(r"`([\w.]+)`", text))
    registered = {*FEATURES, *ENCODERS, *CLASSIFIERS, *SYSTEMS, *DATASETS, *KINDS, *ESTIMATORS}
    assert registered - named == set()


def test_the_reference_names_what_is_there():
    text = (ROOT / "docs" / "api.md").read_text(encoding="utf-8")
    paths = re.findall(r"`(emospike[\w.]*)`", text)
    assert len(paths) > 30
    for path in paths:
        module, _, name = path.rpartition(".")
        try:
            importlib.import_module(path)
        except ModuleNotFoundError:
            assert hasattr(importlib.import_module(module), name), path


@pytest.mark.parametrize("page", ["CHANGELOG.md", "docs/api.md"])
def test_no_entry_stands_twice(page):
    """As merging leaves them."""
    lines = (ROOT / page).read_text(encoding="utf-8").splitlines()
    entries = [line for line in lines if line.startswith(("- ", "| `"))]
    assert len(entries) > 100
    assert [line for line, number in Counter(entries).items() if number > 1] == []


def test_the_prose_of_the_readme_is_wrapped():
    prose = re.sub(r"```.*?```", "", (ROOT / "README.md").read_text(encoding="utf-8"), flags=re.DOTALL)
    assert len(prose) > 5000
    assert [line for line in prose.splitlines() if len(line) > 120 and not line.startswith(("|", "!["))] == []


def test_every_command_and_protocol_is_explained():
    pages = " ".join(page.read_text(encoding="utf-8") for page in fill_docs.PAGES)
    commands = [command.callback.__name__ for command in app.registered_commands]
    assert [name for name in commands if f"emospike {name}" not in pages] == []
    assert [name for name in PROTOCOLS if f"`{name}`" not in pages] == []


def test_tables(tmp_path):
    result = {"system": "a", "preset": "p", "labels": "arousal", "normalise": "none", "protocol": "random"}
    result |= {"modality": "audio"}
    result |= {"ci95": [0.5, 0.7], "accuracy": 0.6, "balanced_accuracy": 0.55, "majority": 0.5, "clips": 3}
    result |= {"at_coverage": {"accuracy": 0.65}, "speakers": ["x"], "recall": {"low": 0.25}, "predictions": [1]}
    (tmp_path / "a.json").write_text(json.dumps(result))
    fill_docs.drop_predictions(tmp_path)
    (found,) = fill_docs.load_results(tmp_path)
    assert "predictions" not in found
    page = "<!-- recalls labels=arousal -->\nold\n<!-- /recalls -->"
    assert "| `a` p | sound | arousal | kept | random | low 0.25 |\n<!-- /recalls -->" in fill_docs.filled(
        page, [found]
    )
    assert fill_docs.NONE_YET in fill_docs.filled(page, [])
    assert fill_docs.NONE_YET in fill_docs.filled(page.replace("=arousal", "=emotion"), [found])


def test_evaluations_without_a_picture_are_drawn(tmp_path):
    shutil.copy(fill_docs.RESULTS / "excube2-emotion.json", tmp_path)
    make_pictures.draw_results(tmp_path)
    picture = tmp_path / "excube2-emotion.png"
    assert picture.read_bytes()[:4] == b"\x89PNG"
    picture.write_bytes(b"kept")
    make_pictures.draw_results(tmp_path)
    assert picture.read_bytes() == b"kept"


def test_tables_of_reproductions(tmp_path, monkeypatch):
    cell = {"accuracy": 0.5, "balanced_accuracy": 0.45, "majority": 0.25, "ci95": [0.4, 0.6], "right": "01"}
    row = {"what": "MFCC", "paper": {"vote": 0.8}, "found": {"vote": {"random": cell, "speaker-folds": cell}}}
    row |= {"gain": {"mel": {"vote": {"points": 3.0, "ci95": [1.0, 5.0]}}}}
    result = {"protocols": ["random", "speaker-folds"], "columns": ["vote", "linear"], "rows": [row]}
    result |= {"settings": {"clips": 2, "speakers": ["x"], "seed": 0}, "complete": False}
    (tmp_path / "t.json").write_text(json.dumps(result))
    monkeypatch.setattr(fill_docs, "RESULTS", tmp_path)
    fill_docs.drop_predictions(tmp_path)
    assert "right" not in (tmp_path / "t.json").read_text()
    page = "<!-- reproduction file=t -->\nold\n<!-- /reproduction -->"
    made = fill_docs.filled(page, [])
    assert "| MFCC | vote | 0.800 | 0.500 | **0.500** (0.400 to 0.600) | 0.450 | 0.250 |" in made
    assert "| MFCC | mel | vote | +3.0 (+1.0 to +5.0) |" in made
    assert "Not all rows of it are measured yet." in made
    assert fill_docs.NONE_YET in fill_docs.filled(page.replace("file=t", "file=u"), [])


def test_numbers_that_a_command_prints_may_change_and_nothing_else():
    page = "a 1\n```console\n$ emospike systems\nx 0.5\n```\n"
    assert fill_docs.comparable(page) == fill_docs.comparable(page.replace("0.5", "0.25"))
    assert fill_docs.comparable(page) != fill_docs.comparable(page.replace("x", "y"))
    assert fill_docs.comparable(page) != fill_docs.comparable(page.replace("a 1", "a 2"))

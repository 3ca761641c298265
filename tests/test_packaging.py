"""What is said of the package in several places agrees."""

import re
import sys
from pathlib import Path

import pytest

import emospike

ROOT = Path(__file__).parents[1]
CONDA = {"soundfile": "pysoundfile", "soxr": "soxr-python", "matplotlib": "matplotlib-base"}
"""Packages that conda-forge calls otherwise."""

pytestmark = pytest.mark.skipif(sys.version_info < (3, 11), reason="Python 3.10 reads no TOML")


@pytest.fixture
def project():
    import tomllib

    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def test_the_recipe_for_conda_needs_what_the_package_needs(project):
    recipe = (ROOT / "packaging" / "conda" / "meta.yaml").read_text(encoding="utf-8")
    run = recipe[recipe.index("  run:") : recipe.index("\ntest:")]
    found = dict(re.findall(r"^    - (\S+) (>=\S+)$", run, re.M))
    assert found.pop("python") == project["requires-python"]
    wanted = dict(re.fullmatch(r"([\w-]+)(>=.*)", one).groups() for one in project["dependencies"])
    assert found == {CONDA.get(name, name): version for name, version in wanted.items()}
    assert f"license: {project['license']}" in recipe


def test_the_version_is_the_same_everywhere():
    recipe = (ROOT / "packaging" / "conda" / "meta.yaml").read_text(encoding="utf-8")
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert f'{{% set version = "{emospike.__version__}" %}}' in recipe
    assert f"\nversion: {emospike.__version__}\n" in citation


def test_every_optional_part_is_told_of(project):
    page = (ROOT / "docs" / "installing.md").read_text(encoding="utf-8")
    for part in set(project["optional-dependencies"]) - {"all", "dev"}:
        assert f"`{part}`" in page, part

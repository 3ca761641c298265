"""The laws of the layout that linters do not know: private names, classes of systems, one name for one thing."""

import ast
import functools
import inspect
from collections import defaultdict
from pathlib import Path

import pytest

import emospike
from emospike.systems import SYSTEMS
from emospike.systems.base import System

ROOT = Path(emospike.__file__).parent
HOOKS = {"_fit", "represent", "_panels", "_operations"}
FINAL = {
    "fit", "predict_proba", "predict", "predict_by_modality", "decide", "explain", "adapt", "operations",
}  # fmt: skip


@functools.cache
def modules() -> dict[str, ast.Module]:
    """Every module of the package, by its dotted name, parsed."""
    found = {}
    for path in sorted(ROOT.rglob("*.py")):
        parts = path.relative_to(ROOT.parent).with_suffix("").parts
        name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
        found[name] = ast.parse(path.read_text(encoding="utf-8"))
    return found


def room_of(module: str) -> str:
    """The room of a module: a folder of the package, or of `emospike.systems`."""
    parts = module.split(".")
    return ".".join(parts[:3] if parts[1:2] == ["systems"] and len(parts) > 3 else parts[:2])


def imports_of(tree: ast.Module) -> list[tuple[str, str]]:
    """What a module imports: (module, name), wherever in it."""
    found = []
    for node in ast.walk(tree):
        if isinstance(node, ast.ImportFrom):
            found += [(node.module or "", alias.name) for alias in node.names]
        elif isinstance(node, ast.Import):
            found += [(alias.name, "") for alias in node.names]
    return [(module, name) for module, name in found if module.startswith("emospike")]


def test_nobody_imports_what_is_private_in_another_room():
    def private(name: str) -> bool:
        return any(part.startswith("_") and not part.startswith("__") for part in name.split("."))

    offences = [
        f"{importer}: {module}.{name}"
        for importer, tree in modules().items()
        for module, name in imports_of(tree)
        if private(f"{module}.{name}") and room_of(importer) != room_of(module)
    ]
    assert offences == []


def test_whoever_measures_or_serves_systems_knows_none_of_them():
    folders = {f"emospike.systems.{name}" for name in SYSTEMS if (ROOT / "systems" / name).is_dir()}
    assert len(folders) == 6
    offences = [
        f"{importer}: {module}"
        for importer, tree in modules().items()
        for module, name in imports_of(tree)
        if not any(importer.startswith(folder) for folder in folders)
        and any(f"{module}.{name}".startswith(f"{folder}.") for folder in folders)
    ]
    assert offences == []


@pytest.mark.parametrize("room", ["evaluation", "cli"])
def test_abilities_are_asked_for_and_never_a_class(room):
    bases = {one.__name__ for info in SYSTEMS.values() for one in info.load().__mro__ if one is not object}
    offences = [
        f"{name}: {ast.unparse(node)}"
        for name, tree in modules().items()
        if name.startswith(f"emospike.{room}")
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id in ("isinstance", "issubclass")
        and bases & {part.id for part in ast.walk(node.args[1]) if isinstance(part, ast.Name)}
    ]
    assert offences == []


def test_a_class_name_stands_for_one_thing():
    where = defaultdict(list)
    for module, tree in modules().items():
        for node in ast.walk(tree):
            if isinstance(node, ast.ClassDef):
                where[node.name].append(module)
    assert {name: found for name, found in where.items() if len(found) > 1} == {}


@pytest.mark.parametrize("name", list(SYSTEMS))
def test_a_system_fills_in_hooks_and_leaves_the_verbs_alone(name):
    kind = SYSTEMS.load(name)
    between = kind.__mro__[1 : kind.__mro__.index(System)]
    assert len(between) <= 1, f"{name} lies {len(between) + 1} below System"
    for verb in FINAL:
        assert getattr(kind, verb) is getattr(System, verb), f"{name} writes {verb} of System again"
    for hook in HOOKS:
        assert not inspect.isabstract(kind) and getattr(kind, hook) is not getattr(System, hook)


def test_no_table_names_every_system():
    """A new system is a folder: no module outside the folders lists those that there are."""
    folders = {name for name in SYSTEMS if (ROOT / "systems" / name).is_dir()}
    for module, tree in modules().items():
        if any(module.startswith(f"emospike.systems.{folder}") for folder in folders):
            continue
        said = {node.value for node in ast.walk(tree) if isinstance(node, ast.Constant) and isinstance(node.value, str)}
        assert len(said & folders) <= 1, f"{module} names {sorted(said & folders)}"


def test_calibration_and_occlusion_are_written_once():
    """One module fits temperatures and biases, one compares log-odds with and without a part."""

    def whoever(says: str) -> set[str]:
        return {name for name, tree in modules().items() if says in ast.unparse(tree)}

    assert whoever("self.temperature_, self.bias_ = ") == {"emospike.readout.calibration"}
    assert whoever("def attribute(") == whoever("def log_odds(probabilities") == {"emospike.explain.attribution"}


def test_no_module_grows_beyond_what_is_read_at_once():
    lengths = {path.name: len(path.read_text(encoding="utf-8").splitlines()) for path in ROOT.rglob("*.py")}
    assert {name: lines for name, lines in lengths.items() if lines >= 400} == {}

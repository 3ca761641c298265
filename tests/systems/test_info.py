"""Systems are found: those of the folders here, and those of packages that are installed beside emospike."""

import re
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from emospike import store
from emospike.cli.about import systems
from emospike.datasets import Dataset, Recording
from emospike.evaluation.reproduce import find_reproduction, reproduce
from emospike.series import Channel, Series
from emospike.systems import SYSTEMS
from emospike.systems.info import SystemInfo
from emospike.validation import InputError

BLOCK = re.compile(r"```python\n# timbre/(\w+\.py)\n(.*?)```", re.S)


@pytest.fixture
def search(monkeypatch, tmp_path):
    """Search for systems afresh, in a folder too."""
    monkeypatch.syspath_prepend(str(tmp_path))
    monkeypatch.delitem(vars(SYSTEMS), "_found", raising=False)
    yield tmp_path
    for name in [name for name in sys.modules if name.split(".")[0] in ("timbre", "broken")]:
        del sys.modules[name]


def offer(folder: Path, package: str, **entries: str) -> None:
    """Install a package that offers systems."""
    info = folder / f"{package}-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1.0\n")
    lines = [f"{name} = {where}" for name, where in entries.items()]
    (info / "entry_points.txt").write_text("\n".join(["[emospike.systems]", *lines, ""]))


@pytest.fixture
def timbre(search):
    """The system that CONTRIBUTING shows, in a package of its own."""
    (search / "timbre").mkdir()
    files = BLOCK.findall((Path(__file__).parents[2] / "CONTRIBUTING.md").read_text(encoding="utf-8"))
    assert [name for name, _ in files] == ["__init__.py", "model.py", "panels.py", "cost.py", "paper.py"]
    for name, text in files:
        (search / "timbre" / name).write_text(text)
    offer(search, "timbre", timbre="timbre:SYSTEM")


def test_systems_stand_in_their_order():
    papers = ["excube2", "cross_modal", "synch_graph", "eavs_tf", "spiking_emotions", "baseline"]
    assert [name for name in SYSTEMS if name in papers] == papers
    for name, info in SYSTEMS.items():
        assert info.name == name
        assert SYSTEMS.info_of(info.load()) is info


def test_systems_are_found_where_the_backport_of_entry_points_was_imported_first(timbre):
    pytest.importorskip("importlib_metadata")  # whose finder then replaces that of the standard library
    assert "timbre" in SYSTEMS


def test_finding_systems_imports_nothing_heavy():
    code = "import sys; from emospike.systems import SYSTEMS; list(SYSTEMS); assert 'numpy' not in sys.modules"
    subprocess.run([sys.executable, "-c", code], check=True)


def test_one_of_another_package_is_found_trained_saved_and_loaded(timbre, speech, unheard, tmp_path, capsys):
    systems()
    listed = capsys.readouterr().out
    assert re.search(r"baseline .*\ntimbre +default, fine +Cepstrum -> step-forward spikes", listed)
    model = SYSTEMS["timbre"].make("fine").fit(*speech)
    path = store.save(model, tmp_path / "timbre.safetensors")
    loaded = store.load(path)
    assert type(loaded).__name__ == "Timbre"
    np.testing.assert_array_equal(loaded.predict_proba(unheard.clips), model.predict_proba(unheard.clips))
    assert np.mean(np.array(loaded.predict(unheard.clips)) == unheard.labels) > 0.8
    clip = unheard.clips[0]
    explained = loaded.explain(clip)
    assert [panel.name for panel in explained.panels if panel.name == "raster"] == ["raster"]
    assert len(explained.attributions["moments"]) > 1
    costs = loaded.operations(clip)
    assert 0 < costs.synaptic_operations < costs.twin_macs


def test_its_table_is_reproduced(timbre, speech, tmp_path):
    import soundfile

    recordings = []
    for clip, label, speaker in zip(*speech, strict=True):
        soundfile.write(tmp_path / clip.name, clip.sound, 16_000)
        recordings.append(Recording(tmp_path / clip.name, label, speaker, clip.name))
    table = find_reproduction("timbre", "table1")
    found = reproduce(table, Dataset("manifest", tuple(recordings)))
    assert [row["paper"] for row in found["rows"]] == [{"mean": 0.7}, {"mean": 0.6}]
    assert found["rows"][0]["found"]["mean"]["speaker-folds"]["accuracy"] > 0.8


@pytest.mark.parametrize(
    ("entry", "said"),
    [
        ("no_such_module:SYSTEM", "system 'other' of package broken is left out: No module named 'no_such_module'"),
        ("fractions:Fraction", "a SystemInfo expected at fractions:Fraction, got "),
        ("emospike.systems.excube2:SYSTEM", None),
        ("broken:SYSTEM", "system 'other' of package broken is left out: the name 'baseline' is taken, choose another"),
    ],
)
def test_one_that_cannot_be_had_does_not_stop_the_others(search, recwarn, entry, said):
    (search / "broken.py").write_text(
        "from emospike.systems.info import SystemInfo\nSYSTEM = SystemInfo('baseline', 'a:B', 'x', {})\n"
    )
    offer(search, "broken", other=entry)
    assert SYSTEMS.load("baseline").__name__ == "Baseline"
    warned = [str(warning.message) for warning in recwarn]
    assert len(warned) == (said is not None)
    for one in warned:
        assert said in one
        assert "\n" not in one


def test_what_is_unknown_is_refused():
    with pytest.raises(InputError, match="unknown system 'excube': did you mean 'excube2'"):
        SYSTEMS.load("excube")
    with pytest.raises(InputError, match=r"builtins:dict is of no system: give it a SystemInfo"):
        SYSTEMS.name_of(dict)
    with pytest.raises(InputError, match="unknown modality of spiking_emotions 'audio': known are face"):
        SYSTEMS["spiking_emotions"].make(modality="audio")
    with pytest.raises(InputError, match="unknown preset 'defualt': did you mean 'default'"):
        SYSTEMS["spiking_emotions"].make("defualt")


def test_seed_and_modality_reach_a_class_that_has_them():
    assert (SYSTEMS["excube2"].make(seed=3, modality="face").seed, SYSTEMS["eavs_tf"].make().modality) == (3, "audio")
    plain = SystemInfo("plain", dict, "Nothing", {})
    assert plain.published_split.says.startswith("as in the eXCube2 paper")
    assert not plain.is_of(list)


# What the face is seen by


@pytest.mark.parametrize("name", ["excube2", "baseline"])
@pytest.mark.parametrize("modality", ["face", "both"])
def test_every_preset_can_see_blendshapes(name, modality):
    info = SYSTEMS[name]
    for preset in info.load_presets():
        plain, units, shapes = (
            info.make(preset, 0, modality, features) for features in (None, "action_units", "blendshapes")
        )
        assert units == plain
        seen = {type(feature).__name__ for feature in shapes.features if feature.modality == "face"}
        assert seen == {"Blendshapes"}
        heard = [feature for feature in plain.features if feature.modality == "audio"]
        assert [feature for feature in shapes.features if feature.modality == "audio"] == heard


def test_scores_of_a_fifth_give_as_many_spikes():
    units, shapes = (SYSTEMS["excube2"].make("default", 0, "face", name) for name in (None, "blendshapes"))
    values = np.cumsum(np.random.default_rng(0).normal(0, 0.1, (300, 1)), axis=0).clip(0, 5).astype(np.float32)
    for unit, shape in zip(units.encoders, shapes.encoders, strict=True):
        own = unit.encode(Series(values, 100.0, (Channel("a", "face"),)))
        fifth = shape.encode(Series(values / 5, 100.0, (Channel("a", "face"),)))
        assert len(fifth) == pytest.approx(len(own), abs=2)
        assert len(own) > 20


@pytest.mark.parametrize(
    ("name", "modality", "features", "why"),
    [
        ("excube2", "audio", "blendshapes", "blendshapes are seen, and modality is 'audio': use face or both"),
        ("excube2", "face", "gaze", "unknown features of excube2 'gaze'"),
        ("spiking_emotions", "face", "blendshapes", "spiking_emotions sees the face in its own way"),
    ],
)
def test_wrong_features(name, modality, features, why):
    with pytest.raises(InputError, match=why) as caught:
        SYSTEMS[name].make(None, 0, modality, features)
    assert "\n" not in str(caught.value)

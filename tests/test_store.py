"""Model files, on a system that is as small as the contract allows."""

import json
from dataclasses import dataclass, field
from typing import Any

import numpy as np
import pytest
from safetensors.numpy import save_file

from emospike import store
from emospike.brain.wiring import InputWiring, SmallWorld
from emospike.encoding.levels import Levels
from emospike.encoding.step_forward import StepForward
from emospike.features.blendshapes import Blendshapes
from emospike.features.mel import Mel
from emospike.networks.reservoir import Reservoir
from emospike.systems import SYSTEMS
from emospike.systems.base import System
from emospike.systems.info import SystemInfo
from emospike.validation import InputError


@dataclass
class Coin(System):
    """Has nothing but what is stored of a system."""

    steps: tuple[Any, ...] = ()
    options: dict[str, Any] = field(default_factory=dict)
    seed: int = 0

    _fit = represent = _panels = _operations = None

    def toss(self, *labels):
        """Train it."""
        self.labels_, self.threshold_ = tuple(sorted(labels)), 0.5
        self.odds_ = np.random.default_rng(self.seed).dirichlet(np.ones(len(labels)))
        return self

    def state(self):
        arrays = {"odds": self.odds_, "scalar": np.array(2.5), "columns": np.arange(6).reshape(2, 3).T}
        arrays |= {store.MAY_LACK: NAN}
        return arrays, {"names": ("a", "b"), "count": np.int64(3)}

    def restore(self, arrays, facts):
        self.odds_, self.restored = arrays["odds"], (dict(arrays), facts)
        return self


NAN = np.array([np.nan, np.inf, -0.0], np.float32)


@pytest.fixture(autouse=True)
def registered(monkeypatch):
    monkeypatch.setitem(SYSTEMS, "coin", SystemInfo("coin", Coin, "A coin", {"default": lambda modality: {}}))


@pytest.fixture
def coin():
    steps = (
        Mel(bands=64),
        Levels.of(StepForward, (0.5, 1.0)),
        InputWiring(length=np.inf),
        SmallWorld.neucube_py(),
        Reservoir.neucube_py(),
    )
    system = Coin(steps, {"deep": {"er": (1, 2.5, None, "naïve")}, "step": True}, seed=np.int64(4))
    return system.toss("heads", "tails")


@pytest.fixture
def path(coin, tmp_path):
    return store.save(coin, tmp_path / "coin.safetensors")


def rewrite(path, arrays=None, **header):
    """Write the file again with other arrays, or other entries in its header (None takes one out)."""
    old, facts = store.read(path)
    kept = {name: value for name, value in (facts | header).items() if value is not None}
    save_file(old if arrays is None else arrays, path, metadata={store.HEADER: json.dumps(kept)})
    return path


# -- there and back --------------------------------------------------------------------------------------------


def test_parameters_and_state_come_back(coin, path):
    coin.card = {"licence": "CC BY 4.0", "accuracy": 0.8}
    loaded = store.load(store.save(coin, path))
    assert isinstance(loaded, Coin)
    assert loaded.get_params(deep=False) == coin.get_params(deep=False)
    assert loaded.get_params(deep=False)["steps"][4].stdp == Reservoir.neucube_py().stdp
    assert (loaded.labels_, loaded.threshold_, loaded.card) == (("heads", "tails"), 0.5, coin.card)
    np.testing.assert_array_equal(loaded.odds_, coin.odds_)


def test_arrays_keep_their_bits_type_and_shape(coin, path):
    arrays, facts = store.load(path).restored
    expected, _ = coin.state()
    for name, array in expected.items():
        assert (arrays[name].dtype, arrays[name].shape) == (array.dtype, array.shape)
        assert arrays[name].tobytes() == array.tobytes()
    assert facts == {"classes": ("heads", "tails"), "threshold": 0.5, "names": ("a", "b"), "count": 3}


@pytest.mark.parametrize("system", [name for name in SYSTEMS if name != "coin"])
def test_every_preset_can_be_stored(system):
    info = SYSTEMS[system]
    steps = store.gather_steps(info)
    for preset in info.load_presets():
        parameters = info.make(preset, seed=7).get_params(deep=False)
        plain = {name: store.to_plain(value, steps) for name, value in parameters.items()}
        back = {name: store.from_plain(value, steps) for name, value in json.loads(json.dumps(plain)).items()}
        assert {name: store.to_plain(value, steps) for name, value in back.items()} == plain
        assert {name: type(value) for name, value in back.items()} == {n: type(v) for n, v in parameters.items()}


def test_an_interrupted_write_leaves_the_old_model_whole(coin, path, monkeypatch):
    def fail(*args):
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr("pathlib.Path.replace", fail)
        with pytest.raises(InputError, match=r"cannot write .*: No space left on device"):
            store.save(Coin(seed=9).toss("x", "y"), path)
    assert store.load(path).labels_ == ("heads", "tails")
    assert list(path.parent.iterdir()) == [path]


def test_what_is_not_trained_or_not_known_is_not_saved(tmp_path):
    with pytest.raises(InputError, match="this coin is not: fit it first"):
        store.save(Coin(), tmp_path / "a.safetensors")

    @dataclass
    class Stranger:
        size: int = 3

    with pytest.raises(InputError, match=r"Stranger is not a registered step: add a line"):
        store.save(Coin((Stranger(),)).toss("x"), tmp_path / "a.safetensors")
    assert list(tmp_path.iterdir()) == []


def test_names_of_an_older_emospike_are_read(path, monkeypatch):
    """A step, a parameter of a step, and a parameter of the system were called otherwise."""
    monkeypatch.setattr(store, "ALIASES", {"feature/melody": "feature/mel", "lanes": "bands", "parts": "steps"})
    stored = {"parts": [{"step": "feature/melody", "with": {"lanes": 32}}]}
    assert store.load(rewrite(path, parameters=stored)).steps == (Mel(bands=32),)
    monkeypatch.setattr(store, "ALIASES", {"bands": "lanes", **store.ALIASES})  # what a class still knows, stays
    assert store.load(rewrite(path, parameters=stored)).steps == (Mel(bands=32),)


def test_a_step_that_another_system_has_is_refused(path):
    pathway = {"step": "system/pathway", "with": {}}
    with pytest.raises(InputError, match="unknown step 'system/pathway'"):
        store.load(rewrite(path, parameters={"steps": [pathway]}))


# -- finding ---------------------------------------------------------------------------------------------------


def test_shipped_models_are_found_by_name(path, monkeypatch):
    monkeypatch.setattr(store, "SHIPPED", path.parent)
    assert store.list_shipped_models() == ["coin"]
    assert store.locate("coin") == path
    assert store.load("coin").labels_ == ("heads", "tails")
    assert store.locate(str(path)) == path
    for unknown in ("con", "../coin", str(path.parent / "con")):
        with pytest.raises(InputError, match=r"no model '.*': give a file, or one of coin"):
            store.load(unknown)


# -- licences --------------------------------------------------------------------------------------------------


def test_the_environment_may_ask_for_models_that_are_free_for_commercial_use(coin, tmp_path, monkeypatch):
    monkeypatch.setenv("EMOSPIKE_LICENCE", "commercial")
    for data, allowed in (("cremad", True), ("manifest", True), ("cremad+ravdess", False)):
        coin.card = {"data": data}
        path = store.save(coin, tmp_path / "model.safetensors")
        assert store.read_card(path) == coin.card
        if allowed:
            assert store.load(path).labels_ == ("heads", "tails")
        else:
            with pytest.raises(InputError, match=r"model is not free for commercial use, .* ravdess: CC BY-NC-SA"):
                store.load(path)


# -- files that are no models ----------------------------------------------------------------------------------


def test_other_files_are_refused(tmp_path):
    for name, data in (
        ("empty", b""),
        ("text", b"Dear all"),
        ("pickle", b"\x80\x04cos\nsystem\n"),
        ("zeros", bytes(99)),
    ):
        (tmp_path / name).write_bytes(data)
        with pytest.raises(
            InputError, match=f"{name} is not a model file of emospike, or it is damaged: train it again"
        ):
            store.load(tmp_path / name)
    save_file({"w": np.zeros(3)}, tmp_path / "other.safetensors")
    with pytest.raises(InputError, match="has model format None, this emospike reads format 1"):
        store.load(tmp_path / "other.safetensors")


def test_a_later_format_is_refused(path):
    with pytest.raises(InputError, match="has model format 2, this emospike reads format 1"):
        store.load(rewrite(path, format=2))


@pytest.mark.parametrize(
    "header",
    [
        {"system": None},
        {"system": "coins"},
        {"system": "os:system"},
        {"parameters": None},
        {"parameters": "{"},
        {"parameters": [1]},
        {"parameters": {"sides": 3}},
        {"parameters": {"steps": {"step": "feature/mel", "with": {"bands": -1}}}},
        {"parameters": {"steps": {"step": "feature/mel", "with": {"command": "ls"}}}},
        {"parameters": {"steps": {"step": "feature/mel", "with": [1]}}},
        {"parameters": {"steps": {"step": "feature/mel"}}},
        {"parameters": {"steps": {"step": "os:system", "with": {"command": "ls"}}}},
        {"parameters": {"steps": {"step": ["feature/mel"], "with": {}}}},
        {"parameters": {"steps": {"neither": 1}}},
        {"facts": None},
        {"facts": []},
        {"facts": {"mapping": {"classes": ["a"]}}},
        {"facts": {"mapping": {"classes": ["a"], "threshold": "high"}}},
        {"card": "none"},
    ],
    ids=str,
)
def test_a_header_that_makes_no_sense_is_refused(path, header):
    with pytest.raises(InputError, match=r"coin\.safetensors is no usable emospike model: .+") as caught:
        store.load(rewrite(path, **header))
    assert "\n" not in str(caught.value)


def test_a_card_that_makes_no_sense_is_refused(path):
    for card in ("none", None):
        with pytest.raises(InputError, match=r"coin\.safetensors is no usable emospike model: .+"):
            store.read_card(rewrite(path, card=card))


def test_missing_arrays_are_refused(path):
    with pytest.raises(InputError, match=r"coin\.safetensors is no usable emospike model: 'odds'"):
        store.load(rewrite(path, {"other": np.zeros(3)}))


def test_a_file_of_this_machine_is_neither_stored_nor_read(coin, tmp_path):
    coin.set_params(steps=(Blendshapes(stride=3, model="/somewhere/face.task"),))
    path = store.save(coin, tmp_path / "a.safetensors")
    assert b"face.task" not in path.read_bytes()
    assert store.load(path).steps == (Blendshapes(stride=3),)
    hostile = {"step": "feature/blendshapes", "with": {"stride": 3, "model": "/etc/passwd"}}
    assert store.load(rewrite(path, parameters={"steps": [hostile]})).steps == (Blendshapes(stride=3),)


def test_what_was_not_measured_is_null_in_a_card(coin, path):
    coin.card = {"measured": {"accuracy": float("nan")}}
    assert store.read_card(store.save(coin, path)) == {"measured": {"accuracy": None}}


@pytest.mark.parametrize(
    "card", [{"data": 3}, {"adapted": 1}, {"adapted": [1]}, {"adapted": [{"data": []}]}, {"speakers": "anna"}], ids=str
)
def test_a_card_with_fields_of_other_kinds_is_refused(path, card):
    for read in (store.read_card, store.load):
        with pytest.raises(InputError, match=r"coin\.safetensors is no usable emospike model: .+"):
            read(rewrite(path, card=card))


def test_numbers_that_are_none_are_refused(coin, path):
    with pytest.raises(InputError, match="odds holds NaN or infinite values"):
        store.load(rewrite(path, {"odds": np.array([np.nan, 1.0])}))


def test_a_header_that_is_too_large_or_too_deep_is_refused(path, monkeypatch):
    deep = 1
    for _ in range(store.DEEPEST + 1):
        deep = [deep]
    for card in ({"a": deep}, {"a": "x" * store.MOST_BYTES}):
        with pytest.raises(InputError, match="is not a model file of emospike, or it is damaged"):
            store.read_card(rewrite(path, card=card))

"""Model files from strangers: each is refused in one line, or decides as a model does; for every system."""

import json

import numpy as np
import pytest
from fuzzing.mutations import read_model, write_model
from made_up_speech import speaking

from emospike import store
from emospike.decision import Decision
from emospike.files import format_json
from emospike.systems import SYSTEMS
from emospike.validation import InputError

ANY_LENGTH = ("classifier.memory", "classifier.pipeline", "classifier.bolder")
"""Ends of names of arrays that may be of other lengths: clips that are remembered, bytes, and what may be none."""

MOST_ARRAYS = 16
"""Of a model; deep networks have ten times as many, most of them alike. `make fuzz` changes them all."""

ODD = (-1, 0, 10**9, 2**70, 1e308, float("inf"), "x", "", None, True, [], [1], {"mapping": {}})
"""What is put in the place of parameters and facts."""


@pytest.fixture(scope="module", params=list(SYSTEMS))
def stored(request, speech, faced, small, tmp_path_factory) -> bytes:
    """The file of a small trained model, of both modalities where there are two."""
    kind, info = SYSTEMS.load(request.param), SYSTEMS[request.param]
    system = small(kind, kind.presets()[0], "both" if "both" in info.modalities else None)
    return store.save(system.fit(*faced(speech)), tmp_path_factory.mktemp("model") / "a.safetensors").read_bytes()


@pytest.fixture(scope="module")
def clip(unheard, faced):
    return speaking(faced(unheard.clips[0]))


@pytest.fixture
def use(tmp_path, clip):
    """Load a file and decide once: the decision, or None where the file is refused."""

    def try_out(data: bytes) -> Decision | None:
        path = tmp_path / "a.safetensors"
        path.write_bytes(data)
        try:
            decision = store.load(path).decide(clip)
        except InputError as error:
            assert "\n" not in str(error)
            return None
        json.loads(format_json(decision.to_dict()), parse_constant=pytest.fail)
        assert sum(decision.probabilities.values()) == pytest.approx(1)
        return decision

    return try_out


def choose_names(arrays) -> list[str]:
    """Return the names of at most `MOST_ARRAYS` arrays, from the first to the last."""
    return [*arrays][:: -(-len(arrays) // MOST_ARRAYS)]


def change_arrays(data: bytes, change) -> list[bytes]:
    """Return the file once for each array that a function changes; it returns None for those that it leaves."""
    header, arrays, metadata = read_model(data)
    changed = {name: change(arrays[name]) for name in choose_names(arrays)}
    left = (store.MAY_LACK, *ANY_LENGTH)
    return [
        write_model(header, arrays | {name: one}, metadata)
        for name, one in changed.items()
        if one is not None and not name.endswith(left)
    ]


def test_as_it_was_stored_it_decides(stored, use):
    assert use(stored) is not None
    header, arrays, metadata = read_model(stored)
    more = use(write_model(header, arrays | {"extra": np.zeros(3)}, metadata))
    assert more.probabilities == use(stored).probabilities


def test_not_a_number_is_refused(stored, use):
    def spoil(array):
        return np.where(np.arange(array.size).reshape(array.shape) == 0, np.nan, array).astype(array.dtype)

    assert not any(map(use, change_arrays(stored, lambda a: spoil(a) if a.dtype.kind == "f" and a.size else None)))


@pytest.mark.parametrize("how", ["column", "row", "half", "twice", "none"])
def test_shapes_that_disagree_are_refused(stored, use, how):
    changes = {
        "column": lambda a: a.reshape(-1, 1) if a.ndim and a.size > 1 and a.shape[1:] != (1,) else None,
        "row": lambda a: a.reshape(1, -1) if a.ndim == 1 and a.size > 1 else None,
        "half": lambda a: a[: len(a) // 2] if a.ndim and len(a) > 1 else None,
        "twice": lambda a: np.concatenate([a, a]) if a.ndim and len(a) else None,
        "none": lambda a: a[:0] if a.ndim and len(a) else None,
    }
    assert not any(map(use, change_arrays(stored, changes[how])))


@pytest.mark.parametrize("kind", ["f8", "i8", "?", "u1"])
def test_another_type_is_refused_or_read(stored, use, kind):
    for data in change_arrays(stored, lambda array: None if array.dtype == kind else array.astype(kind)):
        use(data)


def test_numbers_that_point_elsewhere_are_refused_or_read(stored, use):
    """Whole numbers say where to look: the largest, the smallest, and two whose sum stays."""

    def change(number):
        def set_ends(array):
            if array.dtype.kind not in "iu" or array.size < 2:
                return None
            out, limits = np.array(array), np.iinfo(array.dtype)
            out.flat[0], out.flat[-1] = number(limits)
            return out

        return set_ends

    for number in (lambda at: (at.max, at.max), lambda at: (at.min, at.min), lambda at: (at.max, at.min)):
        for data in change_arrays(stored, change(number)):
            use(data)


def test_missing_arrays_are_refused_or_never_needed(stored, use):
    header, arrays, metadata = read_model(stored)
    for name in choose_names(arrays):
        use(write_model(header, {other: array for other, array in arrays.items() if other != name}, metadata))
    assert use(write_model(header, {}, metadata)) is None


def test_odd_parameters_and_facts_are_refused_or_used(stored, use):
    rng = np.random.default_rng(0)
    for part in ("parameters", "facts"):
        header, _, _ = read_model(stored)
        names = list(header[part]["mapping"] if part == "facts" else header[part])
        for name in names:
            for odd in rng.choice(len(ODD), 4, replace=False):
                header, arrays, metadata = read_model(stored)
                (header[part]["mapping"] if part == "facts" else header[part])[name] = ODD[odd]
                use(write_model(header, arrays, metadata))


def test_cut_files_are_refused(stored, use):
    for size in (0, 1, 7, 8, 100, len(stored) // 2, len(stored) - 1):
        assert use(stored[:size]) is None


def test_deep_and_large_headers_are_refused(stored, use):
    header, arrays, metadata = read_model(stored)
    assert use(write_model("[" * 100_000 + "]" * 100_000, arrays, metadata)) is None
    deep = {"a": 1}
    for _ in range(200):
        deep = {"a": deep}
    assert use(write_model(header | {"card": {"note": deep}}, arrays, metadata)) is None
    assert use(write_model(header | {"card": {"note": "x" * store.MOST_BYTES}}, arrays, metadata)) is None

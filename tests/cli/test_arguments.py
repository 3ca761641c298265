"""Options that several commands share."""

import numpy as np
import pytest
from safetensors.numpy import save_file

from emospike.cli.arguments import check_writable, choose_modality
from emospike.systems import SYSTEMS
from emospike.validation import InputError

COMMANDS = [("evaluate",), ("audit",), ("train", "-o", "{folder}/m")]


@pytest.mark.parametrize("name", SYSTEMS)
def test_a_system_perceives_its_first_modality_unless_told(name):
    kind = SYSTEMS.load(name)
    assert choose_modality(name, None) == kind.modalities()[0]
    assert [choose_modality(name, one) for one in kind.modalities()] == list(kind.modalities())


def test_an_unknown_system_is_refused():
    with pytest.raises(InputError, match="unknown system 'excube': did you mean"):
        choose_modality("excube", None)


@pytest.mark.parametrize("command", COMMANDS, ids=lambda command: command[0])
def test_commands_look_for_faces_where_a_system_only_sees(run, data, tmp_path, command):
    name, *rest = (word.format(folder=tmp_path) for word in command)
    outcome = run(name, "spiking_emotions", "--data", data, *rest)
    assert outcome.code == 2
    assert "none of 32 recordings has a face" in outcome.err
    outcome = run(name, "spiking_emotions", "--data", data, "--modality", "audio", *rest)
    assert outcome.code == 2
    assert "unknown modality of spiking_emotions 'audio'" in outcome.err


@pytest.mark.parametrize("suffix", [".wav", ".MP4", ".csv", ".npz", ".bin", ".aedat4", ".edf", ".mat"])
def test_recordings_are_not_written_over_and_models_are(suffix, tmp_path):
    there = tmp_path / f"there{suffix}"
    check_writable(there)
    there.write_bytes(b"recorded")
    with pytest.raises(InputError, match=r"cannot write .*: it is a recording or a table of yours"):
        check_writable(there)
    save_file({"weights": np.zeros(2)}, there, {"emospike": '{"format": 1}'})
    check_writable(there)

"""Options that several commands share."""

import pytest

from emospike.cli.arguments import choose_modality
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

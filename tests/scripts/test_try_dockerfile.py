"""The Dockerfile: what it promises, and the script that carries out its steps."""

import json
from pathlib import Path

import pytest

pytest.importorskip("dockerfile_parse")

from dockerfile_parse import DockerfileParser
from try_dockerfile import CONTEXT, Image

STEPS = DockerfileParser(str(CONTEXT / "Dockerfile")).structure


def test_the_server_is_nobody_and_needs_a_token():
    found = {step["instruction"]: step["value"] for step in STEPS}
    user, group = map(int, found["USER"].split(":"))
    assert user and group
    assert json.loads(found["CMD"]) == ["serve", "--host", "0.0.0.0"]


def test_what_is_copied_is_there_and_sent():
    sent = {line.removeprefix("!") for line in (CONTEXT / ".dockerignore").read_text().split() if line[0] == "!"}
    copied = {
        source
        for step in STEPS
        if step["instruction"] == "COPY" and not step["value"].startswith("--from")
        for source in step["value"].split()[:-1]
    }
    assert copied == sent
    assert all((CONTEXT / source).exists() for source in copied)


@pytest.fixture
def image(tmp_path):
    return Image(tmp_path, {"PATH": "/usr/bin:/bin"}, tmp_path)


def test_steps_are_carried_out_below_the_root(image, tmp_path):
    image.carry_out("WORKDIR", "/build")
    image.carry_out("COPY", "LICENSE ./")
    image.carry_out("ENV", "PATH=/opt/x/bin:$PATH WHERE=/tmp/x")
    image.carry_out("RUN", "cp LICENSE /build/copy && echo $WHERE > told")
    assert (tmp_path / "build/copy").read_bytes() == (CONTEXT / "LICENSE").read_bytes()
    assert Path((tmp_path / "build/told").read_text().strip()) == tmp_path / "tmp/x"
    assert image.environment["PATH"] == f"{tmp_path}/opt/x/bin:/usr/bin:/bin"


def test_what_cannot_be_carried_out_is_told(image):
    with pytest.raises(SystemExit, match="no way is known to carry out VOLUME /data"):
        image.carry_out("VOLUME", "/data")
    with pytest.raises(SystemExit, match="was not made by the stage before"):
        image.carry_out("COPY", "--from=build /opt/emospike /opt/emospike")

"""AEDAT 4, what iniVation's DV writes; and events as tonic's arrays."""

import struct

import numpy as np
import pytest

from emospike.clip.event_files import TONIC, from_structured, read_events
from emospike.validation import InputError

FIRST = 1_700_000_000_000_000
EVENTS = np.array([(3, 7, FIRST, True), (345, 0, FIRST + 250, False), (0, 259, FIRST + 2_000_000, True)], TONIC)
INFO = """<dv version="2.0"><node name="outInfo" path="/mainloop/Recorder/outInfo/">{}</node></dv>"""
STREAM = """<node name="{0}" path="/mainloop/Recorder/outInfo/{0}/">
<attr key="compression" type="string">NONE</attr><attr key="typeIdentifier" type="string">{1}</attr>
<node name="info" path="/mainloop/Recorder/outInfo/{0}/info/">
<attr key="sizeX" type="int">346</attr><attr key="sizeY" type="int">260</attr></node></node>"""


def write(path, packets, streams=((0, "EVTS"),), way=0, compress=bytes):
    """Write packets of events, (stream, events), by the schema of AEDAT 4."""
    flatbuffers = pytest.importorskip("flatbuffers")

    def finish(builder, identifier: bytes) -> bytes:
        builder.FinishSizePrefixed(builder.EndObject(), identifier)
        return bytes(builder.Output())

    header = flatbuffers.Builder()
    info = header.CreateString(INFO.format("".join(STREAM.format(*one) for one in streams)))
    header.StartObject(3)
    header.PrependInt32Slot(0, way, 0)
    header.PrependInt64Slot(1, -1, 0)
    header.PrependUOffsetTRelativeSlot(2, info, 0)
    parts = [b"#!AER-DAT4.0\r\n", finish(header, b"IOHE")]
    for stream, events in packets:
        body = flatbuffers.Builder()
        body.StartVector(16, len(events), 8)
        for x, y, t, p in events[::-1].tolist():
            body.Prep(8, 16)
            body.Pad(3)
            body.PrependBool(p)
            body.PrependInt16(y)
            body.PrependInt16(x)
            body.PrependInt64(t)
        elements = body.EndVector()
        body.StartObject(1)
        body.PrependUOffsetTRelativeSlot(0, elements, 0)
        packet = compress(finish(body, b"EVTS"))
        parts += [struct.pack("<ii", stream, len(packet)), packet]
    path.write_bytes(b"".join(parts))
    return path


@pytest.mark.parametrize("suffix", [".aedat4", ".aedat"])
def test_events_are_read(tmp_path, suffix):
    path = write(tmp_path / f"hand{suffix}", [(0, EVENTS[:2]), (0, EVENTS[2:])])
    recorded = read_events(path)
    assert (recorded.width, recorded.height) == (346, 260)
    assert recorded.seconds == pytest.approx(2.0)
    np.testing.assert_array_equal(recorded.structured(), EVENTS)


@pytest.mark.parametrize(("way", "package"), [(1, "lz4.frame"), (2, "lz4.frame"), (3, "zstandard"), (4, "zstandard")])
def test_compressed_events_are_read(tmp_path, way, package):
    compress = pytest.importorskip(package).compress
    path = write(tmp_path / "hand.aedat4", [(0, EVENTS[:2]), (0, EVENTS[2:])], way=way, compress=compress)
    np.testing.assert_array_equal(read_events(path).structured(), EVENTS)


def test_bombs_are_refused(tmp_path):
    compress = pytest.importorskip("zstandard").compress
    path = write(tmp_path / "bomb.aedat4", [(0, EVENTS)], way=3, compress=lambda one: compress(one + bytes(2**27)))
    with pytest.raises(InputError, match="it unpacks to many times its size"):
        read_events(path)


def test_the_first_camera_counts(tmp_path):
    path = write(tmp_path / "two.aedat4", [(1, EVENTS[1:]), (0, EVENTS[:1])], ((0, "EVTS"), (1, "EVTS")))
    np.testing.assert_array_equal(read_events(path).structured(), EVENTS[:1])


@pytest.mark.parametrize("compression", ["NONE", "LZ4", "ZSTD"])
def test_what_dv_processing_writes_is_read(tmp_path, compression):
    dv = pytest.importorskip("dv_processing")
    config = dv.io.MonoCameraWriter.Config("a camera")
    config.addEventStream((346, 260))
    config.compression = getattr(dv.CompressionType, compression)
    writer, events = dv.io.MonoCameraWriter(str(tmp_path / "hand.aedat4"), config), dv.EventStore()
    for x, y, t, p in EVENTS.tolist():
        events.push_back(t, x, y, p)
    writer.writeEvents(events)
    del writer
    np.testing.assert_array_equal(read_events(tmp_path / "hand.aedat4").structured(), EVENTS)


def test_damaged_files_are_one_line(tmp_path):
    whole = write(tmp_path / "whole.aedat4", [(0, EVENTS)]).read_bytes()
    damaged = {"cut": whole[:-5], "header": whole[:14], "noise": whole[:-60] + bytes(range(60))}
    for name, content in damaged.items():
        (tmp_path / f"{name}.aedat4").write_bytes(content)
        with pytest.raises(InputError, match=rf"cannot read .*{name}\.aedat4 as events \([^\n]+\)[^\n]*$"):
            read_events(tmp_path / f"{name}.aedat4")
    with pytest.raises(InputError, match="compression 9 is not known"):
        read_events(write(tmp_path / "way.aedat4", [(0, EVENTS)], way=9))
    with pytest.raises(InputError, match="declares what no camera does"):
        read_events(write(tmp_path / "entity.aedat4", [], (("<!--", "EVTS"),)))
    with pytest.raises(InputError, match="it holds no event"):
        read_events(write(tmp_path / "none.aedat4", []))
    with pytest.raises(InputError, match="it has no stream of events"):
        read_events(write(tmp_path / "frames.aedat4", [], ((0, "FRME"),)))


def test_events_are_tonics_arrays_and_back():
    recorded = from_structured(EVENTS[::-1], width=346, height=260)
    np.testing.assert_array_equal(recorded.structured(), EVENTS)
    other = np.array(
        [(t, p, x, y) for x, y, t, p in EVENTS.tolist()], [("t", "<f8"), ("p", "<i4"), ("x", "<i4"), ("y", "<i4")]
    )
    again = from_structured(other)
    assert (again.width, again.height) == (346, 260)
    np.testing.assert_array_equal(again.structured(), EVENTS)


def test_other_arrays_are_refused():
    for other in (np.zeros(3), EVENTS[["x", "y", "t"]], EVENTS[:, None], [1, 2]):
        with pytest.raises(InputError, match="one row of events with the fields x, y, t and p expected"):
            from_structured(other)
    with pytest.raises(InputError, match="no events: columns of 0 to 99"):
        from_structured(EVENTS, width=100)
    with pytest.raises(InputError, match="it holds no event"):
        from_structured(EVENTS[:0])


@pytest.mark.parametrize("name", "xytp")
def test_a_field_of_several_numbers_is_refused(name):
    kinds = [(one, "<i8", (2,)) if one == name else (one, "<i8") for one in "xytp"]
    with pytest.raises(InputError, match=r"^one row of events with the fields [^\n]+ expected, each of one number$"):
        from_structured(np.ones(3, kinds))


@pytest.mark.parametrize(
    ("kind", "times"),
    [("<u8", [2**64 - 1]), ("<i8", [-(2**63), 2**63 - 1]), ("<i8", [2**53 + 2]), ("<f8", [1e300])],
)
def test_times_beyond_all_clocks_are_refused(kind, times):
    events = np.zeros(len(times), [("x", "<i2"), ("y", "<i2"), ("t", kind), ("p", "?")])
    events["t"] = times
    with pytest.raises(InputError, match=r"^no events: times of at most 9\.01e\+15 microseconds expected, got [^\n]+$"):
        from_structured(events)
    events["t"] = 1_800_000_000_123_456  # since 1970, as some cameras tell it
    np.testing.assert_array_equal(from_structured(events).structured()["t"], events["t"])

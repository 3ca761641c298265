"""The pages in a real browser, headless, with a microphone that plays a file."""

import gzip
import json
import os
import re
import shutil
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from urllib.parse import urlsplit

import made_up
import numpy as np
import pytest
import soundfile
import soxr

from emospike.clip import Clip
from emospike.features.openface import read_table
from emospike.server.recorder import read_kept

playwright = pytest.importorskip("playwright.sync_api")
BROWSER = os.environ.get("EMOSPIKE_CHROMIUM") or shutil.which("chromium")
pytestmark = pytest.mark.skipif(not BROWSER, reason="no chromium on this machine")

COMMAND = [sys.executable, "-c", "from emospike.cli import main; main()"]
PATIENCE = 60_000
"""Milliseconds in which something must happen, however busy the machine is."""


class Address(str):
    """An address, and the process that serves it."""

    def __new__(cls, text, process):
        address = super().__new__(cls, text)
        address.process = process
        return address


@contextmanager
def started(*arguments, **environment):
    """Run a command that shows a page, give its address, and interrupt it, unless it was ended before."""
    process = subprocess.Popen(
        [*COMMAND, *map(str, arguments), "--no-browser", "--port", "0"],
        stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, env=os.environ | environment,
    )  # fmt: skip
    try:
        line = process.stdout.readline()
        assert re.match(r"http://127\.0\.0\.1:\d+/\?token=\S{32} shows \S+; Ctrl-C ends it\n", line), line
        yield Address(line.split()[0], process)
    finally:
        process.send_signal(signal.SIGINT)
        _, err = process.communicate(timeout=60)
        assert "Traceback" not in err
        assert process.returncode in (0, 130)


@pytest.fixture(scope="module")
def recorded(talk, tmp_path_factory):
    """What the microphone plays, again and again, in stereo: it ends in silence."""
    path = tmp_path_factory.mktemp("microphone") / "talk.wav"
    sound = soxr.resample(np.concatenate([talk, np.zeros(16_000)]), 16_000, 48_000)
    soundfile.write(path, np.stack([sound, sound], axis=1), 48_000)
    return path


@pytest.fixture(scope="module")
def live():
    with started("live", "excube2-arousal") as address:
        yield address


@pytest.fixture(scope="module")
def filmed(data_dir, tmp_path_factory):
    """What the microphone plays and the camera shows, again and again, each at its own pace."""
    folder, film = tmp_path_factory.mktemp("camera"), Clip(data_dir / "samples/video/01-01-02-01-01-02-01.mp4")
    (folder / "film.mjpeg").write_bytes(b"".join(made_up.pack_picture(one.image) for one in film.frames()))
    soundfile.write(folder / "film.wav", soxr.resample(np.pad(film.sound, (0, 16_000)), 16_000, 48_000), 48_000)
    return folder / "film.wav", folder / "film.mjpeg"


@pytest.fixture(scope="module")
def driver():
    with playwright.sync_playwright() as driver:
        yield driver


@contextmanager
def opened(driver, recorded=None, *, filmed=None, granted=("microphone",), fails=False, **looks):
    """A browser whose microphone plays a recording, or that has none; all that it asks for stays on this machine.

    Its camera shows what was `filmed`.
    """
    flags = ["--no-sandbox", "--use-angle=swiftshader", "--enable-unsafe-swiftshader"]
    if recorded:
        flags += ["--use-fake-device-for-media-stream", f"--use-file-for-fake-audio-capture={recorded}"]
    if filmed:
        flags += [f"--use-file-for-fake-video-capture={filmed}"]
    browser = driver.chromium.launch(executable_path=BROWSER, args=flags)
    context = browser.new_context(permissions=list(granted), **looks)
    context.set_default_timeout(PATIENCE)
    asked, wrong = [], []
    context.on("request", lambda request: asked.append(request.url))
    context.on("console", lambda message: wrong.append(message.text) if message.type == "error" else None)
    context.on("weberror", lambda error: wrong.append(str(error.error)))
    try:
        yield context
    finally:
        browser.close()
    assert {urlsplit(url).hostname for url in asked if not url.startswith("data:")} <= {"127.0.0.1"}
    assert fails or wrong == []


def press_start(context, address):
    page = context.new_page()
    page.goto(address)
    page.click("#start")
    return page


def wait_until(page, condition):
    """Wait until a condition in JavaScript holds; the page's policy lets playwright's own way not run."""
    for _ in range(PATIENCE // 100):
        if page.evaluate(condition):
            return
        page.wait_for_timeout(100)
    raise AssertionError(condition)


def wait_for_utterance(page):
    page.wait_for_selector(".utterances a")
    return page.locator(".utterances li").first


def fits(page):
    """Whether nothing reaches out of a page at the side."""
    return page.evaluate("document.documentElement.scrollWidth <= innerWidth")


LIT = """(() => {
  const canvas = document.getElementById("brain"), brush = canvas.getContext("2d");
  const { data } = brush.getImageData(0, 0, canvas.width, canvas.height);
  let orange = 0;
  for (let i = 0; i < data.length; i += 4) orange += data[i + 3] > 100 && data[i] > data[i + 2] + 60;
  return orange > 50;
})()"""
"""Whether neurons are lit."""

READ_OUT = """
window.read = [];
for (const one of document.querySelectorAll("[aria-live], [role=status], output")) {
  if (one.getAttribute("aria-live") === "off") continue;
  const changes = { childList: true, characterData: true, subtree: true };
  new MutationObserver(() => read.push(one.textContent)).observe(one, changes);
}
"""
"""Notes what a screen reader is told."""


def test_speech_is_decided_on_and_explained(driver, live, recorded, system, talk):
    with opened(driver, recorded) as context:
        page = context.new_page()
        page.goto(live)
        page.evaluate(READ_OUT)
        page.click("#start")
        playwright.expect(page.locator("#start")).to_have_text("Stop")
        wait_until(page, "document.getElementById('answer').textContent !== '–'")
        said = wait_for_utterance(page).inner_text()
        assert set(page.locator("#probabilities th").all_inner_texts()) == set(system.classes_)
        assert any(label in said for label in [*system.classes_, "don't know"])
        read = set(page.evaluate("read")) - {"Opening the microphone …", "Listening."}
        assert read
        assert all(re.fullmatch(r"(high|low|don't know), \S+ %", one) for one in read), read
        took = page.evaluate("performance.getEntriesByName('sound to decision').map((one) => one.duration)")
        assert took
        assert all(0 < one < 10_000 for one in took)
        page.locator("#brain").scroll_into_view_if_needed()
        assert page.locator("#neurons").inner_text() == "3,108"
        wait_until(page, LIT)
        with context.expect_page() as found:
            page.locator(".utterances a").first.click()
        explained = found.value
        explained.wait_for_selector(".main-svg")
        assert explained.title().startswith("Arousal: ")
        assert explained.locator("audio").count() == 1
        page.click("#start")
        playwright.expect(page.locator("#status")).to_contain_text("Stopped")
        playwright.expect(page.locator("#start")).to_have_text("Start")


def test_what_is_played_is_what_is_heard(driver, live, recorded):
    """The level and the timeline follow the sound, and loudness has its place in time."""
    with opened(driver, recorded) as context:
        page = press_start(context, live)
        wait_until(page, "+document.getElementById('meter').getAttribute('aria-valuenow') > -40")
        wait_for_utterance(page)
        canvas = page.locator("#timeline canvas")
        canvas.focus()
        page.keyboard.press("PageUp")
        said = canvas.get_attribute("aria-valuetext")
        assert re.search(r"^\d+:\d\d: \d+:\d\d–\d+:\d\d (high|low|don't know), \d", said), said
        with context.expect_page() as found:
            page.keyboard.press("Enter")
        found.value.wait_for_selector("h1")
        page.keyboard.press("Escape")
        page.keyboard.press("-")
        assert canvas.get_attribute("aria-valuetext") == "now"
        playwright.expect(page.locator(".tools output")).to_have_text(re.compile(r"\d:\d\d"))


def test_a_narrow_dark_page_that_does_not_move(driver, live, recorded):
    looks = {"viewport": {"width": 400, "height": 800}, "color_scheme": "dark", "reduced_motion": "reduce"}
    with opened(driver, recorded, **looks) as context:
        page = press_start(context, live)
        wait_for_utterance(page)
        assert fits(page)
        assert page.evaluate("getComputedStyle(document.body).backgroundColor") == "rgb(13, 17, 23)"
        assert page.evaluate("getComputedStyle(document.querySelector('.meter .fill')).transitionDuration") == "0s"


def test_it_is_all_reached_by_keyboard(driver, live, recorded):
    with opened(driver, recorded) as context:
        page = context.new_page()
        page.goto(live)
        page.keyboard.press("Tab")
        assert page.evaluate("document.activeElement.id") == "start"
        page.keyboard.press("Space")
        wait_for_utterance(page)
        reached = set()
        for _ in range(12):
            page.keyboard.press("Tab")
            reached.add(page.evaluate("document.activeElement.id || document.activeElement.tagName"))
        assert {"device", "BUTTON", "CANVAS", "A"} <= reached


def test_permission_is_denied(driver, live, recorded):
    with opened(driver, recorded, granted=()) as context:
        page = press_start(context, live)
        playwright.expect(page.locator("#status")).to_contain_text("was not allowed to use the microphone")
        playwright.expect(page.locator("#start")).to_be_enabled()


def test_there_is_no_microphone(driver, live):
    with opened(driver) as context:
        page = press_start(context, live)
        playwright.expect(page.locator("#status")).to_contain_text("No microphone was found")


def test_a_microphone_that_is_unplugged(driver, live, recorded):
    with opened(driver, recorded) as context:
        page = context.new_page()
        page.add_init_script(
            "const ask = navigator.mediaDevices.getUserMedia.bind(navigator.mediaDevices);"
            "navigator.mediaDevices.getUserMedia = async (wanted) => (window.given = await ask(wanted));"
        )
        page.goto(live)
        page.click("#start")
        playwright.expect(page.locator("#start")).to_have_text("Stop")
        page.evaluate("given.getAudioTracks()[0].dispatchEvent(new Event('ended'))")
        playwright.expect(page.locator("#status")).to_contain_text("microphone is gone")
        playwright.expect(page.locator("#start")).to_have_text("Start")


def test_a_microphone_whose_channels_cancel_each_other_hears_nothing(driver, live, tmp_path):
    tone = 0.5 * np.sin(np.arange(48_000) * 0.05)
    soundfile.write(tmp_path / "silent.wav", np.stack([tone, -tone], axis=1), 48_000)
    with opened(driver, tmp_path / "silent.wav") as context:
        page = press_start(context, live)
        playwright.expect(page.locator("#warning")).to_contain_text("Too quiet")
        assert page.locator(".utterances li").count() == 0


def test_a_microphone_that_clips(driver, live, tmp_path):
    loud = np.sign(np.sin(np.arange(48_000) * 0.05)) * 0.9999
    soundfile.write(tmp_path / "loud.wav", loud, 48_000)
    with opened(driver, tmp_path / "loud.wav") as context:
        page = press_start(context, live)
        playwright.expect(page.locator("#warning")).to_contain_text("Clipping")


@pytest.mark.usefixtures("landmarker")
def test_a_face_is_seen_beside_what_is_heard(driver, filmed, tmp_path):
    (recorded, film), kept = filmed, tmp_path / "kept"
    with started("live", "--record", kept, "--consent") as address:  # of both, where faces can be found
        looks = {"granted": ("microphone", "camera"), "viewport": {"width": 400, "height": 800}}
        with opened(driver, recorded, filmed=film, **looks) as context:
            page = press_start(context, address)
            playwright.expect(page.locator("#start")).to_have_text("Stop")
            assert page.locator("#camera").input_value() == ""
            assert not page.is_visible("#seen")
            page.select_option("#camera", index=1)
            wait_until(page, "document.getElementById('lines').getAttribute('d')?.startsWith('M0.')")
            playwright.expect(page.locator("#model")).to_contain_text("excube2-both")
            wait_until(page, "document.getElementById('when').textContent.includes('by sound and the face')")
            assert page.locator("#face").inner_text() == ""
            assert fits(page)
            wait_for_utterance(page)
            page.select_option("#camera", "")
            playwright.expect(page.locator("#seen")).to_be_hidden()
            wait_until(page, "!document.getElementById('when').textContent.includes('by sound and the face')")
            with context.expect_page() as found:
                page.locator(".utterances a").last.click()
            found.value.wait_for_selector(".main-svg")
        with opened(driver, recorded, filmed=film) as context:
            page = press_start(context, address)
            page.select_option("#camera", "any")
            playwright.expect(page.locator("#notes")).to_contain_text("was not allowed to use the camera")
            playwright.expect(page.locator("#notes")).to_contain_text("Decided by sound alone.")
            assert page.locator("#camera").input_value() == ""
            playwright.expect(page.locator("#start")).to_have_text("Stop")
    first, *_ = read_kept(kept)
    track = read_table(first.face)
    assert track.found.any()
    assert track.landmarks[track.found].max() > 0.1


def test_without_a_face_model_sound_goes_on(driver, recorded, tmp_path):
    with (
        started("live", "excube2-both", EMOSPIKE_FACE_MODEL=str(tmp_path / "gone.task")) as address,
        opened(driver, recorded) as context,
    ):
        page = press_start(context, address)
        playwright.expect(page.locator("#face")).to_contain_text("No camera: ")
        assert page.is_disabled("#camera")
        wait_for_utterance(page)


def test_each_tab_is_heard_alone_and_one_that_is_killed_ends(driver, live, recorded):
    with opened(driver, recorded) as context:
        first, second = press_start(context, live), press_start(context, live)
        wait_for_utterance(first)
        wait_for_utterance(second)
        link = second.locator(".utterances a").first.get_attribute("href")
        assert context.request.get(link).ok
        second.close()  # as if it were killed: nothing is said to the server
        gone = False
        for _ in range(100):
            gone = gone or context.request.get(link).status == 404
            if gone:
                break
            time.sleep(0.1)
        assert gone
        own = first.locator(".utterances a").first.get_attribute("href")
        assert context.request.get(own).ok


def test_the_server_ends(driver, recorded):
    with opened(driver, recorded, fails=True) as context:
        with started("live", "excube2-arousal") as address:
            page = press_start(context, address)
            playwright.expect(page.locator("#start")).to_have_text("Stop")
        playwright.expect(page.locator("#status")).to_contain_text("Press Start to go on")
        page.click("#start")
        playwright.expect(page.locator("#status")).to_contain_text("is emospike still running?")


def test_without_the_token_there_is_no_page(driver, live):
    with opened(driver, None) as context:
        answer = context.request.get(live.split("?")[0])
        assert answer.status == 403
        assert "a wrong token, or none" in answer.json()["error"]


def test_recordings_are_shown_played_and_explained(driver, talk, tmp_path):
    for name in ("long.flac", "dropped.wav"):
        soundfile.write(tmp_path / name, np.tile(talk, 3 if name == "long.flac" else 1), 16_000)
    (tmp_path / "odd.wav").write_text("no sound")
    looks = {"viewport": {"width": 400, "height": 900}}
    with (
        started("view", tmp_path / "long.flac", tmp_path / "odd.wav") as address,
        opened(driver, None, fails=True, **looks) as context,  # the browser tells of the answer 422
    ):
        page = context.new_page()
        page.goto(address)
        first = page.locator(".recording").first
        playwright.expect(first.locator(".note")).to_contain_text("0:21 long, 6 utterances")
        playwright.expect(page.locator(".recording").nth(1)).to_contain_text("cannot be read as sound or video")
        canvas = first.locator("canvas")
        canvas.focus()
        for key in ("Home", "PageDown", "+", "+"):
            page.keyboard.press(key)
        assert re.search(r"0:00–0:02 (high|low|don't know)", canvas.get_attribute("aria-valuetext"))
        wait_until(page, "document.querySelector('audio').currentTime > 0.3")
        page.evaluate("document.querySelector('audio').play()")
        wait_until(page, "document.querySelector('audio').currentTime > 1")
        page.evaluate("document.querySelector('audio').pause()")
        canvas.focus()
        page.keyboard.press("PageUp")
        with context.expect_page() as found:
            page.keyboard.press("Enter")
        found.value.wait_for_selector(".main-svg")
        assert "long.flac" in found.value.title()
        page.set_input_files("#file", tmp_path / "dropped.wav")
        playwright.expect(page.locator(".recording").nth(2).locator(".note")).to_contain_text("0:07 long, 2 utterances")
        drop = "(data) => document.dispatchEvent(new DragEvent('drop', { dataTransfer: data, bubbles: true }))"
        page.evaluate_handle(
            "() => { const data = new DataTransfer(); data.items.add(new File(['no sound'], 'odd.wav')); return data; }"
        ).evaluate(drop)
        playwright.expect(page.locator(".recording").nth(3)).to_contain_text("odd.wav cannot be read")
        assert fits(page)


def test_what_was_recorded_is_shown_again(driver, recorded, tmp_path):
    folder = tmp_path / "kept"
    with started("live", "excube2-arousal", "--record", folder, "--consent") as address:
        with opened(driver, recorded) as context:
            page = press_start(context, address)
            playwright.expect(page.locator("#kept")).to_contain_text("which RECORDS it")
            said = wait_for_utterance(page).locator("a").inner_text()
        with opened(driver, recorded) as context:
            page = press_start(context, address)
            playwright.expect(page.locator("#start")).to_have_text("Stop")
            wait_until(page, "+document.getElementById('meter').getAttribute('aria-valuenow') > -40")
            # The server ends while it records.
            address.process.send_signal(signal.SIGINT)
            playwright.expect(page.locator("#start")).to_have_text("Start")
    assert {path.suffix for path in folder.iterdir()} == {".flac", ".csv", ".json"}
    assert len(list(folder.iterdir())) == 6
    with started("view", folder) as address, opened(driver, None) as context:
        page = context.new_page()
        page.goto(address)
        first = page.locator(".recording").first.locator(".utterances a").first
        assert first.inner_text() == said


def test_the_face_that_was_recorded_moves_with_the_sound(driver, talk, tmp_path):
    soundfile.write(tmp_path / "then.flac", talk, 16_000)
    made_up.write_drawn_face(tmp_path / "then.csv", 4.0, 0, smile=1.0, talk=1.0)
    (tmp_path / "then.csv.gz").write_bytes(gzip.compress((tmp_path / "then.csv").read_bytes()))
    told = {"start": 1.0, "stop": 2.2, "label": "low", "answered": True, "confidence": 0.9, "reason": "then"}
    row = told | {"probabilities": {"high": 0.1, "low": 0.9}}
    (tmp_path / "then.json").write_text(json.dumps({"model": "excube2-both", "decisions": [row]}))
    with started("replay", tmp_path) as address, opened(driver, viewport={"width": 400, "height": 900}) as context:
        page = context.new_page()
        page.goto(address)
        lines = page.locator(".outline path")
        playwright.expect(lines).to_have_attribute("d", re.compile(r"^(M[\d.]+ [\d.]+(L[\d.]+ [\d.]+)+){9}$"))
        playwright.expect(page.locator("#model")).to_contain_text("As it was decided while it was recorded.")
        begun = lines.get_attribute("d")
        page.locator(".recording canvas").focus()
        page.keyboard.press("Home")
        page.keyboard.press("PageDown")  # to the utterance
        playwright.expect(lines).not_to_have_attribute("d", begun)
        shown = lines.get_attribute("d")
        page.evaluate("document.querySelector('audio').play()")
        playwright.expect(lines).not_to_have_attribute("d", shown)
        page.evaluate("document.querySelector('audio').pause()")
        page.locator(".recording canvas").focus()
        page.keyboard.press("End")  # where no picture is left
        playwright.expect(lines).to_have_attribute("d", "")
        assert page.locator(".outline svg").bounding_box()["width"] > 100
        assert fits(page)


def test_an_answer_that_is_no_json_is_told(driver, talk, tmp_path):
    """A proxy answers in HTML where the server does not."""
    soundfile.write(tmp_path / "then.flac", talk, 16_000)
    made_up.write_drawn_face(tmp_path / "then.csv", 4.0, 0, smile=1.0, talk=1.0)
    (tmp_path / "then.csv.gz").write_bytes(gzip.compress((tmp_path / "then.csv").read_bytes()))
    (tmp_path / "then.json").write_text(json.dumps({"model": "excube2-both", "decisions": []}))
    with started("replay", tmp_path) as address, opened(driver) as context:
        page = context.new_page()
        page.route("**/face?*", lambda route: route.fulfill(content_type="text/html", body="<p>Bad gateway"))
        page.goto(address)
        playwright.expect(page.locator("body")).to_contain_text("The server does not answer")


KEPT = """
const keep = (name) => {
  const made = window[name];
  window[name] = class extends made { constructor(...given) { super(...given); window[`last${name}`] = this; } };
};
keep("AudioContext"), keep("WebSocket");
"""


def test_time_goes_on_whatever_breaks_the_sound_off(driver, recorded):
    """A machine that sleeps, a server that stands still, and a connection that breaks."""
    with started("live", "excube2-arousal") as address, opened(driver, recorded) as context:
        page = context.new_page()
        page.add_init_script(KEPT)
        page.goto(address)
        page.click("#start")
        playwright.expect(page.locator("#start")).to_have_text("Stop")
        began = time.monotonic()

        def sleep():
            page.evaluate("lastAudioContext.suspend()")
            playwright.expect(page.locator("#status")).to_contain_text("No sound comes from the microphone")
            page.evaluate("lastAudioContext.resume()")
            playwright.expect(page.locator("#status")).to_have_text("Listening.")

        def stand_still():
            address.process.send_signal(signal.SIGSTOP)
            page.wait_for_timeout(5000)
            address.process.send_signal(signal.SIGCONT)

        def break_off():
            page.evaluate("lastWebSocket.close()")
            playwright.expect(page.locator("#status")).to_contain_text("Press Start to go on")
            page.click("#start")

        wait_for_utterance(page)
        noted = ["listening began anew", "listening began anew", "Connected anew"]
        for stop, note in zip((sleep, stand_still, break_off), noted, strict=True):
            page.evaluate("document.getElementById('notes').replaceChildren()")
            stop()
            playwright.expect(page.locator("#notes")).to_contain_text(note)
            page.evaluate("document.getElementById('utterances').replaceChildren()")
            said = wait_for_utterance(page).inner_text()
            late = time.monotonic() - began - 60 * int(said[5]) - int(said[7:9])
            assert -2 < late < 12, (note, said, late)

(() => {
  const FIRST = 2;  // timelines that are found at once
  let model = { classes: [], threshold: null };
  const waiting = [];
  const sections = new Map();  // of recordings, by their ids
  let busy = 0;

  function say(text) {
    find("status").textContent = text;
  }

  function describe({ model: name, classes, threshold, kept }) {
    model = { classes, threshold };
    find("model").textContent = kept
      ? `As it was decided while it was recorded. Click on an utterance to have it explained, as ${name} does now.`
      : `Decided by ${name}, utterance by utterance, by the sound alone. Click on an utterance to have it explained.`;
  }

  // A recording with its player and its timeline.
  function show(recording) {
    const section = make("section", { class: "recording" }, make("h2", { text: recording.name }));
    find("recordings").append(section);
    sections.set(recording.id, section);
    if (recording.error) {
      section.append(make("p", { class: "missing", text: recording.error }));
      return;
    }
    const path = `/v1/recordings/${recording.id}`;
    const audio = make("audio", { controls: "", preload: "none", src: address(`${path}/sound`) });
    const found = make("progress", { max: recording.seconds, value: 0, "aria-label": "Timeline found so far" });
    const said = make("p", { class: "note", text: `${clock(recording.seconds)} long` });
    const place = make("div"), list = make("ol", { class: "utterances" });
    section.append(audio, found, place, said, list);
    const face = recording.face ? showFace(path, audio, section) : null;
    const timeline = new Timeline(place, { ...model, onmove: (at) => { audio.currentTime = at; face?.show(at); } });
    timeline.end = recording.seconds;
    audio.addEventListener("timeupdate", () => { if (!audio.paused) timeline.move(audio.currentTime, false); });
    audio.addEventListener("error", () => { said.textContent = "This browser cannot play this recording; its timeline is right."; });
    waiting.push(() => follow(path, recording, timeline, { found, said, list }));
    next();
  }

  // The face that was seen meanwhile, which moves while the recording is played.
  function showFace(path, audio, section) {
    const place = make("div", { class: "outline" }), note = make("p", { class: "note" });
    const face = new Face((moment) => address(`${path}/face`, moment), place, (text) => { note.textContent = text; });
    section.insertBefore(place, audio);
    section.insertBefore(note, audio);
    const go = () => {
      face.show(audio.currentTime);
      if (!audio.paused) requestAnimationFrame(go);
    };
    audio.addEventListener("play", go);
    go();
    return face;
  }

  // The server keeps the newest of those that were sent.
  function drop(id) {
    const section = sections.get(id);
    section?.replaceChildren(section.firstChild, make("p", { class: "missing", text: "No longer kept: newer ones were sent." }));
  }

  async function next() {
    if (busy >= FIRST || !waiting.length) return;
    busy++;
    await waiting.shift()();
    busy--;
    next();
  }

  // Reads the timeline as it is found.
  async function follow(path, recording, timeline, { found, said, list }) {
    if (!found.isConnected) return;  // dropped meanwhile
    const take = (row) => {
      if (row.error) throw new Error(row.error);
      timeline.addLevels(row.levels, Math.floor(row.until * Timeline.LEVELS) / Timeline.LEVELS);
      for (const decision of row.decisions) {
        const { start, stop } = decision;
        const one = { ...decision, url: address(`${path}/explanation`, { start: start.toFixed(3), stop: stop.toFixed(3) }) };
        timeline.addSegment(one);
        list.append(listUtterance(one));
      }
      found.value = row.until;
      timeline.draw();
    };
    try {
      const answer = await fetch(address(`${path}/timeline`));
      if (!answer.ok) throw new Error((await answer.json()).error);
      for await (const line of readLines(answer.body)) take(JSON.parse(line));
      const answered = timeline.segments.filter((one) => one.answered).length;
      said.textContent = `${clock(recording.seconds)} long, ${timeline.segments.length} utterances, ${answered} answered`;
    } catch (error) {
      said.textContent = error.message;
    }
    found.hidden = true;
  }

  async function* readLines(body) {
    const reader = body.pipeThrough(new TextDecoderStream()).getReader();
    let rest = "";
    for (let { done, value } = await reader.read(); !done; { done, value } = await reader.read()) {
      const lines = (rest + value).split("\n");
      rest = lines.pop();
      yield* lines;
    }
  }

  async function send(files) {
    for (const file of files) {
      say(`Sending ${file.name} …`);
      const form = new FormData();
      form.append("file", file);
      try {
        const answer = await fetch(address("/v1/recordings"), { method: "POST", body: form });
        const row = await answer.json();
        show(row.name ? row : { name: file.name, error: row.error });
        row.gone?.forEach(drop);
        say("");
      } catch {
        say(`${file.name} could not be sent: is emospike still running?`);
      }
    }
  }

  const place = find("drop");
  for (const name of ["dragover", "dragleave", "drop"]) {
    document.addEventListener(name, (event) => {
      event.preventDefault();
      place.classList.toggle("over", name === "dragover");
    });
  }
  document.addEventListener("drop", (event) => send(event.dataTransfer.files));
  find("file").addEventListener("change", ({ target }) => {
    send([...target.files]);
    target.value = "";
  });

  (async () => {
    const answer = await fetch(address("/v1/recordings"));
    if (!answer.ok) throw new Error((await answer.json()).error);
    for await (const line of readLines(answer.body)) {
      const row = JSON.parse(line);
      if (row.id) show(row);
      else describe(row);
    }
  })().catch((error) => say(error instanceof TypeError ? "The server does not answer: is emospike still running?" : error.message));
})();

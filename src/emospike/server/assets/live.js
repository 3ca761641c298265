(() => {
  const SILENT = -60, CLIPPED = 0.99, MOST_BUFFERED = 2, GAP = 3;  // dBFS, of full scale, seconds, seconds
  const MOST_UNSENT = 65_536;  // bytes on their way, beyond which no picture is sent
  const MINUTES = 10;  // that are kept
  const MEASURED = "sound to decision";
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const timeline = new Timeline(find("timeline"), { follow: true, most: 60 * MINUTES });
  let socket = null, context = null, stream = null, running = false;
  let heard = 0;  // seconds of sound that were taken, with what was missing
  let base = 0;  // seconds that were heard before the server was connected
  let pieces = [];  // when each piece was taken: its last second, and the time
  let expected = false, since = 0;  // that the server begins anew, and the seconds since it was asked to
  let lost = 0;  // seconds that could not be sent, or for which the machine slept
  let taken = null;  // when the last piece was
  let came = 0, stuck = false;  // when sound came here last, and whether it no longer does
  const isOpen = () => socket?.readyState === WebSocket.OPEN;  // one that closes takes nothing more, and says so
  const ready = () => running && isOpen() && socket.bufferedAmount < MOST_UNSENT;
  const camera = new Camera(ready, (message) => socket.send(message), note);

  function note(text) {
    find("told").hidden = false;
    find("notes").prepend(make("li", { text: `${new Date().toLocaleTimeString()} ${text}` }));
    while (find("notes").children.length > 30) find("notes").lastChild.remove();
  }

  function say(text) {
    find("status").textContent = text;
  }

  // -- the microphone

  const REFUSED = {
    NotAllowedError: "The browser was not allowed to use the microphone: allow it for this page, and press Start.",
    NotFoundError: "No microphone was found: plug one in, and press Start.",
    NotReadableError: "The microphone cannot be opened: another program may use it.",
    OverconstrainedError: "That microphone is gone: choose another.",
  };

  async function openMicrophone() {
    const wanted = find("device").value;
    const audio = { echoCancellation: false, noiseSuppression: false, autoGainControl: false };
    if (wanted) audio.deviceId = { exact: wanted };
    if (!navigator.mediaDevices) throw new Error("This browser gives no microphone to this page.");
    stream = await navigator.mediaDevices.getUserMedia({ audio });
    const [track] = stream.getAudioTracks(), settings = track.getSettings();
    const changed = ["echoCancellation", "noiseSuppression", "autoGainControl"].filter((name) => settings[name]);
    if (changed.length) note(`The browser changes the sound (${changed.join(", ")}): decisions may be worse.`);
    track.addEventListener("ended", () => stop("The microphone is gone: is it still plugged in?"));
    await listDevices(settings.deviceId);
  }

  async function listDevices(chosen) {
    await camera.list();
    const devices = (await navigator.mediaDevices.enumerateDevices()).filter((one) => one.kind === "audioinput");
    const options = devices.map((one, i) => make("option", { value: one.deviceId, text: one.label || `microphone ${i + 1}` }));
    if (!options.length) return;
    const before = chosen ?? find("device").value;
    find("device").replaceChildren(...options);
    if (devices.some((one) => one.deviceId === before)) find("device").value = before;
    find("device").disabled = false;
  }

  async function capture() {
    context = new AudioContext();
    await context.resume();
    await context.audioWorklet.addModule(address("/worklet.js"));
    const node = new AudioWorkletNode(context, "capture", { numberOfInputs: 1, numberOfOutputs: 1 });
    node.port.onmessage = ({ data }) => take(data);
    context.createMediaStreamSource(stream).connect(node).connect(context.destination);  // where it is silent
  }

  // -- the socket

  function connect() {
    return new Promise((resolve, reject) => {
      const url = address("/v1/live");
      url.protocol = "ws:";
      const opened = new WebSocket(url, "emospike.live.2");
      let told = "";
      opened.onmessage = ({ data }) => {
        const row = JSON.parse(data);
        if (row.type === "error") told = row.error;
        else receive(row);
        if (row.type === "welcome") resolve(opened);
      };
      opened.onclose = () => {
        if (socket === opened) {
          socket = null;
          stop(`The server ended it${told ? `: ${told}` : ""}. Press Start to go on.`);
        }
        reject(new Error(told || "The server does not answer: is emospike still running?"));
      };
    });
  }

  function receive(row) {
    if (row.type === "welcome") {
      if (timeline.segments.length) note("Connected anew: what was heard before can no longer be explained.");
      base = timeline.end;
      Object.assign(timeline, { classes: row.classes, threshold: row.threshold });
      find("model").textContent = `Decided by ${row.model}.`;
      if (row.neurons && !brain) showBrain(row.neurons);
      camera.outline = row.outline;
    } else if (row.type === "begun") {
      if (expected) heard = base + row.at + since;
      else note(`${row.missing.toFixed(1)} s of sound are missing: listening began anew.`);
      expected = false;
      pieces = [];
    } else if (row.type === "decision") {
      decide({ ...row, start: base + row.start, stop: base + row.stop });
    } else if (row.type === "spikes") {
      brain?.light(row.counts);
    } else if (row.type === "face") {
      camera.show(row);
    } else if (row.type === "note") {
      note(row.text);
    } else if (row.type === "state" && running) {
      find("hears").textContent = row.speaking ? "Somebody speaks." : "Nobody speaks.";
    }
  }

  let brain = null;

  function showBrain(neurons) {
    find("network").hidden = false;
    brain = new Brain(find("brain"), neurons);
    find("neurons").textContent = brain.count.toLocaleString();
  }

  // -- what is heard

  let held = { loudest: 0, sum: 0, count: 0, quiet: 0, clipped: 0 };

  function take({ samples, at }) {
    if (!running || !isOpen()) return;
    came = Date.now();
    const rate = context.sampleRate, seconds = samples.length / rate;
    const gap = (at - (taken ?? at)) / 1000, slept = gap > GAP ? gap : 0;
    taken = at;
    lost += slept;
    heard += slept + seconds;
    since += slept + seconds;
    measure(samples, seconds);
    if (socket.bufferedAmount > MOST_BUFFERED * rate * 2) {
      lost += seconds;
      return;
    }
    if (lost) socket.send(JSON.stringify({ type: "lost", seconds: lost }));
    lost = 0;
    socket.send(pack(samples));
    pieces.push({ until: heard, at: performance.now() });
    if (pieces.length > 1000) pieces.splice(0, 500);
  }

  // A message of sound: 0, and then samples of 16 bits, the low byte first.
  function pack(samples) {
    const message = new DataView(new ArrayBuffer(1 + 2 * samples.length));
    samples.forEach((one, i) => message.setInt16(1 + 2 * i, Math.max(-32768, Math.min(32767, Math.round(32768 * one))), true));
    return message;
  }

  function measure(samples, seconds) {
    for (const one of samples) {
      held.sum += one * one;
      held.loudest = Math.max(held.loudest, Math.abs(one));
    }
    held.count += samples.length;
    if (held.count < context.sampleRate / Timeline.LEVELS) return;
    const level = 10 * Math.log10(held.sum / held.count + 1e-10);
    const clipped = held.loudest >= CLIPPED ? 2 : Math.max(held.clipped - 0.1, 0);
    const quiet = level < SILENT ? held.quiet + 0.1 : 0;
    showLevel(level, held.loudest, clipped > 0, quiet);
    timeline.addLevels([level], heard);
    held = { loudest: 0, sum: 0, count: 0, quiet, clipped };
  }

  function showLevel(level, loudest, clipped, quiet) {
    const share = (dB) => Math.min(Math.max(1 + dB / 70, 0), 1).toFixed(3), meter = find("meter");
    meter.querySelector(".fill").style.setProperty("--value", share(level));
    meter.querySelector(".peak").style.setProperty("--value", share(20 * Math.log10(loudest + 1e-5)));
    meter.classList.toggle("clipped", clipped);
    meter.setAttribute("aria-valuenow", Math.max(level, -70).toFixed(0));
    const warning = clipped ? "Clipping: turn the microphone down, or move away from it."
      : quiet >= 4 ? "Too quiet: hardly anything is heard. Is the right microphone chosen, and not muted?" : "";
    if (find("warning").textContent !== warning) find("warning").textContent = warning;
  }

  // -- what is decided

  function decide(row) {
    const shown = () => {
      const piece = pieces.find((one) => one.until >= row.stop - 1e-3);
      if (!piece) return;
      if (performance.getEntriesByName(MEASURED).length >= 1000) performance.clearMeasures(MEASURED);
      performance.measure(MEASURED, { start: piece.at, detail: { final: row.final } });
    };
    showDecision(row);
    if (row.spoken && !document.hidden) requestAnimationFrame(shown);
    if (!row.final) return;
    const one = { ...row, url: address(`/v1/utterances/${row.id}/explanation`) };
    timeline.addSegment(one);
    find("announced").textContent = `${nameAnswer(row)}, ${percent(row.confidence)}`;
    find("utterances").prepend(listUtterance(one));
    while (find("utterances").children.length > 60) find("utterances").lastChild.remove();
  }

  const SENSES = { audio: "sound", face: "the face" };

  // What decided, where a face was looked at.
  function nameSenses(share) {
    const named = Object.keys(share ?? {}).map((one) => SENSES[one] ?? one);
    return named.length ? `, by ${named.join(" and ")}${named.length > 1 ? "" : " alone"}` : "";
  }

  function showDecision(row) {
    const answer = find("answer"), gauge = find("gauge");
    answer.textContent = nameAnswer(row);
    answer.classList.toggle("early", !row.final);
    const what = !row.spoken ? "nobody speaks" : row.final ? "the whole utterance" : "so far";
    find("when").textContent = `${clock(row.start)}–${clock(row.stop)}, ${what}${nameSenses(row.share)}`;
    find("reason").textContent = nameReason(row);
    gauge.classList.toggle("unanswered", !row.answered);
    gauge.querySelector(".fill").style.setProperty("--value", row.confidence);
    for (const mark of gauge.querySelectorAll(".mark, .name")) {
      mark.hidden = row.threshold === null || row.threshold > 1;
      mark.style.setProperty("--value", row.threshold ?? 0);
    }
    const ranked = Object.entries(row.probabilities).sort((a, b) => b[1] - a[1]);
    find("probabilities").replaceChildren(...ranked.map(([name, p]) => {
      const bar = make("span", { class: `bar ${name === row.label && row.answered ? "for" : ""}` });
      bar.style.setProperty("--value", p);
      return make("tr", {}, make("th", { scope: "row", text: name }), make("td", {}, bar), make("td", { class: "number", text: percent(p) }));
    }));
  }

  // -- start and stop

  async function start() {
    find("start").disabled = true;
    say("Opening the microphone …");
    try {
      await openMicrophone();
      if (!isOpen()) {
        socket = null;  // one that is closing says so when it has closed, and must not stop what begins now
        socket = await connect();
      }
      await capture();
      if (!isOpen()) throw new Error("The server does not answer: is emospike still running?");
      expected = true;
      since = lost = 0;
      taken = null;
      came = Date.now();
      stuck = false;
      socket.send(JSON.stringify({ type: "hello", rate: context.sampleRate, form: "int16" }));
      running = true;
      held = { loudest: 0, sum: 0, count: 0, quiet: 0, clipped: 0 };
      say("Listening.");
      camera.start();
    } catch (error) {
      stop(REFUSED[error.name] ?? error.message);
    }
    find("start").disabled = false;
    showRunning();
  }

  function stop(why) {
    if (running && isOpen()) socket.send(JSON.stringify({ type: "pause" }));
    running = false;
    camera.stop();
    for (const track of stream?.getTracks() ?? []) track.stop();
    context?.close();
    stream = context = null;
    showLevel(-70, 0, false, 0);
    find("hears").textContent = "";
    say(why);
    showRunning();
  }

  function showRunning() {
    find("start").textContent = running ? "Stop" : "Start";
    find("start").classList.toggle("on", running);
  }

  find("start").addEventListener("click", () => (running ? stop("Stopped. Press Start to go on.") : start()));
  find("device").addEventListener("change", async () => {
    if (!running) return;
    stop("Changing the microphone …");
    await start();
  });
  navigator.mediaDevices?.addEventListener("devicechange", () => listDevices());

  // Not every microphone that is gone says so.
  function watch() {
    const silent = Date.now() - came > 1000 * GAP;
    if (silent === stuck) return;
    stuck = silent;
    say(silent ? "No sound comes from the microphone: is it still plugged in?" : "Listening.");
  }

  // Ten pictures a second, or one where less motion is asked for.
  let last = 0;
  function paint(now) {
    if (running && now - last >= (still.matches ? 1000 : 100)) {
      last = now;
      timeline.draw();
      watch();
    }
    requestAnimationFrame(paint);
  }
  requestAnimationFrame(paint);
})();

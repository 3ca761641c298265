// The clip in motion: brain, face and a mark on the clock, one frame after the other, in time with the recording.
(() => {
  const { plots, unpacked, redrawn } = page;
  const slider = document.getElementById("moment");
  if (!slider) return;
  const button = document.getElementById("play"), speed = document.getElementById("speed");
  const output = document.getElementById("time");
  const place = (name) => document.querySelector(`[data-plot=${name}]:not([hidden])`);
  const brain = place("brain"), face = place("face"), clock = place("clock"), audio = document.querySelector("audio");
  const meta = (name) => plots[name][0].layout.meta;
  const { seconds, most } = meta("brain");
  const [frames, neurons] = meta("brain").counts.shape.split(", ").map(Number);
  const counts = unpacked(meta("brain").counts);
  const points = face && unpacked(meta("face").points), order = face && unpacked(meta("face").order);
  let shown = -1, playing = false, began = 0, touched = false;  // untouched, it plays from the beginning

  // Size and colour grow with the square root of the spikes in a frame.
  function fire(frame) {
    const color = new Float32Array(neurons), size = new Float32Array(neurons);
    for (let i = 0; i < neurons; i++) {
      color[i] = Math.sqrt(counts[frame * neurons + i] / most);
      size[i] = 3 + 6 * color[i];
    }
    Plotly.restyle(brain, { "marker.color": [color], "marker.size": [size] }, [0]);
  }

  function look(frame) {
    const each = points.length / frames, x = [], y = [];
    const seen = points[frame * each] >= 0;
    for (const point of seen ? order : []) {
      x.push(point < 0 ? null : points[frame * each + 2 * point]);
      y.push(point < 0 ? null : points[frame * each + 2 * point + 1]);
    }
    const none = { text: "no face", x: 500, y: 500, showarrow: false };
    Plotly.update(face, { x: [x], y: [y] }, { annotations: seen ? [] : [none] }, [0]);
  }

  function show(frame, again = false) {
    if (frame === shown && !again) return;
    shown = frame;
    slider.value = frame;
    const start = frame * seconds;
    output.textContent = `${start.toFixed(2)}–${(start + seconds).toFixed(2)} s`;
    slider.setAttribute("aria-valuetext", output.textContent);
    if (brain) fire(frame);
    if (face) look(frame);
    Plotly.relayout(clock, { "shapes[0].x0": start, "shapes[0].x1": start + seconds });
  }

  // The recording is the clock where the page has it; it then sounds as slow as the pictures are.
  function set(next) {
    playing = next;
    button.textContent = playing ? "Pause" : "Play";
    button.setAttribute("aria-pressed", String(playing));
    audio?.pause();
    if (!playing) return;
    if (shown === frames - 1 || !touched) show(0);
    touched = true;
    began = performance.now() - (1000 * shown * seconds) / speed.value;
    if (audio) {
      Object.assign(audio, { currentTime: shown * seconds, playbackRate: Number(speed.value) });
      audio.play().catch(() => {});  // then the clock of the computer is the clock
    }
    requestAnimationFrame(step);
  }

  function step(now) {
    if (!playing) return;
    const time = audio && !audio.paused ? audio.currentTime : ((now - began) / 1000) * speed.value;
    const frame = Math.floor(time / seconds);
    show(Math.max(0, Math.min(frame, frames - 1)));
    if (frame < frames && !audio?.ended) requestAnimationFrame(step);
    else set(false);
  }

  slider.addEventListener("input", () => {
    touched = true;
    set(false);
    show(Number(slider.value));
  });
  speed.addEventListener("change", () => set(playing));
  button.addEventListener("click", () => set(!playing));
  audio?.addEventListener("timeupdate", () => {
    if (!playing && !audio.paused) show(Math.min(Math.floor(audio.currentTime / seconds), frames - 1));
  });
  redrawn.push(() => show(shown, true));
  set(false);
  show(Math.floor(frames / 2));
})();

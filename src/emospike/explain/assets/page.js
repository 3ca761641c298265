"use strict";
const page = (() => {
  const plots = JSON.parse(document.getElementById("plots").textContent);
  const dark = matchMedia("(prefers-color-scheme: dark)");
  const still = matchMedia("(prefers-reduced-motion: reduce)");
  const narrow = matchMedia("(max-width: 560px)");

  const kinds = { f4: Float32Array, f8: Float64Array, i4: Int32Array, i2: Int16Array, i1: Int8Array, u1: Uint8Array };

  // An array as plotly packs it.
  function unpacked({ dtype, bdata }) {
    return new kinds[dtype](Uint8Array.from(atob(bdata), (letter) => letter.charCodeAt(0)).buffer);
  }

  // Names of CSS variables become their colours; packed arrays are left alone.
  function themed(value) {
    if (typeof value === "string") {
      const name = /^var\((--[a-z]+)\)$/.exec(value);
      return name ? getComputedStyle(document.documentElement).getPropertyValue(name[1]).trim() : value;
    }
    if (Array.isArray(value)) return value.map(themed);
    if (value === null || typeof value !== "object" || "bdata" in value) return value;
    return Object.fromEntries(Object.entries(value).map(([key, one]) => [key, themed(one)]));
  }

  function look(layout) {
    const ink = themed("var(--ink)"), grid = themed("var(--grid)");
    const full = {
      paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", showlegend: false, dragmode: false,
      margin: { l: 62, r: 8, t: 28, b: 42 }, hoverlabel: { font: { size: 12 } }, bargap: 0,
      font: { family: "system-ui, sans-serif", size: narrow.matches ? 11 : 12, color: ink }, ...themed(layout),
    };
    for (const name of Object.keys(full)) {
      if (/^[xy]axis/.test(name)) {
        full[name] = { gridcolor: grid, zerolinecolor: ink, linecolor: grid, zeroline: false, showgrid: false, fixedrange: true, ...full[name] };
      }
    }
    if (full.scene) {
      const hidden = { visible: false };
      Object.assign(full, { showlegend: true, dragmode: "turntable", margin: { l: 0, r: 0, t: 0, b: 0 } });
      full.legend = { orientation: "h", y: 0, yanchor: "top", itemsizing: "constant" };
      full.scene = { xaxis: hidden, yaxis: hidden, zaxis: hidden, bgcolor: "rgba(0,0,0,0)", camera: { eye }, ...full.scene };
    }
    return full;
  }

  const eye = narrow.matches ? { x: 1.3, y: 0.95, z: 0.5 } : { x: 0.95, y: 0.7, z: 0.4 };
  const settings = { responsive: true, displayModeBar: false, scrollZoom: false, showTips: false };

  function draw(place) {
    const name = place.dataset.plot, select = document.querySelector(`[data-view="${name}"]`);
    const plot = plots[name][select ? select.value : 0];
    if (select) document.querySelector(`[data-note="${name}"]`).textContent = plot.note;
    return Plotly.react(place, themed(plot.data), look(plot.layout), settings);
  }

  // Without WebGL the still pictures stand for the brain.
  const cube = document.querySelector("[data-plot=cube]"), button = document.getElementById("turn");
  const turns = document.createElement("canvas").getContext("webgl");
  for (const place of turns ? [] : document.querySelectorAll("[data-plot=cube], [data-plot=brain], #turn")) place.hidden = true;
  for (const still of turns ? [] : document.querySelectorAll("details")) still.open = true;

  const places = [...document.querySelectorAll("[data-plot]:not([hidden])")];
  const redrawn = [];  // what is to be done after the plots were drawn again
  places.forEach(draw);
  dark.addEventListener("change", () => {
    places.forEach(draw);
    redrawn.forEach((then) => then());
  });
  for (const select of document.querySelectorAll("[data-view]")) {
    select.addEventListener("change", () => draw(document.querySelector(`[data-plot="${select.dataset.view}"]`)));
  }
  const shared = { plots, unpacked, redrawn };

  // The brain turns slowly: a turn a minute, unless the reader asked for less motion, touches it, or scrolls away.
  if (!turns || !cube) return shared;
  let playing = !still.matches, visible = false, last = 0;
  function label() {
    button.textContent = playing ? "Pause turning" : "Turn";
    button.setAttribute("aria-pressed", String(playing));
  }
  function set(next) {
    playing = next;
    label();
  }
  function turn(now) {
    requestAnimationFrame(turn);
    const seconds = (now - last) / 1000;
    if (seconds < 0.05) return;
    last = now;
    if (!playing || !visible || !cube.layout?.scene) return;
    const { x, y, z } = cube.layout.scene.camera.eye, step = Math.min(seconds, 0.2) * 2 * Math.PI / 60;
    Object.assign(eye, { x: x * Math.cos(step) - y * Math.sin(step), y: x * Math.sin(step) + y * Math.cos(step), z });
    Plotly.relayout(cube, { "scene.camera.eye": { ...eye } });
  }
  new IntersectionObserver((entries) => { visible = entries[0].isIntersecting; }).observe(cube);
  button.addEventListener("click", () => set(!playing));
  cube.addEventListener("pointerdown", () => set(false));
  still.addEventListener("change", () => set(!still.matches));
  label();
  requestAnimationFrame(turn);
  return shared;
})();

// The neurons of a model where they lie in the brain; those that fire are lit, and fade.
class Brain {
  static FADES = 1.2;  // seconds until a third is left
  static TURNS = 0.25;  // radians a second
  static LEAST = 33;  // milliseconds between two pictures

  constructor(canvas, neurons) {
    const flat = Int8Array.from(atob(neurons), (one) => one.charCodeAt(0));
    Object.assign(this, { canvas, count: flat.length / 3, glow: new Float32Array(flat.length / 3) });
    this.places = Float32Array.from(flat, (millimetres) => millimetres / 110);
    this.yaw = 0.6;
    this.pitch = 0.25;
    this.still = matchMedia("(prefers-reduced-motion: reduce)");
    this.dark = matchMedia("(prefers-color-scheme: dark)");
    this.seen = this.asked = false;
    this.last = 0;
    this.listen();
  }

  listen() {
    const { canvas } = this;
    let held = null;
    canvas.addEventListener("pointerdown", (event) => {
      held = { x: event.clientX, y: event.clientY };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!held) return;
      this.turn((event.clientX - held.x) / 120, (event.clientY - held.y) / 120);
      held = { x: event.clientX, y: event.clientY };
    });
    for (const name of ["pointerup", "pointercancel"]) canvas.addEventListener(name, () => { held = null; });
    const keys = { ArrowLeft: [-0.2, 0], ArrowRight: [0.2, 0], ArrowUp: [0, -0.2], ArrowDown: [0, 0.2] };
    canvas.addEventListener("keydown", (event) => {
      if (!keys[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
      event.preventDefault();
      this.turn(...keys[event.key]);
    });
    for (const query of [this.still, this.dark]) query.addEventListener("change", () => this.ask());
    new ResizeObserver(() => this.ask()).observe(canvas);
    new IntersectionObserver((found) => {
      this.seen = found.at(-1).isIntersecting;
      this.ask();
    }).observe(canvas);
  }

  turn(yaw, pitch) {
    this.yaw += yaw;
    this.pitch = Math.max(-1.5, Math.min(1.5, this.pitch + pitch));
    this.ask();
  }

  // Light each neuron by how often it fired, a byte each.
  light(spikes) {
    const fired = Uint8Array.from(atob(spikes), (one) => one.charCodeAt(0));
    const most = Math.max(1, ...fired);
    for (let i = 0; i < this.count; i++) this.glow[i] = Math.max(this.glow[i], fired[i] / most);
    this.ask();
  }

  ask() {
    if (this.asked || !this.seen) return;
    this.asked = true;
    requestAnimationFrame((now) => this.draw(now));
  }

  draw(now) {
    this.asked = false;
    if (now - this.last < Brain.LEAST) {
      this.ask();
      return;
    }
    const passed = Math.min((now - this.last) / 1000, 0.1);
    this.last = now;
    if (!this.still.matches) this.yaw += Brain.TURNS * passed;
    const lit = this.paint();
    for (let i = 0; i < this.count; i++) this.glow[i] *= Math.exp(-passed / Brain.FADES);
    if (!this.still.matches || lit > 0.02) this.ask();
  }

  // Paint all neurons, those that are lit above the others; return how much the brightest is.
  paint() {
    const { canvas, places, glow } = this, ratio = devicePixelRatio || 1;
    const width = Math.round(canvas.clientWidth * ratio), height = Math.round(canvas.clientHeight * ratio);
    if (canvas.width !== width || canvas.height !== height) Object.assign(canvas, { width, height });
    const brush = canvas.getContext("2d"), size = Math.min(width, height) * 0.6, dot = 1.6 * ratio;
    const [sinYaw, cosYaw, sinPitch, cosPitch] = [Math.sin(this.yaw), Math.cos(this.yaw), Math.sin(this.pitch), Math.cos(this.pitch)];
    brush.clearRect(0, 0, width, height);
    const shown = [];
    let most = 0;
    brush.fillStyle = this.dark.matches ? "#8b949e" : "#57606a";
    brush.globalAlpha = 0.35;
    for (let i = 0; i < this.count; i++) {
      const x = places[3 * i], y = places[3 * i + 1] + 0.16, z = places[3 * i + 2] - 0.08;  // about the middle
      const across = x * cosYaw - y * sinYaw, depth = x * sinYaw + y * cosYaw;
      const left = width / 2 + across * size, top = height / 2 - (z * cosPitch - depth * sinPitch) * size;
      if (glow[i] < 0.08) brush.fillRect(left, top, dot, dot);
      else shown.push([left, top, glow[i]]);
      most = Math.max(most, glow[i]);
    }
    brush.fillStyle = this.dark.matches ? "#ffb454" : "#d55e00";
    for (const [left, top, bright] of shown) {
      brush.globalAlpha = 0.25 + 0.75 * bright;
      const wide = dot * (1 + 1.4 * bright);
      brush.fillRect(left - wide / 2, top - wide / 2, wide, wide);
    }
    return most;
  }
}

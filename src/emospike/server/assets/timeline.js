// A timeline: utterances as bars as high as their confidence, loudness below, to be scrubbed, zoomed and picked from.
class Timeline {
  static COLOURS = ["#0072b2", "#e69f00", "#009e73", "#cc79a7", "#56b4e9", "#d55e00", "#8a7ad6", "#b5a400"];
  static SHORTEST = 2;  // seconds that are shown at least
  static LEVELS = 10;  // a second
  static QUIETEST = -70;  // dBFS

  constructor(place, { classes = [], threshold = null, follow = false, most = Infinity, onmove = () => {} } = {}) {
    Object.assign(this, { classes, threshold, follow, most, onmove });
    this.segments = [];
    this.levels = [];  // of each tenth of a second, dBFS
    this.first = 0;  // the tenth of a second that they begin at
    this.end = 0;
    this.cursor = null;
    this.seen = this.asked = false;  // whether it is in view, and to be painted
    this.span = follow ? 60 : 0;  // seconds shown, or all
    this.from = 0;
    this.canvas = make("canvas", { tabindex: "0", role: "slider", "aria-label": "Timeline", "aria-valuemin": "0" });
    this.said = make("output", { "aria-live": "off" });  // or readers would tell the time, second by second
    const button = (text, label, act) => {
      const one = make("button", { type: "button", text, "aria-label": label });
      one.addEventListener("click", act);
      return one;
    };
    place.append(make("div", { class: "tools" },
      button("−", "Zoom out", () => this.zoom(2)), button("+", "Zoom in", () => this.zoom(0.5)),
      button(follow ? "Now" : "All", follow ? "Show what is heard now" : "Show all", () => this.reset()),
      button("Explain", "Explain the utterance at the cursor", () => this.pick()), this.said), this.canvas);
    this.listen();
    this.draw();
  }

  listen() {
    const { canvas } = this;
    const at = (event) => this.time((event.clientX - canvas.getBoundingClientRect().left) / canvas.clientWidth);
    let held = null;
    canvas.addEventListener("pointerdown", (event) => {
      if (event.button) return;
      held = { x: event.clientX, moved: false };
      canvas.setPointerCapture(event.pointerId);
    });
    canvas.addEventListener("pointermove", (event) => {
      if (!held) return;
      held.moved ||= Math.abs(event.clientX - held.x) > 4;
      if (held.moved) this.move(at(event));
    });
    canvas.addEventListener("pointerup", (event) => {
      if (!held) return;
      const { moved } = held;
      held = null;
      this.move(at(event));
      if (!moved) this.pick();
    });
    canvas.addEventListener("pointercancel", () => { held = null; });
    canvas.addEventListener("wheel", (event) => {
      if (!event.ctrlKey && !event.shiftKey) return;  // the page scrolls
      event.preventDefault();
      this.zoom(event.deltaY + event.deltaX > 0 ? 1.25 : 0.8, at(event));
    }, { passive: false });
    canvas.addEventListener("keydown", (event) => this.press(event));
    new ResizeObserver(() => this.draw()).observe(canvas);
    new IntersectionObserver((found) => {
      this.seen = found.at(-1).isIntersecting;
      this.draw();
    }).observe(canvas);
    matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => this.draw());
  }

  press(event) {
    const now = this.cursor ?? this.end, step = this.shown / 60;
    const keys = {
      ArrowLeft: () => this.move(now - step), ArrowRight: () => this.move(now + step),
      PageUp: () => this.jump(-1), PageDown: () => this.jump(1),
      Home: () => this.move(this.begin), End: () => this.move(this.end),
      "+": () => this.zoom(0.5), "-": () => this.zoom(2), Enter: () => this.pick(), Escape: () => this.reset(),
    };
    if (!keys[event.key] || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    keys[event.key]();
  }

  get begin() {
    return this.first / Timeline.LEVELS;
  }

  get shown() {
    return this.span || Math.max(this.end - this.begin, Timeline.SHORTEST);
  }

  get left() {
    if (!this.span) return this.begin;
    return this.follow && this.cursor === null ? Math.max(this.end - this.span, 0) : this.from;
  }

  time(share) {
    return Math.min(Math.max(this.left + share * this.shown, this.begin), this.end);
  }

  // The utterance at the cursor, or where nothing is chosen the last one.
  get chosen() {
    if (this.cursor === null) return this.segments.at(-1);
    return this.segments.findLast((one) => one.start <= this.cursor && this.cursor <= one.stop);
  }

  pick() {
    if (this.chosen) openExplanation(this.chosen);
  }

  // To the next utterance, or the one before.
  jump(step) {
    const now = this.cursor ?? this.end;
    const one = step > 0 ? this.segments.find((s) => s.start > now + 0.05) : this.segments.findLast((s) => s.start < now - 0.05);
    if (one) this.move(one.start);
  }

  move(seconds, told = true) {
    const left = this.left;
    this.cursor = Math.min(Math.max(seconds, this.begin), this.end);
    this.from = left;
    if (this.cursor < left || this.cursor > left + this.shown) this.from = this.cursor - this.shown / 2;
    this.from = Math.max(this.from, 0);
    if (told) this.onmove(this.cursor);
    this.draw();
  }

  zoom(factor, around = this.cursor ?? this.end) {
    const share = (around - this.left) / this.shown, most = Math.max(this.end - this.begin, Timeline.SHORTEST);
    const span = Math.max(this.shown * factor, Timeline.SHORTEST);
    this.span = span >= most && !this.follow ? 0 : Math.min(span, Math.max(most, 60));
    this.from = Math.max(around - share * this.shown, 0);
    this.draw();
  }

  reset() {
    this.cursor = null;
    this.span = this.follow ? 60 : 0;
    this.draw();
  }

  addLevels(levels, until) {
    const next = Math.round(until * Timeline.LEVELS) - levels.length;
    if (next - this.first - this.levels.length > this.most * Timeline.LEVELS) {
      this.levels = [];
      this.first = next;
    }
    while (this.first + this.levels.length < next) this.levels.push(NaN);  // nothing was heard
    for (const level of levels) this.levels.push(level);
    this.end = Math.max(this.end, until);
    const over = this.levels.length - this.most * Timeline.LEVELS;
    if (over > 600) {
      this.levels.splice(0, over);
      this.first += over;
      this.segments = this.segments.filter((one) => one.stop > this.begin);
    }
  }

  addSegment(segment) {
    this.segments.push(segment);
    this.end = Math.max(this.end, segment.stop);
  }

  describe(one) {
    return `${clock(one.start)}–${clock(one.stop)} ${nameAnswer(one)}, ${percent(one.confidence)}`;
  }

  // Tells at once, and paints with the browser's next picture, if it is seen there.
  draw() {
    this.tell();
    if (this.asked || !this.seen) return;
    this.asked = true;
    requestAnimationFrame(() => {
      this.asked = false;
      this.paint();
    });
  }

  paint() {
    const { canvas } = this, scale = devicePixelRatio || 1;
    const width = canvas.clientWidth, height = canvas.clientHeight;
    if (!width) return;
    if (canvas.width !== Math.round(width * scale)) canvas.width = Math.round(width * scale);
    if (canvas.height !== Math.round(height * scale)) canvas.height = Math.round(height * scale);
    const pen = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
    const colour = (name) => style.getPropertyValue(name).trim();
    pen.setTransform(scale, 0, 0, scale, 0, 0);
    pen.clearRect(0, 0, width, height);
    pen.font = "12px system-ui, sans-serif";
    const x = (seconds) => ((seconds - this.left) / this.shown) * width;
    const bars = height - 70;
    this.drawLevels(pen, x, width, height - 66, 44, colour("--muted"));
    this.drawTicks(pen, x, width, height, colour);
    for (const one of this.segments) if (x(one.stop) > 0 && x(one.start) < width) this.drawSegment(pen, one, x, bars, colour);
    pen.fillStyle = colour("--grid");
    pen.fillRect(0, bars, width, 1);
    if (this.threshold !== null && this.threshold <= 1) {
      pen.strokeStyle = colour("--against");
      pen.setLineDash([4, 4]);
      pen.beginPath();
      pen.moveTo(0, bars - this.threshold * (bars - 18));
      pen.lineTo(width, bars - this.threshold * (bars - 18));
      pen.stroke();
      pen.setLineDash([]);
    }
    if (this.cursor !== null) {
      pen.fillStyle = colour("--ink");
      pen.fillRect(x(this.cursor) - 1, 0, 2, height - 20);
    }
  }

  drawSegment(pen, one, x, bars, colour) {
    const left = x(one.start), width = Math.max(x(one.stop) - left, 2), tall = one.confidence * (bars - 18);
    const number = this.classes.indexOf(one.label);
    pen.fillStyle = one.answered ? Timeline.COLOURS[number % Timeline.COLOURS.length] : colour("--grid");
    pen.fillRect(left, bars - tall, width - (width > 3 ? 1 : 0), tall);
    if (one === this.chosen && this.cursor !== null) {
      pen.strokeStyle = colour("--ink");
      pen.strokeRect(left, bars - tall, width - 1, tall);
    }
    const name = nameAnswer(one);
    const seen = Math.max(left, 0);
    if (pen.measureText(name).width > left + width - seen) return;
    pen.fillStyle = colour("--ink");
    pen.fillText(name, seen + 1, bars - tall - 4);
  }

  // The loudest of what falls on each pixel, so that hours take no longer than minutes.
  drawLevels(pen, x, width, top, height, ink) {
    pen.fillStyle = ink;
    const each = (this.shown * Timeline.LEVELS) / width;
    for (let pixel = 0; pixel < width; pixel++) {
      const begin = this.left * Timeline.LEVELS + pixel * each - this.first;
      let level = -Infinity;
      for (let i = Math.max(Math.floor(begin), 0); i < Math.min(Math.max(begin + each, Math.floor(begin) + 1), this.levels.length); i++) {
        if (this.levels[i] > level) level = this.levels[i];
      }
      const tall = Math.max(1 - level / Timeline.QUIETEST, 0) * height;
      if (tall > 0) pen.fillRect(pixel, top + height - tall, 1, tall);
    }
  }

  drawTicks(pen, x, width, height, colour) {
    const steps = [1, 2, 5, 10, 30, 60, 120, 300, 600, 1800, 3600, 7200];
    const step = steps.find((one) => (one / this.shown) * width > 64) ?? 7200;
    pen.fillStyle = colour("--muted");
    for (let at = Math.ceil(this.left / step) * step; at <= this.left + this.shown; at += step) {
      pen.fillRect(x(at), height - 20, 1, 5);
      if (x(at) < width - 34) pen.fillText(clock(at), x(at) + 3, height - 5);
    }
  }

  // What stands at the cursor, for eyes and for screen readers.
  tell() {
    const now = this.cursor ?? this.end, level = this.levels[Math.floor(now * Timeline.LEVELS) - this.first];
    const what = this.cursor === null || !this.chosen ? "" : `: ${this.describe(this.chosen)}`;
    const quiet = this.cursor !== null && !this.chosen ? (level > -55 ? ": no utterance" : ": silent") : "";
    const said = `${clock(now)}${what}${quiet}`;
    if (this.said.textContent === said) return;
    this.said.textContent = said;
    const text = this.follow && this.cursor === null ? "now" : said;
    if (this.canvas.getAttribute("aria-valuetext") === text) return;  // readers are told once
    this.canvas.setAttribute("aria-valuemax", this.end.toFixed(1));
    this.canvas.setAttribute("aria-valuenow", now.toFixed(1));
    this.canvas.setAttribute("aria-valuetext", text);
  }
}

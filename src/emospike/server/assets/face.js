// The outline of a face that was seen while a recording was made, at the moment that is played or pointed at.
class Face {
  static SPAN = 30;  // seconds that are asked for at once
  static STALE = 0.5;  // seconds after which an outline is of another moment
  static MARGIN = 0.1;  // of the view, around the face

  // `url` tells where its points were, `place` is where it is drawn, and `told` what should be known.
  constructor(url, place, told) {
    Object.assign(this, { url, told, span: -1, seen: null });
    const draw = (name) => document.createElementNS("http://www.w3.org/2000/svg", name);
    this.picture = draw("svg");
    this.lines = draw("path");
    this.picture.setAttribute("role", "img");
    this.picture.setAttribute("aria-label", "The outline of the face");
    this.picture.append(this.lines);
    place.append(this.picture);
  }

  // Show the face at a second, or nothing where none was found; points that are not here yet come first.
  async show(at) {
    const span = Math.floor(at / Face.SPAN);
    this.at = at;
    if (span !== this.span) {
      this.span = span;
      this.seen = null;
      const seen = await this.ask(span * Face.SPAN);
      if (span !== this.span) return;  // it went on elsewhere meanwhile
      this.seen = seen;
    }
    this.draw();
  }

  async ask(start) {
    const row = await fetch(this.url({ start, stop: start + Face.SPAN })).then((answer) => answer.json())
      .catch(() => ({ error: "The server does not answer: is emospike still running?" }));  // or a proxy does, in HTML
    if (!row.error) return row;
    this.told(row.error);
    return null;
  }

  draw() {
    const { seen, at } = this, last = seen ? seen.times.findLastIndex((time) => time <= at) : -1;
    const points = last >= 0 && at - seen.times[last] < Face.STALE ? seen.points[last] : [];
    if (seen && !this.picture.hasAttribute("viewBox")) {
      const [x, y, width, height] = seen.view, room = Face.MARGIN * Math.max(width, height);
      this.picture.setAttribute("viewBox", `${x - room} ${y - room} ${width + 2 * room} ${height + 2 * room}`);
    }
    this.lines.setAttribute("d", seen ? joinPoints(seen.lines, points) : "");
  }
}

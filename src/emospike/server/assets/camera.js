// A camera whose pictures are sent, and where the server sees a face in them.
class Camera {
  static EVERY = 100;  // ms from picture to picture
  static WIDE = 640;  // pixels
  static MOST = 200_000;  // bytes
  static STALE = 1500;  // ms after which an outline is of another moment
  static REFUSED = {
    NotAllowedError: "The browser was not allowed to use the camera: allow it for this page, and choose it again.",
    NotFoundError: "No camera was found: plug one in, and choose it again.",
    NotReadableError: "The camera cannot be opened: another program may use it.",
    OverconstrainedError: "That camera is gone: choose another.",
  };

  // `ready` tells whether a picture may be sent now, `send` sends one, and `note` tells what should be known.
  constructor(ready, send, note) {
    Object.assign(this, { ready, send, note, stream: null, wanted: false, busy: false, turn: 0, outline: [], seen: 0 });
    this.choice = find("camera");
    this.video = find("picture");
    this.lines = find("lines");
    this.paper = document.createElement("canvas");
    this.choice.disabled = Boolean(this.choice.dataset.blind);
    if (this.choice.disabled) this.tell(`No camera: ${this.choice.dataset.blind}.`);
    this.choice.addEventListener("change", () => this.change());
    setInterval(() => this.take(), Camera.EVERY);
  }

  // Open what is chosen; sound goes on whatever becomes of it.
  async start() {
    this.wanted = true;
    await this.change();
  }

  stop() {
    this.wanted = false;
    this.turn += 1;
    this.close();
  }

  async change() {
    const turn = ++this.turn;
    this.close();
    if (!this.wanted || !this.choice.value) return;
    const device = this.choice.value === "any" ? {} : { deviceId: { exact: this.choice.value } };
    const video = { ...device, width: { ideal: Camera.WIDE }, height: { ideal: 360 }, frameRate: { ideal: 15 } };
    try {
      const stream = await navigator.mediaDevices.getUserMedia({ video });
      if (turn !== this.turn) {  // another was chosen meanwhile, or none
        for (const track of stream.getTracks()) track.stop();
        return;
      }
      this.stream = stream;
      const [track] = stream.getVideoTracks();
      track.addEventListener("ended", () => this.fail("The camera is gone: is it still plugged in?"));
      this.video.srcObject = stream;
      find("seen").hidden = false;
      await this.video.play();
      await this.list(track.getSettings().deviceId);
    } catch (error) {
      if (turn === this.turn) this.fail(Camera.REFUSED[error.name] ?? `The camera cannot be used: ${error.message}`);
    }
  }

  close() {
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = this.video.srcObject = null;
    find("seen").hidden = true;
    this.draw([]);
    if (!this.choice.disabled) this.tell("");
  }

  fail(why) {
    this.choice.value = "";
    this.turn += 1;
    this.close();
    this.note(`${why} Decided by sound alone.`);
  }

  tell(text) {
    if (find("face").textContent !== text) find("face").textContent = text;
  }

  // Offer the cameras that there are; before one may be used, browsers do not name them.
  async list(chosen) {
    const before = chosen ?? this.choice.value;
    const devices = (await navigator.mediaDevices.enumerateDevices()).filter((one) => one.kind === "videoinput");
    const named = devices.filter((one) => one.deviceId);
    const options = named.map((one, i) => make("option", { value: one.deviceId, text: one.label || `camera ${i + 1}` }));
    if (!options.length) options.push(make("option", { value: "any", text: "the system's own" }));
    this.choice.replaceChildren(make("option", { value: "", text: "no camera" }), ...options);
    this.choice.value = [...this.choice.options].some((one) => one.value === before) ? before : "";
    if (this.stream && !this.choice.value) this.fail("The camera is gone: is it still plugged in?");
  }

  // Send a picture, unless the last is still on its way.
  async take() {
    if (this.stale && performance.now() > this.stale) this.draw([]);
    if (this.busy || !this.stream || !this.video.videoWidth || !this.ready()) return;
    this.busy = true;
    try {
      const taken = performance.now(), scale = Math.min(Camera.WIDE / this.video.videoWidth, 1);
      this.paper.width = Math.round(scale * this.video.videoWidth);
      this.paper.height = Math.round(scale * this.video.videoHeight);
      this.paper.getContext("2d").drawImage(this.video, 0, 0, this.paper.width, this.paper.height);
      const picture = await new Promise((resolve) => this.paper.toBlob(resolve, "image/jpeg", 0.8));
      if (!picture || picture.size > Camera.MOST) return;
      const message = new Uint8Array(3 + picture.size);
      message.set(new Uint8Array(await picture.arrayBuffer()), 3);
      message[0] = 1;
      new DataView(message.buffer).setUint16(1, Math.min(performance.now() - taken, 65_535), true);
      if (this.stream && this.ready()) this.send(message);
    } finally {
      this.busy = false;
    }
  }

  // What the server sees: points as shares of the picture, x and y in turn, and what is wrong with the face.
  show({ points, note }) {
    if (!this.stream) return;
    this.seen += 1;
    find("face").dataset.pictures = this.seen;
    this.tell(note);
    this.draw(points);
  }

  draw(points) {
    this.stale = points.length ? performance.now() + Camera.STALE : 0;
    this.lines.setAttribute("d", joinPoints(this.outline, points));
  }
}

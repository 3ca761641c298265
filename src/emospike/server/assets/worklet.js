"use strict";
// Channels are averaged, and sent on in pieces of 20 ms, each with the time at which it was full.
registerProcessor("capture", class extends AudioWorkletProcessor {
  constructor() {
    super();
    this.piece = new Float32Array(Math.round(sampleRate / 50));
    this.filled = 0;
  }

  process([channels]) {
    for (let i = 0; i < (channels[0]?.length ?? 0); i++) {
      let sum = 0;
      for (const channel of channels) sum += channel[i];
      this.piece[this.filled++] = sum / channels.length;
      if (this.filled < this.piece.length) continue;
      const full = this.piece;
      this.piece = new Float32Array(full.length);
      this.filled = 0;
      this.port.postMessage({ samples: full, at: Date.now() }, [full.buffer]);
    }
    return true;
  }
});

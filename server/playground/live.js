// The camera, live: its frames go to this server one at a time, and each is shown with the points that come back for it.
import { Refused, readKey } from "./service.js";

const WIDEST = 640;
const QUALITY = 0.85;
const TIMED = 20;
const REASONS = {
  NotAllowedError: "The browser did not let this page use the camera. Allow it, by the sign beside the address, and click Camera again.",
  NotFoundError: "There is no camera on this device.",
  NotReadableError: "The camera cannot be read: another program may be using it.",
};

export class Live {
  // `onAnswer(answer, rate)` for each frame, `onProblem(problem)`, and `onEnd(reason)` when the camera is off by itself.
  constructor(canvas, handlers) {
    Object.assign(this, handlers, { canvas, stream: null, socket: null, asked: null, canonical: "", isReady: false, isAnswered: false, lastFrame: -1, times: [] });
    this.sent = document.createElement("canvas");
    this.video = document.createElement("video");
    this.video.muted = this.video.playsInline = true;
  }

  get isOn() { return this.stream !== null; }

  async start() {
    // Browsers have no camera for a page that comes over plain http from another machine.
    if (!navigator.mediaDevices) throw new Refused({ detail: "Browsers give the camera only to pages that come over https, or from this machine itself." });
    let stream = null;
    try {
      stream = await navigator.mediaDevices.getUserMedia({ video: { facingMode: "user", width: { ideal: WIDEST } } });
      this.video.srcObject = stream;
      await this.video.play();
    } catch (error) {
      for (const track of stream?.getTracks() ?? []) track.stop();
      throw new Refused({ detail: REASONS[error.name] ?? `The camera cannot be used: ${error.message}` });
    }
    this.stream = stream;
    stream.getVideoTracks()[0].addEventListener("ended", () => { if (this.stream === stream) this.end("The camera stopped: it may have been unplugged."); });
    this.tick(stream);
  }

  stop() {
    this.hangUp();
    for (const track of this.stream?.getTracks() ?? []) track.stop();
    this.stream = this.video.srcObject = null;
  }

  end(reason) {
    this.stop();
    this.onEnd(reason);
  }

  // Asks something of every frame from now on, in place of what was asked before.
  ask(request) {
    this.hangUp();
    const socket = new WebSocket(`${location.origin.replace(/^http/, "ws")}/v1/track`);
    Object.assign(this, { socket, asked: request });
    socket.addEventListener("open", () => socket.send(JSON.stringify({ ...request, ...(readKey() && { key: readKey() }) })));
    socket.addEventListener("message", ({ data }) => { if (socket === this.socket) this.read(JSON.parse(data)); });
    socket.addEventListener("close", () => {
      if (socket === this.socket) this.fail({ detail: "The connection to the server broke off, or what stands between lets no WebSocket pass. Is faceql serve still running? Ask tries again." });
    });
  }

  hangUp() {
    this.socket?.close();
    Object.assign(this, { socket: null, asked: null, isReady: false, isAnswered: false, times: [] });
  }

  fail(problem) {
    this.hangUp();
    this.onProblem(problem);
  }

  read(message) {
    if (message.error && message.frame === undefined) {
      if (message.error.code === "too_slow" && document.hidden) this.end("The camera was stopped: this page was out of sight for a while.");
      else this.fail({ ...message.error, detail: message.error.message });
      return;
    }
    this.isReady = true;
    if (message.canonical !== undefined) {
      this.canonical = message.canonical;
    } else if (message.error) {
      this.onProblem({ ...message.error, detail: message.error.message });
    } else {
      this.isAnswered = true;
      this.paint(this.sent);
      this.onAnswer(readAnswer(message, this.canonical), this.countRate());
    }
    this.send();
  }

  // Frames answered a second, over the last ones.
  countRate() {
    this.times = [...this.times.slice(1 - TIMED), performance.now()];
    const passed = this.times[this.times.length - 1] - this.times[0];
    return passed > 0 ? 1000 * (this.times.length - 1) / passed : 0;
  }

  tick(stream) {
    if (this.stream !== stream) return;
    requestAnimationFrame(() => this.tick(stream));
    // While nothing is answered the picture moves by itself.
    if (!this.isAnswered) this.paint(this.video);
    this.send();
  }

  // The newest frame, once the last one is answered: those between are dropped. Of a page out of sight none is sent.
  send() {
    const { video, sent, socket } = this;
    if (!this.isReady || document.hidden || video.currentTime === this.lastFrame) return;
    this.isReady = false;
    this.lastFrame = video.currentTime;
    copyPicture(video, sent);
    sent.toBlob((blob) => { if (socket === this.socket) socket.send(blob); }, "image/jpeg", QUALITY);
  }

  paint(picture) { copyPicture(picture, this.canvas); }

  // The newest frame whole, as a file.
  takePicture() {
    const { video } = this;
    const whole = document.createElement("canvas");
    copyPicture(video, whole, Infinity);
    return new Promise((give) => { whole.toBlob(give, "image/jpeg", 0.95); });
  }
}

function copyPicture(picture, canvas, widest = WIDEST) {
  const [width, height] = [picture.videoWidth ?? picture.width, picture.videoHeight ?? picture.height];
  if (!width) return;
  const scale = Math.min(1, widest / width), size = [Math.round(width * scale), Math.round(height * scale)];
  // A canvas that is given its size is emptied, and flickers.
  if (canvas.width !== size[0] || canvas.height !== size[1]) [canvas.width, canvas.height] = size;
  canvas.getContext("2d").drawImage(picture, 0, 0, ...size);
}

// A frame's answer as the page draws those of photos.
function readAnswer({ faces, strokes, outlines, size: [width, height], notes }, canonical) {
  const points = faces.flatMap((face, index) => face.xy.map(([x, y]) => ({ x, y, face: index })));
  for (const [, start, stop, part] of strokes) for (let i = start; i < stop; i++) points[i].part = part;
  return { canonical, faces, points, outlines, image_size: { width, height }, notes };
}

import { places, stampLength } from "../simulator/stamp.ts";

/**
 * A page that plays a live view by Media Source Extensions: `play(url)` begins, `playing` tells how it goes. It reads the simulator's
 * stamps out of the fragments, and what is shown by the times of the frames that the browser presents.
 */
export const msePage = /* html */ `<!doctype html>
<title>live view</title>
<video id="video" muted playsinline width="640"></video>
<script>
  const video = document.getElementById("video");
  const playing = {
    starts: [], ends: [], closed: undefined, problems: [],
    /** What the browser presented: its media time, when, and the stamp of the picture. */
    frames: [],
    openedAt: 0, firstFrameAt: 0, liveAt: 0, bytes: 0, seeks: 0,
  };
  const target = 0.12;
  /** How long one is shown, at 25 a second. */
  const picture = 0.04;
  const stamps = new Map();
  const uuid = [0x6c, 0x1f, 0x0b, 0x7e, 0x2a, 0x5d, 0x4d, 0x0f, 0x9b, 0x3e, 0x8c, 0x47, 0xd1, 0xa0, 0x6e, 0x52];
  let socket, source, buffer, queue = [], live = false;

  /** One fragment's presentation time and stamp: fields of moof at their fixed places. */
  const readStamp = (data) => {
    const view = new DataView(data);
    if (view.getUint32(4) !== 0x6d6f6f66 || view.getUint32(44) !== 1) return;
    const pts = (view.getUint32(60) * 2 ** 32 + view.getUint32(64) + view.getInt32(100)) / 90000;
    const bytes = new Uint8Array(data, 112, Math.min(400, data.byteLength - 112));
    for (let at = 0; at + ${stampLength} < bytes.length; at += 1) {
      if (!uuid.every((byte, index) => bytes[at + index] === byte)) continue;
      const plain = [];
      for (let from = at; plain.length < ${stampLength} && from < bytes.length; from += 1) {
        if (bytes[from] === 3 && bytes[from - 1] === 0 && bytes[from - 2] === 0) continue;
        plain.push(bytes[from]);
      }
      const number = (from) => plain.slice(from, from + 8).reduce((sum, byte) => sum * 256 + byte, 0);
      stamps.set(Math.round(pts * 1000), { frame: number(${places.frame}), sentAt: number(${places.frame + 8}) / 1000 });
      return;
    }
  };

  const begin = (mime) => {
    queue = [];
    buffer = undefined;
    source = new MediaSource();
    const mine = source;
    video.src = URL.createObjectURL(mine);
    mine.addEventListener("sourceopen", () => {
      URL.revokeObjectURL(video.src);
      if (mine !== source) return;
      buffer = mine.addSourceBuffer(mime);
      buffer.addEventListener("updateend", () => { follow(); pump(); });
      buffer.addEventListener("error", () => playing.problems.push("the source buffer failed"));
      pump();
    }, { once: true });
  };

  const pump = () => {
    if (buffer === undefined || buffer.updating || source.readyState !== "open" || queue.length === 0) return;
    const { buffered, currentTime } = video;
    if (buffered.length > 0 && currentTime - buffered.start(0) > 30) {
      buffer.remove(0, currentTime - 10);
      return;
    }
    const parts = queue;
    queue = [];
    const whole = new Uint8Array(parts.reduce((sum, part) => sum + part.byteLength, 0));
    let at = 0;
    for (const part of parts) { whole.set(new Uint8Array(part), at); at += part.byteLength; }
    buffer.appendBuffer(whole);
  };

  const seek = (to) => { playing.seeks += 1; video.currentTime = to; };

  /** Stays at the live edge: jumps to it where it is far away, hurries a little where it is near. */
  const follow = () => {
    const { buffered, currentTime } = video;
    if (buffered.length === 0) return;
    const start = buffered.start(buffered.length - 1), end = buffered.end(buffered.length - 1);
    const behind = end - currentTime;
    if (currentTime < start) seek(live ? Math.max(start, end - target) : start);
    else if (live && behind > 1) seek(Math.max(start, end - target));
    const rate = live ? 1 + Math.min(0.5, Math.max(0, 2 * (behind - 1.5 * target))) : 1;
    if (Math.abs(video.playbackRate - rate) > 0.05) video.playbackRate = rate;
    if (video.paused) video.play().catch((error) => playing.problems.push(String(error)));
  };

  const goLive = () => {
    live = true;
    playing.liveAt = performance.now();
    const { buffered, currentTime } = video;
    if (buffered.length === 0) return;
    const to = Math.max(buffered.start(buffered.length - 1), buffered.end(buffered.length - 1) - target);
    // Who was told late is there by now: what was shown is not shown again.
    if (to > currentTime + picture) seek(to);
  };

  const onText = (message) => {
    if (message.kind === "start") { playing.starts.push(message); begin(message.mime); }
    else if (message.kind === "live") queue.length === 0 && !buffer?.updating ? goLive() : setTimeout(() => onText(message), 5);
    else playing.ends.push(message);
  };

  const onFrame = (now, { mediaTime, presentedFrames, expectedDisplayTime }) => {
    playing.firstFrameAt ||= performance.now();
    const stamp = stamps.get(Math.round(mediaTime * 1000));
    playing.frames.push({ mediaTime, presentedFrames, at: Date.now(), ...stamp });
    video.requestVideoFrameCallback(onFrame);
  };

  const play = (url) => {
    playing.openedAt = performance.now();
    video.requestVideoFrameCallback(onFrame);
    video.addEventListener("error", () => playing.problems.push(video.error?.message ?? "the video failed"));
    socket = new WebSocket(url);
    socket.binaryType = "arraybuffer";
    socket.onclose = ({ code, reason }) => { playing.closed = { code, reason }; };
    socket.onmessage = ({ data }) => {
      if (typeof data === "string") { onText(JSON.parse(data)); return; }
      playing.bytes += data.byteLength;
      readStamp(data);
      queue.push(data);
      pump();
    };
  };

  /** The colours of what is shown now, at the middle of each of so many tiles. */
  const pixels = (columns, rows) => {
    const canvas = document.createElement("canvas");
    canvas.width = columns;
    canvas.height = rows;
    const context = canvas.getContext("2d");
    context.drawImage(video, 0, 0, columns, rows);
    return [...context.getImageData(0, 0, columns, rows).data];
  };
</script>`;

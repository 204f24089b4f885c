import { systemClock } from "@gatehouse/shared";
import { MemoryLogger } from "@gatehouse/shared/testing";
import { readFileSync, readdirSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Ffmpeg } from "/work/main/gateway-bridge/src/media/ffmpeg/ffmpeg.ts";
import { KeyPictureDecoder } from "/work/main/gateway-bridge/src/media/ffmpeg/key-picture-jpeg.ts";
import { SoundTranscoder } from "/work/main/gateway-bridge/src/media/ffmpeg/sound-transcoder.ts";
import { PictureTranscoder } from "/work/main/gateway-bridge/src/media/ffmpeg/picture-transcoder.ts";
import { splitAnnexB } from "/work/main/gateway-bridge/src/protocols/nal/annex-b.ts";
import { descendants, untilDescendants } from "/work/main/test/support/descendants.ts";
import { makePictures, makeSound } from "/work/main/test/support/media-files.ts";
const cancel = { signal: new AbortController().signal };
const cpu = (pid: number) => { const f = readFileSync(`/proc/${pid}/stat`, "latin1").split(") ")[1]!.split(" "); return (Number(f[11]) + Number(f[12])) * 10; };
const pss = (pid: number) => Number(/^Pss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))![1]) / 1024;
const rss = (pid: number) => Number(/^Rss:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/smaps_rollup`, "latin1"))![1]) / 1024;
const median = (a: number[]) => a.sort((x, y) => x - y)[a.length >> 1]!;
const ffmpeg = Ffmpeg.create({ searchPath: "/usr/bin", clock: systemClock, log: new MemoryLogger() });
let t = performance.now(); console.log(JSON.stringify(await ffmpeg.status(cancel)), "probe ms", Math.round(performance.now() - t));
const report = async (what: string, secs: number) => {
  const [pid] = await untilDescendants("ffmpeg", 1); const all = await descendants("ffmpeg", "bwrap");
  await pause(3000); const c0 = cpu(pid!), n0 = process.cpuUsage(), t0 = performance.now(); await pause(secs * 1000);
  const dt = performance.now() - t0; const n = process.cpuUsage(n0);
  console.log(what, "ffmpeg CPU %", ((cpu(pid!) - c0) / dt * 100).toFixed(2), "node CPU %", ((n.user + n.system) / 10 / dt).toFixed(2), "PSS MB", all.map((p) => pss(p).toFixed(1)), "RSS", rss(pid!).toFixed(0));
};
for (const [from, to] of [["aac", "opus"], ["pcmu", "opus"], ["opus", "aac"], ["opus", "pcmu"]] as const) {
  const s = await makeSound(from, { seconds: 20, toneAt: 0 });
  const lat: number[] = []; let first = 0; const began = performance.now();
  const sentAt = new Map<number, number>();
  const tr = await SoundTranscoder.open({ ffmpeg, clock: systemClock, from: s.track, to, ...(to === "pcmu" ? { shape: { clockRate: 8000, channels: 1 } } : {}), onUnit: (u) => { if (!first) first = performance.now(); const ms = u.timestamp / tr.track.clockRate * 1000; lat.push(performance.now() - began - ms); } }, cancel);
  const stop = { v: false };
  const loop = (async () => { const b = performance.now(); for (let i = 0; i < s.units.length && !stop.v; i++) { const due = b + (i + 1) * s.duration / s.track.clockRate * 1000; const w = due - performance.now(); if (w > 0) await pause(w); tr.write({ kind: "audio", timestamp: i * s.duration, data: s.units[i]!, bytes: 1, arrivedAt: 0 }); } })();
  await report(`${from}->${to}`, 8); stop.v = true; await loop; await tr[Symbol.asyncDispose]();
  console.log("   behind the sound's beginning, steady median ms", median(lat.slice(50)).toFixed(0), "first out after", (first - began).toFixed(0));
}
{
  const b = await makePictures({ codec: "h265", size: "1920x1080", seconds: 4 });
  const units: Buffer[][] = []; let cur: Buffer[] = [];
  for (const nal of splitAnnexB(b)) { cur.push(nal); if (((nal[0]! >> 1) & 63) < 32) { units.push(cur); cur = []; } }
  const sent = new Map<number, number>(); const lat: number[] = []; let out = 0, bytes = 0;
  const tr = await PictureTranscoder.open({ ffmpeg, clock: systemClock, from: "h265", onUnit: (u) => { out++; bytes += u.bytes; lat.push(performance.now() - sent.get(u.timestamp)!); }, onRoom: () => undefined }, cancel);
  const stop = { v: false };
  const loop = (async () => { const b0 = performance.now(); for (let i = 0; !stop.v; i++) { const w = b0 + i * 40 - performance.now(); if (w > 0) await pause(w); const nals = units[i % units.length]!; sent.set(i * 3600, performance.now()); tr.write({ kind: "video", timestamp: i * 3600, key: i % 50 === 0, nals, bytes: 0, arrivedAt: 0 }); } })();
  await report("h265->h264 1080p25", 10); stop.v = true; await loop; await tr[Symbol.asyncDispose]();
  console.log("   latency first", lat[0]!.toFixed(0), "median", median(lat.slice(5)).toFixed(1), "out", out, "Mbit/s", (bytes * 8 / out * 25 / 1e6).toFixed(1));
}
const decoder = new KeyPictureDecoder(ffmpeg);
for (const codec of ["h264", "h265"] as const) for (const width of [undefined, 640]) {
  const nals = splitAnnexB(await makePictures({ codec, size: "1920x1080", seconds: 0.04 }));
  const ms: number[] = []; let size = 0;
  for (let i = 0; i < 15; i++) { const t0 = performance.now(); size = (await decoder.decodeToJpeg({ codec, unit: { nals }, width }, cancel)).length; ms.push(performance.now() - t0); }
  console.log("jpeg", codec, width, "median ms", median(ms).toFixed(0), "min", ms[0]!.toFixed(0), "max", ms.at(-1)!.toFixed(0), "kB", (size / 1000).toFixed(0));
}

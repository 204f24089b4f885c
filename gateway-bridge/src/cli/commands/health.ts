import type { Camera, GatewayHealth, StreamHealth } from "@gatehouse/shared";

import type { Command } from "../command.ts";
import { table } from "../table.ts";

type CameraHealth = GatewayHealth["cameras"][number];

const heads = ["STREAM", "STATE", "PICTURE", "FPS", "KBIT/S", "GOP", "LOSS", "JITTER", "VIEWERS", "DROPPED", "RECONNECTS"]; // prettier-ignore
const seconds = (ms: number | null | undefined): string =>
  ms === null || ms === undefined ? "-" : `${(ms / 1_000).toFixed(1)} s`;

const pictureOf = ({ video, audio }: StreamHealth): string => {
  if (video === null) return "-";
  const size = video.width > 0 ? ` ${video.width}x${video.height}` : "";
  return `${video.codec}${size}${audio === null ? "" : `, ${audio}`}`;
};

const rowOf = (stream: StreamHealth): readonly string[] => [
  stream.rendition === "camera" ? stream.tier : `${stream.tier} as ${stream.rendition}`,
  stream.state,
  pictureOf(stream),
  stream.video === null ? "-" : String(stream.video.fps),
  String(stream.bitrateKbps),
  seconds(stream.video?.gopMs),
  stream.loss === null ? "-" : `${(stream.loss * 100).toFixed(1)} %`,
  stream.jitterMs === null ? "-" : `${stream.jitterMs.toFixed(0)} ms`,
  String(stream.viewers),
  String(stream.dropped),
  String(stream.reconnects),
];

const cameraText = ({ camera, streams, warnings }: CameraHealth, known: readonly Camera[]): string => {
  const name = known.find(({ id }) => id === camera)?.name;
  const lines = [
    name === undefined ? camera : `${name} (${camera})`,
    streams.length === 0 ? "nobody has watched it since the gateway started" : table(heads, streams.map(rowOf)),
    ...warnings.map(({ code, message, remedy }) => `! ${message}\n  ${remedy} (${code})`),
  ];
  return lines.join("\n");
};

const transcoderText = ({ transcoder }: GatewayHealth): string => {
  const { available, version, sandbox, missing } = transcoder;
  const state = available ? `ffmpeg ${version ?? "of unknown version"}` : "none";
  const layers = available ? `, sandbox: ${sandbox.length === 0 ? "NONE" : sandbox.join(", ")}` : "";
  return [`transcoder: ${state}${layers}`, ...missing.map((what) => `! ${what}`)].join("\n");
};

/** The gateway's own troubles, for those to whom they are told. */
const gatewayText = ({ gateway }: GatewayHealth): readonly string[] =>
  gateway.map(({ code, message, remedy }) => `! ${message}\n  ${remedy} (${code})`);

const camerasText = (health: GatewayHealth, known: readonly Camera[]): readonly string[] =>
  health.cameras.length === 0
    ? ["No cameras yet. `gatehouse camera discover` looks for some."]
    : [...health.cameras.map((camera) => cameraText(camera, known)), transcoderText(health)];

/** Shows health to people. */
export const healthText = (health: GatewayHealth, known: readonly Camera[]): string =>
  [...gatewayText(health), ...camerasText(health, known)].join("\n\n");

export const healthCommand: Command = {
  path: ["health"],
  summary: "how each camera's streams are, and what to better",
  operands: [],
  options: {},
  examples: ["gatehouse health", "gatehouse health --json"],
  run: async (_input, { client, signal }) => {
    await using gateway = await client();
    const [health, known] = await Promise.all([
      gateway.call("health", {}, { signal }),
      gateway.call("listCameras", {}, { signal }),
    ]);
    return { json: health, text: healthText(health, known) };
  },
};

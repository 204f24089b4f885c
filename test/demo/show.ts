import type { Camera, Status } from "@gatehouse/shared";
import QRCode from "qrcode";
import { setTimeout as delay } from "node:timers/promises";

import { House } from "../support/house.ts";

export interface ShowOptions {
  readonly folder: string;
  readonly note: (line: string) => void;
  readonly signal: AbortSignal;
}

const motionEveryMs = 15_000;

const introduction = async (house: House): Promise<string> => {
  const { homebridge, nodeRed, gateway } = house;
  const qr = await QRCode.toString(homebridge.setupUri, { type: "terminal", small: true });
  return [
    "",
    "A camera, guarded. Everything listens on 127.0.0.1 only.",
    "",
    `  Apple Home   code ${house.pin}, or scan:`,
    qr.trimEnd(),
    `  Node-RED     ${nodeRed.url}   user ${nodeRed.username}, password ${nodeRed.password}`,
    `  Gateway      https://${gateway.address} (paired clients only)`,
    `               npm run -s gatehouse -- status --data ${gateway.data}`,
    "",
    "  A real iPhone cannot reach 127.0.0.1: the README says how to set Gatehouse up at home.",
    "  Motion is raised every 15 s. Stop with Ctrl+C; the next start brings the same house back (--fresh for a new one).",
    "",
  ].join("\n");
};

/** Ends early, without an error, when the demo is stopped. */
const pause = async (ms: number, signal: AbortSignal): Promise<void> => {
  await delay(ms, undefined, { signal }).catch(() => undefined);
};

const statusLine = async (house: House): Promise<string> => {
  const [status, cameras] = (await Promise.all([
    house.gateway.command(["status"]),
    house.gateway.command(["camera", "list"]),
  ])) as [Status, Camera[]];
  const stream = status.streams[0];
  const motion = house.collector.received.findLast(({ payload }) => payload.kind === "motion");
  return [
    new Date().toLocaleTimeString(),
    `${cameras[0]?.name ?? "no camera"}: ${cameras[0]?.state.kind ?? ""}`,
    `${stream?.viewers ?? 0} watching`,
    `${stream?.accessUnits ?? 0} pictures`,
    `audit ${status.audit.intact ? "intact" : "BROKEN"}`,
    motion === undefined
      ? "no motion yet"
      : `motion ${motion.payload.active === true ? "began" : "ended"} ${Math.round((Date.now() - motion.at) / 1_000)} s ago (Node-RED)`,
  ].join(" | ");
};

/** Runs the house until it is stopped, raising motion now and then, with a live status line. */
export const show = async ({ folder, note, signal }: ShowOptions): Promise<void> => {
  await using house = await House.open({ folder, note });
  console.log(await introduction(house));
  const lines = process.stdout.isTTY;
  let motion = false;
  let next = Date.now();
  while (!signal.aborted) {
    if (Date.now() >= next) {
      motion = !motion;
      next = Date.now() + motionEveryMs / 2;
      await house.simulator.motion(motion).catch(() => undefined);
    }
    const line = await statusLine(house).catch((error: unknown) => `the gateway does not answer: ${String(error)}`);
    process.stdout.write(lines ? `\r\u001b[K${line.slice(0, process.stdout.columns)}` : `${line}\n`);
    await pause(lines ? 1_000 : 10_000, signal);
  }
  if (lines) process.stdout.write("\n");
};

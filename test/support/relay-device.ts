import {
  Challenge,
  encodeFrame,
  frameLimits,
  readFrame,
  relayProtocols,
  signAdmission,
  spkiPin,
  Verdict,
  type AdmissionContext,
  type Proof,
  type Thumbprint,
  type TunnelId,
  type Way,
} from "@gatehouse/shared";
import { generateKeyPairSync, type KeyObject } from "node:crypto";
import type { TLSSocket } from "node:tls";

import { dialTls, type RelayDialOptions } from "./relay-dial.ts";
import { spkiOf } from "./relay-home.ts";

/** A device's key. */
export interface DeviceKey {
  readonly privateKey: KeyObject;
  /** SPKI, DER. */
  readonly spki: Buffer;
  readonly thumbprint: Thumbprint;
}

export const makeDeviceKey = (): DeviceKey => {
  const { privateKey, publicKey } = generateKeyPairSync("ed25519");
  const spki = spkiOf(publicKey);
  return { privateKey, spki, thumbprint: spkiPin(spki) };
};

export interface KnockOptions extends Omit<RelayDialOptions, "protocol" | "key" | "pin"> {
  readonly pin: string;
  readonly gateway: TunnelId;
  readonly device: DeviceKey;
  readonly way?: Way;
  /** What is signed, where it is not what was asked. */
  readonly context?: (asked: AdmissionContext) => AdmissionContext;
  /** What is sent right behind the proof, before there is a verdict. */
  readonly eager?: Buffer;
  /** What is sent, where it is not the proof. */
  readonly proof?: (proof: Proof) => unknown;
}

export interface Knocked {
  readonly socket: TLSSocket;
  readonly challenge: Challenge;
  readonly verdict: Verdict;
}

/** Knocks at a relay as a device does, or with one thing wrong. Rejects where the relay closes without a verdict. */
export const knock = async (options: KnockOptions): Promise<Knocked> => {
  const { pin: relayKey, gateway, device, way = "shared", context = same, proof = same } = options;
  const socket = await dialTls({ ...options, protocol: relayProtocols.device });
  const frame = { signal: new AbortController().signal, limit: frameLimits.device };
  socket.write(encodeFrame({ v: 1, gateway, way }));
  const challenge = await readFrame(socket, Challenge, frame);
  const { relay, nonce, time } = challenge;
  const signature = signAdmission(device.privateKey, context({ relay, relayKey, gateway, nonce, time }));
  const shown = encodeFrame(proof({ key: device.spki.toString("base64"), signature }));
  socket.write(Buffer.concat([shown, options.eager ?? Buffer.alloc(0)]));
  const verdict = await readFrame(socket, Verdict, frame);
  return { socket, challenge, verdict };
};

const same = <T>(value: T): T => value;

/** What comes next, as many bytes as are asked for. */
export const readBytes = async (socket: TLSSocket, length: number): Promise<Buffer> => {
  const parts: Buffer[] = [];
  for (let missing = length; missing > 0;) {
    const part = socket.read(Math.min(missing, socket.readableLength)) as Buffer | null;
    if (part !== null) parts.push(part);
    missing -= part?.length ?? 0;
    if (missing === 0 || socket.readableLength > 0) continue;
    if (socket.destroyed || socket.readableEnded) throw new Error("the channel ended");
    await new Promise<void>((resolve) => {
      const done = (): void => {
        socket.off("readable", done).off("close", done).off("end", done);
        resolve();
      };
      socket.on("readable", done).on("close", done).on("end", done);
    });
  }
  return Buffer.concat(parts);
};

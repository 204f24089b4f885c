import { randomBytes } from "node:crypto";

import { RtpHeader, SrtpSession } from "werift";

import { SrtpEncryptor } from "../../gateway-bridge/src/protocols/srtp/srtp-encryptor.ts";
import { drawSrtpMaster, type SrtpMaster } from "../../gateway-bridge/src/protocols/srtp/srtp-key.ts";
import { compareCpu, type Benchmark, type Contender } from "./harness.ts";
import { weriftVersion } from "./rivals/werift-webrtc.ts";

/** RTP packets of 1320 bytes, before the tag. */
const payloadSize = 1_320 - 12;
const ssrc = 0x1234_5678;
const payloadType = 99;
/** Packets of one picture, which a gateway enciphers together. */
const batch = 16;
const callsPerTurn = 16;
const empty = Buffer.alloc(0);

/** Other bytes for each packet, so that neither side works from a warm cache alone. */
const payloads = Array.from({ length: 256 }, () => randomBytes(payloadSize));
const payloadOf = (index: number): Buffer => payloads[index % payloads.length] ?? empty;

type Encipher = (count: number) => readonly Buffer[];

const ours = (master: SrtpMaster): Encipher => {
  const encryptor = new SrtpEncryptor(master, { ssrc, payloadType, firstSequence: 0, maxPayload: payloadSize });
  let next = 0;
  return (count) =>
    encryptor.protect(
      Array.from({ length: count }, () => {
        const index = next++;
        return { timestamp: index, marker: false, prefix: empty, body: payloadOf(index) };
      }),
    );
};

const werift = ({ key, salt }: SrtpMaster): Encipher => {
  const keys = { localMasterKey: key, localMasterSalt: salt, remoteMasterKey: key, remoteMasterSalt: salt };
  const session = new SrtpSession({ profile: 1, keys });
  const header = new RtpHeader({ version: 2, payloadType, marker: false, ssrc });
  let next = 0;
  return (count) =>
    Array.from({ length: count }, () => {
      const index = next++;
      header.sequenceNumber = index & 0xffff;
      header.timestamp = index;
      return session.encrypt(payloadOf(index), header);
    });
};

const contender = (encipher: Encipher): Contender => ({
  work: () => {
    for (let call = 0; call < callsPerTurn; call += 1) encipher(batch);
    return callsPerTurn * batch;
  },
});

/** A benchmark of different work would say nothing: both must make the same bytes. */
const checkEqual = (a: readonly Buffer[], b: readonly Buffer[]): void => {
  if (a.length !== b.length || !a.every((bytes, index) => b[index]?.equals(bytes))) {
    throw new Error("the two do not make the same packets");
  }
};

export const srtp: Benchmark = {
  name: "srtp",
  summary: "CPU time of enciphering a 1320-byte RTP packet (AES_CM_128_HMAC_SHA1_80), against werift",
  rounds: 15,
  run: async ({ rounds }) => {
    const master = drawSrtpMaster();
    const [own, theirs] = [ours(master), werift(master)];
    checkEqual(own(batch), theirs(batch));
    return compareCpu({
      name: "srtp",
      rounds,
      metric: "cpuPerPacket",
      unit: "us",
      ours: contender(own),
      competitor: { name: "werift", version: weriftVersion(), ...contender(theirs) },
      limits: { limit: 0.25, stretch: 0.12 },
    });
  },
};

import { isGatehouseError, type Cancellable, type Severity } from "@gatehouse/shared";

import { notApplicable, passed, unknown, type HomeCheck, type Outcome } from "../check.ts";
import { guideSteps } from "../guides/guide-steps.ts";
import type { ServerHello } from "../../protocols/tls/broken-hello.ts";
import type { ProbedCamera, TlsFacts } from "../probe/probed-camera.ts";
import { tlsDoorAt, tlsWebDoors, type TlsDoor } from "../questions/web-doors.ts";

/** Of the home, because some makers put one key into all their cameras: that shows beside another. */
export const tlsWeak: HomeCheck = {
  id: "TLS-WEAK",
  scope: "home",
  severity: "medium",
  title: "Its encryption is weak",
  why: [
    "The camera's encryption, or the key behind it, is of a kind that is known to be breakable, or that others have as well.",
    "Somebody in your network can then read along, or pretend to be the camera.",
  ],
  provision: "5.4-3, 5.5-1",
  ncsc: null,
  remedies: [{ remedy: "tls-harden", plane: "onvif" }],
  guide: () => ({ page: null, steps: [...guideSteps.https.any] }),
  look: async ({ cameras }, cancel) => {
    const seen = await Promise.all(cameras.map(async (camera) => ({ camera, doors: await seeDoors(camera, cancel) })));
    return seen.map(({ camera, doors }) => ({ camera: camera.id, ...judge(camera, doors, keysBeside(camera, seen)) }));
  },
};

/** What was seen of a camera; why not, where it could not be asked: the others are judged all the same. */
type Doors = readonly TlsDoor[] | { readonly why: string };

interface Seen {
  readonly camera: ProbedCamera;
  readonly doors: Doors;
}

const seeDoors = async (camera: ProbedCamera, cancel: Cancellable): Promise<Doors> => {
  try {
    const doors = [...(await tlsWebDoors(camera, cancel))];
    for (const port of new Set(streamPorts(camera))) {
      const door = await tlsDoorAt(camera, port, cancel);
      if (door !== undefined && doors.every((known) => known.port !== port)) doors.push(door);
    }
    return doors;
  } catch (error) {
    cancel.signal.throwIfAborted();
    if (!isGatehouseError(error)) throw error;
    return { why: error.message };
  }
};

const streamPorts = ({ streams }: ProbedCamera): readonly number[] =>
  streams.filter(({ url }) => url.protocol === "rtsps:").map(({ url }) => Number(url.port || 322));

/** Keys of the other cameras: those that they showed now, and the confirmed ones of those that are not looked at this time. */
const keysBeside = (camera: ProbedCamera, seen: readonly Seen[]): ReadonlySet<string> => {
  const absent = [...camera.otherPins];
  const shown: string[] = [];
  for (const { camera: other, doors } of seen) {
    // The channels of a recorder are one device, with one key.
    if (other.id === camera.id || other.host === camera.host) continue;
    const at = other.pin === null ? -1 : absent.indexOf(other.pin);
    if (at >= 0) absent.splice(at, 1);
    if ("why" in doors) continue;
    shown.push(...doors.flatMap(({ modern, old }) => (modern ?? old)?.pin ?? []));
  }
  return new Set([...absent, ...shown]);
};

const judge = ({ clock }: ProbedCamera, doors: Doors, beside: ReadonlySet<string>): Outcome => {
  if ("why" in doors) return unknown(doors.why);
  if (doors.length === 0) return notApplicable("It speaks no TLS.");
  const faults = doors.flatMap((door) => faultsOf(door, { now: clock.now(), beside }));
  if (faults.length === 0) return passed(...doors.map(({ port, modern }) => `Port ${port}: ${modern?.protocol ?? ""}`));
  const severity: Severity = faults.some(({ grave }) => grave) ? "high" : "medium";
  return { kind: "failed", severity, evidence: [...new Set(faults.map(({ text }) => text))] };
};

interface Fault {
  readonly text: string;
  /** It can be broken, or is broken already, without waiting for luck. */
  readonly grave: boolean;
}

const faultsOf = (
  { port, modern, old, broken }: TlsDoor,
  { now, beside }: { readonly now: number; readonly beside: ReadonlySet<string> },
): readonly Fault[] => {
  const facts = modern ?? old;
  const at = `Port ${port}`;
  const taken = broken.map((hello) => ({ text: `${at} takes ${wordsOf(hello)}.`, grave: true }));
  if (facts === undefined) return taken;
  const faults: readonly (Fault | false)[] = [
    old !== undefined && {
      text: `${at} takes ${old.protocol}, which is given up (RFC 8996).`,
      grave: modern === undefined,
    },
    isShortKey(facts) && { text: `${at}: its key has ${facts.keyBits} bits (${facts.keyType}).`, grave: true },
    isBrokenHash(facts) && { text: `${at}: its certificate is signed by ${facts.signature}.`, grave: false },
    facts.notAfter < now && { text: `${at}: its certificate has run out.`, grave: false },
    beside.has(facts.pin) && { text: `${at}: another of your cameras has the very same key.`, grave: true },
  ];
  return [...taken, ...faults.filter((fault) => fault !== false)];
};

/** RFC 7568; RFC 7465, RFC 9325 4.1: ciphers without a key, with a short one, with RC4 or with blocks of 64 bits. */
const wordsOf = ({ protocol, cipher }: ServerHello): string =>
  protocol === "SSLv3" ? "SSL 3.0, which is broken (RFC 7568)" : `${cipher}, which is broken (RFC 9325)`;

/** NIST SP 800-57 part 1, table 2: 112 bits of security. */
const isShortKey = ({ keyType, keyBits }: TlsFacts): boolean => {
  if (/^rsa|^dsa|^dh/i.test(keyType)) return keyBits < 2_048;
  return keyBits > 0 && keyBits < 224;
};

const isBrokenHash = ({ signature }: TlsFacts): boolean => /md[245]|sha-?1(?!\d)/i.test(signature);

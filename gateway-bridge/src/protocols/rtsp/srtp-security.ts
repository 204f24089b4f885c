import type { Clock } from "@gatehouse/shared";
import { randomBytes, randomInt } from "node:crypto";

import { formatMikey } from "../mikey/format-mikey.ts";
import { readKeyManagementAttribute, readKeyManagementHeader } from "../mikey/key-management.ts";
import { parseMikey } from "../mikey/parse-mikey.ts";
import { readSrtpOffer, type SrtpOffer } from "../mikey/srtp-offer.ts";
import { SrtcpDecryptor, SrtcpEncryptor } from "../srtp/srtcp.ts";
import { SrtpDecryptor } from "../srtp/srtp-decryptor.ts";
import { drawSrtpMaster } from "../srtp/srtp-key.ts";
import type { MediaSecurity } from "./media-channels.ts";

/** What the gateway's own packets of one track are keyed with, and how the camera is told. */
export interface OwnSrtp {
  readonly offer: SrtpOffer;
  /** A MIKEY message for the KeyMgmt header. */
  readonly message: Buffer;
}

/** Where the camera may have told the key of a track, RFC 4567 3. */
export interface CameraKeys {
  /** `a=key-mgmt` of the track's section, or else of the session. */
  readonly attribute: string | undefined;
  /** `KeyMgmt` of the answer to SETUP; it is newer. */
  readonly header?: string | undefined;
}

/**
 * How the camera encrypts the track; undefined where it sends no key.
 * @throws GatehouseError `camera-fault` where it encrypts in a way that is not known here, `camera-answer-malformed`, `camera-answer-too-large`
 */
export const readCameraOffer = ({ attribute, header }: CameraKeys): SrtpOffer | undefined => {
  const message =
    (header === undefined ? undefined : readKeyManagementHeader(header)) ??
    (attribute === undefined ? undefined : readKeyManagementAttribute(attribute));
  return message && readSrtpOffer(parseMikey(message));
};

/** A fresh key for what the gateway sends to the camera under this SSRC: reports, and speech. */
export const drawOwnSrtp = (
  theirs: SrtpOffer | undefined,
  { ssrc, clock }: { readonly ssrc: number; readonly clock: Clock },
): OwnSrtp => {
  const offer: SrtpOffer = {
    master: drawSrtpMaster(),
    // A camera that names its keys looks for a name in what it receives: Axis wants four bytes.
    mki: randomBytes(theirs?.mki.length ?? 0),
    tagSize: 10,
    sources: new Map([[ssrc, 0]]),
  };
  const message = formatMikey(offer, { bundle: randomInt(2 ** 32), random: randomBytes(16), now: clock.now() });
  return { offer, message };
};

/** SRTP of one track: what is the camera's is opened, where there is its key, and the gateway's own sealed. */
export const openSrtpSecurity = (theirs: SrtpOffer | undefined, own: SrtpOffer): MediaSecurity => {
  const reports = new SrtcpEncryptor(own.master, 0, own.mki);
  const sealControl = (bytes: Buffer): Buffer => reports.protect(bytes);
  if (theirs === undefined) return { open: nothing, openControl: nothing, sealControl };
  const { master, mki, tagSize, sources } = theirs;
  const packets = new SrtpDecryptor(master, { mki, tagSize, rollovers: sources });
  const control = new SrtcpDecryptor(master, mki);
  return {
    open: (bytes) => packets.unprotect(bytes),
    openControl: (bytes) => control.unprotect(bytes),
    sealControl,
  };
};

const nothing = (): undefined => undefined;

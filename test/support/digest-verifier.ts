import { createHash } from "node:crypto";

import type { Reply, SeenRequest } from "./scripted-camera.ts";

export interface GuardedBy {
  readonly username: string;
  readonly password: string;
  /** Of the WWW-Authenticate headers, whole values. */
  readonly challenges: readonly string[];
}

const field = (header: string, name: string): string => {
  const [, quoted, bare] = new RegExp(`(?:^|[ ,])${name}=(?:"((?:[^"\\\\]|\\\\.)*)"|([^,]*))`, "i").exec(header) ?? [];
  return quoted?.replace(/\\(.)/g, "$1") ?? bare ?? "";
};

/** Whether a Digest header is right for the request. Written from RFC 7616 and RFC 2069, apart from what it judges. */
const isRight = (header: string, { method, uri }: SeenRequest, { username, password }: GuardedBy): boolean => {
  const algorithm = field(header, "algorithm").toLowerCase() || "md5";
  const hash = (text: string): string =>
    createHash(algorithm.startsWith("sha-256") ? "sha256" : "md5")
      .update(text, "utf8")
      .digest("hex");
  const [nonce, cnonce, qop, count] = ["nonce", "cnonce", "qop", "nc"].map((name) => field(header, name));
  const plain = hash(`${username}:${field(header, "realm")}:${password}`);
  const first = algorithm.endsWith("-sess") ? hash(`${plain}:${nonce}:${cnonce}`) : plain;
  const middle = qop === "" ? `${nonce}` : `${nonce}:${count}:${cnonce}:${qop}`;
  const named = field(header, "uri") === uri && field(header, "username") === username;
  return named && field(header, "response") === hash(`${first}:${middle}:${hash(`${method}:${uri}`)}`);
};

/** Lets requests through that log in to one of the challenges; `OPTIONS` needs no login. */
export const guardWith =
  (by: GuardedBy): Reply =>
  (request) => {
    if (request.method === "OPTIONS") return undefined;
    const header = request.headers.get("authorization") ?? "";
    const basic = `Basic ${Buffer.from(`${by.username}:${by.password}`).toString("base64")}`;
    const offered = by.challenges.some((challenge) =>
      challenge.startsWith("Basic") ? header === basic : field(challenge, "nonce") === field(header, "nonce"),
    );
    if (offered && (header === basic || isRight(header, request, by))) return undefined;
    return {
      status: "401 Unauthorized",
      headers: by.challenges.map((challenge) => `WWW-Authenticate: ${challenge}`),
    };
  };

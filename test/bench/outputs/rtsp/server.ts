import { EventBus, PrincipalId, type Principal } from "@gatehouse/shared";
import { createHash, randomBytes } from "node:crypto";

import { GatewayIdentity } from "../../../../gateway-bridge/src/access/gateway-identity.ts";
import { RtspServer } from "../../../../gateway-bridge/src/consumers/rtsp/rtsp-server.ts";
import type { SecretStore } from "../../../../gateway-bridge/src/ports.ts";
import { fixedCertificates } from "../../../../gateway-bridge/src/tls/testing/fixed-certificates.ts";
import { openHome } from "../../../../gateway-bridge/src/tls/testing/home.ts";
import type { RtspTarget } from "../../rtsp-player.ts";
import { clock, log, type MediaPlane } from "../../media-host/media-plane.ts";

const cancel = { signal: new AbortController().signal };
const realm = "Gatehouse";
const password = randomBytes(16).toString("hex");
const letters = ["a", "b", "c", "d", "e", "f", "g", "h"];
/** One application may begin so many sessions in a while, and no more than that; so there are many. */
const applications = letters.flatMap((high) =>
  letters.map((low): Principal => ({
    id: PrincipalId.parse(`who-aaaaaaaaaaaaaa${high}${low}`),
    name: "Benchmark",
    kind: "application",
    grants: [{ action: "live", camera: "*" }],
    created: 0,
    revoked: null,
  })),
);
const hashes = { MD5: "md5", "SHA-256": "sha256" } as const;

const openServer = async (plane: MediaPlane): Promise<RtspServer> => {
  const kept = new Map<string, Buffer>();
  const secrets: SecretStore = {
    get: (name) => kept.get(name),
    put: (name, content) => void kept.set(name, Buffer.from(content)),
    delete: (name) => void kept.delete(name),
  };
  const identity = await GatewayIdentity.open({ secrets }, cancel);
  return RtspServer.open(
    {
      listen: { host: "127.0.0.1", port: 0 },
      tls: fixedCertificates(openHome({ identity, secrets }).server),
      plain: { port: 0 },
      logins: {
        realm,
        any: true,
        find: (username) => applications.find(({ id }) => id === username),
        ha1: (username, algorithm) => createHash(hashes[algorithm]).update(`${username}:${realm}:${password}`).digest(),
        onChanged: () => ({ [Symbol.dispose]: () => undefined }),
      },
      revocations: new EventBus<PrincipalId>(log),
      placeOf: () => "home",
      streams: plane,
      tiers: () => ["main"],
      audit: { append: () => undefined },
      accesses: { allow: () => undefined, deny: () => undefined },
      clock,
      log,
    },
    cancel,
  );
};

/** The gateway's RTSP server, as a worker's handlers. */
export const rtspServer = (plane: MediaPlane) => {
  let server: Promise<RtspServer> | undefined;
  let asked = 0;
  return {
    /** Where to read the camera of this index, in clear, as another application each time. */
    rtspTarget: async (camera: number): Promise<RtspTarget> => {
      server ??= openServer(plane);
      const ports = await (await server).ports();
      const rtspUrl = `rtsp://127.0.0.1:${ports?.plain ?? 0}/${plane.stream(camera).camera}/main`;
      const { id: username } = applications[asked++ % applications.length] ?? { id: "" };
      return { rtspUrl, username, password };
    },
  };
};

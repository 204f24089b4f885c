import { EventBus, PrincipalId, type Principal } from "@gatehouse/shared";
import { createHash, randomBytes } from "node:crypto";

import { GatewayIdentity } from "../../../../gateway-bridge/src/access/gateway-identity.ts";
import { RtspServer } from "../../../../gateway-bridge/src/consumers/rtsp/rtsp-server.ts";
import type { RtspTarget } from "../../rtsp-player.ts";
import { clock, log, type MediaPlane } from "../../media-host/media-plane.ts";

const cancel = { signal: new AbortController().signal };
const realm = "Gatehouse";
const password = randomBytes(16).toString("hex");
const application: Principal = {
  id: PrincipalId.parse("who-aaaaaaaaaaaaaaaa"),
  name: "Benchmark",
  kind: "application",
  grants: [{ action: "live", camera: "*" }],
  created: 0,
  revoked: null,
};
const hashes = { MD5: "md5", "SHA-256": "sha256" } as const;

const openServer = async (plane: MediaPlane): Promise<RtspServer> => {
  const kept = new Map<string, Buffer>();
  const identity = await GatewayIdentity.open(
    {
      clock,
      secrets: {
        get: (name) => kept.get(name),
        put: (name, content) => void kept.set(name, Buffer.from(content)),
        delete: (name) => void kept.delete(name),
      },
    },
    cancel,
  );
  return RtspServer.open(
    {
      listen: { host: "127.0.0.1", port: 0 },
      tls: identity.tls,
      plain: { port: 0 },
      logins: {
        realm,
        any: true,
        find: (username) => (username === application.id ? application : undefined),
        ha1: (username, algorithm) => createHash(hashes[algorithm]).update(`${username}:${realm}:${password}`).digest(),
        onChanged: () => ({ [Symbol.dispose]: () => undefined }),
      },
      revocations: new EventBus<PrincipalId>(log),
      streams: plane,
      tiers: () => ["main"],
      audit: { append: () => undefined },
      clock,
      log,
    },
    cancel,
  );
};

/** The gateway's RTSP server, as a worker's handlers. */
export const rtspServer = (plane: MediaPlane) => {
  let server: Promise<RtspServer> | undefined;
  return {
    /** Where to read the camera of this index, in clear. */
    rtspTarget: async (camera: number): Promise<RtspTarget> => {
      server ??= openServer(plane);
      const ports = await (await server).ports();
      const rtspUrl = `rtsp://127.0.0.1:${ports?.plain ?? 0}/${plane.stream(camera).camera}/main`;
      return { rtspUrl, username: application.id, password };
    },
  };
};

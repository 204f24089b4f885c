import { generateKeyPairSync } from "node:crypto";
import { once } from "node:events";
import { createServer, type Server } from "node:https";
import type { AddressInfo } from "node:net";

import { makeCertificate } from "../../gateway-bridge/src/protocols/x509/certificate.ts";

const name = "Another program";
const within = { notBefore: Date.now() - 86_400_000, notAfter: Date.now() + 86_400_000 };

/** Another program on the gateway's own host, with pages of its own: to browsers the same site, to which they send the gateway's cookies. */
export class Neighbour implements AsyncDisposable {
  /** Who vouches for it, PEM. */
  readonly authority: string;
  readonly #issuer = { name, ...generateKeyPairSync("ec", { namedCurve: "P-256" }) };
  readonly #page: string;
  #server: Server | undefined;

  constructor(page: string) {
    const { publicKey } = this.#issuer;
    this.#page = page;
    const use = { kind: "authority" } as const;
    this.authority = makeCertificate({ subject: name, publicKey, use, ...within, issuer: this.#issuer }).toString();
  }

  /** Answers to this name, at a port of its own. Returns its origin. */
  async listen(host: string): Promise<string> {
    const { publicKey, privateKey } = generateKeyPairSync("ec", { namedCurve: "P-256" });
    const use = { kind: "server", names: [host] } as const;
    const cert = makeCertificate({ subject: host, publicKey, use, ...within, issuer: this.#issuer }).toString();
    const key = privateKey.export({ type: "pkcs8", format: "pem" });
    this.#server = createServer({ key, cert }, (_, response) => {
      response.setHeader("content-type", "text/html").end(this.#page);
    });
    this.#server.listen(0, "127.0.0.1");
    await once(this.#server, "listening");
    return `https://${host}:${(this.#server.address() as AddressInfo).port}`;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#server?.closeAllConnections();
    this.#server?.close();
  }
}

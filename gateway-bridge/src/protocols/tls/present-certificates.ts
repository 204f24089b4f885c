import type { SecureContextOptions, Server } from "node:tls";

/** A certificate, its key and those that lead to its authority, PEM. */
interface Presented {
  readonly key: string;
  readonly cert: string;
}

export interface Certificates {
  readonly pinned: Presented;
  readonly named: (Presented & { readonly name: string }) | undefined;
  onChanged(listener: () => void): Disposable;
}

/**
 * Has a TLS server show these certificates, and from the next handshake on those that take their places. Whatever else a
 * context has must be in `policy`: it is the same for every name, clients' authority and all.
 */
export const presentCertificates = (
  server: Pick<Server, "setSecureContext" | "addContext">,
  certificates: Certificates,
  policy: SecureContextOptions,
): Disposable => {
  let shown = "";
  const present = (): void => {
    const { pinned, named } = certificates;
    server.setSecureContext({ ...policy, key: pinned.key, cert: pinned.cert });
    if (named === undefined || named.cert === shown) return;
    // Of several contexts for one name, Node takes the newest.
    server.addContext(named.name, { ...policy, key: named.key, cert: named.cert });
    shown = named.cert;
  };
  present();
  return certificates.onChanged(present);
};

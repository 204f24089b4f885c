import type { Clock, GatewayId, Logger } from "@gatehouse/shared";
import { X509Certificate } from "node:crypto";
import { isIP } from "node:net";

import { homeNetworks } from "../domain/own-names-policy.ts";
import type { SecretStore, ServerCertificate } from "../ports.ts";
import { makeCertificate, permits } from "../protocols/x509/certificate.ts";
import { keptKey, type KeyPair } from "../store/kept-key.ts";
import {
  authorityMarginMs,
  authorityValidityMs,
  isRenewalDue,
  renewalMarginMs,
  serverValidityMs,
  validityFrom,
  validityOf,
} from "./certificate-policy.ts";

/** Where the vault keeps them. */
const secretNames = {
  key: "gateway/home-ca-key",
  certificate: "gateway/home-ca-certificate",
  server: "gateway/tls-certificate",
} as const;

export interface HomeAuthorityOptions {
  readonly gateway: GatewayId;
  /** The gateway's TLS key, which clients pinned and which therefore stays. */
  readonly keys: KeyPair;
  /** DNS names that the gateway answers to; the authority can vouch for these, and what is below them, alone. */
  readonly names: readonly string[];
  /** Addresses that it has at this moment, each of a home network. */
  readonly addresses: () => readonly string[];
  readonly secrets: SecretStore;
  readonly clock: Clock;
  readonly log: Logger;
}

/**
 * The home's own certificate authority, for the browsers of its people: they install it once and see no warning. It can vouch
 * for the gateway's names and for addresses of homes, and for nothing else in the world, whoever gets hold of its key.
 */
export class HomeAuthority {
  readonly #options: HomeAuthorityOptions;
  readonly #issuer: KeyPair & { readonly name: string };
  #certificate: X509Certificate;
  #server: X509Certificate;

  private constructor(options: HomeAuthorityOptions) {
    this.#options = options;
    this.#issuer = { ...keptKey(options.secrets, secretNames.key), name: `Gatehouse ${options.gateway}` };
    this.#certificate = this.#stored(secretNames.certificate) ?? this.#makeAuthority();
    this.#server = this.#stored(secretNames.server) ?? this.#makeServer();
    this.renew();
  }

  /** Makes its key the first time. */
  static open(options: HomeAuthorityOptions): HomeAuthority {
    return new HomeAuthority(options);
  }

  /** What people install. */
  get certificate(): X509Certificate {
    return this.#certificate;
  }

  /** What the gateway shows. */
  get server(): ServerCertificate & { readonly x509: X509Certificate } {
    const key = this.#options.keys.privateKey.export({ type: "pkcs8", format: "pem" }) as string;
    return { key, cert: this.#server.toString(), x509: this.#server };
  }

  /** Makes anew what is due, or does not fit the names and addresses of now. Returns whether anything changed. */
  renew(): boolean {
    const before = [this.#certificate, this.#server];
    if (!this.#isAuthorityGood()) this.#certificate = this.#makeAuthority();
    if (!this.#isServerGood()) this.#server = this.#makeServer();
    return before[0] !== this.#certificate || before[1] !== this.#server;
  }

  #stored(name: string): X509Certificate | undefined {
    const stored = this.#options.secrets.get(name);
    return stored && new X509Certificate(stored);
  }

  #isAuthorityGood(): boolean {
    const { clock, names, log } = this.#options;
    const known = this.#certificate;
    const fits = known.checkPrivateKey(this.#issuer.privateKey) && permits(known, names);
    const due = isRenewalDue(validityOf(known), clock.now(), authorityMarginMs);
    if (fits && !due) return true;
    const why = due
      ? "its time is nearly over, or the clock was wrong when it was made"
      : "the gateway has other names";
    log.warn("the home's certificate authority is made anew: install it again on phones and computers", { why });
    return false;
  }

  #isServerGood(): boolean {
    const { keys, names, addresses, clock } = this.#options;
    const known = this.#server;
    if (!known.checkPrivateKey(keys.privateKey) || !known.checkIssued(this.#certificate)) return false;
    if (!known.verify(this.#issuer.publicKey)) return false;
    if (isRenewalDue(validityOf(known), clock.now(), renewalMarginMs)) return false;
    return [...names, ...addresses()].every((name) => answersTo(known, name));
  }

  #makeAuthority(): X509Certificate {
    const { names, clock, secrets } = this.#options;
    const made = makeCertificate({
      subject: this.#issuer.name,
      publicKey: this.#issuer.publicKey,
      use: { kind: "server-authority", permitted: [...names, ...homeNetworks] },
      ...validityFrom(clock.now(), authorityValidityMs),
      issuer: this.#issuer,
    });
    secrets.put(secretNames.certificate, made.raw);
    return made;
  }

  #makeServer(): X509Certificate {
    const { gateway, keys, names, addresses, clock, secrets, log } = this.#options;
    const made = makeCertificate({
      subject: gateway,
      publicKey: keys.publicKey,
      use: { kind: "server", names: [...names, ...addresses()] },
      ...validityFrom(clock.now(), serverValidityMs),
      issuer: this.#issuer,
    });
    secrets.put(secretNames.server, made.raw);
    log.info("the gateway has a new certificate for its key", { names: made.subjectAltName, until: made.validTo });
    return made;
  }
}

const answersTo = (certificate: X509Certificate, name: string): boolean =>
  (isIP(name) === 0 ? certificate.checkHost(name, { subject: "never" }) : certificate.checkIP(name)) !== undefined;

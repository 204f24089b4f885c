import {
  EventBus,
  stopped,
  toGatehouseError,
  type Cancellable,
  type Clock,
  type Logger,
  type Trust,
} from "@gatehouse/shared";
import type { X509Certificate } from "node:crypto";

import type { ServerCertificate, ServerCertificates } from "../ports.ts";
import type { HomeAuthority } from "./home-authority.ts";
import { readOwnCertificate, type OwnCertificate, type OwnCertificateFiles } from "./own-certificate.ts";

/** How often files, dates and addresses are looked at. */
export const lookMs: number = 60_000;

export interface GatewayCertificatesOptions {
  readonly home: HomeAuthority;
  /** The owner's own certificate, where there is one. */
  readonly own: OwnCertificateFiles | undefined;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The certificates that the gateway shows, each renewed while it runs. */
export class GatewayCertificates implements ServerCertificates, AsyncDisposable {
  readonly #options: GatewayCertificatesOptions;
  readonly #changes: EventBus<undefined>;
  readonly #closing = new AbortController();
  #own: OwnCertificate | undefined;
  /** Why the newest files of the owner's are not shown. */
  #notice: string | null = null;
  #watching: Promise<void> = Promise.resolve();

  private constructor(options: GatewayCertificatesOptions, own: OwnCertificate | undefined) {
    this.#options = options;
    this.#own = own;
    this.#changes = new EventBus(options.log);
  }

  /** @throws GatehouseError `certificate-invalid`, `file-permissions` where the owner's files are not good from the start */
  static async open(options: GatewayCertificatesOptions, { signal }: Cancellable): Promise<GatewayCertificates> {
    signal.throwIfAborted();
    const own = options.own && (await readOwnCertificate(options.own, options.clock));
    const certificates = new GatewayCertificates(options, own);
    certificates.#watching = certificates.#watch();
    return certificates;
  }

  get pinned(): ServerCertificate {
    return this.#options.home.server;
  }

  get named(): (ServerCertificate & { readonly name: string }) | undefined {
    const { own } = this.#options;
    return own && this.#own && { name: own.name.toLowerCase(), key: this.#own.key, cert: this.#own.cert };
  }

  /** What people install, and what they then see. */
  get trust(): Omit<Trust, "url"> {
    const { home } = this.#options;
    const shown = [{ kind: "home" as const, ...facts(home.server.x509) }];
    const own = this.#own && { kind: "own" as const, ...facts(this.#own.x509) };
    return {
      fingerprint: home.certificate.fingerprint256,
      expires: home.certificate.validToDate.getTime(),
      certificates: own === undefined ? shown : [...shown, own],
      notice: this.#notice,
    };
  }

  /** The home's authority, as people install it. */
  get authority(): X509Certificate {
    return this.#options.home.certificate;
  }

  onChanged(listener: () => void): Disposable {
    return this.#changes.on(listener);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(stopped("closed"));
    await this.#watching;
  }

  async #watch(): Promise<void> {
    const { clock, log } = this.#options;
    const { signal } = this.#closing;
    for (;;) {
      try {
        await clock.delay(lookMs, { signal });
        if (await this.#look()) this.#changes.emit(undefined);
      } catch (error) {
        if (signal.aborted) return;
        log.error("certificates could not be looked at", { error: String(error) });
      }
    }
  }

  /** Whether anything is another than before. */
  async #look(): Promise<boolean> {
    const isOwnNew = await this.#readAgain();
    return this.#options.home.renew() || isOwnNew;
  }

  /** What is shown stays until something good takes its place. */
  async #readAgain(): Promise<boolean> {
    const { own: files, clock, log } = this.#options;
    if (files === undefined) return false;
    try {
      const read = await readOwnCertificate(files, clock);
      this.#notice = null;
      if (read.cert === this.#own?.cert && read.key === this.#own.key) return false;
      this.#own = read;
      log.info("the owner's certificate was renewed", { name: files.name, until: read.x509.validTo });
      return true;
    } catch (thrown) {
      const error = toGatehouseError(thrown);
      if (this.#notice !== error.message) {
        log.warn("the owner's certificate cannot be used; the one before is shown", { why: error.message });
      }
      this.#notice = error.message;
      return false;
    }
  }
}

const facts = ({ subjectAltName = "", validToDate }: X509Certificate): { names: string[]; expires: number } => ({
  names: subjectAltName.split(", ").map((name) => name.replace(/^(?:DNS|IP Address):/, "")),
  expires: validToDate.getTime(),
});

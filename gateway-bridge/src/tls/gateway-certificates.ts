import {
  EventBus,
  stopped,
  toGatehouseError,
  type Cancellable,
  type Clock,
  type GatewayWarning,
  type Logger,
  type Trust,
} from "@gatehouse/shared";
import type { X509Certificate } from "node:crypto";

import type { NoticeBoard, ServerCertificate, ServerCertificates } from "../ports.ts";
import type { AcmeCertificate } from "./acme-certificate.ts";
import { isEnding, validityOf } from "./certificate-policy.ts";
import type { HomeAuthority } from "./home-authority.ts";
import { readOwnCertificate, type OwnCertificateFiles } from "./own-certificate.ts";
import type { UsableCertificate } from "./usable-certificate.ts";

/** How often files, dates and addresses are looked at. */
export const lookMs: number = 60_000;

export interface GatewayCertificatesOptions {
  readonly home: HomeAuthority;
  /** The owner's own certificate, where there is one. */
  readonly own: OwnCertificateFiles | undefined;
  /** Opens that of an authority which everybody knows, where there is to be one. */
  readonly openAcme?: ((onChanged: () => void) => AcmeCertificate) | undefined;
  readonly notices: NoticeBoard;
  readonly clock: Clock;
  readonly log: Logger;
}

/** The certificates that the gateway shows, each renewed while it runs. */
export class GatewayCertificates implements ServerCertificates, AsyncDisposable {
  readonly #options: GatewayCertificatesOptions;
  readonly #changes: EventBus<undefined>;
  readonly #closing = new AbortController();
  readonly #acme: AcmeCertificate | undefined;
  #own: UsableCertificate | undefined;
  /** Why the newest files of the owner's are not shown. */
  #notice: string | null = null;
  /** Whether it was said that they end. */
  #ending = false;
  #watching: Promise<void> = Promise.resolve();

  private constructor(options: GatewayCertificatesOptions, own: UsableCertificate | undefined) {
    this.#options = options;
    this.#own = own;
    this.#changes = new EventBus(options.log);
    this.#acme = options.openAcme?.(() => this.#changes.emit(undefined));
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
    const { name, shown } = this.#public ?? {};
    return name === undefined || shown === undefined
      ? undefined
      : { name: name.toLowerCase(), key: shown.key, cert: shown.cert };
  }

  /** The one that is sought by ACME, if there is one. */
  get acme(): AcmeCertificate | undefined {
    return this.#acme;
  }

  /** What people install, and what they then see. */
  get trust(): Omit<Trust, "url"> {
    const { home } = this.#options;
    const named = this.#public;
    const shown = [
      { kind: "home" as const, ...facts(home.server.x509) },
      ...(named?.shown === undefined ? [] : [{ kind: named.kind, ...facts(named.shown.x509) }]),
    ];
    return {
      fingerprint: home.certificate.fingerprint256,
      expires: home.certificate.validToDate.getTime(),
      certificates: shown,
      named: named === undefined ? null : { ...named, shown: named.shown !== undefined },
      notice: this.#problem,
    };
  }

  /** What its owner should better. */
  get warnings(): readonly GatewayWarning[] {
    const { name = "", shown } = this.#public ?? {};
    const remedy = "`gatehouse certificate` shows what is served, and what to do.";
    const problem = this.#problem;
    const ends = shown !== undefined && this.#isEnding(shown);
    return [
      ...(problem === null ? [] : [{ code: "certificate-failed" as const, message: `${name}: ${problem}`, remedy }]),
      ...(ends
        ? [{ code: "certificate-ending" as const, message: `${name}: ends on ${shown.x509.validTo}`, remedy }]
        : []),
    ];
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
    await this.#acme?.[Symbol.asyncDispose]();
  }

  /** The certificate for the gateway's public name, as it should be. */
  get #public():
    (Omit<NonNullable<Trust["named"]>, "shown"> & { readonly shown: UsableCertificate | undefined }) | undefined {
    const { own } = this.#options;
    if (own !== undefined) return { kind: "own", name: own.name, shown: this.#own, nextTry: null };
    const acme = this.#acme;
    return acme && { kind: "acme", name: acme.name, shown: acme.current, nextTry: acme.nextTry };
  }

  get #problem(): string | null {
    return this.#notice ?? this.#acme?.problem ?? null;
  }

  #isEnding({ x509 }: UsableCertificate): boolean {
    return isEnding(validityOf(x509), this.#options.clock.now());
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
    const { own: files, clock, log, notices } = this.#options;
    if (files === undefined) return false;
    try {
      const read = await readOwnCertificate(files, clock);
      if (this.#notice !== null) notices.withdraw("certificate-failed", files.name);
      this.#notice = null;
      this.#tellOfEnd(read);
      if (read.cert === this.#own?.cert && read.key === this.#own.key) return false;
      this.#own = read;
      log.info("the owner's certificate was renewed", { name: files.name, until: read.x509.validTo });
      return true;
    } catch (thrown) {
      const error = toGatehouseError(thrown);
      if (this.#notice !== error.message) {
        log.warn("the owner's certificate cannot be used; the one before is shown", { why: error.message });
        const text = `The newer certificate for ${files.name} cannot be used: ${error.message}.`;
        notices.raise({ kind: "certificate-failed", subject: files.name, text });
      }
      this.#notice = error.message;
      return false;
    }
  }

  /** Says once that whoever renews the files should have done so long ago. */
  #tellOfEnd(read: UsableCertificate): void {
    const { own, notices } = this.#options;
    const ends = this.#isEnding(read);
    if (own === undefined || ends === this.#ending) return;
    this.#ending = ends;
    if (!ends) {
      notices.withdraw("certificate-ending", own.name);
      return;
    }
    const text = `The certificate for ${own.name} ends on ${read.x509.validTo}, and nobody has renewed it.`;
    notices.raise({ kind: "certificate-ending", subject: own.name, text });
  }
}

const facts = ({ subjectAltName = "", validToDate }: X509Certificate): { names: string[]; expires: number } => ({
  names: subjectAltName.split(", ").map((name) => name.replace(/^(?:DNS|IP Address):/, "")),
  expires: validToDate.getTime(),
});

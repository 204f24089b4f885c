import {
  GatehouseError,
  Secret,
  stopped,
  toGatehouseError,
  type Cancellable,
  type Clock,
  type GatehouseError as Failure,
  type Logger,
} from "@gatehouse/shared";
import { X509Certificate } from "node:crypto";
import { z } from "zod";

import type { AuditSink, NoticeBoard, SecretStore } from "../ports.ts";
import type { Database } from "../store/database.ts";
import { keptKey } from "../store/kept-key.ts";
import type { OpenAcmeClient } from "./acme-client.ts";
import { obtainCertificate } from "./acme-order.ts";
import { nextTryAt, pauseAfter } from "./acme-policy.ts";
import { KeptProgress } from "./acme-progress.ts";
import { isEnding, validityOf } from "./certificate-policy.ts";
import { openZone, type DnsPlace } from "./dns/open-zone.ts";
import { usableCertificate, type UsableCertificate } from "./usable-certificate.ts";

/** Where the vault keeps them. */
const secretNames = {
  account: "tls/acme-account-key",
  /** Of the certificate to come. */
  nextKey: "tls/acme-next-key",
  /** The certificate with its key: one secret, so that they change together. */
  current: "tls/acme-certificate",
  token: "tls/dns-token",
} as const;

const Kept = z.strictObject({ name: z.string(), key: z.string(), cert: z.string() });
/** How often it is looked whether the time has come: the clock may be set meanwhile. */
const lookMs = 60_000;

export interface AcmeCertificateOptions {
  /** The public name that it is for. */
  readonly name: string;
  readonly directory: string;
  readonly email?: string | undefined;
  readonly dns: DnsPlace;
  /** PEM of authorities that the directory and the DNS provider may have their certificates from; those of the box unless given. */
  readonly authorities?: readonly string[] | undefined;
  readonly openClient: OpenAcmeClient;
  readonly secrets: SecretStore;
  readonly database: Database;
  readonly audit: AuditSink;
  readonly notices: NoticeBoard;
  readonly clock: Clock;
  readonly log: Logger;
  /** In [0, 1). */
  readonly random: () => number;
}

/**
 * The certificate of an authority that every browser knows, for the gateway's public name: asked for by ACME, renewed while a third of its
 * life is left, and shown for as long as there is no better one. It never becomes another one unseen: where it cannot be had, people are told.
 */
export class AcmeCertificate implements AsyncDisposable {
  readonly #options: AcmeCertificateOptions;
  readonly #progress: KeptProgress;
  readonly #spread: number;
  readonly #closing = new AbortController();
  readonly #onChanged: () => void;
  #current: UsableCertificate | undefined;
  /** Aborts when somebody wants a try now. */
  #wanted = new AbortController();
  #running: Promise<void> = Promise.resolve();

  private constructor(options: AcmeCertificateOptions, onChanged: () => void) {
    const { database, directory, name, random } = options;
    this.#options = options;
    this.#onChanged = onChanged;
    this.#spread = random();
    this.#progress = new KeptProgress(database, `${name} at ${directory}`);
    this.#current = this.#kept();
  }

  /** Shows what was had before, and sees to the rest by itself. `onChanged` is told when there is another one. */
  static open(options: AcmeCertificateOptions, onChanged: () => void): AcmeCertificate {
    const certificate = new AcmeCertificate(options, onChanged);
    certificate.#running = certificate.#run();
    return certificate;
  }

  get name(): string {
    return this.#options.name;
  }

  /** Undefined until there is one. */
  get current(): UsableCertificate | undefined {
    return this.#current;
  }

  /** Why the last try failed; null where it did not. */
  get problem(): string | null {
    return this.#progress.problem;
  }

  /** When it is asked for anew, by Clock.now(). */
  get nextTry(): number {
    const { failures, nextTry } = this.#progress;
    const validity = this.#current && validityOf(this.#current.x509);
    return nextTryAt({ validity, failures, nextTry }, this.#options.clock.now(), this.#spread);
  }

  /** Keeps what the DNS provider knows the gateway by, and tries at once where the last try failed. */
  setToken(token: Secret): void {
    this.#options.secrets.put(secretNames.token, Buffer.from(token.reveal()));
    this.#progress.forgive();
    this.#wanted.abort();
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(stopped("closed"));
    await this.#running;
  }

  async #run(): Promise<void> {
    const { signal } = this.#closing;
    while (!signal.aborted) {
      this.#wanted = new AbortController();
      await this.#look({ signal });
      const early = AbortSignal.any([signal, this.#wanted.signal]);
      await this.#options.clock.delay(lookMs, { signal: early }).catch(() => undefined);
    }
  }

  async #look(cancel: Cancellable): Promise<void> {
    const { clock, log } = this.#options;
    try {
      if (this.nextTry > clock.now()) return;
      await this.#renew(cancel);
    } catch (error) {
      if (cancel.signal.aborted) return;
      try {
        this.#fail(toGatehouseError(error, "certificate-failed"));
      } catch (fault) {
        log.error("a failure could not be kept", { error: String(fault) });
      }
    }
  }

  async #renew(cancel: Cancellable): Promise<void> {
    const { name, directory, email, authorities, dns, openClient, secrets, clock, log } = this.#options;
    const token = secrets.get(secretNames.token);
    if (token === undefined) throw new GatehouseError("dns-refused", "there is no token for the DNS provider yet");
    const zone = openZone(dns, { token: Secret.of(token.toString()), authorities, clock });
    const key = Secret.of(pemOf(keptKey(secrets, secretNames.account)));
    const client = await openClient({ directory, key, email, authorities });
    const keys = keptKey(secrets, secretNames.nextKey);
    const cert = await obtainCertificate({ name, keys, client, zone, progress: this.#progress, clock, log }, cancel);
    this.#take({ name, key: pemOf(keys), cert });
  }

  #take(made: z.infer<typeof Kept>): void {
    const { name, secrets, audit, notices, log } = this.#options;
    const usable = this.#judge(made);
    const until = usable.x509.validTo;
    audit.append({
      principal: "-",
      action: "certificateChanged",
      target: "-",
      outcome: "done",
      detail: `${name} ${until}`,
    });
    secrets.put(secretNames.current, Buffer.from(JSON.stringify(made)));
    secrets.delete(secretNames.nextKey);
    this.#progress.settle();
    this.#current = usable;
    notices.withdraw("certificate-failed", name);
    notices.withdraw("certificate-ending", name);
    log.info("the gateway has a new certificate for its public name", { name, until });
    this.#onChanged();
  }

  /** An order that brought nothing of use is not asked again. */
  #judge(made: z.infer<typeof Kept>): UsableCertificate {
    try {
      return usableCertificate(made, { cert: "what the authority issued", key: "the key" }, this.#options.clock);
    } catch (error) {
      this.#progress.order = undefined;
      throw error;
    }
  }

  #fail({ message }: Failure): void {
    const { name, clock, log, random } = this.#options;
    const pause = pauseAfter(this.#progress.failures + 1, random());
    log.warn("a certificate could not be had; trying again", { name, why: message, retryInMs: pause });
    this.#tell(message);
    this.#progress.fail(message, clock.now() + pause);
    if (this.#wanted.signal.aborted) this.#progress.forgive();
  }

  #tell(why: string): void {
    const { name, notices, clock } = this.#options;
    const verb = this.#current === undefined ? "had" : "renewed";
    const text = `The certificate for ${name} could not be ${verb}: ${why}.`;
    notices.raise({ kind: "certificate-failed", subject: name, text });
    if (this.#current === undefined || !isEnding(validityOf(this.#current.x509), clock.now())) return;
    const end = `The certificate for ${name} ends on ${this.#current.x509.validTo}, and could not be renewed.`;
    notices.raise({ kind: "certificate-ending", subject: name, text: end });
  }

  /** What was had before; also where it has ended, because that is better than another one unseen. */
  #kept(): UsableCertificate | undefined {
    const { secrets, name } = this.#options;
    const text = secrets.get(secretNames.current)?.toString();
    const kept = text === undefined ? undefined : Kept.parse(JSON.parse(text));
    if (kept?.name !== name) return undefined;
    return { key: kept.key, cert: kept.cert, x509: new X509Certificate(kept.cert) };
  }
}

const pemOf = ({ privateKey }: ReturnType<typeof keptKey>): string =>
  privateKey.export({ type: "pkcs8", format: "pem" }) as string;

import { subscriptionPath } from "../../onvif-events.ts";
import { element, envelope, escapeXml, SoapFault, SoapRequest } from "../../soap.ts";
import { mayUse } from "../access-policy.ts";
import type { CameraCore } from "../camera-core.ts";
import type { Account } from "../camera-state.ts";
import { operationsOf } from "./all-operations.ts";
import { eventOperations } from "./events.ts";
import type { Operation } from "./operation.ts";
import { servicesOf } from "./services.ts";

export interface SoapAnswer {
  readonly status: number;
  readonly xml: string;
  /** WWW-Authenticate. */
  readonly challenges?: readonly string[];
}

export interface SoapVisit {
  readonly origin: string;
  /** Path and query, as it came. */
  readonly url: string;
  readonly authorization: string | undefined;
  readonly signal: AbortSignal;
}

/** The camera's ONVIF services: who may do what, by HTTP Digest or by a token in the envelope. */
export class OnvifDesk {
  readonly #core: CameraCore;

  constructor(core: CameraCore) {
    this.#core = core;
  }

  /** Undefined where that path is no service of this camera. */
  async answer(xml: string, visit: SoapVisit): Promise<SoapAnswer | undefined> {
    const [path = ""] = visit.url.split("?");
    const isSubscription = path.startsWith(subscriptionPath);
    const service = servicesOf(this.#core).find(({ name, path: own }) =>
      isSubscription ? name === "events" : own === path,
    );
    if (service === undefined) return undefined;
    try {
      const request = SoapRequest.parse(xml);
      this.#count(request.operation);
      const operations =
        service.name === "events"
          ? eventOperations(this.#core.events, isSubscription ? path : undefined)
          : operationsOf(service.name);
      const operation = Object.hasOwn(operations, request.operation) ? operations[request.operation] : undefined;
      const refusal = this.#refusal(operation?.access ?? "READ_SYSTEM", request, visit);
      if (refusal !== undefined) return refusal;
      if (operation === undefined) throw new SoapFault("ter:ActionNotSupported", "Optional Action Not Implemented");
      const content = await this.#run(operation, request, visit);
      const body = element(`${service.prefix}:${request.operation}Response`, content);
      const related = request.text("MessageID");
      return this.#answer(200, body, related === undefined ? "" : element("wsa:RelatesTo", escapeXml(related)));
    } catch (error) {
      if (!(error instanceof SoapFault)) throw error;
      return this.#answer(400, error.toXml());
    }
  }

  async #run(operation: Operation, request: SoapRequest, { origin, signal }: SoapVisit): Promise<string> {
    const core = this.#core;
    const run = () => operation.run(core, request.body, { origin, signal, request });
    if (operation.access !== "WRITE_SYSTEM" && operation.access !== "UNRECOVERABLE") return await run();
    return await core.change(request.operation, run);
  }

  /** Undefined for who may. Where strangers may, nobody's login is looked at. */
  #refusal(access: Operation["access"], request: SoapRequest, visit: SoapVisit): SoapAnswer | undefined {
    if (access === "PRE_AUTH" || this.#isOpen(access)) return undefined;
    const who = this.#identify(request, visit);
    if ("status" in who) return who;
    return mayUse(who.level, access) ? undefined : this.#answer(400, notAuthorized().toXml());
  }

  #isOpen(access: Operation["access"]): boolean {
    const { anonymous } = this.#core.state;
    if (this.#core.openToAll) return true;
    if (access === "READ_SYSTEM_SECRET") return anonymous.secret;
    return anonymous.read && (access === "READ_SYSTEM" || access === "READ_MEDIA");
  }

  #identify(request: SoapRequest, { url, authorization }: SoapVisit): Account | SoapAnswer {
    const core = this.#core;
    const byDigestAlone = core.quirks.digestOnly === true && core.face.httpDigest;
    if (!byDigestAlone && (authorization === undefined || !core.face.httpDigest)) {
      const byToken = this.#identifyByToken(request);
      if (byToken !== undefined) return byToken;
      if (!core.face.httpDigest) return this.#answer(400, notAuthorized().toXml());
    }
    const admission = core.web.admit({ plane: "onvif", protocol: "onvif" }, authorization, {
      method: "POST",
      uri: url,
    });
    switch (admission.kind) {
      case "admitted":
        return admission.account;
      case "locked":
        return this.#locked(admission.seconds);
      case "refused":
        return { ...this.#answer(401, notAuthorized().toXml()), challenges: admission.challenges };
    }
  }

  #identifyByToken(request: SoapRequest): Account | SoapAnswer | undefined {
    const { accounts, tokens } = this.#core;
    const judgement = tokens.judge(request);
    if (judgement === undefined) return undefined;
    const { verdict, username } = judgement;
    const seconds = accounts.lockedFor("onvif", username);
    if (seconds > 0) {
      accounts.refusedWhileLocked += 1;
      return this.#locked(seconds);
    }
    if (verdict === "denied") accounts.fail("onvif", "onvif", username);
    const account = verdict === "allowed" ? accounts.find("onvif", username) : undefined;
    if (account !== undefined) accounts.right("onvif", username);
    return account ?? this.#answer(400, notAuthorized().toXml());
  }

  #locked(seconds: number): SoapAnswer {
    const fault = new SoapFault("ter:NotAuthorized", `The account is locked, try again in ${seconds} seconds`);
    return this.#answer(this.#core.state.brand === "hikvision" ? 403 : 400, fault.toXml());
  }

  #answer(status: number, body: string, header = ""): SoapAnswer {
    return { status, xml: dress(envelope(body, header), this.#core.state.brand) };
  }

  #count(operation: string): void {
    const { counts } = this.#core;
    counts.onvif += 1;
    counts.operations.set(operation, (counts.operations.get(operation) ?? 0) + 1);
  }
}

const notAuthorized = (): SoapFault => new SoapFault("ter:NotAuthorized", "Sender not Authorized");

/** Vendors' libraries name the envelope's namespace each in their own way. */
const dress = (xml: string, brand: string): string => {
  const prefix = brand === "hikvision" ? "env" : brand === "axis" || brand === "dahua" ? "SOAP-ENV" : "s";
  return xml.replace(/(<\/?|xmlns:)s(?=[:=])/g, `$1${prefix}`).replace(">s:Sender<", `>${prefix}:Sender<`);
};

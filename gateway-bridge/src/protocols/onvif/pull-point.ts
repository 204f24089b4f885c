import { isGatehouseError, withDeadline, type Cancellable, type Clock } from "@gatehouse/shared";
import { randomUUID } from "node:crypto";

import { xml, type XmlNode } from "../xml/write-xml.ts";
import { find, textAt, type XmlElement } from "../xml/xml-element.ts";
import { namespaces } from "./namespaces.ts";
import { readNotifications, type Notification } from "./notification.ts";
import type { OnvifCaller } from "./onvif-caller.ts";
import { answerGraceMs, renewAfterMs, subscriptionMs, unsubscribeMs } from "./pull-point-policy.ts";
import { formatDateTime, formatDuration, parseDateTime } from "./xs-time.ts";

export interface PullPointOptions {
  readonly session: OnvifCaller;
  readonly clock: Clock;
}

/** How a camera takes the end of a subscription: some refuse durations, some any wish at all. */
const lifetimes = ["duration", "moment", "its-own"] as const;
type Lifetime = (typeof lifetimes)[number];

const subscriptionManager = "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager";
const mostMessages = 64;

/** Where the camera keeps the subscription. */
interface Reference {
  readonly url: URL;
  /** As the camera wrote it, for WS-Addressing. */
  readonly to: string;
  /** What it wants to see again in every header: cameras that keep all subscriptions at one address tell them apart by it. */
  readonly parameters: readonly XmlNode[];
}

/** A subscription to a camera's events, from which they are pulled (ONVIF Core 9.2). Unsubscribes when disposed. */
export class PullPoint implements AsyncDisposable {
  readonly #options: PullPointOptions;
  readonly #reference: Reference;
  readonly #lifetime: Lifetime;
  #renewAt: number;

  private constructor(options: PullPointOptions, reference: Reference, lifetime: Lifetime, renewAt: number) {
    this.#options = options;
    this.#reference = reference;
    this.#lifetime = lifetime;
    this.#renewAt = renewAt;
  }

  /** @throws GatehouseError as OnvifSession.call */
  static async subscribe(options: PullPointOptions, cancel: Cancellable): Promise<PullPoint> {
    const { session, clock } = options;
    for (const lifetime of lifetimes) {
      try {
        const operation = "CreatePullPointSubscription";
        const action = `${namespaces.events}/EventPortType/${operation}Request`;
        const wish = until(session, lifetime, "o:InitialTerminationTime");
        const header = addressing(action, undefined);
        const answer = await session.call({ service: "events", operation, action, header, arguments: wish }, cancel);
        const renewAt = clock.monotonic() + renewAfterMs(grantedMs(answer));
        const point = new PullPoint(options, readReference(answer, session), lifetime, renewAt);
        await point.#synchronize(cancel);
        return point;
      } catch (error) {
        if (!isFault(error) || lifetime === "its-own") throw error;
      }
    }
    throw new Error("unreachable");
  }

  /** Waits in the camera for up to `timeoutMs` until something happens. Renews the subscription first when that is due. */
  async pull(timeoutMs: number, cancel: Cancellable): Promise<readonly Notification[]> {
    if (this.#options.clock.monotonic() >= this.#renewAt) await this.#renew(cancel);
    const limits = [xml("o:Timeout", {}, formatDuration(timeoutMs)), xml("o:MessageLimit", {}, String(mostMessages))];
    const answer = await this.#call("PullMessages", limits, { ...cancel, timeoutMs: timeoutMs + answerGraceMs });
    return readNotifications(answer);
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const { clock } = this.#options;
    const { signal } = new AbortController();
    try {
      await withDeadline({ clock, ms: unsubscribeMs, what: "the end of the subscription", signal }, (cancel) =>
        this.#manage("Unsubscribe", [], cancel),
      );
    } catch {
      // The camera forgets it by itself when its time is over.
    }
  }

  /** Asks for the present state of everything, so that what happened before the subscription is known (ONVIF Core 9.6). */
  async #synchronize(cancel: Cancellable): Promise<void> {
    try {
      await this.#call("SetSynchronizationPoint", [], cancel);
    } catch (error) {
      if (!isFault(error)) throw error;
    }
  }

  async #renew(cancel: Cancellable): Promise<void> {
    const { clock, session } = this.#options;
    const asked = clock.monotonic();
    const answer = await this.#manage("Renew", until(session, this.#lifetime, "o:TerminationTime"), cancel);
    this.#renewAt = asked + renewAfterMs(grantedMs(answer));
  }

  #call(
    operation: string,
    given: readonly XmlNode[],
    cancel: Cancellable & { timeoutMs?: number },
  ): Promise<XmlElement> {
    const action = `${namespaces.events}/PullPointSubscription/${operation}Request`;
    return this.#send({ operation, action, arguments: given, timeoutMs: cancel.timeoutMs }, cancel);
  }

  /** WS-BaseNotification's own operations. */
  #manage(operation: string, given: readonly XmlNode[], cancel: Cancellable): Promise<XmlElement> {
    const action = `${subscriptionManager}/${operation}Request`;
    return this.#send({ operation, action, arguments: given, namespace: namespaces.notification }, cancel);
  }

  #send(
    call: Omit<Parameters<OnvifCaller["call"]>[0], "service" | "url" | "header">,
    cancel: Cancellable,
  ): Promise<XmlElement> {
    const { url } = this.#reference;
    const header = addressing(call.action ?? "", this.#reference);
    return this.#options.session.call({ ...call, service: "events", url, header }, cancel);
  }
}

const isFault = (error: unknown): boolean => isGatehouseError(error) && error.code === "camera-fault";

const until = (session: OnvifCaller, lifetime: Lifetime, name: string): readonly XmlNode[] => {
  switch (lifetime) {
    case "duration":
      return [xml(name, {}, formatDuration(subscriptionMs))];
    case "moment":
      return [xml(name, {}, formatDateTime(session.cameraNow + subscriptionMs))];
    case "its-own":
      return [];
  }
};

/** By the camera's own clock at both ends, so a wrong one does not matter. */
const grantedMs = (answer: XmlElement): number | undefined => {
  const now = parseDateTime(textAt(answer, "CurrentTime"));
  const end = parseDateTime(textAt(answer, "TerminationTime"));
  return now === undefined || end === undefined ? undefined : end - now;
};

const readReference = (answer: XmlElement, session: OnvifCaller): Reference => {
  const reference = find(answer, "SubscriptionReference");
  const to = textAt(reference, "Address").slice(0, 2_048);
  const parameters = find(reference, "ReferenceParameters")?.children ?? [];
  return { url: session.resolve(to, "service"), to, parameters: parameters.slice(0, 8).flatMap(copyParameter) };
};

/** WS-Addressing SOAP Binding 3.4. Only names that are plainly names are written again. */
const copyParameter = ({ name, namespace, text, children }: XmlElement): XmlNode[] =>
  /^[\w.-]+$/.test(name) && children.length === 0
    ? [xml(`p:${name}`, { "xmlns:p": namespace, "wsa:IsReferenceParameter": "true", ...addressingNamespace }, text)]
    : [];

const addressingNamespace = { "xmlns:wsa": namespaces.addressing };

/** WS-Addressing 1.0 headers; several cameras route by them and answer a fault without. */
const addressing = (action: string, reference: Reference | undefined): readonly XmlNode[] => [
  xml("wsa:Action", addressingNamespace, action),
  xml("wsa:MessageID", addressingNamespace, `urn:uuid:${randomUUID()}`),
  ...(reference === undefined ? [] : [xml("wsa:To", addressingNamespace, reference.to), ...reference.parameters]),
];

import { randomBytes } from "node:crypto";

import { PullPoint } from "./pull-point.ts";
import {
  dateTime,
  element,
  escapeXml,
  parseDuration,
  SoapFault,
  type SoapOperations,
  type SoapRequest,
} from "./soap.ts";

export interface OnvifEventsOptions {
  readonly origin: string;
  /** The camera's own clock. */
  readonly now: () => number;
}

export const subscriptionPath = "/onvif/subscription/";

const topic = "tns1:VideoSource/MotionAlarm";
const maxSubscriptions = 10;
const defaultLifetimeMs = 60_000;
const maxPullMs = 60_000;

/** The Event service with pull points (ONVIF Core 9.2), and the one property it reports: motion. */
export class OnvifEvents {
  readonly counts = { pullMessages: 0 };
  readonly #options: OnvifEventsOptions;
  readonly #subscriptions = new Map<string, PullPoint>();
  #motion = { active: false, reference: "" };

  constructor(options: OnvifEventsOptions) {
    this.#options = options;
  }

  get subscriptions(): number {
    return this.#subscriptions.size;
  }

  /** Reports that motion began or ended. */
  motion(active: boolean, reference: string): void {
    this.#motion = { active, reference };
    for (const subscription of this.#subscriptions.values()) subscription.push(this.#notification("Changed"));
  }

  /** Forgets every subscription, as a reboot does. */
  clear(): void {
    for (const subscription of [...this.#subscriptions.values()]) subscription[Symbol.dispose]();
  }

  /** What the event service itself can do. */
  readonly operations: SoapOperations = {
    GetServiceCapabilities: () =>
      `<tev:Capabilities WSSubscriptionPolicySupport="false" WSPullPointSupport="true" MaxPullPoints="${maxSubscriptions}"/>`,
    GetEventProperties: () => eventProperties,
    CreatePullPointSubscription: (request) => this.#subscribe(request),
  };

  /** What can be done to the subscription of that id. */
  subscriptionOperations(id: string): SoapOperations {
    const subscription = this.#subscriptions.get(id);
    if (subscription === undefined) {
      throw new SoapFault("wsrf-rw:ResourceUnknownFault", "the subscription does not exist or has expired");
    }
    return {
      PullMessages: (request, { signal }) => this.#pull(subscription, request, signal),
      SetSynchronizationPoint: () => {
        subscription.push(this.#notification("Initialized"));
        return "";
      },
      Renew: (request) => {
        const lifetime = this.#lifetime(request.text("TerminationTime"));
        subscription.renew(lifetime);
        return this.#times("wsnt", lifetime);
      },
      Unsubscribe: () => {
        subscription[Symbol.dispose]();
        return "";
      },
    };
  }

  #subscribe(request: SoapRequest): string {
    if (this.#subscriptions.size >= maxSubscriptions) {
      throw new SoapFault("wsnt:SubscribeCreationFailedFault", "too many subscriptions");
    }
    const lifetime = this.#lifetime(request.text("InitialTerminationTime"));
    const id = randomBytes(8).toString("hex");
    const subscription = new PullPoint(() => this.#subscriptions.delete(id));
    subscription.renew(lifetime);
    subscription.push(this.#notification("Initialized"));
    this.#subscriptions.set(id, subscription);
    const address = element("wsa:Address", `${this.#options.origin}${subscriptionPath}${id}`);
    return element("tev:SubscriptionReference", address) + this.#times("wsnt", lifetime);
  }

  async #pull(subscription: PullPoint, request: SoapRequest, signal: AbortSignal): Promise<string> {
    this.counts.pullMessages += 1;
    const timeout = parseDuration(request.text("Timeout") ?? "PT60S");
    const limit = Number(request.text("MessageLimit") ?? 1);
    if (timeout === undefined || !(limit >= 1)) throw new SoapFault("ter:InvalidArgVal", "unreadable limits");
    const messages = await subscription.pull(limit, { timeoutMs: Math.min(timeout, maxPullMs), signal });
    return this.#times("tev", subscription.remainingMs) + messages.join("");
  }

  /** Accepts a duration or a moment of the camera's clock. */
  #lifetime(text = `PT${defaultLifetimeMs / 1_000}S`): number {
    const lifetime = parseDuration(text) ?? Date.parse(text) - this.#options.now();
    if (!(lifetime > 0)) throw new SoapFault("wsnt:UnacceptableTerminationTimeFault", "unreadable or past time");
    return lifetime;
  }

  #times(prefix: "wsnt" | "tev", lifetimeMs: number): string {
    const now = this.#options.now();
    const current = element(`${prefix}:CurrentTime`, dateTime(now));
    const termination = element(`${prefix}:TerminationTime`, dateTime(now + lifetimeMs));
    return current + termination;
  }

  #notification(operation: "Initialized" | "Changed"): string {
    const { active, reference } = this.#motion;
    const item = (name: string, value: string): string => `<tt:SimpleItem Name="${name}" Value="${escapeXml(value)}"/>`;
    return element(
      "wsnt:NotificationMessage",
      `<wsnt:Topic Dialect="http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet">${topic}</wsnt:Topic>`,
      element(
        "wsnt:Message",
        element(
          `tt:Message UtcTime="${dateTime(this.#options.now())}" PropertyOperation="${operation}"`,
          element("tt:Source", item("Source", "VideoSource_1")),
          element(
            "tt:Data",
            item("State", String(active)),
            ...(reference === "" ? [] : [item("Reference", reference)]),
          ),
        ),
      ),
    );
  }
}

const eventProperties = [
  `<tev:TopicNamespaceLocation>http://www.onvif.org/onvif/ver10/topics/topicns.xml</tev:TopicNamespaceLocation>`,
  `<wsnt:FixedTopicSet>true</wsnt:FixedTopicSet>`,
  `<wstop:TopicSet><tns1:VideoSource><MotionAlarm wstop:topic="true"><tt:MessageDescription IsProperty="true">`,
  `<tt:Source><tt:SimpleItemDescription Name="Source" Type="tt:ReferenceToken"/></tt:Source>`,
  `<tt:Data><tt:SimpleItemDescription Name="State" Type="xs:boolean" xmlns:xs="http://www.w3.org/2001/XMLSchema"/>`,
  `<tt:SimpleItemDescription Name="Reference" Type="xs:string" xmlns:xs="http://www.w3.org/2001/XMLSchema"/></tt:Data>`,
  `</tt:MessageDescription></MotionAlarm></tns1:VideoSource></wstop:TopicSet>`,
  `<wsnt:TopicExpressionDialect>http://www.onvif.org/ver10/tev/topicExpression/ConcreteSet</wsnt:TopicExpressionDialect>`,
  `<tev:MessageContentFilterDialect>http://www.onvif.org/ver10/tev/messageContentFilter/ItemFilter</tev:MessageContentFilterDialect>`,
  `<tev:MessageContentSchemaLocation>http://www.onvif.org/onvif/ver10/schema/onvif.xsd</tev:MessageContentSchemaLocation>`,
].join("");

import { GatehouseError, systemClock, type Clock } from "@gatehouse/shared";
import { TestClock } from "@gatehouse/shared/testing";
import { afterEach, describe, expect, it } from "@jest/globals";

import { LoginLatch } from "../http/login-latch.ts";
import { find, textAt } from "../xml/xml-element.ts";
import type { Notification } from "./notification.ts";
import { OnvifSession } from "./onvif-session.ts";
import { pullNotifications } from "./pull-notifications.ts";
import { provenMs, spacingMs } from "./pull-point-policy.ts";
import {
  cut,
  fault,
  hang,
  notification,
  ScriptedCamera,
  times,
  type Answer,
  type Operation,
} from "./testing/scripted-camera.ts";

let resources = new AsyncDisposableStack();
afterEach(async () => {
  await resources.disposeAsync();
  resources = new AsyncDisposableStack();
});

const messages = (...states: readonly string[]): string =>
  `<tev:PullMessagesResponse>${states.map((State) => notification("tns1:VideoSource/MotionAlarm", { State })).join("")}</tev:PullMessagesResponse>`;

/** Answers by turns; the last one for good. */
const turns = (...answers: readonly (Answer | Operation)[]): Operation => {
  let turn = 0;
  return (request) => {
    const answer = answers[Math.min(turn++, answers.length - 1)] ?? hang;
    return typeof answer === "function" ? answer(request) : answer;
  };
};

interface Run {
  readonly camera: ScriptedCamera;
  readonly heard: string[];
  readonly healthy: () => number;
  readonly ended: Promise<unknown>;
  readonly stop: () => Promise<unknown>;
  /** Resolves when so many notifications were heard. */
  readonly hears: (count: number) => Promise<void>;
}

const run = async (operations: Readonly<Record<string, Operation>>, clock: Clock = systemClock): Promise<Run> => {
  const camera = resources.use(await ScriptedCamera.open({ operations }));
  const controller = new AbortController();
  const { signal } = controller;
  const options = { device: camera.url, pin: null, clock, login: undefined, latch: new LoginLatch(clock) };
  const session = resources.use(await OnvifSession.open(options, { signal }));
  const heard: string[] = [];
  const waiting = new Set<() => void>();
  let healthy = 0;
  const sink = ({ data }: Notification): void => {
    heard.push(data.get("State") ?? "");
    waiting.forEach((wake) => wake());
  };
  const ended = pullNotifications({ session, clock, signal, sink, healthy: () => (healthy += 1) }).catch(
    (error: unknown) => error,
  );
  const stop = async (): Promise<unknown> => {
    controller.abort(new GatehouseError("aborted", "enough"));
    return ended;
  };
  resources.defer(async () => {
    await stop();
  });
  const hears = (count: number): Promise<void> =>
    new Promise((resolve) => {
      const wake = (): void => {
        if (heard.length < count) return;
        waiting.delete(wake);
        resolve();
      };
      waiting.add(wake);
      wake();
    });
  return { camera, heard, healthy: () => healthy, ended, stop, hears };
};

/** Lets time pass until the condition holds. */
const passing = async (clock: TestClock, stepMs: number, until: () => boolean): Promise<void> => {
  for (let step = 0; !until(); step += 1) {
    if (step > 2_000) throw new Error("it never came true");
    await clock.advance(stepMs);
    await new Promise((resolve) => setImmediate(resolve));
  }
};

describe("pullNotifications", () => {
  it("subscribes, asks for the present state, pulls, and unsubscribes at the end", async () => {
    const { camera, hears, stop, heard } = await run({ PullMessages: turns(messages("true", "false"), hang) });
    await hears(2);
    expect(heard).toEqual(["true", "false"]);
    expect(await stop()).toMatchObject({ code: "aborted" });
    const operations = camera.requests.map(({ operation }) => operation).slice(2);
    expect(operations.filter((operation) => operation !== "PullMessages")).toEqual([
      "CreatePullPointSubscription",
      "SetSynchronizationPoint",
      "Unsubscribe",
    ]);
    const [pull] = camera.asked("PullMessages");
    expect([pull?.path, textAt(pull?.body, "Timeout"), textAt(pull?.body, "MessageLimit")]).toEqual([
      "/onvif/subscription/1",
      "PT1S",
      "64",
    ]);
    expect(textAt(pull?.header, "Action")).toBe(
      "http://www.onvif.org/ver10/events/wsdl/PullPointSubscription/PullMessagesRequest",
    );
    expect(textAt(camera.asked("Unsubscribe")[0]?.header, "Action")).toBe(
      "http://docs.oasis-open.org/wsn/bw-2/SubscriptionManager/UnsubscribeRequest",
    );
  });

  it("wishes for a duration, then for a moment of the camera's clock, then for nothing", async () => {
    const wishes: string[] = [];
    const answer =
      (reply: Answer): Operation =>
      ({ body }) => {
        wishes.push(textAt(body, "InitialTerminationTime"));
        return reply;
      };
    const refuse = answer(fault("s:Sender", "wsnt:UnacceptableInitialTerminationTimeFault", "no"));
    const granted = `<r><SubscriptionReference><Address>http://x/onvif/subscription/1</Address></SubscriptionReference></r>`;
    const { hears } = await run({
      CreatePullPointSubscription: turns(refuse, refuse, answer(granted)),
      PullMessages: turns(messages("true"), hang),
    });
    await hears(1);
    expect(wishes).toEqual(["PT120S", expect.stringMatching(/^20\d\d-\d\d-\d\dT\d\d:\d\d:\d\dZ$/), ""]);
  });

  it("gives back the reference parameters of cameras that keep all subscriptions in one place", async () => {
    const { camera, hears } = await run({
      CreatePullPointSubscription: () =>
        `<r><SubscriptionReference><Address>http://10.0.0.1/onvif/services</Address><ReferenceParameters><d:SubscriptionId xmlns:d="http://axis/event">5</d:SubscriptionId></ReferenceParameters></SubscriptionReference></r>`,
      PullMessages: turns(messages("true"), hang),
    });
    await hears(1);
    const pull = camera.asked("PullMessages")[0];
    const parameter = find(pull?.header, "SubscriptionId");
    expect([pull?.path, textAt(pull?.header, "To")]).toEqual(["/onvif/services", "http://10.0.0.1/onvif/services"]);
    expect([parameter?.text, parameter?.namespace, parameter?.attributes.get("IsReferenceParameter")]).toEqual([
      "5",
      "http://axis/event",
      "true",
    ]);
  });

  it("pulls from the camera itself where the camera names another host", async () => {
    let stranger: ScriptedCamera | undefined;
    const { camera, hears } = await run({
      CreatePullPointSubscription: async () => {
        // At the same port, so that nothing but the host makes the difference.
        stranger = resources.use(
          await ScriptedCamera.open({ at: { host: "127.0.0.2", port: Number(camera.url.port) } }),
        );
        return `<r><SubscriptionReference><Address>http://${stranger.host}/onvif/subscription/9</Address></SubscriptionReference></r>`;
      },
      PullMessages: turns(messages("true"), hang),
    });
    await hears(1);
    expect(camera.asked("PullMessages")[0]?.path).toBe("/onvif/subscription/9");
    expect(stranger?.requests).toEqual([]);
  });

  it("renews before the camera's own end comes, however short that is", async () => {
    const clock = new TestClock();
    const { camera } = await run(
      {
        CreatePullPointSubscription: () =>
          `<r><SubscriptionReference><Address>http://x/onvif/subscription/1</Address></SubscriptionReference>${times(40)}</r>`,
        PullMessages: () => messages(),
        Renew: () => `<r>${times(40)}</r>`,
      },
      clock,
    );
    await passing(clock, 500, () => camera.asked("Renew").length >= 2);
    const pulls = camera.requests.map(({ operation }) => operation);
    expect(pulls.indexOf("Renew")).toBeGreaterThan(0);
    expect(textAt(camera.asked("Renew")[0]?.body, "TerminationTime")).toBe("PT120S");
    expect(camera.asked("CreatePullPointSubscription")).toHaveLength(1);
  });

  it("waits shorter where the camera hangs up on long waits", async () => {
    const clock = new TestClock();
    const { camera } = await run({ PullMessages: turns(messages("true"), holdAndCut(clock, 10_000), hang) }, clock);
    // In small steps: what the system takes to bring the cut over counts as waiting, and a second of it would be one too many.
    await passing(clock, 50, () => camera.asked("PullMessages").length >= 3);
    expect(camera.asked("PullMessages").map(({ body }) => textAt(body, "Timeout"))).toEqual(["PT1S", "PT30S", "PT9S"]);
    expect(camera.asked("CreatePullPointSubscription")).toHaveLength(1);
  });

  it("subscribes anew when a subscription that worked is lost", async () => {
    const clock = new TestClock();
    const lost = fault("s:Sender", "wsrf-rw:ResourceUnknownFault", "gone");
    let healed = false;
    const { camera, heard, healthy } = await run(
      {
        PullMessages: () => {
          if (healed) return heard.includes("true") ? messages() : messages("true");
          if (clock.monotonic() - 1_700_000_000_000 < provenMs + 3_000) return messages();
          healed = true;
          return lost;
        },
      },
      clock,
    );
    await passing(clock, 500, () => heard.includes("true"));
    expect(camera.asked("CreatePullPointSubscription")).toHaveLength(2);
    expect(healthy()).toBeGreaterThan(0);
  });

  it.each<[string, Answer, string]>([
    ["a fault", fault("s:Sender", "ter:InvalidArgVal", "no"), "camera-fault"],
    ["being cut off again and again", cut, "camera-unreachable"],
    ["a refused login", fault("s:Sender", "ter:NotAuthorized", "no"), "camera-credentials"],
    ["a foreign key in the answer", "<!DOCTYPE x>", "camera-answer-malformed"],
  ])("gives up on %s right after subscribing, and leaves the rest to its supervisor", async (_, answer, code) => {
    const clock = new TestClock();
    const { ended, camera, healthy } = await run({ PullMessages: () => answer }, clock);
    let failure: unknown;
    void ended.then((error) => (failure = error));
    await passing(clock, 100, () => failure !== undefined);
    expect(failure).toMatchObject({ code });
    // Not so soon that its supervisor could ask for one subscription after the other.
    expect(clock.monotonic() - 1_700_000_000_000).toBeGreaterThanOrEqual(spacingMs);
    expect(camera.asked("CreatePullPointSubscription")).toHaveLength(1);
    expect(healthy()).toBe(0);
  });

  it("does not ask in a spin when a camera answers at once with nothing", async () => {
    const clock = new TestClock();
    const { camera } = await run({ PullMessages: () => messages() }, clock);
    await passing(clock, 100, () => camera.asked("PullMessages").length >= 6);
    expect(clock.monotonic() - 1_700_000_000_000).toBeGreaterThanOrEqual(5_000);
  });

  it("does not wait for a camera that will not end the subscription", async () => {
    const clock = new TestClock();
    const { stop, camera, hears } = await run(
      { PullMessages: turns(messages("true"), hang), Unsubscribe: () => hang },
      clock,
    );
    await hears(1);
    let over = false;
    const stopping = stop().then(() => (over = true));
    await passing(clock, 500, () => over);
    await stopping;
    expect(camera.asked("Unsubscribe")).toHaveLength(1);
  });
});

/** Keeps a request waiting, and then hangs up. */
const holdAndCut = (clock: Clock, ms: number): Answer => ({
  instead: (response) => clock.schedule(ms, () => response.socket?.destroy()),
});

import {
  EventBus,
  GatehouseError,
  untilAborted,
  type CameraId,
  type Cancellable,
  type Clock,
  type Logger,
  type RouterMapping,
  type RouterReport,
} from "@gatehouse/shared";
import type { networkInterfaces } from "node:os";

import type { IgdRefusal } from "../../protocols/igd/igd-actions.ts";
import { IgdClient } from "../../protocols/igd/igd-client.ts";
import { keyOf } from "../../protocols/igd/port-mapping.ts";
import type { RouterProbe } from "../probe/probed-home.ts";
import { defaultGateways, type DefaultGateways } from "./default-gateways.ts";
import { findRouters, type FindRoutersOptions, type RouterCandidate } from "./find-routers.ts";
import { isHairpinOpen } from "./hairpin.ts";
import { explainKept, type Removal } from "./removal-policy.ts";
import { surveyRouter, type HeldMapping } from "./router-survey.ts";

export interface HomeRouterOptions {
  readonly interfaces: typeof networkInterfaces;
  readonly clock: Clock;
  readonly log: Logger;
  /** The gateway's cameras, and the literal addresses that they have now. */
  readonly cameras: () => readonly { readonly id: CameraId; readonly host: string }[];
  /** Of this box; Linux's own table unless given. */
  readonly gateways?: DefaultGateways;
  /** Where to look, if not at the whole network. */
  readonly at?: FindRoutersOptions["at"] & { readonly controlPort?: number };
}

/** Answers of a look are good for so long, so that the checks of one look ask the router once. */
const freshMs = 20_000;

interface Survey {
  readonly report: RouterReport;
  readonly held: readonly HeldMapping[];
  readonly candidates: readonly RouterCandidate[];
}

/**
 * The home's routers: what they offer to whoever asks, the mappings that they hold, and how one is removed. Never asks for a mapping: there is
 * no way to. Whatever a router says is a claim, and nobody but the router itself is spoken to because of it.
 */
export class HomeRouter implements RouterProbe, AsyncDisposable {
  readonly #options: HomeRouterOptions;
  readonly #closing = new AbortController();
  readonly #looks: EventBus<RouterReport>;
  #last: Survey | undefined;
  #ongoing: Promise<Survey> | undefined;

  private constructor(options: HomeRouterOptions) {
    this.#options = options;
    this.#looks = new EventBus(options.log);
  }

  static open(options: HomeRouterOptions): HomeRouter {
    return new HomeRouter(options);
  }

  /** As it was seen last; with `at` null before it was ever looked at. */
  get last(): RouterReport {
    return this.#last?.report ?? { routers: [], at: null };
  }

  /** Tells what each look has seen, whoever wanted it. */
  onLook(listener: (report: RouterReport) => void): Disposable {
    return this.#looks.on(listener);
  }

  /** What the routers offer and hold; asked at most once in 20 s. Fails by the signal's reason alone. */
  async report(cancel: Cancellable): Promise<RouterReport> {
    const { clock } = this.#options;
    const at = this.#last?.report.at;
    if (at != null && Math.abs(clock.now() - at) < freshMs) return this.last;
    return (await this.#survey(cancel)).report;
  }

  /** The same, asked now. */
  async fresh(cancel: Cancellable): Promise<RouterReport> {
    return (await this.#survey(cancel)).report;
  }

  /** The page of the box's own way out; null where nobody knows one. */
  get page(): string | null {
    const first = this.#wayOut ?? this.last.routers[0];
    return first === undefined ? null : (first.page ?? `http://${first.address}/`);
  }

  /**
   * Whether a port of the home's own outside address leads inside, tried from inside. Only the box's own way out is believed about that address.
   * @returns undefined where it cannot be told
   */
  async hairpin(port: number, cancel: Cancellable): Promise<boolean | undefined> {
    await this.report(cancel);
    const router = this.#wayOut;
    if (router === undefined) return undefined;
    const { clock } = this.#options;
    return isHairpinOpen({ clock, outside: router.externalAddress, router: router.address, port }, cancel);
  }

  /**
   * Has a mapping removed, if the router holds it still as it is told here, and looks whether it is gone. Those of others are not touched, whatever has
   * come to stand in its place meanwhile.
   * @throws GatehouseError `router-unreachable`, `router-answer-malformed` where no router tells all that it holds
   */
  async deleteMapping(mapping: RouterMapping, cancel: Cancellable): Promise<Removal> {
    const before = await this.#again(cancel);
    const targets = before.held.filter((held) => isSame(held.mapping, mapping));
    if (targets.length === 0) return absent(before, mapping);
    const answers: (IgdRefusal | "changed" | undefined)[] = [];
    for (const target of targets) answers.push(await this.#remove(target, cancel));
    const after = await this.#again(cancel);
    const left = targets.filter((target) => !isGone(target, after));
    if (left.length === 0) return { kind: "gone" };
    if (answers.includes("changed")) return { kind: "changed" };
    const router = after.report.routers.find(({ address }) => address === left[0]?.router);
    const refusal = answers.find((answer) => answer !== undefined && answer !== "changed");
    return explainKept({ mapping, page: router?.page ?? null, refusal, told: router?.complete ?? false });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#closing.abort(new GatehouseError("aborted", "the gateway stops asking the router"));
    await this.#ongoing?.catch(() => undefined);
  }

  get #wayOut(): RouterReport["routers"][number] | undefined {
    const ways = this.#last?.candidates.filter(({ isDefaultGateway }) => isDefaultGateway) ?? [];
    return this.last.routers.find(({ address }) => ways.some((way) => way.address === address));
  }

  /** The entry is asked for once more just before, because another's may have taken its place since it was listed. */
  async #remove(
    { router: address, service, mapping }: HeldMapping,
    cancel: Cancellable,
  ): Promise<IgdRefusal | "changed" | undefined> {
    using client = new IgdClient({ address, clock: this.#options.clock });
    const now = await client.mapping(service, mapping, cancel);
    if (now !== undefined && !isSame(now, mapping)) return "changed";
    return await client.remove(service, mapping, cancel);
  }

  /** One at a time: whoever asks meanwhile gets the same answer. The work ends with the router's, not with the asker's, signal. */
  async #survey({ signal }: Cancellable, candidates?: readonly RouterCandidate[]): Promise<Survey> {
    this.#ongoing ??= this.#look({ signal: this.#closing.signal }, candidates).finally(
      () => (this.#ongoing = undefined),
    );
    return await untilAborted(signal, this.#ongoing);
  }

  /** Begun after this was called, so that it shows what was done before. Known routers are asked without a search. */
  async #again(cancel: Cancellable): Promise<Survey> {
    await this.#ongoing?.catch(() => undefined);
    const known = this.#last?.candidates.filter(({ locations }) => locations.length > 0) ?? [];
    return this.#survey(cancel, known.length > 0 ? known : undefined);
  }

  async #look(cancel: Cancellable, known?: readonly RouterCandidate[]): Promise<Survey> {
    const { clock, log, at } = this.#options;
    const candidates = known ?? (await this.#find(cancel));
    const cameras = this.#options.cameras();
    const cameraAt = (address: string): CameraId | null => cameras.find(({ host }) => host === address)?.id ?? null;
    const options = { clock, log, cameraAt, controlPort: at?.controlPort };
    const surveyed = await Promise.all(candidates.map((each) => surveyRouter(each, options, cancel)));
    const routers = surveyed.filter((each) => each !== undefined);
    this.#last = {
      report: { routers: routers.map(({ router }) => router), at: clock.now() },
      held: routers.flatMap(({ held }) => held),
      candidates,
    };
    this.#looks.emit(this.#last.report);
    return this.#last;
  }

  async #find(cancel: Cancellable): Promise<readonly RouterCandidate[]> {
    const { clock, log, interfaces, at, gateways = defaultGateways } = this.#options;
    return findRouters({ clock, log, interfaces: interfaces(), gateways: await gateways(), at }, cancel);
  }
}

type Told = Pick<RouterMapping, "protocol" | "externalPort" | "internalClient" | "internalPort">;

const isSame = (one: Told, other: Told): boolean =>
  one.protocol === other.protocol &&
  one.externalPort === other.externalPort &&
  one.internalClient === other.internalClient &&
  one.internalPort === other.internalPort;

/** What is not in the list: gone, if the list is one, or somebody else's by now. */
const absent = ({ report, held }: Survey, { protocol, externalPort }: Told): Removal => {
  const telling = report.routers.filter(({ igd }) => igd !== null);
  if (telling.length === 0) throw new GatehouseError("router-unreachable", "no router tells of its port forwardings");
  const isTaken = held.some(({ mapping }) => mapping.protocol === protocol && mapping.externalPort === externalPort);
  if (isTaken) return { kind: "changed" };
  if (telling.every(({ complete }) => complete)) return { kind: "gone" };
  throw new GatehouseError("router-answer-malformed", "the router did not tell all the port forwardings that it holds");
};

/** A router that no longer tells its list has not shown that it is gone. */
const isGone = ({ router, mapping }: HeldMapping, { report, held }: Survey): boolean =>
  report.routers.some(({ address, complete }) => address === router && complete) &&
  !held.some(
    (each) => each.router === router && keyOf(each.mapping) === keyOf(mapping) && isSame(each.mapping, mapping),
  );

import {
  formatRelayInvite,
  GatehouseError,
  isGatehouseError,
  parseAddress,
  Secret,
  type AuditRow,
  type Cancellable,
  type Clock,
  type TunnelId,
} from "@gatehouse/shared";

import type { AuditSink } from "../../ports.ts";
import { readOperatorKey, type OperatorAuthority } from "../operators/operator-authority.ts";
import type { Operator } from "../operators/operator.ts";
import type { Operators } from "../operators/operators.ts";
import { isEveryAddress } from "../relay-config.ts";
import type { GatewayLimits } from "../server/limits.ts";
import type {
  AuditState,
  ControlAnswer,
  ControlCallName,
  controlCalls,
  ControlRequest,
  EnrolledGateway,
  RelayStatus,
} from "./calls.ts";
import type { SignIns } from "./sign-ins.ts";

/** What a call came to. */
export interface Handled<T> {
  readonly answer: T;
  /** For its row in the audit log: what it was done to, and one short sentence. */
  readonly target?: string;
  readonly detail?: string;
  /** What may end this very connection: done once the caller has its answer, or has gone. Never throws. */
  readonly after?: () => void;
}

type Change = { [N in ControlCallName]: (typeof controlCalls)[N]["changes"] extends true ? N : never }[ControlCallName];

/** One function for each line of the table. Changes do not wait: each is one transaction with its row in the audit log. */
export type ControlHandlers = {
  readonly [N in ControlCallName]: (
    request: ControlRequest<N>,
    operator: Operator,
    cancel: Cancellable,
  ) => N extends Change ? Handled<ControlAnswer<N>> : Handled<ControlAnswer<N>> | Promise<Handled<ControlAnswer<N>>>;
};

/** The relay as its operators see it. */
export interface OperatedRelay {
  status(): RelayStatus;
  gateways(): readonly EnrolledGateway[];
  /** The secret of an invite, and when it is over. */
  invite(lifetime: { readonly ttlMs: number }): { readonly secret: string; readonly expires: number };
  /** Its streams end, too. @throws GatehouseError `not-found` */
  revoke(gateway: TunnelId): void;
  /** @throws GatehouseError `not-found` */
  setLimits(gateway: TunnelId, limits: GatewayLimits): void;
  /** Makes the next key known, or shows it. @throws GatehouseError `key-too-new` */
  rotateKey(): "announced" | "changed";
  drain(withinMs: number): void;
}

/** The audit log as it is read and written. */
export interface RelayAudit extends AuditSink {
  list(page: { readonly before?: number; readonly limit?: number }): AuditRow[];
  verifyInSlices(cancel: Cancellable): Promise<AuditState>;
}

export interface HandlerOptions {
  readonly relay: OperatedRelay;
  readonly operators: Operators;
  readonly authority: OperatorAuthority;
  readonly signIns: SignIns;
  readonly audit: RelayAudit;
  readonly clock: Clock;
}

export const createControlHandlers = (options: HandlerOptions): ControlHandlers => ({
  ...readers(options),
  ...gatewayChanges(options),
  ...operatorChanges(options),
  rotateKey: () => {
    const step = options.relay.rotateKey();
    const keys = [...options.relay.status().keys];
    return { answer: { step, keys }, target: keys.at(-1) ?? "-", detail: step };
  },
  drain: ({ withinMs }) => ({
    answer: {},
    detail: `within ${Math.ceil(withinMs / 1_000)} s`,
    after: () => options.relay.drain(withinMs),
  }),
});

const readers = ({ relay, operators, audit }: HandlerOptions) =>
  ({
    status: () => ({ answer: relay.status() }),
    listGateways: () => ({ answer: [...relay.gateways()] }),
    listOperators: () => ({ answer: [...operators.list()] }),
    listAudit: ({ before, limit }) => ({
      answer: audit.list({ ...(before !== undefined && { before }), ...(limit !== undefined && { limit }) }),
    }),
    verifyAudit: async (_request, _operator, cancel) => ({ answer: await audit.verifyInSlices(cancel) }),
  }) satisfies Partial<ControlHandlers>;

const gatewayChanges = ({ relay }: HandlerOptions) =>
  ({
    invite: ({ ttlMs }) => {
      const { name, public: address, keys } = relay.status();
      if (isEveryAddress(parseAddress(address)?.host ?? "")) throw nowhere();
      const { secret, expires } = relay.invite({ ttlMs });
      const invite = formatRelayInvite({ address, relay: name, relayKey: keys[0] ?? "", secret });
      return { answer: { invite, expires }, detail: `until ${new Date(expires).toISOString()}` };
    },
    revokeGateway: ({ gateway }) => {
      relay.revoke(gateway);
      return { answer: {}, target: gateway };
    },
    limitGateway: ({ gateway, limits }) => {
      relay.setLimits(gateway, limits);
      return { answer: {}, target: gateway, detail: JSON.stringify(limits) };
    },
  }) satisfies Partial<ControlHandlers>;

const nowhere = (): GatehouseError =>
  new GatehouseError("config-invalid", "An invite would name no address by which the relay is found.", {
    remedy: "Set `public` in relay.json, as relay.example.org:8444, and start the relay again.",
  });

const operatorChanges = ({ operators, authority, signIns, audit, clock }: HandlerOptions) =>
  ({
    signIn: ({ code }, operator) => {
      const row = { principal: operator.id, action: "signIn", target: operator.id, detail: "" };
      try {
        operators.takeCode(operator.id, Secret.of(code));
      } catch (error) {
        // What was not looked at is not written down: whoever has the key could fill the disk.
        if (isGatehouseError(error) && error.code === "sign-in-refused") audit.append({ ...row, outcome: "denied" });
        throw error;
      }
      audit.append({ ...row, outcome: "allowed" });
      return { answer: { operator: { ...operator, signedIn: clock.now() }, ...signIns.begin(operator) } };
    },
    addOperator: ({ name, role, publicKey }) => {
      const key = readOperatorKey(publicKey);
      const { operator, totp } = operators.add({ name, role, publicKey: key });
      const certificate = authority.issue(operator.id, key);
      return { answer: { operator, certificate, totp }, target: operator.id, detail: `${role} ${name}` };
    },
    removeOperator: ({ operator: id }) => {
      const { name } = operators.remove(id);
      signIns.end(id);
      return { answer: {}, target: id, detail: name };
    },
  }) satisfies Partial<ControlHandlers>;

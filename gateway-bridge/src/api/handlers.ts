import type {
  JsonRouteName,
  Principal,
  routes,
  RouteAnswer,
  RouteName,
  RouteRequest,
  SessionId,
} from "@gatehouse/shared";
import type { WebSocket } from "ws";

import type { Clip, Snapshot } from "../ports.ts";

/** The routes that the rest of the gateway answers; the events WebSocket is the API server's own. */
export type HandledRouteName = Exclude<RouteName, "events">;

/** What a handler is given once its caller was found to be allowed and its words to be well-formed. */
export type HandlerRequest<N extends HandledRouteName> = RouteRequest<N> & {
  /** Who asks. Only a client that pairs is nobody yet. */
  readonly principal: N extends "pair" ? undefined : Principal;
  /** The address that the request came from. */
  readonly peer: string;
  /** Aborts when the client leaves, is revoked, or the server closes. */
  readonly signal: AbortSignal;
  /** The WebSocket, open; what the handler throws is told over it. */
  readonly socket: N extends "live" ? WebSocket : undefined;
};

/** The gateway's half of a WebRTC session. */
export interface SdpAnswer {
  readonly id: SessionId;
  readonly sdp: string;
}

export interface TextAnswer {
  readonly contentType: string;
  readonly text: string;
}

interface OtherAnswers {
  readonly jpeg: Snapshot;
  readonly mp4: Clip;
  readonly sdp: SdpAnswer;
  readonly text: TextAnswer;
  /** Resolves once the view is under way. */
  readonly websocket: undefined;
}

export type HandlerAnswer<N extends HandledRouteName> = N extends JsonRouteName
  ? RouteAnswer<N>
  : (typeof routes)[N]["response"] extends infer Kind extends keyof OtherAnswers
    ? OtherAnswers[Kind]
    : never;

/** What each route does. Throws GatehouseErrors, which the client is told. */
export type Handlers = { readonly [N in HandledRouteName]: (request: HandlerRequest<N>) => Promise<HandlerAnswer<N>> };

import type { JsonRouteName, Principal, RouteAnswer, RouteName, RouteRequest } from "@gatehouse/shared";

import type { Snapshot } from "../ports.ts";

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
};

export type HandlerAnswer<N extends HandledRouteName> = N extends JsonRouteName ? RouteAnswer<N> : Snapshot;

/** What each route does. Throws GatehouseErrors, which the client is told. */
export type Handlers = { readonly [N in HandledRouteName]: (request: HandlerRequest<N>) => Promise<HandlerAnswer<N>> };

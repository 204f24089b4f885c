import type { JsonRouteName, routes, RouteAnswer, RouteName, RouteRequest, SessionId } from "@gatehouse/shared";
import type { WebSocket } from "ws";

import type { Authority } from "../domain/authority.ts";
import type { LiveLogin } from "../domain/login-policy.ts";
import type { Caller, Clip, Snapshot, Visitor } from "../ports.ts";

/** The routes that the rest of the gateway answers; the events WebSocket is the API server's own. */
export type HandledRouteName = Exclude<RouteName, "events">;

/** The browser that a request came from, or the device that came through the relay. */
export interface Browser {
  /** The Cookie header as it came. */
  readonly cookieHeader: string | undefined;
  readonly userAgent: string | undefined;
  /** Whom the request was meant for: one of our own names or addresses; undefined for a known client that calls us something else. */
  readonly authority: Authority | undefined;
  /** The device, which is its person's alone; undefined for whoever came to the port. */
  readonly visitor: Visitor | undefined;
  /** Adds to the cookies that go with the answer. */
  readonly setCookies: (values: readonly string[]) => void;
}

type AccessOf<N extends HandledRouteName> = (typeof routes)[N]["access"]["on"];
/** Who asks, and how it came in. Who pairs or signs in is nobody yet, and only a login asks about itself. */
type AskedBy<N extends HandledRouteName> =
  AccessOf<N> extends "pairing" | "anybody"
    ? { readonly [key in keyof Caller]?: undefined }
    : AccessOf<N> extends "login"
      ? Caller & { readonly login: LiveLogin }
      : Caller;

/** What a handler is given once its caller was found to be allowed and its words to be well-formed. */
export type HandlerRequest<N extends HandledRouteName> = RouteRequest<N> &
  AskedBy<N> & {
    /** The address that the request came from, or the device. */
    readonly peer: string;
    readonly browser: Browser;
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

/** A file, made while it is read. */
export interface FileAnswer {
  readonly contentType: string;
  /** What it is called where it is kept: letters, digits, `.` and `-`. */
  readonly name: string;
  readonly chunks: AsyncIterable<Uint8Array>;
}

interface OtherAnswers {
  readonly jpeg: Snapshot;
  readonly mp4: Clip;
  readonly sdp: SdpAnswer;
  readonly text: TextAnswer;
  readonly file: FileAnswer;
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

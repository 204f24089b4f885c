import type {
  CameraId,
  Cancellable,
  ConnectionState,
  JsonRouteName,
  RouteAnswer,
  RouteCall,
  ServerMessage,
} from "@gatehouse/shared";

/** A still picture. */
export interface Picture {
  readonly jpeg: Buffer;
  /** Milliseconds since the epoch, by the gateway's clock. */
  readonly capturedAt: number;
}

/** Pixels that HomeKit would like; cameras may send others. */
export interface PictureSize {
  readonly width?: number;
  readonly height?: number;
}

/** What can be asked of a paired gateway. */
export interface Gateway {
  call<N extends JsonRouteName>(route: N, request: Partial<RouteCall<N>>, cancel: Cancellable): Promise<RouteAnswer<N>>;
  snapshot(camera: CameraId, size: PictureSize, cancel: Cancellable): Promise<Picture>;
}

/** A gateway and its events, for as long as the plugin runs. `hello` comes first and after every reconnect. */
export interface GatewayConnection extends Gateway, AsyncDisposable {
  watch(listener: { message(message: ServerMessage): void; state(state: ConnectionState): void }): Disposable;
}

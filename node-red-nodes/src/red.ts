/** The part of Node-RED's runtime API that these nodes use. */
export interface NodeRed {
  readonly settings: { readonly userDir?: string };
  readonly httpAdmin: {
    get(
      path: string,
      ...handlers: readonly ((request: AdminRequest, response: AdminResponse, next: () => void) => void)[]
    ): void;
  };
  readonly auth: {
    needsPermission(scope: string): (request: AdminRequest, response: AdminResponse, next: () => void) => void;
  };
  readonly nodes: {
    createNode(node: RedNode, config: object): void;
    registerType(type: string, constructor: unknown, options?: object): void;
    getNode(id: string): unknown;
  };
}

export interface AdminRequest {
  readonly params: Readonly<Record<string, string | undefined>>;
}

export interface AdminResponse {
  json(body: unknown): void;
  status(code: number): AdminResponse;
}

export interface Badge {
  readonly fill: "red" | "green" | "yellow" | "blue" | "grey";
  readonly shape: "dot" | "ring";
  readonly text: string;
}

/** A flow message; nodes keep what they do not know. */
export type Message = Record<string, unknown>;

export type Done = (error?: Error) => void;

/** What `createNode` makes of `this`. */
export interface RedNode {
  readonly id: string;
  readonly name?: string;
  /** Kept by Node-RED apart from the flow, encrypted, and never exported with it. */
  readonly credentials?: Readonly<Record<string, string | undefined>>;
  on(event: "input", listener: (message: Message, send: (message: Message) => void, done: Done) => void): void;
  on(event: "close", listener: (removed: boolean, done: () => void) => void): void;
  send(message: Message): void;
  status(badge: Badge | Record<string, never>): void;
  log(text: string): void;
  warn(text: string): void;
  error(text: string): void;
  debug(text: string): void;
}

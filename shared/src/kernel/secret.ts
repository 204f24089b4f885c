import { inspect } from "node:util";

/** A text that must not be seen: prints `[secret]` wherever it is printed. `reveal` is the one way to its content. */
export class Secret {
  readonly #content: string;

  private constructor(content: string) {
    this.#content = content;
  }

  static of(content: string): Secret {
    return new Secret(content);
  }

  reveal(): string {
    return this.#content;
  }

  toString(): string {
    return "[secret]";
  }

  toJSON(): string {
    return "[secret]";
  }

  [inspect.custom](): string {
    return "[secret]";
  }
}

/** Where the project writes its log. The message is a constant phrase, data are fields; neither ever holds a secret. */
export interface Logger {
  child(fields: Readonly<Record<string, unknown>>): Logger;
  debug(message: string, fields?: Readonly<Record<string, unknown>>): void;
  info(message: string, fields?: Readonly<Record<string, unknown>>): void;
  warn(message: string, fields?: Readonly<Record<string, unknown>>): void;
  error(message: string, fields?: Readonly<Record<string, unknown>>): void;
}

const nothing = (): void => undefined;

export const silentLogger: Logger = {
  child: () => silentLogger,
  debug: nothing,
  info: nothing,
  warn: nothing,
  error: nothing,
};

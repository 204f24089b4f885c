/** HomeKit's own error numbers, as the accessory answered. */
export class HomeKitError extends Error {
  readonly status: number;

  constructor(what: string, status: number) {
    super(`${what}: HomeKit status ${status}`);
    this.name = "HomeKitError";
    this.status = status;
  }
}

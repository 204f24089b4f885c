/**
 * Preloaded (`--import`) into other people's servers: whoever listens on every address listens on 127.0.0.1 instead.
 * Homebridge cannot be told to, and nothing that a test or the demo starts may be reachable from the network.
 */
import net from "node:net";

const everywhere = new Set<unknown>(["0.0.0.0", "::", "", undefined, null]);
const loopback = "127.0.0.1";
type Listen = (this: net.Server, ...rest: unknown[]) => net.Server;
// eslint-disable-next-line @typescript-eslint/unbound-method -- called below with its server
const original = net.Server.prototype.listen as Listen;

const confined: Listen = function (...given) {
  const [first, second] = given;
  if (typeof first === "object" && first !== null && "port" in first) {
    const options = first as net.ListenOptions;
    return original.call(
      this,
      everywhere.has(options.host) ? { ...options, host: loopback } : options,
      ...given.slice(1),
    );
  }
  if (typeof first === "string" && !/^\d+$/.test(first)) return original.call(this, ...given);
  const port = typeof first === "function" ? 0 : (first ?? 0);
  const named = typeof second === "string" || second === undefined || second === null;
  if (named && !everywhere.has(second)) return original.call(this, ...given);
  const rest = given.slice(named ? 2 : 1).filter((value) => value !== undefined && value !== null);
  return original.call(this, port, loopback, ...(typeof first === "function" ? [first] : rest));
};
Object.defineProperty(net.Server.prototype, "listen", { value: confined, writable: true, configurable: true });

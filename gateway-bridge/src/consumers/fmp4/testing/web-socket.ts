/** The gateway's own `ws`: tests outside of the package would find another version. */
export { WebSocket, WebSocketServer } from "ws";

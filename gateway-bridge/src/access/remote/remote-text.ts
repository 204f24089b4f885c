/** What does not work while access from away is off, in sentences. */
export const whatStops = (devices: number): string[] => [
  "Nobody reaches this home through a relay: `gatehouse connect` gets no picture, sound, event or setting, nor does what uses it elsewhere (a laptop, a phone, Node-RED, a player).",
  devices === 0
    ? "No device is paired for it."
    : `${devices === 1 ? "1 device that is paired stays" : `${devices} devices that are paired stay`} paired, and may knock again once it is on.`,
  "At home everything works as ever.",
];

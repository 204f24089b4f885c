import type { FlowNode } from "./node-red.ts";

const ids = {
  tab: "6f1c9a3be2d04c21",
  gateway: "5f2b8146ed934c26",
  note: "1b7e4d02a95f4c22",
  event: "2c8f5e13ba604c23",
  snapshot: "3d906f24cb714c24",
  picture: "4ea17035dc824c25",
  report: "6a3c9257fea44c27",
} as const;

export const gatewayNodeId = ids.gateway;

/** The flow of the demo house: motion at any camera takes a picture, and tells the demo's status line. */
export const houseFlow = (options: { readonly pairingString: string; readonly collector: string }): FlowNode[] => {
  const place = (x: number, y: number): object => ({ z: ids.tab, x, y });
  return [
    { id: ids.tab, type: "tab", label: "Gatehouse demo" },
    {
      id: ids.gateway,
      type: "gatehouse-gateway",
      name: "Demo house",
      credentials: { pairingString: options.pairingString },
    },
    {
      ...place(320, 60),
      id: ids.note,
      type: "comment",
      name: "Motion at any camera takes a picture",
      info: "",
      wires: [],
    },
    {
      ...place(150, 140),
      id: ids.event,
      type: "gatehouse-event",
      name: "",
      gateway: ids.gateway,
      camera: "",
      motion: "both",
      states: true,
      wires: [[ids.snapshot, ids.report]],
    },
    {
      ...place(360, 120),
      id: ids.snapshot,
      type: "gatehouse-snapshot",
      name: "",
      gateway: ids.gateway,
      camera: "",
      width: "",
      wires: [[ids.picture]],
    },
    {
      ...place(560, 120),
      id: ids.picture,
      type: "debug",
      name: "picture",
      active: true,
      tosidebar: true,
      console: false,
      tostatus: false,
      complete: "payload",
      targetType: "msg",
      wires: [],
    },
    {
      ...place(400, 180),
      id: ids.report,
      type: "http request",
      name: "tell the demo",
      method: "POST",
      ret: "txt",
      paytoqs: "ignore",
      url: options.collector,
      persist: true,
      wires: [[]],
    },
  ];
};

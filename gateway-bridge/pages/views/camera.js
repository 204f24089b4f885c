// @ts-check

import { isPerson } from "../context.js";
import { focusHeading, h } from "../elements.js";
import { problemBox } from "../forms.js";
import { showLive } from "../live.js";

/** @import { View } from "../context.js" */

/** @type {View} */
export const camera = ({ door, who, id, signal, ask, leave }) => {
  const problem = problemBox();
  const stage = h("div", {}, h("h1", { class: "unseen" }, "Live view"));
  const root = h("div", {}, problem.root, stage);
  const begin = async () => {
    const found = (await ask("listCameras", { signal })).find((one) => one.id === id);
    if (signal.aborted) return;
    if (found === undefined) {
      location.replace("#/cameras");
      return;
    }
    document.title = `${found.name} · ${door.name}`;
    const byGuest = who !== undefined && !isPerson(who);
    const view = showLive(stage, { ...found, byGuest }, (why) => {
      if (why === "signed-out") leave();
      else location.assign("#/cameras");
    });
    signal.addEventListener("abort", () => view.end());
    focusHeading(stage);
  };
  begin().catch((/** @type {unknown} */ error) => {
    if (!signal.aborted) problem.show(error);
  });
  return { title: "Live view", root };
};

// @ts-check

import { fetchSnapshot } from "../api.js";
import { isPerson } from "../context.js";
import { fullTime, relativeTime } from "../dates.js";
import { h, replace } from "../elements.js";
import { actionButton, problemBox } from "../forms.js";

/** @import { Camera } from "@gatehouse/shared" */
/** @import { View, Who } from "../context.js" */

/** Pixels across: sharp enough on a card, and small on the way. */
const width = 640;

/** @type {View} */
export const cameras = ({ who, signal, ask, announce }) => {
  const problem = problemBox();
  const list = h("ul", { class: "cameras", "aria-busy": "true" });
  const load = async () => {
    const found = await ask("listCameras", { signal });
    const cards = found.map(cardOf);
    replace(list, ...cards.map(({ root }) => root));
    list.removeAttribute("aria-busy");
    if (found.length === 0) replace(list, nothingYet(who));
    // One after the other: a browser opens few connections, and the live view wants one.
    for (const card of cards) await card.show(signal);
  };
  const again = async () => {
    await load();
    announce("The pictures are new.");
  };
  const refresh = actionButton({ label: "New pictures", busy: "Fetching…", problem, kind: "quiet", work: again });
  const root = h(
    "section",
    {},
    h("div", { class: "title" }, h("h1", {}, "Cameras"), refresh),
    who !== undefined &&
      !isPerson(who) &&
      h("p", { class: "lead" }, `You are a guest until ${fullTime(who.guest.until)}.`),
    ...noticesOf(who),
    problem.root,
    list,
  );
  load().catch((/** @type {unknown} */ error) => {
    if (!signal.aborted) problem.show(error);
  });
  return { title: "Cameras", root };
};

/** @param {Camera} camera */
const cardOf = ({ id, name, state }) => {
  const frame = h("div", { class: "frame" }, h("span", { class: "spinner" }));
  const when = h("span", { class: "hint" });
  const root = h(
    "li",
    { class: "camera" },
    h("a", { href: `#/camera/${id}` }, frame, h("span", { class: "unseen" }, `Watch ${name} live`)),
    h("div", { class: "caption" }, h("h2", {}, name), h("span", { class: `state ${state.kind}` }, stateText(state))),
    when,
  );
  const show = async (/** @type {AbortSignal} */ signal) => {
    try {
      const { picture, takenAt } = await fetchSnapshot(id, { width, signal });
      const url = URL.createObjectURL(picture);
      const image = h("img", { src: url, alt: "" });
      signal.addEventListener("abort", () => URL.revokeObjectURL(url));
      replace(frame, image);
      replace(
        when,
        h(
          "time",
          { datetime: new Date(takenAt).toISOString(), title: fullTime(takenAt) },
          relativeTime(takenAt, Date.now()),
        ),
      );
    } catch {
      if (!signal.aborted) replace(frame, h("span", { class: "none" }, "No still picture"));
    }
  };
  return { root, show };
};

/** @param {Camera["state"]} state */
const stateText = (state) => {
  if (state.kind === "offline") return "away";
  return state.kind === "live" ? "live" : "ready";
};

/** @param {Who | undefined} who */
const nothingYet = (who) =>
  h(
    "li",
    { class: "empty" },
    h("p", {}, "There is no camera here yet that you may see."),
    who !== undefined && isPerson(who) && who.admin
      ? h(
          "p",
          {},
          "Add one on the gateway's box: ",
          h("code", {}, "gatehouse camera discover"),
          " finds those in your network.",
        )
      : h("p", {}, "Whoever looks after the gateway can give you one."),
  );

/** @param {Who | undefined} who */
const noticesOf = (who) =>
  who === undefined || !isPerson(who) || who.notices.length === 0
    ? []
    : [
        h(
          "p",
          { class: "notice" },
          `${who.notices.length === 1 ? "Something happened" : `${who.notices.length} things happened`} that you should know of. `,
          h("a", { href: "#/security" }, "Look at it"),
        ),
      ];

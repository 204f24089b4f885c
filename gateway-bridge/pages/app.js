// @ts-check

import { ApiError, ask } from "./api.js";
import { isPerson } from "./context.js";
import { viewFor } from "./entry.js";
import { focusHeading, h, replace } from "./elements.js";
import { actionButton, problemBox } from "./forms.js";
import { parseFragment } from "./fragment.js";
import { headerFor } from "./header.js";
import { mayBeSignedIn, rememberSignIn } from "./signed-in-mark.js";
import { stepUp } from "./step-up.js";
import { camera } from "./views/camera.js";
import { cameras } from "./views/cameras.js";
import { firstRun } from "./views/first-run.js";
import { openedLink } from "./views/opened-link.js";
import { people } from "./views/people.js";
import { security } from "./views/security.js";
import { setUp } from "./views/set-up.js";
import { signIn } from "./views/sign-in.js";

/** @import { DoorState } from "@gatehouse/shared" */
/** @import { Context, View, Who } from "./context.js" */
/** @import { ViewName } from "./entry.js" */

/** @type {Readonly<Record<ViewName, View>>} */
const views = {
  "first-run": firstRun,
  "opened-link": openedLink,
  "sign-in": signIn,
  "set-up": setUp,
  cameras,
  camera,
  people,
  security,
};

const main = /** @type {HTMLElement} */ (document.getElementById("main"));
const header = /** @type {HTMLElement} */ (document.getElementById("top"));
const announcements = /** @type {HTMLElement} */ (document.getElementById("announcements"));

/** The pages: who is here, what is wanted, and the one view that is shown. */
class App {
  /** @type {DoorState} */
  #door;
  /** @type {Who | undefined} */
  #who;
  #notice = "";
  #wanted = takeFragment();
  #leaving = new AbortController();

  /**
   * @param {DoorState} door
   * @param {Who | undefined} who
   */
  constructor(door, who) {
    this.#door = door;
    this.#who = who;
    addEventListener("hashchange", () => this.#follow());
    this.show();
  }

  show() {
    this.#leaving.abort();
    this.#leaving = new AbortController();
    const name = viewFor({ door: this.#door, who: this.#who, wanted: this.#wanted });
    const { title, root } = views[name](this.#context());
    this.#notice = "";
    document.title = `${title} · ${this.#door.name}`;
    replace(header, ...headerFor(this.#context(), name, () => this.#signOut()));
    header.hidden = false;
    replace(main, root);
  }

  /** Shows what is there now, from its beginning. */
  #open() {
    this.show();
    scrollTo(0, 0);
    focusHeading(main);
  }

  /** @returns {Context} */
  #context() {
    const wanted = this.#wanted;
    return {
      door: this.#door,
      who: this.#who,
      link: wanted.kind === "secret" ? wanted : undefined,
      id: wanted.kind === "place" ? wanted.id : "",
      notice: this.#notice,
      signal: this.#leaving.signal,
      ask: (name, call) => this.#ask(() => ask(name, call)),
      enter: (who) => this.#enter(who),
      update: (who) => this.#update(who),
      leave: () => this.#leave(),
      again: () => {
        this.show();
        focusHeading(main);
      },
      announce: (text) => replace(announcements, text),
    };
  }

  /**
   * @template T
   * @param {() => Promise<T>} question
   * @returns {Promise<T>}
   */
  async #ask(question) {
    try {
      return await question();
    } catch (error) {
      const code = error instanceof ApiError ? error.code : "";
      const who = this.#who;
      if (who === undefined) throw error;
      if (code === "unauthenticated") this.#leave();
      if (code !== "step-up-required" || !isPerson(who)) throw error;
      this.#update(await stepUp(who, this.#door));
      return await question();
    }
  }

  /** @param {Who} who */
  #enter(who) {
    this.#update(who);
    if (this.#wanted.kind === "secret") this.#wanted = parseFragment("");
    if (isPerson(who) && !who.needs.includes("second-factor")) this.#door = { ...this.#door, firstRun: false };
    this.#open();
  }

  /** @param {Who} who */
  #update(who) {
    this.#who = who;
    rememberSignIn(true);
  }

  /** @param {string} [notice] why, where the one that is here wanted it */
  #leave(notice = endOf(this.#who)) {
    this.#who = undefined;
    this.#notice = notice;
    rememberSignIn(false);
    for (const dialog of document.querySelectorAll("dialog")) dialog.close();
    this.#open();
  }

  async #signOut() {
    await ask("signOut").catch((/** @type {unknown} */ error) => {
      if (!(error instanceof ApiError) || error.code !== "unauthenticated") throw error;
    });
    history.replaceState(null, "", "/");
    this.#wanted = parseFragment("");
    this.#leave("You are signed out.");
  }

  #follow() {
    this.#wanted = takeFragment();
    this.#open();
  }
}

/**
 * What to say of a sign-in that has ended by itself, or that somebody else has ended.
 *
 * @param {Who | undefined} who
 */
const endOf = (who) =>
  who === undefined || isPerson(who) ? "You were signed out. Sign in again to go on." : "Your time as a guest is over.";

/** What the address asks for. A secret is taken out of it at once: what stays there stays in the history, and is seen. */
const takeFragment = () => {
  const wanted = parseFragment(location.hash);
  if (wanted.kind === "secret") history.replaceState(null, "", "/");
  return wanted;
};

const start = async () => {
  const [door, who] = await Promise.all([
    ask("doorState"),
    mayBeSignedIn() ? ask("me").catch(strangerWhenUnknown) : undefined,
  ]);
  rememberSignIn(who !== undefined);
  new App(door, who);
};

/**
 * @param {unknown} error
 * @returns {undefined}
 */
const strangerWhenUnknown = (error) => {
  if (!(error instanceof ApiError) || (error.code !== "unauthenticated" && error.code !== "access-denied")) throw error;
  return undefined;
};

const begin = async () => {
  replace(main, h("p", { class: "loading", role: "status" }, h("span", { class: "spinner" }), "One moment…"));
  await start().catch((/** @type {unknown} */ error) => {
    const problem = problemBox();
    const again = actionButton({ label: "Try again", busy: "One moment…", kind: "primary", problem, work: start });
    replace(main, h("section", { class: "narrow" }, h("h1", {}, "Gatehouse"), problem.root, again));
    problem.show(error);
  });
};

await begin();

import { descendants, type XmlElement } from "../xml/xml-element.ts";

/** Bounds what a hostile topic set can cost; real ones have about a hundred. */
const mostTopics = 2_000;

/** The topics in an answer to GetEventProperties, without prefixes: `VideoSource/MotionAlarm`. */
export const readTopics = (answer: XmlElement): readonly string[] => {
  const topics: string[] = [];
  const visit = (element: XmlElement, path: string): void => {
    for (const child of element.children) {
      const topic = path === "" ? child.name : `${path}/${child.name}`;
      if (topics.length === mostTopics) return;
      if (child.attributes.get("topic") === "true") topics.push(topic);
      visit(child, topic);
    }
  };
  const set = [...descendants(answer)].find(({ name }) => name === "TopicSet");
  if (set !== undefined) visit(set, "");
  return topics;
};

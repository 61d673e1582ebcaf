import { badRequest } from "#base";

/*
 * The listener of nats-server keeps what devices publish under subjects: levels become tokens, an empty level the token
 * `/`. It has no room for dots and blanks.
 */

/** The subjects of what an MQTT filter stands for. Two, where it ends in `/#`: that stands for what is before it, too. */
export function subjectsOf(filter: string): readonly string[] {
  const levels = filter.split("/");
  const isFilter = levels.every(
    (level, at) =>
      /^[^\s.*>+#]+$/.test(level) || level === "+" || (level === "#" && at === levels.length - 1),
  );
  if (!isFilter || filter.startsWith("$"))
    throw badRequest(
      `cannot carry what devices publish to "${filter}": a filter is levels without dots, blanks, "*" and ">", or "+", and "#" at the end`,
    );
  const subject = levels.map((level) => ({ "+": "*", "#": ">" })[level] ?? level).join(".");
  return levels.length > 1 && levels.at(-1) === "#" ? [subject, subject.slice(0, -2)] : [subject];
}

/** The MQTT topic that a device has published to. */
export function mqttTopicOf(subject: string): string {
  return subject
    .split(".")
    .map((token) => (token === "/" ? "" : token))
    .join("/");
}

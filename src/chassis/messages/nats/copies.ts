import type { Link } from "./link.ts";
import { copySubject, recordKey } from "./names.ts";

/** Names a subscriber of a topic. */
export interface Who {
  readonly topic: string;
  readonly subscriber: string;
}

/** Adds to and takes from the list of a subscriber's copies. What is in it when the change is made; sorted. */
export async function changeCopies(
  link: Link,
  { topic, subscriber }: Who,
  change: (copies: readonly string[]) => readonly string[],
): Promise<readonly string[]> {
  const key = recordKey(topic, subscriber, "copies");
  for (;;) {
    const entry = await link.records().get(key);
    const copies = change(entry ? parseCopies(entry.text) : []).toSorted();
    const text = JSON.stringify(copies);
    if (text === entry?.text) return copies;
    // Whoever was quicker is done with it, so somebody always gets on.
    if ((await link.records().swap(key, text, entry?.revision ?? 0)) !== undefined) return copies;
  }
}

export function parseCopies(text: string): readonly string[] {
  return JSON.parse(text) as readonly string[];
}

/** Those that do not answer because their connections have ended. */
export async function goneOf(link: Link, copies: readonly string[]): Promise<readonly string[]> {
  const answers = await Promise.all(copies.map((id) => link.ask(copySubject(id))));
  return copies.filter((_, at) => answers[at] === "gone");
}

import type { Reader } from "../broker.ts";
import { limits } from "../limits.ts";

/** How topics, keys and subscribers are called at NATS, whose names have no room for dots, or for everything. */

export const bucket = "chassis";

/** The stream that keeps the bucket. */
export const bucketStream = `KV_${bucket}`;

/** The stream that keeps a topic. Topics have no underscores, so two of them never share one. */
export function streamOf(topic: string): string {
  return `chassis-${topic.replaceAll(".", "_")}`;
}

export function subjectOf(topic: string, partition: number | "*"): string {
  return `chassis.messages.${token(topic)}.${partition}`;
}

/** Messages that are to be seen when the second of that number (since 1970) has begun. */
export function delayedSubject(topic: string, second: number | "*"): string {
  return `chassis.delayed.${token(topic)}.${second}`;
}

/** The stream of what was put aside. Streams of topics begin with a dash in the place of its first underscore. */
export const lettersStream = "chassis_dead_letters";

/** What a subscriber has put aside, each under the number that it had in the topic's stream. */
export function letterSubject(topic: string, subscriber: string, sequence: number | "*"): string {
  return `chassis.letters.${token(topic)}.${token(subscriber)}.${sequence}`;
}

/** Whether what is kept at a subject was put aside by that subscriber of that topic. */
export function isLetterOf({ topic, subscriber }: Reader, subject: string): boolean {
  return subject.startsWith(letterSubject(topic, subscriber, "*").slice(0, -1));
}

/** The header of a message that concerns one subscriber of its topic. */
export const subscriberHeader = "Chassis-Subscriber";

/** Where requests of a type are taken, by one of those who answer it. */
export function requestSubject(topic: string, type: string): string {
  return `chassis.requests.${token(topic)}.${token(type)}`;
}

/** Where those who answer a type hear which requests nobody waits for any more. */
export function droppedSubject(topic: string, type: string): string {
  return `chassis.dropped.${token(topic)}.${token(type)}`;
}

/** Where a copy of a subscriber hears of the others. */
export function copiesSubject(topic: string, subscriber: string): string {
  return `chassis.copies.${token(topic)}.${token(subscriber)}`;
}

/** Where a copy answers as long as its connection stands. */
export function copySubject(copy: string): string {
  return `chassis.copy.${copy}`;
}

/** Copies give themselves names; others may say anything, and not all of it can be asked for. */
export function isCopy(name: unknown): name is string {
  return typeof name === "string" && /^[a-zA-Z0-9-]{1,64}$/.test(name);
}

export function cellKey(topic: string, subscriber: string, partition: number): string {
  return `${token(topic)}.${token(subscriber)}.${partition}`;
}

/** Beside the cells; no topic is spelt with an underscore. */
export function markKey(mark: string): string {
  return `_marks.${token(mark)}`;
}

/** A key of the bucket that is written to come after others. Cells have longer ones. */
export const laterKey = "later";

/** Where all cells of a topic are kept. */
export function cellSubjects(topic: string): string {
  return `${cellSubjectPrefix}${token(topic)}.>`;
}

/** The key of the cell that is kept at a subject. */
export function cellKeyOf(subject: string): string {
  return subject.slice(cellSubjectPrefix.length);
}

const cellSubjectPrefix = `$KV.${bucket}.`;

/** FNV-1a of the key: any hash does that every sender computes alike. */
export function partitionOf(key: string): number {
  let hash = 0x811c9dc5;
  for (const byte of Buffer.from(key)) hash = Math.imul(hash ^ byte, 0x01000193);
  return (hash >>> 0) % limits.partitions;
}

/** A name as one token of a subject: everything but letters, digits and dashes is spelt in hexadecimal. */
function token(name: string): string {
  return name.replace(/[^A-Za-z0-9-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `=${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}

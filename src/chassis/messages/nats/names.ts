import { createHash } from "node:crypto";

/**
 * Into so many parts the messages of a topic fall, by their keys; a part is read by one copy at a time. So it is the
 * number of copies that can share a topic. It is part of what is stored: changing it would tear keys apart.
 */
export const partitions = 16;

/** The bucket in which it is kept who reads what, and how far. */
export const recordsBucket = "chassis";

export function streamOf(topic: string): string {
  return `chassis-${token(topic)}`;
}

export function subjectsOf(topic: string): string {
  return `chassis.topic.${token(topic)}.*`;
}

export function subjectOf(topic: string, partition: number): string {
  return `chassis.topic.${token(topic)}.${partition}`;
}

export function partitionOf(key: string): number {
  return createHash("sha1").update(key).digest().readUInt32BE() % partitions;
}

/** Where a copy answers while it lives. */
export function copySubject(id: string): string {
  return `chassis.copy.${id}`;
}

/** The record of a partition, or who the copies are, of a subscriber of a topic. */
export function recordKey(topic: string, subscriber: string, part: number | "copies"): string {
  return `${token(topic)}.${token(subscriber)}.${part}`;
}

/** All that is recorded of a topic. */
export function recordsOf(topic: string): string {
  return `${token(topic)}.>`;
}

/** What stands in a record's key, the names as tokens. */
export function parseRecordKey(key: string): { readonly subscriber: string; readonly part: string } {
  const [, subscriber = "", part = ""] = key.split(".");
  return { subscriber, part };
}

/** Any text as one token of a subject, of a stream's name and of a bucket's key alike. Different texts differ. */
export function token(text: string): string {
  return text.replace(/[^A-Za-z0-9-]/gu, (character) =>
    [...Buffer.from(character)].map((byte) => `=${byte.toString(16).padStart(2, "0")}`).join(""),
  );
}

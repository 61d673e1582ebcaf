import { DatabaseSync } from "node:sqlite";
import type { Output } from "@nacre/chassis";
import type { note } from "./api.ts";

export type Note = Output<typeof note>;

/** What this service keeps, in one file of its own. A note that was answered for is on the disk. */
export interface Notes {
  latest(limit: number): readonly Note[];
  write(text: string, at: Date): Note;
  close(): void;
}

/** `path`: a file, made when it is not there; `:memory:` forgets. */
export function openNotes(path: string): Notes {
  const database = new DatabaseSync(path);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS notes (id INTEGER PRIMARY KEY, text TEXT NOT NULL, at TEXT NOT NULL) STRICT;
  `);
  const insert = database.prepare("INSERT INTO notes (text, at) VALUES (?, ?) RETURNING id, text, at");
  const select = database.prepare("SELECT id, text, at FROM notes ORDER BY id DESC LIMIT ?");
  return {
    latest: (limit) => select.all(limit) as unknown as Note[],
    write: (text, at) => insert.get(text, at.toISOString()) as unknown as Note,
    close: () => database.close(),
  };
}

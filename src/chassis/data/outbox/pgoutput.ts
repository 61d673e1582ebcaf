import type { OutboxRow } from "./drain.ts";

/**
 * What the server's plugin `pgoutput` (protocol version 1) says of a publication that has one table and publishes
 * insertions alone. PostgreSQL's documentation, "Logical Replication Message Formats".
 */
export type LogRecord =
  | { readonly kind: "insert"; readonly row: OutboxRow }
  /** `end` is where the log goes on after the transaction. */
  | { readonly kind: "commit"; readonly end: bigint }
  | { readonly kind: "other" };

export function readRecord(bytes: Buffer): LogRecord {
  switch (bytes.toString("latin1", 0, 1)) {
    case "I":
      return { kind: "insert", row: readRow(bytes) };
    case "C":
      return { kind: "commit", end: bytes.readBigUInt64BE(1 + 1 + 8) };
    default:
      return { kind: "other" };
  }
}

/** The columns stand in the order of their making (`schema.ts`); later ones are further behind. */
function readRow(bytes: Buffer): OutboxRow {
  const columns: string[] = [];
  // The kind, the table's number, and "N" for a new row; then the number of columns.
  let at = 1 + 4 + 1 + 2;
  while (columns.length < 4) {
    const length = bytes.readInt32BE(at + 1);
    columns.push(bytes.toString("utf8", at + 5, at + 5 + length));
    at += 5 + length;
  }
  const [position = "", topic = "", , event = ""] = columns;
  return { position, topic, event };
}

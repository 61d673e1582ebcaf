import { parentPort, receiveMessageOnPort, workerData } from "node:worker_threads";
import { must, unreachable } from "#base";
import { limits } from "../limits.ts";
import type { Revision } from "../store.ts";
import { describeOwner, openDatabase } from "./database.ts";
import { openFailure, readFailure, writeFailure } from "./failures.ts";
import { Journal } from "./journal.ts";
import type { DiskState, Failure, Order, Report, WorkerSettings } from "./messages.ts";
import { decodeRows, type Row, toPlain } from "./rows.ts";

/*
 * The thread that owns the disk. It takes everything that has been sent since it last looked, writes all of it in one
 * transaction, and acknowledges it with one message: while one fsync runs, the next group gathers in the port.
 */
const port = must(parentPort, "worker.ts runs as a worker");
const settings = workerData as WorkerSettings;
const { directory } = settings;

type Append = Extract<Order, { type: "append" }>;
type Asked = Exclude<Order, Append>;

let opened: Journal | undefined;
/** Appends of this epoch and before are dropped: one of them could not be written. */
let failedEpoch = -1;
/** What is left to be forgotten, and who waits for it. */
let compaction: { target: Revision; ids: number[] } | undefined;

port.on("message", (first: Order) => {
  const orders = [first];
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
    orders.push(next.message);
  let appends: Append[] = [];
  for (const order of orders) {
    if (order.type === "append") {
      appends.push(order);
      continue;
    }
    write(appends);
    appends = [];
    answer(order);
  }
  write(appends);
});

function write(appends: readonly Append[]): void {
  const group = appends.filter(({ epoch }) => epoch > failedEpoch);
  const last = group.at(-1);
  if (!last) return;
  try {
    journal().append(group.map(({ rows }) => decodeRows(rows)));
    tell({ type: "durable", revision: last.revision });
  } catch (error) {
    failedEpoch = last.epoch;
    tell({ type: "failed", epoch: last.epoch, failure: writeFailure(directory, error) });
  }
  for (const { rows } of appends) free(rows);
}

/** Gives the bytes back now: this thread makes so little garbage of its own that its collector would come only after tens of megabytes. */
function free({ buffer }: Uint8Array<ArrayBuffer>): void {
  buffer.transfer(0);
}

function answer(order: Asked): void {
  try {
    perform(order);
  } catch (error) {
    tell({ type: "refused", id: order.id, failure: explain(order, error) });
  }
}

function perform(order: Asked): void {
  const { id } = order;
  switch (order.type) {
    case "open":
      opened = new Journal(openDatabase(settings));
      reply(id, stateOf(opened));
      return;
    case "load":
      sendRows(id, journal().live(order.revision));
      break;
    case "read":
      sendRows(id, journal().after(order.after));
      break;
    case "history":
      sendRows(id, journal().history(order.key, order.limit));
      break;
    case "compact":
      startCompaction(id, order.revision);
      return;
    case "retain":
      startCompaction(id, journal().forgettable(order.before, order.bytes));
      return;
    case "close":
      opened?.close();
      reply(id);
      port.close();
      return;
    default:
      unreachable(order);
  }
  reply(id);
}

function explain(order: Asked, error: unknown): Failure {
  if (order.type === "history") return readFailure(directory, `the history of ${order.key}`, error);
  return openFailure(directory, error, describeOwner(directory));
}

/** Compaction proceeds in slices, so that writers never wait for more than one. */
function startCompaction(id: number, target: Revision): void {
  if (compaction) {
    compaction = { target: Math.max(target, compaction.target), ids: [...compaction.ids, id] };
    return;
  }
  compaction = { target, ids: [id] };
  continueCompaction();
}

function continueCompaction(): void {
  if (!compaction) return;
  const { target, ids } = compaction;
  try {
    if (journal().compactSlice(target) || journal().shrinkSlice()) {
      setImmediate(continueCompaction);
      return;
    }
    for (const id of ids) reply(id);
  } catch (error) {
    for (const id of ids) tell({ type: "refused", id, failure: writeFailure(directory, error) });
  }
  compaction = undefined;
}

function journal(): Journal {
  return must(opened, "the store is open");
}

function reply(id: number, answer?: DiskState): void {
  tell({ type: "reply", id, answer });
}

function stateOf(opening: Journal): DiskState {
  return {
    current: opening.current,
    base: opening.reachingBack(limits.replayedCommits, limits.replayedBytes),
  };
}

function sendRows(id: number, rows: Iterable<Row>): void {
  let chunk: Row[] = [];
  let bytes = 0;
  const send = () => {
    const values = chunk.flatMap(({ value }) => (value ? [value.buffer as ArrayBuffer] : []));
    if (chunk.length > 0) tell({ type: "rows", id, rows: chunk.map(toPlain) }, values);
    chunk = [];
    bytes = 0;
  };
  for (const row of rows) {
    const full = bytes >= limits.loadChunkBytes || chunk.length >= limits.loadChunkChanges;
    if (full && row.revision !== chunk.at(-1)?.revision) send();
    chunk.push(row);
    bytes += row.value?.byteLength ?? 0;
  }
  send();
}

function tell(report: Report, transfer: ArrayBuffer[] = []): void {
  port.postMessage(report, transfer);
}

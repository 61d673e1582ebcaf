import { Worker } from "node:worker_threads";
import { parseJsonBody } from "#api/behaviour";
import { badRequest, internalError } from "#base";
import { yamlInPlaceBytes } from "../../limits.ts";
import type { ParsedBody } from "../decode.ts";
import type { YamlReading } from "./read-yaml.ts";

/**
 * Reads a YAML body. YAML takes a hundred times longer to read than JSON: a large document is read in a thread of its
 * own, one after another, so that no request holds up the others. Throws BadRequest.
 */
export async function parseYaml(bytes: Uint8Array): Promise<ParsedBody> {
  const text = decode(bytes);
  const reading = bytes.length <= yamlInPlaceBytes ? await inPlace(text) : await inTurn(text);
  if ("error" in reading) throw badRequest(`error decoding YAML: ${reading.error}`);
  // The way all bodies go: its limits hold for YAML too, and nothing is shared between two places of the document.
  const { value } = parseJsonBody(new TextEncoder().encode(reading.json));
  return { value, duplicateFields: reading.duplicateFields };
}

/** The parser is loaded when the first document comes: it takes 2 MB, and kubectl sends none. */
async function inPlace(text: string): Promise<YamlReading> {
  const { readYaml } = await import("./read-yaml.ts");
  return readYaml(text);
}

let last: Promise<unknown> = Promise.resolve();

function inTurn(text: string): Promise<YamlReading> {
  const own = last.then(() => inThread(text));
  last = own.catch(() => {});
  return own;
}

function inThread(text: string): Promise<YamlReading> {
  return new Promise((resolve, reject) => {
    // Published code is compiled: the file keeps the ending of this one.
    const file = import.meta.url.endsWith(".ts") ? "./thread.ts" : "./thread.js";
    const worker = new Worker(new URL(file, import.meta.url), { workerData: text, name: "nacre-yaml" });
    worker.once("message", resolve);
    worker.once("error", (error) => reject(badRequest("error decoding YAML", error)));
    worker.once("exit", () => reject(internalError("a thread that reads YAML ended without an answer")));
  });
}

function decode(bytes: Uint8Array): string {
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(bytes);
  } catch (error) {
    throw badRequest("error decoding YAML: it is not UTF-8", error);
  }
}

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Readable, Writable } from "node:stream";

/** A page that is open in a real Chromium without a network. */
export interface OpenPage {
  /** A command of the DevTools protocol to the page. */
  send(method: string, parameters?: object): Promise<Record<string, unknown>>;
  /** The value of an expression in the page. */
  evaluate<T>(expression: string): Promise<T>;
  /** Presses a key: `ArrowRight`, `Tab`. */
  press(key: Key): Promise<void>;
  /** Writes where the keyboard writes. */
  write(text: string): Promise<void>;
  /** What was asked of the network, the page itself left out. */
  readonly requests: readonly string[];
  /** What scripts complained of. */
  readonly errors: readonly string[];
  close(): Promise<void>;
}

/** Whether this machine has a Chromium, and lets a program have a network of its own. */
export function hasChromium(): boolean {
  return spawnSync("unshare", ["--net", "chromium", "--version"]).status === 0;
}

/** Answers what a page asks of `http://` addresses, as there is no network that would. When it fails, the page is told that nobody was there. */
export type Answering = (request: Request) => Promise<Response>;

/** Opens an address, `file:///…` or what `answering` answers. It speaks the DevTools protocol over two pipes, each message ended by a zero byte. */
export async function openPage(address: string, answering?: Answering): Promise<OpenPage> {
  const profile = mkdtempSync(join(tmpdir(), "nacre-chromium-"));
  const flags = ["--headless", "--no-sandbox", "--disable-gpu", `--user-data-dir=${profile}`];
  const child = spawn("unshare", ["--net", "chromium", ...flags, "--remote-debugging-pipe", "about:blank"], {
    stdio: ["ignore", "ignore", "ignore", "pipe", "pipe"],
  });
  const browser = new Protocol(child);
  const { targetId } = await browser.send("Target.createTarget", { url: "about:blank" });
  const { sessionId } = await browser.send("Target.attachToTarget", { targetId, flatten: true });
  const send = (method: string, parameters: object = {}) =>
    browser.send(method, parameters, String(sessionId));
  const requests: string[] = [];
  const errors: string[] = [];
  const loaded = new Promise<void>((resolve) => {
    browser.onEvent = (method, parameters) => {
      const { url } = (parameters.request ?? {}) as { url?: string };
      if (method === "Network.requestWillBeSent" && url !== address) requests.push(url ?? "");
      if (method === "Fetch.requestPaused" && answering)
        void fulfil(parameters as unknown as Paused, { send, answering });
      if (method === "Runtime.exceptionThrown" || method === "Log.entryAdded")
        errors.push(JSON.stringify(parameters));
      if (method === "Page.loadEventFired") resolve();
    };
  });
  for (const domain of ["Network", "Runtime", "Log", "Page"]) await send(`${domain}.enable`);
  if (answering) await send("Fetch.enable", { patterns: [{ urlPattern: "http://*" }] });
  await send("Page.navigate", { url: address });
  await loaded;
  return {
    send,
    requests,
    errors,
    async evaluate<T>(expression: string) {
      const answer = await send("Runtime.evaluate", { expression, returnByValue: true, awaitPromise: true });
      if (answer.exceptionDetails) throw new Error(JSON.stringify(answer.exceptionDetails));
      return (answer.result as { value: T }).value;
    },
    async press(key) {
      const { code, text } = keys[key];
      const described = { key: text === " " ? " " : key, code: key, windowsVirtualKeyCode: code };
      await send("Input.dispatchKeyEvent", {
        type: text ? "keyDown" : "rawKeyDown",
        ...described,
        ...(text ? { text } : {}),
      });
      await send("Input.dispatchKeyEvent", { type: "keyUp", ...described });
    },
    async write(text) {
      await send("Input.insertText", { text });
    },
    async close() {
      const ended = new Promise((resolve) => child.once("exit", resolve));
      await browser.send("Browser.close").catch(() => {});
      await ended;
      rmSync(profile, { recursive: true, force: true });
    },
  };
}

export type Key = keyof typeof keys;

const keys = {
  Tab: { code: 9, text: "" },
  Enter: { code: 13, text: "\r" },
  Space: { code: 32, text: " " },
  End: { code: 35, text: "" },
  Home: { code: 36, text: "" },
  ArrowLeft: { code: 37, text: "" },
  ArrowRight: { code: 39, text: "" },
  ArrowDown: { code: 40, text: "" },
} as const;

/** A request that waits for its answer. */
interface Paused {
  readonly requestId: string;
  readonly request: {
    readonly url: string;
    readonly method: string;
    readonly headers: Readonly<Record<string, string>>;
    readonly postData?: string;
  };
}

async function fulfil(
  { requestId, request: { url, method, headers, postData } }: Paused,
  { send, answering }: Pick<OpenPage, "send"> & { readonly answering: Answering },
): Promise<void> {
  try {
    const body = postData === undefined ? {} : { body: postData };
    const answer = await answering(new Request(url, { method, headers, ...body }));
    await send("Fetch.fulfillRequest", {
      requestId,
      responseCode: answer.status,
      responseHeaders: [...answer.headers].map(([name, value]) => ({ name, value })),
      body: Buffer.from(await answer.arrayBuffer()).toString("base64"),
    });
  } catch {
    // The page may be closed by now, and ask nothing any more.
    await send("Fetch.failRequest", { requestId, errorReason: "ConnectionRefused" }).catch(() => {});
  }
}

class Protocol {
  onEvent: (method: string, parameters: Record<string, unknown>) => void = () => {};
  readonly #input: Writable;
  readonly #waiting = new Map<number, PromiseWithResolvers<Record<string, unknown>>>();
  #last = 0;
  #rest = "";

  constructor(child: ChildProcess) {
    this.#input = child.stdio[3] as Writable;
    (child.stdio[4] as Readable).setEncoding("utf8").on("data", (text: string) => this.#read(text));
    child.once("exit", () => {
      for (const { reject } of this.#waiting.values()) reject(new Error("chromium has ended"));
    });
  }

  send(method: string, parameters: object = {}, sessionId?: string): Promise<Record<string, unknown>> {
    this.#last += 1;
    const waiting = Promise.withResolvers<Record<string, unknown>>();
    this.#waiting.set(this.#last, waiting);
    this.#input.write(`${JSON.stringify({ id: this.#last, method, params: parameters, sessionId })}\0`);
    return waiting.promise;
  }

  #read(text: string): void {
    const messages = (this.#rest + text).split("\0");
    this.#rest = messages.pop() ?? "";
    for (const message of messages) this.#take(JSON.parse(message));
  }

  #take(message: {
    id?: number;
    method?: string;
    params?: object;
    result?: object;
    error?: { message: string };
  }): void {
    if (message.id === undefined) {
      this.onEvent(message.method ?? "", (message.params ?? {}) as Record<string, unknown>);
      return;
    }
    const waiting = this.#waiting.get(message.id);
    this.#waiting.delete(message.id);
    if (message.error) waiting?.reject(new Error(message.error.message));
    else waiting?.resolve((message.result ?? {}) as Record<string, unknown>);
  }
}

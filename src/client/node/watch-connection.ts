import type { ClientHttp2Session } from "node:http2";
import type { TLSSocket } from "node:tls";
import type { ApiRequest, ApiResponse } from "#api";

/** One HTTP/2 connection, made when first needed and again after it broke. A break ends all watches on it; each resumes by itself. */
export class WatchConnection {
  readonly #origin: string;
  readonly #dial: () => TLSSocket;
  #session: ClientHttp2Session | undefined;

  constructor(origin: string, dial: () => TLSSocket) {
    this.#origin = origin;
    this.#dial = dial;
  }

  request({ method, path, headers, signal }: ApiRequest): Promise<ApiResponse> {
    return new Promise((resolve, reject) => {
      if (signal?.aborted) return reject(signal.reason);
      const sent = { ":method": method, ":path": path, ...headers };
      const stream = this.#open().request(sent, { endStream: true, ...(signal ? { signal } : {}) });
      stream.once("response", (answer) => {
        const { ":status": status = 0, ...rest } = answer;
        resolve({ status, headers: rest as Record<string, string>, body: stream });
      });
      stream.once("error", reject);
      stream.once("close", () => reject(new Error("the connection was closed")));
    });
  }

  close(): void {
    this.#session?.destroy();
    this.#session = undefined;
  }

  #open(): ClientHttp2Session {
    if (this.#session && !this.#session.closed && !this.#session.destroyed) return this.#session;
    // Not loaded by programs whose server knows trunks: it takes megabytes.
    const { connect: connectHttp2 } = process.getBuiltinModule("node:http2");
    const socket = this.#dial();
    const session = connectHttp2(this.#origin, {
      createConnection: () => socket,
      settings: { enablePush: false, initialWindowSize: watchWindowBytes },
    });
    session.once("connect", () => session.setLocalWindowSize(watchWindowBytes));
    // The streams tell of errors; the session only must not crash the program with the same ones.
    session.on("error", () => session.destroy());
    session.on("goaway", () => session.close());
    this.#session = session;
    return session;
  }
}

/** What watches may have under way unread: all of them together, so that none waits for another. */
const watchWindowBytes = 4 * 1024 * 1024;

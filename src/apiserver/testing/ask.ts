import type { ApiRequest, KubernetesObject, Transport } from "#api";

/** A whole answer, read to its end. */
export interface Asked {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
  /** The text as JSON; whatever a test expects it to be. */
  readonly body: Body;
}

/** The parts of answers that tests look at. */
export interface Body extends KubernetesObject {
  items?: Body[];
  data?: Record<string, string>;
  spec?: Record<string, unknown>;
  status?: unknown;
  message?: string;
  reason?: string;
  details?: { name?: string; kind?: string; group?: string; uid?: string; causes?: { field?: string }[] };
  rows?: { cells: unknown[]; object?: KubernetesObject }[];
  columnDefinitions?: { name: string }[] | null;
}

export type Ask = (
  line: string,
  body?: object | string | Uint8Array,
  headers?: Readonly<Record<string, string>>,
) => Promise<Asked>;

/** Asks by a request line, `GET /api/v1/pods`, as a test reads best. */
export function asking(transport: Transport): Ask {
  return async (line, body, headers = {}) => {
    const [method = "GET", path = "/"] = line.split(" ");
    const bytes = bytesOf(body);
    const response = await transport.request({
      method: method as ApiRequest["method"],
      path,
      headers: {
        "user-agent": "test/1",
        ...(bytes ? { "content-type": "application/json" } : {}),
        ...headers,
      },
      ...(bytes ? { body: bytes } : {}),
    });
    const chunks: Uint8Array[] = [];
    for await (const chunk of response.body) chunks.push(chunk);
    const text = Buffer.concat(chunks).toString("utf8");
    const isJson = response.headers["content-type"]?.startsWith("application/json") ?? false;
    return { ...response, text, body: isJson && text ? (JSON.parse(text) as Body) : {} };
  };
}

function bytesOf(body: object | string | Uint8Array | undefined): Uint8Array | undefined {
  if (body === undefined || body instanceof Uint8Array) return body;
  return new TextEncoder().encode(typeof body === "string" ? body : JSON.stringify(body));
}

/** A pod that is valid. */
export function podNamed(name: string, more: Partial<Body> = {}): Body {
  const { metadata, spec, ...rest } = more;
  return {
    apiVersion: "v1",
    kind: "Pod",
    metadata: { name, ...metadata },
    spec: { containers: [{ name: "app", image: "app:1" }], ...spec },
    ...rest,
  };
}

export function configMapNamed(name: string, data: Record<string, string> = {}, metadata: object = {}): Body {
  return { apiVersion: "v1", kind: "ConfigMap", metadata: { name, ...metadata }, data };
}

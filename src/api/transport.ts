/**
 * One exchange with an API server, without saying how it travels. The client speaks to a `Transport`; over HTTPS it
 * is `client/node.ts`, in process the API server itself is one.
 */
export interface Transport {
  request(request: ApiRequest): Promise<ApiResponse>;
  close(): Promise<void>;
}

export interface ApiRequest {
  readonly method: "GET" | "POST" | "PUT" | "PATCH" | "DELETE";
  /** Path and query, as on the request line: `/api/v1/pods?limit=500`. */
  readonly path: string;
  /** Lower-case names. */
  readonly headers: Readonly<Record<string, string>>;
  readonly body?: Uint8Array;
  readonly signal?: AbortSignal;
}

export interface ApiResponse {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  /** The body as it arrives. Must be read to its end, or `return`ed to give the connection back. */
  readonly body: AsyncIterable<Uint8Array>;
}

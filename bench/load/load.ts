/** Where a load goes, and as whom. PEM. */
export interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly authority: string;
  readonly certificate: string;
  readonly key: string;
}

/** Requests without pause over so many connections, one at a time on each. */
export interface Load {
  readonly endpoint: Endpoint;
  readonly protocol: "http/1.1" | "h2";
  readonly connections: number;
  readonly requests: Requests;
  /** Answers before this time are not counted; the connections are open by then. */
  readonly warmUpMs?: number;
  /** Either a time, or a number of requests. */
  readonly until: { readonly durationMs: number } | { readonly count: number };
}

export type Requests =
  | { readonly type: "get"; readonly path: string }
  /** Pods named `PREFIX-0`, `PREFIX-1`, …; they rest: nobody schedules them, unless they are for fake nodes. */
  | {
      readonly type: "create-pods";
      readonly path: string;
      readonly prefix: string;
      readonly goTo?: "fake-nodes";
    };

export interface LoadResult {
  readonly requests: number;
  readonly seconds: number;
  readonly perSecond: number;
  /** Body of the last answer. */
  readonly answerBytes: number;
}

/** Path and query of a request line. */
export interface Target {
  /** As sent, percent-encoding included. */
  readonly path: string;
  readonly query: URLSearchParams;
}

/** Splits `/api/v1/pods?limit=5`. */
export function parseTarget(target: string): Target {
  const mark = target.indexOf("?");
  if (mark < 0) return { path: target, query: noQuery };
  return { path: target.slice(0, mark), query: new URLSearchParams(target.slice(mark + 1)) };
}

/** True for `1`, `true`, and a parameter that stands alone, as Kubernetes reads booleans. */
export function flag(query: URLSearchParams, name: string): boolean {
  const value = query.get(name);
  return value !== null && value !== "false" && value !== "0";
}

/** Shared by all requests without a query: never change it. */
const noQuery = new URLSearchParams();

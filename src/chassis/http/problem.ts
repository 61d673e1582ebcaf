import { http } from "../node-modules.ts";

/** A problem document, RFC 9457, with the fields that we add to it. */
export interface ProblemDocument {
  /** A URI that names the kind of problem; `about:blank`: the status says it all. */
  readonly type: string;
  readonly title: string;
  readonly status: number;
  readonly detail: string;
  /** Every wrong field of a request. */
  readonly errors?: readonly FieldError[];
  /** With it, whoever runs the service finds what happened in its logs. */
  readonly trace_id?: string;
}

/** One field of a request that is wrong. */
export interface FieldError {
  readonly in: "path" | "query" | "header" | "body";
  /** A JSON pointer into that part, RFC 6901: `/items/0/count`. */
  readonly pointer: string;
  /** What is wrong, as a sentence without its subject: `must be at least 1`. */
  readonly detail: string;
}

export interface ProblemOptions {
  readonly type?: string;
  readonly title?: string;
  readonly errors?: readonly FieldError[];
  readonly headers?: Readonly<Record<string, string>>;
  readonly cause?: unknown;
}

/** An answer that says what was wrong. Thrown by handlers, and by a client when a service answers with one. */
export class Problem extends Error {
  override readonly name = "Problem";
  readonly status: number;
  readonly type: string;
  readonly title: string;
  readonly errors: readonly FieldError[] | undefined;
  /** More headers for the answer. */
  readonly headers: Readonly<Record<string, string>>;

  constructor(status: number, detail: string, options: ProblemOptions = {}) {
    super(detail, options.cause === undefined ? undefined : { cause: options.cause });
    this.status = status;
    this.type = options.type ?? "about:blank";
    this.title = options.title ?? http.STATUS_CODES[status] ?? "Problem";
    this.errors = options.errors;
    this.headers = options.headers ?? {};
  }

  document(traceId?: string): ProblemDocument {
    return {
      type: this.type,
      title: this.title,
      status: this.status,
      detail: this.message,
      ...(this.errors ? { errors: this.errors } : {}),
      ...(traceId ? { trace_id: traceId } : {}),
    };
  }
}

/** A problem to throw: `throw problem(404, "there is no order 7")`. `detail` is for the caller to read. */
export function problem(status: number, detail: string, options?: ProblemOptions): Problem {
  return new Problem(status, detail, options);
}

/** The type of a problem that says: this was not begun, for there is too much to do. Registered with IANA by the RateLimit fields. */
export const reducedCapacity = "https://iana.org/assignments/http-problem-types#temporary-reduced-capacity";

export const problemContentType = "application/problem+json";

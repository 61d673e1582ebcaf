import type { Logger } from "#base";
import type { Access, Principal } from "../auth/mod.ts";
import type { RateOptions } from "../calls/rate.ts";
import type { Priority } from "../telemetry/mod.ts";
import type { Answer } from "./answer.ts";
import type { Pieces } from "./content.ts";
import type { Input, Output, Schema, StreamSchema } from "./schema.ts";

export type Method = "GET" | "POST" | "PUT" | "PATCH" | "DELETE";

type AnySchema = Schema<unknown>;

/** What a route takes and gives. */
export interface Shape {
  /** Parameters of the path; those that are not described are texts. */
  readonly params?: AnySchema;
  readonly query?: AnySchema;
  /** Headers that matter, in lower case. */
  readonly headers?: AnySchema;
  /** The JSON body. Absent: the route takes none. */
  readonly body?: AnySchema;
  /** Schemas of answers by status; `null` for one without a body. Problems need not be named. */
  readonly answers: Readonly<Partial<Record<AnswerStatus, AnySchema | null>>>;
  /** Who may ask. Absent: anybody. */
  readonly access?: Access;
  /** One line for the OpenAPI document. */
  readonly summary?: string;
  readonly tags?: readonly string[];
  /** How long an answer may take when the caller sets no nearer deadline. */
  readonly timeoutMs?: number;
  readonly maxBodyBytes?: number;
  /** How much it matters that it is answered when there is too much to do. Absent: normal. */
  readonly priority?: Priority;
  /** How often one caller may ask one copy of the service: whoever the token names, else whoever has the address. More is answered 429. */
  readonly rateLimit?: RateOptions;
}

export type AnswerStatus = SuccessStatus | RedirectStatus | RefusalStatus;

type SuccessStatus = 200 | 201 | 202 | 204;

/** With a header `location`; 304 for who has it already. A client follows none. */
type RedirectStatus = 301 | 302 | 303 | 304 | 307 | 308;

type RefusalStatus = 400 | 401 | 402 | 403 | 404 | 409 | 410 | 412 | 422 | 423 | 428 | 429 | 451 | 503;

/** A method, a path such as `/orders/{id}`, and what the route takes and gives. A plain value, shared by server and clients. */
export interface Route<Path extends string = string, S extends Shape = Shape> {
  readonly method: Method;
  readonly path: Path;
  readonly shape: S;
}

/** Routes by name. The name is the method's name in a client and the `operationId` in the OpenAPI document. */
export type Routes = Readonly<Record<string, Route>>;

export const get: RouteMaker = maker("GET");
export const post: RouteMaker = maker("POST");
export const put: RouteMaker = maker("PUT");
export const patch: RouteMaker = maker("PATCH");
export const del: RouteMaker = maker("DELETE");

type RouteMaker = <const Path extends `/${string}`, const S extends Shape>(
  path: Path,
  shape: S,
) => Route<Path, S>;

function maker(method: Method): RouteMaker {
  return (path, shape) => ({ method, path, shape });
}

/** What a handler is given: checked, and typed by the route. */
export interface HandlerRequest<R extends Route> {
  readonly params: ParamsOf<R, "out">;
  readonly query: PartOf<R, "query", "out">;
  readonly headers: PartOf<R, "headers", "out">;
  readonly body: PartOf<R, "body", "out">;
  /** Who asks, where the route says who may. */
  readonly principal: R["shape"]["access"] extends Access ? Principal : undefined;
  /** The address that asks: that of whoever connects, or, when that is a proxy of `TRUSTED_PROXIES`, whom it names. */
  readonly callerAddress: string;
  /** Aborted when nobody waits for the answer any more: the deadline has passed, or the caller is gone. Hand it on. */
  readonly signal: AbortSignal;
  /** What is left until the deadline, now. */
  readonly remainingMs: () => number;
  readonly logger: Logger;
}

/** Answers a request: with the body of the route's ordinary answer, with `answer(status, body)`, or by throwing a `problem(…)`. */
export type Handler<R extends Route> = (request: HandlerRequest<R>) => Result<R> | Promise<Result<R>>;

/** A handler whose route's types have done their work. */
export type AnyHandler = (request: never) => unknown;

/** One handler per route: a missing one does not compile. */
export type Handlers<Api extends Routes> = { readonly [Name in keyof Api]: Handler<Api[Name]> };

type Result<R extends Route> =
  | GivenAt<R["shape"]["answers"], OrdinaryStatus<R["shape"]["answers"]>>
  | AnyAnswer<R["shape"]["answers"]>
  | (OrdinaryBody<R> extends undefined ? Nothing : never);

/** What a function gives that simply ends. */
type Nothing = ReturnType<() => void>;

type AnyAnswer<A> = {
  [Status in keyof A & number]: Answer<Status, GivenAt<A, Status>>;
}[keyof A & number];

/** What a handler gives as a body: what its caller gets, but for streams, which are given as any pieces. */
type GivenAt<A, Status> = Status extends keyof A
  ? A[Status] extends StreamSchema
    ? Pieces
    : BodyAt<A, Status>
  : undefined;

/** The body of the route's first successful answer. */
export type OrdinaryBody<R extends Route> = BodyAt<
  R["shape"]["answers"],
  OrdinaryStatus<R["shape"]["answers"]>
>;

type OrdinaryStatus<A> = 200 extends keyof A
  ? 200
  : 201 extends keyof A
    ? 201
    : 202 extends keyof A
      ? 202
      : 204;

type BodyAt<A, Status> = Status extends keyof A
  ? A[Status] extends AnySchema
    ? Output<A[Status]>
    : undefined
  : undefined;

/** What a client may be answered when all goes well: the body of any of the route's successful answers. */
export type SuccessBody<R extends Route> = BodyAt<
  R["shape"]["answers"],
  keyof R["shape"]["answers"] & SuccessStatus
>;

/** Any answer that the route describes, as a client sees it: what `status` is says what `body` is. */
export type DescribedAnswer<R extends Route> = {
  [Status in keyof R["shape"]["answers"] & number]: Answer<Status, BodyAt<R["shape"]["answers"], Status>>;
}[keyof R["shape"]["answers"] & number];

/** The status of the answer that a handler gives by returning a body. */
export function ordinaryStatus(shape: Shape): AnswerStatus {
  return ([200, 201, 202] as const).find((status) => status in shape.answers) ?? 204;
}

/** What a client gives for one call: only what the route takes, and nothing that may be left out. */
export type CallInput<R extends Route> = Given<"params", ParamsOf<R, "in">> &
  Given<"query", PartOf<R, "query", "in">> &
  Given<"headers", PartOf<R, "headers", "in">> &
  Given<"body", PartOf<R, "body", "in">>;

type Given<Name extends string, T> = [T] extends [undefined]
  ? unknown
  : Record<string, never> extends T
    ? { readonly [Key in Name]?: T }
    : { readonly [Key in Name]: T };

type PartOf<
  R extends Route,
  Part extends "query" | "headers" | "body",
  Side extends "in" | "out",
> = R["shape"][Part] extends AnySchema
  ? Side extends "out"
    ? Output<R["shape"][Part]>
    : Input<R["shape"][Part]>
  : undefined;

type ParamsOf<R extends Route, Side extends "in" | "out"> = R["shape"]["params"] extends AnySchema
  ? Side extends "out"
    ? Output<R["shape"]["params"]>
    : Input<R["shape"]["params"]>
  : [NamesIn<R["path"]>] extends [never]
    ? undefined
    : { readonly [Name in NamesIn<R["path"]>]: string };

/** The parameters named in a path: `"id"` of `/orders/{id}`. */
type NamesIn<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

import { Answer } from "./answer.ts";
import { type Content, contentOf } from "./content.ts";
import { readLimited } from "./limited.ts";
import { type FieldError, Problem, type ProblemDocument, problem, problemContentType } from "./problem.ts";
import type { AnswerStatus, Route } from "./route.ts";

/** What came, before it is known what it means. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: ReadableStream<Uint8Array> | null;
}

/** What an answer that came means: the answer that its route describes, or a thrown problem. Nothing that came is relied upon. */
export async function readAnswer(route: Route, raw: RawAnswer, maxBytes: number): Promise<Answer> {
  const { status, headers } = raw;
  const target = `${route.method} ${route.path}`;
  const described = status in route.shape.answers;
  const { as } = contentOf(route.shape.answers[status as AnswerStatus]);
  const isProblem = headers.get("content-type")?.startsWith(problemContentType) ?? false;
  if (as === "stream" && !isProblem) return new Answer(status, raw.body, Object.fromEntries(headers));
  const bytes = await readLimited(raw.body, maxBytes);
  if (!bytes)
    throw problem(502, `${target} was answered with more than the ${maxBytes} bytes that are taken`);
  if (status >= 300 && status < 400 && !described)
    throw problem(502, `${target} was answered ${status}: redirects are not followed`);
  const after = headers.get("retry-after");
  const more = after === null ? {} : { headers: { "retry-after": after } };
  if (isProblem) throw problemOf(status, parse(bytes, target), more);
  const read = () => new Answer(status, bodyOf(bytes, as, target), Object.fromEntries(headers));
  if (status < 300) return read();
  const detail = `${target} was answered ${status}, without a problem document`;
  throw described ? new AnsweredProblem(read(), detail, more) : problem(status, detail, more);
}

/** An answer that is none to go on with, but that the route describes. */
export class AnsweredProblem extends Problem {
  readonly answer: Answer;

  constructor(answer: Answer, ...more: [detail: string, options: object]) {
    super(answer.status, ...more);
    this.answer = answer;
  }
}

function bodyOf(bytes: Buffer<ArrayBuffer>, as: Content["as"], target: string): unknown {
  if (as === "bytes") return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  if (bytes.length === 0) return undefined;
  return as === "json" ? parse(bytes, target) : bytes.toString();
}

function parse(bytes: Buffer, target: string): unknown {
  try {
    return JSON.parse(bytes.toString());
  } catch (error) {
    throw problem(502, `${target} was answered with what is not JSON`, { cause: error });
  }
}

/** The status is the answer's own: what the document says is for reading, RFC 9457, section 3.1.2. */
function problemOf(status: number, document: unknown, more: object): Problem {
  const { detail, type, title, errors } = (document ?? {}) as Partial<Record<keyof ProblemDocument, unknown>>;
  return problem(status, typeof detail === "string" ? detail : `answered ${status}`, {
    ...(typeof type === "string" ? { type } : {}),
    ...(typeof title === "string" ? { title } : {}),
    ...(Array.isArray(errors) ? { errors: errors as readonly FieldError[] } : {}),
    ...more,
  });
}

import { Answer } from "./answer.ts";
import { type FieldError, Problem, type ProblemDocument, problem, problemContentType } from "./problem.ts";
import type { AnswerStatus, Route } from "./route.ts";
import { mediaTypeOf } from "./schema.ts";

/** What came, before it is known what it means. */
export interface RawAnswer {
  readonly status: number;
  readonly headers: Headers;
  readonly text: string;
}

/** What an answer that came means: the answer that its route describes, or a thrown problem. Nothing that came is relied upon. */
export function readAnswer(route: Route, raw: RawAnswer): Answer {
  const { status, headers, text } = raw;
  const target = `${route.method} ${route.path}`;
  if (status >= 300 && status < 400)
    throw problem(502, `${target} was answered ${status}: redirects are not followed`);
  const after = headers.get("retry-after");
  const more = after === null ? {} : { headers: { "retry-after": after } };
  if (headers.get("content-type")?.startsWith(problemContentType))
    throw problemOf(status, parse(text, target), more);
  const read = () => new Answer(status, bodyOf(route, raw, target), Object.fromEntries(headers));
  if (status < 300) return read();
  const detail = `${target} was answered ${status}, without a problem document`;
  throw status in route.shape.answers
    ? new AnsweredProblem(read(), detail, more)
    : problem(status, detail, more);
}

/** An answer that is none to go on with, but that the route describes. */
export class AnsweredProblem extends Problem {
  readonly answer: Answer;

  constructor(answer: Answer, ...more: [detail: string, options: object]) {
    super(answer.status, ...more);
    this.answer = answer;
  }
}

function bodyOf({ shape }: Route, { status, text }: RawAnswer, target: string): unknown {
  if (text === "") return undefined;
  const type = mediaTypeOf(shape.answers[status as AnswerStatus] ?? {});
  return type === "application/json" ? parse(text, target) : text;
}

function parse(text: string, target: string): unknown {
  try {
    return JSON.parse(text);
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

import { type Clock, type Logger, messageOf, silentLogger, systemClock } from "#base";
import { perform } from "../../calls/perform.ts";
import { type FieldError, Problem, type ProblemDocument, problem } from "../../http/problem.ts";
import type { Input, Output, Schema } from "../../http/schema.ts";
import { current, formatTraceparent } from "../../telemetry/mod.ts";
import type { Broker, Subscription } from "../broker.ts";
import type { CloudEvent } from "../cloud-event.ts";
import { limits } from "../limits.ts";
import { composer, type Draft } from "../message.ts";
import type { Asked, Reply } from "../requests/requests.ts";
import { checkOf } from "./check.ts";

/** By type, what is asked and what is answered. */
export type QuestionSchemas = Readonly<Record<string, Question>>;

export interface Question {
  readonly asks: Schema<unknown>;
  readonly answers: Schema<unknown>;
}

export interface AskOptions {
  /** Who asks: `/orders`. */
  readonly source: string;
  /** How long the answer may take. What is left of the request that is being handled, if less. */
  readonly timeoutMs?: number;
  readonly signal?: AbortSignal;
  readonly clock?: Clock;
}

/** What is asked, and how it is sent. */
export interface Asking<Type, Data> extends Pick<Draft, "headers" | "id" | "subject"> {
  readonly type: Type;
  readonly data: Data;
}

/** A question as whoever answers it sees it. */
export interface AskedQuestion<Data> extends Asked {
  readonly data: Data;
  /** Its `id` is the same however often it is handled. */
  readonly event: CloudEvent<Data>;
}

export type Answers<Questions extends QuestionSchemas> = {
  readonly [Type in keyof Questions & string]?: (
    asked: AskedQuestion<Output<Questions[Type]["asks"]>>,
  ) => Promise<Input<Questions[Type]["answers"]>>;
};

/** The part of a declared topic in which something is asked. */
export interface Asks<Questions extends QuestionSchemas> {
  /** Resolves to the answer. Rejects with the `Problem` that was answered, or 504 when nothing was in time. */
  ask<Type extends keyof Questions & string>(
    broker: Pick<Broker, "request">,
    asking: Asking<Type, Input<Questions[Type]["asks"]>>,
    options: AskOptions,
  ): Promise<Output<Questions[Type]["answers"]>>;
  /** Answers questions, sharing them with all who answer the same. A `Problem` that is thrown is the answer. */
  answer(
    broker: Pick<Broker, "answer">,
    answers: Answers<Questions>,
    options?: { readonly log?: Logger },
  ): Promise<Subscription>;
}

export function questionsOf<Questions extends QuestionSchemas>(
  topic: string,
  questions: Questions,
): Asks<Questions> {
  const checks = new Map(
    Object.entries(questions).map(([type, { asks, answers }]) => [
      type,
      { asks: checkOf(asks), answers: checkOf(answers) },
    ]),
  );
  const checkFor = (type: string) => {
    const check = checks.get(type);
    if (!check) throw problem(400, `nothing of type ${type} can be asked in topic "${topic}"`);
    return check;
  };

  const reply = async (type: string, handle: Handle, asked: Asked): Promise<unknown> => {
    const check = checkFor(type);
    const { event } = asked.message;
    const data = check.asks.heard(event.data);
    if (!data.fits)
      throw problem(400, `${type} is not as topic "${topic}" declares it`, errorsOf(data.faults));
    const { value } = data;
    const answered = check.answers.said(
      await handle({ ...asked, data: value, event: { ...event, data: value } }),
    );
    if (!answered.fits)
      throw new Error(`the answer to ${type} is not as topic "${topic}" declares it: ${answered.why}`);
    if (Buffer.byteLength(JSON.stringify(answered.value) ?? "") > limits.eventBytes)
      throw new Error(`the answer to ${type} has more than ${limits.eventBytes} bytes`);
    return answered.value;
  };

  return {
    ask(
      broker,
      { type, data, ...rest },
      { source, timeoutMs = limits.answerMs, signal, clock = systemClock },
    ) {
      const target = `${type} of topic ${topic}`;
      return perform(
        { target, timeoutMs, clock, idempotent: true, ...(signal ? { signal } : {}) },
        async ({ deadlineMs, signal: ending }) => {
          const check = checkFor(type);
          const said = check.asks.said(data);
          if (!said.fits)
            throw problem(400, `${target} is not asked as it is declared`, errorsOf(said.faults));
          const context = current()?.span?.context;
          const headers = {
            ...(context ? { traceparent: formatTraceparent(context) } : {}),
            ...rest.headers,
          };
          const draft = { ...rest, topic, type, headers, data: said.value };
          const message = composer({ source, clock })(draft);
          const leftMs = deadlineMs - clock.monotonicMs();
          const answered = await broker.request({ message, timeoutMs: leftMs, signal: ending });
          if ("problem" in answered) throw problemOf(answered.problem);
          const heard = check.answers.heard(answered.data);
          if (!heard.fits)
            throw problem(502, `the answer to ${target} is not as it is declared: ${heard.why}`);
          return heard.value as never;
        },
      );
    },
    async answer(broker, answers, { log = silentLogger } = {}) {
      const open = Object.entries(answers).map(([type, handle]) =>
        broker.answer({
          topic,
          type,
          answer: (asked) =>
            reply(type, handle as Handle, asked).then(
              (data): Reply => ({ data }),
              (error): Reply => ({ problem: shown(error, type, asked, log) }),
            ),
        }),
      );
      const answering = await Promise.all(open);
      return {
        async close() {
          await Promise.all(answering.map((each) => each.close()));
        },
      };
    },
  };
}

type Handle = (asked: AskedQuestion<unknown>) => Promise<unknown>;

/** What is no problem was not meant for whoever asks. What breaks off because they have gone is no error. */
function shown(error: unknown, type: string, { signal }: Asked, log: Logger): ProblemDocument {
  if (error instanceof Problem) return error.document();
  if (!signal.aborted) log.error(`${type} could not be answered: ${messageOf(error)}`, { type, error });
  return problem(500, `something went wrong where ${type} is answered; its log says what`).document();
}

function problemOf({ status, detail, type, title, errors }: ProblemDocument): Problem {
  return problem(status, detail, { type, title, ...(errors ? { errors } : {}) });
}

function errorsOf(faults: readonly Omit<FieldError, "in">[]): { readonly errors: readonly FieldError[] } {
  return { errors: faults.map((fault) => ({ in: "body", ...fault })) };
}

import type { ChildProcess } from "node:child_process";

/** What a program of the bench can be asked, by name: one value in, one value out, over Node's channel between processes. */
export type Calls = Readonly<Record<string, (input: never) => Promise<unknown>>>;

interface Request {
  readonly id: number;
  readonly name: string;
  readonly input: unknown;
}

interface Reply {
  readonly id: number;
  readonly result?: unknown;
  readonly error?: string;
}

/** In the program: answers calls until the other side goes away. */
export function answerCalls(calls: Calls): void {
  process.on("message", ({ id, name, input }: Request) => {
    const call = calls[name];
    const answer = call ? call(input as never) : Promise.reject(new Error(`there is no call ${name}`));
    answer.then(
      (result) => process.send?.({ id, result } satisfies Reply),
      (error: unknown) => {
        const text = error instanceof Error ? error.message : String(error);
        process.send?.({ id, error: text } satisfies Reply);
      },
    );
  });
  process.once("disconnect", () => process.exit());
}

/** Asks a program one thing. */
export type Ask<C extends Calls> = <N extends keyof C & string>(
  name: N,
  input: Parameters<C[N]>[0],
) => Promise<Awaited<ReturnType<C[N]>>>;

/** In the bench: asks a program. All calls reject when it ends. */
export function callsOf<C extends Calls>(child: ChildProcess, what: string): Ask<C> {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let asked = 0;
  child.on("message", ({ id, result, error }: Reply) => {
    const one = waiting.get(id);
    waiting.delete(id);
    if (error === undefined) one?.resolve(result);
    else one?.reject(new Error(`${what}: ${error}`));
  });
  child.once("exit", (code, signal) => {
    for (const one of waiting.values()) one.reject(new Error(`${what} ended with ${code ?? signal}`));
    waiting.clear();
  });
  return <N extends keyof C & string>(
    name: N,
    input: Parameters<C[N]>[0],
  ): Promise<Awaited<ReturnType<C[N]>>> => {
    const one = Promise.withResolvers<unknown>();
    const id = ++asked;
    waiting.set(id, one);
    child.send({ id, name, input } satisfies Request);
    return one.promise as Promise<Awaited<ReturnType<C[N]>>>;
  };
}

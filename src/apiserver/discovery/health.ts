import { messageOf } from "#base";
import { textAnswer } from "../pipeline/answers.ts";
import type { Document } from "../pipeline/documents.ts";
import type { Answer } from "../pipeline/exchange.ts";

/** One thing that must be well. */
export interface HealthCheck {
  readonly name: string;
  /** True for what decides whether requests should be sent here, but not whether the process lives. */
  readonly readinessOnly?: boolean;
  /** Throws, or rejects, when it is not well. */
  check(): void | Promise<void>;
}

/** `/healthz`, `/livez`, `/readyz`, each with `?verbose` and `?exclude=NAME`, and one path per check. */
export function health(checks: readonly HealthCheck[]): Document {
  return {
    answer(path, _exchange, query) {
      const [, root = "", single] = path.split("/");
      if (!roots.has(root)) return undefined;
      const excluded = new Set(query.getAll("exclude"));
      const chosen = checks.filter(
        (check) =>
          !excluded.has(check.name) &&
          (single === undefined || single === "" || check.name === single) &&
          (root === "readyz" || !check.readinessOnly),
      );
      if (single && chosen.length === 0) return undefined;
      return report(root, chosen, query.has("verbose"));
    },
  };
}

const roots: ReadonlySet<string> = new Set(["healthz", "livez", "readyz"]);

async function report(root: string, checks: readonly HealthCheck[], verbose: boolean): Promise<Answer> {
  const lines = await Promise.all(checks.map(line));
  const isWell = lines.every((each) => each.isWell);
  const text = lines.map((each) => `${each.text}\n`).join("");
  if (!isWell) return textAnswer(`${text}${root} check failed\n`, 500);
  return textAnswer(verbose ? `[+]ping ok\n${text}${root} check passed\n` : "ok");
}

async function line(check: HealthCheck): Promise<{ readonly isWell: boolean; readonly text: string }> {
  try {
    await check.check();
    return { isWell: true, text: `[+]${check.name} ok` };
  } catch (error) {
    return { isWell: false, text: `[-]${check.name} failed: ${messageOf(error)}` };
  }
}

import { type ApiError, badRequest } from "#base";
import { labelKey, labelValueRule } from "../names.ts";
import { isInteger, type Requirement } from "./requirement.ts";
import { compileSelector, everything, type Selector } from "./selector.ts";

/**
 * Reads the string form of a label selector: `app=web,tier!=db,env in (a, b),zone notin (x),!old,gpu,cores>4`.
 * Empty text selects everything. Throws BadRequest that names the place.
 */
export function parseLabelSelector(text: string): Selector {
  if (text.trim() === "") return everything;
  const tokens = tokenize(text);
  const requirements: Requirement[] = [];
  for (;;) {
    requirements.push(parseRequirement(tokens, text));
    const separator = tokens.next();
    if (separator === undefined) return compileSelector(requirements);
    if (separator !== ",") throw complaint(text, `found '${separator}', expected: ',' or 'end of string'`);
  }
}

interface Tokens {
  peek(): string | undefined;
  next(): string | undefined;
}

const tokenSyntax = /\s*(!=|==|=|!|,|\(|\)|>|<|[^\s!=,()<>]+)\s*/y;
const symbols: ReadonlySet<string> = new Set(["!=", "==", "=", "!", ",", "(", ")", ">", "<"]);

function tokenize(text: string): Tokens {
  const tokens: string[] = [];
  tokenSyntax.lastIndex = 0;
  while (tokenSyntax.lastIndex < text.length) {
    const match = tokenSyntax.exec(text);
    if (match?.[1] === undefined) throw complaint(text, "found an unexpected character");
    tokens.push(match[1]);
  }
  let position = 0;
  return {
    peek: () => tokens[position],
    next: () => tokens[position++],
  };
}

function parseRequirement(tokens: Tokens, text: string): Requirement {
  const first = tokens.next();
  if (first === "!") return { key: parseKey(tokens.next(), text), operator: "DoesNotExist", values: [] };
  const key = parseKey(first, text);
  const operator = tokens.peek();
  if (operator === undefined || operator === ",") return { key, operator: "Exists", values: [] };
  tokens.next();
  switch (operator) {
    case "=":
    case "==":
      return { key, operator: "In", values: [parseExactValue(tokens, text)] };
    case "!=":
      return { key, operator: "NotIn", values: [parseExactValue(tokens, text)] };
    case ">":
    case "<":
      return { key, operator: operator === ">" ? "Gt" : "Lt", values: [parseBound(tokens, text)] };
    case "in":
    case "notin":
      return { key, operator: operator === "in" ? "In" : "NotIn", values: parseValues(tokens, text) };
    default:
      throw complaint(text, `found '${operator}', expected: in, notin, =, ==, !=, gt, lt`);
  }
}

function parseKey(token: string | undefined, text: string): string {
  if (token === undefined || symbols.has(token)) {
    throw complaint(text, `found '${token ?? ""}', expected: !, identifier, or 'end of string'`);
  }
  const [why] = labelKey(token);
  if (why !== undefined) throw complaint(text, `key: Invalid value: "${token}": ${why}`);
  return token;
}

/** The value of an equality may be empty: `app=`. */
function parseExactValue(tokens: Tokens, text: string): string {
  const token = tokens.peek();
  if (token === undefined || token === ",") return "";
  tokens.next();
  return parseValue(token, text);
}

function parseBound(tokens: Tokens, text: string): string {
  const token = tokens.next() ?? "";
  if (!isInteger(token)) {
    throw complaint(
      text,
      `values[0]: Invalid value: "${token}": for 'Gt', 'Lt' operators, the value must be an integer`,
    );
  }
  return token;
}

function parseValues(tokens: Tokens, text: string): string[] {
  const open = tokens.next();
  if (open !== "(") throw complaint(text, `found '${open ?? ""}' expected: '('`);
  const values: string[] = [];
  for (;;) {
    const token = tokens.next();
    if (token === "," || token === ")") {
      // Two separators in a row, or a list that opens or ends with one, mean the empty value.
      values.push("");
      if (token === ")") return values;
      continue;
    }
    if (token === undefined) throw complaint(text, "found '', expected: ',', ')' or identifier");
    values.push(parseValue(token, text));
    const after = tokens.next();
    if (after === ")") return values;
    if (after !== ",") throw complaint(text, `found '${after ?? ""}', expected: ',' or ')'`);
  }
}

function parseValue(token: string, text: string): string {
  if (symbols.has(token)) throw complaint(text, `found '${token}', expected: identifier`);
  const [why] = labelValueRule(token);
  if (why !== undefined) throw complaint(text, `values[0]: Invalid value: "${token}": ${why}`);
  return token;
}

function complaint(text: string, why: string): ApiError {
  return badRequest(`unable to parse requirement: ${why} in label selector "${text}"`);
}

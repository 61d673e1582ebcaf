/** Where in a file something stands; lines and columns count from 1. */
export interface Place {
  readonly file: string;
  readonly line: number;
  readonly column: number;
}

/** One thing in a scenario that cannot be, and what could. */
export interface Mistake {
  readonly place: Place;
  readonly message: string;
}

/** All that is wrong with a scenario, as far as it could be read. Its message has a line for each mistake. */
export class ScenarioError extends Error {
  override readonly name = "ScenarioError";
  readonly mistakes: readonly Mistake[];

  constructor(mistakes: readonly Mistake[]) {
    const inOrder = [...mistakes].sort((a, b) => compare(a.place, b.place));
    const lines = inOrder.slice(0, mostShown).map(formatMistake);
    const more = mistakes.length - lines.length;
    super([...lines, ...(more > 0 ? [`and ${more} more`] : [])].join("\n"));
    this.mistakes = inOrder;
  }
}

/** `shop.yaml:12:5: unknown field "evnts"; …` */
export function formatMistake({ place, message }: Mistake): string {
  return `${formatPlace(place)}: ${escaped(message)}`;
}

/** Without characters that a terminal obeys instead of showing them. */
export function escaped(text: string): string {
  return text.replace(
    /\p{Cc}/gu,
    (character) => `\\u${character.charCodeAt(0).toString(16).padStart(4, "0")}`,
  );
}

export function formatPlace({ file, line, column }: Place): string {
  return `${file}:${line}:${column}`;
}

function compare(a: Place, b: Place): number {
  if (a.file !== b.file) return a.file < b.file ? -1 : 1;
  return a.line - b.line || a.column - b.column;
}

/** Whoever has fifty mistakes has one, made fifty times. */
const mostShown = 50;

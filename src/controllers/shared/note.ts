/** What people are told about an object, as an event. */
export interface Note {
  readonly type: "Normal" | "Warning";
  readonly reason: string;
  readonly message: string;
}

export function normal(reason: string, message: string): Note {
  return { type: "Normal", reason, message };
}

export function warning(reason: string, message: string): Note {
  return { type: "Warning", reason, message };
}

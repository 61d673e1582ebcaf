import type { Marks } from "../marks.ts";
import type { Message } from "../message.ts";

export function memoryMarks(publish: (messages: readonly Message[]) => void): Marks {
  const marks = new Map<string, string>();
  return {
    read: async (mark) => marks.get(mark),
    async move({ mark, from, to, messages }) {
      if (marks.get(mark) !== from) return false;
      marks.set(mark, to);
      publish(messages);
      return true;
    },
  };
}

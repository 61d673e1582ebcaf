/** Connections that were cut a moment ago are found out by whoever asks over them next. */
export async function again<Answer>(ask: () => Promise<Answer>): Promise<Answer> {
  for (let left = 10; ; left -= 1) {
    try {
      return await ask();
    } catch (error) {
      if (left === 0) throw error;
    }
  }
}

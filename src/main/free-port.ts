import { createServer } from "node:net";
import { ApiError } from "#base";

/** Fails before anything is made when someone else has the port. */
export function requireFreePort(port: number): Promise<void> {
  return new Promise((resolve, reject) => {
    const probe = createServer();
    probe.once("error", () =>
      reject(
        new ApiError(
          "Conflict",
          `cannot serve the API on port ${port}: another program listens there (see: ss -ltnp 'sport = :${port}'); stop it, or choose another port for a new cluster with --port`,
        ),
      ),
    );
    probe.listen(port, "127.0.0.1", () => probe.close(() => resolve()));
  });
}

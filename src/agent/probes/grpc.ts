import { connect } from "node:http2";

export interface GrpcHealthTarget {
  readonly address: string;
  readonly port: number;
  readonly service: string;
  readonly timeoutMs: number;
}

const statuses = ["UNKNOWN", "SERVING", "NOT_SERVING", "SERVICE_UNKNOWN"];

/** `grpc.health.v1.Health/Check` over clear-text HTTP/2: two small messages, so no library. Gives the serving status. */
export function grpcHealth(target: GrpcHealthTarget): Promise<string> {
  const session = connect(`http://${target.address}:${target.port}`);
  return new Promise<string>((resolve, reject) => {
    const signal = AbortSignal.timeout(target.timeoutMs);
    signal.addEventListener("abort", () =>
      reject(
        new Error(
          `timeout: failed to connect service "${target.address}:${target.port}" within ${target.timeoutMs}ms`,
        ),
      ),
    );
    session.on("error", reject);
    const stream = session.request({
      ":method": "POST",
      ":path": "/grpc.health.v1.Health/Check",
      "content-type": "application/grpc",
      te: "trailers",
      "user-agent": "kube-probe/1.36",
    });
    const chunks: Buffer[] = [];
    let grpcStatus = "";
    let grpcMessage = "";
    const read = (headers: Record<string, unknown>) => {
      grpcStatus = String(headers["grpc-status"] ?? grpcStatus);
      grpcMessage = String(headers["grpc-message"] ?? grpcMessage);
    };
    stream.on("response", read);
    stream.on("trailers", read);
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("error", reject);
    stream.on("end", () => {
      if (grpcStatus !== "" && grpcStatus !== "0")
        reject(new Error(`rpc error: code = ${grpcStatus} desc = ${grpcMessage}`));
      else resolve(statuses[statusOf(Buffer.concat(chunks))] ?? "UNKNOWN");
    });
    stream.end(healthRequest(target.service));
  }).finally(() => session.destroy());
}

/** A gRPC frame with `HealthCheckRequest { string service = 1; }`. */
function healthRequest(service: string): Buffer {
  const name = Buffer.from(service);
  const message =
    name.length === 0 ? Buffer.alloc(0) : Buffer.concat([Buffer.from([0x0a, name.length]), name]);
  const frame = Buffer.alloc(5);
  frame.writeUInt32BE(message.length, 1);
  return Buffer.concat([frame, message]);
}

/** `HealthCheckResponse { ServingStatus status = 1; }` after the frame's five bytes. */
function statusOf(frame: Buffer): number {
  return frame.length >= 7 && frame[5] === 0x08 ? (frame[6] ?? 0) : 0;
}

import type { HTTPGetAction, LifecycleHandler, Probe } from "../../generated/types.ts";
import { portNameRule, portNumber } from "../../names.ts";
import {
  checkNonNegative,
  checkPositive,
  checkRequiredOneOf,
  type FieldErrors,
  forbiddenField,
  invalidValue,
  required,
} from "../field-errors.ts";

export type ProbeName = "livenessProbe" | "readinessProbe" | "startupProbe";

export function validateProbe(probe: Probe, path: string, name: ProbeName, errors: FieldErrors): void {
  validateHandler(probe, path, errors);
  checkNonNegative(errors, `${path}.initialDelaySeconds`, probe.initialDelaySeconds);
  checkNonNegative(errors, `${path}.timeoutSeconds`, probe.timeoutSeconds);
  checkNonNegative(errors, `${path}.periodSeconds`, probe.periodSeconds);
  checkNonNegative(errors, `${path}.successThreshold`, probe.successThreshold);
  checkNonNegative(errors, `${path}.failureThreshold`, probe.failureThreshold);
  if (name === "readinessProbe") {
    if (probe.terminationGracePeriodSeconds !== undefined) {
      const detail = "must not be set for readinessProbes";
      errors.push(
        invalidValue(`${path}.terminationGracePeriodSeconds`, probe.terminationGracePeriodSeconds, detail),
      );
    }
    return;
  }
  checkPositive(errors, `${path}.terminationGracePeriodSeconds`, probe.terminationGracePeriodSeconds);
  if (probe.successThreshold !== undefined && probe.successThreshold !== 1) {
    errors.push(invalidValue(`${path}.successThreshold`, probe.successThreshold, "must be 1"));
  }
}

/** What a probe does, or a hook before or after a container's life: exactly one action. */
export function validateHandler(handler: Probe & LifecycleHandler, path: string, errors: FieldErrors): void {
  let actions = 0;
  for (const name of ["exec", "httpGet", "tcpSocket", "grpc", "sleep"] as const) {
    if (!handler[name]) continue;
    actions++;
    if (actions > 1)
      errors.push(forbiddenField(`${path}.${name}`, "may not specify more than 1 handler type"));
  }
  if (actions === 0) errors.push(required(path, "must specify a handler type"));
  if (handler.exec && !handler.exec.command?.length) errors.push(required(`${path}.exec.command`));
  if (handler.httpGet) validateHttpGet(handler.httpGet, `${path}.httpGet`, errors);
  if (handler.tcpSocket) validatePortReference(handler.tcpSocket.port, `${path}.tcpSocket.port`, errors);
  if (handler.grpc) validatePortReference(handler.grpc.port, `${path}.grpc.port`, errors);
  if (handler.sleep) checkNonNegative(errors, `${path}.sleep.seconds`, handler.sleep.seconds);
}

/** A port by number or by the name a container gives it. */
export function validatePortReference(
  port: string | number | undefined,
  path: string,
  errors: FieldErrors,
): void {
  if (port === undefined) errors.push(required(path));
  else if (typeof port === "number")
    for (const why of portNumber(port)) errors.push(invalidValue(path, port, why));
  else for (const why of portNameRule(port)) errors.push(invalidValue(path, port, why));
}

function validateHttpGet(action: HTTPGetAction, path: string, errors: FieldErrors): void {
  if (!action.path) errors.push(required(`${path}.path`));
  validatePortReference(action.port, `${path}.port`, errors);
  checkRequiredOneOf(errors, `${path}.scheme`, action.scheme, ["HTTP", "HTTPS"]);
  for (const [index, header] of (action.httpHeaders ?? []).entries()) {
    if (/^[-A-Za-z0-9]+$/.test(header.name ?? "")) continue;
    errors.push(
      invalidValue(
        `${path}.httpHeaders[${index}].name`,
        header.name ?? "",
        "a valid HTTP header must consist of alphanumeric characters or '-' (e.g. 'X-Header-Name', regex used for validation is '[-A-Za-z0-9]+')",
      ),
    );
  }
}

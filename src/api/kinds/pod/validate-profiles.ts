import type { AppArmorProfile, SeccompProfile } from "../../generated/types.ts";
import { checkRequiredOneOf, type FieldErrors, invalidValue, required } from "../field-errors.ts";

interface Profiles {
  readonly seccompProfile?: SeccompProfile;
  readonly appArmorProfile?: AppArmorProfile;
}

const types = ["Localhost", "RuntimeDefault", "Unconfined"];

/** Checks the filters that a pod or a container asks for. `path` is of its security context. */
export function validateProfiles(
  { seccompProfile, appArmorProfile }: Profiles,
  path: string,
  errors: FieldErrors,
): void {
  if (seccompProfile) {
    validateProfile(seccompProfile, `${path}.seccompProfile`, "seccomp", errors);
    validateRelativePath(seccompProfile.localhostProfile, `${path}.seccompProfile.localhostProfile`, errors);
  }
  if (appArmorProfile) validateProfile(appArmorProfile, `${path}.appArmorProfile`, "AppArmor", errors);
}

function validateProfile(
  { type, localhostProfile }: SeccompProfile | AppArmorProfile,
  path: string,
  what: string,
  errors: FieldErrors,
): void {
  checkRequiredOneOf(errors, `${path}.type`, type, types);
  if (type === "Localhost" && !localhostProfile) {
    errors.push(required(`${path}.localhostProfile`, `must be set when ${what} type is Localhost`));
  }
  if (type !== "Localhost" && localhostProfile !== undefined) {
    const detail = `can only be set when ${what} type is Localhost`;
    errors.push(invalidValue(`${path}.localhostProfile`, localhostProfile, detail));
  }
}

/** It names a file below a directory of the node's, and no other. */
function validateRelativePath(value: string | undefined, path: string, errors: FieldErrors): void {
  if (!value) return;
  if (value.startsWith("/")) errors.push(invalidValue(path, value, "must be a relative path"));
  if (value.split("/").includes("..")) errors.push(invalidValue(path, value, "must not contain '..'"));
}

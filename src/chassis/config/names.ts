/** The names under which one setting is found: `maxOrders` → MAX_ORDERS, --max-orders; `drainLimitMs` → DRAIN_LIMIT, --drain-limit. */
export interface SettingNames {
  /** In the environment: MAX_ORDERS. */
  readonly variable: string;
  /** Among the arguments: --max-orders. */
  readonly flag: string;
  /** As a mounted file, the first that is there counts: a ConfigMap's keys are written in all three ways. */
  readonly files: readonly string[];
}

export function namesOf(setting: string): SettingNames {
  // A length of time is written with its unit, which its name need not say.
  const words = setting
    .replace(/Ms$/, "")
    .replace(/([a-z0-9])([A-Z])/g, "$1 $2")
    .replace(/([A-Z]+)([A-Z][a-z])/g, "$1 $2")
    .split(" ");
  const variable = words.join("_").toUpperCase();
  const flag = words.join("-").toLowerCase();
  return { variable, flag: `--${flag}`, files: [variable, setting, flag] };
}

export { type Change, type Configuration, configure } from "./configuration.ts";
export { ConfigError, type Mistake } from "./mistakes.ts";
export { Secret } from "./secret.ts";
export { type Parsed, type Setting, type Settings, setting, type Values } from "./setting.ts";

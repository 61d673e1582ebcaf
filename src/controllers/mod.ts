export { type ControllersOptions, startControllers } from "./start.ts";

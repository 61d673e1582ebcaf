export { type PackedChassis, packChassis } from "./pack-chassis.ts";

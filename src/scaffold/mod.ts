export { type InstallChassisOptions, installChassis } from "./install-chassis.ts";
export { installPackages } from "./install-packages.ts";
export { type NewServiceOptions, newService, type Template } from "./new-service.ts";
export { canPack, installCompiler, type PackedChassis, packChassis } from "./pack-chassis.ts";

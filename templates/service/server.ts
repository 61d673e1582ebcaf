import { newService } from "./service.ts";

await newService().start();

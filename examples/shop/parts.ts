import { inventory } from "./inventory/inventory.ts";
import { notifications } from "./notifications/notifications.ts";
import { orders } from "./orders/orders.ts";
import { overview } from "./overview/overview.ts";
import type { Part } from "./part.ts";
import { payment } from "./payment/payment.ts";
import { shipping } from "./shipping/shipping.ts";
import { web } from "./web/web.ts";

/** All of the shop. */
export const parts: readonly Part[] = [orders, inventory, payment, shipping, notifications, overview, web];
